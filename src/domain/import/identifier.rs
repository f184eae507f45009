//! The rules of a person's identifier.

use super::warning::Warning;
use crate::domain::{
    card::profile::{Identifier, Scheme},
    hidden::is_unseen,
    reason::{IdentifierFault, Reason},
    time::parse_date,
};

/// Checks the form of an identifier. The reason does not contain the identifier.
pub fn check(rule: &Identifier, value: &str) -> Result<(), Reason> {
    if value.is_empty() {
        return Err(Reason::Missing);
    }
    let fault = match rule.scheme {
        _ if is_scientific(value) => Err(IdentifierFault::Scientific),
        Scheme::Nik => check_nik(value),
        Scheme::Alphanumeric if !(rule.min_length..=rule.max_length).contains(&value.len()) => {
            Err(IdentifierFault::Length { least: rule.min_length, most: rule.max_length })
        }
        Scheme::Alphanumeric if !value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') => {
            Err(IdentifierFault::Characters)
        }
        Scheme::Alphanumeric if rule.ignores.form(value).is_none() => Err(IdentifierFault::Ignored),
        Scheme::Alphanumeric => Ok(()),
    };
    fault.map_err(|fault| Reason::Identifier { fault })
}

fn check_nik(value: &str) -> Result<(), IdentifierFault> {
    let Some(nik) = Nik::read(value) else { return Err(IdentifierFault::Digits) };
    if !matches!(nik.day_code, 1..=31 | 41..=71) {
        return Err(IdentifierFault::Day);
    }
    if !nik.birth_dates().any(|date| date.is_some()) {
        return Err(IdentifierFault::Date);
    }
    if nik.serial == 0 { Err(IdentifierFault::Serial) } else { Ok(()) }
}

/// The longest request id, in bytes.
pub const REQUEST_ID_BYTES_MAX: usize = 100;

/// Whether a text looks like a request id of a source: it has no blank and nothing that cannot be seen, has a digit or is very short, and
/// is neither a date nor, where people have a NIK, a number of about its length. Anything else is probably the value of another column.
pub fn is_request_id(rule: &Identifier, text: &str) -> bool {
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    let is_identifier = rule.scheme == Scheme::Nik && is_number && (15..=17).contains(&text.len());
    let is_day = |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let is_date = parse_date(text).is_some() || (text.split('/').count() == 3 && text.split('/').all(is_day));
    text.len() <= REQUEST_ID_BYTES_MAX
        && !text.contains(is_unseen)
        && (text.len() <= 2 || text.contains(|c: char| c.is_ascii_digit()))
        && !text.contains(char::is_whitespace)
        && !is_identifier
        && !is_date
}

/// Whether a text is a number in scientific notation, such as `3,37E+15`, as a spreadsheet shows long numbers.
pub fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let parts = mantissa.split_once(['.', ',']);
    let is_number = parts.map_or(digits(mantissa), |(whole, fraction)| digits(whole) && digits(fraction));
    is_number && exponent.strip_prefix('+').is_some_and(digits)
}

/// Whether a spreadsheet rounded an identifier, or may have: of a number it keeps 15 digits, and writes zeros for the others.
pub fn may_be_rounded(value: &str) -> bool {
    let is_long_number = value.len() > 15 && value.bytes().all(|b| b.is_ascii_digit());
    is_scientific(value) || (is_long_number && value.bytes().skip(15).all(|b| b == b'0'))
}

/// Contradictions between an identifier and its record. They are warnings, not refusals. The identifier must have
/// passed [`check`]; `birth_date` and `sex` are empty if the record has none.
pub fn warnings(rule: &Identifier, value: &str, birth_date: &str, sex: &str) -> Vec<Warning> {
    let Scheme::Nik = rule.scheme else { return Vec::new() };
    let Some(nik) = Nik::read(value) else { return Vec::new() };
    let mut warnings = Vec::new();
    if !rule.regions.is_empty() && !region_is_known(rule, nik.province, nik.regency) {
        warnings.push(Warning::UnknownRegion);
    }
    let birth = parse_date(birth_date);
    if birth.is_some_and(|birth| !nik.birth_dates().any(|date| date == Some(birth))) {
        warnings.push(Warning::OtherBirthDate);
    }
    if matches!((sex, nik.day_code > 40), ("M", true) | ("F", false)) {
        warnings.push(Warning::OtherSex);
    }
    warnings
}

