//! Tests raster documents: libcups reads the same dots, and the back is oriented as the printer needs it.
//!
//! Needs a C compiler and the headers of libcups (Debian: `libcups2-dev`).

use std::{fs, path::Path, process::Command};

use cetak::render::{CardRenderer, Format, Ink, Output, Renderer, SheetBack, Sides};
use tempfile::TempDir;

use crate::{dots::Dots, holders::long, output, profile};

const PROFILE: &str = "ktp-el";
const SIDES: [Sides; 3] = [Sides::OneSided, Sides::TwoSidedLongEdge, Sides::TwoSidedShortEdge];

/// The raster reader: a C program that uses libcups.
struct Reader(TempDir);

/// A page as libcups reads it.
struct Page {
    dots: Dots,
    /// Cross-feed and feed transform of the back (PWG 5102.4, 4.3.3.2); not in Apple raster.
    transforms: [i32; 2],
    /// `Duplex` and `Tumble`; not in Apple raster.
    turns: [u32; 2],
}

impl Reader {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The same reader tests the crate of the raster formats.
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/render/picture/tests/read_raster.c");
        let compiler = Command::new("cc")
            .args(["-O1", "-o"])
            .args([&folder.path().join("read_raster"), &source])
            .arg("-lcups")
            .output()
            .unwrap();
        assert!(compiler.status.success(), "{}", String::from_utf8_lossy(&compiler.stderr));
        Self(folder)
    }

    fn read(&self, document: &[u8]) -> Vec<Page> {
        let [program, raster, dots] = ["read_raster", "pages", "dots"].map(|name| self.0.path().join(name));
        fs::write(&raster, document).unwrap();
        let told = Command::new(program).args([&raster, &dots]).output().unwrap();
        assert!(told.status.success(), "{told:?}");
        let (headers, dots) = (String::from_utf8(told.stdout).unwrap(), fs::read(dots).unwrap());
        let mut rest = dots.as_slice();
        let pages =
            headers.lines().collect::<Vec<_>>().chunks(2).map(|lines| page(&lines.join(" "), &mut rest)).collect();
        assert!(rest.is_empty(), "all dots are of a page");
        pages
    }
}

/// The next page, as its header describes it.
fn page(header: &str, dots: &mut &[u8]) -> Page {
    let value = |name: &str| header.split([' ', '\n']).find_map(|word| word.strip_prefix(name)).unwrap();
    let number = |name: &str| value(name).parse::<usize>().unwrap();
    let (width, height) = value("size=").split_once('x').unwrap();
    let [width, height]: [usize; 2] = [width, height].map(|dots| dots.parse().unwrap());
    let row_bytes = number("row=");
    let mut rgb = Vec::with_capacity(width * height);
    for row in dots.split_off(..row_bytes * height).unwrap().chunks_exact(row_bytes) {
        match (value("bits="), number("space=")) {
            ("8/24", 19) => rgb.extend_from_slice(row.as_chunks::<3>().0),
            ("8/8", 18) => rgb.extend(row.iter().map(|gray| [*gray; 3])),
            // The bits are ink: 1 is black.
            ("1/1", 3) => rgb.extend((0..width).map(|x| [if row[x / 8] << (x % 8) & 0x80 == 0 { 255 } else { 0 }; 3])),
            other => panic!("no ink of a card: {other:?}"),
        }
    }
    let integers: Vec<i32> = value("integers=").split(',').filter_map(|number| number.parse().ok()).collect();
    Page {
        dots: Dots::new(width, height, rgb),
        transforms: [integers[1], integers[2]],
        turns: ["duplex=", "tumble="].map(|name| u32::try_from(number(name)).unwrap()),
    }
}

/// A card as its holder sees it, and its pages.
struct Drawn {
    renderer: Renderer,
    sides: [Dots; 2],
    output: Output,
}

impl Drawn {
    fn new(output: Output) -> Self {
        let renderer = Renderer::new(&profile(PROFILE)).unwrap();
        let side = |at| {
            let png = Output { format: Format::Png, only: Some(at), sides: Sides::OneSided, ..output.clone() };
            Dots::of_png(&renderer.draw(&long(PROFILE).card(), &png).unwrap())
        };
        Self { sides: [side(0), side(1)], renderer, output }
    }

    /// The pages that libcups reads from a document of the same card with another output.
    fn read(&self, reader: &Reader, differently: impl FnOnce(&mut Output)) -> Vec<Page> {
        let mut output = self.output.clone();
        differently(&mut output);
        reader.read(&self.renderer.draw(&long(PROFILE).card(), &output).unwrap())
    }
}

/// The expected front on the medium: unchanged, or rotated to the left if the medium is fed short edge first.
fn front(side: &Dots, portrait: bool) -> Dots {
    if !portrait {
        return side.clone();
    }
    side.moved(side.height, side.width, |x, y| (side.width - 1 - y, x))
}

/// The expected back on the medium. Holders turn a card like the page of a book and must see the back upright, so seen
/// through the card the back is mirrored horizontally. The printer turns the medium over one of its edges: seen through
/// the medium, its page is mirrored too.
fn back(side: &Dots, portrait: bool, sides: Sides) -> Dots {
    let through_the_card = mirrored(side, [true, false]);
    let through_the_medium = front(&through_the_card, portrait);
    // The left and right edges are the long ones of a portrait medium.
    let over_its_left_edge = (sides == Sides::TwoSidedLongEdge) == portrait;
    mirrored(&through_the_medium, [over_its_left_edge, !over_its_left_edge])
}

