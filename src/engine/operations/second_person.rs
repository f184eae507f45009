//! Acts that one person asks for and another confirms.

use serde::{Deserialize, Serialize};

use super::{
    approval::{Approval, actor},
    inspection::ResolveNothing,
    reprint::Reprint,
    stock::{CountBlanks, DestroyBlanks, LendBlanks, TakeBackBlanks},
};
use crate::{
    domain::{
        actor::Actor,
        audit::Event,
        id::PendingActId,
        pending::{Decision, EXPIRES_AFTER, NewPendingAct, NotDecided, PendingAct, PendingState, Target, decide},
        permission::{Operation, Permit},
        refusal::Refusal,
        value::Note,
    },
    engine::{Engine, EngineError},
    store::{StoreError, Tx},
};

/// An act for two people, as it is stored until the second decides.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum TwoPersonAct {
    /// Print a record again.
    Reprint(Reprint),
    /// Resolve an attempt of which no card was found.
    ResolveNothing(ResolveNothing),
    /// Book the difference of a count.
    CountBlanks(CountBlanks),
    /// Destroy blanks or spoiled cards.
    DestroyBlanks(DestroyBlanks),
    /// Lend blanks to another office.
    LendBlanks(LendBlanks),
    /// Take back lent blanks.
    TakeBackBlanks(TakeBackBlanks),
}

impl TwoPersonAct {
    /// The operation that is confirmed.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Reprint(_) => Operation::ReprintApprove,
            Self::ResolveNothing(_) => Operation::InspectionNothing,
            Self::CountBlanks(_) => Operation::CountBook,
            Self::DestroyBlanks(_) | Self::LendBlanks(_) | Self::TakeBackBlanks(_) => Operation::StockRemove,
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::Reprint(act) => act.reason.as_str(),
            Self::ResolveNothing(act) => act.note.as_str(),
            Self::CountBlanks(act) => act.note.as_str(),
            Self::DestroyBlanks(act) => act.document.as_str(),
            Self::LendBlanks(act) => act.document.as_str(),
            Self::TakeBackBlanks(act) => act.document.as_str(),
        }
    }

    /// The thing that it is about, as it is now.
    async fn target(&self, engine: &Engine, tx: &mut Tx) -> Result<Target, EngineError> {
        match self {
            Self::Reprint(act) => act.target(tx).await,
            Self::ResolveNothing(act) => act.target(engine, tx).await,
            Self::CountBlanks(act) => act.target(engine, tx).await,
            Self::DestroyBlanks(act) => act.target(engine),
            Self::LendBlanks(act) => act.target(engine),
            Self::TakeBackBlanks(act) => act.target(engine),
        }
    }

    /// Does it, under the guards of this moment.
    async fn apply(&self, engine: &Engine, tx: &mut Tx, approval: Approval<'_>) -> Result<(), EngineError> {
        match self {
            Self::Reprint(act) => act.apply(engine, tx, approval).await,
            Self::ResolveNothing(act) => act.apply(engine, tx, approval).await,
            Self::CountBlanks(act) => act.apply(engine, tx, approval).await.map(drop),
            Self::DestroyBlanks(act) => act.apply(engine, tx, approval).await,
            Self::LendBlanks(act) => act.apply(engine, tx, approval).await,
            Self::TakeBackBlanks(act) => act.apply(engine, tx, approval).await,
        }
    }
}

/// Asks for an act, which another person then confirms. Nothing is reserved.
pub async fn request(engine: &Engine, permit: &Permit, act: &TwoPersonAct) -> Result<PendingActId, EngineError> {
    let mut tx = engine.write(permit.asks(act.operation())?).await?;
    let (id, target) = store(engine, &mut tx, act, &actor(engine, permit)).await?;
    let event = Event::new("act.requested", target.name).with("act", id).with("operation", act.operation().as_str());
    tx.audit(event.with("reason", act.reason()));
    tx.commit().await?;
    Ok(id)
}

/// Stores an act that `actor` asks for.
pub(super) async fn store(
    engine: &Engine,
    tx: &mut Tx,
    act: &TwoPersonAct,
    actor: &Actor,
) -> Result<(PendingActId, Target), EngineError> {
    let target = act.target(engine, tx).await?;
    let new = NewPendingAct {
        operation: act.operation(),
        // Cannot fail: an act is texts and numbers.
        act: serde_json::to_string(act).unwrap_or_default(),
        target: target.clone(),
        reason: act.reason().to_owned(),
        expires_at: tx.now().plus(EXPIRES_AFTER),
    };
    Ok((tx.pending_act_add(&new, actor).await?, target))
}

