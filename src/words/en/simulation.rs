//! What a simulated printer does.

use super::{message::Message, number::thousands};
use crate::simulation::{Activity, Preparation};

/// That a plan is not of such a time.
pub(super) fn plan_time(days: i64) -> Message {
    Message::new(
        format!("a plan begins within {days} days from now, and ends after that and at most {days} days later"),
        "name the evening of a night to come, give its begin and its end, or give nothing for the next night",
    )
}

/// That a scenario cannot be simulated.
pub(super) fn scenario_fault(field: &str, detail: &str) -> Message {
    let which = if field == "against" { "the second scenario" } else { "the scenario" };
    Message::new(format!("{which} cannot be simulated: {detail}"), "correct it, or begin with the office as it stands")
}

/// That a simulation would take too long.
pub(super) fn too_many_runs(most: i64) -> Message {
    let text = match most {
        0 => "this scenario is too large to be simulated by the service".to_owned(),
        most => format!("the simulation would take too long: at most {} runs of this", thousands(most)),
    };
    Message::new(text, "ask for fewer runs; `cetak simulate` has no limit")
}

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
