//! Tests P2 and P8: an act for two people is requested by one and decided by another, under the guards of the moment of
//! decision; and an act that a person's roles do not allow is refused and recorded.

use cetak::{
    domain::{
        actor::{Actor, Role},
        count::WhichCount,
        id::{AccountId, CountId, MovementId, PendingActId},
        pause::PauseScope,
        pending::{EXPIRES_AFTER, PendingState},
        permission::{Operation, RIGHTS},
        refusal::Refusal,
    },
    engine::{
        Engine, EngineError,
        client::{Client, Direct},
        operations::{Act, AnyAct, HoldRecord, ReverseDelivery, TwoPersonAct},
        query::{ListPendingActs, Need, NeedKind, ShowPendingAct},
    },
};
use cetak_driver_api::{Capabilities, Objection};

use crate::{
    acts::{self, NewPrinter, by, lent_blanks},
    database,
    fake_printer::FakePrinter,
    world::{World, all, name, students},
};

/// A person with an account and one role.
fn person(world: &World, account: i64, role: Role) -> Engine {
    world.person(account, role)
}

/// The refusal in a result.
fn refusal<T: std::fmt::Debug>(result: Result<T, EngineError>) -> Refusal {
    match result {
        Err(EngineError::Refused(refusal)) => refusal,
        other => panic!("{other:?} is not refused"),
    }
}

async fn state(world: &World, act: PendingActId) -> PendingState {
    world.engine.store.read().await.unwrap().pending_act_get(act).await.unwrap().unwrap().state
}

async fn audit(world: &World, chain: &str) -> Vec<String> {
    let rows = world.engine.store.read().await.unwrap().audit_page(chain, 0, 1_000).await.unwrap();
    rows.into_iter().map(|row| row.entry).collect()
}

fn loan(quantity: i64) -> TwoPersonAct {
    TwoPersonAct::LendBlanks(lent_blanks("student", quantity, "kudus", "L-1"))
}

/// A count of the vault that two stock-keepers made, and that is not equal to the book.
async fn counted(world: &World, blanks: i64) -> CountId {
    let count = acts::open_count(&person(world, 9, Role::Supervisor), "student", None).await.unwrap();
    for keeper in [11, 12] {
        acts::count_enter(&person(world, keeper, Role::StockKeeper), count, blanks).await.unwrap();
    }
    count
}

fn booked(count: CountId, note: &str) -> TwoPersonAct {
    acts::booking(count, WhichCount::Second, note).into()
}

#[tokio::test]
async fn one_person_asks_another_confirms_and_only_then_it_is_done() {
    let world = World::new().await;
    world.receive(10, None).await;
    let (keeper, boss) = (person(&world, 1, Role::StockKeeper), person(&world, 2, Role::Supervisor));
    let act = Direct::new(&keeper).request(loan(4)).await.unwrap();
    assert_eq!((world.account("vault").await, world.account("loan").await), (10, 0), "asking reserves nothing");
    let now = world.engine.clock.now();
    let mut tx = world.engine.store.read().await.unwrap();
    assert_eq!(tx.pending_acts_open_counts(now).await.unwrap(), [(Operation::StockRemove, 1)]);
    let open = tx.pending_acts_list(Some(now), PendingActId(0), 10).await.unwrap();
    let line = &open[0].line;
    assert_eq!((line.id, &*line.target, &*line.requested_by), (act.0, "blangko student", "person 1"));
    drop(tx);

    assert_eq!(
        refusal(Direct::new(&keeper).confirm(act).await),
        Refusal::NoRight { operation: Operation::StockRemove }
    );
    Direct::new(&boss).confirm(act).await.unwrap();

    assert_eq!((world.account("vault").await, world.account("loan").await), (6, 4));
    assert_eq!(state(&world, act).await, PendingState::Confirmed);
    let again = refusal(Direct::new(&boss).confirm(act).await);
    assert_eq!(again, Refusal::ActDecided { act, operation: Operation::StockRemove, found: PendingState::Confirmed });
    let lent = audit(&world, "web").await.into_iter().find(|entry| entry.contains("blangko.lent")).unwrap();
    for part in ["\"actor\":\"person 2\"", "\"account\":2", "\"means\":\"password\"", "\"requested_by\":\"person 1\""] {
        assert!(lent.contains(part), "{part} in {lent}");
    }
    assert_eq!(world.engine.store.read().await.unwrap().pending_acts_open_counts(now).await.unwrap(), []);
    world.audit().await;
}

