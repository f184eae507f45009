//! Attempts whose outcome is unknown: declared uncertain, inspected.

use cetak_driver_api::{AttemptId, AttemptStatus, Cancelled};
use serde::{Deserialize, Serialize};

use super::{act::Act, approval::Approval, counted_place::refuse_counted, printer::driver};
use crate::{
    domain::{
        attempt::{AttemptState, AttemptView, InspectionResult},
        audit::Event,
        batch::BatchEnd,
        id::AttemptKey,
        job::{declare, inspect},
        owner::{self, Owner, Presence},
        pending::Target,
        permission::{Operation, Permit},
        refusal::{AttemptRule, Refusal},
        value::Note,
    },
    engine::{Engine, EngineError, planning, printing::attempt::reference},
    store::{StoredTestCard, Tx},
};

async fn attempt_key(tx: &mut Tx, name: &str, needs: AttemptRule) -> Result<AttemptKey, EngineError> {
    if let Some(found) = tx.attempt_find(name).await? {
        return Ok(found);
    }
    let attempt = name.to_owned();
    Err(match tx.attempt_archived(name).await? {
        Some(found) => Refusal::AttemptState { attempt, found, needs, archived: true }.into(),
        None => Refusal::NoAttempt { attempt }.into(),
    })
}

/// What a person declares uncertain or inspects.
enum Inspected {
    /// The attempt of a record.
    Attempt(Box<AttemptView>),
    /// A test card.
    TestCard(Box<StoredTestCard>),
}

impl Inspected {
    /// The attempt or test card with this name, in whatever state.
    async fn find(engine: &Engine, tx: &mut Tx, name: &str, needs: AttemptRule) -> Result<Self, EngineError> {
        if let Some(stored) = tx.test_card_get(name).await? {
            return Ok(Self::TestCard(Box::new(stored)));
        }
        let key = attempt_key(tx, name, needs).await?;
        let view = tx.attempts_view(&[key], &|profile| engine.attempts_limit(profile)).await?.pop();
        let mut view = view.ok_or_else(|| Refusal::NoAttempt { attempt: name.to_owned() })?;
        view.is_from_before_adoption = key <= tx.last_attempt_before_adoption().await?;
        Ok(Self::Attempt(Box::new(view)))
    }

    /// [`find`](Self::find), in a state that the act needs.
    async fn fitting(engine: &Engine, tx: &mut Tx, name: &str, needs: AttemptRule) -> Result<Self, EngineError> {
        let inspected = Self::find(engine, tx, name, needs).await?;
        let found = inspected.state();
        let fits = match needs {
            AttemptRule::Uncertain => found == AttemptState::Uncertain,
            AttemptRule::Open => found.is_open(),
        };
        if fits {
            return Ok(inspected);
        }
        Err(Refusal::AttemptState { attempt: name.to_owned(), found, needs, archived: false }.into())
    }

    fn name(&self) -> &str {
        match self {
            Self::Attempt(view) => &view.name,
            Self::TestCard(stored) => &stored.card.name,
        }
    }

    fn state(&self) -> AttemptState {
        match self {
            Self::Attempt(view) => view.state,
            Self::TestCard(stored) => stored.card.state,
        }
    }

    /// Saves the result of an inspection. `mark` adds to its event.
    async fn resolve(
        &self,
        tx: &mut Tx,
        found: InspectionResult,
        note: &Note,
        mark: impl FnOnce(Event) -> Event + Send,
    ) -> Result<(), EngineError> {
        if found == InspectionResult::Nothing {
            // The blank comes back to where it was taken from.
            let (lot, place) = match self {
                Self::Attempt(view) => (view.lot, view.place.free()),
                Self::TestCard(stored) => (stored.card.lot, stored.card.place.free()),
            };
            let blank_type = tx.lot_blank_type(lot).await?;
            refuse_counted(tx, &blank_type, &[&place]).await?;
        }
        match self {
            Self::Attempt(view) => {
                let mut transition = inspect(view, found, note.as_str())?;
                transition.event = transition.event.map(mark);
                tx.save(vec![transition]).await?;
            }
            Self::TestCard(stored) => {
                let mut change = stored.card.inspected(found, note.as_str())?;
                change.event = mark(change.event);
                tx.test_card_change(change).await?;
            }
        }
        Ok(())
    }
}

