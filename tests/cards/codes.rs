//! Tests that other programs' readers read the codes on drawn cards.

use std::collections::HashSet;

use cetak::{
    domain::card::profile::Symbology,
    render::{CardRenderer, Format, Ink, Output, Renderer, Sides},
};
use rxing::{BarcodeFormat, DecodeHints, helpers::detect_in_luma_with_hints};

use crate::{
    dots::Dots,
    holders::{PROFILES, long, short},
    output, profile,
};

/// The text of the one code of this kind somewhere on a side.
fn read(side: &Dots, symbology: Symbology) -> Result<String, String> {
    let format = match symbology {
        Symbology::Qr => BarcodeFormat::QR_CODE,
        Symbology::Pdf417 => BarcodeFormat::PDF_417,
        Symbology::Code128 => BarcodeFormat::CODE_128,
    };
    let mut hints =
        DecodeHints { PossibleFormats: Some(HashSet::from([format])), TryHarder: Some(true), ..DecodeHints::default() };
    let [width, height] = [side.width, side.height].map(|dots| u32::try_from(dots).unwrap());
    let found = detect_in_luma_with_hints(side.luma(), width, height, Some(format), &mut hints);
    found.map(|code| code.getText().to_owned()).map_err(|error| format!("{symbology:?} is not found: {error}"))
}

#[test]
fn each_code_of_each_profile_is_read_back_from_the_drawn_card() {
    let mut codes = 0;
    for name in PROFILES {
        let profile = profile(name);
        let renderer = Renderer::new(&profile).unwrap();
        for holder in [short(name), long(name)] {
            for (at, side) in profile.sides().enumerate().filter(|(_, side)| !side.code.is_empty()) {
                for (ink, dpi) in [(Ink::Rgb8, 300), (Ink::Black1, 300), (Ink::Rgb8, 600)] {
                    let png = Output { only: Some(at), ink, dpi, sides: Sides::OneSided, ..output(Format::Png) };
                    let drawn = Dots::of_png(&renderer.draw(&holder.card(), &png).unwrap());
                    for code in &side.code {
                        let expected = holder.shown(&profile, &code.value);
                        assert_eq!(
                            read(&drawn, code.symbology),
                            Ok(expected),
                            "{name} {ink:?} {dpi} dpi `{}`",
                            code.place
                        );
                        codes += 1;
                    }
                }
            }
        }
    }
    assert_eq!(codes, 5 * 2 * 3, "a profile has a code more or less");
}

#[test]
fn a_card_without_its_code_is_not_taken_for_one_with_it() {
    let ktp = profile("ktp-el");
    let front = Output { only: Some(0), sides: Sides::OneSided, ..output(Format::Png) };
    let drawn = Renderer::new(&ktp).unwrap().draw(&short("ktp-el").card(), &front).unwrap();
    assert!(read(&Dots::of_png(&drawn), Symbology::Qr).is_err());
}
