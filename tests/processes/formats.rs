//! Tests that the document format follows from the formats that the printer reports.

use std::{
    fs,
    process::{Command, Output},
};

use crate::{
    arrived_cards::{code, code_of},
    eve::EvePrinter,
    office::{Answer, Attempt, Office, number},
    pappl::PapplPrinter,
    peer::Peer,
    people,
    received_documents::{self, Sheet},
};

/// One citizen's card on a printer, which may have objections.
struct Case {
    office: Office,
    eve: EvePrinter,
}

impl Case {
    fn of(eve: EvePrinter) -> Self {
        eve.engine().keep_documents();
        let office = Office::new();
        office.write(people::PHOTO, people::FACE);
        office.import("ktp-el", &people::citizens(",", 1));
        office.receive("ktp-el", 1);
        Self { office, eve }
    }

    fn add(&self, override_objections: bool) -> Answer {
        let uri = self.eve.uri();
        let add = ["printer", "add", "p1", &uri, "--profile", "ktp-el"];
        let override_objections: &[&str] =
            if override_objections { &["--override", "only the front is wanted"] } else { &[] };
        self.office.run(&[&add, override_objections].concat())
    }

    /// Asserts that the printer is refused with these objections, and accepted with an override.
    fn is_added_only_with_an_override_reason(&self, objections: &[&str]) {
        let refused = self.add(false);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        for words in objections.iter().chain(&["--override"]) {
            assert!(refused.stderr.contains(words), "{words}: {refused:?}");
        }
        assert_eq!(self.office.run(&["printer", "show", "p1"]).code, Some(1), "it was not added");
        let added = self.add(true);
        assert_eq!(added.code, Some(0), "{added:?}");
    }

    /// The attempt, and the document of its card.
    fn printed(&self) -> (Attempt, Vec<u8>) {
        let answer = self.office.start(&["run", "--until-idle"]).ended(100);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        assert_eq!(number(&self.office.status(), &["records", "printed"]), 1, "{}", self.office.status());
        let attempt = self.office.attempts().remove(0);
        assert_eq!(self.eve.cards(), [&*attempt.id]);
        let document = self.eve.engine().document(&attempt.id);
        (attempt, document)
    }

    /// The preview of a side.
    fn shown(&self, side: &str) -> Vec<u8> {
        let file = self.office.file(&format!("{side}.png"));
        let output = file.to_str().unwrap();
        self.office.done(&["card", "preview", "R-00000", "--side", side, "--output", output]);
        fs::read(file).unwrap()
    }

    fn shows_the_same(&self, side: &str, arrived: &Sheet) {
        let shown = received_documents::read(&self.shown(side)).remove(0);
        assert_eq!(arrived.first_difference(&shown, None), None, "{side}");
    }
}

#[test]
fn a_printer_with_apple_raster_only_gets_both_sides_in_it() {
    let case = Case::of(EvePrinter::taking("image/urf"));
    assert_eq!(case.add(false).code, Some(0));

    let (attempt, document) = case.printed();

    assert!(document.starts_with(b"UNIRAST\0"));
    let sides = received_documents::read(&document);
    let [front, back] = &sides[..] else { panic!("{} sides", sides.len()) };
    assert_eq!((front.width, front.height, front.dot, front.said.dpi), (638, 1012, 3, 300));
    assert_eq!(front.said.sides, "two-sided-short-edge");
    case.shows_the_same("front", &front.lying());
    assert_eq!(code(&back.lying()), code_of(&case.office, &attempt));
}

#[test]
fn a_printer_with_pdf_only_gets_both_sides_as_pages_of_the_cards_size() {
    let case = Case::of(EvePrinter::taking("application/pdf"));
    assert_eq!(case.add(false).code, Some(0));

    let (attempt, document) = case.printed();

    assert!(document.starts_with(b"%PDF-"));
    let sides = case.drawn_by_poppler(&document);
    let [front, back] = &sides[..] else { panic!("{} sides", sides.len()) };
    assert_eq!((front.width, front.height), (1012, 638));
    assert_eq!((back.width, back.height), (1012, 638));
    assert_eq!(code(back), code_of(&case.office, &attempt));
}

