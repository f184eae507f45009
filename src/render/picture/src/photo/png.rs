//! Decodes a PNG.

use std::io::Cursor;

use png::{ColorType, DecodingError, InterlaceInfo, Transformations};

use super::{
    error::{DAMAGED, PhotoError, corrupt, unsupported},
    exif::{Stored, exif_orientation},
    limits::PhotoLimits,
};

type PngReader<'a> = png::Reader<Cursor<&'a [u8]>>;

pub(super) fn inspect(bytes: &[u8], limits: &PhotoLimits) -> Result<Stored, PhotoError> {
    Ok(stored(png_reader(bytes, limits)?.info()))
}

/// Decodes to RGB, in the orientation of the file.
pub(super) fn decode(bytes: &[u8], limits: &PhotoLimits) -> Result<(Stored, Vec<u8>), PhotoError> {
    let reader = png_reader(bytes, limits)?;
    let stored = stored(reader.info());
    Ok((stored, png_dots(reader, stored)?))
}

/// A reader at the first row.
fn png_reader<'a>(bytes: &'a [u8], limits: &PhotoLimits) -> Result<PngReader<'a>, PhotoError> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    // These chunks could expand to much more than the file.
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let header = decoder.read_header_info().map_err(|error| png_error(&error))?;
    limits.check(header.width, header.height)?;
    decoder.read_info().map_err(|error| png_error(&error))
}

fn stored(info: &png::Info<'_>) -> Stored {
    let orientation = info.exif_metadata.as_deref().map_or(1, exif_orientation);
    Stored { width: info.width, height: info.height, orientation }
}

/// Decodes row by row, so that only the result is kept in memory.
fn png_dots(mut reader: PngReader<'_>, Stored { width, height, .. }: Stored) -> Result<Vec<u8>, PhotoError> {
    let (colour, _) = reader.output_color_type();
    let row_bytes = width as usize * 3;
    let bytes = row_bytes * height as usize;
    // An interlaced picture comes in seven passes over the whole.
    let interlaced = reader.info().interlaced;
    let mut dots = if interlaced { vec![0; bytes] } else { Vec::with_capacity(bytes) };
    let mut line = Vec::with_capacity(row_bytes);
    while let Some(row) = reader.next_interlaced_row().map_err(|error| png_error(&error))? {
        match row.interlace() {
            InterlaceInfo::Null(_) => append_rgb(&mut dots, row.data(), colour),
            InterlaceInfo::Adam7(pass) => {
                line.clear();
                append_rgb(&mut line, row.data(), colour);
                png::expand_interlaced_row(&mut dots, row_bytes, &line, pass, 24);
            }
        }
    }
    // The first frame of an animation may claim to be smaller than the picture.
    if dots.len() == bytes { Ok(dots) } else { Err(corrupt("its first frame is not the whole picture")) }
}

