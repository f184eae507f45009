//! Printers, as they were last seen.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Query};
use crate::{
    domain::{
        batch::BatchState,
        breaker::Breaker,
        id::{BatchId, CountId},
        natural::natural_order,
        owner::Presence,
        pause::Pause,
        permission::Operation,
        printer::{Printer, PrinterSetting, plain_uri},
        printer_reason::{Advice, advise},
        record::RecordState,
        refusal::Refusal,
        standing::{Seen, Standing, standing},
        supply::{Left, Limits},
        time::Timestamp,
    },
    engine::operations::RecordName,
    store::{BalanceLine, BatchLine, PersonRule, RecordCount, Tx},
};

/// How far back the cards of a printer are counted, so that the yield of a night is whole in the morning.
pub(super) const COUNTED: Duration = Duration::from_hours(24);

/// Asks for all printers in use, by name: at most [`PRINTERS_MAX`](crate::domain::printer::PRINTERS_MAX).
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPrinters {}

/// One printer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PrinterLine {
    /// Its name.
    pub name: String,
    /// Where it is, without secrets.
    pub uri: String,
    /// The profile whose cards it prints.
    pub profile: String,
    /// The capacity of its hopper, if the hopper is counted.
    pub hopper: Option<i64>,
    /// The free and the reserved blanks in it, of all types, if it is counted.
    pub hopper_blanks: Option<i64>,
    /// The count of its blank type during which they are hidden from the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_by: Option<CountId>,
    /// As last seen: `unknown`, `idle`, `processing`, `stopped`, `unreachable`.
    #[schemars(extend("enum" = ["unknown", "idle", "processing", "stopped", "unreachable"]))]
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
    /// What it is doing, or why it prints nothing.
    pub standing: Standing,
    /// What it would be doing without the pause, or why it would print nothing: a fault stays while printing is paused. None if it is not
    /// paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beneath: Option<Standing>,
    /// The record whose card it prints; none if it prints none, or a test card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printing: Option<RecordName>,
    /// Good cards of the last 24 hours, counted in quarters of an hour.
    pub cards_24h: i64,
    /// Spoiled blanks of the same time.
    pub spoiled_24h: i64,
    /// Its limits, as people set them.
    #[serde(default)]
    pub limits: Limits,
    /// What is left of them.
    #[serde(default)]
    pub left: Left,
    /// The mean time of its cards in milliseconds: as they have shown it, else as people set it.
    #[serde(default)]
    pub card_ms: Option<i64>,
}

impl Query for ListPrinters {
    type Answer = Vec<PrinterLine>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Vec<PrinterLine>, EngineError> {
        let mut tx = engine.store.read().await?;
        let facts = Facts::read(engine, &mut tx).await?;
        read(engine, &mut tx, &facts).await
    }
}

/// Asks for what people set of one printer. What it is doing is in [`ListPrinters`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowPrinter {
    /// The printer.
    pub printer: String,
}

impl Query for ShowPrinter {
    type Answer = PrinterSetting;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<PrinterSetting, EngineError> {
        let found = engine.store.read().await?.printer_get(&self.printer).await?;
        Ok(found.ok_or(Refusal::NoPrinter { printer: self.printer })?.setting())
    }
}

/// What the printers' lines are read from, beside the printers. It is as large as there are printers, types and districts.
pub(super) struct Facts {
    pub(super) counts: Vec<RecordCount>,
    pub(super) pauses: Vec<Pause>,
    pub(super) balances: Vec<BalanceLine>,
    pub(super) batches: Vec<BatchLine>,
    /// Printer, outcome and number of the attempts that ended in the last day.
    pub(super) outcomes: Vec<(String, String, i64)>,
    /// The profiles whose persons are being rekeyed.
    pub(super) rekeyed: BTreeSet<String>,
    in_doubt: bool,
    is_scheduled: bool,
}

impl Facts {
    pub(super) async fn read(engine: &Engine, tx: &mut Tx) -> Result<Self, EngineError> {
        let (pauses, doubt) = tx.feeding_stops().await?;
        let of_folder = engine.owners.presence(None);
        let is_scheduled = if engine.store.is_shared() {
            of_folder == Presence::There || tx.node_list().await?.iter().any(|node| node.lease_left_ms > 0)
        } else {
            of_folder != Presence::Gone
        };
        let rules = tx.person_rules().await?;
        let is_rekeyed = |(profile, rule): (String, PersonRule)| rule.next.map(|_| profile);
        Ok(Self {
            rekeyed: rules.into_iter().filter_map(is_rekeyed).collect(),
            counts: tx.record_counts().await?,
            pauses,
            balances: tx.balance_list().await?,
            batches: tx.batch_list(true, i64::MAX, i64::MAX).await?,
            outcomes: tx.printer_outcomes(engine.clock.now().minus(COUNTED), Timestamp(i64::MAX)).await?,
            in_doubt: doubt.is_some(),
            is_scheduled,
        })
    }

