//! A content stream: shapes, colours and coordinates.

use pdf_writer::{
    Content, Name, Rect, Ref,
    types::{LineCapStyle, LineJoinStyle},
};
use resvg::{
    tiny_skia::{Path, PathSegment, Transform},
    usvg,
};

use super::{
    document::{Document, State},
    object::resource_name,
};

/// The content of a page or form under construction.
pub(super) struct Canvas<'a> {
    pub(super) document: &'a mut Document,
    pub(super) content: Content,
    /// From the current coordinates to those in which the content begins.
    to_base: Transform,
    /// From the coordinates in which the content begins to the page.
    base_to_page: Transform,
    /// Width and height of the page in points.
    page: [f32; 2],
    saved: Vec<Transform>,
}

impl<'a> Canvas<'a> {
    /// The content of a page of `page` points.
    pub(super) fn new(document: &'a mut Document, page: [f32; 2]) -> Self {
        Self::at(document, Transform::identity(), page)
    }

    fn at(document: &'a mut Document, base_to_page: Transform, page: [f32; 2]) -> Self {
        let (to_base, saved) = (Transform::identity(), Vec::new());
        Self { document, content: Content::new(), to_base, base_to_page, page, saved }
    }

    /// The content of a form that is drawn in the current coordinates.
    pub(super) fn inner(&mut self) -> Canvas<'_> {
        let base_to_page = self.to_page();
        Canvas::at(self.document, base_to_page, self.page)
    }

    pub(super) fn into_content(self) -> Content {
        self.content
    }

    pub(super) fn to_base(&self) -> Transform {
        self.to_base
    }

    pub(super) fn to_page(&self) -> Transform {
        self.base_to_page.pre_concat(self.to_base)
    }

    pub(super) fn page(&self) -> [f32; 2] {
        self.page
    }

    pub(super) fn save(&mut self) {
        self.content.save_state();
        self.saved.push(self.to_base);
    }

    pub(super) fn restore(&mut self) {
        self.content.restore_state();
        self.to_base = self.saved.pop().unwrap_or(self.to_base);
    }

    /// Changes the coordinates. `false` if nothing drawn in them is visible.
    pub(super) fn transform(&mut self, by: Transform) -> bool {
        let to_base = self.to_base.pre_concat(by);
        if !by.is_finite() || !to_base.is_finite() || !is_visible(self.base_to_page.pre_concat(to_base)) {
            return false;
        }
        if !by.is_identity() {
            self.content.transform(matrix(by));
            self.to_base = to_base;
        }
        true
    }

    pub(super) fn set_state(&mut self, state: State) {
        if state != State::PLAIN {
            let name = resource_name(self.document.state(state));
            self.content.set_parameters(Name(name.as_bytes()));
        }
    }

    pub(super) fn draw(&mut self, image_or_form: Ref) {
        self.content.x_object(Name(resource_name(image_or_form).as_bytes()));
    }

    pub(super) fn set_fill_colour(&mut self, [red, green, blue]: [u8; 3]) {
        if red == green && green == blue {
            self.content.set_fill_gray(channel(red));
        } else {
            self.content.set_fill_rgb(channel(red), channel(green), channel(blue));
        }
    }

    pub(super) fn set_stroke_colour(&mut self, [red, green, blue]: [u8; 3]) {
        if red == green && green == blue {
            self.content.set_stroke_gray(channel(red));
        } else {
            self.content.set_stroke_rgb(channel(red), channel(green), channel(blue));
        }
    }

    pub(super) fn set_line(&mut self, stroke: &usvg::Stroke) {
        self.content.set_line_width(number(stroke.width().get()));
        self.content.set_miter_limit(number(stroke.miterlimit().get()).max(1.0));
        self.content.set_line_cap(match stroke.linecap() {
            usvg::LineCap::Butt => LineCapStyle::ButtCap,
            usvg::LineCap::Round => LineCapStyle::RoundCap,
            usvg::LineCap::Square => LineCapStyle::ProjectingSquareCap,
        });
        self.content.set_line_join(match stroke.linejoin() {
            usvg::LineJoin::Miter | usvg::LineJoin::MiterClip => LineJoinStyle::MiterJoin,
            usvg::LineJoin::Round => LineJoinStyle::RoundJoin,
            usvg::LineJoin::Bevel => LineJoinStyle::BevelJoin,
        });
        let dashes = stroke.dasharray().unwrap_or_default();
        let sum: f32 = dashes.iter().sum();
        if sum.is_finite() && sum > 0.0 && dashes.iter().all(|dash| *dash >= 0.0) {
            // An odd number of dashes repeats after two rounds. Readers want a positive phase.
            let phase = stroke.dashoffset().rem_euclid(2.0 * sum);
            self.content.set_dash_pattern(dashes.iter().copied(), if phase.is_finite() { phase } else { 0.0 });
        }
    }

    /// Adds a path that is painted, or clips, next.
    pub(super) fn trace(&mut self, path: &Path) {
        let mut last = (0.0, 0.0);
        for segment in path.segments() {
            match segment {
                PathSegment::MoveTo(to) => self.content.move_to(number(to.x), number(to.y)),
                PathSegment::LineTo(to) => self.content.line_to(number(to.x), number(to.y)),
                PathSegment::QuadTo(by, to) => {
                    let third = |end: f32, middle: f32| number(end / 3.0 + middle / 1.5);
                    let from = (third(last.0, by.x), third(last.1, by.y));
                    self.content.cubic_to(
                        from.0,
                        from.1,
                        third(to.x, by.x),
                        third(to.y, by.y),
                        number(to.x),
                        number(to.y),
                    )
                }
                PathSegment::CubicTo(by, and, to) => {
                    let [x1, y1, x2, y2, x3, y3] = [by.x, by.y, and.x, and.y, to.x, to.y].map(number);
                    self.content.cubic_to(x1, y1, x2, y2, x3, y3)
                }
                PathSegment::Close => self.content.close_path(),
            };
            if let PathSegment::MoveTo(to)
            | PathSegment::LineTo(to)
            | PathSegment::QuadTo(_, to)
            | PathSegment::CubicTo(_, _, to) = segment
            {
                last = (to.x, to.y);
            }
        }
    }

    pub(super) fn fill(&mut self, rule: usvg::FillRule) {
        match rule {
            usvg::FillRule::NonZero => self.content.fill_nonzero(),
            usvg::FillRule::EvenOdd => self.content.fill_even_odd(),
        };
    }

    /// Clips what follows, until the state is restored, to a path.
    pub(super) fn clip(&mut self, path: &Path, rule: usvg::FillRule) {
        self.trace(path);
        match rule {
            usvg::FillRule::NonZero => self.content.clip_nonzero(),
            usvg::FillRule::EvenOdd => self.content.clip_even_odd(),
        };
        self.content.end_path();
    }
}

