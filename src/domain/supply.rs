//! Supplies and limits of a printer: ribbon, output tray, cleaning, rest.
//!
//! All of them are counted in fed cards. A printer has a count of the cards that it has ever fed, and a limit is reached when that
//! count comes to a certain number. A limit that is not set stops nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{halt::Halt, time::Timestamp};

/// The highest value of a limit, in cards, minutes or seconds.
pub const LIMIT_MAX: i64 = 1_000_000;

/// The points of a percentage by which a reported level rises with another ribbon. Levels are measured, and flicker by less.
const ANOTHER_RIBBON: u8 = 10;

const DAY: Duration = Duration::from_hours(24);

/// The limits that people set of a printer, and whether it keeps a lane. `None`: not counted.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The cards that the output tray takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tray: Option<i64>,
    /// The cards that a ribbon is rated for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ribbon: Option<i64>,
    /// The percentage of these cards that a ribbon really gives; 100 if it is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ribbon_yield: Option<i64>,
    /// The seconds that a card takes, until the printer's own cards have shown it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_per_card: Option<i64>,
    /// The cards from one cleaning to the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cleaning: Option<i64>,
    /// The cards after which the printer rests for [`rest_minutes`](Self::rest_minutes).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest_after: Option<i64>,
    /// The minutes of that rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest_minutes: Option<i64>,
    /// The most cards within 24 hours, which begin with the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cards_a_day: Option<i64>,
    /// Whether it keeps a lane: a walk-in joins the front of its batch.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub walk_in_lane: bool,
}

impl Limits {
    /// The cards that a new ribbon gives.
    pub fn ribbon_cards(&self) -> Option<i64> {
        self.ribbon.map(|rated| (rated.saturating_mul(self.ribbon_yield.unwrap_or(100)) / 100).max(1))
    }

    /// The cards after which the printer rests, and for how long.
    pub fn rest(&self) -> Option<(i64, Duration)> {
        let minutes = u64::try_from(self.rest_minutes?).ok()?;
        Some((self.rest_after?, Duration::from_mins(minutes)))
    }
}

/// Where the counts of a printer's limits began, in fed cards. Without the limit a number means nothing.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// How often limits were set, so that counts under other limits are not the same.
    #[serde(skip_serializing_if = "is_zero")]
    pub revision: i64,
    /// The ribbon is used up when as many cards are fed.
    #[serde(skip_serializing_if = "is_zero")]
    pub ribbon_until: i64,
    /// The percentage that the printer last reported of its ribbon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ribbon_level: Option<u8>,
    /// The fed cards when the output tray was empty.
    #[serde(skip_serializing_if = "is_zero")]
    pub tray_from: i64,
    /// The fed cards at the last cleaning.
    #[serde(skip_serializing_if = "is_zero")]
    pub cleaned_at: i64,
    /// The fed cards at the end of the last rest.
    #[serde(skip_serializing_if = "is_zero")]
    pub rest_from: i64,
    /// When the present rest began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rests_since: Option<Timestamp>,
    /// The fed cards at the begin of the present 24 hours.
    #[serde(skip_serializing_if = "is_zero")]
    pub day_from: i64,
    /// When these began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_since: Option<Timestamp>,
    /// What is on record as stopping the feeding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub halt: Option<Halt>,
}

fn is_zero<T: Default + PartialEq>(number: &T) -> bool {
    *number == T::default()
}

/// What a person says of a printer's supplies. What is `None` stays as it was counted.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Said {
    /// The cards that the ribbon still gives.
    pub ribbon: Option<i64>,
    /// The cards in the output tray.
    pub tray: Option<i64>,
    /// The printer was cleaned.
    pub is_cleaned: bool,
}

/// Why no more card may be fed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// The output tray is full: a person empties it.
    TrayFull,
    /// The ribbon is used up: a person puts in a new one.
    RibbonUsedUp,
    /// A person cleans the printer.
    CleaningDue,
    /// The printer rests, and goes on by itself then.
    Rests {
        /// When.
        until: Timestamp,
    },
}

