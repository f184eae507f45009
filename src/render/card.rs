//! A card to be rendered, and the values that its places show.

use std::collections::BTreeMap;

use cetak_picture::photo::Background;
use unicode_normalization::UnicodeNormalization;

use super::{error::RenderError, output::Output};
use crate::domain::{
    card::{expression::Expression, profile::CardProfile},
    personal::Person,
};

/// Replaces each value on a test card.
const TEST_VALUE: &str = "TEST";

/// The data of one card.
///
/// No `Debug`: it contains personal data.
#[derive(Clone, Copy)]
pub struct Card<'a> {
    /// The person's fields.
    pub person: &'a Person,
    /// The record's district: the value of the profile's column `district`.
    pub district: &'a str,
    /// The record's village: the value of the profile's column `village`.
    pub village: &'a str,
    /// The record's request id.
    pub request_id: &'a str,
    /// The attempt's name at the printer.
    pub attempt: &'a str,
    /// The keyed hash of request id and attempt name.
    pub keyed_hash: &'a str,
    /// The photo's bytes, JPEG or PNG.
    pub photo: Option<&'a [u8]>,
}

/// Renders the cards of one profile.
pub trait CardRenderer: Send + Sync {
    /// Whether a side of the card shows the photo.
    fn shows_photo(&self) -> bool;

    /// Checks that all texts, codes and the machine-readable zone fit. The photo is not read.
    fn check(&self, card: &Card<'_>) -> Result<(), RenderError>;

    /// Decodes a photo, and returns the colour behind the person.
    fn check_photo(&self, photo: &[u8]) -> Result<Background, RenderError>;

    /// Renders the card as a document. The same input gives the same bytes.
    fn draw(&self, card: &Card<'_>, output: &Output) -> Result<Vec<u8>, RenderError>;
}

/// How a profile names and words its values.
pub(super) struct Wording {
    district: String,
    village: String,
    words: BTreeMap<String, BTreeMap<String, String>>,
}

impl Wording {
    pub(super) fn new(profile: &CardProfile) -> Self {
        let words = profile.card.words.clone();
        Self { district: profile.district.clone(), village: profile.village.clone(), words }
    }
}

/// A card with the wording of its profile.
pub(super) struct Subject<'a> {
    pub(super) wording: &'a Wording,
    pub(super) card: &'a Card<'a>,
    /// A test card: every value is `TEST`.
    pub(super) is_test: bool,
}

impl Subject<'_> {
    /// The text of an expression for people: values are replaced by the profile's words.
    pub(super) fn evaluate(&self, expression: &Expression) -> String {
        let in_words = |name: &str| {
            let value = self.value(name);
            self.wording.words.get(name).and_then(|words| words.get(value)).map_or(value, String::as_str)
        };
        expression.evaluate(in_words)
    }

    /// The text of an expression for machines: the values themselves, in Unicode's composed form (NFC).
    pub(super) fn evaluate_plain(&self, expression: &Expression) -> String {
        expression.evaluate(|name| self.value(name)).nfc().collect()
    }

    fn value(&self, name: &str) -> &str {
        match name {
            _ if self.is_test => TEST_VALUE,
            "request_id" => self.card.request_id,
            "attempt" => self.card.attempt,
            "keyed_hash" => self.card.keyed_hash,
            name if *name == self.wording.district => self.card.district,
            name if *name == self.wording.village => self.card.village,
            name => self.card.person.reveal(name),
        }
    }
}
