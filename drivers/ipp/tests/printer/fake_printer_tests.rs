//! The driver with a simulated printer: the protocol with hold, and each failure in it.

use std::net::TcpListener;
use std::sync::Arc;

use async_trait::async_trait;
use cetak_driver_api::conformance::{self, Fixture, Trouble};
use cetak_driver_api::{
    AttemptId, AttemptRef, AttemptStatus, Blank, Cancelled, Card, Document, DriverError, PrinterDriver,
};
use cetak_driver_ipp::{IppPrinter, Options, REASON_BUSY, REASON_NOT_ACCEPTING};

use crate::fake_printer::{
    BrokenHold, CANCEL_JOB, CREATE_JOB, FakePrinter, GET_JOB_ATTRIBUTES, GET_JOBS, GET_PRINTER_ATTRIBUTES, HOLD_JOB,
    Holds, OperationFailure, RELEASE_JOB, SEND_DOCUMENT,
};
use crate::{clock, document, ending, new_attempt, sent, uncommitted, uploaded};

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
        let port = self.another_port();
        match trouble {
            Trouble::LostAnswer => {
                port.set_failure(RELEASE_JOB, OperationFailure::LoseAnswer);
                // If the printer cannot hold, commit sends the document.
                if !FakePrinter::driver(self).probe().await.unwrap().can_hold {
                    port.set_failure(SEND_DOCUMENT, OperationFailure::LoseAnswer);
                }
            }
            Trouble::Unavailable => {
                let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
                return Some(Arc::new(
                    IppPrinter::new(&format!("ipp://{closed}/ipp/print"), &Options::default(), clock()).unwrap(),
                ));
            }
            Trouble::Refusal => port.set_failure(SEND_DOCUMENT, OperationFailure::Refuse(0x040b)),
            Trouble::BrokenHold if self.state().holds == Holds::No => return None,
            Trouble::BrokenHold => self.state().broken_hold = BrokenHold::StartsJobOnce,
        }
        Some(Arc::new(FakePrinter::driver(&port)))
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
async fn a_held_card_is_proved_even_if_the_answer_to_its_release_was_lost() {
    for holds in HOLDING {
        let printer = FakePrinter::start(holds);
        printer.set_failure(RELEASE_JOB, OperationFailure::LoseAnswer);
        let driver = printer.driver();
        let id = new_attempt();
        let prepared = uploaded(&driver, &id, document()).await.unwrap();
        assert_eq!((prepared.printer_job.as_deref(), prepared.held), (Some("1"), true));
        assert!(prepared.printer_run.is_some_and(|printer_run| printer_run.starts_with("up 1000 at ")));

        assert!(matches!(driver.commit(&id).await, Err(DriverError::OutcomeUnknown(_))));
        printer.work();

        let attempt = AttemptRef { printer_job: prepared.printer_job, ..uncommitted(&id) };
        let found = ending(&driver, &attempt).await;
        assert_eq!((found.blank, found.card), (Blank::Fed, Card::Good));
        assert_eq!(printer.count_requests(RELEASE_JOB), 1);
    }
}

#[tokio::test]
async fn no_request_that_may_make_a_card_is_sent_twice() {
    for (holds, operation) in
        [(Holds::No, SEND_DOCUMENT), (Holds::ByAttribute, RELEASE_JOB), (Holds::ByOperation, RELEASE_JOB)]
    {
        for failure in [
            OperationFailure::LoseAnswer,
            OperationFailure::Http(500),
            OperationFailure::Http(408),
            OperationFailure::DoAndRefuse(0x0500),
        ] {
            let printer = FakePrinter::start(holds);
            printer.set_failure(operation, failure);
            let driver = printer.driver();
            let id = new_attempt();
            uploaded(&driver, &id, document()).await.unwrap();

            let first = driver.commit(&id).await;
            let second = driver.commit(&id).await;

            let is_unstarted = holds == Holds::No && matches!(failure, OperationFailure::Http(_));
            for answer in [first, second] {
                let fault = answer.unwrap_err();
                assert_eq!(
                    !matches!(fault, DriverError::OutcomeUnknown(_)),
                    is_unstarted,
                    "{holds:?} {failure:?}: {fault}"
                );
            }
            for operation in [CREATE_JOB, SEND_DOCUMENT, RELEASE_JOB] {
                assert!(printer.count_requests(operation) <= 1, "{holds:?} {failure:?}: {operation:#x}");
            }
        }
    }
}

