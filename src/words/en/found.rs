//! The answer to the counter's question: is the card ready, where is it, or else what is missing and who does what next.

use jiff::tz::TimeZone;

use super::{
    duplicate::{OtherRequest, next_step},
    printer::task,
    reason::{quote, with_note},
    standing::standing as words,
    time::local,
};
use crate::{
    domain::{
        card::profile::WALK_IN_CLASS,
        card_out::SentCard,
        printer_reason::advise,
        reason::{PhotoFault, Reason, RenderFault, StoredReason},
        standing::Standing,
    },
    engine::query::{BesideLine, CardFacts, Done, FoundRecord, InHand, PauseLine, RecordLine},
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
pub fn counter_answer(found: &FoundRecord, worded: Option<&str>, zone: &TimeZone) -> CounterAnswer {
    let FoundRecord { record, card, in_hand, pauses, beside } = found;
    let note = with_note(worded, record.note.as_deref());
    let because = note.map(|note| format!("reason: {note}"));
    let (answer, own, next) = match &*record.state {
        "printed" => printed(record, card.as_ref().and_then(|card| card.sent.as_ref()), zone),
        "handed_over" if record.surrendered => ("The card was handed over and came back.".into(), Vec::new(), None),
        "handed_over" => (handed_over(card.as_ref()), Vec::new(), None),
        "batched" => {
            let obstacle = in_hand.as_ref().and_then(|hand| obstacle(hand, zone));
            let (what, next) = obstacle.map_or((None, None), |(what, next)| (Some(what), next));
            (batched(in_hand.as_ref()), Vec::from_iter(what), next)
        }
        "waiting" => {
            let next = (!pauses.is_empty()).then(|| RESUMED.to_owned());
            ("No card yet: the record is on the waiting list.".into(), vec![order(record, zone)], next)
        }
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
        _ => ("No card: the record is withdrawn.".into(), Vec::from_iter(because), Some(withdrawn(record))),
    };
    let mut facts = own;
    facts.extend(pauses.iter().map(|pause| paused(pause, zone)));
    facts.extend(card.iter().flat_map(|card| card_facts(record, card, zone)));
    facts.extend(in_hand.iter().map(|hand| format!("batch {}, printer `{}`", hand.batch, hand.printer)));
    facts.extend(beside.iter().map(beside_fact));
    CounterAnswer { answer, facts, next }
}

type Parts = (String, Vec<String>, Option<String>);

fn handed_over(card: Option<&CardFacts>) -> String {
    let place = card.and_then(|card| card.sent.as_ref()).map(|sent| format!(" in {}", sent.district));
    let to = card.and_then(|card| card.proxy).map(|proxy| format!(" to a proxy ({})", proxy.as_str()));
    format!("The card is handed over{}{}.", place.unwrap_or_default(), to.unwrap_or_default())
}

fn printed(record: &RecordLine, sent: Option<&SentCard>, zone: &TimeZone) -> Parts {
    if let Some(SentCard { district, document, by, at }) = sent.filter(|_| record.sent) {
        let facts = vec![format!("sent at {} by {}, document {}", local(at, zone), quote(by), quote(document))];
        let receive = command("card receive", record, " --cause CAUSE --reason TEXT");
        return if let Some(stop) = &record.stop {
            let answer = format!(
                "The card is in {district} and must not be handed over: its record was {stop} after it was printed."
            );
            (answer, facts, Some(format!("get it back, and then reject it: `{receive}`")))
        } else {
            let option = format!(" --in {}", quote(district));
            let next = command("card hand-over", record, &option);
            let next = format!("when the citizen has it: `{next}`; if it comes back: `{receive}`");
            (format!("The card is ready, and was sent to {district}."), facts, Some(next))
        };
    }

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

/// What keeps the printer of a batch from printing, and what a person does about it; none if it prints.
fn obstacle(hand: &InHand, zone: &TimeZone) -> Option<(String, Option<String>)> {
    let InHand { standing, stopped_by, printer, .. } = hand;
    let standing = standing.as_ref()?;
    let next = match standing {
        Standing::Ready | Standing::Printing if stopped_by.is_empty() => return None,
        Standing::AwaitsApproval { batch } => Some(format!("approve it: `cetak batch approve {batch}`")),
        Standing::NoScheduler => Some("start the scheduler: `cetak run`".to_owned()),
        Standing::WindowClosed { .. } | Standing::Rests { .. } => None,
        Standing::Paused { .. } => Some(RESUMED.to_owned()),
        Standing::Ready
        | Standing::Printing
        | Standing::BreakerLocked
        | Standing::Stopped
        | Standing::Unreachable
        | Standing::InstanceInDoubt
        | Standing::ClockBehind
        | Standing::ProfileBroken
        | Standing::NothingWaits
        | Standing::PersonsRekeyed
        | Standing::NoBlanks { .. }
        | Standing::TrayFull
        | Standing::RibbonUsedUp
        | Standing::CleaningDue
        | Standing::HiddenByCount { .. }
        | Standing::SettingsWrong => {
            let first = stopped_by.first().map(|reason| advise(reason));
            let task = first.map(|advice| format!("{}: {}; ", advice.who.as_str(), task(advice.action)));
            Some(format!("{}see what needs a person: `cetak status`", task.unwrap_or_default()))
        }
    };
    let reasons = if stopped_by.is_empty() { String::new() } else { format!(" ({})", stopped_by.join(", ")) };
    let is_up = matches!(standing, Standing::Ready | Standing::Printing);
    let why = if is_up { "it waits for a person".to_owned() } else { words(standing, zone) };
    Some((format!("printer `{printer}` prints nothing now: {why}{reasons}"), next))
}

/// Where it stands in the order of the waiting list. To count those before it would read the whole list.
fn order(record: &RecordLine, zone: &TimeZone) -> String {
    if record.class == WALK_IN_CLASS {
        return "put first: it is printed in the next batch of its profile".into();
    }
    let verified_at = local(&record.verified_at, zone);
    format!("in priority class {}, by the date of verification: {verified_at}", record.class)
}

/// A pause in force, as `status` tells it.
fn paused(pause: &PauseLine, zone: &TimeZone) -> String {
    let PauseLine { what, reason, by, since } = pause;
    format!("paused: {what} by {by} since {}: {}", local(since, zone), quote(reason))
}

/// What to do about a pause.
const RESUMED: &str = "it goes on after `cetak queue resume`; `cetak status` shows the pauses";

fn withdrawn(record: &RecordLine) -> String {
    let stored = record.reason.as_deref().map(Reason::from_stored);
    if let Some(StoredReason::Coded(Reason::WithdrawnByPerson { .. })) = stored {
        let restore = command("record restore", record, " --reason TEXT");
        return format!("if it is to be printed after all, a supervisor restores it: `{restore}`");
    }
    "the source of the record sends it again as print-ready".into()
}

fn quarantined(record: &RecordLine, beside: &[BesideLine]) -> String {
    let others: Vec<_> = beside.iter().filter_map(OtherRequest::of_line).collect();
    if let Some(next) = next_step(record, &others) {
        return next;
    }
    match record.reason.as_deref().map(Reason::from_stored) {
        Some(StoredReason::Coded(
            Reason::Photo { fault: PhotoFault::Purged }
            | Reason::NotRendered(RenderFault::Photo { photo: PhotoFault::Purged }),
        )) => "import its list again with `cetak import`: the list brings the photo, and the record waits again".into(),
        Some(StoredReason::Coded(_) | StoredReason::Quoted(_)) | None => {
            let release = command("record release", record, " --reason TEXT");
            format!(
                "correct the data with `cetak import --update` if they are the cause; a supervisor releases it: `{release}`"
            )
        }
    }
}

fn card_facts(record: &RecordLine, card: &CardFacts, zone: &TimeZone) -> Vec<String> {
    let CardFacts { attempt, copy, printer, batch, printed_at, checked, handed_over, surrendered, .. } = card;
    let at = local(printed_at.as_deref().unwrap_or("-"), zone);
    let pile = [&*record.district, &*record.village].map(|key| if key.is_empty() { "-" } else { key }).join(", ");
    let mut facts = vec![
        format!("printed at {at} on printer `{printer}`, copy {copy}, attempt {attempt}"),
        format!("pile of batch {batch}, sorted under {pile}"),
    ];
    let done = |verb: &str, done: &Done| format!("{verb} at {} by {}", local(&done.at, zone), quote(&done.by));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::states::RecordState::{self, Quarantined, Withdrawn},
        words::en::duplicate::tests::record,
    };

    fn next(state: RecordState, reason: &Reason, beside: Vec<BesideLine>) -> String {
        let record = record(state, None, Some(reason));
        let found = FoundRecord { record, card: None, in_hand: None, pauses: Vec::new(), beside };
        counter_answer(&found, None, &TimeZone::UTC).next.unwrap()
    }

    #[test]
    fn a_pause_is_told_beside_what_else_keeps_a_record_from_being_printed_in_the_time_of_the_office() {
        let pause = PauseLine {
            what: "queue".into(),
            reason: "end of day".into(),
            by: "Sri".into(),
            since: "2015-08-31T10:00:00Z".into(),
        };
        for state in [RecordState::Waiting, RecordState::Held] {
            let reason = (state == RecordState::Held).then_some(&Reason::HeldByPerson);
            let record = record(state, None, reason);
            let found =
                FoundRecord { record, card: None, in_hand: None, pauses: vec![pause.clone()], beside: Vec::new() };
            let answer =
                counter_answer(&found, reason.map(|_| "held by a person"), &TimeZone::get("Asia/Jakarta").unwrap());
            let told = "paused: queue by Sri since 2015-08-31 17:00:00: \"end of day\"";
            assert!(answer.facts.iter().any(|fact| fact == told), "{answer:?}");
            assert_eq!(answer.facts.len(), 2, "the other reason too: {answer:?}");
            assert!(answer.next.is_some());
        }
    }

    #[test]
    fn a_person_restores_what_a_person_withdrew_and_the_source_sends_again_what_it_withdrew() {
        let by_person = next(Withdrawn, &Reason::WithdrawnByPerson { before: None }, Vec::new());
        assert!(by_person.contains("`cetak record restore r2 --source kudus --reason TEXT`"), "{by_person}");
        let by_source = next(Withdrawn, &Reason::Status { status: "EXPELLED".into() }, Vec::new());
        assert!(by_source.contains("the source of the record sends it again"), "{by_source}");
    }

    #[test]
    fn a_duplicate_is_resolved_and_a_deleted_photo_comes_with_its_list() {
        let other = |state: &str, source: &str| BesideLine {
            source: source.into(),
            request_id: "r1".into(),
            kind: "new".into(),
            state: state.into(),
            surrendered: false,
        };
        let open = next(Quarantined, &Reason::OtherRequestOpen, vec![other("waiting", "default")]);
        assert!(open.contains("`cetak record resolve r2 --source kudus --keep this|other --reason TEXT`"), "{open}");
        let living = next(Quarantined, &Reason::LivingCard, vec![other("handed_over", "solo")]);
        assert!(living.contains("`cetak card surrender r1 --source solo`"), "{living}");

        let photo = PhotoFault::Purged;
        for reason in [Reason::Photo { fault: photo }, Reason::NotRendered(RenderFault::Photo { photo })] {
            let purged = next(Quarantined, &reason, Vec::new());
            assert!(purged.contains("import its list again"), "{purged}");
            assert!(!purged.contains("--update") && !purged.contains("release"), "{purged}");
        }
        let corrupt = next(Quarantined, &Reason::Photo { fault: PhotoFault::Corrupt }, Vec::new());
        assert!(corrupt.contains("--update") && corrupt.contains("cetak record release r2"), "{corrupt}");
    }
}
