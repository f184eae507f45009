//! Cards that are not at the counter: in a district, or handed over.

use sqlx::{ColumnIndex, Decode, Row, Type};

use super::{
    StoreError, Tx, doing, execute, on,
    report::{READY, RecordLine, record_line},
    sealed_table::SealedTable,
    set,
};
use crate::domain::{
    card_out::{OutChange, ProxyDocument, SentCard},
    id::RecordId,
    states::RecordState,
    time::Timestamp,
    transition::RecordChange,
};

/// How many cards of a district are counted at most.
const COUNTED_MAX: i64 = 10_000;
/// How many districts are listed at most.
const DISTRICTS_MAX: i64 = 500;

/// A card that is not at the counter, in a list.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct CardOutLine {
    /// The record's source.
    pub source: String,
    /// The record's request id.
    pub request_id: String,
    /// The card profile.
    pub profile: String,
    /// The district to which it was sent; none if it was handed over in the office.
    pub sent: Option<SentCard>,
    /// When it was handed over, RFC 3339; none if it is in its district.
    #[schemars(extend("format" = "date-time"))]
    pub handed_over_at: Option<String>,
    /// What a proxy showed who received it; none if its citizen did.
    pub proxy: Option<ProxyDocument>,
    /// Whether it is recalled: it is received back, and rejected.
    pub recalled: bool,
    /// Whether it is in its district for longer than the office allows.
    pub overdue: bool,
}

/// The cards in a district.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct DistrictLine {
    /// The district.
    pub district: String,
    /// How many of its cards are not handed over; at most 10,000 are counted.
    pub cards: i64,
    /// When the first of them was sent, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub since: String,
}

/// Which cards that are not at the counter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outside {
    /// Those in districts, in the order in which they were sent.
    Away,
    /// Those in one district, in the same order.
    In(String),
    /// Those that were sent before an instant, and are in their districts.
    AwaySince(Timestamp),
    /// Those that were handed over, the last first.
    HandedOver,
}

/// Where a card is, as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredOut {
    /// The district to which it was sent.
    pub sent: Option<SentCard>,
    /// What a proxy showed who received it, and what was written down of the proxy, sealed, in hexadecimal.
    pub proxy: Option<(ProxyDocument, String)>,
}

/// The cards `c` under a condition, with the key `$key` of the list.
macro_rules! outside {
    ($key:literal, $condition:literal, $order:literal) => {
        concat!(
            "SELECT ",
            $key,
            ", r.source, r.request_id, r.profile, c.district, c.document, c.sent_by, c.sent_at_us,
                    c.handed_over_at_us, c.proxy, r.stop IS NOT NULL
             FROM card_out AS c CROSS JOIN record AS r WHERE r.id = c.record_id AND ",
            $condition,
            " ORDER BY ",
            $order,
            " LIMIT $2"
        )
    };
}
pub(super) const AWAY: &str =
    outside!("c.id", "c.handed_over_order IS NULL AND c.id > $1", "c.handed_over_order, c.id");
pub(super) const IN_DISTRICT: &str = outside!(
    "c.id",
    "c.handed_over_order IS NULL AND c.district = $3 AND c.id > $1",
    "c.handed_over_order, c.district, c.id"
);
pub(super) const AWAY_UP_TO: &str =
    outside!("c.id", "c.handed_over_order IS NULL AND c.id > $1 AND c.id <= $3", "c.handed_over_order, c.id");
pub(super) const HANDED_OVER: &str = outside!(
    "c.handed_over_order",
    "c.handed_over_order IS NOT NULL AND c.handed_over_order < $1",
    "c.handed_over_order DESC"
);

/// The last card that was sent before an instant. Cards are numbered in the order in which they are sent.
pub(super) const LAST_BEFORE: &str = "
    SELECT id FROM card_out WHERE handed_over_order IS NULL AND sent_at_us < $1
    ORDER BY handed_over_order DESC, sent_at_us DESC, id DESC LIMIT 1";

/// At most 10,000.
pub(super) const OVERDUE: &str = "
    SELECT COUNT(*) FROM (
        SELECT 1 FROM card_out WHERE handed_over_order IS NULL AND sent_at_us < $1 LIMIT 10000
    ) AS found";

/// One search for each district.
pub(super) const DISTRICTS: &str = "
    WITH RECURSIVE d (district) AS (
        SELECT MIN(district) FROM card_out WHERE handed_over_order IS NULL
        UNION ALL
        SELECT (SELECT MIN(c.district) FROM card_out AS c WHERE c.handed_over_order IS NULL AND c.district > d.district)
        FROM d WHERE d.district IS NOT NULL
    )
    SELECT district FROM d WHERE district IS NOT NULL LIMIT $1";
