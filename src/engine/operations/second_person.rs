//! Acts that one person asks for and another confirms.

use cetak_driver_api::Capabilities;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    approval::{Approval, actor},
    correction::{CorrectHandOver, ResolveDuplicate, RestoreRecord, WithdrawRecord},
    delivery::ReverseDelivery,
    inspection::ResolveNothing,
    instance::{AdoptDatabase, PrinterAnswers},
    printer::AddObjectedPrinter,
    printer_setting::SetObjectedPrinter,
    reprint::Reprint,
    role::GiveRole,
    stock::{CountBlanks, Destruction, LendBlanks, TakeBackBlanks},
};
use crate::{
    domain::{
        account::confirms_from,
        actor::Actor,
        audit::Event,
        id::PendingActId,
        objection::Objection,
        pending::{Decision, EXPIRES_AFTER, NewPendingAct, NotDecided, PendingAct, PendingState, Target, decide},
        permission::{Operation, Permit, authorize},
        refusal::{AccountRefusal, RecordRule, Refusal, RefusalKind},
        time::Timestamp,
        value::{Note, Witnesses},
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
    /// Destroy blanks or spoiled cards; the two people are the witnesses.
    DestroyBlanks(Destruction),
    /// Lend blanks to another office.
    LendBlanks(LendBlanks),
    /// Take back lent blanks.
    TakeBackBlanks(TakeBackBlanks),
    /// Take back a delivery that was booked wrongly.
    ReverseDelivery(ReverseDelivery),
    /// Withdraw a record.
    WithdrawRecord(WithdrawRecord),
    /// Restore a record that a person withdrew.
    RestoreRecord(RestoreRecord),
    /// Keep one of two requests of a person.
    ResolveDuplicate(ResolveDuplicate),
    /// Undo a hand-over that did not happen.
    CorrectHandOver(CorrectHandOver),
    /// Add a printer against objections.
    AddObjectedPrinter(AddObjectedPrinter),
    /// Change a printer against objections.
    SetObjectedPrinter(SetObjectedPrinter),
    /// Adopt a database that was copied or restored.
    AdoptDatabase(AdoptDatabase),
    /// Give an account a role.
    GiveRole(GiveRole),
}

macro_rules! from {
    ($($name:ident($act:ident)),+ $(,)?) => {
        impl TwoPersonAct {
            /// The name of each variant.
            pub const NAMES: &[&str] = &[$(stringify!($name)),+];

            /// The name of the variant.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)+
                }
            }
        }

        $(
            impl From<$act> for TwoPersonAct {
                fn from(act: $act) -> Self {
                    Self::$name(act)
                }
            }
        )+
    };
}

from! {
    Reprint(Reprint),
    ResolveNothing(ResolveNothing),
    CountBlanks(CountBlanks),
    DestroyBlanks(Destruction),
    LendBlanks(LendBlanks),
    TakeBackBlanks(TakeBackBlanks),
    ReverseDelivery(ReverseDelivery),
    WithdrawRecord(WithdrawRecord),
    RestoreRecord(RestoreRecord),
    ResolveDuplicate(ResolveDuplicate),
    CorrectHandOver(CorrectHandOver),
    AddObjectedPrinter(AddObjectedPrinter),
    SetObjectedPrinter(SetObjectedPrinter),
    AdoptDatabase(AdoptDatabase),
    GiveRole(GiveRole),
}

/// What printers answered before the transaction began, as no driver call runs inside one.
#[derive(Default)]
struct Answers {
    /// Why the printer should not be used.
    objections: Vec<Objection>,
    /// What the device of a printer is.
    found: Option<Capabilities>,
    /// What the printers know of the cards of another database.
    cards: PrinterAnswers,
}

impl TwoPersonAct {
    /// The operations of all variants, in the order of the permission table.
    pub const OPERATIONS: [Operation; 9] = [
        Operation::RecordChange,
        Operation::HandOverCorrect,
        Operation::InspectionNothing,
        Operation::ReprintApprove,
        Operation::CountBook,
        Operation::StockRemove,
        Operation::PrinterAddObjected,
        Operation::DatabaseAdopt,
        Operation::RoleGive,
    ];

