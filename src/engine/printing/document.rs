//! Chooses the document format for a printer from its capabilities.

use std::ops::RangeInclusive;

use cetak_driver_api::Capabilities;

pub use crate::render::{Format, Output, code_outline};
use crate::{
    domain::{
        card::{
            media::{self, Medium},
            profile::CardProfile,
        },
        objection::Objection,
    },
    render::{Ink, SheetBack, Sides},
};

/// The resolution for a printer that reports none, dots per inch.
const DPI: u32 = 300;
/// The resolutions that are rendered.
const DPI_RANGE: RangeInclusive<u32> = 100..=1_200;
/// The highest resolution that is chosen if the printer has a lower one. A finer raster takes four times the time without a
/// visible difference.
const DPI_MAX: u32 = 600;

/// The best document for cards of a profile that the printer supports. `None` if it supports no format that can be rendered.
/// A printer that reports no formats gets PNG.
pub fn choose(found: &Capabilities, profile: &CardProfile) -> Option<Output> {
    let renders = |format: &Format| accepts(found, *format) && dpi(*format, found).is_some();
    let format = if found.document_formats.is_empty() {
        Format::Png
    } else {
        let has_back = profile.card.back.is_some();
        let fitting = |format: &Format| renders(format) && (format.holds_both_sides() || !has_back);
        // A format that the printer can hold prevents second cards; that counts more than resolution.
        let held = |format: &Format| fitting(format) && can_hold(found, *format);
        (Format::ALL.into_iter().find(held))
            .or_else(|| Format::ALL.into_iter().find(fitting))
            .or_else(|| Format::ALL.into_iter().find(renders))?
    };
    let (width_mm, height_mm) = (profile.card.width_mm, profile.card.height_mm);
    let medium = media::of_card(&found.media, width_mm, height_mm);
    // An unknown medium is fed by its short edge, as PWG's names say.
    let turned = (width_mm > height_mm) == medium.is_none_or(|medium| medium.width_mm <= medium.height_mm);
    let page_mm = |medium: Medium<'_>| {
        if turned { [medium.height_mm, medium.width_mm] } else { [medium.width_mm, medium.height_mm] }
    };
    Some(Output {
        format,
        dpi: dpi(format, found)?,
        ink: ink(format, found),
        sides: if format.holds_both_sides() { sides(found, profile) } else { Sides::OneSided },
        sheet_back: sheet_back(format, found),
        turned,
        media: medium.map(|medium| medium.name.to_owned()),
        page_mm: medium.map(page_mm),
        only: None,
        for_people: false,
    })
}

/// Whether the printer reports this format.
fn accepts(found: &Capabilities, format: Format) -> bool {
    found.document_formats.iter().any(|name| name == format.media_type())
}

/// Whether the printer can hold a job with a document of this format until it is released.
pub fn can_hold(found: &Capabilities, format: Format) -> bool {
    found.can_hold && (found.holds_rasters || !format.is_raster())
}

/// The objections to printing cards of a profile on this printer; empty if there are none.
pub fn objections(found: &Capabilities, profile: &CardProfile) -> Vec<Objection> {
    let output = choose(found, profile);
    let is_one_sided = |output: &Output| profile.card.back.is_some() && output.sides == Sides::OneSided;
    let name = || profile.name.clone();
    match output {
        Some(output) if !is_one_sided(&output) => Vec::new(),
        Some(output) if output.format.holds_both_sides() => vec![Objection::OneSided { profile: name() }],
        Some(_) => no_resolution(found).into_iter().chain([Objection::OneSidedFormats { profile: name() }]).collect(),
        None => {
            let formats = || Format::ALL.map(|format| format.media_type().to_owned()).into();
            vec![no_resolution(found).unwrap_or_else(|| Objection::NoFormat { formats: formats() })]
        }
    }
}

