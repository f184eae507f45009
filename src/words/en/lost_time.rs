//! The time in which a printer could not print.

use super::number::thousands;
use crate::domain::lost_time::{LossCause, LostTime};

/// How long a printer could not print, and why.
pub fn lost_time(lost: &LostTime) -> String {
    let minutes = thousands(lost.minutes());
    match &lost.cause {
        LossCause::Paused => format!("paused for {minutes} min"),
        LossCause::Unreachable => format!("out of reach for {minutes} min"),
        LossCause::Stopped { reason: Some(reason) } => format!("stopped for {minutes} min ({reason})"),
        LossCause::Stopped { reason: None } => format!("stopped for {minutes} min"),
        LossCause::Rested => format!("rested for {minutes} min"),
        LossCause::Locked => format!("locked after failures for {minutes} min"),
    }
}
