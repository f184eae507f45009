//! What a step of printing changes, and what it has changed.

use crate::{
    domain::job::PrintedCard,
    store::{Begun, attempt::Counted, stock::Delta},
};

pub(super) const SAVING: &str = "saving cards";

/// What a step changes.
pub(super) struct Step<'a> {
    pub(super) good: &'a [PrintedCard],
    /// The changes of the balances by these cards.
    pub(super) balances: &'a [Delta],
    pub(super) begins: &'a [Counted<'a>],
    pub(super) now_us: i64,
    pub(super) node: Option<&'a str>,
    /// The owner of the attempts to begin.
    pub(super) owner: i64,
    /// Name, account and means.
    pub(super) actor: (&'a str, Option<i64>, &'a str),
}

/// What a step has changed.
#[derive(Default)]
pub(super) struct Changed {
    pub(super) attempts: u64,
    pub(super) jobs: u64,
    pub(super) movements: u64,
    pub(super) balances: u64,
    /// The profile and district of records, whether their cards are recalled, and their number.
    pub(super) records: Vec<(String, String, bool, i64)>,
    pub(super) begun: Vec<Begun>,
    /// The jobs of these attempts.
    pub(super) printing: u64,
}
