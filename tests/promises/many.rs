//! Tests lists with filters, acts on many records, and the lane of walk-ins.

use cetak::{
    domain::{
        id::BatchId,
        record::RecordState,
        refusal::{RecordRule, Refusal},
        states::AttemptState,
        time::Timestamp,
    },
    engine::{
        EngineError,
        client::{Client, Direct},
        operations::{
            CheckCards, HoldRecords, PutBack, PutFirst, RecordName, RecordNames, RecordOutcome, ReleaseRecords,
        },
        query::{Cursor, Limit, ListAttempts, ListMovements, ListRecordEvents, ListRecords, PageRequest},
    },
};

use crate::{
    acts::{self as operations, Delivery},
    world::{World, all, csv, name, student, students},
};

fn names(request_ids: &[&str]) -> RecordNames {
    RecordNames::try_from(request_ids.iter().map(|id| name(id)).collect::<Vec<RecordName>>()).unwrap()
}

fn refusals(outcomes: &[RecordOutcome]) -> Vec<Option<&'static str>> {
    outcomes.iter().map(|outcome| outcome.refusal.as_ref().map(Refusal::code)).collect()
}

async fn listed(world: &World, asked: ListRecords) -> Vec<String> {
    let lines = all(&world.engine, |page| ListRecords { page, ..asked.clone() }).await;
    lines.into_iter().map(|line| line.request_id).collect()
}

/// The order in which the waiting records are claimed.
async fn order(world: &World) -> Vec<String> {
    let mut tx = world.engine.store.read().await.unwrap();
    let mut order = Vec::new();
    for claimed in tx.waiting_first("student", 100).await.unwrap() {
        order.push(tx.record_line(claimed.record).await.unwrap().unwrap().request_id);
    }
    order
}

#[tokio::test]
async fn of_many_records_each_is_held_and_released_by_itself_and_one_wrong_id_stops_no_other() {
    let world = World::new().await;
    world.import(&students(0..4)).await;
    let client = Direct::new(&world.engine);
    let note = || "asked".parse().unwrap();

    let records = names(&["r00000", "missing-1", "r00001", "r00000"]);
    let held = client.act(HoldRecords { records, note: note() }).await.unwrap();

    assert_eq!(refusals(&held), [None, Some("no-record"), None, Some("record-state")]);
    assert_eq!((world.records("held").await, world.records("waiting").await), (2, 2));
    let released = client.act(ReleaseRecords { records: names(&["r00001", "r00002"]), note: note() }).await.unwrap();
    assert_eq!(refusals(&released), [None, Some("record-state")]);
    let events = client.query(ListRecordEvents { record: name("r00001") }).await.unwrap();
    assert_eq!(events.iter().map(|event| &*event.act).collect::<Vec<_>>(), ["record.held", "record.released"]);
    world.audit().await;
}

#[tokio::test]
async fn two_requests_of_one_person_are_not_released_by_one_act() {
    let world = World::new().await;
    let request = |id: &str| {
        let mut request = student(0);
        request.request_id = id.into();
        request
    };
    world.import(&csv(&[request("a1"), request("a2"), request("a3")])).await;
    assert_eq!(world.records("quarantined").await, 2);
    let mut gone = request("a1");
    gone.status = "EXPELLED".into();
    world.import(&csv(&[gone])).await;

    let act = ReleaseRecords { records: names(&["a2", "a3"]), note: "one of them".parse().unwrap() };
    let released = Direct::new(&world.engine).act(act).await.unwrap();

    assert_eq!(refusals(&released), [None, Some("record-state")]);
    assert_eq!((world.records("waiting").await, world.records("quarantined").await), (1, 1));
    world.audit().await;
}

#[tokio::test]
async fn the_cards_of_a_batch_are_listed_and_checked_together() {
    let world = World::new().await;
    world.import(&students(0..5)).await;
    world.receive(10, None).await;
    world.printer("p1", "").await;
    world.run().await;
    let unchecked = || ListRecords { batch: Some(BatchId(1)), checked: Some(false), ..ListRecords::default() };
    assert_eq!(listed(&world, unchecked()).await.len(), 5);

    let checked = Direct::new(&world.engine).act(CheckCards { records: names(&["r00000", "r00003"]) }).await.unwrap();

    assert_eq!(refusals(&checked), [None, None]);
    let mut left = listed(&world, unchecked()).await;
    left.sort();
    assert_eq!(left, ["r00001", "r00002", "r00004"]);
    world.audit().await;
}

