//! Tests that the statements of the board, of needs-a-person, of the printers and of the workers scan no table that grows.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use sqlx::Row;

use super::{
    Inner, Location, Store, Writer, account, attempt, attempt_list, audit, card_out, counter, delivery, find,
    idempotency, import, joint_read, keys::Keys, lane, latest_attempts, movement_list, name_word, night, night_report,
    node, pending_act, pile, place_change, printer, record, record_event, record_list, report, requests_beside, stock,
    stock_count,
};
use crate::domain::time::Timestamp;

/// All statements of `engine::query::{ShowBoard, ListNeeds, ListPrinters, ShowNight}` and of `engine::figures`, what workers read, what corrections read, and what is read of imports.
const STATEMENTS: [&str; 44] = [
    counter::RECORD_COUNTS,
    counter::OUTCOMES,
    counter::USED,
    counter::ENDED_BETWEEN,
    printer::PRINTERS,
    printer::PAUSES,
    node::NODES,
    stock::BALANCES,
    audit::NEWEST,
    report::NEXT_CLASS,
    report::IN_CLASS,
    report::OPEN_BATCHES,
    report::BATCH_COUNTS,
    report::PLANNED_BATCHES,
    report::HELD_AT_ADOPTION,
    report::CHECKED,
    card_out::READY_COUNT,
    card_out::OVERDUE,
    attempt::OPEN,
    attempt::IN_PRINTERS,
    pending_act::OPEN_COUNTS,
    pending_act::OPEN_LIST,
    stock_count::OPEN,
    stock_count::OPEN_LIST,
    stock_count::IN_PRINTERS,
    joint_read::WORKERS,
    joint_read::PLAN,
    delivery::BY_NUMBER,
    delivery::BY_DOCUMENT,
    delivery::LOT_SERIALS,
    requests_beside::BESIDE,
    requests_beside::DUPLICATES,
    record_list::SOURCES,
    night::FIRST,
    night::NEWEST,
    night::SUMS,
    latest_attempts::LATEST,
    night_report::EVENTS,
    night_report::DISTRICTS,
    night_report::BATCHED,
    import::LIST,
    import::RANGES,
    import::CHANGED,
    import::DETAILS,
];

/// Tables with a row for each record, card, act or movement.
const GROWING: [&str; 20] = [
    "record",
    "card_out",
    "place_change",
    "person",
    "name_word",
    "waiting",
    "movement",
    "batch",
    "job",
    "attempt",
    "job_archive",
    "attempt_archive",
    "audit",
    "photo",
    "pending_act",
    "stock_count",
    "import",
    "import_range",
    "import_change",
    "earlier_body",
];

/// The first words of each step of the query plan: `SCAN record AS r`, `SEARCH job USING ...`.
async fn plan(store: &Store, sql: &str) -> Vec<String> {
    let mut tx = store.read().await.unwrap();
    let Inner::Sqlite(transaction) = &mut tx.inner else { unreachable!("it is a file") };
    let explain = sqlx::AssertSqlSafe(["EXPLAIN QUERY PLAN ", sql].concat());
    let rows = sqlx::query(explain).fetch_all(transaction.open().unwrap()).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>("detail")).collect()
}

/// Whether a step scans a growing table. Through the index of open attempts, of open batches, of undecided acts, of open counts, or of checked cards, a step reads only
/// these.
fn is_scan(sql: &str, step: &str) -> bool {
    let Some(name) = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next()) else { return false };
    let is_aliased =
        |table: &&&str| sql.contains(&format!("{table} AS {name} ")) || sql.contains(&format!("{table} AS {name}\n"));
    let table = GROWING.iter().find(|table| **table == name).or_else(|| GROWING.iter().find(is_aliased));
    table.is_some()
        && ![
            "INDEX attempt_one_open",
            "INDEX batch_open",
            "INDEX pending_act_open",
            "INDEX record_checked",
            "INDEX record_ready",
            "INDEX stock_count_open",
        ]
        .iter()
        .any(|partial| step.contains(partial))
}

