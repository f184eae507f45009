//! Tests photos and previews over HTTP: who may see them, and what the audit has of it.

use serde_json::Value;

use crate::{
    http::Served,
    office::Office,
    people,
    person::{add_with_role, audit, with_supervisor},
};

/// The events of a kind about pictures.
fn looks<'a>(audit: &'a [Value], kind: &str) -> Vec<&'a Value> {
    audit.iter().filter(|entry| entry["act"] == kind).collect()
}

#[test]
fn a_photo_and_a_preview_are_shown_to_whom_the_table_allows_and_each_look_is_on_record_once_in_ten_minutes() {
    let office = Office::new();
    office.write(people::PHOTO, people::FACE);
    office.import("ktp-el", &people::citizens(",", 2));
    let served = Served::new(&office);
    let (root, sri) = with_supervisor(&office, &served);
    let budi = add_with_role(&served, (&root, &sri), "budi", "operator");
    let tini = add_with_role(&served, (&root, &sri), "tini", "stock-keeper");
    let (photo, preview) = ("/records/default/R-00000/photo", "/cards/default/R-00000/preview?dpi=100&format=pdf");

    for _ in 0..2 {
        let seen = budi.bytes(photo);
        assert_eq!((seen.status, seen.body.as_slice()), (200, people::FACE));
        assert_eq!((&*seen.headers["content-type"], &*seen.headers["cache-control"]), ("image/png", "no-store"));
        let seen = budi.bytes(preview);
        assert!(seen.status == 200 && seen.body.starts_with(b"%PDF"), "{}", seen.status);
    }
    assert_eq!(sri.bytes(photo).status, 200);
    for path in [photo, preview] {
        let refused = tini.get(path);
        assert_eq!((refused.status, &*refused.problem()), (403, "no-right"));
    }
    let audit = audit(&sri);
    let (photos, previews) = (looks(&audit, "photo.viewed"), looks(&audit, "card.previewed"));
    assert_eq!((photos.len(), previews.len()), (2, 1), "budi and sri; budi");
    assert!(photos[0].to_string().contains("budi") && photos[1].to_string().contains("sri"));
    assert_eq!(looks(&audit, "act.forbidden").len(), 2);
}

#[test]
fn a_picture_that_cannot_be_shown_is_a_problem() {
    let office = Office::new();
    office.import("student", &people::students(0..1));
    let served = Served::new(&office);
    let (_, sri) = with_supervisor(&office, &served);
    for (path, status, code) in [
        ("/records/default/r00000/photo", 404, "no-photo"),
        ("/records/default/r00009/photo", 404, "no-record"),
        ("/records/default/r00000/photo?size=2", 422, "invalid-value"),
        ("/cards/default/r00000/preview?format=tiff", 422, "invalid-value"),
        ("/cards/default/r00000/preview?dpi=100000", 422, "invalid-value"),
        ("/cards/default/r00009/preview", 404, "no-record"),
    ] {
        let refused = sri.get(path);
        assert_eq!((refused.status, &*refused.problem()), (status, code), "{path}");
    }
    assert!(audit(&sri).iter().all(|entry| entry["act"] != "photo.viewed" && entry["act"] != "card.previewed"));
}
