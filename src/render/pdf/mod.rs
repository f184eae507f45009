//! The card as PDF: vector drawing, text as text, exact size.

mod canvas;
mod document;
mod font;
mod gradient;
mod object;
mod raster;
mod svg;
#[cfg(test)]
mod tests;
mod text;

use pdf_writer::Rect;
use resvg::{
    tiny_skia::{self, PathBuilder, Transform},
    usvg::FillRule,
};

use cetak_picture::{
    photo,
    picture::{Ink, Picture},
};

use self::{
    canvas::{Canvas, matrix},
    document::{Colours, Document, Dots},
    font::Placed,
};
use super::{
    area::{Area, MM_PER_INCH, whole},
    code,
    error::RenderError,
    side::{Laid, PageDots, SideDrawing},
    text::{Set, Typesetter},
};

/// PDF points per inch.
const POINTS_PER_INCH: f32 = 72.0;
/// Resolution of photos in a PDF: that of most card printers.
const PHOTO_DPI: f32 = 300.0;
/// Resolution of the dots that are continued to the edge of a page.
const EDGE_DPI: u32 = 300;
/// Grid of codes: each step is a whole number of dots at 300, 600 and 1200 dpi.
const CODE_DPI: f32 = 300.0;
const BLACK: [u8; 3] = [0; 3];
const WHITE: [u8; 3] = [255; 3];

/// Size and orientation of the pages.
pub(super) struct Paper {
    /// Width and height of the card.
    pub(super) size_mm: [f32; 2],
    /// How far drawings extend beyond each edge of the card.
    pub(super) bleed_mm: f32,
    /// Width and height of a page. The card is in its middle.
    pub(super) page_mm: [f32; 2],
    /// A page that is larger than the card has the card as trim box. Not for a printer: the filters of CUPS scale a trim box
    /// to the medium.
    pub(super) for_people: bool,
    /// The printer turns the card about its top edge, so that the back is rotated by 180°.
    pub(super) back_is_upside_down: bool,
}

impl Paper {
    /// The distances from the left and upper edge of a page to the card; negative if the card is larger.
    fn margins_mm(&self) -> [f32; 2] {
        let [[page_width, page_height], [width, height]] = [self.page_mm, self.size_mm];
        [(page_width - width) / 2.0, (page_height - height) / 2.0]
    }

    /// Whether a page extends beyond the drawing and its bleed.
    fn exceeds_the_drawing(&self) -> bool {
        !self.for_people && self.margins_mm().iter().any(|margin| *margin > self.bleed_mm)
    }
}

/// Writes a page for each side.
pub(super) fn write(
    sides: &[(&SideDrawing, Laid)],
    photo: Option<&Picture>,
    typesetter: &Typesetter,
    paper: &Paper,
) -> Result<Vec<u8>, RenderError> {
    let [width, height] = paper.size_mm.map(points);
    let page = paper.page_mm.map(points);
    let ([left, top], art) = (paper.margins_mm().map(points), points(paper.bleed_mm));
    let mut document = Document::new();
    for (number, (side, laid)) in sides.iter().enumerate() {
        let mut canvas = Canvas::new(&mut document, page);
        // PDF has its origin at the bottom left. From here on, it is the card's top left corner, with y downwards.
        let upright = Transform::from_row(1.0, 0.0, 0.0, -1.0, left, height + top);
        let turned = Transform::from_row(-1.0, 0.0, 0.0, 1.0, width + left, top);
        let is_turned = number == 1 && paper.back_is_upside_down;
        let tree = &side.template().tree;
        let [across, down] = [(width, tree.size().width()), (height, tree.size().height())]
            .map(|(points, units)| (points + 2.0 * art) / units);
        if !canvas.transform(if is_turned { turned } else { upright }) {
            return Err(RenderError::Size);
        }
        canvas.save();
        if paper.exceeds_the_drawing() {
            let dots = PageDots { dpi: EDGE_DPI, ink: Ink::Rgb8, size_mm: Some(paper.page_mm) };
            put_edges(&mut canvas, &side.paint(laid, photo, typesetter, &dots)?, paper);
            if let Some(drawing) = tiny_skia::Rect::from_ltrb(-art, -art, width + art, height + art) {
                canvas.clip(&PathBuilder::from_rect(drawing), FillRule::NonZero);
            }
        }
        if canvas.transform(Transform::from_row(across, 0.0, 0.0, down, -art, -art)) {
            svg::draw(&mut canvas, tree.root())?;
        }
        canvas.restore();
        canvas.set_fill_colour(BLACK);
        if let Some((picture, area)) = side.signature() {
            put_signature(&mut canvas, picture, *area);
        }
        if let Some((picture, area)) = photo.zip(side.photo()) {
            put_photo(&mut canvas, picture, area);
        }
        for set in &laid.texts {
            put_text(&mut canvas, set)?;
        }
        for (modules, area) in &laid.codes {
            put_code(&mut canvas, modules, *area)?;
        }
        let content = canvas.into_content();
        let is_trimmed = paper.for_people && left > 0.0;
        let trim = is_trimmed.then(|| Rect::new(left, top, left + width, top + height));
        document.add_page(content, page, trim);
    }
    document.finish()
}

