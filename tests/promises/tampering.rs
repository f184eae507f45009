//! P8: what is changed behind the program's back is found, and the changed row is named.

use std::collections::BTreeSet;

use cetak::{
    domain::{account::Password, stock::Cause},
    engine::{
        accounts::{choose_password, map_os_user},
        client::{Client, Direct},
        operations::{AddAccount, AddToken},
        query::{CheckDatabase, CheckedRule, Query as _},
    },
    store::{
        Location, Store,
        keys::{Keys, hex},
    },
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    acts as operations, check,
    covered_cells::{COVERED, Covered, Kind, NOT_COVERED},
    database::{execute, is_postgres},
    world::{World, name, students},
};
use Kind::{Bytes, Number, Text, Truth, Word};

async fn office() -> World {
    let world = check::engine().await;
    operations::card_check(&world.engine, &name("r00001")).await.unwrap();
    operations::card_send(&world.engine, &name("r00001"), "Laweyan").await.unwrap();
    for id in ["r00002", "r00003"] {
        let warrant = operations::reprint_request(&world.engine, &name(id), "lost").await;
        if let (Ok(warrant), "r00002") = (warrant, id) {
            operations::reprint_refuse(&world.engine, warrant, "it was found").await.unwrap();
        }
    }
    operations::put_first(&world.engine, &name("r00006"), "waits").await.unwrap();
    // More than are missing are not booked: the count is cancelled.
    operations::count(&world.engine, "student", None, 1_000_000, "stocktake").await.unwrap_err();
    // The last acts of the local administrator, who may do less once there is an account.
    let local = Direct::new(&world.engine);
    for name in ["root", "Siti"] {
        let added = local.act(AddAccount { name: name.parse().unwrap() }).await.unwrap();
        let (once, own) = (added.one_time.password.to_password(), Password::typed("types this password".into()));
        choose_password(&world.engine, name, &once, &own, "here").await.unwrap();
        map_os_user(&world.engine, name, &own, &name.to_lowercase(), "here").await.unwrap();
    }
    let (name, account, scopes) = ("list".parse().unwrap(), "root".into(), "import".parse().unwrap());
    local.act(AddToken { name, account, scopes, days: 30_i64.try_into().unwrap() }).await.unwrap();
    may_change(&world, &["movement", "audit"]).await;
    world
}

/// Takes away what keeps rows of these tables from being changed.
async fn may_change(world: &World, tables: &[&str]) {
    for table in tables {
        let sql = if is_postgres() {
            format!("DROP TRIGGER {table}_stays ON {table}")
        } else {
            format!("DROP TRIGGER {table}_not_changed; DROP TRIGGER {table}_not_deleted")
        };
        execute(&world.location, &sql).await.unwrap();
    }
}

async fn faults(world: &World) -> Vec<CheckedRule> {
    let rules = CheckDatabase { seal: Vec::new(), deep: true }.read(&world.engine).await.unwrap();
    rules.into_iter().filter(|rule| !rule.faults.is_empty()).collect()
}

/// A cell of the database, and the value that it has.
struct Cell {
    table: &'static str,
    key: &'static str,
    column: &'static str,
    row: String,
    literal: String,
}

