//! The protocol with hold, and every answer that may go wrong in it.

use std::net::TcpListener;
use std::sync::Arc;

use async_trait::async_trait;
use cetak_driver_api::conformance::{self, Fixture, Trouble};
use cetak_driver_api::{AttemptId, AttemptRef, Blank, Cancelled, Card, Document, Fault, Found, PrinterDriver};
use cetak_driver_ipp::{IppPrinter, Options, REASON_BUSY, REASON_NOT_ACCEPTING};

use crate::fake::{
    CANCEL_JOB, CREATE_JOB, FakePrinter, Fate, GET_JOB_ATTRIBUTES, GET_JOBS, GET_PRINTER_ATTRIBUTES, HOLD_JOB, Holds,
    Lie, RELEASE_JOB, SEND_DOCUMENT,
};
use crate::{clock, document, ending, new_attempt, sent, uncommitted};

const ALL: [Holds; 3] = [Holds::No, Holds::ByAttribute, Holds::ByOperation];
const HOLDING: [Holds; 2] = [Holds::ByAttribute, Holds::ByOperation];

#[async_trait]
impl Fixture for FakePrinter {
    async fn driver(&self) -> Arc<dyn PrinterDriver> {
        Arc::new(FakePrinter::driver(self))
    }

    fn attempts_at_once(&self) -> usize {
        2
    }

    async fn advance(&self) {
        self.work();
    }

    fn document(&self) -> Document {
        document()
    }

    fn attempt(&self) -> AttemptId {
        new_attempt()
    }

    async fn count_cards(&self, attempt: &AttemptId) -> Option<usize> {
        Some(FakePrinter::count_cards(self, attempt))
    }

    async fn hinder(&self) -> bool {
        self.state().waits_for_a_person = true;
        true
    }

    async fn help(&self) {
        self.state().waits_for_a_person = false;
    }

    async fn restart_printer(&self) -> bool {
        self.restart();
        true
    }

    async fn driver_in_trouble(&self, trouble: Trouble) -> Option<Arc<dyn PrinterDriver>> {
        let door = self.door();
        match trouble {
            Trouble::LostAnswer => {
                door.set_fate(RELEASE_JOB, Fate::LoseAnswer);
                // Where nothing is held, the document is what makes the card.
                if !FakePrinter::driver(self).probe().await.unwrap().can_hold {
                    door.set_fate(SEND_DOCUMENT, Fate::LoseAnswer);
                }
            }
            Trouble::Unavailable => {
                let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
                return Some(Arc::new(
                    IppPrinter::new(&format!("ipp://{closed}/ipp/print"), &Options::default(), clock()).unwrap(),
                ));
            }
            Trouble::Refusal => door.set_fate(SEND_DOCUMENT, Fate::Refuse(0x040b)),
            Trouble::BrokenHold if self.state().holds == Holds::No => return None,
            Trouble::BrokenHold => self.state().lie = Lie::LetsGoOnce,
        }
        Some(Arc::new(FakePrinter::driver(&door)))
    }
}

#[tokio::test]
async fn a_printer_that_cannot_hold_passes_the_conformance_suite() {
    conformance::exercise(&FakePrinter::start(Holds::No)).await;
}

#[tokio::test]
async fn a_printer_that_holds_by_attribute_passes_the_conformance_suite() {
    conformance::exercise(&FakePrinter::start(Holds::ByAttribute)).await;
}

#[tokio::test]
async fn a_printer_that_holds_by_operation_passes_the_conformance_suite() {
    conformance::exercise(&FakePrinter::start(Holds::ByOperation)).await;
}

#[tokio::test]
async fn a_held_card_is_proved_even_if_the_answer_to_release_was_lost() {
    for holds in HOLDING {
        let printer = FakePrinter::start(holds);
        printer.set_fate(RELEASE_JOB, Fate::LoseAnswer);
        let driver = printer.driver();
        let id = new_attempt();
        let prepared = driver.prepare(&id, document()).await.unwrap();
        assert_eq!((prepared.printer_job.as_deref(), prepared.held), (Some("1"), true));
        assert!(prepared.boot.is_some_and(|boot| boot.starts_with("up 1000 at ")));

        assert!(matches!(driver.commit(&id).await, Err(Fault::OutcomeUnknown(_))));
        printer.work();

        let attempt = AttemptRef { printer_job: prepared.printer_job, ..uncommitted(&id) };
        let found = ending(&driver, &attempt).await;
        assert_eq!((found.blank, found.card), (Blank::Fed, Card::Good));
        assert_eq!(printer.count_requests(RELEASE_JOB), 1);
    }
}

