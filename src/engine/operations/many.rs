//! Acts on many records: each has its own outcome and its own event, and a refused one does not stop the others.
//!
//! An act is one transaction of at most [`RECORDS_MAX`] records, so that printing waits for it no longer than for a batch. Surfaces split
//! longer lists.

use serde::{Deserialize, Serialize};

use super::{
    act::{Act, RecordName, find_record},
    correction::RestoreRecord,
    priority,
    record::released,
};
use crate::{
    domain::{
        card_out::ReturnCause,
        correction::withdraw_by_person,
        district,
        permission::{Operation, Permit},
        record,
        refusal::Refusal,
        transition::Transition,
        value::{DistrictName, Document, InvalidValue, Note},
    },
    engine::{Engine, EngineError, sent_elsewhere::SentElsewhere},
    store::Tx,
};

/// How many records one act may name.
pub const RECORDS_MAX: usize = 100;

/// That an act names none, or more.
const OUT_OF_RANGE: InvalidValue = InvalidValue::OutOfRange { least: 1, most: 100 };

/// The records of an act: 1 to [`RECORDS_MAX`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "Vec<RecordName>", into = "Vec<RecordName>")]
#[schemars(extend("minItems" = 1, "maxItems" = RECORDS_MAX))]
pub struct RecordNames(Vec<RecordName>);

impl TryFrom<Vec<RecordName>> for RecordNames {
    type Error = InvalidValue;

    fn try_from(names: Vec<RecordName>) -> Result<Self, InvalidValue> {
        let is_in_range = (1..=RECORDS_MAX).contains(&names.len());
        is_in_range.then_some(Self(names)).ok_or(OUT_OF_RANGE)
    }
}

impl From<RecordNames> for Vec<RecordName> {
    fn from(names: RecordNames) -> Self {
        names.0
    }
}

/// What became of one record of an act.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordOutcome {
    /// The record.
    pub record: RecordName,
    /// Why it was refused; none if the act was done.
    pub refusal: Option<Refusal>,
}

/// Keeps records off the waiting list, each by itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct HoldRecords {
    /// The records.
    pub records: RecordNames,
    /// Why.
    pub note: Note,
}

impl Act for HoldRecords {
    type Answer = Vec<RecordOutcome>;
    const OPERATION: Operation = Operation::RecordHold;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Vec<RecordOutcome>, EngineError> {
        each(engine, permit.covers(Self::OPERATION)?, self.records, Deed::Hold(self.note)).await
    }
}

/// Puts held or quarantined records on the waiting list, each by itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReleaseRecords {
    /// The records.
    pub records: RecordNames,
    /// Why.
    pub note: Note,
}

impl Act for ReleaseRecords {
    type Answer = Vec<RecordOutcome>;
    const OPERATION: Operation = Operation::RecordRelease;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Vec<RecordOutcome>, EngineError> {
        each(engine, permit.covers(Self::OPERATION)?, self.records, Deed::Release(self.note)).await
    }
}

/// A person found cards good, each by itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CheckCards {
    /// The records.
    pub records: RecordNames,
}

impl Act for CheckCards {
    type Answer = Vec<RecordOutcome>;
    const OPERATION: Operation = Operation::CardCheck;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Vec<RecordOutcome>, EngineError> {
        each(engine, permit.covers(Self::OPERATION)?, self.records, Deed::Check).await
    }
}

/// What is done with each record.
pub(super) enum Deed {
    Hold(Note),
    Release(Note),
    Check,
    Send(DistrictName, Document),
    Receive(ReturnCause, Note),
    HandOverIn(DistrictName),
    PutFirst(Note),
    PutBack(Note),
    /// Two people do it, in another way; this tries it.
    Withdraw(Note),
    /// The same.
    Restore(Note),
}

/// Does it with each record in turn, in one transaction.
pub(super) async fn each(
    engine: &Engine,
    permit: &Permit,
    records: RecordNames,
    deed: Deed,
) -> Result<Vec<RecordOutcome>, EngineError> {
    let mut tx = engine.write(permit).await?;
    let outcomes = decide_each(engine, &mut tx, records.0, &deed).await?;
    tx.commit_with(&outcomes).await?;
    Ok(outcomes)
}

/// Decides each record in turn. Each is saved before the next one is decided, because two may be of one person, or be the same.
pub(super) async fn decide_each(
    engine: &Engine,
    tx: &mut Tx,
    records: Vec<RecordName>,
    deed: &Deed,
) -> Result<Vec<RecordOutcome>, EngineError> {
    let sent = match deed {
        Deed::Release(_) => SentElsewhere::read(engine, tx, true).await?,
        Deed::Hold(_)
        | Deed::Check
        | Deed::Send(..)
        | Deed::Receive(..)
        | Deed::HandOverIn(_)
        | Deed::PutFirst(_)
        | Deed::PutBack(_)
        | Deed::Withdraw(_)
        | Deed::Restore(_) => SentElsewhere::default(),
    };
    let mut outcomes = Vec::with_capacity(records.len());
    for record in records {
        let refusal = match decide(engine, tx, &sent, &record, deed).await {
            Ok(transition) => {
                tx.save(vec![transition]).await?;
                None
            }
            Err(EngineError::Refused(refusal)) => Some(refusal),
            Err(error) => return Err(error),
        };
        outcomes.push(RecordOutcome { record, refusal });
    }
    Ok(outcomes)
}

/// What would be saved of one record.
pub(super) async fn decide(
    engine: &Engine,
    tx: &mut Tx,
    sent: &SentElsewhere,
    name: &RecordName,
    deed: &Deed,
) -> Result<Transition, EngineError> {
    let id = find_record(tx, name).await?;
    let view = tx.record_view(id).await?;
    Ok(match deed {
        Deed::Hold(note) => record::hold(&view, note.as_str())?,
        Deed::Release(note) => released(engine, tx, sent, name, (&view, note)).await?,
        Deed::Check => record::check(&view)?,
        Deed::Send(to, document) => district::send(&view, to.as_str(), document.as_str())?,
        Deed::Receive(cause, note) => district::receive(&view, *cause, note.as_str())?,
        Deed::HandOverIn(place) => district::hand_over_in(&view, place.as_str())?,
        Deed::PutFirst(note) => priority::first(tx, &view, note).await?,
        Deed::PutBack(note) => priority::back(engine, tx, &view, note).await?,
        Deed::Withdraw(note) => withdraw_by_person(&view, note.as_str())?,
        Deed::Restore(note) => {
            RestoreRecord { record: name.clone(), note: note.clone() }.transition(engine, tx, &view).await?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_names_1_to_100_records() {
        for (number, is_one) in [(0, false), (1, true), (100, true), (101, false)] {
            let name = RecordName { source: "default".into(), request_id: "r1".into() };
            assert_eq!(RecordNames::try_from(vec![name; number]).is_ok(), is_one, "{number}");
        }
        let InvalidValue::OutOfRange { least: 1, most } = OUT_OF_RANGE else { panic!("{OUT_OF_RANGE:?}") };
        assert_eq!(usize::try_from(most), Ok(RECORDS_MAX));
    }
}
