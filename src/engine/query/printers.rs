//! Printers, as they were last seen.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Query};
use crate::{
    domain::{
        breaker::Breaker,
        pause::Pause,
        permission::Operation,
        printer_reason::{Advice, advise},
        time::day_start,
    },
    engine::operations::plain_uri,
    store::Tx,
};

/// Asks for all printers in use, by name: at most [`PRINTERS_MAX`](crate::domain::printer::PRINTERS_MAX).
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListPrinters {}

/// One printer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PrinterLine {
    /// Its name.
    pub name: String,
    /// Where it is, without secrets.
    pub uri: String,
    /// The profile whose cards it prints.
    pub profile: String,
    /// As last seen: `unknown`, `idle`, `processing`, `stopped`, `unreachable`.
    pub state: String,
    /// IPP keywords, as the printer says them.
    pub reasons: Vec<String>,
    /// What each of them means, and who must act.
    pub advice: Vec<Advice>,
    /// Those that an operator declared to be over, though the printer still gives them.
    pub declared_over: Vec<String>,
    /// `closed` if the printer may get a card.
    pub breaker: Breaker,
    /// It, or the whole queue, is paused.
    pub paused: bool,
    /// The node that feeds it, where several share the database.
    pub node: Option<String>,
    /// Good cards since midnight.
    pub cards_today: i64,
    /// Spoiled blanks since midnight.
    pub spoiled_today: i64,
}

impl Query for ListPrinters {
    type Answer = Vec<PrinterLine>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Vec<PrinterLine>, EngineError> {
        let mut tx = engine.store.read().await?;
        let pauses = tx.pause_list().await?;
        read(engine, &mut tx, &pauses).await
    }
}

pub(super) async fn read(engine: &Engine, tx: &mut Tx, pauses: &[Pause]) -> Result<Vec<PrinterLine>, EngineError> {
    let today = tx.printer_outcomes(day_start(engine.clock.now(), &engine.settings.zone)).await?;
    let count = |printer: &str, state: &str| {
        today.iter().find(|(p, s, _)| p == printer && s == state).map_or(0, |(_, _, n)| *n)
    };
    let is_paused = |printer: &str| pauses.iter().any(|pause| pause.scope.applies(printer, None));
    let printers = tx.printer_list().await?.into_iter().map(|p| PrinterLine {
        uri: plain_uri(&p.uri),
        paused: is_paused(&p.name),
        cards_today: count(&p.name, "printed"),
        spoiled_today: count(&p.name, "spoiled"),
        breaker: p.breaker,
        name: p.name,
        node: p.node,
        profile: p.profile,
        state: p.state,
        advice: p.reasons.iter().map(|reason| advise(reason)).collect(),
        reasons: p.reasons,
        declared_over: p.acknowledged_reasons,
    });
    Ok(printers.collect())
}
