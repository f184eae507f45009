//! Reprint warrants: one person asks for leave to print a record again, another approves. A warrant is a pending act, and
//! approval is its single use.

use serde::{Deserialize, Serialize};

use super::{
    act::{Act, find_record},
    approval::actor,
    reprint::Reprint,
    second_person::{self, close, decided, find},
    two_person_act::TwoPersonAct,
};
use crate::{
    domain::{
        audit::Event,
        id::PendingActId,
        pending::{Decision, PendingAct},
        permission::{Operation, Permit},
        refusal::Refusal,
        value::Note,
    },
    engine::{Engine, EngineError},
    store::Tx,
};

/// Asks for leave to print a record again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RequestReprint {
    /// What is asked for.
    #[serde(flatten)]
    pub reprint: Reprint,
}

impl Act for RequestReprint {
    type Answer = PendingActId;
    const OPERATION: Operation = Operation::ReprintAsk;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<PendingActId, EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let id = find_record(&mut tx, &self.reprint.record).await?;
        let view = tx.record_view(id).await?;
        let profile = engine.profile(&view.profile)?;
        let reason = self.reprint.reason.clone();
        if !profile.reprint_reasons.iter().any(|known| known == reason.as_str()) {
            let known = profile.reprint_reasons.clone();
            return Err(Refusal::NotAReprintReason { profile: profile.name.clone(), known }.into());
        }
        self.reprint.decide(engine, &view)?;
        let target = self.reprint.target(&mut tx).await?;
        let act = TwoPersonAct::Reprint(self.reprint);
        let id = second_person::store(&mut tx, &act, &target, &actor(engine, permit)).await?;
        tx.audit_of(view.id, Event::new("reprint.requested", target.name).with("act", id).with("reason", reason));
        tx.commit_with(&id).await?;
        Ok(id)
    }
}

/// Another person approves: one more copy goes on the waiting list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ApproveReprint {
    /// The warrant.
    pub warrant: PendingActId,
}

impl Act for ApproveReprint {
    type Answer = ();
    const OPERATION: Operation = Operation::ReprintApprove;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let permit = permit.confirms(Self::OPERATION)?;
        warrant(&mut engine.store.read().await?, self.warrant).await?; // of the acts that wait, only a reprint
        second_person::confirm(engine, permit, self.warrant).await
    }
}

/// A person refuses a warrant, or takes back an own one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RefuseReprint {
    /// The warrant.
    pub warrant: PendingActId,
    /// Why.
    pub note: Note,
}

impl Act for RefuseReprint {
    type Answer = ();
    const OPERATION: Operation = Operation::ReprintRefuse;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let mut tx = engine.write(permit.covers_own(Self::OPERATION)?).await?;
        let act = warrant(&mut tx, self.warrant).await?;
        // An operator refuses only what the same account asked for.
        let decision = if permit.covers(Self::OPERATION).is_ok() { Decision::Refuse } else { Decision::TakeBack };
        let state = decided(engine, permit, tx.now(), &act, decision)?;
        close(engine, permit, tx, &act, (state, "reprint.refused"), Some(&self.note)).await
    }
}

async fn warrant(tx: &mut Tx, id: PendingActId) -> Result<PendingAct, EngineError> {
    let act = find(tx, id).await?;
    if act.operation == Operation::ReprintApprove { Ok(act) } else { Err(Refusal::NoAct { act: id }.into()) }
}
