//! How a card looks: its sides, and what goes into which place.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::expression::Expression;

/// Size and sides of the card.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardFace {
    /// Width of the card, millimetres, 10 to 300. ID-1 (ISO/IEC 7810) is 85.60.
    pub width_mm: f32,
    /// Height of the card, millimetres, 10 to 300. ID-1 is 53.98.
    pub height_mm: f32,
    /// How far the templates go beyond each edge, millimetres, 0 to 5: only in PDF, whose trim box is the card.
    #[serde(default)]
    pub bleed_mm: f32,
    /// The side with the person.
    pub front: Side,
    /// The other side, if anything is printed on it.
    pub back: Option<Side>,
    /// What is printed for a column's value, such as `LAKI-LAKI` for `M`; other values are printed as they are.
    #[serde(default)]
    pub words: BTreeMap<String, BTreeMap<String, String>>,
    /// The colour behind the person.
    pub background: Option<BackgroundRule>,
    /// Values that show what a card looks like: of nobody.
    #[serde(default)]
    pub sample: BTreeMap<String, String>,
    /// A photo to show with them: a file beside the profile.
    pub sample_photo: Option<String>,
    /// That file's bytes; whoever reads the profile puts them in.
    #[serde(skip)]
    pub sample_photo_bytes: Vec<u8>,
}

/// One side of the card: a drawing, and what is put into its places.
///
/// A place is a `<rect>` of the drawing with that `id`; it is not drawn itself.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// The drawing: an SVG file beside the profile.
    pub template: String,
    /// That file's text; whoever reads the profile puts it in.
    #[serde(skip)]
    pub svg: String,
    /// Places for text.
    #[serde(default)]
    pub text: Vec<TextPlace>,
    /// The place for the photo.
    pub photo: Option<PhotoPlace>,
    /// The place for the signature of whoever issues the card.
    pub signature: Option<SignaturePlace>,
    /// Places for machine-readable codes.
    #[serde(default)]
    pub code: Vec<CodePlace>,
    /// The place for the machine-readable zone.
    pub mrz: Option<MrzPlace>,
}

/// A place for text.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextPlace {
    /// The `id` of the place in the drawing.
    pub place: String,
    /// What is printed.
    pub value: Expression,
    /// Height of the letters' em, millimetres, 0.5 to 20.
    pub size_mm: f32,
    /// The least height, to which a longer text shrinks before it is wrapped; without it, seven tenths of `size_mm`.
    pub least_mm: Option<f32>,
    /// Lines into which a text may be wrapped that does not fit in its least size; 1 to 10.
    #[serde(default = "one")]
    pub lines: usize,
    /// Where in its place it stands.
    #[serde(default)]
    pub align: Align,
    /// The font.
    #[serde(default)]
    pub font: FontName,
    /// Printed in capitals, whatever the record has.
    #[serde(default)]
    pub capitals: bool,
}

impl TextPlace {
    /// Part of the size to which a text shrinks where the profile does not say.
    const LEAST: f32 = 0.7;

    /// The least height of the em, millimetres.
    pub fn least_mm(&self) -> f32 {
        self.least_mm.unwrap_or(self.size_mm * Self::LEAST)
    }
}

/// Where in its place a text stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Align {
    /// From the left edge on.
    #[default]
    Left,
    /// In the middle.
    Center,
    /// Up to the right edge.
    Right,
}

/// A font that comes with cetak.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FontName {
    /// Liberation Sans.
    #[default]
    Regular,
    /// Liberation Sans Bold.
    Bold,
    /// OCR-B, which machines read.
    OcrB,
}

/// The place for the photo: the picture is cut to the place's proportions.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhotoPlace {
    /// The `id` of the place in the drawing.
    pub place: String,
}

/// The place for a signature, the same on all cards: dark on white, or the other way round nothing is seen.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignaturePlace {
    /// The `id` of the place in the drawing; the picture is as large as fits in it.
    pub place: String,
    /// The picture: a JPEG or PNG beside the profile.
    pub file: String,
    /// That file's bytes; whoever reads the profile puts them in.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

/// A place for a machine-readable code.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodePlace {
    /// The `id` of the place in the drawing, with room for the quiet zone.
    pub place: String,
    /// The kind of code.
    pub symbology: Symbology,
    /// What it says.
    pub value: Expression,
}

/// A kind of machine-readable code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Symbology {
    /// QR code (ISO/IEC 18004).
    Qr,
    /// PDF417 (ISO/IEC 15438).
    Pdf417,
    /// Code 128 (ISO/IEC 15417).
    Code128,
}

/// The place for the machine-readable zone of a TD1 card (ICAO 9303-5): three lines of thirty.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MrzPlace {
    /// The `id` of the place in the drawing.
    pub place: String,
    /// `I`, `A` or `C`, and perhaps one more letter.
    pub document_code: Expression,
    /// Three letters, as `UTO`.
    pub issuing_state: Expression,
    /// Up to nine characters; a longer one goes on in the optional data.
    pub document_number: Expression,
    /// Optional data of the first line.
    pub optional_1: Option<Expression>,
    /// ISO 8601.
    pub date_of_birth: Expression,
    /// `M`, `F`, or anything else for unspecified.
    pub sex: Expression,
    /// ISO 8601.
    pub date_of_expiry: Expression,
    /// Three letters.
    pub nationality: Expression,
    /// Optional data of the second line.
    pub optional_2: Option<Expression>,
    /// Usually the family name.
    pub primary_identifier: Expression,
    /// Usually the given names; may be empty.
    pub secondary_identifier: Expression,
}

impl MrzPlace {
    pub(super) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        [
            &self.document_code,
            &self.issuing_state,
            &self.document_number,
            &self.date_of_birth,
            &self.sex,
            &self.date_of_expiry,
            &self.nationality,
            &self.primary_identifier,
            &self.secondary_identifier,
        ]
        .into_iter()
        .chain(&self.optional_1)
        .chain(&self.optional_2)
    }
}

/// The colour behind the person that the year of birth asks for; another one is a warning at import.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackgroundRule {
    /// The column with the date of birth.
    pub birth_date: String,
    /// For odd years.
    pub odd: Backdrop,
    /// For even years.
    pub even: Backdrop,
}

/// A colour behind a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backdrop {
    /// Red.
    Red,
    /// Blue.
    Blue,
}

impl BackgroundRule {
    /// The colour for a date of birth, ISO 8601; `None` for what is no date.
    pub fn for_birth(&self, date: &str) -> Option<Backdrop> {
        let year: u16 = date.get(..4)?.parse().ok()?;
        Some(if year.is_multiple_of(2) { self.even } else { self.odd })
    }
}

pub(super) fn one() -> usize {
    1
}
