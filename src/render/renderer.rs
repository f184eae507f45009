//! Renders the cards of one profile.

use cetak_picture::{
    photo::{self, Background, PhotoLimits},
    picture::{Picture, Rotation},
    raster::{self, Sides},
};

use super::{
    card::{Card, CardRenderer, Subject, Wording},
    error::RenderError,
    output::{Format, Output},
    pdf,
    side::{Laid, PageDots, SideDrawing},
    text::Typesetter,
};
use crate::domain::{card::profile::CardProfile, personal::Person};

/// Renders the cards of one profile. Made once per profile, and shared by threads.
pub struct Renderer {
    wording: Wording,
    size_mm: [f32; 2],
    bleed_mm: f32,
    typesetter: Typesetter,
    sides: Vec<SideDrawing>,
}

impl Renderer {
    /// Reads the drawings of a validated profile.
    ///
    /// Fails with [`RenderError::Profile`] if a drawing is invalid, exceeds a limit, or lacks a place.
    pub fn new(profile: &CardProfile) -> Result<Self, RenderError> {
        let typesetter = Typesetter::new();
        let sides = profile.sides().map(|side| SideDrawing::read(&profile.card, side, &typesetter));
        Ok(Self {
            wording: Wording::new(profile),
            size_mm: [profile.card.width_mm, profile.card.height_mm],
            bleed_mm: profile.card.bleed_mm,
            sides: sides.collect::<Result<_, _>>()?,
            typesetter,
        })
    }

    /// Renders a test card: every value is `TEST`, without photo and machine-readable zone.
    pub fn test_card(&self, output: &Output) -> Result<Vec<u8>, RenderError> {
        let person = Person::default();
        let empty = Card {
            person: &person,
            district: "",
            village: "",
            request_id: "",
            attempt: "",
            keyed_hash: "",
            photo: None,
        };
        self.document(&Subject { wording: &self.wording, card: &empty, is_test: true }, output)
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
            let with_bleed = self.size_mm.map(|length| length + 2.0 * self.bleed_mm);
            let paper = pdf::Paper {
                size_mm: self.size_mm,
                bleed_mm: self.bleed_mm,
                page_mm: if output.for_people { with_bleed } else { output.page_mm.unwrap_or(self.size_mm) },
                for_people: output.for_people,
                back_is_upside_down: self.is_turned_over_its_top(output),
            };
            return pdf::write(&laid, photo.as_ref(), &self.typesetter, &paper);
        }
        let mut pages = Vec::with_capacity(laid.len());
        for (side, laid) in &laid {
            let dots = PageDots { dpi: output.dpi, ink: output.ink, size_mm: output.page_mm };
            let page = side.paint(laid, photo.as_ref(), &self.typesetter, &dots)?;
            // A card is read like a page of a book: both sides have their top at the same edge.
            let is_upside_down = !pages.is_empty() && self.is_turned_over_its_top(output);
            let page = if is_upside_down { page.rotated(Rotation::Half) } else { page };
            pages.push(if output.turned && output.format != Format::Png { page.rotated(Rotation::Left) } else { page });
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

    /// Whether the printer turns the card about its upper or lower edge.
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
        let subject = Subject { wording: &self.wording, card, is_test: false };
        self.sides.iter().try_for_each(|side| side.check(&subject, &self.typesetter))
    }

    fn check_photo(&self, photo: &[u8]) -> Result<Background, RenderError> {
        Ok(photo::background(&photo::decode(photo, &PhotoLimits::default())?))
    }

    fn draw(&self, card: &Card<'_>, output: &Output) -> Result<Vec<u8>, RenderError> {
        self.document(&Subject { wording: &self.wording, card, is_test: false }, output)
    }
}
