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
    fn an_instant_needs_a_zone() {
        assert_eq!(Timestamp::parse("1970-01-01T07:00:01+07:00"), Some(Timestamp(1_000_000)));
        assert_eq!(Timestamp::parse("1970-01-01T07:00:01"), None);
        assert_eq!(Timestamp(1_000_000).to_string(), "1970-01-01T00:00:01Z");
    }
}
