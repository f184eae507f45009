//! Tests what a counter asks: where a person's card is, which card has a code, and what became of a record.

use cetak::{
    domain::{pause::PauseScope, personal::TypedText, refusal::Refusal, standing::Standing, stock::Cause},
    engine::{
        EngineError,
        client::{Client, Direct},
        query::{CardVerdict, FindPerson, FindRecord, FoundRecord, ListRecordEvents, ScanCard, ScannedCard},
    },
    store::keys::{Keys, hex},
    words,
};
use jiff::tz::TimeZone;

use crate::{
    acts as operations,
    world::{World, csv, name, student, students},
};

async fn printed() -> World {
    let world = World::new().await;
    world.import(&students(0..3)).await;
    world.receive(10, None).await;
    world.printer("p1", "").await;
    world.run().await;
    world
}

async fn found(world: &World, request_id: &str) -> FoundRecord {
    Direct::new(&world.engine).query(FindRecord { record: name(request_id) }).await.unwrap()
}

async fn of_person(world: &World, identifier: &str) -> Result<Vec<FoundRecord>, EngineError> {
    let identifier = TypedText::new(identifier.into());
    Direct::new(&world.engine).query(FindPerson { profile: None, identifier }).await
}

/// The code on a card, as the built-in profiles write it.
fn code(request_id: &str, attempt: &str) -> String {
    let hash = hex(&Keys::derive(&[7; 32]).card(request_id, attempt)[..8]);
    format!("{request_id} {attempt} {hash}")
}

async fn scan(world: &World, code: &str) -> ScannedCard {
    Direct::new(&world.engine).query(ScanCard { code: code.into() }).await.unwrap()
}

#[tokio::test]
async fn a_card_is_found_with_its_printer_and_batch_and_with_who_checked_it_and_handed_it_over() {
    let world = printed().await;
    let card = found(&world, "r00001").await.card.unwrap();
    assert_eq!((&*card.printer, card.batch, card.copy), ("p1", 1, 1));
    assert!(card.printed_at.is_some() && card.checked.is_none() && card.handed_over.is_none(), "{card:?}");
    operations::card_check(&world.as_actor("siti"), &name("r00001")).await.unwrap();
    operations::card_hand_over(&world.as_actor("budi"), &name("r00001")).await.unwrap();

    let by_identifier = of_person(&world, " s000001 ").await;
    let by_number = of_person(&world, "'S000001").await.unwrap();

    assert_eq!(by_number, [found(&world, "r00001").await]);
    assert_eq!(by_identifier.unwrap(), by_number, "as the profile compares identifiers");
    let card = by_number[0].card.clone().unwrap();
    assert_eq!((card.checked.unwrap().by, card.handed_over.unwrap().by), ("siti".into(), "budi".into()));
    assert!(card.surrendered.is_none());
    world.audit().await;
}

