//! A picture in the middle of another size.

use super::picture::{Ink, Picture};

impl Picture {
    /// A picture of `width` by `height` dots with this one in its middle. Where it is larger, its outermost dots continue to
    /// the edge; where it is smaller, this one is cut. If a difference is odd, this one is half a dot left of or above the
    /// middle.
    ///
    /// `None` for a size that no picture has.
    pub fn centred(&self, width: u32, height: u32) -> Option<Self> {
        // Before memory is taken for it.
        let [Ok(1..), Ok(1..)] = [width, height].map(u16::try_from) else { return None };
        match self.ink() {
            Ink::Black1 => Some(self.to_gray().centred(width, height)?.to_black(&[])),
            Ink::Gray8 => Self::new(width, height, self.ink(), framed::<1>(self, width, height)),
            Ink::Rgb8 => Self::new(width, height, self.ink(), framed::<3>(self, width, height)),
        }
    }
}

/// The dots of a picture of another size with this one in its middle, for dots of `N` bytes.
fn framed<const N: usize>(picture: &Picture, width: u32, height: u32) -> Vec<u8> {
    let rows: Vec<&[[u8; N]]> = picture.dots().as_chunks().0.chunks_exact(picture.width() as usize).collect();
    let columns: Vec<usize> = in_the_middle(picture.width(), width).collect();
    let mut dots = Vec::with_capacity(width as usize * height as usize);
    for row in in_the_middle(picture.height(), height).filter_map(|y| rows.get(y)) {
        dots.extend(columns.iter().filter_map(|x| row.get(*x)));
    }
    dots.into_flattened()
}

/// For each of `outer` places, the place of the `inner` ones that are in their middle; at the ends the nearest.
fn in_the_middle(inner: u32, outer: u32) -> impl Iterator<Item = usize> {
    let before = (i64::from(outer) - i64::from(inner)).div_euclid(2);
    let last = i64::from(inner) - 1;
    (0..i64::from(outer)).map(move |place| usize::try_from((place - before).clamp(0, last)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gray(width: u32, height: u32, dots: Vec<u8>) -> Picture {
        Picture::new(width, height, Ink::Gray8, dots).unwrap()
    }

    #[test]
    fn the_dots_around_a_picture_in_the_middle_are_its_outermost() {
        let picture = gray(3, 2, vec![1, 2, 3, 4, 5, 6]);
        let rows = [[1, 1, 2, 3, 3, 3], [1, 1, 2, 3, 3, 3], [4, 4, 5, 6, 6, 6], [4, 4, 5, 6, 6, 6]];
        assert_eq!(picture.centred(6, 4).unwrap().dots(), rows.as_flattened());
        assert_eq!(picture.centred(1, 3).unwrap().dots(), [2, 5, 5]);
        for (width, height) in [(0, 1), (1, 0), (65_536, 1), (1, u32::MAX)] {
            assert_eq!(picture.centred(width, height), None);
            assert_eq!(picture.to_black(&[]).centred(width, height), None);
        }
    }

    #[test]
    fn a_colour_stays_together_and_a_black_dot_is_a_dot() {
        let colours = Picture::new(2, 1, Ink::Rgb8, vec![1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(colours.centred(4, 1).unwrap().dots(), [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]);
        let black = Picture::new(3, 1, Ink::Black1, vec![0b1010_0000]).unwrap();
        assert_eq!(black.centred(9, 1).unwrap().dots(), [0b1111_0111, 0b1000_0000]);
    }

    proptest! {
        #[test]
        fn a_picture_in_the_middle_of_another_size_is_cut_or_continues_to_the_edge(
            size in (1_u32..40, 1_u32..20), outer in (1_u32..60, 1_u32..30), seed: u8
        ) {
            let dots = (0..size.0 * size.1).map(|at| (at.wrapping_mul(97) >> 2).to_le_bytes()[0] ^ seed).collect();
            let picture = gray(size.0, size.1, dots);
            let framed = picture.centred(outer.0, outer.1).unwrap();
            prop_assert_eq!((framed.width(), framed.height(), framed.ink()), (outer.0, outer.1, Ink::Gray8));
            let source = |at: u32, outer: u32, inner: u32| {
                // Both middles are compared in half dots.
                let doubled = 2 * i64::from(at) + i64::from(inner) - i64::from(outer);
                u32::try_from((doubled + 1).div_euclid(2).clamp(0, i64::from(inner) - 1)).unwrap()
            };
            for (x, y) in (0..outer.1).flat_map(|y| (0..outer.0).map(move |x| (x, y))) {
                let from = (source(x, outer.0, size.0), source(y, outer.1, size.1));
                let dot = framed.dots()[(y * outer.0 + x) as usize];
                prop_assert_eq!(dot, picture.dots()[(from.1 * size.0 + from.0) as usize]);
            }
            prop_assert_eq!(picture.centred(size.0, size.1), Some(picture));
        }
    }
}