/// Refuses what permits another use of the blank, and another card of the record, while the owner of the attempt may still send
/// this one. `is_off`: nothing is known of the owner, and it is taken to be off.
async fn refuse_if_sendable(
    engine: &Engine,
    tx: &mut Tx,
    inspected: &Inspected,
    is_off: bool,
) -> Result<Option<Owner>, EngineError> {
    let owner = match inspected {
        Inspected::Attempt(view) => tx.attempt_owner(view.key).await?,
        Inspected::TestCard(stored) => stored.owner.clone(),
    };
    let Some(owner) = owner else { return Ok(None) };
    let presence = engine.owners.presence(owner.process.as_ref());
    owner::refuse_if_sendable(inspected.name(), &owner, presence, is_off)?;
    Ok(Some(owner))
}

/// Asks the printer of an uncertain attempt to cancel it, if its owner may still send it. A printer that confirms refuses to
/// start it later; that is saved. Any other answer proves nothing.
async fn cancel_if_sendable(engine: &Engine, permit: &Permit, attempt: &str) -> Result<(), EngineError> {
    let mut tx = engine.store.read().await?;
    let test_card = tx.test_card_get(attempt).await?.filter(|stored| stored.card.state == AttemptState::Uncertain);
    let is_test_card = test_card.is_some();
    let (printer, open, owner) = if let Some(stored) = test_card {
        (stored.card.printer, stored.open, stored.owner)
    } else {
        let Some((printer, open)) = tx.attempt_uncertain(attempt).await? else { return Ok(()) };
        let owner = tx.attempt_owner(open.key).await?;
        (printer, open, owner)
    };
    let printer = tx.printer_get(&printer).await?;
    drop(tx);
    let may_send =
        owner.is_some_and(|owner| !owner.has_ended && engine.owners.presence(owner.process.as_ref()) != Presence::Gone);
    let (true, Some(printer), Ok(id)) = (may_send, printer, AttemptId::new(attempt)) else { return Ok(()) };
    let Ok(driver) = (engine.drivers)(&printer.name, &printer.uri) else { return Ok(()) };
    if driver.cancel(&reference(&open, id)).await != Ok(Cancelled::NothingPrinted) {
        return Ok(());
    }
    let mut tx = engine.write(permit).await?;
    if is_test_card {
        tx.test_card_cancelled(attempt).await?;
    } else {
        tx.attempt_cancelled(open.key).await?;
    }
    tx.audit(Event::new("attempt.cancelled", attempt).with("printer", printer.name));
    Ok(tx.commit_part().await?)
}

/// A card that a person found of an uncertain attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FoundCard {
    /// A good one.
    Good,
    /// A spoiled one.
    Spoiled,
}

/// A person's answer to an uncertain attempt whose card was found. Once only.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResolveFound {
    /// The attempt's name.
    pub attempt: String,
    /// What was found.
    pub found: FoundCard,
    /// What the person saw.
    pub note: Note,
}

impl Act for ResolveFound {
    type Answer = ();
    const OPERATION: Operation = Operation::InspectionFound;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        permit.covers(Self::OPERATION)?;
        cancel_if_sendable(engine, permit, &self.attempt).await?;
        let mut tx = engine.write(permit).await?;
        let inspected = Inspected::fitting(engine, &mut tx, &self.attempt, AttemptRule::Uncertain).await?;
        // The card is itself a proof that the attempt was sent, which happens once. But it may be another card, and a good one
        // may be rejected later, so an owner that is there is waited for.
        refuse_if_sendable(engine, &mut tx, &inspected, true).await?;
        let found = match self.found {
            FoundCard::Good => InspectionResult::Good,
            FoundCard::Spoiled => InspectionResult::Spoiled,
        };
        inspected.resolve(&mut tx, found, &self.note, |event| event).await?;
        Ok(tx.commit().await?)
    }
}

/// A person's answer to an uncertain attempt of which no card was found. Once only. It permits another card of the record,
/// or writes a blank off, so it needs a second person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResolveNothing {
    /// The attempt's name.
    pub attempt: String,
    /// The blank is not there either.
    pub blank_gone: bool,
    /// The machine of the process that began the attempt is off, so that it cannot send the card any more. Two people state
    /// it where the process cannot be seen from here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owner_is_off: bool,
    /// What the person saw.
    pub note: Note,
}

impl Act for ResolveNothing {
    type Answer = ();
    const OPERATION: Operation = Operation::InspectionNothing;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        permit.covers(Self::OPERATION)?;
        if self.owner_is_off {
            return Err(Refusal::SecondPersonNeeded { operation: Self::OPERATION }.into());
        }
        self.prepare(engine, permit).await?;
        let mut tx = engine.write(permit).await?;
        self.apply(engine, &mut tx, Approval::Alone).await?;
        Ok(tx.commit().await?)
    }
}

