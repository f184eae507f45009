//! A picture of dots, and its conversions for a printer: to grey or black, rotated, as PNG.

use png::{BitDepth, ColorType, DeflateCompression, EncodingError, Filter, PixelDimensions, Unit};

/// The colours of a dot of a [`Picture`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ink {
    /// Red, green and blue of sRGB, a byte each.
    Rgb8,
    /// Grey with the curve of sRGB, a byte: 0 is black, 255 white.
    Gray8,
    /// One bit: 1 is black, as `black_1` of PWG 5102.4.
    Black1,
}

/// Rows from the top, without padding. [`Ink::Black1`] rows are whole bytes, the first dot in the highest bit; the bits
/// after the last dot are white, so that equal pictures have equal bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Picture {
    width: u32,
    height: u32,
    ink: Ink,
    dots: Vec<u8>,
}

/// A rectangle of a picture, in dots from the top left corner. It may extend beyond the picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DotArea {
    /// Distance to the left edge.
    pub x: u32,
    /// Distance to the top edge.
    pub y: u32,
    /// Width in dots.
    pub width: u32,
    /// Height in dots.
    pub height: u32,
}

/// A rotation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rotation {
    /// By 90° counter-clockwise: what was the right edge is on top.
    Left,
    /// By 90° clockwise: what was the left edge is on top.
    Right,
    /// By 180°: upside down.
    Half,
}

/// Longest side in dots, 2.7 m at 600 dpi: no size of a row or header field overflows.
const SIDE_MAX: u32 = 65_535;

/// Greys below this limit are black outside of dithered areas.
const HALF: u8 = 128;

impl Picture {
    /// A picture of rows from the top. `None` unless both sides have 1 to 65,535 dots, and `dots` has the length that
    /// they need.
    pub fn new(width: u32, height: u32, ink: Ink, mut dots: Vec<u8>) -> Option<Self> {
        if !(1..=SIDE_MAX).contains(&width) || !(1..=SIDE_MAX).contains(&height) {
            return None;
        }
        let row_bytes = row_bytes(width, ink);
        if row_bytes.checked_mul(height as usize)? != dots.len() {
            return None;
        }
        if ink == Ink::Black1 && !width.is_multiple_of(8) {
            let dots_only = u8::MAX << (8 - width % 8);
            dots.chunks_exact_mut(row_bytes).filter_map(|row| row.last_mut()).for_each(|last| *last &= dots_only);
        }
        Some(Self { width, height, ink, dots })
    }

    /// A picture from opaque RGBA, a byte per channel. The alpha channel is dropped.
    pub fn from_rgba(width: u32, height: u32, dots: &[u8]) -> Option<Self> {
        let mut rgb = Vec::with_capacity(dots.len() / 4 * 3);
        for dot in dots.chunks_exact(4) {
            rgb.extend_from_slice(&dot[..3]);
        }
        Self::new(width, height, Ink::Rgb8, rgb)
    }

    /// Dots in a row; at least 1.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows; at least 1.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The colours of a dot.
    pub fn ink(&self) -> Ink {
        self.ink
    }

    /// All rows.
    pub fn dots(&self) -> &[u8] {
        &self.dots
    }

    /// Bytes in a row; at least 1.
    pub fn row_bytes(&self) -> usize {
        row_bytes(self.width, self.ink)
    }

    /// Converts to grey, by the luma of sRGB (weights of ITU-R BT.709 in 1/256, on the gamma-encoded values).
    #[must_use]
    pub fn to_gray(&self) -> Self {
        let dots = match self.ink {
            Ink::Gray8 => self.dots.clone(),
            Ink::Rgb8 => {
                let mut grays = vec![0; self.dots.len() / 3];
                lumas(&self.dots, &mut grays);
                grays
            }
            Ink::Black1 => {
                let width = self.width as usize;
                let mut grays = Vec::with_capacity(width * self.height as usize);
                for row in self.rows() {
                    let end = grays.len() + width;
                    for byte in row {
                        grays.extend_from_slice(&spread(*byte));
                    }
                    grays.truncate(end);
                }
                grays
            }
        };
        Self { ink: Ink::Gray8, dots, ..*self }
    }

