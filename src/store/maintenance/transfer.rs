//! Moves all data from a SQLite file to PostgreSQL, reads them back and compares them.

use futures_util::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, ColumnIndex, Decode, Executor, PgConnection, Row, SqliteConnection, Type};

use crate::{
    domain::{audit::Event, time::Timestamp},
    store::{
        Location, Store, StoreError, Tx, Writer,
        backend::{Backend, Inner, postgres::PgTransaction},
        database::MOVED_TO,
        doing,
        instance::INSTANCE,
        keys,
        tx::End,
    },
};

/// All tables that are moved; referenced tables come first. A file has no nodes, and sessions end with the move.
const TABLES: [&str; 42] = [
    "meta",
    "photo",
    "record",
    "person",
    "person_rule",
    "card_out",
    "place_change",
    "name_word",
    "waiting",
    "claim_bound",
    "lot",
    "balance",
    "movement",
    "printer",
    "printer_limit",
    "pause",
    "batch",
    "job",
    "owner",
    "attempt",
    "job_archive",
    "attempt_archive",
    "test_card",
    "unknown_job",
    "pending_act",
    "stock_count",
    "account",
    "account_role",
    "os_user",
    "token",
    "idempotency",
    "audit",
    "audit_head",
    "record_event",
    "counter_record",
    "counter_outcome",
    "kept_plan",
    "import",
    "import_range",
    "import_change",
    "earlier_body",
    "source_state",
];
const NOT_MOVED: [&str; 3] = ["_sqlx_migrations", "node", "session"];
/// Reading the file may take longer than a transaction may otherwise be idle.
const NO_IDLE_TIMEOUT: &str = "SET LOCAL idle_in_transaction_session_timeout = 0";
/// Rows are sent in chunks of this size.
const CHUNK_BYTES: usize = 1 << 20;

/// The result of a move.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transferred {
    /// Each table and its number of rows, in the order in which they were moved.
    pub tables: Vec<(&'static str, i64)>,
    /// Whether an interrupted move had copied the data already, so that they were only compared.
    pub was_there: bool,
}

/// A column of a table.
struct Column {
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Number,
    Text,
    Bytes,
    Flag,
}

enum Value {
    Null,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
    Flag(bool),
}

/// The number of rows of a table, and a hash over them in the order of the table's key.
#[derive(Default)]
struct Sum {
    rows: i64,
    hash: Sha256,
}

