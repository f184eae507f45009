//! The drawing of a side: an SVG file with places. It comes from a user and may be hostile: only the elements and
//! attributes listed here are allowed, so that it can neither read files nor use much time and memory.

mod error;
mod view;

use std::collections::{BTreeMap, HashMap};

use resvg::{
    tiny_skia::{Color, Pixmap, Transform},
    usvg::{self, roxmltree},
};

pub(super) use self::error::TemplateError;
use self::{
    error::SVG,
    view::{View, view_box},
};
use super::{area::Area, fonts, text::Typesetter};
use crate::domain::card::profile::FontName;

/// Largest size of a drawing in bytes.
const BYTES_MAX: usize = 512 * 1024;
/// Most elements in a drawing.
const ELEMENTS_MAX: usize = 5_000;
/// Deepest nesting of elements.
const DEPTH_MAX: usize = 24;
/// Most elements that need a layer of their own.
const LAYERS_MAX: usize = 64;
/// Deepest nesting of such layers.
const LAYERS_DEEP_MAX: usize = 3;

/// Elements that a drawing may have. Elements that repeat, filter or embed others are not among them.
const ELEMENTS: [&str; 18] = [
    "svg",
    "g",
    "defs",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "text",
    "tspan",
    "linearGradient",
    "radialGradient",
    "stop",
    "clipPath",
    "title",
    "desc",
];
/// Elements that drawing programs write, and that draw nothing.
const IGNORED: [&str; 1] = ["metadata"];
/// Attributes that cost much time, or need elements that are not allowed.
const REFUSED: [&str; 5] = ["filter", "mask", "stroke-dasharray", "marker", "mix-blend-mode"];
/// Attributes that need a layer.
const LAYERED: [&str; 3] = ["clip-path", "opacity", "isolation"];

/// A drawing without its places, and the areas of these.
pub(super) struct Template {
    pub(super) tree: usvg::Tree,
    places: BTreeMap<String, (Area, u32)>,
}

impl Template {
    /// Reads a drawing for a card of `width_mm` by `height_mm` that extends `bleed_mm` beyond each edge, and removes
    /// the required places from it.
    ///
    /// Fails if the drawing is invalid, exceeds a limit, or lacks a required place.
    pub(super) fn read(
        svg: &str,
        [width_mm, height_mm]: [f32; 2],
        bleed_mm: f32,
        wanted: &[&str],
        typesetter: &Typesetter,
    ) -> Result<Self, TemplateError> {
        let at = |line, message: String, hint: &str| TemplateError { line, message, hint: hint.to_owned() };
        if svg.len() > BYTES_MAX {
            return Err(at(1, format!("it has more than {BYTES_MAX} bytes"), "simplify the drawing"));
        }
        let options = roxmltree::ParsingOptions { nodes_limit: 100_000, ..Default::default() };
        let document = roxmltree::Document::parse_with_options(svg, options).map_err(|error| {
            at(error.pos().row, format!("it is not a valid SVG file: {error}"), "save it again as plain SVG")
        })?;
        let mut survey = Survey {
            view: view_box(&document, [width_mm + 2.0 * bleed_mm, height_mm + 2.0 * bleed_mm])?,
            size_mm: [width_mm, height_mm],
            bleed_mm,
            wanted,
            typesetter,
            elements: 0,
            layers: 0,
            depths: HashMap::new(),
            places: BTreeMap::new(),
            cuts: Vec::new(),
        };
        for node in document.root_element().descendants().filter(roxmltree::Node::is_element) {
            if node.tag_name().namespace() != Some(SVG) || IGNORED.contains(&node.tag_name().name()) {
                continue; // neither it nor its content is drawn
            }
            let line = document.text_pos_at(node.range().start).row;
            survey.visit(node, line).map_err(|(message, hint)| at(line, message, hint))?;
        }
        let Survey { places, cuts, .. } = survey;
        if let Some(missing) = wanted.iter().find(|name| !places.contains_key(**name)) {
            let message = format!("it has no place `{missing}`, which the profile names");
            return Err(at(1, message, "give a `<rect>` this `id`, or take the place out of the profile"));
        }
        let mut drawing = svg.to_owned();
        for cut in cuts.into_iter().rev() {
            drawing.replace_range(cut, "");
        }
        let options = usvg::Options {
            font_family: fonts::FAMILIES[0].into(),
            fontdb: fonts::database(),
            // No pictures, neither from other files nor embedded.
            image_href_resolver: usvg::ImageHrefResolver {
                resolve_data: Box::new(|_, _, _| None),
                resolve_string: Box::new(|_, _| None),
            },
            ..usvg::Options::default()
        };
        let tree = usvg::Tree::from_str(&drawing, &options)
            .map_err(|error| at(1, format!("it cannot be drawn: {error}"), "save it again as plain SVG"))?;
        Ok(Self { tree, places })
    }

