//! Decodes a JPEG. The headers are checked first, so that the decoder sees only variants that it decodes correctly.

use std::panic::catch_unwind;

use zune_jpeg::{
    JpegDecoder,
    errors::DecodeErrors,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::{
    error::{DAMAGED, PhotoError, corrupt, unsupported},
    exif::{Stored, exif_orientation},
    limits::PhotoLimits,
};

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const APP1: u8 = 0xE1;

/// Most scans. Ten are usual, and each takes as long as decoding the picture once.
const SCANS_MAX: usize = 32;

const BAD_FRAME: PhotoError = corrupt("its frame header is wrong");
const TWO_FRAMES: PhotoError = corrupt("it has two frame headers");
const BAD_SCAN: PhotoError = corrupt("a scan header is wrong");

/// The relevant headers of a JPEG (ITU-T T.81, annex B).
struct JpegHead {
    stored: Stored,
    /// The numbers of the colour components: 1, 3 or 4.
    components: Vec<u8>,
    progressive: bool,
}

pub(super) fn inspect(bytes: &[u8], limits: &PhotoLimits) -> Result<Stored, PhotoError> {
    Ok(JpegHead::read(bytes, limits)?.stored)
}

/// Decodes to RGB, in the orientation of the file.
pub(super) fn decode(bytes: &[u8], limits: &PhotoLimits) -> Result<(Stored, Vec<u8>), PhotoError> {
    let head = JpegHead::read(bytes, limits)?;
    check_scans(bytes, &head)?;
    // The decoder panics on some corrupt files. The known ones are refused above; for others, it shares only `bytes`,
    // so that a panic leaves no state behind.
    let dots = catch_unwind(|| jpeg_dots(bytes, head.stored)).unwrap_or(Err(DAMAGED))?;
    Ok((head.stored, dots))
}

impl JpegHead {
    /// Reads up to the first scan.
    fn read(bytes: &[u8], limits: &PhotoLimits) -> Result<Self, PhotoError> {
        let mut rest = bytes.get(2..).unwrap_or_default();
        let mut frame = None;
        let mut orientation = 1;
        loop {
            match jpeg_part(&mut rest)? {
                (0xC0..=0xC2, _) if frame.is_some() => return Err(TWO_FRAMES),
                (marker @ 0xC0..=0xC2, data) => frame = Some(Self::of_frame(data, marker == 0xC2, limits)?),
                // Without 0xC4 and 0xC8, which are no frames.
                (0xC3 | 0xC5..=0xC7, _) => return Err(unsupported("it is a lossless or hierarchical JPEG")),
                (0xC9..=0xCF, _) => return Err(unsupported("it is a JPEG with arithmetic coding")),
                (APP1, data) => {
                    if let (1, Some(tiff)) = (orientation, data.strip_prefix(b"Exif\0\0")) {
                        orientation = exif_orientation(tiff);
                    }
                }
                (SOS, data) => {
                    let (mut head, samples) = frame.ok_or(corrupt("it has no frame header"))?;
                    head.stored.orientation = orientation;
                    if !head.progressive && data.first().copied().map(usize::from) != Some(head.components.len()) {
                        // The decoder would give wrong colours.
                        return Err(unsupported("it is a JPEG with a scan for each colour"));
                    }
                    // Kept whole, at two bytes a sample, until all scans are read; three more for a pixel.
                    let kept = if head.progressive { samples * 2 } else { 0 };
                    let Stored { width, height, .. } = head.stored;
                    let pixels = u64::from(width) * u64::from(height);
                    if pixels * 3 + kept > limits.pixels_max.saturating_mul(6) {
                        return Err(PhotoError::TooLarge { width, height });
                    }
                    return Ok(head);
                }
                (EOI, _) => return Err(corrupt("it has no picture")),
                _ => {}
            }
        }
    }

    /// Reads a frame header. Returns the number of samples too.
    fn of_frame(data: &[u8], progressive: bool, limits: &PhotoLimits) -> Result<(Self, u64), PhotoError> {
        let [precision, y1, y0, x1, x0, count, list @ ..] = data else { return Err(BAD_FRAME) };
        let (width, height) = (u16::from_be_bytes([*x1, *x0]).into(), u16::from_be_bytes([*y1, *y0]).into());
        let (list, surplus) = list.as_chunks::<3>();
        if list.len() != usize::from(*count) || !surplus.is_empty() {
            return Err(BAD_FRAME);
        }
        if *precision != 8 {
            return Err(unsupported("it is a JPEG with more than 8 bits a colour"));
        }
        if height == 0 {
            return Err(unsupported("it is a JPEG that tells its height only after its pixels"));
        }
        if !matches!(list.len(), 1 | 3 | 4) {
            return Err(unsupported("it is a JPEG with another number of colours than 1, 3 or 4"));
        }
        limits.check(width, height)?;
        // How many samples a component has across and down, as two half bytes.
        let factors: Vec<u8> = list.iter().map(|[_, factors, _]| *factors).collect();
        let samples_per_4_pixels = match factors[..] {
            // With one component alone its factors mean nothing.
            [_] => 4,
            [0x11, 0x11, 0x11] => 12,
            [0x21 | 0x12, 0x11, 0x11] => 8,
            [0x22, 0x11, 0x11] => 6,
            [0x11, 0x11, 0x11, 0x11] => 16,
            // The decoder would give wrong colours for some of the others.
            _ => return Err(unsupported("it is a JPEG with an unusual resolution of its colours")),
        };
        let samples = u64::from(width) * u64::from(height) * samples_per_4_pixels / 4;
        let components = list.iter().map(|[number, _, _]| *number).collect();
        let stored = Stored { width, height, orientation: 1 };
        Ok((Self { stored, components, progressive }, samples))
    }
}

/// Reads the next marker and its data.
fn jpeg_part<'a>(rest: &mut &'a [u8]) -> Result<(u8, &'a [u8]), PhotoError> {
    if !matches!(rest, [] | [0xFF, ..]) {
        return Err(corrupt("bytes stand where a marker should"));
    }
    // A marker may be preceded by any number of 0xFF.
    let at = rest.iter().position(|byte| *byte != 0xFF).ok_or(PhotoError::CutOff)?;
    let (marker, behind) = rest.get(at..).and_then(<[u8]>::split_first).ok_or(PhotoError::CutOff)?;
    if *marker == EOI {
        *rest = &[];
        return Ok((EOI, &[]));
    }
    if matches!(marker, 0..=1 | 0xD0..=SOI) {
        return Err(corrupt("a marker is out of place"));
    }
    let length = behind.first_chunk().map(|length| usize::from(u16::from_be_bytes(*length)));
    let length = length.ok_or(PhotoError::CutOff)?;
    if length < 2 {
        return Err(corrupt("a segment is shorter than its own length"));
    }
    let (data, behind) = behind.split_at_checked(length).ok_or(PhotoError::CutOff)?;
    *rest = behind;
    Ok((*marker, data.get(2..).unwrap_or_default()))
}

