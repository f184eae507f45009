//! The fonts that come with the program: nothing is read from the machine, so that a card is the same on each.

use std::sync::{Arc, LazyLock};

use resvg::{
    tiny_skia::{Path, PathBuilder, Transform},
    usvg::fontdb,
};
use ttf_parser::{FaceParsingError, GlyphId, OutlineBuilder};

use crate::domain::card::profile::FontName;

/// Liberation Sans 2.1.5, SIL Open Font License 1.1; OCR-B 0.3, in the public domain (see the licences beside them).
static REGULAR: &[u8] = include_bytes!("LiberationSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("LiberationSans-Bold.ttf");
static OCR_B: &[u8] = include_bytes!("OCRB.otf");

/// The family names that a template may use.
pub(super) const FAMILIES: [&str; 2] = ["Liberation Sans", "OCR B"];

/// The end of Latin with all its accents: nearly all texts are made of the characters below, and a look-up in the font takes
/// longer than the rest of setting them.
const COMMON: char = '\u{250}';

/// The file of a font.
pub(super) fn data(name: FontName) -> &'static [u8] {
    match name {
        FontName::Regular => REGULAR,
        FontName::Bold => BOLD,
        FontName::OcrB => OCR_B,
    }
}

/// The fonts for the text of templates.
pub(super) fn database() -> Arc<fontdb::Database> {
    static DATABASE: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
        let mut database = fontdb::Database::new();
        for data in [REGULAR, BOLD, OCR_B] {
            database.load_font_source(fontdb::Source::Binary(Arc::new(data)));
        }
        Arc::new(database)
    });
    DATABASE.clone()
}

/// A letter of any size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Glyph {
    pub(super) id: GlyphId,
    /// From it to the next one, in the font's units.
    pub(super) advance: u16,
}

/// One font. Letters stand one after another, with the font's kerning between two: no text engine, so that what one of these
/// cannot do justice is refused and not misprinted.
pub(super) struct Font {
    face: ttf_parser::Face<'static>,
    common: Vec<Option<Glyph>>,
}

impl Font {
    pub(super) fn new(name: FontName) -> Result<Self, FaceParsingError> {
        let mut font = Self { face: ttf_parser::Face::parse(data(name), 0)?, common: Vec::new() };
        font.common = ('\0'..COMMON).map(|c| font.look_up(c)).collect();
        Ok(font)
    }

    /// The glyph of a character. `None` if the font lacks it, or it needs more than letters one after another.
    pub(super) fn glyph(&self, c: char) -> Option<Glyph> {
        self.common.get(c as usize).copied().unwrap_or_else(|| self.look_up(c))
    }

    fn look_up(&self, c: char) -> Option<Glyph> {
        // Glyph 0 is the box that stands for what a font lacks.
        let id = self.face.glyph_index(c).filter(|id| id.0 != 0 && !needs_layout(c))?;
        Some(Glyph { id, advance: self.face.glyph_hor_advance(id)? })
    }

    /// How much nearer, or farther, the second of two letters stands, in the font's units.
    pub(super) fn kerning(&self, left: GlyphId, right: GlyphId) -> i16 {
        let tables = self.face.tables().kern.iter().flat_map(|kern| kern.subtables);
        let table =
            tables.filter(|table| table.horizontal && !table.variable).find_map(|t| t.glyphs_kerning(left, right));
        table.unwrap_or(0)
    }

    pub(super) fn glyphs(&self) -> u16 {
        self.face.number_of_glyphs()
    }

    pub(super) fn units_per_em(&self) -> f32 {
        self.face.units_per_em().into()
    }

    /// From the top of a line to its baseline, as a part of the em.
    pub(super) fn ascent(&self) -> f32 {
        f32::from(self.face.ascender()) / self.units_per_em()
    }

    /// The shape of a glyph in the font's units, upside down as fonts have it. `None` for a blank.
    pub(super) fn outline(&self, id: GlyphId) -> Option<Path> {
        let mut pen = Pen(PathBuilder::new());
        self.face.outline_glyph(id, &mut pen)?;
        pen.0.finish()?.transform(Transform::from_scale(1.0, -1.0))
    }
}

struct Pen(PathBuilder);

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.0.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.0.close();
    }
}

/// Characters that letters one after another would misprint even where the font has them: controls, marks that belong
/// on the letter before, scripts from right to left, invisible signs that change the order. "É" as one character is
/// fine.
fn needs_layout(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' // soft hyphen
            | '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' // combining marks
            | '\u{590}'..='\u{8FF}' // Hebrew, Arabic and their neighbours
            | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' // combining marks
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' // invisible, order
            | '\u{20D0}'..='\u{20FF}' // combining marks
            | '\u{FB1D}'..='\u{FDFF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}' | '\u{FE70}'..='\u{FEFF}'
        )
}
