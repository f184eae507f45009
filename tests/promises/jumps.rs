//! Tests jumps: a record is put into another class with a reason, keeps it, and is put back; who did it, and why a record has its place.

use cetak::{
    domain::{
        place::PlaceCause,
        refusal::{RecordRule, Refusal},
        time::{Day, Timestamp},
    },
    engine::{
        EngineError,
        client::{Client, Direct},
        operations::{PutBack, PutFirst, PutInClass},
        query::{ListJumps, OrderEvent, OrderLine, OrderPage, RecordPlace, ReportOrder, ShowPlace},
    },
};

use crate::{
    acts as operations,
    world::{World, all, csv, name, student, students},
};

fn put_in(id: &str, class: i64) -> PutInClass {
    PutInClass { record: name(id), class, note: "school begins".parse().unwrap() }
}

fn put_first(id: &str) -> PutFirst {
    PutFirst { record: name(id), note: "waits at the counter".parse().unwrap() }
}

fn put_back(id: &str) -> PutBack {
    PutBack { record: name(id), note: "comes tomorrow".parse().unwrap() }
}

async fn place(world: &World, id: &str) -> RecordPlace {
    Direct::new(&world.engine).query(ShowPlace { record: name(id) }).await.unwrap()
}

/// The classes of earlier records, each with their number, and the number in the own class.
async fn before(world: &World, id: &str) -> (Vec<(i64, i64)>, i64) {
    let before = place(world, id).await.before.unwrap();
    assert_eq!(before.records, before.own + before.earlier.iter().map(|of| of.records).sum::<i64>());
    (before.earlier.into_iter().map(|of| (of.class, of.records)).collect(), before.own)
}

/// All lines of a day, page by page.
pub(crate) async fn order_of_day(world: &World, day: Day) -> Vec<OrderLine> {
    let (client, mut all, mut after) = (Direct::new(&world.engine), Vec::new(), None);
    loop {
        let OrderPage { lines, next } = client.query(ReportOrder { day, after }).await.unwrap();
        all.extend(lines);
        if next.is_none() {
            return all;
        }
        after = next;
    }
}

pub(crate) fn today(world: &World) -> Day {
    Day::of(world.engine.clock.now(), &world.engine.settings.zone)
}

#[tokio::test]
async fn a_record_that_is_put_into_another_class_stays_there_until_it_is_put_back_also_when_its_list_sends_it_again() {
    let world = World::new().await;
    let client = Direct::new(&world.engine);
    let kinds = &world.engine.profile("student").unwrap().kinds;
    let own = kinds.iter().find(|kind| kind.name == "new").unwrap().class;
    let other = kinds.iter().map(|kind| kind.class).filter(|class| *class != own).min().unwrap();
    world.import(&students(0..3)).await;
    assert!(client.act(put_back("r00002")).await.is_err(), "it did not jump");

    let unknown = client.act(put_in("r00002", 77)).await.unwrap_err();
    let EngineError::Refused(Refusal::NoSuchClass { known, own: otherwise, .. }) = unknown else {
        panic!("{unknown:?}")
    };
    assert!(known.contains(&other) && !known.contains(&77) && otherwise == own, "{known:?}");
    let same = client.act(put_in("r00002", own)).await.unwrap_err();
    let EngineError::Refused(Refusal::RecordState { needs, .. }) = same else { panic!("{same:?}") };
    assert_eq!(needs, RecordRule::OtherClass);
    client.act(put_in("r00002", other)).await.unwrap();
    let mut changed = student(2);
    changed.name = "ANOTHER NAME".into();
    world.import_with(&csv(&[changed]), "student", |import| import.update = true).await.unwrap();

    let found = place(&world, "r00002").await;
    assert_eq!((found.keys.class, found.own_class, found.found.record.jumped), (other, own, true));
    let jump = found.jump.unwrap();
    assert_eq!((&*jump.by, &*jump.note, jump.from_class, jump.to_class), ("operator", "school begins", own, other));
    client.act(put_back("r00002")).await.unwrap();
    let found = place(&world, "r00002").await;
    assert_eq!((found.keys.class, found.found.record.jumped, found.jump), (own, false, None));
    world.audit().await;
}

