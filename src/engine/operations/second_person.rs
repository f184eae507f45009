//! Acts that one person asks for and another confirms.

use std::sync::Arc;

use super::{
    approval::{Approval, actor},
    role::GiveRole,
    two_person_act::{Answers, TwoPersonAct},
};
use crate::{
    domain::{
        account::confirms_from,
        actor::Actor,
        audit::Event,
        id::PendingActId,
        pending::{Decision, EXPIRES_AFTER, NewPendingAct, NotDecided, PendingAct, PendingState, Target, decide},
        permission::{Operation, Permit, authorize},
        refusal::{AccountRefusal, CountRefusal, RecordRule, Refusal, RefusalKind},
        time::Timestamp,
        value::{Note, Witnesses},
    },
    engine::{Engine, EngineError},
    store::{StoreError, Tx},
};

/// Asks for an act, which another person then confirms. Nothing is reserved.
pub async fn request(engine: &Engine, permit: &Permit, act: &TwoPersonAct) -> Result<PendingActId, EngineError> {
    permit.asks(act.operation())?;
    let answers = act.objections(engine).await?;
    act.refuse_impossible(engine, permit, &answers).await?;
    let mut tx = engine.write(permit).await?;
    let target = act.target(engine, &mut tx, &answers).await?;
    if let TwoPersonAct::ResolveNothing(act) = act {
        act.refuse_decided(engine, &mut tx).await?;
    }
    if let TwoPersonAct::GiveRole(_) = act {
        GiveRole::refuse_without_supervisor(&mut tx).await?;
    }
    let id = store(&mut tx, act, &target, &actor(engine, permit)).await?;
    let event = Event::new("act.requested", target.name).with("act", id).with("operation", act.operation().as_str());
    tx.audit_of(target.record, event.with("note", act.reason()));
    tx.commit_with(&id).await?;
    Ok(id)
}

/// Does an act for two people who are at the same screen: the first asks for it and the second confirms it, in one
/// transaction. Only the local administrator of an office without accounts can, as both names are only claimed.
pub async fn together(
    engine: &Engine,
    permit: &Permit,
    act: &TwoPersonAct,
    people: &Witnesses,
) -> Result<(), EngineError> {
    permit.covers(act.operation())?;
    let by = actor(engine, permit);
    if by.account.is_some() {
        return Err(Refusal::NoRight { operation: act.operation() }.into()); // its second person has an account too
    }
    let answers = act.prepare(engine, permit).await?;
    let mut tx = engine.write(permit).await?;
    let [first, second] = people.names().map(|name| Actor { name: name.to_owned(), ..(*by).clone() });
    let target = act.target(engine, &mut tx, &answers).await?;
    let id = store(&mut tx, act, &target, &first).await?;
    tx.pending_act_decide(id, PendingState::Confirmed, &second, None).await?;
    let people = [&*first.name, &*second.name];
    let approval = Approval::Confirmed { act: id, people, authenticated: by.authenticated, is_alone: false };
    act.apply(engine, &mut tx, &answers, approval).await?;
    Ok(tx.commit().await?)
}

/// Stores an act that `actor` asks for. Refused if the same waits already, or if another person reset the password of the account
/// not long ago.
pub(super) async fn store(
    tx: &mut Tx,
    act: &TwoPersonAct,
    target: &Target,
    actor: &Actor,
) -> Result<PendingActId, EngineError> {
    if let Some(id) = actor.account
        && let Some(from) = tx.account_get(id).await?.and_then(|account| confirms_from(account.reset_at, tx.now()))
    {
        return Err(AccountRefusal::AsksLater { operation: act.operation(), from }.into());
    }
    let waiting = tx.pending_acts_waiting(act.operation(), &target.name, actor.account.is_some()).await?;
    if let Some(other) = the_same(act, &waiting) {
        return Err(Refusal::ActWaits { act: other, operation: act.operation() }.into());
    }
    let new = NewPendingAct {
        operation: act.operation(),
        // Cannot fail: an act is texts and numbers.
        act: serde_json::to_string(act).unwrap_or_default(),
        target: target.clone(),
        reason: act.reason().to_owned(),
        expires_at: tx.now().plus(EXPIRES_AFTER),
    };
    Ok(tx.pending_act_add(&new, actor).await?)
}

/// The first of `others`, which are stored as JSON, that does the same.
fn the_same(act: &TwoPersonAct, others: &[(PendingActId, String)]) -> Option<PendingActId> {
    let does = |json: &str| serde_json::from_str(json).is_ok_and(|other| act.does_the_same_as(&other));
    others.iter().find(|(_, json)| does(json)).map(|(id, _)| *id)
}

