//! Tests that names are found by their words through an index of keyed hashes.

use cetak::{
    domain::{personal::TypedText, refusal::Refusal},
    engine::{
        EngineError,
        client::{Client, Direct},
        operations::{IndexNames, IndexedNames},
        query::{CheckDatabase, Cursor, FindName, FoundNames, Query},
    },
    store::keys::{Keys, hex},
};

use crate::{
    acts as operations,
    database::{execute, is_postgres},
    people::Student,
    world::{World, csv, student, students},
};

fn named(n: u32, name: &str) -> Student {
    Student { name: name.into(), ..student(n) }
}

async fn update(world: &World, list: &[Student]) {
    let (report, _) = world.import_with(&csv(list), "student", |what| what.update = true).await.unwrap();
    assert_eq!(report.updated, list.len() as u64);
}

/// The rules of a deep check that do not hold.
async fn broken(world: &World) -> Vec<String> {
    let rules = CheckDatabase { seal: Vec::new(), deep: true }.read(&world.engine).await.unwrap();
    rules.into_iter().filter(|rule| !rule.faults.is_empty()).map(|rule| rule.rule).collect()
}

async fn page(world: &World, name: &str, after: Option<Cursor>) -> Result<FoundNames, EngineError> {
    let name = TypedText::new(name.into());
    Direct::new(&world.engine).query(FindName { profile: None, name, after }).await
}

/// The request ids of the first page; none if there is no such name.
async fn ids(world: &World, name: &str) -> Vec<String> {
    match page(world, name, None).await {
        Ok(found) => found.records.into_iter().map(|found| found.found.record.request_id).collect(),
        Err(EngineError::Refused(Refusal::NoName)) => Vec::new(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn persons_are_found_by_whole_words_of_their_name_in_any_order_and_notation() {
    let world = World::new().await;
    let names = ["Sri Rahayu Ningsih", "RAHAYU WIBOWO", "Ma’ruf Sri Wahyu"];
    let list: Vec<_> = (0..).zip(names).map(|(n, name)| named(n, name)).collect();
    world.import(&csv(&list)).await;

    for (asked, found) in [
        ("rahayu sri", &["r00000"][..]),
        ("NINGSIH", &["r00000"]),
        ("Rahayu", &["r00000", "r00001"]),
        ("sri sri", &["r00000", "r00002"]),
        ("MA'RUF", &["r00002"]),
        ("wahyu maruf", &["r00002"]),
        ("rahay", &[]),
        ("rahayu zzz", &[]),
        ("sri rahayu wibowo", &[]),
        (" - ", &[]),
    ] {
        assert_eq!(ids(&world, asked).await, found, "{asked}");
    }
    let of_profile =
        |profile: &str| FindName { profile: Some(profile.into()), name: TypedText::new("rahayu".into()), after: None };
    let client = Direct::new(&world.engine);
    assert_eq!(client.query(of_profile("student")).await.unwrap().records.len(), 2);
    assert!(client.query(of_profile("ktp-el")).await.is_err(), "the words of one profile are not those of another");
    assert!(client.query(of_profile("none")).await.is_err());
    world.audit().await;
}

#[tokio::test]
async fn a_name_that_a_list_changes_is_found_by_its_new_words_and_no_more_by_its_old_ones() {
    let world = World::new().await;
    world.import(&csv(&[named(0, "Siti Aminah"), named(1, "Siti Nurhaliza")])).await;

    update(&world, &[named(0, "Siti Amina")]).await;

    assert_eq!(ids(&world, "aminah").await, [""; 0]);
    assert_eq!(ids(&world, "amina siti").await, ["r00000"]);
    assert_eq!(ids(&world, "siti").await, ["r00000", "r00001"]);
    world.audit().await;
}

#[tokio::test]
async fn a_frequent_word_is_answered_page_by_page() {
    let world = World::new().await;
    world.import(&students(0..45)).await;

    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let found = page(&world, "student", after).await.unwrap();
        assert!(found.complete);
        pages.push(found.records.iter().map(|found| found.found.record.request_id.clone()).collect::<Vec<_>>());
        after = found.next;
        if after.is_none() {
            break;
        }
    }

    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 5]);
    let expected: Vec<String> = (0..45).map(|n| format!("r{n:05}")).collect();
    assert_eq!(pages.concat(), expected, "each once, in the order of the import");
    assert_eq!(ids(&world, "student 44").await, ["r00044"], "the rarest word leads");
}

