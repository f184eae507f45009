//! A printer of a scenario.

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use super::{
    fault::{Fault, rule},
    script::Script,
};
use crate::domain::{
    batch,
    supply::{LIMIT_MAX, Left, Limits, Supplies},
    time::Timestamp,
};

/// A printer, and how often its cards fail.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
    /// Instead of shares: the fault of each card by its number, as `3:spoil,7:forget`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Script>,
    /// Whether it is locked at the start, until a person clears it.
    #[serde(default)]
    pub locked: bool,
    /// The cards that its output tray takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tray: Option<u32>,
    /// The cards in its output tray at the start.
    #[serde(default)]
    pub in_tray: u32,
    /// The cards that a ribbon is rated for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ribbon: Option<u32>,
    /// The percentage of these that a ribbon really gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ribbon_yield: Option<u32>,
    /// The cards that its ribbon gives at the start; those of a new one if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ribbon_left: Option<u32>,
    /// The ribbons that are there for it; without end if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spare_ribbons: Option<u32>,
    /// The cards from one cleaning to the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleaning: Option<u32>,
    /// The cards until the next cleaning at the start; all of them if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleaning_left: Option<u32>,
    /// The cards after which it rests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_after: Option<u32>,
    /// The minutes of that rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_minutes: Option<u32>,
    /// The cards until the next rest at the start; all of them if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_left: Option<u32>,
    /// The local time at which a rest ends in which it is at the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rests_until: Option<DateTime>,
    /// The most cards within 24 hours, which begin with the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cards_a_day: Option<u32>,
    /// The cards that are left at the start of 24 hours that have begun before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_left: Option<u32>,
    /// The local time at which these end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_until: Option<DateTime>,
    /// Whether it keeps a lane: a walk-in joins the front of its batch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub walk_in_lane: bool,
}

impl Printer {
    pub(super) fn check(&self) -> Result<(), Fault> {
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
        self.check_limits(&key)?;
        let capacity = self.hopper.map_or(0, i64::from);
        let fits = batch::size(i64::MAX, self.loaded.into(), Some(capacity)) == i64::from(self.loaded);
        rule(&key("loaded"), fits, "must not be more than `hopper`")
    }

    /// The cards that a new ribbon gives.
    pub(super) fn ribbon_cards(&self) -> Option<u32> {
        self.limits().ribbon_cards().and_then(|cards| u32::try_from(cards).ok())
    }

    /// Its limits, and what they leave at the start. `instant` is the instant of a local time.
    pub(super) fn supplies(&self, instant: impl Fn(DateTime) -> Timestamp) -> Supplies {
        let number = |limit: Option<u32>| limit.map(i64::from);
        let left = Left {
            ribbon: number(self.ribbon_left),
            tray: number(self.tray).map(|tray| tray - i64::from(self.in_tray)),
            cleaning: number(self.cleaning_left),
            rest: number(self.rest_left),
            day: number(self.day_left),
        };
        Supplies::with_left(self.limits(), &left, self.rests_until.map(&instant), self.day_until.map(&instant))
    }

    fn limits(&self) -> Limits {
        let number = |limit: Option<u32>| limit.map(i64::from);
        Limits {
            tray: number(self.tray),
            ribbon: number(self.ribbon),
            ribbon_yield: number(self.ribbon_yield),
            seconds_per_card: None,
            cleaning: number(self.cleaning),
            rest_after: number(self.rest_after),
            rest_minutes: number(self.rest_minutes),
            cards_a_day: number(self.cards_a_day),
            walk_in_lane: self.walk_in_lane,
        }
    }

    fn check_limits(&self, key: &dyn Fn(&str) -> String) -> Result<(), Fault> {
        let limits = [
            ("tray", self.tray),
            ("ribbon", self.ribbon),
            ("cleaning", self.cleaning),
            ("rest_after", self.rest_after),
            ("rest_minutes", self.rest_minutes),
            ("cards_a_day", self.cards_a_day),
        ];
        for (name, limit) in limits {
            let is_one = limit.is_none_or(|limit| (1..=LIMIT_MAX).contains(&i64::from(limit)));
            rule(&key(name), is_one, "must be 1 to 1000000")?;
        }
        let percent = self.ribbon_yield.is_none_or(|percent| (1..=100).contains(&percent));
        rule(&key("ribbon_yield"), percent, "must be 1 to 100")?;
        let has_both = self.rest_after.is_some() == self.rest_minutes.is_some();
        rule(&key("rest_after"), has_both, "needs `rest_minutes`, and it this")?;
        let has_both = self.day_left.is_some() == self.day_until.is_some();
        rule(&key("day_left"), has_both, "needs `day_until`, and it this")
    }
}

/// The profile of cards that name none.
pub(super) fn profile() -> String {
    "card".into()
}

/// The minutes that a person takes to clear a jam, if none are given.
pub const JAM_MINUTES: [f64; 2] = [5.0, 15.0];

fn jam_minutes() -> [f64; 2] {
    JAM_MINUTES
}