/// Whether a refusal means that the target is gone, or is not what it was. Others, such as a profile that this node lacks,
/// leave the act pending.
fn is_about_target(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::NoRecord { .. }
            | Refusal::NoAttempt { .. }
            | Refusal::RestIncomplete { .. }
            | Refusal::NothingSaid { .. }
            | Refusal::SupplyNotCounted { .. }
            | Refusal::PrinterFull { .. }
            | Refusal::NoPrinter { .. }
            | Refusal::NoMovement { .. }
            | Refusal::AttemptState { .. }
            | Refusal::RecordState { needs: RecordRule::Resolve | RecordRule::ResolveDuplicate, .. }
            | Refusal::HopperNotCounted { .. }
            | Refusal::PrinterExists { .. }
            | Refusal::AddressTaken { .. }
            | Refusal::MatchingNumber { .. }
            | Refusal::NothingToAdopt
            | Refusal::Count(CountRefusal::NoCount { .. } | CountRefusal::State { .. })
            | Refusal::Account(AccountRefusal::NoSuchAccount { .. } | AccountRefusal::RoleHeld { .. })
    )
}

/// The note of an act that one account asked for and confirmed. The database refuses it without.
const ALONE: &str = "alone";

/// Confirms what another person asked for, and does it, in one transaction. An act whose target changed or is gone, or that
/// has expired, or that another one did meanwhile, ends without being done; one that its own guards refuse stays as it is.
pub async fn confirm(engine: &Engine, permit: &Permit, id: PendingActId) -> Result<(), EngineError> {
    let (stored, act) = pending_act(&mut engine.store.read().await?, id).await?;
    permit.confirms(stored.operation)?;
    // Decided once before a printer is asked: what cannot be confirmed anyway does not wait for its answer.
    let unchanged = Decision::Confirm { version: Some(&stored.target.version) };
    let state = decided(engine, permit, engine.clock.now(), &stored, unchanged)?;
    let answers =
        if state == PendingState::Confirmed { act.prepare(engine, permit).await? } else { Answers::default() };

    let mut tx = engine.write(permit).await?;
    let stored = find(&mut tx, id).await?;
    refuse_changed(&mut tx, permit, &stored).await?;
    let (version, gone) = match act.target(engine, &mut tx, &answers).await {
        Ok(target) => (Some(target.version), false),
        Err(EngineError::Refused(refusal)) if is_about_target(&refusal) => {
            (None, refusal.kind() == RefusalKind::NotFound)
        }
        Err(error) => return Err(error),
    };
    let repeated = the_same(&act, &tx.pending_acts_done_since(&stored).await?);
    let version = version.filter(|_| repeated.is_none());
    let decision = Decision::Confirm { version: version.as_deref() };
    let state = decided(engine, permit, tx.now(), &stored, decision)?;
    let actor = actor(engine, permit);
    let is_alone = state == PendingState::Confirmed && stored.is_own(&actor);
    tx.pending_act_decide(id, state, &actor, is_alone.then_some(ALONE)).await?;
    if state != PendingState::Confirmed {
        return end(tx, &stored, state, ConflictCause { is_gone: gone, repeated }).await;
    }
    let people = [&*stored.requested_by, &*actor.name];
    let approval = Approval::Confirmed { act: id, people, authenticated: actor.authenticated, is_alone };
    act.apply(engine, &mut tx, &answers, approval).await?;
    Ok(tx.commit().await?)
}

/// Reads the account that confirms again, as a printer may have been asked since it was proved. Refused if it was disabled, has lost its
/// right, or had its password reset by another person not long ago.
async fn refuse_changed(tx: &mut Tx, permit: &Permit, row: &PendingAct) -> Result<(), EngineError> {
    let Some((actor, id)) = permit.actor().and_then(|actor| Some((actor, actor.account?))) else { return Ok(()) };
    let Some(account) = tx.account_get(id).await? else { return Ok(()) };
    if account.disabled_at.is_some() {
        return Err(Refusal::NoRight { operation: row.operation }.into());
    }
    let now = Arc::new(Actor { roles: account.roles.clone(), ..(**actor).clone() });
    authorize(&now, row.operation)?.confirms(row.operation)?;
    match confirms_from(account.reset_at, tx.now()) {
        Some(from) => Err(AccountRefusal::ConfirmsLater { act: row.id, operation: row.operation, from }.into()),
        None => Ok(()),
    }
}

