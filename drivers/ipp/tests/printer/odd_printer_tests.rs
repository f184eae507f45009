//! The driver with a simulated printer whose reports cannot be taken at their word: names that it does not keep,
//! attributes that it ignores, an up-time that is no clock, documents that it forgets, answers that come late.

use cetak_driver_api::{AttemptRef, AttemptStatus, Blank, Cancelled, Card, Caution, DriverError, PrinterDriver};
use cetak_driver_ipp::{REASON_NAME_NOT_KEPT, REASON_OTHER_PRINTER, REASON_QUERIES_REFUSED};

use crate::fake_printer::{
    CREATE_JOB, FakePrinter, GET_JOB_ATTRIBUTES, GET_JOBS, Holds, Names, Old, OperationFailure, PrinterState,
    RELEASE_JOB, SEND_DOCUMENT, UpTime,
};
use crate::{document, ending, found_when, new_attempt, sent, uncommitted, uploaded, watch_for_seconds};

const ALL: [Holds; 3] = [Holds::No, Holds::ByAttribute, Holds::ByOperation];
const HOLDING: [Holds; 2] = [Holds::ByAttribute, Holds::ByOperation];

fn unavailable(reason: &str) -> DriverError {
    DriverError::Unavailable { reasons: vec![reason.to_owned()] }
}

#[tokio::test]
async fn a_job_whose_name_the_printer_does_not_keep_is_cancelled_and_the_status_says_so() {
    for holds in ALL {
        for names in [Names::Fixed("Print"), Names::Cut(32), Names::LeftOut] {
            let printer = FakePrinter::start(holds);
            printer.state().names = names;
            let driver = printer.driver();
            let id = new_attempt();

            let fault = uploaded(&driver, &id, document()).await.unwrap_err();

            assert_eq!(fault, unavailable(REASON_NAME_NOT_KEPT), "{holds:?} {names:?}");
            assert_eq!(printer.job_states(&id), [7], "{holds:?} {names:?}");
            assert_eq!(printer.count_requests(SEND_DOCUMENT), 0);
            assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::NothingPrinted));
            assert_eq!(driver.status().await.unwrap().reasons, [REASON_NAME_NOT_KEPT]);
            printer.state().names = Names::Kept;
            sent(&driver, &new_attempt()).await;
            assert_eq!(driver.status().await.unwrap().reasons, Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn a_name_that_is_lost_under_way_leaves_the_outcome_unknown_and_the_status_says_so() {
    for holds in ALL {
        let printer = FakePrinter::start(holds);
        let driver = printer.driver();
        let attempt = sent(&driver, &new_attempt()).await;
        printer.state().names = Names::LeftOut;
        printer.work();

        assert_eq!(driver.find(&attempt).await, Ok(AttemptStatus::NeverSeen { certain: false }));
        assert_eq!(driver.status().await.unwrap().reasons, [REASON_NAME_NOT_KEPT], "{holds:?}");
    }
}

#[tokio::test]
async fn a_job_that_was_created_without_a_requested_attribute_gets_no_document() {
    for holds in ALL {
        for (ignores, reason) in [
            ((0x0001, &["copies"] as &[_]), "copies-ignored"),
            ((0x0002, &["copies"]), "copies-ignored"),
            ((0x0000, &["copies"]), "copies-ignored"),
            ((0x0001, &["job-name"]), REASON_NAME_NOT_KEPT),
            ((0x0001, &[]), "job-attributes-ignored"),
        ] {
            let printer = FakePrinter::start(holds);
            printer.state().ignores = ignores;
            let driver = printer.driver();
            let id = new_attempt();

            assert_eq!(uploaded(&driver, &id, document()).await, Err(unavailable(reason)), "{holds:?} {ignores:?}");

            assert_eq!(printer.job_states(&id), [7]);
            assert_eq!(printer.count_requests(SEND_DOCUMENT), 0);
            assert_eq!(driver.status().await.unwrap().reasons, [reason]);
            assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::NothingPrinted));
        }
    }
}

