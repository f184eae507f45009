//! The time in which a printer could not print.

use super::{number::thousands, printer::printer_condition};
use crate::domain::{
    halt::Halt,
    lost_time::{LossCause, LostTime},
};

/// How long a printer could not print, and why.
pub fn lost_time(lost: &LostTime) -> String {
    let minutes = thousands(lost.minutes());
    match &lost.cause {
        LossCause::Paused => format!("paused for {minutes} min"),
        LossCause::Unreachable => format!("out of reach for {minutes} min"),
        LossCause::Stopped { reason: Some(reason) } => {
            let condition = printer_condition(reason);
            let said = condition.map_or_else(|| reason.clone(), |condition| format!("{condition} ({reason})"));
            format!("stopped for {minutes} min: {said}")
        }
        LossCause::Stopped { reason: None } => format!("stopped for {minutes} min"),
        LossCause::Rested => format!("rested for {minutes} min"),
        LossCause::TrayFull => format!("its tray was full for {minutes} min"),
        LossCause::RibbonUsedUp => format!("its ribbon was used up for {minutes} min"),
        LossCause::CleaningDue => format!("it had to be cleaned for {minutes} min"),
        LossCause::DayLimit => format!("it had fed the cards of a day for {minutes} min"),
        LossCause::EmptyHopper => format!("its hopper was empty for {minutes} min"),
        LossCause::NoBlanks => format!("no blanks for {minutes} min"),
        LossCause::Locked => format!("locked after failures for {minutes} min"),
    }
}

/// What stopped the feeding of a printer, or stops it.
pub fn halt(halt: Halt) -> &'static str {
    match halt {
        Halt::TrayFull => "output tray full",
        Halt::RibbonUsedUp => "ribbon used up",
        Halt::CleaningDue => "cleaning due",
        Halt::DayLimit => "cards of a day fed",
        Halt::EmptyHopper => "hopper empty",
        Halt::NoBlanks => "no blanks in the vault",
    }
}
