//! The place of a record: the rule by which it has its turn, and those before it.

use jiff::tz::TimeZone;

use super::{number::thousands, reason::quote, time::local};
use crate::{
    domain::{card::profile::WALK_IN_CLASS, place::PlaceCause},
    engine::query::{JumpLine, RecordPlace, RecordsBefore, RecordsInClass},
};

/// The rule of the order.
const RULE: &str = "the lowest class first; in a class by verified, requested, source, request id";

/// The class of a record, with its name if it was put first.
pub fn class(class: i64) -> String {
    if class == WALK_IN_CLASS { "walk-in".into() } else { class.to_string() }
}

/// What a jump was.
pub fn place_cause(cause: PlaceCause) -> &'static str {
    match cause {
        PlaceCause::PutFirst => "put first",
        PlaceCause::PutInClass => "put into another class",
        PlaceCause::PutBack => "put back",
        PlaceCause::Updated => "changed by its list",
    }
}

/// The place of a record, as pairs of a name and a value.
pub fn place_rows(place: &RecordPlace, zone: &TimeZone) -> Vec<(&'static str, String)> {
    let keys = &place.keys;
    let kinds = |kinds: &[String]| if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    let mut rows = vec![
        ("state", place.found.record.state.clone()),
        ("class", format!("{}{}", class(keys.class), kinds(&place.kinds))),
    ];
    if keys.class != place.own_class {
        rows.push(("otherwise in class", place.own_class.to_string()));
    }
    rows.extend(place.jump.iter().map(|jump| ("jumped", jumped(jump, zone))));
    if let Some(before) = &place.before {
        rows.push(("before it", before_it(before)));
        for RecordsInClass { class: of, kinds: named, records } in &before.earlier {
            rows.push(("", format!("{} in class {}{}", thousands(*records), class(*of), kinds(named))));
        }
        rows.push(("", format!("{} in its own class", thousands(before.own))));
    }
    rows.push(("rule", RULE.into()));
    rows.push(("verified", local(&keys.verified_at.to_string(), zone)));
    rows.push(("requested", local(&keys.requested_at.to_string(), zone)));
    let printers = if place.printers.is_empty() { "none".into() } else { place.printers.join(", ") };
    rows.push(("printers", printers));
    rows
}

fn before_it(before: &RecordsBefore) -> String {
    let number = thousands(before.records);
    if before.is_more { format!("more than {number} records") } else { format!("{number} records") }
}

fn jumped(jump: &JumpLine, zone: &TimeZone) -> String {
    let JumpLine { at, by, cause, from_class, to_class, note, .. } = jump;
    let (from, to) = (class(*from_class), class(*to_class));
    format!("{} by {by} at {}, from class {from} to {to}: {}", place_cause(*cause), local(at, zone), quote(note))
}
