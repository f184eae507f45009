//! The morning after a night: what was printed and where it lies, what happened, who must do what, what was planned, what is left.

use std::{collections::HashMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    Engine, EngineError, Query,
    needs::{self, Need},
    night::{Night, ShowNight, nights},
    night_plan::{NightPlan, PlanBand, PlannedPrinter},
    office,
    printers::{self, Facts, PrinterLine},
};
use crate::{
    domain::{
        breaker::Breaker,
        halt::Halt,
        lost_time::{Change, Condition, LostTime, fault, lost_time},
        pause::PauseScope,
        permission::Operation,
        printer_reason::still_acknowledged,
        standing::Standing,
        states::AttemptState,
        supply::Counts,
        time::{Day, Timestamp},
    },
    store::{BatchLine, PrinterEvent, Tx},
};

/// The newest batches of which the piles of a night are found, and the most piles and events in a report.
const BATCHES_LOOKED: i64 = 1_000;
const LISTED_MAX: usize = 200;
/// A plan that began this much later than its night is still its plan.
const PLAN_AFTER: Duration = Duration::from_mins(15);

/// Asks for the report of the night that began last, or of that of another evening.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportNight {
    /// Its evening; that of the night that began last, if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub night: Option<Day>,
}

/// The report of a night.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NightReport {
    /// Cards and blanks by printer.
    pub night: Night,
    /// The piles of good cards at the printers, oldest first.
    pub piles: Vec<NightPile>,
    /// What happened to printers and pauses, oldest first.
    pub happened: Vec<Happened>,
    /// Whether there was more of both than is listed.
    pub is_cut: bool,
    /// What waits for a person now; nothing is told of it, or of what is left, in the report of an earlier night.
    pub needs: Vec<Need>,
    /// What was planned before the night; none if no scheduler ran when it began.
    pub plan: Option<PlanTruth>,
    /// The records that wait, by profile and class, those in batches too.
    pub left: Vec<LeftInClass>,
    /// The free blanks by place.
    pub blanks: Vec<BlanksLeft>,
}

/// A pile of good cards, in the order in which they lie.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NightPile {
    /// The printer.
    pub printer: String,
    /// The batch that it is.
    pub batch: i64,
    /// Its good cards.
    pub printed: i64,
    /// The districts by which it is sorted, in their order, each with its cards. In a district it is sorted by village.
    pub districts: Vec<PileDistrict>,
    /// Whether the batch goes on.
    pub is_open: bool,
}

/// The cards of a district in a pile.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PileDistrict {
    /// The district; empty if the cards have none.
    pub district: String,
    /// Its cards.
    pub cards: i64,
}

/// Something that happened in the night.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Happened {
    /// When, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// Noun and verb, as in the audit: `printer.seen`.
    pub act: String,
    /// The printer, the batch or the queue.
    pub subject: String,
    /// The state or the reasons that were seen, or what a person said; of supplies each with its cards: `ribbon 500, tray 0, cleaned`.
    pub detail: String,
    /// The person or program.
    pub actor: String,
}

/// What was planned, and what became of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlanTruth {
    /// When it was planned, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub made_at: String,
    /// Until when, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub to: String,
    /// The good cards that were planned.
    pub planned: PlanBand,
    /// The good cards that there are, of the time that was planned, and made after it was planned.
    pub printed: i64,
    /// Each printer, by name.
    pub printers: Vec<PrinterTruth>,
}

/// What was planned for a printer, and what became of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PrinterTruth {
    /// The printer.
    pub printer: String,
    /// The good cards that were planned.
    pub planned: PlanBand,
    /// Its good cards of that time.
    pub printed: i64,
    /// Its spoiled blanks of that time.
    pub spoiled: i64,
    /// What it does now, or why it prints nothing; none if it was removed, or the night is an earlier one.
    pub standing: Option<Standing>,
    /// The time in which it could not print, by its cause, the longest first.
    pub lost: Vec<LostTime>,
}