    /// Converts to black and white: greys below half are black, so that letters keep their edges. Inside the areas of
    /// `photo`, greys are dithered in 65 steps of 8 x 8 dots; white stays white, and black black.
    ///
    /// A picture in [`Ink::Black1`] is returned unchanged.
    #[must_use]
    pub fn to_black(&self, photo: &[DotArea]) -> Self {
        let width = self.width as usize;
        let mut dots = Vec::with_capacity(row_bytes(self.width, Ink::Black1) * self.height as usize);
        // What is right of the last dot is white.
        let mut grays = vec![[u8::MAX; 8]; width.div_ceil(8)];
        for (y, row) in (0..).zip(self.rows()) {
            let flat = grays.as_flattened_mut().split_at_mut(width).0;
            match self.ink {
                Ink::Black1 => return self.clone(),
                Ink::Gray8 => flat.copy_from_slice(row),
                Ink::Rgb8 => lumas(row, flat),
            }
            let start = dots.len();
            dots.extend(grays.iter().map(|eight| darker(*eight, [HALF; 8])));
            let blacks = dots.split_at_mut(start).1;
            for area in photo.iter().filter(|area| (area.y..area.y.saturating_add(area.height)).contains(&y)) {
                area.dither(y, &grays, blacks);
            }
        }
        Self { ink: Ink::Black1, dots, ..*self }
    }

    /// Rotates; a quarter turn swaps width and height.
    #[must_use]
    pub fn rotated(&self, rotation: Rotation) -> Self {
        let dots = match (rotation, self.ink) {
            (Rotation::Half, _) => return self.with_mirrored(self.rows().rev()),
            (Rotation::Left | Rotation::Right, Ink::Black1) => return self.to_gray().rotated(rotation).to_black(&[]),
            (Rotation::Left | Rotation::Right, Ink::Gray8) => self.quarter::<1>(rotation == Rotation::Right),
            (Rotation::Left | Rotation::Right, Ink::Rgb8) => self.quarter::<3>(rotation == Rotation::Right),
        };
        Self { width: self.height, height: self.width, dots, ..*self }
    }

    /// Top and bottom swapped.
    #[must_use]
    pub fn mirrored_vertically(&self) -> Self {
        let mut dots = Vec::with_capacity(self.dots.len());
        self.rows().rev().for_each(|row| dots.extend_from_slice(row));
        Self { dots, ..*self }
    }

    /// Left and right swapped.
    #[must_use]
    pub fn mirrored_horizontally(&self) -> Self {
        self.with_mirrored(self.rows())
    }

    /// Encodes as PNG with the print resolution; [`Ink::Black1`] becomes grey of one bit. The same picture gives the
    /// same bytes.
    ///
    /// Fails only if the `png` crate does.
    pub fn png(&self, dpi: u32) -> Result<Vec<u8>, EncodingError> {
        let mut bytes = Vec::with_capacity(self.dots.len() / 8);
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        let per_metre = dots_per_metre(dpi);
        encoder.set_pixel_dims(Some(PixelDimensions { xppu: per_metre, yppu: per_metre, unit: Unit::Meter }));
        // The fast deflate compresses runs of zeros only; the filter `Up` turns equal rows into zeros.
        encoder.set_deflate_compression(DeflateCompression::FdeflateUltraFast);
        encoder.set_filter(Filter::Up);
        match self.ink {
            Ink::Rgb8 => encoder.set_color(ColorType::Rgb),
            Ink::Gray8 => encoder.set_color(ColorType::Grayscale),
            Ink::Black1 => {
                encoder.set_color(ColorType::Grayscale);
                encoder.set_depth(BitDepth::One);
            }
        }
        let mut writer = encoder.write_header()?;
        match self.ink {
            Ink::Rgb8 | Ink::Gray8 => writer.write_image_data(&self.dots)?,
            // To PNG, 1 is white.
            Ink::Black1 => writer.write_image_data(&self.dots.iter().map(|byte| !byte).collect::<Vec<_>>())?,
        }
        writer.finish()?;
        bytes.shrink_to_fit();
        Ok(bytes)
    }

