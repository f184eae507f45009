//! Reprint warrants: requested, approved, refused.

use super::{Engine, EngineError, RecordName, begin, find_record};
use crate::domain::{
    audit::Event,
    card::profile::PhotoRule,
    id::{PendingActId, WarrantId},
    pending::{EXPIRES_AFTER, NewPendingAct, PendingState, Target},
    permission::Operation,
    record::{RecordState, RecordView},
    refusal::{RecordRule, Refusal},
    warrant::{Warrant, approve, may_be_reprinted},
};
use crate::store::Tx;

/// Asks for leave to print a record again.
pub async fn reprint_request(engine: &Engine, name: &RecordName, reason: &str) -> Result<WarrantId, EngineError> {
    let mut tx = begin(engine).await?;
    let id = find_record(&mut tx, name).await?;
    let view = tx.record_view(id).await?;
    let profile = engine.profile(&view.profile)?;
    if !profile.reprint_reasons.iter().any(|r| r == reason) {
        let known = profile.reprint_reasons.clone();
        return Err(Refusal::NotAReprintReason { profile: profile.name.clone(), known }.into());
    }
    may_be_reprinted(view.state, &view.subject)?;
    photo_is_there(&view, profile.photo)?;
    let act = serde_json::json!({
        "act": "reprint", "record": { "source": name.source, "request_id": name.request_id }, "reason": reason,
    });
    let target = Target { name: view.subject.clone(), version: format!("version {}", view.version), record: Some(id) };
    let new = NewPendingAct {
        operation: Operation::ReprintApprove,
        act: act.to_string(),
        target,
        reason: reason.to_owned(),
        expires_at: tx.now().plus(EXPIRES_AFTER),
    };
    let warrant = WarrantId(tx.pending_act_add(&new, &engine.writer.actor).await?.0);
    tx.audit(Event::new("reprint.requested", &view.subject).with("warrant", warrant).with("reason", reason));
    tx.commit().await?;
    Ok(warrant)
}

/// A warrant applies until the photo is purged; after that a new request is imported.
fn photo_is_there(view: &RecordView, rule: PhotoRule) -> Result<(), Refusal> {
    if view.state == RecordState::HandedOver && rule == PhotoRule::Required {
        return Err(Refusal::record_state(&view.subject, view.state, RecordRule::ReprintPhoto));
    }
    Ok(())
}

/// Another person approves: one more copy goes on the waiting list.
pub async fn reprint_approve(engine: &Engine, id: WarrantId) -> Result<(), EngineError> {
    let mut tx = begin(engine).await?;
    let Some(warrant) = warrant(&mut tx, id).await? else { return Err(no_warrant(id)) };
    let view = tx.record_view(warrant.record).await?;
    let profile = engine.profile(&view.profile)?;
    let lost = profile.lost_reasons.contains(&warrant.reason);
    let transition = approve(&warrant, tx.actor(), &view, lost)?;
    photo_is_there(&view, profile.photo)?;
    if let Some(recall) = view.stop {
        return Err(Refusal::record_state(&view.subject, view.state, recall).into());
    }
    tx.pending_act_decide(PendingActId(id.0), PendingState::Confirmed, &engine.writer.actor, None).await?;
    tx.save(vec![transition]).await?;
    Ok(tx.commit().await?)
}

/// Another person refuses.
pub async fn reprint_refuse(engine: &Engine, id: WarrantId, reason: &str) -> Result<(), EngineError> {
    let mut tx = begin(engine).await?;
    let Some(warrant) = warrant(&mut tx, id).await? else { return Err(no_warrant(id)) };
    if warrant.state != "requested" {
        return Err(Refusal::WarrantDecided { warrant: id, found: warrant.state }.into());
    }
    let subject = tx.record_view(warrant.record).await?.subject;
    tx.pending_act_decide(PendingActId(id.0), PendingState::Refused, &engine.writer.actor, Some(reason)).await?;
    tx.audit(Event::new("reprint.refused", subject).with("warrant", id).with("reason", reason));
    Ok(tx.commit().await?)
}

async fn warrant(tx: &mut Tx, id: WarrantId) -> Result<Option<Warrant>, EngineError> {
    let act = tx.pending_act_get(PendingActId(id.0)).await?.filter(|act| act.operation == Operation::ReprintApprove);
    Ok(act.and_then(|act| {
        let state = match act.state {
            PendingState::Pending => "requested",
            PendingState::Confirmed => "approved",
            PendingState::Refused | PendingState::TakenBack | PendingState::Expired | PendingState::Conflict => {
                act.state.as_str()
            }
        };
        let record = act.target.record?;
        Some(Warrant { id, record, state: state.to_owned(), requested_by: act.requested_by, reason: act.reason })
    }))
}

fn no_warrant(id: WarrantId) -> EngineError {
    Refusal::NoWarrant { warrant: id }.into()
}
