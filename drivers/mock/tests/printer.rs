//! What the mock printer does, sentence by sentence.
#![cfg(test)]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cetak_driver_api::{
    AttemptId, AttemptRef, Blank, Cancelled, Card, Condition, Document, Ending, Fault, Found, PrinterDriver,
};
use cetak_driver_mock::{MockPrinter, TruthCard, TruthLine, truth_read};
use tempfile::TempDir;

const START_US: i64 = 1_700_000_000_000_000;

/// A clock and a folder for truth files.
struct World {
    clock: Arc<AtomicI64>,
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        Self { clock: Arc::new(AtomicI64::new(START_US)), folder: TempDir::new().unwrap() }
    }

    fn in_memory(&self, keys: &str) -> MockPrinter {
        let clock = Arc::clone(&self.clock);
        MockPrinter::from_uri(&format!("mock://p1?{keys}"), Arc::new(move || clock.load(Ordering::SeqCst))).unwrap()
    }

    /// A driver for printer `name` of the truth file, as after a restart.
    fn open(&self, name: &str, keys: &str) -> MockPrinter {
        let clock = Arc::clone(&self.clock);
        let uri = format!("mock://{name}?{keys}&truth={}", self.truth().display());
        MockPrinter::from_uri(&uri, Arc::new(move || clock.load(Ordering::SeqCst))).unwrap()
    }

    fn truth(&self) -> PathBuf {
        self.folder.path().join("truth.jsonl")
    }

    fn pass_ms(&self, ms: i64) {
        self.clock.fetch_add(ms * 1000, Ordering::SeqCst);
    }

    fn append(&self, bytes: &[u8]) {
        OpenOptions::new().append(true).create(true).open(self.truth()).unwrap().write_all(bytes).unwrap();
    }
}

fn id(name: &str) -> AttemptId {
    AttemptId::new(name).unwrap()
}

fn attempt(name: &str) -> AttemptRef {
    AttemptRef { id: id(name), printer_job: None, boot: None, releasing: false, impressions: 1, acknowledged: false }
}

fn png() -> Document {
    Document::one_sided("image/png", b"\x89PNG\r\n\x1a\n and so on".to_vec())
}

/// Prepare and commit: what the printer answers to both, as its job id.
async fn print(printer: &MockPrinter, name: &str) -> Result<Option<String>, Fault> {
    printer.prepare(&id(name), png()).await?;
    printer.commit(&id(name)).await.map(|committed| committed.printer_job)
}

async fn find(printer: &MockPrinter, name: &str) -> Found {
    printer.find(&attempt(name)).await.unwrap()
}

async fn condition(printer: &MockPrinter) -> Condition {
    printer.status().await.unwrap().condition
}

async fn count_made(printer: &MockPrinter) -> Option<u64> {
    printer.probe().await.unwrap().impressions_completed
}

fn unavailable(reason: &str) -> Fault {
    Fault::Unavailable { reasons: vec![reason.to_owned()] }
}

fn ended(card: Card, reasons: &[&str]) -> Found {
    let reasons = reasons.iter().map(|reason| (*reason).to_owned()).collect();
    Found::Ended(Ending { blank: Blank::Fed, card, reasons })
}

const NEVER_SEEN: Found = Found::NeverSeen { certain: true };
const PRINTING: Found = Found::Printing { reasons: Vec::new() };

#[tokio::test]
async fn a_card_is_printing_until_its_time_is_over_and_then_good() {
    let world = World::new();
    let printer = world.in_memory("card_ms=100");

    assert_eq!(print(&printer, "a").await, Ok(Some("1".to_owned())));

    world.pass_ms(99);
    assert_eq!((find(&printer, "a").await, condition(&printer).await), (PRINTING, Condition::Processing));
    assert_eq!(count_made(&printer).await, Some(0));
    world.pass_ms(1);
    assert_eq!((find(&printer, "a").await, condition(&printer).await), (ended(Card::Good, &[]), Condition::Idle));
    assert_eq!(count_made(&printer).await, Some(1));
}

#[tokio::test]
async fn a_card_is_queued_until_the_one_before_is_over() {
    let world = World::new();
    let printer = world.in_memory("card_ms=100");
    print(&printer, "a").await.unwrap();
    world.pass_ms(40);

    print(&printer, "b").await.unwrap();

    assert_eq!((find(&printer, "a").await, find(&printer, "b").await), (PRINTING, Found::Queued));
    world.pass_ms(60);
    assert_eq!((find(&printer, "a").await, find(&printer, "b").await), (ended(Card::Good, &[]), PRINTING));
    world.pass_ms(100);
    assert_eq!(find(&printer, "b").await, ended(Card::Good, &[]));
}