    /// The area of a required place, and its line in the file.
    pub(super) fn place(&self, name: &str) -> (Area, u32) {
        self.places.get(name).copied().unwrap_or_default()
    }

    /// Renders the drawing on a white page: the card with `[width, height]` dots, and `[beside, above]` dots of the bleed at
    /// each edge. The drawing is stretched over the last dots, which the card covers partly; otherwise the edge would show a
    /// white line.
    pub(super) fn draw(
        &self,
        [width_mm, height_mm]: [f32; 2],
        bleed_mm: f32,
        [width, height]: [u32; 2],
        [beside, above]: [u32; 2],
    ) -> Option<Pixmap> {
        let mut page = Pixmap::new(width + 2 * beside, height + 2 * above)?;
        page.fill(Color::WHITE);
        #[expect(clippy::cast_precision_loss, reason = "a few thousand dots")]
        let [width, height, beside, above] = [width, height, beside, above].map(|dots| dots as f32);
        let [across, down] = [width / width_mm, height / height_mm];
        let size = self.tree.size();
        let scale = |mm: f32, dots_per_mm: f32, units: f32| (mm + 2.0 * bleed_mm) * dots_per_mm / units;
        let (x, y) = (scale(width_mm, across, size.width()), scale(height_mm, down, size.height()));
        let place = Transform::from_row(x, 0.0, 0.0, y, beside - bleed_mm * across, above - bleed_mm * down);
        resvg::render(&self.tree, place, &mut page.as_mut());
        Some(page)
    }
}

/// A fault, and how to correct it.
type Wrong = (String, &'static str);

/// The state while all elements of a drawing are visited.
struct Survey<'a> {
    view: View,
    size_mm: [f32; 2],
    bleed_mm: f32,
    wanted: &'a [&'a str],
    typesetter: &'a Typesetter,
    elements: usize,
    layers: usize,
    /// Nesting of each element: elements around it, and layers.
    depths: HashMap<roxmltree::NodeId, (usize, usize)>,
    places: BTreeMap<String, (Area, u32)>,
    /// The byte ranges of the places in the file.
    cuts: Vec<std::ops::Range<usize>>,
}

impl Survey<'_> {
    /// Checks an element. Outer elements are visited before inner ones.
    fn visit(&mut self, node: roxmltree::Node<'_, '_>, line: u32) -> Result<(), Wrong> {
        let properties = properties(node);
        let is_layer = properties.iter().any(|(key, value)| LAYERED.contains(key) && !["none", "1"].contains(value));
        self.elements += 1;
        self.layers += usize::from(is_layer);
        let outer = node.parent().and_then(|parent| self.depths.get(&parent.id()));
        let (depth, deep) = outer.copied().unwrap_or_default();
        self.depths.insert(node.id(), (depth + 1, deep + usize::from(is_layer)));
        if self.elements > ELEMENTS_MAX || self.layers > LAYERS_MAX {
            let message = format!(
                "it has more than {ELEMENTS_MAX} elements, or more than {LAYERS_MAX} that are clipped or translucent"
            );
            return Err((message, "simplify the drawing"));
        }
        if depth > DEPTH_MAX || deep > LAYERS_DEEP_MAX {
            let message = format!(
                "it has more than {DEPTH_MAX} elements inside one another, or more than {LAYERS_DEEP_MAX} that are clipped or translucent"
            );
            return Err((message, "take groups apart"));
        }
        check(node, &properties)?;
        let lacking = |child| self.typesetter.lacks(FontName::Regular, text_of(child)?);
        if let Some(lacking) = node.children().find_map(lacking) {
            let message = format!("a text has the character U+{:04X}, which the font lacks", u32::from(lacking));
            return Err((message, "write it with other characters, or draw it as a path"));
        }
        match node.attribute("id").filter(|id| self.wanted.contains(id)) {
            Some(name) => self.place(node, name, line),
            None => Ok(()),
        }
    }

    /// Records a place.
    fn place(&mut self, node: roxmltree::Node<'_, '_>, name: &str, line: u32) -> Result<(), Wrong> {
        let Some(area) = self.view.area(node, self.bleed_mm) else {
            let message = format!(
                "the place `{name}` must be a `<rect>` with numbers for x, y, width and height, and without `transform` on it or around it"
            );
            return Err((message, "draw the place as a plain rectangle at the top level"));
        };
        let ([width_mm, height_mm], slack) = (self.size_mm, 0.01);
        let is_inside = area.x_mm >= -slack
            && area.y_mm >= -slack
            && area.x_mm + area.width_mm <= width_mm + slack
            && area.y_mm + area.height_mm <= height_mm + slack;
        if !is_inside {
            return Err((format!("the place `{name}` extends beyond the card"), "move it, or make it smaller"));
        }
        if self.places.insert(name.to_owned(), (area, line)).is_some() {
            return Err((format!("the place `{name}` occurs twice"), "give each place an `id` of its own"));
        }
        self.cuts.push(node.range());
        Ok(())
    }
}

