//! For how many days the blanks of each type last.

use serde::{Deserialize, Serialize};

use super::{
    Engine, EngineError,
    printers::{COUNTED, Facts, PrinterLine},
    stock::Totals,
};
use crate::{
    domain::{cover::days_of_cover, states::AttemptState, time::Timestamp},
    store::{Tx, quarter_of},
};

/// The accounts whose blanks a card can still be printed on.
const USABLE: [&str; 3] = ["vault", "hopper", "reserved"];

/// The outcomes of an attempt that has used a blank.
const USED: [AttemptState; 3] = [AttemptState::Printed, AttemptState::Spoiled, AttemptState::Uncertain];

/// For how many days the blanks of a type last.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cover {
    /// The type.
    pub blank_type: String,
    /// Those in the vault and in hoppers; those that are reserved for batches are among them.
    pub usable: i64,
    /// Those that attempts have used in the last seven days.
    pub used: i64,
    /// The whole days for which they last if as many are used each day as on average in that time, or since the first that was used in it; none
    /// if none was used.
    pub days: Option<i64>,
}

pub(super) async fn read(
    engine: &Engine,
    tx: &mut Tx,
    facts: &Facts,
    (printers, totals): (&[PrinterLine], &Totals),
) -> Result<Vec<Cover>, EngineError> {
    let now = engine.clock.now();
    let before = engine.used_before.read(tx, quarter_of(now.minus(COUNTED)), now).await?;
    let blank_type = |profile: &str| engine.profiles.get(profile).map(|profile| profile.blank_type.as_str());
    let profile = |name: &str| printers.iter().find(|printer| printer.name == name).map(|printer| &*printer.profile);
    let cover = |(name, accounts): (&String, &std::collections::BTreeMap<String, i64>)| {
        let older: Vec<_> = before.iter().filter(|used| blank_type(&used.profile) == Some(name)).collect();
        let newer = facts.outcomes.iter().filter(|(printer, state, _)| {
            USED.iter().any(|used| used.as_str() == state) && profile(printer).and_then(blank_type) == Some(name)
        });
        let used = older.iter().map(|used| used.number).chain(newer.map(|(_, _, number)| *number)).sum();
        let first = older.iter().map(|used| used.first_us).min().map_or(now, Timestamp);
        let usable = USABLE.iter().filter_map(|account| accounts.get(*account)).sum();
        Cover { blank_type: name.clone(), usable, used, days: days_of_cover(usable, used, first, now) }
    };
    Ok(totals.iter().map(cover).collect())
}