/// Refuses what a person asked for. Needs the right to confirm it; a reprint has an act of its own.
pub async fn refuse(engine: &Engine, permit: &Permit, id: PendingActId, note: &Note) -> Result<(), EngineError> {
    let mut tx = engine.write(permit).await?;
    let stored = find(&mut tx, id).await?;
    permit.confirms(stored.operation)?;
    let (state, event) = (decided(engine, permit, tx.now(), &stored, Decision::Refuse)?, "act.refused");
    close(engine, permit, tx, &stored, (state, event), Some(note)).await
}

/// The operation whose right taking an act back needs. Persons who ask for a reprint have no right to approve one.
pub fn taken_back_as(operation: Operation) -> Operation {
    if operation == Operation::ReprintApprove { Operation::ReprintRefuse } else { operation }
}

/// Takes back what the same person asked for.
pub async fn take_back(engine: &Engine, permit: &Permit, id: PendingActId) -> Result<(), EngineError> {
    let mut tx = engine.write(permit).await?;
    let stored = find(&mut tx, id).await?;
    permit.concerns(taken_back_as(stored.operation))?;
    let (state, event) = (decided(engine, permit, tx.now(), &stored, Decision::TakeBack)?, "act.taken-back");
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
        return end(tx, act, state, ConflictCause::default()).await;
    }
    let event = Event::new(event, &act.target.name).with("act", act.id).with("operation", act.operation.as_str());
    let event = match note {
        Some(note) => event.with("note", note),
        None => event,
    };
    tx.audit_of(act.target.record, event);
    Ok(tx.commit().await?)
}

/// Why an act is in conflict; the default is that its target changed.
#[derive(Clone, Copy, Default)]
struct ConflictCause {
    /// Its target no longer exists.
    is_gone: bool,
    /// The act that did the same meanwhile.
    repeated: Option<PendingActId>,
}

/// Saves that an act expired, or is in conflict, and refuses the decision for that reason.
async fn end(mut tx: Tx, act: &PendingAct, state: PendingState, cause: ConflictCause) -> Result<(), EngineError> {
    let (id, operation, target) = (act.id, act.operation, act.target.name.clone());
    let (event, refusal) = if state == PendingState::Expired {
        ("act.expired", Refusal::ActExpired { act: id, operation })
    } else if let Some(other) = cause.repeated {
        ("act.conflict", Refusal::ActRepeated { act: id, operation, other })
    } else if cause.is_gone {
        ("act.conflict", Refusal::ActTargetGone { act: id, operation, target })
    } else {
        ("act.conflict", Refusal::ActTargetChanged { act: id, operation, target })
    };
    let event = Event::new(event, &act.target.name).with("act", id).with("operation", operation.as_str());
    tx.audit_of(act.target.record, event.with("why", refusal.code()));
    tx.commit_part().await?;
    Err(refusal.into())
}

/// The state that a decision at `now` leads to.
pub(super) fn decided(
    engine: &Engine,
    permit: &Permit,
    now: Timestamp,
    row: &PendingAct,
    decision: Decision<'_>,
) -> Result<PendingState, Refusal> {
    let (act, operation) = (row.id, row.operation);
    decide(row, decision, &actor(engine, permit), now, engine.settings.two_person).map_err(|not| match not {
        NotDecided::Decided(found) => Refusal::ActDecided { act, operation, found },
        NotDecided::SamePerson => Refusal::SamePerson { act, operation },
        NotDecided::OtherPerson => Refusal::OtherPerson { act, operation },
        NotDecided::PasswordNeeded => AccountRefusal::PasswordNeeded { act, operation }.into(),
        NotDecided::AskedWithoutAccount => AccountRefusal::AskedWithoutAccount { act, operation }.into(),
    })
}

/// An act that was asked for, and its arguments.
pub async fn pending_act(tx: &mut Tx, id: PendingActId) -> Result<(PendingAct, TwoPersonAct), EngineError> {
    let row = find(tx, id).await?;
    if row.is_count_of_before() {
        return Err(CountRefusal::OfBefore { act: id }.into());
    }
    let act = serde_json::from_str(&row.act).map_err(|error| StoreError::Corrupt {
        table: "pending_act",
        id: id.to_string(),
        what: error.to_string(),
    })?;
    Ok((row, act))
}

/// The row of an act that was asked for.
pub(super) async fn find(tx: &mut Tx, id: PendingActId) -> Result<PendingAct, EngineError> {
    tx.pending_act_get(id).await?.ok_or_else(|| Refusal::NoAct { act: id }.into())
}
