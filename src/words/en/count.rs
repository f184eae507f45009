//! The text and the hint of refusals about counts of blanks, and the states of counts.

use super::{message::Message, number::thousands};
use crate::domain::{
    refusal::{CountRefusal, CountRule},
    states::CountState,
    stock::Place,
};

/// What a refusal about a count says to a person.
pub(super) fn count_refusal(refusal: &CountRefusal) -> Message {
    let say = |text: String, hint: &str| Message::new(text, hint);
    match refusal {
        CountRefusal::NoCount { count } => {
            say(format!("there is no count {count}"), "list the counts with `cetak blangko count list --all`")
        }
        CountRefusal::State { count, found, needs } => say(
            format!("count {count} {}, and {}", count_state(*found), rule(*needs)),
            &format!("see it with `cetak blangko count show {count}`"),
        ),
        CountRefusal::Open { count, blank_type, place } => say(
            format!("count {count} of {} is open: blanks of type `{blank_type}`", place_name(place)),
            &format!("enter it with `cetak blangko count enter {count}`, or cancel it"),
        ),
        CountRefusal::PlaceCounted { count, blank_type, place } => say(
            format!(
                "{} is being counted, blanks of type `{blank_type}`: nothing is moved there before count {count} is closed",
                place_name(place)
            ),
            &format!("finish it, or have a supervisor cancel it with `cetak blangko count cancel {count}`"),
        ),
        CountRefusal::NotPaused { printer } => say(
            format!("the hopper of printer `{printer}` is counted while that printer is paused, and it is not"),
            &format!("pause it with `cetak printer pause {printer} --reason TEXT`"),
        ),
        CountRefusal::CardOpen { printer } => say(
            format!("printer `{printer}` has a card whose end is not known yet"),
            "wait until it is printed; if the printer does not answer, `cetak inspect declare` gives the card up",
        ),
        CountRefusal::CounterMayNot { counter } => say(
            format!("no account `{counter}` may count: it needs the role `stock-keeper`, and not to be disabled"),
            "list the accounts with `cetak account list`",
        ),
        CountRefusal::OtherCounter { count, counter } => say(
            format!("the first count of count {count} is for `{counter}`"),
            "have it counted by that person, or have a supervisor cancel it and open another",
        ),
        CountRefusal::SameCounter { count } => say(
            format!("you made the first count of count {count}, and the second one is for another person"),
            "have another stock-keeper count, without telling what you counted",
        ),
        CountRefusal::EntriesDiffer { count } => say(
            format!("both entries of count {count} are not the same number; nothing was saved"),
            "look at what you wrote down, and enter it twice again",
        ),
        CountRefusal::TooMany { most } => {
            say(format!("more than {} blanks cannot be counted", thousands(*most)), "look at the size of the bundles")
        }
        CountRefusal::Hidden { count, blank_type } => say(
            format!("quantities of type `{blank_type}` are hidden from those who count, during count {count}"),
            "ask a supervisor, or look again when the count is closed",
        ),
        CountRefusal::OfBefore { act } => say(
            format!("act {act} is of an earlier version, in which one person counted and booked at once"),
            "take it back or refuse it, and open a count with `cetak blangko count open`",
        ),
    }
}

pub(super) fn below_reserved(short: i64, free: i64) -> Message {
    let text = format!(
        "the count is {} lower than booked, but the number of blanks that are not reserved for a batch is {}",
        thousands(short),
        thousands(free)
    );
    Message::new(text, "cancel the batch with `cetak batch cancel`, then count again")
}

pub(super) fn above_missing(over: i64, missing: i64) -> Message {
    let text = format!(
        "the count is {} higher than booked, but the number booked as missing is {}",
        thousands(over),
        thousands(missing)
    );
    Message::new(text, "cancel the count, book the delivery, return or load that is not booked yet, then count again")
}

fn place_name(place: &Place) -> String {
    match place {
        Place::Vault => "the vault".into(),
        Place::Printer(name) => format!("the hopper of `{name}`"),
    }
}

fn rule(needs: CountRule) -> &'static str {
    match needs {
        CountRule::Enter => "only one that waits for a count is entered",
        CountRule::Book => "only one that was counted twice and differs from the book is booked",
        CountRule::Cancel => "only an open one is cancelled",
    }
}

/// What a count waits for, or how it ended.
pub fn count_state(state: CountState) -> &'static str {
    match state {
        CountState::First => "waits for its first count",
        CountState::Second => "waits for a second count by another person",
        CountState::Differs => "was counted twice and waits for a supervisor",
        CountState::Equal => "was equal to the book",
        CountState::Booked => "is booked",
        CountState::Cancelled => "is cancelled",
    }
}
