//! What the driver reports about the cards of `ippeveprinter`, which cannot hold a job.

use std::io::Write;
use std::net::TcpStream;

use cetak_driver_api::{
    AttemptId, AttemptRef, AttemptStatus, Blank, Cancelled, Capabilities, Card, Caution, Condition, Document,
    DriverError, PrinterDriver, Rasters, Supply,
};
use cetak_driver_ipp::{IppPrinter, Options, REASON_BUSY};

use crate::eve::{EvePrinter, Mode};
use crate::peer::Peer;
use crate::{clock, document, ending, found_when, new_attempt, raw_request, sent, uncommitted, uploaded, wait};

#[tokio::test]
async fn probe_and_status_report_the_printers_attributes() {
    let eve = EvePrinter::start().await;

    let capabilities = eve.driver().probe().await.unwrap();
    let status = eve.driver().status().await.unwrap();

    let expected = Capabilities {
        make_and_model: Some("Cetak test printer".to_owned()),
        identity: capabilities.identity.clone(),
        document_formats: vec!["image/png".to_owned(), "image/pwg-raster".to_owned()],
        media: vec!["iso_id-1_53.98x85.6mm".to_owned()],
        resolutions_dpi: vec![300],
        oblong_resolutions_dpi: Vec::new(),
        sides: ["one-sided", "two-sided-long-edge", "two-sided-short-edge"].map(str::to_owned).to_vec(),
        color: Some(true),
        rasters: Rasters {
            pwg_types: ["black_1", "sgray_8", "srgb_8"].map(str::to_owned).to_vec(),
            pwg_resolutions_dpi: vec![300],
            pwg_oblong_resolutions_dpi: Vec::new(),
            pwg_sheet_back: Some("normal".to_owned()),
            urf: ["V1.4", "CP1", "RS300", "W8", "SRGB24", "DM1"].map(str::to_owned).to_vec(),
        },
        can_hold: false,
        holds_rasters: false,
        prepare_is_sent: true,
        up_time_s: capabilities.up_time_s,
        impressions_completed: None,
        cautions: capabilities.cautions.clone(),
        objections: Vec::new(),
    };
    assert_eq!(capabilities, expected);
    assert_eq!(capabilities.cautions, [Caution::CannotHold, Caution::ForgetsJobs]);
    assert!(capabilities.identity.is_some_and(|uuid| uuid.starts_with("urn:uuid:")));
    assert!(capabilities.up_time_s.is_some_and(|seconds| seconds < 3600));
    assert_eq!((status.condition, status.accepting_jobs), (Condition::Idle, true));
    assert_eq!(
        status.supplies,
        [Supply { name: "YMCKO ribbon".to_owned(), kind: Some("ribbon".to_owned()), level_percent: Some(80) }]
    );
}

#[tokio::test]
async fn a_jam_leaves_the_outcome_unknown_and_is_the_first_reason() {
    let eve = EvePrinter::start().await;
    let driver = eve.driver();
    eve.set(Mode::Jam);

    let ending = ending(&driver, &sent(&driver, &new_attempt()).await).await;

    assert_eq!((ending.blank, ending.card), (Blank::Unknown, Card::Unknown));
    assert_eq!(ending.reasons.first().map(String::as_str), Some("media-jam"), "{ending:?}");
}

#[tokio::test]
async fn a_card_that_came_out_before_its_job_was_aborted_is_not_denied() {
    let eve = EvePrinter::start().await;
    let driver = eve.driver();
    let id = new_attempt();
    eve.set(Mode::AbortAfter);

    let ending = ending(&driver, &sent(&driver, &id).await).await;

    assert_eq!((ending.blank, ending.card), (Blank::Unknown, Card::Unknown));
    assert_eq!(eve.count_cards(&id), 1);
}