/// Checks name and attributes of an element.
fn check(node: roxmltree::Node<'_, '_>, properties: &[(&str, &str)]) -> Result<(), Wrong> {
    let name = node.tag_name().name();
    let is_nested_svg = name == "svg" && node.parent_element().is_some();
    if !ELEMENTS.contains(&name) || is_nested_svg {
        return Err((
            format!("`<{name}>` is not allowed in a drawing"),
            "draw it with paths, basic shapes, text, gradients and clip paths; pictures come from records",
        ));
    }
    let in_clip_path = node.ancestors().any(|outer| outer.tag_name().name() == "clipPath");
    if in_clip_path && properties.iter().any(|(key, value)| LAYERED.contains(key) && !["none", "1"].contains(value)) {
        // Nested clip paths multiply the time to draw.
        return Err(("a clip path is clipped or translucent itself".into(), "clip the group around it"));
    }
    for (key, value) in properties {
        if REFUSED.iter().any(|refused| key == refused || (*refused == "marker" && key.starts_with("marker-")))
            && *value != "none"
        {
            return Err((format!("`{key}` is not allowed in a drawing"), "draw it with paths"));
        }
        if *key == "href" && !value.starts_with('#') || value.contains("url(") && !value.contains("url(#") {
            return Err((format!("`{key}` refers outside the file"), "refer to elements of the same file only"));
        }
        let families = value.split(',').map(|family| family.trim().trim_matches(['"', '\'']));
        if *key == "font-family" && !families.clone().any(|family| fonts::FAMILIES.contains(&family)) {
            return Err((
                "its `font-family` is not built in".into(),
                "use `Liberation Sans` or `OCR B`, or turn the text into paths",
            ));
        }
    }
    Ok(())
}

/// The attributes of an element, including those in `style`.
fn properties<'a>(node: roxmltree::Node<'a, '_>) -> Vec<(&'a str, &'a str)> {
    let style = node.attribute("style").unwrap_or_default().split(';').filter_map(|one| one.split_once(':'));
    let own = node.attributes().map(|attribute| (attribute.name(), attribute.value()));
    own.chain(style).map(|(key, value)| (key.trim(), value.trim())).filter(|(key, _)| *key != "style").collect()
}

