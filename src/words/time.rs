//! Instants for people.

use jiff::tz::TimeZone;

/// An instant as the office's clock shows it, to the second. A text that is no instant is returned as it is.
pub fn local(instant: &str, zone: &TimeZone) -> String {
    let Ok(instant) = instant.parse::<jiff::Timestamp>() else { return instant.to_owned() };
    instant.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
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
}
