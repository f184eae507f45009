//! Media names of a card's size (PWG 5101.1, section 5).

/// The tolerance of a medium's size. Printers round 53.98 × 85.60 mm.
const TOLERANCE_MM: f32 = 1.0;

/// Whether one of the media has that size, in either orientation, or a range of custom sizes contains it. `None` if the
/// printer names no media.
pub fn has_size(media: &[String], width_mm: f32, height_mm: f32) -> Option<bool> {
    if media.is_empty() {
        return None;
    }
    let (short, long) = (width_mm.min(height_mm), width_mm.max(height_mm));
    let range = |prefix: &str| media.iter().filter(|name| name.starts_with(prefix)).find_map(|name| size_mm(name));
    let fixed = of_card(media, width_mm, height_mm).is_some();
    let custom = range("custom_min").zip(range("custom_max")).is_some_and(|((w_min, h_min), (w_max, h_max))| {
        let holds = |w: f32, h: f32| (w_min..=w_max).contains(&w) && (h_min..=h_max).contains(&h);
        holds(short, long) || holds(long, short)
    });
    Some(fixed || custom)
}

/// A medium of a printer. Lengths in millimetres, in the orientation of its name: `iso_id-1_53.98x85.6mm` is fed by its short
/// edge.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Medium<'a> {
    /// The name at the printer.
    pub name: &'a str,
    /// The first length of the name, across the feed direction.
    pub width_mm: f32,
    /// The second length, in the feed direction.
    pub height_mm: f32,
}

/// The medium of a card of that size: the nearest in size within the tolerance, in either orientation; of equally near ones
/// the first. `None` if the printer names none, even if a range of custom sizes contains the card.
pub fn of_card(media: &[String], width_mm: f32, height_mm: f32) -> Option<Medium<'_>> {
    let (short, long) = (width_mm.min(height_mm), width_mm.max(height_mm));
    let named = media.iter().filter(|name| !name.starts_with("custom_m")).filter_map(|name| {
        let (width_mm, height_mm) = size_mm(name)?;
        let (w, h) = (width_mm.min(height_mm), width_mm.max(height_mm));
        let distance = (w - short).abs() + (h - long).abs();
        (near(w, short) && near(h, long)).then_some((distance, Medium { name, width_mm, height_mm }))
    });
    named.min_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, medium)| medium)
}

fn near(is: f32, wanted: f32) -> bool {
    (is - wanted).abs() <= TOLERANCE_MM
}

/// The dimensions at the end of a name: `iso_id-1_53.98x85.6mm`.
fn size_mm(name: &str) -> Option<(f32, f32)> {
    let (_, dimensions) = name.rsplit_once('_')?;
    let (dimensions, mm) = match dimensions.strip_suffix("mm") {
        Some(dimensions) => (dimensions, 1.0),
        None => (dimensions.strip_suffix("in")?, 25.4),
    };
    let (width, height) = dimensions.split_once('x')?;
    Some((width.parse::<f32>().ok()? * mm, height.parse::<f32>().ok()? * mm))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(media: &[&str]) -> Option<bool> {
        let media: Vec<String> = media.iter().map(|name| (*name).to_owned()).collect();
        has_size(&media, 85.60, 53.98)
    }

    #[test]
    fn a_card_is_known_by_its_size_and_not_by_its_name() {
        for media in ["iso_id-1_53.98x85.6mm", "oem_cr80_54x86mm", "om_card_85.6x53.98mm", "na_card_2.125x3.375in"] {
            assert_eq!(has(&["iso_a4_210x297mm", media]), Some(true), "{media}");
        }
        for media in
            ["iso_a4_210x297mm", "iso_id-2_74x105mm", "oem_cr79_51.9x83.9mm", "photo", "", "a_NaNxinfmm", "x_1x2x3mm"]
        {
            assert_eq!(has(&[media]), Some(false), "{media}");
        }
        assert_eq!(has(&[]), None);
    }

    #[test]
    fn the_medium_of_a_card_is_the_nearest_in_size_and_then_the_first() {
        let chosen = |media: &[&str]| {
            let media: Vec<String> = media.iter().map(|name| (*name).to_owned()).collect();
            of_card(&media, 85.60, 53.98).map(|medium| (medium.name.to_owned(), medium.width_mm, medium.height_mm))
        };
        let (id_1, full) = ("iso_id-1_53.98x85.6mm", "custom_full_54.86x86.02mm");
        let lying = "om_card_85.6x53.98mm";
        assert_eq!(chosen(&["iso_a4_210x297mm", full]), Some((full.into(), 54.86, 86.02)));
        assert_eq!(chosen(&[full, id_1, "oem_cr80_54x86mm"]), Some((id_1.into(), 53.98, 85.6)));
        assert_eq!(chosen(&[lying, id_1]), Some((lying.into(), 85.6, 53.98)));
        assert_eq!(chosen(&["oem_small_53.2x85mm"]), Some(("oem_small_53.2x85mm".into(), 53.2, 85.0)));
        for none in [&["iso_a4_210x297mm", "custom_min_50x80mm", "custom_max_54x86mm"][..], &["oem_x_55x86mm"], &[]] {
            assert_eq!(chosen(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_range_of_sizes_holds_a_card_or_not() {
        assert_eq!(has(&["custom_min_50x50mm", "custom_max_210x297mm"]), Some(true));
        assert_eq!(has(&["custom_min_76x127mm", "custom_max_210x297mm"]), Some(false));
        assert_eq!(has(&["custom_min_50x50mm"]), Some(false));
    }
}
