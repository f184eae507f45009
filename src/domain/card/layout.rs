//! The appearance of a card: its sides and the content of their places.

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
    /// The bleed of the templates beyond each edge, millimetres, 0 to 5. In a PDF for people, whose trim box is the card, and on
    /// media that are larger than the card.
    #[serde(default)]
    pub bleed_mm: f32,
    /// The front.
    pub front: Side,
    /// The back, if it is printed.
    pub back: Option<Side>,
    /// The printed text for values of a column, such as `LAKI-LAKI` for `M`. Other values are printed unchanged.
    #[serde(default)]
    pub words: BTreeMap<String, BTreeMap<String, String>>,
    /// The expected background colour of the photo.
    pub background: Option<BackgroundRule>,
    /// The values of a sample card, of an invented person.
    #[serde(default)]
    pub sample: BTreeMap<String, String>,
    /// The photo of the sample card, a file in the profile's folder.
    pub sample_photo: Option<String>,
    /// That file's bytes, set when the profile is loaded.
    #[serde(skip)]
    pub sample_photo_bytes: Vec<u8>,
}

/// One side of the card: a template and the content of its places.
///
/// A place is a `<rect>` of the template with that `id`; the rectangle itself is not drawn.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// The template, an SVG file in the profile's folder.
    pub template: String,
    /// That file's text, set when the profile is loaded.
    #[serde(skip)]
    pub svg: String,
    /// Places for text.
    #[serde(default)]
    pub text: Vec<TextPlace>,
    /// The place for the photo.
    pub photo: Option<PhotoPlace>,
    /// The place for the issuer's signature.
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
    /// The `id` of the place in the template.
    pub place: String,
    /// The text.
    pub value: Expression,
    /// The font size (em), millimetres, 0.5 to 20.
    pub size_mm: f32,
    /// The smallest font size. A text that is too long shrinks to it before it is wrapped. 0.7 × `size_mm` if not set.
    pub least_mm: Option<f32>,
    /// The number of lines into which a text that is too long may be wrapped, 1 to 10.
    #[serde(default = "one")]
    pub lines: usize,
    /// The horizontal alignment.
    #[serde(default)]
    pub align: Align,
    /// The font.
    #[serde(default)]
    pub font: FontName,
    /// Whether the text is printed in capitals.
    #[serde(default)]
    pub capitals: bool,
}

impl TextPlace {
    /// The smallest font size as a fraction of `size_mm`, if the profile does not set it.
    const LEAST: f32 = 0.7;

    /// The smallest font size, millimetres.
    pub fn least_mm(&self) -> f32 {
        self.least_mm.unwrap_or(self.size_mm * Self::LEAST)
    }
}

/// The horizontal alignment of a text in its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Align {
    /// Left-aligned.
    #[default]
    Left,
    /// Centred.
    Center,
    /// Right-aligned.
    Right,
}

/// A bundled font.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FontName {
    /// Liberation Sans.
    #[default]
    Regular,
    /// Liberation Sans Bold.
    Bold,
    /// OCR-B, for machine reading.
    OcrB,
}

/// The place for the photo, which is cropped to the place's proportions.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhotoPlace {
    /// The `id` of the place in the template.
    pub place: String,
}

/// The place for a signature that is the same on all cards. The image must be dark on white.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignaturePlace {
    /// The `id` of the place in the template; the image is scaled to fit.
    pub place: String,
    /// The image, a JPEG or PNG file in the profile's folder.
    pub file: String,
    /// That file's bytes, set when the profile is loaded.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

/// A place for a machine-readable code.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodePlace {
    /// The `id` of the place in the template, which must include the quiet zone.
    pub place: String,
    /// The kind of code.
    pub symbology: Symbology,
    /// The content.
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

/// The place for the machine-readable zone of a TD1 card (ICAO 9303-5): three lines of 30 characters.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MrzPlace {
    /// The `id` of the place in the template.
    pub place: String,
    /// `I`, `A` or `C`, optionally with a second letter.
    pub document_code: Expression,
    /// The code of the issuing state, such as `UTO`.
    pub issuing_state: Expression,
    /// The document number; characters beyond the ninth are written to the optional data.
    pub document_number: Expression,
    /// Optional data of the first line.
    pub optional_1: Option<Expression>,
    /// ISO 8601.
    pub date_of_birth: Expression,
    /// `M`, `F`, or anything else for unspecified.
    pub sex: Expression,
    /// ISO 8601.
    pub date_of_expiry: Expression,
    /// The code of the nationality.
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

/// The background colour of the photo by year of birth. A photo with another colour is a warning at import.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackgroundRule {
    /// The column with the date of birth.
    pub birth_date: String,
    /// The colour for odd years.
    pub odd: Backdrop,
    /// The colour for even years.
    pub even: Backdrop,
}

/// A background colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backdrop {
    /// Red.
    Red,
    /// Blue.
    Blue,
}

impl BackgroundRule {
    /// The colour for a date of birth, ISO 8601; `None` for any other text.
    pub fn for_birth(&self, date: &str) -> Option<Backdrop> {
        let year: u16 = date.get(..4)?.parse().ok()?;
        Some(if year.is_multiple_of(2) { self.even } else { self.odd })
    }
}

pub(super) fn one() -> usize {
    1
}
