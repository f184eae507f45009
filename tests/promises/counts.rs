//! Tests P1 and P9: a place is counted without knowledge of the book, and a difference is booked by two people.

use cetak::{
    domain::{
        actor::{Actor, Means, Role},
        attempt::InspectionResult,
        count::{CountedBlanks, WhichCount},
        id::{CountId, MovementId},
        pause::PauseScope,
        permission::Operation,
        refusal::{CountRefusal, Refusal},
        states::CountState,
        stock::Place,
    },
    engine::{
        Engine, EngineError,
        client::{Client, Direct},
        operations::{CancelCount, EnterCount, LendBlanks, OpenCount, ReverseDelivery, TwoPersonAct},
        query::{
            ListAudit, ListMovements, ListNeeds, ListPrinters, NeedKind, PageRequest, ShowBoard, ShowCount, ShowStock,
            Stock,
        },
    },
    store::{Acknowledgement, Begin},
};

use crate::{
    acts as operations,
    world::{World, begin, students},
};

fn keeper(world: &World, account: i64) -> Engine {
    world.person(account, Role::StockKeeper)
}

fn boss(world: &World) -> Engine {
    world.person(20, Role::Supervisor)
}

fn refusal<T: std::fmt::Debug>(result: Result<T, EngineError>) -> Refusal {
    match result {
        Err(EngineError::Refused(refusal)) => refusal,
        other => panic!("{other:?} is not refused"),
    }
}

/// The booked number of an account, as a supervisor reads it.
async fn booked(world: &World, account: &str) -> i64 {
    let stock = Direct::new(&boss(world)).query(ShowStock {}).await.unwrap();
    stock.blangko.get("student").map_or(0, |accounts| accounts[account])
}

async fn open(world: &World, printer: Option<&str>) -> CountId {
    operations::open_count(&boss(world), "student", printer).await.unwrap()
}

fn booking(count: CountId, which: WhichCount) -> TwoPersonAct {
    operations::booking(count, which, "a bundle was short").into()
}

#[tokio::test]
async fn a_count_that_differs_is_made_again_by_another_person_and_booked_by_two_supervisors() {
    let world = World::new().await;
    world.receive(10, None).await;
    let count = open(&world, None).await;
    assert_eq!(operations::count_enter(&keeper(&world, 1), count, 8).await.unwrap(), CountState::Second);
    assert_eq!(
        refusal(operations::count_enter(&keeper(&world, 1), count, 8).await),
        Refusal::Count(CountRefusal::SameCounter { count })
    );
    let early = Direct::new(&boss(&world)).request(booking(count, WhichCount::First)).await;
    assert!(matches!(refusal(early), Refusal::Count(CountRefusal::State { found: CountState::Second, .. })));
    assert_eq!(operations::count_enter(&keeper(&world, 2), count, 9).await.unwrap(), CountState::Differs);
    assert_eq!((booked(&world, "vault").await, booked(&world, "missing").await), (10, 0), "counting books nothing");

    let (asks, confirms) = (boss(&world), world.person(21, Role::Supervisor));
    let act = Direct::new(&asks).request(booking(count, WhichCount::Second)).await.unwrap();
    let operation = Operation::CountBook;
    assert_eq!(refusal(Direct::new(&asks).confirm(act).await), Refusal::SamePerson { act, operation });
    Direct::new(&confirms).confirm(act).await.unwrap();

    assert_eq!((booked(&world, "vault").await, booked(&world, "missing").await), (9, 1));
    let line = Direct::new(&keeper(&world, 1)).query(ShowCount { count }).await.unwrap();
    assert_eq!((line.state, line.which, line.hidden), (CountState::Booked, Some(WhichCount::Second), false));
    let made = |made: Option<cetak::engine::query::MadeCountLine>| {
        let made = made.unwrap();
        (made.by, made.counted.unwrap(), made.booked.unwrap())
    };
    assert_eq!(made(line.first), ("person 1".to_owned(), 8, 10));
    assert_eq!(made(line.second), ("person 2".to_owned(), 9, 10));
    world.audit().await;
}

