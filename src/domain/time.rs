//! Instants and calendar dates.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// An instant: microseconds since 1970-01-01T00:00:00Z, as stored in columns that end in `_at_us`.
///
/// `Display` writes RFC 3339 in UTC.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Parses RFC 3339 with a zone.
    ///
    /// Returns `None` for anything else, such as a date without a time.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|t| Self(t.as_microsecond()))
    }

    /// Adds a duration; saturates on overflow.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Subtracts a duration; saturates on overflow.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The time since `earlier`; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Converts to the time-zone library's type; values outside its range are clamped.
    pub(crate) fn to_jiff(self) -> jiff::Timestamp {
        let clamped = self.0.clamp(jiff::Timestamp::MIN.as_microsecond(), jiff::Timestamp::MAX.as_microsecond());
        jiff::Timestamp::from_microsecond(clamped).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_jiff().fmt(f)
    }
}

/// Parses a calendar date, ISO 8601 `YYYY-MM-DD`; `None` for anything else.
pub fn parse_date(text: &str) -> Option<jiff::civil::Date> {
    let b = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| b[range].iter().all(u8::is_ascii_digit);
    let well_formed = b.len() == 10 && digits(0..4) && b[4] == b'-' && digits(5..7) && b[7] == b'-' && digits(8..10);
    if !well_formed {
        return None;
    }
    let number = |range: std::ops::Range<usize>| b[range].iter().fold(0i16, |n, d| n * 10 + i16::from(d - b'0'));
    jiff::civil::Date::new(number(0..4), i8::try_from(number(5..7)).ok()?, i8::try_from(number(8..10)).ok()?).ok()
}

/// A calendar day, `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("format" = "date"))]
pub struct Day(jiff::civil::Date);

impl Day {
    /// Its first instant in a time zone, and that of the next day.
    pub fn span(self, zone: &jiff::tz::TimeZone) -> (Timestamp, Timestamp) {
        let begin = |day: jiff::civil::Date| {
            let begin = zone.to_zoned_datetime(day.at(0, 0, 0, 0)).map(|begin| begin.timestamp().as_microsecond());
            Timestamp(begin.unwrap_or(i64::MAX))
        };
        (begin(self.0), self.0.tomorrow().map_or(Timestamp(i64::MAX), begin))
    }

    /// The day some days later, or earlier if their number is negative.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(jiff::Span::new().days(days)))
    }

    /// When it is this hour of it in a time zone. An hour that a change of the clock leaves out is the one after it.
    pub fn at_hour(self, hour: i8, zone: &jiff::tz::TimeZone) -> Timestamp {
        let at = zone.to_zoned_datetime(self.0.at(hour, 0, 0, 0)).map(|at| at.timestamp().as_microsecond());
        Timestamp(at.unwrap_or(i64::MAX))
    }

    /// The day of an instant in a time zone.
    pub fn of(at: Timestamp, zone: &jiff::tz::TimeZone) -> Self {
        Self(zone.to_datetime(at.to_jiff()).date())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Day {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Self, NotADay> {
        parse_date(text).map(Self).ok_or(NotADay)
    }
}

impl TryFrom<String> for Day {
    type Error = NotADay;

    fn try_from(text: String) -> Result<Self, NotADay> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

/// The error for a text that is not a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("it is not a day such as 2026-12-01")]
pub struct NotADay;

/// The date with a number of days as spreadsheets count them. 1900 has a 29 February for them, which is no day.
pub fn date_of_days(days: i64, is_1904: bool) -> Option<jiff::civil::Date> {
    let since_1900 = if is_1904 { days.checked_add(1_462)? } else { days };
    let first = match since_1900 {
        1..=59 => jiff::civil::date(1899, 12, 31),
        61.. => jiff::civil::date(1899, 12, 30),
        _ => return None,
    };
    first.checked_add(jiff::Span::new().try_days(since_1900).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_only_in_iso_form() {
        assert!(parse_date("2015-08-31").is_some());
        for wrong in ["2015-02-30", "31/08/2015", "2015-8-31", "2015-08-31T00:00", "", "２015-08-31"] {
            assert_eq!(parse_date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_day_is_from_midnight_to_midnight_in_its_zone() {
        let zone = jiff::tz::TimeZone::get("Asia/Jakarta").unwrap();
        let day: Day = "2026-11-24".parse().unwrap();
        let (from, to) = day.span(&zone);
        assert_eq!([from, to].map(|at| at.to_string()), ["2026-11-23T17:00:00Z", "2026-11-24T17:00:00Z"]);
        assert_eq!((Day::of(from, &zone), day.to_string()), (day, "2026-11-24".to_owned()));
        assert!("2026-11-31".parse::<Day>().is_err());
    }

    #[test]
    fn an_instant_needs_a_zone() {
        assert_eq!(Timestamp::parse("1970-01-01T07:00:01+07:00"), Some(Timestamp(1_000_000)));
        assert_eq!(Timestamp::parse("1970-01-01T07:00:01"), None);
        assert_eq!(Timestamp(1_000_000).to_string(), "1970-01-01T00:00:01Z");
    }
}
