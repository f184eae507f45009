//! Helper: what a scheduler concludes of an attempt from what its driver says, and the tables of `ODD_PRINTERS.md`.

use std::collections::{BTreeMap, BTreeSet};

use cetak_driver_api::{AttemptRef, AttemptStatus, Blank, Cancelled, Card, DriverError, Ending, PrinterDriver};

use crate::document;

/// What the scheduler concludes of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Conclusion {
    /// One good card.
    Printed,
    /// No blank was used.
    NotStarted,
    /// A person inspects it.
    Uncertain,
    /// It stays open, and is asked about again.
    Open,
}

impl Conclusion {
    /// Whether that many cards in the output hopper do not contradict it.
    pub(crate) fn agrees_with(self, cards: usize) -> bool {
        match self {
            Self::Printed => cards == 1,
            Self::NotStarted => cards == 0,
            Self::Uncertain | Self::Open => cards <= 1,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Printed => "printed",
            Self::NotStarted => "not started",
            Self::Uncertain => "uncertain",
            Self::Open => "open",
        }
    }
}

/// The scheduler's part (`src/engine/printing/attempt.rs`, `src/domain/verdict.rs`): an error without doubt ends an attempt
/// only if nothing of it is left in the printer.
async fn after_error(driver: &dyn PrinterDriver, attempt: &AttemptRef, error: &DriverError) -> Option<Conclusion> {
    if matches!(error, DriverError::OutcomeUnknown(_)) {
        return None;
    }
    Some(match driver.cancel(attempt).await {
        Ok(Cancelled::NothingPrinted) => Conclusion::NotStarted,
        Ok(Cancelled::OutcomeUnknown) | Err(_) => Conclusion::Open,
    })
}

/// Sends a card; `before_release` is called when its document is held. `None` as the conclusion if only the printer can tell.
pub(crate) async fn send(
    driver: &dyn PrinterDriver,
    attempt: &mut AttemptRef,
    before_release: impl FnOnce(),
) -> Option<Conclusion> {
    let mut sent = driver.prepare(&attempt.id, document()).await;
    if let Ok(prepared) = &sent
        && prepared.awaits_upload
    {
        attempt.printer_run.clone_from(&prepared.printer_run);
        sent = driver.upload(&attempt.id).await;
    }
    match sent {
        Ok(prepared) => (attempt.printer_job, attempt.printer_run) = (prepared.printer_job, prepared.printer_run),
        Err(error) => {
            if let Some(conclusion) = after_error(driver, attempt, &error).await {
                return Some(conclusion);
            }
            attempt.releasing = true;
            return None;
        }
    }
    before_release();
    attempt.releasing = true;
    match driver.commit(&attempt.id).await {
        Ok(committed) => {
            attempt.printer_job = committed.printer_job.or(attempt.printer_job.take());
            attempt.printer_run = committed.printer_run.or(attempt.printer_run.take());
            attempt.acknowledged = true;
            None
        }
        Err(error) => after_error(driver, attempt, &error).await,
    }
}

/// What the printer's reports of an open attempt lead to.
pub(crate) async fn judge(driver: &dyn PrinterDriver, attempt: &AttemptRef) -> Conclusion {
    if !attempt.releasing {
        return match driver.cancel(attempt).await {
            Ok(Cancelled::NothingPrinted) => Conclusion::NotStarted,
            Ok(Cancelled::OutcomeUnknown) => match driver.find(attempt).await {
                Ok(AttemptStatus::NeverSeen { certain: true }) => Conclusion::NotStarted,
                Ok(found) => ended(&found),
                Err(_) => Conclusion::Open,
            },
            Err(_) => Conclusion::Open,
        };
    }
    match driver.find(attempt).await {
        Ok(AttemptStatus::Held | AttemptStatus::NeverSeen { certain: true }) => match driver.cancel(attempt).await {
            Ok(Cancelled::NothingPrinted) => Conclusion::NotStarted,
            Ok(Cancelled::OutcomeUnknown) | Err(_) => Conclusion::Open,
        },
        Ok(found) => {
            let conclusion = ended(&found);
            // Nothing may be left in the printer that could still print.
            let may_print = conclusion == Conclusion::Uncertain && driver.cancel(attempt).await.is_err();
            if may_print { Conclusion::Open } else { conclusion }
        }
        Err(_) => Conclusion::Open,
    }
}

fn ended(found: &AttemptStatus) -> Conclusion {
    match found {
        AttemptStatus::Ended(Ending { blank: Blank::Fed, card: Card::Good, .. }) => Conclusion::Printed,
        AttemptStatus::Ended(Ending { blank: Blank::NotFed, card: Card::None, .. }) => Conclusion::NotStarted,
        AttemptStatus::Ended(_) | AttemptStatus::NeverSeen { .. } | AttemptStatus::Forgotten => Conclusion::Uncertain,
        AttemptStatus::Held | AttemptStatus::Queued | AttemptStatus::Printing { .. } => Conclusion::Open,
    }
}

/// Compares a table of the paper with what was found: the columns before the last one, and all conclusions.
pub(crate) fn assert_table(head: &str, found: &BTreeMap<(&str, &str), BTreeSet<Conclusion>>) {
    let line = |((first, second), conclusions): (&(&str, &str), &BTreeSet<Conclusion>)| {
        let words: Vec<&str> = conclusions.iter().map(|conclusion| conclusion.word()).collect();
        format!("| {first} | {second} | {} |", words.join(", "))
    };
    let lines = found.iter().map(line).collect::<Vec<_>>().join("\n");
    let table = format!("{head} the attempt is |\n| --- | --- | --- |\n{lines}\n");
    assert!(include_str!("../../ODD_PRINTERS.md").contains(&table), "is now:\n{lines}");
}
