//! Black on white, one bit a dot.

use png::{BitDepth, ColorType, DeflateCompression, EncodingError, Filter, PixelDimensions, Unit};

/// A picture whose dots are bits, a row in whole bytes, the first dot in the highest bit; 1 is white, as in a grey PNG
/// of one bit.
#[derive(Clone)]
pub(super) struct Bitmap {
    width: u32,
    height: u32,
    stride: usize,
    bytes: Vec<u8>,
}

/// A small black shape: rows of whole bytes, where 1 is black.
pub(super) struct Stamp {
    /// From the pen to its left edge, in dots.
    pub(super) left: i32,
    /// From the baseline to its top edge, in dots; negative is above.
    pub(super) top: i32,
    /// Bytes in a row; at least 1.
    pub(super) stride: usize,
    /// The rows.
    pub(super) rows: Vec<u8>,
}

impl Bitmap {
    /// A white one.
    pub(super) fn white(width: u32, height: u32) -> Self {
        let stride = width.div_ceil(8) as usize;
        Self { width, height, stride, bytes: vec![0xFF; stride * height as usize] }
    }

    /// Width and height in dots.
    pub(super) fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Makes the stamp's dots black, with the pen at `x` on the baseline `y`. What lies outside is left out.
    pub(super) fn stamp(&mut self, stamp: &Stamp, x: i32, y: i32) {
        let (left, top) = (x.saturating_add(stamp.left), y.saturating_add(stamp.top));
        let (column, shift) = (left.div_euclid(8), left.rem_euclid(8));
        let skipped = usize::try_from(top.saturating_neg()).unwrap_or(0);
        let first = usize::try_from(top).unwrap_or(0).saturating_mul(self.stride).min(self.bytes.len());
        let shapes = stamp.rows.chunks_exact(stamp.stride).skip(skipped);
        for (dots, shape) in self.bytes[first..].chunks_exact_mut(self.stride).zip(shapes) {
            // A usual letter lies on eight bytes at most.
            let whole = usize::try_from(column).ok().and_then(|at| dots.get_mut(at..)?.first_chunk_mut::<8>());
            if let (Some(whole), 1..=7) = (whole, shape.len()) {
                let shape = shape.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte)) << (64 - 8 * shape.len());
                *whole = (u64::from_be_bytes(*whole) & !(shape >> shift)).to_be_bytes();
                continue;
            }
            // Eight dots of the shape lie on two bytes of the picture.
            for (column, byte) in (column..).zip(shape) {
                let [high, low] = (u16::from(*byte) << 8 >> shift).to_be_bytes();
                for (column, black) in [(column, high), (column.saturating_add(1), low)] {
                    if let Some(dots) = usize::try_from(column).ok().and_then(|column| dots.get_mut(column)) {
                        *dots &= !black;
                    }
                }
            }
        }
    }

    /// As a PNG that says how large it is to be printed.
    pub(super) fn png(&self, dots_per_metre: u32) -> Result<Vec<u8>, EncodingError> {
        let mut bytes = Vec::with_capacity(BYTES_USUAL);
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::One);
        encoder.set_pixel_dims(Some(PixelDimensions { xppu: dots_per_metre, yppu: dots_per_metre, unit: Unit::Meter }));
        // The fast deflate sees runs of zeros only; `Up` makes them of white rows.
        encoder.set_deflate_compression(DeflateCompression::FdeflateUltraFast);
        encoder.set_filter(Filter::Up);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.bytes)?;
        writer.finish()?;
        // A thousand printers have one in hand and one ahead.
        bytes.shrink_to_fit();
        Ok(bytes)
    }
}

/// Enough for most cards of ID-1 size at 300 dpi.
const BYTES_USUAL: usize = 32 * 1024;
