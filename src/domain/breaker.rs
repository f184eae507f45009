//! The circuit breaker of one printer: it tells a broken printer from a poison record.
//!
//! It counts failures in a row, each of another record. Open, the printer gets no card until a probe finds it well;
//! then one card may try. If that one costs a blank or a record's try again, the breaker locks, and only an operator
//! opens the way: a printer that says it is well and spoils every card would otherwise eat a hopper overnight.

use serde::{Deserialize, Serialize};

/// May this printer get a card?
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Breaker {
    /// Yes.
    Closed,
    /// No, until a probe finds the printer well.
    Open,
    /// One card, to see.
    HalfOpen,
    /// No, until an operator says so.
    Locked,
}

/// What a failure means for the printer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// It cost nothing: no blank, and no record's try.
    Free,
    /// It cost a blank, or may have, or one of a record's tries: a printer that refuses every card would otherwise
    /// quarantine the whole list.
    Costly,
}

impl Breaker {
    /// After a failure; `in_a_row` counts this one.
    #[must_use]
    pub fn after_failure(self, failure: Failure, in_a_row: u32, limit: u32) -> Self {
        match (self, failure) {
            (Self::HalfOpen, Failure::Costly) | (Self::Locked, _) => Self::Locked,
            (Self::HalfOpen, Failure::Free) | (Self::Open, _) => Self::Open,
            (Self::Closed, _) if in_a_row >= limit => Self::Open,
            (Self::Closed, _) => Self::Closed,
        }
    }

    /// After a probe found the printer well.
    #[must_use]
    pub fn after_probe(self) -> Self {
        match self {
            Self::Open => Self::HalfOpen,
            other @ (Self::Closed | Self::HalfOpen | Self::Locked) => other,
        }
    }

    /// May a card start?
    pub fn lets_a_card_start(self) -> bool {
        matches!(self, Self::Closed | Self::HalfOpen)
    }

    /// The name in database and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
            Self::Locked => "locked",
        }
    }
}

impl std::str::FromStr for Breaker {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Closed, Self::Open, Self::HalfOpen, Self::Locked]
            .into_iter()
            .find(|b| b.as_str() == text)
            .ok_or_else(|| format!("unknown breaker state `{text}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printer_that_fails_three_times_in_a_row_gets_no_card_until_it_is_probed() {
        let closed = Breaker::Closed;
        assert_eq!(closed.after_failure(Failure::Costly, 2, 3), Breaker::Closed);
        let open = closed.after_failure(Failure::Costly, 3, 3);
        assert!(!open.lets_a_card_start());
        assert!(open.after_probe().lets_a_card_start());
    }

    #[test]
    fn a_printer_that_looks_well_and_eats_another_blank_waits_for_an_operator() {
        let locked = Breaker::HalfOpen.after_failure(Failure::Costly, 4, 3);
        assert_eq!(locked, Breaker::Locked);
        assert_eq!(locked.after_probe(), Breaker::Locked);
        assert_eq!(Breaker::HalfOpen.after_failure(Failure::Free, 4, 3), Breaker::Open);
    }
}
