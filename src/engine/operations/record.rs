//! Records: held, released.

use serde::{Deserialize, Serialize};

use super::act::{Act, RecordName, find_record};
use crate::{
    domain::{
        correction::{RequestBeside, others},
        permission::{Operation, Permit},
        reason::Reason,
        record::{self, RecordView},
        refusal::Refusal,
        transition::Transition,
        value::Note,
    },
    engine::{Engine, EngineError, sent_elsewhere::SentElsewhere},
    store::Tx,
};

/// Keeps a record off the waiting list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct HoldRecord {
    /// The record.
    pub record: RecordName,
    /// Why.
    pub note: Note,
}

impl Act for HoldRecord {
    type Answer = ();
    const OPERATION: Operation = Operation::RecordHold;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let (tx, view) = open(engine, permit.covers(Self::OPERATION)?, &self.record).await?;
        save(tx, record::hold(&view, self.note.as_str())?).await
    }
}

/// Puts a held or quarantined record on the waiting list, unless another request of its person is open, or a printer has a job of
/// it that another database sent and that no person has accepted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReleaseRecord {
    /// The record.
    pub record: RecordName,
    /// Why.
    pub note: Note,
}

impl Act for ReleaseRecord {
    type Answer = ();
    const OPERATION: Operation = Operation::RecordRelease;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let (mut tx, view) = open(engine, permit.covers(Self::OPERATION)?, &self.record).await?;
        let sent = SentElsewhere::read(engine, &mut tx, true).await?;
        let transition = released(engine, &mut tx, &sent, &self.record, (&view, &self.note)).await?;
        save(tx, transition).await
    }
}

/// Decides the release of a record, with the jobs that another database sent.
pub(super) async fn released(
    engine: &Engine,
    tx: &mut Tx,
    sent: &SentElsewhere,
    name: &RecordName,
    (view, note): (&RecordView, &Note),
) -> Result<Transition, EngineError> {
    refuse_sent(engine, sent, name, view)?;
    let beside: Vec<RequestBeside> =
        tx.requests_beside(&[view.id]).await?.into_iter().map(|(_, beside)| beside).collect();
    let replaces = engine.profile(&view.profile)?.kind(&view.kind).is_some_and(|kind| kind.replaces);
    Ok(record::release(view, replaces, &others(&beside), note.as_str())?)
}

/// Refuses to put a record on the waiting list of which a printer has a job that another database sent.
pub(super) async fn refuse_sent_elsewhere(
    engine: &Engine,
    tx: &mut Tx,
    name: &RecordName,
    view: &RecordView,
) -> Result<(), EngineError> {
    refuse_sent(engine, &SentElsewhere::read(engine, tx, true).await?, name, view)
}

fn refuse_sent(engine: &Engine, sent: &SentElsewhere, name: &RecordName, view: &RecordView) -> Result<(), EngineError> {
    if let Some(Reason::SentElsewhere { printer, attempt }) = sent.reason(engine, &name.source, &name.request_id) {
        let (record, printer, attempt) = (view.subject.clone(), printer.clone(), attempt.clone());
        return Err(Refusal::SentElsewhere { record, printer, attempt }.into());
    }
    Ok(())
}

/// Begins an act on one record, with the record as it is then.
pub(super) async fn open(engine: &Engine, permit: &Permit, name: &RecordName) -> Result<(Tx, RecordView), EngineError> {
    let mut tx = engine.write(permit).await?;
    let id = find_record(&mut tx, name).await?;
    let view = tx.record_view(id).await?;
    Ok((tx, view))
}

/// Ends an act on one record.
pub(super) async fn save(mut tx: Tx, transition: Transition) -> Result<(), EngineError> {
    tx.save(vec![transition]).await?;
    Ok(tx.commit().await?)
}