#[tokio::test]
async fn no_person_confirms_an_own_act_and_only_the_requester_withdraws_it() {
    let world = World::new().await;
    world.receive(10, None).await;
    let (boss, other) = (person(&world, 1, Role::Supervisor), person(&world, 2, Role::Supervisor));
    let count = counted(&world, 9).await;
    let act = Direct::new(&boss).request(booked(count, "stocktake")).await.unwrap();
    assert_eq!(
        refusal(Direct::new(&boss).confirm(act).await),
        Refusal::SamePerson { act, operation: Operation::CountBook }
    );
    assert_eq!(
        refusal(Direct::new(&other).take_back(act).await),
        Refusal::OtherPerson { act, operation: Operation::CountBook }
    );
    Direct::new(&boss).take_back(act).await.unwrap();
    assert_eq!(state(&world, act).await, PendingState::TakenBack);
    assert!(Direct::new(&other).confirm(act).await.is_err());
    assert_eq!((world.account("vault").await, world.account("missing").await), (10, 0));
    world.audit().await;
}

#[tokio::test]
async fn an_act_is_decided_again_when_it_is_confirmed() {
    let world = World::new().await;
    world.receive(10, None).await;
    let other = person(&world, 2, Role::Supervisor);
    let keeper = person(&world, 3, Role::StockKeeper);
    let reversal = async |delivered: i64| {
        let (delivered, note) = (delivered.try_into().unwrap(), "counted again".parse().unwrap());
        let act = ReverseDelivery { movement: MovementId(1), delivered, note };
        Direct::new(&keeper).request(act.into()).await.unwrap()
    };
    let (by_one, by_two) = (reversal(9).await, reversal(8).await);
    let most = Direct::new(&keeper).request(loan(8)).await.unwrap();
    let rest = Direct::new(&keeper).request(loan(5)).await.unwrap();

    Direct::new(&other).confirm(most).await.unwrap();

    assert!(matches!(refusal(Direct::new(&other).confirm(rest).await), Refusal::TooFewBlanks { available: 2, .. }));
    assert_eq!(state(&world, rest).await, PendingState::Pending, "it can be confirmed when there are more");
    Direct::new(&other).confirm(by_two).await.unwrap();
    let changed = refusal(Direct::new(&other).confirm(by_one).await);
    assert!(matches!(changed, Refusal::ActTargetChanged { act, .. } if act == by_one), "{changed:?}");
    assert_eq!(state(&world, by_one).await, PendingState::Conflict, "the delivery is no longer what was booked");
    world.receive(5, None).await;
    Direct::new(&other).confirm(rest).await.unwrap();
    assert_eq!((world.account("vault").await, world.account("loan").await), (0, 13));
    world.audit().await;
}

#[tokio::test]
async fn an_act_that_cannot_be_done_now_is_refused_when_it_is_asked_for() {
    let world = World::new().await;
    world.receive(10, None).await;
    let (boss, keeper) = (person(&world, 1, Role::Supervisor), person(&world, 2, Role::StockKeeper));
    let too_many = refusal(Direct::new(&keeper).request(loan(11)).await);
    let over = counted(&world, 11).await;
    let not_missing = refusal(Direct::new(&boss).request(booked(over, "stocktake")).await);
    acts::count_cancel(&boss, over).await.unwrap();

    assert!(matches!(too_many, Refusal::TooFewBlanks { wanted: 11, available: 10, .. }), "{too_many:?}");
    assert!(matches!(not_missing, Refusal::CountAboveMissing { over: 1, missing: 0 }), "{not_missing:?}");
    assert_eq!(acts_needed(&world).await, []);
    Direct::new(&keeper).request(loan(10)).await.unwrap();
    assert_eq!((world.account("vault").await, world.account("loan").await), (10, 0), "asking moves nothing");
    world.audit().await;
}

