//! The order of a day: what came onto the waiting list, what left it into which batch, and what changed a place, each with its event of
//! the audit. It is read from the audit, and so it can be compared with it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Query};
use crate::{
    domain::{
        audit_row::{changes_of, entries, row_instant},
        changes::Changes,
        id::BatchId,
        permission::Operation,
        place::PlaceKeys,
        positions::Positions,
        ranges::parse_ranges,
        time::{Day, Timestamp},
    },
    engine::operations::RecordName,
    store::{ChainHead, KeysOverTime, PlaceChange, Tx},
};

/// The most lines of a page.
const LINES_MAX: usize = 1_000;
/// The most rows of the audit that a page looks at.
const ROWS_MAX: usize = 2_000;
/// Clocks are set back by less than this without stopping the scheduler.
const CLOCK_SET_BACK: std::time::Duration = std::time::Duration::from_mins(2);

/// Asks for the order of a day in the time zone of the office, in pages.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportOrder {
    /// The day.
    pub day: Day,
    /// The `next` of the page before; none for the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<OrderCursor>,
}

/// A part of the order of a day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OrderPage {
    /// What happened, oldest first; at most 1,000 lines, and also fewer or none on a page that is not the last.
    pub lines: Vec<OrderLine>,
    /// Where the next page begins; none if this is the last.
    pub next: Option<OrderCursor>,
}

/// What happened to the place of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OrderEvent {
    /// It came onto the waiting list: imported, released, returned from a batch, or to be printed again.
    Listed,
    /// It left the waiting list into a batch.
    Batched,
    /// It left the waiting list and joined the front of a batch, by a lane.
    Joined,
    /// It left the waiting list otherwise: held, quarantined or withdrawn.
    Unlisted,
    /// Its place changed: a jump of a person, or its list sent it again with other keys.
    Moved,
}

impl OrderEvent {
    /// The code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Batched => "batched",
            Self::Joined => "joined",
            Self::Unlisted => "unlisted",
            Self::Moved => "moved",
        }
    }
}

/// A line of the order of a day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OrderLine {
    /// The chain of the audit.
    pub chain: String,
    /// The number of the event in its chain.
    pub seq: i64,
    /// When, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// The person or program.
    pub by: String,
    /// Noun and verb of the event: `record.put-first`.
    pub act: String,
    /// What happened to the place of the record.
    pub event: OrderEvent,
    /// The record's profile.
    pub profile: String,
    /// The keys of the order that the record has then.
    #[serde(flatten)]
    pub keys: PlaceKeys,
    /// The first key of the pile of a batch, as it is now.
    pub district: String,
    /// The second key of the pile.
    pub village: String,
    /// The class that the record had before, if its place changed.
    pub from_class: Option<i64>,
    /// The batch into which the record went.
    pub batch: Option<BatchId>,
    /// Its place among the cards with which the batch was made, from 1; none if it joined the front of the batch later.
    pub position: Option<i64>,
    /// The printer of the batch.
    pub printer: Option<String>,
}

impl OrderLine {
    /// The record.
    pub fn record(&self) -> RecordName {
        RecordName { source: self.keys.source.clone(), request_id: self.keys.request_id.clone() }
    }
}

/// Where a page begins: the last event of each chain that was read, the lines that were told of the next row, and the last change of a
/// place before. `cli:12,scheduler:400;3;7`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct OrderCursor {
    positions: Positions,
    told: usize,
    change: i64,
}

impl From<OrderCursor> for String {
    fn from(cursor: OrderCursor) -> Self {
        format!("{};{};{}", cursor.positions, cursor.told, cursor.change)
    }
}

impl TryFrom<String> for OrderCursor {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let read = || {
            let [positions, told, change] = text.split(';').collect::<Vec<_>>().try_into().ok()?;
            Some(Self { positions: positions.parse().ok()?, told: told.parse().ok()?, change: change.parse().ok()? })
        };
        read().ok_or("not where a page begins")
    }
}

impl Query for ReportOrder {
    type Answer = OrderPage;
    const OPERATION: Operation = Operation::ReportRead;

    async fn read(self, engine: &Engine) -> Result<OrderPage, EngineError> {
        let (from, to) = self.day.span(&engine.settings.zone);
        let mut tx = engine.store.read().await?;
        let heads = tx.audit_heads().await?;
        let begin = match self.after {
            Some(begin) => begin,
            None => first(&mut tx, &heads, from).await?,
        };
        let mut page = Page { lines: Vec::new(), cursor: begin, seen: HashMap::new() };
        let mut rows = Rows::open(&mut tx, &heads, &page.cursor.positions, to).await?;
        for _ in 0..ROWS_MAX {
            let Some(row) = rows.next() else { return Ok(OrderPage { lines: page.lines, next: None }) };
            let is_whole = row.at < from || page.take(&mut tx, &row).await?;
            if !is_whole {
                break;
            }
            page.cursor.positions.advance(&row.chain, row.seq);
            page.cursor.told = 0;
            rows.read(&mut tx, row.chain, row.seq).await?;
        }
        Ok(OrderPage { lines: page.lines, next: Some(page.cursor) })
    }
}

