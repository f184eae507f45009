//! Test cards, printed on request.
//!
//! A test card is an attempt without a record: its blank is reserved before anything is sent, its release is saved before the
//! printer is told to print it, and what is left open by a crash is settled by asking the printer, or inspected.

use std::time::Duration;

use cetak_driver_api::{AttemptId, AttemptRef, Cancelled, Document, DriverError, PrinterDriver};
use serde::{Deserialize, Serialize};

use super::{
    act::Act,
    counted_place::refuse_counted,
    printer::{does_not_answer, driver, no_printer, objections, printer_probe},
};
use crate::{
    domain::{
        attempt::{AttemptState, Outcome},
        audit::Event,
        permission::{Operation, Permit},
        polling::POLL_MAX,
        reason::Reason,
        refusal::Refusal,
        supply::Stop,
        test_card,
    },
    engine::{
        Engine, EngineError,
        clock::attempt_name,
        instance, planning,
        printing::{
            document,
            verdict::{self, Verdict},
        },
        test_cards,
    },
    render::Renderer,
    store::{StoreError, Tx},
};

/// How long a test card is watched.
const WATCH_MAX: Duration = Duration::from_mins(3);

/// What became of a test card.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TestCard {
    /// Its name at the printer.
    pub attempt: String,
    /// How it ended; uncertain too where it had not ended after three minutes.
    pub state: AttemptState,
    /// Why, if it is not a good card.
    pub reason: Option<Reason>,
}

/// Prints one test card. Its blank is reserved before anything is sent. A card is spoiled stock, and where it is proved that no
/// blank was used, the blank comes back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TestPrinter {
    /// The printer.
    pub printer: String,
}

impl Act for TestPrinter {
    type Answer = TestCard;
    const OPERATION: Operation = Operation::PrinterCare;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<TestCard, EngineError> {
        print_test_card(engine, permit.covers(Self::OPERATION)?, &self.printer).await
    }
}

async fn print_test_card(engine: &Engine, permit: &Permit, name: &str) -> Result<TestCard, EngineError> {
    let mut tx = engine.store.read().await?;
    instance::refuse_in_doubt(engine, &mut tx).await?;
    let mut open = tx.test_cards_open().await?;
    drop(tx);
    open.retain(|stored| stored.card.printer == name);
    test_cards::settle_left_over(engine, permit, open).await?;
    let (printer, answer) = printer_probe(engine, name).await?;
    let (found, _) = answer.map_err(|fault| does_not_answer(&printer, &fault))?;
    let objections = objections(engine, &printer.profile, &found);
    if printer.override_reason.is_none() && !objections.is_empty() {
        return Err(Refusal::PrinterObjections { printer: name.to_owned(), objections, added: true }.into());
    }
    let profile = engine.profile(&printer.profile)?;
    let output = document::choose(&found, &profile).ok_or_else(|| Refusal::NoFormat { printer: name.to_owned() })?;
    let bytes = Renderer::new(&profile)
        .and_then(|renderer| renderer.test_card(&output))
        .map_err(|error| Refusal::ProfileNotRendered { profile: profile.name.clone(), detail: error.to_string() })?;
    let attempt = attempt_name(&engine.settings.site, engine.clock.now(), &*engine.entropy, None);
    let setup = |detail: String| Refusal::PrinterSetup { printer: name.to_owned(), detail };
    let id = AttemptId::new(&*attempt).map_err(|error| setup(error.to_string()))?;
    let driver = driver(engine, name, &printer.uri)?;
    let (format, sides) = (output.format.media_type(), document::keyword(output.sides));
    let document = Document { format, bytes, sides, media: output.media };

    let engine = &engine.owning(permit, false).await?;
    let place = planning::place(&printer);
    let mut tx = engine.write(permit).await?;
    refuse_counted(&mut tx, &profile.blank_type, &[&place.free()]).await?;
    refuse_full(&mut tx, name).await?;
    let lots = tx.account_lots(&profile.blank_type, &place.free()).await?;
    let Some(lot) = lots.iter().find(|lot| lot.quantity > 0).map(|lot| lot.lot) else {
        return Err(Refusal::NoFreeBlank { blank_type: profile.blank_type.clone(), place }.into());
    };
    let state = AttemptState::Intent;
    let mut card = test_card::TestCard { name: attempt.clone(), printer: name.to_owned(), state, lot, place };
    tx.test_card_add(&card, document.impressions()).await?;
    tx.audit(Event::new("printer.test-card", &*attempt).with("printer", name));
    tx.commit_part().await?;

    let outcome = print_once(engine, permit, &*driver, &mut card, id, document).await?;
    let mut tx = engine.write(permit).await?;
    match tx.test_card_change(card.ended(&outcome)).await {
        // It was declared uncertain, or took so long that it was settled. That stands.
        Err(StoreError::Conflict(_)) => {
            let event = Event::new("attempt.late-answer", &*attempt).with("outcome", outcome.state().as_str());
            tx.audit(event);
        }
        changed => changed?,
    }
    let test = TestCard { attempt, state: outcome.state(), reason: outcome.reason().cloned() };
    tx.commit_with(&test).await?;
    Ok(test)
}

