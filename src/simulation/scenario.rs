//! A scenario: an office as data, and what may go wrong in it.

use std::{collections::BTreeSet, fmt};

use jiff::{
    civil::{DateTime, Time},
    tz::TimeZone,
};
use serde::{Deserialize, de};

use crate::domain::{batch, card::profile::WALK_IN_CLASS, printer::PRINTERS_MAX, time::Timestamp, window::Window};

/// The most records that a scenario may have, at its start or by arrivals on one day.
const RECORDS_MAX: u32 = 10_000_000;
/// The longest time that is given in minutes: a year.
const MINUTES_MAX: u64 = 525_600;
/// The most days that a scenario may last.
const DAYS_MAX: u32 = 3_650;

/// An office, and what may go wrong in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is, for people.
    pub title: String,
    /// The local time at which it starts.
    pub start: DateTime,
    /// The time zone of `start`, of lists, deliveries and outages.
    #[serde(deserialize_with = "zone")]
    pub zone: TimeZone,
    /// The days after which it ends, if the list is not done before.
    pub days: u32,
    /// The most cards of a batch.
    #[serde(default = "batch_size")]
    pub batch_size: i64,
    /// The failed attempts after which a record is quarantined.
    #[serde(default = "attempts")]
    pub attempts: u32,
    /// The minutes after which a printer that cannot print gives its batch back.
    #[serde(default = "release_after")]
    pub release_after_minutes: u64,
    /// Records that wait at the start, or arrive each day.
    #[serde(default, rename = "list")]
    pub lists: Vec<List>,
    /// Blanks in the vault at the start.
    #[serde(default)]
    pub stock: Vec<Stock>,
    /// Blanks that are delivered later.
    #[serde(default, rename = "delivery")]
    pub deliveries: Vec<Delivery>,
    /// The printers.
    #[serde(default, rename = "printer")]
    pub printers: Vec<Printer>,
    /// When cards may start; always, if none is given.
    #[serde(default, rename = "window")]
    pub windows: Vec<Window>,
    /// When people are there.
    #[serde(default)]
    pub staff: Option<Staff>,
    /// When the centre is away, so that nothing arrives; what would have arrived comes at the end.
    #[serde(default, rename = "outage")]
    pub outages: Vec<Outage>,
}

/// Records that wait at the start, or arrive each day.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// How many.
    pub records: u32,
    /// The time of each day at which as many arrive, `HH:MM`; they wait at the start if there is none.
    #[serde(default, deserialize_with = "time")]
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
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stock {
    /// How many.
    pub blanks: u32,
    /// The profile of the cards that are made of them.
    #[serde(default = "profile")]
    pub profile: String,
}

/// Blanks that are delivered into the vault.
#[derive(Clone, Debug, Deserialize)]
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

/// A printer, and how often its cards fail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Printer {
    /// Its name, which also chooses its luck.
    pub name: String,
    /// The profile of its cards.
    #[serde(default = "profile")]
    pub profile: String,
    /// The seconds of its fastest card and of its slowest, from begin to end.
    pub seconds_per_card: [f64; 2],
    /// The capacity of its hopper, if its hopper is counted; else its blanks are those in the vault.
    #[serde(default)]
    pub hopper: Option<u32>,
    /// The blanks in its hopper at the start.
    #[serde(default)]
    pub loaded: u32,
    /// The share of cards that spoil their blank, `0` to `1`.
    #[serde(default)]
    pub spoiled: f64,
    /// The share of cards that the printer does not start.
    #[serde(default)]
    pub not_started: f64,
    /// The share of cards whose outcome a person must find.
    #[serde(default)]
    pub uncertain: f64,
    /// The share of spoiled cards that jam the printer until a person has cleared it.
    #[serde(default)]
    pub jams: f64,
    /// The minutes that a person takes to clear a jam, at least and at most.
    #[serde(default = "jam_minutes")]
    pub jam_minutes: [f64; 2],
}

/// When people are there, and what they do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Staff {
    /// Their hours.
    pub hours: Vec<Window>,
    /// The minutes from one round to the next: on a round, hoppers are filled, and printers that were locked are cleared.
    pub round_minutes: u64,
}

/// A time at which the centre is away.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// Its begin, local time.
    pub from: DateTime,
    /// Its end, local time.
    pub to: DateTime,
}

/// What is wrong in a scenario: the key, and the rule that it breaks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The key, such as `printer.p1.hopper`.
    pub key: String,
    /// The rule.
    pub rule: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.key, self.rule)
    }
}

impl std::error::Error for Fault {}

impl Scenario {
    /// Finds the first value that cannot be.
    pub fn check(&self) -> Result<(), Fault> {
        let checks = [self.of_the_whole(), self.of_records(), self.of_hours()];
        checks.into_iter().chain(self.printers.iter().map(Printer::check)).collect()
    }

    /// An instant of a local time. A time that a change of the clock leaves out is the one after it.
    pub(super) fn instant(&self, local: DateTime) -> Timestamp {
        let zoned = self.zone.to_ambiguous_zoned_datetime(local).compatible();
        zoned.map_or_else(|_| Timestamp(i64::MAX), |zoned| Timestamp(zoned.timestamp().as_microsecond()))
    }

    fn of_the_whole(&self) -> Result<(), Fault> {
        let names: BTreeSet<&str> = self.printers.iter().map(|printer| printer.name.as_str()).collect();
        rule("days", (1..=DAYS_MAX).contains(&self.days), "must be 1 to 3650")?;
        rule("batch_size", self.batch_size >= 1, "must be 1 or more")?;
        rule("release_after_minutes", self.release_after_minutes <= MINUTES_MAX, "must be 525600 or less")?;
        rule("attempts", self.attempts >= 1, "must be 1 or more")?;
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
        rule("outage", self.outages.iter().all(|outage| outage.from < outage.to), "must end after its begin")
    }
}

impl Printer {
    fn check(&self) -> Result<(), Fault> {
        let key = |key: &str| format!("printer.{}.{key}", self.name);
        let is_range = |[least, most]: [f64; 2], above: f64| least > above && least <= most && most <= 1e6;
        let shares = [self.spoiled, self.not_started, self.uncertain];
        rule("printer.name", !self.name.is_empty(), "must not be empty")?;
        let seconds = is_range(self.seconds_per_card, 0.0);
        rule(&key("seconds_per_card"), seconds, "must be two numbers above 0, the smaller one first")?;
        rule(&key("jam_minutes"), is_range(self.jam_minutes, -1e-9), "must be two numbers, the smaller one first")?;
        let is_share = |share: &f64| (0.0..=1.0).contains(share);
        rule(&key("jams"), is_share(&self.jams), "must be from 0 to 1")?;
        let all = shares.iter().all(is_share) && shares.iter().sum::<f64>() <= 1.0;
        rule(&key("spoiled"), all, "with `not_started` and `uncertain` must be from 0 to 1, also together")?;
        rule(&key("hopper"), self.hopper != Some(0), "must be 1 or more")?;
        let capacity = self.hopper.map_or(0, i64::from);
        let fits = batch::size(i64::MAX, self.loaded.into(), Some(capacity)) == i64::from(self.loaded);
        rule(&key("loaded"), fits, "must not be more than `hopper`")
    }
}

fn rule(key: &str, holds: bool, rule: &'static str) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault { key: key.to_owned(), rule }) }
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

fn profile() -> String {
    "card".into()
}

fn jam_minutes() -> [f64; 2] {
    [5.0, 15.0]
}