#[tokio::test]
async fn a_card_waits_for_an_operator_at_an_empty_hopper_and_then_comes_out() {
    let eve = EvePrinter::start().await;
    let driver = eve.driver();
    let id = new_attempt();
    eve.set(Mode::Empty);
    let attempt = sent(&driver, &id).await;
    let mut reasons = Vec::new();
    for _ in 0..200 {
        reasons = driver.status().await.unwrap().reasons;
        if !reasons.is_empty() {
            break;
        }
        wait(50);
    }

    assert!(reasons.contains(&"media-empty-warning".to_owned()), "{reasons:?}");
    assert!(matches!(driver.find(&attempt).await, Ok(AttemptStatus::Printing { .. })));
    assert_eq!(eve.count_cards(&id), 0);
    eve.clear();

    let ending = ending(&driver, &attempt).await;
    assert_eq!((ending.blank, ending.card), (Blank::Fed, Card::Good));
    assert_eq!(eve.count_cards(&id), 1);
}

#[tokio::test]
async fn a_card_that_is_cancelled_under_way_may_come_out() {
    let eve = EvePrinter::start().await;
    let driver = eve.driver();
    let id = new_attempt();
    eve.engine().set_pace(1000);
    let attempt = sent(&driver, &id).await;
    found_when(&driver, &attempt, |found| matches!(found, AttemptStatus::Printing { .. })).await;

    assert_eq!(driver.cancel(&attempt).await, Ok(Cancelled::OutcomeUnknown));

    let ending = ending(&driver, &attempt).await;
    assert_eq!((ending.blank, ending.card), (Blank::Unknown, Card::Unknown));
    wait(1500);
    assert_eq!(eve.count_cards(&id), 1);
    assert_eq!(driver.cancel(&attempt).await, Ok(Cancelled::OutcomeUnknown));
}

#[tokio::test]
async fn a_busy_printer_is_unavailable_and_the_card_is_not_counted_as_failed() {
    let eve = EvePrinter::start().await;
    let driver = eve.driver();
    eve.set(Mode::Hang);
    sent(&driver, &new_attempt()).await;
    let second = new_attempt();

    let fault = uploaded(&driver, &second, document()).await.unwrap_err();

    assert_eq!(fault, DriverError::Unavailable { reasons: vec![REASON_BUSY.to_owned()] });
    assert_eq!(driver.cancel(&uncommitted(&second)).await, Ok(Cancelled::NothingPrinted));
}

#[tokio::test]
async fn a_stopped_printer_program_is_an_unavailable_printer() {
    let mut eve = EvePrinter::start().await;
    let driver = eve.driver();
    let prepared = new_attempt();
    uploaded(&driver, &prepared, document()).await.unwrap();
    eve.stop();
    let unreachable = DriverError::Unavailable { reasons: vec!["connecting-to-device".to_owned()] };

    assert_eq!(driver.probe().await, Err(unreachable.clone()));
    assert_eq!(driver.status().await, Err(unreachable.clone()));
    assert_eq!(uploaded(&driver, &new_attempt(), document()).await, Err(unreachable.clone()));
    assert_eq!(driver.commit(&prepared).await, Err(unreachable.clone()));
    assert_eq!(driver.find(&uncommitted(&prepared)).await, Err(unreachable.clone()));
    assert_eq!(driver.cancel(&uncommitted(&new_attempt())).await, Err(unreachable));
    // No byte of its document was sent.
    assert_eq!(driver.cancel(&uncommitted(&prepared)).await, Ok(Cancelled::NothingPrinted));
}

#[tokio::test]
async fn a_job_id_that_is_reused_after_a_restart_is_not_taken_for_the_earlier_card() {
    let mut eve = EvePrinter::start().await;
    eve.set(Mode::Empty);
    let lost = sent(&eve.driver(), &new_attempt()).await;
    eve.run();
    eve.set(Mode::Ok);
    let driver = eve.driver();
    let other = sent(&driver, &new_attempt()).await;
    assert_eq!(lost.printer_job, other.printer_job);

    assert_eq!(driver.find(&lost).await, Ok(AttemptStatus::NeverSeen { certain: false }));
    assert_eq!(driver.cancel(&lost).await, Ok(Cancelled::OutcomeUnknown));
    assert_eq!(ending(&driver, &other).await.card, Card::Good);
}