#[tokio::test]
async fn an_offline_commit_records_nothing_and_leaves_the_attempt_prepared() {
    let world = World::new();
    let printer = world.open("p1", "offline=1&hold=yes");

    assert_eq!(print(&printer, "a").await, Err(unavailable("connecting-to-device")));

    assert_eq!(find(&printer, "a").await, Found::Held);
    assert_eq!(printer.cancel(&attempt("a")).await, Ok(Cancelled::NothingPrinted));
    assert_eq!(find(&printer, "a").await, NEVER_SEEN);
    assert_eq!(truth_read(world.truth()).unwrap(), []);
}

#[tokio::test]
async fn a_rejected_card_is_refused_in_prepare() {
    let world = World::new();
    let printer = world.in_memory("reject=1&hold=yes");

    assert!(matches!(printer.prepare(&id("a"), png()).await, Err(Fault::Rejected(_))));

    assert_eq!(find(&printer, "a").await, NEVER_SEEN);
    assert!(matches!(printer.commit(&id("a")).await, Err(Fault::NotSent(_))));
}

#[tokio::test]
async fn a_document_that_is_not_what_it_says_is_rejected() {
    let world = World::new();
    let printer = world.in_memory("");
    let jpeg = b"\xff\xd8\xff".to_vec();
    let wrong = [
        ("image/png", vec![]),
        ("image/png", jpeg.clone()),
        ("image/jpeg", jpeg),
        ("image/pwg-raster", b"RaS3".to_vec()),
    ];
    for (format, bytes) in wrong {
        let document = Document::one_sided(format, bytes);

        assert!(matches!(printer.prepare(&id("a"), document).await, Err(Fault::Rejected(_))));
    }
}

#[tokio::test]
async fn a_jam_spoils_its_blank_and_stops_the_printer_until_it_is_cleared() {
    let world = World::new();
    // The same printer under two addresses: one for the attempt that jams, one for the next.
    let jamming = world.open("p1", "card_ms=100&clear_ms=500&jam=1");
    let printer = world.open("p1", "card_ms=100&clear_ms=500");
    print(&jamming, "a").await.unwrap();
    assert_eq!((find(&printer, "a").await, condition(&printer).await), (PRINTING, Condition::Processing));

    world.pass_ms(100);

    assert_eq!(find(&printer, "a").await, ended(Card::Bad, &["media-jam"]));
    let status = printer.status().await.unwrap();
    assert_eq!(
        (status.condition, status.reasons, status.accepting_jobs),
        (Condition::Stopped, vec!["media-jam".to_owned()], true)
    );
    world.pass_ms(499);
    assert_eq!(print(&printer, "b").await, Err(unavailable("media-jam")));
    assert_eq!(truth_read(world.truth()).unwrap().len(), 1);
    world.pass_ms(1);
    assert_eq!(condition(&printer).await, Condition::Idle);
    assert_eq!(printer.commit(&id("b")).await.unwrap().printer_job, Some("2".to_owned()));
    world.pass_ms(100);
    assert_eq!(find(&printer, "b").await, ended(Card::Good, &[]));
    assert_eq!(count_made(&printer).await, Some(2));
}

#[tokio::test]
async fn a_card_queued_behind_a_jam_starts_when_it_is_cleared() {
    let world = World::new();
    let jamming = world.open("p1", "card_ms=100&clear_ms=500&jam=1");
    let printer = world.open("p1", "card_ms=100&clear_ms=500");
    print(&jamming, "a").await.unwrap();

    print(&printer, "b").await.unwrap();

    world.pass_ms(599);
    assert_eq!((find(&printer, "b").await, condition(&printer).await), (Found::Queued, Condition::Stopped));
    world.pass_ms(1);
    assert_eq!((find(&printer, "b").await, condition(&printer).await), (PRINTING, Condition::Processing));
}

#[tokio::test]
async fn a_spoiled_card_is_fed_and_bad_and_stops_nothing() {
    let world = World::new();
    let printer = world.open("p1", "spoil=1");

    print(&printer, "a").await.unwrap();

    assert_eq!(find(&printer, "a").await, ended(Card::Bad, &["job-completed-with-errors"]));
    assert_eq!(condition(&printer).await, Condition::Idle);
    assert_eq!(count_made(&printer).await, Some(1));
    let truth = truth_read(world.truth()).unwrap();
    assert_eq!((truth[0].fed, truth[0].card), (true, TruthCard::Bad));
}

