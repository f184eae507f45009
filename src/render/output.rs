//! What a printer wants to be sent.

use super::{Ink, SheetBack, Sides};

/// How the pages of a card are to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// The document's format.
    pub format: Format,
    /// Dots per inch, 100 to 1200; of no meaning for PDF, but for photos in it.
    pub dpi: u32,
    /// What each dot is made of; PDF has colours always.
    pub ink: Ink,
    /// How many sides, and how the card turns over.
    pub sides: Sides,
    /// How the printer wants the back's dots, in raster formats.
    pub sheet_back: SheetBack,
    /// The medium goes in with its short edge first, as PWG names it (`iso_id-1_53.98x85.6mm`): raster pages are turned.
    pub portrait: bool,
    /// The medium's name at the printer, where it has one.
    pub media: Option<String>,
    /// This side only, 0 for the front; for people who look at it.
    pub only: Option<usize>,
    /// For people, not for a card printer: no side is turned, and a PDF has what goes beyond the card's edge.
    pub for_people: bool,
}

impl Output {
    /// To be looked at: in colours, as the card lies before one.
    pub fn to_look_at(format: Format, dpi: u32, only: Option<usize>) -> Self {
        let only = only.or((format == Format::Png).then_some(0));
        let sides = if only.is_none() { Sides::TwoSidedLongEdge } else { Sides::OneSided };
        Self {
            format,
            dpi,
            ink: Ink::Rgb8,
            sides,
            sheet_back: SheetBack::Normal,
            portrait: false,
            media: None,
            only,
            for_people: true,
        }
    }
}

/// A document format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// PWG raster (PWG 5102.4).
    Pwg,
    /// Apple raster.
    Urf,
    /// PDF.
    Pdf,
    /// PNG: one side.
    Png,
}

impl Format {
    /// All, the best for a card first: rasters in the printer's own dots have no scaling in between.
    pub const ALL: [Self; 4] = [Self::Pwg, Self::Urf, Self::Pdf, Self::Png];

    /// The MIME media type, as in IPP `document-format`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pwg => "image/pwg-raster",
            Self::Urf => "image/urf",
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
        }
    }

    /// Dots as they are printed, which a printer need not keep.
    pub fn is_raster(self) -> bool {
        match self {
            Self::Pwg | Self::Urf => true,
            Self::Pdf | Self::Png => false,
        }
    }

    /// One document can hold front and back.
    pub fn holds_both_sides(self) -> bool {
        match self {
            Self::Pwg | Self::Urf | Self::Pdf => true,
            Self::Png => false,
        }
    }
}