#[tokio::test]
async fn a_refused_release_of_a_job_that_stays_held_uses_no_blank() {
    for (failure, expected) in [
        (OperationFailure::Refuse(0x0507), Some(DriverError::Unavailable { reasons: vec![REASON_BUSY.to_owned()] })),
        (OperationFailure::Refuse(0x0404), None),
        (OperationFailure::Http(403), None),
    ] {
        let printer = FakePrinter::start(Holds::ByAttribute);
        printer.set_failure(RELEASE_JOB, failure);
        let driver = printer.driver();
        let id = new_attempt();
        uploaded(&driver, &id, document()).await.unwrap();

        let fault = driver.commit(&id).await.unwrap_err();

        assert!(!matches!(fault, DriverError::OutcomeUnknown(_)), "{failure:?}: {fault}");
        assert!(expected.is_none_or(|expected| expected == fault), "{failure:?}");
        assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::NothingPrinted));
        assert_eq!(printer.job_states(&id), [7]);
    }
}

#[tokio::test]
async fn a_job_that_was_released_by_hand_before_commit_has_an_unknown_outcome() {
    for under_way in [true, false] {
        let printer = FakePrinter::start(Holds::ByAttribute);
        let driver = printer.driver();
        let id = new_attempt();
        uploaded(&driver, &id, document()).await.unwrap();
        printer.release_by_hand();
        if !under_way {
            printer.work();
        }

        assert!(matches!(driver.commit(&id).await, Err(DriverError::OutcomeUnknown(_))));
        assert_eq!(printer.count_requests(RELEASE_JOB), 0);
        assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::OutcomeUnknown));
    }
}

#[tokio::test]
async fn commit_after_a_restart_releases_no_job_of_another_program() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    let driver = printer.driver();
    let id = new_attempt();
    uploaded(&driver, &id, document()).await.unwrap();
    printer.restart();
    printer.add_foreign_job("a letter");

    assert!(matches!(driver.commit(&id).await, Err(DriverError::NotSent(_))));
    assert_eq!(printer.count_requests(RELEASE_JOB), 0);
    assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::NothingPrinted));
}

#[tokio::test]
async fn a_held_job_that_is_missing_without_a_restart_may_have_been_printed() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    let driver = printer.driver();
    let id = new_attempt();
    uploaded(&driver, &id, document()).await.unwrap();
    printer.release_by_hand();
    printer.work();
    printer.forget();

    assert!(matches!(driver.commit(&id).await, Err(DriverError::OutcomeUnknown(_))));
    assert_eq!(printer.count_cards(&id), 1);
    assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::OutcomeUnknown));
}

#[tokio::test]
async fn a_printer_that_ignores_a_hold_gets_no_document_and_is_then_used_without_hold() {
    for holds in HOLDING {
        let printer = FakePrinter::start(holds);
        printer.state().broken_hold = BrokenHold::Ignored;
        let driver = printer.driver();
        let id = new_attempt();

        assert!(matches!(uploaded(&driver, &id, document()).await, Err(DriverError::NotSent(_))));

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
async fn a_held_job_that_starts_without_a_release_has_an_unknown_outcome() {
    for holds in HOLDING {
        let printer = FakePrinter::start(holds);
        printer.state().broken_hold = BrokenHold::StartsJob;
        let driver = printer.driver();
        let id = new_attempt();

        assert!(matches!(uploaded(&driver, &id, document()).await, Err(DriverError::OutcomeUnknown(_))));

        assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::OutcomeUnknown));
        assert!(!driver.probe().await.unwrap().can_hold);
    }
}