pub(super) const OF_DISTRICT: &str = "
    SELECT COUNT(*) FROM (
        SELECT 1 FROM card_out WHERE handed_over_order IS NULL AND district = $1 LIMIT $2
    ) AS found";
pub(super) const FIRST_OF_DISTRICT: &str = "
    SELECT sent_at_us FROM card_out WHERE handed_over_order IS NULL AND district = $1
    ORDER BY handed_over_order, district, id LIMIT 1";

pub(super) const ONE: &str = "
    SELECT district, document, sent_by, sent_at_us, proxy, proxy_sealed FROM card_out WHERE record_id = $1";

/// At most 10,000, through an index of them alone: what is beyond is a long wait anyway.
pub(super) const READY_COUNT: &str = "
    SELECT COUNT(*) FROM (
        SELECT 1 FROM record WHERE state = 'printed' AND checked AND NOT sent AND stop IS NULL LIMIT 10000
    ) AS found";

type Sent = (Option<String>, Option<String>, Option<String>, Option<i64>);

fn sent((district, document, by, at): Sent) -> Option<SentCard> {
    let at = Timestamp(at?).to_string();
    Some(SentCard { district: district?, document: document?, by: by?, at })
}

impl Tx {
    /// Where the card of a record is; `None` if it is at the counter, or was handed over by an earlier version of the program.
    pub async fn card_out(&mut self, record: RecordId) -> Result<Option<StoredOut>, StoreError> {
        type Stored = (Option<String>, Option<String>, Option<String>, Option<i64>, Option<String>, Option<String>);
        let row: Option<Stored> = on!(self, c => sqlx::query_as(ONE).bind(record.0).fetch_optional(c))
            .map_err(doing("reading where a card is"))?;
        let out = |(district, document, by, at, proxy, sealed): Stored| StoredOut {
            sent: sent((district, document, by, at)),
            proxy: proxy.and_then(|kind| kind.parse().ok()).zip(sealed),
        };
        Ok(row.map(out))
    }

    /// Cards that are not at the counter, after the key `after`, at most `limit`, each with its key. A card that was sent before
    /// `overdue` is overdue.
    pub async fn cards_out_list(
        &mut self,
        which: &Outside,
        (after, limit): (i64, i64),
        overdue: Option<Timestamp>,
    ) -> Result<Vec<(i64, CardOutLine)>, StoreError> {
        let what = || doing("listing cards");
        macro_rules! fetch {
            ($tx:expr, $sql:expr $(, $argument:expr)?) => {{
                let rows = on!($tx, c => async {
                    let query = sqlx::query($sql).bind(after).bind(limit)$(.bind($argument))?;
                    query.fetch_all(c).await?.iter().map(out_row).collect::<Result<Vec<_>, _>>()
                });
                rows.map_err(what())?
            }};
        }
        let rows = match which {
            Outside::Away => fetch!(self, AWAY),
            Outside::In(district) => fetch!(self, IN_DISTRICT, district.as_str()),
            Outside::AwaySince(before) => {
                let last: Option<i64> =
                    on!(self, c => sqlx::query_scalar(LAST_BEFORE).bind(before.0).fetch_optional(c)).map_err(what())?;
                let Some(last) = last else { return Ok(Vec::new()) };
                fetch!(self, AWAY_UP_TO, last)
            }
            Outside::HandedOver => fetch!(self, HANDED_OVER),
        };
        Ok(rows.iter().map(|row| out_line(row, overdue)).collect())
    }

    /// Cards that can be handed over at the counter, after the record `after`, at most `limit`, each with its key.
    pub async fn cards_ready_list(&mut self, after: i64, limit: i64) -> Result<Vec<(i64, RecordLine)>, StoreError> {
        let rows = on!(self, c => async {
            let rows = sqlx::query(READY).bind(after).bind(limit).fetch_all(c).await?;
            rows.iter().map(record_line).collect::<Result<Vec<_>, _>>()
        });
        rows.map_err(doing("listing cards"))
    }

    /// The number of cards that can be handed over at the counter; at most 10,000.
    pub async fn cards_ready_count(&mut self) -> Result<i64, StoreError> {
        on!(self, c => sqlx::query_scalar(READY_COUNT).fetch_one(c)).map_err(doing("counting checked cards"))
    }

    /// The number of cards that were sent before an instant and are in their districts; at most 10,000.
    pub async fn cards_overdue_count(&mut self, before: Timestamp) -> Result<i64, StoreError> {
        on!(self, c => sqlx::query_scalar(OVERDUE).bind(before.0).fetch_one(c)).map_err(doing("counting sent cards"))
    }