impl Stop {
    /// When it ends by itself.
    pub fn until(self) -> Option<Timestamp> {
        match self {
            Self::TrayFull | Self::RibbonUsedUp | Self::CleaningDue => None,
            Self::Rests { until } => Some(until),
        }
    }
}

/// A printer's limits, and what has been counted.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Supplies {
    /// The limits.
    pub limits: Limits,
    /// The counts.
    pub counts: Counts,
    /// The cards that were ever fed and have ended: good, spoiled, or with an unknown outcome.
    pub fed: i64,
}

/// What is left, for people. `None`: not counted.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Left {
    /// The cards that the ribbon still gives.
    pub ribbon: Option<i64>,
    /// The cards for which the output tray has room.
    pub tray: Option<i64>,
    /// The cards until the next cleaning.
    pub cleaning: Option<i64>,
    /// The cards until the next rest.
    pub rest: Option<i64>,
    /// The cards that are left of those of a day.
    pub day: Option<i64>,
}

impl Left {
    fn least(self) -> Option<i64> {
        [self.ribbon, self.tray, self.cleaning, self.rest, self.day].into_iter().flatten().min()
    }
}

impl Supplies {
    /// The numbers of fed cards at which the limits are reached.
    fn reached_at(&self) -> Left {
        let Self { limits, counts, .. } = self;
        Left {
            ribbon: limits.ribbon.map(|_| counts.ribbon_until),
            tray: limits.tray.map(|cards| counts.tray_from.saturating_add(cards)),
            cleaning: limits.cleaning.map(|cards| counts.cleaned_at.saturating_add(cards)),
            rest: limits.rest().map(|(cards, _)| counts.rest_from.saturating_add(cards)),
            day: limits.cards_a_day.map(|cards| counts.day_from.saturating_add(cards)),
        }
    }

    /// What is left when `fed` cards are fed.
    fn left_at(&self, fed: i64) -> Left {
        let Left { ribbon, tray, cleaning, rest, day } = self.reached_at();
        let left = |at: Option<i64>| at.map(|at| at.saturating_sub(fed).max(0));
        Left { ribbon: left(ribbon), tray: left(tray), cleaning: left(cleaning), rest: left(rest), day: left(day) }
    }

    /// What is left now. A rest or a day that is over counts as over.
    pub fn left(&self, now: Timestamp) -> Left {
        self.advanced(0, now).unwrap_or(*self).left_at(self.fed)
    }

    /// When the present rest ends, if there is one.
    pub fn rests_until(&self) -> Option<Timestamp> {
        self.counts.rests_since.zip(limits_rest(self)).map(|(since, rest)| since.plus(rest))
    }

    /// When the present 24 hours end, if a card of them was fed.
    pub fn day_until(&self) -> Option<Timestamp> {
        self.limits.cards_a_day?;
        self.counts.day_since.filter(|_| self.fed > self.counts.day_from).map(|since| since.plus(DAY))
    }

    /// Why no more card may be fed, while `open` cards are in the printer. What a person must do stands first.
    pub fn stop(&self, open: i64, now: Timestamp) -> Option<Stop> {
        let supplies = self.advanced(open, now).unwrap_or(*self);
        let left = supplies.left_at(supplies.fed.saturating_add(open));
        let is_over = |cards: Option<i64>| cards == Some(0);
        if is_over(left.tray) {
            return Some(Stop::TrayFull);
        }
        if is_over(left.ribbon) {
            return Some(Stop::RibbonUsedUp);
        }
        if is_over(left.cleaning) {
            return Some(Stop::CleaningDue);
        }
        let day = if is_over(left.day) { supplies.counts.day_since.map(|since| since.plus(DAY)) } else { None };
        day.max(supplies.rests_until()).map(|until| Stop::Rests { until })
    }

    /// The cards that may be fed until the first limit, while `open` cards are in the printer. `None`: no limit is counted.
    pub fn room(&self, open: i64) -> Option<i64> {
        self.left_at(self.fed.saturating_add(open)).least()
    }

    /// The number of fed cards at which the first limit is reached. `None`: no limit is counted.
    pub fn feed_until(&self) -> Option<i64> {
        self.room(0).map(|room| self.fed.saturating_add(room))
    }

