//! The colour behind the person.

use super::cover::resampled;
use crate::picture::Picture;

const CELLS_WIDE: u32 = 20;
const CELLS_HIGH: u32 = 25;

/// The colour behind the person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Background {
    /// Red, as behind those born in odd years on Indonesia's e-KTP.
    Red,
    /// Blue, as behind those born in even years.
    Blue,
    /// Another colour, or no clear one.
    Other,
}

/// The colour behind the person, from the photo's edges: the uppermost twenty-fifth and, in the upper two fifths, above
/// the shoulders, the outer tenth on the left and on the right. Clothes are not examined.
///
/// The edges are averaged in 56 cells, which evens out noise and the blocks of JPEG. A cell is coloured if its
/// saturation (as in HSV: one minus the least by the greatest of red, green, blue) is at least 0.35 and its greatest at
/// least 40 of 255. It is red with a hue within 20° of pure red, blue with one from 190° to 255°; hue and saturation
/// stay nearly the same in dim light and in a shadow, brightness does not. Red or blue is the answer when 60 % of the
/// cells are, so that hair may reach the top edge and a corner may be lost in glare. A frame around the photo gives
/// [`Background::Other`], as does a gray picture.
pub fn background(picture: &Picture) -> Background {
    let whole = [0, 0, picture.width(), picture.height()];
    let Some(cells) = resampled(picture, whole, CELLS_WIDE, CELLS_HIGH) else { return Background::Other };
    let (mut red, mut blue, mut all) = (0, 0, 0);
    let (cells, _) = cells.dots().as_chunks::<3>();
    for (y, row) in cells.chunks_exact(CELLS_WIDE as usize).enumerate() {
        let sides = row.iter().take(2).chain(row.iter().rev().take(2));
        let edge: Vec<_> = match y {
            0 => row.iter().collect(),
            1..=9 => sides.collect(),
            _ => break,
        };
        for colour in edge {
            match hue(*colour) {
                Some(0..=20 | 340..) => red += 1,
                Some(190..=255) => blue += 1,
                _ => {}
            }
            all += 1;
        }
    }
    let most = |count: u32| count * 100 >= all * 60;
    match (most(red), most(blue)) {
        (true, _) => Background::Red,
        (_, true) => Background::Blue,
        _ => Background::Other,
    }
}

/// The hue in degrees, 0 to 359; `None` for what looks black, gray or white.
fn hue([red, green, blue]: [u8; 3]) -> Option<i32> {
    let [red, green, blue] = [red, green, blue].map(i32::from);
    let (least, greatest) = (red.min(green).min(blue), red.max(green).max(blue));
    let chroma = greatest - least;
    if greatest < 40 || chroma * 100 < greatest * 35 {
        return None;
    }
    let degrees = if greatest == red {
        (green - blue) * 60 / chroma
    } else if greatest == green {
        (blue - red) * 60 / chroma + 120
    } else {
        (red - green) * 60 / chroma + 240
    };
    Some(degrees.rem_euclid(360))
}

#[cfg(test)]
mod tests {
    use jpeg_encoder::ColorType;

    use crate::{
        photo::{
            Background, background,
            samples::{HEIGHT, WIDTH, jpeg_of, picture, shown},
        },
        picture::{Ink, Picture},
    };

    /// A head with black hair up to the top edge and clothes of another colour, before a background that gets darker
    /// downwards, is lit from the left, and has noise.
    fn portrait(behind: [u8; 3], clothes: [u8; 3]) -> Picture {
        let mut noise = 1_u32;
        let mut dots = Vec::new();
        for y in 0..170_u32 {
            for x in 0..130_u32 {
                let (from_centre, from_head) = (x.abs_diff(65), x.abs_diff(65).pow(2) + y.abs_diff(55).pow(2));
                let colour = match (from_head < 40 * 40, y) {
                    (true, ..45) => [20, 15, 15],
                    (true, _) => [200, 150, 120],
                    (false, ..30) if from_centre < 15 => [20, 15, 15],
                    (false, 110..) if from_centre < y - 60 => clothes,
                    _ => behind.map(|sample| u8::try_from(u32::from(sample) * (300 - y / 2 - x / 2) / 300).unwrap()),
                };
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = u8::try_from(noise >> 28).unwrap();
                dots.extend(colour.map(|sample| sample.saturating_add(noise)));
            }
        }
        picture(dots)
    }

    #[test]
    fn a_background_is_recognised_in_any_light_and_with_any_clothes() {
        let (red, green, blue) = ([200, 20, 20], [0, 200, 0], [30, 60, 200]);
        for behind in [[200, 20, 20], [90, 10, 15], [235, 100, 90], [190, 40, 20], [180, 20, 60]] {
            assert_eq!(background(&portrait(behind, blue)), Background::Red, "{behind:?}");
        }
        for behind in [[20, 60, 200], [10, 20, 90], [100, 160, 240], [0, 120, 200], [40, 30, 140]] {
            assert_eq!(background(&portrait(behind, green)), Background::Blue, "{behind:?}");
        }
        for behind in [
            [250, 250, 250],
            [128, 128, 128],
            [20, 20, 20],
            [30, 160, 40],
            [230, 200, 40],
            [200, 180, 150],
            [150, 30, 180],
        ] {
            assert_eq!(background(&portrait(behind, blue)), Background::Other, "{behind:?}");
            assert_eq!(background(&portrait(behind, red)), Background::Other, "{behind:?}");
        }
    }

    #[test]
    fn a_gray_picture_has_no_clear_background() {
        let gray = Picture::new(3, 2, Ink::Gray8, vec![0, 255, 0, 255, 0, 255]).unwrap();
        assert_eq!(background(&gray), Background::Other);
    }

    #[test]
    fn a_background_is_recognised_after_strong_compression() {
        for (behind, want) in [([200, 20, 20], Background::Red), ([20, 60, 200], Background::Blue)] {
            let portrait = portrait(behind, [30, 30, 30]);
            let bytes = jpeg_of(portrait.dots(), WIDTH, HEIGHT, ColorType::Rgb, |encoder| encoder.set_quality(10));
            assert_eq!(background(&shown(&bytes)), want);
        }
    }
}
