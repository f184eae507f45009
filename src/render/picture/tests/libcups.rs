//! What libcups reads from the raster streams is what was written.
//!
//! Needs a C compiler and the headers of libcups (Debian: `libcups2-dev`).
#![expect(clippy::unwrap_used, reason = "a test that cannot run its reader has failed")]

use std::{fs, path::Path, process::Command};

use cetak_picture::{
    picture::{Ink, Picture},
    raster::{Layout, Quality, SheetBack, Sides, pwg, urf},
};
use tempfile::TempDir;

const SIDES: [(Sides, u8, u8); 3] =
    [(Sides::OneSided, 0, 0), (Sides::TwoSidedLongEdge, 1, 0), (Sides::TwoSidedShortEdge, 1, 1)];
const INKS: [Ink; 3] = [Ink::Rgb8, Ink::Gray8, Ink::Black1];

/// Builds the reader in a folder of its own.
fn reader() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/read_raster.c");
    let compiler = Command::new("cc")
        .args(["-O1", "-Wall", "-Wextra", "-Werror", "-o"])
        .args([&folder.path().join("read_raster"), &source])
        .arg("-lcups")
        .output()
        .unwrap();
    assert!(compiler.status.success(), "{}", String::from_utf8_lossy(&compiler.stderr));
    folder
}

/// The headers in words and all dots, as libcups reads them.
fn read(reader: &TempDir, stream: &[u8]) -> (String, Vec<u8>) {
    let [program, raster, dots] = ["read_raster", "pages", "dots"].map(|name| reader.path().join(name));
    fs::write(&raster, stream).unwrap();
    let output = Command::new(program).args([&raster, &dots]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    (String::from_utf8(output.stdout).unwrap(), fs::read(dots).unwrap())
}

/// Upright ID-1 at 300 dpi: bars, white, and noise.
fn card(ink: Ink, seed: u32) -> Picture {
    let row_bytes = match ink {
        Ink::Rgb8 => 638 * 3,
        Ink::Gray8 => 638,
        Ink::Black1 => 80,
    };
    let mut state = seed;
    let dots = (0..row_bytes * 1012).map(|at| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        match at / row_bytes {
            ..100 => {
                if at % row_bytes / 90 % 2 == 0 {
                    0xFF
                } else {
                    0
                }
            }
            100..600 => 0xFF,
            _ => state.to_be_bytes()[0],
        }
    });
    Picture::new(638, 1012, ink, dots.collect()).unwrap()
}

#[test]
fn libcups_reads_pwg_raster_as_it_was_written() {
    let reader = reader();
    for (ink, bits, row_bytes, space, colors) in
        [(Ink::Rgb8, "8/24", 1914, 19, 3), (Ink::Gray8, "8/8", 638, 18, 1), (Ink::Black1, "1/1", 80, 3, 1)]
    {
        let [front, back] = [card(ink, 1), card(ink, 2)];
        for (sides, duplex, tumble) in SIDES {
            let flipped = match sides {
                Sides::OneSided => (back.clone(), "1,1"),
                Sides::TwoSidedLongEdge => (back.mirrored_vertically(), "1,-1"),
                Sides::TwoSidedShortEdge => (back.mirrored_horizontally(), "-1,1"),
            };
            let layout = Layout {
                dpi: 300,
                sides,
                sheet_back: SheetBack::Flipped,
                quality: Quality::Normal,
                media: "iso_id-1_53.98x85.6mm",
            };
            let (headers, dots) = read(&reader, &pwg(&[front.clone(), back.clone()], &layout));
            let header = |transforms| {
                format!(
                    "PwgRaster dpi=300x300 points=153x243 size=638x1012 bits={bits} row={row_bytes} order=0 \
                     space={space} colors={colors}\nduplex={duplex} tumble={tumble} copies=1 \
                     name=iso_id-1_53.98x85.6mm integers=2,{transforms},0,0,0,0,16777215,4,0,0,0,0,0,0,0,\n"
                )
            };
            assert_eq!(headers, header("1,1") + &header(flipped.1), "{ink:?} {sides:?}");
            assert!(dots == [front.dots(), flipped.0.dots()].concat(), "{ink:?} {sides:?}");
        }
    }
}

#[test]
fn libcups_reads_apple_raster_as_it_was_written() {
    let reader = reader();
    for ink in INKS {
        let [front, back] = [card(ink, 3), card(ink, 4)];
        let layout = Layout {
            dpi: 300,
            sides: Sides::TwoSidedLongEdge,
            sheet_back: SheetBack::Normal,
            quality: Quality::Normal,
            media: "iso_id-1_53.98x85.6mm",
        };
        let (headers, dots) = read(&reader, &urf(&[front.clone(), back.clone()], &layout));
        let (bits, row_bytes, space, colors) =
            if ink == Ink::Rgb8 { ("8/24", 1914, 19, 3) } else { ("8/8", 638, 18, 1) };
        let header = format!(
            "PwgRaster dpi=300x300 points=153x242 size=638x1012 bits={bits} row={row_bytes} order=0 space={space} \
             colors={colors}\n"
        );
        let first_lines: Vec<_> = headers.lines().step_by(2).map(|line| format!("{line}\n")).collect();
        assert_eq!(first_lines, [header.clone(), header], "{ink:?}");
        let sent = |page: Picture| if ink == Ink::Black1 { page.to_gray() } else { page };
        assert!(dots == [sent(front).dots(), sent(back).dots()].concat(), "{ink:?}");
    }
}
