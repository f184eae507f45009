//! Tests the card as PDF with poppler's tools (Debian: `poppler-utils`).

use std::{fs, path::PathBuf, process::Command};

use cetak::{
    domain::card::profile::{CardProfile, TextPlace},
    render::{CardRenderer, Format, Output, Renderer, Sides},
};
use tempfile::TempDir;

use crate::{
    dots::Dots,
    holders::{Holder, PROFILES, long, short},
    medium::{self, LARGER_MM, SMALLER_MM},
    mrz::SPECIMEN,
    output, profile,
};

/// A card as a PDF file.
struct Document(TempDir);

impl Document {
    fn new(profile: &CardProfile, holder: &Holder) -> Self {
        Self::of(profile, holder, &Output { for_people: true, ..output(Format::Pdf) })
    }

    fn of(profile: &CardProfile, holder: &Holder, output: &Output) -> Self {
        let bytes = Renderer::new(profile).unwrap().draw(&holder.card(), output).unwrap();
        let document = Self(tempfile::tempdir().unwrap());
        fs::write(document.path(), bytes).unwrap();
        document
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("card.pdf")
    }

    /// The output of one of poppler's tools; `options` come before the file name, `last` after it.
    fn told(&self, tool: &str, options: &[&str], last: &[&str]) -> String {
        let told = Command::new(tool).args(options).arg(self.path()).args(last).current_dir(self.0.path()).output();
        let told = told.unwrap_or_else(|error| panic!("`{tool}` of poppler-utils does not run: {error}"));
        assert!(told.status.success() && told.stderr.is_empty(), "{tool}: {told:?}");
        String::from_utf8(told.stdout).unwrap()
    }

