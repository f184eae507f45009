//! Tests which parts of a card are drawn for which output, and which values are refused.

use cetak::{
    domain::{card::profile::SignaturePlace, personal::Person},
    render::{Background, Card, CardRenderer, Format, Output, Renderer, Sides},
};

use crate::{card, decoded, output, profile, sample};

fn drawn(
    profile: &cetak::domain::card::profile::CardProfile,
    fields: &[(&str, &str)],
    output: &Output,
) -> Result<Vec<u8>, String> {
    let person = sample(profile, fields);
    Renderer::new(profile).unwrap().draw(&card(&person), output).map_err(|error| {
        assert!(error.is_of_record());
        error.to_string()
    })
}

#[test]
fn a_card_is_an_id_1_card_in_the_dots_of_its_printer() {
    for (dpi, width, height, per_metre) in [(300, 1012, 638, 11_811), (600, 2023, 1276, 23_622)] {
        let png = Output { dpi, ..output(Format::Png) };
        let (info, _) = decoded(&drawn(&profile("ktp-el"), &[], &png).unwrap());
        assert_eq!((info.width, info.height), (width, height));
        let dims = info.pixel_dims.unwrap();
        assert_eq!((dims.xppu, dims.yppu, dims.unit), (per_metre, per_metre, png::Unit::Meter));
    }
}

#[test]
fn the_same_card_gives_the_same_bytes_in_each_format_and_another_person_others() {
    let ktp = profile("ktp-el");
    for format in Format::ALL {
        let first = drawn(&ktp, &[], &output(format)).unwrap();
        assert!(drawn(&ktp, &[], &output(format)).unwrap() == first, "{format:?}");
        assert!(drawn(&ktp, &[("name", "BUDI")], &output(format)).unwrap() != first, "{format:?}");
    }
}