/// Records that are left.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LeftInClass {
    /// Their profile.
    pub profile: String,
    /// Their class.
    pub class: i64,
    /// How many.
    pub records: i64,
}

/// Free blanks that are left.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BlanksLeft {
    /// Their type.
    pub blank_type: String,
    /// The printer in whose hopper they are; none for the vault.
    pub printer: Option<String>,
    /// How many.
    pub blanks: i64,
}

impl Query for ReportNight {
    type Answer = NightReport;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<NightReport, EngineError> {
        let night = ShowNight { night: self.night }.read(engine).await?;
        let instant = |text: &str| Timestamp::parse(text).unwrap_or_default();
        let (since, until) = (instant(&night.since), instant(&night.until));
        let (is_last, now) = (night.next.is_none(), engine.clock.now());
        let mut tx = engine.store.read().await?;
        let facts = Facts::read(engine, &mut tx).await?;
        let printers = printers::read(engine, &mut tx, &facts).await?;
        let (mut piles, events) =
            (piles(&mut tx, since, until).await?, Events::read(&mut tx, since, until, now).await?);
        let plan = match kept(&mut tx, since).await? {
            Some(plan) => {
                let (from, to) = counted(engine, &plan, (since, until), now);
                let ended = tx.attempts_between(from, if to < now { to } else { Timestamp(i64::MAX) }).await?;
                let counts = tx.printer_list().await?.into_iter();
                let counts = counts.map(|printer| (printer.name, printer.supplies.counts)).collect();
                let mut truth = truth(&plan, &ended, (&facts, &printers, &counts), &events, (from, to));
                truth.printers.iter_mut().filter(|_| !is_last).for_each(|printer| printer.standing = None);
                Some(truth)
            }
            None => None,
        };
        let mut happened: Vec<_> = events.of_night.into_iter().map(event).collect();
        let is_cut = piles.len() > LISTED_MAX || happened.len() > LISTED_MAX;
        piles.drain(..piles.len().saturating_sub(LISTED_MAX));
        happened.drain(..happened.len().saturating_sub(LISTED_MAX));
        let mut report = NightReport {
            needs: Vec::new(),
            left: Vec::new(),
            blanks: Vec::new(),
            night,
            piles,
            happened,
            is_cut,
            plan,
        };
        if is_last {
            let left = office::waiting(&mut tx, &facts).await?.into_iter();
            let left = left.map(|of| LeftInClass { profile: of.profile, class: of.class, records: of.records });
            (report.left, report.blanks) = (left.collect(), blanks(&facts));
            report.needs = needs::read(engine, &mut tx, &facts, &printers).await?;
        }
        Ok(report)
    }
}

/// The time of which a plan and what became of it are compared: from its begin, or from when it was made if that was later, until its end,
/// and the last cards where no card starts then.
fn counted(
    engine: &Engine,
    plan: &NightPlan,
    (since, until): (Timestamp, Timestamp),
    now: Timestamp,
) -> (Timestamp, Timestamp) {
    let instant = |text: &str, other| Timestamp::parse(text).unwrap_or(other);
    let to = instant(&plan.to, until);
    let last_cards = if nights(engine).is_open(to) { to } else { until.max(to) };
    (instant(&plan.from, since).max(instant(&plan.made_at, since)), last_cards.min(now))
}

/// What happened to printers and pauses.
struct Events {
    /// In the night, oldest first.
    of_night: Vec<PrinterEvent>,
    /// From its begin until now, if all of that was read.
    since: Option<Vec<PrinterEvent>>,
}

impl Events {
    async fn read(tx: &mut Tx, since: Timestamp, until: Timestamp, now: Timestamp) -> Result<Self, EngineError> {
        let sorted = |mut events: Vec<PrinterEvent>| {
            events.sort_by(|a, b| (Timestamp::parse(&a.at), a.seq).cmp(&(Timestamp::parse(&b.at), b.seq)));
            events
        };
        let (all, is_cut) = tx.events_of_printers(since, None).await?;
        if is_cut && until < now {
            let (of_night, _) = tx.events_of_printers(since, Some(until)).await?;
            return Ok(Self { of_night: sorted(of_night), since: None });
        }
        let all = sorted(all);
        let is_of_night =
            |event: &&PrinterEvent| Timestamp::parse(&event.at).is_some_and(|at| at < until || until == now);
        Ok(Self { of_night: all.iter().filter(is_of_night).cloned().collect(), since: Some(all) })
    }
}