#[tokio::test]
async fn an_ignored_attribute_that_was_not_requested_or_has_no_effect_is_harmless() {
    for ignores in [(0x0001, &["requesting-user-name"] as &[_]), (0x0001, &["finishings"])] {
        let printer = FakePrinter::start(Holds::ByAttribute);
        printer.state().ignores = ignores;
        let driver = printer.driver();
        let attempt = sent(&driver, &new_attempt()).await;
        printer.work();
        assert_eq!(ending(&driver, &attempt).await.card, Card::Good, "{ignores:?}");
    }
}

#[tokio::test]
async fn an_ignored_hold_sends_no_document() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    printer.state().ignores = (0x0001, &["job-hold-until"]);
    let driver = printer.driver();
    let id = new_attempt();

    assert!(matches!(uploaded(&driver, &id, document()).await, Err(DriverError::NotSent(_))));

    assert_eq!(printer.count_requests(SEND_DOCUMENT), 0);
    assert_eq!(printer.job_states(&id), [7]);
    assert!(!driver.probe().await.unwrap().can_hold);
}

#[tokio::test]
async fn more_sheets_than_one_and_a_doubtful_reason_are_no_good_card() {
    for (sheets, doubt) in [(Some(2), None), (Some(0), None), (Some(1), Some("errors-detected"))] {
        let printer = FakePrinter::start(Holds::ByAttribute);
        let driver = printer.driver();
        let attempt = sent(&driver, &new_attempt()).await;
        {
            let mut state = printer.state();
            let job = state.jobs.last_mut().unwrap();
            (job.sheets, job.doubt) = (sheets, doubt);
        }
        printer.work();
        assert_eq!(ending(&driver, &attempt).await.card, Card::Unknown, "{sheets:?} {doubt:?}");
    }
}

#[tokio::test]
async fn a_printer_that_puts_two_sides_on_two_sheets_gets_no_further_card() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    let driver = printer.driver();
    let attempt = AttemptRef { impressions: 2, ..sent(&driver, &new_attempt()).await };
    {
        let mut state = printer.state();
        let job = state.jobs.last_mut().unwrap();
        (job.impressions, job.sheets) = (2, Some(2));
    }
    printer.work();

    assert_eq!(ending(&driver, &attempt).await.card, Card::Unknown);
    assert_eq!(driver.status().await.unwrap().reasons, ["sides-ignored"]);
}

/// Neither the driver that sent the document nor one without memory denies the card.
#[tokio::test]
async fn a_document_that_was_printed_on_arrival_and_forgotten_is_never_denied() {
    for holds in HOLDING {
        for failure in [None, Some(OperationFailure::LoseAnswer), Some(OperationFailure::DoAndRefuse(0x0500))] {
            let printer = FakePrinter::start(holds);
            printer.state().prints_on_arrival_and_forgets = true;
            if let Some(failure) = failure {
                printer.set_failure(SEND_DOCUMENT, failure);
            }
            let driver = printer.driver();
            let id = new_attempt();
            let prepared = driver.prepare(&id, document()).await.unwrap();
            assert!(prepared.awaits_upload && prepared.printer_run.is_some());

            let fault = driver.upload(&id).await.unwrap_err();

            let is_unknown = matches!(fault, DriverError::OutcomeUnknown(_));
            assert_eq!(is_unknown, failure.is_none(), "{holds:?} {failure:?}: {fault}");
            let saved = AttemptRef { printer_run: prepared.printer_run, ..uncommitted(&id) };
            for driver in [driver, printer.driver()] {
                assert_eq!(driver.cancel(&saved).await, Ok(Cancelled::OutcomeUnknown), "{holds:?} {failure:?}");
                assert_eq!(driver.find(&saved).await, Ok(AttemptStatus::NeverSeen { certain: false }));
            }
            assert_eq!(printer.count_cards(&id), 1);
        }
    }
}

#[tokio::test]
async fn a_held_job_that_is_gone_was_lost_only_if_the_printer_restarted() {
    for restarts in [true, false] {
        let printer = FakePrinter::start(Holds::ByAttribute);
        let driver = printer.driver();
        let id = new_attempt();
        let prepared = driver.prepare(&id, document()).await.unwrap();
        driver.upload(&id).await.unwrap();
        if restarts {
            printer.restart();
        } else {
            printer.release_by_hand();
            printer.work();
            printer.forget();
        }

        let expected = if restarts { Cancelled::NothingPrinted } else { Cancelled::OutcomeUnknown };
        let saved = AttemptRef { printer_run: prepared.printer_run, ..uncommitted(&id) };
        assert_eq!(printer.driver().cancel(&saved).await, Ok(expected), "by a driver without memory");
        assert_eq!(driver.cancel(&saved).await, Ok(expected));
    }
}

