//! Instants for people.

use jiff::tz::TimeZone;

/// An instant as the office's clock shows it, to the second. A text that is no instant is returned as it is.
pub fn local(instant: &str, zone: &TimeZone) -> String {
    let Ok(instant) = instant.parse::<jiff::Timestamp>() else { return instant.to_owned() };
    instant.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A text whose instants in UTC are as the office's clock shows them.
pub fn local_times(text: &str, zone: &TimeZone) -> String {
    let shown = |word: &str| {
        let instant = word.trim_end_matches([' ', ',', ':', ';', '.', ')']);
        let is_instant = instant.ends_with('Z') && instant.parse::<jiff::Timestamp>().is_ok();
        if is_instant { format!("{}{}", local(instant, zone), &word[instant.len()..]) } else { word.to_owned() }
    };
    text.split_inclusive(' ').map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_shown_in_the_offices_time_zone() {
        let zone = TimeZone::get("Asia/Jakarta").unwrap();
        assert_eq!(local("2026-11-29T16:34:25.123Z", &zone), "2026-11-29 23:34:25");
        assert_eq!(local("-", &zone), "-");
    }

    #[test]
    fn the_instants_of_a_text_are_shown_so_and_the_rest_stays() {
        let zone = TimeZone::get("Asia/Jakarta").unwrap();
        let text = "movement 3 of 2026-11-29T16:34:25.123Z, 5 blanks of lot `2026Z`";
        assert_eq!(local_times(text, &zone), "movement 3 of 2026-11-29 23:34:25, 5 blanks of lot `2026Z`");
    }
}
