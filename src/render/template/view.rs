//! Conversion from the units of a drawing to millimetres.

use resvg::usvg::roxmltree;

use super::error::{SVG, TemplateError};
use crate::render::area::Area;

/// Greatest relative difference between the proportions of drawing and card.
const SHAPE_TOLERANCE: f32 = 0.005;

/// The coordinate system of a drawing.
pub(super) struct View {
    x: f32,
    y: f32,
    mm_per_unit: [f32; 2],
}

impl View {
    /// The area of a rectangle on the card. `None` unless it is a plain `<rect>` without transforms.
    pub(super) fn area(&self, node: roxmltree::Node<'_, '_>, bleed_mm: f32) -> Option<Area> {
        let plain = node.ancestors().filter(roxmltree::Node::is_element).all(|n| n.attribute("transform").is_none());
        let at_the_top = node
            .ancestors()
            .skip(1)
            .filter(roxmltree::Node::is_element)
            .all(|n| matches!(n.tag_name().name(), "g" | "svg"));
        if node.tag_name().name() != "rect" || !plain || !at_the_top {
            return None;
        }
        let number = |name: &str| node.attribute(name)?.trim().parse::<f32>().ok().filter(|n| n.is_finite());
        let or_zero = |name: &str| if node.attribute(name).is_none() { Some(0.0) } else { number(name) };
        let (width, height) = (number("width")?, number("height")?);
        let [x_mm, y_mm] = self.mm_per_unit;
        let area = Area {
            x_mm: (or_zero("x")? - self.x) * x_mm - bleed_mm,
            y_mm: (or_zero("y")? - self.y) * y_mm - bleed_mm,
            width_mm: width * x_mm,
            height_mm: height * y_mm,
        };
        (area.width_mm > 0.0 && area.height_mm > 0.0).then_some(area)
    }
}

/// Reads the `viewBox` of a drawing, which must have the proportions of `[width_mm, height_mm]`.
pub(super) fn view_box(
    document: &roxmltree::Document<'_>,
    [width_mm, height_mm]: [f32; 2],
) -> Result<View, TemplateError> {
    let root = document.root_element();
    let line = document.text_pos_at(root.range().start).row;
    let wrong = |message: String, hint: String| Err(TemplateError { line, message, hint });
    let hint = format!(
        "write `<svg xmlns=\"{SVG}\" viewBox=\"0 0 {width_mm} {height_mm}\">`; one unit is one millimetre then"
    );
    if root.tag_name().name() != "svg" || root.tag_name().namespace() != Some(SVG) {
        return wrong("its first element must be `<svg>` in the SVG namespace".into(), hint);
    }
    let numbers = root.attribute("viewBox").unwrap_or_default().split([' ', ',']).filter(|part| !part.is_empty());
    let numbers: Vec<f32> = numbers.filter_map(|part| part.parse().ok()).filter(|n: &f32| n.is_finite()).collect();
    let &[x, y, width, height] = numbers.as_slice() else {
        return wrong("it needs a `viewBox` of four numbers".into(), hint);
    };
    let has_shape =
        |w: f32, h: f32| w > 0.0 && h > 0.0 && (w / h / (width_mm / height_mm) - 1.0).abs() <= SHAPE_TOLERANCE;
    if !has_shape(width, height) {
        return wrong(format!("its `viewBox` must have the proportions of {width_mm} by {height_mm} mm"), hint);
    }
    let length =
        |name: &str| root.attribute(name).map(|text| text.trim_end_matches(char::is_alphabetic).parse::<f32>());
    match (length("width"), length("height")) {
        (None, None) => {}
        (Some(Ok(w)), Some(Ok(h))) if has_shape(w, h) => {}
        _ => {
            return wrong(
                "its `width` and `height` must have the proportions of the card".into(),
                "leave both out, or set both to the card's".into(),
            );
        }
    }
    Ok(View { x, y, mm_per_unit: [width_mm / width, height_mm / height] })
}
