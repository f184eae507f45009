//! A scenario: an office as data, and what may go wrong in it.

use std::{collections::BTreeSet, time::Duration};

use jiff::{
    civil::{DateTime, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize, Serializer, de};

use super::{
    fault::{Fault, rule},
    printer_setting::{Printer, profile},
};
use crate::domain::{card::profile::WALK_IN_CLASS, printer::PRINTERS_MAX, time::Timestamp, window::Window};

/// The most records that a scenario may have, at its start or by arrivals on one day.
const RECORDS_MAX: u32 = 10_000_000;
/// The longest time that is given in minutes: a year.
const MINUTES_MAX: u64 = 525_600;
/// The class of walk-ins in a list. Those that a scenario puts first by itself are in the class below it.
pub const WALK_INS_IN_LIST: i64 = WALK_IN_CLASS + 1;
/// The most days that a scenario may last.
const DAYS_MAX: u32 = 3_650;

/// An office, and what may go wrong in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is, for people.
    pub title: String,
    /// The local time at which it starts.
    pub start: DateTime,
    /// The time zone of `start`, of lists, deliveries and outages.
    #[serde(deserialize_with = "zone", serialize_with = "zone_name")]
    pub zone: TimeZone,
    /// The days after which it ends, if the list is not done before.
    pub days: u32,
    /// The local time at which it ends, if that is before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime>,
    /// The most cards of a batch.
    #[serde(default = "batch_size")]
    pub batch_size: i64,
    /// The failed attempts after which a record is quarantined.
    #[serde(default = "attempts")]
    pub attempts: u32,
    /// The minutes after which a printer that cannot print gives its batch back.
    #[serde(default = "release_after")]
    pub release_after_minutes: u64,
    /// The least and the longest of the longest waits before a card that did not start is tried again, in seconds.
    #[serde(default = "backoff")]
    pub backoff_seconds: [u64; 2],
    /// The failures of different records in a row after which a printer gets no card until it was asked.
    #[serde(default = "failures")]
    pub breaker_failures: u32,
    /// The site, which chooses how long each card waits before it is tried again.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub site: String,
    /// Records that wait at the start, or arrive each day.
    #[serde(default, rename = "list", skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<List>,
    /// Blanks in the vault at the start.
    #[serde(default)]
    pub stock: Vec<Stock>,
    /// Blanks that are delivered later.
    #[serde(default, rename = "delivery", skip_serializing_if = "Vec::is_empty")]
    pub deliveries: Vec<Delivery>,
    /// The printers.
    #[serde(default, rename = "printer", skip_serializing_if = "Vec::is_empty")]
    pub printers: Vec<Printer>,
    /// When cards may start; always, if none is given.
    #[serde(default, rename = "window", skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// When people are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<Staff>,
    /// When the centre is away, so that nothing arrives; what would have arrived comes at the end.
    #[serde(default, rename = "outage", skip_serializing_if = "Vec::is_empty")]
    pub outages: Vec<Outage>,
    /// When people pause printers.
    #[serde(default, rename = "pause", skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    /// Blanks that people load at a known time.
    #[serde(default, rename = "load", skip_serializing_if = "Vec::is_empty")]
    pub loads: Vec<Load>,
    /// Records that people put first.
    #[serde(default, rename = "walk_in", skip_serializing_if = "Vec::is_empty")]
    pub walk_ins: Vec<WalkIn>,
}

/// Records that wait at the start, or arrive each day.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// How many.
    pub records: u32,
    /// The time of each day at which as many arrive, `HH:MM`; they wait at the start if there is none.
    #[serde(default, deserialize_with = "time", serialize_with = "time_text", skip_serializing_if = "Option::is_none")]
    pub daily_at: Option<Time>,
    /// Their class of priority; lower classes are printed first.
    #[serde(default = "class")]
    pub class: i64,
    /// The districts, of which each has as many.
    #[serde(default = "districts")]
    pub districts: Vec<String>,
    /// The profile of their cards.
    #[serde(default = "profile")]
    pub profile: String,
}

/// Blanks in the vault at the start.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stock {
    /// How many.
    pub blanks: u32,
    /// The profile of the cards that are made of them.
    #[serde(default = "profile")]
    pub profile: String,
}

/// Blanks that are delivered into the vault.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// When, local time.
    pub at: DateTime,
    /// How many.
    pub blanks: u32,
    /// The profile of the cards that are made of them.
    #[serde(default = "profile")]
    pub profile: String,
}

/// When people are there, and what they do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Staff {
    /// Their hours.
    pub hours: Vec<Window>,
    /// The minutes from one round to the next: on a round, hoppers are filled, trays emptied, used ribbons changed and printers cleaned,
    /// and those that were locked are cleared.
    pub round_minutes: u64,
}

/// A time at which the centre is away.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// Its begin, local time.
    pub from: DateTime,
    /// Its end, local time.
    pub to: DateTime,
}

/// A time at which people have paused a printer, or all of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// The printer; all, if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printer: Option<String>,
    /// Its begin, local time.
    pub from: DateTime,
    /// Its end; it lasts if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<DateTime>,
}

/// Blanks that a person loads from the vault into a hopper.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// The printer.
    pub printer: String,
    /// When, local time.
    pub at: DateTime,
    /// How many; no more than fit.
    pub blanks: u32,
}

/// A record that a person puts first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalkIn {
    /// When, local time.
    pub at: DateTime,
    /// Its number in the order in which records arrived, from 1.
    pub record: u32,
}

