//! Fits text to its place: a longer text shrinks, then wraps, then is refused.

use std::sync::OnceLock;

use resvg::tiny_skia::{FillRule, Paint, Path, PathBuilder, PixmapMut, Transform};
use ttf_parser::GlyphId;
use unicode_normalization::UnicodeNormalization;

use super::{area::Area, fonts::Font};
use crate::domain::card::profile::{Align, FontName, TextPlace};

/// Distance between baselines, in ems.
const LINE: f32 = 1.15;

/// Depth below the baseline, in ems.
const DESCENT: f32 = 0.22;

/// Steps from the full size to the least size.
const STEPS: u8 = 8;

/// Why a text does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unfit {
    /// The font lacks the character, or the character needs complex layout.
    Character(char),
    /// The text does not fit in the least size and the most lines.
    TooLong,
}

/// A text fitted to its place.
pub(super) struct Set {
    pub(super) font: FontName,
    /// Em height in millimetres.
    pub(super) size_mm: f32,
    pub(super) lines: Vec<Line>,
}

/// One line of a text. Positions are in millimetres from the card's top left corner.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) x_mm: f32,
    pub(super) baseline_mm: f32,
    /// Each glyph, its distance from the start of the line in font units, and the byte offset of its character in the
    /// text.
    pub(super) glyphs: Vec<(GlyphId, f32, usize)>,
    /// Width in font units.
    pub(super) width: f32,
}

/// Sets texts in the built-in fonts.
pub(super) struct Typesetter {
    fonts: [OnceLock<Shapes>; 3],
}

/// A font, with a cache of its outlines by glyph.
struct Shapes {
    font: Font,
    outlines: Vec<OnceLock<Option<Path>>>,
}

impl Typesetter {
    pub(super) fn new() -> Self {
        Self { fonts: Default::default() }
    }

    fn shapes(&self, name: FontName) -> Option<&Shapes> {
        let slot = match name {
            FontName::Regular => &self.fonts[0],
            FontName::Bold => &self.fonts[1],
            FontName::OcrB => &self.fonts[2],
        };
        if let Some(shapes) = slot.get() {
            return Some(shapes);
        }
        // The fonts are built in, and a test parses them.
        let font = Font::new(name).ok()?;
        let outlines = (0..font.glyphs()).map(|_| OnceLock::new()).collect();
        Some(slot.get_or_init(|| Shapes { font, outlines }))
    }

    /// Fits a text to its place, in the fewest lines, and then the largest size.
    pub(super) fn set(&self, place: &TextPlace, area: Area, text: &str) -> Result<Set, Unfit> {
        let font = &self.shapes(place.font).ok_or(Unfit::TooLong)?.font;
        let composed: String = text.nfc().collect();
        let text = if place.capitals { composed.to_uppercase() } else { composed };
        let words = text.split(' ').filter(|word| !word.is_empty()).map(|word| line(font, word));
        let words: Vec<Line> = words.collect::<Result<_, _>>()?;
        let blank = font.glyph(' ').map_or(0.0, |glyph| f32::from(glyph.advance));
        let (whole, least) = (place.size_mm, place.least_mm());
        for lines in 1..=place.lines {
            for step in 0..=STEPS {
                let size_mm = whole - (whole - least) * f32::from(step) / f32::from(STEPS);
                let width = area.width_mm / size_mm * font.units_per_em();
                #[expect(clippy::cast_precision_loss, reason = "at most ten lines")]
                let is_low_enough = lines == 1 || (lines as f32) * LINE * size_mm <= area.height_mm;
                if !is_low_enough {
                    continue;
                }
                if let Some(broken) = wrap(&words, blank, width, lines) {
                    return Ok(position(font, place, area, size_mm, broken));
                }
            }
        }
        Err(Unfit::TooLong)
    }

