//! Tests that drawings look in a PDF as the renderer draws them. Poppler (Debian: `poppler-utils`) reads the PDF.

use std::{fs, io::Cursor, process::Command};

use proptest::prelude::*;
use resvg::{
    tiny_skia::{Color, Pixmap, Transform},
    usvg::{self, Tree},
};

use super::{canvas::Canvas, document::Document, svg};
use crate::render::fonts;

/// The page in points; drawings have 100 by 60 units.
const PAGE: [f32; 2] = [240.0, 144.0];
const DPI: f32 = 300.0;

fn tree(inside: &str) -> Tree {
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"100\" height=\"60\" font-family=\"Liberation Sans\">{inside}</svg>"
    );
    let options =
        usvg::Options { font_family: fonts::FAMILIES[0].into(), fontdb: fonts::database(), ..usvg::Options::default() };
    Tree::from_str(&svg, &options).unwrap_or_else(|error| panic!("{error}: {svg}"))
}

fn document(tree: &Tree) -> Vec<u8> {
    let mut document = Document::new();
    let mut canvas = Canvas::new(&mut document, PAGE);
    let scale = PAGE[0] / tree.size().width();
    assert!(canvas.transform(Transform::from_row(scale, 0.0, 0.0, -scale, 0.0, PAGE[1])));
    svg::draw(&mut canvas, tree.root()).unwrap();
    let content = canvas.into_content();
    document.add_page(content, PAGE, None);
    document.finish().unwrap()
}

/// What a tool of poppler writes when it reads a PDF without complaint.
fn told(tool: &str, pdf: &[u8], options: &[&str], last: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.pdf"), pdf).unwrap();
    let told = Command::new(tool).args(options).arg("a.pdf").args(last).current_dir(folder.path()).output();
    let told = told.unwrap_or_else(|error| panic!("`{tool}` of poppler-utils does not run: {error}"));
    let said = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success() && said.is_empty(), "{tool}: {said}");
    told.stdout
}

/// The text of a page, with one space between words.
fn text(inside: &str) -> String {
    let text =
        String::from_utf8(told("pdftotext", &document(&tree(inside)), &["-raw", "-enc", "UTF-8"], &["-"])).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A page in dots of three bytes.
struct Page {
    width: usize,
    dots: Vec<u8>,
}

impl Page {
    fn of_pdf(pdf: &[u8]) -> Self {
        let png = told("pdftoppm", pdf, &["-r", &DPI.to_string(), "-png", "-singlefile"], &[]);
        let mut reader = png::Decoder::new(Cursor::new(png)).read_info().unwrap();
        let mut dots = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut dots).unwrap();
        assert_eq!(reader.info().color_type, png::ColorType::Rgb);
        Self { width: reader.info().width as usize, dots }
    }

    fn of_tree(tree: &Tree) -> Self {
        let scale = PAGE[0] / 72.0 * DPI / tree.size().width();
        let mut page = Pixmap::new(1000, 600).unwrap();
        page.fill(Color::WHITE);
        resvg::render(tree, Transform::from_scale(scale, scale), &mut page.as_mut());
        Self { width: 1000, dots: page.pixels().iter().flat_map(|dot| [dot.red(), dot.green(), dot.blue()]).collect() }
    }

    /// The mean of each square of eight dots: both draw edges in their own way.
    fn squares(&self) -> Vec<f64> {
        let across = self.width / 8 * 3;
        let mut sums = vec![0_u32; across * (self.dots.len() / 3 / self.width / 8)];
        for (y, row) in self.dots.chunks_exact(self.width * 3).enumerate() {
            let squares = &mut sums[y / 8 * across..][..across];
            for (dot, square) in row.chunks_exact(24).zip(squares.chunks_exact_mut(3)) {
                for (at, byte) in dot.iter().enumerate() {
                    square[at % 3] += u32::from(*byte);
                }
            }
        }
        sums.into_iter().map(|sum| f64::from(sum) / 64.0).collect()
    }

    /// Mean and greatest difference of squares.
    fn difference(&self, other: &Self) -> (f64, f64) {
        assert_eq!((self.width, self.dots.len()), (other.width, other.dots.len()));
        let pairs: Vec<f64> = self.squares().iter().zip(other.squares()).map(|(one, two)| (one - two).abs()).collect();
        let greatest = pairs.iter().fold(0.0, |most: f64, one| most.max(*one));
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let mean = pairs.iter().sum::<f64>() / pairs.len() as f64;
        (mean, greatest)
    }
}

const STOPS: &str = "<stop offset='0.1' stop-color='#d02020'/><stop offset='0.5' stop-color='#f0e040'/><stop offset='0.9' stop-color='#2030c0'/>";
const FADING: &str = "<stop offset='0' stop-color='#d02020'/><stop offset='1' stop-color='#2030c0' stop-opacity='0'/>";