    /// The operation that is confirmed.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Reprint(_) => Operation::ReprintApprove,
            Self::ResolveNothing(_) => Operation::InspectionNothing,
            Self::CountBlanks(_) => Operation::CountBook,
            Self::DestroyBlanks(_) | Self::LendBlanks(_) | Self::TakeBackBlanks(_) | Self::ReverseDelivery(_) => {
                Operation::StockRemove
            }
            Self::WithdrawRecord(_) | Self::RestoreRecord(_) | Self::ResolveDuplicate(_) => Operation::RecordChange,
            Self::CorrectHandOver(_) => Operation::HandOverCorrect,
            Self::AddObjectedPrinter(_) | Self::SetObjectedPrinter(_) => Operation::PrinterAddObjected,
            Self::AdoptDatabase(_) => Operation::DatabaseAdopt,
            Self::GiveRole(_) => Operation::RoleGive,
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
            Self::ReverseDelivery(act) => act.note.as_str(),
            Self::WithdrawRecord(act) => act.note.as_str(),
            Self::RestoreRecord(act) => act.note.as_str(),
            Self::ResolveDuplicate(act) => act.note.as_str(),
            Self::CorrectHandOver(act) => act.note.as_str(),
            Self::AddObjectedPrinter(act) => act.note.as_str(),
            Self::SetObjectedPrinter(act) => act.note.as_str(),
            Self::AdoptDatabase(act) => act.note.as_str(),
            Self::GiveRole(act) => act.note.as_str(),
        }
    }

    /// Asks the printer that is to be added or changed; other acts have no objections.
    async fn objections(&self, engine: &Engine) -> Result<Answers, EngineError> {
        match self {
            Self::AddObjectedPrinter(act) => Ok(Answers { objections: act.ask(engine).await?, ..Answers::default() }),
            Self::SetObjectedPrinter(act) => {
                let (found, objections) = act.ask(engine).await?;
                Ok(Answers { objections, found, ..Answers::default() })
            }
            Self::Reprint(_)
            | Self::ResolveNothing(_)
            | Self::CountBlanks(_)
            | Self::DestroyBlanks(_)
            | Self::LendBlanks(_)
            | Self::TakeBackBlanks(_)
            | Self::ReverseDelivery(_)
            | Self::WithdrawRecord(_)
            | Self::RestoreRecord(_)
            | Self::ResolveDuplicate(_)
            | Self::CorrectHandOver(_)
            | Self::AdoptDatabase(_)
            | Self::GiveRole(_) => Ok(Answers::default()),
        }
    }

    /// What an act does before its transaction, when it is done: the answers of the printers that it needs.
    async fn prepare(&self, engine: &Engine, permit: &Permit) -> Result<Answers, EngineError> {
        match self {
            Self::ResolveNothing(act) => act.prepare(engine, permit).await.map(|()| Answers::default()),
            Self::AdoptDatabase(act) => Ok(Answers { cards: act.ask(engine).await?, ..Answers::default() }),
            Self::AddObjectedPrinter(_) | Self::SetObjectedPrinter(_) => self.objections(engine).await,
            Self::Reprint(_)
            | Self::CountBlanks(_)
            | Self::DestroyBlanks(_)
            | Self::LendBlanks(_)
            | Self::TakeBackBlanks(_)
            | Self::ReverseDelivery(_)
            | Self::WithdrawRecord(_)
            | Self::RestoreRecord(_)
            | Self::ResolveDuplicate(_)
            | Self::CorrectHandOver(_)
            | Self::GiveRole(_) => Ok(Answers::default()),
        }
    }

    /// The thing that it is about, as it is now. Refused if that does not exist.
    async fn target(&self, engine: &Engine, tx: &mut Tx, answers: &Answers) -> Result<Target, EngineError> {
        match self {
            Self::Reprint(act) => act.target(tx).await,
            Self::ResolveNothing(act) => act.target(engine, tx).await,
            Self::CountBlanks(act) => act.target(engine, tx).await,
            Self::DestroyBlanks(act) => act.target(engine),
            Self::LendBlanks(act) => act.target(engine),
            Self::TakeBackBlanks(act) => act.target(engine),
            Self::ReverseDelivery(act) => act.target(tx).await,
            Self::WithdrawRecord(act) => act.target(tx).await,
            Self::RestoreRecord(act) => act.target(tx).await,
            Self::ResolveDuplicate(act) => act.target(engine, tx).await,
            Self::CorrectHandOver(act) => act.target(tx).await,
            Self::AddObjectedPrinter(act) => act.target(engine, tx, &answers.objections).await,
            Self::SetObjectedPrinter(act) => act.target(tx, &answers.objections).await,
            Self::AdoptDatabase(_) => AdoptDatabase::target(engine, tx).await,
            Self::GiveRole(act) => act.target(tx).await,
        }
    }

    /// Refuses what could not be done now: it is tried in a transaction that is not committed. A resolution is not tried,
    /// because it is prepared at the printer first, nor is an adoption, which also writes to the data folder.
    async fn refuse_impossible(&self, engine: &Engine, permit: &Permit, answers: &Answers) -> Result<(), EngineError> {
        if matches!(self, Self::ResolveNothing(_) | Self::AdoptDatabase(_)) {
            return Ok(());
        }
        let mut trial = engine.write(permit).await?;
        self.apply(engine, &mut trial, answers, Approval::Alone).await
    }

    /// Does it, under the guards of this moment.
    async fn apply(
        &self,
        engine: &Engine,
        tx: &mut Tx,
        answers: &Answers,
        approval: Approval<'_>,
    ) -> Result<(), EngineError> {
        match self {
            Self::Reprint(act) => act.apply(engine, tx, approval).await,
            Self::ResolveNothing(act) => act.apply(engine, tx, approval).await,
            Self::CountBlanks(act) => act.apply(engine, tx, approval).await.map(drop),
            Self::DestroyBlanks(act) => act.apply(engine, tx, approval).await,
            Self::LendBlanks(act) => act.apply(engine, tx, approval).await,
            Self::TakeBackBlanks(act) => act.apply(engine, tx, approval).await,
            Self::ReverseDelivery(act) => act.apply(tx, approval).await,
            Self::WithdrawRecord(act) => act.apply(engine, tx, approval).await,
            Self::RestoreRecord(act) => act.apply(engine, tx, approval).await,
            Self::ResolveDuplicate(act) => act.apply(engine, tx, approval).await,
            Self::CorrectHandOver(act) => act.apply(engine, tx, approval).await,
            Self::AddObjectedPrinter(act) => act.apply(engine, tx, &answers.objections, approval).await,
            Self::SetObjectedPrinter(act) => {
                act.apply(engine, tx, (answers.found.as_ref(), &answers.objections), approval).await
            }
            Self::AdoptDatabase(act) => act.apply(engine, tx, &answers.cards, approval).await.map(drop),
            Self::GiveRole(act) => act.apply(tx, approval).await,
        }
    }
}

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

