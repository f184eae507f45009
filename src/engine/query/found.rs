//! A record as a counter asks for it: where its card is, or what is missing.

use serde::{Deserialize, Serialize};

use super::{
    Engine, EngineError,
    board::{PauseLine, pause_line},
    printers::{self, Facts, PrinterLine},
};
use crate::{
    domain::{
        audit_row::RecordedEvent,
        card_out::{ProxyDocument, SentCard},
        id::{BatchId, RecordId},
        personal::Person,
        printer_reason,
        standing::Standing,
        time::Timestamp,
    },
    engine::person::open_person,
    store::{BesideLine, JobLine, JobScope, RecordLine, StoreError, StoredOut, Tx},
};

/// How many other requests of a person, and how many events, are shown at most: the newest.
pub(super) const BESIDE_MAX: i64 = 20;
/// How many events of a record are read at most: the newest.
pub(super) const EVENTS_MAX: i64 = 200;
/// How many jobs of a record are read at most.
const JOBS_MAX: i64 = 200;

/// A record with where its card is, or what keeps it from having one.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FoundRecord {
    /// The record.
    pub record: RecordLine,
    /// Its card: that of the newest copy, if it was printed and not rejected.
    pub card: Option<CardFacts>,
    /// Its place in an open batch, or at a printer.
    pub in_hand: Option<InHand>,
    /// The pauses in force that keep its card from being printed, while it has none.
    pub pauses: Vec<PauseLine>,
    /// Other requests of the same person and profile, newest first, at most 20.
    pub beside: Vec<BesideLine>,
}

/// Facts of a card that exists.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CardFacts {
    /// The attempt that printed it.
    pub attempt: String,
    /// Which copy it is, from 1.
    pub copy: i64,
    /// The printer.
    pub printer: String,
    /// The batch.
    pub batch: i64,
    /// When it was printed, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub printed_at: Option<String>,
    /// Who checked it, and when. None if it is not checked, or was checked by an earlier version of the program.
    pub checked: Option<Done>,
    /// Who handed it over, and when; as `checked`.
    pub handed_over: Option<Done>,
    /// Who took it back, and when; as `checked`.
    pub surrendered: Option<Done>,
    /// The district to which it was sent: it is there, or was handed over there.
    pub sent: Option<SentCard>,
    /// What a proxy showed who received it; none if its citizen did, or if it is not handed over.
    pub proxy: Option<ProxyDocument>,
}

/// Who did something, and when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Done {
    /// The name of the person.
    pub by: String,
    /// The instant, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
}

/// A card in a batch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct InHand {
    /// The batch.
    pub batch: i64,
    /// Its printer.
    pub printer: String,
    /// `queued`, `printing` or `uncertain`.
    #[schemars(extend("enum" = ["queued", "printing", "uncertain"]))]
    pub state: String,
    /// How many cards are queued before it in the batch.
    pub before: i64,
    /// The attempt that is open or uncertain.
    pub attempt: Option<String>,
    /// What the printer is doing, or why it prints nothing; none if the card is uncertain.
    pub standing: Option<Standing>,
    /// The state reasons that stop the printer, as it gives them; empty if it prints.
    pub stopped_by: Vec<String>,
}

