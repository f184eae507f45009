//! What a printer is doing, or why it prints nothing, as far as it can be told from outside its worker. It restates the order of
//! `dispatch` for people: what a person must do stands before what ends by itself.

use serde::{Deserialize, Serialize};

use super::{
    batch::BatchState,
    breaker::Breaker,
    dispatch::CLOCK_TOLERANCE,
    id::{BatchId, CountId},
    pause::Pause,
    supply::Stop,
    time::Timestamp,
    window::{self, Window},
};

/// What is known of a printer and of what it needs.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts of which each may hold by itself")]
pub struct Seen<'a> {
    /// Its name.
    pub name: &'a str,
    /// As last seen: `unknown`, `idle`, `processing`, `stopped`, `unreachable`.
    pub state: &'a str,
    /// Its breaker.
    pub breaker: Breaker,
    /// Whether a card was sent to it whose outcome is open.
    pub has_card: bool,
    /// Its oldest batch that is not closed.
    pub batch: Option<(BatchId, BatchState)>,
    /// The blank type of its profile; `None` if the profile cannot be used.
    pub blank_type: Option<&'a str>,
    /// The free blanks of that type for this printer.
    pub blanks: i64,
    /// The limit that stops its feeding.
    pub stop: Option<Stop>,
    /// The records of its profile that wait.
    pub waiting: i64,
    /// Whether the persons of its profile are being rekeyed.
    pub is_rekeyed: bool,
    /// Whether a scheduler runs.
    pub is_scheduled: bool,
    /// Whether the database may be a copy.
    pub in_doubt: bool,
    /// The instant of the newest audit row.
    pub newest: Timestamp,
    /// All pauses in force.
    pub pauses: &'a [Pause],
    /// The windows; `None` if the settings have a fault.
    pub windows: Option<&'a [Window]>,
}

/// What a printer is doing, or why it prints nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Standing {
    /// It prints a card.
    Printing,
    /// It may print, and its next card is about to start.
    Ready,
    /// The database may be a copy.
    InstanceInDoubt,
    /// The clock is behind the newest audit row.
    ClockBehind,
    /// The queue, the printer or its batch is paused.
    Paused {
        /// The person who paused.
        by: String,
    },
    /// Its card profile cannot be used.
    ProfileBroken,
    /// No record of its profile waits.
    NothingWaits,
    /// The persons of its profile are being rekeyed, and no batch is made meanwhile.
    PersonsRekeyed,
    /// There are no free blanks of its type.
    NoBlanks {
        /// The type.
        blank_type: String,
    },
    /// Its output tray is full: it prints again when a person has emptied it and said so.
    TrayFull,
    /// Its ribbon is used up: it prints again when a person has put in another one and said so, or when the printer reports it.
    RibbonUsedUp,
    /// It has to be cleaned: it prints again when a person has done so and said so.
    CleaningDue,
    /// It rests after its cards, and goes on by itself.
    Rests {
        /// When, RFC 3339.
        until: String,
    },
    /// Its batch waits for approval.
    AwaitsApproval {
        /// The batch.
        batch: i64,
    },
    /// No scheduler runs.
    NoScheduler,
    /// A scheduler runs with settings that are wrong now, so that its windows are not known.
    SettingsWrong,
    /// No window is open.
    WindowClosed {
        /// When the next one opens, RFC 3339; none if none does within a week.
        opens: Option<String>,
    },
    /// The breaker is locked.
    BreakerLocked,
    /// The printer is stopped.
    Stopped,
    /// The printer does not answer.
    Unreachable,
    /// Not shown while its blanks are counted.
    HiddenByCount {
        /// The count.
        count: CountId,
    },
}

impl Standing {
    /// What a person sees who must not know whether there are blanks, as a count of them is open.
    #[must_use]
    pub fn during_count(&self, count: CountId) -> Self {
        match self {
            Self::Printing
            | Self::InstanceInDoubt
            | Self::ClockBehind
            | Self::Paused { .. }
            | Self::ProfileBroken
            | Self::NothingWaits
            | Self::PersonsRekeyed
            | Self::AwaitsApproval { .. }
            | Self::HiddenByCount { .. } => self.clone(),
            // That there are no blanks stands before these.
            Self::NoBlanks { .. }
            | Self::TrayFull
            | Self::RibbonUsedUp
            | Self::CleaningDue
            | Self::Rests { .. }
            | Self::Ready
            | Self::NoScheduler
            | Self::SettingsWrong
            | Self::WindowClosed { .. }
            | Self::BreakerLocked
            | Self::Stopped
            | Self::Unreachable => Self::HiddenByCount { count },
        }
    }
}