#[tokio::test]
async fn an_attempt_without_a_document_on_the_way_did_not_start() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    assert_eq!(printer.driver().cancel(&uncommitted(&new_attempt())).await, Ok(Cancelled::NothingPrinted));
}

#[tokio::test]
async fn an_up_time_that_is_no_clock_makes_no_card_uncertain() {
    for holds in [Holds::No, Holds::ByAttribute] {
        for up_time in [UpTime::Constant, UpTime::Steps(2), UpTime::Jitters, UpTime::OtherJobTimes] {
            let printer = FakePrinter::start(holds);
            printer.state().up_time = up_time;
            let driver = printer.driver();
            let attempt = sent(&driver, &new_attempt()).await;
            watch_for_seconds(&driver, &attempt).await;
            printer.work();

            assert_eq!(ending(&driver, &attempt).await.card, Card::Good, "{holds:?} {up_time:?}");
            let fresh = printer.driver();
            assert_eq!(ending(&fresh, &attempt).await.card, Card::Good, "{holds:?} {up_time:?}, without memory");
            let is_told = driver.probe().await.unwrap().cautions.contains(&Caution::UpTimeNoClock);
            assert_eq!(is_told, up_time != UpTime::OtherJobTimes, "{up_time:?}");
        }
    }
}

#[tokio::test]
async fn a_job_that_is_processing_after_a_restart_is_waited_for_and_then_proves_nothing() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    let driver = printer.driver();
    let attempt = sent(&driver, &new_attempt()).await;
    printer.restart_with_jobs();

    let found = driver.find(&attempt).await.unwrap();
    assert!(matches!(found, AttemptStatus::Printing { .. }), "{found:?}");
    printer.work();
    let found = ending(&driver, &attempt).await;
    assert_eq!((found.blank, found.card), (Blank::Unknown, Card::Unknown));
    assert_eq!(found.reasons.first().map(String::as_str), Some("printer-restarted"));
}

#[tokio::test]
async fn a_job_that_is_processing_in_an_idle_printer_after_a_restart_proves_nothing_and_does_not_wait() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    let driver = printer.driver();
    let attempt = sent(&driver, &new_attempt()).await;
    printer.restart_with_jobs();
    printer.state().reported = PrinterState::Idle;

    let found = ending(&driver, &attempt).await;

    assert_eq!((found.blank, found.card), (Blank::Unknown, Card::Unknown));
    assert_eq!(found.reasons.first().map(String::as_str), Some("printer-restarted"));
}

#[tokio::test]
async fn a_document_that_is_refused_by_http_makes_no_card_if_its_job_can_be_cancelled() {
    for status in [301, 401, 403, 408, 413, 426, 500, 503] {
        let printer = FakePrinter::start(Holds::No);
        printer.set_failure(SEND_DOCUMENT, OperationFailure::Http(status));
        printer.state().creates_pending = true;
        let driver = printer.driver();
        let id = new_attempt();
        uploaded(&driver, &id, document()).await.unwrap();

        let fault = driver.commit(&id).await.unwrap_err();

        assert!(!matches!(fault, DriverError::OutcomeUnknown(_)), "{status}: {fault}");
        assert!(status != 426 || fault.to_string().contains("ipps://"), "{fault}");
        assert_eq!(printer.job_states(&id), [7]);
    }
}

#[tokio::test]
async fn a_cancellation_by_this_program_is_not_shown_as_the_printers_reason() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    let driver = printer.driver();
    let attempt = sent(&driver, &new_attempt()).await;

    assert_eq!(driver.cancel(&attempt).await, Ok(Cancelled::OutcomeUnknown));

    let found = ending(&driver, &attempt).await;
    assert_eq!((found.card, found.reasons), (Card::Unknown, Vec::new()));
}

