//! The drawing of a template as vectors.

use pdf_writer::{
    Ref,
    types::{BlendMode, TextRenderingMode},
};
use resvg::{
    tiny_skia::{Path, Transform},
    usvg::{self, ClipPath, FillRule, Group, Node, layout::Span},
};

use super::{
    canvas::{Canvas, bounds},
    document::{Colours, State},
    gradient::{self, Part},
    raster, text,
};
use crate::render::error::RenderError;

/// Draws the children of a group in the current coordinates.
pub(super) fn draw(canvas: &mut Canvas<'_>, group: &Group) -> Result<(), RenderError> {
    for node in group.children() {
        match node {
            Node::Group(inner) => draw_group(canvas, inner, node)?,
            Node::Path(path) => draw_path(canvas, path),
            Node::Text(text) => draw_text(canvas, text)?,
            Node::Image(_) => raster::draw(canvas, node, BlendMode::Normal),
        }
    }
    Ok(())
}

fn draw_group(canvas: &mut Canvas<'_>, group: &Group, node: &Node) -> Result<(), RenderError> {
    let blend = raster::blend(group.blend_mode());
    let clips = Clips::of(group).filter(|_| group.filters().is_empty() && group.mask().is_none());
    let Some(clips) = clips else {
        raster::draw(canvas, node, blend);
        return Ok(());
    };
    canvas.save();
    if canvas.transform(group.transform()) && !clips.hide_all {
        for (path, rule) in &clips.paths {
            canvas.clip(path, *rule);
        }
        let extent = bounds(group.layer_bounding_box().to_rect());
        let mask = clips.union.as_deref().map(|shapes| union(canvas, shapes, extent));
        let state = State { opacity: group.opacity().get(), blend, mask };
        if state == State::PLAIN {
            draw(canvas, group)?;
        } else {
            let mut inner = canvas.inner();
            draw(&mut inner, group)?;
            let content = inner.into_content();
            let form = canvas.document.form(content, extent, Colours::Rgb);
            canvas.set_state(state);
            canvas.draw(form);
        }
    }
    canvas.restore();
    Ok(())
}

/// Shapes to which a group is clipped.
#[derive(Default)]
struct Clips {
    /// Each of these clips.
    paths: Vec<(Path, FillRule)>,
    /// All of these together clip: one path would have holes where they overlap.
    union: Option<Vec<(Path, FillRule)>>,
    /// A clip path without shapes hides the group.
    hide_all: bool,
}

impl Clips {
    /// The clip paths of a group. `None` if PDF has no vectors for them.
    fn of(group: &Group) -> Option<Self> {
        let mut clips = Self::default();
        let mut next = group.clip_path();
        while let Some(clip) = next {
            let mut shapes = Vec::new();
            collect(clip.root(), clip.transform(), &mut shapes)?;
            match shapes.len() {
                0 => clips.hide_all = true,
                1 => clips.paths.append(&mut shapes),
                _ if clips.union.is_some() => return None,
                _ => clips.union = Some(shapes),
            }
            next = ClipPath::clip_path(clip);
        }
        Some(clips)
    }
}

/// Collects the shapes of a clip path. `None` if one is clipped itself.
fn collect(group: &Group, transform: Transform, shapes: &mut Vec<(Path, FillRule)>) -> Option<()> {
    for node in group.children() {
        match node {
            Node::Group(inner) if inner.clip_path().is_some() => return None,
            Node::Group(inner) => collect(inner, transform.pre_concat(inner.transform()), shapes)?,
            Node::Text(text) => collect(text.flattened(), transform, shapes)?,
            Node::Path(path) if path.is_visible() => {
                let size = path.data().bounds();
                let moved = path.data().clone().transform(transform);
                let shape = path.fill().zip(moved).filter(|_| size.width() > 0.0 && size.height() > 0.0);
                shapes.extend(shape.map(|(fill, moved)| (moved, fill.rule())));
            }
            Node::Path(_) | Node::Image(_) => {}
        }
    }
    Some(())
}

/// A form that is light inside of the shapes.
fn union(canvas: &mut Canvas<'_>, shapes: &[(Path, FillRule)], extent: pdf_writer::Rect) -> Ref {
    let mut inner = canvas.inner();
    inner.set_fill_colour([255; 3]);
    for (path, rule) in shapes {
        inner.trace(path);
        inner.fill(*rule);
    }
    let content = inner.into_content();
    canvas.document.form(content, extent, Colours::Gray)
}

fn draw_path(canvas: &mut Canvas<'_>, path: &usvg::Path) {
    if !path.is_visible() {
        return;
    }
    let size = path.data().bounds();
    let fill = path.fill().filter(|_| size.width() > 0.0 && size.height() > 0.0);
    let (inside, around) = (path.bounding_box(), path.stroke_bounding_box());
    let is_vector = fill.is_none_or(|fill| gradient::is_vector(fill.paint(), inside))
        && path.stroke().is_none_or(|stroke| gradient::is_vector(stroke.paint(), around));
    if !is_vector {
        raster::draw(canvas, &Node::Path(Box::new(path.clone())), BlendMode::Normal);
        return;
    }
    let parts = match path.paint_order() {
        usvg::PaintOrder::FillAndStroke => [Part::Fill, Part::Stroke],
        usvg::PaintOrder::StrokeAndFill => [Part::Stroke, Part::Fill],
    };
    for part in parts {
        canvas.save();
        match (part, fill, path.stroke()) {
            (Part::Fill, Some(fill), _) => {
                gradient::set(canvas, part, fill.paint(), fill.opacity().get(), inside);
                canvas.trace(path.data());
                canvas.fill(fill.rule());
            }
            (Part::Stroke, _, Some(stroke)) => {
                gradient::set(canvas, part, stroke.paint(), stroke.opacity().get(), around);
                canvas.set_line(stroke);
                canvas.trace(path.data());
                canvas.content.stroke();
            }
            (Part::Fill, None, _) | (Part::Stroke, _, None) => {}
        }
        canvas.restore();
    }
}

/// Draws a text of plain colours with fonts. Any other is drawn as paths, with invisible letters on them, so that it can
/// be searched and copied too.
fn draw_text(canvas: &mut Canvas<'_>, text: &usvg::Text) -> Result<(), RenderError> {
    let spans = || text.layouted().iter().filter(|span| span.visible);
    let is_plain = spans().all(|span| plain(span).is_some());
    if !is_plain {
        draw(canvas, text.flattened())?;
    }
    for span in spans() {
        let colour = plain(span).filter(|_| is_plain);
        let [below, above] = [[&span.overline, &span.underline], [&span.line_through, &None]]
            .map(|lines| lines.into_iter().flatten().filter(|_| is_plain));
        below.for_each(|line| draw_path(canvas, line));
        canvas.save();
        match colour {
            Some((paint, opacity)) => gradient::set(canvas, Part::Fill, paint, opacity, text.bounding_box()),
            None => {
                canvas.content.set_text_rendering_mode(TextRenderingMode::Invisible);
            }
        }
        text::show(canvas, span)?;
        canvas.restore();
        above.for_each(|line| draw_path(canvas, line));
    }
    Ok(())
}

/// Colour and opacity of a span that has one colour and no stroke.
fn plain(span: &Span) -> Option<(&usvg::Paint, f32)> {
    let fill = span.fill.as_ref().filter(|_| span.stroke.is_none())?;
    matches!(fill.paint(), usvg::Paint::Color(_)).then(|| (fill.paint(), fill.opacity().get()))
}