    /// The names of the districts that have cards, at most 500.
    pub async fn districts_names(&mut self) -> Result<Vec<String>, StoreError> {
        on!(self, c => sqlx::query_scalar(DISTRICTS).bind(DISTRICTS_MAX).fetch_all(c))
            .map_err(doing("listing districts"))
    }

    /// The districts that have cards, by name, at most 500.
    pub async fn districts_list(&mut self) -> Result<Vec<DistrictLine>, StoreError> {
        let what = || doing("listing districts");
        let districts = self.districts_names().await?;
        let mut lines = Vec::with_capacity(districts.len());
        for district in districts {
            let cards: i64 =
                on!(self, c => sqlx::query_scalar(OF_DISTRICT).bind(&district).bind(COUNTED_MAX).fetch_one(c))
                    .map_err(what())?;
            let since: i64 =
                on!(self, c => sqlx::query_scalar(FIRST_OF_DISTRICT).bind(&district).fetch_one(c)).map_err(what())?;
            lines.push(DistrictLine { district, cards, since: Timestamp(since).to_string() });
        }
        Ok(lines)
    }

    /// Writes down where the cards of these records are now. The marks of the records are changed already.
    pub(super) async fn cards_out_change(&mut self, changes: &[RecordChange]) -> Result<(), StoreError> {
        let is_handed_over = |c: &&RecordChange| c.to == RecordState::HandedOver && c.from != c.to;
        let is_undone = |c: &&RecordChange| matches!(c.out, OutChange::Undone { .. });
        let is_back = |c: &&RecordChange| {
            let existed = matches!(c.from, RecordState::Printed | RecordState::HandedOver);
            let is_there = matches!(c.to, RecordState::Printed | RecordState::HandedOver);
            (existed && !is_there) || c.out == OutChange::Received
        };
        let sendings = changes.iter().filter_map(|c| match &c.out {
            OutChange::Sent { district, document } => Some((c.id.0, &**district, &**document)),
            OutChange::Keep | OutChange::Received | OutChange::Proxy(_) | OutChange::Undone { .. } => None,
        });
        let hand_overs = changes.iter().filter(is_handed_over).map(|c| match &c.out {
            OutChange::Proxy(proxy) => (c.id.0, Some(proxy.document.as_str()), Some(&*proxy.sealed)),
            OutChange::Keep | OutChange::Received | OutChange::Sent { .. } | OutChange::Undone { .. } => {
                (c.id.0, None, None)
            }
        });
        self.cards_send(&sendings.collect::<Vec<_>>()).await?;
        self.cards_hand_over(&hand_overs.collect::<Vec<_>>()).await?;
        self.hand_overs_undo(&changes.iter().filter(is_undone).map(|c| c.id.0).collect::<Vec<_>>()).await?;
        self.cards_back(&changes.iter().filter(is_back).map(|c| c.id.0).collect::<Vec<_>>()).await
    }

    async fn cards_send(&mut self, rows: &[(i64, &str, &str)]) -> Result<(), StoreError> {
        const SEND: &str = "
            INSERT INTO card_out (id, record_id, district, document, sent_at_us, sent_by)
            SELECT CAST(v.value ->> 0 AS BIGINT), CAST(v.value ->> 1 AS BIGINT), v.value ->> 2, v.value ->> 3, $2, $3
            FROM json_each($1) AS v";
        if rows.is_empty() {
            return Ok(());
        }
        let first = self.card_out_next(NEXT_ID).await?;
        let rows: Vec<_> = (first..).zip(rows).map(|(id, (record, to, with))| (id, *record, *to, *with)).collect();
        let by = self.actor().to_owned();
        execute!(self, sqlx::query(SEND).bind(set(&rows)).bind(self.now.0).bind(&*by))
            .map_err(doing("sending cards"))?;
        self.cards_out_touched(rows.iter().map(|row| row.1));
        Ok(())
    }

    async fn cards_hand_over(&mut self, rows: &[(i64, Option<&str>, Option<&str>)]) -> Result<(), StoreError> {
        const HAND_OVER: &str = "
            INSERT INTO card_out (id, record_id, handed_over_order, handed_over_at_us, proxy, proxy_sealed)
            SELECT CAST(v.value ->> 0 AS BIGINT), CAST(v.value ->> 1 AS BIGINT), CAST(v.value ->> 2 AS BIGINT), $2, v.value ->> 3,
                   v.value ->> 4
            FROM json_each($1) AS v WHERE true
            ON CONFLICT (record_id) DO UPDATE
            SET handed_over_order = excluded.handed_over_order, handed_over_at_us = excluded.handed_over_at_us,
                proxy = excluded.proxy, proxy_sealed = excluded.proxy_sealed";
        if rows.is_empty() {
            return Ok(());
        }
        let numbers = (self.card_out_next(NEXT_ID).await?..).zip(self.card_out_next(NEXT_ORDER).await?..);
        let rows: Vec<_> = numbers.zip(rows).map(|((id, order), row)| (id, row.0, order, row.1, row.2)).collect();
        execute!(self, sqlx::query(HAND_OVER).bind(set(&rows)).bind(self.now.0))
            .map_err(doing("handing cards over"))?;
        self.cards_out_touched(rows.iter().map(|row| row.1));
        Ok(())
    }