/// The objection to the raster formats that the printer accepts in unsuitable resolutions only.
fn no_resolution(found: &Capabilities) -> Option<Objection> {
    let is_unfit = |format: &Format| accepts(found, *format) && dpi(*format, found).is_none();
    let unfit: Vec<Format> = Format::ALL.into_iter().filter(is_unfit).collect();
    let mut offered: Vec<[u32; 2]> = unfit.iter().flat_map(|format| resolutions(*format, found)).collect();
    offered.sort_unstable();
    offered.dedup();
    let formats = unfit.iter().map(|format| format.media_type().to_owned()).collect();
    (!unfit.is_empty()).then_some(Objection::NoResolution { formats, offered })
}

/// IPP's keyword.
pub fn keyword(sides: Sides) -> &'static str {
    match sides {
        Sides::OneSided => "one-sided",
        Sides::TwoSidedLongEdge => "two-sided-long-edge",
        Sides::TwoSidedShortEdge => "two-sided-short-edge",
    }
}

/// The resolutions that the printer reports for this format, or else in general: dots per inch in cross-feed and feed
/// direction.
fn resolutions(format: Format, found: &Capabilities) -> Vec<[u32; 2]> {
    let all = |square: &[u32], oblong: &[[u32; 2]]| -> Vec<[u32; 2]> {
        square.iter().map(|dpi| [*dpi; 2]).chain(oblong.iter().copied()).collect()
    };
    let rasters = &found.rasters;
    let own = match format {
        Format::Pwg => all(&rasters.pwg_resolutions_dpi, &rasters.pwg_oblong_resolutions_dpi),
        Format::Urf => all(&urf_numbers(&rasters.urf, "RS").collect::<Vec<_>>(), &[]),
        Format::Pdf | Format::Png => Vec::new(),
    };
    if own.is_empty() { all(&found.resolutions_dpi, &found.oblong_resolutions_dpi) } else { own }
}

/// The resolution in which a document is rendered: the finest up to [`DPI_MAX`], or else the coarsest. `None` if the printer
/// reports resolutions for this raster format, and none is the same in both directions and in [`DPI_RANGE`]. The others are
/// not in the printer's dots.
fn dpi(format: Format, found: &Capabilities) -> Option<u32> {
    let reported = resolutions(format, found);
    let mut fitting: Vec<u32> =
        reported.iter().filter(|[across, along]| across == along).map(|[dpi, _]| *dpi).collect();
    fitting.retain(|dpi| DPI_RANGE.contains(dpi));
    fitting.sort_unstable();
    let finest = fitting.iter().rev().find(|dpi| **dpi <= DPI_MAX).or(fitting.first()).copied();
    finest.or_else(|| (reported.is_empty() || !format.is_raster()).then_some(DPI))
}

/// Colours where there are some. Without, black is made here: letters are sharper than what a printer makes of greys.
fn ink(format: Format, found: &Capabilities) -> Ink {
    let has_colour = found.color != Some(false);
    let types = &found.rasters.pwg_types;
    let offers = |name: &str| types.iter().any(|offered| offered == name);
    match format {
        Format::Pwg if types.is_empty() && has_colour => Ink::Rgb8,
        Format::Pwg if has_colour && offers("srgb_8") => Ink::Rgb8,
        Format::Pwg if offers("black_1") => Ink::Black1,
        Format::Pwg if !offers("sgray_8") && offers("srgb_8") => Ink::Rgb8,
        Format::Urf if has_colour && found.rasters.urf.iter().any(|one| one == "SRGB24") => Ink::Rgb8,
        Format::Png | Format::Pdf if has_colour => Ink::Rgb8,
        Format::Pwg | Format::Urf | Format::Png | Format::Pdf => Ink::Gray8,
    }
}

/// A card is turned over as a page of a book is: about its left or right edge.
fn sides(found: &Capabilities, profile: &CardProfile) -> Sides {
    let offers = |sides: Sides| found.sides.iter().any(|offered| offered == keyword(sides));
    let is_wide = profile.card.width_mm > profile.card.height_mm;
    let mut wanted = [Sides::TwoSidedLongEdge, Sides::TwoSidedShortEdge];
    if is_wide {
        wanted.reverse();
    }
    let found = wanted.into_iter().find(|sides| offers(*sides));
    found.filter(|_| profile.card.back.is_some()).unwrap_or(Sides::OneSided)
}

