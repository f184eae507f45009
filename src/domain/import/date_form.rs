//! The forms of dates that offices write, such as `dd/mm/yyyy`.

use std::fmt;

use jiff::civil::{Date, Time};
use serde::{Deserialize, Deserializer, de::Error};

use crate::domain::time::{date_of_days, parse_date};

/// A form of dates, and of times after them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DateForm {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Day,
    Month,
    /// The name of a month in Indonesian or English, whole or its first three letters.
    MonthName,
    Year,
    Hour,
    Minute,
    Second,
    /// The days since 1900, as a spreadsheet counts them.
    Serial,
    Literal(char),
}

/// The letters of a form and what they stand for. A year of two digits has no century, and is not read.
const PARTS: [(&str, Part); 12] = [
    ("serial", Part::Serial),
    ("yyyy", Part::Year),
    ("mmmm", Part::MonthName),
    ("mmm", Part::MonthName),
    ("dd", Part::Day),
    ("hh", Part::Hour),
    ("mm", Part::Month),
    ("ss", Part::Second),
    ("d", Part::Day),
    ("m", Part::Month),
    ("h", Part::Hour),
    ("s", Part::Second),
];

const MONTHS: [[&str; 3]; 12] = [
    ["januari", "january", "jan"],
    ["februari", "february", "feb"],
    ["maret", "march", "mar"],
    ["april", "april", "apr"],
    ["mei", "may", "mei"],
    ["juni", "june", "jun"],
    ["juli", "july", "jul"],
    ["agustus", "august", "agu"],
    ["september", "september", "sep"],
    ["oktober", "october", "okt"],
    ["november", "november", "nov"],
    ["desember", "december", "des"],
];
/// Short names that differ from the first three letters in [`MONTHS`].
const SHORT: [(&str, i8); 5] = [("aug", 8), ("ags", 8), ("oct", 10), ("dec", 12), ("nop", 11)];

impl DateForm {
    /// The form with this text; `None` if it does not name a day by numbers, a month and a year, or has other letters.
    pub fn of(text: &str) -> Option<Self> {
        let (mut rest, mut parts) = (text, Vec::new());
        while let Some(next) = rest.chars().next() {
            if let Some((letters, part)) = PARTS.iter().find(|(letters, _)| rest.starts_with(letters)) {
                rest = &rest[letters.len()..];
                let is_minute = *part == Part::Month && parts.contains(&Part::Hour);
                parts.push(if is_minute { Part::Minute } else { part.clone() });
            } else if next.is_ascii_punctuation() || matches!(next, ' ' | 'T') {
                rest = &rest[1..];
                parts.push(Part::Literal(next));
            } else {
                return None;
            }
        }
        let count = |part: &Part| parts.iter().filter(|found| *found == part).count();
        let months = count(&Part::Month) + count(&Part::MonthName);
        let is_serial = parts == [Part::Serial];
        let is_date = [count(&Part::Day), months, count(&Part::Year)] == [1, 1, 1] && count(&Part::Serial) == 0;
        let is_once = [Part::Hour, Part::Minute, Part::Second].iter().all(|part| count(part) <= 1);
        let has_time = count(&Part::Minute) == count(&Part::Hour) && count(&Part::Second) <= count(&Part::Minute);
        (is_serial || (is_date && is_once && has_time)).then(|| Self { text: text.to_owned(), parts })
    }

    /// The date and the time of day that a text says in this form; midnight if the form has no time.
    pub fn read(&self, text: &str) -> Option<(Date, Time)> {
        let (mut rest, mut found) = (text, [0_i16; 6]);
        for part in &self.parts {
            let (slot, most) = match part {
                Part::Serial => return serial(text),
                Part::Literal(c) => {
                    rest = rest.strip_prefix(*c)?;
                    continue;
                }
                Part::MonthName => {
                    let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
                    found[1] = i16::from(month(&rest[..end])?);
                    rest = &rest[end..];
                    continue;
                }
                Part::Year => (0, 4),
                Part::Month => (1, 2),
                Part::Day => (2, 2),
                Part::Hour => (3, 2),
                Part::Minute => (4, 2),
                Part::Second => (5, 2),
            };
            let digits = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
            if digits == 0 || (*part == Part::Year && digits != most) {
                return None;
            }
            found[slot] = rest[..digits].parse().ok()?;
            rest = &rest[digits..];
        }
        if !rest.is_empty() {
            return None;
        }
        let [year, month, day, hour, minute, second] = found;
        let small = |number: i16| i8::try_from(number).ok();
        let date = Date::new(year, small(month)?, small(day)?).ok()?;
        Some((date, Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()?))
    }

