//! What a desk shows of a card that was scanned, and what can be done to it there.

use super::{
    address, districts,
    page::Page,
    records::{state, whereabouts},
    view::Button,
};
use crate::{
    domain::permission::Operation,
    engine::query::{CardToCheck, CardVerdict, FoundRecord},
    web::route::Sort,
    words::pages::{Text, card_verdict, texts},
};

/// The card that is shown.
#[derive(Default)]
pub(super) struct Card {
    /// The record to whose card the act of the desk can be done; empty if it cannot.
    pub(super) source: String,
    pub(super) request_id: String,
    /// The record whose card can be rejected; empty if this card is not its card.
    pub(super) reject_source: String,
    pub(super) reject_request_id: String,
    /// What the verdict is, in one or two words.
    pub(super) word: &'static str,
    pub(super) verdict: String,
    /// `good` if the act of the desk can be done to it, else `bad`.
    pub(super) tone: &'static str,
    pub(super) facts: Vec<(&'static str, String)>,
    /// The address of the photo.
    pub(super) photo: Option<String>,
    /// The batch that printed it.
    pub(super) batch: Option<i64>,
    /// What else can be done with it.
    pub(super) others: Vec<Button>,
}

/// What a desk takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Cards that were not checked; only those of a batch, if one is named.
    Unchecked(Option<i64>),
    /// Cards that were checked.
    Checked,
}

/// What the verdict is in a word, and what a code proves.
fn told(verdict: CardVerdict) -> (Text, Text) {
    let word = match verdict {
        CardVerdict::OtherForm | CardVerdict::WrongHash | CardVerdict::UnknownAttempt => texts::WORD_FOREIGN,
        CardVerdict::Current => texts::WORD_MATCHES,
        CardVerdict::Recalled => texts::WORD_RECALLED,
        CardVerdict::Surrendered => texts::WORD_SURRENDERED,
        CardVerdict::NotCurrent => texts::WORD_OLD,
    };
    (word, card_verdict(verdict))
}

/// Why a card that is its record's card is not for the desk, in a word and in a sentence; `None` if it is.
fn objection(page: &Page, takes: Takes, found: &FoundRecord, batch: Option<i64>) -> Option<(Text, String)> {
    let record = &found.record;
    if record.state == "handed_over" {
        return Some((texts::WORD_HANDED_OVER, page.t(texts::ALREADY_HANDED_OVER).to_owned()));
    }
    if record.sent {
        return Some((texts::WORD_SENT, whereabouts(page, found)));
    }
    match takes {
        Takes::Unchecked(_) if record.checked => Some((texts::WORD_TWICE, page.t(texts::ALREADY_CHECKED).to_owned())),
        Takes::Unchecked(Some(pile)) if batch != Some(pile) => {
            let batch = batch.map(|batch| batch.to_string()).unwrap_or_default();
            Some((texts::WORD_OTHER_PILE, page.with(texts::OF_OTHER_PILE, &[&batch])))
        }
        Takes::Unchecked(_) => None,
        Takes::Checked if record.checked => None,
        Takes::Checked => Some((texts::WORD_NOT_CHECKED, whereabouts(page, found))),
    }
}

/// What a code says of the card that it stands on.
pub(super) fn card(page: &Page, takes: Takes, scanned: &CardToCheck) -> Card {
    let (word, text) = told(scanned.card.verdict);
    let Some(found) = &scanned.card.found else {
        return Card { word: page.t(word), verdict: page.with(text, &[]), tone: "bad", ..Card::default() };
    };
    let (record, batch) = (&found.record, scanned.card.batch);
    let is_current = scanned.card.verdict == CardVerdict::Current;
    let objection = if is_current { objection(page, takes, found, batch) } else { None };
    let fits = is_current && objection.is_none();
    let mut facts = vec![(page.t(texts::REQUEST), record.request_id.clone())];
    facts.extend(scanned.identifier.clone().map(|masked| (page.t(texts::IDENTIFIER_END), masked)));
    facts.extend([
        (page.t(texts::DISTRICT), record.district.clone()),
        (page.t(texts::PROFILE), record.profile.clone()),
        (page.t(texts::STATE), state(page, record)),
    ]);
    if let Some((_, why)) = &objection {
        facts.push((page.t(texts::CARD), why.clone()));
    } else if !fits {
        facts.push((page.t(texts::CARD), whereabouts(page, found)));
    }
    // An old card says nothing of the one that the record has now.
    let is_its_card = matches!(scanned.card.verdict, CardVerdict::Current | CardVerdict::Recalled);
    let is_of_pile = objection.as_ref().is_none_or(|(word, _)| *word != texts::WORD_OTHER_PILE);
    let is_rejectable = is_its_card
        && is_of_pile
        && record.state == "printed"
        && !record.sent
        && page.may(Operation::CardCheck, Sort::Act);
    let of = |is_it: bool, text: &str| if is_it { text.to_owned() } else { String::new() };
    let has_photo = fits && scanned.has_photo && page.may(Operation::CardPreview, Sort::Act);
    let [source, request_id] = [&record.source, &record.request_id].map(|part| address::encoded(part));
    Card {
        source: of(fits, &record.source),
        request_id: of(fits, &record.request_id),
        reject_source: of(is_rejectable, &record.source),
        reject_request_id: of(is_rejectable, &record.request_id),
        word: page.t(objection.as_ref().map_or(word, |(word, _)| *word)),
        verdict: page.with(text, &[&record.request_id]),
        tone: if fits { "good" } else { "bad" },
        facts,
        photo: has_photo.then(|| format!("/api/v1/records/{source}/{request_id}/photo")),
        batch,
        others: districts::offers(
            page,
            if takes == Takes::Checked { "/handover" } else { "/check" },
            record,
            fits && takes == Takes::Checked,
        ),
    }
}
