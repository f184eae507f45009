//! Tests that the card which arrives at a real printer equals the preview dot by dot, and that its code names the attempt.
//!
//! How each printer handles a two-sided card in PWG raster:
//! - `ippeveprinter` writes the bytes unchanged to a file, and gives the file to its engine.
//! - PAPPL does not spool rasters. It decodes them with libcups while it receives them, according to the page header,
//!   and passes the lines to its driver. So this test also proves that another implementation reads our rasters.
//! - `cupsd` knows the type. The queue of a printer without a driver reports that the printer accepts PWG raster, so
//!   there is no filter, and the backend gets the file unchanged. A raw queue does the same, but reports neither sides
//!   nor media, so it counts as one-sided. With a driver for another format, filters would change size and colours;
//!   this is one reason to avoid a queue. libcups has no name for the size of a card, and makes one.

use std::collections::HashSet;
use std::fs;

use cetak::store::keys::{Keys, hex, unhex};
use rxing::{BarcodeFormat, DecodeHints, helpers::detect_in_luma_with_hints};

use crate::{
    office::{Attempt, Office, number},
    pappl::PapplPrinter,
    peer::{Kind, Peer},
    people,
    received_documents::{self, Place, Said, Sheet},
};

const CITIZENS: usize = 3;
/// An ID-1 card at 300 dpi in portrait orientation.
const SIZE: (usize, usize) = (638, 1012);
/// The medium's name at a printer of that kind.
fn medium(kind: Kind) -> &'static str {
    match kind {
        Kind::Eve | Kind::Pappl => "iso_id-1_53.98x85.6mm",
        Kind::Cupsd => "custom_53.98x85.6mm_53.98x85.6mm",
    }
}

/// The place `match` in the drawing of the back: the code with the attempt.
const CODE: Place = Place { x: 56.6, y: 24.8, width: 24.0, height: 24.0 };

/// Prints the cards of citizens with a photo on a printer that keeps the received documents.
fn printed(kind: Kind) -> (Office, Box<dyn Peer>) {
    let peer: Box<dyn Peer> = match kind {
        Kind::Pappl => Box::new(PapplPrinter::start_raster()),
        Kind::Eve | Kind::Cupsd => kind.start(),
    };
    peer.engine().keep_documents();
    let office = Office::new();
    office.write(people::PHOTO, people::FACE);
    office.import("ktp-el", &people::citizens(",", CITIZENS));
    office.receive("ktp-el", CITIZENS);
    let (uri, override_option) = (peer.uri(), ["--override", "its settings are known"]);
    let add = ["printer", "add", "p1", &uri, "--profile", "ktp-el"];
    // Only a queue has objections that need an override.
    office.done(&if kind == Kind::Cupsd { [&add[..], &override_option].concat() } else { add.to_vec() });
    let answer = office.start(&["run", "--until-idle"]).ended(100);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    (office, peer)
}

/// The preview of the same record at the same resolution.
fn shown(office: &Office, request_id: &str, side: &str) -> Sheet {
    let file = office.file(&format!("{request_id}-{side}.png"));
    let output = file.to_str().unwrap();
    office.done(&["card", "preview", request_id, "--side", side, "--format", "png", "--output", output]);
    received_documents::read(&fs::read(file).unwrap()).remove(0)
}

/// The text of the code on a side.
pub(crate) fn code(back: &Sheet) -> String {
    let mut hints = DecodeHints {
        PossibleFormats: Some(HashSet::from([BarcodeFormat::QR_CODE])),
        TryHarder: Some(true),
        ..DecodeHints::default()
    };
    let [width, height] = [back.width, back.height].map(|side| u32::try_from(side).unwrap());
    let found = detect_in_luma_with_hints(back.luma(), width, height, Some(BarcodeFormat::QR_CODE), &mut hints);
    found.unwrap().getText().to_owned()
}

