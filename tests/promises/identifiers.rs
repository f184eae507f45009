//! Tests that identifiers which differ only in writing are of one person, also after a profile begins to compare them so.

use std::sync::Arc;

use cetak::{
    domain::{
        card::{
            comparison::{Comparison, Ignored},
            profile::CardProfile,
        },
        id::{BatchId, RecordId},
        import::RejectReason,
        personal::TypedText,
        reason::{IdentifierFault, Reason, StoredReason},
        record::hold_at_adoption,
        refusal::{KeysFault, Refusal, SamePerson},
        standing::Standing,
    },
    engine::{
        EngineError,
        client::{Client, Direct},
        operations::{RekeyPersons, RekeyedPersons},
        query::{CheckDatabase, FindPerson, NeedKind, Query, ShowRecord},
    },
};

use crate::{
    acts as operations,
    database::{execute, is_postgres},
    people::Student,
    world::{World, csv, name, student, students},
};

const FORMS: [&str; 3] = ["ST000001", "st000001", "ST-000001"];
const LIKE_STUDENTS: [Ignored; 3] = [Ignored::Case, Ignored::Punctuation, Ignored::Spaces];

fn with_number(n: u32, number: &str) -> Student {
    Student { number: number.into(), ..student(n) }
}

/// A request of one person for each form.
fn three_forms() -> String {
    csv(&[with_number(0, FORMS[0]), with_number(1, FORMS[1]), with_number(2, FORMS[2])])
}

/// Edits the profile's file, as it were.
fn edit(world: &mut World, profile: &str, edit: impl FnOnce(&mut CardProfile)) {
    let mut profiles = (*world.engine.profiles).clone();
    let mut edited = (*profiles[profile]).clone();
    edit(&mut edited);
    profiles.insert(profile.to_owned(), Arc::new(edited));
    world.engine.profiles = Arc::new(profiles);
}

fn set_ignores(world: &mut World, profile: &str, ignored: &[Ignored]) {
    edit(world, profile, |profile| profile.identifier.ignores = Comparison::new(ignored.iter().copied()));
}

fn rename_identifier(world: &mut World, column: &str) {
    edit(world, "student", |profile| column.clone_into(&mut profile.identifier.column));
}

/// An office of before: its students were compared by their numbers as they are, and now in another way.
async fn earlier_office(list: &str) -> World {
    let mut world = World::new().await;
    set_ignores(&mut world, "student", &[]);
    world.import(list).await;
    set_ignores(&mut world, "student", &LIKE_STUDENTS);
    world
}

async fn rekey(world: &World, accept_duplicates: bool) -> Result<RekeyedPersons, EngineError> {
    let act = RekeyPersons { profile: "student".into(), accept_duplicates };
    Direct::new(&world.engine).act(act).await
}

fn fault<T: std::fmt::Debug>(result: Result<T, EngineError>) -> KeysFault {
    match result {
        Err(EngineError::Refused(Refusal::PersonKeys { profile, fault })) if profile == "student" => fault,
        other => panic!("{other:?}"),
    }
}

async fn import(world: &World, list: &str) -> Result<u64, EngineError> {
    world.import_with(list, "student", |_| {}).await.map(|(report, _)| report.accepted)
}

/// The request ids of a person, newest first.
async fn find(world: &World, identifier: &str) -> Result<Vec<String>, EngineError> {
    let query = FindPerson { profile: None, identifier: TypedText::new(identifier.into()) };
    let found = Direct::new(&world.engine).query(query).await?;
    Ok(found.into_iter().map(|found| found.record.request_id).collect())
}

async fn assert_sound(world: &World) {
    world.audit().await;
    let rules = CheckDatabase { seal: Vec::new(), deep: true }.read(&world.engine).await.unwrap();
    let broken: Vec<_> = rules.into_iter().filter(|rule| !rule.faults.is_empty()).collect();
    assert_eq!(broken, []);
}

async fn is_unfinished(world: &World) -> bool {
    let is_it = |kind: &NeedKind| *kind == NeedKind::PersonsRekeyed { profile: "student".into() };
    world.status().await.needs_person.iter().any(|need| is_it(&need.kind))
}