#[test]
fn one_renderer_draws_the_same_from_many_threads() {
    let profile = profile("ktp-el");
    let (renderer, person) = (Renderer::new(&profile).unwrap(), sample(&profile, &[]));
    let small = Output { dpi: 100, ..output(Format::Pwg) };
    let cards: Vec<_> = std::thread::scope(|scope| {
        let threads = [(); 8].map(|()| scope.spawn(|| renderer.draw(&card(&person), &small).unwrap()));
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(cards.iter().all(|card| *card == cards[0]));
}

#[test]
fn a_name_that_fits_nowhere_is_refused_without_telling_it() {
    let name = |text: &str| {
        let ktp = profile("ktp-el");
        let person = sample(&ktp, &[("name", text)]);
        let renderer = Renderer::new(&ktp).unwrap();
        let checked = renderer.check(&card(&person)).map_err(|error| error.to_string());
        let small = Output { dpi: 100, ..output(Format::Png) };
        assert_eq!(drawn(&ktp, &[("name", text)], &small).map(|_| ()), checked, "who passes is drawn");
        checked
    };
    assert_eq!(name("SITI"), Ok(()));
    assert_eq!(name("RADEN AJENG SITI AMINAH KUSUMANINGRUM WIDYASTUTI"), Ok(()), "two lines");
    let too_long = Err("field `name` is too long for its place on the card, even in its least size".into());
    assert_eq!(name(&"KUSUMANINGRUM ".repeat(12)), too_long);
    let missing = Err("field `name` has the character U+4E2D, which the card's font cannot show".into());
    assert_eq!(name("SITI \u{4E2D}"), missing);
}

#[test]
fn a_value_is_printed_in_the_profiles_words() {
    let ktp = profile("ktp-el");
    let shows = |sex: &str| drawn(&ktp, &[("sex", sex)], &output(Format::Pdf)).unwrap();
    let (man, word) = (shows("M"), shows("LAKI-LAKI"));
    assert!(man == word, "`M` is printed as its word");
    assert!(man != shows("F"));
}

#[test]
fn a_printer_of_one_side_gets_the_front_only() {
    let ktp = profile("ktp-el");
    let pages = |bytes: &[u8]| u32::from_be_bytes(bytes[4 + 452..4 + 456].try_into().unwrap());
    assert_eq!(pages(&drawn(&ktp, &[], &output(Format::Pwg)).unwrap()), 2);
    let front = Output { sides: Sides::OneSided, ..output(Format::Pwg) };
    assert_eq!(pages(&drawn(&ktp, &[], &front).unwrap()), 1);
}

#[test]
fn a_card_for_a_portrait_medium_is_turned_and_one_for_a_landscape_medium_is_not() {
    let size = |turned| {
        let bytes = drawn(&profile("ktp-el"), &[], &Output { turned, ..output(Format::Pwg) }).unwrap();
        [372, 376].map(|at| u32::from_be_bytes(bytes[4 + at..8 + at].try_into().unwrap()))
    };
    assert_eq!((size(true), size(false)), ([638, 1012], [1012, 638]));
}

#[test]
fn a_test_card_has_test_in_each_value_and_no_photo() {
    for name in ["ktp-el", "kia", "student", "icao-td1"] {
        let renderer = Renderer::new(&profile(name)).unwrap();
        let small = Output { dpi: 100, ..output(Format::Png) };
        assert!(renderer.test_card(&small).unwrap().len() > 1_000, "{name}");
        renderer.test_card(&output(Format::Pwg)).unwrap();
    }
}

#[test]
fn a_photo_that_cannot_be_decoded_is_of_its_record_only() {
    let ktp = profile("ktp-el");
    let (person, renderer) = (sample(&ktp, &[]), Renderer::new(&ktp).unwrap());
    for photo in [&b""[..], b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", &ktp.card.sample_photo_bytes[..900]] {
        let with_photo = Card { photo: Some(photo), ..card(&person) };
        let error = renderer.draw(&with_photo, &output(Format::Png)).unwrap_err();
        assert!(error.is_of_record() && error.field() == "photo", "{error}");
        assert!(renderer.check_photo(photo).is_err());
    }
    assert_eq!(renderer.check_photo(&ktp.card.sample_photo_bytes).unwrap(), Background::Blue);
}

#[test]
fn a_machine_readable_zone_that_cannot_be_made_is_refused() {
    let td1 = profile("icao-td1");
    let (person, renderer) = (sample(&td1, &[("expiry_date", "soon")]), Renderer::new(&td1).unwrap());
    let error = renderer.check(&card(&person)).unwrap_err();
    assert!(error.is_of_record() && error.to_string().contains("machine"), "{error}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn any_person_is_drawn_or_refused(values in proptest::collection::vec(".{0,60}", 14), photo in proptest::collection::vec(0_u8.., 0..400)) {
        for name in ["ktp-el", "student", "icao-td1"] {
            let profile = profile(name);
            let mut person = Person::default();
            for (field, value) in profile.personal.iter().zip(&values) {
                person.set(field, value.clone());
            }
            let renderer = Renderer::new(&profile).unwrap();
            let small = Output { dpi: 100, ..output(Format::Pwg) };
            let with_photo = Card { photo: Some(&photo), ..card(&person) };
            for error in [renderer.draw(&card(&person), &small), renderer.draw(&with_photo, &small)].into_iter().filter_map(Result::err) {
                proptest::prop_assert!(error.is_of_record(), "{}", error);
                let told = error.to_string();
                let long = values.iter().filter(|value| value.chars().count() > 8);
                proptest::prop_assert!(long.into_iter().all(|value| !told.contains(value.as_str())), "{}", told);
            }
        }
    }
}

/// A picture of a signature: a black diagonal band on white.
fn signature() -> Vec<u8> {
    let (width, height) = (300_u32, 80_u32);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let is_ink = |x: u32, y: u32| (x * height).abs_diff(y * width) < 8 * width;
    let dots: Vec<u8> = (0..height).flat_map(|y| (0..width).map(move |x| if is_ink(x, y) { 0 } else { 255 })).collect();
    encoder.write_header().unwrap().write_image_data(&dots).unwrap();
    bytes
}

#[test]
fn a_signature_darkens_its_place_only_and_white_lets_the_drawing_through() {
    let plain = profile("ktp-el");
    let mut signed = plain.clone();
    let back = signed.card.back.as_mut().unwrap();
    back.svg = back.svg.replace("</svg>", "<rect id=\"hand\" x=\"5\" y=\"18\" width=\"30\" height=\"8\"/></svg>");
    back.signature = Some(SignaturePlace { place: "hand".into(), file: "hand.png".into(), bytes: signature() });
    let png = Output { only: Some(1), sides: Sides::OneSided, ..output(Format::Png) };
    let [(info, before), (_, after)] = [&plain, &signed].map(|profile| decoded(&drawn(profile, &[], &png).unwrap()));
    let width = info.width as usize;
    let place = |dots: &[u8]| -> Vec<(usize, usize)> {
        let changed = dots.chunks(3).zip(before.chunks(3)).enumerate().filter(|(_, (one, other))| one != other);
        changed.map(|(at, _)| (at % width, at / width)).collect()
    };
    let changed = place(&after);
    let dots = |mm: usize| mm * 300 * 10 / 254;
    assert!(changed.iter().all(|(x, y)| (dots(5)..=dots(35)).contains(x) && (dots(18)..=dots(26)).contains(y)));
    let area = (dots(35) - dots(5)) * (dots(26) - dots(18));
    assert!((area / 20..area / 2).contains(&changed.len()), "{} of {area} dots", changed.len());
    let pdf = Output { only: Some(1), sides: Sides::OneSided, ..output(Format::Pdf) };
    assert!(drawn(&plain, &[], &pdf).unwrap() != drawn(&signed, &[], &pdf).unwrap());
}

#[test]
fn a_signature_that_is_no_picture_is_a_fault_of_the_profile() {
    let mut signed = profile("ktp-el");
    let back = signed.card.back.as_mut().unwrap();
    back.svg = back.svg.replace("</svg>", "<rect id=\"hand\" x=\"5\" y=\"18\" width=\"30\" height=\"8\"/></svg>");
    back.signature = Some(SignaturePlace { place: "hand".into(), file: "hand.png".into(), bytes: b"no".to_vec() });
    let error = Renderer::new(&signed).err().unwrap();
    assert!(
        !error.is_of_record() && error.to_string().contains("`hand.png`, line 1: the signature is neither"),
        "{error}"
    );
}

#[test]
fn a_back_lies_the_other_way_round_for_a_printer_that_turns_cards_over_their_top() {
    let ktp = profile("ktp-el");
    for format in [Format::Pwg, Format::Pdf] {
        let book = drawn(&ktp, &[], &output(format)).unwrap();
        let calendar = Output { sides: Sides::TwoSidedLongEdge, ..output(format) };
        let turned = drawn(&ktp, &[], &calendar).unwrap();
        assert!(turned != book, "{format:?}");
        let looked_at = Output { for_people: true, ..calendar };
        assert!(
            drawn(&ktp, &[], &looked_at).unwrap() != turned,
            "{format:?}: nobody looks at a back that stands on its head"
        );
    }
}

#[test]
fn machines_read_values_and_not_the_profiles_words() {
    let mut td1 = profile("icao-td1");
    td1.card.words.insert("sex".into(), [("F".to_owned(), "WOMAN".to_owned())].into());
    let renderer = Renderer::new(&td1).unwrap();
    renderer.check(&card(&sample(&td1, &[("given_names", "Rene\u{301}e")]))).unwrap();
    let person = sample(&td1, &[("sex", "WOMAN")]);
    assert!(renderer.check(&card(&person)).unwrap_err().to_string().contains("must be M, F, X or empty"));
}
