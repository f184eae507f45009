//! A card's picture: from a profile and a person to a 1-bit PNG of the front. Pure: no clock, no files, no state but
//! caches.
//!
//! What is the same on all cards of a profile is drawn once, in [`Renderer::new`]; a card is a copy of that with the
//! person's letters put in from a cache. Nothing here is laid out by a text engine: letters stand one after another,
//! without kerning, and a character that this cannot do justice is refused rather than misprinted.
//!
//! Deliberately absent for now: photo, emblem, back.

mod bitmap;
mod letters;

use std::collections::BTreeMap;

use crate::domain::{
    personal::Person,
    profile::{CardFace, CardProfile, TextPlace},
};

use bitmap::Bitmap;
use letters::{Letters, Size, Unfit};

/// Why a card cannot be drawn. No message holds anything of a person but the code point of one character.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The profile is wrong: no card of it can be drawn.
    #[error("cannot lay out the card: {problem}")]
    Layout {
        /// The key of the profile and what is wrong with it.
        problem: String,
    },
    /// A value of this person has a character that the card cannot show.
    #[error("field `{field}` has the character U+{code_point:04X}, which the card's font cannot show")]
    Character {
        /// The field.
        field: String,
        /// The first such character.
        code_point: u32,
    },
    /// A value of this person does not fit even in the least size.
    #[error("field `{field}` is too long for its line on the card, even at {percent} % of its size")]
    TooLong {
        /// The field.
        field: String,
        /// The least size that is tried.
        percent: u8,
    },
    /// The font in the program cannot be read.
    #[error("cannot read the card's font")]
    Font(#[source] ab_glyph::InvalidFont),
    /// The picture cannot be made a PNG.
    #[error("cannot encode the card's picture")]
    Encode(#[source] png::EncodingError),
}

impl RenderError {
    /// Does it concern this record only, so that the other records can be drawn? Otherwise profile or program is wrong.
    pub fn is_of_record(&self) -> bool {
        match self {
            Self::Character { .. } | Self::TooLong { .. } => true,
            Self::Layout { .. } | Self::Font(_) | Self::Encode(_) => false,
        }
    }
}

/// What draws the cards of one profile.
pub trait Draw: Send + Sync {
    /// The front of one person's card as a PNG; `district` and `village` are the record's.
    fn front(&self, person: &Person, district: &str, village: &str) -> Result<Vec<u8>, RenderError>;
}

/// Draws the cards of one profile; made once, used from any thread.
pub struct Renderer {
    district: String,
    village: String,
    letters: Letters,
    /// All that is the same on every card.
    blank: Bitmap,
    lines: Vec<Line>,
    dots_per_metre: u32,
}

/// Where a field's value stands, in dots.
struct Line {
    field: String,
    x: f32,
    baseline: f32,
    width_max: f32,
    size: Size,
}

/// Text keeps this distance from the card's right edge; printers that do not print to the edge leave less.
const MARGIN_RIGHT_MM: f32 = 3.0;

/// From the longest label of a column to its values.
const LABEL_GAP_MM: f32 = 2.0;

/// Text cannot be smaller or larger; outside, the picture of one letter would be a speck or most of the card.
const SIZE_MM: std::ops::RangeInclusive<f32> = 0.5..=20.0;

const MM_PER_INCH: f32 = 25.4;
/// In place of each value on a card that only tries a printer.
const TEST_VALUE: &str = "TEST";

impl Renderer {
    /// Draws what is the same on all cards of a validated profile.
    ///
    /// Fails with [`RenderError::Layout`] for places outside the card, and for fixed texts that do not fit or that the
    /// font lacks.
    pub fn new(profile: &CardProfile) -> Result<Self, RenderError> {
        let face = &profile.card;
        let dots = |mm: f32| mm / MM_PER_INCH * face.dpi;
        let (width, height) = size_px(face)?;
        let mut renderer = Self {
            district: profile.district.clone(),
            village: profile.village.clone(),
            letters: Letters::new().map_err(RenderError::Font)?,
            blank: Bitmap::white(width, height),
            lines: Vec::new(),
            dots_per_metre: whole(face.dpi / MM_PER_INCH * 1000.0),
        };
        (1..).zip(&face.text).try_for_each(|(number, place)| check_place(face, number, place))?;
        let value_columns = renderer.value_columns(face)?;
        for (number, place) in (1..).zip(&face.text) {
            let size = renderer.letters.size(dots(place.size_mm));
            let x = dots(place.x_mm);
            let baseline = dots(place.y_mm) + renderer.letters.ascent(size);
            let right = dots(face.width_mm - MARGIN_RIGHT_MM);
            for text in place.text.iter().chain(&place.label) {
                let drawn = renderer.letters.draw(&mut renderer.blank, text, x, baseline, right - x, size);
                drawn.map_err(|unfit| layout_error(number, unfit))?;
            }
            let Some(field) = &place.field else { continue };
            let x = match &place.label {
                Some(_) => value_columns.get(&place.x_mm.to_bits()).copied().unwrap_or(x),
                None => x,
            };
            renderer.lines.push(Line { field: field.clone(), x, baseline, width_max: right - x, size });
        }
        Ok(renderer)
    }

    /// The picture's width and height in dots: the card's, rounded up.
    pub fn size_px(&self) -> (u32, u32) {
        self.blank.size()
    }

    /// The front of one person's card: PNG, grey, 1 bit, landscape, with its resolution. The same input gives the same
    /// bytes.
    ///
    /// `district` and `village` are the record's; they stand for the profile's columns of that role. A value that is
    /// too long is made smaller; errors are of this record ([`RenderError::is_of_record`]).
    pub fn front(&self, person: &Person, district: &str, village: &str) -> Result<Vec<u8>, RenderError> {
        let mut card = self.blank.clone();
        for line in &self.lines {
            let value = match &line.field {
                field if *field == self.district => district,
                field if *field == self.village => village,
                field => person.reveal(field),
            };
            let drawn = self.letters.draw(&mut card, value, line.x, line.baseline, line.width_max, line.size);
            drawn.map_err(|unfit| record_error(&line.field, unfit))?;
        }
        card.png(self.dots_per_metre).map_err(RenderError::Encode)
    }

    /// A card that nobody can take for a real one: each value says so.
    pub fn test_card(&self) -> Result<Vec<u8>, RenderError> {
        let mut card = self.blank.clone();
        for line in &self.lines {
            let drawn = self.letters.draw(&mut card, TEST_VALUE, line.x, line.baseline, line.width_max, line.size);
            drawn.map_err(|unfit| record_error(&line.field, unfit))?;
        }
        card.png(self.dots_per_metre).map_err(RenderError::Encode)
    }

    /// Where values stand that follow labels with the same left edge (its bits): right of the longest.
    fn value_columns(&mut self, face: &CardFace) -> Result<BTreeMap<u32, f32>, RenderError> {
        let dots = |mm: f32| mm / MM_PER_INCH * face.dpi;
        let mut columns = BTreeMap::new();
        for (number, place) in (1..).zip(&face.text) {
            let (Some(label), Some(_)) = (&place.label, &place.field) else { continue };
            let size = self.letters.size(dots(place.size_mm));
            let width = self.letters.width(label, size).map_err(|unfit| layout_error(number, unfit))?;
            let end = dots(place.x_mm + LABEL_GAP_MM) + width;
            if end >= dots(face.width_mm - MARGIN_RIGHT_MM) {
                return Err(layout(number, "has a label that leaves no room for the value"));
            }
            let column = columns.entry(place.x_mm.to_bits()).or_insert(end);
            *column = end.max(*column);
        }
        Ok(columns)
    }
}

impl Draw for Renderer {
    fn front(&self, person: &Person, district: &str, village: &str) -> Result<Vec<u8>, RenderError> {
        self.front(person, district, village)
    }
}

fn size_px(face: &CardFace) -> Result<(u32, u32), RenderError> {
    let sides = [face.width_mm, face.height_mm];
    if !sides.iter().all(|mm| (10.0..=300.0).contains(mm)) || !(100.0..=1200.0).contains(&face.dpi) {
        return Err(RenderError::Layout { problem: "`card` is not 10 to 300 mm at 100 to 1200 dpi".into() });
    }
    // A hundredth of a dot is what decimal millimetres lose in binary, not a reason for one more dot.
    let [width, height] = sides.map(|mm| whole((mm / MM_PER_INCH * face.dpi - 0.01).ceil()));
    Ok((width, height))
}

fn check_place(face: &CardFace, number: u32, place: &TextPlace) -> Result<(), RenderError> {
    let left_and_top = place.x_mm >= 0.0 && place.y_mm >= 0.0;
    let right = place.x_mm < face.width_mm - MARGIN_RIGHT_MM;
    if !SIZE_MM.contains(&place.size_mm) {
        Err(layout(number, "is not of 0.5 to 20 mm"))
    } else if left_and_top && right && place.y_mm + place.size_mm <= face.height_mm {
        Ok(())
    } else {
        Err(layout(number, "lies outside the card or in its right margin of 3 mm"))
    }
}

fn layout(number: u32, problem: &str) -> RenderError {
    RenderError::Layout { problem: format!("`[[card.text]]` number {number} {problem}") }
}

fn layout_error(number: u32, unfit: Unfit) -> RenderError {
    match unfit {
        Unfit::Character(c) => {
            layout(number, &format!("has the character U+{:04X}, which the font lacks", u32::from(c)))
        }
        Unfit::TooLong => layout(number, "has a text that is too long"),
    }
}

fn record_error(field: &str, unfit: Unfit) -> RenderError {
    let field = field.to_owned();
    match unfit {
        Unfit::Character(c) => RenderError::Character { field, code_point: c.into() },
        Unfit::TooLong => RenderError::TooLong { field, percent: letters::PERCENT_LEAST },
    }
}

/// The nearest whole number of dots; 0 for what is no number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates, as wanted")]
fn whole(dots: f32) -> u32 {
    dots.round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(toml: &str) -> CardProfile {
        let profile: CardProfile = toml::from_str(toml).unwrap();
        profile.validate().unwrap();
        profile
    }

    fn ktp() -> CardProfile {
        profile(include_str!("../profiles/ktp-el.toml"))
    }

    fn student() -> CardProfile {
        profile(include_str!("../profiles/student.toml"))
    }

    fn person(fields: &[(&str, &str)]) -> Person {
        let mut person = Person::default();
        let usual = [("nik", "3372046603899001"), ("name", "SITI AMINAH"), ("student_number", "S-12345")];
        for (field, value) in usual.iter().chain(fields) {
            person.set(field, (*value).to_owned());
        }
        person
    }

    fn front(profile: &CardProfile, fields: &[(&str, &str)]) -> Result<Vec<u8>, String> {
        let renderer = Renderer::new(profile).unwrap();
        renderer.front(&person(fields), "JEBRES", "JAGALAN").map_err(|e| {
            assert!(e.is_of_record());
            e.to_string()
        })
    }

    /// Header and pixels, a byte each, 0 is black.
    fn decode(bytes: &[u8]) -> (png::Info<'static>, Vec<u8>) {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        (reader.info().clone(), pixels)
    }

    /// Black dots in a part of the card, in millimetres at 300 dpi.
    fn black(bytes: &[u8], x_mm: std::ops::Range<u32>, y_mm: std::ops::Range<u32>) -> usize {
        let (_, pixels) = decode(bytes);
        let dots = |mm: u32| (mm * 1181 / 100) as usize;
        let row = |y: usize| pixels[y * 1012 + dots(x_mm.start)..y * 1012 + dots(x_mm.end)].iter();
        (dots(y_mm.start)..dots(y_mm.end)).flat_map(row).filter(|p| **p == 0).count()
    }

    #[test]
    fn a_card_is_an_id_1_card_at_300_dpi_in_one_bit() {
        let card = front(&ktp(), &[]).unwrap();
        let (info, pixels) = decode(&card);
        assert_eq!((info.width, info.height), (1012, 638));
        assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Grayscale, png::BitDepth::One));
        let dims = info.pixel_dims.unwrap();
        assert_eq!((dims.xppu, dims.yppu, dims.unit), (11811, 11811, png::Unit::Meter));
        assert_eq!(Renderer::new(&ktp()).unwrap().size_px(), (1012, 638));
        assert!(pixels.iter().all(|p| [0, 255].contains(p)));
        assert!(black(&card, 0..85, 0..53) > 5_000, "there is something on it");
    }

    #[test]
    fn a_side_that_is_a_whole_number_of_dots_gets_no_dot_more() {
        let mut profile = ktp();
        for (mm, dots) in [(50.8, 600), (76.2, 900), (60.96, 720), (53.98, 638), (85.60, 1012)] {
            (profile.card.width_mm, profile.card.text) = (mm, Vec::new());
            assert_eq!(Renderer::new(&profile).unwrap().size_px().0, dots, "{mm}");
        }
    }

    #[test]
    fn the_same_input_gives_the_same_bytes_and_another_person_others() {
        let siti = front(&ktp(), &[]).unwrap();
        assert_eq!(front(&ktp(), &[]).unwrap(), siti);
        assert_ne!(front(&ktp(), &[("name", "SITI AMINAN")]).unwrap(), siti);
        assert_ne!(front(&ktp(), &[("nik", "3372046603899002")]).unwrap(), siti);
    }

    #[test]
    fn one_renderer_draws_the_same_from_many_threads() {
        let renderer = Renderer::new(&ktp()).unwrap();
        let cards: Vec<_> = std::thread::scope(|scope| {
            let threads = [(); 8].map(|()| scope.spawn(|| renderer.front(&person(&[]), "", "").unwrap()));
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(cards.iter().all(|card| *card == cards[0]));
    }

    #[test]
    fn a_long_name_is_made_smaller_and_a_longer_one_refused_without_telling_it() {
        let name_line = |letters: usize| {
            front(&ktp(), &[("name", &"M".repeat(letters))])
                .map(|card| (black(&card, 0..83, 15..18), black(&card, 83..85, 0..53)))
        };
        let (short, fits) = (name_line(20).unwrap(), name_line(38).unwrap());
        assert!(fits.0 > short.0, "more letters: {fits:?} {short:?}");
        assert!(fits.0 * 20 < short.0 * 38, "but smaller ones: {fits:?} {short:?}");
        assert_eq!((short.1, fits.1), (0, 0), "none in the margin");
        let refused = "field `name` is too long for its line on the card, even at 70 % of its size";
        assert_eq!(name_line(60), Err(refused.into()));
        assert_eq!(name_line(10_000), Err(refused.into()));
    }

    #[test]
    fn a_character_that_the_font_lacks_is_refused_with_field_and_code_point_only() {
        let of = |field: &str, code: &str| {
            Err(format!("field `{field}` has the character {code}, which the card's font cannot show"))
        };
        assert_eq!(front(&ktp(), &[("name", "LIE 中 MING")]), of("name", "U+4E2D"));
        assert_eq!(front(&ktp(), &[("address", "JL. 😀")]), of("address", "U+1F600"));
    }

    #[test]
    fn a_character_that_would_be_misprinted_is_refused() {
        for c in
            ['\0', '\t', '\n', '\u{7F}', '\u{85}', '\u{AD}', '\u{301}', '\u{5D0}', '\u{627}', '\u{200B}', '\u{202E}']
        {
            let expected = format!("field `name` has the character U+{:04X}, which", u32::from(c));
            let error = front(&ktp(), &[("name", &format!("A{c}B"))]).unwrap_err();
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn no_character_makes_it_panic() {
        let renderer = Renderer::new(&ktp()).unwrap();
        let mut shown = 0;
        for c in '\0'..=char::MAX {
            shown += u32::from(renderer.letters.width(&c.to_string(), renderer.lines[0].size).is_ok());
        }
        assert!((1_000..4_000).contains(&shown), "{shown}");
        for odd in ["", " ", "   ", "É", "ÅÇÑ", "\u{FFFD}", "\u{10FFFF}", "ﬁ", "W"] {
            drop(renderer.front(&person(&[("name", odd), ("address", &odd.repeat(10_000))]), odd, odd));
        }
    }

    #[test]
    fn an_empty_value_leaves_its_line_white() {
        let card = front(&ktp(), &[("name", "")]).unwrap();
        assert_eq!(black(&card, 20..85, 15..18), 0);
        assert!(black(&front(&ktp(), &[]).unwrap(), 20..85, 15..18) > 0);
    }

    #[test]
    fn another_profile_draws_its_own_fields() {
        let card = |fields: &[(&str, &str)]| front(&student(), fields).unwrap();
        assert_ne!(card(&[("student_number", "S-1")]), card(&[("student_number", "S-2")]));
        assert_ne!(card(&[("valid_until", "2030-01-31")]), card(&[]));
        assert_eq!(card(&[("nik", "9"), ("religion", "ISLAM")]), card(&[]), "what it does not list is not on it");
    }

    #[test]
    fn district_and_village_come_from_the_record() {
        let mut profile = ktp();
        profile.card.text[2].field = Some("village".into());
        let renderer = Renderer::new(&profile).unwrap();
        let card = |district, village| renderer.front(&person(&[]), district, village).unwrap();
        assert_ne!(card("JEBRES", "JAGALAN"), card("JEBRES", "MOJO"));
        assert_eq!(card("JEBRES", "MOJO"), card("LAWEYAN", "MOJO"));
    }

    #[test]
    fn values_stand_in_one_column_right_of_the_longest_label() {
        let renderer = Renderer::new(&ktp()).unwrap();
        assert!(renderer.lines.iter().all(|line| line.x.to_bits() == renderer.lines[0].x.to_bits()));
    }

    #[test]
    fn a_place_outside_the_card_and_a_text_that_does_not_fit_are_found_at_start() {
        type Fault = (fn(&mut TextPlace), &'static str);
        let wrong: [Fault; 8] = [
            (|p| p.x_mm = -1.0, "lies outside the card or in its right margin of 3 mm"),
            (|p| p.x_mm = 84.0, "lies outside the card or in its right margin of 3 mm"),
            (|p| p.y_mm = 53.0, "lies outside the card or in its right margin of 3 mm"),
            (|p| p.y_mm = f32::NAN, "lies outside the card or in its right margin of 3 mm"),
            (|p| p.size_mm = f32::INFINITY, "is not of 0.5 to 20 mm"),
            (|p| p.label = Some("N".repeat(42)), "has a label that leaves no room for the value"),
            (|p| (p.label, p.field, p.text) = (None, None, Some("N".repeat(90))), "has a text that is too long"),
            (|p| p.label = Some("中".into()), "has the character U+4E2D, which the font lacks"),
        ];
        for (break_it, problem) in wrong {
            let mut profile = ktp();
            break_it(&mut profile.card.text[2]);
            let error = Renderer::new(&profile).err().unwrap();
            assert_eq!(error.to_string(), format!("cannot lay out the card: `[[card.text]]` number 3 {problem}"));
            assert!(!error.is_of_record());
        }
    }
}