    /// The records of a profile that wait.
    pub(super) fn waiting(&self, profile: &str) -> i64 {
        let of = |count: &&RecordCount| count.profile == profile && count.state == RecordState::Waiting.as_str();
        self.counts.iter().filter(of).map(|count| count.count).sum()
    }

    /// The free blanks of a type for a printer: those in its hopper if it is counted, else those in the vault.
    fn blanks(&self, printer: &Printer, blank_type: &str) -> i64 {
        let (account, place) = if printer.hopper.is_some() { ("hopper", &*printer.name) } else { ("vault", "") };
        let of =
            |line: &&BalanceLine| (&*line.blank_type, &*line.account, &*line.place) == (blank_type, account, place);
        self.balances.iter().filter(of).map(|line| line.quantity).sum()
    }

    /// What a counted hopper holds: a batch has reserved some of it.
    pub(super) fn hopper_blanks(&self, printer: &str) -> i64 {
        let is_in = |line: &&BalanceLine| matches!(&*line.account, "hopper" | "reserved") && line.place == printer;
        self.balances.iter().filter(is_in).map(|line| line.quantity).sum()
    }

    fn batch(&self, printer: &str) -> Option<(BatchId, BatchState)> {
        let batch = self.batches.iter().find(|batch| batch.printer == printer)?;
        Some((BatchId(batch.id), batch.state.parse().ok()?))
    }
}

pub(super) async fn read(engine: &Engine, tx: &mut Tx, facts: &Facts) -> Result<Vec<PrinterLine>, EngineError> {
    let now = engine.clock.now();
    let count = |printer: &str, state: &str| {
        facts.outcomes.iter().find(|(p, s, _)| p == printer && s == state).map_or(0, |(_, _, n)| *n)
    };
    let printers = tx.printer_list().await?;
    let names: Vec<&str> = printers.iter().map(|printer| &*printer.name).collect();
    let sent = tx.requests_in_printers(&names).await?.into_iter();
    let sent: HashMap<String, RecordName> =
        sent.map(|(printer, source, request_id)| (printer, RecordName { source, request_id })).collect();
    let newest = tx.newest_instant().await?;
    let mut lines: Vec<PrinterLine> = printers
        .into_iter()
        .map(|p| {
            let profile = engine.profile(&p.profile).ok();
            let blank_type = profile.as_ref().map(|profile| &*profile.blank_type);
            let seen = Seen {
                name: &p.name,
                state: &p.state,
                breaker: p.breaker,
                has_card: sent.contains_key(&p.name),
                batch: facts.batch(&p.name),
                blank_type,
                blanks: blank_type.map_or(0, |blank_type| facts.blanks(&p, blank_type)),
                stop: p.supplies.stop(0, now),
                waiting: facts.waiting(&p.profile),
                is_rekeyed: facts.rekeyed.contains(&p.profile),
                is_scheduled: facts.is_scheduled,
                in_doubt: facts.in_doubt,
                newest,
                pauses: &facts.pauses,
                windows: engine.broken.settings.is_empty().then_some(&*engine.settings.windows),
            };
            let now_is = standing(&seen, now);
            let is_paused = matches!(now_is, Standing::Paused { .. });
            let hopper_blanks = p.hopper.map(|_| facts.hopper_blanks(&p.name));
            PrinterLine {
                printing: sent.get(&p.name).filter(|_| now_is == Standing::Printing).cloned(),
                standing: now_is,
                beneath: is_paused.then(|| standing(&Seen { pauses: &[], ..seen }, now)),
                uri: plain_uri(&p.uri),
                paused: facts.pauses.iter().any(|pause| pause.scope.applies(&p.name, None)),
                cards_24h: count(&p.name, "printed"),
                spoiled_24h: count(&p.name, "spoiled"),
                limits: p.supplies.limits,
                left: p.supplies.left(now),
                card_ms: p.card_time().and_then(|time| i64::try_from(time.as_millis()).ok()),
                breaker: p.breaker,
                name: p.name,
                node: p.node,
                profile: p.profile,
                hopper: p.hopper,
                hopper_blanks,
                hidden_by: None,
                state: p.state,
                advice: p.reasons.iter().map(|reason| advise(reason)).collect(),
                reasons: p.reasons,
                declared_over: p.acknowledged_reasons,
            }
        })
        .collect();
    lines.sort_by(|a, b| natural_order(&a.name, &b.name));
    Ok(lines)
}
