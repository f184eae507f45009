//! The card as PDF: vector drawing, text as text, exact size.

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
    area::{Area, MM_PER_INCH, whole},
    code,
    error::RenderError,
    fonts,
    side::{Laid, SideDrawing},
    text::{Set, Typesetter},
};
use crate::domain::card::profile::FontName;

/// PDF points per inch.
const POINTS_PER_INCH: f32 = 72.0;
/// Resolution of photos in a PDF: that of most card printers.
const PHOTO_DPI: f32 = 300.0;
/// Grid of codes: each step is a whole number of dots at 300, 600 and 1200 dpi.
const CODE_DPI: f32 = 300.0;

/// Size and orientation of the pages.
pub(super) struct Paper {
    pub(super) size_mm: [f32; 2],
    /// How far drawings extend beyond each edge of the card.
    pub(super) bleed_mm: f32,
    /// Pages include the bleed, with the card as trim box.
    pub(super) shows_bleed: bool,
    /// The printer turns the card about its top edge, so that the back is rotated by 180°.
    pub(super) back_is_upside_down: bool,
}

/// Writes a page for each side.
pub(super) fn write(
    sides: &[(&SideDrawing, Laid)],
    photo: Option<&Picture>,
    paper: &Paper,
    typesetter: &Typesetter,
) -> Result<Vec<u8>, RenderError> {
    let [width, height] = paper.size_mm.map(points);
    let art = points(paper.bleed_mm);
    let bleed = if paper.shows_bleed { art } else { 0.0 };
    // No metadata: a time and a random identifier would change the bytes on each run.
    let mut document = Document::new_with(SerializeSettings { xmp_metadata: false, ..SerializeSettings::default() });
    let mut embedded = Embedded::default();
    for (number, (side, laid)) in sides.iter().enumerate() {
        let settings = PageSettings::from_wh(width + 2.0 * bleed, height + 2.0 * bleed).ok_or(RenderError::Size)?;
        let trim = Rect::from_xywh(bleed, bleed, width, height);
        let mut page = document.start_page_with(if bleed > 0.0 { settings.with_trim_box(trim) } else { settings });
        let mut surface = page.surface();
        // From here on, the origin is the card's corner.
        let corner = Transform::from_translate(bleed, bleed);
        let turned = Transform::from_row(-1.0, 0.0, 0.0, -1.0, width + bleed, height + bleed);
        surface.push_transform(if number == 1 && paper.back_is_upside_down { &turned } else { &corner });
        let whole_drawing = Size::from_wh(width + 2.0 * art, height + 2.0 * art).ok_or(RenderError::Size)?;
        let drawing = SvgSettings { embed_text: true, filter_scale: 1.0 };
        surface.push_transform(&Transform::from_translate(-art, -art));
        surface.draw_svg(&side.template().tree, whole_drawing, drawing).ok_or(RenderError::Size)?;
        surface.pop();
        surface.set_fill(Some(Fill { paint: rgb::Color::black().into(), ..Fill::default() }));
        if let Some((picture, area)) = side.signature() {
            put_signature(&mut surface, picture, *area);
        }
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

/// The fonts of a document, each embedded once.
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

/// Draws the signature as black, with its darkness as opacity.
fn put_signature(surface: &mut Surface<'_>, picture: &Picture, area: Area) {
    let [width, height] = [area.width_mm, area.height_mm].map(|mm| whole(mm / MM_PER_INCH * PHOTO_DPI).max(1));
    let ink = photo::cover(picture, width, height).to_gray();
    let dots = ink.dots().iter().flat_map(|light| [0, 0, 0, 255 - light]).collect();
    put_image(surface, Image::from_rgba8(dots, ink.width(), ink.height()), area);
}

fn put_photo(surface: &mut Surface<'_>, picture: &Picture, area: Area) {
    let [width, height] = [area.width_mm, area.height_mm].map(|mm| whole(mm / MM_PER_INCH * PHOTO_DPI).max(1));
    let cut = photo::cover(picture, width, height);
    let dots = cut.dots().chunks_exact(3).flat_map(|dot| [dot[0], dot[1], dot[2], 255]).collect();
    put_image(surface, Image::from_rgba8(dots, cut.width(), cut.height()), area);
}

fn put_image(surface: &mut Surface<'_>, image: Image, area: Area) {
    let Some(size) = Size::from_wh(points(area.width_mm), points(area.height_mm)) else { return };
    surface.push_transform(&Transform::from_translate(points(area.x_mm), points(area.y_mm)));
    surface.draw_image(image, size);
    surface.pop();
}

fn put_code(surface: &mut Surface<'_>, modules: &code::Modules, area: Area) -> Result<(), RenderError> {
    let [width, height] = [area.width_mm, area.height_mm].map(|mm| whole(mm / MM_PER_INCH * CODE_DPI));
    let placed = code::place(modules, width, height, 1).map_err(|_| RenderError::Size)?;
    let (left, top) = (points(area.x_mm), points(area.y_mm));
    if let Some(ground) = Rect::from_xywh(left, top, points(area.width_mm), points(area.height_mm)) {
        let mut light = PathBuilder::new();
        light.push_rect(ground);
        surface.set_fill(Some(Fill { paint: rgb::Color::white().into(), ..Fill::default() }));
        if let Some(path) = light.finish() {
            surface.draw_path(&path);
        }
        surface.set_fill(Some(Fill { paint: rgb::Color::black().into(), ..Fill::default() }));
    }
    let mut path = PathBuilder::new();
    #[expect(clippy::cast_precision_loss, reason = "dots of a card")]
    let dots = |n: u32| n as f32 / CODE_DPI * POINTS_PER_INCH;
    for (x, y, width, height) in placed.bars(modules) {
        let corner = (left + dots(x), top + dots(y));
        if let Some(bar) = Rect::from_xywh(corner.0, corner.1, dots(width), dots(height)) {
            path.push_rect(bar);
        }
    }
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
    Ok(())
}