    fn rows(&self) -> std::slice::ChunksExact<'_, u8> {
        self.dots.chunks_exact(self.row_bytes())
    }

    /// The picture of these rows, each mirrored horizontally.
    fn with_mirrored<'a>(&self, rows: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut dots = vec![0; self.dots.len()];
        for (to, from) in dots.chunks_exact_mut(self.row_bytes()).zip(rows) {
            match self.ink {
                Ink::Rgb8 => mirror(to.as_chunks_mut::<3>().0, from.as_chunks::<3>().0),
                Ink::Gray8 => mirror(to, from),
                Ink::Black1 => {
                    mirror(to, from);
                    // The unused bits are at the front now: shift the dots over them.
                    let unused = self.width.wrapping_neg() % 8;
                    let mut right = 0;
                    for byte in to.iter_mut().rev() {
                        let bits = u16::from(byte.reverse_bits());
                        [_, *byte] = (bits << unused | right).to_be_bytes();
                        right = bits >> (8 - unused);
                    }
                }
            }
        }
        Self { dots, ..*self }
    }

    /// The dots after a quarter turn, for dots of `N` bytes.
    fn quarter<const N: usize>(&self, right: bool) -> Vec<u8> {
        let (width, height) = (self.width as usize, self.height as usize);
        let mut turned = vec![[0; N]; width * height];
        for (y, row) in self.dots.as_chunks::<N>().0.chunks_exact(width).enumerate() {
            // A row becomes a column: to the right the first row is the last column, to the left the last dot comes
            // first.
            if right {
                turned.iter_mut().skip(height - 1 - y).step_by(height).zip(row).for_each(|(to, dot)| *to = *dot);
            } else {
                turned.iter_mut().skip(y).step_by(height).zip(row.iter().rev()).for_each(|(to, dot)| *to = *dot);
            }
        }
        turned.into_flattened()
    }
}

impl DotArea {
    /// Dithers the part of row `y` in this area: from `grays` to `blacks`.
    fn dither(&self, y: u32, grays: &[[u8; 8]], blacks: &mut [u8]) {
        let (left, right) = (self.x as usize, self.x.saturating_add(self.width) as usize);
        let limits = BAYER.get(y as usize % 8).copied().unwrap_or([HALF; 8]);
        let bytes = blacks.iter_mut().zip(grays).zip((0..).step_by(8)).take(right.div_ceil(8)).skip(left / 8);
        for ((black, eight), x) in bytes {
            let inside = bits_from(left.saturating_sub(x)) & !bits_from(right - x);
            *black = *black & !inside | darker(*eight, limits) & inside;
        }
    }
}

/// The bits of a byte from dot `first` on; none for 8 and more.
fn bits_from(first: usize) -> u8 {
    u8::MAX.checked_shr(u32::try_from(first).unwrap_or(u32::MAX)).unwrap_or(0)
}

/// Limits of a square of 8 x 8 dots, below which greys are black: Bayer's matrix with its 64 steps spread over 2..=254,
/// so that 0 is always black and 255 never.
const BAYER: [[u8; 8]; 8] = {
    let mut limits = [[0; 8]; 8];
    let mut y = 0;
    while y < 8 {
        let mut x = 0;
        while x < 8 {
            // The bits of `x ^ y` and `y`, interleaved from the lowest to the highest place.
            let (diagonal, mut step, mut bit) = (x ^ y, 0, 0);
            while bit < 3 {
                step = step << 2 | (diagonal >> bit & 1) << 1 | y >> bit & 1;
                bit += 1;
            }
            limits[y][x] = 4 * step.to_le_bytes()[0] + 2;
            x += 1;
        }
        y += 1;
    }
    limits
};

/// Which of eight greys are below their limit, the first in the highest bit.
fn darker(grays: [u8; 8], limits: [u8; 8]) -> u8 {
    let mut below = [0; 8];
    for ((below, gray), limit) in below.iter_mut().zip(grays).zip(limits) {
        *below = u8::from(gray < limit);
    }
    // The product brings the lowest bit of each byte to its place in the highest byte.
    let [bits, ..] = u64::from_be_bytes(below).wrapping_mul(0x0102_0408_1020_4080).to_be_bytes();
    bits
}

/// Eight greys of eight bits, the highest first.
fn spread(bits: u8) -> [u8; 8] {
    [7, 6, 5, 4, 3, 2, 1, 0].map(|place| (bits >> place & 1).wrapping_sub(1))
}

