//! What a simulated printer does.

use crate::simulation::{Activity, Preparation};

/// What a printer does, or why it does nothing.
pub fn activity(activity: Activity) -> &'static str {
    match activity {
        Activity::Printing => "printing",
        Activity::OutsideWindow => "window closed",
        Activity::Paused => "paused",
        Activity::EmptyHopper => "hopper empty",
        Activity::RibbonUsedUp => "ribbon used up",
        Activity::TrayFull => "tray full",
        Activity::CleaningDue => "cleaning due",
        Activity::NoBlanks => "no blanks",
        Activity::Stopped => "stopped",
        Activity::RestsByRule => "resting after its cards",
        Activity::Resting => "resting after a failure",
        Activity::NothingWaits => "nothing waits",
    }
}

/// What a printer does at the end of a night, and what ends that.
pub fn activity_at_end(does: Activity) -> &'static str {
    if does == Activity::Stopped { "jammed or locked: a person must clear it" } else { activity(does) }
}

/// What a person does to a printer before a night.
pub fn preparation(preparation: Preparation) -> &'static str {
    match preparation {
        Preparation::Load => "load its hopper",
        Preparation::Ribbon => "put in a new ribbon",
        Preparation::Tray => "empty its output tray",
        Preparation::Cleaning => "clean it",
    }
}