#[tokio::test]
async fn what_people_list_is_read_through_an_index_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::File(folder.path().join("cetak.db"));
    let store = Store::open(&location, Keys::derive(&[7; 32])).await.unwrap();
    for (sql, index) in [
        (record_list::HELD, "record_aside (state=? AND id>? AND id<?)"),
        (report::HELD_AT_ADOPTION, "record_aside (state=?)"),
        (report::READY, "record_ready (state=? AND id>?)"),
        (card_out::ONE, "sqlite_autoindex_card_out_1 (record_id=?)"),
        (card_out::AWAY, "card_out_away (handed_over_order=? AND id>?)"),
        (card_out::AWAY_UP_TO, "card_out_away (handed_over_order=? AND id>? AND id<?)"),
        (card_out::IN_DISTRICT, "card_out_district (handed_over_order=? AND district=? AND id>?)"),
        (card_out::OF_DISTRICT, "card_out_district (handed_over_order=? AND district=?)"),
        (card_out::FIRST_OF_DISTRICT, "card_out_district (handed_over_order=? AND district=?)"),
        (card_out::DISTRICTS, "card_out_district (handed_over_order=?)"),
        (card_out::DISTRICTS, "card_out_district (handed_over_order=? AND district>?)"),
        (card_out::OVERDUE, "card_out_sent (handed_over_order=? AND sent_at_us<?)"),
        (card_out::LAST_BEFORE, "card_out_sent (handed_over_order=? AND sent_at_us<?)"),
        (lane::WAITS, "SEARCH waiting USING PRIMARY KEY (profile=? AND class=?)"),
        (lane::ANY_WAITS, "SEARCH waiting USING PRIMARY KEY (profile=?)"),
        (lane::BATCH, "SEARCH b USING INTEGER PRIMARY KEY (rowid=?)"),
        (lane::BATCH, "SEARCH j USING INDEX job_batch (batch_id=?)"),
        (place_change::JUMPS, "place_change_jumps (id<?)"),
        (place_change::JUMPS_AFTER, "place_change_jumps (id>? AND id<?)"),
        (place_change::JUMPS_OF, "place_change_record (record_id=? AND id<?)"),
        (place_change::LAST_BEFORE, "place_change_at (at_us<?)"),
        (place_change::KEYS_BEFORE, "place_change_record (record_id=? AND id>?)"),
        (place_change::BY_NUMBER, "SEARCH p USING INTEGER PRIMARY KEY (rowid=?)"),
        (place_change::KEYS_NOW, "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)"),
        (place_change::CLASS_FROM, "SEARCH waiting USING PRIMARY KEY (profile=? AND class>?)"),
        (
            place_change::BEFORE,
            "SEARCH waiting USING PRIMARY KEY (profile=? AND class=? AND (verified_at_us,requested_at_us,source,request_id)<(?,?,?,?))",
        ),
        (card_out::HANDED_OVER, "card_out_handed_over (handed_over_order>? AND handed_over_order<?)"),
        (record_list::QUARANTINED, "record_aside (state=? AND id>? AND id<?)"),
        (requests_beside::DUPLICATES, "record_aside (state=? AND id>?)"),
        (delivery::BY_DOCUMENT, "movement_delivery (lot_id=? AND <expr>=?)"),
        (delivery::LOT_SERIALS, "(blank_type=?)"),
        (delivery::LOT_SERIALS, "(lot_id=? AND account=?)"),
        (delivery::BY_NUMBER, "movement_reversal (reverses=?)"),
        (record_list::UNCERTAIN, "record_aside (state=? AND id>? AND id<?)"),
        (record_list::WITHDRAWN, "record_aside (state=? AND id>? AND id<?)"),
        (pending_act::OPEN_COUNTS, "pending_act_open (expires_at_us>?)"),
        (pending_act::OPEN_COUNTS, "pending_act_open (expires_at_us=?)"),
        (record::IN_SLOTS, "record_person (<expr>=? AND slot=?)"),
        (record::AFTER_SLOTS, "record_person (<expr>=? AND slot>?)"),
        (name_word::COUNT, "SEARCH name_word USING PRIMARY KEY (word=? AND record_id>?)"),
        (name_word::OF_WORD, "SEARCH name_word USING PRIMARY KEY (word=? AND record_id>?)"),
        (name_word::WITH_WORD, "SEARCH w USING PRIMARY KEY (word=? AND record_id=?)"),
        (pending_act::OPEN_COUNTS_OF, "pending_act_open (expires_at_us>?)"),
        (pending_act::OPEN_COUNTS_OF, "pending_act_open (expires_at_us=?)"),
        (pending_act::OPEN_LIST, "pending_act USING INDEX pending_act_open"),
        (pending_act::WAITING, "pending_act USING INDEX pending_act_open"),
        (pending_act::DONE_SINCE, "pending_act_confirmed (decided_at_us>?)"),
        (account::SESSION_BY_TOKEN, "SEARCH s USING INDEX sqlite_autoindex_session_1 (token_hash=?)"),
        (account::SESSION_BY_TOKEN, "SEARCH a USING INTEGER PRIMARY KEY (rowid=?)"),
        (account::SESSIONS_BY_TOKENS, "SEARCH s USING INDEX sqlite_autoindex_session_1 (token_hash=?)"),
        (account::ACCOUNT_OF_OS_USER, "SEARCH o USING PRIMARY KEY (name=?)"),
        (idempotency::ANSWER_BY_KEY, "sqlite_autoindex_idempotency_1 (key_digest=?)"),
        (idempotency::ANSWERS_OLD, "idempotency_time (answered_at_us<?)"),
        (account::TOKEN_BY_SECRET, "SEARCH t USING INDEX sqlite_autoindex_token_1 (token_hash=?)"),
    ] {
        let plan = plan(&store, sql).await;
        assert!(plan.iter().any(|step| step.contains(index)), "{sql}: {plan:?}");
    }
}

