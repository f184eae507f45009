//! P8: whatever arrives as JSON is an act or a query with a line in the permission table, and a person without the right gets
//! neither.

use std::collections::BTreeSet;

use cetak::{
    domain::{
        actor::{Actor, Means, Role},
        id::AccountId,
        permission::{Operation, RIGHTS, Right},
        refusal::Refusal,
    },
    engine::{
        EngineError,
        client::{Client, Direct},
        operations::AnyAct,
        query::{AnyQuery, ShowPendingAct},
    },
};
use serde_json::Value;

use crate::{
    acts::{self, NewPrinter},
    described,
    fake_printer::FakePrinter,
    samples::{ACTS, QUERIES, camel, take},
    world::{World, actor},
};

/// `HoldRecord` as `hold-record`.
fn kebab(name: &str) -> String {
    let part = |c: char| if c.is_uppercase() { format!("-{}", c.to_lowercase()) } else { c.to_string() };
    name.chars().map(part).collect::<String>().trim_start_matches('-').to_owned()
}

/// Each sample is there under its tag, and no variant is without one.
fn assert_all(tag: &str, samples: &[&str], names: &[&str]) {
    let tag_of = |sample: &&str| serde_json::from_str::<Value>(sample).unwrap()[tag].as_str().unwrap().to_owned();
    let tags: BTreeSet<String> = samples.iter().map(tag_of).collect();
    assert_eq!(tags, names.iter().map(|name| kebab(name)).collect());
    assert_eq!(tags.len(), samples.len());
}

#[test]
fn every_act_and_every_query_is_read_back_from_its_json() {
    assert_all("act", ACTS, AnyAct::NAMES);
    assert_all("query", QUERIES, AnyQuery::NAMES);
    for sample in ACTS {
        let act: AnyAct = serde_json::from_str(sample).unwrap();
        assert_eq!(serde_json::from_str::<Value>(sample).unwrap(), serde_json::to_value(&act).unwrap());
    }
    for sample in QUERIES {
        let query: AnyQuery = serde_json::from_str(sample).unwrap();
        assert_eq!(serde_json::from_str::<Value>(sample).unwrap(), serde_json::to_value(&query).unwrap());
    }
}

/// The roles that have nothing to do with an operation.
fn without_right(operation: Operation) -> impl Iterator<Item = Role> {
    let (_, rights) = RIGHTS.iter().find(|(known, _)| *known == operation).unwrap();
    Role::ALL.into_iter().zip(rights).filter(|(_, right)| **right == Right::No).map(|(role, _)| role)
}

#[tokio::test]
async fn a_person_without_the_right_gets_no_act_and_no_query_and_each_refused_act_is_on_record() {
    let world = World::new().await;
    let by = |role: Option<Role>| {
        let roles = role.into_iter().collect();
        let person = Actor { account: Some(AccountId(1)), means: Means::Session, roles, ..actor("a person") };
        Direct::new(&world.engine.acting("web", person))
    };
    let assert_refused = |result: Result<Value, EngineError>, operation, sample: &str| match result {
        Err(EngineError::Refused(refusal)) => assert_eq!(refusal, Refusal::NoRight { operation }, "{sample}"),
        other => panic!("{sample}: {other:?}"),
    };
    let mut refused = 0;
    for sample in ACTS {
        let act: AnyAct = serde_json::from_str(sample).unwrap();
        let operation = act.operation();
        for role in without_right(operation).map(Some).chain([None]) {
            assert_refused(by(role).act_any(act.clone()).await, operation, sample);
            refused += 1;
        }
    }
    for sample in QUERIES {
        let query: AnyQuery = serde_json::from_str(sample).unwrap();
        let operation = query.operation();
        for role in without_right(operation).map(Some).chain([None]) {
            assert_refused(by(role).query_any(query.clone()).await, operation, sample);
        }
    }
    let rows = world.engine.store.read().await.unwrap().audit_page("web", 0, 1_000).await.unwrap();
    assert_eq!(rows.len(), refused);
    assert!(rows.iter().all(|row| row.entry.contains("\"act\":\"act.forbidden\"")));
    let board = by(Some(Role::Auditor)).query_any(serde_json::from_str(QUERIES[0]).unwrap()).await.unwrap();
    assert!(board["records"].is_object(), "{board}");
}

#[tokio::test]
async fn the_credentials_in_a_printers_address_are_not_shown_with_the_act() {
    let world = World::new().await;
    FakePrinter::new(&world, "").at(&world, "cetak:secret@p1");
    let administrator = Direct::new(&world.engine);
    let new = NewPrinter { name: "p1", uri: "test://cetak:secret@p1", profile: "student", ..NewPrinter::default() };
    let act = acts::objected_printer(&new, "it is the only one");
    let id = administrator.request(act.into()).await.unwrap();
    let shown = administrator.query(ShowPendingAct { id }).await.unwrap();
    let shown = serde_json::to_string(&shown).unwrap();
    assert!(shown.contains("test://p1") && !shown.contains("secret"), "{shown}");
}

/// What of an act or a query the description of its address does not have, or has and the sample lacks.
fn faults_of_sample(tag: &str, sample: &str) -> Vec<String> {
    let mut fields: Value = serde_json::from_str(sample).unwrap();
    let name = fields.as_object_mut().unwrap().remove(tag).unwrap();
    let id = camel(name.as_str().unwrap());
    let operations = described::DESCRIPTION["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|methods| methods.as_object().unwrap().values());
    let Some(operation) = operations.into_iter().find(|operation| operation["operationId"] == id) else {
        return vec![format!("{id} is not described")];
    };
    // What stands in the address is not in the body.
    for parameter in operation["parameters"].as_array().unwrap() {
        let name = match parameter["name"].as_str().unwrap() {
            "act" => "id",             // of a pending act
            "source_name" => "source", // that of a record has its name in `record`
            name => name,
        };
        let value = take(&mut fields, name);
        let faults = value.map(|value| described::faults(name, &value, &parameter["schema"])).unwrap_or_default();
        if !faults.is_empty() {
            return faults;
        }
    }
    match operation.get("requestBody") {
        Some(body) => described::faults("", &fields, &body["content"]["application/json"]["schema"]),
        None => left(&fields),
    }
}

/// The fields that have no place in the address.
fn left(fields: &Value) -> Vec<String> {
    let fields = fields.as_object().unwrap();
    fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| format!("{name} is not described")).collect()
}

#[test]
fn the_description_of_the_api_has_every_act_and_every_query_with_its_fields() {
    for (tag, samples) in [("act", ACTS), ("query", QUERIES)] {
        for sample in samples {
            assert_eq!(faults_of_sample(tag, sample), Vec::<String>::new(), "{sample}");
        }
    }
    let misspelt = ACTS[0].replace("note", "notes");
    assert_eq!(faults_of_sample("act", &misspelt), ["/note: is missing", "/notes: is not described"]);
}
