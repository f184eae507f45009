//! Helper: a picture of any format as RGB dots.

use std::io::Cursor;

use png::{BitDepth, ColorType, Transformations};

/// A picture. Two pictures are equal if all their dots are.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Dots {
    pub(crate) width: usize,
    pub(crate) height: usize,
    rgb: Vec<[u8; 3]>,
}

impl Dots {
    /// `dots` are the rows from the top.
    pub(crate) fn new(width: usize, height: usize, rgb: Vec<[u8; 3]>) -> Self {
        assert_eq!(width * height, rgb.len(), "{width} x {height}");
        Self { width, height, rgb }
    }

    /// The dots of a PNG; grey and black become RGB.
    pub(crate) fn of_png(bytes: &[u8]) -> Self {
        let mut decoder = png::Decoder::new(Cursor::new(bytes));
        decoder.set_transformations(Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut dots = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut dots).unwrap();
        let [width, height] = [reader.info().width, reader.info().height].map(|n| usize::try_from(n).unwrap());
        let rgb = match reader.output_color_type() {
            (ColorType::Rgb, BitDepth::Eight) => dots.as_chunks::<3>().0.to_vec(),
            (ColorType::Grayscale, BitDepth::Eight) => dots.iter().map(|gray| [*gray; 3]).collect(),
            other => panic!("no picture of a card: {other:?}"),
        };
        Self::new(width, height, rgb)
    }

    /// The picture as an RGB PNG.
    pub(crate) fn png(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let [width, height] = [self.width, self.height].map(|n| u32::try_from(n).unwrap());
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(ColorType::Rgb);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(self.rgb.as_flattened()).unwrap();
        writer.finish().unwrap();
        bytes
    }

    pub(crate) fn at(&self, x: usize, y: usize) -> [u8; 3] {
        self.rgb[y * self.width + x]
    }

    /// A picture of this size; `from` gives the dot of this picture for each of its dots.
    pub(crate) fn moved(&self, width: usize, height: usize, from: impl Fn(usize, usize) -> (usize, usize)) -> Self {
        let dot = |at: usize| {
            let (x, y) = from(at % width, at / width);
            self.at(x, y)
        };
        Self::new(width, height, (0..width * height).map(dot).collect())
    }

    /// The luma of each dot; 0 is black.
    pub(crate) fn luma(&self) -> Vec<u8> {
        let luma = |[r, g, b]: [u8; 3]| (2 * u16::from(r) + 5 * u16::from(g) + u16::from(b)) / 8;
        self.rgb.iter().map(|dot| u8::try_from(luma(*dot)).unwrap()).collect()
    }

    /// The difference of each dot in the channel that differs most. Both pictures have the same size.
    fn differences<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = u8> + 'a {
        assert_eq!((self.width, self.height), (other.width, other.height));
        self.rgb
            .iter()
            .zip(&other.rgb)
            .map(|([r, g, b], [s, h, c])| r.abs_diff(*s).max(g.abs_diff(*h)).max(b.abs_diff(*c)))
    }

    /// The number of dots that differ by more than this in a channel.
    pub(crate) fn count_different(&self, other: &Self, more_than: u8) -> usize {
        self.differences(other).filter(|difference| *difference > more_than).count()
    }

    /// The mean difference of all channels.
    pub(crate) fn mean_difference(&self, other: &Self) -> f64 {
        assert_eq!((self.width, self.height), (other.width, other.height));
        let [one, two] = [self, other].map(|dots| dots.rgb.as_flattened());
        let sum: u64 = one.iter().zip(two).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        f64::from(u32::try_from(sum).unwrap()) / f64::from(u32::try_from(one.len()).unwrap())
    }

    /// The averages of squares of `side` by `side` dots. Incomplete squares at the right and lower edge are dropped.
    pub(crate) fn shrunk(&self, side: usize) -> Self {
        let (width, height) = (self.width / side, self.height / side);
        let average = |at: usize| {
            let mut sums = [0_usize; 3];
            let (left, top) = (at % width * side, at / width * side);
            for y in top..top + side {
                for dot in &self.rgb[y * self.width + left..][..side] {
                    sums.iter_mut().zip(dot).for_each(|(sum, channel)| *sum += usize::from(*channel));
                }
            }
            sums.map(|sum| u8::try_from(sum / (side * side)).unwrap())
        };
        Self::new(width, height, (0..width * height).map(average).collect())
    }

    /// White where the pictures are equal, darker where they differ, red where they differ by more than this.
    pub(crate) fn difference(&self, other: &Self, more_than: u8) -> Self {
        let shown =
            |difference: u8| if difference > more_than { [255, 0, 0] } else { [255 - 4 * difference.min(50); 3] };
        Self::new(self.width, self.height, self.differences(other).map(shown).collect())
    }
}