#[tokio::test]
async fn a_lost_answer_leaves_a_good_card_that_find_tells() {
    let world = World::new();
    let printer = world.in_memory("card_ms=100&lose_ack=1");

    assert!(matches!(print(&printer, "a").await, Err(Fault::OutcomeUnknown(_))));

    assert_eq!(find(&printer, "a").await, PRINTING);
    world.pass_ms(100);
    assert_eq!(find(&printer, "a").await, ended(Card::Good, &[]));
}

#[tokio::test]
async fn a_forgotten_card_is_good_and_forgotten_for_ever() {
    let world = World::new();
    let printer = world.open("p1", "card_ms=100&forget=1");

    assert!(print(&printer, "a").await.is_ok());

    assert_eq!((find(&printer, "a").await, condition(&printer).await), (Found::Forgotten, Condition::Processing));
    world.pass_ms(1000);
    assert_eq!(find(&printer, "a").await, Found::Forgotten);
    assert_eq!(find(&world.open("p1", ""), "a").await, Found::Forgotten);
    assert_eq!(truth_read(world.truth()).unwrap()[0].card, TruthCard::Good);
}

#[tokio::test]
async fn a_printer_that_holds_says_held_and_one_that_does_not_never_saw_it() {
    let world = World::new();
    for (hold, found) in [("yes", Found::Held), ("no", NEVER_SEEN)] {
        let printer = world.in_memory(&format!("hold={hold}"));

        let prepared = printer.prepare(&id("a"), png()).await.unwrap();

        assert_eq!(prepared.held, hold == "yes");
        assert_eq!(printer.probe().await.unwrap().can_hold, hold == "yes");
        assert_eq!(find(&printer, "a").await, found);
        assert_eq!(printer.cancel(&attempt("a")).await, Ok(Cancelled::NothingPrinted));
        assert_eq!(find(&printer, "a").await, NEVER_SEEN);
    }
}

#[tokio::test]
async fn cancel_does_not_stop_a_committed_card() {
    let world = World::new();
    let printer = world.in_memory("card_ms=100");
    print(&printer, "a").await.unwrap();

    assert_eq!(printer.cancel(&attempt("a")).await, Ok(Cancelled::OutcomeUnknown));

    world.pass_ms(100);
    assert_eq!(find(&printer, "a").await, ended(Card::Good, &[]));
}

#[tokio::test]
async fn a_second_commit_is_an_unknown_outcome_and_no_second_card() {
    let world = World::new();
    let printer = world.open("p1", "");
    print(&printer, "a").await.unwrap();
    let restarted = world.open("p1", "");

    for printer in [&printer, &restarted] {
        // Not prepared again: `NotSent` would prove that no blank was used.
        assert!(matches!(printer.commit(&id("a")).await, Err(Fault::OutcomeUnknown(_))));
        assert!(matches!(print(printer, "a").await, Err(Fault::OutcomeUnknown(_))));
    }

    assert_eq!(truth_read(world.truth()).unwrap().len(), 1);
}

#[tokio::test]
async fn the_truth_file_has_a_line_per_blank_when_commit_answers() {
    let world = World::new();
    let printer = world.open("p1", "card_ms=100&clear_ms=500&jam=1");

    print(&printer, "a").await.unwrap();

    assert_eq!(
        fs::read_to_string(world.truth()).unwrap(),
        "{\"attempt\":\"a\",\"printer\":\"p1\",\"fed\":true,\"card\":\"bad\",\"at\":1700000000000000,\
         \"start_us\":1700000000000000,\"end_us\":1700000000100000,\"stopped_until_us\":1700000000600000}\n"
    );
    let line = TruthLine {
        attempt: id("a"),
        printer: "p1".to_owned(),
        fed: true,
        card: TruthCard::Bad,
        at: START_US,
        start_us: START_US,
        end_us: START_US + 100_000,
        stopped_until_us: Some(START_US + 600_000),
        forgotten: false,
    };
    let lines = vec![line];
    assert_eq!(truth_read(world.truth()).unwrap(), lines);
    assert_eq!(printer.truth().unwrap(), lines);
}

