//! Colours and gradients of shapes.

use pdf_writer::{
    Finish, Name, Ref,
    types::{ColorSpaceOperand, FunctionShadingType},
};
use resvg::{
    tiny_skia::{Point, Transform},
    usvg::{self, SpreadMethod},
};

use super::{
    canvas::{Canvas, bounds, channel, is_visible, matrix},
    document::{Colours, Document, State},
    object::resource_name,
};

/// Most repetitions of a gradient that are written as one longer gradient.
const REPETITIONS_MAX: f32 = 64.0;

/// What is painted of a shape.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Fill,
    Stroke,
}

/// The circles between which a gradient lies: x, y and radius. A linear gradient has points.
struct Axis {
    from: [f32; 3],
    to: [f32; 3],
    is_radial: bool,
}

/// The colour of a gradient at a place of its axis: 0 is its begin, 1 its end.
type Stops = Vec<(f32, Vec<f32>)>;

/// Whether a paint can be written as vectors for a shape with these bounds.
pub(super) fn is_vector(paint: &usvg::Paint, extent: usvg::Rect) -> bool {
    match paint {
        usvg::Paint::Color(_) => true,
        usvg::Paint::Pattern(_) => false,
        usvg::Paint::LinearGradient(one) => {
            repetitions(one.spread_method(), &linear(one), one.transform(), extent).is_some()
        }
        usvg::Paint::RadialGradient(one) => {
            repetitions(one.spread_method(), &radial(one), one.transform(), extent).is_some()
        }
    }
}

/// Sets the paint of what is painted next. `extent` is the bounds of the shape.
pub(super) fn set(canvas: &mut Canvas<'_>, part: Part, paint: &usvg::Paint, opacity: f32, extent: usvg::Rect) {
    let (gradient, axis): (&usvg::BaseGradient, _) = match paint {
        usvg::Paint::Color(colour) => return set_colour(canvas, part, *colour, opacity),
        usvg::Paint::LinearGradient(gradient) => (gradient, linear(gradient)),
        usvg::Paint::RadialGradient(gradient) => (gradient, radial(gradient)),
        usvg::Paint::Pattern(_) => return,
    };
    let Some(last) = gradient.stops().last() else { return };
    // Readers refuse matrices that make the pattern very small: the axis shrinks instead.
    let whole = canvas.to_page().pre_concat(gradient.transform());
    let scale = (whole.sx * whole.sy - whole.kx * whole.ky).abs().sqrt();
    let (axis, transform) = (axis.scaled(scale), gradient.transform().pre_scale(1.0 / scale, 1.0 / scale));
    let to_base = canvas.to_base().pre_concat(transform);
    let range = repetitions(gradient.spread_method(), &axis, transform, extent);
    let range = range.filter(|_| axis.has_length() && is_visible(whole) && to_base.is_finite());
    let Some(range) = range else {
        // SVG: a gradient without length has the colour of its end.
        return set_colour(canvas, part, last.color(), opacity * last.opacity().get());
    };
    let colours = spread(gradient, range, |stop| {
        let colour = stop.color();
        [colour.red, colour.green, colour.blue].map(channel).to_vec()
    });
    let shading = shading(canvas.document, &axis, &colours, Colours::Rgb);
    let is_even = gradient.stops().iter().all(|stop| stop.opacity() == last.opacity());
    let state = if is_even {
        State { opacity: opacity * last.opacity().get(), ..State::PLAIN }
    } else {
        let opacities = spread(gradient, range, |stop| vec![stop.opacity().get()]);
        State { opacity, mask: Some(mask(canvas, transform, &axis, &opacities, extent)), ..State::PLAIN }
    };
    canvas.set_state(state);
    let name = resource_name(canvas.document.pattern(shading, matrix(to_base)));
    match part {
        Part::Fill => {
            canvas.content.set_fill_color_space(ColorSpaceOperand::Pattern);
            canvas.content.set_fill_pattern([], Name(name.as_bytes()));
        }
        Part::Stroke => {
            canvas.content.set_stroke_color_space(ColorSpaceOperand::Pattern);
            canvas.content.set_stroke_pattern([], Name(name.as_bytes()));
        }
    }
}

fn set_colour(canvas: &mut Canvas<'_>, part: Part, colour: usvg::Color, opacity: f32) {
    canvas.set_state(State { opacity, ..State::PLAIN });
    let colour = [colour.red, colour.green, colour.blue];
    match part {
        Part::Fill => canvas.set_fill_colour(colour),
        Part::Stroke => canvas.set_stroke_colour(colour),
    }
}

fn linear(gradient: &usvg::LinearGradient) -> Axis {
    let (from, to) = ([gradient.x1(), gradient.y1(), 0.0], [gradient.x2(), gradient.y2(), 0.0]);
    Axis { from, to, is_radial: false }
}

fn radial(gradient: &usvg::RadialGradient) -> Axis {
    let from = [gradient.fx(), gradient.fy(), gradient.fr().get()];
    Axis { from, to: [gradient.cx(), gradient.cy(), gradient.r().get()], is_radial: true }
}

impl Axis {
    fn has_length(&self) -> bool {
        let steps = [0, 1, 2].map(|n| self.to[n] - self.from[n]);
        steps.iter().any(|step| *step != 0.0) && steps.iter().all(|step| step.is_finite())
    }

    fn scaled(&self, by: f32) -> Self {
        Self { from: self.from.map(|n| n * by), to: self.to.map(|n| n * by), is_radial: self.is_radial }
    }

    /// Distance between the centres.
    fn centres(&self) -> f32 {
        (self.to[0] - self.from[0]).hypot(self.to[1] - self.from[1])
    }

