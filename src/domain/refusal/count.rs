//! Refusals about counts of blanks.

use serde::{Deserialize, Serialize};

use super::kind::{RefusalKind, refusals};
use crate::domain::{
    id::{CountId, PendingActId},
    states::CountState,
    stock::Place,
};

refusals! {
    /// Why an act or a read is refused because of a count.
    CountRefusal also {}
    /// No count has this number.
    NotFound "no-count" NoCount { count: CountId };
    /// The count's state does not allow the act.
    Conflict "count-state" State { count: CountId, found: CountState, needs: CountRule };
    /// A count of the place is open already.
    Conflict "count-open" Open { count: CountId, blank_type: String, place: Place };
    /// The place is being counted, so that no person moves its blanks, or lets its printer print.
    Conflict "place-counted" PlaceCounted { count: CountId, blank_type: String, place: Place };
    /// The hopper is counted while its printer is paused by itself.
    Conflict "count-not-paused" NotPaused { printer: String };
    /// The printer has a card whose end is not known yet.
    Conflict "count-card-open" CardOpen { printer: String };
    /// The account does not exist, is disabled, or may not count.
    Invalid "counter-may-not" CounterMayNot { counter: String };
    /// The first count is for another person.
    Forbidden "other-counter" OtherCounter { count: CountId, counter: String };
    /// The same person made the first count.
    Forbidden "same-counter" SameCounter { count: CountId };
    /// The second entry is another number than the first.
    Invalid "count-entries-differ" EntriesDiffer { count: CountId };
    /// More blanks than can be counted.
    Invalid "count-too-many" TooMany { most: i64 };
    /// The booked number is another than at the count, so that its difference cannot be booked.
    /// What is asked for has quantities of blanks that are being counted.
    Conflict "hidden-by-count" Hidden { count: CountId, blank_type: String };
    /// The act was asked for when a count was booked at once, which is not done any more.
    Conflict "count-of-before" OfBefore { act: PendingActId };
}

/// What a count must be for an act.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CountRule {
    /// To enter what was counted: waiting for its first or its second count.
    Enter,
    /// To book the difference: counted twice, and the counts and the book differ.
    Book,
    /// To cancel it: not closed.
    Cancel,
}