    /// The cards are where they were before: in their districts, or at the counter.
    async fn hand_overs_undo(&mut self, records: &[i64]) -> Result<(), StoreError> {
        const UNDO: &str = "
            UPDATE card_out SET handed_over_order = NULL, handed_over_at_us = NULL, proxy = NULL, proxy_sealed = NULL
            WHERE record_id IN (SELECT CAST(v.value AS BIGINT) FROM json_each($1) AS v) AND district IS NOT NULL";
        const DELETE: &str = "
            DELETE FROM card_out
            WHERE record_id IN (SELECT CAST(v.value AS BIGINT) FROM json_each($1) AS v) AND district IS NULL
            RETURNING record_id";
        if records.is_empty() {
            return Ok(());
        }
        let what = || doing("correcting hand-overs");
        let deleted: Vec<i64> =
            on!(self, c => sqlx::query_scalar(DELETE).bind(set(records)).fetch_all(c)).map_err(what())?;
        let undone = execute!(self, sqlx::query(UNDO).bind(set(records))).map_err(what())?;
        if undone > 0 {
            self.cards_out_touched(records.iter().copied().filter(|record| !deleted.contains(record)));
        }
        self.cards_out_touched(deleted.into_iter());
        Ok(())
    }

    /// The cards are at the counter, or are no more.
    async fn cards_back(&mut self, records: &[i64]) -> Result<(), StoreError> {
        const DELETE: &str = "
            DELETE FROM card_out WHERE record_id IN (SELECT CAST(v.value AS BIGINT) FROM json_each($1) AS v)
            RETURNING record_id";
        if records.is_empty() {
            return Ok(());
        }
        let deleted: Vec<i64> = on!(self, c => sqlx::query_scalar(DELETE).bind(set(records)).fetch_all(c))
            .map_err(doing("receiving cards"))?;
        self.cards_out_touched(deleted.into_iter());
        Ok(())
    }

    async fn card_out_next(&mut self, sql: &'static str) -> Result<i64, StoreError> {
        on!(self, c => sqlx::query_scalar(sql).fetch_one(c)).map_err(doing("numbering cards"))
    }

    fn cards_out_touched(&mut self, records: impl Iterator<Item = i64>) {
        records.for_each(|record| self.touched(SealedTable::CardOut, record));
    }
}

const NEXT_ID: &str = "SELECT COALESCE(MAX(id), 0) + 1 FROM card_out";
const NEXT_ORDER: &str =
    "SELECT COALESCE(MAX(handed_over_order), 0) + 1 FROM card_out WHERE handed_over_order IS NOT NULL";

/// A row of [`outside!`](outside).
struct CardOutRow {
    key: i64,
    source: String,
    request_id: String,
    profile: String,
    sent: Sent,
    handed_over_at: Option<i64>,
    proxy: Option<String>,
    recalled: bool,
}

fn out_row<'r, R>(row: &'r R) -> Result<CardOutRow, sqlx::Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    bool: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Option<String>: Decode<'r, R::Database> + Type<R::Database>,
    Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
{
    Ok(CardOutRow {
        key: row.try_get(0)?,
        source: row.try_get(1)?,
        request_id: row.try_get(2)?,
        profile: row.try_get(3)?,
        sent: (row.try_get(4)?, row.try_get(5)?, row.try_get(6)?, row.try_get(7)?),
        handed_over_at: row.try_get(8)?,
        proxy: row.try_get(9)?,
        recalled: row.try_get(10)?,
    })
}

fn out_line(row: &CardOutRow, overdue: Option<Timestamp>) -> (i64, CardOutLine) {
    let is_away = row.handed_over_at.is_none();
    let is_before = |before: Timestamp| row.sent.3.is_some_and(|at| at < before.0);
    let line = CardOutLine {
        source: row.source.clone(),
        request_id: row.request_id.clone(),
        profile: row.profile.clone(),
        sent: sent(row.sent.clone()),
        handed_over_at: row.handed_over_at.map(|at| Timestamp(at).to_string()),
        proxy: row.proxy.as_deref().and_then(|kind| kind.parse().ok()),
        recalled: row.recalled,
        overdue: is_away && overdue.is_some_and(is_before),
    };
    (row.key, line)
}