#[tokio::test]
async fn a_held_job_that_is_cancelled_by_hand_does_not_break_the_hold() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    printer.state().broken_hold = BrokenHold::JobCancelledByHand;
    let driver = printer.driver();
    let id = new_attempt();

    assert!(matches!(uploaded(&driver, &id, document()).await, Err(DriverError::NotSent(_))));

    assert!(driver.probe().await.unwrap().can_hold);
    assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::NothingPrinted));
}

#[tokio::test]
async fn a_failure_before_a_card_can_start_never_leaves_the_outcome_unknown() {
    let operations = [GET_PRINTER_ATTRIBUTES, CREATE_JOB, HOLD_JOB, GET_JOB_ATTRIBUTES];
    let failures = [
        OperationFailure::LoseAnswer,
        OperationFailure::Http(500),
        OperationFailure::Http(403),
        OperationFailure::Refuse(0x0400),
        OperationFailure::Refuse(0x0507),
        OperationFailure::Refuse(0x0fff),
    ];
    for holds in ALL {
        for operation in operations {
            for failure in failures {
                let printer = FakePrinter::start(holds);
                let port = printer.another_port();
                port.set_failure(operation, failure);
                let driver = port.driver();
                let id = new_attempt();

                let fault = match uploaded(&driver, &id, document()).await {
                    Ok(_) => driver.commit(&id).await.err(),
                    Err(fault) => Some(fault),
                };

                let context = format!("{holds:?} {operation:#x} {failure:?}: {fault:?}");
                assert!(!matches!(fault, Some(DriverError::OutcomeUnknown(_))), "{context}");
                printer.work();
                assert_eq!(printer.count_cards(&id), usize::from(fault.is_none()), "{context}");
                let cancelled = printer.driver().cancel(&uncommitted(&id)).await.unwrap();
                assert!(fault.is_some() || cancelled == Cancelled::OutcomeUnknown, "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_job_whose_creation_had_no_answer_is_found_by_its_name_and_cancelled() {
    let printer = FakePrinter::start(Holds::No);
    printer.set_failure(CREATE_JOB, OperationFailure::LoseAnswer);
    let driver = printer.driver();
    let id = new_attempt();

    assert!(matches!(uploaded(&driver, &id, document()).await, Err(DriverError::NotSent(_))));
    assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::NothingPrinted));
    assert_eq!(printer.job_states(&id), [7]);
}

#[tokio::test]
async fn a_release_that_did_not_arrive_can_be_cancelled() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    printer.set_failure(RELEASE_JOB, OperationFailure::Http(500));
    let driver = printer.driver();
    let id = new_attempt();
    let prepared = uploaded(&driver, &id, document()).await.unwrap();
    assert!(matches!(driver.commit(&id).await, Err(DriverError::OutcomeUnknown(_))));
    let attempt = AttemptRef { printer_job: prepared.printer_job, ..uncommitted(&id) };

    assert_eq!(driver.find(&attempt).await, Ok(AttemptStatus::Held));
    assert_eq!(driver.cancel(&attempt).await, Ok(Cancelled::NothingPrinted));
    assert_eq!(printer.job_states(&id), [7]);
}

#[tokio::test]
async fn a_job_that_waits_under_another_id_than_the_saved_one_proves_nothing() {
    for (saved, expected) in [("1", Cancelled::NothingPrinted), ("99", Cancelled::OutcomeUnknown)] {
        let printer = FakePrinter::start(Holds::ByAttribute);
        let id = new_attempt();
        uploaded(&printer.driver(), &id, document()).await.unwrap();
        let attempt = AttemptRef { printer_job: Some(saved.to_owned()), ..uncommitted(&id) };

        // A scheduler that was started anew.
        assert_eq!(printer.driver().cancel(&attempt).await, Ok(expected), "{saved}");

        assert_eq!(printer.job_states(&id), [7], "and it cannot be released any more");
    }
}

#[tokio::test]
async fn a_refused_cancel_proves_nothing() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    printer.set_failure(CANCEL_JOB, OperationFailure::Refuse(0x0404));
    let driver = printer.driver();
    let id = new_attempt();
    uploaded(&driver, &id, document()).await.unwrap();

    assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::OutcomeUnknown));
    assert!(matches!(driver.commit(&id).await, Err(DriverError::NotSent(_))));
}

