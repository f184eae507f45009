//! The card itself: from a profile, a record and a photo to the pages that a printer wants. Pure: no clock, no files, no state
//! but caches.
//!
//! A side is an SVG drawing with places (`template`); texts are made to fit theirs (`text`), the photo is cut to its own
//! (`photo`), codes are made of whole dots (`code`). What is the same on all cards is drawn once. The dots become PNG, PWG
//! raster or Apple raster (`raster`); PDF is made of the drawing itself.

mod code;
mod fonts;
mod output;
mod pdf;
mod side;
mod template;
mod text;

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use crate::domain::{card::expression::Expression, card::profile::CardProfile, personal::Person};

use cetak_picture::{
    photo::{self, PhotoLimits},
    picture::{Picture, Turn},
    raster,
};
pub use cetak_picture::{
    photo::{Background, PhotoError},
    picture::Ink,
    raster::{SheetBack, Sides},
};

pub use self::output::{Format, Output};
use self::{
    side::{Laid, SideDrawing},
    text::Typesetter,
};

const MM_PER_INCH: f32 = 25.4;

/// In place of each value on a card that only tries a printer.
const TEST_VALUE: &str = "TEST";

/// Why a card cannot be drawn. No message holds anything of a person but the code point of one character.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The profile is wrong: no card of it can be drawn.
    #[error(transparent)]
    Profile(#[from] ProfileFault),
    /// A value of this person has a character that the card cannot show.
    #[error("field `{field}` has the character U+{code_point:04X}, which the card's font cannot show")]
    Character {
        /// The field or fields.
        field: String,
        /// The first such character.
        code_point: u32,
    },
    /// A value of this person does not fit even in the least size, in as many lines as there may be.
    #[error("field `{field}` is too long for its place on the card, even in its least size")]
    TooLong {
        /// The field or fields.
        field: String,
    },
    /// A value of this person cannot be made a code.
    #[error("field `{field}`: {problem}")]
    Code {
        /// The field or fields.
        field: String,
        /// What is wrong.
        problem: String,
    },
    /// No machine-readable zone can be made of this person's values.
    #[error("the machine-readable zone cannot be made: {problem}")]
    Mrz {
        /// What is wrong.
        problem: String,
    },
    /// This person's photo cannot be used.
    #[error(transparent)]
    Photo(#[from] PhotoError),
    /// A picture is too large for the machine, or of no size.
    #[error("the card's picture cannot be made in this size and resolution")]
    Size,
    /// The picture cannot be made a PNG.
    #[error("the card's picture cannot be encoded")]
    Encode(#[source] png::EncodingError),
    /// The card cannot be made a PDF.
    #[error("the card cannot be made a PDF: {0}")]
    Pdf(String),
}

/// What is wrong with a template, in which file and line.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{file}`, line {line}: {message}")]
pub struct ProfileFault {
    /// The file in the profile's folder.
    pub file: String,
    /// The line in it, from 1.
    pub line: u32,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl RenderError {
    /// The field or fields of the record that it is about; empty where it is about none.
    pub fn field(&self) -> &str {
        match self {
            Self::Character { field, .. } | Self::TooLong { field } | Self::Code { field, .. } => field,
            Self::Photo(_) => "photo",
            Self::Mrz { .. } => "(machine-readable zone)",
            Self::Profile(_) | Self::Size | Self::Encode(_) | Self::Pdf(_) => "",
        }
    }

    /// Does it concern this record only, so that the other records can be drawn? Otherwise profile or program is wrong.
    pub fn is_of_record(&self) -> bool {
        match self {
            Self::Character { .. } | Self::TooLong { .. } | Self::Code { .. } | Self::Mrz { .. } | Self::Photo(_) => {
                true
            }
            Self::Profile(_) | Self::Size | Self::Encode(_) | Self::Pdf(_) => false,
        }
    }
}

/// Whose card it is, and what else a card may show.
///
/// No `Debug`: it holds a person.
#[derive(Clone, Copy)]
pub struct Card<'a> {
    /// The person's fields.
    pub person: &'a Person,
    /// The record's district; stands for the profile's column of that role.
    pub district: &'a str,
    /// The record's village; stands for the profile's column of that role.
    pub village: &'a str,
    /// The office's own key.
    pub request_id: &'a str,
    /// The attempt's name at the printer.
    pub attempt: &'a str,
    /// A keyed hash of both.
    pub keyed_hash: &'a str,
    /// The photo's bytes, JPEG or PNG.
    pub photo: Option<&'a [u8]>,
}

/// What draws the cards of one profile.
pub trait CardRenderer: Send + Sync {
    /// Some side of the card shows the person's photo.
    fn shows_photo(&self) -> bool;

    /// Whether all texts, codes and the machine-readable zone fit; does not look at the photo.
    fn check(&self, card: &Card<'_>) -> Result<(), RenderError>;

    /// Whether a photo can be used, and what is behind the person. Costs as much as decoding it.
    fn check_photo(&self, photo: &[u8]) -> Result<Background, RenderError>;

    /// The card's pages in a document. The same input gives the same bytes.
    fn draw(&self, card: &Card<'_>, output: &Output) -> Result<Vec<u8>, RenderError>;
}

/// Draws the cards of one profile; made once, used from any thread.
pub struct Renderer {
    district: String,
    village: String,
    words: BTreeMap<String, BTreeMap<String, String>>,
    size_mm: [f32; 2],
    bleed_mm: f32,
    typesetter: Typesetter,
    sides: Vec<SideDrawing>,
}

/// A part of a side, millimetres from the card's top left corner.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "the unit belongs to the name")]
struct Area {
    x_mm: f32,
    y_mm: f32,
    width_mm: f32,
    height_mm: f32,
}

/// A card, and how its profile shows values.
struct Subject<'a> {
    renderer: &'a Renderer,
    card: &'a Card<'a>,
    /// Each value says that it is a test.
    is_test: bool,
}

impl Subject<'_> {
    /// What people read, in the profile's words.
    fn evaluate(&self, expression: &Expression) -> String {
        let in_words = |name: &str| {
            let value = self.value(name);
            self.renderer.words.get(name).and_then(|words| words.get(value)).map_or(value, String::as_str)
        };
        expression.evaluate(in_words)
    }

    /// What machines read: the values themselves, each accent in one character with its letter.
    fn evaluate_plain(&self, expression: &Expression) -> String {
        expression.evaluate(|name| self.value(name)).nfc().collect()
    }

    fn value(&self, name: &str) -> &str {
        match name {
            _ if self.is_test => TEST_VALUE,
            "request_id" => self.card.request_id,
            "attempt" => self.card.attempt,
            "keyed_hash" => self.card.keyed_hash,
            name if *name == self.renderer.district => self.card.district,
            name if *name == self.renderer.village => self.card.village,
            name => self.card.person.reveal(name),
        }
    }
}

impl Renderer {
    /// Reads the templates of a validated profile.
    ///
    /// Fails with [`RenderError::Profile`] for a template that is broken, costs too much, or lacks a place.
    pub fn new(profile: &CardProfile) -> Result<Self, RenderError> {
        let typesetter = Typesetter::new();
        let sides = profile.sides().map(|side| SideDrawing::read(&profile.card, side, &typesetter));
        Ok(Self {
            district: profile.district.clone(),
            village: profile.village.clone(),
            words: profile.card.words.clone(),
            size_mm: [profile.card.width_mm, profile.card.height_mm],
            bleed_mm: profile.card.bleed_mm,
            sides: sides.collect::<Result<_, _>>()?,
            typesetter,
        })
    }

    /// A card that nobody can take for a real one: each value says so, and there is neither photo nor machine-readable zone.
    pub fn test_card(&self, output: &Output) -> Result<Vec<u8>, RenderError> {
        let person = Person::default();
        let nobody = Card {
            person: &person,
            district: "",
            village: "",
            request_id: "",
            attempt: "",
            keyed_hash: "",
            photo: None,
        };
        self.document(&Subject { renderer: self, card: &nobody, is_test: true }, output)
    }

    fn document(&self, subject: &Subject<'_>, output: &Output) -> Result<Vec<u8>, RenderError> {
        let wanted = match output.sides {
            Sides::TwoSidedLongEdge | Sides::TwoSidedShortEdge if output.format.holds_both_sides() => 2,
            Sides::OneSided | Sides::TwoSidedLongEdge | Sides::TwoSidedShortEdge => 1,
        };
        let laid: Vec<(&SideDrawing, Laid)> = (self.sides.iter().skip(output.only.unwrap_or(0)).take(wanted))
            .map(|side| Ok((side, side.lay(subject, &self.typesetter)?)))
            .collect::<Result<_, RenderError>>()?;
        let photo = self.photo(subject.card)?;
        if output.format == Format::Pdf {
            let paper = pdf::Paper {
                size_mm: self.size_mm,
                bleed_mm: self.bleed_mm,
                shows_bleed: output.for_people,
                back_is_upside_down: self.is_turned_over_its_top(output),
            };
            return pdf::write(&laid, photo.as_ref(), &paper, &self.typesetter);
        }
        let mut pages = Vec::with_capacity(laid.len());
        for (side, laid) in &laid {
            let page = side.paint(laid, photo.as_ref(), &self.typesetter, output.dpi, output.ink)?;
            // The printer turns the card over its own way; a page of a book has its top where its other side has it.
            let is_upside_down = !pages.is_empty() && self.is_turned_over_its_top(output);
            let page = if is_upside_down { page.rotated(Turn::Around) } else { page };
            pages.push(if output.portrait && output.format != Format::Png { page.rotated(Turn::Left) } else { page });
        }
        let sides = if pages.len() == 2 { output.sides } else { Sides::OneSided };
        let media = output.media.as_deref().unwrap_or_default();
        let quality = raster::Quality::High;
        let layout = raster::Layout { dpi: output.dpi, sides, sheet_back: output.sheet_back, quality, media };
        match output.format {
            Format::Png => {
                let front = pages.first().ok_or(RenderError::Size)?;
                front.png(output.dpi).map_err(RenderError::Encode)
            }
            Format::Urf => Ok(raster::urf(&pages, &layout)),
            Format::Pwg | Format::Pdf => Ok(raster::pwg(&pages, &layout)),
        }
    }

    /// The printer turns the card about its upper or lower edge.
    fn is_turned_over_its_top(&self, output: &Output) -> bool {
        let [width_mm, height_mm] = self.size_mm;
        match output.sides {
            _ if output.for_people => false,
            Sides::OneSided => false,
            Sides::TwoSidedLongEdge => width_mm > height_mm,
            Sides::TwoSidedShortEdge => width_mm <= height_mm,
        }
    }

    fn photo(&self, card: &Card<'_>) -> Result<Option<Picture>, RenderError> {
        let shown = card.photo.filter(|_| self.shows_photo());
        Ok(shown.map(|bytes| photo::decode(bytes, &PhotoLimits::default())).transpose()?)
    }
}

impl CardRenderer for Renderer {
    fn shows_photo(&self) -> bool {
        self.sides.iter().any(|side| side.photo().is_some())
    }

    fn check(&self, card: &Card<'_>) -> Result<(), RenderError> {
        let subject = Subject { renderer: self, card, is_test: false };
        self.sides.iter().try_for_each(|side| side.check(&subject, &self.typesetter))
    }

    fn check_photo(&self, photo: &[u8]) -> Result<Background, RenderError> {
        Ok(photo::background(&photo::decode(photo, &PhotoLimits::default())?))
    }

    fn draw(&self, card: &Card<'_>, output: &Output) -> Result<Vec<u8>, RenderError> {
        self.document(&Subject { renderer: self, card, is_test: false }, output)
    }
}

/// The nearest whole number of dots; 0 for what is no number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates, as wanted")]
fn whole(dots: f32) -> u32 {
    dots.round() as u32
}
