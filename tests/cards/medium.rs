//! Tests cards on media of another size: the card is in the middle, its ground reaches the edge, and nothing is scaled.

use cetak::{
    domain::card::profile::CardProfile,
    render::{CardRenderer, Format, Ink, Output, Renderer, Sides},
};

use crate::{
    document::with_bleed,
    dots::Dots,
    holders::{Holder, PROFILES, long},
    output, profile,
};

/// A medium with full bleed, `custom_full_54.86x86.02mm`, in the orientation of a card.
pub(crate) const LARGER_MM: [f32; 2] = [86.02, 54.86];
/// A medium that is smaller than the card, within the tolerance.
pub(crate) const SMALLER_MM: [f32; 2] = [85.0, 53.2];

/// A side as PNG.
pub(crate) fn side(profile: &CardProfile, holder: &Holder, at: usize, differently: impl FnOnce(&mut Output)) -> Dots {
    let mut png = Output { only: Some(at), sides: Sides::OneSided, ..output(Format::Png) };
    differently(&mut png);
    Dots::of_png(&Renderer::new(profile).unwrap().draw(&holder.card(), &png).unwrap())
}

/// The card in the middle of a page: its outermost dots continue to the edge of a larger page, a smaller one cuts it.
fn in_the_middle(card: &Dots, [width, height]: [usize; 2]) -> Dots {
    let place = |at: usize, outer: usize, inner: usize| {
        // Half a dot to the left of the middle, if it is between two dots.
        if outer >= inner {
            at.saturating_sub((outer - inner) / 2).min(inner - 1)
        } else {
            at + (inner - outer).div_ceil(2)
        }
    };
    card.moved(width, height, |x, y| (place(x, width, card.width), place(y, height, card.height)))
}

#[test]
fn each_dot_of_a_card_is_the_same_on_a_medium_of_any_size_and_the_outermost_continue() {
    let mut different = Vec::new();
    for (name, at) in PROFILES.into_iter().flat_map(|name| [(name, 0), (name, 1)]) {
        let (profile, holder) = (profile(name), long(name));
        for (ink, dpi) in [(Ink::Rgb8, 300), (Ink::Gray8, 600), (Ink::Black1, 300)] {
            let card = side(&profile, &holder, at, |output| (output.ink, output.dpi) = (ink, dpi));
            for (page_mm, dots) in [(LARGER_MM, [1016, 648]), (SMALLER_MM, [1004, 629])] {
                let page = side(&profile, &holder, at, |output| {
                    (output.ink, output.dpi, output.page_mm) = (ink, dpi, Some(page_mm));
                });
                if dpi == 300 {
                    assert_eq!([page.width, page.height], dots, "{page_mm:?}");
                }
                let expected = in_the_middle(&card, [page.width, page.height]);
                if page != expected {
                    different.push((name, at, ink, page_mm, page.count_different(&expected, 0)));
                }
            }
        }
    }
    assert!(different.is_empty(), "{different:?}");
}

#[test]
fn a_medium_of_the_cards_size_or_of_its_dots_changes_nothing() {
    let (ktp, holder) = (profile("ktp-el"), long("ktp-el"));
    let card = side(&ktp, &holder, 0, |_| ());
    for page_mm in [[85.6, 53.98], [85.6, 53.975], [85.601, 53.98]] {
        assert!(side(&ktp, &holder, 0, |output| output.page_mm = Some(page_mm)) == card, "{page_mm:?}");
    }
}

/// The student's card with a drawing that has another colour in its bleed.
fn with_red_bleed(mm: f32) -> CardProfile {
    let mut profile = with_bleed("student", mm);
    for side in profile.sides_mut() {
        let red = "<path d=\"M-9 -9H99V69H-9Z\" fill=\"#c02030\"/><path d=\"M0 0H85.6V53.98H0Z\"";
        side.svg = side.svg.replacen("<path d=\"M0 0H85.6V53.98H0Z\"", red, 1);
    }
    profile
}

#[test]
fn the_bleed_of_a_profile_surrounds_its_card_on_a_larger_medium() {
    const RED: [u8; 3] = [0xC0, 0x20, 0x30];
    let (plain, holder) = (profile("student"), long("student"));
    // The second bleed is 0.2 mm: two whole dots, which continue to the edge of the medium.
    for (bleed_mm, at, ink) in [(2.0, 0, Ink::Rgb8), (0.2, 1, Ink::Rgb8), (2.0, 0, Ink::Black1)] {
        let page = side(&with_red_bleed(bleed_mm), &holder, at, |output| {
            (output.page_mm, output.ink) = (Some(LARGER_MM), ink);
        });
        let card = side(&plain, &holder, at, |output| output.ink = ink);
        let (left, top) = ((page.width - card.width) / 2, (page.height - card.height) / 2);
        let inside = page.moved(card.width, card.height, |x, y| (x + left, y + top));
        if ink == Ink::Rgb8 {
            // In black, the pattern of the photo begins at another dot.
            assert_eq!(inside.count_different(&card, 8), 0, "{bleed_mm} {ink:?}: so many dots of the card are others");
        }
        let is_around =
            |x: usize, y: usize| !(left..left + card.width).contains(&x) || !(top..top + card.height).contains(&y);
        let around =
            (0..page.height).flat_map(|y| (0..page.width).map(move |x| (x, y))).filter(|(x, y)| is_around(*x, *y));
        let colour = if ink == Ink::Rgb8 { RED } else { [0; 3] };
        // The slanted ends of some lines of the drawing reach into the bleed.
        let others = around.filter(|(x, y)| page.at(*x, *y) != colour).count();
        assert!(others < 60, "{bleed_mm} {ink:?}: {others} dots around the card are not of the bleed");
        let smaller = side(&with_red_bleed(bleed_mm), &holder, at, |output| {
            (output.page_mm, output.ink) = (Some(SMALLER_MM), ink);
        });
        let cut = in_the_middle(&card, [smaller.width, smaller.height]);
        assert!(ink != Ink::Rgb8 || smaller.count_different(&cut, 8) == 0, "{bleed_mm} {ink:?}");
    }
}