/// Confirms what another person asked for, and does it, in one transaction. An act whose target changed, or that has
/// expired, ends without being done; one that its own guards refuse stays as it is.
pub async fn confirm(engine: &Engine, permit: &Permit, id: PendingActId) -> Result<(), EngineError> {
    let mut tx = engine.write(permit).await?;
    let stored = find(&mut tx, id).await?;
    permit.confirms(stored.operation)?;
    let act: TwoPersonAct = serde_json::from_str(&stored.act).map_err(|error| StoreError::Corrupt {
        table: "pending_act",
        id: id.to_string(),
        what: error.to_string(),
    })?;
    let target = act.target(engine, &mut tx).await?;
    let state = decided(engine, permit, &tx, &stored, Decision::Confirm { version: &target.version })?;
    let actor = actor(engine, permit);
    tx.pending_act_decide(id, state, &actor, None).await?;
    if state != PendingState::Confirmed {
        return end(tx, &stored, state).await;
    }
    let requested_by = stored.requested_by.as_str();
    let approval = Approval::Confirmed { act: id, requested_by, authenticated: actor.authenticated };
    act.apply(engine, &mut tx, approval).await?;
    Ok(tx.commit().await?)
}

/// Refuses what a person asked for. Needs the right to confirm it; a reprint has an act of its own.
pub async fn refuse(engine: &Engine, permit: &Permit, id: PendingActId, note: &Note) -> Result<(), EngineError> {
    let mut tx = engine.write(permit).await?;
    let stored = find(&mut tx, id).await?;
    permit.confirms(stored.operation)?;
    let (state, event) = (decided(engine, permit, &tx, &stored, Decision::Refuse)?, "act.refused");
    close(engine, permit, tx, &stored, (state, event), Some(note)).await
}

/// Takes back what the same person asked for.
pub async fn take_back(engine: &Engine, permit: &Permit, id: PendingActId) -> Result<(), EngineError> {
    let mut tx = engine.write(permit).await?;
    let stored = find(&mut tx, id).await?;
    permit.concerns(stored.operation)?;
    let (state, event) = (decided(engine, permit, &tx, &stored, Decision::TakeBack)?, "act.taken-back");
    close(engine, permit, tx, &stored, (state, event), None).await
}

/// Saves a decision by which nothing is done.
pub(super) async fn close(
    engine: &Engine,
    permit: &Permit,
    mut tx: Tx,
    act: &PendingAct,
    (state, event): (PendingState, &'static str),
    note: Option<&Note>,
) -> Result<(), EngineError> {
    tx.pending_act_decide(act.id, state, &actor(engine, permit), note.map(Note::as_str)).await?;
    if state == PendingState::Expired {
        return end(tx, act, state).await;
    }
    let event = Event::new(event, &act.target.name).with("act", act.id).with("operation", act.operation.as_str());
    tx.audit(match note {
        Some(note) => event.with("reason", note),
        None => event,
    });
    Ok(tx.commit().await?)
}

/// Saves that an act expired or is in conflict, and refuses the decision for that reason.
async fn end(mut tx: Tx, act: &PendingAct, state: PendingState) -> Result<(), EngineError> {
    let (event, refusal) = if state == PendingState::Expired {
        ("act.expired", Refusal::ActExpired { act: act.id })
    } else {
        ("act.conflict", Refusal::ActTargetChanged { act: act.id, target: act.target.name.clone() })
    };
    tx.audit(Event::new(event, &act.target.name).with("act", act.id).with("operation", act.operation.as_str()));
    tx.commit().await?;
    Err(refusal.into())
}

/// The state that a decision leads to.
pub(super) fn decided(
    engine: &Engine,
    permit: &Permit,
    tx: &Tx,
    act: &PendingAct,
    decision: Decision<'_>,
) -> Result<PendingState, Refusal> {
    decide(act, decision, &actor(engine, permit), tx.now()).map_err(|not| match not {
        NotDecided::Decided(found) => Refusal::ActDecided { act: act.id, found },
        NotDecided::SamePerson => Refusal::SamePerson { act: act.id },
        NotDecided::OtherPerson => Refusal::OtherPerson { act: act.id },
    })
}

/// An act that was asked for.
pub(super) async fn find(tx: &mut Tx, id: PendingActId) -> Result<PendingAct, EngineError> {
    tx.pending_act_get(id).await?.ok_or_else(|| Refusal::NoAct { act: id }.into())
}