#[tokio::test]
async fn records_are_listed_by_state_district_kind_class_and_reason_and_by_when_they_were_printed() {
    let world = World::new().await;
    let mut again = student(1);
    again.request_id = "again-1".into();
    world.import(&csv(&[student(0), student(1), student(2), again])).await;
    let filter = ListRecords::default;
    assert_eq!(listed(&world, filter()).await, ["r00000", "r00001", "r00002", "again-1"]);
    let district = world.quarantined().await[0].district.clone();
    assert_eq!(listed(&world, ListRecords { district: Some(district), ..filter() }).await, ["r00001", "again-1"]);
    for (code, found) in [("other-request-open", 1), ("living-card", 0)] {
        let asked = ListRecords { reason: Some(code.into()), ..filter() };
        assert_eq!(listed(&world, asked).await.len(), found, "{code}");
    }
    assert_eq!(listed(&world, ListRecords { kind: Some("new".into()), ..filter() }).await.len(), 4);
    let wrong = ListRecords { reason: Some("%".into()), ..filter() };
    let refused = Direct::new(&world.engine).query(wrong).await.unwrap_err();
    assert!(matches!(refused, EngineError::Refused(Refusal::NotAReasonCode)), "{refused:?}");

    world.receive(10, None).await;
    world.printer("p1", "").await;
    let before = world.engine.store.read().await.unwrap().newest_instant().await.unwrap();
    world.run().await;
    let after = world.engine.store.read().await.unwrap().newest_instant().await.unwrap();
    let printed = |since, until| ListRecords { printed_since: since, printed_until: until, ..filter() };
    assert_eq!(listed(&world, printed(Some(before), None)).await, ["r00000", "r00001", "r00002"]);
    assert_eq!(listed(&world, printed(None, Some(before))).await.len(), 0);
    assert_eq!(listed(&world, printed(Some(Timestamp(after.0 + 1)), None)).await.len(), 0);
    let asked = ListRecords { state: Some(RecordState::Quarantined), ..printed(Some(before), None) };
    assert_eq!(listed(&world, asked).await.len(), 0);
}

#[tokio::test]
async fn a_filter_with_a_value_that_nothing_has_is_refused_with_those_that_are_known() {
    let world = World::new().await;
    world.import(&students(0..2)).await;
    world.receive(5, None).await;
    world.printer("p1", "").await;
    world.run().await;
    let client = Direct::new(&world.engine);
    let refused = |result: Result<_, EngineError>| match result {
        Err(EngineError::Refused(Refusal::UnknownFilter { filter, known, .. })) => (filter, known),
        other => panic!("{other:?}"),
    };
    let wrong = || Some("misspelt".to_owned());
    let all = ListRecords::default;
    for (asked, filter, known) in [
        (ListRecords { source: wrong(), ..all() }, "source", "default"),
        (ListRecords { profile: wrong(), ..all() }, "profile", "student"),
        (ListRecords { kind: wrong(), ..all() }, "kind", "new"),
        (ListRecords { district: wrong(), ..all() }, "district", "FACULTY 0"),
        (ListRecords { reason: wrong(), ..all() }, "code", "living-card"),
    ] {
        let (found, all) = refused(client.query(asked).await.map(drop));
        assert!(found == filter && all.iter().any(|value| value == known), "{filter}: {all:?}");
    }
    let moves = ListMovements::default;
    for (asked, filter, known) in [
        (ListMovements { blank_type: wrong(), ..moves() }, "blank-type", "student"),
        (ListMovements { lot: wrong(), ..moves() }, "lot", "-"),
        (ListMovements { account: Some("hopper:misspelt".into()), ..moves() }, "account", "hopper:p1"),
    ] {
        let (found, all) = refused(client.query(asked).await.map(drop));
        assert!(found == filter && all.iter().any(|value| value == known), "{filter}: {all:?}");
    }
    let printer = refused(client.query(ListAttempts { printer: wrong(), ..ListAttempts::default() }).await.map(drop));
    assert_eq!(printer, ("printer".into(), vec!["p1".into()]));
    let batch = client.query(ListRecords { batch: Some(BatchId(9)), ..all() }).await.unwrap_err();
    assert!(matches!(batch, EngineError::Refused(Refusal::NoBatch { .. })), "{batch:?}");
    let none = ListRecords { state: Some(RecordState::Held), district: Some("FACULTY 1".into()), ..all() };
    let none = client.query(none).await.unwrap();
    assert_eq!(none.items, [], "a known value that nothing has now is no mistake");
}