#[tokio::test]
async fn a_count_that_is_equal_is_closed_by_its_first_counter() {
    let world = World::new().await;
    world.receive(10, None).await;
    let count = open(&world, None).await;
    let other = operations::open_count(&boss(&world), "student", None).await;
    let place = Place::Vault;
    let blank_type = "student".to_owned();
    assert_eq!(refusal(other), Refusal::Count(CountRefusal::Open { count, blank_type, place }));
    let entry = |loose: i64| {
        let [bundles, bundle_size, loose] = [2, 4, loose].map(|number: i64| number.try_into().unwrap());
        CountedBlanks { bundles, bundle_size, loose }
    };
    let enter = |again| EnterCount { count, entry: entry(2), again };
    let by = Direct::new(&keeper(&world, 1));
    assert_eq!(refusal(by.act(enter(entry(3))).await), Refusal::Count(CountRefusal::EntriesDiffer { count }));
    assert_eq!(by.act(enter(entry(2))).await.unwrap(), CountState::Equal);
    let late = refusal(Direct::new(&boss(&world)).act(CancelCount { count, note: "x".parse().unwrap() }).await);
    assert!(matches!(late, Refusal::Count(CountRefusal::State { found: CountState::Equal, .. })), "{late:?}");
    assert_eq!(booked(&world, "vault").await, 10);
    world.audit().await;
}

#[tokio::test]
async fn quantities_of_what_is_counted_are_hidden_from_all_who_may_count_and_from_no_other() {
    let world = World::new().await;
    world.printer("p1", "").await;
    world.receive(10, None).await;
    let token = |engine: &Engine| {
        let token = Actor { means: Means::Token, ..(*engine.writer.actor).clone() };
        world.engine.acting("web", token)
    };
    let both = Actor {
        roles: [Role::StockKeeper, Role::Supervisor, Role::Auditor].into(),
        ..(*keeper(&world, 3).writer.actor).clone()
    };
    let both = world.engine.acting("web", both);
    let count = open(&world, None).await;
    let stock = async |engine: &Engine| -> Stock { Direct::new(engine).query(ShowStock {}).await.unwrap() };
    for engine in [keeper(&world, 1), token(&keeper(&world, 1)), both.clone()] {
        let seen = stock(&engine).await;
        assert!(seen.blangko.is_empty() && seen.accounts.is_empty(), "{seen:?}");
        assert_eq!(seen.hidden.iter().map(|of| (&*of.blank_type, of.count)).collect::<Vec<_>>(), [("student", count)]);
        let client = Direct::new(&engine);
        let movements = client.query(ListMovements::default()).await.unwrap();
        assert_eq!((movements.items, movements.hidden_by), (vec![], vec![count]));
        let board = client.query(ShowBoard {}).await.unwrap();
        assert!(board.blangko.is_empty() && board.hidden.len() == 1, "{board:?}");
        let printers = client.query(ListPrinters {}).await.unwrap();
        assert_eq!(printers[0].hidden_by, Some(count));
        let line = client.query(ShowCount { count }).await.unwrap();
        assert!(line.hidden, "{line:?}");
    }
    let audit = ListAudit { chain: "cli".into(), page: PageRequest::default() };
    let entries = Direct::new(&both).query(audit).await.unwrap();
    assert_eq!((entries.items, entries.hidden_by), (vec![], vec![count]));
    for role in [Role::Supervisor, Role::Auditor, Role::Operator] {
        let seen = stock(&world.person(30, role)).await;
        assert_eq!((seen.blangko["student"]["vault"], seen.hidden), (10, vec![]), "{role}");
    }

    // The second counter does not see what the first one counted, and neither sees it while a supervisor decides.
    for (by, state) in [(1, CountState::Second), (2, CountState::Differs)] {
        assert_eq!(operations::count_enter(&keeper(&world, by), count, 7).await.unwrap(), state);
        let line = Direct::new(&keeper(&world, 2)).query(ShowCount { count }).await.unwrap();
        let first = line.first.unwrap();
        assert_eq!((line.hidden, first.counted, first.booked), (true, None, None));
        assert!(stock(&keeper(&world, 1)).await.blangko.is_empty());
    }
    assert_eq!(stock(&both).await.blangko["student"]["vault"], 10, "one who decides sees the book then");
    operations::count_cancel(&boss(&world), count).await.unwrap();
    assert_eq!(stock(&keeper(&world, 1)).await.blangko["student"]["vault"], 10);
    world.audit().await;
}

