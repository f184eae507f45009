//! The text of a cell of a spreadsheet: numbers and dates as a person sees them, unless the spreadsheet has lost digits.

use crate::domain::{reason::CellFault, time::date_of_days};

/// How a spreadsheet shows a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NumberFormat {
    /// As a number.
    #[default]
    Number,
    /// With zeros in front up to this number of digits: the format `000`.
    Digits(usize),
    /// As a date.
    Date,
    /// As a date with a time of day.
    DateTime,
    /// As a time of day, or a duration.
    Time,
}

/// The digits that a spreadsheet keeps of a number.
const DIGITS_MAX: usize = 15;
/// The least number of which a spreadsheet may have lost digits.
const NUMBER_MAX: f64 = 1e15;

impl NumberFormat {
    /// The format with this code, such as `dd/mm/yyyy`.
    pub fn of_code(code: &str) -> Self {
        let code = unquoted(code.split(';').next().unwrap_or_default()).to_ascii_lowercase();
        if code.trim() == "general" {
            return Self::Number;
        }
        if code.len() > 1 && code.len() <= DIGITS_MAX && code.bytes().all(|b| b == b'0') {
            return Self::Digits(code.len());
        }
        let code = code.replace("am/pm", "h").replace("a/p", "h");
        let has = |letters: &[char]| code.contains(letters);
        match (has(&['y', 'd']), has(&['h', 's'])) {
            (true, true) => Self::DateTime,
            (true, false) => Self::Date,
            (false, true) => Self::Time,
            (false, false) if has(&['m']) => Self::Date,
            (false, false) => Self::Number,
        }
    }

    /// A format that XLSX knows by its number (ECMA-376 part 1, 18.8.30). `None` for one that the file describes.
    pub fn of_number(number: u32) -> Option<Self> {
        match number {
            14..=17 | 27..=31 | 34..=36 | 50..=54 | 57 | 58 => Some(Self::Date),
            22 => Some(Self::DateTime),
            18..=21 | 32 | 33 | 45..=47 | 55 | 56 => Some(Self::Time),
            0..164 => Some(Self::Number),
            _ => None,
        }
    }
}

/// A format code without what it shows as it stands: quotations, escaped characters, and colours, conditions and languages in brackets.
/// A duration in brackets, such as `[h]`, is a time.
fn unquoted(code: &str) -> String {
    let (mut rest, mut text) = (code.chars(), String::new());
    while let Some(c) = rest.next() {
        match c {
            '"' => drop(rest.by_ref().find(|c| *c == '"')),
            '\\' | '_' | '*' => drop(rest.next()),
            '[' => {
                let inside: String = rest.by_ref().take_while(|c| *c != ']').collect();
                if matches!(inside.to_ascii_lowercase().trim_matches(['h', 'm', 's']), "") {
                    text.push('h');
                }
            }
            _ => text.push(c),
        }
    }
    text
}

/// The text of a number in a format. `is_1904`: days are counted from 1904 and not from 1900.
pub fn number(raw: &str, format: NumberFormat, is_1904: bool) -> Result<String, CellFault> {
    match format {
        NumberFormat::Number => plain(raw),
        NumberFormat::Digits(digits) => plain(raw).map(|text| {
            let is_padded = text.bytes().all(|b| b.is_ascii_digit());
            if is_padded { format!("{text:0>digits$}") } else { text }
        }),
        NumberFormat::Time => Err(CellFault::TimeOfDay),
        NumberFormat::Date | NumberFormat::DateTime => {
            let serial: f64 = raw.parse().map_err(|_| CellFault::NotADay)?;
            day(serial, is_1904, format == NumberFormat::DateTime).ok_or(CellFault::NotADay)
        }
    }
}

/// A number of which no digit is lost: a whole one of at most 15 digits, or a decimal one that these digits say exactly.
fn plain(raw: &str) -> Result<String, CellFault> {
    let digits = raw.strip_prefix('-').unwrap_or(raw);
    if !digits.is_empty() && digits.len() <= DIGITS_MAX && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(raw.to_owned());
    }
    let value: f64 = raw.parse().map_err(|_| CellFault::OtherError)?;
    if !value.is_finite() || value.abs() >= NUMBER_MAX {
        return Err(CellFault::Rounded);
    }
    // The shortest decimal number that is nearest to this value.
    let text = format!("{value}");
    let significant = text.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    if significant > DIGITS_MAX { Err(CellFault::Rounded) } else { Ok(text) }
}

const DAY_SECONDS: f64 = 86_400.0;
/// 9999-12-31, the last day that a spreadsheet shows.
const SERIAL_MAX: f64 = 2_958_466.0;