    /// The circle at a place of the axis.
    fn at(&self, place: f32) -> [f32; 3] {
        [0, 1, 2].map(|n| self.from[n] + place * (self.to[n] - self.from[n]))
    }

    /// The place of the axis that has the colour of a point. `None` if it has none.
    fn place(&self, point: Point) -> Option<f32> {
        let (x, y) = (point.x - self.from[0], point.y - self.from[1]);
        let place = if self.is_radial {
            // At most: a circle grows faster than its centre moves.
            let growth = self.to[2] - self.centres();
            (self.from[2] == 0.0 && growth > 0.0).then(|| x.hypot(y) / growth)?
        } else {
            let (dx, dy) = (self.to[0] - self.from[0], self.to[1] - self.from[1]);
            (x * dx + y * dy) / (dx * dx + dy * dy)
        };
        place.is_finite().then_some(place)
    }
}

/// The repetitions of a gradient that a shape needs, from and to. `None` if they are too many.
fn repetitions(method: SpreadMethod, axis: &Axis, transform: Transform, extent: usvg::Rect) -> Option<[f32; 2]> {
    if method == SpreadMethod::Pad {
        return Some([0.0, 1.0]);
    }
    let inverse = transform.invert()?;
    let (mut from, mut to) = if axis.is_radial { (0.0_f32, 1.0_f32) } else { (f32::MAX, f32::MIN) };
    for (x, y) in [
        (extent.left(), extent.top()),
        (extent.right(), extent.top()),
        (extent.left(), extent.bottom()),
        (extent.right(), extent.bottom()),
    ] {
        let mut corner = Point::from_xy(x, y);
        inverse.map_point(&mut corner);
        let place = axis.place(corner)?;
        from = from.min(place.floor());
        to = to.max(place.ceil());
    }
    // Beyond, places are no longer exact.
    let is_near = from.abs().max(to.abs()) < 1e5;
    (is_near && to > from && to - from <= REPETITIONS_MAX).then_some([from, to])
}

/// The stops of a gradient and its repetitions.
fn spread(gradient: &usvg::BaseGradient, [from, to]: [f32; 2], value: impl Fn(&usvg::Stop) -> Vec<f32>) -> Stops {
    let mut once: Stops = gradient.stops().iter().map(|stop| (stop.offset().get(), value(stop))).collect();
    if let (Some(first), Some(last)) = (once.first().cloned(), once.last().cloned()) {
        once.insert(0, (0.0, first.1));
        once.push((1.0, last.1));
    }
    let mut stops = Vec::new();
    let mut begin = from;
    while begin < to {
        if gradient.spread_method() == SpreadMethod::Reflect && begin.rem_euclid(2.0) > 0.5 {
            stops.extend(once.iter().rev().map(|(place, value)| (begin + 1.0 - place, value.clone())));
        } else {
            stops.extend(once.iter().map(|(place, value)| (begin + place, value.clone())));
        }
        begin += 1.0;
    }
    stops
}

/// A shading. Its function maps the whole axis of the stops.
fn shading(document: &mut Document, axis: &Axis, stops: &Stops, colours: Colours) -> Ref {
    let first = stops.first().map_or(0.0, |(place, _)| *place);
    let last = stops.last().map_or(1.0, |(place, _)| *place);
    let function = function(document, stops, [first, last]);
    let id = document.reserve();
    let mut shading = document.pdf.function_shading(id);
    match colours {
        Colours::Gray => shading.color_space().device_gray(),
        Colours::Rgb => shading.color_space().device_rgb(),
    }
    let (from, to) = (axis.at(first), axis.at(last));
    if axis.is_radial {
        shading.shading_type(FunctionShadingType::Radial).coords(from.into_iter().chain(to));
    } else {
        shading.shading_type(FunctionShadingType::Axial).coords([from[0], from[1], to[0], to[1]]);
    }
    shading.function(function).extend([true, true]);
    shading.finish();
    id
}

/// The function from 0 (`first`) to 1 (`last`) to colours.
fn function(document: &mut Document, stops: &Stops, [first, last]: [f32; 2]) -> Ref {
    let mut pieces = Vec::new();
    let mut ends = Vec::new();
    for pair in stops.windows(2) {
        let [(from, before), (to, after)] = pair else { continue };
        if to <= from {
            continue; // two stops at one place: the colour jumps
        }
        let id = document.reserve();
        let mut piece = document.pdf.exponential_function(id);
        piece.domain([0.0, 1.0]).c0(before.iter().copied()).c1(after.iter().copied()).n(1.0);
        piece.finish();
        pieces.push(id);
        ends.push((to - first) / (last - first));
    }
    if let [only] = pieces[..] {
        return only;
    }
    ends.pop();
    let id = document.reserve();
    let mut whole = document.pdf.stitching_function(id);
    whole.domain([0.0, 1.0]).functions(pieces.iter().copied()).bounds(ends);
    whole.encode(pieces.iter().flat_map(|_| [0.0, 1.0]));
    whole.finish();
    id
}

/// A form whose lightness is the opacity of a gradient, in the current coordinates.
fn mask(canvas: &mut Canvas<'_>, transform: Transform, axis: &Axis, opacities: &Stops, extent: usvg::Rect) -> Ref {
    let shading = shading(canvas.document, axis, opacities, Colours::Gray);
    canvas.document.name_shading(shading);
    let mut inner = canvas.inner();
    inner.transform(transform);
    inner.content.shading(Name(resource_name(shading).as_bytes()));
    let content = inner.into_content();
    canvas.document.form(content, bounds(extent), Colours::Gray)
}
