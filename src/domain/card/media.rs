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
    let fixed = media.iter().filter(|name| !name.starts_with("custom_m")).filter_map(|name| size_mm(name));
    let fixed = fixed.fold(false, |found, (w, h)| found || (near(w.min(h), short) && near(w.max(h), long)));
    let custom = range("custom_min").zip(range("custom_max")).is_some_and(|((w_min, h_min), (w_max, h_max))| {
        let holds = |w: f32, h: f32| (w_min..=w_max).contains(&w) && (h_min..=h_max).contains(&h);
        holds(short, long) || holds(long, short)
    });
    Some(fixed || custom)
}

/// Whether a card is fed with its short edge first, according to the first medium of that size. True if there is none, as in
/// PWG's own names.
pub fn is_portrait(media: &[String], width_mm: f32, height_mm: f32) -> bool {
    let size = name_of(media, width_mm, height_mm).and_then(size_mm);
    size.is_none_or(|(width, height)| width <= height)
}

/// The name of the first medium of that size, in either orientation.
pub fn name_of(media: &[String], width_mm: f32, height_mm: f32) -> Option<&str> {
    let (short, long) = (width_mm.min(height_mm), width_mm.max(height_mm));
    let is_it = |name: &str| size_mm(name).is_some_and(|(w, h)| near(w.min(h), short) && near(w.max(h), long));
    media.iter().map(String::as_str).find(|name| !name.starts_with("custom_m") && is_it(name))
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
    fn a_card_is_fed_in_the_orientation_of_its_media_name() {
        let goes_in = |media: &[&str]| {
            let media: Vec<String> = media.iter().map(|name| (*name).to_owned()).collect();
            (is_portrait(&media, 85.60, 53.98), name_of(&media, 85.60, 53.98).map(str::to_owned))
        };
        let id_1 = "iso_id-1_53.98x85.6mm";
        assert_eq!(goes_in(&["iso_a4_210x297mm", id_1]), (true, Some(id_1.into())));
        assert_eq!(goes_in(&["om_card_85.6x54mm"]), (false, Some("om_card_85.6x54mm".into())));
        assert_eq!(goes_in(&["iso_a4_210x297mm", "custom_max_54x86mm"]), (true, None));
        assert_eq!(goes_in(&[]), (true, None));
    }

    #[test]
    fn a_range_of_sizes_holds_a_card_or_not() {
        assert_eq!(has(&["custom_min_50x50mm", "custom_max_210x297mm"]), Some(true));
        assert_eq!(has(&["custom_min_76x127mm", "custom_max_210x297mm"]), Some(false));
        assert_eq!(has(&["custom_min_50x50mm"]), Some(false));
    }
}