/// A colour's channel, from 0 to 1.
pub(super) fn channel(byte: u8) -> f32 {
    f32::from(byte) / 255.0
}

/// Whether anything is visible in coordinates that a transform maps to the page: they do not collapse into a line or a
/// point. Readers refuse such a matrix.
pub(super) fn is_visible(by: Transform) -> bool {
    let [sx, ky, kx, sy] = [by.sx, by.ky, by.kx, by.sy].map(f64::from);
    let (area, lengths) = ((sx * sy - kx * ky).abs(), sx * sx + ky * ky + kx * kx + sy * sy);
    by.is_finite() && area > 1e-6 * lengths && (1e-20..1e20).contains(&lengths)
}

/// A transform as six numbers in the order of PDF.
pub(super) fn matrix(by: Transform) -> [f32; 6] {
    [by.sx, by.ky, by.kx, by.sy, by.tx, by.ty]
}

/// A number as near as a reader can take it: `inf` is none of PDF's numbers.
fn number(n: f32) -> f32 {
    n.clamp(-1e9, 1e9)
}

/// Bounds of a form: somewhat larger than what is drawn, so that soft edges stay.
pub(super) fn bounds(rect: usvg::Rect) -> Rect {
    let more = 0.02 * rect.width().max(rect.height());
    let [left, top] = [rect.left() - more, rect.top() - more].map(number);
    let [right, bottom] = [rect.right() + more, rect.bottom() + more].map(number);
    Rect::new(left, top, right, bottom)
}