/// The day, and the time of day unless it is midnight, with a number of days since the first one that a spreadsheet knows.
fn day(serial: f64, is_1904: bool, has_time: bool) -> Option<String> {
    if !(0.0..SERIAL_MAX).contains(&serial) {
        return None;
    }
    let (mut days, mut seconds) = (serial.trunc(), (serial.fract() * DAY_SECONDS).round());
    if seconds >= DAY_SECONDS {
        (days, seconds) = (days + 1.0, 0.0);
    }
    #[expect(clippy::cast_possible_truncation, reason = "within the range that is checked")]
    let (days, seconds) = (days as i64, seconds as i64);
    let date = date_of_days(days, is_1904)?;
    if !has_time || seconds == 0 {
        return Some(date.to_string());
    }
    let [hours, minutes, seconds] = [seconds / 3_600, seconds / 60 % 60, seconds % 60];
    Some(format!("{date}T{hours:02}:{minutes:02}:{seconds:02}"))
}

/// The fault of an error with this name, such as `#N/A`.
pub fn error(name: &str) -> CellFault {
    CellFault::ERRORS.iter().find(|(_, known)| *known == name).map_or(CellFault::OtherError, |(fault, _)| *fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_taken_only_if_no_digit_of_it_is_lost() {
        for (raw, text) in [
            ("337204200767000", Some("337204200767000")),
            ("3372042007670001", None),
            ("3.3720420076700001E+15", None),
            ("3.37204200767E+14", Some("337204200767000")),
            ("999999999999999.5", None),
            ("6", Some("6")),
            ("-12", Some("-12")),
            ("1E+2", Some("100")),
            ("3.1400000000000001", Some("3.14")),
            ("0.30000000000000004", None),
            ("0.5", Some("0.5")),
            ("1E400", None),
            ("", None),
        ] {
            assert_eq!(number(raw, NumberFormat::Number, false).ok().as_deref(), text, "{raw}");
        }
    }

    #[test]
    fn a_number_has_the_zeros_in_front_that_its_format_shows() {
        assert_eq!(number("6", NumberFormat::Digits(3), false), Ok("006".into()));
        assert_eq!(number("1234", NumberFormat::Digits(3), false), Ok("1234".into()));
        assert_eq!(number("1.5", NumberFormat::Digits(3), false), Ok("1.5".into()));
    }

    #[test]
    fn a_day_is_the_date_that_the_spreadsheet_shows() {
        for (serial, is_1904, expected) in [
            ("1", false, Some("1900-01-01")),
            ("59", false, Some("1900-02-28")),
            ("60", false, None),
            ("61", false, Some("1900-03-01")),
            ("24673", false, Some("1967-07-20")),
            ("23211", true, Some("1967-07-20")),
            ("24673.75", false, Some("1967-07-20")),
            ("0", false, None),
            ("-3", false, None),
            ("2958465", false, Some("9999-12-31")),
            ("2958466", false, None),
            ("NaN", false, None),
        ] {
            assert_eq!(number(serial, NumberFormat::Date, is_1904).ok().as_deref(), expected, "{serial}");
        }
        assert_eq!(number("24673.75", NumberFormat::DateTime, false), Ok("1967-07-20T18:00:00".into()));
        assert_eq!(number("24673.9999999", NumberFormat::DateTime, false), Ok("1967-07-21".into()));
        assert_eq!(number("0.5", NumberFormat::Time, false), Err(CellFault::TimeOfDay));
    }

    #[test]
    fn a_format_is_known_by_its_code() {
        for (code, format) in [
            ("General", NumberFormat::Number),
            ("0", NumberFormat::Number),
            ("000", NumberFormat::Digits(3)),
            ("#,##0.00", NumberFormat::Number),
            ("\"Day\" 0", NumberFormat::Number),
            ("[Red]0", NumberFormat::Number),
            ("dd/mm/yyyy", NumberFormat::Date),
            ("[$-421]dd mmmm yyyy;@", NumberFormat::Date),
            ("mmm", NumberFormat::Date),
            ("yyyy\\-mm\\-dd hh:mm", NumberFormat::DateTime),
            ("m/d/yy h:mm AM/PM", NumberFormat::DateTime),
            ("[h]:mm:ss", NumberFormat::Time),
            ("hh:mm", NumberFormat::Time),
            ("0E+00", NumberFormat::Number),
            ("@", NumberFormat::Number),
        ] {
            assert_eq!(NumberFormat::of_code(code), format, "{code}");
        }
        assert_eq!(NumberFormat::of_number(14), Some(NumberFormat::Date));
        assert_eq!(NumberFormat::of_number(164), None);
    }

    #[test]
    fn an_error_is_known_by_its_name() {
        assert_eq!(error("#N/A"), CellFault::NotAvailable);
        assert_eq!(error("#BUSY!"), CellFault::OtherError);
    }
}
