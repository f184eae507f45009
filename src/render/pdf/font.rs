//! Embedded fonts: the glyphs that the document shows, with their widths and characters.

use pdf_writer::{
    Content, Filter, Finish, Name, Pdf, Rect, Ref, Str,
    types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap},
};
use subsetter::GlyphRemapper;
use ttf_parser::{Face, GlyphId, RawFace, Tag};

use super::object::{packed, resource_name};
use crate::{
    domain::card::profile::FontName,
    render::{error::RenderError, fonts},
};

/// Two bytes of a text are the number of a glyph.
const ENCODING: &[u8] = b"Identity-H";
const SYSTEM_INFO: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
/// PDF measures glyphs in thousandths of an em.
const EM: f32 = 1000.0;
/// Width of vertical stems, estimated from the weight.
const REGULAR_STEM: f32 = 95.4;
const BOLD_STEM: f32 = 168.6;

/// A glyph in a line.
pub(super) struct Placed<'a> {
    pub(super) id: GlyphId,
    /// Distance from the start of the line in font units.
    pub(super) x: f32,
    /// The characters that the glyph stands for.
    pub(super) text: &'a str,
}

/// A font of the document.
pub(super) struct Font {
    id: Ref,
    name: FontName,
    face: Face<'static>,
    subset: GlyphRemapper,
    /// By number in the subset: width in thousandths of an em, and the characters that the glyph stands for.
    glyphs: Vec<(f32, String)>,
}

impl Font {
    pub(super) fn new(name: FontName, id: Ref) -> Result<Self, RenderError> {
        let face = Face::parse(fonts::data(name), 0).map_err(|error| RenderError::Pdf(error.to_string()))?;
        let mut font = Self { id, name, face, subset: GlyphRemapper::new(), glyphs: Vec::new() };
        font.glyphs.push((font.width(GlyphId(0)), String::new()));
        Ok(font)
    }

    pub(super) fn id(&self) -> Ref {
        self.id
    }

    pub(super) fn units_per_em(&self) -> f32 {
        self.face.units_per_em().into()
    }

    /// The glyph of the space, and its advance width in font units.
    pub(super) fn space(&self) -> Option<(GlyphId, f32)> {
        let id = self.face.glyph_index(' ')?;
        Some((id, self.face.glyph_hor_advance(id)?.into()))
    }

    /// Width in thousandths of an em.
    fn width(&self, id: GlyphId) -> f32 {
        f32::from(self.face.glyph_hor_advance(id).unwrap_or(0)) * EM / self.units_per_em()
    }

    /// Number of a glyph in the subset.
    fn code(&mut self, glyph: &Placed<'_>) -> u16 {
        let code = self.subset.remap(glyph.id.0);
        if usize::from(code) == self.glyphs.len() {
            self.glyphs.push((self.width(glyph.id), glyph.text.to_owned()));
        }
        code
    }