#[cfg(unix)]
#[tokio::test]
async fn the_truth_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::new();
    print(&world.open("p1", ""), "a").await.unwrap();

    assert_eq!(fs::metadata(world.truth()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_torn_last_line_was_never_received_and_is_cut_off() {
    let world = World::new();
    let printer = world.open("p1", "");
    print(&printer, "a").await.unwrap();
    let whole = fs::read(world.truth()).unwrap();
    let line = String::from_utf8(whole.clone()).unwrap().replace("\"a\"", "\"b\"");
    // Longer than the line that replaces it, and up to the newline.
    for torn in [&line[..1], &line[..line.len() - 1], &"x".repeat(5000)] {
        fs::write(world.truth(), &whole).unwrap();
        world.append(torn.as_bytes());
        let printer = world.open("p1", "");

        assert_eq!((find(&printer, "a").await, find(&printer, "b").await), (ended(Card::Good, &[]), NEVER_SEEN));
        assert_eq!(truth_read(world.truth()).unwrap().len(), 1);
        print(&printer, "c").await.unwrap();

        let attempts: Vec<_> = truth_read(world.truth()).unwrap().into_iter().map(|line| line.attempt).collect();
        assert_eq!(attempts, [id("a"), id("c")]);
        assert_eq!(find(&printer, "c").await, ended(Card::Good, &[]));
    }
}

#[tokio::test]
async fn a_line_torn_while_others_look_on_confuses_none_of_them() {
    let world = World::new();
    let (one, two) = (world.open("p1", ""), world.open("p1", ""));
    print(&one, "a").await.unwrap();
    assert_eq!(find(&two, "a").await, ended(Card::Good, &[]));
    world.append(b"{\"attempt\":\"torn\",");
    assert_eq!(find(&two, "torn").await, NEVER_SEEN);

    print(&one, "b").await.unwrap();
    print(&two, "c").await.unwrap();

    for printer in [&one, &two] {
        assert_eq!(find(printer, "b").await, ended(Card::Good, &[]));
        assert_eq!(find(printer, "c").await, ended(Card::Good, &[]));
    }
    assert_eq!(truth_read(world.truth()).unwrap().len(), 3);
}

#[tokio::test]
async fn two_drivers_of_one_file_see_one_printer() {
    let world = World::new();
    let (one, two) = (world.open("p1", "card_ms=100"), world.open("p1", "card_ms=100"));

    print(&one, "a").await.unwrap();
    print(&two, "b").await.unwrap();

    for printer in [&one, &two] {
        assert_eq!((find(printer, "a").await, find(printer, "b").await), (PRINTING, Found::Queued));
        assert_eq!(condition(printer).await, Condition::Processing);
        assert!(matches!(printer.commit(&id("a")).await, Err(Fault::OutcomeUnknown(_))));
    }
}

#[tokio::test]
async fn printers_of_other_names_in_the_file_are_other_printers() {
    let world = World::new();
    let (one, two) = (world.open("p1", "card_ms=100"), world.open("p2", "card_ms=100"));

    print(&one, "a").await.unwrap();
    print(&two, "b").await.unwrap();

    assert_eq!((find(&one, "a").await, find(&two, "b").await), (PRINTING, PRINTING));
    assert_eq!((find(&one, "b").await, find(&two, "a").await), (NEVER_SEEN, NEVER_SEEN));
    let printers: Vec<_> = truth_read(world.truth()).unwrap().into_iter().map(|line| line.printer).collect();
    assert_eq!(printers, ["p1", "p2"]);
}

#[tokio::test]
async fn the_printer_goes_on_while_the_scheduler_is_dead() {
    let world = World::new();
    let printer = world.open("p1", "card_ms=100&hold=yes");
    print(&printer, "a").await.unwrap();
    printer.prepare(&id("b"), png()).await.unwrap();
    drop(printer);
    world.pass_ms(100);

    let restarted = world.open("p1", "card_ms=100&hold=yes");

    assert_eq!((find(&restarted, "a").await, find(&restarted, "b").await), (ended(Card::Good, &[]), NEVER_SEEN));
    assert!(matches!(restarted.commit(&id("b")).await, Err(Fault::NotSent(_))));
    assert_eq!(count_made(&restarted).await, Some(1));
}

#[tokio::test]
async fn many_drivers_at_once_lose_no_line_and_make_no_card_twice() {
    let world = World::new();
    let mut tasks = tokio::task::JoinSet::new();
    for driver in 0..8 {
        let printer = world.open(&format!("p{}", driver % 2), "");
        tasks.spawn(async move {
            for n in 0..10 {
                // Every attempt twice, from two drivers of one printer.
                let _ = print(&printer, &format!("{}-{}-{n}", driver % 2, driver / 4)).await;
            }
        });
    }

    tasks.join_all().await;

    let mut attempts: Vec<_> = truth_read(world.truth()).unwrap().into_iter().map(|line| line.attempt).collect();
    attempts.sort();
    let count = attempts.len();
    attempts.dedup();
    assert_eq!((count, attempts.len()), (40, 40));
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_a_printer_that_cannot_be_reached() {
    let world = World::new();
    let printer = world.open("p1", "");
    fs::create_dir(world.truth()).unwrap();

    let fault = unavailable("connecting-to-device");
    assert_eq!(print(&printer, "a").await, Err(fault.clone()));
    assert_eq!(printer.find(&attempt("a")).await, Err(fault.clone()));
    assert_eq!(printer.status().await, Err(fault.clone()));
    assert_eq!(printer.probe().await, Err(fault));

    fs::remove_dir(world.truth()).unwrap();
    assert!(printer.commit(&id("a")).await.is_ok());
}

#[tokio::test]
async fn a_whole_line_that_is_no_truth_is_not_passed_over() {
    let world = World::new();
    world.append(b"{}\n");

    let printer = world.open("p1", "");

    assert_eq!(printer.find(&attempt("a")).await, Err(unavailable("connecting-to-device")));
    assert_eq!(print(&printer, "a").await, Err(unavailable("connecting-to-device")));
    assert!(truth_read(world.truth()).is_err());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_write_that_fails_is_an_unknown_outcome() {
    let world = World::new();
    let clock = Arc::clone(&world.clock);
    // Always empty to read, always full to write.
    let printer =
        MockPrinter::from_uri("mock://p1?truth=/dev/full", Arc::new(move || clock.load(Ordering::SeqCst))).unwrap();
    if fs::metadata("/dev/full").is_err() {
        return;
    }

    printer.prepare(&id("a"), png()).await.unwrap();

    assert!(matches!(printer.commit(&id("a")).await, Err(Fault::OutcomeUnknown(_))));
    assert_eq!(find(&printer, "a").await, NEVER_SEEN);
    assert!(matches!(printer.commit(&id("a")).await, Err(Fault::NotSent(_))));
}

#[test]
fn a_file_printer_works_outside_a_runtime() {
    let world = World::new();
    let printer = world.open("p1", "");
    let mut print = std::pin::pin!(print(&printer, "a"));

    let answer = print.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));

    assert_eq!(answer, std::task::Poll::Ready(Ok(Some("1".to_owned()))));
}

#[tokio::test]
async fn one_seed_is_one_night_in_memory_as_in_the_file() {
    let world = World::new();
    let keys = "spoil=0.1&lose_ack=0.1&forget=0.1&offline=0.1&reject=0.1";
    let seeds = [("seed=1", world.in_memory(&format!("seed=1&{keys}"))), ("seed=2", world.in_memory(keys))];
    let file = world.open("p1", &format!("seed=1&{keys}"));
    for n in 0..100 {
        let name = format!("cetak-test-{n}");
        let answer = print(&file, &name).await;
        assert_eq!(print(&seeds[0].1, &name).await, answer);
        assert_eq!(find(&seeds[0].1, &name).await, find(&file, &name).await);
        let _ = print(&seeds[1].1, &name).await;
    }

    assert_eq!(seeds[0].1.truth().unwrap(), file.truth().unwrap());
    assert_ne!(seeds[1].1.truth().unwrap(), file.truth().unwrap());
}

#[tokio::test]
async fn shares_come_out_over_ten_thousand_attempts() {
    let world = World::new();
    let printer =
        world.in_memory("seed=5&clear_ms=0&jam=0.02&spoil=0.05&lose_ack=0.1&forget=0.04&offline=0.03&reject=0.01");
    let (mut rejected, mut offline, mut lost, mut jammed, mut spoiled, mut forgotten) = (0, 0, 0, 0, 0, 0);
    for n in 0..10_000 {
        let name = format!("cetak-test-{n}");
        match print(&printer, &name).await {
            Err(Fault::Rejected(_)) => rejected += 1,
            Err(Fault::Unavailable { .. }) => offline += 1,
            Err(Fault::OutcomeUnknown(_)) => lost += 1,
            answer => assert!(answer.is_ok(), "{name}: {answer:?}"),
        }
        let found = find(&printer, &name).await;
        if found == Found::Forgotten {
            forgotten += 1;
        } else if found == ended(Card::Bad, &["media-jam"]) {
            jammed += 1;
        } else if found == ended(Card::Bad, &["job-completed-with-errors"]) {
            spoiled += 1;
        } else {
            assert!(found == ended(Card::Good, &[]) || found == NEVER_SEEN, "{name}: {found:?}");
        }
    }

    for (count, share) in
        [(rejected, 100), (offline, 300), (lost, 1000), (jammed, 200), (spoiled, 500), (forgotten, 400)]
    {
        assert!((share * 8 / 10..=share * 12 / 10).contains(&count), "{count} instead of {share}");
    }
    let truth = printer.truth().unwrap();
    assert_eq!(truth.len(), 10_000 - rejected - offline);
    assert_eq!(truth.iter().filter(|line| line.card == TruthCard::Bad).count(), jammed + spoiled);
}
