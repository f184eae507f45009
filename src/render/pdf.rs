//! The card as PDF: the drawing as it is, text as text, the exact size.

use krilla::{
    Document, SerializeSettings,
    color::rgb,
    geom::{PathBuilder, Point, Rect, Size, Transform},
    image::Image,
    page::PageSettings,
    paint::Fill,
    surface::Surface,
    text::{Font, GlyphId, KrillaGlyph},
};
use krilla_svg::{SurfaceExt, SvgSettings};

use cetak_picture::{photo, picture::Picture};

use super::{
    Area, MM_PER_INCH, RenderError, code, fonts,
    side::{Laid, SideDrawing, module_min},
    text::{Set, Typesetter},
    whole,
};
use crate::domain::profile::FontName;

/// Points of PDF in an inch.
const POINTS_PER_INCH: f32 = 72.0;
/// Photos have no more dots than the printers of today.
const PHOTO_DPI: f32 = 300.0;
/// The grid on which codes are placed: its steps are whole numbers of the dots of 300, 600 and 1200 dpi.
const CODE_DPI: f32 = 300.0;

/// One page for each side.
pub(super) fn write(
    sides: &[(&SideDrawing, Laid)],
    photo: Option<&Picture>,
    [width_mm, height_mm]: [f32; 2],
    bleed_mm: f32,
    typesetter: &Typesetter,
) -> Result<Vec<u8>, RenderError> {
    let (width, height, bleed) = (points(width_mm), points(height_mm), points(bleed_mm));
    // No metadata: a time and an identifier of its own would make each run's bytes others.
    let mut document = Document::new_with(SerializeSettings { xmp_metadata: false, ..SerializeSettings::default() });
    let mut embedded = Embedded::default();
    for (side, laid) in sides {
        let settings = PageSettings::from_wh(width + 2.0 * bleed, height + 2.0 * bleed).ok_or(RenderError::Size)?;
        let trim = Rect::from_xywh(bleed, bleed, width, height);
        let mut page = document.start_page_with(if bleed > 0.0 { settings.with_trim_box(trim) } else { settings });
        let mut surface = page.surface();
        let whole_page = Size::from_wh(width + 2.0 * bleed, height + 2.0 * bleed).ok_or(RenderError::Size)?;
        let drawing = SvgSettings { embed_text: true, filter_scale: 1.0 };
        surface.draw_svg(&side.template().tree, whole_page, drawing).ok_or(RenderError::Size)?;
        surface.push_transform(&Transform::from_translate(bleed, bleed));
        surface.set_fill(Some(Fill { paint: rgb::Color::black().into(), ..Fill::default() }));
        if let Some((picture, area)) = photo.zip(side.photo()) {
            put_photo(&mut surface, picture, area);
        }
        for set in &laid.texts {
            put_text(&mut surface, set, &mut embedded, typesetter)?;
        }
        for (modules, area) in &laid.codes {
            put_code(&mut surface, modules, *area)?;
        }
        surface.pop();
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| RenderError::Pdf(format!("{error:?}")))
}

/// Fonts of one document, each embedded once.
#[derive(Default)]
struct Embedded(Vec<(FontName, Font)>);

impl Embedded {
    fn font(&mut self, name: FontName) -> Result<Font, RenderError> {
        if let Some((_, font)) = self.0.iter().find(|(of, _)| *of == name) {
            return Ok(font.clone());
        }
        let font = Font::new(fonts::data(name).into(), 0).ok_or(RenderError::Size)?;
        self.0.push((name, font.clone()));
        Ok(font)
    }
}

fn points(mm: f32) -> f32 {
    mm / MM_PER_INCH * POINTS_PER_INCH
}

fn put_text(
    surface: &mut Surface<'_>,
    set: &Set,
    embedded: &mut Embedded,
    typesetter: &Typesetter,
) -> Result<(), RenderError> {
    let font = embedded.font(set.font)?;
    let em = typesetter.units_per_em(set.font);
    for line in &set.lines {
        let ends = line.glyphs.iter().skip(1).map(|(_, x, at)| (*x, *at)).chain([(line.width, line.text.len())]);
        let glyphs: Vec<KrillaGlyph> = (line.glyphs.iter().zip(ends))
            .map(|((id, x, at), (next, end))| {
                let id = GlyphId::new(id.0.into());
                KrillaGlyph::new(id, (next - x) / em, 0.0, 0.0, 0.0, *at..end, None)
            })
            .collect();
        let start = Point::from_xy(points(line.x_mm), points(line.baseline_mm));
        surface.draw_glyphs(start, &glyphs, font.clone(), &line.text, points(set.size_mm), false);
    }
    Ok(())
}

fn put_photo(surface: &mut Surface<'_>, picture: &Picture, area: Area) {
    let [width, height] = [area.width_mm, area.height_mm].map(|mm| whole(mm / MM_PER_INCH * PHOTO_DPI).max(1));
    let cut = photo::cover(picture, width, height);
    let dots = cut.dots().chunks_exact(3).flat_map(|dot| [dot[0], dot[1], dot[2], 255]).collect();
    let image = Image::from_rgba8(dots, cut.width(), cut.height());
    let Some(size) = Size::from_wh(points(area.width_mm), points(area.height_mm)) else { return };
    surface.push_transform(&Transform::from_translate(points(area.x_mm), points(area.y_mm)));
    surface.draw_image(image, size);
    surface.pop();
}

fn put_code(surface: &mut Surface<'_>, modules: &code::Modules, area: Area) -> Result<(), RenderError> {
    let [width, height] = [area.width_mm, area.height_mm].map(|mm| whole(mm / MM_PER_INCH * CODE_DPI));
    let placed = code::place(modules, width, height, module_min(CODE_DPI)).map_err(|_| RenderError::Size)?;
    let mut path = PathBuilder::new();
    #[expect(clippy::cast_precision_loss, reason = "dots of a card")]
    let dots = |n: u32| n as f32 / CODE_DPI * POINTS_PER_INCH;
    for (x, y, width, height) in placed.bars(modules) {
        let corner = (points(area.x_mm) + dots(x), points(area.y_mm) + dots(y));
        if let Some(bar) = Rect::from_xywh(corner.0, corner.1, dots(width), dots(height)) {
            path.push_rect(bar);
        }
    }
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
    Ok(())
}