/// Where the first page begins.
async fn first(tx: &mut Tx, heads: &[ChainHead], from: Timestamp) -> Result<OrderCursor, EngineError> {
    let mut positions = Positions::default();
    for head in heads {
        positions.advance(&head.chain, tx.audit_before(&head.chain, head.seq, from.minus(CLOCK_SET_BACK)).await?);
    }
    Ok(OrderCursor { positions, told: 0, change: tx.place_change_before(from).await? })
}

/// A row of the audit.
struct Row {
    at: Timestamp,
    chain: String,
    seq: i64,
    text: String,
}

/// The next row of each chain until the end of the day.
struct Rows {
    next: Vec<Row>,
    to: Timestamp,
}

impl Rows {
    async fn open(tx: &mut Tx, heads: &[ChainHead], after: &Positions, to: Timestamp) -> Result<Self, EngineError> {
        let mut rows = Self { next: Vec::new(), to };
        for head in heads {
            rows.read(tx, head.chain.clone(), after.of(&head.chain)).await?;
        }
        Ok(rows)
    }

    /// Reads the next row of a chain.
    async fn read(&mut self, tx: &mut Tx, chain: String, after: i64) -> Result<(), EngineError> {
        if let Some((seq, text)) = tx.audit_next_row(&chain, after).await? {
            let at = row_instant(&text).unwrap_or_default();
            if at < self.to {
                self.next.push(Row { at, chain, seq, text });
            }
        }
        Ok(())
    }

    /// The oldest of them; of several of one instant, that of the first chain by name.
    fn next(&mut self) -> Option<Row> {
        let first = (0..self.next.len()).min_by_key(|at| (self.next[*at].at, self.next[*at].chain.clone()))?;
        Some(self.next.swap_remove(first))
    }
}

/// An event of a row, as far as it is told.
#[derive(Deserialize)]
struct Entry {
    seq: i64,
    at: String,
    actor: String,
    act: String,
    subject: String,
    #[serde(default)]
    details: serde_json::Map<String, serde_json::Value>,
}

/// A batch that a row made, or a card that joined one.
struct Made {
    batch: BatchId,
    printer: String,
    records: Vec<std::ops::RangeInclusive<i64>>,
    positions: i64,
    entry: usize,
    is_joined: bool,
}

/// A line before its record is read: the record, what happened, and with a batch its place among those of the row and the position.
struct Told {
    record: i64,
    event: OrderEvent,
    batch: Option<(usize, i64)>,
    /// The change of its place.
    change: Option<PlaceChange>,
}

/// The page that is made.
struct Page {
    lines: Vec<OrderLine>,
    cursor: OrderCursor,
    seen: HashMap<i64, KeysOverTime>,
}

impl Page {
    /// Adds the lines of a row that were not told before. Returns whether all have been told now.
    async fn take(&mut self, tx: &mut Tx, row: &Row) -> Result<bool, EngineError> {
        let Some((_, changes)) = changes_of(&row.text) else { return Ok(true) };
        let is_change = |(table, key, _): &(std::borrow::Cow<'static, str>, String, Option<String>)| {
            (table == "place_change").then(|| key.parse().ok()).flatten()
        };
        let numbers: Vec<i64> = changes.rows.iter().filter_map(is_change).collect();
        let is_of_list = changes.added.contains_key("waiting")
            || changes.records.iter().any(|(_, from, to, _)| from != to && (from == "waiting" || to == "waiting"));
        if numbers.is_empty() && !is_of_list {
            return Ok(true);
        }
        let moved = tx.place_changes(&numbers).await?;
        self.cursor.change = moved.iter().map(|change| change.id).fold(self.cursor.change, i64::max);
        let events: Vec<Entry> = entries(&row.text).filter_map(|entry| serde_json::from_str(&entry).ok()).collect();
        let mut made: Vec<Made> = events.iter().enumerate().filter_map(|(at, entry)| made(at, entry)).collect();
        let told = told(&changes, moved, &mut made);
        let room = LINES_MAX - self.lines.len();
        let some: Vec<Told> = told.into_iter().skip(self.cursor.told).take(room + 1).collect();
        let is_whole = some.len() <= room;
        let some = &some[..some.len().min(room)];
        self.read(tx, some).await?;
        for line in some {
            let Some(keys) = self.seen.get(&line.record) else { continue };
            let after = line.change.as_ref().map_or(self.cursor.change, |change| change.id);
            let lines = line_of(row, (&events, &made), line, (keys, after));
            self.lines.extend(lines);
        }
        self.cursor.told += some.len();
        Ok(is_whole)
    }

