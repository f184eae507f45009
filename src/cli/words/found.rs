//! The answer to the counter's question: is the card ready, where is it, or else what is missing and who does what next.

use super::reason::{quote, with_note};
use crate::{
    domain::{
        card::profile::WALK_IN_CLASS,
        reason::{Reason, StoredReason},
    },
    engine::query::{BesideLine, CardFacts, Done, FoundRecord, InHand, RecordLine},
};

/// The answer in words.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct CounterAnswer {
    /// Whether the card is ready, in one sentence.
    pub answer: String,
    /// What is known of the card, or of what keeps the record from having one.
    pub facts: Vec<String>,
    /// What to do next; none if the program goes on by itself, or if there is nothing to do.
    pub next: Option<String>,
}

/// What to tell about a record whose `reason` is as it is stored; `worded` is the same in words.
pub fn counter_answer(found: &FoundRecord, worded: Option<&str>) -> CounterAnswer {
    let FoundRecord { record, card, in_hand, beside } = found;
    let note = with_note(worded, record.note.as_deref());
    let because = note.map(|note| format!("reason: {note}"));
    let (answer, own, next) = match &*record.state {
        "printed" => printed(record),
        "handed_over" if record.surrendered => ("The card was handed over and came back.".into(), Vec::new(), None),
        "handed_over" => ("The card is handed over.".into(), Vec::new(), None),
        "batched" => (batched(in_hand.as_ref()), Vec::new(), None),
        "waiting" => ("No card yet: the record is on the waiting list.".into(), vec![order(record)], None),
        "held" => {
            let next = format!("a supervisor releases it: `{}`", command("record release", record, " --reason TEXT"));
            ("No card: the record is held.".into(), Vec::from_iter(because), Some(next))
        }
        "quarantined" => {
            let next = Some(quarantined(record, beside));
            ("No card: the record is quarantined.".into(), Vec::from_iter(because), next)
        }
        "uncertain" => {
            let attempt = in_hand.as_ref().and_then(|hand| hand.attempt.as_deref()).unwrap_or("ATTEMPT");
            let next = format!(
                "look in the output of the printer, then enter what was found: `cetak inspect resolve {attempt} --found good \
                 --reason TEXT`, or `spoiled` or `nothing`"
            );
            ("It is not known whether there is a card.".into(), Vec::from_iter(because), Some(next))
        }
        _ => {
            let next = "the source of the record sends it again as print-ready".to_owned();
            ("No card: the record is withdrawn.".into(), Vec::from_iter(because), Some(next))
        }
    };
    let mut facts = own;
    facts.extend(card.iter().flat_map(|card| card_facts(record, card)));
    facts.extend(in_hand.iter().map(|hand| format!("batch {}, printer `{}`", hand.batch, hand.printer)));
    facts.extend(beside.iter().map(beside_fact));
    CounterAnswer { answer, facts, next }
}

type Parts = (String, Vec<String>, Option<String>);

fn printed(record: &RecordLine) -> Parts {
    if let Some(stop) = &record.stop {
        let answer = format!("The card is printed and must not be handed over: its record was {stop} after that.");
        let next = command("card reject", record, " --cause data-changed --reason TEXT");
        return (answer, Vec::new(), Some(format!("take it out of the pile, and reject it: `{next}`")));
    }
    if record.checked {
        let next = format!("when the citizen has it: `{}`", command("card hand-over", record, ""));
        return ("The card is ready.".into(), Vec::new(), Some(next));
    }
    let next = format!("check it: `{}`", command("card check", record, ""));
    ("The card is printed and not checked yet.".into(), Vec::new(), Some(next))
}

fn batched(in_hand: Option<&InHand>) -> String {
    match in_hand {
        Some(hand) if hand.state == "queued" && hand.before == 0 => "No card yet: it is the next of its batch.".into(),
        Some(hand) if hand.state == "queued" => {
            format!("No card yet: in its batch, {} are queued before it.", hand.before)
        }
        Some(_) | None => "The card is being printed.".into(),
    }
}

/// Where it stands in the order of the waiting list. To count those before it would read the whole list.
fn order(record: &RecordLine) -> String {
    if record.class == WALK_IN_CLASS {
        return "put first: it is printed in the next batch of its profile".into();
    }
    format!("in priority class {}, by the date of verification: {}", record.class, record.verified_at)
}

fn quarantined(record: &RecordLine, beside: &[BesideLine]) -> String {
    let stored = record.reason.as_deref().map(Reason::from_stored);
    let release = command("record release", record, " --reason TEXT");
    let blocking = |is_blocking: fn(&BesideLine) -> bool| {
        let found = beside.iter().find(|other| is_blocking(other));
        found.map_or_else(|| "the other request".to_owned(), |other| format!("`{}`", other.request_id))
    };
    match stored {
        Some(StoredReason::Coded(Reason::OtherRequestOpen)) => format!(
            "if {} is withdrawn by its source, or its card is handed over and this kind of request replaces it, a supervisor \
             releases this one: `{release}`",
            blocking(is_open)
        ),
        Some(StoredReason::Coded(Reason::LivingCard)) => format!(
            "take back the card of {} (`cetak card surrender`), then a supervisor releases this one: `{release}`; or the source \
             sends a kind of request that replaces a card",
            blocking(|other| other.state == "handed_over" && !other.surrendered)
        ),
        Some(StoredReason::Coded(_) | StoredReason::Quoted(_)) | None => {
            format!(
                "correct the data with `cetak import --update` if they are the cause; a supervisor releases it: `{release}`"
            )
        }
    }
}

fn is_open(other: &BesideLine) -> bool {
    matches!(&*other.state, "waiting" | "held" | "batched" | "printed" | "uncertain")
}

fn card_facts(record: &RecordLine, card: &CardFacts) -> Vec<String> {
    let CardFacts { attempt, copy, printer, batch, printed_at, checked, handed_over, surrendered } = card;
    let at = printed_at.as_deref().unwrap_or("-");
    let pile = [&*record.district, &*record.village].map(|key| if key.is_empty() { "-" } else { key }).join(", ");
    let mut facts = vec![
        format!("printed at {at} on printer `{printer}`, copy {copy}, attempt {attempt}"),
        format!("pile of batch {batch}, sorted under {pile}"),
    ];
    let done = |verb: &str, done: &Done| format!("{verb} at {} by {}", done.at, quote(&done.by));
    facts.extend(checked.iter().map(|by| done("checked", by)));
    facts.extend(handed_over.iter().map(|by| done("handed over", by)));
    facts.extend(surrendered.iter().map(|by| done("taken back", by)));
    facts
}

fn beside_fact(other: &BesideLine) -> String {
    let came_back = if other.surrendered { ", and its card came back" } else { "" };
    let BesideLine { source, request_id, kind, state, .. } = other;
    format!("another request of this person: `{request_id}` of source `{source}`, kind {kind}, is {state}{came_back}")
}

/// A command on the record, as it is typed.
fn command(verb: &str, record: &RecordLine, rest: &str) -> String {
    let source = if record.source == "default" { String::new() } else { format!(" --source {}", record.source) };
    format!("cetak {verb} {}{source}{rest}", record.request_id)
}
