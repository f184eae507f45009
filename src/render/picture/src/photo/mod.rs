//! A person's photo: from the bytes of a file to the picture that goes into its place on the card.
//!
//! What a file claims is checked from its headers before a pixel is decoded. A photo that is not whole is refused: half
//! a face on a card is worse than no card. No message holds anything that is seen on the photo.

mod background;
mod cover;
mod exif;
mod jpeg;
mod png;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use self::{
    background::{Background, background},
    cover::cover,
};
use crate::picture::Picture;

/// What a photo may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PhotoLimits {
    /// Size of the file, in bytes.
    pub bytes_max: usize,
    /// Least width, and least height, in pixels.
    pub side_min: u32,
    /// Greatest width, and greatest height, in pixels.
    pub side_max: u32,
    /// Greatest width times height. Decoding may take six bytes for each of these pixels and the file itself, so a
    /// progressive JPEG with colours in full resolution, which needs nine, may have two thirds of them.
    pub pixels_max: u64,
}

impl Default for PhotoLimits {
    /// 8 MiB; 100 to 10,000 pixels a side (100 are still 115 dpi on a place of 22 mm); 25 megapixels, more than a scan
    /// of a photo or a picture from a telephone needs.
    fn default() -> Self {
        Self { bytes_max: 8 << 20, side_min: 100, side_max: 10_000, pixels_max: 25_000_000 }
    }
}

/// Why a photo cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PhotoError {
    /// Its first bytes are those of another kind of file, or there are none.
    #[error("the photo is neither a JPEG nor a PNG")]
    Kind,
    /// The file is too large; it was not looked at.
    #[error("the photo has {bytes} bytes, more than {max}")]
    Bytes {
        /// What it has.
        bytes: usize,
        /// What it may have.
        max: usize,
    },
    /// It has too many pixels, by a side or in all, or decoding them would take too much memory.
    #[error("the photo is too large: {width} x {height} pixels")]
    TooLarge {
        /// As its header says.
        width: u32,
        /// As its header says.
        height: u32,
    },
    /// It has too few pixels to be printed.
    #[error("the photo is too small: {width} x {height} pixels, less than {side_min} on a side")]
    TooSmall {
        /// As its header says.
        width: u32,
        /// As its header says.
        height: u32,
        /// What a side must have.
        side_min: u32,
    },
    /// The file ends before the picture does.
    #[error("the photo is cut off: its file ends before the picture does")]
    CutOff,
    /// The file breaks the rules of its kind.
    #[error("the photo is corrupt: {reason}")]
    Corrupt {
        /// Which rule.
        reason: &'static str,
    },
    /// The file is sound, but of a rare sort that cannot be read here.
    #[error("the photo cannot be read: {what}")]
    Unsupported {
        /// What is not supported.
        what: &'static str,
    },
}

/// Width and height of the photo as it will be decoded, turned upright, in pixels. Reads headers only: a photo that is
/// cut off later passes.
pub fn inspect(bytes: &[u8], limits: &PhotoLimits) -> Result<(u32, u32), PhotoError> {
    let stored = match kind(bytes, limits)? {
        Kind::Jpeg => jpeg::inspect(bytes, limits)?,
        Kind::Png => png::inspect(bytes, limits)?,
    };
    Ok(stored.size_upright())
}

/// The photo as [`Ink::Rgb8`](crate::picture::Ink::Rgb8), upright: an orientation in its Exif data (1 to 8) is applied,
/// another ignored.
///
/// The kind is told by the first bytes. JPEG: baseline in one scan, and progressive; gray, colour in full or half
/// resolution (4:4:4, 4:2:2, 4:4:0, 4:2:0), or CMYK and YCCK in full resolution as Adobe's programs write them
/// (inverted). Rarer sorts are refused. PNG: all sorts; what is transparent becomes white; of an animation the first
/// frame. Colour profiles are ignored. Bytes behind the end of the picture are fine.
///
/// A JPEG without its end marker counts as cut off. JPEG has no checksums and no lengths: bytes that were changed, or
/// taken out of the middle, may give a spoiled picture instead of an error.
pub fn decode(bytes: &[u8], limits: &PhotoLimits) -> Result<Picture, PhotoError> {
    let (stored, dots) = match kind(bytes, limits)? {
        Kind::Jpeg => jpeg::decode(bytes, limits)?,
        Kind::Png => png::decode(bytes, limits)?,
    };
    stored.upright(dots)
}

enum Kind {
    Jpeg,
    Png,
}

fn kind(bytes: &[u8], limits: &PhotoLimits) -> Result<Kind, PhotoError> {
    if bytes.len() > limits.bytes_max {
        return Err(PhotoError::Bytes { bytes: bytes.len(), max: limits.bytes_max });
    }
    if bytes.starts_with(b"\xFF\xD8\xFF") {
        Ok(Kind::Jpeg)
    } else if bytes.starts_with(b"\x89PNG\r\n\x1A\n") {
        Ok(Kind::Png)
    } else {
        Err(PhotoError::Kind)
    }
}

impl PhotoLimits {
    fn check(&self, width: u32, height: u32) -> Result<(), PhotoError> {
        let longer = width.max(height);
        if longer > self.side_max || u64::from(width) * u64::from(height) > self.pixels_max {
            Err(PhotoError::TooLarge { width, height })
        } else if width.min(height) < self.side_min.max(1) {
            Err(PhotoError::TooSmall { width, height, side_min: self.side_min.max(1) })
        } else {
            Ok(())
        }
    }
}

const DAMAGED: PhotoError = corrupt("the data of its pixels are damaged");

const fn corrupt(reason: &'static str) -> PhotoError {
    PhotoError::Corrupt { reason }
}

const fn unsupported(what: &'static str) -> PhotoError {
    PhotoError::Unsupported { what }
}