fn sheet_back(format: Format, found: &Capabilities) -> SheetBack {
    let pwg = match found.rasters.pwg_sheet_back.as_deref() {
        Some("flipped") => SheetBack::Flipped,
        Some("rotated") => SheetBack::Rotated,
        Some("manual-tumble") => SheetBack::ManualTumble,
        Some(_) | None => SheetBack::Normal,
    };
    let urf = || match urf_numbers(&found.rasters.urf, "DM").next() {
        Some(2) => SheetBack::Flipped,
        Some(3) => SheetBack::Rotated,
        Some(4) => SheetBack::ManualTumble,
        Some(_) | None => SheetBack::Normal,
    };
    match format {
        Format::Urf => urf(),
        Format::Pwg => pwg,
        Format::Pdf | Format::Png => SheetBack::Normal,
    }
}

/// The numbers of a value of `urf-supported`: `RS300-600` has 300 and 600.
fn urf_numbers<'a>(urf: &'a [String], name: &'a str) -> impl Iterator<Item = u32> + 'a {
    let found = urf.iter().filter_map(move |value| value.strip_prefix(name));
    found.flat_map(|numbers| numbers.split('-')).filter_map(|number| number.parse().ok())
}

#[cfg(test)]
mod tests {
    use cetak_driver_api::Rasters;

    use super::*;

    /// A card profile of 85.60 by 53.98 mm, with a back or without.
    fn profile(has_back: bool) -> CardProfile {
        let mut profile: CardProfile = toml::from_str(include_str!("../../profiles/student/profile.toml")).unwrap();
        profile.card.back = profile.card.back.filter(|_| has_back);
        profile
    }

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// A two-sided colour printer that takes everything at 300 dpi.
    fn able() -> Capabilities {
        Capabilities {
            document_formats: list(&["image/png", "application/pdf", "image/urf", "image/pwg-raster"]),
            media: list(&["iso_id-1_53.98x85.6mm"]),
            resolutions_dpi: vec![300],
            sides: list(&["one-sided", "two-sided-long-edge", "two-sided-short-edge"]),
            color: Some(true),
            rasters: Rasters {
                pwg_types: list(&["black_1", "sgray_8", "srgb_8"]),
                pwg_resolutions_dpi: vec![300],
                pwg_sheet_back: Some("flipped".into()),
                pwg_oblong_resolutions_dpi: Vec::new(),
                urf: list(&["W8", "SRGB24", "RS300-600", "DM3"]),
            },
            ..Capabilities::default()
        }
    }

    #[test]
    fn the_best_format_that_a_printer_takes_is_chosen() {
        let wanted = ["image/pwg-raster", "image/urf", "application/pdf", "image/png"];
        for at in 0..wanted.len() {
            let found = Capabilities { document_formats: list(&wanted[at..]), ..able() };
            assert_eq!(choose(&found, &profile(false)).unwrap().format.media_type(), wanted[at]);
        }
        let none = Capabilities { document_formats: list(&["image/jpeg"]), ..able() };
        assert_eq!(choose(&none, &profile(true)), None);
        let formats = wanted.map(str::to_owned).into();
        assert_eq!(objections(&none, &profile(true)), [Objection::NoFormat { formats }]);
        let silent = Capabilities::default();
        assert_eq!(choose(&silent, &profile(true)).unwrap().format, Format::Png, "one that names none is tried");
    }