const FILLED: &str = "<rect x='5' y='5' width='90' height='50' fill='url(#g)'/>";

fn gradient(kind: &str, attributes: &str, stops: &str, shape: &str) -> String {
    format!("<defs><{kind} id='g' {attributes}>{stops}</{kind}></defs>{shape}")
}

/// Drawings of shapes that templates may have: name, elements.
fn shapes() -> Vec<(&'static str, String)> {
    let wave = "<path d='M10 30C30 -10 60 70 90 30' fill='none' stroke='url(#g)' stroke-width='8'/>";
    let clipped = |shapes: &str| {
        format!(
            "<defs><clipPath id='c'>{shapes}</clipPath></defs><g clip-path='url(#c)'><rect width='100' height='60' fill='#208040'/><circle cx='50' cy='30' r='20' fill='#f0c020'/></g>"
        )
    };
    vec![
        ("even-odd", "<path d='M10 5L90 55L90 5L10 55Z M20 20H80V40H20Z' fill='#345' fill-rule='evenodd'/>".into()),
        ("non-zero", "<path d='M10 5L90 55L90 5L10 55Z M20 20H80V40H20Z' fill='#345'/>".into()),
        ("curves", "<path d='M10 30Q30 -10 50 30T90 30A20 10 30 0 1 60 50Z' fill='#a50'/>".into()),
        ("strokes", "<path d='M10 10L40 50L70 10' fill='none' stroke='#333' stroke-width='6' stroke-linecap='round' stroke-linejoin='round'/><path d='M60 50L75 20L90 50' fill='none' stroke='#a33' stroke-width='5' stroke-linejoin='bevel' stroke-linecap='square'/>".into()),
        ("miter", "<path d='M10 50L20 10L30 50M50 50L52 10L54 50' fill='none' stroke='#333' stroke-width='4' stroke-miterlimit='5'/>".into()),
        ("dashes", "<path d='M5 10H95' stroke='#000' stroke-width='4' stroke-dasharray='7 3 1' stroke-dashoffset='-4'/><path d='M5 40H95' stroke='#000' stroke-width='4' stroke-dasharray='0 8' stroke-linecap='round'/>".into()),
        ("stretched stroke", "<g transform='scale(3 0.8)'><path d='M5 10L20 60' stroke='#123' stroke-width='5'/></g>".into()),
        ("translucent fill and stroke", "<circle cx='40' cy='30' r='20' fill='#00f' fill-opacity='0.4' stroke='#f00' stroke-width='8' stroke-opacity='0.5'/><circle cx='60' cy='30' r='20' fill='#080' fill-opacity='0.5'/>".into()),
        ("paint order", "<circle cx='40' cy='30' r='20' fill='#00f' stroke='#f00' stroke-width='8' paint-order='stroke'/>".into()),
        ("nested opacity", "<g opacity='0.6'><rect x='5' y='5' width='60' height='40' fill='#c00'/><g opacity='0.5' transform='rotate(10)'><rect x='40' y='5' width='40' height='40' fill='#00c'/><circle cx='50' cy='30' r='12'/></g></g>".into()),
        ("linear gradient", gradient("linearGradient", "x2='1' y2='1'", STOPS, FILLED)),
        ("linear gradient on a stroke", gradient("linearGradient", "", STOPS, wave)),
        ("linear gradient with transform", gradient("linearGradient", "gradientUnits='userSpaceOnUse' x1='20' x2='60' gradientTransform='rotate(30) skewX(20)'", STOPS, FILLED)),
        ("radial gradient", gradient("radialGradient", "", STOPS, FILLED)),
        ("radial gradient with focus", gradient("radialGradient", "fx='0.3' fy='0.4' fr='0.05'", STOPS, FILLED)),
        ("fading gradient", gradient("linearGradient", "", FADING, FILLED)),
        ("fading radial gradient in a group", format!("<g transform='translate(20 10) scale(0.7)' opacity='0.8'>{}</g>", gradient("radialGradient", "", FADING, FILLED))),
        ("fading stroke", gradient("linearGradient", "gradientUnits='userSpaceOnUse' x2='100'", FADING, wave)),
        ("gradient in a translucent group", format!("<g transform='translate(20 10) rotate(8) scale(0.7)' opacity='0.5'>{}</g>", gradient("linearGradient", "", STOPS, FILLED))),
        ("clip to a circle", clipped("<circle cx='40' cy='30' r='25' transform='scale(1.2 1)'/>")),
        ("clip even-odd", clipped("<path d='M10 5L90 55L90 5L10 55Z M20 20H80V40H20Z' clip-rule='evenodd'/>")),
        ("clip to shapes of either direction", clipped("<path d='M10 10H60V40H10Z'/><path d='M40 20V50H90V20Z'/>")),
        ("clip to text", clipped("<text x='5' y='45' font-size='40' font-weight='bold'>Ab</text>")),
        ("clip to nothing", clipped("")),
        ("clip of a clip", "<defs><clipPath id='d'><circle cx='60' cy='30' r='25'/></clipPath><clipPath id='c' clip-path='url(#d)'><path d='M10 10H60V40H10Z'/><path d='M40 20V50H90V20Z'/></clipPath></defs><g clip-path='url(#c)' opacity='0.7'><rect width='100' height='60' fill='#208040'/></g>".into()),
        ("clip of a shape in a clip", "<defs><clipPath id='d'><circle cx='60' cy='30' r='25'/></clipPath><clipPath id='c'><path d='M10 10H60V40H10Z' clip-path='url(#d)'/><path d='M40 20V50H90V20Z'/></clipPath></defs><g transform='rotate(5)'><g transform='translate(3 2)' clip-path='url(#c)' opacity='0.7'><rect width='100' height='60' fill='#208040'/></g></g>".into()),
    ]
}