#[test]
fn a_printer_with_png_only_is_objected_to_and_gets_the_front_after_an_override() {
    let case = Case::of(EvePrinter::taking("image/png"));
    case.is_added_only_with_an_override_reason(&[
        "It accepts no format that holds two sides, and a card of `ktp-el` has two sides.",
    ]);

    let (_, document) = case.printed();

    assert_eq!(document, case.shown("front"), "byte by byte");
    assert!(case.eve.engine().environment(&case.eve.cards()[0]).contains("IPP_SIDES=one-sided"));
}

#[test]
fn a_monochrome_laser_printer_is_objected_to_and_gets_black_dots_after_an_override() {
    let case = Case::of(EvePrinter::built_in());
    let medium = "It reports no medium of 85.6 x 53.98 mm";
    case.is_added_only_with_an_override_reason(&[
        "It reports no two-sided `sides`, and a card of `ktp-el` has two sides.",
        medium,
    ]);

    let (_, document) = case.printed();

    let sides = received_documents::read(&document);
    let [front] = &sides[..] else { panic!("{} sides", sides.len()) };
    assert_eq!((front.width, front.height, front.said.dpi), (1276, 2023, 600), "its finest dots");
    assert_eq!(front.said.sides, "one-sided");
    assert_eq!(front.dot, 1);
    let (black, white): (Vec<u8>, Vec<u8>) = front.dots.iter().copied().partition(|dot| *dot == 0);
    assert!(white.iter().all(|dot| *dot == 255));
    assert!(black.len() > 50_000 && white.len() > black.len(), "a card with a photo has some of both");
}

#[test]
fn the_best_format_for_a_card_is_chosen_whatever_comes_first_in_the_printers_list() {
    for (formats, magic) in [
        ("application/pdf,image/png,image/urf,image/pwg-raster", "RaS2"),
        ("image/png,application/pdf,image/urf", "UNIR"),
        ("image/png,application/pdf", "%PDF"),
        ("application/octet-stream,image/jpeg,image/png,application/pdf", "%PDF"),
    ] {
        let case = Case::of(EvePrinter::taking(formats));
        assert_eq!(case.add(false).code, Some(0), "{formats}");
        let (_, document) = case.printed();
        assert!(document.starts_with(magic.as_bytes()), "{formats}: {:?}", &document[..8]);
    }
}

#[test]
fn a_printer_without_a_supported_format_is_objected_to_and_gets_no_card() {
    let case = Case::of(EvePrinter::taking("application/postscript,image/jpeg"));
    case.is_added_only_with_an_override_reason(&["`image/pwg-raster`", "`application/pdf`"]);

    case.office.set("release_after_s = 1");
    let answer = case.office.start(&["run", "--until-idle"]).ended(100);

    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(case.eve.cards(), [""; 0]);
    let status = case.office.status();
    assert_eq!(number(&status, &["records", "printed"]), 0, "{status}");
    assert!(status.to_string().contains("document-format-not-supported"), "{status}");
}

#[test]
fn a_printer_that_holds_pdf_but_no_raster_gets_pdf() {
    let pappl = PapplPrinter::start();
    pappl.engine().keep_documents();
    let office = Office::new();
    office.write(people::PHOTO, people::FACE);
    office.import("ktp-el", &people::citizens(",", 3));
    office.receive("ktp-el", 3);
    office.done(&["printer", "add", "p1", &pappl.uri(), "--profile", "ktp-el"]);
    office.done(&["run", "--until-idle"]);

    assert_eq!(number(&office.status(), &["records", "printed"]), 3, "{:?}", office.attempts());
    assert!(pappl.engine().document(&pappl.cards()[0]).starts_with(b"%PDF"));
}

/// The medium of printers that print up to the edges of a card.
const FULL: (&str, &str) = ("iso_id-1_53.98x85.6mm", "custom_full_54.86x86.02mm");

