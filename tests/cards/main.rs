//! Tests the rendering of cards through the program's own functions, and reads the results with other programs.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod codes;
mod document;
mod dots;
mod drawing;
mod golden;
mod holders;
mod keys;
mod medium;
mod mrz;
mod raster;
mod waiting_list;

use std::io::Cursor;

use cetak::{
    app::profiles,
    domain::{card::profile::CardProfile, personal::Person},
    render::{Card, Format, Ink, Output, SheetBack, Sides},
};

fn profile(name: &str) -> CardProfile {
    profiles::built_in().unwrap()[name].as_ref().clone()
}

/// The profile's sample with some other values.
fn sample(profile: &CardProfile, fields: &[(&str, &str)]) -> Person {
    let mut person = Person::from(profile.card.sample.clone());
    for (field, value) in fields {
        person.set(field, (*value).to_owned());
    }
    person
}

fn card(person: &Person) -> Card<'_> {
    Card {
        person,
        district: "JEBRES",
        village: "JAGALAN",
        request_id: "3372-2015-00000001",
        attempt: "cetak-test-00000000-0000-7000-8000-000000000000",
        keyed_hash: "0123456789abcdef",
        photo: None,
    }
}

/// Both sides at 300 dpi, for a printer with a PWG media name.
fn output(format: Format) -> Output {
    Output {
        format,
        dpi: 300,
        ink: Ink::Rgb8,
        sides: Sides::TwoSidedShortEdge,
        sheet_back: SheetBack::Normal,
        turned: true,
        media: Some("iso_id-1_53.98x85.6mm".into()),
        page_mm: None,
        only: None,
        for_people: false,
    }
}

/// Header and dots of a PNG.
fn decoded(bytes: &[u8]) -> (png::Info<'static>, Vec<u8>) {
    let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().unwrap();
    let mut dots = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut dots).unwrap();
    (reader.info().clone(), dots)
}