/// The bytes from the marker that ends the scan. Restart markers belong to the scan; a 0xFF that is no marker is
/// followed by 0.
fn behind_scan(scan: &[u8]) -> &[u8] {
    let mut rest = scan;
    while let Some(at) = rest.iter().position(|byte| *byte == 0xFF) {
        rest = rest.get(at..).unwrap_or_default();
        rest = match rest {
            [_, 0x00 | 0xD0..=0xD7, behind @ ..] => behind,
            [_, 0xFF, ..] => rest.get(1..).unwrap_or_default(),
            _ => return rest,
        };
    }
    &[]
}

/// Checks without decoding that the picture is complete. The decoder would fill missing parts with grey or black.
fn check_scans(bytes: &[u8], head: &JpegHead) -> Result<(), PhotoError> {
    let mut rest = bytes.get(2..).unwrap_or_default();
    let mut missing = head.components.clone();
    let mut scans = 0;
    loop {
        match jpeg_part(&mut rest)? {
            (EOI, _) if missing.is_empty() => return Ok(()),
            (EOI, _) => return Err(corrupt("a colour is missing")),
            _ if scans == 1 && !head.progressive => return Err(corrupt("data follow its only scan")),
            (SOS, data) => {
                let [number, list @ ..] = data else { return Err(BAD_SCAN) };
                let (list, spectrum) = list.split_at_checked(2 * usize::from(*number)).ok_or(BAD_SCAN)?;
                let [spectrum_from, _, approximation] = spectrum else { return Err(BAD_SCAN) };
                // A progressive picture begins with the mean of each block; refinements follow.
                if !head.progressive || (*spectrum_from, approximation >> 4) == (0, 0) {
                    for [component, _] in list.as_chunks().0 {
                        let at = missing.iter().position(|missing| missing == component).ok_or(BAD_SCAN)?;
                        missing.remove(at);
                    }
                }
                rest = behind_scan(rest);
                scans += 1;
                if scans > SCANS_MAX {
                    return Err(unsupported("it is a JPEG in more than 32 scans"));
                }
            }
            (0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCF, _) if scans > 0 => return Err(TWO_FRAMES),
            _ => {}
        }
    }
}

fn jpeg_dots(bytes: &[u8], stored: Stored) -> Result<Vec<u8>, PhotoError> {
    // Photos come from outside: the decoder's faster code, which is not checked by the compiler, is left out.
    let options = DecoderOptions::new_safe()
        .set_use_unsafe(false)
        .set_strict_mode(true)
        .jpeg_set_max_scans(SCANS_MAX + 1)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| jpeg_error(&error))?;
    if decoder.dimensions() != Some((stored.width as usize, stored.height as usize)) {
        return Err(BAD_FRAME);
    }
    decoder.decode().map_err(|error| jpeg_error(&error))
}

