use std::collections::HashSet;

use proptest::prelude::*;
use rxing::{BarcodeFormat, DecodeHints, helpers::detect_in_luma_with_hints};

use super::*;

const ALL: [Symbology; 3] = [Symbology::Qr, Symbology::Pdf417, Symbology::Code128];
const UUID: &str = "0192d3a4-7b1c-7e55-9c0d-3f2a1b4c5d6e";
const NUMBER: &str = "3372-2015-00001234";
const DIGEST: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

/// A field of white (255) and black (0) dots with the code at its place.
fn drawn(code: &Modules, width: u32, height: u32) -> (Placed, Vec<u8>) {
    let placed = place(code, width, height, 1).unwrap();
    let mut dots = vec![255; (width * height) as usize];
    for (y, row) in (0..).zip(code.rows()) {
        for (x, _) in (0..).zip(row).filter(|(_, dark)| **dark) {
            for dy in 0..placed.row {
                let at = (placed.top + y * placed.row + dy) * width + placed.left + x * placed.module;
                dots[at as usize..][..placed.module as usize].fill(0);
            }
        }
    }
    (placed, dots)
}

fn read(symbology: Symbology, width: u32, height: u32, dots: Vec<u8>) -> String {
    let format = match symbology {
        Symbology::Qr => BarcodeFormat::QR_CODE,
        Symbology::Pdf417 => BarcodeFormat::PDF_417,
        Symbology::Code128 => BarcodeFormat::CODE_128,
    };
    let mut hints = DecodeHints {
        PossibleFormats: Some(HashSet::from([format])),
        PureBarcode: Some(symbology == Symbology::Qr),
        TryHarder: Some(true),
        ..DecodeHints::default()
    };
    detect_in_luma_with_hints(dots, width, height, Some(format), &mut hints).unwrap().getText().to_owned()
}

/// In a field that is just large enough for modules of three dots.
fn read_back(symbology: Symbology, text: &str) -> String {
    let code = encode(symbology, text).unwrap();
    let width = 3 * (code.width + 2 * symbology.quiet_zone());
    let height = match symbology {
        Symbology::Qr => width,
        Symbology::Pdf417 => 3 * (3 * code.height + 4),
        Symbology::Code128 => 60,
    };
    let (placed, dots) = drawn(&code, width, height);
    assert_eq!(placed.module, 3, "{symbology:?}");
    read(symbology, width, height, dots)
}

#[test]
fn the_values_that_stand_on_cards_are_read_back_from_fields_at_300_dpi() {
    // Fields of 22 x 22, 60 x 18 and 80 x 10 mm.
    let fields = [(Symbology::Qr, 260, 260), (Symbology::Pdf417, 709, 213), (Symbology::Code128, 945, 118)];
    for (symbology, width, height) in fields {
        for text in [UUID, NUMBER, DIGEST] {
            let (placed, dots) = drawn(&encode(symbology, text).unwrap(), width, height);
            assert_eq!(read(symbology, width, height, dots), text, "{symbology:?}");
            assert!(placed.module >= 2, "{symbology:?}: {placed:?}");
        }
    }
}

#[test]
fn names_in_any_script_are_read_back() {
    for text in ["Nyai Rukmini Putri", "Zoë Ångström", "\u{e9}", "ꦱꦫꦱꦮꦠꦶ", "山田 太郎", "😀", "a\nb\t\u{0}\u{7f}"]
    {
        assert_eq!(read_back(Symbology::Qr, text), text);
        assert_eq!(read_back(Symbology::Pdf417, text), text);
    }
}

#[test]
fn the_longest_texts_are_read_back() {
    for symbology in ALL {
        let most = symbology.bytes_max();
        for pattern in ["a", "aB1;", "0", "\u{7f}", "A1"] {
            let text: String = pattern.chars().cycle().take(most).collect();
            if symbology != Symbology::Code128 || pattern != "\u{7f}" {
                assert_eq!(read_back(symbology, &text), text, "{symbology:?} {pattern:?}");
            }
        }
    }
    let text = "\u{e9}".repeat(500);
    assert_eq!(read_back(Symbology::Qr, &text), text);
    assert_eq!(read_back(Symbology::Pdf417, &text), text);
}

#[test]
fn a_pdf417_of_any_length_has_a_shape_that_the_standard_allows() {
    for bytes in (1..950).step_by(41).chain((950..=1_000).step_by(3)).chain([1_000]) {
        for c in ['\u{7f}', 'a', '0'] {
            let code = encode(Symbology::Pdf417, &c.to_string().repeat(bytes)).unwrap();
            let columns = (code.width - 69) / 17;
            assert_eq!(code.width, 17 * columns + 69);
            assert!((1..=30).contains(&columns) && pdf417::ROWS.contains(&(code.height as usize)), "{bytes}");
            assert!(columns * code.height <= 928, "{bytes}");
        }
    }
}

#[test]
fn a_qr_code_has_the_smallest_version_that_holds_the_text_at_level_m() {
    // ISO/IEC 18004, table 7: bytes that versions 1 to 3 hold at level M, and digits that version 1 holds.
    for (text, width) in
        [("a".repeat(14), 21), ("a".repeat(15), 25), ("a".repeat(26), 25), ("a".repeat(27), 29), ("7".repeat(34), 21)]
    {
        let code = encode(Symbology::Qr, &text).unwrap();
        assert_eq!((code.width, code.height), (width, width));
    }
}

#[test]
fn a_code_128_is_one_row_of_eleven_modules_a_character() {
    // Start, eight characters, check character and the stop of 13 modules; pairs of digits are one character.
    assert_eq!(encode(Symbology::Code128, "ABCDEFGH").unwrap().width, 10 * 11 + 13);
    let digits = encode(Symbology::Code128, "12345678").unwrap();
    assert_eq!((digits.width, digits.height), (6 * 11 + 13, 1));
}

