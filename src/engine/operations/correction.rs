//! Acts that correct what a person did by mistake at a record, and that settle two requests of one person.

use serde::{Deserialize, Serialize};

use super::{
    act::{Act, RecordName, find_record},
    approval::Approval,
    record::refuse_sent_elsewhere,
};
use crate::{
    domain::{
        correction::{
            KeptRequest, RequestBeside, correct_hand_over, duplicate_of, others, restore_by_person, withdraw_by_person,
        },
        import::decision::Admission,
        pending::Target,
        permission::{Operation, Permit},
        reason::{Reason, SealedFault},
        record::{RecordView, release},
        time::parse_date,
        transition::Transition,
        value::Note,
    },
    engine::{Engine, EngineError, person::open_person, printing::card::photo_of, sent_elsewhere::SentElsewhere},
    store::Tx,
};

/// Declares acts on one record that are done alone by the local administrator, or by two people.
macro_rules! alone {
    ($($name:ident $operation:ident;)+) => {
        $(
            impl Act for $name {
                type Answer = ();
                const OPERATION: Operation = Operation::$operation;

                async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
                    let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
                    self.apply(engine, &mut tx, Approval::Alone).await?;
                    Ok(tx.commit().await?)
                }
            }
        )+
    };
}

alone! {
    CorrectHandOver HandOverCorrect;
    WithdrawRecord RecordChange;
    RestoreRecord RecordChange;
    ResolveDuplicate RecordChange;
}

/// A hand-over was booked by mistake: the card is in the office.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CorrectHandOver {
    /// The card's record.
    pub record: RecordName,
    /// Why.
    pub note: Note,
}

impl CorrectHandOver {
    pub(super) async fn target(&self, tx: &mut Tx) -> Result<Target, EngineError> {
        target(tx, &self.record).await
    }

    pub(super) async fn apply(&self, engine: &Engine, tx: &mut Tx, approval: Approval<'_>) -> Result<(), EngineError> {
        let view = view(tx, &self.record).await?;
        let beside = beside(tx, &view).await?;
        let transition = correct_hand_over(&view, replaces(engine, &view)?, &beside, self.note.as_str())?;
        save(tx, transition, approval).await
    }
}

/// A record is withdrawn by a person, until a person restores it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WithdrawRecord {
    /// The record.
    pub record: RecordName,
    /// Why.
    pub note: Note,
}

impl WithdrawRecord {
    pub(super) async fn target(&self, tx: &mut Tx) -> Result<Target, EngineError> {
        target(tx, &self.record).await
    }

    pub(super) async fn apply(&self, _: &Engine, tx: &mut Tx, approval: Approval<'_>) -> Result<(), EngineError> {
        let view = view(tx, &self.record).await?;
        save(tx, withdraw_by_person(&view, self.note.as_str())?, approval).await
    }
}

/// A record that a person withdrew is restored. If it may not be on the waiting list now, it is quarantined with the reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RestoreRecord {
    /// The record.
    pub record: RecordName,
    /// Why.
    pub note: Note,
}

impl RestoreRecord {
    pub(super) async fn target(&self, tx: &mut Tx) -> Result<Target, EngineError> {
        target(tx, &self.record).await
    }

    pub(super) async fn apply(&self, engine: &Engine, tx: &mut Tx, approval: Approval<'_>) -> Result<(), EngineError> {
        let view = view(tx, &self.record).await?;
        let transition = self.transition(engine, tx, &view).await?;
        save(tx, transition, approval).await
    }

    /// Decides it for the record as it is now.
    pub(super) async fn transition(
        &self,
        engine: &Engine,
        tx: &mut Tx,
        view: &RecordView,
    ) -> Result<Transition, EngineError> {
        let admission = admission(engine, tx, view, &self.record).await?;
        Ok(restore_by_person(view, &admission, self.note.as_str())?)
    }
}

