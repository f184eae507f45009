//! Why persons cannot be found by their identifiers, in words, and what to do.

use super::message::{Message, list};
use crate::domain::refusal::{KeysFault, SamePerson};

/// What a refusal says to a person.
pub(super) fn person_keys(profile: &str, fault: &KeysFault) -> Message {
    let rekey = format!("cetak db rekey-persons --profile {profile}");
    match fault {
        KeysFault::OtherRule => Message::new(
            format!("the profile `{profile}` now compares identifiers in another way than the records in the database"),
            format!(
                "compare the records in the same way with `{rekey}`; where several machines use the database, the profile must be the \
                 same on each"
            ),
        ),
        KeysFault::Unfinished => Message::new(
            format!("not all records of profile `{profile}` are compared in the new way yet"),
            format!("go on with `{rekey}`"),
        ),
        KeysFault::OpenBatch(batch) => Message::new(
            format!("batch {batch} of profile `{profile}` is not closed, and its cards might be printed twice"),
            format!(
                "pause the queue, close it with `cetak batch cancel {batch} --reason TEXT` or wait for its end, and repeat `{rekey}`"
            ),
        ),
        KeysFault::NoIdentifier { record, column } => Message::new(
            format!(
                "{record} has no value in the column `{column}`, by which profile `{profile}` tells persons apart; nothing was changed"
            ),
            format!(
                "if the column had another name when the record was imported, give it that name in the profile again, then repeat \
                 `{rekey}`"
            ),
        ),
        KeysFault::SamePerson(same) => Message::new(
            format!("requests of different persons become those of one, who has one card: {}", persons(same)),
            format!(
                "withdraw the wrong ones with `cetak record withdraw`, or let `{rekey} --accept-duplicates` quarantine all but one \
                 of each person"
            ),
        ),
        KeysFault::TwoCards(same) => Message::new(
            format!(
                "requests that become those of one person each have a card in the office, or may: {}",
                persons(same)
            ),
            format!(
                "inspect them; reject the cards that are too many with `cetak card reject`, and withdraw with `cetak record withdraw` \
                 the requests that were held because another copy of the database may have printed them; then repeat `{rekey}`"
            ),
        ),
    }
}

/// The requests of each person, as far as they are named.
fn persons(SamePerson { requests, persons }: &SamePerson) -> String {
    let named = requests.iter().map(|requests| list(requests)).collect::<Vec<_>>().join("; ");
    match persons.saturating_sub(requests.len() as u64) {
        0 => named,
        more => format!("{named}; and {more} more persons"),
    }
}