/// Mirrored horizontally and vertically.
fn mirrored(dots: &Dots, [across, down]: [bool; 2]) -> Dots {
    let (right, bottom) = (dots.width - 1, dots.height - 1);
    dots.moved(dots.width, dots.height, |x, y| (if across { right - x } else { x }, if down { bottom - y } else { y }))
}

/// Asserts that every format and orientation of one card in this ink and page has the expected dots.
fn assert_read_as_drawn(ink: Ink, page_mm: Option<[f32; 2]>) {
    let reader = Reader::new();
    let drawn = Drawn::new(Output { ink, page_mm, ..output(Format::Pwg) });
    let fronts = [true, false].map(|portrait| (portrait, front(&drawn.sides[0], portrait)));
    for (portrait, front) in &fronts {
        for sides in SIDES {
            let back = (sides != Sides::OneSided).then(|| back(&drawn.sides[1], *portrait, sides));
            for format in [Format::Pwg, Format::Urf] {
                let pages = drawn.read(&reader, |output| {
                    (output.format, output.sides, output.turned) = (format, sides, *portrait);
                });
                let what = format!("{format:?} {ink:?} {page_mm:?} {sides:?} portrait: {portrait}");
                assert_eq!(pages.len(), 1 + usize::from(back.is_some()), "{what}");
                for (name, page, expected) in
                    [("front", pages.first(), Some(front)), ("back", pages.get(1), back.as_ref())]
                {
                    assert_same(page.map(|page| &page.dots), expected, &format!("{what}, {name}"));
                }
            }
        }
    }
}

fn assert_same(read: Option<&Dots>, expected: Option<&Dots>, what: &str) {
    let size = |dots: &Dots| (dots.width, dots.height);
    assert_eq!(read.map(size), expected.map(size), "{what}");
    let Some((read, expected)) = read.zip(expected) else { return };
    assert_eq!(read.count_different(expected, 0), 0, "{what}: so many dots differ");
}

#[test]
fn libcups_reads_the_dots_of_a_card_in_colour() {
    assert_read_as_drawn(Ink::Rgb8, None);
}

#[test]
fn libcups_reads_the_dots_of_a_card_in_gray() {
    assert_read_as_drawn(Ink::Gray8, None);
}

#[test]
fn libcups_reads_the_dots_of_a_card_in_black() {
    assert_read_as_drawn(Ink::Black1, None);
}

#[test]
fn libcups_reads_a_card_on_a_medium_of_another_size_as_any_other() {
    for page_mm in [[86.02, 54.86], [85.0, 53.2]] {
        assert_read_as_drawn(Ink::Gray8, Some(page_mm));
    }
}

#[test]
fn libcups_reads_the_dots_of_a_card_for_a_finer_printer() {
    for ink in [Ink::Rgb8, Ink::Gray8, Ink::Black1] {
        let drawn = Drawn::new(Output { ink, dpi: 600, ..output(Format::Pwg) });
        let expected = [front(&drawn.sides[0], true), back(&drawn.sides[1], true, Sides::TwoSidedShortEdge)];
        for format in [Format::Pwg, Format::Urf] {
            let pages = drawn.read(&Reader::new(), |output| output.format = format);
            assert_eq!(pages.len(), 2);
            for (page, expected) in pages.iter().zip(&expected) {
                assert_same(Some(&page.dots), Some(expected), &format!("{format:?} {ink:?}"));
            }
        }
    }
}

#[test]
fn a_back_is_turned_as_the_printer_says_that_it_prints_backs() {
    use SheetBack::{Flipped, ManualTumble, Normal, Rotated};
    use Sides::{TwoSidedLongEdge, TwoSidedShortEdge};
    // PWG 5102.4, table 9: from right to left (cross-feed), and from bottom to top (feed).
    let table = [
        (Normal, TwoSidedLongEdge, [false, false]),
        (Normal, TwoSidedShortEdge, [false, false]),
        (Flipped, TwoSidedLongEdge, [false, true]),
        (Flipped, TwoSidedShortEdge, [true, false]),
        (Rotated, TwoSidedLongEdge, [true, true]),
        (Rotated, TwoSidedShortEdge, [false, false]),
        (ManualTumble, TwoSidedLongEdge, [false, false]),
        (ManualTumble, TwoSidedShortEdge, [true, true]),
    ];
    let reader = Reader::new();
    // 638 black dots do not fill whole bytes, so a mirrored row is shifted by two bits.
    for (ink, page_mm) in [(Ink::Gray8, None), (Ink::Black1, None), (Ink::Gray8, Some([86.02, 54.86]))] {
        let drawn = Drawn::new(Output { ink, page_mm, ..output(Format::Pwg) });
        let front = front(&drawn.sides[0], true);
        for (sheet_back, sides, transforms) in table {
            let expected = mirrored(&back(&drawn.sides[1], true, sides), transforms);
            for format in [Format::Pwg, Format::Urf] {
                let pages = drawn.read(&reader, |output| {
                    (output.format, output.sides, output.sheet_back) = (format, sides, sheet_back);
                });
                let what = format!("{format:?} {ink:?} {page_mm:?} {sheet_back:?} {sides:?}");
                assert_same(pages.first().map(|page| &page.dots), Some(&front), &what);
                assert_same(pages.get(1).map(|page| &page.dots), Some(&expected), &what);
                if format == Format::Pwg {
                    let told = transforms.map(|is_reversed| if is_reversed { -1 } else { 1 });
                    assert_eq!([pages[0].transforms, pages[1].transforms], [[1, 1], told], "{what}");
                    let turns = [1, u32::from(sides == TwoSidedShortEdge)];
                    assert_eq!([pages[0].turns, pages[1].turns], [turns; 2], "{what}");
                }
            }
        }
    }
}
