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
    world::{World, actor},
};

/// Each act once, as it is written in JSON.
pub(crate) const ACTS: &[&str] = &[
    r#"{"act":"hold-record","record":{"source":"default","request_id":"r1"},"note":"asked"}"#,
    r#"{"act":"release-record","record":{"source":"default","request_id":"r1"},"note":"asked"}"#,
    r#"{"act":"put-first","record":{"source":"default","request_id":"r1"},"note":"she waits"}"#,
    r#"{"act":"put-back","record":{"source":"default","request_id":"r1"},"note":"gone"}"#,
    r#"{"act":"hold-records","records":[{"source":"default","request_id":"r1"}],"note":"asked"}"#,
    r#"{"act":"release-records","records":[{"source":"default","request_id":"r1"}],"note":"asked"}"#,
    r#"{"act":"check-cards","records":[{"source":"default","request_id":"r1"}]}"#,
    r#"{"act":"check-card","record":{"source":"default","request_id":"r1"}}"#,
    r#"{"act":"reject-card","record":{"source":"default","request_id":"r1"},"cause":"damaged","note":"bent"}"#,
    r#"{"act":"hand-over-card","record":{"source":"default","request_id":"r1"}}"#,
    r#"{"act":"surrender-card","record":{"source":"default","request_id":"r1"},"note":"moved"}"#,
    r#"{"act":"correct-hand-over","record":{"source":"default","request_id":"r1"},"note":"in the drawer"}"#,
    r#"{"act":"withdraw-record","record":{"source":"default","request_id":"r1"},"note":"entered twice"}"#,
    r#"{"act":"restore-record","record":{"source":"default","request_id":"r1"},"note":"the wrong one"}"#,
    r#"{"act":"resolve-duplicate","record":{"source":"default","request_id":"r1"},"keep":"other","note":"entered twice"}"#,
    r#"{"act":"pause","scope":{"printer":"p1"},"note":"ribbon"}"#,
    r#"{"act":"resume-queue","note":"done"}"#,
    r#"{"act":"resume-printer","printer":"p1","note":"done"}"#,
    r#"{"act":"resume-batch","batch":1,"note":"done"}"#,
    r#"{"act":"approve-batch","batch":1}"#,
    r#"{"act":"cancel-batch","batch":1,"note":"wrong lot"}"#,
    r#"{"act":"resolve-found","attempt":"a","found":"good","note":"seen"}"#,
    r#"{"act":"resolve-nothing","attempt":"a","blank_gone":true,"note":"seen"}"#,
    r#"{"act":"declare-uncertain","attempt":"a","note":"broken"}"#,
    r#"{"act":"request-reprint","record":{"source":"default","request_id":"r1"},"reason":"lost"}"#,
    r#"{"act":"approve-reprint","warrant":1}"#,
    r#"{"act":"refuse-reprint","warrant":1,"note":"found"}"#,
    r#"{"act":"receive-blanks","blank_type":"student","quantity":5,"document":"D","lot":"L","serials":"A1..A5"}"#,
    r#"{"act":"reverse-delivery","movement":1,"delivered":0,"note":"booked twice"}"#,
    r#"{"act":"load-hopper","printer":"p1","quantity":5}"#,
    r#"{"act":"unload-hopper","printer":"p1","quantity":5}"#,
    r#"{"act":"count-blanks","blank_type":"student","printer":null,"counted":0,"note":"stocktake"}"#,
    r#"{"act":"destroy-blanks","blank_type":"student","quantity":5,"from_vault":true,"document":"D","witnesses":["a","b"]}"#,
    r#"{"act":"lend-blanks","blank_type":"student","quantity":5,"to":"kudus","document":"D"}"#,
    r#"{"act":"take-back-blanks","blank_type":"student","quantity":5,"from":"kudus","document":"D"}"#,
    r#"{"act":"add-printer","name":"p1","uri":"mock://p1","profile":"student","hopper":100}"#,
    r#"{"act":"add-objected-printer","printer":{"name":"p1","uri":"mock://p1","profile":"student","hopper":null},"note":"n"}"#,
    r#"{"act":"set-printer","printer":"p1","uri":"mock://p2","profile":null,"hopper":{"counted":100}}"#,
    r#"{"act":"set-objected-printer","setting":{"printer":"p1","uri":"mock://p2","profile":null,"hopper":null},"note":"n"}"#,
    r#"{"act":"remove-printer","printer":"p1"}"#,
    r#"{"act":"clear-printer","printer":"p1","note":"cleared"}"#,
    r#"{"act":"test-printer","printer":"p1"}"#,
    r#"{"act":"archive-jobs","older_than_days":30}"#,
    r#"{"act":"back-up-database","file":"/nowhere/backup.db"}"#,
    r#"{"act":"recount-counters"}"#,
    r#"{"act":"rekey-persons","profile":"student","accept_duplicates":false}"#,
    r#"{"act":"accept-clock","note":"set by radio"}"#,
    r#"{"act":"adopt-database","printed_since":"none","note":"the first is off"}"#,
    r#"{"act":"add-account","name":"Siti Aminah"}"#,
    r#"{"act":"reset-account","account":"siti","note":"forgotten"}"#,
    r#"{"act":"disable-account","account":"siti","note":"moved"}"#,
    r#"{"act":"enable-account","account":"siti","note":"is back"}"#,
    r#"{"act":"give-role","account":"siti","role":"stock-keeper","note":"from May"}"#,
    r#"{"act":"take-role","account":"siti","role":"stock-keeper","note":"until May"}"#,
    r#"{"act":"end-session","session":1}"#,
    r#"{"act":"add-token","name":"dukcapil","account":"siti","scopes":["import","board-read"],"days":90}"#,
    r#"{"act":"revoke-token","token":1}"#,
];

