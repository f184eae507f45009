//! Properties of all photo formats.

use std::sync::LazyLock;

use jpeg_encoder::{ColorType as Colours, SamplingFactor};
use png::{BitDepth, ColorType};
use proptest::prelude::*;

use super::{
    PhotoError, PhotoLimits, background, decode, inspect,
    samples::{colours, exif_jpeg, jpeg, jpeg_of, limits, png, png_of, position},
};

#[test]
fn a_file_of_another_kind_is_refused() {
    for bytes in [&b""[..], b"\xFF\xD8", b"GIF89a", b"%PDF-1.7", b"\x89PNG", &jpeg(|_| {})[1..]] {
        assert_eq!(decode(bytes, &limits()), Err(PhotoError::Kind));
    }
}

#[test]
fn limits_hold_before_a_pixel_is_decoded() {
    for bytes in [jpeg(|_| {}), png()] {
        let head = &bytes[..bytes.len() * 9 / 10];
        let wider = PhotoLimits { side_max: 169, ..limits() };
        let more = PhotoLimits { pixels_max: 130 * 170 - 1, ..limits() };
        for limits in [wider, more] {
            assert_eq!(decode(head, &limits), Err(PhotoError::TooLarge { width: 130, height: 170 }));
        }
        let smaller = PhotoLimits { side_min: 131, ..limits() };
        let too_small = PhotoError::TooSmall { width: 130, height: 170, side_min: 131 };
        assert_eq!(decode(head, &smaller), Err(too_small));
        let bytes_max = head.len() - 1;
        let short = PhotoLimits { bytes_max, ..limits() };
        assert_eq!(inspect(head, &short), Err(PhotoError::Bytes { bytes: head.len(), max: bytes_max }));
        let exact = PhotoLimits { bytes_max: bytes.len(), side_min: 130, side_max: 170, pixels_max: 130 * 170 };
        assert!(decode(&bytes, &exact).is_ok());
    }
}

#[test]
fn a_photo_cut_off_anywhere_is_refused_and_bytes_behind_it_are_fine() {
    for bytes in [jpeg(|_| {}), jpeg(|encoder| encoder.set_progressive(true)), exif_jpeg(3)] {
        for length in (8..bytes.len()).step_by(7).chain([bytes.len() - 1, bytes.len() - 2]) {
            assert_eq!(decode(&bytes[..length], &limits()), Err(PhotoError::CutOff), "{length}");
        }
        assert!(decode(&[&bytes[..], b"\xFF\xD8 and more"].concat(), &limits()).is_ok());
    }
    let bytes = png();
    for length in (8..bytes.len() - 16).step_by(7) {
        assert_eq!(decode(&bytes[..length], &limits()), Err(PhotoError::CutOff), "{length}");
    }
    assert!(decode(&[&bytes[..], b"more"].concat(), &limits()).is_ok());
}

#[test]
fn a_corrupt_photo_is_refused_with_what_is_wrong() {
    let mut bytes = png();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let error = decode(&bytes, &limits()).unwrap_err();
    assert_eq!(error.to_string(), "the photo is corrupt: a chunk is damaged, missing or out of place");
    let mut bytes = jpeg(|_| {});
    let tables = position(&bytes, 0xC4);
    bytes[tables + 5..tables + 21].fill(0xFE);
    let error = decode(&bytes, &limits()).unwrap_err();
    assert!(error.to_string().starts_with("the photo is corrupt: "), "{error}");
}

/// Photos of all formats, for corruption.
static PHOTOS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let (width, height) = (37, 29);
    let dots = colours(width, height);
    let coded = |progressive, restart, sampling| {
        jpeg_of(&dots, width, height, Colours::Rgb, |encoder| {
            encoder.set_progressive(progressive);
            encoder.set_restart_interval(restart);
            encoder.set_sampling_factor(sampling);
        })
    };
    vec![
        coded(false, 0, SamplingFactor::F_2_2),
        coded(false, 2, SamplingFactor::F_1_1),
        coded(true, 0, SamplingFactor::F_2_2),
        coded(true, 3, SamplingFactor::F_2_1),
        exif_jpeg(5),
        png(),
        png_of(&dots.repeat(30)[..17 * 170], ColorType::Grayscale, BitDepth::One, |_| {}),
    ]
});

/// Asserts that decoding returns, respects the limits, and agrees with the headers.
fn assert_holds(bytes: &[u8]) {
    let limits = PhotoLimits { bytes_max: 1 << 20, side_min: 20, side_max: 300, pixels_max: 60_000 };
    let inspected = inspect(bytes, &limits);
    if let Ok(picture) = decode(bytes, &limits) {
        assert_eq!(inspected, Ok((picture.width(), picture.height())));
        assert!(picture.width().min(picture.height()) >= 20 && picture.width().max(picture.height()) <= 300);
        assert!(picture.width() * picture.height() <= 60_000);
        background(&picture);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_bytes_do_no_harm(start in 0..3_usize, bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let start = [&b""[..], b"\xFF\xD8\xFF", b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR"][start];
        assert_holds(&[start, &bytes].concat());
    }

    #[test]
    fn spoiled_photos_do_no_harm(
        photo in 0..7_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), any::<u8>()), 0..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = PHOTOS[photo].clone();
        for (at, in_headers, value) in changes {
            let span = if in_headers { bytes.len().min(650) } else { bytes.len() };
            bytes[at.index(span)] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        assert_holds(&bytes);
    }
}
