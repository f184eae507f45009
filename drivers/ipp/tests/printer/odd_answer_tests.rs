//! Each request of a card fails in each way, and the conclusion about the card never contradicts the output hopper. The
//! results are a table of `ODD_PRINTERS.md`.

use std::collections::{BTreeMap, BTreeSet};

use cetak_driver_api::PrinterDriver;
use tokio::task::JoinSet;

use crate::conclusion::{Conclusion, assert_table, judge, send};
use crate::fake_printer::{
    CANCEL_JOB, CREATE_JOB, FakePrinter, GET_JOB_ATTRIBUTES, GET_JOBS, GET_PRINTER_ATTRIBUTES, HOLD_JOB, Holds,
    OperationFailure, RELEASE_JOB, SEND_DOCUMENT,
};
use crate::{new_attempt, uncommitted};

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
    let mut conclusion = send(&driver, &mut attempt, || {}).await.unwrap_or(Conclusion::Open);
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
            if !conclusion.agrees_with(cards) {
                wrong.push(format!("{row:x?}: {conclusion:?} with {cards} cards"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_table("| request | failure |", &found);
}