/// Gradients that repeat.
fn repeating() -> Vec<(&'static str, String)> {
    vec![
        ("reflected gradient", gradient("linearGradient", "x2='0.2' y2='0.1' spreadMethod='reflect'", STOPS, FILLED)),
        ("repeated gradient", gradient("linearGradient", "x1='0.4' x2='0.55' spreadMethod='repeat'", STOPS, FILLED)),
        (
            "repeated radial gradient",
            gradient("radialGradient", "r='0.2' fx='0.45' spreadMethod='repeat'", STOPS, FILLED),
        ),
        ("reflected radial gradient", gradient("radialGradient", "r='0.2' spreadMethod='reflect'", STOPS, FILLED)),
        ("fine repeated gradient", gradient("linearGradient", "x2='0.01' spreadMethod='reflect'", STOPS, FILLED)),
    ]
}

/// Texts.
fn texts() -> Vec<(&'static str, String)> {
    let letters = |attributes: &str| format!("<text x='10' y='35' font-size='14' {attributes}>Kartu Éß 12</text>");
    vec![
        ("text", letters("")),
        ("translucent text", letters("fill='#a00' fill-opacity='0.5'")),
        ("turned text", letters("transform='rotate(8) skewX(15)'")),
        ("stretched text", letters("transform='scale(0.8 1.4)'")),
        ("spaced text", letters("letter-spacing='1.2' word-spacing='5'")),
        ("centred text", "<text x='50' y='35' font-size='9' text-anchor='middle' fill='#046'>centre <tspan font-weight='bold' dy='3'>bold</tspan> end</text>".into()),
        ("text with glyphs in places", "<text x='5 20 30 50' y='20 30' rotate='10 -20 30' font-size='14'>Places</text>".into()),
        ("underlined text", letters("text-decoration='underline line-through'")),
        ("text with stroke", letters("font-family='OCR B' fill='#fc0' stroke='#000' stroke-width='0.4' paint-order='stroke'")),
        ("text with gradient", gradient("linearGradient", "", STOPS, &letters("fill='url(#g)'"))),
        ("long text", "<text x='5' y='35' font-size='14' textLength='80' lengthAdjust='spacingAndGlyphs'>OCR-B</text>".into()),
    ]
}

/// Drawings of what PDF has no vectors for.
fn pictured() -> Vec<(&'static str, String)> {
    let shapes = "<rect x='10' y='10' width='50' height='30' fill='#c00'/><circle cx='60' cy='35' r='18' fill='#00c'/>";
    vec![
        ("mask", format!("<defs><mask id='m' maskUnits='userSpaceOnUse' x='0' y='0' width='100' height='60'><circle cx='40' cy='30' r='25' fill='#aaa'/></mask></defs><g mask='url(#m)'>{shapes}</g>")),
        ("filter", format!("<defs><filter id='f'><feGaussianBlur stdDeviation='2'/></filter></defs><g transform='rotate(5)'><g filter='url(#f)' transform='translate(5 3)'>{shapes}</g></g>")),
        ("pattern", "<defs><pattern id='p' width='10' height='10' patternUnits='userSpaceOnUse'><rect width='5' height='5' fill='#080'/></pattern></defs><rect x='10' y='10' width='80' height='40' fill='url(#p)' stroke='#000'/>".into()),
        ("blend mode", format!("<rect width='70' height='60' fill='#ff0'/><g style='mix-blend-mode:multiply'>{shapes}</g>")),
        ("blended mask", format!("<defs><mask id='m' maskUnits='userSpaceOnUse' x='0' y='0' width='100' height='60'><rect width='80' height='50' fill='#fff'/></mask></defs><rect width='70' height='60' fill='#ff0'/><g mask='url(#m)' style='mix-blend-mode:multiply'>{shapes}</g>")),
        ("far beyond the page", format!("<defs><filter id='f'><feOffset dx='1'/></filter></defs><g filter='url(#f)'>{shapes}<rect x='-9000' width='20000' height='2'/></g>")),
    ]
}

