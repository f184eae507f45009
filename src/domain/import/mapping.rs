//! How the columns and values of an office's file become those of the profile: data of the profile, or of a file beside the list.
//!
//! A value that no rule names stays as it stands, and the checks of the layout decide on it. A value of a column with a table that the
//! table does not have is refused or left out: it is never printed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{civil::Date, tz::TimeZone};
use serde::Deserialize;

use super::date_form::{DateForm, local_time};
use crate::domain::{
    reason::Reason,
    time::{Timestamp, parse_date},
};

/// The mapping of one source's files. Unknown keys are refused.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// Further headings of each column, in any language. Only letters and digits are compared.
    pub columns: BTreeMap<String, Vec<String>>,
    /// The forms of each column with a date or an instant, such as `dd/mm/yyyy`. ISO 8601 is always read.
    pub dates: BTreeMap<String, Vec<DateForm>>,
    /// The time zone of instants that have none; that of the office if nothing is said. If it is said, instants in ISO 8601 may have none.
    pub zone: Option<String>,
    /// For each column, its values in the file and those of the profile.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// What becomes of a value that the table of its column does not have; `refuse` if nothing is said.
    pub unknown: BTreeMap<String, Unknown>,
    /// Columns of numbers that get zeros in front, up to this number of digits.
    pub pad: BTreeMap<String, usize>,
    /// Values of cells that are empty.
    pub defaults: BTreeMap<String, String>,
    /// Values of columns that the file does not have.
    pub constants: BTreeMap<String, String>,
}

/// What becomes of a value that a table does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unknown {
    /// The row is refused.
    #[default]
    Refuse,
    /// The value is left out, with a warning.
    Warn,
}

/// The most digits of a number that gets zeros in front.
const DIGITS_MAX: usize = 20;
/// The values of a table that a refusal tells.
const TOLD_MAX: usize = 8;

/// What a mapping makes of a value.
///
/// No `Debug`: the value may be personal.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Mapped {
    /// This value.
    Value(String),
    /// Nothing, with a warning: its table does not have it.
    LeftOut,
    /// The row is refused.
    Refused(Reason),
}

impl Mapping {
    /// This mapping where it says something of a column, else the one below it.
    #[must_use]
    pub fn over(mut self, below: &Self) -> Self {
        fn add<T: Clone>(upper: &mut BTreeMap<String, T>, lower: &BTreeMap<String, T>) {
            for (column, value) in lower {
                upper.entry(column.clone()).or_insert_with(|| value.clone());
            }
        }
        add(&mut self.columns, &below.columns);
        add(&mut self.dates, &below.dates);
        add(&mut self.values, &below.values);
        add(&mut self.unknown, &below.unknown);
        add(&mut self.pad, &below.pad);
        add(&mut self.defaults, &below.defaults);
        add(&mut self.constants, &below.constants);
        self.zone = self.zone.or_else(|| below.zone.clone());
        self
    }

    /// Checks that each column is one of the profile, and that no rule can be understood in two ways. The error says which key is
    /// wrong.
    pub fn check(&self, columns: &[&str]) -> Result<(), String> {
        let keys = [
            ("columns", self.columns.keys().collect::<Vec<_>>()),
            ("dates", self.dates.keys().collect()),
            ("values", self.values.keys().collect()),
            ("unknown", self.unknown.keys().collect()),
            ("pad", self.pad.keys().collect()),
            ("defaults", self.defaults.keys().collect()),
            ("constants", self.constants.keys().collect()),
        ];
        for (table, named) in keys {
            if let Some(unknown) = named.iter().find(|column| !columns.contains(&column.as_str())) {
                return Err(format!("`{table}.{unknown}` is no column of the profile"));
            }
        }
        if let Some(column) = self.unknown.keys().find(|column| !self.values.contains_key(*column)) {
            return Err(format!("`unknown.{column}` has no table in `values`"));
        }
        if let Some((column, _)) = self.pad.iter().find(|(_, digits)| !(1..=DIGITS_MAX).contains(*digits)) {
            return Err(format!("`pad.{column}` must be 1 to {DIGITS_MAX}"));
        }
        if let Some((column, _)) = self.dates.iter().find(|(_, forms)| DateForm::are_ambiguous(forms)) {
            return Err(format!("`dates.{column}` has forms that read one date in two ways"));
        }
        if let Some(zone) = self.zone.as_ref().filter(|zone| TimeZone::get(zone).is_err()) {
            return Err(format!("`zone` is `{zone}`, which is not the name of a time zone, such as `Asia/Jakarta`"));
        }
        self.check_headings(columns)?;
        self.check_tables()
    }

    fn check_headings(&self, columns: &[&str]) -> Result<(), String> {
        let mut seen: BTreeMap<String, &str> = columns.iter().map(|column| (heading(column), *column)).collect();
        for (column, headings) in &self.columns {
            for of_file in headings {
                let key = heading(of_file);
                if key.is_empty() {
                    return Err(format!("`columns.{column}` has a heading without a letter"));
                }
                if seen.insert(key, column).is_some_and(|other| other != column) {
                    return Err(format!("`{of_file}` is a heading of `{column}` and of another column"));
                }
            }
        }
        Ok(())
    }

