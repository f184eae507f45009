//! The plan of a night, as it is said.

use serde::{Deserialize, Serialize};

use super::needs::Need;
use crate::{
    domain::time::Day,
    simulation::{Activity, Preparation},
};

/// What a night will do.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NightPlan {
    /// When this was said, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub made_at: String,
    /// The evening of the night; none if the plan is of another time.
    #[serde(default)]
    pub night: Option<Day>,
    /// The evening of the night before, if that has not ended.
    #[serde(default)]
    pub previous: Option<Day>,
    /// The evening of the night after, if it can be planned.
    #[serde(default)]
    pub next: Option<Day>,
    /// Its begin, or now if it has begun. What is printed before is not counted.
    #[schemars(extend("format" = "date-time"))]
    pub from: String,
    /// Its end.
    #[schemars(extend("format" = "date-time"))]
    pub to: String,
    /// The records that wait at its begin, in batches too.
    pub waiting: i64,
    /// Good cards.
    pub printed: PlanBand,
    /// Spoiled blanks.
    pub spoiled: PlanBand,
    /// Blanks that are left in the vault and in hoppers.
    pub blanks: PlanBand,
    /// What each printer will do, by name.
    pub printers: Vec<PlannedPrinter>,
    /// What to load, to change, to empty and to clean before, each with what it gains.
    pub loads: Vec<PlannedLoad>,
    /// What all of that gains together.
    pub all_loads: Option<PlanBand>,
    /// What keeps a printer from printing all night, and what settling it gains.
    pub obstacles: Vec<Obstacle>,
    /// What else waits for a decision.
    pub decisions: Vec<Need>,
    /// Who is in and who is out, in the order of the list.
    pub classes: Vec<PlannedClass>,
    /// How many cards of each district, by the shares that they have of the list.
    pub districts: Vec<PlannedDistrict>,
}

/// A tenth of the nights is below the first, half below the second, nine tenths below the third.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlanBand {
    /// The tenth percentile.
    pub p10: i64,
    /// The median.
    pub p50: i64,
    /// The ninetieth percentile.
    pub p90: i64,
}

/// What a printer will do.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedPrinter {
    /// Its name.
    pub printer: String,
    /// Its good cards.
    pub printed: PlanBand,
    /// How it will stand at the end, the likeliest first.
    pub ends: Vec<PlannedEnd>,
}

/// How a printer may stand at the end of a night.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedEnd {
    /// What it does then. If it prints, it does so until the end.
    pub does: Activity,
    /// The share of the nights, 0 to 1.
    pub share: f64,
    /// Since when, in the middle of those nights, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub since: String,
}

/// What to do to a printer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedLoad {
    /// The printer.
    pub printer: String,
    /// What.
    pub what: Preparation,
    /// The blanks that its hopper takes, and the vault has; else the cards until the same is needed again.
    pub cards: i64,
    /// The cards that this gains, after what stands before it for the same printer. If the median is 0, what follows needs it.
    pub gains: PlanBand,
}

/// What keeps a printer from printing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Obstacle {
    /// The printer; none for the whole queue.
    pub printer: Option<String>,
    /// Whether it is paused; else it is locked, or cannot print.
    pub is_paused: bool,
    /// The cards that settling it gains.
    pub gains: PlanBand,
}

/// The records of a class.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedClass {
    /// Its profile.
    pub profile: String,
    /// The class.
    pub class: i64,
    /// How many wait at the begin.
    pub waiting: i64,
    /// How many of the first get a card: the place of the last one in.
    pub printed: PlanBand,
}

/// The records of a district.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedDistrict {
    /// The district.
    pub district: String,
    /// Its cards.
    pub printed: PlanBand,
}
