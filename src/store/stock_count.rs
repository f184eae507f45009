//! Counts of blanks.

use super::{StoreError, Tx, doing, execute, on, parse, sealed_table::SealedTable};
use crate::domain::{
    count::{Compared, CountPerson, StockCount, WhichCount},
    id::{AccountId, CountId},
    states::CountState,
    stock::Place,
    time::Timestamp,
};

/// A count that is open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenCount {
    /// Its number.
    pub id: CountId,
    /// The blank type.
    pub blank_type: String,
    /// The place.
    pub place: Place,
    /// What it waits for.
    pub state: CountState,
    /// Since when it waits for that.
    pub since: Timestamp,
}

/// What a person counted, for a list.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct MadeCountLine {
    /// The name of the person who counted.
    pub by: String,
    /// When it was entered, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// The counted number; none while it is hidden from the reader.
    pub counted: Option<i64>,
    /// The number that was booked at that instant; none while it is hidden from the reader.
    pub booked: Option<i64>,
}

/// A count of blanks, for a list.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct StockCountLine {
    /// Its number.
    pub id: i64,
    /// The blank type.
    pub blank_type: String,
    /// The printer whose hopper is counted; none for the vault.
    pub printer: Option<String>,
    /// Where it is.
    pub state: CountState,
    /// The person who makes the first count; none if anyone may who keeps the stock.
    pub counter: Option<String>,
    /// Why it was opened.
    pub note: String,
    /// The name of the person who opened it.
    pub opened_by: String,
    /// When it was opened, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub opened_at: String,
    /// The first count.
    pub first: Option<MadeCountLine>,
    /// The second count, by another person.
    pub second: Option<MadeCountLine>,
    /// Which of them was booked.
    pub which: Option<WhichCount>,
    /// The name of the person who closed it.
    pub closed_by: Option<String>,
    /// When it was closed, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub closed_at: Option<String>,
    /// Why it was booked or cancelled.
    pub closed_note: Option<String>,
    /// Whether its numbers, and the quantities of its blank type, are hidden from the reader.
    #[serde(default)]
    pub hidden: bool,
    /// The open count of the same blank type during which they are hidden: itself, or a later one.
    #[serde(default)]
    pub hidden_by: Option<CountId>,
}

type Made = (Option<i64>, Option<i64>, Option<String>, Option<i64>, Option<i64>);
type Head = (i64, String, String, String, Option<String>, Option<i64>);
type Rest = (String, String, i64, Option<String>, Option<String>, Option<i64>, Option<String>);

/// The columns of [`Row`] under a condition.
macro_rules! rows {
    ($condition:literal) => {
        concat!(
            "SELECT id, blank_type, place, state, counter, counter_account,
                    first_counted, first_booked, first_by, first_account, first_at_us,
                    second_counted, second_booked, second_by, second_account, second_at_us,
                    note, opened_by, opened_at_us, which, closed_by, closed_at_us, closed_note
             FROM stock_count WHERE ",
            $condition
        )
    };
}

/// A row, in the order of `rows!`.
struct Row {
    head: Head,
    made: [Made; 2],
    rest: Rest,
}

impl<'r, R: sqlx::Row> sqlx::FromRow<'r, R> for Row
where
    usize: sqlx::ColumnIndex<R>,
    i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    Option<i64>: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    Option<String>: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        let made = |at: usize| {
            Ok::<Made, sqlx::Error>((
                row.try_get(at)?,
                row.try_get(at + 1)?,
                row.try_get(at + 2)?,
                row.try_get(at + 3)?,
                row.try_get(at + 4)?,
            ))
        };
        Ok(Self {
            head: (
                row.try_get(0)?,
                row.try_get(1)?,
                row.try_get(2)?,
                row.try_get(3)?,
                row.try_get(4)?,
                row.try_get(5)?,
            ),
            made: [made(6)?, made(11)?],
            rest: (
                row.try_get(16)?,
                row.try_get(17)?,
                row.try_get(18)?,
                row.try_get(19)?,
                row.try_get(20)?,
                row.try_get(21)?,
                row.try_get(22)?,
            ),
        })
    }
}

/// Open counts: at most one for each place and blank type. `+`: through the index of these.
pub(super) const OPEN: &str = "
    SELECT id, blank_type, place, state, COALESCE(second_at_us, first_at_us, opened_at_us) FROM stock_count
    WHERE closed_at_us IS NULL ORDER BY +id";

/// A page of counts, newest first: all, or open ones through their index.
pub(super) const LIST: &str = rows!("id < $1 ORDER BY id DESC LIMIT $2");
pub(super) const OPEN_LIST: &str = rows!("closed_at_us IS NULL AND +id < $1 ORDER BY +id DESC LIMIT $2");