/// The expected text of an attempt's code. Its last word is a hash with the office's key.
pub(crate) fn code_of(office: &Office, attempt: &Attempt) -> String {
    let master = unhex(fs::read_to_string(office.data().join("cetak.key")).unwrap().trim()).unwrap();
    let keys = Keys::derive(&master.try_into().unwrap());
    let hash = hex(&keys.card(&attempt.request_id, &attempt.id)[..8]);
    format!("{} {} {hash}", attempt.request_id, attempt.id)
}

#[track_caller]
fn are_the_same(arrived: &Sheet, shown: &Sheet, except: Option<Place>) {
    if let Some((x, y)) = arrived.first_difference(shown, except) {
        panic!("the card is not the one that was shown: see the dot at {x}, {y}");
    }
}

/// The assertions for every printer.
fn every_card_that_arrived_is_the_one_that_was_shown(kind: Kind) {
    let (office, peer) = printed(kind);

    let attempts = office.attempts();
    assert!(attempts.iter().all(|attempt| attempt.outcome.as_deref() == Some("printed")), "{attempts:?}");
    assert_eq!((attempts.len(), peer.cards().len()), (CITIZENS, CITIZENS), "one attempt and one card each");
    assert_eq!(number(&office.status(), &["blangko", "ktp-el", "printed"]), 3);
    let mut fronts = Vec::new();
    for attempt in &attempts {
        let arrived = received_documents::read(&peer.engine().document(&attempt.id));
        let [front, back] = &arrived[..] else { panic!("a card has two sides, not {}", arrived.len()) };
        for side in [front, back] {
            assert_eq!((side.width, side.height, side.dot), (SIZE.0, SIZE.1, 3));
            let said =
                Said { dpi: 300, sides: "two-sided-short-edge", media: medium(kind).to_owned(), transform: [1, 1] };
            assert_eq!(side.said, said);
        }
        let (front, back) = (front.lying(), back.lying());
        are_the_same(&front, &shown(&office, &attempt.request_id, "front"), None);
        are_the_same(&back, &shown(&office, &attempt.request_id, "back"), Some(CODE));
        assert_eq!(code(&back), code_of(&office, attempt));
        fronts.push(front);
    }
    assert!(fronts[0] != fronts[1] && fronts[1] != fronts[2], "each is another person's");
    office.done(&["audit", "verify"]);
}

#[test]
fn ippeveprinter_gets_both_sides_of_the_card_that_was_shown() {
    every_card_that_arrived_is_the_one_that_was_shown(Kind::Eve);
}

#[test]
fn the_driver_of_a_pappl_printer_gets_both_sides_of_the_card_that_was_shown() {
    every_card_that_arrived_is_the_one_that_was_shown(Kind::Pappl);
}

#[test]
fn the_backend_of_a_cups_queue_gets_both_sides_of_the_card_that_was_shown() {
    every_card_that_arrived_is_the_one_that_was_shown(Kind::Cupsd);
}

#[test]
fn the_job_has_sides_and_medium_too() {
    for kind in [Kind::Eve, Kind::Cupsd] {
        let (office, peer) = printed(kind);
        let told = peer.engine().environment(&office.attempts()[0].id);
        for word in ["two-sided-short-edge", medium(kind)] {
            assert!(told.contains(word), "{kind:?}: no {word} in {told}");
        }
    }
}

#[test]
fn the_code_of_one_card_is_never_that_of_another_and_the_one_that_was_shown_is_no_cards() {
    let (office, peer) = printed(Kind::Eve);
    let mut codes = HashSet::new();
    for attempt in office.attempts() {
        codes.insert(code(&received_documents::read(&peer.engine().document(&attempt.id))[1].lying()));
        codes.insert(code(&shown(&office, &attempt.request_id, "back")));
    }

    assert_eq!(codes.len(), 2 * CITIZENS, "{codes:?}");
    let hashes: HashSet<&str> = codes.iter().map(|code| code.rsplit_once(' ').unwrap().1).collect();
    assert_eq!(hashes.len(), 2 * CITIZENS, "{codes:?}");
}
