//! What a printer is doing, or why it prints nothing, in words.

use super::time::local;
use crate::domain::standing::Standing;

/// What a person reads beside the name of the printer. Times are in the office's time zone.
pub fn standing(standing: &Standing, zone: &jiff::tz::TimeZone) -> String {
    match standing {
        Standing::Printing => "printing".to_owned(),
        Standing::Ready => "ready".to_owned(),
        Standing::InstanceInDoubt => "the database may be a copy".to_owned(),
        Standing::ClockBehind => "the clock is behind".to_owned(),
        Standing::Paused { by } => format!("paused by {by}"),
        Standing::ProfileBroken => "its card profile cannot be used".to_owned(),
        Standing::NothingWaits => "no record waits".to_owned(),
        Standing::PersonsRekeyed => "the persons of its profile are being rekeyed".to_owned(),
        Standing::NoBlanks { blank_type } => format!("no blanks of type `{blank_type}`"),
        Standing::TrayFull => "its output tray is full".to_owned(),
        Standing::RibbonUsedUp => "its ribbon is used up".to_owned(),
        Standing::CleaningDue => "it has to be cleaned".to_owned(),
        Standing::Rests { until } => format!("it rests until {}", local(until, zone)),
        Standing::AwaitsApproval { batch } => format!("batch {batch} waits for approval"),
        Standing::NoScheduler => "no scheduler runs: `cetak run`".to_owned(),
        Standing::SettingsWrong => "not known, as the settings are wrong".to_owned(),
        Standing::WindowClosed { opens: Some(opens) } => format!("its window opens at {}", local(opens, zone)),
        Standing::WindowClosed { opens: None } => "its window does not open within a week".to_owned(),
        Standing::BreakerLocked => "it failed repeatedly".to_owned(),
        Standing::Stopped => "it is stopped".to_owned(),
        Standing::Unreachable => "it does not answer".to_owned(),
        Standing::HiddenByCount { count } => format!("not shown during count {count}"),
    }
}
