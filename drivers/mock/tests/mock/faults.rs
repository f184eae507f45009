//! The injected faults.

use cetak_driver_api::{AttemptStatus, Cancelled, Card, Condition, DriverError, PrinterDriver};
use cetak_driver_mock::{TruthCard, truth_read};

use crate::world::{
    NEVER_SEEN, PRINTING, World, attempt, condition, count_finished, ended, find, id, png, print, unavailable,
};

#[tokio::test]
async fn an_offline_commit_feeds_no_blank_and_leaves_the_attempt_prepared() {
    let world = World::new();
    let printer = world.open("p1", "offline=1&hold=yes");

    assert_eq!(print(&printer, "a").await, Err(unavailable("connecting-to-device")));

    assert_eq!(find(&printer, "a").await, AttemptStatus::Held);
    assert_eq!(printer.cancel(&attempt("a")).await, Ok(Cancelled::NothingPrinted));
    assert_eq!(find(&printer, "a").await, NEVER_SEEN);
    assert_eq!(truth_read(world.truth()).unwrap(), []);
}

#[tokio::test]
async fn a_rejected_card_is_refused_in_prepare() {
    let world = World::new();
    let printer = world.in_memory("reject=1&hold=yes");

    assert!(matches!(printer.prepare(&id("a"), png()).await, Err(DriverError::Rejected(_))));

    assert_eq!(find(&printer, "a").await, NEVER_SEEN);
    assert!(matches!(printer.commit(&id("a")).await, Err(DriverError::NotSent(_))));
}

#[tokio::test]
async fn a_spoiled_card_is_bad_and_does_not_stop_the_printer() {
    let world = World::new();
    let printer = world.open("p1", "spoil=1");

    print(&printer, "a").await.unwrap();

    assert_eq!(find(&printer, "a").await, ended(Card::Bad, &["job-completed-with-errors"]));
    assert_eq!(condition(&printer).await, Condition::Idle);
    assert_eq!(count_finished(&printer).await, Some(1));
    let truth = truth_read(world.truth()).unwrap();
    assert_eq!((truth[0].fed, truth[0].card), (true, TruthCard::Bad));
}

#[tokio::test]
async fn a_fault_before_a_blank_meets_the_first_attempt_at_its_card_in_a_script() {
    let world = World::new();
    let printer = world.in_memory("script=1:reject,2:offline,3:spoil");

    assert!(matches!(printer.prepare(&id("a"), png()).await, Err(DriverError::Rejected(_))));
    print(&printer, "b").await.unwrap();
    assert_eq!(print(&printer, "c").await, Err(unavailable("connecting-to-device")));
    print(&printer, "d").await.unwrap();
    print(&printer, "e").await.unwrap();

    let cards: Vec<_> = printer.truth().unwrap().into_iter().map(|line| line.card).collect();
    assert_eq!(cards, [TruthCard::Good, TruthCard::Good, TruthCard::Bad]);
}

#[tokio::test]
async fn a_lost_answer_leaves_a_good_card_that_find_reports() {
    let world = World::new();
    let printer = world.in_memory("card_ms=100&lose_ack=1");

    assert!(matches!(print(&printer, "a").await, Err(DriverError::OutcomeUnknown(_))));

    assert_eq!(find(&printer, "a").await, PRINTING);
    world.pass_ms(100);
    assert_eq!(find(&printer, "a").await, ended(Card::Good, &[]));
}

#[tokio::test]
async fn a_forgotten_card_is_good_and_stays_forgotten() {
    let world = World::new();
    let printer = world.open("p1", "card_ms=100&forget=1");

    assert!(print(&printer, "a").await.is_ok());

    assert_eq!(
        (find(&printer, "a").await, condition(&printer).await),
        (AttemptStatus::Forgotten, Condition::Processing)
    );
    world.pass_ms(1000);
    assert_eq!(find(&printer, "a").await, AttemptStatus::Forgotten);
    assert_eq!(find(&world.open("p1", ""), "a").await, AttemptStatus::Forgotten);
    assert_eq!(truth_read(world.truth()).unwrap()[0].card, TruthCard::Good);
}

#[tokio::test]
async fn a_seed_gives_the_same_faults_in_memory_and_in_a_file() {
    let world = World::new();
    let keys = "spoil=0.1&lose_ack=0.1&forget=0.1&offline=0.1&reject=0.1";
    let same_seed = world.in_memory(&format!("seed=1&{keys}"));
    let other_seed = world.in_memory(&format!("seed=2&{keys}"));
    let file = world.open("p1", &format!("seed=1&{keys}"));
    for n in 0..100 {
        let name = format!("cetak-test-{n}");
        let answer = print(&file, &name).await;
        assert_eq!(print(&same_seed, &name).await, answer);
        assert_eq!(find(&same_seed, &name).await, find(&file, &name).await);
        let _ = print(&other_seed, &name).await;
    }

    assert_eq!(same_seed.truth().unwrap(), file.truth().unwrap());
    assert_ne!(other_seed.truth().unwrap(), file.truth().unwrap());
}

#[tokio::test]
async fn faults_have_their_shares_of_ten_thousand_attempts() {
    let world = World::new();
    let printer =
        world.in_memory("seed=5&clear_ms=0&jam=0.02&spoil=0.05&lose_ack=0.1&forget=0.04&offline=0.03&reject=0.01");
    let (mut rejected, mut offline, mut lost, mut jammed, mut spoiled, mut forgotten) = (0, 0, 0, 0, 0, 0);
    for n in 0..10_000 {
        let name = format!("cetak-test-{n}");
        match print(&printer, &name).await {
            Err(DriverError::Rejected(_)) => rejected += 1,
            Err(DriverError::Unavailable { .. }) => offline += 1,
            Err(DriverError::OutcomeUnknown(_)) => lost += 1,
            answer => assert!(answer.is_ok(), "{name}: {answer:?}"),
        }
        let found = find(&printer, &name).await;
        if found == AttemptStatus::Forgotten {
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
        assert!((share * 8 / 10..=share * 12 / 10).contains(&count), "{count} instead of about {share}");
    }
    let truth = printer.truth().unwrap();
    assert_eq!(truth.len(), 10_000 - rejected - offline);
    assert_eq!(truth.iter().filter(|line| line.card == TruthCard::Bad).count(), jammed + spoiled);
}

#[tokio::test]
async fn a_script_gives_each_card_its_fault_by_its_number_also_after_a_restart() {
    let world = World::new();
    let keys = "script=2:spoil,4:forget";

    for name in ["a", "b"] {
        print(&world.open("p1", keys), name).await.unwrap();
    }
    let restarted = world.open("p1", keys);
    for name in ["c", "d"] {
        print(&restarted, name).await.unwrap();
    }

    let spoiled = ended(Card::Bad, &["job-completed-with-errors"]);
    let expected = [ended(Card::Good, &[]), spoiled, ended(Card::Good, &[]), AttemptStatus::Forgotten];
    for (name, found) in ["a", "b", "c", "d"].into_iter().zip(expected) {
        assert_eq!(find(&restarted, name).await, found, "{name}");
    }
}
