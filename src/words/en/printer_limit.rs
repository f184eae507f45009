//! The limits of printers, in words.

use super::message::Message;
use crate::domain::supply::{Left, Limits};

pub(super) fn hopper_holds(printer: &str, capacity: i64, loaded: i64) -> Message {
    Message::new(
        format!("the hopper of `{printer}` holds {loaded} blanks, which is more than {capacity}"),
        format!("unload {} with `cetak blangko unload`, or cancel the batch that holds them", loaded - capacity),
    )
}

pub(super) fn rest_incomplete(printer: &str) -> Message {
    Message::new(
        format!("a rest of printer `{printer}` needs both the cards after which it begins and its minutes"),
        format!("`cetak printer set {printer} --rest-after CARDS --rest-minutes MINUTES`; 0 and 0 end it"),
    )
}

pub(super) fn nothing_said(printer: &str) -> Message {
    Message::new(
        format!("nothing is said of the supplies of printer `{printer}`"),
        "say what is left of its ribbon, what is in its tray, or that it was cleaned",
    )
}

pub(super) fn not_counted(printer: &str) -> Message {
    Message::new(
        format!("printer `{printer}` has no such limit, so that it is not counted"),
        format!("set it first, for example with `cetak printer set {printer} --ribbon CARDS`"),
    )
}

pub(super) fn full(printer: &str) -> Message {
    Message::new(
        format!("the output tray of printer `{printer}` is full, or its ribbon is used up"),
        format!("see to it, and say so with `cetak printer supplies {printer} --tray 0` or `--ribbon CARDS`"),
    )
}

/// What is left of each limit that is counted: `ribbon: 120 of 315 cards`.
pub fn left(left: &Left, limits: &Limits) -> Vec<String> {
    let of = |name: &str, left: Option<i64>, most: Option<i64>| {
        let (left, most) = left.zip(most)?;
        Some(format!("{name}: {left} of {most} cards"))
    };
    let counted = [
        of("ribbon", left.ribbon, limits.ribbon_cards()),
        of("room in the output tray", left.tray, limits.tray),
        of("until the next cleaning", left.cleaning, limits.cleaning),
        of("until the next rest", left.rest, limits.rest().map(|(cards, _)| cards)),
        of("left of a day", left.day, limits.cards_a_day),
    ];
    let lane = limits.walk_in_lane.then(|| "keeps a lane for walk-ins".to_owned());
    counted.into_iter().flatten().chain(lane).collect()
}
