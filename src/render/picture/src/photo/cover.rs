//! Crops and scales a photo to its place.

use std::borrow::Cow;

use super::resample::resample;
use crate::picture::{Ink, Picture};

const COVER_SIDE_MAX: u32 = 10_000;

/// Crops the photo to the proportions of its place and scales it to `width` by `height` dots, each clamped to
/// 1..=10,000. The result is [`Ink::Rgb8`].
///
/// A photo that is too wide is cropped equally on both sides. One that is too high loses a third of the surplus at the
/// top and two thirds at the bottom: a portrait has its eyes in the upper half.
pub fn cover(picture: &Picture, width: u32, height: u32) -> Picture {
    let (width, height) = (width.clamp(1, COVER_SIDE_MAX), height.clamp(1, COVER_SIDE_MAX));
    let (whole_width, whole_height) = (picture.width(), picture.height());
    // The largest part with the proportions of the place.
    let part_width = scaled(whole_height, width, height).min(whole_width).max(1);
    let part_height = scaled(whole_width, height, width).min(whole_height).max(1);
    let left = whole_width.saturating_sub(part_width) / 2;
    let top = whole_height.saturating_sub(part_height) / 3;
    resampled(picture, [left, top, part_width, part_height], width, height).unwrap_or_else(|| picture.clone())
}

/// `length * dividend / divisor`, rounded to the nearest.
fn scaled(length: u32, dividend: u32, divisor: u32) -> u32 {
    let divisor = u64::from(divisor.max(1));
    u32::try_from((u64::from(length) * u64::from(dividend) + divisor / 2) / divisor).unwrap_or(u32::MAX)
}

/// Scales a part of the picture (left, top, width, height) to another size, as [`Ink::Rgb8`]. `None` unless the part
/// has dots and lies inside.
pub(super) fn resampled(picture: &Picture, part: [u32; 4], width: u32, height: u32) -> Option<Picture> {
    let size = [picture.width(), picture.height()];
    let scaled = resample(&rgb_dots(picture), size, part, [width, height])?;
    Picture::new(width, height, Ink::Rgb8, scaled)
}

/// All dots as RGB.
fn rgb_dots(picture: &Picture) -> Cow<'_, [u8]> {
    match picture.ink() {
        Ink::Rgb8 => Cow::Borrowed(picture.dots()),
        Ink::Gray8 => picture.dots().iter().flat_map(|gray| [*gray; 3]).collect(),
        Ink::Black1 => {
            let rows = picture.dots().chunks(picture.row_bytes().max(1));
            let levels = |byte: &u8| [7, 6, 5, 4, 3, 2, 1, 0].map(|bit| if byte >> bit & 1 == 0 { 255 } else { 0 });
            let levels = rows.flat_map(|row| row.iter().flat_map(levels).take(picture.width() as usize));
            levels.flat_map(|level| [level; 3]).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        photo::{
            cover,
            samples::{dot, picture},
        },
        picture::{Ink, Picture},
    };

    #[test]
    fn a_cover_fills_the_place_without_distortion() {
        // Black but for a white square of 40 in the middle of the width, 30 below the top.
        let mut dots = vec![0; 130 * 170 * 3];
        for row in dots.chunks_mut(130 * 3).skip(30).take(40) {
            row[45 * 3..85 * 3].fill(255);
        }
        let picture = picture(dots);
        for (width, height, side) in [(65, 85, 20), (130, 170, 40), (260, 340, 80), (65, 65, 20), (40, 85, 20)] {
            let covered = cover(&picture, width, height);
            assert_eq!((covered.width(), covered.height(), covered.ink()), (width, height, Ink::Rgb8));
            let white = covered.dots().chunks(3).filter(|dot| dot[0] > 127).count();
            assert!(white.abs_diff(side * side) <= 2 * side, "{width} x {height}: {white}");
        }
    }

    #[test]
    fn a_third_of_what_is_too_high_goes_on_top_and_what_is_too_wide_goes_on_both_sides() {
        let rows = (0..170_u8).flat_map(|y| [y; 130 * 3]).collect();
        let covered = cover(&picture(rows), 130, 110);
        assert_eq!((dot(&covered, 9, 0), dot(&covered, 9, 109)), ([20; 3], [129; 3]));
        let columns = (0..170_u8).flat_map(|_| (0..130_u8).flat_map(|x| [x; 3])).collect();
        let covered = cover(&picture(columns), 100, 170);
        assert_eq!((dot(&covered, 0, 9), dot(&covered, 99, 9)), ([15; 3], [114; 3]));
    }

    #[test]
    fn a_picture_made_smaller_is_averaged() {
        let checks =
            (0..170).flat_map(|y| (0..130).flat_map(move |x| [if (x + y) % 2 == 0 { 0 } else { 255 }; 3])).collect();
        let covered = cover(&picture(checks), 13, 17);
        assert!(covered.dots().iter().all(|sample| sample.abs_diff(127) <= 8));
    }

    #[test]
    fn any_picture_covers_any_place() {
        let gray = Picture::new(3, 2, Ink::Gray8, vec![0, 255, 0, 255, 0, 255]).unwrap();
        let black = Picture::new(9, 1, Ink::Black1, vec![0xFF, 0x80]).unwrap();
        for (width, height) in [(1, 1), (0, 0), (1, 90), (90, 1), (7, 5)] {
            for picture in [&gray, &black] {
                let covered = cover(picture, width, height);
                assert_eq!((covered.width(), covered.height()), (width.max(1), height.max(1)));
            }
        }
    }

    #[test]
    fn gray_and_black_keep_their_dots() {
        let gray = Picture::new(3, 1, Ink::Gray8, vec![0, 90, 255]).unwrap();
        assert_eq!(cover(&gray, 3, 1).dots(), [[0; 3], [90; 3], [255; 3]].as_flattened());
        let black = Picture::new(9, 2, Ink::Black1, vec![0b0100_0000, 0x80, 0xFF, 0]).unwrap();
        let levels: Vec<u8> = cover(&black, 9, 2).dots().iter().step_by(3).copied().collect();
        assert_eq!(levels, [255, 0, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255]);
    }
}