#[tokio::test]
async fn no_person_moves_blanks_of_a_place_that_is_counted_and_the_refusal_tells_no_number() {
    let world = World::new().await;
    world.add_printer("p1", "mock://p1", "student", Some(20)).await;
    world.add_printer("p2", "mock://p2", "student", Some(20)).await;
    world.receive(50, None).await;
    operations::load(&keeper(&world, 1), "p1", 9).await.unwrap();
    let count = open(&world, None).await;
    let stock = keeper(&world, 1);
    let is_counted = |refused: Refusal, place: Place| {
        let blank_type = "student".to_owned();
        assert_eq!(refused, Refusal::Count(CountRefusal::PlaceCounted { count, blank_type, place }));
    };
    is_counted(refusal(operations::load(&stock, "p1", 1_000).await), Place::Vault);
    is_counted(refusal(operations::unload(&stock, "p1", 1_000).await), Place::Vault);
    let delivery = operations::Delivery {
        blank_type: "student".into(),
        quantity: 5,
        document: "late".into(),
        lot: None,
        serials: None,
        override_reason: None,
    };
    is_counted(refusal(operations::receive(&stock, &delivery).await), Place::Vault);
    let asks = Direct::new(&stock);
    let (quantity, document) = (1_000_i64.try_into().unwrap(), "L-1".parse().unwrap());
    let loan = LendBlanks { blank_type: "student".into(), quantity, to: "kudus".parse().unwrap(), document };
    is_counted(refusal(asks.request(loan.into()).await), Place::Vault);
    let (delivered, note) = (0_i64.try_into().unwrap(), "never came".parse().unwrap());
    let reversal = ReverseDelivery { movement: MovementId(1), delivered, note };
    is_counted(refusal(asks.request(reversal.into()).await), Place::Vault);
    operations::count_cancel(&boss(&world), count).await.unwrap();

    let scope = PauseScope::Printer("p1".into());
    operations::pause(&boss(&world), &scope, "stocktake").await.unwrap();
    let of_hopper = open(&world, Some("p1")).await;
    let place = || Place::Printer("p1".into());
    let counted = |refused: Refusal| {
        let blank_type = "student".to_owned();
        let place = place();
        assert_eq!(refused, Refusal::Count(CountRefusal::PlaceCounted { count: of_hopper, blank_type, place }));
    };
    counted(refusal(operations::load(&stock, "p1", 1).await));
    counted(refusal(operations::resume(&boss(&world), &scope, "go on").await));
    counted(refusal(operations::printer_remove(&boss(&world), "p1").await));
    operations::load(&stock, "p2", 5).await.unwrap();
    assert_eq!(operations::count_enter(&stock, of_hopper, 9).await.unwrap(), CountState::Equal);
    operations::resume(&boss(&world), &scope, "go on").await.unwrap();
    world.audit().await;
}

#[tokio::test]
async fn a_hopper_is_counted_while_its_printer_is_paused_by_itself() {
    let world = World::new().await;
    world.add_printer("p1", "mock://p1", "student", Some(20)).await;
    world.receive(20, None).await;
    operations::load(&world.engine, "p1", 12).await.unwrap();
    let printer = "p1".to_owned();
    let open_it = || operations::open_count(&world.engine, "student", Some("p1"));
    assert_eq!(refusal(open_it().await), Refusal::Count(CountRefusal::NotPaused { printer: printer.clone() }));
    operations::pause(&world.engine, &PauseScope::Queue, "night").await.unwrap();
    assert_eq!(refusal(open_it().await), Refusal::Count(CountRefusal::NotPaused { printer }), "its own pause");
    operations::pause(&world.engine, &PauseScope::Printer("p1".into()), "stocktake").await.unwrap();
    let count = open_it().await.unwrap();
    let other = world.as_actor("Budi");
    assert_eq!(operations::count_enter(&world.engine, count, 11).await.unwrap(), CountState::Second);
    assert_eq!(
        operations::count_enter(&other, count, 11).await.unwrap(),
        CountState::Differs,
        "another name is another"
    );
    assert_eq!(operations::load(&world.engine, "p1", 1).await.map_err(|_| ()), Err(()));
    let book = operations::booking(count, WhichCount::First, "one was torn");
    Direct::new(&world.engine).act(book).await.unwrap();
    assert_eq!((booked(&world, "hopper").await, booked(&world, "missing").await), (11, 1));
    world.audit().await;
}