#[tokio::test]
async fn names_from_before_the_index_are_missed_until_it_is_made_and_the_answer_says_so() {
    let world = World::new().await;
    world.import(&students(0..5)).await;
    for older in [
        "DELETE FROM name_word",
        "UPDATE person SET words = NULL",
        "INSERT INTO meta (key, value) SELECT 'names_not_indexed', '0-' || CAST(MAX(id) AS TEXT) FROM record",
    ] {
        execute(&world.location, older).await.unwrap();
    }
    world.import(&students(5..7)).await;
    update(&world, &[named(1, "Number Changed")]).await;

    let found = page(&world, "number", None).await.unwrap();
    let found_ids: Vec<_> = found.records.iter().map(|found| &*found.found.record.request_id).collect();
    assert_eq!((found_ids, found.complete), (vec!["r00001", "r00005", "r00006"], false));
    let none = page(&world, "zzz", None).await.unwrap();
    assert!(none.records.is_empty() && !none.complete, "it may be missing");
    assert_eq!(broken(&world).await, [""; 0], "what is not indexed yet is no fault");

    let indexed = operations::by(&world.engine).act(IndexNames {}).await.unwrap();

    assert_eq!(indexed, IndexedNames { records: 5 });
    let found = page(&world, "number", None).await.unwrap();
    assert_eq!((found.records.len(), found.complete), (7, true));
    assert_eq!(ids(&world, "number changed").await, ["r00001"]);
    world.audit().await;
}

#[tokio::test]
async fn an_index_of_names_that_was_changed_is_found_and_is_made_anew() {
    let world = World::new().await;
    world.import(&students(0..5)).await;
    execute(&world.location, "UPDATE name_word SET record_id = record_id + 100 WHERE record_id = 3").await.unwrap();
    let found = broken(&world).await;
    assert!(found.iter().any(|rule| rule.contains("index of names")), "{found:?}");
    assert_eq!(ids(&world, "number 2").await, [""; 0]);

    let indexed = operations::by(&world.engine).act(IndexNames {}).await.unwrap();

    assert_eq!(indexed, IndexedNames { records: 5 });
    assert_eq!(ids(&world, "number 2").await, ["r00002"]);
    assert_eq!(broken(&world).await, [""; 0]);
    world.audit().await;
}

#[tokio::test]
async fn the_index_has_no_word_of_a_name_and_not_their_order() {
    let world = World::new().await;
    world.import(&csv(&[named(0, "Sri Rahayu Ningsih"), named(1, "Ningsih Sri Rahayu")])).await;
    let text = if is_postgres() { "encode(words, 'hex')" } else { "hex(words)" };
    let words =
        async |id: u32| execute(&world.location, &format!("SELECT {text} FROM person WHERE record_id = {id}")).await;

    let [one, other] = [words(1).await.unwrap(), words(2).await.unwrap()];

    assert_eq!((one.len(), &one), (3 * 16, &other));
    let plain = execute(&world.location, &format!("SELECT {text} FROM person")).await.unwrap().to_lowercase();
    for word in ["sri", "rahayu", "ningsih"] {
        assert!(!plain.contains(&hex(word.as_bytes())));
        let key = Keys::derive(&[7; 32]).name_word("student", word);
        assert!(plain.contains(&format!("{key:016x}")), "by the key of the office");
        assert!(!plain.contains(&format!("{:016x}", Keys::derive(&[8; 32]).name_word("student", word))));
    }
}
