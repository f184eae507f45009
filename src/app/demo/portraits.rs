//! Drawn portraits of invented people.

use std::{fs::File, io, path::Path};

use png::{BitDepth, ColorType, Compression, Encoder};

/// The number of portraits for each sex and background.
pub(super) const VARIANTS: u32 = 4;

/// The file name of a portrait: red behind those born in odd years, blue behind the others.
pub(super) fn file_name(birth_year: u32, sex: char, variant: u32) -> String {
    let background = if birth_year % 2 == 1 { "odd" } else { "even" };
    format!("{background}-{}-{variant}.png", sex.to_ascii_lowercase())
}

/// Writes all portraits into an existing folder.
pub(super) fn write(folder: &Path) -> io::Result<()> {
    for year in [1, 2] {
        for sex in ['F', 'M'] {
            for variant in 0..VARIANTS {
                let file = File::create(folder.join(file_name(year, sex, variant)))?;
                encode(file, &draw(sex, variant), &palette(year, variant))?;
            }
        }
    }
    Ok(())
}

/// 3 by 4 cm at 254 dpi.
const WIDTH: u32 = 300;
const HEIGHT: u32 = 400;

/// The part of the portrait that a dot shows; the palette has its colour.
#[derive(Clone, Copy)]
enum Paint {
    Background,
    Clothes,
    Collar,
    Skin,
    Hair,
    Feature,
}

/// Red, green and blue of each [`Paint`], in its order.
fn palette(birth_year: u32, variant: u32) -> [u8; 18] {
    let background = if birth_year % 2 == 1 { [0xC4, 0x1E, 0x22] } else { [0x1F, 0x4F, 0xB0] };
    let (clothes, skin, hair) = match variant {
        0 => ([0xF2, 0xF2, 0xEE], [0xC9, 0x93, 0x6B], [0x1B, 0x16, 0x14]),
        1 => ([0x35, 0x4A, 0x2F], [0xB8, 0x80, 0x59], [0x2B, 0x21, 0x1C]),
        2 => ([0x5B, 0x3A, 0x66], [0xD8, 0xA8, 0x80], [0x14, 0x12, 0x16]),
        _ => ([0x7A, 0x5A, 0x2E], [0xA9, 0x72, 0x4C], [0x6E, 0x6A, 0x68]),
    };
    let rows = [background, clothes, [0xFA, 0xFA, 0xFA], skin, hair, [0x3A, 0x22, 0x1C]];
    let mut palette = [0; 18];
    palette.iter_mut().zip(rows.as_flattened()).for_each(|(to, from)| *to = *from);
    palette
}

/// An ellipse: centre, half width, half height.
struct Oval(i32, i32, i32, i32);

impl Oval {
    fn covers(&self, x: i32, y: i32) -> bool {
        let Self(centre_x, centre_y, a, b) = *self;
        let (dx, dy) = (i64::from(x - centre_x), i64::from(y - centre_y));
        let (a, b) = (i64::from(a), i64::from(b));
        dx * dx * b * b + dy * dy * a * a <= a * a * b * b
    }
}

/// The dots of a portrait: one byte each, its [`Paint`].
fn draw(sex: char, variant: u32) -> Vec<u8> {
    // Each variant has a different face, so that each portrait is a photo with its own digest.
    let v = i32::try_from(variant).unwrap_or(0);
    let (face, shoulders) = (Oval(150, 165 + v, 62 + 3 * v, 82 - 2 * v), Oval(150, 415, 128 + 4 * v, 125 + 3 * v));
    let (neck, collar) = (Oval(150, 255, 30 + v, 62), Oval(150, 300, 46, 34 + 2 * v));
    // Women of even variants wear a veil, the others long hair; men have short hair and a hat of their own.
    let (veil, long) = (sex == 'F' && v % 2 == 0, sex == 'F' && v % 2 == 1);
    let hood = if veil { Oval(150, 200, 92, 140) } else { Oval(150, 180 + v, 84 + 2 * v, 118 + 6 * v) };
    let hair = Oval(150, 148, 70 + 3 * v, 80);
    let hat = sex == 'M' && v % 2 == 1;
    let eyes = [Oval(124 - v, 160, 7, 4), Oval(176 + v, 160, 7, 4)];
    let (mouth, upper_mouth) = (Oval(150, 206, 22 - v, 9), Oval(150, 202, 26, 9));
    let hairline = 118 + 4 * v;
    let paint = |x: i32, y: i32| {
        let inside = face.covers(x, y);
        let mouth = mouth.covers(x, y) && !upper_mouth.covers(x, y);
        let feature = inside && (mouth || eyes.iter().any(|eye| eye.covers(x, y)));
        let hat = hat && (66..124).contains(&y) && (x - 150).abs() < 74;
        if feature || hat {
            Paint::Feature
        } else if inside && (y >= hairline || (veil && y >= 108)) {
            Paint::Skin
        } else if (veil || long)
            && hood.covers(x, y)
            && !(long && (y > 300 && shoulders.covers(x, y) || neck.covers(x, y)))
        {
            if veil { Paint::Collar } else { Paint::Hair }
        } else if hair.covers(x, y) && y < 190 {
            Paint::Hair
        } else if neck.covers(x, y) {
            Paint::Skin
        } else if shoulders.covers(x, y) {
            if collar.covers(x, y) { Paint::Collar } else { Paint::Clothes }
        } else {
            Paint::Background
        }
    };
    let side = |n: u32| 0..i32::try_from(n).unwrap_or(0);
    side(HEIGHT).flat_map(|y| side(WIDTH).map(move |x| (x, y))).map(|(x, y)| paint(x, y) as u8).collect()
}

fn encode(file: File, dots: &[u8], palette: &[u8]) -> io::Result<()> {
    let mut encoder = Encoder::new(io::BufWriter::new(file), WIDTH, HEIGHT);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_palette(palette);
    encoder.set_compression(Compression::Balanced);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(dots)?;
    Ok(writer.finish()?)
}