#[test]
fn what_cannot_be_a_code_is_refused_with_what_is_wrong() {
    for symbology in ALL {
        let bytes_max = symbology.bytes_max();
        assert_eq!(encode(symbology, ""), Err(CodeError::Empty));
        let long = encode(symbology, &"1".repeat(bytes_max + 1));
        assert_eq!(long, Err(CodeError::TooLong { bytes: bytes_max + 1, bytes_max }));
    }
    for (text, code_point) in [("Zoë", 0xEB), ("a\tb", 9), ("\u{7f}", 0x7F), ("\u{f1}1", 0xF1)] {
        assert_eq!(encode(Symbology::Code128, text), Err(CodeError::Character { code_point }));
    }
}

#[test]
fn a_code_stands_in_the_middle_in_the_largest_whole_modules() {
    let code = encode(Symbology::Qr, "a").unwrap();
    assert_eq!(place(&code, 29 * 4, 29 * 4, 4), Ok(Placed { module: 4, row: 4, left: 16, top: 16 }));
    assert_eq!(place(&code, 29 * 4 + 5, 29 * 5 - 1, 1), Ok(Placed { module: 4, row: 4, left: 18, top: 30 }));
    let bars = encode(Symbology::Code128, "12345678").unwrap();
    assert_eq!(place(&bars, 99 * 2 + 1, 50, 2), Ok(Placed { module: 2, row: 50, left: 20, top: 0 }));
    let stacked = encode(Symbology::Pdf417, NUMBER).unwrap();
    let (width, height) = (stacked.width + 4, 3 * stacked.height + 4);
    assert_eq!(
        place(&stacked, 2 * width, 3 * height, 2),
        Ok(Placed { module: 2, row: 6, left: 4, top: 3 * height / 2 - 3 * stacked.height })
    );
}

#[test]
fn a_field_that_is_too_small_is_refused_with_the_size_that_would_do() {
    let code = encode(Symbology::Qr, "a").unwrap();
    let refused = place(&code, 86, 300, 3).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the code's field of 86 x 300 dots is too small: modules of 3 dots need 87 x 87 dots"
    );
    assert!(place(&code, 87, 87, 3).is_ok());
    assert!(place(&code, 29, 29, 0).is_ok());
    let bars = encode(Symbology::Code128, "12345678").unwrap();
    assert!(place(&bars, 99, 0, 1).is_err());
    assert!(place(&bars, u32::MAX, u32::MAX, u32::MAX).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_text_is_read_back_from_a_qr_code(text in "\\PC{1,60}") {
        prop_assert_eq!(read_back(Symbology::Qr, &text), text);
    }

    #[test]
    fn any_text_is_read_back_from_a_pdf417(text in "\\PC{1,60}|[ -~]{1,80}") {
        prop_assert_eq!(read_back(Symbology::Pdf417, &text), text);
    }

    #[test]
    fn texts_of_several_kinds_of_characters_are_read_back(
        text in "([0-9]{1,50}|[A-Z]{1,12}|[a-z ]{1,20}|[!-/:-@]{1,5}|[\\x00-\\x1f\\x7f]{1,7}|[éß山😀]{1,3}){1,6}",
    ) {
        for symbology in [Symbology::Qr, Symbology::Pdf417] {
            prop_assert_eq!(read_back(symbology, &text), text.as_str());
        }
    }

    #[test]
    fn any_printable_ascii_is_read_back_from_a_code_128(text in "[ -~]{1,80}|[0-9]{1,80}") {
        prop_assert_eq!(read_back(Symbology::Code128, &text), text);
    }

    #[test]
    fn no_text_and_no_field_is_too_strange(
        text in any::<String>(),
        ascii in proptest::collection::vec(0_u8..128, 0..300),
        (width, height, module_min) in any::<(u32, u32, u32)>(),
    ) {
        let ascii = String::from_utf8(ascii).unwrap();
        for symbology in ALL {
            for text in [&text, &ascii] {
                match encode(symbology, text) {
                    Ok(code) => _ = place(&code, width, height, module_min),
                    Err(error) => prop_assert_ne!(error, CodeError::Encoder),
                }
            }
        }
    }

    #[test]
    fn a_placed_code_and_its_quiet_zone_lie_in_the_field(width in 0_u32..900, height in 0_u32..900, module_min in 0_u32..5) {
        for symbology in ALL {
            let code = encode(symbology, NUMBER).unwrap();
            let Ok(placed) = place(&code, width, height, module_min) else { continue };
            let quiet = symbology.quiet_zone() * placed.module;
            let above = if symbology == Symbology::Code128 { 0 } else { quiet };
            prop_assert!(placed.module >= module_min.max(1));
            prop_assert!(placed.left >= quiet && placed.top >= above);
            prop_assert!(placed.left + code.width * placed.module + quiet <= width);
            prop_assert!(placed.top + code.height * placed.row + above <= height);
        }
    }
}

#[test]
fn a_drawn_code_has_its_quiet_zone_and_the_modules_of_the_code() {
    let (width, height, path) = outline(Symbology::Qr, "CETAK:OK").unwrap();
    let modules = encode(Symbology::Qr, "CETAK:OK").unwrap();
    assert_eq!((width, height), (modules.width + 8, modules.height + 8));
    assert!(path.starts_with("M4 4h7v1h-7z"), "the upper edge of the first corner: {path}");
    let dark: u32 = path
        .split('M')
        .skip(1)
        .map(|bar| bar.split_once('h').unwrap().1.split('v').next().unwrap().parse::<u32>().unwrap())
        .sum();
    assert_eq!(dark as usize, modules.dark.iter().filter(|dark| **dark).count());
}
