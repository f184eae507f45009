//! Reprint warrants: requested, approved, refused.

use super::{Engine, EngineError, RecordName, begin, find_record};
use crate::domain::{
    audit::Event,
    card::profile::PhotoRule,
    id::WarrantId,
    record::{RecordState, RecordView},
    refusal::{RecordRule, Refusal},
    warrant::{approve, may_be_reprinted},
};

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
    let warrant = tx.warrant_request(id, reason).await?;
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
    let Some(warrant) = tx.warrant_get(id).await? else { return Err(no_warrant(id)) };
    let view = tx.record_view(warrant.record).await?;
    let profile = engine.profile(&view.profile)?;
    let lost = profile.lost_reasons.contains(&warrant.reason);
    let transition = approve(&warrant, tx.actor(), &view, lost)?;
    photo_is_there(&view, profile.photo)?;
    if let Some(recall) = view.stop {
        return Err(Refusal::record_state(&view.subject, view.state, recall).into());
    }
    tx.warrant_decide(id, "approved").await?;
    tx.save(vec![transition]).await?;
    Ok(tx.commit().await?)
}

/// Another person refuses.
pub async fn reprint_refuse(engine: &Engine, id: WarrantId, reason: &str) -> Result<(), EngineError> {
    let mut tx = begin(engine).await?;
    let Some(warrant) = tx.warrant_get(id).await? else { return Err(no_warrant(id)) };
    if warrant.state != "requested" {
        return Err(Refusal::WarrantDecided { warrant: id, found: warrant.state }.into());
    }
    let subject = tx.record_view(warrant.record).await?.subject;
    tx.warrant_decide(id, "refused").await?;
    tx.audit(Event::new("reprint.refused", subject).with("warrant", id).with("reason", reason));
    Ok(tx.commit().await?)
}

fn no_warrant(id: WarrantId) -> EngineError {
    Refusal::NoWarrant { warrant: id }.into()
}
