//! The ledger of blanks: lots, movements and balances.

use std::collections::BTreeMap;

use super::{StoreError, Tx, doing, execute, on, sealed_table::SealedTable, set};
use crate::domain::{
    id::LotId,
    stock::{Account, LotQuantity, Movement},
};

/// A lot of blanks of one type.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Lot {
    /// Its number.
    pub id: LotId,
    /// Its blank type.
    pub blank_type: String,
    /// Its name; `-` for blanks that were delivered without a lot.
    pub name: String,
    /// The first and the last serial number, as `FIRST..LAST`, if they are known.
    pub serials: Option<String>,
}

/// The balance of an account, for one lot.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct BalanceLine {
    /// The blank type.
    pub blank_type: String,
    /// The lot's name.
    pub lot: String,
    /// The account's name, without its place.
    #[schemars(extend("enum" = crate::domain::stock::ACCOUNTS))]
    pub account: String,
    /// The printer or office that the account is kept for; empty for other accounts.
    pub place: String,
    /// The number of blanks; negative for `supplier` only.
    pub quantity: i64,
}

/// A movement, as lists show it.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct MovementLine {
    /// Its number.
    pub id: i64,
    /// The instant, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// The blank type.
    pub blank_type: String,
    /// The lot's name.
    pub lot: String,
    /// The account that the blanks left, with its place.
    pub from: String,
    /// The account that the blanks went to, with its place.
    pub to: String,
    /// The number of blanks.
    pub quantity: i64,
    /// The cause.
    #[schemars(with = "crate::domain::stock::Cause")]
    pub cause: String,
    /// The number of its document.
    pub document: Option<String>,
    /// The batch that it belongs to.
    pub batch: Option<i64>,
    /// The actor.
    pub actor: String,
    /// The number of the delivery that it reverses.
    pub reverses: Option<i64>,
}