async fn piles(tx: &mut Tx, since: Timestamp, until: Timestamp) -> Result<Vec<NightPile>, EngineError> {
    let batches = tx.batch_list(false, i64::MAX, BATCHES_LOOKED).await?;
    let is_of_night = |batch: &BatchLine| {
        let closed = batch.closed_at.as_deref().and_then(Timestamp::parse);
        let is_before_end = Timestamp::parse(&batch.created_at).is_some_and(|made| made <= until);
        batch.printed > 0 && closed.is_none_or(|closed| closed >= since) && is_before_end
    };
    let batches: Vec<BatchLine> = batches.into_iter().rev().filter(is_of_night).collect();
    let ids: Vec<i64> = batches.iter().map(|batch| batch.id).collect();
    let districts = tx.piles_by_district(&ids).await?;
    let pile = |batch: BatchLine| {
        let of = districts.iter().filter(|(id, ..)| *id == batch.id);
        let districts = of.map(|(_, district, cards)| PileDistrict { district: district.clone(), cards: *cards });
        let districts = districts.collect();
        let is_open = batch.closed_at.is_none();
        let BatchLine { id, printer, printed: cards, .. } = batch;
        NightPile { printer, batch: id, printed: cards, districts, is_open }
    };
    Ok(batches.into_iter().map(pile).collect())
}

fn event(event: PrinterEvent) -> Happened {
    let text = |key: &str| event.details.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    let parts = ["state", "reasons", "was", "is", "note", "reason"].map(text);
    let said = ["ribbon", "tray", "cleaned"].map(|key| (key, text(key))).into_iter().filter_map(|(key, cards)| {
        let is_said = event.act == "printer.supplies" && !cards.is_empty();
        is_said.then(|| if key == "cleaned" { key.to_owned() } else { format!("{key} {cards}") })
    });
    let parts = parts.into_iter().filter(|part| !part.is_empty()).map(str::to_owned);
    let detail = parts.chain(said).collect::<Vec<_>>().join(", ");
    let PrinterEvent { at, act, actor, subject, .. } = event;
    Happened { at, act, subject, detail, actor }
}

/// The plan that was kept for the night, if one was made when it began.
async fn kept(tx: &mut Tx, since: Timestamp) -> Result<Option<NightPlan>, EngineError> {
    let plan = tx.kept_plan(since).await?;
    let plan: Option<NightPlan> = plan.and_then(|plan| serde_json::from_str(&plan).ok());
    let is_of_begin =
        |plan: &NightPlan| Timestamp::parse(&plan.made_at).is_some_and(|made| made.since(since) <= PLAN_AFTER);
    Ok(plan.filter(is_of_begin))
}

/// What became of a plan, with the office as it is now.
fn truth(
    plan: &NightPlan,
    ended: &[(String, String, i64)],
    (facts, printers, counts): (&Facts, &[PrinterLine], &HashMap<String, Counts>),
    events: &Events,
    (from, to): (Timestamp, Timestamp),
) -> PlanTruth {
    let number = |printer: Option<&str>, wanted: AttemptState| {
        let of = ended
            .iter()
            .filter(|(name, state, _)| printer.is_none_or(|printer| printer == name) && state.parse() == Ok(wanted));
        of.map(|(.., number)| number).sum::<i64>()
    };
    let of = |planned: &PlannedPrinter| {
        let name = &planned.printer;
        let printer = printers.iter().find(|line| line.name == *name);
        let declared_over = printer.map(|printer| printer.declared_over.clone()).unwrap_or_default();
        let changes = changes(events.since.as_ref().unwrap_or(&events.of_night), name, declared_over);
        let counts = counts.get(name).copied().unwrap_or_default();
        // Its condition now says something of the night only where all events since are known.
        let known = printer.filter(|_| events.since.is_some());
        let condition = known.map(|printer| condition(facts, printer, &counts)).unwrap_or_default();
        PrinterTruth {
            printer: name.clone(),
            planned: planned.printed,
            printed: number(Some(name), AttemptState::Printed),
            spoiled: number(Some(name), AttemptState::Spoiled),
            standing: printer.map(|line| line.standing.clone()),
            lost: lost_time(&changes, condition, from, to),
        }
    };
    PlanTruth {
        made_at: plan.made_at.clone(),
        to: plan.to.clone(),
        planned: plan.printed,
        printed: number(None, AttemptState::Printed),
        printers: plan.printers.iter().map(of).collect(),
    }
}

