//! Reads of several tables in one statement: for one printer, a round trip costs more than all of them. Each row has the name of
//! its table and a JSON array.

use serde::de::DeserializeOwned;

use super::{
    Inner, StoreError, Tx, attempt, audit,
    backend::sqlite::run_text,
    batch, doing, on, owner, printer, set, set_of_names,
    stock::{self, LotRow},
};
use crate::domain::{
    batch::Batch,
    id::AttemptKey,
    pause::Pause,
    printer::Printer,
    stock::{Account, LotQuantity},
    time::Timestamp,
};

/// Everything on which workers decide, from one state of the database.
#[derive(Debug)]
pub struct WorkersView {
    /// Those of the printers that are in use.
    pub printers: Vec<Printer>,
    /// Their open attempts, oldest first, each with its printer's name.
    pub open: Vec<(String, super::OpenAttempt)>,
    /// Their batches that are not closed, oldest first.
    pub batches: Vec<Batch>,
    /// All pauses.
    pub pauses: Vec<Pause>,
    /// Whether the database may be a copy.
    pub in_doubt: bool,
    /// The instant of the newest audit row.
    pub newest: Timestamp,
    /// Uncertain attempts of the process that it has not confirmed, each with its printer and its name.
    pub unconfirmed: Vec<(String, AttemptKey, String)>,
}

/// What planning depends on, beside the waiting list.
#[derive(Debug)]
pub struct PlanView {
    /// Those of the printers that are in use.
    pub printers: Vec<Printer>,
    /// Their batches that are not closed, oldest first.
    pub batches: Vec<Batch>,
    /// The balance of each account by lot, as [`Tx::accounts_lots`] returns it.
    pub lots: Vec<Vec<LotQuantity>>,
}

/// The rows of a table, each as a JSON array that `$array` makes.
macro_rules! rows {
    ($table:literal, $array:literal, $columns:expr, $from:expr) => {
        concat!("SELECT '", $table, "', CAST(", $array, "(", $columns, ") AS TEXT) ", $from)
    };
}

/// The printers `$1` and their batches.
macro_rules! printers_and_batches {
    ($array:literal) => {
        concat!(
            rows!("printer", $array, printer::printer_columns!(), printer::named!()),
            " UNION ALL ",
            rows!("batch", $array, batch::batch_columns!(), batch::open!())
        )
    };
}

/// See [`WorkersView`]. `$2` is the owner of attempts.
macro_rules! workers {
    ($array:literal) => {
        concat!(
            printers_and_batches!($array),
            " UNION ALL ",
            rows!("attempt", $array, attempt::attempt_columns!(), attempt::open!()),
            " UNION ALL ",
            rows!("pause", $array, printer::pause_columns!(), "FROM pause"),
            " UNION ALL ",
            rows!("unconfirmed", $array, owner::owner_columns!(), owner::unconfirmed!("$2")),
            " UNION ALL SELECT 'audit', ",
            audit::newest!()
        )
    };
}

/// See [`PlanView`]. `$2` are the accounts.
macro_rules! plan {
    ($array:literal) => {
        concat!(
            printers_and_batches!($array),
            " UNION ALL ",
            rows!("lot", $array, stock::lot_columns!(), stock::lots!("$2"))
        )
    };
}

// For SQLite.
pub(super) const WORKERS: &str = workers!("json_array");
pub(super) const PLAN: &str = plan!("json_array");
const BEGIN_AND_PLAN: &str = concat!("BEGIN IMMEDIATE;", plan!("json_array"));

/// Rows by table.
#[derive(Default)]
struct Rows {
    printers: Vec<printer::Row>,
    batches: Vec<batch::Row>,
    attempts: Vec<attempt::OpenRow>,
    pauses: Vec<printer::PauseRow>,
    unconfirmed: Vec<owner::Row>,
    newest: Vec<Option<String>>,
    lots: Vec<LotRow>,
}

