//! The names of states and of other codes.

use super::{text::Text, texts};
use crate::{domain::breaker::Breaker, engine::query::CardVerdict, words::Language};

/// Whether a printer gets cards after its failures.
pub(crate) fn breaker(breaker: Breaker) -> Text {
    let (en, id) = match breaker {
        Breaker::Closed => ("as usual", "seperti biasa"),
        Breaker::Open => ("none until it answers", "tidak ada sampai printer menjawab"),
        Breaker::HalfOpen => ("one, as a trial", "satu, sebagai percobaan"),
        Breaker::Locked => ("none until it is cleared", "tidak ada sampai printer dinyatakan beres"),
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

// The chains of the audit, by who writes them.
codes! { CHAIN_NAMES
    "cli" "commands" "perintah";
    "web" "web" "web";
    "scheduler" "scheduler" "penjadwal";
}

fn named(list: &[(&str, Text)], code: &str, language: Language) -> String {
    let text = list.iter().find(|(known, _)| *known == code).map(|(_, text)| *text);
    text.map_or_else(|| code.to_owned(), |text| text.in_language(language).to_owned())
}

/// The name of what a printer last said of itself.
pub(crate) fn printer_state(code: &str, language: Language) -> String {
    named(PRINTER_STATES, code, language)
}

/// What a printer says of itself by a state reason, with the keyword that its makers write about.
pub(crate) fn printer_reason(keyword: &str, language: Language) -> String {
    let condition = language.printer_condition(keyword);
    condition.map_or_else(|| keyword.to_owned(), |condition| format!("{condition} ({keyword})"))
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

// What an act or an event is about, by the first word of its name.
codes! { SUBJECTS
    "record" "record" "permohonan";
    "attempt" "attempt" "upaya cetak";
    "batch" "batch" "kelompok cetak";
    "printer" "printer" "printer";
    "blangko" "blank type" "jenis blangko";
    "count" "count" "stok opname";
    "import" "import" "impor";
    "movement" "movement" "mutasi";
    "account" "account" "akun";
    "session" "session" "sesi";
    "token" "token" "token";
    "database" "database" "basis data";
    "operation" "operation" "tindakan";
    "node" "computer" "komputer";
    "jobs" "jobs" "kartu antrean";
    "source" "source" "sumber";
    "profile" "card profile" "profil kartu";
    "address" "address" "alamat";
    "queue" "all printing" "seluruh pencetakan";
    "settings" "settings" "pengaturan";
    "clock" "clock" "jam";
    "counters" "counters" "penghitung";
    "names" "names" "nama";
    "persons" "persons" "orang";
}

const OF_TYPE: Text = Text::new("{} of blank type {}", "{} dari jenis blangko {}");
const ALL_MATCHING: Text = Text::new("records that match, up to number {}", "permohonan yang cocok, sampai nomor {}");
const RANGE: Text = Text::new("{} to {}", "{} sampai {}");

/// What an act or an event is about, from its name in the audit: `record default/r-1`, `movement 3 of blangko student`.
pub(crate) fn subject(name: &str, language: Language) -> String {
    if let Some(number) = name.strip_prefix("records that match, up to number ") {
        return ALL_MATCHING.with(language, &[number]);
    }
    if let Some((moved, blank_type)) = name.split_once(" of blangko ") {
        return OF_TYPE.with(language, &[&subject(moved, language), blank_type]);
    }
    let (code, rest) = name.split_once(' ').unwrap_or((name, ""));
    let Some((_, text)) = SUBJECTS.iter().find(|(known, _)| *known == code) else { return name.to_owned() };
    let kind = text.in_language(language);
    if let Some(operation) = rest.parse().ok().filter(|_| code == "operation") {
        return format!("{kind}: {}", language.operation(operation));
    }
    match rest.split_once(" to ").filter(|_| name.starts_with("jobs ")) {
        Some((first, last)) => RANGE.with(language, &[&format!("{kind} {first}"), last]),
        None => format!("{kind} {rest}").trim_end().to_owned(),
    }
}

/// The name of who acted: a program by what it is, a person as written.
pub(crate) fn actor(name: &str, language: Language) -> String {
    if name == "scheduler" { named(CHAIN_NAMES, name, language) } else { name.to_owned() }
}

/// The name of a chain of the audit, with that of its computer if it has one: `scheduler@node-2`.
pub(crate) fn chain(code: &str, language: Language) -> String {
    match CHAIN_NAMES.iter().find(|(known, _)| code.starts_with(known)) {
        Some((known, text)) => format!("{}{}", text.in_language(language), &code[known.len()..]),
        None => code.to_owned(),
    }
}

/// An account of the stock ledger as the verification names it: the number of its lot, its code, and its place.
pub(crate) fn ledger_account(code: &str, language: Language) -> String {
    let words: Vec<String> = code.split(' ').map(|word| named(PLACES, word, language)).collect();
    words.join(" ")
}

/// What is wrong with a chain of the audit.
pub(crate) fn chain_fault(what: &str, language: Language) -> String {
    named(CHAIN_FAULTS, what, language)
}

/// The name of an account of the stock ledger.
pub(crate) fn stock_account(code: &str, language: Language) -> String {
    named(PLACES, code, language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::pages::text::assert_indonesian;

    #[test]
    fn a_reason_of_a_printer_is_told_in_words_before_its_keyword() {
        assert_eq!(printer_reason("media-jam-error", Language::Indonesian), "kartu tersangkut (media-jam-error)");
        assert_eq!(printer_reason("vendor-flux", Language::Indonesian), "vendor-flux");
    }

    #[test]
    fn what_an_act_is_about_is_told_in_the_language_of_the_page() {
        for (name, told) in [
            ("record default/r-1", "permohonan default/r-1"),
            ("movement 3 of blangko student", "mutasi 3 dari jenis blangko student"),
            ("records that match, up to number 12", "permohonan yang cocok, sampai nomor 12"),
            ("jobs 1 to 9", "kartu antrean 1 sampai 9"),
            ("queue", "seluruh pencetakan"),
            ("database", "basis data"),
        ] {
            assert_eq!(subject(name, Language::Indonesian), told);
            assert_indonesian(told);
        }
        assert_eq!(subject("count 1", Language::English), "count 1");
        assert_eq!(subject("of another version", Language::Indonesian), "of another version");
    }
}