#[tokio::test]
async fn nothing_that_may_make_a_card_is_sent_twice() {
    for (holds, operation) in
        [(Holds::No, SEND_DOCUMENT), (Holds::ByAttribute, RELEASE_JOB), (Holds::ByOperation, RELEASE_JOB)]
    {
        for fate in [Fate::LoseAnswer, Fate::Http(500), Fate::Http(408), Fate::DoAndRefuse(0x0500)] {
            let printer = FakePrinter::start(holds);
            printer.set_fate(operation, fate);
            let driver = printer.driver();
            let id = new_attempt();
            driver.prepare(&id, document()).await.unwrap();

            let first = driver.commit(&id).await;
            let second = driver.commit(&id).await;

            assert!(matches!(first, Err(Fault::OutcomeUnknown(_))), "{holds:?} {fate:?}: {first:?}");
            assert!(matches!(second, Err(Fault::OutcomeUnknown(_))), "{holds:?} {fate:?}: {second:?}");
            for operation in [CREATE_JOB, SEND_DOCUMENT, RELEASE_JOB] {
                assert!(printer.count_requests(operation) <= 1, "{holds:?} {fate:?}: {operation:#x}");
            }
        }
    }
}

#[tokio::test]
async fn a_refused_release_of_a_job_that_stays_held_uses_no_blank() {
    for (fate, expected) in [
        (Fate::Refuse(0x0507), Some(Fault::Unavailable { reasons: vec![REASON_BUSY.to_owned()] })),
        (Fate::Refuse(0x0404), None),
        (Fate::Http(403), None),
    ] {
        let printer = FakePrinter::start(Holds::ByAttribute);
        printer.set_fate(RELEASE_JOB, fate);
        let driver = printer.driver();
        let id = new_attempt();
        driver.prepare(&id, document()).await.unwrap();

        let fault = driver.commit(&id).await.unwrap_err();

        assert!(!matches!(fault, Fault::OutcomeUnknown(_)), "{fate:?}: {fault}");
        assert!(expected.is_none_or(|expected| expected == fault), "{fate:?}");
        assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::NothingPrinted));
        assert_eq!(printer.job_states(&id), [7]);
    }
}

#[tokio::test]
async fn a_job_released_by_hand_before_commit_is_unknown() {
    for under_way in [true, false] {
        let printer = FakePrinter::start(Holds::ByAttribute);
        let driver = printer.driver();
        let id = new_attempt();
        driver.prepare(&id, document()).await.unwrap();
        printer.release_by_hand();
        if !under_way {
            printer.work();
        }

        assert!(matches!(driver.commit(&id).await, Err(Fault::OutcomeUnknown(_))));
        assert_eq!(printer.count_requests(RELEASE_JOB), 0);
        assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::OutcomeUnknown));
    }
}

#[tokio::test]
async fn a_restart_between_prepare_and_commit_releases_no_strangers_job() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    let driver = printer.driver();
    let id = new_attempt();
    driver.prepare(&id, document()).await.unwrap();
    printer.restart();
    printer.add_stranger("a stranger's letter");

    assert!(matches!(driver.commit(&id).await, Err(Fault::NotSent(_))));
    assert_eq!(printer.count_requests(RELEASE_JOB), 0);
    assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::NothingPrinted));
}

#[tokio::test]
async fn a_held_job_that_is_gone_from_a_printer_that_was_not_restarted_may_have_been_printed() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    let driver = printer.driver();
    let id = new_attempt();
    driver.prepare(&id, document()).await.unwrap();
    printer.release_by_hand();
    printer.work();
    printer.forget();

    assert!(matches!(driver.commit(&id).await, Err(Fault::OutcomeUnknown(_))));
    assert_eq!(printer.count_cards(&id), 1);
    assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::OutcomeUnknown));
}