/// Reads a record as a counter asks for it.
pub(super) async fn found(engine: &Engine, tx: &mut Tx, id: RecordId) -> Result<FoundRecord, EngineError> {
    let record = tx.record_line(id).await?.ok_or(StoreError::Conflict("the record"))?;
    let jobs = tx.job_list(JobScope::Record(id), None, 0, JOBS_MAX).await?;
    let card = match &*record.state {
        "printed" | "handed_over" => {
            let out = tx.card_out(id).await?;
            card(&record, &jobs, &tx.record_events(id, EVENTS_MAX).await?, out)
        }
        _ => None,
    };
    let in_hand = match jobs.last().filter(|job| matches!(&*job.state, "queued" | "printing" | "uncertain")) {
        Some(job) => {
            let batch = tx.batch_line(BatchId(job.batch)).await?;
            let printer = batch.map(|batch| batch.printer).unwrap_or_default();
            let line = if job.state == "uncertain" { None } else { printer_line(engine, tx, &printer).await? };
            Some(InHand {
                batch: job.batch,
                printer,
                state: job.state.clone(),
                before: if job.state == "queued" { tx.queued_before(id).await? } else { 0 },
                attempt: job.attempts.last().filter(|_| job.state != "queued").map(|a| a.id.clone()),
                stopped_by: line.as_ref().map_or_else(Vec::new, stopped_by),
                standing: line.map(|line| line.standing),
            })
        }
        None => None,
    };
    let beside = tx.record_beside_lines(id, BESIDE_MAX).await?;
    let pauses = pauses(tx, &record, in_hand.as_ref()).await?;
    Ok(FoundRecord { record, card, in_hand, pauses, beside })
}

/// The person of a record; `None` if the fields were deleted, or do not open, which `db check --deep` finds.
pub(super) async fn person_of(engine: &Engine, tx: &mut Tx, id: RecordId) -> Result<Option<Person>, EngineError> {
    let body = tx.bodies_get(&[id]).await?.pop();
    Ok(body.and_then(|body| open_person(engine.store.keys(), &body).ok()))
}

/// The pauses that apply to a record that may get a card.
async fn pauses(tx: &mut Tx, record: &RecordLine, in_hand: Option<&InHand>) -> Result<Vec<PauseLine>, EngineError> {
    if !matches!(&*record.state, "waiting" | "held" | "quarantined" | "batched") {
        return Ok(Vec::new());
    }
    let (printer, batch) = in_hand.map_or(("", None), |hand| (&*hand.printer, Some(BatchId(hand.batch))));
    let all = tx.pause_list().await?;
    Ok(all.into_iter().filter(|pause| pause.scope.applies(printer, batch)).map(pause_line).collect())
}

/// A printer as `status` shows it.
async fn printer_line(engine: &Engine, tx: &mut Tx, name: &str) -> Result<Option<PrinterLine>, EngineError> {
    let facts = Facts::read(engine, tx).await?;
    let printers = printers::read(engine, tx, &facts).await?;
    Ok(printers.into_iter().find(|printer| printer.name == name))
}

/// The reasons of a printer for which no card is fed, without those that were declared to be over while it is up.
fn stopped_by(printer: &PrinterLine) -> Vec<String> {
    let is_down = matches!(&*printer.state, "stopped" | "unreachable");
    printer_reason::stopping(&printer.reasons, if is_down { &[] } else { &printer.declared_over })
}

/// The card of the newest printed job, with who did what since it was printed.
fn card(record: &RecordLine, jobs: &[JobLine], events: &[RecordedEvent], out: Option<StoredOut>) -> Option<CardFacts> {
    let job = jobs.iter().rev().find(|job| job.state == "printed")?;
    let attempt = job.attempts.iter().rev().find(|a| a.outcome.as_deref() == Some("printed"))?;
    let since = attempt.ended_at.as_deref().and_then(Timestamp::parse);
    let done = |acts: &[&str], is_done: bool| {
        let event =
            events.iter().rev().find(|event| acts.contains(&&*event.act) && Timestamp::parse(&event.at) >= since)?;
        is_done.then(|| Done { by: event.actor.clone(), at: event.at.clone() })
    };
    Some(CardFacts {
        attempt: attempt.id.clone(),
        copy: job.copy,
        printer: attempt.printer.clone(),
        batch: job.batch,
        printed_at: attempt.ended_at.clone(),
        checked: done(&["card.checked"], record.checked),
        handed_over: done(&["card.handed-over", "card.handed-over-by-proxy"], record.state == "handed_over"),
        surrendered: done(&["card.surrendered"], record.surrendered),
        proxy: out.as_ref().and_then(|out| out.proxy.as_ref()).map(|(document, _)| *document),
        sent: out.and_then(|out| out.sent),
    })
}
