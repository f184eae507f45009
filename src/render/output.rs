//! The form of a rendered document.

use cetak_picture::{
    picture::Ink,
    raster::{SheetBack, Sides},
};

/// The form of a rendered document.
#[derive(Clone, PartialEq, Debug)]
pub struct Output {
    /// The document's format.
    pub format: Format,
    /// Dots per inch, 100 to 1200. Ignored for PDF.
    pub dpi: u32,
    /// The colours of a dot. PDF is always in colour.
    pub ink: Ink,
    /// The number of sides, and the edge about which the card turns.
    pub sides: Sides,
    /// The orientation of the back in raster formats.
    pub sheet_back: SheetBack,
    /// Whether card and medium have different orientations, as a landscape card on a medium that is fed by its short edge
    /// (`iso_id-1_53.98x85.6mm`): raster pages are rotated by a quarter turn to the left.
    pub turned: bool,
    /// The medium's name at the printer, if known.
    pub media: Option<String>,
    /// Width and height of the page in millimetres, in the orientation of the card, if they are not those of the card. The
    /// card is in the middle of the page: its ground continues to the edge of a larger page, and a smaller page cuts it.
    pub page_mm: Option<[f32; 2]>,
    /// Renders this side only: 0 is the front, 1 the back.
    pub only: Option<usize>,
    /// For a screen, not for a card printer: no side is rotated, and a PDF contains the bleed.
    pub for_people: bool,
}

impl Output {
    /// A preview: in colour, every side upright. PNG shows one side, the front unless `only` is set.
    pub fn preview(format: Format, dpi: u32, only: Option<usize>) -> Self {
        let only = only.or((format == Format::Png).then_some(0));
        let sides = if only.is_none() { Sides::TwoSidedLongEdge } else { Sides::OneSided };
        Self {
            format,
            dpi,
            ink: Ink::Rgb8,
            sides,
            sheet_back: SheetBack::Normal,
            turned: false,
            media: None,
            page_mm: None,
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
    /// All formats, the best for cards first: rasters in the printer's own dots need no scaling.
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

    /// Whether the format is a stream of dots, which a printer may print while it receives them.
    pub fn is_raster(self) -> bool {
        match self {
            Self::Pwg | Self::Urf => true,
            Self::Pdf | Self::Png => false,
        }
    }

    /// Whether one document can contain front and back.
    pub fn holds_both_sides(self) -> bool {
        match self {
            Self::Pwg | Self::Urf | Self::Pdf => true,
            Self::Png => false,
        }
    }
}
