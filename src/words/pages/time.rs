//! Instants and numbers as the pages show them.

use jiff::{Timestamp, ZonedDateTime, civil::Weekday, tz::TimeZone};

use crate::words::Language;

/// A day and a time in the office's zone, which is named: `Mon 30 Nov 2026, 14:03 WIB`. A text that is no instant is returned as it is.
pub(crate) fn day_and_time(instant: &str, language: Language, zone: &TimeZone) -> String {
    let Some(at) = at(instant, zone) else { return instant.to_owned() };
    let (day, month) = (weekday(at.weekday(), language), month(at.month(), language));
    format!("{day} {} {month} {}, {} {}", at.day(), at.year(), at.strftime("%H:%M"), zone_name(&at))
}

/// A time in the office's zone, which is named, to the second.
pub(crate) fn time_of_day(instant: &str, zone: &TimeZone) -> String {
    let Some(at) = at(instant, zone) else { return instant.to_owned() };
    format!("{} {}", at.strftime("%H:%M:%S"), zone_name(&at))
}

/// A text whose instants in UTC are shown as [`day_and_time`] shows them.
pub(crate) fn times_of(text: &str, language: Language, zone: &TimeZone) -> String {
    let shown = |word: &str| {
        let instant = word.trim_start_matches('(').trim_end_matches([' ', ',', ':', ';', '.', ')']);
        if instant.ends_with('Z') && instant.parse::<Timestamp>().is_ok() {
            word.replacen(instant, &day_and_time(instant, language, zone), 1)
        } else {
            word.to_owned()
        }
    };
    text.split_inclusive(' ').map(shown).collect()
}

fn at(instant: &str, zone: &TimeZone) -> Option<ZonedDateTime> {
    Some(instant.parse::<Timestamp>().ok()?.to_zoned_datetime(zone.clone()))
}

/// Zones without a usual abbreviation have their difference from UTC.
fn zone_name(at: &ZonedDateTime) -> String {
    at.strftime("%Z").to_string()
}

fn weekday(day: Weekday, language: Language) -> &'static str {
    let (en, id) = match day {
        Weekday::Monday => ("Mon", "Sen"),
        Weekday::Tuesday => ("Tue", "Sel"),
        Weekday::Wednesday => ("Wed", "Rab"),
        Weekday::Thursday => ("Thu", "Kam"),
        Weekday::Friday => ("Fri", "Jum"),
        Weekday::Saturday => ("Sat", "Sab"),
        Weekday::Sunday => ("Sun", "Min"),
    };
    match language {
        Language::English => en,
        Language::Indonesian => id,
    }
}

fn month(month: i8, language: Language) -> &'static str {
    const EN: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const ID: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"];
    let names = match language {
        Language::English => EN,
        Language::Indonesian => ID,
    };
    usize::try_from(month - 1).ok().and_then(|at| names.get(at)).copied().unwrap_or_default()
}

/// A quantity: `26,550` in English and `26.550` in Indonesian.
pub(crate) fn number(quantity: i64, language: Language) -> String {
    let text = crate::words::thousands(quantity);
    match language {
        Language::English => text,
        Language::Indonesian => text.replace(',', "."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_the_offices_zone_and_name_it() {
        let zone = |name| TimeZone::get(name).unwrap();
        let instant = "2026-08-31T16:34:25.123Z";
        let shown = |language, name| day_and_time(instant, language, &zone(name));
        assert_eq!(shown(Language::English, "Asia/Jakarta"), "Mon 31 Aug 2026, 23:34 WIB");
        assert_eq!(shown(Language::Indonesian, "Asia/Jayapura"), "Sel 1 Sep 2026, 01:34 WIT");
        assert_eq!(shown(Language::Indonesian, "America/Sao_Paulo"), "Sen 31 Agu 2026, 13:34 -03");
        assert_eq!(time_of_day(instant, &zone("Asia/Makassar")), "00:34:25 WITA");
        assert_eq!(time_of_day("-", &TimeZone::UTC), "-");
    }

    #[test]
    fn the_instants_of_a_text_are_shown_so_too_and_the_rest_stays() {
        let zone = TimeZone::get("Asia/Jayapura").unwrap();
        let text = "kiriman 3 (2026-11-29T16:34:25.123Z), lot `2026Z`";
        assert_eq!(times_of(text, Language::Indonesian, &zone), "kiriman 3 (Sen 30 Nov 2026, 01:34 WIT), lot `2026Z`");
    }

    #[test]
    fn thousands_are_separated_as_the_language_does() {
        assert_eq!(number(26_550, Language::English), "26,550");
        assert_eq!(number(-26_550, Language::Indonesian), "-26.550");
    }
}
