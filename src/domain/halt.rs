//! What stops the feeding of a printer, as it is put on record: once when it begins, and once when it ends.

use serde::{Deserialize, Serialize};

/// What stops the feeding of a printer until a person acts, or its day ends. A rest has events of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Halt {
    /// Its output tray is full.
    TrayFull,
    /// Its ribbon is used up.
    RibbonUsedUp,
    /// It has to be cleaned.
    CleaningDue,
    /// It has fed the cards of a day.
    DayLimit,
    /// Its counted hopper is empty, and records wait.
    EmptyHopper,
    /// The vault has no blank for it, and records wait.
    NoBlanks,
}

impl Halt {
    /// The code in events and JSON answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TrayFull => "tray-full",
            Self::RibbonUsedUp => "ribbon-used-up",
            Self::CleaningDue => "cleaning-due",
            Self::DayLimit => "day-limit",
            Self::EmptyHopper => "empty-hopper",
            Self::NoBlanks => "no-blanks",
        }
    }

    /// The halt with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        let all =
            [Self::TrayFull, Self::RibbonUsedUp, Self::CleaningDue, Self::DayLimit, Self::EmptyHopper, Self::NoBlanks];
        all.into_iter().find(|halt| halt.as_str() == code)
    }

    /// That of a printer without blanks.
    pub fn without_blanks(has_counted_hopper: bool) -> Self {
        if has_counted_hopper { Self::EmptyHopper } else { Self::NoBlanks }
    }

    /// Whether blanks are lacking, rather than that a limit is reached.
    pub fn is_of_blanks(self) -> bool {
        matches!(self, Self::EmptyHopper | Self::NoBlanks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_in_an_event_is_that_in_json() {
        for code in ["tray-full", "ribbon-used-up", "cleaning-due", "day-limit", "empty-hopper", "no-blanks"] {
            let halt: Halt = serde_json::from_value(code.into()).unwrap();
            assert_eq!((halt.as_str(), Halt::from_code(code)), (code, Some(halt)));
        }
        assert_eq!(Halt::from_code("rests"), None);
    }
}