#[tokio::test]
async fn a_printer_that_ignores_hold_gets_no_document_and_is_used_without_it() {
    for holds in HOLDING {
        let printer = FakePrinter::start(holds);
        printer.state().lie = Lie::NeverHolds;
        let driver = printer.driver();
        let id = new_attempt();

        assert!(matches!(driver.prepare(&id, document()).await, Err(Fault::NotSent(_))));

        assert_eq!(printer.count_requests(SEND_DOCUMENT), 0);
        assert_eq!(printer.job_states(&id), [7]);
        assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::NothingPrinted));
        assert!(!driver.probe().await.unwrap().can_hold);
        let next = new_attempt();
        let attempt = sent(&driver, &next).await;
        printer.work();
        assert_eq!(ending(&driver, &attempt).await.card, Card::Good);
        assert_eq!(printer.count_cards(&next), 1);
    }
}

#[tokio::test]
async fn a_printer_that_lets_a_held_job_go_is_caught_and_nothing_is_denied() {
    for holds in HOLDING {
        let printer = FakePrinter::start(holds);
        printer.state().lie = Lie::LetsGo;
        let driver = printer.driver();
        let id = new_attempt();

        assert!(matches!(driver.prepare(&id, document()).await, Err(Fault::OutcomeUnknown(_))));

        assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::OutcomeUnknown));
        assert!(!driver.probe().await.unwrap().can_hold);
    }
}

#[tokio::test]
async fn a_held_job_that_somebody_cancels_is_no_lie() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    printer.state().lie = Lie::TakesBack;
    let driver = printer.driver();
    let id = new_attempt();

    assert!(matches!(driver.prepare(&id, document()).await, Err(Fault::NotSent(_))));

    assert!(driver.probe().await.unwrap().can_hold);
    assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::NothingPrinted));
}

#[tokio::test]
async fn trouble_before_a_card_can_start_never_leaves_the_outcome_unknown() {
    let operations = [GET_PRINTER_ATTRIBUTES, CREATE_JOB, HOLD_JOB, GET_JOB_ATTRIBUTES];
    let fates = [
        Fate::LoseAnswer,
        Fate::Http(500),
        Fate::Http(403),
        Fate::Refuse(0x0400),
        Fate::Refuse(0x0507),
        Fate::Refuse(0x0fff),
    ];
    for holds in ALL {
        for operation in operations {
            for fate in fates {
                let printer = FakePrinter::start(holds);
                let door = printer.door();
                door.set_fate(operation, fate);
                let driver = door.driver();
                let id = new_attempt();

                let fault = match driver.prepare(&id, document()).await {
                    Ok(_) => driver.commit(&id).await.err(),
                    Err(fault) => Some(fault),
                };

                let context = format!("{holds:?} {operation:#x} {fate:?}: {fault:?}");
                assert!(!matches!(fault, Some(Fault::OutcomeUnknown(_))), "{context}");
                printer.work();
                assert_eq!(printer.count_cards(&id), usize::from(fault.is_none()), "{context}");
                let cancelled = printer.driver().cancel(&uncommitted(&id)).await.unwrap();
                assert!(fault.is_some() || cancelled == Cancelled::OutcomeUnknown, "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_job_whose_create_had_no_answer_is_found_by_its_name_and_taken_back() {
    let printer = FakePrinter::start(Holds::No);
    printer.set_fate(CREATE_JOB, Fate::LoseAnswer);
    let driver = printer.driver();
    let id = new_attempt();

    assert!(matches!(driver.prepare(&id, document()).await, Err(Fault::NotSent(_))));
    assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::NothingPrinted));
    assert_eq!(printer.job_states(&id), [7]);
}

#[tokio::test]
async fn a_lost_release_that_never_arrived_can_be_taken_back() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    printer.set_fate(RELEASE_JOB, Fate::Http(500));
    let driver = printer.driver();
    let id = new_attempt();
    let prepared = driver.prepare(&id, document()).await.unwrap();
    assert!(matches!(driver.commit(&id).await, Err(Fault::OutcomeUnknown(_))));
    let attempt = AttemptRef { printer_job: prepared.printer_job, ..uncommitted(&id) };

    assert_eq!(driver.find(&attempt).await, Ok(Found::Held));
    assert_eq!(driver.cancel(&attempt).await, Ok(Cancelled::NothingPrinted));
    assert_eq!(printer.job_states(&id), [7]);
}

#[tokio::test]
async fn a_cancel_that_the_printer_refuses_proves_nothing() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    printer.set_fate(CANCEL_JOB, Fate::Refuse(0x0404));
    let driver = printer.driver();
    let id = new_attempt();
    driver.prepare(&id, document()).await.unwrap();

    assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::OutcomeUnknown));
    assert!(matches!(driver.commit(&id).await, Err(Fault::NotSent(_))));
}