#[tokio::test]
async fn an_undecided_act_expires() {
    let world = World::new().await;
    world.receive(10, None).await;
    let (keeper, boss) = (person(&world, 1, Role::StockKeeper), person(&world, 2, Role::Supervisor));
    let act = Direct::new(&keeper).request(loan(4)).await.unwrap();
    world.engine.clock.sleep(EXPIRES_AFTER).await;
    assert_eq!(
        refusal(Direct::new(&boss).confirm(act).await),
        Refusal::ActExpired { act, operation: Operation::StockRemove }
    );
    assert_eq!((state(&world, act).await, world.account("vault").await), (PendingState::Expired, 10));
}

#[tokio::test]
async fn what_the_roles_do_not_allow_is_refused_and_on_record_without_what_it_was_about() {
    let world = World::new().await;
    world.import(&students(0..1)).await;
    let keeper = person(&world, 1, Role::StockKeeper);
    let refused = refusal(acts::record_hold(&keeper, &name("r00000"), "a private reason").await);
    assert_eq!(refused, Refusal::NoRight { operation: Operation::RecordHold });
    acts::pause(&keeper, &PauseScope::Queue, "end of day").await.unwrap();
    let entries = audit(&world, "web").await;
    assert!(entries[0].contains("\"act\":\"act.forbidden\",\"subject\":\"operation record-hold\""), "{}", entries[0]);
    assert!(entries[0].contains("\"actor\":\"person 1\""), "{}", entries[0]);
    assert!(!entries[0].contains("r00000") && !entries[0].contains("private"), "{}", entries[0]);
    assert_eq!(entries.len(), 2);
    assert_eq!(world.records("waiting").await, 1);
}

#[tokio::test]
async fn a_permit_for_one_operation_does_not_cover_another() {
    let world = World::new().await;
    world.import(&students(0..1)).await;
    let permit = Direct::new(&world.engine).permit(Operation::Pause).await.unwrap();
    let hold = HoldRecord { record: name("r00000"), note: "asked for".parse().unwrap() };
    let refused = refusal(hold.perform(&world.engine, &permit).await);
    assert_eq!(refused, Refusal::NoRight { operation: Operation::RecordHold });
    assert_eq!(world.records("waiting").await, 1);
}

#[tokio::test]
async fn the_local_administrator_acts_alone_and_the_audit_says_so() {
    let world = World::new().await;
    world.receive(10, None).await;
    acts::lend(&world.engine, "student", 4, "kudus", "L-1").await.unwrap();
    let lent = audit(&world, "cli").await.pop().unwrap();
    assert!(lent.contains("\"second_person\":\"none\""), "{lent}");
    acts::destroy(&world.engine, "student", 1, true, "D-1", ["Siti", "Budi"]).await.unwrap();
    let destroyed = audit(&world, "cli").await.pop().unwrap();
    assert!(
        destroyed.contains("\"requested_by\":\"Siti\"")
            && destroyed.contains("\"confirmed_by\":\"Budi\"")
            && destroyed.contains("\"witnesses\":\"Siti, Budi\""),
        "{destroyed}"
    );
    let act = world.engine.store.read().await.unwrap().pending_acts_list(None, PendingActId(0), 10).await.unwrap();
    let act: Vec<_> =
        act.iter().map(|a| &a.line).map(|a| (a.state, &*a.requested_by, a.decided_by.as_deref())).collect();
    assert_eq!(act, [(PendingState::Confirmed, "Siti", Some("Budi"))]);
    world.audit().await;
}

/// What waits for a person because of an act for two people: the operation, and how many.
async fn acts_needed(world: &World) -> Vec<(Option<Operation>, i64)> {
    let needs = world.status().await.needs_person;
    let of_act = |need: &Need| {
        if let NeedKind::ActsToConfirm { operation } = need.kind {
            return Some((Some(operation), need.count));
        }
        (need.kind == NeedKind::ReprintsToApprove).then_some((None, need.count))
    };
    needs.iter().filter_map(of_act).collect()
}

