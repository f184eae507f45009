//! Card profiles: a kind of card as data. No code depends on a particular kind.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

pub use super::layout::{
    Align, Backdrop, BackgroundRule, CardFace, CodePlace, FontName, MrzPlace, PhotoPlace, Side, SignaturePlace,
    Symbology, TextPlace,
};
use super::{
    comparison::{Comparison, Ignored},
    expression::Expression,
};
use crate::domain::import::Mapping;

/// A card profile, from a TOML file. Unknown keys are refused, so that typing errors are found when the program starts.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardProfile {
    /// The name in commands, such as `ktp-el`.
    pub name: String,
    /// The title for people.
    pub title: String,
    /// The type of the blanks.
    pub blank_type: String,
    /// The statuses of print-ready records.
    pub eligible_statuses: Vec<String>,
    /// The other statuses of the source. A row with one of them withdraws its record. Any other status is refused.
    #[serde(default)]
    pub other_statuses: Vec<String>,
    /// The number of failed tries (a spoiled blank, or a card that the printer refused) after which a record is quarantined, at
    /// least 1. Tries that failed because of the printer do not count.
    pub attempts: u32,
    /// The column by which batches are sorted first; stored unencrypted.
    pub district: String,
    /// The column by which batches are sorted within a district; stored unencrypted.
    pub village: String,
    /// The column with the person's name, which must not be empty.
    pub name_column: String,
    /// The columns that are stored encrypted.
    pub personal: Vec<String>,
    /// Those of them that must be ISO 8601 dates.
    #[serde(default)]
    pub dates: Vec<String>,
    /// Those of `dates` until which the card is valid. A record of which one is past is quarantined when it is imported.
    #[serde(default)]
    pub valid_until: Vec<String>,
    /// Those of them that are numbers with zeros in front, and their number of digits. Fewer are a warning.
    #[serde(default)]
    pub digits: BTreeMap<String, usize>,
    /// Whether a record must have a photo.
    pub photo: PhotoRule,
    /// The allowed reasons for a reprint.
    pub reprint_reasons: Vec<String>,
    /// Those of them that mean that the previous card is lost. It is booked as missing and need not be given back.
    #[serde(default)]
    pub lost_reasons: Vec<String>,
    /// Whether a proxy may receive a card for its citizen.
    #[serde(default = "yes")]
    pub proxy: bool,
    /// The kinds of request.
    #[serde(rename = "kind")]
    pub kinds: Vec<RequestKind>,
    /// The person's identifier.
    pub identifier: Identifier,
    /// How the columns and values of offices' files become those of the profile.
    #[serde(rename = "import", default)]
    pub mapping: Mapping,
    /// The appearance of the card.
    pub card: CardFace,
}

/// Whether a record must have a photo.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhotoRule {
    /// A row without one is refused.
    Required,
    /// A row may have none; a photo that is named must exist.
    Optional,
}

/// A kind of request, such as a first card or a replacement.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestKind {
    /// The value of the column `request_kind`.
    pub name: String,
    /// The priority class; lower classes are printed first.
    pub class: i64,
    /// Whether it is allowed after a card was handed over and not given back.
    #[serde(default)]
    pub replaces: bool,
}

/// The priority class of a record whose person waits for the card: before that of every kind of request.
pub const WALK_IN_CLASS: i64 = -1_000_000_000;

/// The person's identifier: its column and its rules.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identifier {
    /// The column; one of `personal`.
    pub column: String,
    /// The rule.
    pub scheme: Scheme,
    /// The column with the date of birth, if the identifier contains it. A difference is a warning.
    pub birth_date: Option<String>,
    /// The column with the sex, `M` or `F`, if the identifier contains it. A difference is a warning.
    pub sex: Option<String>,
    /// The least length, for schemes without a fixed length.
    #[serde(default = "super::layout::one")]
    pub min_length: usize,
    /// The greatest length, for schemes without a fixed length.
    #[serde(default = "sixty_four")]
    pub max_length: usize,
    /// The differences in writing that do not make another person.
    #[serde(default)]
    pub ignores: Comparison,
    /// The known regions: for the two digits of each province, the ranges of regency numbers, such as `1-18,71`.
    #[serde(default)]
    pub regions: BTreeMap<String, String>,
}

impl Identifier {
    /// What the look-up keys of persons depend on: what of the comparison may change an identifier that an import accepts. A NIK
    /// has digits only, and a fixed number of them. No accepted identifier has spaces.
    pub fn key_rule(&self) -> Comparison {
        match self.scheme {
            Scheme::Nik => Comparison::default(),
            Scheme::Alphanumeric => self.ignores.without(Ignored::Spaces),
        }
    }
}

