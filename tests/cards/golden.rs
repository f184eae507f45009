//! Tests that drawn cards equal the golden pictures, which a person has approved.
//!
//! `CETAK_GOLDEN=write cargo test --test cards golden` writes these pictures again. A person must approve each before
//! it is committed.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use cetak::render::{CardRenderer, Format, Ink, Output, Renderer, Sides};

use crate::{
    decoded,
    dots::Dots,
    holders::{Holder, PROFILES, long, short},
    output, profile,
};

/// The largest difference of a channel that counts as equal. Rounding differs between machines and changes a channel by
/// one or two. A letter changes it by more than 150.
const CHANNEL_TOLERANCE: u8 = 32;

/// The dots of a million that may differ: 25 on a card at 300 dpi, in colour and gray. The smallest letter has more
/// dots.
const DOTS_TOLERANCE_PPM: usize = 40;

/// In black and white, rounding may change dots of the photo whose gray equals their threshold.
const DOTS_TOLERANCE_BLACK_PPM: usize = 1_000;

/// A golden picture and how it is drawn.
struct Golden {
    file: String,
    profile: &'static str,
    holder: Holder,
    output: Output,
}

impl Golden {
    fn draw(&self) -> Vec<u8> {
        Renderer::new(&profile(self.profile)).unwrap().draw(&self.holder.card(), &self.output).unwrap()
    }

    fn path(&self) -> PathBuf {
        folder().join(&self.file)
    }

    /// The fault of the picture, if any.
    fn compare(&self) -> Option<String> {
        let bytes = self.draw();
        if env::var("CETAK_GOLDEN").is_ok_and(|value| value == "write") {
            fs::create_dir_all(folder()).unwrap();
            fs::write(self.path(), smallest(&bytes)).unwrap();
            return None;
        }
        let Ok(golden) = fs::read(self.path()) else {
            return Some(format!("{} is missing: `CETAK_GOLDEN=write` draws it", self.file));
        };
        let (drawn, golden) = (Dots::of_png(&bytes), Dots::of_png(&golden));
        let kept = |what: &str, bytes: &[u8]| {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(self.file.replace(".png", what));
            fs::write(&path, bytes).unwrap();
            path.display().to_string()
        };
        let [old, new] = [&golden, &drawn].map(|dots| (dots.width, dots.height));
        if old != new {
            let drawn = kept("-drawn.png", &bytes);
            return Some(format!("{} has {old:?} dots, the drawn card {new:?}: see {drawn}", self.file));
        }
        let different = drawn.count_different(&golden, CHANNEL_TOLERANCE);
        let tolerance = tolerance(self.output.ink, &golden);
        (different > tolerance).then(|| {
            let (drawn, difference) = (kept("-drawn.png", &bytes), drawn.difference(&golden, CHANNEL_TOLERANCE).png());
            let difference = kept("-difference.png", &difference);
            format!(
                "{}: {different} dots are others, more than {tolerance}: see {drawn}, and where they are in {difference}",
                self.file
            )
        })
    }
}

/// The number of dots that may differ.
fn tolerance(ink: Ink, dots: &Dots) -> usize {
    let ppm = match ink {
        Ink::Rgb8 | Ink::Gray8 => DOTS_TOLERANCE_PPM,
        Ink::Black1 => DOTS_TOLERANCE_BLACK_PPM,
    };
    dots.width * dots.height * ppm / 1_000_000
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cards/golden")
}

fn side(at: usize) -> Output {
    Output { only: Some(at), sides: Sides::OneSided, ..output(Format::Png) }
}

/// Each side of a profile's cards.
fn of_profile(profile: &'static str) -> impl Iterator<Item = Golden> {
    let people = [("short", short as fn(&str) -> Holder), ("long", long)];
    let sides = ["front", "back"].into_iter().enumerate();
    sides.flat_map(move |(at, name)| {
        people.map(|(length, holder)| Golden {
            file: format!("{profile}-{name}-{length}.png"),
            profile,
            holder: holder(profile),
            output: side(at),
        })
    })
}

/// Pictures for inks and resolutions that no profile uses by default.
fn others() -> [Golden; 2] {
    [
        Golden {
            file: "ktp-el-front-black.png".into(),
            profile: "ktp-el",
            holder: short("ktp-el"),
            output: Output { ink: Ink::Black1, ..side(0) },
        },
        Golden {
            file: "icao-td1-back-600-dpi.png".into(),
            profile: "icao-td1",
            holder: short("icao-td1"),
            output: Output { dpi: 600, ..side(1) },
        },
    ]
}

fn assert_as_golden(pictures: impl IntoIterator<Item = Golden>) {
    let wrong: Vec<String> = pictures.into_iter().filter_map(|golden| golden.compare()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same dots, compressed to the fewest bytes.
fn smallest(bytes: &[u8]) -> Vec<u8> {
    let (info, dots) = decoded(bytes);
    let filters = [png::Filter::NoFilter, png::Filter::Sub, png::Filter::Up, png::Filter::Paeth, png::Filter::Adaptive];
    let packed = filters.map(|filter| {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, info.width, info.height);
        encoder.set_color(info.color_type);
        encoder.set_depth(info.bit_depth);
        encoder.set_pixel_dims(info.pixel_dims);
        encoder.set_compression(png::Compression::High);
        encoder.set_filter(filter);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&dots).unwrap();
        writer.finish().unwrap();
        bytes
    });
    packed.into_iter().min_by_key(Vec::len).unwrap()
}

#[test]
fn identity_cards_look_like_their_golden_pictures() {
    assert_as_golden(of_profile("ktp-el"));
}

#[test]
fn childrens_cards_look_like_their_golden_pictures() {
    assert_as_golden(of_profile("kia"));
}

#[test]
fn student_cards_look_like_their_golden_pictures() {
    assert_as_golden(of_profile("student"));
}

#[test]
fn cards_with_a_machine_readable_zone_look_like_their_golden_pictures() {
    assert_as_golden(of_profile("icao-td1"));
}

#[test]
fn a_card_in_black_only_and_one_at_600_dpi_look_like_their_golden_pictures() {
    assert_as_golden(others());
}

#[test]
fn every_golden_picture_belongs_to_a_rendered_card() {
    let drawn = PROFILES.into_iter().flat_map(of_profile).chain(others()).map(|golden| golden.file);
    let kept = folder().read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(kept.collect::<BTreeSet<_>>(), drawn.collect::<BTreeSet<_>>());
}

#[test]
fn a_card_that_differs_in_one_letter_is_a_different_card() {
    for ink in [Ink::Rgb8, Ink::Gray8, Ink::Black1] {
        let draw = |religion: &str| {
            let mut holder = short("ktp-el");
            holder.person.set("religion", religion.into());
            let output = Output { ink, ..side(0) };
            Dots::of_png(&Renderer::new(&profile("ktp-el")).unwrap().draw(&holder.card(), &output).unwrap())
        };
        let (one, other) = (draw("KRISTEN"), draw("KRISTE"));
        let different = one.count_different(&other, CHANNEL_TOLERANCE);
        assert!(different > 2 * tolerance(Ink::Rgb8, &one), "{ink:?}: {different}");
    }
}