    /// Whether a number of fed cards at which the feeding stops, as [`feed_until`](Self::feed_until) gave it, is that of the first
    /// limit. A limit that was exceeded when the number was saved stops the feeding at the cards that were fed by then.
    pub fn stops_at(&self, feed_until: Option<i64>) -> bool {
        match (self.reached_at().least(), feed_until) {
            (None, None) => true,
            (Some(first), Some(until)) => until == first || first < until && until <= self.fed,
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    /// Begins and ends rests and days. `None`: nothing has changed.
    #[must_use]
    pub fn advanced(&self, open: i64, now: Timestamp) -> Option<Self> {
        let fed = self.fed.saturating_add(open);
        let mut counts = self.counts;
        // A time that has not come is of a clock that was set back since.
        let is_over = |since: Timestamp, lasts: Duration| now >= since.plus(lasts) || since > now.plus(lasts);
        match (self.limits.rest(), counts.rests_since) {
            (None, _) => counts.rests_since = None,
            (Some((_, lasts)), Some(since)) if is_over(since, lasts) => {
                (counts.rest_from, counts.rests_since) = (fed, None);
            }
            (Some((cards, _)), None) if fed.saturating_sub(counts.rest_from) >= cards => {
                counts.rests_since = Some(now);
            }
            (Some(_), Some(_) | None) => {}
        }
        if self.limits.cards_a_day.is_some() {
            if counts.day_since.is_some_and(|since| is_over(since, DAY)) {
                (counts.day_from, counts.day_since) = (fed, None);
            }
            if counts.day_since.is_none() && fed > counts.day_from {
                counts.day_since = Some(now);
            }
        }
        (counts != self.counts).then_some(Self { counts, ..*self })
    }

    /// With what stops the feeding on record: a limit, else that there are no blanks, which others find out. The same supplies again if
    /// that is on record already.
    #[must_use]
    pub fn halted(&self, blanks: Option<Halt>, now: Timestamp) -> Self {
        let Left { tray, ribbon, cleaning, day, .. } = self.left(now);
        let limits = [
            (tray, Halt::TrayFull),
            (ribbon, Halt::RibbonUsedUp),
            (cleaning, Halt::CleaningDue),
            (day, Halt::DayLimit),
        ];
        let reached = limits.into_iter().find(|(left, _)| *left == Some(0)).map(|(_, halt)| halt);
        Self { counts: Counts { halt: reached.or(blanks), ..self.counts }, ..*self }
    }

    /// With other limits. What is counted from now on begins with a new ribbon, an empty tray, a clean and rested printer; a ribbon of
    /// another size keeps the part of it that is left.
    #[must_use]
    pub fn limited(&self, limits: Limits) -> Self {
        let (before, mut counts, fed) = (&self.limits, self.counts, self.fed);
        counts.revision += 1;
        match (before.ribbon_cards(), limits.ribbon_cards()) {
            (None, Some(cards)) => (counts.ribbon_until, counts.ribbon_level) = (fed.saturating_add(cards), None),
            (Some(old), Some(new)) if old != new => {
                let left = counts.ribbon_until.saturating_sub(fed).max(0);
                counts.ribbon_until = fed.saturating_add(left.saturating_mul(new) / old.max(1));
            }
            (Some(_) | None, Some(_) | None) => {}
        }
        if before.tray.is_none() {
            counts.tray_from = fed;
        }
        if before.cleaning.is_none() {
            counts.cleaned_at = fed;
        }
        if before.rest().is_none() || limits.rest().is_none() {
            (counts.rest_from, counts.rests_since) = (fed, None);
        }
        if before.cards_a_day.is_none() || limits.cards_a_day.is_none() {
            (counts.day_from, counts.day_since) = (fed, None);
        }
        Self { limits, counts, fed }
    }

    /// A printer with these limits that has fed no card yet, and of which as much is left. What is `None` is whole; `rests_until` is the
    /// end of its present rest, and `day_until` that of its present 24 hours.
    pub fn with_left(
        limits: Limits,
        left: &Left,
        rests_until: Option<Timestamp>,
        day_until: Option<Timestamp>,
    ) -> Self {
        let mut supplies = Self::default().limited(limits);
        let used = |most: Option<i64>, left: Option<i64>| {
            most.zip(left).map_or(0, |(most, left)| most.saturating_sub(left.max(0)).max(0))
        };
        let counts = &mut supplies.counts;
        counts.ribbon_until -= used(limits.ribbon_cards(), left.ribbon);
        counts.tray_from -= used(limits.tray, left.tray);
        counts.cleaned_at -= used(limits.cleaning, left.cleaning);
        counts.rest_from -= used(limits.rest().map(|(cards, _)| cards), left.rest);
        counts.rests_since = rests_until.zip(limits.rest()).map(|(until, (_, lasts))| until.minus(lasts));
        counts.day_since = day_until.filter(|_| limits.cards_a_day.is_some()).map(|until| until.minus(DAY));
        if counts.day_since.is_some() {
            counts.day_from -= used(limits.cards_a_day, left.day);
        }
        supplies
    }

    /// Of another device: what it has is counted from now on.
    #[must_use]
    pub fn begun_again(&self) -> Self {
        let is_counted = self.limits != Limits::default();
        if is_counted { Self { limits: Limits::default(), ..*self }.limited(self.limits) } else { *self }
    }

    /// Corrected by what a person says. A ribbon gives no more cards than a new one.
    #[must_use]
    pub fn said(&self, said: Said) -> Self {
        let mut counts = self.counts;
        if let Some(cards) = said.ribbon {
            let cards = cards.min(self.limits.ribbon_cards().unwrap_or(cards)).max(0);
            // What the printer reported before was of another ribbon, or was wrong.
            (counts.ribbon_until, counts.ribbon_level) = (self.fed.saturating_add(cards), None);
        }
        if let Some(cards) = said.tray {
            counts.tray_from = self.fed.saturating_sub(cards.max(0));
        }
        if said.is_cleaned {
            counts.cleaned_at = self.fed;
        }
        Self { counts, ..*self }
    }

    /// With another ribbon, of which nothing more is known: the printer asked for one, and does no more.
    #[must_use]
    pub fn another_ribbon(&self) -> Option<Self> {
        let ribbon_until = self.fed.saturating_add(self.limits.ribbon_cards()?);
        Some(Self { counts: Counts { ribbon_until, ribbon_level: None, ..self.counts }, ..*self })
    }

    /// Corrected by the percentage that the printer reports of its ribbon: a level that is ten points higher than before is
    /// another ribbon, and a lower one counts if it is less than what was counted. `None`: nothing has changed.
    #[must_use]
    pub fn reported(&self, percent: u8) -> Option<Self> {
        let cards = self.limits.ribbon_cards()?;
        if self.counts.ribbon_level == Some(percent) {
            return None;
        }
        let until = self.fed.saturating_add(cards.saturating_mul(percent.into()) / 100);
        let is_another =
            self.counts.ribbon_level.is_some_and(|before| percent >= before.saturating_add(ANOTHER_RIBBON));
        let ribbon_until = if is_another { until } else { until.min(self.counts.ribbon_until) };
        Some(Self { counts: Counts { ribbon_until, ribbon_level: Some(percent), ..self.counts }, ..*self })
    }
}

fn limits_rest(supplies: &Supplies) -> Option<Duration> {
    supplies.limits.rest().map(|(_, lasts)| lasts)
}

/// The mean time of a printer's cards in milliseconds, after one more card that nothing interrupted. Recent cards count more, and
/// one card changes it by no more than a half.
pub fn learned(mean_ms: Option<i64>, card: Duration) -> i64 {
    /// From one tenth of a second to an hour.
    const RANGE_MS: std::ops::RangeInclusive<i64> = 100..=3_600_000;
    let card_ms = i64::try_from(card.as_millis()).unwrap_or(i64::MAX).clamp(*RANGE_MS.start(), *RANGE_MS.end());
    match mean_ms {
        None => card_ms,
        Some(mean) => {
            (mean + (card_ms.min(mean.saturating_mul(5)) - mean) / 8).clamp(*RANGE_MS.start(), *RANGE_MS.end())
        }
    }
}