    #[test]
    fn resolution_and_inks_are_the_printers_own() {
        let output = |change: &dyn Fn(&mut Capabilities)| {
            let mut found = able();
            change(&mut found);
            choose(&found, &profile(true)).unwrap()
        };
        assert_eq!(output(&|_| ()).dpi, 300);
        assert_eq!(output(&|f| f.rasters.pwg_resolutions_dpi = vec![300, 1_200, 600]).dpi, 600);
        assert_eq!(output(&|f| f.rasters.pwg_resolutions_dpi = vec![1_200]).dpi, 1_200);
        assert_eq!(output(&|f| f.rasters.pwg_resolutions_dpi = vec![]).dpi, 300, "as the printer says in general");
        assert_eq!(output(&|f| f.document_formats = list(&["image/urf"])).dpi, 600);
        let urf_only = |f: &mut Capabilities| {
            (f.document_formats, f.rasters.urf, f.resolutions_dpi) = (list(&["image/urf"]), Vec::new(), vec![200]);
        };
        assert_eq!(output(&urf_only).dpi, 200, "as the printer says in general");
        assert_eq!(output(&|f| (f.rasters.pwg_resolutions_dpi, f.resolutions_dpi) = (vec![], vec![])).dpi, 300);
        assert_eq!(output(&|_| ()).ink, Ink::Rgb8);
        assert_eq!(output(&|f| f.color = Some(false)).ink, Ink::Black1);
        assert_eq!(output(&|f| f.rasters.pwg_types = list(&["sgray_8"])).ink, Ink::Gray8);
        assert_eq!(output(&|f| f.rasters.pwg_types = list(&["black_1", "sgray_8"])).ink, Ink::Black1);
    }

    #[test]
    fn a_card_turns_over_like_a_page_of_a_book() {
        let sides =
            |names: &[&str]| choose(&Capabilities { sides: list(names), ..able() }, &profile(true)).unwrap().sides;
        assert_eq!(sides(&["two-sided-long-edge", "two-sided-short-edge"]), Sides::TwoSidedShortEdge);
        assert_eq!(sides(&["one-sided", "two-sided-long-edge"]), Sides::TwoSidedLongEdge);
        let mut upright = profile(true);
        (upright.card.width_mm, upright.card.height_mm) = (53.98, 85.60);
        let output = choose(&able(), &upright).unwrap();
        assert_eq!((output.sides, output.turned), (Sides::TwoSidedLongEdge, false));
        assert_eq!(choose(&able(), &profile(false)).unwrap().sides, Sides::OneSided);
    }

    #[test]
    fn a_printer_of_one_side_is_objected_to_for_a_card_of_two() {
        let student = || "student".to_owned();
        for (found, objection) in [
            (Capabilities { sides: list(&["one-sided"]), ..able() }, Objection::OneSided { profile: student() }),
            (
                Capabilities { document_formats: list(&["image/png"]), ..able() },
                Objection::OneSidedFormats { profile: student() },
            ),
        ] {
            assert_eq!(objections(&found, &profile(true)), [objection]);
            assert!(objections(&found, &profile(false)).is_empty());
        }
        assert!(objections(&able(), &profile(true)).is_empty());
    }

    #[test]
    fn the_back_lies_as_the_printer_wants_it_and_the_card_as_its_medium() {
        let output = choose(&able(), &profile(true)).unwrap();
        assert_eq!((output.sheet_back, output.turned), (SheetBack::Flipped, true));
        assert_eq!(output.media.as_deref(), Some("iso_id-1_53.98x85.6mm"));
        let urf = Capabilities { document_formats: list(&["image/urf"]), ..able() };
        assert_eq!(choose(&urf, &profile(true)).unwrap().sheet_back, SheetBack::Rotated);
    }

    #[test]
    fn a_page_has_the_size_of_its_medium_and_is_turned_if_the_medium_lies_otherwise() {
        for (size, medium, expected) in [
            ([85.6, 53.98], "iso_id-1_53.98x85.6mm", (true, Some([85.6, 53.98]))),
            ([85.6, 53.98], "custom_full_54.86x86.02mm", (true, Some([86.02, 54.86]))),
            ([85.6, 53.98], "om_card_85.6x54mm", (false, Some([85.6, 54.0]))),
            ([85.6, 53.98], "oem_small_53.2x85mm", (true, Some([85.0, 53.2]))),
            ([85.6, 53.98], "iso_a4_210x297mm", (true, None)),
            ([53.98, 85.6], "custom_full_54.86x86.02mm", (false, Some([54.86, 86.02]))),
            ([53.98, 85.6], "om_card_85.6x54mm", (true, Some([54.0, 85.6]))),
            ([53.98, 85.6], "iso_a4_210x297mm", (false, None)),
            ([54.0, 54.0], "om_square_54x54mm", (false, Some([54.0, 54.0]))),
        ] {
            let mut card = profile(true);
            [card.card.width_mm, card.card.height_mm] = size;
            for format in Format::ALL {
                let formats = list(&[format.media_type()]);
                let found = Capabilities { media: list(&[medium]), document_formats: formats, ..able() };
                let output = choose(&found, &card).unwrap();
                assert_eq!((output.turned, output.page_mm), expected, "{medium} for {size:?} in {format:?}");
                assert_eq!(output.media.as_deref(), output.page_mm.map(|_| medium));
            }
        }
    }