impl ResolveNothing {
    pub(super) async fn target(&self, engine: &Engine, tx: &mut Tx) -> Result<Target, EngineError> {
        let inspected = Inspected::find(engine, tx, &self.attempt, AttemptRule::Uncertain).await?;
        let record = match &inspected {
            Inspected::Attempt(view) => Some(view.record),
            Inspected::TestCard(_) => None,
        };
        let name = format!("attempt {}", inspected.name());
        Ok(Target { name, version: inspected.state().as_str().to_owned(), record })
    }

    /// What is done before the transaction, since no driver call runs inside one.
    pub(super) async fn prepare(&self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        cancel_if_sendable(engine, permit, &self.attempt).await
    }

    /// Refuses an attempt that is not uncertain, which no confirmation could resolve.
    pub(super) async fn refuse_decided(&self, engine: &Engine, tx: &mut Tx) -> Result<(), EngineError> {
        Inspected::fitting(engine, tx, &self.attempt, AttemptRule::Uncertain).await.map(drop)
    }

    pub(super) async fn apply(&self, engine: &Engine, tx: &mut Tx, approval: Approval<'_>) -> Result<(), EngineError> {
        let inspected = Inspected::fitting(engine, tx, &self.attempt, AttemptRule::Uncertain).await?;
        let owner = refuse_if_sendable(engine, tx, &inspected, self.owner_is_off).await?;
        let found = if self.blank_gone { InspectionResult::BlankGone } else { InspectionResult::Nothing };
        let process = owner.and_then(|owner| owner.process).filter(|_| self.owner_is_off);
        let mark = |event: Event| {
            approval.mark(match process {
                Some(process) => event.with("owner_is_off", format!("process {} on {}", process.id, process.host)),
                None => event,
            })
        };
        inspected.resolve(tx, found, &self.note, mark).await
    }
}

/// The outcome of an open attempt can no longer be learned: its printer does not answer. It becomes uncertain, and is then
/// inspected.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeclareUncertain {
    /// The attempt's name.
    pub attempt: String,
    /// Why.
    pub note: Note,
}

impl Act for DeclareUncertain {
    type Answer = ();
    const OPERATION: Operation = Operation::AttemptDeclare;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        permit.covers(Self::OPERATION)?;
        refuse_if_answering(engine, &self.attempt).await?;
        let mut tx = engine.write(permit).await?;
        match Inspected::fitting(engine, &mut tx, &self.attempt, AttemptRule::Open).await? {
            Inspected::TestCard(stored) => tx.test_card_change(stored.card.declared(self.note.as_str())).await?,
            Inspected::Attempt(view) => {
                tx.save(vec![declare(&view, self.note.as_str())]).await?;
                if view.batch_is_closing
                    && let Some(batch) = tx.batch_get(view.batch).await?
                {
                    planning::end(&mut tx, &batch, BatchEnd::LastAttemptEnded).await?;
                }
            }
        }
        tx.audit(Event::new("attempt.declared", self.attempt).with("note", self.note));
        Ok(tx.commit().await?)
    }
}

/// A printer that still answers for its card settles it by itself; declaring it would let the record be printed again. A printer
/// whose options are wrong cannot be asked, and may be printing the card: that is refused too.
async fn refuse_if_answering(engine: &Engine, attempt: &str) -> Result<(), EngineError> {
    let mut tx = engine.store.read().await?;
    let test_card = tx.test_card_get(attempt).await?.filter(|stored| stored.card.state.is_open());
    let open = match test_card {
        Some(stored) => Some((stored.card.printer, stored.open)),
        None => tx.attempt_open(attempt).await?,
    };
    drop(tx);
    let Some((printer, open)) = open else { return Ok(()) };
    let Some(printer) = engine.store.read().await?.printer_get(&printer).await? else { return Ok(()) };
    let driver = driver(engine, &printer.name, &printer.uri)?;
    let Ok(id) = AttemptId::new(attempt) else { return Ok(()) };
    match driver.find(&reference(&open, id)).await {
        Err(_) | Ok(AttemptStatus::NeverSeen { .. } | AttemptStatus::Forgotten) => Ok(()),
        Ok(AttemptStatus::Held | AttemptStatus::Queued | AttemptStatus::Printing { .. } | AttemptStatus::Ended(_)) => {
            Err(Refusal::PrinterStillAnswers { printer: printer.name, attempt: attempt.to_owned() }.into())
        }
    }
}
