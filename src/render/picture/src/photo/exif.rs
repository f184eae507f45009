//! Orientation of a photo from its Exif data.

use super::error::{DAMAGED, PhotoError};
use crate::picture::{Ink, Picture};

/// Size and orientation of a picture in its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    /// Length of a row in pixels.
    pub(super) width: u32,
    /// Number of rows.
    pub(super) height: u32,
    /// Exif orientation: 1 is upright, 2 to 4 mirror horizontally, both ways, vertically; 5 to 8 also swap rows and
    /// columns.
    pub(super) orientation: u8,
}

/// The tag Orientation (0x0112) of the first directory of Exif data (a TIFF structure; CIPA DC-008); 1, upright, if
/// there is none or it is not from 1 to 8.
pub(super) fn exif_orientation(tiff: &[u8]) -> u8 {
    let number = |at: usize, length: usize| {
        let bytes = tiff.get(at..at.checked_add(length)?)?;
        let append = |number: usize, byte: &u8| number << 8 | usize::from(*byte);
        match tiff {
            [b'M', b'M', ..] => Some(bytes.iter().fold(0, append)),
            [b'I', b'I', ..] => Some(bytes.iter().rev().fold(0, append)),
            _ => None,
        }
    };
    let find = || {
        let directory = number(4, 4)?;
        let entry = |index: usize| directory.checked_add(2 + 12 * index);
        let mut entries = (0..number(directory, 2)?).map_while(entry);
        let found = entries.find(|at| number(*at, 2) == Some(0x0112))?;
        // A value of two bytes is at the start of its field.
        u8::try_from(number(found.checked_add(8)?, 2)?).ok()
    };
    find().filter(|orientation| (1..=8).contains(orientation)).unwrap_or(1)
}

impl Stored {
    /// Width and height of the upright picture.
    pub(super) fn size_upright(self) -> (u32, u32) {
        if self.orientation < 5 { (self.width, self.height) } else { (self.height, self.width) }
    }

    /// The upright picture from the RGB dots of the file.
    pub(super) fn upright(self, dots: Vec<u8>) -> Result<Picture, PhotoError> {
        let (width, height) = self.size_upright();
        let dots = if self.orientation == 1 { dots } else { self.turned(&dots) };
        Picture::new(width, height, Ink::Rgb8, dots).ok_or(DAMAGED)
    }

    fn turned(self, dots: &[u8]) -> Vec<u8> {
        let mirrored = matches!(self.orientation, 2 | 3 | 7 | 8);
        let upside_down = matches!(self.orientation, 3 | 4 | 6 | 7);
        let width = self.width as usize;
        let (pixels, _) = dots.as_chunks::<3>();
        let mut rows: Vec<&[[u8; 3]]> = pixels.chunks_exact(width.max(1)).collect();
        if upside_down {
            rows.reverse();
        }
        let mut turned: Vec<[u8; 3]> = Vec::with_capacity(pixels.len());
        if self.orientation >= 5 {
            for x in 0..width {
                let x = if mirrored { width - 1 - x } else { x };
                turned.extend(rows.iter().filter_map(|row| row.get(x)));
            }
        } else {
            for row in rows {
                turned.extend_from_slice(row);
                if mirrored {
                    let begin = turned.len() - row.len();
                    if let Some(row) = turned.get_mut(begin..) {
                        row.reverse();
                    }
                }
            }
        }
        turned.into_flattened()
    }
}

#[cfg(test)]
mod tests {
    use png::{BitDepth, ColorType};

    use crate::photo::{
        inspect,
        samples::{HEIGHT, WIDTH, colours, dot, exif_jpeg, limits, picture, png_of, shown, tiff},
    };

    #[test]
    fn a_photo_is_turned_upright() {
        let flat = shown(&exif_jpeg(1));
        let (right, bottom) = (u32::from(WIDTH) - 1, u32::from(HEIGHT) - 1);
        // For each orientation: which of the stored corners is at the top left, and which at the top right.
        let corners = [
            ((0, 0), (right, 0)),
            ((right, 0), (0, 0)),
            ((right, bottom), (0, bottom)),
            ((0, bottom), (right, bottom)),
            ((0, 0), (0, bottom)),
            ((0, bottom), (0, 0)),
            ((right, bottom), (right, 0)),
            ((right, 0), (right, bottom)),
        ];
        for (orientation, (left_from, right_from)) in (1..).zip(corners) {
            let bytes = exif_jpeg(orientation);
            let turned = shown(&bytes);
            assert_eq!(inspect(&bytes, &limits()).unwrap(), (turned.width(), turned.height()));
            assert_eq!((turned.width() == flat.width()), orientation < 5, "{orientation}");
            assert_eq!(dot(&turned, 0, 0), dot(&flat, left_from.0, left_from.1), "{orientation}");
            assert_eq!(dot(&turned, turned.width() - 1, 0), dot(&flat, right_from.0, right_from.1), "{orientation}");
        }
    }

    #[test]
    fn a_png_is_turned_upright_too_and_a_wrong_orientation_is_ignored() {
        let dots = colours(WIDTH, HEIGHT);
        let with = |exif: Vec<u8>| {
            png_of(&dots, ColorType::Rgb, BitDepth::Eight, |info| info.exif_metadata = Some(exif.into()))
        };
        assert_eq!(inspect(&with(tiff(6, true)), &limits()), Ok((170, 130)));
        for exif in
            [tiff(0, true), tiff(9, false), tiff(6, true)[..30].to_vec(), b"MM\0*\xFF\xFF\xFF\xFF".to_vec(), Vec::new()]
        {
            assert_eq!(shown(&with(exif)), picture(dots.clone()));
        }
    }
}
