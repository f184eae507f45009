//! What a kind of card is, as data. No other place knows what an identity card or a student card is.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::identifier::Scheme;

/// A card profile, from a TOML file. Unknown keys are refused, so that a typing error is found at start.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardProfile {
    /// The name that commands use, such as `ktp-el`.
    pub name: String,
    /// The name that people read.
    pub title: String,
    /// The blanks that it is printed on.
    pub blank_type: String,
    /// The statuses with which a record may be printed; every other is refused with the status found.
    pub eligible_statuses: Vec<String>,
    /// Failed tries (a blank spoiled, or the card refused by the printer) after which a record is quarantined. At
    /// least 1. Tries that failed because of the printer are not counted.
    pub attempts: u32,
    /// The column that piles are sorted by first; stored in the clear.
    pub district: String,
    /// The column that piles are sorted by inside a district; stored in the clear.
    pub village: String,
    /// The column with the person's name, which must not be empty.
    pub name_column: String,
    /// The columns that are sealed with the record.
    pub personal: Vec<String>,
    /// Those of them that must be ISO 8601 dates.
    #[serde(default)]
    pub dates: Vec<String>,
    /// Must a record have a photo?
    pub photo: PhotoRule,
    /// The reasons that a reprint may have.
    pub reprint_reasons: Vec<String>,
    /// Those of them that mean that the card before is lost: it is booked as missing, and need not come back.
    #[serde(default)]
    pub lost_reasons: Vec<String>,
    /// The kinds of request.
    #[serde(rename = "kind")]
    pub kinds: Vec<RequestKind>,
    /// The person's identifier.
    pub identifier: Identifier,
    /// How the card looks.
    pub card: CardFace,
}

/// Must a record have a photo?
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhotoRule {
    /// A row without one is refused.
    Required,
    /// A row may name none; one that is named must be there.
    Optional,
}

/// A kind of request: why somebody is to get a card.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestKind {
    /// As in the column `request_kind`.
    pub name: String,
    /// Priority class; a lower one is printed first.
    pub class: i64,
    /// It may follow a card that was handed over, whether or not the old one came back.
    #[serde(default)]
    pub replaces: bool,
}

/// Where a person's identifier is and what it must look like.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identifier {
    /// The column; one of `personal`.
    pub column: String,
    /// The rule.
    pub scheme: Scheme,
    /// The column with the date of birth, where the identifier tells one: a disagreement is a warning.
    pub birth_date: Option<String>,
    /// The column with the sex, `M` or `F`, where the identifier tells one: a disagreement is a warning.
    pub sex: Option<String>,
    /// Fewest characters, for schemes without a length of their own.
    #[serde(default = "one")]
    pub min_length: usize,
    /// Most characters, for schemes without a length of their own.
    #[serde(default = "sixty_four")]
    pub max_length: usize,
    /// Known regions: two digits of the province to ranges of regency numbers, such as `1-18,71`.
    #[serde(default)]
    pub regions: BTreeMap<String, String>,
}

fn one() -> usize {
    1
}

fn sixty_four() -> usize {
    64
}

/// Size and content of the card's front.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardFace {
    /// Width of the card, millimetres. ID-1 (ISO/IEC 7810) is 85.60.
    pub width_mm: f32,
    /// Height of the card, millimetres. ID-1 is 53.98.
    pub height_mm: f32,
    /// Dots per inch.
    pub dpi: f32,
    /// The lines of text.
    #[serde(default)]
    pub text: Vec<TextPlace>,
}

/// One line of text on the card.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextPlace {
    /// Fixed text; either this or `field`.
    pub text: Option<String>,
    /// Printed before the field's value.
    pub label: Option<String>,
    /// The personal field.
    pub field: Option<String>,
    /// Left edge, millimetres from the left.
    pub x_mm: f32,
    /// Top edge, millimetres from the top.
    pub y_mm: f32,
    /// Height of the letters' em, millimetres.
    pub size_mm: f32,
}

/// Columns that every waiting list has, whatever the profile.
pub const GENERAL_COLUMNS: [&str; 6] = ["request_id", "request_kind", "status", "requested_at", "verified_at", "photo"];

impl CardProfile {
    /// Checks what the file format alone cannot.
    ///
    /// The error names the key and what is wrong with it.
    pub fn validate(&self) -> Result<(), String> {
        let known = |column: &String| self.personal.contains(column);
        let listed = |key: &str, column: &String| {
            if known(column) { Ok(()) } else { Err(format!("`{key}` is `{column}`, which is not in `personal`")) }
        };
        let limits = [
            (is_name(&self.name), "`name` must be letters, digits and hyphens"),
            (is_name(&self.blank_type), "`blank_type` must be letters, digits and hyphens"),
            (self.attempts >= 1, "`attempts` must be at least 1"),
            (!self.eligible_statuses.is_empty(), "`eligible_statuses` must not be empty"),
            (
                self.lost_reasons.iter().all(|r| self.reprint_reasons.contains(r)),
                "`lost_reasons` must be among `reprint_reasons`",
            ),
            (!self.kinds.is_empty(), "there must be at least one `[[kind]]`"),
            ((10.0..=300.0).contains(&self.card.width_mm), "`card.width_mm` must be 10 to 300"),
            ((10.0..=300.0).contains(&self.card.height_mm), "`card.height_mm` must be 10 to 300"),
            ((100.0..=1200.0).contains(&self.card.dpi), "`card.dpi` must be 100 to 1200"),
            (
                self.personal.iter().all(|c| !GENERAL_COLUMNS.contains(&c.as_str())),
                "`personal` must not list a general column",
            ),
        ];
        if let Some((_, message)) = limits.iter().find(|(holds, _)| !holds) {
            return Err((*message).to_owned());
        }
        listed("name_column", &self.name_column)?;
        listed("identifier.column", &self.identifier.column)?;
        self.dates.iter().try_for_each(|column| listed("dates", column))?;
        let optional =
            [("identifier.birth_date", &self.identifier.birth_date), ("identifier.sex", &self.identifier.sex)];
        optional.into_iter().try_for_each(|(key, column)| column.as_ref().map_or(Ok(()), |c| listed(key, c)))?;
        for place in &self.card.text {
            match (&place.text, &place.field) {
                (Some(_), None) => {}
                (None, Some(field)) if known(field) || *field == self.district || *field == self.village => {}
                (None, Some(field)) => {
                    return Err(format!("a `[[card.text]]` shows `{field}`, which is no column of the profile"));
                }
                _ => return Err("a `[[card.text]]` needs either `text` or `field`".into()),
            }
        }
        Ok(())
    }

    /// The kind of request with this name.
    pub fn kind(&self, name: &str) -> Option<&RequestKind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }

    /// All columns that the profile reads, general ones first.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let own = [&self.district, &self.village].into_iter().filter(|c| !self.personal.contains(c));
        GENERAL_COLUMNS.into_iter().chain(self.personal.iter().chain(own).map(String::as_str))
    }
}

/// Is it a name that people may choose for printers, profiles, blank types and places? Letters, digits, `-`, `_` and
/// `.`, at most 40.
pub fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=40).contains(&text.len()) && text.chars().all(allowed)
}
