//! Tests that the card of every print-ready person of `cetak demo` can be rendered.

use std::fs;

use cetak::{
    app::demo::people::write_waiting_list,
    domain::{
        import::{Checked, Layout},
        personal::Person,
        time::Timestamp,
    },
    render::{Card, CardRenderer, Format, Output, Renderer, Sides},
};

use crate::{card, dots::Dots, output, profile};

/// Some rows have a flaw, and some have unusual but valid notation.
const PEOPLE: u32 = 400;

#[test]
fn every_print_ready_row_of_the_demo_can_be_rendered() {
    let folder = tempfile::tempdir().unwrap();
    let list = write_waiting_list(folder.path(), 7, PEOPLE).unwrap();
    let ktp = profile("ktp-el");
    let (renderer, layout) = (Renderer::new(&ktp).unwrap(), Layout::new(&ktp));
    let mut rows = csv::Reader::from_path(&list.path).unwrap();
    let header = rows.headers().unwrap().clone();
    let now = Timestamp::parse("2016-01-01T00:00:00Z").unwrap();
    let small = Output { dpi: 100, only: Some(0), sides: Sides::OneSided, ..output(Format::Png) };
    let (mut ready, mut without_photo) = (0, 0);
    for (number, row) in (1..).zip(rows.records()) {
        let row = row.unwrap();
        let mut listed = layout.empty_row();
        for (at, column) in layout.columns.iter().enumerate() {
            let place = header.iter().position(|name| name == column);
            layout.set(&mut listed, at, place.and_then(|at| row.get(at)).unwrap_or_default());
        }
        let Checked::Ready(candidate) = layout.check(&ktp, listed, now) else { continue };
        ready += 1;
        let mut person = Person::default();
        for (field, value) in layout.personal(&ktp, &candidate.row) {
            person.set(field, value.to_owned());
        }
        let Ok(photo) = fs::read(folder.path().join(layout.photo(&candidate.row))) else {
            without_photo += 1;
            continue;
        };
        let card = Card {
            district: layout.district(&candidate),
            village: layout.village(&candidate),
            request_id: layout.request_id(&candidate),
            photo: Some(&photo),
            ..card(&person)
        };
        renderer.check(&card).unwrap_or_else(|error| panic!("row {number}: {error}"));
        renderer.check_photo(&photo).unwrap_or_else(|error| panic!("row {number}: {error}"));
        for only in [Some(0), Some(1)] {
            let drawn = renderer.draw(&card, &Output { only, ..small.clone() });
            let dots = Dots::of_png(&drawn.unwrap_or_else(|error| panic!("row {number}: {error}")));
            assert_eq!((dots.width, dots.height), (337, 213), "row {number}");
        }
    }
    // Rows with a missing photo, known rows and repeated rows are print-ready as far as the row itself shows.
    let flaws = |keys: &[&str]| keys.iter().map(|key| list.flaws[key]).sum::<u32>();
    assert!(without_photo <= flaws(&["photo"]), "{without_photo}");
    assert!(ready < PEOPLE, "some are not");
    assert_eq!(ready, list.count_good() + flaws(&["known", "quarantined"]) + without_photo);
}
