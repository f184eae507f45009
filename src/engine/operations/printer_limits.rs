//! The limits of printers, and what people say of their supplies.

use serde::{Deserialize, Serialize};

use super::{
    act::Act,
    printer::{no_printer, subject},
};
use crate::{
    domain::{
        audit::Event,
        permission::{Operation, Permit},
        printer::Printer,
        refusal::Refusal,
        supply::{Left, Limits, Said},
        value::{Limit, RibbonYield},
    },
    engine::{Engine, EngineError},
    store::{StoreError, Tx},
};

/// Sets limits of a printer, and whether it keeps a lane; what is not named stays, and 0 ends a limit. What is counted from now on begins with a new ribbon, an
/// empty tray, and a clean and rested printer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SetPrinterLimits {
    /// The printer.
    pub printer: String,
    /// The cards that its output tray takes.
    #[serde(default)]
    pub tray: Option<Limit>,
    /// The cards that a ribbon is rated for.
    #[serde(default)]
    pub ribbon: Option<Limit>,
    /// The percentage of these cards that a ribbon really gives.
    #[serde(default)]
    pub ribbon_yield: Option<RibbonYield>,
    /// The seconds that a card takes, until the printer's own cards have shown it.
    #[serde(default)]
    pub seconds_per_card: Option<Limit>,
    /// The cards from one cleaning to the next.
    #[serde(default)]
    pub cleaning: Option<Limit>,
    /// The cards after which it rests.
    #[serde(default)]
    pub rest_after: Option<Limit>,
    /// The minutes of that rest.
    #[serde(default)]
    pub rest_minutes: Option<Limit>,
    /// The most cards within 24 hours, which begin with the first of them.
    #[serde(default)]
    pub cards_a_day: Option<Limit>,
    /// Whether it keeps a lane for walk-ins: one joins the front of its batch, and is the next card after those in the printer.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("enum" = ["on", "off", null]))]
    pub walk_in_lane: Option<WalkInLane>,
}

/// Whether a printer keeps a lane for walk-ins.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WalkInLane {
    /// It does.
    On,
    /// It does not.
    Off,
}

impl Act for SetPrinterLimits {
    /// What is left now.
    type Answer = Left;
    const OPERATION: Operation = Operation::PrinterManage;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Left, EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let before = read(&mut tx, &self.printer).await?;
        let limits = self.limits(before.supplies.limits);
        if limits.rest_after.is_some() != limits.rest_minutes.is_some() {
            return Err(Refusal::RestIncomplete { printer: before.name }.into());
        }
        if limits == before.supplies.limits {
            return Err(Refusal::PrinterUnchanged { printer: before.name }.into());
        }
        let after = before.supplies.limited(limits);
        tx.printer_limit(&before.name, &before.supplies, &after).await?;
        tx.audit(event(&before.name, &before.supplies.limits, &limits));
        let left = after.left(tx.now());
        tx.commit_with(&left).await?;
        Ok(left)
    }
}

impl SetPrinterLimits {
    fn limits(&self, before: Limits) -> Limits {
        let set = |limit: Option<Limit>, before: Option<i64>| limit.map_or(before, |limit| nonzero(limit.get()));
        Limits {
            tray: set(self.tray, before.tray),
            ribbon: set(self.ribbon, before.ribbon),
            ribbon_yield: self.ribbon_yield.map_or(before.ribbon_yield, |percent| nonzero(percent.get())),
            seconds_per_card: set(self.seconds_per_card, before.seconds_per_card),
            cleaning: set(self.cleaning, before.cleaning),
            rest_after: set(self.rest_after, before.rest_after),
            rest_minutes: set(self.rest_minutes, before.rest_minutes),
            cards_a_day: set(self.cards_a_day, before.cards_a_day),
            walk_in_lane: self.walk_in_lane.map_or(before.walk_in_lane, |lane| lane == WalkInLane::On),
        }
    }
}

fn nonzero(number: i64) -> Option<i64> {
    (number > 0).then_some(number)
}

/// Says what is in a printer. What is not named stays as it was counted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SayPrinterSupplies {
    /// The printer.
    pub printer: String,
    /// The cards that its ribbon still gives; a new one gives no more than its limit says.
    #[serde(default)]
    pub ribbon_left: Option<Limit>,
    /// The cards in its output tray.
    #[serde(default)]
    pub in_tray: Option<Limit>,
    /// It was cleaned.
    #[serde(default)]
    pub cleaned: bool,
}

impl Act for SayPrinterSupplies {
    /// What is left now.
    type Answer = Left;
    const OPERATION: Operation = Operation::HopperLoad;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Left, EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let Printer { name, supplies: before, .. } = read(&mut tx, &self.printer).await?;
        let limits = &before.limits;
        let said = [
            (self.ribbon_left.is_some(), limits.ribbon),
            (self.in_tray.is_some(), limits.tray),
            (self.cleaned, limits.cleaning),
        ];
        if said.iter().all(|(is_said, _)| !is_said) {
            return Err(Refusal::NothingSaid { printer: name }.into());
        }
        if said.iter().any(|(is_said, limit)| *is_said && limit.is_none()) {
            return Err(Refusal::SupplyNotCounted { printer: name }.into());
        }
        let (ribbon, tray) = (self.ribbon_left.map(Limit::get), self.in_tray.map(Limit::get));
        let after = before.said(Said { ribbon, tray, is_cleaned: self.cleaned });
        // Nothing is to be saved if it was counted so already.
        if after != before && tx.supplies_count(&[(&name, &before, &after)]).await?.is_empty() {
            return Err(StoreError::Conflict("the printer").into());
        }
        let mut event = Event::new("printer.supplies", subject(&name));
        for (key, cards) in [("ribbon", ribbon), ("tray", tray), ("cleaned", self.cleaned.then_some(1))] {
            if let Some(cards) = cards {
                event = event.with(key, cards);
            }
        }
        tx.audit(event);
        let left = after.left(tx.now());
        tx.commit_with(&left).await?;
        Ok(left)
    }
}

async fn read(tx: &mut Tx, name: &str) -> Result<Printer, EngineError> {
    tx.printer_get(name).await?.ok_or_else(|| no_printer(name).into())
}

/// The old and the new value of each limit that changed; 0 for one that is not counted.
fn event(name: &str, before: &Limits, after: &Limits) -> Event {
    let lane = |limits: &Limits| limits.walk_in_lane.then_some(1);
    let changes = [
        (["tray_was", "tray"], before.tray, after.tray),
        (["ribbon_was", "ribbon"], before.ribbon, after.ribbon),
        (["ribbon_yield_was", "ribbon_yield"], before.ribbon_yield, after.ribbon_yield),
        (["seconds_per_card_was", "seconds_per_card"], before.seconds_per_card, after.seconds_per_card),
        (["cleaning_was", "cleaning"], before.cleaning, after.cleaning),
        (["rest_after_was", "rest_after"], before.rest_after, after.rest_after),
        (["rest_minutes_was", "rest_minutes"], before.rest_minutes, after.rest_minutes),
        (["cards_a_day_was", "cards_a_day"], before.cards_a_day, after.cards_a_day),
        (["walk_in_lane_was", "walk_in_lane"], lane(before), lane(after)),
    ];
    let different = changes.into_iter().filter(|(_, before, after)| before != after);
    different.fold(Event::new("printer.limits", subject(name)), |event, ([was, is], before, after)| {
        event.with(was, before.unwrap_or(0)).with(is, after.unwrap_or(0))
    })
}
