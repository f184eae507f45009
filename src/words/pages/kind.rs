//! The kinds of requests.

use super::text::Text;
use crate::words::Language;

/// The kinds of the card profiles that come with the program, each with its name; those of an office have their own names.
const KINDS: &[(&str, Text)] = &[
    ("first", Text::new("first card", "kartu pertama")),
    ("new", Text::new("new", "baru")),
    ("renewal", Text::new("renewal", "perpanjangan")),
    ("replacement", Text::new("replacement", "penggantian")),
    ("change", Text::new("change of data", "perubahan data")),
    ("correction", Text::new("correction", "pembetulan")),
    ("lost", Text::new("lost card", "kartu hilang")),
    ("damaged", Text::new("damaged card", "kartu rusak")),
    ("disaster", Text::new("victim of a disaster", "korban bencana")),
    ("temporary-letter", Text::new("holder of a temporary letter", "pemegang surat keterangan")),
];

/// The name of a kind of request; that of an office is as the office writes it.
pub(crate) fn kind(code: &str, language: Language) -> String {
    let text = KINDS.iter().find(|(known, _)| *known == code).map(|(_, text)| text.in_language(language));
    text.unwrap_or(code).to_owned()
}