impl Store {
    /// Moves all data of this file into an empty PostgreSQL database in one transaction, reads them back and compares them, and
    /// then closes this file for good. No other process can write meanwhile. Cards can never be printed from both: the target
    /// cannot be opened until the file is closed. `shown` is the target's address without a password.
    ///
    /// An interrupted move can be repeated, also with a file from [`Store::open_closed`]: data that were copied are compared.
    ///
    /// # Errors
    ///
    /// [`StoreError::Occupied`] if the target has other data, [`StoreError::Differs`] if rows were read back changed.
    pub async fn move_to(
        &self,
        target: &Location,
        shown: &str,
        writer: &Writer,
        now: Timestamp,
        mut progress: impl FnMut(&'static str, i64),
    ) -> Result<Transferred, StoreError> {
        let mut source = self.write(writer, now).await?;
        let backend = Backend::open(target).await?;
        if let Some(to) = source.meta_get(MOVED_TO).await? {
            if to != shown {
                return Err(StoreError::Moved { to });
            }
            open_target(&backend).await?;
            return Ok(Transferred { tables: Vec::new(), was_there: true });
        }
        let mut session = writing(&backend).await?;
        session.unbounded(async |c| c.execute(NO_IDLE_TIMEOUT).await).await.map_err(doing("reading the target"))?;
        session.run(async |c| sqlx::query(UNMARK).execute(c).await).await.map_err(doing("reading the target"))?;
        let was_there = is_occupied(&mut session).await?;
        let mut tables = Vec::new();
        for table in TABLES {
            let (columns, key) = shape(&mut session, table).await?;
            let Inner::Sqlite(file) = &mut source.inner else { return Err(StoreError::Occupied) };
            let file = file.open().map_err(doing("reading the file"))?;
            let sent = copy(file, (!was_there).then_some(&mut session), table, &columns, &key).await?;
            let arrived = read_back(&mut session, table, &columns, &key).await?;
            if (sent.rows, sent.hash.finalize()) != (arrived.rows, arrived.hash.finalize()) {
                return Err(if was_there { StoreError::Occupied } else { StoreError::Differs { table } });
            }
            progress(table, sent.rows);
            tables.push((table, sent.rows));
        }
        if !was_there {
            advance_keys(&mut session).await?;
        }
        session.run(async |c| sqlx::query(MARK).execute(c).await).await.map_err(doing("moving rows"))?;
        Inner::Postgres(session).commit(false).await?;
        close_file(&mut source, shown).await?;
        source.commit().await?;
        open_target(&backend).await?;
        backend.close().await;
        Ok(Transferred { tables, was_there })
    }
}

const MARK: &str = "INSERT INTO meta (key, value) VALUES ('arriving', 'from a file')";
const UNMARK: &str = "DELETE FROM meta WHERE key = 'arriving'";

async fn writing(target: &Backend) -> Result<PgTransaction, StoreError> {
    match target.write().await? {
        Inner::Postgres(session) => Ok(session),
        Inner::Sqlite(_) => Err(StoreError::Occupied),
    }
}

/// Removes the mark of an incomplete move, after the file was closed, and what the file said of itself: the target is the
/// living database from now on, and its first scheduler saves what it is.
async fn open_target(target: &Backend) -> Result<(), StoreError> {
    const FORGET: &str = "DELETE FROM meta WHERE key = $1 AND value LIKE '%\"kind\":\"file\"%'";
    let mut session = writing(target).await?;
    let forgotten = session.run(async |c| sqlx::query(FORGET).bind(INSTANCE).execute(c).await).await;
    forgotten.map_err(doing("opening the target"))?;
    session.run(async |c| sqlx::query(UNMARK).execute(c).await).await.map_err(doing("opening the target"))?;
    Inner::Postgres(session).commit(false).await
}

async fn close_file(source: &mut Tx, shown: &str) -> Result<(), StoreError> {
    // A process that has the file open can no longer write, because every write appends an audit row.
    const CLOSE: &str = "CREATE TRIGGER moved BEFORE INSERT ON audit
        BEGIN SELECT RAISE(ABORT, 'the data of this folder were moved to another database'); END";
    source.meta_set(MOVED_TO, shown).await?;
    source.audit_append(&[Event::new("database.moved", "database").with("to", shown)], None, End::Open).await?;
    let Inner::Sqlite(file) = &mut source.inner else { return Err(StoreError::Occupied) };
    sqlx::query(CLOSE)
        .execute(file.open().map_err(doing("closing the file"))?)
        .await
        .map_err(doing("closing the file"))?;
    Ok(())
}

/// Whether the target has data. Fails if it has tables that this program does not know.
async fn is_occupied(session: &mut PgTransaction) -> Result<bool, StoreError> {
    const ANY: &str = "SELECT EXISTS (SELECT 1 FROM meta)";
    const THERE: &str = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()";
    let there: Vec<String> = session
        .run(async |c| sqlx::query_scalar(THERE).fetch_all(c).await)
        .await
        .map_err(doing("reading the target"))?;
    let is_known = |name: &&String| TABLES.contains(&name.as_str()) || NOT_MOVED.contains(&name.as_str());
    if let Some(unknown) = there.iter().find(|name| !is_known(name)) {
        return Err(StoreError::Corrupt { table: "?", id: unknown.clone(), what: "an unknown table".into() });
    }
    session.run(async |c| sqlx::query_scalar(ANY).fetch_one(c).await).await.map_err(doing("reading the target"))
}

/// The columns of a table, and those of its key.
async fn shape(session: &mut PgTransaction, table: &'static str) -> Result<(Vec<Column>, Vec<String>), StoreError> {
    const COLUMNS: &str = "
        SELECT column_name::text, data_type::text FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position";
    const KEY: &str = "
        SELECT a.attname::text FROM pg_index AS i
        CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, place)
        JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE i.indrelid = to_regclass($1) AND i.indisprimary ORDER BY k.place";
    let failed = || doing("reading the schema");
    let rows: Vec<(String, String)> =
        session.run(async |c| sqlx::query_as(COLUMNS).bind(table).fetch_all(c).await).await.map_err(failed())?;
    let key = session.run(async |c| sqlx::query_scalar(KEY).bind(table).fetch_all(c).await).await.map_err(failed())?;
    let column = |(name, kind): (String, String)| {
        let kind = match kind.as_str() {
            "bigint" => Kind::Number,
            "text" => Kind::Text,
            "bytea" => Kind::Bytes,
            "boolean" => Kind::Flag,
            _ => return Err(StoreError::Corrupt { table, id: name, what: format!("a column of type {kind}") }),
        };
        Ok(Column { name, kind })
    };
    Ok((rows.into_iter().map(column).collect::<Result<_, _>>()?, key))
}

/// The statement that reads a table in the order of its key. The names come from the schema, not from users.
fn select(table: &str, columns: &[Column], key: &[String]) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    format!("SELECT {} FROM {table} ORDER BY {}", names.join(", "), key.join(", "))
}