/// Appends pixels of one byte per sample as RGB, blended over white.
fn append_rgb(dots: &mut Vec<u8>, row: &[u8], colour: ColorType) {
    let over_white = |sample: u8, alpha: u8| {
        let (sample, alpha) = (u16::from(sample), u16::from(alpha));
        u8::try_from((sample * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(255)
    };
    match colour {
        ColorType::Grayscale => dots.extend(row.iter().flat_map(|gray| [*gray; 3])),
        ColorType::GrayscaleAlpha => {
            dots.extend(row.as_chunks().0.iter().flat_map(|[gray, alpha]| [over_white(*gray, *alpha); 3]));
        }
        ColorType::Rgba => {
            let pixels = row.as_chunks().0.iter();
            dots.extend(
                pixels.flat_map(|[red, green, blue, alpha]| [red, green, blue].map(|s| over_white(*s, *alpha))),
            );
        }
        // The decoder expands palettes.
        ColorType::Rgb | ColorType::Indexed => dots.extend_from_slice(row),
    }
}

/// Drops the decoder's messages, which quote the file.
fn png_error(error: &DecodingError) -> PhotoError {
    match error {
        DecodingError::IoError(_) => PhotoError::CutOff,
        DecodingError::Format(_) => corrupt("a chunk is damaged, missing or out of place"),
        DecodingError::Parameter(_) => DAMAGED,
        DecodingError::LimitsExceeded => unsupported("it is a PNG that needs too much memory"),
    }
}

#[cfg(test)]
mod tests {
    use png::{BitDepth, ColorType};

    use crate::photo::samples::{HEIGHT, WIDTH, colours, dot, picture, png_of, shown};

    #[test]
    fn a_png_of_each_sort_shows_its_picture() {
        let dots = colours(WIDTH, HEIGHT);
        let deep: Vec<u8> = dots.iter().flat_map(|sample| [*sample, 77]).collect();
        for (bytes, depth) in [(&dots, BitDepth::Eight), (&deep, BitDepth::Sixteen)] {
            let bytes = png_of(bytes, ColorType::Rgb, depth, |_| {});
            assert_eq!(shown(&bytes), picture(dots.clone()));
        }
        let stripes = [0b0110_0000; 17].repeat(HEIGHT.into());
        let palette = |info: &mut png::Info<'static>| info.palette = Some(vec![1, 2, 3, 250, 251, 252].into());
        let picture = shown(&png_of(&stripes, ColorType::Indexed, BitDepth::One, palette));
        assert_eq!([0, 1, 3, 9].map(|x| dot(&picture, x, 5)[0]), [1, 250, 1, 250]);
        let picture = shown(&png_of(&stripes, ColorType::Grayscale, BitDepth::One, |_| {}));
        assert_eq!([0, 1, 3, 9].map(|x| dot(&picture, x, 5)), [[0; 3], [255; 3], [0; 3], [255; 3]]);
    }

    #[test]
    fn what_is_transparent_becomes_white() {
        let clear = [9, 99, 199, 0].repeat(usize::from(WIDTH) * usize::from(HEIGHT) - 2);
        let dots = [vec![9, 99, 199, 255, 0, 100, 255, 51], clear].concat();
        let picture = shown(&png_of(&dots, ColorType::Rgba, BitDepth::Eight, |_| {}));
        assert_eq!([0, 1, 2].map(|x| dot(&picture, x, 0)), [[9, 99, 199], [204, 224, 255], [255; 3]]);
    }

    #[test]
    fn an_interlaced_png_shows_its_picture() {
        // 100 x 100 gray, 1 bit; filter byte and rows of the seven passes, all white but for the first dot.
        let passes = [(13, 13), (12, 13), (25, 12), (25, 25), (50, 25), (50, 50), (100, 50)];
        let mut rows: Vec<u8> = Vec::new();
        for (width, height) in passes {
            rows.extend([vec![0], vec![0xFF; usize::div_ceil(width, 8)]].concat().repeat(height));
        }
        rows[1] = 0x7F;
        let crc = |bytes: &[u8]| {
            !bytes.iter().fold(!0_u32, |crc, byte| {
                (0..8)
                    .fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
            })
        };
        let chunk = |data: &[u8]| {
            let length = u32::try_from(data.len() - 4).unwrap();
            [&length.to_be_bytes(), data, &crc(data).to_be_bytes()].concat()
        };
        let length = u16::try_from(rows.len()).unwrap();
        let adler = rows
            .iter()
            .fold((1, 0), |(a, b), byte| ((a + u32::from(*byte)) % 65521, (b + a + u32::from(*byte)) % 65521));
        let stored = [
            &[0x78, 1, 1][..],
            &length.to_le_bytes(),
            &(!length).to_le_bytes(),
            &rows,
            &(adler.1 << 16 | adler.0).to_be_bytes(),
        ];
        let bytes = [
            b"\x89PNG\r\n\x1A\n".to_vec(),
            chunk(b"IHDR\0\0\0\x64\0\0\0\x64\x01\0\0\0\x01"),
            chunk(&[&b"IDAT"[..], &stored.concat()].concat()),
            chunk(b"IEND"),
        ];
        let picture = shown(&bytes.concat());
        assert_eq!(dot(&picture, 0, 0), [0; 3]);
        assert!(picture.dots()[3..].iter().all(|sample| *sample == 255));
    }
}