impl Scenario {
    /// Finds the first value that cannot be.
    pub fn check(&self) -> Result<(), Fault> {
        let checks = [self.of_the_whole(), self.of_records(), self.of_hours()];
        checks.into_iter().chain(self.printers.iter().map(Printer::check)).collect()
    }

    /// The scenario as a file.
    pub fn to_toml(&self) -> String {
        // Cannot fail: all keys are text.
        toml::to_string(self).unwrap_or_default()
    }

    /// An instant of a local time. A time that a change of the clock leaves out is the one after it.
    pub(super) fn instant(&self, local: DateTime) -> Timestamp {
        let zoned = self.zone.to_ambiguous_zoned_datetime(local).compatible();
        zoned.map_or_else(|_| Timestamp(i64::MAX), |zoned| Timestamp(zoned.timestamp().as_microsecond()))
    }

    /// When it ends, if the list is not done before.
    pub(super) fn end(&self) -> Timestamp {
        let end = self.instant(self.start).plus(Duration::from_hours(24) * self.days);
        self.until.map_or(end, |until| end.min(self.instant(until)))
    }

    fn of_the_whole(&self) -> Result<(), Fault> {
        let names: BTreeSet<&str> = self.printers.iter().map(|printer| printer.name.as_str()).collect();
        rule("days", (1..=DAYS_MAX).contains(&self.days), "must be 1 to 3650")?;
        rule("until", self.until.is_none_or(|until| until > self.start), "must be after `start`")?;
        rule("batch_size", self.batch_size >= 1, "must be 1 or more")?;
        rule("release_after_minutes", self.release_after_minutes <= MINUTES_MAX, "must be 525600 or less")?;
        rule("attempts", self.attempts >= 1, "must be 1 or more")?;
        rule("breaker_failures", self.breaker_failures >= 1, "must be 1 or more")?;
        let [base, cap] = self.backoff_seconds;
        rule(
            "backoff_seconds",
            base <= cap && cap <= 86_400,
            "must be two numbers up to 86400, the smaller one first",
        )?;
        rule("printer", !self.printers.is_empty(), "is missing: a scenario needs a printer")?;
        rule("printer", self.printers.len() <= PRINTERS_MAX, "may be given 1,000 times at most")?;
        rule("printer", names.len() == self.printers.len(), "must have another name each time")
    }

    fn of_records(&self) -> Result<(), Fault> {
        let days = |list: &List| if list.daily_at.is_some() { self.days.into() } else { 1 };
        let all: u64 = self.lists.iter().map(|list| u64::from(list.records) * days(list)).sum();
        rule("list", all <= RECORDS_MAX.into(), "may have 10,000,000 records at most over all days")?;
        let classes = self.lists.iter().map(|list| list.class);
        rule("list.class", classes.min().is_none_or(|class| class > WALK_IN_CLASS), "must be above -1000000000")?;
        let has_districts = self.lists.iter().all(|list| !list.districts.is_empty());
        rule("list.districts", has_districts, "must name one at least, or be left out")
    }

    fn of_hours(&self) -> Result<(), Fault> {
        if let Some(staff) = &self.staff {
            let is_time = (1..=MINUTES_MAX).contains(&staff.round_minutes);
            rule("staff.round_minutes", is_time, "must be 1 to 525600")?;
            rule("staff.hours", !staff.hours.is_empty(), "must have one time at least")?;
        }
        rule("outage", self.outages.iter().all(|outage| outage.from < outage.to), "must end after its begin")?;
        let ends_later = |pause: &Pause| pause.to.is_none_or(|to| pause.from < to);
        rule("pause", self.pauses.iter().all(ends_later), "must end after its begin")?;
        let named = self.pauses.iter().filter_map(|pause| pause.printer.as_ref());
        let mut named = named.chain(self.loads.iter().map(|load| &load.printer));
        let is_known = |name: &String| self.printers.iter().any(|printer| printer.name == *name);
        rule("printer", named.all(is_known), "must be there if `pause` or `load` names it")
    }
}

fn zone<'de, D: de::Deserializer<'de>>(from: D) -> Result<TimeZone, D::Error> {
    let name = String::deserialize(from)?;
    TimeZone::get(&name).map_err(|_| de::Error::custom(format!("`{name}` is not a time zone such as `Asia/Jakarta`")))
}

fn time<'de, D: de::Deserializer<'de>>(from: D) -> Result<Option<Time>, D::Error> {
    let text = String::deserialize(from)?;
    let time = Time::strptime("%H:%M", &text);
    time.map(Some).map_err(|_| de::Error::custom(format!("`{text}` is not a time such as `09:00`")))
}

fn zone_name<S: Serializer>(zone: &TimeZone, into: S) -> Result<S::Ok, S::Error> {
    into.serialize_str(zone.iana_name().unwrap_or("UTC"))
}

#[expect(clippy::ref_option, reason = "the signature that serde calls")]
fn time_text<S: Serializer>(time: &Option<Time>, into: S) -> Result<S::Ok, S::Error> {
    into.collect_str(&time.unwrap_or_default().strftime("%H:%M"))
}

fn backoff() -> [u64; 2] {
    [2, 300]
}

fn failures() -> u32 {
    3
}

fn batch_size() -> i64 {
    100
}

fn attempts() -> u32 {
    3
}

fn release_after() -> u64 {
    15
}

fn class() -> i64 {
    1
}

fn districts() -> Vec<String> {
    vec![String::new()]
}