/// What keeps a printer from printing now.
fn condition(facts: &Facts, printer: &PrinterLine, counts: &Counts) -> Condition {
    let is_paused = |scope: &PauseScope| facts.pauses.iter().any(|pause| pause.scope == *scope);
    Condition {
        is_queue_paused: is_paused(&PauseScope::Queue),
        is_paused: is_paused(&PauseScope::Printer(printer.name.clone())),
        fault: fault(&printer.state, &printer.reasons, &printer.declared_over),
        is_locked: printer.breaker == Breaker::Locked,
        halt: counts.halt,
        is_resting: counts.rests_since.is_some(),
    }
}

/// The changes of a printer, of those that are on record, in their order.
fn changes(events: &[PrinterEvent], printer: &str, mut declared_over: Vec<String>) -> Vec<(Timestamp, Change)> {
    let subject = format!("printer {printer}");
    if events.iter().any(|event| event.act == "printer.cleared" && event.subject == subject) {
        declared_over.clear(); // declared since
    }
    let mut seen = (String::new(), Vec::new());
    let mut change = |event: &PrinterEvent| {
        let text = |key: &str| event.details.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
        let listed = |key| text(key).split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let is_locked = |key| text(key).parse() == Ok(Breaker::Locked);
        let halt = || Halt::from_code(text("reason"));
        let change = match &*event.act {
            "queue.paused" | "queue.resumed" if event.subject == "queue" => {
                Change::QueuePaused(event.act == "queue.paused")
            }
            _ if event.subject != subject => return None,
            "queue.paused" | "queue.resumed" => Change::Paused(event.act == "queue.paused"),
            "printer.seen" => {
                seen = (text("state").to_owned(), listed("reasons"));
                declared_over = still_acknowledged(&seen.1, &declared_over);
                Change::Seen(fault(&seen.0, &seen.1, &declared_over))
            }
            "printer.cleared" if !seen.0.is_empty() => {
                declared_over = listed("overridden");
                Change::Seen(fault(&seen.0, &seen.1, &declared_over))
            }
            "printer.breaker" => Change::Locked { was: is_locked("was"), is: is_locked("is") },
            "printer.feeding-stopped" => Change::Fed { was: None, is: halt() },
            "printer.feeding-resumed" => Change::Fed { was: halt(), is: None },
            "printer.rests" | "printer.rested" => Change::Rests(event.act == "printer.rests"),
            _ => return None,
        };
        Timestamp::parse(&event.at).map(|at| (at, change))
    };
    events.iter().filter_map(&mut change).collect()
}

fn blanks(facts: &Facts) -> Vec<BlanksLeft> {
    let mut blanks: Vec<BlanksLeft> = Vec::new();
    for line in facts.balances.iter().filter(|line| matches!(&*line.account, "vault" | "hopper")) {
        let printer = (line.account == "hopper").then(|| line.place.clone());
        match blanks.iter_mut().find(|one| one.blank_type == line.blank_type && one.printer == printer) {
            Some(one) => one.blanks += line.quantity,
            None => blanks.push(BlanksLeft { blank_type: line.blank_type.clone(), printer, blanks: line.quantity }),
        }
    }
    blanks
}
