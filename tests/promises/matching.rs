//! Tests acts on all records that match filters, and the count that comes before them.

use cetak::{
    domain::{actor::Role, id::RecordId, record::RecordState, refusal::Refusal},
    engine::{
        EngineError,
        client::{Client, Direct},
        operations::{
            ChangeMatching, HoldMatching, MatchingAct, MatchingChange, MatchingCount, MatchingTurn, PrioritizeMatching,
            RecordMatch, ReleaseMatching,
        },
        query::{CountMatching, ListRecordEvents},
    },
};

use crate::{
    acts,
    world::{World, name, students},
};

fn of_state(state: RecordState) -> RecordMatch {
    RecordMatch { state: Some(state), ..RecordMatch::default() }
}

fn district(district: &str) -> RecordMatch {
    RecordMatch { district: Some(district.into()), ..RecordMatch::default() }
}

async fn count(world: &World, act: MatchingAct, filter: &RecordMatch) -> MatchingCount {
    Direct::new(&world.engine).query(CountMatching { act, filter: filter.clone() }).await.unwrap()
}

fn hold(filter: &RecordMatch, as_of: RecordId) -> HoldMatching {
    HoldMatching { filter: filter.clone(), as_of, after: None, note: "moved".parse().unwrap() }
}

#[tokio::test]
async fn all_that_match_are_counted_first_and_held_and_what_came_later_is_not_touched() {
    let world = World::new().await;
    world.import(&students(0..30)).await;
    let filter = district("FACULTY 1");

    let counted = count(&world, MatchingAct::Hold, &filter).await;

    assert_eq!((counted.matching, counted.tried, counted.would_be_refused), (10, 10, 0));
    assert_eq!(world.records("held").await, 0, "a count changes nothing");
    world.import(&students(30..40)).await;
    let done = Direct::new(&world.engine).act(hold(&filter, counted.as_of)).await.unwrap();
    assert_eq!((done.done, done.refused, done.next), (10, 0, None));
    assert_eq!(world.records("held").await, 10);
    assert_eq!(world.state_of("r00031").await.0, "waiting", "it was imported after the count");
    let events = Direct::new(&world.engine).query(ListRecordEvents { record: name("r00001") }).await.unwrap();
    assert_eq!(events.iter().map(|event| &*event.act).collect::<Vec<_>>(), ["record.held"]);
    world.audit().await;
}

#[tokio::test]
async fn a_count_says_what_is_in_a_batch_what_would_be_refused_and_what_stays_as_it_is() {
    let (world, _, _) = World::with_batch().await;
    world.import(&students(2..6)).await;
    acts::record_hold(&world.engine, &name("r00005"), "asked").await.unwrap();
    let all = RecordMatch { profile: Some("student".into()), ..RecordMatch::default() };

    let counted = count(&world, MatchingAct::Hold, &all).await;

    assert_eq!((counted.matching, counted.batched, counted.would_be_refused), (5, 2, 0), "{counted:?}");
    assert_eq!(counted.others.into_iter().collect::<Vec<_>>(), [("held".to_owned(), 1)]);
    let first = count(&world, MatchingAct::PutFirst, &all).await;
    assert_eq!((first.matching, first.would_be_refused), (4, 0), "what is in a batch keeps its place: {first:?}");
    let released = count(&world, MatchingAct::Release, &of_state(RecordState::Held)).await;
    assert_eq!(released.notes.into_iter().collect::<Vec<_>>(), [("asked".to_owned(), 1)]);
    let unknown = CountMatching { act: MatchingAct::Hold, filter: district("misspelt") };
    let refused = Direct::new(&world.engine).query(unknown).await.unwrap_err();
    assert!(matches!(refused, EngineError::Refused(Refusal::UnknownFilter { .. })), "{refused:?}");
}

#[tokio::test]
async fn all_that_were_held_with_the_same_words_are_released_and_no_others() {
    let world = World::new().await;
    world.import(&students(0..4)).await;
    for (id, note) in [("r00000", "moved"), ("r00001", "moved"), ("r00002", "ill")] {
        acts::record_hold(&world.engine, &name(id), note).await.unwrap();
    }
    let filter = of_state(RecordState::Held);
    let as_of = count(&world, MatchingAct::Release, &filter).await.as_of;
    let held_for = Some("moved".parse().unwrap());
    let act = ReleaseMatching { filter, as_of, held_for, after: None, note: "back".parse().unwrap() };

    let done = Direct::new(&world.engine).act(act).await.unwrap();

    assert_eq!((done.done, done.refused), (2, 0));
    assert_eq!((world.records("waiting").await, world.state_of("r00002").await.0.as_str()), (3, "held"));
    world.audit().await;
}

