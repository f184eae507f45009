//! Sources whose lists are pulled: when the next pull is due, since when a source is away, and which of its lists were refused.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{refusal::Refusal, time::Timestamp};

/// The longest wait for the next try of a source that fails, unless its own interval is longer.
const LONGEST: Duration = Duration::from_mins(15);
/// The consecutive failures after which a source counts as away. One failure may be a file that was moved at the same time.
const AWAY_AFTER: i64 = 3;

/// Why a pull failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SourceFault {
    /// The folder does not exist.
    FolderMissing,
    /// The folder or a list in it may not be read.
    NotPermitted,
    /// The file system does not answer.
    NoAnswer,
    /// A list was imported, and cannot be moved to the lists that are done.
    NotMoved,
    /// Lists of its card profile cannot be imported at present.
    ProfileUnusable,
    /// The file system reports another error.
    Unreadable,
}

impl SourceFault {
    const ALL: [Self; 6] = [
        Self::FolderMissing,
        Self::NotPermitted,
        Self::NoAnswer,
        Self::NotMoved,
        Self::ProfileUnusable,
        Self::Unreadable,
    ];

    /// The name in the database, in the audit and in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FolderMissing => "folder-missing",
            Self::NotPermitted => "not-permitted",
            Self::NoAnswer => "no-answer",
            Self::NotMoved => "not-moved",
            Self::ProfileUnusable => "profile-unusable",
            Self::Unreadable => "unreadable",
        }
    }
}

impl std::str::FromStr for SourceFault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|fault| fault.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no fault of a source"))
    }
}

/// How the pulls of a source went. Without a pull all is 0 or none.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Pulls {
    /// The consecutive failures since the last success.
    pub failures: i64,
    /// Why the last pull failed; none if it did not.
    pub fault: Option<SourceFault>,
    /// When the last pull ended.
    pub tried_at: Option<Timestamp>,
    /// When the last pull without a fault ended.
    pub succeeded_at: Option<Timestamp>,
    /// When the first of the consecutive failures ended.
    pub failing_since: Option<Timestamp>,
}

impl Pulls {
    /// The wait until the next pull. It doubles with each failure, up to a quarter of an hour or the source's own interval. A time that
    /// has not come yet is of a clock that was set back since.
    pub fn wait(&self, every: Duration, now: Timestamp) -> Duration {
        let Some(tried) = self.tried_at.filter(|tried| *tried <= now) else { return Duration::ZERO };
        let doublings = u32::try_from(self.failures.clamp(0, 16)).unwrap_or_default();
        let interval = every.saturating_mul(1 << doublings).min(LONGEST.max(every));
        interval.saturating_sub(now.since(tried))
    }

    /// After a pull without a fault.
    #[must_use]
    pub fn succeeded(self, now: Timestamp) -> Self {
        Self { failures: 0, fault: None, tried_at: Some(now), succeeded_at: Some(now), failing_since: None }
    }

    /// After a pull that failed.
    #[must_use]
    pub fn failed(self, fault: SourceFault, now: Timestamp) -> Self {
        Self {
            failures: self.failures.saturating_add(1),
            fault: Some(fault),
            tried_at: Some(now),
            failing_since: self.failing_since.or(Some(now)),
            ..self
        }
    }

    /// Since when the source is away; none if it is not.
    pub fn away_since(&self) -> Option<Timestamp> {
        self.failing_since.filter(|_| self.failures >= AWAY_AFTER)
    }
}

/// The lists of a source that were not imported, as far as the last pull saw.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct PulledLists {
    /// Those that are not imported yet: they are still being written, or were not read.
    pub waiting: i64,
    /// The files that wait for a person: lists that were refused, and refused rows of others.
    pub refused: i64,
    /// The last of these.
    pub last_refused: Option<RefusedList>,
}

/// A list that was refused, wholly or in part.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RefusedList {
    /// The name of the file that waits for a person.
    pub file_name: String,
    /// Why.
    pub why: ListFault,
}

/// Why a list was refused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "fault", rename_all = "kebab-case")]
pub enum ListFault {
    /// It was refused as a whole.
    List {
        /// The reason.
        refusal: Refusal,
    },
    /// Some or all of its rows were refused, and the others are imported.
    Rows {
        /// The refused rows.
        refused: u64,
        /// All rows.
        rows: u64,
    },
}

/// A pause of a source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourcePause {
    /// When it began.
    pub at: Timestamp,
    /// The person who paused it.
    pub by: String,
    /// The reason that the person gave.
    pub note: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(1_795_521_600_000_000);

    fn after(seconds: u64) -> Timestamp {
        NOON.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn a_source_that_fails_is_tried_at_longer_intervals_up_to_a_quarter_of_an_hour_and_at_its_own_pace_when_it_is_back()
    {
        let every = Duration::from_secs(30);
        let mut pulls = Pulls::default();
        assert_eq!(pulls.wait(every, NOON), Duration::ZERO);
        let mut waits = Vec::new();
        for _ in 0..7 {
            pulls = pulls.failed(SourceFault::FolderMissing, NOON);
            waits.push(pulls.wait(every, NOON).as_secs());
        }
        assert_eq!(waits, [60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(pulls.wait(every, after(890)).as_secs(), 10);
        assert_eq!(pulls.succeeded(after(900)).wait(every, after(910)).as_secs(), 20);
        let slow = Duration::from_hours(2);
        assert_eq!(Pulls::default().failed(SourceFault::NoAnswer, NOON).wait(slow, NOON), slow);
    }

    #[test]
    fn a_source_is_away_from_its_third_failure_on_since_the_first_one() {
        let failed = |pulls: Pulls, at| pulls.failed(SourceFault::NoAnswer, after(at));
        let second = failed(failed(Pulls::default().succeeded(NOON), 30), 90);
        assert_eq!(second.away_since(), None);
        let third = failed(second, 210);
        assert_eq!((third.away_since(), third.succeeded_at), (Some(after(30)), Some(NOON)));
        let back = third.succeeded(after(450));
        assert_eq!((back.away_since(), back.fault, back.succeeded_at), (None, None, Some(after(450))));
    }

    #[test]
    fn a_source_is_pulled_at_once_after_the_clock_was_set_back() {
        let pulls = Pulls::default().succeeded(after(3_600));
        assert_eq!(pulls.wait(Duration::from_secs(30), NOON), Duration::ZERO);
    }

    #[test]
    fn a_fault_is_stored_under_its_name() {
        for fault in SourceFault::ALL {
            assert_eq!(fault.as_str().parse(), Ok(fault));
            assert_eq!(serde_json::to_string(&fault).unwrap(), format!("\"{}\"", fault.as_str()));
        }
    }
}
