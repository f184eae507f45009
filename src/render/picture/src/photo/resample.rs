//! Scales a picture by convolution, first down the columns and then along the rows.
//!
//! Written here and not taken from a library, because the one for it compiles a copy of its loops for each instruction
//! set and precision: a minute of build time, to save a millisecond of each card.

/// The shape of a filter's kernel.
#[derive(Clone, Copy)]
enum Kernel {
    /// A sinc under a Hamming window, one sample wide on each side: sharp and without halos when a picture shrinks.
    Hamming,
    /// Keys' cubic with a = -0.5, two samples wide on each side: smooth edges when a picture grows.
    CatmullRom,
}

impl Kernel {
    /// Half of its width, in samples.
    fn support(self) -> f64 {
        match self {
            Self::Hamming => 1.0,
            Self::CatmullRom => 2.0,
        }
    }

    /// Its height at this distance from the middle, in samples.
    fn at(self, distance: f64) -> f64 {
        let x = distance.abs();
        match self {
            Self::Hamming if x == 0.0 => 1.0,
            Self::Hamming if x < 1.0 => {
                let angle = x * std::f64::consts::PI;
                angle.sin() / angle * (0.54 + 0.46 * angle.cos())
            }
            Self::CatmullRom if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
            Self::CatmullRom if x < 2.0 => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
            Self::Hamming | Self::CatmullRom => 0.0,
        }
    }
}

/// The samples that one dot is made of.
struct Window {
    first: usize,
    /// One for each sample from `first`; they add up to 1.
    weights: Vec<f32>,
}

/// One window for each of `dots` dots, over a part of `length` samples that begins at `from`. Windows reach beyond the
/// part, but not beyond the `samples` of the whole.
fn windows(kernel: Kernel, samples: u32, from: u32, length: u32, dots: u32) -> Vec<Window> {
    let step = f64::from(length) / f64::from(dots.max(1));
    let stretch = step.max(1.0);
    let reach = kernel.support() * stretch;
    let window = |dot: u32| {
        let middle = f64::from(from) + (f64::from(dot) + 0.5) * step;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the samples of a picture"
        )]
        let bound = |at: f64| at.clamp(0.0, f64::from(samples)) as u32;
        let (first, end) = (bound((middle - reach + 0.5).floor()), bound((middle + reach + 0.5).floor()));
        let heights: Vec<f64> =
            (first..end).map(|sample| kernel.at((f64::from(sample) + 0.5 - middle) / stretch)).collect();
        let total: f64 = heights.iter().sum();
        #[expect(clippy::cast_possible_truncation, reason = "a weight needs no more than 24 bits")]
        let weights = heights.iter().map(|height| (height / total) as f32).collect();
        Window { first: first as usize, weights }
    };
    (0..dots).map(window).collect()
}

/// Scales a part (left, top, width, height) of a picture of RGB samples, `size` dots wide and high, to `target` dots.
/// `None` unless the part has dots and lies inside, and the samples are those of `size`.
pub(super) fn resample(samples: &[u8], size: [u32; 2], part: [u32; 4], target: [u32; 2]) -> Option<Vec<u8>> {
    let ([width, height], [left, top, part_width, part_height]) = (size, part);
    let inside =
        |from: u32, length: u32, whole: u32| length > 0 && from.checked_add(length).is_some_and(|end| end <= whole);
    let row_bytes = (width as usize).checked_mul(3)?;
    if !inside(left, part_width, width)
        || !inside(top, part_height, height)
        || samples.len() != row_bytes.checked_mul(height as usize)?
    {
        return None;
    }
    let shrinks = part_width >= target[0] && part_height >= target[1];
    let kernel = if shrinks { Kernel::Hamming } else { Kernel::CatmullRom };
    let across = windows(kernel, width, left, part_width, target[0]);
    let down = windows(kernel, height, top, part_height, target[1]);
    let rows: Vec<&[u8]> = samples.chunks_exact(row_bytes).collect();
    // Only these columns are in a window.
    let begin = across.iter().map(|window| window.first).min()?;
    let end = across.iter().map(|window| window.first + window.weights.len()).max()?;
    let mut column_sums = vec![0.0_f32; (end - begin) * 3];
    let mut scaled = Vec::with_capacity(down.len() * across.len() * 3);
    for window in &down {
        column_sums.fill(0.0);
        for (row, weight) in rows.get(window.first..)?.iter().zip(&window.weights) {
            for (sum, sample) in column_sums.iter_mut().zip(row.get(begin * 3..end * 3)?) {
                *sum += weight * f32::from(*sample);
            }
        }
        let (pixels, _) = column_sums.as_chunks::<3>();
        for window in &across {
            let mut dot = [0.5_f32; 3];
            for (pixel, weight) in pixels.get(window.first - begin..)?.iter().zip(&window.weights) {
                for (level, sum) in dot.iter_mut().zip(pixel) {
                    *level += weight * sum;
                }
            }
            // The cast rounds down and keeps to 0 to 255.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
            scaled.extend(dot.map(|level| level as u8));
        }
    }
    Some(scaled)
}

#[cfg(test)]
mod tests {
    use super::resample;

    const SIZES: [u32; 6] = [1, 2, 7, 40, 41, 163];

    #[test]
    fn one_colour_stays_that_colour_at_every_size() {
        let samples = [7, 130, 255].repeat(41 * 40);
        for width in SIZES {
            for height in SIZES {
                let scaled = resample(&samples, [41, 40], [3, 5, 30, 30], [width, height]).unwrap();
                assert_eq!(scaled, [7, 130, 255].repeat((width * height) as usize), "{width} x {height}");
            }
        }
    }

    #[test]
    fn a_ramp_stays_a_ramp_of_the_same_levels() {
        let ramp: Vec<u8> = (0..160_u8).flat_map(|level| [level; 3]).collect();
        let samples = ramp.repeat(4);
        for width in [20_u32, 40, 80, 160, 320, 640] {
            let scaled = resample(&samples, [160, 4], [0, 0, 160, 4], [width, 4]).unwrap();
            let step = 160.0 / f64::from(width);
            for (dot, level) in (0..width).zip(scaled.iter().step_by(3)) {
                let middle = (f64::from(dot) + 0.5) * step - 0.5;
                // At both ends, a window has samples on one side only.
                if (4.0 * step.max(1.0)..156.0 - 4.0 * step).contains(&middle) {
                    assert!((f64::from(*level) - middle).abs() <= 0.51, "{width}: {dot}: {level}, not {middle}");
                }
            }
        }
    }

    #[test]
    fn a_part_outside_the_picture_is_refused() {
        let samples = [0; 3 * 4 * 5];
        for part in [[0, 0, 0, 1], [0, 0, 5, 1], [4, 0, 1, 1], [0, 5, 1, 1], [u32::MAX, 0, 2, 1]] {
            assert_eq!(resample(&samples, [4, 5], part, [2, 2]), None, "{part:?}");
        }
        assert_eq!(resample(&samples, [4, 6], [0, 0, 1, 1], [2, 2]), None);
    }
}