#[tokio::test]
async fn all_that_match_are_put_first_and_back() {
    let world = World::new().await;
    world.import(&students(0..6)).await;
    let filter = district("FACULTY 2");
    let as_of = count(&world, MatchingAct::PutFirst, &filter).await.as_of;
    let turn =
        |turn| PrioritizeMatching { filter: filter.clone(), as_of, turn, after: None, note: "fair".parse().unwrap() };
    let client = Direct::new(&world.engine);

    let first = client.act(turn(MatchingTurn::BeforeOthers)).await.unwrap();

    assert_eq!((first.done, first.refused), (2, 0));
    assert_eq!(count(&world, MatchingAct::PutFirst, &filter).await.matching, 0, "they are first");
    assert_eq!(count(&world, MatchingAct::PutBack, &filter).await.matching, 2);
    assert_eq!(client.act(turn(MatchingTurn::Usual)).await.unwrap().done, 2);
    world.audit().await;
}

#[tokio::test]
async fn an_act_on_a_long_list_ends_with_where_it_goes_on() {
    let world = World::new().await;
    world.import(&students(0..2_300)).await;
    let filter = of_state(RecordState::Waiting);
    let as_of = count(&world, MatchingAct::Hold, &filter).await.as_of;
    let client = Direct::new(&world.engine);

    let part = client.act(hold(&filter, as_of)).await.unwrap();

    assert_eq!((part.done, part.next.is_some()), (2_000, true));
    let rest = client.act(HoldMatching { after: part.next, ..hold(&filter, as_of) }).await.unwrap();
    assert_eq!((rest.done, rest.next), (300, None));
    assert_eq!(world.records("held").await, 2_300);
    world.audit().await;
}

#[tokio::test]
async fn all_that_match_are_withdrawn_and_restored_by_two_people_and_not_if_their_number_changed() {
    let world = World::new().await;
    world.import(&students(0..9)).await;
    let filter = district("FACULTY 0");
    let as_of = count(&world, MatchingAct::Withdraw, &filter).await.as_of;
    let note = || "closed".parse().unwrap();
    let act = |change| ChangeMatching { change, filter: filter.clone(), as_of, note: note() };
    let (siti, budi) = (world.person(1, Role::Operator), world.person(2, Role::Supervisor));

    let asked = Direct::new(&siti).request(act(MatchingChange::Withdraw).into()).await.unwrap();
    assert_eq!(world.records("withdrawn").await, 0, "nothing is done before it is confirmed");
    Direct::new(&budi).confirm(asked).await.unwrap();

    assert_eq!((world.records("withdrawn").await, world.records("waiting").await), (3, 6));
    let refused = Direct::new(&siti).request(act(MatchingChange::Withdraw).into()).await.unwrap_err();
    assert!(matches!(refused, EngineError::Refused(Refusal::MatchingNumber { is_none: true, .. })), "{refused:?}");
    let asked = Direct::new(&siti).request(act(MatchingChange::Restore).into()).await.unwrap();
    acts::record_restore(&world.engine, &name("r00000"), "first").await.unwrap();
    let changed = Direct::new(&budi).confirm(asked).await.unwrap_err();
    assert!(matches!(changed, EngineError::Refused(Refusal::ActTargetChanged { .. })), "{changed:?}");
    let asked = Direct::new(&siti).request(act(MatchingChange::Restore).into()).await.unwrap();
    Direct::new(&budi).confirm(asked).await.unwrap();
    assert_eq!(world.records("withdrawn").await, 0);
    world.audit().await;
}

#[tokio::test]
async fn more_records_than_one_transaction_takes_are_not_withdrawn_by_one_act() {
    let world = World::new().await;
    world.import(&students(0..501)).await;
    let filter = of_state(RecordState::Waiting);
    let as_of = count(&world, MatchingAct::Withdraw, &filter).await.as_of;
    let act = ChangeMatching { change: MatchingChange::Withdraw, filter, as_of, note: "closed".parse().unwrap() };

    let refused = Direct::new(&world.person(1, Role::Operator)).request(act.into()).await.unwrap_err();

    assert!(matches!(refused, EngineError::Refused(Refusal::MatchingNumber { most: 500, .. })), "{refused:?}");
}