    /// The text of both pages; line breaks become blanks.
    fn text(&self) -> String {
        let text = self.told("pdftotext", &["-raw", "-enc", "UTF-8"], &["-"]);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// A box of both pages: left, top, right, bottom in points.
    fn boxes(&self, name: &str) -> Vec<String> {
        let told = self.told("pdfinfo", &["-box", "-f", "1", "-l", "9"], &[]);
        let lines = told.lines().filter(|line| line.contains(name));
        lines.map(|line| line.split_whitespace().skip(3).collect::<Vec<_>>().join(" ")).collect()
    }

    /// The pages as dots.
    fn pages(&self) -> [Dots; 2] {
        self.told("pdftoppm", &["-r", "300", "-png"], &["page"]);
        ["page-1.png", "page-2.png"].map(|file| Dots::of_png(&fs::read(self.0.path().join(file)).unwrap()))
    }
}

fn places(profile: &CardProfile) -> impl Iterator<Item = &TextPlace> {
    profile.sides().flat_map(|side| &side.text)
}

#[test]
fn a_pdf_has_two_pages_of_exactly_the_cards_size() {
    for name in PROFILES {
        let document = Document::new(&profile(name), &short(name));
        // 85.60 by 53.98 mm in points of 25.4/72 mm.
        let told = document.told("pdfinfo", &["-f", "1", "-l", "9"], &[]);
        let pages = told.lines().filter(|line| line.starts_with("Page") && line.contains(" size:"));
        let sizes: Vec<_> = pages.filter_map(|line| Some(line.split_once(" size:")?.1.trim())).collect();
        assert_eq!(sizes, ["242.646 x 153.014 pts"; 2], "{name}");
        assert_eq!(document.boxes("MediaBox"), ["0.00 0.00 242.65 153.01"; 2], "{name}");
        assert_eq!(document.boxes("TrimBox"), ["0.00 0.00 242.65 153.01"; 2], "{name}");
    }
}

#[test]
fn each_value_of_a_person_is_found_in_the_text_of_the_pdf() {
    for name in PROFILES {
        let profile = profile(name);
        for holder in [short(name), long(name)] {
            let text = Document::new(&profile, &holder).text();
            for place in places(&profile) {
                let value = holder.shown(&profile, &place.value);
                let value = if place.capitals { value.to_uppercase() } else { value };
                assert!(text.contains(&value), "{name}: `{}` is not in the text: {text}", place.place);
            }
        }
    }
}

#[test]
fn a_wrapped_name_and_one_with_accents_are_found_as_they_are() {
    let text = |name| Document::new(&profile(name), &long(name)).text();
    let wrapped = text("ktp-el");
    assert!(wrapped.contains("RADEN AJENG SITI AMINAH KUSUMANINGRUM WIDYASTUTI"), "{wrapped}");
    assert!(wrapped.contains("KOTAWARINGIN BARAT, 18-02-1986"), "{wrapped}");
    let accents = text("student");
    assert!(accents.contains("Élodie Ångström-Nguyễn von und zu Hohenlohe-Łódź"), "{accents}");
}

#[test]
fn the_machine_readable_zone_of_the_specimen_is_in_the_text_of_the_pdf() {
    let td1 = profile("icao-td1");
    let text = Document::new(&td1, &short("icao-td1")).text();
    assert!(text.contains(&SPECIMEN.join(" ")), "{text}");
}

#[test]
fn fonts_are_in_the_pdf_and_only_what_is_used_of_them() {
    let document = Document::new(&profile("icao-td1"), &short("icao-td1"));
    let told = document.told("pdffonts", &[], &[]);
    let fonts: Vec<Vec<&str>> = told.lines().skip(2).map(|line| line.split_whitespace().collect()).collect();
    for family in ["LiberationSans", "LiberationSans-Bold", "OCRB-Regular"] {
        let is_there = |font: &&Vec<&str>| {
            font[0]
                .split_once('+')
                .is_some_and(|(tag, name)| tag.len() == 6 && name.trim_end_matches("-Identity-H") == family)
        };
        assert!(fonts.iter().any(|font| is_there(&font)), "{family}: {told}");
    }
    for font in fonts {
        // From the end: object number and generation, Unicode table, subset, embedded.
        let [.., embedded, subset, unicode, _, _] = font.as_slice() else { panic!("{told}") };
        assert_eq!([*embedded, *subset, *unicode], ["yes"; 3], "{told}");
    }
    // The font files themselves have 1 MB.
    assert!(fs::metadata(document.path()).unwrap().len() < 200_000);
}

/// The side of the squares whose averages are compared. Dots cannot be compared: poppler shifts the page by half a dot,
/// because 53.98 mm is not a whole number of dots, and draws the edges of letters differently.
const SQUARE: usize = 8;
/// The tolerance for the mean difference of the squares' channels. Measured: 1.0 to 2.6.
const MEAN_TOLERANCE: f64 = 4.0;
/// The tolerance for a channel of one square: a shift by half a dot changes bold letters by 50; another digit changes
/// it by 70 or more.
const SQUARE_TOLERANCE: u8 = 64;

/// The squares of a side as the renderer draws it.
fn squares(profile: &CardProfile, holder: &Holder, side: usize) -> Dots {
    let output = Output { only: Some(side), sides: Sides::OneSided, ..output(Format::Png) };
    Dots::of_png(&Renderer::new(profile).unwrap().draw(&holder.card(), &output).unwrap()).shrunk(SQUARE)
}

#[test]
fn a_pdf_looks_like_the_dots_of_its_card() {
    let mut wrong = Vec::new();
    for name in PROFILES {
        let (profile, holder) = (profile(name), long(name));
        for (side, page) in Document::new(&profile, &holder).pages().iter().enumerate() {
            let (page, card) = (page.shrunk(SQUARE), squares(&profile, &holder, side));
            let (mean, other) = (page.mean_difference(&card), page.count_different(&card, SQUARE_TOLERANCE));
            if mean > MEAN_TOLERANCE || other > 0 {
                wrong.push(format!("{name}, page {}: {mean:.2} on average, {other} squares are others", side + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_pdf_of_another_persons_card_does_not_equal_it() {
    let (ktp, holder) = (profile("ktp-el"), long("ktp-el"));
    let [page, _] = Document::new(&ktp, &holder).pages();
    for (field, value) in [("marital_status", "Cerai hidup belum tercata"), ("sex", "M"), ("nik", "3372015802869002")] {
        let mut other = long("ktp-el");
        other.person.set(field, value.into());
        let different = page.shrunk(SQUARE).count_different(&squares(&ktp, &other, 0), SQUARE_TOLERANCE);
        assert!(different > 0, "{field}");
    }
}

/// The profile with its drawing extended by `mm` on each side, for a printer that cuts or prints beyond the edge.
pub(crate) fn with_bleed(name: &str, mm: f32) -> CardProfile {
    let mut profile = profile(name);
    let [width, height] = [profile.card.width_mm, profile.card.height_mm].map(|length| length + 2.0 * mm);
    profile.card.bleed_mm = mm;
    for side in profile.sides_mut() {
        let ground = format!("viewBox=\"{} {} {width} {height}\"", -mm, -mm);
        let svg = side.svg.replace("viewBox=\"0 0 85.6 53.98\"", &ground);
        assert!(svg != side.svg);
        side.svg = svg;
    }
    profile
}

#[test]
fn a_pdf_with_bleed_is_larger_and_says_where_the_card_is() {
    let document = Document::new(&with_bleed("student", 2.0), &short("student"));
    // 2 mm are 5.669 points.
    assert_eq!(document.boxes("MediaBox"), ["0.00 0.00 253.98 164.35"; 2]);
    assert_eq!(document.boxes("TrimBox"), ["5.67 5.67 248.31 158.68"; 2]);
    let printers = Document::of(&with_bleed("student", 2.0), &short("student"), &output(Format::Pdf));
    assert_eq!(printers.boxes("MediaBox"), ["0.00 0.00 242.65 153.01"; 2], "a card printer gets the card");
}

#[test]
fn a_card_with_bleed_has_the_same_dots_as_one_without() {
    let draw = |profile: &CardProfile, only| {
        let side = Output { only: Some(only), sides: Sides::OneSided, ..output(Format::Png) };
        Dots::of_png(&Renderer::new(profile).unwrap().draw(&long("student").card(), &side).unwrap())
    };
    for side in [0, 1] {
        let (plain, bled) = (draw(&profile("student"), side), draw(&with_bleed("student", 2.0), side));
        assert_eq!(plain.count_different(&bled, 8), 0, "side {side}: so many dots differ");
    }
}

#[test]
fn a_pdf_for_a_printer_has_pages_of_the_mediums_size_and_no_trim_box() {
    for (page_mm, size) in [(LARGER_MM, "0.00 0.00 243.84 155.51"), (SMALLER_MM, "0.00 0.00 240.94 150.80")] {
        let page = Output { page_mm: Some(page_mm), ..output(Format::Pdf) };
        for profile in [profile("student"), with_bleed("student", 2.0)] {
            let document = Document::of(&profile, &short("student"), &page);
            assert_eq!(document.boxes("MediaBox"), [size; 2]);
            assert_eq!(document.boxes("TrimBox"), [size; 2], "as poppler reports it of a page without one");
        }
    }
}

#[test]
fn a_pdf_for_a_medium_of_another_size_looks_like_its_dots_up_to_the_edge() {
    let upright = PROFILES.map(|name| (name, LARGER_MM, Sides::TwoSidedShortEdge));
    let turned = [LARGER_MM, SMALLER_MM].map(|page_mm| ("icao-td1", page_mm, Sides::TwoSidedLongEdge));
    let mut wrong = Vec::new();
    for (name, page_mm, sides) in upright.into_iter().chain(turned) {
        let (profile, holder) = (profile(name), long(name));
        let pdf = Output { page_mm: Some(page_mm), sides, ..output(Format::Pdf) };
        for (at, page) in Document::of(&profile, &holder, &pdf).pages().iter().enumerate() {
            let upright = medium::side(&profile, &holder, at, |output| output.page_mm = Some(page_mm));
            let is_turned = at == 1 && sides == Sides::TwoSidedLongEdge;
            let (right, bottom) = (upright.width - 1, upright.height - 1);
            let turned = |x, y| if is_turned { (right - x, bottom - y) } else { (x, y) };
            let dots = upright.moved(upright.width, upright.height, turned);
            // Larger squares than elsewhere: the middle of a page may be between two dots of it.
            let squares = [page, &dots].map(|dots| dots.shrunk(2 * SQUARE));
            let (mean, other) =
                (squares[0].mean_difference(&squares[1]), squares[0].count_different(&squares[1], SQUARE_TOLERANCE));
            // The ground around the card. A smaller medium has none.
            let bands = [page, &dots].map(|dots| edges(dots).map(|band| band.shrunk(3)));
            let different = bands[0].iter().zip(&bands[1]).map(|(one, two)| one.count_different(two, 24));
            let edge: usize = different.filter(|_| page_mm == LARGER_MM).sum();
            if mean > MEAN_TOLERANCE || other > 0 || edge > 0 {
                wrong.push(format!(
                    "{name} on {page_mm:?}, {sides:?}, page {}: {mean:.2} on average, {other} squares and {edge} of the \
                     edge are others",
                    at + 1
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Three dots at the upper, lower, left and right edge.
fn edges(dots: &Dots) -> [Dots; 4] {
    let (width, height) = (dots.width, dots.height);
    [
        dots.moved(width, 3, |x, y| (x, y)),
        dots.moved(width, 3, |x, y| (x, height - 3 + y)),
        dots.moved(3, height, |x, y| (x, y)),
        dots.moved(3, height, |x, y| (width - 3 + x, y)),
    ]
}

#[test]
fn what_a_drawing_has_beyond_its_bleed_is_on_no_page() {
    let mut profile = profile("student");
    for side in profile.sides_mut() {
        side.svg = side.svg.replace("</svg>", "<path d=\"M-9 -9H99V0H-9Z\" fill=\"#000\"/></svg>");
    }
    let page = Output { page_mm: Some(LARGER_MM), ..output(Format::Pdf) };
    for page in Document::of(&profile, &short("student"), &page).pages() {
        let [top, ..] = edges(&page);
        assert!(top.luma().iter().all(|luma| *luma > 40), "the black above the card is beyond it");
    }
}