    /// Whether a text certainly fits in one line of full size: its advances without kerning, plus 3 %. `false` means
    /// unknown.
    pub(super) fn fits_at_once(&self, place: &TextPlace, area: Area, text: &str) -> bool {
        const SLACK: f32 = 0.97;
        let Some(Shapes { font, .. }) = self.shapes(place.font) else { return false };
        let mut units = 0_u32;
        for c in text.chars() {
            // The capitals of other letters may be several characters.
            let c = if place.capitals && c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c };
            let is_simple = !place.capitals || c.is_ascii() || c.is_uppercase();
            let Some(glyph) = font.glyph(c).filter(|_| is_simple) else { return false };
            units = units.saturating_add(glyph.advance.into());
        }
        #[expect(clippy::cast_precision_loss, reason = "a line has a few thousand units")]
        let width_mm = units as f32 / font.units_per_em() * place.size_mm;
        width_mm <= area.width_mm * SLACK
    }

    /// Sets a line in OCR-B, with `pitch_mm` between the left edges of its letters.
    pub(super) fn set_pitched(
        &self,
        text: &str,
        x_mm: f32,
        baseline_mm: f32,
        pitch_mm: f32,
        size_mm: f32,
    ) -> Result<Set, Unfit> {
        let font = &self.shapes(FontName::OcrB).ok_or(Unfit::TooLong)?.font;
        let pitch = pitch_mm / size_mm * font.units_per_em();
        let mut x = 0.0;
        let mut glyphs = Vec::with_capacity(text.len());
        for (at, c) in text.char_indices() {
            glyphs.push((font.glyph(c).ok_or(Unfit::Character(c))?.id, x, at));
            x += pitch;
        }
        let line = Line { text: text.to_owned(), x_mm, baseline_mm, glyphs, width: x };
        Ok(Set { font: FontName::OcrB, size_mm, lines: vec![line] })
    }

    /// Fills the outlines in black.
    pub(super) fn draw(&self, set: &Set, page: &mut PixmapMut<'_>, dots_per_mm: f32) {
        let Some(shapes) = self.shapes(set.font) else { return };
        let scale = set.size_mm * dots_per_mm / shapes.font.units_per_em();
        for line in &set.lines {
            let mut path = PathBuilder::new();
            for (id, x, _) in &line.glyphs {
                let outline = shapes.outlines.get(usize::from(id.0));
                let outline = outline.and_then(|slot| slot.get_or_init(|| shapes.font.outline(*id)).as_ref());
                if let Some(moved) = outline.and_then(|path| path.clone().transform(Transform::from_translate(*x, 0.0)))
                {
                    path.push_path(&moved);
                }
            }
            let Some(path) = path.finish() else { continue };
            let place =
                Transform::from_row(scale, 0.0, 0.0, scale, line.x_mm * dots_per_mm, line.baseline_mm * dots_per_mm);
            page.fill_path(&path, &Paint::default(), FillRule::Winding, place, None);
        }
    }

    /// The first character of a text that the font lacks.
    pub(super) fn lacks(&self, name: FontName, text: &str) -> Option<char> {
        let font = &self.shapes(name)?.font;
        text.chars().find(|c| font.glyph(*c).is_none() && !c.is_whitespace())
    }
}

/// A line of glyphs with kerning, from position 0.
fn line(font: &Font, text: &str) -> Result<Line, Unfit> {
    let mut x = 0.0;
    let mut glyphs = Vec::with_capacity(text.len());
    let mut before = None;
    for (at, c) in text.char_indices() {
        let glyph = font.glyph(c).ok_or(Unfit::Character(c))?;
        if let Some(before) = before {
            x += f32::from(font.kerning(before, glyph.id));
        }
        glyphs.push((glyph.id, x, at));
        x += f32::from(glyph.advance);
        before = Some(glyph.id);
    }
    Ok(Line { text: text.to_owned(), x_mm: 0.0, baseline_mm: 0.0, glyphs, width: x })
}

/// Wraps words greedily into at most `lines` lines of `width`. `None` if they do not fit.
fn wrap(words: &[Line], blank: f32, width: f32, lines: usize) -> Option<Vec<Line>> {
    let empty = || Line { text: String::new(), x_mm: 0.0, baseline_mm: 0.0, glyphs: Vec::new(), width: 0.0 };
    let mut broken = vec![empty()];
    for word in words {
        let last = broken.last_mut()?;
        let begin = if last.text.is_empty() { 0.0 } else { last.width + blank };
        let last = if begin + word.width <= width {
            last
        } else if word.width <= width && broken.len() < lines {
            broken.push(empty());
            broken.last_mut()?
        } else {
            return None;
        };
        let begin = if last.text.is_empty() { 0.0 } else { last.width + blank };
        if !last.text.is_empty() {
            last.text.push(' ');
        }
        let at = last.text.len();
        last.glyphs.extend(word.glyphs.iter().map(|(id, x, from)| (*id, begin + x, at + from)));
        last.text += &word.text;
        last.width = begin + word.width;
    }
    Some(broken)
}