#[tokio::test]
async fn jumps_are_a_list_of_their_own_the_last_first_in_pages_and_since_an_instant() {
    let world = World::new().await;
    world.import(&students(0..6)).await;
    let client = Direct::new(&world.engine);
    for id in ["r00004", "r00005"] {
        client.act(put_first(id)).await.unwrap();
    }
    world.clock.advance(std::time::Duration::from_hours(1));
    let since = world.engine.clock.now();
    client.act(put_back("r00004")).await.unwrap();

    let list = async |since: Option<Timestamp>| {
        let lines = all(&world.engine, |page| ListJumps { since, page }).await;
        lines.into_iter().map(|line| (line.request_id, line.cause)).collect::<Vec<_>>()
    };
    let back = ("r00004".to_owned(), PlaceCause::PutBack);
    let first = |id: &str| (id.to_owned(), PlaceCause::PutFirst);
    assert_eq!(list(None).await, [back.clone(), first("r00005"), first("r00004")]);
    assert_eq!(list(Some(since)).await, [back]);
    assert_eq!(list(Some(since.plus(std::time::Duration::from_mins(1)))).await, []);
    world.audit().await;
}

#[tokio::test]
async fn a_record_says_how_many_stand_before_it_in_which_class_and_one_that_does_not_wait_what_it_waits_for() {
    let world = World::new().await;
    world.import(&students(0..6)).await;
    let client = Direct::new(&world.engine);
    let own = place(&world, "r00003").await.own_class;
    assert_eq!(before(&world, "r00003").await, (vec![], 3));
    client.act(put_first("r00005")).await.unwrap();
    assert_eq!(before(&world, "r00003").await, (vec![(cetak::domain::card::profile::WALK_IN_CLASS, 1)], 3));
    assert_eq!(before(&world, "r00005").await, (vec![], 0));
    operations::record_hold(&world.engine, &name("r00003"), "address").await.unwrap();
    let held = place(&world, "r00003").await;
    assert_eq!((held.before, &*held.found.record.state, held.keys.class), (None, "held", own));
    world.printer("p1", "").await;
    assert_eq!(place(&world, "r00000").await.printers, ["p1"]);
    world.audit().await;
}

#[tokio::test]
async fn the_order_of_a_day_has_each_record_that_came_left_or_moved_with_its_keys_then_and_its_event() {
    let world = World::with(|settings| settings.batch_size = 2).await;
    let client = Direct::new(&world.engine);
    world.import(&students(0..4)).await;
    client.act(put_first("r00003")).await.unwrap();
    operations::record_hold(&world.engine, &name("r00000"), "address").await.unwrap();
    world.receive(2, None).await;
    world.printer("p1", "").await;
    world.run().await;
    // Later than the batch: the lines before keep the keys of then.
    operations::card_reject(&world.engine, &name("r00003"), cetak::domain::stock::Cause::PrintFailed, "streaks")
        .await
        .unwrap();
    client.act(put_back("r00003")).await.unwrap();

    let lines = order_of_day(&world, today(&world)).await;

    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            let batch = line.batch.map(|batch| (batch.0, line.position.unwrap()));
            (line.event, &*line.keys.request_id, line.keys.class, &*line.act, batch)
        })
        .collect();
    let (walk_in, own) = (cetak::domain::card::profile::WALK_IN_CLASS, place(&world, "r00000").await.own_class);
    let listed = |id: &'static str| (OrderEvent::Listed, id, own, "import.rows", None);
    assert_eq!(
        told,
        [
            listed("r00000"),
            listed("r00001"),
            listed("r00002"),
            listed("r00003"),
            (OrderEvent::Moved, "r00003", walk_in, "record.put-first", None),
            (OrderEvent::Unlisted, "r00000", own, "record.held", None),
            (OrderEvent::Batched, "r00003", walk_in, "batch.made", Some((1, 1))),
            (OrderEvent::Batched, "r00001", own, "batch.made", Some((1, 2))),
            (OrderEvent::Listed, "r00003", walk_in, "card.rejected", None),
            (OrderEvent::Moved, "r00003", own, "record.put-back", None),
        ]
    );
    assert!(lines.iter().all(|line| line.seq > 0 && !line.chain.is_empty()));
    let text = serde_json::to_string(&lines).unwrap();
    assert!(!text.contains("STUDENT NUMBER") && !text.contains("S00000"), "it has no personal data");
    assert_eq!(order_of_day(&world, "2001-01-01".parse().unwrap()).await, []);
    world.audit().await;
}

#[tokio::test]
async fn the_order_of_a_day_is_read_in_pages_that_end_within_a_long_list_and_the_pages_are_the_whole() {
    let world = World::new().await;
    world.import(&students(0..2_500)).await;
    let client = Direct::new(&world.engine);
    client.act(put_first("r02499")).await.unwrap();

    let lines = order_of_day(&world, today(&world)).await;

    assert_eq!(lines.len(), 2_501);
    let listed: Vec<_> = lines[..2_500].iter().map(|line| line.keys.request_id.clone()).collect();
    assert_eq!(listed, (0..2_500).map(|n| format!("r{n:05}")).collect::<Vec<_>>());
    assert_eq!((lines[2_500].event, lines[2_500].from_class.is_some()), (OrderEvent::Moved, true));
    world.audit().await;
}