#[tokio::test]
async fn a_difference_of_the_vault_is_booked_while_printing_goes_on_and_without_what_was_printed_since() {
    let world = World::new().await;
    world.printer("p1", "").await;
    world.receive(20, None).await;
    let count = open(&world, None).await;
    world.import(&students(0..3)).await;
    world.run().await;
    assert_eq!(world.records("printed").await, 3, "printing goes on");
    assert_eq!(operations::count_enter(&keeper(&world, 1), count, 17).await.unwrap(), CountState::Equal);

    // A card is printed between each two steps of a stocktake that finds one blank missing.
    let count = open(&world, None).await;
    let print = async |number: usize| {
        let next = number + 1;
        world.import(&students(number..next)).await;
        world.run().await;
    };
    assert_eq!(operations::count_enter(&keeper(&world, 1), count, 16).await.unwrap(), CountState::Second);
    print(3).await;
    assert_eq!(operations::count_enter(&keeper(&world, 2), count, 15).await.unwrap(), CountState::Differs);
    print(4).await;
    let (asks, confirms) = (boss(&world), world.person(21, Role::Supervisor));
    let act = Direct::new(&asks).request(booking(count, WhichCount::Second)).await.unwrap();
    print(5).await;
    Direct::new(&confirms).confirm(act).await.unwrap();

    assert_eq!((booked(&world, "vault").await, booked(&world, "missing").await), (13, 1), "20 less 6 cards and 1");
    let line = Direct::new(&asks).query(ShowCount { count }).await.unwrap();
    let second = line.second.unwrap();
    assert_eq!((line.state, second.counted, second.booked), (CountState::Booked, Some(15), Some(16)));
    let count = open(&world, None).await;
    assert_eq!(operations::count_enter(&keeper(&world, 1), count, 13).await.unwrap(), CountState::Equal);
    world.audit().await;
}

#[tokio::test]
async fn a_second_count_that_is_equal_to_the_book_goes_to_a_supervisor_with_the_first_one() {
    let world = World::new().await;
    world.receive(10, None).await;
    let count = open(&world, None).await;
    assert_eq!(operations::count_enter(&keeper(&world, 1), count, 9).await.unwrap(), CountState::Second);
    assert_eq!(operations::count_enter(&keeper(&world, 2), count, 10).await.unwrap(), CountState::Differs);
    let (asks, confirms) = (boss(&world), world.person(21, Role::Supervisor));
    let act = Direct::new(&asks).request(booking(count, WhichCount::Second)).await.unwrap();
    Direct::new(&confirms).confirm(act).await.unwrap();
    assert_eq!((booked(&world, "vault").await, booked(&world, "missing").await), (10, 0));
    world.audit().await;
}

#[tokio::test]
async fn a_blank_in_a_printer_is_no_difference_and_no_inspection_puts_one_back_where_it_is_counted() {
    let (world, _, jobs) = World::with_batch().await;
    world.receive(8, None).await;
    let engine = &world.engine;
    let fed = Begin { releasing: true, ..begin(jobs[0]) };
    let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await.unwrap();
    let begun = tx.attempts_begin(std::slice::from_ref(&fed)).await.unwrap();
    tx.attempts_release(&[begun[0].key]).await.unwrap();
    let (key, printer_job, printer_run) = (begun[0].key, None, None);
    let said = Acknowledgement { key, printer_job, printer_run, acknowledged: true };
    tx.attempts_acknowledge(&[said]).await.unwrap();
    tx.commit().await.unwrap();
    let count = open(&world, None).await;
    assert_eq!(operations::count_enter(&keeper(&world, 1), count, 9).await.unwrap(), CountState::Equal, "10 less 1");

    operations::declare_uncertain(engine, &fed.name, "it does not answer").await.unwrap();
    let count = open(&world, None).await;
    let inspect = || operations::inspect_resolve(engine, &fed.name, InspectionResult::Nothing, "no card");
    let (blank_type, place) = ("student".to_owned(), Place::Vault);
    assert_eq!(refusal(inspect().await), Refusal::Count(CountRefusal::PlaceCounted { count, blank_type, place }));
    assert_eq!(operations::count_enter(&keeper(&world, 1), count, 9).await.unwrap(), CountState::Equal);
    inspect().await.unwrap();
    assert_eq!(booked(&world, "vault").await + booked(&world, "reserved").await, 10);
    world.audit().await;
}