#[tokio::test]
async fn half_a_document_is_printed_and_its_completed_job_is_not_believed() {
    let eve = EvePrinter::start().await;
    let id = new_attempt();
    let job = create_job(&eve, &id).await;

    send_half_a_document(&eve, job);

    let attempt = uncommitted(&id);
    let ending = ending(&eve.driver(), &attempt).await;
    assert_eq!(ending.card, Card::Unknown, "{ending:?}");
    assert_eq!(eve.count_cards(&id), 1);
}

#[tokio::test]
async fn a_job_without_a_document_is_held_and_cancel_proves_that_it_made_no_card() {
    let eve = EvePrinter::start().await;
    let id = new_attempt();
    create_job(&eve, &id).await;
    let driver = eve.driver();

    assert_eq!(driver.find(&uncommitted(&id)).await, Ok(AttemptStatus::Held));
    assert_eq!(driver.cancel(&uncommitted(&id)).await, Ok(Cancelled::NothingPrinted));

    let next = sent(&driver, &new_attempt()).await;
    assert_eq!(ending(&driver, &next).await.card, Card::Good);
    assert_eq!(eve.count_cards(&id), 0);
}

#[tokio::test]
async fn a_document_format_that_the_printer_does_not_support_needs_an_operator() {
    let eve = EvePrinter::start().await;
    let card = Document::one_sided("application/pdf", vec![1, 2, 3]);

    let fault = uploaded(&eve.driver(), &new_attempt(), card).await.unwrap_err();

    assert!(matches!(fault, DriverError::NeedsOperator(_)), "{fault}");
}

#[tokio::test]
async fn an_untrusted_certificate_needs_an_operator() {
    let eve = EvePrinter::start().await;
    let driver = IppPrinter::new(&eve.uri().replace("ipp:", "ipps:"), &Options::default(), clock()).unwrap();

    let fault = driver.probe().await.unwrap_err();

    assert!(matches!(&fault, DriverError::NeedsOperator(text) if text.contains("certificate")), "{fault}");
}

/// Leaves what a scheduler leaves that is killed after Create-Job. Returns the job id.
async fn create_job(eve: &EvePrinter, id: &AttemptId) -> i32 {
    let cut = raw_request::message(&eve.uri(), 0x0005, &[("job-name", raw_request::name(id.as_str()))]);
    let mut stream = TcpStream::connect(("127.0.0.1", eve.port())).unwrap();
    stream.write_all(&raw_request::http_request("/ipp/print", &cut, cut.len())).unwrap();
    let made =
        found_when(&eve.driver(), &uncommitted(id), |found| *found != AttemptStatus::NeverSeen { certain: false })
            .await;
    assert_eq!(made, AttemptStatus::Held);
    1
}

/// Leaves what a scheduler leaves that is killed during Send-Document.
fn send_half_a_document(eve: &EvePrinter, job: i32) {
    let attributes = [
        ("job-id", ipp::value::IppValue::Integer(job)),
        ("document-format", ipp::value::IppValue::new_mime_media_type("image/png").unwrap()),
        ("last-document", ipp::value::IppValue::Boolean(true)),
    ];
    let mut message = raw_request::message(&eve.uri(), 0x0006, &attributes);
    let document = document().bytes;
    let promised = message.len() + document.len();
    message.extend_from_slice(&document[..document.len() / 2]);
    let mut stream = TcpStream::connect(("127.0.0.1", eve.port())).unwrap();
    stream.write_all(&raw_request::http_request("/ipp/print", &message, promised)).unwrap();
}

/// As after a kill of the scheduler before it saved the result of commit.
#[tokio::test]
async fn a_whole_document_without_a_saved_acknowledgement_is_not_reported_as_a_good_card() {
    let eve = EvePrinter::start().await;
    let driver = eve.driver();
    let id = new_attempt();
    sent(&driver, &id).await;

    let found = ending(&driver, &uncommitted(&id)).await;
    let saved = AttemptRef { acknowledged: true, ..uncommitted(&id) };
    assert_eq!((found.blank, found.card), (Blank::Fed, Card::Unknown));
    assert_eq!(ending(&driver, &saved).await.card, Card::Good);
}
