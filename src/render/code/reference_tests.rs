//! Tests that compare codes with those of another encoder, `rxing`.

use std::ops::RangeInclusive;

use proptest::prelude::*;
use rxing::{
    EncodeHints,
    common::CharacterSet,
    oned::{Code128Writer, OneDimensionalCodeWriter},
    pdf417::encoder::{Compaction, PDF417, pdf_417_high_level_encoder::encodeHighLevel},
    qrcode::{common::ErrorCorrectionLevel, encoder::qrcode_encoder},
};

use super::{code128, compaction, pdf417, qr};

type Rows = Vec<Vec<bool>>;

/// One segment, in the most compact mode that carries all characters.
fn reference_qr(text: &str) -> Rows {
    let marked = EncodeHints { CharacterSet: Some("UTF-8".into()), ..EncodeHints::default() };
    let hints = if text.is_ascii() { EncodeHints::default() } else { marked };
    let code = qrcode_encoder::encode_with_hints(text, ErrorCorrectionLevel::M, &hints).unwrap();
    let matrix = code.getMatrix().as_ref().unwrap();
    let row = |y| (0..matrix.getWidth()).map(|x| matrix.get(x, y) == 1).collect();
    (0..matrix.getHeight()).map(row).collect()
}

/// Byte compaction at the level that the standard recommends.
fn reference_pdf417(text: &str) -> Rows {
    let level = match reference_codewords(text, Compaction::BYTE) + 1 {
        0..=40 => 2,
        41..=160 => 3,
        161..=320 => 4,
        _ => 5,
    };
    let mut encoder = PDF417::new();
    encoder.setCompaction(Compaction::BYTE);
    encoder.setDimensions(30, 1, 90, 3);
    encoder.generateBarcodeLogic(text, level).unwrap();
    // Its rows run from the bottom.
    let rows = encoder.getBarcodeMatrix().as_ref().unwrap().getMatrix().into_iter().rev();
    rows.map(|row| row.into_iter().map(|module| module == 1).collect()).collect()
}

fn reference_codewords(text: &str, compaction: Compaction) -> usize {
    let charset = (!text.is_ascii()).then_some(CharacterSet::UTF8);
    encodeHighLevel(text, compaction, charset, false).unwrap().chars().count()
}

/// Texts that often change between kinds of characters, which each encoding carries differently.
fn mixed() -> impl Strategy<Value = String> {
    "([0-9]{1,50}|[A-Z]{1,12}|[a-z ]{1,20}|[!-/:-@]{1,5}|[\\[-`{-~]{1,3}|[\\x00-\\x1f\\x7f]{1,7}|[éß山😀]{1,3}){1,8}"
}

/// Texts of many lengths of one character.
fn repeated(c: char, lengths: RangeInclusive<usize>) -> impl Iterator<Item = String> {
    lengths.step_by(37).map(move |length| c.to_string().repeat(length))
}

#[test]
fn a_qr_code_of_one_segment_has_the_modules_of_the_reference() {
    // No mode but that of bytes carries small letters, and of the others the one for all characters is the shortest.
    for text in repeated('a', 1..=1_000).chain(repeated('Z', 1..=1_000)).chain(repeated('7', 1..=1_000)) {
        assert!(qr::encode(&text) == Some(reference_qr(&text)), "{} x {}", text.len(), &text[..1]);
    }
}

#[test]
fn a_pdf417_of_bytes_has_the_modules_of_the_reference() {
    for text in repeated('\u{7f}', 2..=1_000) {
        assert!(pdf417::encode(&text) == Some(reference_pdf417(&text)), "{}", text.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_qr_code_of_bytes_has_the_modules_of_the_reference(text in "[\\x00-\\x1f\\x7fa-z]{1,120}") {
        prop_assert_eq!(qr::encode(&text), Some(reference_qr(&text)));
    }

    #[test]
    fn no_qr_code_is_larger_than_that_of_the_reference(text in mixed()) {
        prop_assert!(qr::encode(&text).unwrap().len() <= reference_qr(&text).len());
    }

    #[test]
    fn no_pdf417_has_more_codewords_than_that_of_the_reference(text in mixed()) {
        let own = compaction::codewords(&text).len();
        prop_assert!(own <= reference_codewords(&text, Compaction::BYTE));
        // Its automatic mode cannot carry texts beyond ASCII as UTF-8.
        prop_assert!(!text.is_ascii() || own <= reference_codewords(&text, Compaction::AUTO));
    }

    #[test]
    fn no_code_128_is_longer_than_that_of_the_reference(text in "([0-9]{1,12}|[ -~]{1,8}){1,4}") {
        prop_assert!(code128::encode(&text).unwrap().len() <= Code128Writer.encode_oned(&text).unwrap().len());
    }
}