    fn check_tables(&self) -> Result<(), String> {
        for (column, table) in &self.values {
            let mut seen = BTreeMap::new();
            for (from, to) in table {
                if seen.insert(folded(from), to).is_some_and(|other| other != to) {
                    return Err(format!("`values.{column}` has `{from}` twice, with two values"));
                }
            }
        }
        Ok(())
    }

    /// Whether the value of a column does not depend on the file.
    pub fn fills(&self, column: &str) -> bool {
        self.constants.contains_key(column) || self.defaults.contains_key(column)
    }
}

/// The form of a heading in which a mapping compares it.
pub(super) fn heading(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The form of a value in which a table compares it: without case, and with single blanks.
fn folded(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// What sort of values a column has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Sort {
    /// Instants.
    Instant,
    /// Names that the profile lists. A name that the table of the column does not have is decided by that list.
    Listed,
    /// Any others.
    #[default]
    Other,
}

/// The rules of one column.
#[derive(Clone, Debug, Default)]
pub(super) struct ColumnRule {
    sort: Sort,
    /// The zone of instants, if they are mapped.
    zone: Option<TimeZone>,
    dates: Vec<DateForm>,
    /// The values of the table by their folded forms, those that they become, and the spellings that are told.
    table: BTreeMap<String, String>,
    targets: BTreeSet<String>,
    told: Vec<String>,
    unknown: Unknown,
    pad: usize,
    /// The value of an empty cell.
    pub(super) default: Option<String>,
    /// The value of each row, if the file has no such column.
    pub(super) constant: Option<String>,
}

impl ColumnRule {
    /// The rules of a column of a checked mapping. `office` is the time zone of the office.
    pub(super) fn of(mapping: &Mapping, column: &str, sort: Sort, office: &TimeZone) -> Self {
        let own = mapping.values.get(column);
        let zone = mapping.zone.as_ref().and_then(|zone| TimeZone::get(zone).ok());
        let dates = mapping.dates.get(column).cloned().unwrap_or_default();
        Self {
            sort,
            zone: zone.or_else(|| (!dates.is_empty()).then(|| office.clone())),
            dates,
            told: own.into_iter().flat_map(|table| table.keys()).take(TOLD_MAX).cloned().collect(),
            table: own.into_iter().flatten().map(|(from, to)| (folded(from), to.clone())).collect(),
            targets: own.into_iter().flat_map(|table| table.values()).cloned().collect(),
            unknown: mapping.unknown.get(column).copied().unwrap_or_default(),
            pad: mapping.pad.get(column).copied().unwrap_or_default(),
            default: mapping.defaults.get(column).cloned(),
            constant: mapping.constants.get(column).cloned(),
        }
    }

    /// What becomes of a cleaned value. `letters` names its column in the file, if it has one.
    pub(super) fn map(&self, value: String, letters: &str) -> Mapped {
        if value.is_empty() {
            return Mapped::Value(value);
        }
        if !self.table.is_empty() {
            // What the table makes of others stands for itself.
            if self.targets.contains(&value) {
                return Mapped::Value(value);
            }
            return match (self.table.get(&folded(&value)), self.unknown) {
                (Some(known), _) => Mapped::Value(known.clone()),
                (None, _) if self.sort == Sort::Listed => Mapped::Value(value),
                (None, Unknown::Warn) => Mapped::LeftOut,
                (None, Unknown::Refuse) => {
                    Mapped::Refused(Reason::NotInTable { column: letters.to_owned(), known: self.told.clone() })
                }
            };
        }
        if !self.dates.is_empty() || (self.sort == Sort::Instant && self.zone.is_some()) {
            return self.date(value, letters);
        }
        if value.len() < self.pad && value.bytes().all(|b| b.is_ascii_digit()) {
            return Mapped::Value(format!("{value:0>width$}", width = self.pad));
        }
        Mapped::Value(value)
    }

    fn date(&self, value: String, letters: &str) -> Mapped {
        let is_instant = self.sort == Sort::Instant;
        if if is_instant { Timestamp::parse(&value).is_some() } else { parse_date(&value).is_some() } {
            return Mapped::Value(value);
        }
        let read = self.dates.iter().find_map(|form| form.read(&value)).or_else(|| local_time(&value));
        let mapped = read.and_then(|(date, time)| {
            if is_instant {
                let instant = self.zone.as_ref()?.to_timestamp(date.to_datetime(time)).ok()?;
                Some(instant.to_string())
            } else {
                (time == jiff::civil::Time::midnight()).then(|| Date::to_string(&date))
            }
        });
        let forms = || self.dates.iter().map(ToString::to_string).collect();
        mapped.map_or_else(
            || Mapped::Refused(Reason::NotInForm { column: letters.to_owned(), forms: forms() }),
            Mapped::Value,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(text: &str) -> Mapping {
        toml::from_str(text).unwrap()
    }

    fn mapped(text: &str, column: &str, sort: Sort, value: &str) -> String {
        let office = TimeZone::get("Asia/Jakarta").unwrap();
        match ColumnRule::of(&mapping(text), column, sort, &office).map(value.into(), "C") {
            Mapped::Value(value) => value,
            Mapped::LeftOut => "left out".into(),
            Mapped::Refused(reason) => format!("{reason:?}"),
        }
    }

    #[test]
    fn a_value_becomes_what_its_table_says_and_no_other_stays() {
        let refuse = "[values.sex]\nL = 'M'\n'Laki-laki' = 'M'\nP = 'F'";
        let warn = format!("{refuse}\n[unknown]\nsex = 'warn'");
        for (value, expected) in [("L", "M"), ("laki-laki", "M"), ("P", "F"), ("M", "M"), ("", "")] {
            assert_eq!(mapped(refuse, "sex", Sort::Other, value), expected, "{value}");
        }
        for unknown in ["m", "X", "Laki"] {
            let refused = "NotInTable { column: \"C\", known: [\"L\", \"Laki-laki\", \"P\"] }";
            assert_eq!(mapped(refuse, "sex", Sort::Other, unknown), refused);
            assert_eq!(mapped(&warn, "sex", Sort::Other, unknown), "left out");
            assert_eq!(mapped(refuse, "sex", Sort::Listed, unknown), unknown, "the list of the profile decides");
            assert_eq!(mapped(refuse, "name", Sort::Other, unknown), unknown, "no rule names it");
        }
    }

    #[test]
    fn dates_instants_and_digits_become_those_of_the_profile() {
        let forms =
            "[dates]\nborn = ['dd/mm/yyyy', 'serial']\nasked = ['dd/mm/yyyy', 'dd/mm/yyyy hh:mm']\n[pad]\nrt = 3";
        for (column, sort, value, expected) in [
            ("born", Sort::Other, "20/07/1967", "1967-07-20"),
            ("born", Sort::Other, "1967-07-20", "1967-07-20"),
            ("born", Sort::Other, "24673", "1967-07-20"),
            ("asked", Sort::Instant, "20/07/2015", "2015-07-19T17:00:00Z"),
            ("asked", Sort::Instant, "20/07/2015 13:43", "2015-07-20T06:43:00Z"),
            ("asked", Sort::Instant, "2015-07-20T13:43:00", "2015-07-20T06:43:00Z"),
            ("asked", Sort::Instant, "2015-07-20T13:43:00+09:00", "2015-07-20T13:43:00+09:00"),
            ("rt", Sort::Other, "6", "006"),
            ("rt", Sort::Other, "1234", "1234"),
            ("rt", Sort::Other, "-", "-"),
        ] {
            assert_eq!(mapped(forms, column, sort, value), expected, "{value}");
        }
        let refused = "NotInForm { column: \"C\", forms: [\"dd/mm/yyyy\", \"serial\"] }";
        assert_eq!(mapped(forms, "born", Sort::Other, "07/20/1967"), refused);
        let without = mapped("[pad]\nrt = 3", "asked", Sort::Instant, "2015-07-20T13:43:00");
        assert_eq!(without, "2015-07-20T13:43:00", "no zone is guessed");
    }

    #[test]
    fn a_mapping_that_can_be_understood_in_two_ways_is_wrong() {
        for (text, expected) in [
            ("[columns]\nname = ['Nama']\nsex = ['NAMA']", "`NAMA` is a heading of `sex` and of another column"),
            ("[columns]\nname = ['Sex']", "`Sex` is a heading of `name` and of another column"),
            ("[columns]\nnama = ['x']", "`columns.nama` is no column of the profile"),
            ("[values.sex]\nL = 'M'\nl = 'F'", "`values.sex` has `l` twice, with two values"),
            ("[unknown]\nsex = 'warn'", "`unknown.sex` has no table in `values`"),
            ("[dates]\nborn = ['dd/mm/yyyy', 'mm/dd/yyyy']", "`dates.born` has forms that read one date in two ways"),
            ("zone = 'Solo'", "`zone` is `Solo`, which is not the name of a time zone, such as `Asia/Jakarta`"),
            ("[pad]\nrt = 99", "`pad.rt` must be 1 to 20"),
        ] {
            assert_eq!(mapping(text).check(&["name", "sex", "born", "rt"]), Err(expected.to_owned()));
        }
        assert!(toml::from_str::<Mapping>("[dates]\nborn = ['dd/mm/yy']").is_err());
        assert!(toml::from_str::<Mapping>("[unknown]\nsex = 'keep'").is_err());
    }

    #[test]
    fn a_mapping_of_a_file_is_put_over_that_of_the_profile() {
        let over = mapping("[values.sex]\n1 = 'M'").over(&mapping("[values.sex]\nL = 'M'\n[pad]\nrt = 3"));
        assert_eq!(over, mapping("[values.sex]\n1 = 'M'\n[pad]\nrt = 3"));
    }
}
