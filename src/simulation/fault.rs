//! What is wrong in a scenario.

use std::fmt;

/// What is wrong in a scenario: the key, and the rule that it breaks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The key, such as `printer.p1.hopper`.
    pub key: String,
    /// The rule.
    pub rule: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.key, self.rule)
    }
}

impl std::error::Error for Fault {}

/// A rule of a scenario, and the key that it is of.
pub(super) fn rule(key: &str, holds: bool, rule: &'static str) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault { key: key.to_owned(), rule }) }
}