    /// Reads the keys of the records of these lines.
    async fn read(&mut self, tx: &mut Tx, lines: &[Told]) -> Result<(), EngineError> {
        let mut unknown: Vec<i64> =
            lines.iter().map(|line| line.record).filter(|record| !self.seen.contains_key(record)).collect();
        unknown.sort_unstable();
        unknown.dedup();
        // Also a line of the row itself may need the keys before its last change.
        let after = lines.iter().filter_map(|line| Some(line.change.as_ref()?.id)).min();
        let after = after.map_or(self.cursor.change, |id| id.min(self.cursor.change));
        self.seen.extend(tx.keys_over_time(&unknown, after).await?);
        Ok(())
    }
}

/// What the row of a batch says: `batch.made` has its records, and a card joins alone.
fn made(at: usize, entry: &Entry) -> Option<Made> {
    let text = |key: &str| entry.details.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    let (batch, records) = match &*entry.act {
        "batch.made" | "batch.joined" => (entry.subject.strip_prefix("batch ")?, text("records")),
        _ => return None,
    };
    let (batch, printer) = (BatchId(batch.parse().ok()?), text("printer").to_owned());
    let is_joined = entry.act == "batch.joined";
    Some(Made { batch, printer, records: parse_ranges(records).collect(), positions: 0, entry: at, is_joined })
}

/// The lines of a row: changes of places, then what came onto the list and left it, in the order of the commit.
fn told(changes: &Changes, moved: Vec<PlaceChange>, made: &mut [Made]) -> Vec<Told> {
    let moved = moved.into_iter().map(|change| Told {
        record: change.record.0,
        event: OrderEvent::Moved,
        batch: None,
        change: Some(change),
    });
    let mut told: Vec<Told> = moved.collect();
    let plain = |record, event| Told { record, event, batch: None, change: None };
    let added = changes.added.get("waiting").map(String::as_str).unwrap_or_default();
    told.extend(parse_ranges(added).flatten().map(|record| plain(record, OrderEvent::Listed)));
    for (record, from, to, _) in &changes.records {
        match (&**from, &**to) {
            (from, to) if from == to => {}
            ("waiting", "batched") => {
                let of = made.iter().position(|made| made.records.iter().any(|range| range.contains(record)));
                let batch = of.map(|at| {
                    made[at].positions += 1;
                    (at, made[at].positions)
                });
                let joined = of.is_some_and(|at| made[at].is_joined);
                let event = if joined { OrderEvent::Joined } else { OrderEvent::Batched };
                told.push(Told { batch, ..plain(*record, event) });
            }
            ("waiting", _) => told.push(plain(*record, OrderEvent::Unlisted)),
            (_, "waiting") => told.push(plain(*record, OrderEvent::Listed)),
            _ => {}
        }
    }
    told
}

fn line_of(
    row: &Row,
    (events, made): (&[Entry], &[Made]),
    told: &Told,
    (of, after): (&KeysOverTime, i64),
) -> Option<OrderLine> {
    let (keys, KeysOverTime { profile, district, village, .. }) = (of.after(after).clone(), of.clone());
    let batch = told.batch.map(|(at, position)| (&made[at], position));
    let subject = format!("record {}/{}", keys.source, keys.request_id);
    let own = || events.iter().rfind(|entry| entry.subject == subject);
    let entry = batch.map_or_else(own, |(made, _)| events.get(made.entry)).or(events.last())?;
    Some(OrderLine {
        chain: row.chain.clone(),
        seq: entry.seq,
        at: entry.at.clone(),
        by: entry.actor.clone(),
        act: entry.act.clone(),
        event: told.event,
        profile,
        keys,
        district,
        village,
        from_class: told.change.as_ref().map(|change| change.from_class),
        batch: batch.map(|(made, _)| made.batch),
        position: batch.filter(|(made, _)| !made.is_joined).map(|(_, position)| position),
        printer: batch.map(|(made, _)| made.printer.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written() {
        let positions = [("cli", 12), ("scheduler", 400)].into_iter().collect();
        let cursor = OrderCursor { positions, told: 3, change: 7 };
        assert_eq!(String::from(cursor.clone()), "cli:12,scheduler:400;3;7");
        assert_eq!(OrderCursor::try_from(String::from(cursor.clone())), Ok(cursor));
        for wrong in ["", "cli:12", "cli:12;x;7", "cli;0;0", "cli:1;2;3;4"] {
            assert!(OrderCursor::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
