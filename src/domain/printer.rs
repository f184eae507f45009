//! A printer as the office knows it.

use super::breaker::Breaker;

/// A printer as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Printer {
    /// The name that people chose.
    pub name: String,
    /// Where it is.
    pub uri: String,
    /// The profile whose cards it prints: its hopper holds that profile's blanks.
    pub profile: String,
    /// How many blanks its hopper takes, where hoppers are counted.
    pub hopper: Option<i64>,
    /// May it get a card?
    pub breaker: Breaker,
    /// Failures in a row.
    pub failures: u32,
    /// `unknown`, `idle`, `processing`, `stopped` or `unreachable`, as last seen.
    pub state: String,
    /// State reasons as last seen: IPP keywords, with the printer's suffixes.
    pub reasons: Vec<String>,
    /// What it said of itself when it was probed last: JSON, which its driver's contract reads.
    pub capabilities: Option<String>,
    /// Why a person insisted on using it, whatever was objected.
    pub insisted: Option<String>,
    /// Reasons that an operator declared to be over, though the printer still gives them.
    pub vouched: Vec<String>,
    /// The node that feeds it, where several share the database.
    pub node: Option<String>,
}