#[tokio::test]
async fn every_open_act_stands_under_needs_a_person_and_a_reprint_is_counted_once() {
    let world = World::new().await;
    world.receive(10, None).await;
    world.import(&students(0..1)).await;
    world.printer("p1", "").await;
    world.run().await;
    assert_eq!(acts_needed(&world).await, []);
    let (operator, keeper) = (person(&world, 1, Role::Operator), person(&world, 2, Role::StockKeeper));
    let warrant = acts::reprint_request(&operator, &name("r00000"), "damaged").await.unwrap();
    let act = Direct::new(&keeper).request(loan(1)).await.unwrap();
    Direct::new(&keeper).request(loan(2)).await.unwrap();
    let mut needed = acts_needed(&world).await;
    needed.sort_by_key(|(_, count)| *count);
    assert_eq!(needed, [(None, 1), (Some(Operation::StockRemove), 2)]);

    let list = async |decided_too| {
        let lines = all(&world.engine, |page| ListPendingActs { decided_too, page }).await;
        lines.iter().map(|item| (PendingActId(item.line.id), item.line.operation)).collect::<Vec<_>>()
    };
    assert_eq!(list(false).await.len(), 3);
    let view = by(&world.engine).query(ShowPendingAct { id: act }).await.unwrap();
    assert_eq!((view.line.target.as_str(), view.arguments), ("blangko student", loan(1)));
    Direct::new(&operator).take_back(warrant).await.unwrap();
    assert_eq!(acts_needed(&world).await, [(Some(Operation::StockRemove), 2)]);
    world.clock.set_forward(EXPIRES_AFTER);
    assert_eq!(acts_needed(&world).await, [], "an expired act needs nobody");
    assert_eq!(list(false).await, []);
    assert_eq!(list(true).await.len(), 3);
    world.audit().await;
}

#[tokio::test]
async fn an_act_whose_target_is_gone_ends_in_conflict() {
    let world = World::new().await;
    let (boss, other) = (person(&world, 1, Role::Supervisor), person(&world, 2, Role::Supervisor));
    world.receive(10, None).await;
    let count = counted(&world, 9).await;
    let act = Direct::new(&boss).request(booked(count, "stocktake")).await.unwrap();
    database::execute(&world.location, "DELETE FROM stock_count").await.unwrap();

    let gone = refusal(Direct::new(&other).confirm(act).await);

    assert!(matches!(&gone, Refusal::ActTargetGone { target, .. } if target.contains("count 1")), "{gone:?}");
    assert_eq!(state(&world, act).await, PendingState::Conflict);
    let again = refusal(Direct::new(&other).confirm(act).await);
    assert_eq!(again, Refusal::ActDecided { act, operation: Operation::CountBook, found: PendingState::Conflict });
    let entry = audit(&world, "web").await.pop().unwrap();
    assert!(entry.contains("act.conflict") && entry.contains("act-target-gone"), "{entry}");
}

#[tokio::test]
async fn a_printer_with_objections_is_added_by_two_people_and_only_with_those_that_were_overridden() {
    let world = World::new().await;
    let objecting = |objection: Objection| {
        let change = move |found| Capabilities { objections: vec![objection.clone()], ..found };
        FakePrinter::new(&world, "").probe(change)
    };
    objecting(Objection::ForwardsJobs).at(&world, "p1");
    let (chief, boss) = (person(&world, 1, Role::Administrator), person(&world, 2, Role::Supervisor));
    let new = NewPrinter { name: "p1", uri: "test://p1", profile: "student", ..NewPrinter::default() };
    let ask = || TwoPersonAct::from(acts::objected_printer(&new, "it is the only one"));
    let act = Direct::new(&chief).request(ask()).await.unwrap();
    objecting(Objection::NoRestartEvents).at(&world, "p1");
    let changed = refusal(Direct::new(&boss).confirm(act).await);
    assert!(matches!(changed, Refusal::ActTargetChanged { .. }), "{changed:?}");

    let act = Direct::new(&chief).request(ask()).await.unwrap();
    Direct::new(&boss).confirm(act).await.unwrap();

    let printer = world.engine.store.read().await.unwrap().printer_get("p1").await.unwrap().unwrap();
    assert_eq!(printer.override_reason.as_deref(), Some("it is the only one"));
    let added = audit(&world, "web").await.pop().unwrap();
    for part in ["printer.added", "no-restart-events", "\"requested_by\":\"person 1\"", "\"actor\":\"person 2\""] {
        assert!(added.contains(part), "{part} in {added}");
    }
    let again = refusal(Direct::new(&chief).request(ask()).await);
    assert_eq!(again, Refusal::PrinterExists { printer: "p1".into() });
}

