//! Helper: a picture of a page with few colours, so that its file is small.

use std::{
    collections::{BTreeMap, HashMap},
    io::Cursor,
};

use png::{BitDepth, ColorType, Compression, Decoder, Encoder, Filter, Transformations};

type Color = [u8; 3];

/// The most colours of a file.
const COLORS_MAX: usize = 64;
/// The difference, as a sum over red, green and blue, below which two colours are one.
const ALIKE: u32 = 24;

fn difference(one: Color, other: Color) -> u32 {
    one.iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(b))).sum()
}

fn nearest(palette: &[Color], color: Color) -> (usize, u32) {
    let all = palette.iter().enumerate().map(|(at, known)| (at, difference(*known, color)));
    all.min_by_key(|(_, difference)| *difference).unwrap_or((0, u32::MAX))
}

/// The upper part of a picture, with at most `COLORS_MAX` colours, the most frequent ones.
pub(crate) fn reduced(picture: &[u8], height: u32) -> Vec<u8> {
    let mut decoder = Decoder::new(Cursor::new(picture));
    decoder.set_transformations(Transformations::STRIP_16 | Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert!(matches!(info.color_type, ColorType::Rgb | ColorType::Rgba), "{:?}", info.color_type);
    let height = height.min(info.height);
    let dots = bytes[..info.line_size * height as usize].chunks(info.color_type.samples());
    let dots: Vec<Color> = dots.map(|dot| [dot[0], dot[1], dot[2]]).collect();
    let mut counts: BTreeMap<Color, usize> = BTreeMap::new();
    for dot in &dots {
        *counts.entry(*dot).or_default() += 1;
    }
    let mut frequent: Vec<(usize, Color)> = counts.into_iter().map(|(color, count)| (count, color)).collect();
    frequent.sort_by(|one, other| other.cmp(one));
    let mut palette: Vec<Color> = Vec::new();
    for (_, color) in frequent {
        if palette.len() < COLORS_MAX && nearest(&palette, color).1 > ALIKE {
            palette.push(color);
        }
    }
    let mut known = HashMap::new();
    let place = |dot: &Color| *known.entry(*dot).or_insert_with(|| u8::try_from(nearest(&palette, *dot).0).unwrap());
    let places: Vec<u8> = dots.iter().map(place).collect();
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, info.width, height);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_palette(palette.concat());
    encoder.set_compression(Compression::High);
    encoder.set_filter(Filter::NoFilter);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&places).unwrap();
    writer.finish().unwrap();
    file
}