/// Decides what a printer is doing.
pub fn standing(seen: &Seen, now: Timestamp) -> Standing {
    let is_up = seen.state != "stopped" && seen.state != "unreachable";
    if seen.has_card && seen.is_scheduled && is_up {
        return Standing::Printing;
    }
    if seen.in_doubt {
        return Standing::InstanceInDoubt;
    }
    if now.plus(CLOCK_TOLERANCE) < seen.newest {
        return Standing::ClockBehind;
    }
    let batch = seen.batch.map(|(id, _)| id);
    if let Some(pause) = seen.pauses.iter().find(|pause| pause.scope.applies(seen.name, batch)) {
        return Standing::Paused { by: pause.actor.clone() };
    }
    let Some(blank_type) = seen.blank_type else { return Standing::ProfileBroken };
    match seen.batch {
        None if seen.waiting == 0 && !seen.has_card => return Standing::NothingWaits,
        None if seen.is_rekeyed && !seen.has_card => return Standing::PersonsRekeyed,
        None if seen.blanks == 0 && !seen.has_card => {
            return Standing::NoBlanks { blank_type: blank_type.to_owned() };
        }
        Some((batch, BatchState::Planned)) => return Standing::AwaitsApproval { batch: batch.0 },
        None | Some((_, BatchState::Running | BatchState::Closing | BatchState::Closed)) => {}
    }
    match seen.stop {
        Some(Stop::TrayFull) => return Standing::TrayFull,
        Some(Stop::RibbonUsedUp) => return Standing::RibbonUsedUp,
        Some(Stop::CleaningDue) => return Standing::CleaningDue,
        Some(Stop::Rests { .. }) | None => {}
    }
    if !seen.is_scheduled {
        return Standing::NoScheduler;
    }
    let Some(windows) = seen.windows else { return Standing::SettingsWrong };
    if !window::is_open(windows, seen.name, now) {
        let opens = window::next_opening(windows, seen.name, now).map(|at| at.to_string());
        return Standing::WindowClosed { opens };
    }
    match seen.state {
        _ if seen.breaker == Breaker::Locked => Standing::BreakerLocked,
        "stopped" => Standing::Stopped,
        "unreachable" => Standing::Unreachable,
        _ => match seen.stop.and_then(Stop::until) {
            Some(until) => Standing::Rests { until: until.to_string() },
            None => Standing::Ready,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pause::PauseScope;

    #[test]
    fn each_cause_is_named_and_what_a_person_must_do_stands_before_what_ends_by_itself() {
        let now = Timestamp::parse("2026-11-24T12:00:00+07:00").unwrap();
        let night: Window = "* 20:00-05:00 Asia/Jakarta".parse().unwrap();
        let (nights, none) = ([night], []);
        let pause = Pause {
            scope: PauseScope::Printer("p1".into()),
            reason: "ribbon".into(),
            actor: "siti".into(),
            at: Timestamp(0),
        };
        let pauses = [pause];
        let ready = Seen {
            name: "p1",
            state: "idle",
            breaker: Breaker::Closed,
            has_card: false,
            batch: None,
            blank_type: Some("student"),
            blanks: 1,
            stop: None,
            waiting: 1,
            is_rekeyed: false,
            is_scheduled: true,
            in_doubt: false,
            newest: now,
            pauses: &none,
            windows: Some(&[]),
        };
        let opens = Standing::WindowClosed { opens: Some("2026-11-24T13:00:00Z".into()) };
        let no_blanks = Standing::NoBlanks { blank_type: "student".into() };
        let by_siti = Standing::Paused { by: "siti".into() };
        let planned = Some((BatchId(7), BatchState::Planned));
        let (full, rests) = (Some(Stop::TrayFull), Some(Stop::Rests { until: now }));
        let until = now.to_string();
        let running = Some((BatchId(7), BatchState::Running));
        for (seen, expected) in [
            (ready, Standing::Ready),
            (Seen { batch: running, waiting: 0, blanks: 0, ..ready }, Standing::Ready),
            (Seen { has_card: true, waiting: 0, ..ready }, Standing::Printing),
            (Seen { has_card: true, pauses: &pauses, ..ready }, Standing::Printing),
            (Seen { has_card: true, state: "stopped", ..ready }, Standing::Stopped),
            (Seen { has_card: true, waiting: 0, is_scheduled: false, ..ready }, Standing::NoScheduler),
            (Seen { windows: None, ..ready }, Standing::SettingsWrong),
            (Seen { windows: None, is_scheduled: false, ..ready }, Standing::NoScheduler),
            (Seen { state: "unreachable", ..ready }, Standing::Unreachable),
            (Seen { breaker: Breaker::Locked, state: "stopped", ..ready }, Standing::BreakerLocked),
            (Seen { stop: full, is_scheduled: false, ..ready }, Standing::TrayFull),
            (Seen { stop: full, waiting: 0, ..ready }, Standing::NothingWaits),
            (Seen { stop: full, blanks: 0, ..ready }, no_blanks.clone()),
            (Seen { stop: rests, ..ready }, Standing::Rests { until }),
            (Seen { stop: rests, windows: Some(&nights), ..ready }, opens.clone()),
            (Seen { windows: Some(&nights), state: "stopped", ..ready }, opens),
            (Seen { is_scheduled: false, windows: Some(&nights), ..ready }, Standing::NoScheduler),
            (Seen { batch: planned, is_scheduled: false, ..ready }, Standing::AwaitsApproval { batch: 7 }),
            (Seen { blanks: 0, is_scheduled: false, ..ready }, no_blanks),
            (Seen { waiting: 0, blanks: 0, is_scheduled: false, ..ready }, Standing::NothingWaits),
            (Seen { is_rekeyed: true, blanks: 0, is_scheduled: false, ..ready }, Standing::PersonsRekeyed),
            (Seen { is_rekeyed: true, waiting: 0, ..ready }, Standing::NothingWaits),
            (Seen { blank_type: None, waiting: 0, ..ready }, Standing::ProfileBroken),
            (Seen { pauses: &pauses, waiting: 0, is_scheduled: false, ..ready }, by_siti),
            (Seen { newest: Timestamp(now.0 + 61_000_000), pauses: &pauses, ..ready }, Standing::ClockBehind),
            (Seen { in_doubt: true, pauses: &pauses, ..ready }, Standing::InstanceInDoubt),
        ] {
            assert_eq!(standing(&seen, now), expected, "{seen:?}");
        }
    }
}
