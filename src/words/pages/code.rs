//! The names of states and of other codes.

use super::{text::Text, texts};
use crate::{domain::breaker::Breaker, engine::query::CardVerdict, words::Language};

/// Whether a printer gets cards after its failures.
pub(crate) fn breaker(breaker: Breaker) -> Text {
    let (en, id) = match breaker {
        Breaker::Closed => ("gets cards", "mendapat kartu"),
        Breaker::Open => ("gets no card until it answers", "tidak mendapat kartu sampai menjawab"),
        Breaker::HalfOpen => ("gets one card as a trial", "mendapat satu kartu percobaan"),
        Breaker::Locked => ("gets no card until it is cleared", "tidak mendapat kartu sampai dinyatakan beres"),
    };
    Text::new(en, id)
}

/// What the code on a card proves. It has a place for the request, where the card is of one.
pub(crate) fn card_verdict(verdict: CardVerdict) -> Text {
    match verdict {
        CardVerdict::OtherForm => texts::VERDICT_OTHER_FORM,
        CardVerdict::WrongHash => texts::VERDICT_WRONG_HASH,
        CardVerdict::UnknownAttempt => texts::VERDICT_UNKNOWN,
        CardVerdict::Current => texts::VERDICT_CURRENT,
        CardVerdict::Recalled => texts::VERDICT_RECALLED,
        CardVerdict::Surrendered => texts::VERDICT_SURRENDERED,
        CardVerdict::NotCurrent => texts::VERDICT_NOT_CURRENT,
    }
}

macro_rules! codes {
    ($list:ident $($code:literal $en:literal $id:literal;)+) => {
        const $list: &[(&str, Text)] = &[$(($code, Text::new($en, $id))),+];
    };
}

// As the last answer of the printer says.
codes! { PRINTER_STATES
    "unknown" "not asked yet" "belum ditanyai";
    "idle" "idle" "menganggur";
    "processing" "busy" "bekerja";
    "stopped" "stopped" "berhenti";
    "unreachable" "does not answer" "tidak menjawab";
}

codes! { PLACES
    "supplier" "supplier" "pemasok";
    "vault" "vault" "gudang";
    "hopper" "hoppers" "wadah blangko";
    "reserved" "reserved" "dialokasikan";
    "printed" "cards" "kartu jadi";
    "spoiled" "spoiled" "rusak";
    "uncertain" "unknown outcome" "hasil tak pasti";
    "handed-over" "handed over" "diserahkan";
    "destroyed" "destroyed" "dimusnahkan";
    "loan" "lent" "dipinjamkan";
    "missing" "missing" "hilang";
    "sum" "sum" "jumlah";
}

codes! { CHAIN_FAULTS
    "the chain has no head" "the chain has no head" "rantai ini tidak punya ujung";
    "a row is missing" "a row is missing" "ada baris yang hilang";
    "the row was changed or moved" "the row was changed or moved" "baris ini diubah atau dipindahkan";
    "the chain differs from the seal" "the chain differs from the seal" "rantai ini berbeda dari segelnya";
    "rows after this one were sealed and are gone" "rows after this one were sealed and are gone"
        "baris-baris sesudah baris ini sudah disegel dan kini tidak ada";
    "the newest row is not the head" "the newest row is not the head" "baris terbaru bukan ujung rantainya";
}

fn named(list: &[(&str, Text)], code: &str, language: Language) -> String {
    let text = list.iter().find(|(known, _)| *known == code).map(|(_, text)| *text);
    text.map_or_else(|| code.to_owned(), |text| text.in_language(language).to_owned())
}

/// The name of what a printer last said of itself.
pub(crate) fn printer_state(code: &str, language: Language) -> String {
    named(PRINTER_STATES, code, language)
}

/// What a pause is of, from its code: `queue`, `printer NAME` or `batch NUMBER`.
pub(crate) fn pause_scope(code: &str, language: Language) -> String {
    let (en, id, value) = match code.split_once(' ') {
        Some(("printer", name)) => ("printer {}", "printer {}", name),
        Some(("batch", number)) => ("batch {}", "kelompok cetak {}", number),
        Some(_) => return code.to_owned(),
        None => ("all printing", "seluruh pencetakan", ""),
    };
    Text::new(en, id).with(language, &[value])
}

/// What is wrong with a chain of the audit.
pub(crate) fn chain_fault(what: &str, language: Language) -> String {
    named(CHAIN_FAULTS, what, language)
}

/// The name of an account of the stock ledger.
pub(crate) fn stock_account(code: &str, language: Language) -> String {
    named(PLACES, code, language)
}