/// Continues the outermost dots of the drawing to the edges of a page that extends beyond it.
fn put_edges(canvas: &mut Canvas<'_>, dots: &Picture, paper: &Paper) {
    // The drawing covers an overlap of a dot. Without it, a reader that softens edges shows a white line between them.
    let overlap_mm = MM_PER_INCH / PHOTO_DPI;
    let [beside, above] = paper.margins_mm().map(|margin| margin - paper.bleed_mm);
    let ([x_mm, y_mm], [width_mm, height_mm]) = (paper.margins_mm().map(|margin| -margin), paper.page_mm);
    let rows: Vec<&[[u8; 3]]> = dots.dots().as_chunks().0.chunks_exact(dots.width() as usize).collect();
    if beside > 0.0 {
        let width = beside + overlap_mm;
        let [left, right]: [Vec<[u8; 3]>; 2] =
            [<[_]>::first, <[_]>::last].map(|end| rows.iter().filter_map(|row| end(row)).copied().collect());
        for (x_mm, colours) in [(x_mm, left), (x_mm + width_mm - width, right)] {
            let column = band(1, dots.height(), &colours);
            put_image(canvas, &column, Area { x_mm, y_mm, width_mm: width, height_mm });
        }
    }
    if above > 0.0 {
        let height = above + overlap_mm;
        for (y_mm, colours) in [(y_mm, rows.first()), (y_mm + height_mm - height, rows.last())] {
            let row = band(dots.width(), 1, colours.copied().unwrap_or_default());
            put_image(canvas, &row, Area { x_mm, y_mm, width_mm, height_mm: height });
        }
    }
}

fn band(width: u32, height: u32, colours: &[[u8; 3]]) -> Dots<'_> {
    Dots { width, height, colours: Colours::Rgb, bytes: colours.as_flattened(), opacity: None }
}

fn points(mm: f32) -> f32 {
    mm / MM_PER_INCH * POINTS_PER_INCH
}

fn put_text(canvas: &mut Canvas<'_>, set: &Set) -> Result<(), RenderError> {
    let font = canvas.document.font(set.font)?;
    for line in &set.lines {
        let ends = line.glyphs.iter().skip(1).map(|(_, x, at)| (*x, *at)).chain([(line.width, line.text.len())]);
        let mut glyphs = Vec::with_capacity(line.glyphs.len());
        for (&(id, x, at), (next, end)) in line.glyphs.iter().zip(ends) {
            let text = line.text.get(at..end).unwrap_or_default();
            let before_space = text.strip_suffix(' ').filter(|text| !text.is_empty());
            glyphs.push(Placed { id, x, text: before_space.unwrap_or(text) });
            // Words are set apart without a glyph; a reader finds them as two with one.
            if let Some((space, advance)) = font.space().filter(|_| before_space.is_some()) {
                glyphs.push(Placed { id: space, x: next - advance, text: " " });
            }
        }
        let baseline = Transform::from_row(1.0, 0.0, 0.0, -1.0, points(line.x_mm), points(line.baseline_mm));
        font.show(&mut canvas.content, points(set.size_mm), matrix(baseline), &glyphs);
    }
    Ok(())
}

/// Draws the signature as black, with its darkness as opacity.
fn put_signature(canvas: &mut Canvas<'_>, picture: &Picture, area: Area) {
    let [width, height] = [area.width_mm, area.height_mm].map(|mm| whole(mm / MM_PER_INCH * PHOTO_DPI).max(1));
    let ink = photo::cover(picture, width, height).to_gray();
    let opacity: Vec<u8> = ink.dots().iter().map(|light| 255 - light).collect();
    let black = vec![0; opacity.len()];
    let (width, height) = (ink.width(), ink.height());
    let dots = Dots { width, height, colours: Colours::Gray, bytes: &black, opacity: Some(&opacity) };
    put_image(canvas, &dots, area);
}

fn put_photo(canvas: &mut Canvas<'_>, picture: &Picture, area: Area) {
    let [width, height] = [area.width_mm, area.height_mm].map(|mm| whole(mm / MM_PER_INCH * PHOTO_DPI).max(1));
    let cut = photo::cover(picture, width, height);
    let (width, height) = (cut.width(), cut.height());
    let dots = Dots { width, height, colours: Colours::Rgb, bytes: cut.dots(), opacity: None };
    put_image(canvas, &dots, area);
}

fn put_image(canvas: &mut Canvas<'_>, dots: &Dots<'_>, area: Area) {
    let Some(image) = canvas.document.image(dots) else { return };
    let [left, top, width, height] = [area.x_mm, area.y_mm, area.width_mm, area.height_mm].map(points);
    canvas.save();
    // An image fills the square from 0 to 1, with y upwards.
    if canvas.transform(Transform::from_row(width, 0.0, 0.0, -height, left, top + height)) {
        canvas.draw(image);
    }
    canvas.restore();
}

fn put_code(canvas: &mut Canvas<'_>, modules: &code::Modules, area: Area) -> Result<(), RenderError> {
    let [width, height] = [area.width_mm, area.height_mm].map(|mm| whole(mm / MM_PER_INCH * CODE_DPI));
    let placed = code::place(modules, width, height, 1).map_err(|_| RenderError::Size)?;
    let (left, top) = (points(area.x_mm), points(area.y_mm));
    if let Some(ground) = tiny_skia::Rect::from_xywh(left, top, points(area.width_mm), points(area.height_mm)) {
        canvas.set_fill_colour(WHITE);
        canvas.trace(&PathBuilder::from_rect(ground));
        canvas.fill(FillRule::NonZero);
        canvas.set_fill_colour(BLACK);
    }
    let mut path = PathBuilder::new();
    #[expect(clippy::cast_precision_loss, reason = "dots of a card")]
    let dots = |n: u32| n as f32 / CODE_DPI * POINTS_PER_INCH;
    for (x, y, width, height) in placed.bars(modules) {
        let corner = (left + dots(x), top + dots(y));
        if let Some(bar) = tiny_skia::Rect::from_xywh(corner.0, corner.1, dots(width), dots(height)) {
            path.push_rect(bar);
        }
    }
    if let Some(path) = path.finish() {
        canvas.trace(&path);
        canvas.fill(FillRule::NonZero);
    }
    Ok(())
}
