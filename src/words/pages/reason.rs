//! The reasons that a record may have, as filters name them.

use super::text::Text;
use crate::words::Language;

const REASONS: &[(&str, Text)] = &[
    ("driver", Text::new("the driver of the printer failed", "driver printer gagal")),
    ("expired", Text::new("the card would not be valid any more", "kartunya tidak berlaku lagi")),
    ("held-at-adoption", Text::new("held when the database was adopted", "ditahan saat basis data diambil alih")),
    ("held-by-person", Text::new("a person holds it", "ditahan petugas")),
    ("import-undone", Text::new("its import was undone", "impornya dibatalkan")),
    ("living-card", Text::new("the person holds a card already", "orangnya sudah memegang kartu")),
    ("not-rendered", Text::new("the card cannot be rendered", "kartunya tidak dapat disusun")),
    (
        "other-request-open",
        Text::new("another request of the person is open", "permohonan lain dari orangnya masih terbuka"),
    ),
    ("photo", Text::new("the photo cannot be used", "fotonya tidak dapat dipakai")),
    ("printer", Text::new("the printer gave a reason", "printer memberi alasan")),
    ("rejected-by-person", Text::new("its card was rejected", "kartunya ditolak")),
    (
        "sent-elsewhere",
        Text::new("another database has sent it to a printer", "sudah dikirim ke printer oleh basis data lain"),
    ),
    ("status", Text::new("the status of its source", "status dari sumbernya")),
    (
        "status-after",
        Text::new("the status of its source, after another reason", "status dari sumbernya, setelah alasan lain"),
    ),
    ("unreadable", Text::new("its stored data cannot be read", "datanya yang tersimpan tidak terbaca")),
    ("updated-after-rendering", Text::new("changed after its card was rendered", "diubah setelah kartunya disusun")),
    ("updated-in-hand", Text::new("changed while its card was printed", "diubah saat kartunya dicetak")),
    (
        "withdrawal-not-accepted",
        Text::new(
            "its list, which withdrew many, was not accepted",
            "daftar yang menariknya bersama banyak lainnya tidak diterima",
        ),
    ),
    ("withdrawn-by-person", Text::new("a person withdrew it", "ditarik petugas")),
];

/// The name of a reason by which records are filtered; any other text as it is.
pub(crate) fn reason_code(code: &str, language: Language) -> &str {
    REASONS.iter().find(|(known, _)| *known == code).map_or(code, |(_, text)| text.in_language(language))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::reason::Reason, words::pages::text::assert_indonesian};

    #[test]
    fn each_reason_by_which_records_are_filtered_has_words_in_two_languages() {
        let codes: Vec<&str> = REASONS.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, Reason::CODES_OF_RECORDS);
        for (code, text) in REASONS {
            assert_ne!(reason_code(code, Language::English), *code);
            assert_indonesian(text.in_language(Language::Indonesian));
        }
    }
}