/// Stores an act that `actor` asks for. Refused if another person reset the password of the account not long ago.
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

/// Whether a refusal means that the target is gone, or is not what it was. Others, such as a profile that this node lacks,
/// leave the act pending.
fn is_about_target(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::NoRecord { .. }
            | Refusal::NoAttempt { .. }
            | Refusal::NoPrinter { .. }
            | Refusal::NoMovement { .. }
            | Refusal::AttemptState { .. }
            | Refusal::RecordState { needs: RecordRule::Resolve | RecordRule::ResolveDuplicate, .. }
            | Refusal::HopperNotCounted { .. }
            | Refusal::PrinterExists { .. }
            | Refusal::AddressTaken { .. }
            | Refusal::NothingToAdopt
            | Refusal::Account(AccountRefusal::NoSuchAccount { .. } | AccountRefusal::RoleHeld { .. })
    )
}

/// The note of an act that one account asked for and confirmed. The database refuses it without.
const ALONE: &str = "alone";

/// Confirms what another person asked for, and does it, in one transaction. An act whose target changed or is gone, or that
/// has expired, ends without being done; one that its own guards refuse stays as it is.
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
    let decision = Decision::Confirm { version: version.as_deref() };
    let state = decided(engine, permit, tx.now(), &stored, decision)?;
    let actor = actor(engine, permit);
    let is_alone = state == PendingState::Confirmed && stored.is_own(&actor);
    tx.pending_act_decide(id, state, &actor, is_alone.then_some(ALONE)).await?;
    if state != PendingState::Confirmed {
        return end(tx, &stored, state, gone).await;
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
        return end(tx, act, state, false).await;
    }
    let event = Event::new(event, &act.target.name).with("act", act.id).with("operation", act.operation.as_str());
    let event = match note {
        Some(note) => event.with("note", note),
        None => event,
    };
    tx.audit_of(act.target.record, event);
    Ok(tx.commit().await?)
}

/// Saves that an act expired, or is in conflict because its target changed or is gone, and refuses the decision for that
/// reason.
async fn end(mut tx: Tx, act: &PendingAct, state: PendingState, gone: bool) -> Result<(), EngineError> {
    let (id, operation, target) = (act.id, act.operation, act.target.name.clone());
    let (event, refusal) = if state == PendingState::Expired {
        ("act.expired", Refusal::ActExpired { act: id, operation })
    } else if gone {
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