    /// Whether two of the forms read one text as two dates: one has the day first and the other the month.
    pub fn are_ambiguous(forms: &[Self]) -> bool {
        forms.iter().enumerate().any(|(at, form)| {
            let swapped = |part: &Part| {
                let pairs = [(Part::Day, Part::Month), (Part::Month, Part::Day)];
                pairs.into_iter().find(|(from, _)| from == part).map_or_else(|| part.clone(), |(_, to)| to)
            };
            let other: Vec<Part> = form.parts.iter().map(swapped).collect();
            other != form.parts && forms[at..].iter().any(|later| later.parts == other)
        })
    }
}

/// A whole number of days since 1900.
fn serial(text: &str) -> Option<(Date, Time)> {
    let is_number = (1..=7).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let days = text.parse().ok().filter(|_| is_number)?;
    Some((date_of_days(days, false)?, Time::midnight()))
}

fn month(name: &str) -> Option<i8> {
    let name = name.to_lowercase();
    let short = || SHORT.iter().find(|(short, _)| *short == name).map(|(_, month)| *month);
    (1..).zip(MONTHS).find(|(_, names)| names.contains(&name.as_str())).map(|(month, _)| month).or_else(short)
}

/// The date and time of a text in ISO 8601 without a zone, as a cell with a date and a time has.
pub(super) fn local_time(text: &str) -> Option<(Date, Time)> {
    if let Some(date) = parse_date(text) {
        return Some((date, Time::midnight()));
    }
    let forms = ["yyyy-mm-ddThh:mm:ss", "yyyy-mm-dd hh:mm:ss"];
    forms.iter().find_map(|form| DateForm::of(form)?.read(text))
}

impl fmt::Display for DateForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for DateForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::of(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is no form of dates: it has `d` or `dd`, `m`, `mm` or `mmmm`, and `yyyy`, such as `dd/mm/yyyy`; or it is \
                 `serial`"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str, text: &str) -> Option<String> {
        DateForm::of(form)?.read(text).map(|(date, time)| date.to_datetime(time).to_string())
    }

    #[test]
    fn a_date_is_read_in_its_form_and_in_no_other() {
        for (form, text, expected) in [
            ("dd/mm/yyyy", "20/07/1967", Some("1967-07-20T00:00:00")),
            ("dd/mm/yyyy", "1/7/1967", Some("1967-07-01T00:00:00")),
            ("dd/mm/yyyy", "31/02/1967", None),
            ("dd/mm/yyyy", "07/20/1967", None),
            ("dd/mm/yyyy", "20/07/67", None),
            ("dd/mm/yyyy", "20-07-1967", None),
            ("dd/mm/yyyy", "20/07/1967 ", None),
            ("d mmmm yyyy", "20 Juli 1967", Some("1967-07-20T00:00:00")),
            ("d mmm yyyy", "5 Agu 1967", Some("1967-08-05T00:00:00")),
            ("d mmm yyyy", "5 Foo 1967", None),
            ("dd/mm/yyyy hh:mm", "20/07/1967 13:43", Some("1967-07-20T13:43:00")),
            ("dd/mm/yyyy hh:mm", "20/07/1967 25:43", None),
            ("serial", "24673", Some("1967-07-20T00:00:00")),
            ("serial", "24673.5", None),
            ("yyyymmdd", "19670720", Some("1967-07-20T00:00:00")),
        ] {
            assert_eq!(read(form, text).as_deref(), expected, "{form} {text}");
        }
    }

    #[test]
    fn a_form_names_day_month_and_year_once_each() {
        for wrong in ["dd/mm/yy", "dd/mm", "dd/dd/yyyy", "dd/mm/yyyy hh", "dd/mm/yyyyx", "serial dd", ""] {
            assert_eq!(DateForm::of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn two_forms_with_day_and_month_swapped_are_ambiguous() {
        let forms = |texts: &[&str]| texts.iter().map(|text| DateForm::of(text).unwrap()).collect::<Vec<_>>();
        assert!(DateForm::are_ambiguous(&forms(&["dd/mm/yyyy", "mm/dd/yyyy"])));
        assert!(!DateForm::are_ambiguous(&forms(&["dd/mm/yyyy", "dd-mm-yyyy", "serial"])));
    }
}
