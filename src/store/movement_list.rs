//! The ledger by filters. A page looks at [`LOOKED_MAX`] movements at most, however few of them match: it then ends early, and the next
//! page begins where it stopped.

use super::{StoreError, Tx, doing, on, stock::MovementLine};
use crate::domain::time::Timestamp;

/// How many movements a page looks at.
const LOOKED_MAX: i64 = 5_000;

/// Which movements to list. What is `None` is not compared.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct MovementFilter {
    /// The blank type.
    pub blank_type: Option<String>,
    /// The name of the lot.
    pub lot: Option<String>,
    /// The account that the blanks left or went to.
    pub account: Option<String>,
    /// Its place: a printer, or another office.
    pub place: Option<String>,
    /// The name of the person or program.
    pub actor: Option<String>,
    /// The document.
    pub document: Option<String>,
    /// At this instant or later.
    pub since: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

/// A part of the ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Movements {
    /// The movements, newest first.
    pub lines: Vec<MovementLine>,
    /// The number of the last movement that was looked at, if there may be older ones.
    pub looked_to: Option<i64>,
}

pub(super) const LIST: &str = "
    SELECT m.id, m.at_us, lot.blank_type, lot.name, m.from_account, m.from_place, m.to_account, m.to_place, m.quantity,
           m.cause, m.document, m.batch_id, m.actor, m.reverses
    FROM movement AS m CROSS JOIN lot
    WHERE lot.id = m.lot_id AND m.id < $9 AND m.id >= $10
      AND ($1 IS NULL OR lot.blank_type = $1) AND ($2 IS NULL OR lot.name = $2)
      AND ($3 IS NULL OR (m.from_account = $3 AND ($4 IS NULL OR m.from_place = $4))
           OR (m.to_account = $3 AND ($4 IS NULL OR m.to_place = $4)))
      AND ($5 IS NULL OR m.actor = $5) AND ($6 IS NULL OR m.document = $6)
      AND ($7 IS NULL OR m.at_us >= $7) AND ($8 IS NULL OR m.at_us < $8)
    ORDER BY m.id DESC LIMIT $11";
pub(super) const STOP: &str = "SELECT id FROM movement WHERE id < $1 ORDER BY id DESC LIMIT 1 OFFSET $2";

type Row = (
    i64,
    i64,
    String,
    String,
    String,
    String,
    String,
    String,
    i64,
    String,
    Option<String>,
    Option<i64>,
    String,
    Option<i64>,
);

const NEWEST: &str = "
    SELECT (SELECT COALESCE(MAX(id), 0) FROM movement),
           (SELECT MAX(id) FROM movement WHERE id > $1 AND to_account = 'handed-over') IS NOT NULL";

impl Tx {
    /// The number of the newest movement, and whether a card was handed over in one with a number above `after`.
    pub async fn newest_movement(&mut self, after: i64) -> Result<(i64, bool), StoreError> {
        on!(self, c => sqlx::query_as(NEWEST).bind(after).fetch_one(c)).map_err(doing("reading the newest movement"))
    }

    /// Movements with a number below `before`, newest first, at most `limit`.
    pub async fn movement_list(
        &mut self,
        filter: &MovementFilter,
        before: i64,
        limit: i64,
    ) -> Result<Movements, StoreError> {
        let stop: Option<i64> =
            on!(self, c => sqlx::query_scalar(STOP).bind(before).bind(LOOKED_MAX - 1).fetch_optional(c))
                .map_err(doing("reading the ledger"))?;
        let rows: Vec<Row> = on!(self, c => sqlx::query_as(LIST)
            .bind(filter.blank_type.as_deref())
            .bind(filter.lot.as_deref())
            .bind(filter.account.as_deref())
            .bind(filter.place.as_deref())
            .bind(filter.actor.as_deref())
            .bind(filter.document.as_deref())
            .bind(filter.since.map(|at| at.0))
            .bind(filter.until.map(|at| at.0))
            .bind(before)
            .bind(stop.unwrap_or(i64::MIN))
            .bind(limit)
            .fetch_all(c))
        .map_err(doing("reading the ledger"))?;
        Ok(Movements { lines: rows.into_iter().map(line).collect(), looked_to: stop })
    }
}

fn line(r: Row) -> MovementLine {
    let account = |name: &str, place: &str| if place.is_empty() { name.to_owned() } else { format!("{name}:{place}") };
    MovementLine {
        id: r.0,
        at: Timestamp(r.1).to_string(),
        blank_type: r.2,
        lot: r.3,
        from: account(&r.4, &r.5),
        to: account(&r.6, &r.7),
        quantity: r.8,
        cause: r.9,
        document: r.10,
        batch: r.11,
        actor: r.12,
        reverses: r.13,
    }
}