/// Whether a record may be on the waiting list, as an import decides it. Its photo was deleted when it was withdrawn, unless another
/// record needs it.
pub(super) async fn admission(
    engine: &Engine,
    tx: &mut Tx,
    view: &RecordView,
    record: &RecordName,
) -> Result<Result<(), Reason>, EngineError> {
    let keys = engine.store.keys();
    let Some(body) = tx.bodies_get(&[view.id]).await?.pop() else {
        return Ok(Err(Reason::Unreadable { fault: SealedFault::Missing }));
    };
    let person = match open_person(keys, &body) {
        Ok(person) => person,
        Err(fault) => return Ok(Err(Reason::Unreadable { fault })),
    };
    let photo = photo_of(tx, keys, &person).await?.map(drop).map_err(|fault| Reason::Photo { fault });
    let profile = engine.profile(&view.profile)?;
    let is_valid = match profile.expired(engine.today(), |column| parse_date(person.reveal(column))) {
        Some(column) => Err(Reason::Expired { column: column.to_owned() }),
        None => Ok(()),
    };
    let sent = SentElsewhere::read(engine, tx, true).await?;
    let sent = sent.reason(engine, &record.source, &record.request_id).cloned();
    let beside = beside(tx, view).await?;
    Ok(Admission::decide(replaces(engine, view)?, &others(&beside), photo.and(is_valid), sent).rule())
}

/// Of two requests of one person, one is kept and the other withdrawn.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResolveDuplicate {
    /// The record that is quarantined.
    pub record: RecordName,
    /// Which of them is kept.
    pub keep: KeptRequest,
    /// Why.
    pub note: Note,
}

impl ResolveDuplicate {
    /// The record, with the other one as it is then.
    pub(super) async fn target(&self, engine: &Engine, tx: &mut Tx) -> Result<Target, EngineError> {
        let view = view(tx, &self.record).await?;
        let beside = beside(tx, &view).await?;
        let other = duplicate_of(&view, replaces(engine, &view)?, &beside)?;
        let version = format!("{}, beside {} {}", version(&view), other.subject(), other.state.as_str());
        Ok(Target { name: view.subject.clone(), version, record: Some(view.id) })
    }

    pub(super) async fn apply(&self, engine: &Engine, tx: &mut Tx, approval: Approval<'_>) -> Result<(), EngineError> {
        let view = view(tx, &self.record).await?;
        let beside = beside(tx, &view).await?;
        let (note, replaces) = (self.note.as_str(), replaces(engine, &view)?);
        let other = duplicate_of(&view, replaces, &beside)?;
        match self.keep {
            KeptRequest::Other => {
                let withdrawn = withdraw_by_person(&view, note)?;
                save(tx, because_of(withdrawn, &other.subject()), approval).await
            }
            KeptRequest::This => {
                refuse_sent_elsewhere(engine, tx, &self.record, &view).await?;
                let withdrawn = withdraw_by_person(&tx.record_view(other.id).await?, note)?;
                save(tx, because_of(withdrawn, &view.subject), approval).await?;
                let rest: Vec<RequestBeside> = beside.iter().filter(|beside| beside.id != other.id).cloned().collect();
                let released = release(&view, replaces, &others(&rest), note)?;
                save(tx, because_of(released, &other.subject()), approval).await
            }
        }
    }
}

/// The event names the other request.
fn because_of(mut transition: Transition, other: &str) -> Transition {
    transition.event = transition.event.map(|event| event.with("duplicate", other));
    transition
}

async fn view(tx: &mut Tx, name: &RecordName) -> Result<RecordView, EngineError> {
    let id = find_record(tx, name).await?;
    Ok(tx.record_view(id).await?)
}

fn version(view: &RecordView) -> String {
    format!("version {}, copy {}, {}", view.version, view.copy, view.state.as_str())
}

/// The record, as it is now.
async fn target(tx: &mut Tx, name: &RecordName) -> Result<Target, EngineError> {
    let view = view(tx, name).await?;
    Ok(Target { version: version(&view), name: view.subject, record: Some(view.id) })
}

async fn beside(tx: &mut Tx, view: &RecordView) -> Result<Vec<RequestBeside>, EngineError> {
    Ok(tx.requests_beside(&[view.id]).await?.into_iter().map(|(_, beside)| beside).collect())
}

/// Whether the record's kind replaces a card that was handed over.
fn replaces(engine: &Engine, view: &RecordView) -> Result<bool, EngineError> {
    Ok(engine.profile(&view.profile)?.kind(&view.kind).is_some_and(|kind| kind.replaces))
}

async fn save(tx: &mut Tx, mut transition: Transition, approval: Approval<'_>) -> Result<(), EngineError> {
    transition.event = transition.event.map(|event| approval.mark(event));
    Ok(tx.save(vec![transition]).await?)
}