#[tokio::test]
async fn a_person_without_a_request_is_told_from_a_text_that_is_no_identifier() {
    let world = printed().await;
    for (identifier, may_be) in [("S999999", true), ("not an identifier", false)] {
        let refused = of_person(&world, identifier).await.unwrap_err();
        let EngineError::Refused(Refusal::NoPerson { has_form, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(has_form, may_be, "{identifier}");
    }
}

#[tokio::test]
async fn a_quarantined_request_is_found_with_the_request_that_blocks_it() {
    let world = World::new().await;
    let mut second = student(0);
    second.request_id = "again-1".into();
    world.import(&csv(&[student(0), second])).await;

    let of_person = of_person(&world, "S000000").await.unwrap();

    let found: Vec<_> = of_person.iter().map(|f| (&*f.record.request_id, &*f.record.state)).collect();
    assert_eq!(found, [("again-1", "quarantined"), ("r00000", "waiting")]);
    let beside: Vec<_> = of_person[0].beside.iter().map(|b| (&*b.request_id, &*b.state)).collect();
    assert_eq!(beside, [("r00000", "waiting")]);
}

#[tokio::test]
async fn a_card_in_a_batch_is_found_with_the_number_of_cards_before_it() {
    let (world, batch, _) = World::with_batch().await;
    let before = [found(&world, "r00000").await, found(&world, "r00001").await].map(|f| f.in_hand.unwrap());
    let before = before.map(|hand| (hand.batch, hand.state, hand.before));
    assert_eq!(before, [(batch.0, "queued".into(), 0), (batch.0, "queued".into(), 1)]);
}

#[tokio::test]
async fn a_card_in_a_batch_is_found_with_what_keeps_its_printer_from_printing_and_the_next_step() {
    let (world, _, _) = World::with_batch().await;
    let answer = async || words::counter_answer(&found(&world, "r00001").await, None, &TimeZone::UTC);
    assert_eq!(answer().await.next.as_deref(), Some("start the scheduler: `cetak run`"));

    operations::pause(&world.engine, &PauseScope::Printer("p1".into()), "ribbon").await.unwrap();

    let standing = found(&world, "r00001").await.in_hand.unwrap().standing;
    assert_eq!(standing, Some(Standing::Paused { by: "operator".into() }));
    let told = answer().await;
    assert!(told.facts.contains(&"printer `p1` prints nothing now: paused by operator".to_owned()), "{told:?}");
    assert!(told.next.as_ref().is_some_and(|next| next.contains("cetak queue resume")), "{told:?}");
}

#[tokio::test]
async fn a_record_that_has_no_card_is_found_with_the_pauses_that_apply_to_it() {
    let (world, batch, _) = World::with_batch().await;
    world.import(&students(3..4)).await;
    operations::record_hold(&world.engine, &name("r00003"), "asked").await.unwrap();
    operations::pause(&world.engine, &PauseScope::Queue, "end of day").await.unwrap();
    operations::pause(&world.engine, &PauseScope::Batch(batch.0), "wrong pile").await.unwrap();

    let pauses = async |id: &str| found(&world, id).await.pauses.into_iter().map(|p| p.what).collect::<Vec<_>>();

    assert_eq!(pauses("r00003").await, ["queue"], "it is held, and paused too");
    let mut batched = pauses("r00001").await;
    batched.sort();
    assert_eq!(batched, [format!("batch {batch}"), "queue".into()]);
}

#[tokio::test]
async fn the_code_on_a_card_names_it_and_a_forged_a_foreign_and_a_rejected_one_are_told_apart() {
    let world = printed().await;
    let attempt = found(&world, "r00000").await.card.unwrap().attempt;
    let good = code("r00000", &attempt);
    let scanned = scan(&world, &good).await;
    assert_eq!((scanned.verdict, scanned.batch), (CardVerdict::Current, Some(1)));
    assert_eq!(scanned.attempt.unwrap().printer, "p1");
    assert_eq!(scanned.found.unwrap().record.request_id, "r00000");

    let foreign = hex(&Keys::derive(&[8; 32]).card("r00000", &attempt)[..8]);
    for (other, verdict) in [
        (format!("r00000 {attempt} {foreign}"), CardVerdict::WrongHash),
        (good.replace("r00000", "r00001"), CardVerdict::WrongHash),
        (code("r00000", "cetak-test-0"), CardVerdict::UnknownAttempt),
        (format!("{good} more"), CardVerdict::OtherForm),
        ("S000000".into(), CardVerdict::OtherForm),
        (String::new(), CardVerdict::OtherForm),
    ] {
        let scanned = scan(&world, &other).await;
        assert_eq!((scanned.verdict, scanned.found), (verdict, None), "{other}");
    }

    operations::card_reject(&world.engine, &name("r00000"), Cause::PrintFailed, "streaks").await.unwrap();
    assert_eq!(scan(&world, &good).await.verdict, CardVerdict::NotCurrent);
    world.run().await;
    assert_eq!(scan(&world, &good).await.verdict, CardVerdict::NotCurrent, "a second card was printed");
    let second = found(&world, "r00000").await.card.unwrap().attempt;
    assert_eq!(scan(&world, &code("r00000", &second)).await.verdict, CardVerdict::Current);
}

#[tokio::test]
async fn a_card_whose_record_was_stopped_is_recalled_and_one_that_came_back_is_surrendered() {
    let world = printed().await;
    let attempts = [found(&world, "r00000").await, found(&world, "r00001").await].map(|f| f.card.unwrap().attempt);
    let codes = [code("r00000", &attempts[0]), code("r00001", &attempts[1])];
    let mut withdrawn = student(0);
    withdrawn.status = "EXPELLED".into();
    world.import(&csv(&[withdrawn])).await;
    let record = name("r00001");
    operations::card_check(&world.engine, &record).await.unwrap();
    operations::card_hand_over(&world.engine, &record).await.unwrap();
    assert_eq!(scan(&world, &codes[1]).await.verdict, CardVerdict::Current, "the citizen has it");
    operations::card_surrender(&world.engine, &record, "moved").await.unwrap();

    let verdicts = [scan(&world, &codes[0]).await.verdict, scan(&world, &codes[1]).await.verdict];

    assert_eq!(verdicts, [CardVerdict::Recalled, CardVerdict::Surrendered]);
    assert_eq!(scan(&world, &codes[0]).await.found.unwrap().record.stop.as_deref(), Some("withdrawn"));
}

#[tokio::test]
async fn the_history_of_a_record_names_each_person_and_what_they_did() {
    let world = printed().await;
    let record = name("r00002");
    operations::card_reject(&world.as_actor("siti"), &record, Cause::PrintFailed, "streaks").await.unwrap();
    operations::record_hold(&world.as_actor("budi"), &record, "asked").await.unwrap();
    operations::record_release(&world.as_actor("ayu"), &record, "done").await.unwrap();
    world.run().await;
    operations::card_check(&world.as_actor("siti"), &record).await.unwrap();
    let warrant = operations::reprint_request(&world.as_actor("siti"), &record, "damaged").await.unwrap();
    operations::reprint_refuse(&world.as_actor("ayu"), warrant, "it is good").await.unwrap();

    let events = Direct::new(&world.engine).query(ListRecordEvents { record }).await.unwrap();

    let told: Vec<_> = events.iter().map(|event| (&*event.act, &*event.actor)).collect();
    let expected = [
        ("card.rejected", "siti"),
        ("record.held", "budi"),
        ("record.released", "ayu"),
        ("card.checked", "siti"),
        ("reprint.requested", "siti"),
        ("reprint.refused", "ayu"),
    ];
    assert_eq!(told, expected);
    assert_eq!(events[0].details["note"], "streaks");
    world.audit().await;
}
