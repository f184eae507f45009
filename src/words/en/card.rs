//! What the code on a card proves, and why a photo cannot be shown.

use super::{message::Message, reason::photo};
use crate::{domain::reason::PhotoFault, engine::query::CardVerdict};

/// A photo that cannot be shown.
pub(super) fn no_photo(record: &str, fault: Option<PhotoFault>) -> Message {
    let why = fault.map_or_else(|| "its list named none".to_owned(), |fault| photo(fault).to_owned());
    Message::new(
        format!("{record} has no photo: {why}"),
        "import the request with its photo with `cetak import --update`",
    )
}

/// Why a card must not be handed over or accepted; `None` if it is the card of its record.
pub fn card_objection(verdict: CardVerdict) -> Option<Message> {
    Some(match verdict {
        CardVerdict::Current => return None,
        CardVerdict::OtherForm => Message::new(
            "this is not the code of a card of this program",
            "scan the code with three words: request id, attempt and hash",
        ),
        CardVerdict::WrongHash => Message::new(
            "the code was not made with the key of this office: the card is forged, or of another office",
            "keep the card, and call a supervisor; scan it again if the code is damaged",
        ),
        CardVerdict::UnknownAttempt => Message::new(
            "the code was made with the key of this office, and the database does not know the attempt",
            "it is a preview, or another copy of the database printed it: keep the card, and call a supervisor",
        ),
        CardVerdict::Recalled => Message::new(
            "this card must not be handed over: its record was withdrawn or updated after the card was rendered",
            "take it out of the pile, and reject it with `cetak card reject`",
        ),
        CardVerdict::Surrendered => Message::new(
            "this card is no longer valid: the citizen gave it back, and it is to be destroyed",
            "put it with the spoiled cards; call a supervisor if a person showed it as a valid card",
        ),
        CardVerdict::NotCurrent => Message::new(
            "this is not the card of its record: it was rejected, replaced, or not printed as a good card",
            "keep the card apart, and call a supervisor",
        ),
    })
}
