//! The settings of the engine.

use std::time::Duration;

use super::source::Source;
use crate::domain::{pending::TwoPerson, retry::Backoff, time::Timestamp, window::Window};

/// The settings of the engine.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The site code in the names of attempts: letters, digits, hyphens; at most 40.
    pub site: String,
    /// The maximum of records in a batch.
    pub batch_size: i64,
    /// A new batch waits until a person approves it.
    pub approve_batches: bool,
    /// Whether an act for two people needs two accounts.
    pub two_person: TwoPerson,
    /// The delays between the tries of a card that did not start.
    pub backoff: Backoff,
    /// Consecutive failures, of different records, after which a printer gets no card until it is probed.
    pub breaker_failures: u32,
    /// How long a printer may be unable to print before its batch goes back to the waiting list.
    pub release_after: Duration,
    /// While a card prints, the next is uploaded and held, where the printer can hold jobs.
    pub upload_ahead: bool,
    /// Days after the end of a batch before its finished jobs may be archived.
    pub archive_after_days: u32,
    /// Days after which a card that was sent to a district and not collected needs a person; 0 for never.
    pub collect_within_days: u32,
    /// The sources that are pulled.
    pub sources: Vec<Source>,
    /// The windows in which cards may start; without any, cards may always start.
    pub windows: Vec<Window>,
    /// The time zone of the times that people read.
    pub zone: jiff::tz::TimeZone,
}

/// What is written in settings and card profiles and cannot be used. What does not need it goes on.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Broken {
    /// Faults of the settings, each with its place. Defaults stand in for these settings.
    pub settings: Vec<String>,
    /// Card profiles that cannot be used.
    pub profiles: Vec<BrokenProfile>,
}

/// A card profile that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BrokenProfile {
    /// The names that it may define. A built-in profile of such a name is not used in its place.
    pub names: Vec<String>,
    /// What is wrong, with file and line.
    pub fault: String,
}

impl Settings {
    /// The instant before which a card that is in its district was sent too long ago; `None` if none is.
    pub fn overdue_before(&self, now: Timestamp) -> Option<Timestamp> {
        let days = Duration::from_hours(24 * u64::from(self.collect_within_days));
        (self.collect_within_days > 0).then(|| now.minus(days))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            site: "local".into(),
            batch_size: 100,
            approve_batches: false,
            two_person: TwoPerson::Enforced,
            backoff: Backoff { base: Duration::from_secs(2), cap: Duration::from_mins(5) },
            breaker_failures: 3,
            release_after: Duration::from_mins(15),
            upload_ahead: true,
            archive_after_days: 90,
            collect_within_days: 30,
            sources: Vec::new(),
            windows: Vec::new(),
            zone: jiff::tz::TimeZone::UTC,
        }
    }
}