    /// A two-sided printer that accepts these formats, with 300 x 600 dpi only.
    fn oblong(formats: &[&str]) -> Capabilities {
        let rasters = Rasters { pwg_resolutions_dpi: vec![], urf: list(&["W8", "SRGB24"]), ..able().rasters };
        Capabilities {
            document_formats: list(formats),
            resolutions_dpi: vec![],
            oblong_resolutions_dpi: vec![[300, 600]],
            rasters,
            ..able()
        }
    }

    #[test]
    fn a_raster_is_chosen_only_in_a_resolution_with_the_same_dots_in_both_directions() {
        let all = ["image/png", "application/pdf", "image/urf", "image/pwg-raster"];
        let chosen = |found: &Capabilities| choose(found, &profile(true)).map(|output| (output.format, output.dpi));
        assert_eq!(chosen(&oblong(&all)), Some((Format::Pdf, 300)), "rasters would have other dots than the printer");
        let with = |change: &dyn Fn(&mut Capabilities)| {
            let mut found = oblong(&all);
            change(&mut found);
            chosen(&found)
        };
        assert_eq!(with(&|f| f.rasters.urf = list(&["RS600"])), Some((Format::Urf, 600)), "its own resolutions count");
        assert_eq!(with(&|f| f.rasters.pwg_resolutions_dpi = vec![600]), Some((Format::Pwg, 600)));
        assert_eq!(with(&|f| f.resolutions_dpi = vec![300]), Some((Format::Pwg, 300)), "one of its resolutions fits");
        let pwg_oblong = |f: &mut Capabilities| {
            (f.resolutions_dpi, f.rasters.pwg_oblong_resolutions_dpi) = (vec![300], vec![[300, 600]]);
        };
        assert_eq!(with(&pwg_oblong), Some((Format::Urf, 300)), "what it reports for one raster is not of the other");
        for unfit in [2_400, 72] {
            assert_eq!(with(&|f| f.resolutions_dpi = vec![unfit]), Some((Format::Pdf, 300)), "{unfit}");
        }
        assert_eq!(choose(&oblong(&["image/png", "image/urf"]), &profile(false)).unwrap().format, Format::Png);
        assert_eq!(chosen(&oblong(&["image/urf", "image/pwg-raster"])), None);
    }

    #[test]
    fn a_printer_without_a_resolution_that_fits_is_objected_to_with_those_that_it_offers() {
        let rasters = ["image/urf", "image/pwg-raster"];
        let mut found = oblong(&rasters);
        (found.resolutions_dpi, found.rasters.pwg_oblong_resolutions_dpi) = (vec![2_400], vec![[600, 1_200]]);
        let formats = list(&["image/pwg-raster", "image/urf"]);
        let offered = vec![[300, 600], [600, 1_200], [2_400, 2_400]];
        assert_eq!(objections(&found, &profile(false)), [Objection::NoResolution { formats, offered }]);
        assert!(objections(&oblong(&["image/pwg-raster", "application/pdf"]), &profile(true)).is_empty());
        assert!(objections(&oblong(&["image/pwg-raster", "image/png"]), &profile(false)).is_empty());
        let no_resolution = Objection::NoResolution { formats: list(&["image/pwg-raster"]), offered: vec![[300, 600]] };
        let one_sided = Objection::OneSidedFormats { profile: "student".into() };
        let front_only = objections(&oblong(&["image/pwg-raster", "image/png"]), &profile(true));
        assert_eq!(front_only, [no_resolution, one_sided]);
    }
}
