//! The font, and the pictures of its letters in the sizes that a profile uses.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, GlyphId, InvalidFont, PxScale, ScaleFont};

use super::bitmap::{Bitmap, Stamp};

/// Liberation Sans Regular 2.1.5, SIL Open Font License 1.1 (see the licence beside it).
static FONT: &[u8] = include_bytes!("fonts/LiberationSans-Regular.ttf");

/// Sizes that are tried, in per cent, until a text fits.
const PERCENTS: [u8; 7] = [100, 95, 90, 85, 80, 75, PERCENT_LEAST];

/// Smaller print than this part of what the profile asks for is refused.
pub(super) const PERCENT_LEAST: u8 = 70;

/// Letters of one font in several sizes. A letter is drawn when it is first used, and kept.
pub(super) struct Letters {
    font: FontRef<'static>,
    /// The glyphs of the characters below [`COMMON`], which nearly all texts are made of: a look-up in the font takes
    /// longer than drawing.
    common: Vec<Result<Glyph, Unfit>>,
    /// Em heights in dots, each with its smaller faces.
    sizes: Vec<(f32, [OnceLock<Face>; PERCENTS.len()])>,
}

/// A size that a profile uses; made by [`Letters::size`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Size(usize);

/// Why a text cannot be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unfit {
    /// The font lacks the character, or it needs more than letters one after another.
    Character(char),
    /// It does not fit even in the least size.
    TooLong,
}

/// A letter of any size.
#[derive(Clone, Copy)]
struct Glyph {
    id: GlyphId,
    /// From it to the next one, in the font's units.
    advance: f32,
}

/// One font in one size.
struct Face {
    scale: PxScale,
    /// By glyph number; an empty stamp for a blank.
    stamps: Vec<OnceLock<Stamp>>,
}

impl Letters {
    pub(super) fn new() -> Result<Self, InvalidFont> {
        let font = FontRef::try_from_slice(FONT)?;
        let common = ('\0'..COMMON).map(|c| look_up(&font, c)).collect();
        Ok(Self { font, common, sizes: Vec::new() })
    }

    /// The size with this em height in dots.
    pub(super) fn size(&mut self, em: f32) -> Size {
        let known = self.sizes.iter().position(|(known, _)| known.to_bits() == em.to_bits());
        Size(known.unwrap_or_else(|| {
            self.sizes.push((em, Default::default()));
            self.sizes.len() - 1
        }))
    }

    /// From the top edge of a line to its baseline, in dots.
    pub(super) fn ascent(&self, size: Size) -> f32 {
        self.font.ascent_unscaled() * self.dots_per_unit(size)
    }

    /// The width of a text in full size, in dots.
    pub(super) fn width(&self, text: &str, size: Size) -> Result<f32, Unfit> {
        text.chars().map(|c| Ok(self.glyph(c)?.advance * self.dots_per_unit(size))).sum()
    }

    /// Draws a text from `x` on, in the largest size in which it is not wider than `width_max`. Unfit text leaves the
    /// card unfinished.
    pub(super) fn draw(
        &self,
        card: &mut Bitmap,
        text: &str,
        x: f32,
        baseline: f32,
        width_max: f32,
        size: Size,
    ) -> Result<(), Unfit> {
        let full = self.dots_per_unit(size);
        let part = |percent: u8| f32::from(percent) / 100.0;
        let mut width = 0.0;
        let mut glyphs = Vec::with_capacity(GLYPHS_USUAL);
        for c in text.chars() {
            let glyph = self.glyph(c)?;
            width += glyph.advance * full;
            if width * part(PERCENT_LEAST) > width_max {
                return Err(Unfit::TooLong);
            }
            glyphs.push(glyph);
        }
        let fitting = PERCENTS.into_iter().position(|percent| width * part(percent) <= width_max);
        let step = fitting.ok_or(Unfit::TooLong)?;
        let face = self.face(size, step);
        let mut pen = x;
        for glyph in glyphs {
            if let Some(stamp) = face.stamp(&self.font, glyph.id) {
                card.stamp(stamp, nearest(pen), nearest(baseline));
            }
            pen += glyph.advance * full * part(PERCENTS[step]);
        }
        Ok(())
    }

    fn glyph(&self, c: char) -> Result<Glyph, Unfit> {
        self.common.get(c as usize).copied().unwrap_or_else(|| look_up(&self.font, c))
    }

    fn dots_per_unit(&self, size: Size) -> f32 {
        self.sizes[size.0].0 / self.font.units_per_em().unwrap_or(UNITS_PER_EM_USUAL)
    }

    fn face(&self, size: Size, step: usize) -> &Face {
        self.sizes[size.0].1[step].get_or_init(|| {
            let dots_per_unit = self.dots_per_unit(size) * f32::from(PERCENTS[step]) / 100.0;
            Face {
                // The font library counts a size from the lowest descender to the highest ascender.
                scale: PxScale::from(self.font.height_unscaled() * dots_per_unit),
                stamps: (0..self.font.glyph_count()).map(|_| OnceLock::new()).collect(),
            }
        })
    }
}

impl Face {
    fn stamp(&self, font: &FontRef<'_>, glyph: GlyphId) -> Option<&Stamp> {
        Some(self.stamps.get(usize::from(glyph.0))?.get_or_init(|| self.rasterise(font, glyph)))
    }

    fn rasterise(&self, font: &FontRef<'_>, glyph: GlyphId) -> Stamp {
        let Some(outline) = font.as_scaled(self.scale).outline_glyph(glyph.with_scale(self.scale)) else {
            return Stamp { left: 0, top: 0, stride: 1, rows: Vec::new() };
        };
        let bounds = outline.px_bounds();
        let (width, height) = (super::whole(bounds.width()), super::whole(bounds.height()));
        let stride = width.div_ceil(8).max(1) as usize;
        let mut rows = vec![0; stride * height as usize];
        outline.draw(|x, y, coverage| {
            let byte = rows.get_mut(y as usize * stride + x as usize / 8);
            if let (true, Some(byte)) = (coverage >= 0.5, byte) {
                *byte |= 0x80 >> (x % 8);
            }
        });
        Stamp { left: nearest(bounds.min.x), top: nearest(bounds.min.y), stride, rows }
    }
}

fn look_up(font: &FontRef<'_>, c: char) -> Result<Glyph, Unfit> {
    let id = font.glyph_id(c);
    // Glyph 0 is the box that stands for what a font lacks.
    if id.0 == 0 || needs_layout(c) {
        Err(Unfit::Character(c))
    } else {
        Ok(Glyph { id, advance: font.h_advance_unscaled(id) })
    }
}

/// The end of Latin with all its accents.
const COMMON: char = '\u{250}';

/// Liberation Sans' own value.
const UNITS_PER_EM_USUAL: f32 = 2048.0;

/// Longer texts are rare on a card.
const GLYPHS_USUAL: usize = 48;

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

/// The nearest dot.
#[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates, and outside the card is clipped")]
fn nearest(dots: f32) -> i32 {
    dots.round() as i32
}