/// The text of a text node that is drawn.
fn text_of<'a>(node: roxmltree::Node<'a, '_>) -> Option<&'a str> {
    let inside = node.parent_element().map(|parent| parent.tag_name().name());
    matches!(inside, Some("text" | "tspan")).then(|| node.text()).flatten().filter(|_| node.is_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(svg: &str, wanted: &[&str]) -> Result<Template, TemplateError> {
        Template::read(svg, [85.6, 53.98], 0.0, wanted, &Typesetter::new())
    }

    fn with(inside: &str) -> String {
        format!("<svg xmlns=\"{SVG}\" viewBox=\"0 0 85.6 53.98\">\n{inside}\n</svg>")
    }

    fn refused(svg: &str) -> TemplateError {
        read(svg, &[]).err().unwrap()
    }

    #[test]
    fn a_place_is_found_and_not_drawn() {
        let svg = with("<rect id=\"name\" x=\"10\" y=\"20\" width=\"30\" height=\"6\" fill=\"black\"/>");
        let template = read(&svg, &["name"]).unwrap();
        assert_eq!(template.place("name"), (Area { x_mm: 10.0, y_mm: 20.0, width_mm: 30.0, height_mm: 6.0 }, 2));
        let page = template.draw([85.6, 53.98], 0.0, [1012, 638], [0, 0]).unwrap();
        assert!(page.data().iter().all(|byte| *byte == 255), "nothing is left of it");
        let drawn = read(&svg, &[]).unwrap().draw([85.6, 53.98], 0.0, [1012, 638], [0, 0]).unwrap();
        assert!(drawn.data().contains(&0), "a rectangle that is no place is drawn");
    }

    #[test]
    fn units_are_what_the_view_box_says_and_the_bleed_lies_outside_of_the_card() {
        let svg = format!(
            "<svg xmlns=\"{SVG}\" viewBox=\"-20 -20 896 579.8\"><rect id=\"a\" x=\"0\" y=\"100\" width=\"856\" height=\"10\"/></svg>"
        );
        let template = Template::read(&svg, [85.6, 53.98], 2.0, &["a"], &Typesetter::new());
        let (area, _) = template.unwrap_or_else(|error| panic!("{error}")).place("a");
        let near = |is: f32, wanted: f32| (is - wanted).abs() < 0.02;
        assert!(near(area.x_mm, 0.0) && near(area.y_mm, 10.0) && near(area.width_mm, 85.6), "{area:?}");
    }

    #[test]
    fn what_is_drawn_reaches_the_last_dots_of_the_card() {
        let svg = with("<path d=\"M0 0H85.6V53.98H0Z\" fill=\"#204060\"/>");
        let page = read(&svg, &[]).unwrap().draw([85.6, 53.98], 0.0, [1012, 638], [0, 0]).unwrap();
        assert!(page.data().chunks_exact(4).all(|dot| dot == [0x20, 0x40, 0x60, 255]));
    }

    #[test]
    fn what_leads_out_of_the_file_or_costs_too_much_is_refused_with_its_line() {
        for (inside, what) in [
            ("<image href=\"file:///etc/passwd\"/>", "`<image>` is not allowed"),
            ("<image href=\"http://127.0.0.1/\"/>", "`<image>` is not allowed"),
            ("<script>alert(1)</script>", "`<script>` is not allowed"),
            ("<style>@import url(http://127.0.0.1/)</style>", "`<style>` is not allowed"),
            ("<g id=\"a\"/><use href=\"#a\"/>", "`<use>` is not allowed"),
            ("<foreignObject/>", "`<foreignObject>` is not allowed"),
            ("<filter id=\"a\"/>", "`<filter>` is not allowed"),
            ("<pattern id=\"a\"/>", "`<pattern>` is not allowed"),
            ("<svg/>", "`<svg>` is not allowed"),
            ("<path d=\"M0 0H9\" style=\"filter:url(#a)\"/>", "`filter` is not allowed"),
            ("<path d=\"M0 0H9\" stroke-dasharray=\"0.0001\"/>", "`stroke-dasharray` is not allowed"),
            ("<path d=\"M0 0H9\" fill=\"url(http://127.0.0.1/a.svg#b)\"/>", "`fill` refers outside the file"),
            ("<linearGradient href=\"other.svg#a\"/>", "`href` refers outside the file"),
            ("<text font-family=\"Arial\">a</text>", "is not built in"),
            ("<text>\u{4E2D}</text>", "U+4E2D, which the font lacks"),
        ] {
            let error = refused(&with(inside));
            assert!(error.message.contains(what), "{inside}: {error}");
            assert_eq!(error.line, 2, "{inside}");
            assert!(!error.hint.is_empty());
        }
    }

    #[test]
    fn bombs_are_refused_before_they_are_drawn() {
        let deep = |n: usize| "<g>".repeat(n) + &"</g>".repeat(n);
        let clipped = |n: usize| "<g opacity=\"0.5\">".repeat(n) + &"</g>".repeat(n);
        let twice = "<rect width=\"9\" height=\"9\" clip-path=\"url(#c%)\"/>".repeat(2);
        let level = |n: usize| format!("<clipPath id=\"c{n}\">{}</clipPath>", twice.replace('%', &(n + 1).to_string()));
        let doubling = (0..30).map(level).collect::<Vec<_>>().concat() + "<rect clip-path=\"url(#c0)\"/>";
        let attributes = (0..20_000).map(|n| format!(" a{n}=\"\"")).collect::<Vec<_>>().concat();
        for (svg, what) in [
            (with(&deep(40_000)), "inside one another"),
            (with(&doubling), "a clip path is clipped"),
            (with(&deep(30)), "more than 24 elements inside one another"),
            (with(&clipped(5)), "clipped or translucent"),
            (with(&"<g opacity=\"0.5\"/>".repeat(100)), "clipped or translucent"),
            (with(&"<g/>".repeat(6_000)), "more than 5000 elements"),
            (with(&" ".repeat(600_000)), "more than 524288 bytes"),
            (
                format!("<!DOCTYPE svg [<!ENTITY a \"aaaa\">]>{}", with("<text>&a;</text>")),
                "it is not a valid SVG file",
            ),
            ("<".repeat(500_000), "it is not a valid SVG file"),
            (with(&format!("<g{attributes}><g/></g>")), ""),
        ] {
            match read(&svg, &[]) {
                Ok(_) => assert_eq!(what, ""),
                Err(error) => assert!(error.message.contains(what), "{error}"),
            }
        }
    }

    #[test]
    fn a_place_that_is_none_is_refused_with_what_to_do() {
        let rect = |more: &str| format!("<rect id=\"name\" x=\"1\" y=\"1\" width=\"9\" height=\"9\" {more}/>");
        for (inside, what) in [
            (String::new(), "it has no place `name`"),
            (rect("transform=\"scale(2)\""), "must be a `<rect>` with numbers"),
            (format!("<g transform=\"scale(2)\">{}</g>", rect("")), "must be a `<rect>` with numbers"),
            (format!("<defs>{}</defs>", rect("")), "must be a `<rect>` with numbers"),
            ("<circle id=\"name\" r=\"3\"/>".into(), "must be a `<rect>` with numbers"),
            ("<rect id=\"name\" width=\"10%\" height=\"3\"/>".into(), "must be a `<rect>` with numbers"),
            ("<rect id=\"name\" x=\"80\" width=\"10\" height=\"3\"/>".into(), "extends beyond the card"),
            (rect("") + &rect(""), "occurs twice"),
        ] {
            let error = read(&with(&inside), &["name"]).err().unwrap();
            assert!(error.message.contains(what), "{inside}: {error}");
        }
    }

    #[test]
    fn a_drawing_of_another_shape_is_refused() {
        for svg in [
            "viewBox=\"0 0 100 100\"",
            "viewBox=\"0 0 85.6\"",
            "",
            "viewBox=\"0 0 85.6 53.98\" width=\"1\" height=\"9\"",
        ] {
            let svg = format!("<svg xmlns=\"{SVG}\" {svg}/>");
            assert!(refused(&svg).hint.contains("85.6") || refused(&svg).hint.contains("leave both out"), "{svg}");
        }
        assert!(refused("<html/>").message.contains("must be `<svg>`"));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]
        #[test]
        fn any_bytes_and_any_mixture_of_a_drawing_are_read_or_refused(
            at in 0_usize..3_000, cut in 0_usize..3_000, put in "[<>/\"=a-z0-9#%. ]{0,12}|.{0,4}"
        ) {
            let svg = include_str!("../../profiles/ktp-el/front.svg");
            let edge = |at: usize| (0..=at.min(svg.len())).rev().find(|at| svg.is_char_boundary(*at)).unwrap_or(0);
            let (from, to) = (edge(at), edge(at + cut % 40));
            let mixed = format!("{}{put}{}", &svg[..from], &svg[to..]);
            if let Ok(template) = read(&mixed, &[]) {
                let _ = template.draw([85.6, 53.98], 0.0, [101, 64], [0, 0]);
            }
            let _ = read(&put, &["name"]);
        }
    }
}