#[tokio::test]
async fn one_person_in_three_forms_has_one_card_whether_in_one_list_or_in_two() {
    for together in [true, false] {
        let world = World::new().await;
        if together {
            world.import(&three_forms()).await;
        } else {
            for (n, form) in (0..).zip(FORMS) {
                world.import(&csv(&[with_number(n, form)])).await;
            }
        }
        world.receive(5, None).await;
        world.printer("p1", "").await;
        world.run().await;

        assert_eq!((world.records("printed").await, world.records("quarantined").await), (1, 2));
        let all = ["r00002", "r00001", "r00000"];
        for form in FORMS.into_iter().chain(["'St 000001", "ＳＴ０００００１", "ST\u{2013}000001"]) {
            assert_eq!(find(&world, form).await.unwrap(), all, "{form}");
        }
        for line in world.quarantined().await {
            assert_eq!(line.reason, Some(Reason::OtherRequestOpen.to_stored()), "it tells no identifier");
        }
        let stored = execute(&world.location, "SELECT rule FROM person_rule WHERE profile = 'student'").await;
        assert_eq!(stored.as_deref(), Ok("case,punctuation"));
        assert_sound(&world).await;
    }
}

#[tokio::test]
async fn an_identifier_of_which_nothing_is_compared_is_refused_with_its_row_and_column() {
    let world = World::new().await;
    let list = csv(&[student(0), with_number(1, "------")]);
    let (report, rejects) = world.import_with(&list, "student", |_| {}).await.unwrap();
    assert_eq!((report.accepted, report.refused), (1, 1));
    let (row, rejection) = &rejects.0[0];
    assert_eq!((*row, rejection.reason, &*rejection.field), (2, RejectReason::Identifier, "student_number"));
    assert_eq!(rejection.detail, Reason::Identifier { fault: IdentifierFault::Ignored });
}

#[tokio::test]
async fn a_profile_that_compares_in_another_way_prints_on_and_imports_after_its_persons_are_rekeyed() {
    let world = earlier_office(&csv(&[with_number(0, "ST-000001"), with_number(1, "ST000002")])).await;
    assert_eq!(fault(import(&world, &students(2..3)).await), KeysFault::OtherRule);
    assert_eq!(find(&world, "ST-000001").await.unwrap(), ["r00000"], "as it was imported");
    assert_eq!(fault(find(&world, "ST000001").await), KeysFault::OtherRule);
    world.receive(1, None).await;
    world.printer("p1", "").await;
    world.run().await;
    assert_eq!(world.records("printed").await, 1, "printing asks for nothing");

    assert_eq!(rekey(&world, false).await.unwrap(), RekeyedPersons { records: 2, quarantined: 0 });

    assert_eq!(find(&world, "st 000001").await.unwrap(), ["r00000"]);
    let list = csv(&[with_number(2, "st000001"), with_number(3, "ST000003")]);
    let (report, _) = world.import_with(&list, "student", |_| {}).await.unwrap();
    assert_eq!((report.accepted, report.quarantined), (1, 1));
    assert_eq!(rekey(&world, false).await.unwrap(), RekeyedPersons::default(), "once");
    assert_sound(&world).await;
}

#[tokio::test]
async fn requests_that_become_those_of_one_person_are_named_and_quarantined_only_when_that_is_accepted() {
    let world = earlier_office(&three_forms()).await;

    let KeysFault::SamePerson(SamePerson { requests, persons }) = fault(rekey(&world, false).await) else { panic!() };

    let named = ["r00000", "r00001", "r00002"].map(|id| format!("record default/{id}"));
    assert_eq!((requests, persons), (vec![named.to_vec()], 1));
    assert_eq!(world.records("waiting").await, 3, "nothing was changed");
    assert!(!is_unfinished(&world).await);
    assert_eq!(fault(import(&world, &students(2..3)).await), KeysFault::OtherRule);

    assert_eq!(rekey(&world, true).await.unwrap(), RekeyedPersons { records: 3, quarantined: 2 });

    assert_eq!((world.records("waiting").await, world.records("quarantined").await), (1, 2));
    assert_eq!(world.state_of("r00000").await.0, "waiting", "the one that was imported first");
    let telling = "SELECT COUNT(*) FROM audit WHERE lower(entry) LIKE '%t000001%' OR lower(entry) LIKE '%t-000001%'";
    assert_eq!(execute(&world.location, telling).await.unwrap(), "0", "no identifier is in the audit");
    let duplicates = "SELECT COUNT(*) FROM audit WHERE entry LIKE '%\"duplicate\":\"record default/r00000\"%'";
    assert_eq!(execute(&world.location, duplicates).await.unwrap(), "1", "the other request is");
    world.receive(5, None).await;
    world.printer("p1", "").await;
    world.run().await;
    assert_eq!(world.records("printed").await, 1);
    assert_sound(&world).await;
}

