//! Helper: every act and every query once, as JSON.

use serde_json::Value;

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
    r#"{"act":"hand-over-cards","records":[{"source":"default","request_id":"r1"}],"district":"Laweyan"}"#,
    r#"{"act":"hand-over-by-proxy","record":{"source":"default","request_id":"r1"},"proxy":"letter-of-authority","identity":"n"}"#,
    r#"{"act":"send-cards","records":[{"source":"default","request_id":"r1"}],"district":"Laweyan","document":"SJ-12"}"#,
    r#"{"act":"receive-cards","records":[{"source":"default","request_id":"r1"}],"cause":"uncollected","note":"three months"}"#,
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
    r#"{"act":"open-count","blank_type":"student","printer":null,"counter":"siti","note":"stocktake"}"#,
    r#"{"act":"enter-count","count":7,"entry":{"bundles":47,"bundle_size":100,"loose":31},"again":{"bundles":0,"bundle_size":0,"loose":4731}}"#,
    r#"{"act":"book-count","count":7,"which":"second","note":"a bundle had 99"}"#,
    r#"{"act":"cancel-count","count":7,"note":"a delivery arrived"}"#,
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
pub(crate) const QUERIES: &[&str] = &[
    r#"{"query":"show-board"}"#,
    r#"{"query":"list-needs"}"#,
    r#"{"query":"show-night"}"#,
    r#"{"query":"list-records","state":"quarantined","district":"LAW","reason":"living-card","checked":false,"page":{"after":7,"limit":20}}"#,
    r#"{"query":"show-record","record":{"source":"default","request_id":"r1"}}"#,
    r#"{"query":"find-record","record":{"source":"default","request_id":"r1"}}"#,
    r#"{"query":"find-name","profile":"student","name":"siti"}"#,
    r#"{"query":"find-person","profile":"student","identifier":"S000001"}"#,
    r#"{"query":"list-record-events","record":{"source":"default","request_id":"r1"}}"#,
    r#"{"query":"scan-card","code":"r1 cetak-test-1 00"}"#,
    r#"{"query":"scan-for-check","code":"r1 cetak-test-1 00"}"#,
    r#"{"query":"list-ready-cards","page":{"after":7,"limit":20}}"#,
    r#"{"query":"list-sent-cards","district":"Laweyan","overdue":false,"page":{"after":7,"limit":20}}"#,
    r#"{"query":"list-handed-over-cards","page":{"after":7,"limit":20}}"#,
    r#"{"query":"list-districts"}"#,
    r#"{"query":"show-proxy","record":{"source":"default","request_id":"r1"}}"#,
    r#"{"query":"list-duplicates","page":{"after":7,"limit":20}}"#,
    r#"{"query":"show-requests-beside","record":{"source":"default","request_id":"r1"}}"#,
    r#"{"query":"list-jobs","of":{"batch":1},"state":"printed","page":{"after":null,"limit":200}}"#,
    r#"{"query":"show-job","job":1}"#,
    r#"{"query":"list-batches","closed_too":true,"page":{"after":null,"limit":50}}"#,
    r#"{"query":"show-batch","batch":1}"#,
    r#"{"query":"show-pile","batch":1}"#,
    r#"{"query":"list-pile","batch":1,"page":{"after":null,"limit":50}}"#,
    r#"{"query":"list-attempts","outcome":"spoiled","printer":"p1","since":1795521600000000,"page":{"after":null,"limit":50}}"#,
    r#"{"query":"list-uncertain","page":{"after":null,"limit":50}}"#,
    r#"{"query":"list-warrants","page":{"after":null,"limit":50}}"#,
    r#"{"query":"list-pending-acts","decided_too":false,"page":{"after":null,"limit":50}}"#,
    r#"{"query":"show-pending-act","id":1}"#,
    r#"{"query":"list-printers"}"#,
    r#"{"query":"show-printer","printer":"p1"}"#,
    r#"{"query":"probe-printer","printer":"p1"}"#,
    r#"{"query":"show-stock"}"#,
    r#"{"query":"list-counts","closed_too":true,"page":{"after":null,"limit":50}}"#,
    r#"{"query":"show-count","count":7}"#,
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

/// `hold-record` as `holdRecord`.
pub(crate) fn camel(name: &str) -> String {
    let mut parts = name.split('-');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |camel, part| camel + &part[..1].to_uppercase() + &part[1..])
}

/// Takes a field out, wherever it is; objects that are empty then, too.
pub(crate) fn take(fields: &mut Value, name: &str) -> Option<Value> {
    let fields = fields.as_object_mut()?;
    let found = fields.remove(name).or_else(|| fields.values_mut().find_map(|below| take(below, name)));
    fields.retain(|_, below| *below != Value::Object(serde_json::Map::new()));
    found.filter(|value| !value.is_null())
}