/// Lot, account, place, and the quantity to add.
pub(super) type Delta = (i64, &'static str, String, i64);

type MovementRow<'a, B> =
    (i64, &'a str, &'a str, &'a str, &'a str, i64, &'a str, Option<&'a str>, B, Option<i64>, Option<i64>);

/// Adds to existing balances. The argument is the placeholder of the rows.
macro_rules! add {
    ($rows:literal) => {
        concat!(
            "
            UPDATE balance SET quantity = quantity + CAST(v.value ->> 3 AS BIGINT)
            FROM json_each(",
            $rows,
            ") AS v
            WHERE balance.lot_id = CAST(v.value ->> 0 AS BIGINT) AND balance.account = v.value ->> 1 AND balance.place = v.value ->> 2"
        )
    };
}
/// The columns of a [`LotRow`].
macro_rules! lot_columns {
    () => {
        "v.key, lot.id, balance.quantity, lot.received_at_us"
    };
}
/// The lots in accounts. The argument is the placeholder of the accounts, see [`account_rows`].
macro_rules! lots {
    ($accounts:literal) => {
        concat!(
            "FROM json_each(",
            $accounts,
            ") AS v CROSS JOIN lot CROSS JOIN balance
            WHERE lot.blank_type = v.value ->> 0 AND balance.lot_id = lot.id AND balance.account = v.value ->> 1
              AND balance.place = v.value ->> 2 AND balance.quantity <> 0"
        )
    };
}
/// Appends movements, see [`movement_row`]. The arguments are the placeholders of the rows and of the instant, the number of a
/// row's batch, and the placeholders of the actor's name, account and means.
macro_rules! append {
    ($rows:literal, $now:literal, $batch:expr, $actor:literal, $account:literal, $means:literal) => {
        concat!(
            "
            INSERT INTO movement (at_us, lot_id, from_account, from_place, to_account, to_place, quantity, cause, document,
                                  batch_id, attempt_id, reverses, actor, account, means)
            SELECT ",
            $now,
            ", CAST(v.value ->> 0 AS BIGINT), v.value ->> 1, v.value ->> 2, v.value ->> 3, v.value ->> 4,
                   CAST(v.value ->> 5 AS BIGINT), v.value ->> 6, v.value ->> 7, ",
            $batch,
            ",
                   CAST(v.value ->> 9 AS BIGINT), CAST(v.value ->> 10 AS BIGINT), ",
            $actor,
            ", ",
            $account,
            ", ",
            $means,
            "
            FROM json_each(",
            $rows,
            ") AS v"
        )
    };
}
pub(super) use {add, append, lot_columns, lots};

/// The place of an account among those that were asked for, the lot, its quantity, and when it was received.
pub(super) type LotRow = (i64, i64, i64, i64);

pub(super) const BALANCES: &str = "
    SELECT lot.blank_type, lot.name, balance.account, balance.place, balance.quantity
    FROM balance JOIN lot ON lot.id = balance.lot_id
    WHERE balance.quantity <> 0
    ORDER BY lot.blank_type, lot.received_at_us, lot.id, balance.account, balance.place";

impl Tx {
    /// The lot with this name, which is created if it does not exist.
    pub async fn lot_make(&mut self, blank_type: &str, name: &str, serials: Option<&str>) -> Result<LotId, StoreError> {
        const MAKE: &str = "
            INSERT INTO lot (blank_type, name, serials, received_at_us) VALUES ($1, $2, $3, $4)
            ON CONFLICT (blank_type, name) DO UPDATE SET serials = COALESCE(lot.serials, excluded.serials)
            RETURNING id";
        let id: i64 =
            on!(self, c => sqlx::query_scalar(MAKE).bind(blank_type).bind(name).bind(serials).bind(self.now.0).fetch_one(c))
                .map_err(doing("creating a lot"))?;
        self.touched(SealedTable::Lot, id);
        Ok(LotId(id))
    }

    /// The blank type of a lot.
    pub async fn lot_blank_type(&mut self, lot: LotId) -> Result<String, StoreError> {
        const TYPE: &str = "SELECT blank_type FROM lot WHERE id = $1";
        on!(self, c => sqlx::query_scalar(TYPE).bind(lot.0).fetch_one(c)).map_err(doing("reading a lot"))
    }

    /// A lot by name.
    pub async fn lot_get(&mut self, blank_type: &str, name: &str) -> Result<Option<Lot>, StoreError> {
        const GET: &str = "SELECT id, blank_type, name, serials FROM lot WHERE blank_type = $1 AND name = $2";
        let row: Option<(i64, String, String, Option<String>)> =
            on!(self, c => sqlx::query_as(GET).bind(blank_type).bind(name).fetch_optional(c))
                .map_err(doing("reading a lot"))?;
        Ok(row.map(|(id, blank_type, name, serials)| Lot { id: LotId(id), blank_type, name, serials }))
    }

    /// The free and reserved blanks in the counted hopper of a printer, of all types.
    pub async fn hopper_blanks(&mut self, printer: &str) -> Result<i64, StoreError> {
        const BLANKS: &str = "
            SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM balance
            WHERE account IN ('hopper', 'reserved') AND place = $1";
        on!(self, c => sqlx::query_scalar(BLANKS).bind(printer).fetch_one(c)).map_err(doing("reading an account"))
    }

    /// The balance of an account by lot, oldest lot first. Lots with a zero balance are left out.
    pub async fn account_lots(&mut self, blank_type: &str, account: &Account) -> Result<Vec<LotQuantity>, StoreError> {
        Ok(self.accounts_lots(&[(blank_type, account)]).await?.pop().unwrap_or_default())
    }

    /// [`account_lots`](Self::account_lots) for several accounts, each with its blank type; the result is in the same order.
    pub async fn accounts_lots(&mut self, accounts: &[(&str, &Account)]) -> Result<Vec<Vec<LotQuantity>>, StoreError> {
        const LOTS: &str = concat!("SELECT ", lot_columns!(), " ", lots!("$1"), " ORDER BY lot.received_at_us, lot.id");
        let rows: Vec<LotRow> = on!(self, c => sqlx::query_as(LOTS).bind(set(&account_rows(accounts))).fetch_all(c))
            .map_err(doing("reading an account"))?;
        Ok(lots_of(rows, accounts.len()))
    }

    /// Appends movements and updates the balances. [`StoreError::InsufficientStock`] if an account other than `supplier` would
    /// become negative.
    pub async fn movements_append(&mut self, movements: &[Movement]) -> Result<(), StoreError> {
        const APPEND: &str = append!("$1", "$2", "CAST(v.value ->> 8 AS BIGINT)", "$3", "$4", "$5");
        if movements.is_empty() {
            return Ok(());
        }
        let (actor, account, means) = self.writer.actor.columns();
        let rows: Vec<_> = movements.iter().map(|m| movement_row(m, m.batch.map(|batch| batch.0))).collect();
        execute!(self, sqlx::query(APPEND).bind(set(&rows)).bind(self.now.0).bind(actor).bind(account).bind(means))
            .map_err(doing("writing the ledger"))?;
        for movement in movements {
            self.changes.movement(movement, movement.batch.map(|batch| batch.0));
        }
        let deltas = deltas(movements);
        if self.balances_add(&deltas).await? == deltas.len() as u64 {
            return Ok(());
        }
        self.balances_open(&deltas).await
    }

    /// Adds to existing balances. Returns how many of them exist.
    async fn balances_add(&mut self, deltas: &[Delta]) -> Result<u64, StoreError> {
        const ADD: &str = add!("$1");
        execute!(self, sqlx::query(ADD).bind(set(deltas))).map_err(doing("updating the balances"))
    }

    /// Creates the balances that did not exist and adds to them; the existing ones have been updated before.
    pub(super) async fn balances_open(&mut self, deltas: &[Delta]) -> Result<(), StoreError> {
        const OPEN: &str = "
            INSERT INTO balance (lot_id, account, place, quantity)
            SELECT CAST(v.value ->> 0 AS BIGINT), v.value ->> 1, v.value ->> 2, 0 FROM json_each($1) AS v WHERE true
            ON CONFLICT DO NOTHING
            RETURNING lot_id, account, place";
        let opened: Vec<(i64, String, String)> =
            on!(self, c => sqlx::query_as(OPEN).bind(set(deltas)).fetch_all(c)).map_err(doing("opening an account"))?;
        let is_new = |d: &&Delta| opened.iter().any(|o| (o.0, o.1.as_str(), &o.2) == (d.0, d.1, &d.2));
        let new: Vec<_> = deltas.iter().filter(is_new).cloned().collect();
        if self.balances_add(&new).await? == new.len() as u64 {
            Ok(())
        } else {
            Err(StoreError::Conflict("the balance"))
        }
    }

    /// All balances that are not zero.
    pub async fn balance_list(&mut self) -> Result<Vec<BalanceLine>, StoreError> {
        let rows: Vec<(String, String, String, String, i64)> =
            on!(self, c => sqlx::query_as(BALANCES).fetch_all(c)).map_err(doing("reading the balances"))?;
        let line =
            |(blank_type, lot, account, place, quantity)| BalanceLine { blank_type, lot, account, place, quantity };
        Ok(rows.into_iter().map(line).collect())
    }

    /// Balances that differ from the sum of their movements: lot, account and place; the balance; the sum. Reads the whole
    /// ledger.
    pub async fn balance_faults(&mut self) -> Result<Vec<(String, i64, i64)>, StoreError> {
        const FAULTS: &str = "
            SELECT key, CAST(SUM(booked) AS BIGINT), CAST(SUM(moved) AS BIGINT) FROM (
                SELECT lot_id || ' ' || account || ' ' || place AS key, quantity AS booked, 0 AS moved FROM balance
                UNION ALL SELECT lot_id || ' ' || to_account || ' ' || to_place, 0, quantity FROM movement
                UNION ALL SELECT lot_id || ' ' || from_account || ' ' || from_place, 0, -quantity FROM movement
            ) AS entries GROUP BY key HAVING SUM(booked) <> SUM(moved) ORDER BY key";
        self.without_timeout();
        on!(self, c => sqlx::query_as(FAULTS).fetch_all(c)).map_err(doing("checking the ledger"))
    }
}

/// Accounts with the blank type of each, for [`lots!`].
pub(super) fn account_rows<'a>(accounts: &[(&'a str, &'a Account)]) -> Vec<(&'a str, &'static str, &'a str)> {
    accounts.iter().map(|(kind, account)| (*kind, account.name(), account.place())).collect()
}

/// The lots of each account.
pub(super) fn lots_of(rows: Vec<LotRow>, accounts: usize) -> Vec<Vec<LotQuantity>> {
    let mut lots = vec![Vec::new(); accounts];
    for (at, lot, quantity, _) in rows {
        if let Some(lots) = usize::try_from(at).ok().and_then(|at| lots.get_mut(at)) {
            lots.push(LotQuantity { lot: LotId(lot), quantity });
        }
    }
    lots
}

/// The change of each balance by movements.
pub(super) fn deltas<'a>(movements: impl IntoIterator<Item = &'a Movement>) -> Vec<Delta> {
    let mut deltas: BTreeMap<(i64, &'static str, String), i64> = BTreeMap::new();
    for m in movements {
        *deltas.entry((m.lot.0, m.from.name(), m.from.place().to_owned())).or_default() -= m.quantity;
        *deltas.entry((m.lot.0, m.to.name(), m.to.place().to_owned())).or_default() += m.quantity;
    }
    deltas.into_iter().map(|((lot, account, place), delta)| (lot, account, place, delta)).collect()
}

/// A movement with what stands for its batch.
pub(super) fn movement_row<B>(m: &Movement, batch: B) -> MovementRow<'_, B> {
    (
        m.lot.0,
        m.from.name(),
        m.from.place(),
        m.to.name(),
        m.to.place(),
        m.quantity,
        m.cause.as_str(),
        m.document.as_deref(),
        batch,
        m.attempt.map(|a| a.0),
        m.reverses.map(|delivery| delivery.0),
    )
}