/// The grey of each dot of red, green and blue.
fn lumas(colors: &[u8], grays: &mut [u8]) {
    for (gray, rgb) in grays.iter_mut().zip(colors.as_chunks::<3>().0) {
        let [red, green, blue] = rgb.map(u16::from);
        [*gray, _] = (54 * red + 183 * green + 19 * blue + 128).to_be_bytes();
    }
}

fn mirror<T: Copy>(to: &mut [T], from: &[T]) {
    to.iter_mut().zip(from.iter().rev()).for_each(|(to, from)| *to = *from);
}

fn row_bytes(width: u32, ink: Ink) -> usize {
    match ink {
        Ink::Rgb8 => width as usize * 3,
        Ink::Gray8 => width as usize,
        Ink::Black1 => width.div_ceil(8) as usize,
    }
}

/// An inch is 0.0254 m.
fn dots_per_metre(dpi: u32) -> u32 {
    u32::try_from((u64::from(dpi) * 10_000 + 127) / 254).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The dot in column `x` of row `y`, as bytes; of a black one, its bit.
    fn dot(picture: &Picture, x: u32, y: u32) -> Vec<u8> {
        let (x, row) = (x as usize, picture.rows().nth(y as usize).unwrap());
        match picture.ink {
            Ink::Rgb8 => row[3 * x..3 * x + 3].to_vec(),
            Ink::Gray8 => vec![row[x]],
            Ink::Black1 => vec![row[x / 8] >> (7 - x % 8) & 1],
        }
    }

    fn gray(width: u32, height: u32, level: u8) -> Picture {
        Picture::new(width, height, Ink::Gray8, vec![level; (width * height) as usize]).unwrap()
    }

    /// How many dots are black in columns `x` and rows `y`.
    fn blacks(picture: &Picture, x: std::ops::Range<u32>, y: std::ops::Range<u32>) -> u32 {
        y.flat_map(|y| x.clone().map(move |x| (x, y))).map(|(x, y)| u32::from(dot(picture, x, y)[0])).sum()
    }

    fn pictures() -> impl Strategy<Value = Picture> {
        let ink = prop_oneof![Just(Ink::Rgb8), Just(Ink::Gray8), Just(Ink::Black1)];
        let width = prop_oneof![1_u32..40, Just(129)];
        (width, 1_u32..20, ink).prop_flat_map(|(width, height, ink)| {
            prop::collection::vec(any::<u8>(), row_bytes(width, ink) * height as usize)
                .prop_map(move |dots| Picture::new(width, height, ink, dots).unwrap())
        })
    }

    proptest! {
        #[test]
        fn each_dot_is_where_the_turn_takes_it(picture in pictures()) {
            let (right, bottom) = (picture.width - 1, picture.height - 1);
            let (turned_left, turned_right) = (picture.rotated(Rotation::Left), picture.rotated(Rotation::Right));
            let half = picture.rotated(Rotation::Half);
            let (beside, below) = (picture.mirrored_horizontally(), picture.mirrored_vertically());
            prop_assert_eq!((turned_left.width, turned_left.height), (picture.height, picture.width));
            for (x, y) in (0..=bottom).flat_map(|y| (0..=right).map(move |x| (x, y))) {
                let here = dot(&picture, x, y);
                prop_assert_eq!(&dot(&turned_left, y, right - x), &here);
                prop_assert_eq!(&dot(&turned_right, bottom - y, x), &here);
                prop_assert_eq!(&dot(&half, right - x, bottom - y), &here);
                prop_assert_eq!(&dot(&beside, right - x, y), &here);
                prop_assert_eq!(&dot(&below, x, bottom - y), &here);
            }
            // Whole pictures: the bits after the last dot are the same too.
            prop_assert_eq!(&turned_left.rotated(Rotation::Right), &picture);
            prop_assert_eq!(turned_right.rotated(Rotation::Right), half);
            prop_assert_eq!(beside.mirrored_horizontally(), picture);
        }

        #[test]
        fn black_and_white_survives_grey(picture in pictures()) {
            let black = picture.to_black(&[]);
            prop_assert_eq!(black.to_gray().to_black(&[DotArea { x: 0, y: 0, width: 200, height: 200 }]), black);
        }

        #[test]
        fn only_what_lies_in_an_area_is_dithered(
            picture in pictures(),
            area in (0_u32..150, 0_u32..25, 0_u32..150, 0_u32..25),
        ) {
            let area = DotArea { x: area.0, y: area.1, width: area.2, height: area.3 };
            let (flat, dithered) = (picture.to_black(&[]), picture.to_black(&[area]));
            let all = picture.to_black(&[DotArea { x: 0, y: 0, width: u32::MAX, height: u32::MAX }]);
            for (x, y) in (0..picture.height).flat_map(|y| (0..picture.width).map(move |x| (x, y))) {
                let inside = x >= area.x && x - area.x < area.width && y >= area.y && y - area.y < area.height;
                prop_assert_eq!(dot(&dithered, x, y), dot(if inside { &all } else { &flat }, x, y));
            }
        }

        #[test]
        fn a_png_shows_the_same_dots_and_its_size(picture in pictures()) {
            let mut reader = png::Decoder::new(std::io::Cursor::new(picture.png(300).unwrap())).read_info().unwrap();
            let size = reader.info().pixel_dims.unwrap();
            prop_assert_eq!((size.xppu, size.yppu), (11_811, 11_811), "300 dots per 25.4 mm");
            let mut dots = vec![0; reader.output_buffer_size().unwrap()];
            let frame = reader.next_frame(&mut dots).unwrap();
            let white_is_one = frame.bit_depth == BitDepth::One;
            prop_assert_eq!(white_is_one, picture.ink == Ink::Black1);
            if white_is_one {
                dots = dots.iter().map(|byte| !byte).collect();
            }
            prop_assert_eq!(Picture::new(frame.width, frame.height, picture.ink, dots), Some(picture));
        }
    }

    #[test]
    fn a_picture_has_as_many_bytes_as_its_size_says() {
        for (width, height, ink, bytes) in
            [(3, 2, Ink::Rgb8, 18), (3, 2, Ink::Gray8, 6), (8, 2, Ink::Black1, 2), (9, 2, Ink::Black1, 4)]
        {
            assert!(Picture::new(width, height, ink, vec![0; bytes]).is_some(), "{ink:?}");
            assert!(Picture::new(width, height, ink, vec![0; bytes - 1]).is_none(), "{ink:?}");
            assert!(Picture::new(width, height, ink, vec![0; bytes + 1]).is_none(), "{ink:?}");
        }
        for (width, height) in [(0, 1), (1, 0), (65_536, 1), (1, 65_536), (u32::MAX, u32::MAX)] {
            assert!(Picture::new(width, height, Ink::Black1, vec![0; 8192]).is_none(), "{width} x {height}");
        }
    }

    #[test]
    fn what_is_right_of_the_last_dot_is_white() {
        let picture = Picture::new(9, 1, Ink::Black1, vec![0xFF, 0xFF]).unwrap();
        assert_eq!(picture.dots(), [0xFF, 0x80]);
    }

    #[test]
    fn green_is_lighter_than_red_and_red_than_blue() {
        let colors = vec![255, 255, 255, 0, 255, 0, 255, 0, 0, 0, 0, 255, 0, 0, 0, 99, 99, 99];
        let picture = Picture::new(6, 1, Ink::Rgb8, colors).unwrap();
        assert_eq!(picture.to_gray().dots(), [255, 182, 54, 19, 0, 99]);
        assert_eq!(picture.to_black(&[]).dots(), [0b0011_1100]);
    }

    #[test]
    fn a_photo_keeps_its_greys_and_letters_their_edges() {
        let photo = [DotArea { x: 8, y: 8, width: 16, height: 16 }];
        for level in 0..=255 {
            let picture = gray(40, 40, level).to_black(&photo);
            let outside = blacks(&picture, 0..40, 0..40) - blacks(&picture, 8..24, 8..24);
            assert_eq!(outside, if level < 128 { 40 * 40 - 16 * 16 } else { 0 }, "{level}");
            // Each of the 64 limits stands four times in the area.
            assert_eq!(blacks(&picture, 8..24, 8..24), (257 - u32::from(level)) / 4 * 4, "{level}");
        }
    }

    #[test]
    fn a_grey_of_half_is_a_chequerboard() {
        let picture = gray(16, 4, 128).to_black(&[DotArea { x: 0, y: 0, width: 16, height: 4 }]);
        assert_eq!(picture.dots(), [0x55, 0x55, 0xAA, 0xAA, 0x55, 0x55, 0xAA, 0xAA]);
    }
}