#[test]
fn a_printer_with_a_medium_that_is_larger_than_the_card_gets_pages_of_the_mediums_size() {
    for (formats, media) in [("image/pwg-raster", FULL.1), ("image/urf", "")] {
        let case = Case::of(EvePrinter::reporting(formats, &[FULL]));
        assert_eq!(case.add(false).code, Some(0), "{formats}");

        let (attempt, document) = case.printed();

        let sides = received_documents::read(&document);
        let [front, back] = &sides[..] else { panic!("{} sides", sides.len()) };
        assert_eq!((front.width, front.height, &*front.said.media), (648, 1016, media));
        assert_eq!((back.width, back.height), (648, 1016));
        let front = front.lying();
        case.shows_the_same("front", &front.middle(1012, 638));
        assert_eq!(front.first_white_dot_at_the_edge(), None, "{formats}");
        assert_eq!(code(&back.lying()), code_of(&case.office, &attempt));
        assert!(case.eve.engine().environment(&attempt.id).contains(FULL.1), "the job names the medium");
    }
}

#[test]
fn a_pdf_for_a_medium_that_is_larger_than_the_card_has_its_size() {
    let case = Case::of(EvePrinter::reporting("application/pdf", &[FULL]));
    assert_eq!(case.add(false).code, Some(0));

    let (attempt, document) = case.printed();

    let sides = case.drawn_by_poppler(&document);
    let [front, back] = &sides[..] else { panic!("{} sides", sides.len()) };
    assert_eq!((front.width, front.height), (1016, 648));
    assert_eq!((back.width, back.height), (1016, 648));
    assert_eq!(front.first_white_dot_at_the_edge(), None);
    assert_eq!(code(back), code_of(&case.office, &attempt));
}

/// Resolutions that are not the same in both directions.
const OBLONG: [(&str, &str); 2] = [
    ("printer-resolution-supported 300dpi", "printer-resolution-supported 300x600dpi"),
    ("pwg-raster-document-resolution-supported 300dpi", "pwg-raster-document-resolution-supported 300x600dpi"),
];

#[test]
fn a_printer_without_square_dots_is_objected_to_with_its_resolutions() {
    let case = Case::of(EvePrinter::reporting("image/pwg-raster", &OBLONG));
    let words =
        "It accepts `image/pwg-raster` at 300 x 600 dpi only, and cards are rendered with 100 to 1200 dpi, the same";
    case.is_added_only_with_an_override_reason(&[words]);
    let shown = case.office.run(&["printer", "show", "p1"]);
    let objected = format!("objected: {words}");
    assert!(shown.stdout.contains(&objected) && shown.stdout.contains("300 x 600 dpi\n"), "{shown:?}");
}

#[test]
fn a_printer_without_square_dots_gets_a_format_that_has_no_dots_or_its_own() {
    for (formats, magic) in
        [("image/pwg-raster,image/png,application/pdf", "%PDF"), ("image/pwg-raster,image/urf", "UNIR")]
    {
        let case = Case::of(EvePrinter::reporting(formats, &OBLONG));
        assert_eq!(case.add(false).code, Some(0), "{formats}");
        let (_, document) = case.printed();
        assert!(document.starts_with(magic.as_bytes()), "{formats}: {:?}", &document[..8]);
    }
}

impl Case {
    /// The pages of a PDF at 300 dpi, rendered by poppler.
    fn drawn_by_poppler(&self, pdf: &[u8]) -> Vec<Sheet> {
        let file = self.office.write("card.pdf", pdf);
        let hint = "hint: `apt-get install poppler-utils` (Debian's name), then test again";
        let drawn = Command::new("pdftoppm").args(["-r", "300", "-png", &file, &file]).output();
        let Output { status, stderr, .. } = drawn.unwrap_or_else(|error| panic!("pdftoppm: {error}; {hint}"));
        assert!(status.success(), "pdftoppm: {}", String::from_utf8_lossy(&stderr));
        let pages = (1..).map(|page| format!("{file}-{page}.png")).take_while(|page| fs::exists(page).unwrap());
        pages.map(|page| received_documents::read(&fs::read(page).unwrap()).remove(0)).collect()
    }
}
