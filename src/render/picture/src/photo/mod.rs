//! A person's photo: from the bytes of a file to the picture for its place on the card.
//!
//! Headers are checked before a pixel is decoded. An incomplete photo is refused: half a face on a card is worse than
//! no card. No message contains anything that the photo shows.

mod background;
mod cover;
mod error;
mod exif;
mod jpeg;
mod limits;
mod png;
mod resample;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use self::{
    background::{Background, background},
    cover::cover,
    error::PhotoError,
    limits::PhotoLimits,
};
use crate::picture::Picture;

/// Width and height of the upright photo in pixels. Only headers are read: a photo that is cut off later passes.
pub fn inspect(bytes: &[u8], limits: &PhotoLimits) -> Result<(u32, u32), PhotoError> {
    let stored = match kind(bytes, limits)? {
        Kind::Jpeg => jpeg::inspect(bytes, limits)?,
        Kind::Png => png::inspect(bytes, limits)?,
    };
    Ok(stored.size_upright())
}

/// The photo as [`Ink::Rgb8`](crate::picture::Ink::Rgb8), upright: an orientation of 1 to 8 in its Exif data is
/// applied, others are ignored.
///
/// The first bytes decide the format. JPEG: baseline in one scan, and progressive; gray, colour in full or half
/// resolution (4:4:4, 4:2:2, 4:4:0, 4:2:0), or CMYK and YCCK in full resolution as Adobe's programs write them
/// (inverted). Rarer variants are refused. PNG: all variants; transparent pixels become white, and the first frame of
/// an animation is used. Colour profiles are ignored, as are bytes after the end of the picture.
///
/// A JPEG without its end marker counts as cut off. JPEG has no checksums and no lengths: changed or missing bytes in
/// the middle may give a damaged picture instead of an error.
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