type Pair = (String, Option<String>);

impl Rows {
    fn of(pairs: Vec<Pair>) -> Result<Self, StoreError> {
        let mut rows = Self::default();
        for (table, text) in pairs {
            match table.as_str() {
                "printer" => rows.printers.push(read("printer", text)?),
                "batch" => rows.batches.push(read("batch", text)?),
                "attempt" => rows.attempts.push(read("attempt", text)?),
                "pause" => rows.pauses.push(read("pause", text)?),
                "unconfirmed" => rows.unconfirmed.push(read("attempt", text)?),
                "lot" => rows.lots.push(read("lot", text)?),
                _ => rows.newest.push(text),
            }
        }
        // A union has no order.
        rows.batches.sort_unstable_by_key(|row| row.0);
        rows.attempts.sort_unstable_by_key(|row| row.1);
        rows.pauses.sort_unstable();
        rows.lots.sort_unstable_by_key(|(_, lot, _, received_at_us)| (*received_at_us, *lot));
        Ok(rows)
    }
}

fn read<T: DeserializeOwned>(table: &'static str, text: Option<String>) -> Result<T, StoreError> {
    let text = text.unwrap_or_default();
    serde_json::from_str(&text).map_err(|what| StoreError::Corrupt { table, id: text, what: what.to_string() })
}

impl Tx {
    /// Everything on which the workers of these printers decide. `owner` is their process.
    pub async fn workers_view<S: AsRef<str>>(
        &mut self,
        printers: &[S],
        owner: Option<i64>,
    ) -> Result<WorkersView, StoreError> {
        let sql = match self.inner {
            Inner::Sqlite(_) => WORKERS,
            Inner::Postgres(_) => workers!("json_build_array"),
        };
        let pairs: Vec<Pair> =
            on!(self, c => sqlx::query_as(sql).bind(set_of_names(printers)).bind(owner).fetch_all(c))
                .map_err(doing("reading the printers"))?;
        let rows = Rows::of(pairs)?;
        let (pauses, doubt) = printer::stops(rows.pauses);
        Ok(WorkersView {
            printers: rows.printers.into_iter().map(printer::of_row).collect::<Result<_, _>>()?,
            open: rows.attempts.into_iter().map(attempt::open_of_row).collect(),
            batches: rows.batches.into_iter().map(batch::of_row).collect::<Result<_, _>>()?,
            pauses,
            in_doubt: doubt.is_some(),
            newest: audit::newest_of(&rows.newest),
            unconfirmed: rows.unconfirmed.into_iter().map(owner::of_row).collect(),
        })
    }

    /// What the next batches of these printers depend on, and accounts with the blank type of each.
    pub async fn plan_view<S: AsRef<str>>(
        &mut self,
        printers: &[S],
        accounts: &[(&str, &Account)],
    ) -> Result<PlanView, StoreError> {
        let names = set_of_names(printers);
        let lots = set(&stock::account_rows(accounts));
        let pairs: Vec<Pair> = match &mut self.inner {
            Inner::Sqlite(transaction) => {
                run_text!(transaction, (connection, begins) => {
                    let sql = if begins { BEGIN_AND_PLAN } else { PLAN };
                    sqlx::query_as(sql).bind(&*names).bind(&*lots).fetch_all(connection)
                })
            }
            Inner::Postgres(transaction) => {
                let query = sqlx::query_as(plan!("json_build_array")).bind(names).bind(lots);
                Box::pin(transaction.run(async |c| query.fetch_all(c).await)).await
            }
        }
        .map_err(doing("reading the printers"))?;
        let rows = Rows::of(pairs)?;
        Ok(PlanView {
            printers: rows.printers.into_iter().map(printer::of_row).collect::<Result<_, _>>()?,
            batches: rows.batches.into_iter().map(batch::of_row).collect::<Result<_, _>>()?,
            lots: stock::lots_of(rows.lots, accounts.len()),
        })
    }
}