#[tokio::test]
async fn two_cards_of_one_person_in_the_office_are_settled_by_a_person_first() {
    let world = earlier_office(&csv(&[with_number(0, FORMS[0]), with_number(1, FORMS[1])])).await;
    world.receive(5, None).await;
    world.printer("p1", "").await;
    world.run().await;
    assert_eq!(world.records("printed").await, 2);
    assert!(matches!(fault(rekey(&world, true).await), KeysFault::TwoCards(SamePerson { persons: 1, .. })));
    assert!(!is_unfinished(&world).await);

    operations::card_check(&world.engine, &name("r00001")).await.unwrap();
    operations::card_hand_over(&world.engine, &name("r00001")).await.unwrap();

    assert_eq!(rekey(&world, false).await.unwrap(), RekeyedPersons { records: 2, quarantined: 0 });
    assert_sound(&world).await;
}

async fn state_and_reason(world: &World, request_id: &str) -> (String, Option<Reason>) {
    let record = Direct::new(&world.engine).query(ShowRecord { record: name(request_id) }).await.unwrap();
    let reason = record.reason.map(|reason| Reason::from_stored(&reason));
    (record.state, reason.and_then(|reason| if let StoredReason::Coded(reason) = reason { Some(reason) } else { None }))
}

/// Holds a record as the adoption of a database does.
async fn adopted(world: &World, record: i64) {
    let mut tx = world.engine.store.write(&world.engine.writer, world.engine.clock.now()).await.unwrap();
    tx.save(vec![hold_at_adoption(RecordId(record), &Reason::HeldAtAdoption)]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_request_that_another_copy_may_have_printed_stays_held_and_none_of_its_person_is_printed_beside_it() {
    let world = earlier_office(&csv(&[with_number(0, FORMS[0]), with_number(1, FORMS[1])])).await;
    adopted(&world, 2).await;

    let KeysFault::SamePerson(SamePerson { persons: 1, .. }) = fault(rekey(&world, false).await) else { panic!() };
    assert_eq!(rekey(&world, true).await.unwrap(), RekeyedPersons { records: 2, quarantined: 1 });

    assert_eq!(state_and_reason(&world, "r00000").await, ("quarantined".into(), Some(Reason::OtherRequestOpen)));
    assert_eq!(state_and_reason(&world, "r00001").await, ("held".into(), Some(Reason::HeldAtAdoption)));
    world.receive(5, None).await;
    world.printer("p1", "").await;
    world.run().await;
    assert_eq!(world.records("printed").await, 0);
    assert_sound(&world).await;
}

#[tokio::test]
async fn two_requests_of_one_person_that_another_copy_may_have_printed_are_settled_by_a_person_first() {
    let world = earlier_office(&csv(&[with_number(0, FORMS[0]), with_number(1, FORMS[1])])).await;
    for record in [1, 2] {
        adopted(&world, record).await;
    }

    assert!(matches!(fault(rekey(&world, true).await), KeysFault::TwoCards(SamePerson { persons: 1, .. })));

    assert!(!is_unfinished(&world).await, "no key was made");
    assert_eq!(world.records("held").await, 2);
    operations::record_withdraw(&world.engine, &name("r00001"), "its card was destroyed").await.unwrap();
    assert_eq!(rekey(&world, false).await.unwrap(), RekeyedPersons { records: 2, quarantined: 0 });
    assert_sound(&world).await;
}

#[tokio::test]
async fn persons_are_not_rekeyed_while_a_batch_of_their_profile_is_open() {
    let (mut world, batch, _) = World::with_batch().await;
    set_ignores(&mut world, "student", &[Ignored::LeadingZeros]);
    assert_eq!(fault(rekey(&world, false).await), KeysFault::OpenBatch(batch));
    assert_eq!(batch, BatchId(1));
    operations::batch_cancel(&world.engine, batch, "to rekey").await.unwrap();
    assert_eq!(rekey(&world, false).await.unwrap().records, 2);
    assert_sound(&world).await;
}

/// The database fails at a record of the second page, as if the process had ended there.
async fn dies_at(world: &World, record: u32) {
    let sql = if is_postgres() {
        format!(
            "CREATE FUNCTION dies() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'dies'; END $$;
             CREATE TRIGGER dies BEFORE UPDATE ON person FOR EACH ROW WHEN (NEW.record_id = {record})
             EXECUTE FUNCTION dies()"
        )
    } else {
        format!(
            "CREATE TRIGGER dies BEFORE UPDATE ON person WHEN NEW.record_id = {record}
             BEGIN SELECT RAISE(ABORT, 'dies'); END"
        )
    };
    execute(&world.location, &sql).await.unwrap();
}

async fn lives(world: &World) {
    execute(&world.location, if is_postgres() { "DROP TRIGGER dies ON person" } else { "DROP TRIGGER dies" })
        .await
        .unwrap();
}

#[tokio::test]
async fn persons_that_are_half_rekeyed_get_no_card_and_no_list_until_the_rest_is_rekeyed() {
    // The last one is the person of the first one, in another form and on another page.
    let mut list: Vec<Student> = (0..520).map(student).collect();
    list[519].number = "s-000000".into();
    let world = earlier_office(&csv(&list)).await;
    world.receive(2, None).await;
    world.printer("p1", "").await;
    dies_at(&world, 510).await;

    assert!(matches!(rekey(&world, true).await, Err(EngineError::Store(_))));

    let done = execute(&world.location, "SELECT done FROM person_rule").await;
    assert_eq!(done.as_deref(), Ok("500"), "one page is saved");
    assert!(is_unfinished(&world).await);
    world.run().await;
    assert_eq!(world.records("waiting").await, 520, "no card starts");
    assert_eq!(world.status().await.printers[0].standing, Standing::PersonsRekeyed);
    assert_eq!(fault(import(&world, &students(600..601)).await), KeysFault::Unfinished);
    assert_eq!(find(&world, "s000001").await.unwrap(), ["r00001"], "by the new rule");
    assert_eq!(find(&world, "S000515").await.unwrap(), ["r00515"], "by the rule before");
    assert_eq!(fault(find(&world, "s000515").await), KeysFault::Unfinished);
    assert_sound(&world).await;
    lives(&world).await;
    assert!(matches!(fault(rekey(&world, false).await), KeysFault::SamePerson(_)), "what is done stays done");
    assert!(is_unfinished(&world).await);

    assert_eq!(rekey(&world, true).await.unwrap(), RekeyedPersons { records: 20, quarantined: 1 });

    assert!(!is_unfinished(&world).await);
    assert_eq!(world.state_of("r00519").await.0, "quarantined");
    assert_eq!(find(&world, "s000515").await.unwrap(), ["r00515"]);
    world.run().await;
    assert_eq!(world.records("printed").await, 2);
    assert_sound(&world).await;
}

#[tokio::test]
async fn a_rule_that_changes_again_before_all_are_rekeyed_begins_anew() {
    let mut list: Vec<Student> = (0..520).map(student).collect();
    list[519].number = "S-000000".into();
    let mut world = earlier_office(&csv(&list)).await;
    set_ignores(&mut world, "student", &[Ignored::Case]);
    dies_at(&world, 510).await;
    assert!(rekey(&world, false).await.is_err());
    lives(&world).await;
    set_ignores(&mut world, "student", &LIKE_STUDENTS);
    assert!(matches!(fault(rekey(&world, false).await), KeysFault::SamePerson(_)));
    assert!(is_unfinished(&world).await, "some have keys by the rule in between");
    assert_sound(&world).await;
    for ignored in [&[][..], &[Ignored::Case], &LIKE_STUDENTS] {
        set_ignores(&mut world, "student", ignored);
        rekey(&world, true).await.unwrap();
        assert_eq!(find(&world, "S000515").await.unwrap(), ["r00515"], "{ignored:?}");
        assert_sound(&world).await;
    }
}

#[tokio::test]
async fn a_record_that_was_changed_behind_the_programs_back_is_not_sealed_again() {
    let world = earlier_office(&students(0..2)).await;
    execute(&world.location, "UPDATE record SET village = 'ELSEWHERE' WHERE id = 2").await.unwrap();
    let refused = rekey(&world, false).await.unwrap_err();
    assert!(
        matches!(&refused, EngineError::Refused(Refusal::RecordUnreadable { record, .. }) if record.ends_with("r00001"))
    );
    assert!(!is_unfinished(&world).await);
}

#[tokio::test]
async fn records_whose_identifier_has_another_column_now_are_not_made_one_person_and_keep_their_keys() {
    let mut world = earlier_office(&students(0..2)).await;
    rename_identifier(&mut world, "matriculation_number");
    let keys = "SELECT COUNT(DISTINCT person_key) FROM record";

    let found = fault(rekey(&world, true).await);

    let (record, column) = ("record default/r00000".to_owned(), "matriculation_number".to_owned());
    assert_eq!(found, KeysFault::NoIdentifier { record, column });
    assert_eq!(execute(&world.location, keys).await.as_deref(), Ok("2"));
    assert_eq!((world.records("waiting").await, is_unfinished(&world).await), (2, false), "nothing was changed");
    rename_identifier(&mut world, "student_number");
    assert_eq!(rekey(&world, false).await.unwrap(), RekeyedPersons { records: 2, quarantined: 0 });
    assert_sound(&world).await;
}

#[tokio::test]
async fn a_key_that_is_not_that_of_the_identifier_is_found_by_a_deep_check() {
    if is_postgres() {
        return; // it has no function `hex`, and the check is the same
    }
    let world = earlier_office(&students(0..2)).await;
    let sealed = execute(&world.location, "SELECT hex(sealed) FROM person WHERE record_id = 2").await.unwrap();
    let key = execute(&world.location, "SELECT hex(person_key) FROM record WHERE id = 2").await.unwrap();
    rekey(&world, false).await.unwrap();
    let old = format!(
        "UPDATE person SET sealed = unhex('{sealed}') WHERE record_id = 2;
         UPDATE record SET person_key = unhex('{key}') WHERE id = 2"
    );
    execute(&world.location, &old).await.unwrap();
    let rules = CheckDatabase { seal: Vec::new(), deep: true }.read(&world.engine).await.unwrap();
    let faults: Vec<_> = rules.into_iter().flat_map(|rule| rule.faults).map(|fault| fault.thing).collect();
    assert_eq!(faults, ["record default/r00001"]);
}

#[tokio::test]
async fn an_office_whose_identifiers_are_digits_only_is_asked_for_nothing() {
    let mut world = World::new().await;
    let header = crate::people::CITIZEN_HEADER.join(",");
    let list = |n: usize| format!("{header}\n{}\n", crate::people::citizen(n).join(","));
    std::fs::write(world.dir.path().join(crate::people::PHOTO), crate::people::FACE).unwrap();
    let (first, _) = world.import_with(&list(1), "ktp-el", |_| {}).await.unwrap();
    set_ignores(&mut world, "ktp-el", &LIKE_STUDENTS);
    let (second, _) = world.import_with(&list(2), "ktp-el", |_| {}).await.unwrap();
    assert_eq!((first.accepted, second.accepted), (1, 1));
    let act = RekeyPersons { profile: "ktp-el".into(), accept_duplicates: false };
    assert_eq!(Direct::new(&world.engine).act(act).await.unwrap(), RekeyedPersons::default());
    assert_eq!(execute(&world.location, "SELECT COUNT(*) FROM person_rule").await.as_deref(), Ok("0"));
    let nik = crate::people::citizen(1)[6].clone();
    let spaced = format!("{} {}-{}", &nik[..6], &nik[6..12], &nik[12..]);
    assert_eq!(find(&world, &spaced).await.unwrap(), [crate::people::citizen(1)[0].clone()]);
    assert_sound(&world).await;
}