/// The cards of lots of the blank type `$1` that a printer has begun, each with a blank of the place `$2`, and the test cards.
pub(super) const IN_PRINTERS: &str = "
    SELECT (SELECT COUNT(*) FROM attempt JOIN job ON job.id = attempt.job_id JOIN batch ON batch.id = job.batch_id
            JOIN lot ON lot.id = job.lot_id
            WHERE attempt.ended_at_us IS NULL AND attempt.state = 'releasing' AND attempt.acknowledged
              AND batch.place = $2 AND lot.blank_type = $1)
         + (SELECT COUNT(*) FROM test_card JOIN lot ON lot.id = test_card.lot_id
            WHERE test_card.state IN ('intent', 'releasing', 'uncertain') AND test_card.state = 'releasing'
              AND test_card.acknowledged AND test_card.place = $2 AND lot.blank_type = $1)";

impl Tx {
    /// The blanks of a place that are in printers now, so that a person who counts there does not see them.
    pub async fn blanks_in_printers(&mut self, blank_type: &str, place: &Place) -> Result<i64, StoreError> {
        on!(self, c => sqlx::query_scalar(IN_PRINTERS).bind(blank_type).bind(place.as_str()).fetch_one(c))
            .map_err(doing("reading the cards that are printed"))
    }

    /// Opens a count, and returns its number.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if one of the place is open.
    pub async fn stock_count_open(
        &mut self,
        blank_type: &str,
        place: &Place,
        counter: Option<&CountPerson>,
        note: &str,
    ) -> Result<CountId, StoreError> {
        const ADD: &str = "
            INSERT INTO stock_count (blank_type, place, state, counter, counter_account, note, opened_by, opened_account,
                                     opened_means, opened_at_us)
            VALUES ($1, $2, 'first', $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT DO NOTHING RETURNING id";
        let (name, account, means) = self.writer.actor.columns();
        let counter_account = counter.and_then(|counter| counter.account).map(|id| id.0);
        let id: Option<i64> = on!(self, c => sqlx::query_scalar(ADD)
            .bind(blank_type)
            .bind(place.as_str())
            .bind(counter.map(|counter| counter.name.as_str()))
            .bind(counter_account)
            .bind(note)
            .bind(name)
            .bind(account)
            .bind(means)
            .bind(self.now.0)
            .fetch_optional(c))
        .map_err(doing("opening a count"))?;
        let id = id.ok_or(StoreError::Conflict("the count"))?;
        self.touched(SealedTable::StockCount, id);
        Ok(CountId(id))
    }

    /// All counts that are open.
    pub async fn stock_counts_open(&mut self) -> Result<Vec<OpenCount>, StoreError> {
        type Open = (i64, String, String, String, i64);
        let rows: Vec<Open> =
            on!(self, c => sqlx::query_as(OPEN).fetch_all(c)).map_err(doing("reading the open counts"))?;
        let open = |(id, blank_type, place, state, since): Open| {
            Ok(OpenCount {
                id: CountId(id),
                blank_type,
                place: Place::from_stored(&place),
                state: parse("stock_count", id, &state)?,
                since: Timestamp(since),
            })
        };
        rows.into_iter().map(open).collect()
    }

    /// A count by number.
    pub async fn stock_count_get(&mut self, id: CountId) -> Result<Option<StockCount>, StoreError> {
        self.stock_count_row(id).await?.map(stock_count).transpose()
    }

    /// A count by number, for a list.
    pub async fn stock_count_line(&mut self, id: CountId) -> Result<Option<StockCountLine>, StoreError> {
        self.stock_count_row(id).await?.map(line).transpose()
    }

    async fn stock_count_row(&mut self, id: CountId) -> Result<Option<Row>, StoreError> {
        const GET: &str = rows!("id = $1");
        on!(self, c => sqlx::query_as(GET).bind(id.0).fetch_optional(c)).map_err(doing("reading a count"))
    }

    /// Counts with a number below `before`, newest first, at most `limit`.
    pub async fn stock_count_list(
        &mut self,
        open_only: bool,
        before: i64,
        limit: i64,
    ) -> Result<Vec<StockCountLine>, StoreError> {
        let sql = if open_only { OPEN_LIST } else { LIST };
        let rows: Vec<Row> = on!(self, c => sqlx::query_as(sql).bind(before).bind(limit).fetch_all(c))
            .map_err(doing("reading the counts"))?;
        rows.into_iter().map(line).collect()
    }

    /// Saves what a person counted, and the state that follows. One that closes the count is closed by that person.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the count is no longer as `count` has it.
    pub async fn stock_count_enter(
        &mut self,
        count: &StockCount,
        made: Compared,
        to: CountState,
    ) -> Result<(), StoreError> {
        const FIRST: &str = "
            UPDATE stock_count
            SET state = $3, first_counted = $4, first_booked = $5, first_by = $6, first_account = $7, first_means = $8,
                first_at_us = $9, closed_by = CASE WHEN $10 THEN $6 END, closed_account = CASE WHEN $10 THEN $7 END,
                closed_means = CASE WHEN $10 THEN $8 END, closed_at_us = CASE WHEN $10 THEN $9 END
            WHERE id = $1 AND state = $2";
        const SECOND: &str = "
            UPDATE stock_count
            SET state = $3, second_counted = $4, second_booked = $5, second_by = $6, second_account = $7, second_means = $8,
                second_at_us = $9, closed_by = CASE WHEN $10 THEN $6 END, closed_account = CASE WHEN $10 THEN $7 END,
                closed_means = CASE WHEN $10 THEN $8 END, closed_at_us = CASE WHEN $10 THEN $9 END
            WHERE id = $1 AND state = $2";
        let (name, account, means) = self.writer.actor.columns();
        let sql = if count.state == CountState::First { FIRST } else { SECOND };
        let done = execute!(
            self,
            sqlx::query(sql)
                .bind(count.id.0)
                .bind(count.state.as_str())
                .bind(to.as_str())
                .bind(made.counted)
                .bind(made.booked)
                .bind(name)
                .bind(account)
                .bind(means)
                .bind(self.now.0)
                .bind(!to.is_open())
        )
        .map_err(doing("saving a count"))?;
        self.touched(SealedTable::StockCount, count.id);
        if done == 1 { Ok(()) } else { Err(StoreError::Conflict("the count")) }
    }

    /// Closes a count: the difference of one of its counts is booked, or it is cancelled.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the count is no longer as `count` has it.
    pub async fn stock_count_close(
        &mut self,
        count: &StockCount,
        which: Option<WhichCount>,
        note: &str,
    ) -> Result<(), StoreError> {
        const CLOSE: &str = "
            UPDATE stock_count
            SET state = $3, which = $4, closed_by = $5, closed_account = $6, closed_means = $7, closed_at_us = $8, closed_note = $9
            WHERE id = $1 AND state = $2";
        let (name, account, means) = self.writer.actor.columns();
        let to = if which.is_some() { CountState::Booked } else { CountState::Cancelled };
        let done = execute!(
            self,
            sqlx::query(CLOSE)
                .bind(count.id.0)
                .bind(count.state.as_str())
                .bind(to.as_str())
                .bind(which.map(WhichCount::as_str))
                .bind(name)
                .bind(account)
                .bind(means)
                .bind(self.now.0)
                .bind(note)
        )
        .map_err(doing("closing a count"))?;
        self.touched(SealedTable::StockCount, count.id);
        if done == 1 { Ok(()) } else { Err(StoreError::Conflict("the count")) }
    }
}

fn stock_count(row: Row) -> Result<StockCount, StoreError> {
    let (id, blank_type, place, state, counter, counter_account) = row.head;
    let person = |name, account: Option<i64>| CountPerson { account: account.map(AccountId), name };
    let made = |(counted, booked, by, account, _): Made| {
        Some((Compared { counted: counted?, booked: booked? }, person(by?, account)))
    };
    let [first, second] = row.made.map(made);
    Ok(StockCount {
        id: CountId(id),
        blank_type,
        place: Place::from_stored(&place),
        state: parse("stock_count", id, &state)?,
        counter: counter.map(|name| person(name, counter_account)),
        first,
        second,
    })
}

fn line(row: Row) -> Result<StockCountLine, StoreError> {
    let (id, blank_type, place, state, counter, _) = row.head;
    let (note, opened_by, opened_at, which, closed_by, closed_at, closed_note) = row.rest;
    let instant = |at: i64| Timestamp(at).to_string();
    let made = |(counted, booked, by, _, at): Made| Some(MadeCountLine { by: by?, at: instant(at?), counted, booked });
    let [first, second] = row.made.map(made);
    Ok(StockCountLine {
        id,
        blank_type,
        printer: (!place.is_empty()).then_some(place),
        state: parse("stock_count", id, &state)?,
        counter,
        note,
        opened_by,
        opened_at: instant(opened_at),
        first,
        second,
        which: which.map(|which| parse("stock_count", id, &which)).transpose()?,
        closed_by,
        closed_at: closed_at.map(instant),
        closed_note,
        hidden: false,
        hidden_by: None,
    })
}