/// Refuses a printer that has no ribbon or no room for one more card.
async fn refuse_full(tx: &mut Tx, name: &str) -> Result<(), EngineError> {
    let Some(printer) = tx.printer_get(name).await? else { return Err(no_printer(name).into()) };
    let open = i64::try_from(tx.attempts_open(&[name]).await?.len()).unwrap_or(i64::MAX);
    match printer.supplies.stop(open, tx.now()) {
        Some(Stop::TrayFull | Stop::RibbonUsedUp) => Err(Refusal::PrinterFull { printer: printer.name }.into()),
        Some(Stop::CleaningDue | Stop::Rests { .. }) | None => Ok(()),
    }
}

/// Sends a test card and watches it. Its release is saved before the printer is told to print it.
async fn print_once(
    engine: &Engine,
    permit: &Permit,
    driver: &dyn PrinterDriver,
    card: &mut test_card::TestCard,
    id: AttemptId,
    document: Document,
) -> Result<Outcome, EngineError> {
    let impressions = document.impressions();
    let mut reference =
        AttemptRef { id, printer_job: None, printer_run: None, releasing: false, impressions, acknowledged: false };
    let (mut is_started, mut awaits_upload) = (false, false);
    match driver.prepare(&reference.id, document).await {
        Ok(prepared) => {
            awaits_upload = prepared.awaits_upload;
            (reference.printer_job, reference.printer_run) = (prepared.printer_job, prepared.printer_run);
        }
        Err(fault) => match after_fault(driver, &reference, &fault).await {
            Some(outcome) => return Ok(outcome),
            None => is_started = true, // the printer did not keep its promise to hold
        },
    }
    let mut tx = engine.write(permit).await?;
    let (job, run) = (reference.printer_job.as_deref(), reference.printer_run.as_deref());
    match tx.test_card_release(&card.name, job, run).await {
        Ok(()) => tx.commit_part().await?,
        Err(StoreError::Conflict(_)) => {
            drop(tx);
            let _ = driver.cancel(&reference).await; // its outcome is saved already
            return Ok(verdict::stopped());
        }
        Err(error) => return Err(error.into()),
    }
    card.state = AttemptState::Releasing;
    reference.releasing = true;
    if is_started {
        return Ok(watch(engine, driver, &reference).await);
    }
    let committed = async {
        if awaits_upload {
            let uploaded = driver.upload(&reference.id).await?;
            (reference.printer_job, reference.printer_run) = (uploaded.printer_job, uploaded.printer_run);
        }
        driver.commit(&reference.id).await
    };
    match committed.await {
        Ok(committed) => {
            reference.printer_job = committed.printer_job.or(reference.printer_job.take());
            reference.printer_run = committed.printer_run.or(reference.printer_run.take());
            reference.acknowledged = true;
            let mut tx = engine.write(permit).await?;
            let (job, run) = (reference.printer_job.as_deref(), reference.printer_run.as_deref());
            tx.test_card_acknowledge(&card.name, job, run).await?;
            tx.commit_part().await?;
        }
        Err(fault) => {
            if let Some(outcome) = after_fault(driver, &reference, &fault).await {
                return Ok(outcome);
            }
        }
    }
    Ok(watch(engine, driver, &reference).await)
}

/// What a failed call means; `None` where only the printer can tell. No blank was used only if nothing of the card is left in
/// the printer, where a person could release it.
async fn after_fault(driver: &dyn PrinterDriver, reference: &AttemptRef, fault: &DriverError) -> Option<Outcome> {
    let outcome = verdict::after_fault(fault)?;
    Some(match driver.cancel(reference).await {
        Ok(Cancelled::NothingPrinted) => outcome,
        Ok(Cancelled::OutcomeUnknown) | Err(_) => verdict::uncertain(verdict::reason_of(fault)),
    })
}

/// Asks until the card has ended, for at most [`WATCH_MAX`].
async fn watch(engine: &Engine, driver: &dyn PrinterDriver, reference: &AttemptRef) -> Outcome {
    let began = engine.clock.now();
    let mut last = verdict::uncertain(Reason::NotEnded);
    while engine.clock.now().since(began) < WATCH_MAX {
        match driver.find(reference).await.map(verdict::after_releasing) {
            Ok(Verdict::Ended(outcome @ Outcome::Uncertain { .. })) => {
                last = outcome;
                break;
            }
            Ok(Verdict::Ended(outcome)) => return outcome,
            Ok(Verdict::Wait(reasons)) if !reasons.is_empty() => last = verdict::uncertain(Reason::Printer { reasons }),
            Ok(Verdict::Wait(_) | Verdict::Cancel) => {}
            Err(fault) => last = verdict::uncertain(verdict::reason_of(&fault)),
        }
        engine.clock.sleep(POLL_MAX).await;
    }
    let _ = driver.cancel(reference).await; // a card without a person must not come later
    last
}