/// Each query once, as it is written in JSON.
const QUERIES: &[&str] = &[
    r#"{"query":"show-board"}"#,
    r#"{"query":"list-needs"}"#,
    r#"{"query":"list-records","state":"quarantined","district":"LAW","reason":"living-card","checked":false,"page":{"after":7,"limit":20}}"#,
    r#"{"query":"show-record","record":{"source":"default","request_id":"r1"}}"#,
    r#"{"query":"find-record","record":{"source":"default","request_id":"r1"}}"#,
    r#"{"query":"find-name","profile":"student","name":"siti"}"#,
    r#"{"query":"find-person","profile":"student","identifier":"S000001"}"#,
    r#"{"query":"list-record-events","record":{"source":"default","request_id":"r1"}}"#,
    r#"{"query":"scan-card","code":"r1 cetak-test-1 00"}"#,
    r#"{"query":"list-duplicates","page":{"after":7,"limit":20}}"#,
    r#"{"query":"show-requests-beside","record":{"source":"default","request_id":"r1"}}"#,
    r#"{"query":"list-jobs","of":{"batch":1},"state":"printed","page":{"after":null,"limit":200}}"#,
    r#"{"query":"show-job","job":1}"#,
    r#"{"query":"list-batches","closed_too":true,"page":{"after":null,"limit":50}}"#,
    r#"{"query":"show-batch","batch":1}"#,
    r#"{"query":"list-uncertain","page":{"after":null,"limit":50}}"#,
    r#"{"query":"list-warrants","page":{"after":null,"limit":50}}"#,
    r#"{"query":"list-pending-acts","decided_too":false,"page":{"after":null,"limit":50}}"#,
    r#"{"query":"show-pending-act","id":1}"#,
    r#"{"query":"list-printers"}"#,
    r#"{"query":"probe-printer","printer":"p1"}"#,
    r#"{"query":"show-stock"}"#,
    r#"{"query":"list-movements","blank_type":"student","account":"hopper:p1","since":1795521600000000,"page":{"after":null,"limit":50}}"#,
    r#"{"query":"list-audit-heads"}"#,
    r#"{"query":"list-audit","chain":"cli","page":{"after":null,"limit":50}}"#,
    r#"{"query":"verify-audit","seal":[]}"#,
    r#"{"query":"check-database","seal":[],"deep":true}"#,
    r#"{"query":"count-archivable","older_than_days":30}"#,
    r#"{"query":"list-accounts","page":{"after":null,"limit":50}}"#,
    r#"{"query":"list-sessions","page":{"after":null,"limit":50}}"#,
    r#"{"query":"list-tokens","page":{"after":null,"limit":50}}"#,
];

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
        // A pending act has the field `id`.
        let name = parameter["name"].as_str().map(|name| if name == "act" { "id" } else { name }).unwrap();
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

/// `hold-record` as `holdRecord`.
fn camel(name: &str) -> String {
    let mut parts = name.split('-');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |camel, part| camel + &part[..1].to_uppercase() + &part[1..])
}

/// Takes a field out, wherever it is; objects that are empty then, too.
fn take(fields: &mut Value, name: &str) -> Option<Value> {
    let fields = fields.as_object_mut()?;
    let found = fields.remove(name).or_else(|| fields.values_mut().find_map(|below| take(below, name)));
    fields.retain(|_, below| *below != Value::Object(serde_json::Map::new()));
    found.filter(|value| !value.is_null())
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
