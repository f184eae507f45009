//! Photos for the tests, and their expected pictures.

use jpeg_encoder::{ColorType as Colours, Encoder};
use png::{BitDepth, ColorType};

use super::{PhotoLimits, decode};
use crate::picture::{Ink, Picture};

pub(super) const WIDTH: u16 = 130;
pub(super) const HEIGHT: u16 = 170;

pub(super) fn limits() -> PhotoLimits {
    PhotoLimits::default()
}

/// A smooth picture without two equal corners; red above blue.
pub(super) fn colours(width: u16, height: u16) -> Vec<u8> {
    let part = |at: u16, of: u16| u8::try_from(u32::from(at) * 200 / u32::from(of)).unwrap();
    let dot = |x, y| [200 - part(y, height), part(x, width) / 2, part(y, height)];
    (0..height).flat_map(|y| (0..width).flat_map(move |x| dot(x, y))).collect()
}

pub(super) fn jpeg_of(
    dots: &[u8],
    width: u16,
    height: u16,
    kind: Colours,
    set: impl FnOnce(&mut Encoder<&mut Vec<u8>>),
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 90);
    set(&mut encoder);
    encoder.encode(dots, width, height, kind).unwrap();
    bytes
}

pub(super) fn jpeg(set: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    jpeg_of(&colours(WIDTH, HEIGHT), WIDTH, HEIGHT, Colours::Rgb, set)
}

pub(super) fn png_of(
    dots: &[u8],
    colour: ColorType,
    depth: BitDepth,
    set: impl FnOnce(&mut png::Info<'static>),
) -> Vec<u8> {
    let mut info = png::Info::with_size(WIDTH.into(), HEIGHT.into());
    info.color_type = colour;
    info.bit_depth = depth;
    set(&mut info);
    let mut bytes = Vec::new();
    let encoder = png::Encoder::with_info(&mut bytes, info).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(dots).unwrap();
    writer.finish().unwrap();
    bytes
}

pub(super) fn png() -> Vec<u8> {
    png_of(&colours(WIDTH, HEIGHT), ColorType::Rgb, BitDepth::Eight, |_| {})
}

pub(super) fn tiff(orientation: u8, big_endian: bool) -> Vec<u8> {
    // A directory of two entries behind the header, the first of them of no interest.
    let numbers: [(u32, usize); 13] = [
        (42, 2),
        (8, 4),
        (2, 2),
        (0x010F, 2),
        (2, 2),
        (1, 4),
        (0, 4),
        (0x0112, 2),
        (3, 2),
        (1, 4),
        (orientation.into(), 2),
        (0, 2),
        (0, 4),
    ];
    let mut bytes = if big_endian { b"MM".to_vec() } else { b"II".to_vec() };
    for (number, length) in numbers {
        if big_endian {
            bytes.extend(&number.to_be_bytes()[4 - length..]);
        } else {
            bytes.extend(&number.to_le_bytes()[..length]);
        }
    }
    bytes
}

pub(super) fn exif_jpeg(orientation: u8) -> Vec<u8> {
    jpeg(|encoder| encoder.add_exif_metadata(&tiff(orientation, orientation.is_multiple_of(2))).unwrap())
}

pub(super) fn picture(dots: Vec<u8>) -> Picture {
    Picture::new(WIDTH.into(), HEIGHT.into(), Ink::Rgb8, dots).unwrap()
}

pub(super) fn dot(picture: &Picture, x: u32, y: u32) -> [u8; 3] {
    picture.dots().as_chunks().0[(y * picture.width() + x) as usize]
}

/// The mean difference between the samples of two pictures.
pub(super) fn difference(one: &[u8], other: &[u8]) -> u64 {
    assert_eq!(one.len(), other.len());
    let sum: u64 = one.iter().zip(other).map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
    sum / one.len() as u64
}

/// The picture of a valid photo.
pub(super) fn shown(bytes: &[u8]) -> Picture {
    decode(bytes, &limits()).unwrap()
}

/// The position of the first marker of a kind in a JPEG.
pub(super) fn position(bytes: &[u8], marker: u8) -> usize {
    bytes.windows(2).position(|pair| pair == [0xFF, marker]).unwrap()
}