#[tokio::test]
async fn the_numbers_of_an_earlier_count_are_hidden_by_the_one_that_is_open() {
    let world = World::new().await;
    world.receive(10, None).await;
    let earlier = open(&world, None).await;
    assert_eq!(operations::count_enter(&keeper(&world, 1), earlier, 10).await.unwrap(), CountState::Equal);
    let count = open(&world, None).await;
    let line = Direct::new(&keeper(&world, 1)).query(ShowCount { count: earlier }).await.unwrap();
    assert_eq!((line.hidden_by, line.first.unwrap().counted), (Some(count), None));
}

#[tokio::test]
async fn an_open_count_waits_under_needs_a_person_with_what_it_waits_for_and_since_when() {
    let world = World::new().await;
    world.receive(10, None).await;
    let count = open(&world, None).await;
    let waits = async || {
        let needs = Direct::new(&keeper(&world, 1)).query(ListNeeds {}).await.unwrap();
        let of = |kind| {
            if let NeedKind::CountWaits { number, state, since, .. } = kind {
                Some((number, state, since))
            } else {
                None
            }
        };
        needs.into_iter().find_map(|need| of(need.kind))
    };
    let opened = world.engine.clock.now().to_string();
    assert_eq!(waits().await, Some((count, CountState::First, opened)));
    world.clock.set_forward(std::time::Duration::from_mins(10));
    operations::count_enter(&keeper(&world, 1), count, 7).await.unwrap();
    let counted = world.engine.clock.now().to_string();
    assert_eq!(waits().await, Some((count, CountState::Second, counted)));
    operations::count_enter(&keeper(&world, 2), count, 7).await.unwrap();
    assert!(matches!(waits().await, Some((_, CountState::Differs, _))));
    operations::count_cancel(&boss(&world), count).await.unwrap();
    assert_eq!(waits().await, None);
}

#[tokio::test]
async fn the_person_who_is_named_counts_first_and_a_stock_keeper_opens_no_count() {
    let world = World::new().await;
    world.receive(10, None).await;
    let counter = || Some("person 2".parse().unwrap());
    let new = || OpenCount {
        blank_type: "student".into(),
        printer: None,
        counter: counter(),
        note: "stocktake".parse().unwrap(),
    };
    let denied = refusal(Direct::new(&keeper(&world, 1)).act(new()).await);
    assert_eq!(denied, Refusal::NoRight { operation: Operation::CountOpen });
    let count = Direct::new(&boss(&world)).act(new()).await.unwrap();
    let other = refusal(operations::count_enter(&keeper(&world, 1), count, 10).await);
    assert_eq!(other, Refusal::Count(CountRefusal::OtherCounter { count, counter: "person 2".into() }));
    assert_eq!(operations::count_enter(&keeper(&world, 2), count, 10).await.unwrap(), CountState::Equal);
}

#[tokio::test]
async fn a_counter_does_not_see_how_many_records_are_in_batches_each_of_which_has_its_blank() {
    let (world, ..) = World::with_batch().await;
    let counter = keeper(&world, 1);
    let before = Direct::new(&counter).query(ShowBoard {}).await.unwrap();
    let (batched, waiting) = (before.records["batched"], before.records["waiting"]);
    assert!(batched > 0 && before.districts.values().any(|states| states.contains_key("batched")));
    open(&world, None).await;

    let board = Direct::new(&counter).query(ShowBoard {}).await.unwrap();

    assert_eq!((board.records.get("batched"), board.records["waiting"]), (None, waiting + batched));
    assert!(board.districts.values().all(|states| !states.contains_key("batched")), "{:?}", board.districts);
    let seen = Direct::new(&boss(&world)).query(ShowBoard {}).await.unwrap();
    assert_eq!(seen.records["batched"], batched, "those who do not count see it");
}