#[tokio::test]
async fn a_refused_document_is_no_card_if_the_job_can_be_taken_back() {
    for (fate, known) in [(Fate::Refuse(0x0411), true), (Fate::DoAndRefuse(0x0411), false)] {
        let printer = FakePrinter::start(Holds::No);
        printer.set_fate(SEND_DOCUMENT, fate);
        let driver = printer.driver();
        let id = new_attempt();
        driver.prepare(&id, document()).await.unwrap();

        let fault = driver.commit(&id).await.unwrap_err();

        assert_eq!(matches!(fault, Fault::Rejected(_)), known, "{fate:?}: {fault}");
        assert_eq!(matches!(fault, Fault::OutcomeUnknown(_)), !known, "{fate:?}: {fault}");
        assert_eq!(printer.job_states(&id), [7]);
    }
}

#[tokio::test]
async fn a_closed_queue_is_unavailable() {
    for holds in ALL {
        let printer = FakePrinter::start(holds);
        printer.set_fate(CREATE_JOB, Fate::Refuse(0x0506));
        let driver = printer.driver();
        let id = new_attempt();

        let fault = match driver.prepare(&id, document()).await {
            Ok(_) => driver.commit(&id).await.unwrap_err(),
            Err(fault) => fault,
        };

        assert_eq!(fault, Fault::Unavailable { reasons: vec![REASON_NOT_ACCEPTING.to_owned()] });
    }
}

#[tokio::test]
async fn two_impressions_of_a_printer_that_counts_cards_are_two_cards() {
    let printer = FakePrinter::start(Holds::No);
    let driver = printer.driver();
    let card = async |impressions: i32| {
        let attempt = AttemptRef { impressions: 2, ..sent(&driver, &new_attempt()).await };
        printer.state().jobs.last_mut().unwrap().impressions = impressions;
        printer.work();
        ending(&driver, &attempt).await.card
    };
    assert_eq!(card(2).await, Card::Good, "its two sides, as far as anybody knows");
    assert_eq!(card(1).await, Card::Good, "it counts cards");
    assert_eq!(card(2).await, Card::Unknown);
}

#[tokio::test]
async fn a_strangers_job_with_an_endless_name_hides_no_card() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    printer.add_stranger(&"x".repeat(1000));
    let driver = printer.driver();
    let attempt = sent(&driver, &new_attempt()).await;
    printer.work();

    assert_eq!(ending(&driver, &AttemptRef { printer_job: None, ..attempt }).await.card, Card::Good);
}

#[tokio::test]
async fn a_list_that_does_not_come_is_no_answer_about_the_card() {
    let printer = FakePrinter::start(Holds::No);
    let door = printer.door();
    door.set_fate(GET_JOBS, Fate::LoseAnswer);
    let id = new_attempt();

    let unreachable = Fault::Unavailable { reasons: vec!["connecting-to-device".to_owned()] };
    assert_eq!(door.driver().find(&uncommitted(&id)).await, Err(unreachable.clone()));
    assert_eq!(door.driver().cancel(&uncommitted(&id)).await, Err(unreachable));
}

#[tokio::test]
async fn messages_hold_nothing_of_the_document() {
    for operation in [CREATE_JOB, SEND_DOCUMENT, RELEASE_JOB] {
        for fate in [Fate::Refuse(0x040a), Fate::LoseAnswer, Fate::Http(500)] {
            let printer = FakePrinter::start(Holds::ByAttribute);
            printer.set_fate(operation, fate);
            let driver = printer.driver();
            let id = new_attempt();
            let prepared = driver.prepare(&id, document()).await;
            let fault = if let Err(fault) = prepared { fault } else { driver.commit(&id).await.unwrap_err() };

            assert!(!format!("{fault} {fault:?} {driver:?}").contains("a card as picture"), "{fault}");
        }
    }
}