#[tokio::test]
async fn a_printer_is_changed_against_objections_by_two_people_and_only_with_those_that_were_overridden() {
    let world = World::new().await;
    let objecting = |objection: Objection| {
        let change = move |found| Capabilities { objections: vec![objection.clone()], ..found };
        FakePrinter::new(&world, "").probe(change)
    };
    FakePrinter::new(&world, "").add(&world, "p1").await;
    objecting(Objection::ForwardsJobs).at(&world, "p2");
    let (chief, boss) = (person(&world, 1, Role::Administrator), person(&world, 2, Role::Supervisor));
    let setting = || acts::set_printer("p1", Some("test://p2"), None, None);
    let alone = refusal(Direct::new(&chief).act(setting()).await);
    assert!(matches!(alone, Refusal::PrinterObjections { .. }), "{alone:?}");
    let ask = || TwoPersonAct::from(acts::objected_setting(setting(), "it is the only one"));
    let act = Direct::new(&chief).request(ask()).await.unwrap();
    objecting(Objection::NoRestartEvents).at(&world, "p2");
    let changed = refusal(Direct::new(&boss).confirm(act).await);
    assert!(matches!(changed, Refusal::ActTargetChanged { .. }), "{changed:?}");

    let act = Direct::new(&chief).request(ask()).await.unwrap();
    Direct::new(&boss).confirm(act).await.unwrap();

    let printer = world.engine.store.read().await.unwrap().printer_get("p1").await.unwrap().unwrap();
    assert_eq!((&*printer.uri, printer.override_reason.as_deref()), ("test://p2", Some("it is the only one")));
    let set = audit(&world, "web").await.pop().unwrap();
    for part in ["printer.set", "no-restart-events", "\"requested_by\":\"person 1\"", "\"actor\":\"person 2\""] {
        assert!(set.contains(part), "{part} in {set}");
    }
    let again = refusal(Direct::new(&chief).request(ask()).await);
    assert_eq!(again, Refusal::PrinterUnchanged { printer: "p1".into() });
    world.audit().await;
}

#[tokio::test]
async fn an_attempt_to_decide_as_the_wrong_person_is_on_record() {
    let world = World::new().await;
    world.receive(10, None).await;
    let (boss, other) = (person(&world, 1, Role::Supervisor), person(&world, 2, Role::Supervisor));
    let count = counted(&world, 9).await;
    let act = Direct::new(&boss).request(booked(count, "a private remark")).await.unwrap();
    assert!(Direct::new(&boss).confirm(act).await.is_err() && Direct::new(&other).take_back(act).await.is_err());
    let entries: Vec<String> =
        audit(&world, "web").await.into_iter().filter(|entry| !entry.contains("\"act\":\"count.")).collect();
    for (entry, (who, why)) in entries[1..].iter().zip([("person 1", "same-person"), ("person 2", "other-person")]) {
        for part in ["act.forbidden", "operation count-book", who, why, &format!("\"act\":\"{act}\"")] {
            assert!(entry.contains(part), "{part} in {entry}");
        }
        assert!(!entry.contains("private"), "{entry}");
    }
    assert_eq!((entries.len(), state(&world, act).await), (3, PendingState::Pending));
}

