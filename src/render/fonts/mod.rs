//! The built-in fonts. Fonts of the machine are not read, so that a card is the same on every machine.

use std::sync::{Arc, LazyLock};

use resvg::{
    tiny_skia::{Path, PathBuilder, Transform},
    usvg::fontdb,
};
use ttf_parser::{FaceParsingError, GlyphId, OutlineBuilder};

use crate::domain::card::profile::FontName;

/// Liberation Sans 2.1.5, SIL Open Font License 1.1; OCR-B 0.3, in the public domain (licences in this folder).
static REGULAR: &[u8] = include_bytes!("LiberationSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("LiberationSans-Bold.ttf");
static OCR_B: &[u8] = include_bytes!("OCRB.otf");

/// Font families that a drawing may name.
pub(super) const FAMILIES: [&str; 2] = ["Liberation Sans", "OCR B"];

/// End of the Latin blocks. Glyphs below it are cached: a look-up in the font takes longer than the rest of setting a
/// text.
const COMMON: char = '\u{250}';

/// The bytes of a font file.
pub(super) fn data(name: FontName) -> &'static [u8] {
    match name {
        FontName::Regular => REGULAR,
        FontName::Bold => BOLD,
        FontName::OcrB => OCR_B,
    }
}

/// The fonts for texts in drawings, and their names.
struct Database {
    fonts: Arc<fontdb::Database>,
    names: Vec<(fontdb::ID, FontName)>,
}

static DATABASE: LazyLock<Database> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    let mut names = Vec::new();
    for name in [FontName::Regular, FontName::Bold, FontName::OcrB] {
        let faces = fonts.load_font_source(fontdb::Source::Binary(Arc::new(data(name))));
        names.extend(faces.into_iter().map(|id| (id, name)));
    }
    Database { fonts: Arc::new(fonts), names }
});

/// The fonts for texts in drawings.
pub(super) fn database() -> Arc<fontdb::Database> {
    DATABASE.fonts.clone()
}

/// The font that has a number in the [`database`].
pub(super) fn named(id: fontdb::ID) -> Option<FontName> {
    DATABASE.names.iter().find(|(of, _)| *of == id).map(|(_, name)| *name)
}

/// A glyph of a font.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Glyph {
    pub(super) id: GlyphId,
    /// Advance width in font units.
    pub(super) advance: u16,
}

/// A font. Glyphs are placed one after another with pair kerning. There is no shaping: characters that need it are
/// refused, so that they are not misprinted.
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

    /// The glyph of a character. `None` if the font lacks it, or it needs complex layout.
    pub(super) fn glyph(&self, c: char) -> Option<Glyph> {
        self.common.get(c as usize).copied().unwrap_or_else(|| self.look_up(c))
    }

    fn look_up(&self, c: char) -> Option<Glyph> {
        // Glyph 0 is the box for missing characters.
        let id = self.face.glyph_index(c).filter(|id| id.0 != 0 && !needs_layout(c))?;
        Some(Glyph { id, advance: self.face.glyph_hor_advance(id)? })
    }

    /// Kerning between two glyphs in font units; negative moves them together.
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

    /// Height from the baseline to the top of a line, in ems.
    pub(super) fn ascent(&self) -> f32 {
        f32::from(self.face.ascender()) / self.units_per_em()
    }

    /// The outline of a glyph in font units, with y downwards. `None` for a space.
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

/// Whether a character would be misprinted without shaping, even if the font has it: controls, combining marks, scripts
/// written from right to left, invisible characters that change the order. A composed "É" needs none.
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