impl Cell {
    /// A random cell of these; `None` if the table is empty.
    async fn choose(
        world: &World,
        covered: &Covered,
        (column, kind): (&'static str, Kind),
        random: &mut ChaCha8Rng,
    ) -> Option<Self> {
        let (table, key, _) = *covered;
        let rows = execute(&world.location, &format!("SELECT CAST(COUNT(*) AS TEXT) FROM {table}")).await.unwrap();
        let rows: u32 = rows.parse().unwrap();
        if rows == 0 {
            return None;
        }
        let at = random.random_range(0..rows);
        let row = format!("SELECT CAST({key} AS TEXT) FROM {table} ORDER BY {key} LIMIT 1 OFFSET {at}");
        let row = execute(&world.location, &row).await.unwrap();
        let quote = match kind {
            // As one line, in which `psql` gives it.
            Text | Word(_) if is_postgres() => format!(
                "COALESCE('convert_from(decode(''' || encode(convert_to({column}, 'UTF8'), 'hex') || ''', ''hex''), ''UTF8'')', 'NULL')"
            ),
            Number | Bytes | Truth if is_postgres() => format!("quote_nullable(CAST({column} AS TEXT))"),
            Number | Text | Word(_) | Bytes | Truth => format!("quote({column})"),
        };
        let literal = format!("SELECT {quote} FROM {table} WHERE CAST({key} AS TEXT) = '{row}'");
        let literal = execute(&world.location, &literal).await.unwrap();
        Some(Self { table, key, column, row, literal })
    }

    /// Sets the cell to an expression. Returns the key of the row after it, or the error of the database.
    async fn set(&self, world: &World, row: &str, value: &str) -> Result<String, String> {
        let Self { table, key, column, .. } = self;
        let sql = format!(
            "UPDATE {table} SET {column} = {value} WHERE CAST({key} AS TEXT) = '{row}' RETURNING CAST({key} AS TEXT)"
        );
        execute(&world.location, &sql).await
    }

    /// An expression for another value.
    fn changed(&self, kind: Kind, random: &mut ChaCha8Rng) -> String {
        let column = self.column;
        match kind {
            Kind::Number => format!("COALESCE({column}, 0) + 1"),
            Kind::Text => format!("COALESCE({column}, '') || 'x'"),
            Kind::Word(words) => {
                let is_other = |word: &&&str| {
                    !self.literal.contains(&format!("'{word}'"))
                        && !self.literal.contains(&format!("'{}'", hex(word.as_bytes())))
                };
                let others: Vec<_> = words.iter().filter(is_other).collect();
                format!("'{}'", others[random.random_range(0..others.len())])
            }
            Kind::Bytes if is_postgres() => "'\\x00ff'".into(),
            Kind::Bytes => "x'00ff'".into(),
            Kind::Truth if is_postgres() => format!("NOT {column}"),
            Kind::Truth => format!("1 - {column}"),
        }
    }

    /// A part of what the row must be called; empty if its own name was changed, or counts alone tell.
    async fn named(&self, world: &World) -> String {
        let request = format!("SELECT request_id FROM record WHERE CAST(id AS TEXT) = '{}'", self.row);
        match (self.table, self.column) {
            ("record", "request_id" | "source" | "stop" | "photo_id" | "slot") | ("person", "record_id") => {
                String::new()
            }
            ("waiting", "request_id" | "source") => String::new(),
            ("waiting", _) => self.row.clone(),
            ("record" | "person", _) => execute(&world.location, &request).await.unwrap(),
            // A changed movement may be equal to another one, and then either is named.
            ("movement", _) => "movement ".into(),
            ("printer", _) => format!("printer {}", self.row),
            ("pause", _) => format!("pause {}", self.row),
            ("pending_act", _) => format!("act {}", self.row),
            ("account", _) => format!("account {}", self.row),
            ("account_role", "role") => "role of account 1/".into(),
            ("stock_count", _) => format!("count {}", self.row),
            ("account_role", _) => format!("role of account {}", self.row),
            ("os_user", "name") => "system user".into(),
            // The next account does not exist: the reference is found, and its row has no number.
            ("os_user", "account_id") => "os_user".into(),
            ("os_user", _) => format!("system user {}", self.row),
            ("token", _) => format!("token {}", self.row),
            ("photo", _) => format!("photo number {}", self.row),
            _ => String::new(),
        }
    }
}

#[tokio::test]
async fn each_change_of_a_covered_cell_is_found_and_its_row_is_named() {
    let number: u32 =
        std::env::var("TAMPERED_CELLS").map_or(if is_postgres() { 60 } else { 150 }, |n| n.parse().unwrap());
    let seed = std::env::var("TAMPERED_SEED").map_or(20_261_129, |n| n.parse().unwrap());
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let world = office().await;
    assert_eq!(faults(&world).await, [], "before any change");
    let columns: Vec<_> = COVERED.iter().flat_map(|table| table.2.iter().map(move |column| (table, *column))).collect();
    let (mut found, mut refused) = (0, 0);
    for at in 0..number {
        // Each column at least once, if there are as many changes.
        let chosen = if (at as usize) < columns.len() { at as usize } else { random.random_range(0..columns.len()) };
        let (table, (column, kind)) = columns[chosen];
        let Some(cell) = Cell::choose(&world, table, (column, kind), &mut random).await else { continue };
        let (named, value) = (cell.named(&world).await, cell.changed(kind, &mut random));
        let what = format!("seed {seed}: {} of {} {}: {} becomes {value}", column, table.0, cell.row, cell.literal);
        let Ok(row) = cell.set(&world, &cell.row, &value).await else {
            refused += 1;
            continue;
        };
        let faults = faults(&world).await;
        assert!(!faults.is_empty(), "{what}: not found");
        let things: Vec<_> = faults.iter().flat_map(|rule| rule.faults.iter().map(|fault| &fault.thing)).collect();
        assert!(things.iter().any(|thing| thing.contains(&named)), "{what}: found as {things:?}");
        found += 1;
        cell.set(&world, &row, &cell.literal).await.unwrap();
    }
    assert_eq!(faults(&world).await, [], "after all changes were undone");
    assert!(found > number / 2, "{found} found, {refused} refused by the database");
}

/// All covered cells, as one text for each table.
async fn covered_cells(location: &Location) -> Result<Vec<String>, String> {
    let mut texts = Vec::new();
    for (table, key, columns) in COVERED {
        let columns: Vec<_> = columns.iter().map(|(column, _)| format!("quote({column})")).collect();
        let row = columns.join(" || ',' || ");
        let sql = format!(
            "SELECT COALESCE(group_concat(row, ';'), '') FROM (SELECT {row} AS row FROM {table} ORDER BY {key})"
        );
        texts.push(execute(location, &sql).await?);
    }
    Ok(texts)
}

#[tokio::test]
async fn a_bit_that_flips_in_the_file_is_found_or_changes_no_covered_cell() {
    if is_postgres() {
        return; // a server checks its own files
    }
    let number: u32 = std::env::var("FLIPPED_BITS").map_or(60, |n| n.parse().unwrap());
    let seed = std::env::var("TAMPERED_SEED").map_or(20_261_129, |n| n.parse().unwrap());
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let world = office().await;
    execute(&world.location, "PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    let Location::File(file) = &world.location else { unreachable!() };
    let (bytes, cells) = (std::fs::read(file).unwrap(), covered_cells(&world.location).await.unwrap());
    let mut found = 0;
    for _ in 0..number {
        let folder = tempfile::tempdir().unwrap();
        let copy = Location::File(folder.path().join("cetak.db"));
        let (at, bit) = (random.random_range(0..bytes.len()), random.random_range(0..8));
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << bit;
        std::fs::write(folder.path().join("cetak.db"), flipped).unwrap();
        let rules = match Store::open(&copy, Keys::derive(&[7; 32])).await {
            Err(_) => None,
            Ok(store) => {
                let mut engine = world.engine.clone();
                engine.store = store;
                let rules = CheckDatabase { seal: Vec::new(), deep: true }.read(&engine).await;
                engine.store.close().await;
                rules.ok()
            }
        };
        if rules.is_some_and(|rules| rules.iter().all(|rule| rule.faults.is_empty())) {
            let now = covered_cells(&copy).await;
            assert!(now.as_ref() == Ok(&cells), "seed {seed}: bit {bit} of byte {at} changes a cell and is not found");
        } else {
            found += 1;
        }
    }
    assert!(found > 0, "seed {seed}");
}

#[tokio::test]
async fn a_row_that_was_added_or_removed_is_found() {
    let world = office().await;
    let columns = "scope, name, reason, actor, at_us";
    let changes = [
        (
            format!("INSERT INTO pause ({columns}) VALUES ('printer', 'p2', 'x', 'siti', 1) RETURNING name"),
            "pause printer/p2",
        ),
        ("DELETE FROM pause WHERE scope = 'queue' RETURNING scope".into(), "pause queue/"),
        ("DELETE FROM movement WHERE id = (SELECT MAX(id) FROM movement) RETURNING cause".into(), "the ledger"),
        ("DELETE FROM pending_act RETURNING state".into(), "act "),
        ("UPDATE meta SET value = '1' WHERE key = 'rows_commits' RETURNING value".into(), "the number of commits"),
        (
            "INSERT INTO meta (key, value) VALUES ('changes_after/record', '1000') RETURNING value".into(),
            "the mark of what is too old",
        ),
    ];
    let mut all = BTreeSet::new();
    for (sql, named) in changes {
        execute(&world.location, &sql).await.unwrap();
        let faults = faults(&world).await;
        all.extend(faults.iter().flat_map(|rule| rule.faults.iter().map(|fault| fault.thing.clone())));
        assert!(all.iter().any(|thing| thing.starts_with(named)), "{sql}: {all:?}");
    }
}

#[tokio::test]
async fn a_changed_row_is_named_with_the_field_that_differs_and_without_its_value() {
    let world = office().await;
    for (sql, thing, what) in [
        (
            "UPDATE printer SET uri = 'mock://other', hopper = 7 RETURNING name",
            "printer p1",
            "its `uri`, `hopper` is not as the audit has it",
        ),
        ("UPDATE pause SET reason = 'other' RETURNING scope", "pause ", "its `reason` is not as the audit has it"),
        (
            "UPDATE record SET district = 'FACULTY 9' WHERE request_id = 'r00001' RETURNING state",
            "record default/r00001",
            "its district was changed",
        ),
    ] {
        execute(&world.location, sql).await.unwrap();
        let found = faults(&world).await;
        let told = found
            .iter()
            .flat_map(|rule| &rule.faults)
            .find(|fault| fault.thing.starts_with(thing) && fault.what == what);
        assert!(told.is_some(), "{sql}: {found:?}");
    }
}

/// Blanks that are taken from a movement and its balances alike leave all sums as they were.
#[tokio::test]
async fn blanks_that_are_taken_from_the_ledger_and_its_balance_alike_are_found_by_the_audit() {
    let world = office().await;
    let sql = "UPDATE movement SET quantity = quantity - 5 WHERE cause = 'received';
               UPDATE balance SET quantity = quantity + 5 WHERE account = 'supplier';
               UPDATE balance SET quantity = quantity - 5 WHERE account = 'vault' RETURNING account";
    execute(&world.location, sql).await.unwrap();
    let faults = faults(&world).await;
    assert_eq!(faults.len(), 1, "{faults:?}");
    let texts: Vec<_> = faults[0].faults.iter().map(|fault| format!("{}: {}", fault.thing, fault.what)).collect();
    assert!(texts[0].starts_with("movement 1: the audit has no such movement: 15 of lot number 1"), "{texts:?}");
    assert!(texts[1].contains("20 of lot number 1 from supplier to vault, received, document"), "{texts:?}");
}

#[tokio::test]
async fn a_card_that_was_checked_twice_and_then_rejected_is_as_the_audit_has_it() {
    let world = World::new().await;
    world.import(&students(0..2)).await;
    world.receive(10, None).await;
    world.printer("p1", "").await;
    world.run().await;
    for again in 0..2 {
        for _ in 0..2 {
            operations::card_check(&world.engine, &name("r00000")).await.unwrap();
            assert_eq!(faults(&world).await, [], "checked, {again}");
        }
        operations::card_reject(&world.engine, &name("r00000"), Cause::Damaged, "bent").await.unwrap();
        assert_eq!(faults(&world).await, [], "rejected, {again}");
        world.run().await;
        assert_eq!(faults(&world).await, [], "printed, {again}");
    }
    let checked = if is_postgres() { "true" } else { "1" };
    let sql = format!("UPDATE record SET checked = {checked} WHERE request_id = 'r00000' RETURNING state");
    assert_eq!(execute(&world.location, &sql).await.as_deref(), Ok("printed"));
    let faults = faults(&world).await;
    assert_eq!(faults[0].faults[0].thing, "record default/r00000");
}

/// Without the key nothing is sealed, so a forged row may name as many records as it likes.
#[tokio::test]
async fn a_forged_audit_row_is_found_and_not_read_for_what_it_says() {
    let world = office().await;
    let sql = "UPDATE audit SET entry = replace(entry, '\"waiting\":\"1', '\"waiting\":\"1-9000000000000000000,1')
               WHERE entry LIKE '%\"added\"%' RETURNING chain";
    execute(&world.location, sql).await.unwrap();
    let found = faults(&world).await;
    assert!(found.iter().any(|rule| rule.rule == "no audit row is changed, moved or missing"), "{found:?}");
}

#[tokio::test]
async fn rows_that_are_older_than_the_record_of_changes_are_not_called_proved() {
    let world = World::new().await;
    world.import(&students(0..3)).await;
    // As after the migration of an older database: without changes in the audit, with a mark of the newest rows.
    let older =
        "DELETE FROM audit WHERE true; DELETE FROM audit_head WHERE true; DELETE FROM meta WHERE key = 'rows_commits';
                 DELETE FROM person_rule WHERE true; DELETE FROM import_range WHERE true; DELETE FROM import WHERE true;
                 INSERT INTO meta (key, value) VALUES ('changes_after/record', '3') RETURNING value";
    may_change(&world, &["audit"]).await;
    execute(&world.location, older).await.unwrap();
    let rules = CheckDatabase::default().read(&world.engine).await.unwrap();
    let older: Vec<_> =
        rules.iter().filter(|rule| rule.older > 0).map(|rule| (rule.rule.as_str(), rule.older)).collect();
    assert_eq!(older, [("each record is as the audit has it", 3)]);
}

#[tokio::test]
async fn each_column_of_each_table_is_covered_or_listed_with_the_reason() {
    let world = World::new().await;
    let sql = if is_postgres() {
        "SELECT string_agg(table_name || '.' || column_name, ' ') FROM information_schema.columns WHERE table_schema = 'public'"
    } else {
        "SELECT group_concat(t.name || '.' || c.name, ' ') FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'"
    };
    let columns = execute(&world.location, sql).await.unwrap();
    let is_listed = |name: &str| {
        let (table, column) = name.split_once('.').unwrap();
        COVERED.iter().any(|(t, _, columns)| *t == table && columns.iter().any(|(c, _)| *c == column))
            || NOT_COVERED
                .iter()
                .any(|(t, columns, _)| *t == table && (columns.contains(&"*") || columns.contains(&column)))
    };
    let missing: Vec<_> = columns.split(' ').filter(|name| !is_listed(name)).collect();
    assert!(columns.split(' ').count() > 100 && missing.is_empty(), "{missing:?}");
}