    /// Shows a line. `matrix` maps from font size 1, with y upwards, to the current coordinates.
    pub(super) fn show(&mut self, content: &mut Content, size: f32, matrix: [f32; 6], line: &[Placed<'_>]) {
        let name = resource_name(self.id);
        content.begin_text().set_font(Name(name.as_bytes()), size).set_text_matrix(matrix);
        let mut shown = content.show_positioned();
        let mut items = shown.items();
        let mut codes = Vec::with_capacity(2 * line.len());
        // Where the reader puts the next glyph, in thousandths of an em.
        let mut pen = 0.0;
        for glyph in line {
            let code = self.code(glyph);
            let x = glyph.x * EM / self.units_per_em();
            // A hundredth of a thousandth of an em is a rounding error.
            if (x - pen).abs() > 0.01 {
                if !codes.is_empty() {
                    items.show(Str(&codes));
                    codes.clear();
                }
                items.adjust(pen - x);
                pen = x;
            }
            codes.extend(code.to_be_bytes());
            pen += self.glyphs.get(usize::from(code)).map_or(0.0, |(width, _)| *width);
        }
        items.show(Str(&codes));
        items.finish();
        shown.finish();
        content.end_text();
    }

    /// Writes the objects of the font.
    pub(super) fn write(self, pdf: &mut Pdf, next: &mut Ref) -> Result<(), RenderError> {
        let [cid_font, descriptor, unicode, file] = [(); 4].map(|()| next.bump());
        let subset = subsetter::subset(fonts::data(self.name), 0, &self.subset)
            .map_err(|error| RenderError::Pdf(error.to_string()))?;
        let table = |tag: &[u8; 4]| RawFace::parse(&subset, 0).ok()?.table(Tag::from_bytes(tag));
        let outlines = table(b"CFF ");
        let base = format!("{}+{}", self.tag(), self.postscript_name());
        let whole = if outlines.is_some() { format!("{base}-Identity-H") } else { base.clone() };
        pdf.type0_font(self.id)
            .base_font(Name(whole.as_bytes()))
            .encoding_predefined(Name(ENCODING))
            .descendant_font(cid_font)
            .to_unicode(unicode);

        let mut cid = pdf.cid_font(cid_font);
        cid.subtype(if outlines.is_some() { CidFontType::Type0 } else { CidFontType::Type2 });
        cid.base_font(Name(base.as_bytes())).system_info(SYSTEM_INFO).font_descriptor(descriptor).default_width(0.0);
        if outlines.is_none() {
            cid.cid_to_gid_map_predefined(Name(b"Identity"));
        }
        cid.widths().consecutive(0, self.glyphs.iter().map(|(width, _)| *width));
        cid.finish();

        let thousandths = |units: i16| f32::from(units) * EM / self.units_per_em();
        let bounds = self.face.global_bounding_box();
        let [left, bottom, right, top] = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(thousandths);
        let mut described = pdf.font_descriptor(descriptor);
        described
            .name(Name(base.as_bytes()))
            .flags(FontFlags::SYMBOLIC)
            .bbox(Rect::new(left, bottom, right, top))
            .italic_angle(0.0)
            .ascent(thousandths(self.face.ascender()))
            .descent(thousandths(self.face.descender()))
            .cap_height(thousandths(self.face.capital_height().unwrap_or(self.face.ascender())))
            .stem_v(if self.face.is_bold() { BOLD_STEM } else { REGULAR_STEM });
        match outlines {
            Some(_) => described.font_file3(file),
            None => described.font_file2(file),
        };
        described.finish();

        let mut characters = UnicodeCmap::new(Name(b"Custom"), SYSTEM_INFO);
        for (code, (_, text)) in (0_u16..).zip(&self.glyphs).filter(|(_, (_, text))| !text.is_empty()) {
            characters.pair_with_multiple(code, text.chars());
        }
        pdf.cmap(unicode, &packed(&characters.finish())).filter(Filter::FlateDecode);

        let file_bytes = packed(outlines.unwrap_or(&subset));
        let mut stream = pdf.stream(file, &file_bytes);
        stream.filter(Filter::FlateDecode);
        if outlines.is_some() {
            stream.pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
        }
        stream.finish();
        Ok(())
    }

    fn postscript_name(&self) -> &'static str {
        match self.name {
            FontName::Regular => "LiberationSans",
            FontName::Bold => "LiberationSans-Bold",
            FontName::OcrB => "OCRB-Regular",
        }
    }

    /// Six letters that differ from those of other subsets of the font (ISO 32000-1, 9.6.4).
    fn tag(&self) -> String {
        // FNV-1a
        let hash = self
            .subset
            .remapped_gids()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, id| (hash ^ u64::from(id)).wrapping_mul(0x0100_0000_01b3));
        (0..6).map(|at| char::from(b'A' + u8::try_from(hash / 26_u64.pow(at) % 26).unwrap_or(0))).collect()
    }
}
