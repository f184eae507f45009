//! Parts of a drawing that PDF has no vectors for, as images.

use pdf_writer::types::BlendMode;
use resvg::{
    tiny_skia::{Pixmap, PremultipliedColorU8, Transform},
    usvg::{self, Node},
};

use super::{
    canvas::Canvas,
    document::{Colours, Dots, State},
};
use crate::render::area::whole;

/// Dots per point: 600 dpi.
const DOTS_PER_POINT: f32 = 600.0 / 72.0;
/// A dot of most card printers, in points.
const STEP: f32 = 72.0 / 300.0;
/// Points by which an image is smaller than its dots: a rounding error would make it one dot larger.
const EDGE: f32 = 0.001;
/// Most dots of an image: 100 by 66 mm at 600 dpi, and coarser above.
const DOTS_MAX: f32 = 4_000_000.0;

/// Draws a node as an image with opacity, in the current coordinates. Nothing is drawn outside of the page.
pub(super) fn draw(canvas: &mut Canvas<'_>, node: &Node, blend: BlendMode) {
    // `None`: no part is on the page.
    let _: Option<()> = place(canvas, node, blend);
}

fn place(canvas: &mut Canvas<'_>, node: &Node, blend: BlendMode) -> Option<()> {
    let bounds = match node {
        Node::Group(group) => group.layer_bounding_box().to_rect().transform(group.transform())?,
        Node::Path(_) | Node::Image(_) | Node::Text(_) => node.stroke_bounding_box(),
    };
    let to_page = canvas.to_page();
    let bounds = bounds.transform(to_page)?;
    // Points from the page's top left corner, in whole steps: readers draw an image on whole dots, and move others.
    let [page_width, page_height] = canvas.page();
    let [left, right] = [bounds.left().max(0.0) / STEP, bounds.right().min(page_width) / STEP];
    let [top, bottom] = [page_height - bounds.bottom(), page_height - bounds.top()];
    let [top, bottom] = [top.max(0.0) / STEP, bottom.min(page_height) / STEP];
    let (left, top) = (left.floor() * STEP, top.floor() * STEP);
    let (width, height) = (right.ceil() * STEP - left, bottom.ceil() * STEP - top);
    let dots = width * height * DOTS_PER_POINT * DOTS_PER_POINT;
    let scale = DOTS_PER_POINT * (DOTS_MAX / dots).sqrt().min(1.0);
    let mut pixmap = Pixmap::new(whole(width * scale), whole(height * scale))?;
    let to_dots = Transform::from_row(scale, 0.0, 0.0, -scale, -left * scale, (page_height - top) * scale);
    // The renderer moves a node to the corner of its bounds.
    let corner = node.abs_layer_bounding_box()?;
    let to_dots = to_dots.pre_concat(to_page).pre_translate(corner.x(), corner.y());
    resvg::render_node(node, to_dots, &mut pixmap.as_mut())?;
    let straight: Vec<_> = pixmap.pixels().iter().map(PremultipliedColorU8::demultiply).collect();
    let bytes: Vec<u8> = straight.iter().flat_map(|dot| [dot.red(), dot.green(), dot.blue()]).collect();
    let opacity: Vec<u8> = straight.iter().map(|dot| dot.alpha()).collect();
    let image = canvas.document.image(&Dots {
        width: pixmap.width(),
        height: pixmap.height(),
        colours: Colours::Rgb,
        bytes: &bytes,
        opacity: Some(&opacity),
    })?;
    let from_page = to_page.invert()?;
    canvas.save();
    let on_page = Transform::from_row(
        width - 2.0 * EDGE,
        0.0,
        0.0,
        height - 2.0 * EDGE,
        left + EDGE,
        page_height - top - height + EDGE,
    );
    let is_visible = canvas.transform(from_page) && canvas.transform(on_page);
    if is_visible {
        canvas.set_state(State { blend, ..State::PLAIN });
        canvas.draw(image);
    }
    canvas.restore();
    Some(())
}

/// The blend mode of a group.
pub(super) fn blend(mode: usvg::BlendMode) -> BlendMode {
    match mode {
        usvg::BlendMode::Normal => BlendMode::Normal,
        usvg::BlendMode::Multiply => BlendMode::Multiply,
        usvg::BlendMode::Screen => BlendMode::Screen,
        usvg::BlendMode::Overlay => BlendMode::Overlay,
        usvg::BlendMode::Darken => BlendMode::Darken,
        usvg::BlendMode::Lighten => BlendMode::Lighten,
        usvg::BlendMode::ColorDodge => BlendMode::ColorDodge,
        usvg::BlendMode::ColorBurn => BlendMode::ColorBurn,
        usvg::BlendMode::HardLight => BlendMode::HardLight,
        usvg::BlendMode::SoftLight => BlendMode::SoftLight,
        usvg::BlendMode::Difference => BlendMode::Difference,
        usvg::BlendMode::Exclusion => BlendMode::Exclusion,
        usvg::BlendMode::Hue => BlendMode::Hue,
        usvg::BlendMode::Saturation => BlendMode::Saturation,
        usvg::BlendMode::Color => BlendMode::Color,
        usvg::BlendMode::Luminosity => BlendMode::Luminosity,
    }
}