#[tokio::test]
async fn a_refused_document_makes_no_card_if_its_job_can_be_cancelled() {
    for (failure, is_known) in
        [(OperationFailure::Refuse(0x0411), true), (OperationFailure::DoAndRefuse(0x0411), false)]
    {
        let printer = FakePrinter::start(Holds::No);
        printer.set_failure(SEND_DOCUMENT, failure);
        let driver = printer.driver();
        let id = new_attempt();
        uploaded(&driver, &id, document()).await.unwrap();

        let fault = driver.commit(&id).await.unwrap_err();

        assert_eq!(matches!(fault, DriverError::Rejected(_)), is_known, "{failure:?}: {fault}");
        assert_eq!(matches!(fault, DriverError::OutcomeUnknown(_)), !is_known, "{failure:?}: {fault}");
        assert_eq!(printer.job_states(&id), [7]);
    }
}

#[tokio::test]
async fn a_closed_queue_is_unavailable() {
    for holds in ALL {
        let printer = FakePrinter::start(holds);
        printer.set_failure(CREATE_JOB, OperationFailure::Refuse(0x0506));
        let driver = printer.driver();
        let id = new_attempt();

        let fault = match uploaded(&driver, &id, document()).await {
            Ok(_) => driver.commit(&id).await.unwrap_err(),
            Err(fault) => fault,
        };

        assert_eq!(fault, DriverError::Unavailable { reasons: vec![REASON_NOT_ACCEPTING.to_owned()] });
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
    assert_eq!(card(2).await, Card::Good, "two sides, as long as it may count sides");
    assert_eq!(card(1).await, Card::Good, "so it counts cards");
    assert_eq!(card(2).await, Card::Unknown);
}

#[tokio::test]
async fn a_job_of_another_program_with_a_very_long_name_hides_no_card() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    printer.add_foreign_job(&"x".repeat(1000));
    let driver = printer.driver();
    let attempt = sent(&driver, &new_attempt()).await;
    printer.work();

    assert_eq!(ending(&driver, &AttemptRef { printer_job: None, ..attempt }).await.card, Card::Good);
}

#[tokio::test]
async fn a_job_list_without_an_answer_says_nothing_about_the_card() {
    let printer = FakePrinter::start(Holds::No);
    let port = printer.another_port();
    port.set_failure(GET_JOBS, OperationFailure::LoseAnswer);
    let id = new_attempt();

    let unreachable = DriverError::Unavailable { reasons: vec!["connecting-to-device".to_owned()] };
    assert_eq!(port.driver().find(&uncommitted(&id)).await, Err(unreachable.clone()));
    assert_eq!(port.driver().cancel(&uncommitted(&id)).await, Err(unreachable));
}

#[tokio::test]
async fn messages_repeat_nothing_of_the_document() {
    for operation in [CREATE_JOB, SEND_DOCUMENT, RELEASE_JOB] {
        for failure in [OperationFailure::Refuse(0x040a), OperationFailure::LoseAnswer, OperationFailure::Http(500)] {
            let printer = FakePrinter::start(Holds::ByAttribute);
            printer.set_failure(operation, failure);
            let driver = printer.driver();
            let id = new_attempt();
            let prepared = uploaded(&driver, &id, document()).await;
            let fault = if let Err(fault) = prepared { fault } else { driver.commit(&id).await.unwrap_err() };

            assert!(!format!("{fault} {fault:?} {driver:?}").contains("a card as picture"), "{fault}");
        }
    }
}