#[tokio::test]
async fn what_a_counter_asks_and_each_page_of_a_list_with_filters_is_found_through_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::File(folder.path().join("cetak.db"));
    let store = Store::open(&location, Keys::derive(&[7; 32])).await.unwrap();
    // What is sorted is one person's, one record's, one batch's, or what one page looks at.
    let few = [
        name_word::WITH_WORD,
        find::OF_PERSON,
        find::BESIDE,
        record_event::EVENTS,
        record_event::ROW,
        record_list::OF_BATCH,
        record_list::OF_BATCH_STOP,
        pile::COUNTS,
        pile::MISSING,
        record_list::PRINTED,
        attempt_list::ENDED,
        record_list::PRINTED_STOP,
    ];
    let others = [
        name_word::COUNT,
        name_word::OF_WORD,
        find::QUEUED_BEFORE,
        report::JOB_OF_ATTEMPT,
        record_list::ALL,
        record_list::ALL_STOP,
        record_list::HELD_STOP,
        record_list::QUARANTINED_STOP,
        record_list::UNCERTAIN_STOP,
        record_list::WITHDRAWN_STOP,
        record_list::ENDED_AT,
        movement_list::LIST,
        movement_list::STOP,
    ];
    for sql in few.iter().chain(&others) {
        let plan = plan(&store, sql).await;
        let sorts = plan.iter().any(|step| step == "USE TEMP B-TREE FOR ORDER BY");
        let may_sort = few.contains(sql);
        let scans = plan.iter().any(|step| is_scan(sql, step) && !step.contains("INDEX attempt_ended"));
        assert!(!plan.is_empty() && !scans && (may_sort || !sorts), "{sql}: {plan:?}");
    }
}

#[tokio::test]
async fn the_board_reads_no_growing_table_from_end_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::File(folder.path().join("cetak.db"));
    let store = Store::open(&location, Keys::derive(&[7; 32])).await.unwrap();
    for sql in STATEMENTS {
        let plan = plan(&store, sql).await;
        assert!(!plan.is_empty() && !plan.iter().any(|step| is_scan(sql, step)), "{sql}: {plan:?}");
    }
    for sql in [
        "SELECT COUNT(*) FROM record AS r WHERE r.state = 'printed'",
        "SELECT COUNT(*) FROM batch",
        "SELECT j.due_at_us FROM job AS j ",
        "SELECT state, COUNT(*) FROM attempt GROUP BY state",
    ] {
        let plan = plan(&store, sql).await;
        assert!(plan.iter().any(|step| is_scan(sql, step)), "the test sees nothing in {sql}: {plan:?}");
    }
}

#[tokio::test]
async fn the_first_that_waits_in_each_class_costs_the_same_in_a_long_list() {
    const FILL: &str = "
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
        INSERT INTO waiting (profile, class, verified_at_us, requested_at_us, source, request_id, record_id)
        SELECT p.value, c.value, 1000000 * (i + c.value), i, 'default', CAST(i AS TEXT), i
        FROM json_each('[\"kia\", \"student\"]') AS p, json_each('[1, 2, 7]') AS c, n";
    let mut steps = Vec::new();
    for length in [10, 5_000] {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::File(folder.path().join("cetak.db"));
        let store = Store::open(&location, Keys::derive(&[7; 32])).await.unwrap();
        let mut tx = store.write(&Writer::unnamed(), Timestamp(0)).await.unwrap();
        let Inner::Sqlite(transaction) = &mut tx.inner else { unreachable!("it is a file") };
        sqlx::query(FILL).bind(length).execute(transaction.open().unwrap()).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.read().await.unwrap();
        let Inner::Sqlite(transaction) = &mut tx.inner else { unreachable!("it is a file") };
        let counted = Arc::new(AtomicU64::new(0));
        let shared = counted.clone();
        let count = move || {
            shared.fetch_add(1, Ordering::Relaxed);
            true
        };
        transaction.open().unwrap().lock_handle().await.unwrap().set_progress_handler(1, count);

        let oldest = tx.waiting_oldest().await.unwrap();

        let found: Vec<_> = oldest.iter().map(|o| (o.profile.as_str(), o.class, o.since.as_str())).collect();
        let since = ["1970-01-01T00:00:02Z", "1970-01-01T00:00:03Z", "1970-01-01T00:00:08Z"];
        let expected = ["kia", "student"].map(|profile| [1, 2, 7].map(|class| (profile, class)));
        let expected = expected.as_flattened().iter().zip(since.iter().cycle());
        assert!(
            found.iter().copied().eq(expected.map(|((profile, class), since)| (*profile, *class, *since))),
            "{found:?}"
        );
        steps.push(counted.load(Ordering::Relaxed));
    }
    assert!(steps[0] > 0 && steps[0] == steps[1], "{steps:?} steps of SQLite's machine");
}
