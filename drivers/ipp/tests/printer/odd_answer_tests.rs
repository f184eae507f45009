//! Each request of a card fails in each way, and the conclusion about the card never contradicts the output hopper. The
//! results are a table of `ODD_PRINTERS.md`.

use std::collections::{BTreeMap, BTreeSet};

use cetak_driver_api::{AttemptRef, AttemptStatus, Blank, Cancelled, Card, DriverError, Ending, PrinterDriver};
use tokio::task::JoinSet;

use crate::fake_printer::{
    CANCEL_JOB, CREATE_JOB, FakePrinter, GET_JOB_ATTRIBUTES, GET_JOBS, GET_PRINTER_ATTRIBUTES, HOLD_JOB, Holds,
    OperationFailure, RELEASE_JOB, SEND_DOCUMENT,
};
use crate::{document, new_attempt, uncommitted};

const ALL: &[Holds] = &[Holds::No, Holds::ByAttribute, Holds::ByOperation];

/// Each operation, and the printers that get it.
const OPERATIONS: [(u16, &str, &[Holds]); 8] = [
    (CREATE_JOB, "Create-Job", ALL),
    (HOLD_JOB, "Hold-Job", &[Holds::ByOperation]),
    (SEND_DOCUMENT, "Send-Document", ALL),
    (RELEASE_JOB, "Release-Job", &[Holds::ByAttribute, Holds::ByOperation]),
    (CANCEL_JOB, "Cancel-Job", ALL),
    (GET_JOB_ATTRIBUTES, "Get-Job-Attributes", ALL),
    (GET_JOBS, "Get-Jobs", ALL),
    (GET_PRINTER_ATTRIBUTES, "Get-Printer-Attributes", ALL),
];

const RECOVERS: [Recovers; 3] = [Recovers::No, Recovers::Printer, Recovers::Scheduler];

/// What the scheduler concludes of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Conclusion {
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

/// Sends a card. `None` as the conclusion if only the printer can tell.
async fn send(driver: &dyn PrinterDriver, attempt: &mut AttemptRef) -> Option<Conclusion> {
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
async fn judge(driver: &dyn PrinterDriver, attempt: &AttemptRef) -> Conclusion {
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

/// What is sent and answered in one row.
#[derive(Clone, Copy, Debug)]
struct Row {
    holds: Holds,
    operation: u16,
    failure: OperationFailure,
    /// When the scheduler asks what became of the card, the requests are answered again.
    recovers: Recovers,
}

/// What follows the failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Recovers {
    /// It lasts.
    No,
    /// The printer answers again.
    Printer,
    /// The printer answers again, to a scheduler that was started anew.
    Scheduler,
}

/// Sends one card, and returns the conclusion and the cards in the hopper after all that can still print was printed.
async fn concluded(row: Row) -> (Conclusion, usize) {
    let printer = FakePrinter::start(row.holds);
    let driver = printer.driver_with_short_timeouts();
    driver.probe().await.unwrap();
    let id = new_attempt();
    let mut attempt = uncommitted(&id);
    printer.set_failure(row.operation, row.failure);
    // Without a conclusion only the printer can tell.
    let mut conclusion = send(&driver, &mut attempt).await.unwrap_or(Conclusion::Open);
    if row.recovers != Recovers::No {
        printer.clear_failures();
    }
    let driver = if row.recovers == Recovers::Scheduler { printer.driver_with_short_timeouts() } else { driver };
    for _ in 0..2 {
        printer.work();
        if conclusion == Conclusion::Open {
            conclusion = judge(&driver, &attempt).await;
        }
    }
    printer.clear_failures();
    // A job without a document cannot print when it is released.
    if printer.count_requests(SEND_DOCUMENT) > 0 {
        printer.release_by_hand();
    }
    printer.work();
    (conclusion, printer.count_cards(&id))
}

/// Each failure of a request, and its name in the table.
fn failures() -> Vec<(&'static str, OperationFailure)> {
    let mut all = vec![("done, no answer", OperationFailure::LoseAnswer)];
    for status in [0x0400, 0x0403, 0x0404, 0x0406, 0x040b, 0x0500, 0x0506, 0x0507] {
        all.push(("refused", OperationFailure::Refuse(status)));
        all.push(("done, but refused", OperationFailure::DoAndRefuse(status)));
    }
    all.extend([400, 401, 413, 500].map(|status| ("HTTP status", OperationFailure::Http(status))));
    all
}

/// Each failure of a request that a printer of that kind gets.
fn rows() -> Vec<(&'static str, &'static str, Row)> {
    let mut rows = Vec::new();
    for ((operation, name, kinds), (failure_name, failure)) in
        OPERATIONS.into_iter().flat_map(|operation| failures().into_iter().map(move |failure| (operation, failure)))
    {
        for (holds, recovers) in kinds.iter().flat_map(|holds| RECOVERS.map(|recovers| (*holds, recovers))) {
            rows.push((name, failure_name, Row { holds, operation, failure, recovers }));
        }
    }
    rows
}

/// The head of the table in the paper.
const HEAD: &str = "| request | failure | the attempt is |\n| --- | --- | --- |";

/// Rows at the same time.
const CHUNK: usize = 12;

#[tokio::test]
async fn a_failed_request_leads_to_no_conclusion_that_contradicts_the_output_hopper() {
    let (mut wrong, mut found) = (Vec::new(), BTreeMap::<_, BTreeSet<Conclusion>>::new());
    for chunk in rows().chunks(CHUNK) {
        let mut running = JoinSet::new();
        for (operation, failure, row) in chunk.iter().copied() {
            running.spawn(async move { (operation, failure, row, concluded(row).await) });
        }
        for (operation, failure, row, (conclusion, cards)) in running.join_all().await {
            found.entry((operation, failure)).or_default().insert(conclusion);
            let is_right = match conclusion {
                Conclusion::Printed => cards == 1,
                Conclusion::NotStarted => cards == 0,
                Conclusion::Uncertain | Conclusion::Open => cards <= 1,
            };
            if !is_right {
                wrong.push(format!("{row:x?}: {conclusion:?} with {cards} cards"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let lines: Vec<String> = found
        .iter()
        .map(|((operation, failure), conclusions)| {
            let words: Vec<&str> = conclusions.iter().map(|conclusion| conclusion.word()).collect();
            format!("| {operation} | {failure} | {} |", words.join(", "))
        })
        .collect();
    let lines = lines.join("\n");
    assert!(include_str!("../../ODD_PRINTERS.md").contains(&format!("{HEAD}\n{lines}\n")), "is now:\n{lines}");
}