/// The decoder's messages quote the file, so only their kind is kept.
fn jpeg_error(error: &DecodeErrors) -> PhotoError {
    match error {
        DecodeErrors::HuffmanDecode(_) => corrupt("a Huffman table is wrong or missing"),
        DecodeErrors::DqtError(_) => corrupt("a quantization table is wrong or missing"),
        DecodeErrors::SosError(_) => BAD_SCAN,
        DecodeErrors::SofError(_) | DecodeErrors::ZeroError => BAD_FRAME,
        DecodeErrors::Unsupported(_) => unsupported("it is a rare sort of JPEG"),
        DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(_) => PhotoError::CutOff,
        DecodeErrors::Format(_)
        | DecodeErrors::FormatStatic(_)
        | DecodeErrors::IllegalMagicBytes(_)
        | DecodeErrors::MCUError(_)
        | DecodeErrors::LargeDimensions(_)
        | DecodeErrors::TooSmallOutput(..) => DAMAGED,
    }
}

#[cfg(test)]
mod tests {
    use jpeg_encoder::{ColorType, SamplingFactor};

    use crate::photo::{
        PhotoError, PhotoLimits, decode, inspect,
        samples::{HEIGHT, WIDTH, colours, difference, jpeg, jpeg_of, limits, position, shown},
    };

    #[test]
    fn a_jpeg_of_each_usual_sort_shows_its_picture() {
        use SamplingFactor::{F_1_1, F_1_2, F_2_1, F_2_2};
        for sampling in [F_1_1, F_1_2, F_2_1, F_2_2] {
            for (progressive, restart) in [(false, 0), (false, 7), (true, 0), (true, 7)] {
                let bytes = jpeg(|encoder| {
                    encoder.set_sampling_factor(sampling);
                    encoder.set_progressive(progressive);
                    encoder.set_restart_interval(restart);
                });
                let picture = shown(&bytes);
                assert_eq!((picture.width(), picture.height()), (130, 170));
                assert!(difference(picture.dots(), &colours(WIDTH, HEIGHT)) <= 3, "{progressive} {restart}");
            }
        }
    }

    #[test]
    fn a_gray_jpeg_is_gray_whatever_factors_it_claims() {
        let gray: Vec<u8> = colours(WIDTH, HEIGHT).chunks(3).map(|dot| dot[2]).collect();
        let want: Vec<u8> = gray.iter().flat_map(|gray| [*gray; 3]).collect();
        let mut bytes = jpeg_of(&gray, WIDTH, HEIGHT, ColorType::Luma, |_| {});
        assert!(difference(shown(&bytes).dots(), &want) <= 2);
        let frame = position(&bytes, 0xC0);
        bytes[frame + 11] = 0x22;
        assert!(difference(shown(&bytes).dots(), &want) <= 2);
    }

    #[test]
    fn a_jpeg_of_four_inks_shows_its_colours() {
        let inks: Vec<u8> = colours(WIDTH, HEIGHT).chunks(3).flat_map(|dot| [dot[0], dot[1], dot[2], 51]).collect();
        let light = |ink: u8| u8::try_from(u32::from(255 - ink) * 204 / 255).unwrap();
        let want: Vec<u8> = colours(WIDTH, HEIGHT).into_iter().map(light).collect();
        for kind in [ColorType::Cmyk, ColorType::CmykAsYcck] {
            let bytes =
                jpeg_of(&inks, WIDTH, HEIGHT, kind, |encoder| encoder.set_sampling_factor(SamplingFactor::F_1_1));
            assert!(difference(shown(&bytes).dots(), &want) <= 3);
        }
    }

    #[test]
    fn a_jpeg_that_would_be_shown_wrongly_is_refused() {
        for rare in [
            jpeg(|encoder| encoder.set_sampling_factor(SamplingFactor::F_4_1)),
            jpeg(|encoder| encoder.set_optimized_huffman_tables(true)),
        ] {
            let error = decode(&rare, &limits()).unwrap_err();
            assert!(matches!(error, PhotoError::Unsupported { .. }), "{error}");
        }
    }

    #[test]
    fn a_progressive_photo_in_full_colour_counts_one_and_a_half_times() {
        let photo = |sampling| {
            jpeg(|encoder| {
                encoder.set_sampling_factor(sampling);
                encoder.set_progressive(true);
            })
        };
        let limits = |pixels_max| PhotoLimits { pixels_max, ..limits() };
        assert!(inspect(&photo(SamplingFactor::F_2_2), &limits(130 * 170)).is_ok());
        assert!(inspect(&photo(SamplingFactor::F_1_1), &limits(130 * 170 * 3 / 2)).is_ok());
        assert!(inspect(&photo(SamplingFactor::F_1_1), &limits(130 * 170 * 3 / 2 - 1)).is_err());
    }

    #[test]
    fn a_small_file_that_claims_a_huge_picture_costs_nothing() {
        let mut bytes = jpeg(|_| {});
        let frame = position(&bytes, 0xC0);
        bytes[frame + 5..frame + 9].fill(0xFF);
        assert_eq!(decode(&bytes, &limits()), Err(PhotoError::TooLarge { width: 65535, height: 65535 }));
    }
}
