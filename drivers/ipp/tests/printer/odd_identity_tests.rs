//! What a printer says of itself changes while a card is under way: the conclusion about the card never contradicts the output
//! hopper. The results are a table of `ODD_PRINTERS.md`.

use std::collections::{BTreeMap, BTreeSet};

use cetak_driver_api::PrinterDriver;
use tokio::task::JoinSet;

use crate::conclusion::{Conclusion, assert_table, judge, send};
use crate::fake_printer::{FakePrinter, Holds, UpTime};
use crate::{new_attempt, uncommitted};

/// Each way of counting the up-time, and its name in the table.
const UP_TIMES: [(&str, UpTime); 4] = [
    ("counts seconds", UpTime::Ticks),
    ("counts minutes", UpTime::Steps(60)),
    ("counts seconds, and job times are Unix times", UpTime::OtherJobTimes),
    ("stands still", UpTime::Constant),
];

const EVENTS: [(&str, Event); 6] = [
    ("nothing", Event::Nothing),
    ("a restart, and its jobs are kept", Event::RestartWithJobs),
    ("a restart, and its jobs are forgotten", Event::Restart),
    ("another `printer-uuid`", Event::OtherUuid),
    ("another `printer-uuid`, and other jobs", Event::OtherPrinter),
    ("no `printer-uuid`", Event::NoUuid),
];

/// What happens to the printer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Event {
    Nothing,
    RestartWithJobs,
    Restart,
    OtherUuid,
    OtherPrinter,
    NoUuid,
}

impl Event {
    fn happen(self, printer: &FakePrinter) {
        match self {
            Self::Nothing => {}
            Self::RestartWithJobs => printer.restart_with_jobs(),
            Self::Restart => printer.restart(),
            Self::OtherUuid => printer.state().uuid = Some("urn:uuid:2"),
            Self::OtherPrinter => {
                printer.state().uuid = Some("urn:uuid:2");
                printer.restart();
            }
            Self::NoUuid => printer.state().uuid = None,
        }
    }
}

/// When it happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Moment {
    /// The document is in the printer, which may hold it.
    BeforeRelease,
    /// The card is under way.
    Printing,
    /// The card is in the output hopper.
    AfterCard,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    up_time: (&'static str, UpTime),
    event: (&'static str, Event),
    moment: Moment,
    holds: Holds,
    /// Whether the scheduler is started anew after the event.
    is_new: bool,
}

/// Sends one card, and returns the conclusion and the cards in the hopper after all that can still print was printed.
async fn concluded(row: Row) -> (Conclusion, usize) {
    let printer = FakePrinter::start(row.holds);
    (printer.state().up_time, printer.state().uuid) = (row.up_time.1, Some("urn:uuid:1"));
    let driver = printer.driver();
    driver.probe().await.unwrap();
    let id = new_attempt();
    let mut attempt = uncommitted(&id);
    let happens = |moment| {
        if row.moment == moment {
            row.event.1.happen(&printer);
        }
    };
    let sent = send(&driver, &mut attempt, || happens(Moment::BeforeRelease)).await;
    let mut conclusion = sent.unwrap_or(Conclusion::Open);
    happens(Moment::Printing);
    printer.work();
    happens(Moment::AfterCard);
    let driver = if row.is_new { printer.driver() } else { driver };
    for _ in 0..2 {
        if conclusion == Conclusion::Open {
            conclusion = judge(&driver, &attempt).await;
        }
        printer.work();
    }
    printer.release_by_hand();
    printer.work();
    (conclusion, printer.count_cards(&id))
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (up_time, event) in UP_TIMES.into_iter().flat_map(|up_time| EVENTS.map(|event| (up_time, event))) {
        for moment in [Moment::BeforeRelease, Moment::Printing, Moment::AfterCard] {
            for holds in [Holds::No, Holds::ByAttribute, Holds::ByOperation] {
                rows.extend([false, true].map(|is_new| Row { up_time, event, moment, holds, is_new }));
            }
        }
    }
    rows
}

/// Rows at the same time. They wait for readings of the up-time.
const CHUNK: usize = 72;

#[tokio::test]
async fn what_a_printer_says_of_itself_leads_to_no_conclusion_that_contradicts_the_output_hopper() {
    let (mut wrong, mut found) = (Vec::new(), BTreeMap::<_, BTreeSet<Conclusion>>::new());
    for chunk in rows().chunks(CHUNK) {
        let mut running = JoinSet::new();
        for row in chunk.iter().copied() {
            running.spawn(async move { (row, concluded(row).await) });
        }
        for (row, (conclusion, cards)) in running.join_all().await {
            found.entry((row.up_time.0, row.event.0)).or_default().insert(conclusion);
            if !conclusion.agrees_with(cards) {
                wrong.push(format!("{row:?}: {conclusion:?} with {cards} cards"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_table("| `printer-up-time` | then |", &found);
}
