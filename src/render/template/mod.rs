//! A side's drawing: an SVG with places. It comes from a user, and may be hostile: only what is listed here is taken, so
//! that it can neither read a file nor use more time and memory than a card is worth.

mod view;

use std::collections::{BTreeMap, HashMap};

use resvg::{
    tiny_skia::{Color, Pixmap, Transform},
    usvg::{self, roxmltree},
};

use self::view::{View, view_box};
use super::{Area, fonts, text::Typesetter};
use crate::domain::card::profile::FontName;

/// A template is no longer than this.
const BYTES_MAX: usize = 512 * 1024;
/// Elements of a template.
const ELEMENTS_MAX: usize = 5_000;
/// Elements inside one another.
const DEPTH_MAX: usize = 24;
/// Elements that are drawn on a layer of their own first.
const LAYERS_MAX: usize = 64;
/// Such layers inside one another.
const LAYERS_DEEP_MAX: usize = 3;

/// Elements that a template may have. What is drawn by repeating, filtering or embedding is not among them.
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
const SVG: &str = "http://www.w3.org/2000/svg";
/// Elements that drawing programs leave, and that draw nothing.
const IGNORED: [&str; 1] = ["metadata"];
/// Attributes that cost more than they are worth on a card, or need elements that are not taken.
const REFUSED: [&str; 5] = ["filter", "mask", "stroke-dasharray", "marker", "mix-blend-mode"];
const LAYERED: [&str; 3] = ["clip-path", "opacity", "isolation"];

/// What is wrong with a template, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct TemplateError {
    /// The line of the file, from 1.
    pub(super) line: u32,
    /// What is wrong.
    pub(super) message: String,
    /// What to do.
    pub(super) hint: String,
}

/// A drawing without its places, and where these are.
pub(super) struct Template {
    pub(super) tree: usvg::Tree,
    places: BTreeMap<String, (Area, u32)>,
}

impl Template {
    /// Reads a template of `width_mm` by `height_mm`, which goes `bleed_mm` beyond each edge, and takes out the places that
    /// are wanted.
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
        let document = roxmltree::Document::parse_with_options(svg, options)
            .map_err(|error| at(error.pos().row, format!("it is no SVG: {error}"), "save it again as plain SVG"))?;
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
                continue; // it is not drawn, and neither is what is in it
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
            // Nothing outside of the file, and nothing embedded in it.
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

    /// Where a place is that was wanted, and its line in the file.
    pub(super) fn place(&self, name: &str) -> (Area, u32) {
        self.places.get(name).copied().unwrap_or_default()
    }

    /// The drawing on white, without its bleed: `[width_mm, height_mm]` on so many dots. It fills the last ones too, which
    /// the card does not: a line of white would show at its edge.
    pub(super) fn draw(
        &self,
        [width_mm, height_mm]: [f32; 2],
        bleed_mm: f32,
        [width, height]: [u32; 2],
    ) -> Option<Pixmap> {
        let mut page = Pixmap::new(width, height)?;
        page.fill(Color::WHITE);
        #[expect(clippy::cast_precision_loss, reason = "a card has a few thousand")]
        let [across, down] = [width as f32 / width_mm, height as f32 / height_mm];
        let size = self.tree.size();
        let scale = |mm: f32, dots_per_mm: f32, units: f32| (mm + 2.0 * bleed_mm) * dots_per_mm / units;
        let (x, y) = (scale(width_mm, across, size.width()), scale(height_mm, down, size.height()));
        let place = Transform::from_row(x, 0.0, 0.0, y, -bleed_mm * across, -bleed_mm * down);
        resvg::render(&self.tree, place, &mut page.as_mut());
        Some(page)
    }
}

