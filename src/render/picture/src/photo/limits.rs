//! Limits of a photo.

use super::error::PhotoError;

/// Limits of a photo, checked from its headers before a pixel is decoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PhotoLimits {
    /// Largest file in bytes.
    pub bytes_max: usize,
    /// Least width, and least height, in pixels.
    pub side_min: u32,
    /// Greatest width, and greatest height, in pixels.
    pub side_max: u32,
    /// Most pixels. Decoding may take six bytes per pixel besides the file, so that a progressive JPEG with colours in
    /// full resolution, which takes nine, may have two thirds as many.
    pub pixels_max: u64,
}

impl Default for PhotoLimits {
    /// 8 MiB; 100 to 10,000 pixels a side (100 are still 115 dpi on a place of 22 mm); 25 megapixels, more than scans
    /// of photos and pictures of telephones have.
    fn default() -> Self {
        Self { bytes_max: 8 << 20, side_min: 100, side_max: 10_000, pixels_max: 25_000_000 }
    }
}

impl PhotoLimits {
    /// Checks width and height against the limits.
    pub(super) fn check(&self, width: u32, height: u32) -> Result<(), PhotoError> {
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