fn yes() -> bool {
    true
}

fn sixty_four() -> usize {
    64
}

/// Values that a place may show besides the profile's columns: the request id, the attempt's name, and a keyed hash of both,
/// which identifies the attempt that printed a card without personal data.
pub const CARD_VALUES: [&str; 3] = ["request_id", "attempt", "keyed_hash"];

/// The format of an identifier.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// Indonesia's NIK: 16 digits, six for the region that first gave it, then day (plus 40 for women), month and
    /// two-digit year of birth, then a serial from 0001 (PP 37/2007, article 37).
    Nik,
    /// Letters, digits and hyphens, with a length from the profile.
    Alphanumeric,
}

/// An error in a profile, and its position.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ProfileError {
    /// The header of the table, such as `[[card.front.text]]`; `None` for keys above all tables.
    pub table: Option<&'static str>,
    /// The number of the table among those with that header, from 1.
    pub number: usize,
    /// The key and the error.
    pub message: String,
}

impl From<String> for ProfileError {
    fn from(message: String) -> Self {
        Self { table: None, number: 1, message }
    }
}

/// The columns that every waiting list has.
pub const GENERAL_COLUMNS: [&str; 6] = ["request_id", "request_kind", "status", "requested_at", "verified_at", "photo"];

impl CardProfile {
    /// Checks limits and references, which deserialisation does not check.
    pub fn validate(&self) -> Result<(), ProfileError> {
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
                !self.other_statuses.iter().any(|status| self.eligible_statuses.contains(status)),
                "`other_statuses` must not list a status of `eligible_statuses`",
            ),
            (
                self.lost_reasons.iter().all(|r| self.reprint_reasons.contains(r)),
                "`lost_reasons` must be among `reprint_reasons`",
            ),
            (!self.kinds.is_empty(), "there must be at least one `[[kind]]`"),
            (self.kinds.iter().all(|kind| kind.class > WALK_IN_CLASS), "`class` must be above -1000000000"),
            (
                self.personal.iter().all(|c| !GENERAL_COLUMNS.contains(&c.as_str())),
                "`personal` must not list a general column",
            ),
            (
                self.personal.iter().all(|c| !CARD_VALUES.contains(&c.as_str())),
                "`personal` must not list `request_id`, `attempt` or `keyed_hash`",
            ),
        ];
        if let Some((_, message)) = limits.iter().find(|(holds, _)| !holds) {
            return Err((*message).to_owned().into());
        }
        listed("name_column", &self.name_column)?;
        listed("identifier.column", &self.identifier.column)?;
        self.dates.iter().try_for_each(|column| listed("dates", column))?;
        if let Some(column) = self.valid_until.iter().find(|column| !self.dates.contains(column)) {
            return Err(format!("`valid_until` is `{column}`, which is not in `dates`").into());
        }
        self.digits.keys().try_for_each(|column| listed("digits", column))?;
        if self.identifier.scheme == Scheme::Nik && self.identifier.ignores.ignores(Ignored::LeadingZeros) {
            return Err("`identifier.ignores` must not list `leading-zeros`: a NIK has 16 digits".to_owned().into());
        }
        let optional =
            [("identifier.birth_date", &self.identifier.birth_date), ("identifier.sex", &self.identifier.sex)];
        optional.into_iter().try_for_each(|(key, column)| column.as_ref().map_or(Ok(()), |c| listed(key, c)))?;
        let columns: Vec<&str> = self.columns().collect();
        self.mapping.check(&columns).map_err(|message| format!("[import]: {message}"))?;
        self.validate_card()
    }

    /// The columns and other values that a card may show and that its sample does not have.
    pub fn columns_without_sample(&self) -> Vec<&str> {
        let sorted = [&self.district, &self.village].into_iter().map(String::as_str);
        let columns = self.personal.iter().map(String::as_str).chain(sorted).chain(CARD_VALUES);
        let mut lacking: Vec<&str> = columns.filter(|column| !self.card.sample.contains_key(*column)).collect();
        lacking.sort_unstable();
        lacking.dedup();
        lacking
    }

    fn validate_card(&self) -> Result<(), ProfileError> {
        let card = &self.card;
        let wrong = |table, number, message: String| Err(ProfileError { table: Some(table), number, message });
        let limits = [
            ((10.0..=300.0).contains(&card.width_mm), "`card.width_mm` must be 10 to 300"),
            ((10.0..=300.0).contains(&card.height_mm), "`card.height_mm` must be 10 to 300"),
            ((0.0..=5.0).contains(&card.bleed_mm), "`card.bleed_mm` must be 0 to 5"),
        ];
        if let Some((_, message)) = limits.iter().find(|(holds, _)| !holds) {
            return wrong("[card]", 1, (*message).to_owned());
        }
        if card.sample_photo.as_ref().is_some_and(|file| !is_file_name(file)) {
            return wrong("[card]", 1, "`sample_photo` must be the name of a file beside the profile".into());
        }
        let known = |name: &str| self.shows(name);
        if let Some(column) = card.words.keys().find(|column| !known(column)) {
            return wrong("[card]", 1, format!("`card.words.{column}` is for no column of the profile"));
        }
        if let Some(rule) = card.background.as_ref().filter(|rule| !self.dates.contains(&rule.birth_date)) {
            let message = format!("`birth_date` is `{}`, which is not in `dates`", rule.birth_date);
            return wrong("[card.background]", 1, message);
        }
        let front = ["[card.front]", "[[card.front.text]]", "[[card.front.code]]", "[card.front.mrz]"];
        let back = ["[card.back]", "[[card.back.text]]", "[[card.back.code]]", "[card.back.mrz]"];
        let sides = std::iter::once((front, &card.front)).chain(card.back.iter().map(|side| (back, side)));
        for ([own, text, code, mrz], side) in sides {
            if !is_file_name(&side.template) {
                return wrong(own, 1, "`template` must be the name of a file beside the profile".into());
            }
            if side.signature.as_ref().is_some_and(|signature| !is_file_name(&signature.file)) {
                return wrong(own, 1, "`signature.file` must be the name of a file beside the profile".into());
            }
            let stranger = |expression: &Expression| expression.names().find(|name| !known(name)).map(str::to_owned);
            let shows = |name: String| format!("`{{{name}}}` is no column of the profile, and none of {CARD_VALUES:?}");
            for (number, place) in (1..).zip(&side.text) {
                let (size, least) = (place.size_mm, place.least_mm());
                if let Some(name) = stranger(&place.value) {
                    return wrong(text, number, shows(name));
                }
                if !(0.5..=20.0).contains(&size) || !(0.5..=size.max(0.5)).contains(&least) {
                    let message = "`size_mm` must be 0.5 to 20, and `least_mm` 0.5 to that".into();
                    return wrong(text, number, message);
                }
                if !(1..=10).contains(&place.lines) {
                    return wrong(text, number, "`lines` must be 1 to 10".into());
                }
            }
            for (number, place) in (1..).zip(&side.code) {
                if let Some(name) = stranger(&place.value) {
                    return wrong(code, number, shows(name));
                }
            }
            if let Some(name) = side.mrz.iter().flat_map(MrzPlace::expressions).find_map(stranger) {
                return wrong(mrz, 1, shows(name));
            }
        }
        Ok(())
    }

    /// Whether a card of this profile can show that value.
    fn shows(&self, name: &str) -> bool {
        let own = self.personal.iter().chain([&self.district, &self.village]);
        own.map(String::as_str).chain(CARD_VALUES).any(|known| known == name)
    }

    /// The sides of its card, front first.
    pub fn sides(&self) -> impl Iterator<Item = &Side> {
        std::iter::once(&self.card.front).chain(&self.card.back)
    }

    /// The sides of its card, for setting the text of their templates.
    pub fn sides_mut(&mut self) -> impl Iterator<Item = &mut Side> {
        std::iter::once(&mut self.card.front).chain(&mut self.card.back)
    }

    /// Whether a side of the card shows the person's photo.
    pub fn shows_photo(&self) -> bool {
        self.sides().any(|side| side.photo.is_some())
    }

    /// The first column of `valid_until` whose date is before `today`. `date` gives the date of a column.
    pub fn expired(&self, today: Date, date: impl Fn(&str) -> Option<Date>) -> Option<&str> {
        let is_past = |column: &&str| date(column).is_some_and(|date| date < today);
        self.valid_until.iter().map(String::as_str).find(is_past)
    }

    /// The kind of request with this name.
    pub fn kind(&self, name: &str) -> Option<&RequestKind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }

    /// All columns that the profile reads, the general ones first.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let own = [&self.district, &self.village].into_iter().filter(|c| !self.personal.contains(c));
        GENERAL_COLUMNS.into_iter().chain(self.personal.iter().chain(own).map(String::as_str))
    }
}

/// Whether a text is valid as the name of a printer, profile, blank type or place: letters, digits, `-`, `_` and `.`,
/// at most 40 characters.
pub fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=40).contains(&text.len()) && text.chars().all(allowed)
}

/// Whether a name is that of a file in the profile's folder: no separator, not hidden.
fn is_file_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=100).contains(&text.len()) && !text.starts_with('.') && text.chars().all(allowed)
}