/// What is wrong, and what to do.
type Wrong = (String, &'static str);

/// A walk through all elements of a drawing.
struct Survey<'a> {
    view: View,
    size_mm: [f32; 2],
    bleed_mm: f32,
    wanted: &'a [&'a str],
    typesetter: &'a Typesetter,
    elements: usize,
    layers: usize,
    /// How deep each element is, and on how many layers.
    depths: HashMap<roxmltree::NodeId, (usize, usize)>,
    places: BTreeMap<String, (Area, u32)>,
    /// Where the places stand in the file.
    cuts: Vec<std::ops::Range<usize>>,
}

impl Survey<'_> {
    /// Looks at an element; outer ones come before inner ones.
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
                "it has more than {ELEMENTS_MAX} elements, or more than {LAYERS_MAX} that are clipped or see-through"
            );
            return Err((message, "simplify the drawing"));
        }
        if depth > DEPTH_MAX || deep > LAYERS_DEEP_MAX {
            let message = format!(
                "it has more than {DEPTH_MAX} elements inside one another, or more than {LAYERS_DEEP_MAX} that are clipped or see-through"
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

    /// Takes a place in.
    fn place(&mut self, node: roxmltree::Node<'_, '_>, name: &str, line: u32) -> Result<(), Wrong> {
        let Some(area) = self.view.area(node, self.bleed_mm) else {
            let message = format!(
                "the place `{name}` is no `<rect>` with numbers for x, y, width and height, in no element with a `transform`"
            );
            return Err((message, "draw the place as a plain rectangle at the top level"));
        };
        let ([width_mm, height_mm], slack) = (self.size_mm, 0.01);
        let is_inside = area.x_mm >= -slack
            && area.y_mm >= -slack
            && area.x_mm + area.width_mm <= width_mm + slack
            && area.y_mm + area.height_mm <= height_mm + slack;
        if !is_inside {
            return Err((format!("the place `{name}` goes beyond the card"), "move it, or make it smaller"));
        }
        if self.places.insert(name.to_owned(), (area, line)).is_some() {
            return Err((format!("the place `{name}` is there twice"), "give each place an `id` of its own"));
        }
        self.cuts.push(node.range());
        Ok(())
    }
}

/// What the element is and says, as a sentence and what to do.
fn check(node: roxmltree::Node<'_, '_>, properties: &[(&str, &str)]) -> Result<(), Wrong> {
    let name = node.tag_name().name();
    let is_nested_svg = name == "svg" && node.parent_element().is_some();
    if !ELEMENTS.contains(&name) || is_nested_svg {
        return Err((
            format!("`<{name}>` is not taken in a template"),
            "draw it with paths, basic shapes, text, gradients and clip paths; pictures come from records",
        ));
    }
    let in_clip_path = node.ancestors().any(|outer| outer.tag_name().name() == "clipPath");
    if in_clip_path && properties.iter().any(|(key, value)| LAYERED.contains(key) && !["none", "1"].contains(value)) {
        // Each level would be drawn as often as the one above refers to it.
        return Err(("a clip path is clipped or see-through itself".into(), "clip the group around it"));
    }
    for (key, value) in properties {
        if REFUSED.iter().any(|refused| key == refused || (*refused == "marker" && key.starts_with("marker-")))
            && *value != "none"
        {
            return Err((format!("`{key}` is not taken in a template"), "draw it with paths"));
        }
        if *key == "href" && !value.starts_with('#') || value.contains("url(") && !value.contains("url(#") {
            return Err((format!("`{key}` leads out of the file"), "use only what is in the file itself"));
        }
        let families = value.split(',').map(|family| family.trim().trim_matches(['"', '\'']));
        if *key == "font-family" && !families.clone().any(|family| fonts::FAMILIES.contains(&family)) {
            return Err((
                "it has a `font-family` that does not come with the program".into(),
                "use `Liberation Sans` or `OCR B`, or turn the text into paths",
            ));
        }
    }
    Ok(())
}

/// Attributes, and those that stand in `style`.
fn properties<'a>(node: roxmltree::Node<'a, '_>) -> Vec<(&'a str, &'a str)> {
    let style = node.attribute("style").unwrap_or_default().split(';').filter_map(|one| one.split_once(':'));
    let own = node.attributes().map(|attribute| (attribute.name(), attribute.value()));
    own.chain(style).map(|(key, value)| (key.trim(), value.trim())).filter(|(key, _)| *key != "style").collect()
}