/// Hashes the rows of a table, and sends them to the target if there is one.
async fn copy(
    file: &mut SqliteConnection,
    session: Option<&mut PgTransaction>,
    table: &'static str,
    columns: &[Column],
    key: &[String],
) -> Result<Sum, StoreError> {
    let mut sum = Sum::default();
    let sql = AssertSqlSafe(select(table, columns, key));
    let mut rows = sqlx::query(sql).fetch(file);
    let mut next = async || rows.try_next().await;
    let Some(session) = session else {
        while let Some(row) = next().await.map_err(doing("reading the file"))? {
            sum.add(&values(&row, columns)?);
        }
        return Ok(sum);
    };
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let statement = format!("COPY {table} ({}) FROM STDIN", names.join(", "));
    let copied = session.unbounded(async |c: &mut PgConnection| {
        let mut copy = c.copy_in_raw(&statement).await?;
        let mut chunk = Vec::with_capacity(CHUNK_BYTES * 2);
        while let Some(row) = next().await? {
            let values = values(&row, columns).map_err(|error| sqlx::Error::Decode(error.into()))?;
            sum.add(&values);
            write(&mut chunk, &values);
            if chunk.len() > CHUNK_BYTES {
                copy.send(chunk.as_slice()).await?;
                chunk.clear();
            }
        }
        copy.send(chunk.as_slice()).await?;
        copy.finish().await
    });
    copied.await.map_err(doing("moving rows"))?;
    Ok(sum)
}

async fn read_back(
    session: &mut PgTransaction,
    table: &'static str,
    columns: &[Column],
    key: &[String],
) -> Result<Sum, StoreError> {
    let mut sum = Sum::default();
    let sql = select(table, columns, key);
    let read = session.unbounded(async |c: &mut PgConnection| {
        let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(c);
        while let Some(row) = rows.try_next().await? {
            sum.add(&values(&row, columns).map_err(|error| sqlx::Error::Decode(error.into()))?);
        }
        Ok(())
    });
    read.await.map_err(doing("reading back what was moved"))?;
    Ok(sum)
}

/// Sets the sequence of each table to follow the highest moved number.
async fn advance_keys(session: &mut PgTransaction) -> Result<(), StoreError> {
    const ADVANCE: &str = "
        SELECT setval(pg_get_serial_sequence(c.table_name, c.column_name),
                      (xpath('/row/n/text()', query_to_xml('SELECT COALESCE(MAX(id), 0) + 1 AS n FROM ' || c.table_name, false, true, '')))[1]::text::bigint,
                      false)
        FROM information_schema.columns AS c WHERE c.table_schema = current_schema() AND c.is_identity = 'YES'";
    let advanced = session.run(async |c| sqlx::query(ADVANCE).fetch_all(c).await).await;
    advanced.map(drop).map_err(doing("setting the next keys"))
}

fn values<'r, R>(row: &'r R, columns: &[Column]) -> Result<Vec<Value>, StoreError>
where
    R: Row,
    usize: ColumnIndex<R>,
    Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
    Option<bool>: Decode<'r, R::Database> + Type<R::Database>,
    Option<String>: Decode<'r, R::Database> + Type<R::Database>,
    Option<Vec<u8>>: Decode<'r, R::Database> + Type<R::Database>,
{
    let value = |(at, column): (usize, &Column)| {
        let value = match column.kind {
            Kind::Number => row.try_get::<Option<i64>, _>(at).map(|value| value.map(Value::Number)),
            Kind::Text => row.try_get::<Option<String>, _>(at).map(|value| value.map(Value::Text)),
            Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(at).map(|value| value.map(Value::Bytes)),
            Kind::Flag => row.try_get::<Option<bool>, _>(at).map(|value| value.map(Value::Flag)),
        };
        Ok(value.map_err(doing("reading a row"))?.unwrap_or(Value::Null))
    };
    columns.iter().enumerate().map(value).collect()
}

impl Sum {
    fn add(&mut self, values: &[Value]) {
        self.rows += 1;
        for value in values {
            let (tag, bytes) = match value {
                Value::Null => (0_u8, Vec::new()),
                Value::Number(number) => (1, number.to_le_bytes().to_vec()),
                Value::Text(text) => (2, text.as_bytes().to_vec()),
                Value::Bytes(bytes) => (3, bytes.clone()),
                Value::Flag(flag) => (4, vec![u8::from(*flag)]),
            };
            self.hash.update([tag]);
            self.hash.update((bytes.len() as u64).to_le_bytes());
            self.hash.update(bytes);
        }
    }
}

/// Appends a row in COPY's text format.
fn write(chunk: &mut Vec<u8>, values: &[Value]) {
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            chunk.push(b'\t');
        }
        match value {
            Value::Null => chunk.extend(b"\\N"),
            Value::Number(number) => chunk.extend(number.to_string().into_bytes()),
            Value::Flag(flag) => chunk.push(if *flag { b't' } else { b'f' }),
            Value::Bytes(bytes) => {
                chunk.extend(b"\\\\x");
                chunk.extend(keys::hex(bytes).into_bytes());
            }
            Value::Text(text) => {
                for byte in text.bytes() {
                    match byte {
                        b'\\' => chunk.extend(b"\\\\"),
                        b'\t' => chunk.extend(b"\\t"),
                        b'\n' => chunk.extend(b"\\n"),
                        b'\r' => chunk.extend(b"\\r"),
                        _ => chunk.push(byte),
                    }
                }
            }
        }
    }
    chunk.push(b'\n');
}