/// Positions lines from the top of the place. If there is room, the first baseline is that of the full size, so that a
/// shrunk text stays level with its label.
fn position(font: &Font, place: &TextPlace, area: Area, size_mm: f32, mut lines: Vec<Line>) -> Set {
    #[expect(clippy::cast_precision_loss, reason = "at most ten lines")]
    let down = (lines.len() as f32 - 1.0) * LINE * size_mm;
    let keeps = font.ascent() * place.size_mm + down + DESCENT * size_mm <= area.height_mm.max(LINE * place.size_mm);
    let mut baseline_mm = area.y_mm + font.ascent() * if keeps { place.size_mm } else { size_mm };
    for line in &mut lines {
        let width_mm = line.width * size_mm / font.units_per_em();
        line.baseline_mm = baseline_mm;
        line.x_mm = area.x_mm
            + match place.align {
                Align::Left => 0.0,
                Align::Center => (area.width_mm - width_mm) / 2.0,
                Align::Right => area.width_mm - width_mm,
            };
        baseline_mm += LINE * size_mm;
    }
    Set { font: place.font, size_mm, lines }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::expression::Expression;

    const AREA: Area = Area { x_mm: 10.0, y_mm: 20.0, width_mm: 30.0, height_mm: 6.0 };

    fn place(lines: usize) -> TextPlace {
        TextPlace {
            place: "name".into(),
            value: Expression::parse("{name}").unwrap(),
            size_mm: 2.5,
            least_mm: Some(1.5),
            lines,
            align: Align::Left,
            font: FontName::Regular,
            capitals: false,
        }
    }

    /// Size and lines of a set text.
    fn set(lines: usize, text: &str) -> Result<(f32, Vec<String>), Unfit> {
        let set = Typesetter::new().set(&place(lines), AREA, text)?;
        let ends = set.lines.iter().map(|line| line.x_mm + line.width * set.size_mm / 2048.0);
        assert!(ends.into_iter().all(|end| end <= 40.001), "it stays in its place");
        let lowest = set.lines.last().unwrap().baseline_mm;
        assert!(lowest <= AREA.y_mm + AREA.height_mm, "it stays in its place: {lowest}");
        Ok((set.size_mm, set.lines.into_iter().map(|line| line.text).collect()))
    }

    #[test]
    fn a_text_that_fits_stands_in_full_size() {
        assert_eq!(set(1, "SITI AMINAH"), Ok((2.5, vec!["SITI AMINAH".into()])));
        assert_eq!(set(1, ""), Ok((2.5, vec![String::new()])));
        assert_eq!(set(1, "  SITI   AMINAH "), Ok((2.5, vec!["SITI AMINAH".into()])));
    }

    #[test]
    fn a_longer_text_shrinks_then_is_wrapped_and_then_refused() {
        let name = "RADEN AJENG SITI AMINAH";
        let (size, lines) = set(1, name).unwrap();
        assert!((1.5..2.5).contains(&size) && lines.len() == 1, "{size} {lines:?}");
        let longer = "RADEN AJENG SITI AMINAH KUSUMANINGRUM";
        assert_eq!(set(1, longer), Err(Unfit::TooLong));
        let (size, lines) = set(2, longer).unwrap();
        assert!(size > 1.5 && lines.len() == 2, "as large as two lines can be: {size} {lines:?}");
        assert_eq!(lines.concat().replace(' ', ""), longer.replace(' ', ""), "nothing is lost");
        assert_eq!(set(2, &"KUSUMANINGRUM ".repeat(6)), Err(Unfit::TooLong));
        assert_eq!(set(9, &"W".repeat(40)), Err(Unfit::TooLong), "a word is not broken");
    }

    #[test]
    fn an_accent_of_its_own_becomes_one_character_with_its_letter() {
        assert_eq!(set(1, "Rene\u{301}e").unwrap().1, ["Ren\u{e9}e"]);
        assert_eq!(set(1, "\u{141}\u{f3}d\u{17a} \u{15e}\u{fc}kr\u{fc} Nguy\u{1ec5}n").map(|_| ()), Ok(()));
    }

    #[test]
    fn a_character_without_a_glyph_is_refused_and_no_box_is_drawn() {
        for (text, c) in [("SITI \u{4E2D}", '\u{4E2D}'), ("a\u{301}\u{323}\u{316}", '\u{316}'), ("\u{5D0}", '\u{5D0}')]
        {
            assert_eq!(set(1, text), Err(Unfit::Character(c)), "{text:?}");
        }
    }

    #[test]
    fn capitals_are_made_where_the_profile_wants_them() {
        let capitals = TextPlace { capitals: true, ..place(1) };
        let set = Typesetter::new().set(&capitals, AREA, "stra\u{df}e 5").unwrap();
        assert_eq!(set.lines[0].text, "STRASSE 5");
    }

    #[test]
    fn a_shrunk_line_keeps_its_baseline_and_stands_where_it_is_aligned() {
        let typesetter = Typesetter::new();
        let at = |align, text: &str| {
            let set = typesetter.set(&TextPlace { align, ..place(1) }, AREA, text).unwrap();
            (set.lines[0].x_mm, set.lines[0].baseline_mm, set.lines[0].width * set.size_mm / 2048.0)
        };
        let (short, long) = (at(Align::Left, "SITI"), at(Align::Left, "RADEN AJENG SITI AMINAH"));
        assert_eq!((short.0, short.1), (10.0, long.1));
        let right = at(Align::Right, "SITI");
        assert!((right.0 + right.2 - 40.0).abs() < 0.001);
        let centre = at(Align::Center, "SITI");
        assert!((centre.0 + centre.2 / 2.0 - 25.0).abs() < 0.001);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_set_inside_its_place_or_refused(text in ".{0,80}", lines in 1_usize..4) {
            let is_set = set(lines, &text).is_ok();
            let at_once = Typesetter::new().fits_at_once(&place(lines), AREA, &text);
            proptest::prop_assert!(is_set || !at_once, "a text that passes is set");
        }
    }
}