#[tokio::test]
async fn spoiled_cards_are_listed_by_printer_and_time_also_when_they_are_archived() {
    let world = World::with(|settings| settings.breaker_failures = 100).await;
    world.import(&students(0..30)).await;
    world.receive(100, None).await;
    world.printer("p1", "spoil=0.3&seed=5").await;
    world.run().await;
    world.import(&students(30..40)).await;
    world.printer("p2", "").await;
    world.run().await;
    let attempts = async |asked: ListAttempts| all(&world.engine, |page| ListAttempts { page, ..asked.clone() }).await;
    let spoiled = || ListAttempts { outcome: Some(AttemptState::Spoiled), ..ListAttempts::default() };

    let found = attempts(spoiled()).await;

    let number = usize::try_from(world.account("spoiled").await).unwrap();
    assert!(number > 0 && found.len() == number, "{number} of {found:?}");
    assert!(found.iter().all(|line| line.printer == "p1" && line.batch > 0 && !line.request_id.is_empty()));
    assert!(found.is_sorted_by_key(|line| Timestamp::parse(&line.ended_at)));
    assert_eq!(attempts(ListAttempts { printer: Some("p2".into()), ..spoiled() }).await, []);
    let first = Timestamp::parse(&found[0].ended_at).unwrap();
    let later = ListAttempts { since: Some(Timestamp(first.0 + 1)), ..spoiled() };
    let before = ListAttempts { until: Some(Timestamp(first.0 + 1)), ..spoiled() };
    assert_eq!(attempts(later).await.len() + attempts(before).await.len(), number);
    operations::archive(&world.engine, 0).await.unwrap();
    assert_eq!(attempts(spoiled()).await, found);
}

#[tokio::test]
async fn cards_of_one_instant_and_archived_ones_are_listed_once_over_all_pages() {
    let world = World::new().await;
    world.import(&students(0..40)).await;
    world.receive(50, None).await;
    for printer in ["p1", "p2", "p3"] {
        world.printer(printer, "").await;
    }
    world.run().await;
    let asked = || ListRecords { printed_since: Some(Timestamp(1)), ..ListRecords::default() };
    let mut before = listed(&world, asked()).await;
    let archived = operations::archive(&world.engine, 0).await.unwrap();
    assert!(archived.moved.jobs > 0, "{archived:?}");
    let mut after = listed(&world, asked()).await;
    before.sort();
    after.sort();
    let all: Vec<_> = (0..40).map(|n| format!("r{n:05}")).collect();
    assert_eq!((before, after), (all.clone(), all));
}

#[tokio::test]
async fn a_walk_in_is_first_until_it_is_put_back_also_after_an_update_and_a_rejected_card() {
    let world = World::new().await;
    world.import(&students(0..3)).await;
    let client = Direct::new(&world.engine);
    let put_first = |id: &str| PutFirst { record: name(id), note: "waits at the counter".parse().unwrap() };
    let put_back = |id: &str| PutBack { record: name(id), note: "comes tomorrow".parse().unwrap() };
    assert!(client.act(put_back("r00002")).await.is_err(), "it was not put first");
    client.act(put_first("r00002")).await.unwrap();
    assert_eq!(order(&world).await, ["r00002", "r00000", "r00001"]);
    let again = client.act(put_first("r00002")).await.unwrap_err();
    let EngineError::Refused(Refusal::RecordState { needs, .. }) = again else { panic!("{again:?}") };
    assert_eq!(needs, RecordRule::NotFirst);
    world.audit().await;

    let mut changed = student(2);
    changed.name = "ANOTHER NAME".into();
    world.import_with(&csv(&[changed]), "student", |import| import.update = true).await.unwrap();
    assert_eq!(order(&world).await, ["r00002", "r00000", "r00001"], "it was updated");
    operations::record_hold(&world.engine, &name("r00001"), "asked").await.unwrap();
    client.act(put_first("r00001")).await.unwrap();
    operations::record_release(&world.engine, &name("r00001"), "done").await.unwrap();
    assert_eq!(order(&world).await, ["r00001", "r00002", "r00000"], "it was held when it was put first");
    client.act(put_back("r00001")).await.unwrap();
    assert_eq!(order(&world).await, ["r00002", "r00000", "r00001"]);

    world.receive(5, None).await;
    world.printer("p1", "").await;
    world.run().await;
    let refused = client.act(put_first("r00000")).await.unwrap_err();
    assert!(matches!(refused, EngineError::Refused(Refusal::RecordState { .. })), "it is printed: {refused:?}");
    operations::card_reject(&world.engine, &name("r00002"), cetak::domain::stock::Cause::PrintFailed, "streaks")
        .await
        .unwrap();
    assert_eq!(order(&world).await, ["r00002"]);
    let events = client.query(ListRecordEvents { record: name("r00002") }).await.unwrap();
    assert_eq!(
        events.iter().map(|event| &*event.act).collect::<Vec<_>>(),
        ["record.put-first", "record.updated", "card.rejected"]
    );
    world.audit().await;
}

