//! One more copy of a card, for which a warrant is needed.

use serde::{Deserialize, Serialize};

use super::{
    act::{RecordName, find_record},
    approval::Approval,
};
use crate::{
    domain::{
        card::profile::PhotoRule,
        pending::Target,
        record::{RecordState, RecordView},
        refusal::{RecordRule, Refusal},
        transition::Transition,
        value::Note,
        warrant::approve,
    },
    engine::{Engine, EngineError},
    store::Tx,
};

/// One more copy of a record's card.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Reprint {
    /// The record.
    pub record: RecordName,
    /// One of the profile's reasons.
    pub reason: Note,
}

impl Reprint {
    /// A warrant is for the copy after the present one: once that is on the waiting list, another open warrant is in
    /// conflict.
    pub(super) async fn target(&self, tx: &mut Tx) -> Result<Target, EngineError> {
        let id = find_record(tx, &self.record).await?;
        let view = tx.record_view(id).await?;
        Ok(Target {
            name: view.subject,
            version: format!("version {}, copy {}", view.version, view.copy),
            record: Some(id),
        })
    }

    /// Puts one more copy on the waiting list. Refused where that would be refused now, such as for a card that did not come back.
    pub(super) fn decide(&self, engine: &Engine, view: &RecordView) -> Result<Transition, EngineError> {
        let profile = engine.profile(&view.profile)?;
        let lost = profile.lost_reasons.iter().any(|reason| reason == self.reason.as_str());
        let transition = approve(view, self.reason.as_str(), lost)?;
        photo_is_there(view, profile.photo)?;
        match view.stop {
            Some(recall) => Err(Refusal::record_state(&view.subject, view.state, recall).into()),
            None => Ok(transition),
        }
    }

    pub(super) async fn apply(&self, engine: &Engine, tx: &mut Tx, approval: Approval<'_>) -> Result<(), EngineError> {
        let id = find_record(tx, &self.record).await?;
        let mut transition = self.decide(engine, &tx.record_view(id).await?)?;
        transition.event = transition.event.map(|event| approval.mark(event));
        Ok(tx.save(vec![transition]).await?)
    }
}

/// A warrant applies until the photo is deleted; after that a new request is imported.
fn photo_is_there(view: &RecordView, rule: PhotoRule) -> Result<(), Refusal> {
    if view.state == RecordState::HandedOver && rule == PhotoRule::Required {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::ReprintPhoto));
    }
    Ok(())
}