/// Compares each drawing, of which squares may differ by `mean` on average and `greatest` at most, of 255.
fn assert_looks_the_same(drawings: Vec<(&'static str, String)>, mean: f64, greatest: f64) {
    let mut wrong = Vec::new();
    for (name, inside) in drawings {
        let tree = tree(&inside);
        let is = Page::of_pdf(&document(&tree)).difference(&Page::of_tree(&tree));
        if is.0 > mean || is.1 > greatest {
            wrong.push(format!("{name}: {:.2} on average, {:.0} at most", is.0, is.1));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_drawing_looks_in_a_pdf_as_on_a_card() {
    assert_looks_the_same(shapes(), 0.5, 20.0);
}

#[test]
fn a_gradient_repeats_in_a_pdf_as_on_a_card() {
    // Poppler draws a gradient in 256 colours, so that a repeated one has fewer of each.
    assert_looks_the_same(repeating(), 1.5, 27.0);
}

#[test]
fn a_text_looks_in_a_pdf_as_on_a_card() {
    // Poppler moves the edges of letters to whole dots.
    assert_looks_the_same(texts(), 1.0, 60.0);
}

#[test]
fn what_pdf_has_no_vectors_for_is_drawn_as_an_image() {
    assert_looks_the_same(pictured(), 0.5, 14.0);
}

#[test]
fn a_drawing_that_is_another_is_told_from_it() {
    let page = |inside: &str| Page::of_pdf(&document(&tree(inside)));
    let (one, other) = (page("<circle cx='50' cy='30' r='20'/>"), page("<circle cx='50' cy='30' r='20.4'/>"));
    let (mean, greatest) = one.difference(&other);
    assert!(mean > 0.2 && greatest > 40.0, "{mean} {greatest}");
}

#[test]
fn each_text_of_a_drawing_is_found() {
    for (name, inside) in texts() {
        let found = text(&inside);
        let wanted = ["Kartu Éß 12", "centre bold end", "OCR-B"];
        // Letters that stand and turn one by one are found one by one.
        let is_found = wanted.contains(&found.as_str()) || name == "text with glyphs in places" && found.len() > 6;
        assert!(is_found, "{name}: {found}");
    }
}

#[test]
fn the_same_drawing_gives_the_same_bytes() {
    for (name, inside) in [shapes(), texts(), pictured()].concat() {
        assert!(document(&tree(&inside)) == document(&tree(&inside)), "{name}");
    }
}

/// Numbers at the ends of what a drawing can have. Dashes are not among them: templates may have none, since a long line
/// of short dashes takes a reader minutes. Gradients do not repeat: the renderer itself fails an assertion on such numbers.
fn number() -> impl Strategy<Value = String> {
    let extremes = ["0", "-0", "1e-30", "-1", "1e9", "-1e20", "3e38", "1e400", "NaN", "1e-7", "0.5", "50", "100%"];
    prop_oneof![
        prop::sample::select(extremes.to_vec()).prop_map(str::to_owned),
        (-150.0..150.0_f64).prop_map(|n| n.to_string())
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn a_drawing_with_any_numbers_is_a_valid_pdf(n in prop::collection::vec(number(), 24)) {
        let n = |at: usize| n[at].as_str();
        let inside = format!(
            "<defs><linearGradient id='l' x1='{}' x2='{}' gradientTransform='scale({} {})'>{STOPS}</linearGradient>\
             <radialGradient id='r' r='{}' fx='{}' fr='{}'>{FADING}</radialGradient>\
             <clipPath id='c'><rect width='{}' height='{}'/><circle r='{}'/></clipPath></defs>\
             <path d='M0 0L{} {}' stroke='url(#l)'/><g transform='translate({} {}) rotate({}) scale({} {})'><rect width='{}' height='20' fill='url(#l)' stroke='url(#r)' stroke-width='{}' stroke-miterlimit='{}' stroke-linecap='round' stroke-opacity='{}'/>\
             <g clip-path='url(#c)' opacity='0.5'><path d='M0 0L{} {}Q1 2 3 4Z' fill='url(#r)'/></g>\
             <text font-size='{}' x='5' y='9'>ab</text></g>",
            n(0), n(1), n(2), n(3), n(4), n(5), n(6), n(7), n(8), n(9), n(10), n(11), n(12), n(13), n(14), n(15), n(16),
            n(17), n(18), n(19), n(20), n(21), n(22), n(23)
        );
        let bytes = document(&tree(&inside));
        prop_assert!(!told("pdftoppm", &bytes, &["-r", "36", "-png", "-singlefile"], &[]).is_empty());
    }
}
