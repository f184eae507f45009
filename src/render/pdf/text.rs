//! Texts of a drawing as lines of glyphs.

use resvg::{tiny_skia::Transform, usvg::layout::Span};
use ttf_parser::GlyphId;

use super::{
    canvas::{Canvas, is_visible, matrix},
    font::Placed,
};
use crate::{
    domain::card::profile::FontName,
    render::{error::RenderError, fonts},
};

/// Glyphs of one font on one line.
struct Run<'a> {
    font: FontName,
    /// Em height in the drawing's units.
    size: f32,
    /// From font size 1, with y upwards, to the current coordinates.
    at: Transform,
    glyphs: Vec<(GlyphId, f32, &'a str)>,
}

/// Shows the glyphs of a span with the current colour.
pub(super) fn show(canvas: &mut Canvas<'_>, span: &Span) -> Result<(), RenderError> {
    for run in runs(canvas, span)? {
        let line: Vec<Placed<'_>> = run.glyphs.iter().map(|&(id, x, text)| Placed { id, x, text }).collect();
        canvas.document.font(run.font)?.show(&mut canvas.content, run.size, matrix(run.at), &line);
    }
    Ok(())
}

fn runs<'a>(canvas: &mut Canvas<'_>, span: &'a Span) -> Result<Vec<Run<'a>>, RenderError> {
    let mut runs: Vec<Run<'a>> = Vec::new();
    for glyph in &span.positioned_glyphs {
        let Some(font) = fonts::named(glyph.font) else { continue };
        let (units, size) = (canvas.document.font(font)?.units_per_em(), glyph.font_size());
        let at = glyph.transform().pre_scale(units / size, -units / size);
        if !is_visible(canvas.to_page().pre_concat(at)) {
            continue; // too small or too large to be seen
        }
        let line = runs.last_mut().filter(|run| run.font == font && run.size.to_bits() == size.to_bits());
        match line.and_then(|run| Some((run.distance(at)?, run))) {
            Some((x, run)) => run.glyphs.push((glyph.id, x / size * units, &glyph.text)),
            None => runs.push(Run { font, size, at, glyphs: vec![(glyph.id, 0.0, &glyph.text)] }),
        }
    }
    Ok(runs)
}

impl Run<'_> {
    /// Distance of a glyph from the start of the line. `None` if it stands on another line, or is turned.
    fn distance(&self, at: Transform) -> Option<f32> {
        let step = self.at.invert()?.pre_concat(at);
        let same = |is: f32, wanted: f32| (is - wanted).abs() < 1e-4;
        let is_upright = same(step.sx, 1.0) && same(step.sy, 1.0) && same(step.kx, 0.0) && same(step.ky, 0.0);
        (is_upright && step.ty.abs() < 1e-3 * self.size && step.tx.is_finite()).then_some(step.tx)
    }
}