/// The text in an element that shows it.
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
        let page = template.draw([85.6, 53.98], 0.0, [1012, 638]).unwrap();
        assert!(page.data().iter().all(|byte| *byte == 255), "nothing is left of it");
        let drawn = read(&svg, &[]).unwrap().draw([85.6, 53.98], 0.0, [1012, 638]).unwrap();
        assert!(drawn.data().contains(&0), "who is no place is drawn");
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
        let page = read(&svg, &[]).unwrap().draw([85.6, 53.98], 0.0, [1012, 638]).unwrap();
        assert!(page.data().chunks_exact(4).all(|dot| dot == [0x20, 0x40, 0x60, 255]));
    }

    #[test]
    fn what_leads_out_of_the_file_or_costs_too_much_is_refused_with_its_line() {
        for (inside, what) in [
            ("<image href=\"file:///etc/passwd\"/>", "`<image>` is not taken"),
            ("<image href=\"http://127.0.0.1/\"/>", "`<image>` is not taken"),
            ("<script>alert(1)</script>", "`<script>` is not taken"),
            ("<style>@import url(http://127.0.0.1/)</style>", "`<style>` is not taken"),
            ("<g id=\"a\"/><use href=\"#a\"/>", "`<use>` is not taken"),
            ("<foreignObject/>", "`<foreignObject>` is not taken"),
            ("<filter id=\"a\"/>", "`<filter>` is not taken"),
            ("<pattern id=\"a\"/>", "`<pattern>` is not taken"),
            ("<svg/>", "`<svg>` is not taken"),
            ("<path d=\"M0 0H9\" style=\"filter:url(#a)\"/>", "`filter` is not taken"),
            ("<path d=\"M0 0H9\" stroke-dasharray=\"0.0001\"/>", "`stroke-dasharray` is not taken"),
            ("<path d=\"M0 0H9\" fill=\"url(http://127.0.0.1/a.svg#b)\"/>", "`fill` leads out of the file"),
            ("<linearGradient href=\"other.svg#a\"/>", "`href` leads out of the file"),
            ("<text font-family=\"Arial\">a</text>", "does not come with the program"),
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
            (with(&clipped(5)), "clipped or see-through"),
            (with(&"<g opacity=\"0.5\"/>".repeat(100)), "clipped or see-through"),
            (with(&"<g/>".repeat(6_000)), "more than 5000 elements"),
            (with(&" ".repeat(600_000)), "more than 524288 bytes"),
            (format!("<!DOCTYPE svg [<!ENTITY a \"aaaa\">]>{}", with("<text>&a;</text>")), "it is no SVG"),
            ("<".repeat(500_000), "it is no SVG"),
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
            (rect("transform=\"scale(2)\""), "is no `<rect>` with numbers"),
            (format!("<g transform=\"scale(2)\">{}</g>", rect("")), "is no `<rect>` with numbers"),
            (format!("<defs>{}</defs>", rect("")), "is no `<rect>` with numbers"),
            ("<circle id=\"name\" r=\"3\"/>".into(), "is no `<rect>` with numbers"),
            ("<rect id=\"name\" width=\"10%\" height=\"3\"/>".into(), "is no `<rect>` with numbers"),
            ("<rect id=\"name\" x=\"80\" width=\"10\" height=\"3\"/>".into(), "goes beyond the card"),
            (rect("") + &rect(""), "is there twice"),
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
        assert!(refused("<html/>").message.contains("no `<svg>`"));
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
                let _ = template.draw([85.6, 53.98], 0.0, [101, 64]);
            }
            let _ = read(&put, &["name"]);
        }
    }
}
