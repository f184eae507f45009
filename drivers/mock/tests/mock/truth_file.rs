//! The truth file: several drivers, restarts, interrupted writes and unusable files.

use std::fs;

use cetak_driver_api::{AttemptStatus, Card, Condition, DriverError, PrinterDriver};
use cetak_driver_mock::{MockPrinter, TruthCard, TruthLine, truth_read};

use crate::world::{
    NEVER_SEEN, PRINTING, START_US, World, attempt, condition, count_finished, ended, find, id, png, print, unavailable,
};

#[tokio::test]
async fn the_truth_file_has_a_line_for_each_blank_when_commit_returns() {
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
async fn the_truth_file_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::new();
    print(&world.open("p1", ""), "a").await.unwrap();

    assert_eq!(fs::metadata(world.truth()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn an_interrupted_last_line_is_ignored_and_removed_by_the_next_write() {
    let world = World::new();
    let printer = world.open("p1", "");
    print(&printer, "a").await.unwrap();
    let whole = fs::read(world.truth()).unwrap();
    let line = String::from_utf8(whole.clone()).unwrap().replace("\"a\"", "\"b\"");
    // One byte, all but the newline, and more than the line that replaces it.
    for interrupted in [&line[..1], &line[..line.len() - 1], &"x".repeat(5000)] {
        fs::write(world.truth(), &whole).unwrap();
        world.append(interrupted.as_bytes());
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
async fn an_interrupted_line_confuses_no_other_driver_of_the_file() {
    let world = World::new();
    let (one, two) = (world.open("p1", ""), world.open("p1", ""));
    print(&one, "a").await.unwrap();
    assert_eq!(find(&two, "a").await, ended(Card::Good, &[]));
    world.append(b"{\"attempt\":\"interrupted\",");
    assert_eq!(find(&two, "interrupted").await, NEVER_SEEN);

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
        assert_eq!((find(printer, "a").await, find(printer, "b").await), (PRINTING, AttemptStatus::Queued));
        assert_eq!(condition(printer).await, Condition::Processing);
        assert!(matches!(printer.commit(&id("a")).await, Err(DriverError::OutcomeUnknown(_))));
    }
}

#[tokio::test]
async fn printers_with_different_names_in_one_file_are_different_printers() {
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
async fn the_printer_continues_while_no_driver_exists() {
    let world = World::new();
    let printer = world.open("p1", "card_ms=100&hold=yes");
    print(&printer, "a").await.unwrap();
    printer.prepare(&id("b"), png()).await.unwrap();
    drop(printer);
    world.pass_ms(100);

    let restarted = world.open("p1", "card_ms=100&hold=yes");

    assert_eq!((find(&restarted, "a").await, find(&restarted, "b").await), (ended(Card::Good, &[]), NEVER_SEEN));
    assert!(matches!(restarted.commit(&id("b")).await, Err(DriverError::NotSent(_))));
    assert_eq!(count_finished(&restarted).await, Some(1));
}

#[tokio::test]
async fn many_drivers_at_once_lose_no_line_and_make_no_card_twice() {
    let world = World::new();
    let mut tasks = tokio::task::JoinSet::new();
    for driver in 0..8 {
        let printer = world.open(&format!("p{}", driver % 2), "");
        tasks.spawn(async move {
            for n in 0..10 {
                // Each attempt is printed twice, by two drivers of one printer.
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
async fn an_unusable_file_is_a_printer_that_cannot_be_reached() {
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
async fn a_whole_line_of_another_form_makes_the_file_unusable() {
    let world = World::new();
    world.append(b"{}\n");

    let printer = world.open("p1", "");

    assert_eq!(printer.find(&attempt("a")).await, Err(unavailable("connecting-to-device")));
    assert_eq!(print(&printer, "a").await, Err(unavailable("connecting-to-device")));
    assert!(truth_read(world.truth()).is_err());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_failed_write_is_an_unknown_outcome() {
    let world = World::new();
    // Reading /dev/full returns nothing, and each write fails.
    let printer = MockPrinter::from_uri("mock://p1?truth=/dev/full", world.now()).unwrap();
    if fs::metadata("/dev/full").is_err() {
        return;
    }

    printer.prepare(&id("a"), png()).await.unwrap();

    assert!(matches!(printer.commit(&id("a")).await, Err(DriverError::OutcomeUnknown(_))));
    assert_eq!(find(&printer, "a").await, NEVER_SEEN);
    assert!(matches!(printer.commit(&id("a")).await, Err(DriverError::NotSent(_))));
}

#[test]
fn a_printer_with_a_file_works_outside_a_runtime() {
    let world = World::new();
    let printer = world.open("p1", "");
    let mut print = std::pin::pin!(print(&printer, "a"));

    let answer = print.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));

    assert_eq!(answer, std::task::Poll::Ready(Ok(Some("1".to_owned()))));
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_as_truth_file_is_a_printer_that_cannot_be_reached() {
    let world = World::new();
    assert!(std::process::Command::new("mkfifo").arg(world.truth()).status().unwrap().success());
    let printer = world.open("p1", "");

    assert_eq!(print(&printer, "a").await, Err(unavailable("connecting-to-device")));
    assert_eq!(printer.status().await, Err(unavailable("connecting-to-device")));
}

#[tokio::test]
async fn a_driver_does_not_wait_without_end_for_a_process_that_holds_the_truth_file() {
    let world = World::new();
    let printer = world.open("p1", "");
    print(&printer, "a").await.unwrap();
    let holder = fs::File::open(world.truth()).unwrap();
    holder.lock().unwrap();

    assert_eq!(print(&printer, "b").await, Err(unavailable("connecting-to-device")));
    assert_eq!(printer.cancel(&attempt("b")).await, Err(unavailable("connecting-to-device")));

    holder.unlock().unwrap();
    print(&printer, "b").await.unwrap();
}