fn region_is_known(rule: &Identifier, province: u8, regency: u8) -> bool {
    let covers = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        first
            .parse()
            .ok()
            .zip(last.parse().ok())
            .is_some_and(|(first, last): (u8, u8)| (first..=last).contains(&regency))
    };
    // TOML keys are text; a province has always two digits.
    let key = [b'0' + province / 10, b'0' + province % 10];
    let ranges = std::str::from_utf8(&key).ok().and_then(|key| rule.regions.get(key));
    ranges.is_some_and(|ranges| ranges.split(',').any(covers))
}

struct Nik {
    province: u8,
    regency: u8,
    day_code: u8,
    month: u8,
    year: u8,
    serial: u16,
}

impl Nik {
    fn read(value: &str) -> Option<Self> {
        let digits: &[u8; 16] = value.as_bytes().try_into().ok()?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let two = |at: usize| (digits[at] - b'0') * 10 + digits[at + 1] - b'0';
        let serial = u16::from(two(12)) * 100 + u16::from(two(14));
        Some(Self { province: two(0), regency: two(2), day_code: two(6), month: two(8), year: two(10), serial })
    }

    /// The date of birth in the 20th and 21st century; `None` where the day does not exist.
    fn birth_dates(&self) -> impl Iterator<Item = Option<jiff::civil::Date>> {
        let day = if self.day_code > 40 { self.day_code - 40 } else { self.day_code };
        let (day, month) = (i8::try_from(day).unwrap_or(0), i8::try_from(self.month).unwrap_or(0));
        [1900, 2000].into_iter().map(move |c| jiff::civil::Date::new(c + i16::from(self.year), month, day).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_a_spreadsheet_rounded_is_recognised() {
        for value in ["3,37204E+15", "3.37E+15", "3E+15", "3372042007670000", "33720420076700120", "3372042007670010"] {
            let expected = value != "33720420076700120";
            assert_eq!(may_be_rounded(value), expected, "{value}");
        }
        for value in ["3372042007670001", "ST000010", "1E5", "337204200767000", ""] {
            assert!(!may_be_rounded(value), "{value}");
        }
    }

    #[test]
    fn a_nik_is_refused_for_what_cannot_be_and_for_nothing_else() {
        let cases = [
            ("3372042007670001", Ok(())),
            ("3372044107670001", Ok(())),
            ("3372047107900001", Ok(())),
            ("3372042902000001", Ok(())), // 29 February 2000 was, 1900 was not
            ("9999990101010001", Ok(())), // an unknown region is a warning
            ("3372042902010001", Err(IdentifierFault::Date)),
            ("3372043102800001", Err(IdentifierFault::Date)),
            ("3372047202800001", Err(IdentifierFault::Day)),
            ("3372043202800001", Err(IdentifierFault::Day)),
            ("3372040002800001", Err(IdentifierFault::Day)),
            ("3372042013800001", Err(IdentifierFault::Date)),
            ("3372042000800001", Err(IdentifierFault::Date)),
            ("3372042007670000", Err(IdentifierFault::Serial)),
            ("337204200767000", Err(IdentifierFault::Digits)),
            ("33720420076700011", Err(IdentifierFault::Digits)),
            ("33720420076７001", Err(IdentifierFault::Digits)),
            ("", Err(IdentifierFault::Digits)),
        ];
        for (nik, expected) in cases {
            assert_eq!(check_nik(nik), expected, "{nik}");
        }
    }
}
