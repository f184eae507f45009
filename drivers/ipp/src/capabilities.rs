//! What a printer can do, from its attributes. Pure.

use cetak_driver_api::{Capabilities, Rasters};
use ipp::attribute::IppAttributeGroup;
use ipp::value::IppValue;

use crate::attributes::{boolean, count, text, texts, values};
use crate::printer_attributes::{hold_by, is_cups};
use crate::suitability;
use crate::up_time::Trust;

/// CUPS reports Unix time as `printer-up-time`. A larger value than this, 30 years in seconds, is not an up-time.
const UP_TIME_S_MAX: u64 = 1_000_000_000;

pub(crate) fn capabilities(printer: &IppAttributeGroup, up_time: Trust) -> Capabilities {
    let can_hold = hold_by(printer).is_some();
    let resolutions = Resolutions::read(printer, "printer-resolution-supported");
    let pwg_resolutions = Resolutions::read(printer, "pwg-raster-document-resolution-supported");
    Capabilities {
        make_and_model: text(printer, "printer-make-and-model"),
        identity: text(printer, "printer-uuid"),
        document_formats: texts(printer, "document-format-supported"),
        media: texts(printer, "media-supported"),
        resolutions_dpi: resolutions.square,
        oblong_resolutions_dpi: resolutions.oblong,
        sides: texts(printer, "sides-supported"),
        color: boolean(printer, "color-supported"),
        rasters: Rasters {
            pwg_types: texts(printer, "pwg-raster-document-type-supported"),
            pwg_resolutions_dpi: pwg_resolutions.square,
            pwg_oblong_resolutions_dpi: pwg_resolutions.oblong,
            pwg_sheet_back: text(printer, "pwg-raster-document-sheet-back"),
            urf: texts(printer, "urf-supported"),
        },
        can_hold,
        holds_rasters: can_hold && is_cups(printer),
        up_time_s: count(printer, "printer-up-time").filter(|seconds| *seconds < UP_TIME_S_MAX),
        impressions_completed: count(printer, "printer-impressions-completed"),
        prepare_is_sent: true,
        cautions: suitability::cautions(printer, up_time),
        objections: suitability::objections(printer),
    }
}

/// Resolutions in dots per inch, without duplicates.
#[derive(Default)]
struct Resolutions {
    /// Those that are the same in both directions.
    square: Vec<u32>,
    /// The others, in cross-feed and feed direction.
    oblong: Vec<[u32; 2]>,
}

impl Resolutions {
    fn read(printer: &IppAttributeGroup, name: &str) -> Self {
        let mut resolutions = Self::default();
        for value in values(printer, name) {
            let IppValue::Resolution { cross_feed, feed, units } = value else { continue };
            let dpi = |dots: i32| match units {
                3 => u32::try_from(dots).ok().filter(|dpi| *dpi > 0),
                // Dots per centimetre, rounded: 118 are 300 dpi.
                4 => u32::try_from((i64::from(dots) * 254 + 50) / 100).ok().filter(|dpi| *dpi > 0),
                _ => None,
            };
            let Some((across, along)) = dpi(*cross_feed).zip(dpi(*feed)) else { continue };
            if across == along && !resolutions.square.contains(&across) {
                resolutions.square.push(across);
            } else if across != along && !resolutions.oblong.contains(&[across, along]) {
                resolutions.oblong.push([across, along]);
            }
        }
        resolutions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::samples::printer;
    use crate::wire::{keyword, keywords, media_type};

    #[test]
    fn capabilities_are_read_whether_an_attribute_has_one_value_or_several() {
        let square = |feed, units| IppValue::Resolution { cross_feed: feed, feed, units };
        let oblong = |units| IppValue::Resolution { cross_feed: 300, feed: 600, units };
        let read = capabilities(
            &printer(&[
                ("printer-make-and-model", IppValue::new_text_without_language("Kartu 1").unwrap()),
                ("document-format-supported", IppValue::Array(vec![media_type("image/png"), media_type("image/urf")])),
                ("document-format-supported", media_type("application/pdf")),
                ("media-supported", keyword("iso_id-1_53.98x85.6mm")),
                (
                    "printer-resolution-supported",
                    IppValue::Array(vec![
                        square(300, 3),
                        square(118, 4),
                        square(-1, 3),
                        oblong(3),
                        oblong(3),
                        oblong(9),
                    ]),
                ),
                ("sides-supported", keywords(&["one-sided", "two-sided-long-edge"])),
                ("color-supported", IppValue::Boolean(true)),
                ("pwg-raster-document-type-supported", keywords(&["srgb_8", "black_1"])),
                ("pwg-raster-document-resolution-supported", IppValue::Array(vec![square(600, 3), oblong(4)])),
                ("pwg-raster-document-sheet-back", keyword("rotated")),
                ("urf-supported", keyword("RS300-600")),
                ("printer-up-time", IppValue::Integer(60)),
                ("printer-impressions-completed", IppValue::Integer(-1)),
            ]),
            Trust::Unknown,
        );

        let expected = Capabilities {
            make_and_model: Some("Kartu 1".into()),
            identity: None,
            document_formats: vec!["image/png".into(), "image/urf".into()],
            media: vec!["iso_id-1_53.98x85.6mm".into()],
            resolutions_dpi: vec![300],
            oblong_resolutions_dpi: vec![[300, 600]],
            sides: vec!["one-sided".into(), "two-sided-long-edge".into()],
            color: Some(true),
            rasters: Rasters {
                pwg_types: vec!["srgb_8".into(), "black_1".into()],
                pwg_resolutions_dpi: vec![600],
                pwg_oblong_resolutions_dpi: vec![[762, 1524]],
                pwg_sheet_back: Some("rotated".into()),
                urf: vec!["RS300-600".into()],
            },
            can_hold: false,
            holds_rasters: false,
            prepare_is_sent: true,
            up_time_s: Some(60),
            impressions_completed: None,
            cautions: read.cautions.clone(),
            objections: Vec::new(),
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn a_printer_without_attributes_has_no_capabilities() {
        let read = capabilities(&printer(&[]), Trust::Unknown);

        let cautions = read.cautions.clone();
        assert_eq!(read, Capabilities { prepare_is_sent: true, cautions, ..Capabilities::default() });
    }

    #[test]
    fn unix_time_is_not_an_up_time() {
        let cups = printer(&[("printer-up-time", IppValue::Integer(1_800_000_000))]);

        assert_eq!(capabilities(&cups, Trust::Unknown).up_time_s, None);
    }
}