#[tokio::test]
async fn a_printer_that_refuses_the_question_about_one_job_is_asked_for_all() {
    for holds in ALL {
        for failure in [OperationFailure::Refuse(0x0400), OperationFailure::Refuse(0x0501), OperationFailure::Http(500)]
        {
            let printer = FakePrinter::start(holds);
            printer.set_failure(GET_JOB_ATTRIBUTES, failure);
            let driver = printer.driver();
            let attempt = sent(&driver, &new_attempt()).await;
            printer.work();

            assert_eq!(ending(&driver, &attempt).await.card, Card::Good, "{holds:?} {failure:?}");
        }
    }
}

#[tokio::test]
async fn a_printer_that_answers_no_question_about_jobs_gets_no_document() {
    for holds in ALL {
        let printer = FakePrinter::start(holds);
        printer.set_failure(GET_JOB_ATTRIBUTES, OperationFailure::Refuse(0x0400));
        printer.set_failure(GET_JOBS, OperationFailure::Refuse(0x0400));
        let driver = printer.driver();
        let id = new_attempt();

        let fault = uploaded(&driver, &id, document()).await.unwrap_err();

        assert_eq!(fault, unavailable(REASON_QUERIES_REFUSED), "{holds:?}");
        assert_eq!(printer.job_states(&id), [7]);
        assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::NothingPrinted));
        assert_eq!(driver.find(&uncommitted(&id)).await, Err(unavailable(REASON_QUERIES_REFUSED)));
    }
}

#[tokio::test]
async fn a_printer_of_ipp_1_1_prints() {
    for old in [Old::Refuses, Old::SaysNothing] {
        for holds in ALL {
            let printer = FakePrinter::start(holds);
            printer.state().is_old = Some(old);
            let driver = printer.driver();
            assert!(driver.probe().await.is_ok());
            let attempt = sent(&driver, &new_attempt()).await;
            printer.work();

            assert_eq!(ending(&driver, &attempt).await.card, Card::Good, "{old:?} {holds:?}");
            let fresh = printer.driver();
            assert_eq!(ending(&fresh, &attempt).await.card, Card::Good, "{old:?} {holds:?}, without memory");
            assert_eq!(printer.count_requests(CREATE_JOB), 1);
            assert_eq!(printer.count_requests(SEND_DOCUMENT), 1);
            assert_eq!(printer.count_requests(RELEASE_JOB), usize::from(holds != Holds::No));
        }
    }
}

#[tokio::test]
async fn an_answer_that_comes_when_the_card_is_done_proves_the_whole_document() {
    let printer = FakePrinter::start(Holds::No);
    printer.set_failure(SEND_DOCUMENT, OperationFailure::AnswerWhenDone);
    let driver = printer.driver_with_short_timeouts();
    let id = new_attempt();
    let prepared = uploaded(&driver, &id, document()).await.unwrap();

    assert!(matches!(driver.commit(&id).await, Err(DriverError::OutcomeUnknown(_))));

    let attempt = AttemptRef { printer_run: prepared.printer_run, releasing: true, ..uncommitted(&id) };
    found_when(&driver, &attempt, |found| matches!(found, AttemptStatus::Printing { .. })).await;
    printer.work();
    let found = ending(&driver, &attempt).await;
    assert_eq!((found.blank, found.card), (Blank::Fed, Card::Good));
    assert_eq!(printer.count_cards(&id), 1);
    assert_eq!(printer.count_requests(SEND_DOCUMENT), 1);
}

#[tokio::test]
async fn another_printer_at_the_same_address_gets_no_card_at_once() {
    let printer = FakePrinter::start(Holds::ByAttribute);
    printer.state().uuid = Some("urn:uuid:1");
    let driver = printer.driver();
    assert_eq!(driver.probe().await.unwrap().identity.as_deref(), Some("urn:uuid:1"));
    sent(&driver, &new_attempt()).await;
    printer.state().uuid = Some("urn:uuid:2");
    let id = new_attempt();

    assert_eq!(uploaded(&driver, &id, document()).await, Err(unavailable(REASON_OTHER_PRINTER)));

    assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::NothingPrinted));
    assert_eq!(printer.count_requests(CREATE_JOB), 1);
    assert_eq!(driver.probe().await.unwrap().identity.as_deref(), Some("urn:uuid:2"));
    sent(&driver, &new_attempt()).await;
}