#[tokio::test]
async fn two_accounts_may_have_one_name_and_two_ways_of_writing_a_name_are_one_person() {
    let world = World::new().await;
    world.receive(10, None).await;
    let named = |account: Option<i64>, name: &str| {
        let boss = person(&world, 1, Role::Supervisor).writer.actor;
        let actor = Actor { account: account.map(AccountId), name: name.into(), ..(*boss).clone() };
        world.engine.acting("web", actor)
    };
    let count = counted(&world, 9).await;
    let act = Direct::new(&named(Some(1), "Siti")).request(booked(count, "stocktake")).await.unwrap();
    Direct::new(&named(Some(2), "Siti")).confirm(act).await.unwrap();
    assert_eq!(state(&world, act).await, PendingState::Confirmed);
    // The database holds the same rule by itself.
    let row = |id: i64, by: &str, decided: &str| {
        format!(
            "INSERT INTO pending_act (id, operation, act, target, target_version, reason, state, requested_by,
                 requested_account, requested_means, requested_at_us, decided_by, decided_account, decided_means, decided_at_us)
             VALUES ({id}, 'count-book', '{{}}', 't', 'v', 'r', 'confirmed', {by}, 'session', 0, {decided}, 'session', 1)"
        )
    };
    for (by, decided, is_taken) in [
        ("'Siti', 1", "'Siti', 2", true),
        ("'Siti', 1", "'Budi', 1", false),
        ("'Siti', NULL", "' SITI ', 2", false),
        ("'Siti', NULL", "'Budi', NULL", true),
    ] {
        let inserted = database::execute(&world.location, &row(100, by, decided)).await;
        assert_eq!(inserted.is_ok(), is_taken, "{by} and {decided}: {inserted:?}");
        database::execute(&world.location, "DELETE FROM pending_act WHERE id = 100").await.unwrap();
    }
}

/// Which operations for two people can be asked for. One that is added to the table breaks the build here.
#[test]
fn every_operation_that_needs_two_people_can_be_asked_for_if_the_program_does_it_at_all() {
    let is_done = |operation: Operation| match operation {
        Operation::RecordChange
        | Operation::HandOverCorrect
        | Operation::InspectionNothing
        | Operation::ReprintApprove
        | Operation::ImportUndo
        | Operation::CountBook
        | Operation::StockRemove
        | Operation::PrinterAddObjected
        | Operation::DatabaseAdopt
        | Operation::RoleGive => true,
        // No act of the program belongs to these yet.
        Operation::RecordReleaseDuplicate => false,
        Operation::Pause
        | Operation::Resume
        | Operation::ResumeQueue
        | Operation::RecordHold
        | Operation::RecordRelease
        | Operation::RecordSearch
        | Operation::CardPreview
        | Operation::CardCheck
        | Operation::CardHandOver
        | Operation::CardSend
        | Operation::InspectionFound
        | Operation::AttemptDeclare
        | Operation::ReprintAsk
        | Operation::ReprintRefuse
        | Operation::Batch
        | Operation::Import
        | Operation::ImportAccept
        | Operation::BlanksReceive
        | Operation::HopperLoad
        | Operation::CountOpen
        | Operation::CountEnter
        | Operation::PrinterCare
        | Operation::PrinterManage
        | Operation::SourcePause
        | Operation::SourceRewind
        | Operation::SettingsChange
        | Operation::DayClose
        | Operation::DatabaseCare
        | Operation::DatabaseMove
        | Operation::AuditSeal
        | Operation::BoardRead
        | Operation::ReportRead
        | Operation::AccountManage => {
            assert!(!operation.needs_second_person(), "{operation:?}");
            false
        }
    };
    let asked: Vec<Operation> = RIGHTS.iter().map(|(operation, _)| *operation).filter(|o| is_done(*o)).collect();
    assert_eq!(asked, TwoPersonAct::OPERATIONS);
    assert!(asked.iter().all(|operation| operation.needs_second_person()));
    // What an act is for can be asked for: an act of two people that nobody can ask for would have to be done alone.
    for sample in crate::samples::ACTS {
        let act: AnyAct = serde_json::from_str(sample).unwrap();
        let operation = act.operation();
        assert!(!operation.needs_second_person() || is_done(operation), "{sample}");
    }
}