#[tokio::test]
async fn a_record_that_is_queued_in_a_batch_is_not_put_first_and_the_refusal_says_where_it_is() {
    let (world, batch, _) = World::with_batch().await;
    let act = PutFirst { record: name("r00001"), note: "waits".parse().unwrap() };

    let refused = Direct::new(&world.engine).act(act).await.unwrap_err();

    let EngineError::Refused(refusal) = refused else { panic!("{refused:?}") };
    let (record, printer) = ("record default/r00001".into(), "p1".into());
    assert_eq!(refusal, Refusal::InBatch { record, batch, printer, before: 1 });
    // What the refusal advises.
    operations::record_hold(&world.engine, &name("r00001"), "to be put first").await.unwrap();
    let act = PutFirst { record: name("r00001"), note: "waits".parse().unwrap() };
    Direct::new(&world.engine).act(act).await.unwrap();
    operations::record_release(&world.engine, &name("r00001"), "waits").await.unwrap();
    let first = world.engine.store.read().await.unwrap().waiting_first("student", 1).await.unwrap().remove(0);
    let mut tx = world.engine.store.read().await.unwrap();
    assert_eq!(tx.record_view(first.record).await.unwrap().subject, "record default/r00001");
    world.audit().await;
}

#[tokio::test]
async fn a_claim_begins_before_a_walk_in_that_came_after_others_were_claimed() {
    let world = World::new().await;
    world.import(&students(0..6)).await;
    world.receive(2, None).await;
    world.printer("p1", "").await;
    world.run().await;
    assert_eq!((world.records("printed").await, world.records("waiting").await), (2, 4));
    let act = PutFirst { record: name("r00005"), note: "waits".parse().unwrap() };

    Direct::new(&world.engine).act(act).await.unwrap();

    assert_eq!(order(&world).await, ["r00005", "r00002", "r00003", "r00004"]);
    world.receive(1, None).await;
    world.run().await;
    assert_eq!(world.state_of("r00005").await.0, "printed");
    world.audit().await;
}

#[tokio::test]
async fn the_ledger_is_read_by_lot_account_person_document_and_time_with_a_cursor() {
    let world = World::new().await;
    for (quantity, lot) in [(5, "L1"), (7, "L2")] {
        let delivery = Delivery {
            blank_type: "student".into(),
            quantity,
            document: "BAST 7".into(),
            lot: Some(lot.into()),
            serials: None,
            override_reason: Some("one document of two lots".into()),
        };
        operations::receive(&world.engine, &delivery).await.unwrap();
    }
    world.import(&students(0..2)).await;
    world.printer("p1", "").await;
    world.run().await;
    let filter = ListMovements::default;
    let count =
        async |asked: ListMovements| all(&world.engine, |page| ListMovements { page, ..asked.clone() }).await.len();
    let whole = count(filter()).await;
    assert_eq!(count(ListMovements { lot: Some("L2".into()), ..filter() }).await, 1);
    assert_eq!(count(ListMovements { document: Some("BAST 7".into()), ..filter() }).await, 2);
    assert_eq!(count(ListMovements { account: Some("printed".into()), ..filter() }).await, 2);
    assert_eq!(count(ListMovements { account: Some("supplier".into()), ..filter() }).await, 2);
    let by_person = count(ListMovements { actor: Some("operator".into()), ..filter() }).await;
    let by_scheduler = count(ListMovements { actor: Some("scheduler".into()), ..filter() }).await;
    assert!(by_person == 2 && by_person + by_scheduler == whole, "{by_person} and {by_scheduler} of {whole}");
    let late = Timestamp(i64::MAX);
    assert_eq!(count(ListMovements { since: Some(late), ..filter() }).await, 0);
    assert_eq!(count(ListMovements { until: Some(late), blank_type: Some("student".into()), ..filter() }).await, whole);
    let page = PageRequest { after: Some(Cursor(3)), limit: Limit::default() };
    let older = Direct::new(&world.engine).query(ListMovements { page, ..filter() }).await.unwrap();
    assert_eq!(older.items.iter().map(|line| line.id).collect::<Vec<_>>(), [2, 1]);
    let wrong = ListMovements { account: Some("attic".into()), ..filter() };
    assert!(Direct::new(&world.engine).query(wrong).await.is_err());
}
