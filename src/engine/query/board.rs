//! The board: the list, the stock, the printers, the open work, and what needs a person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Engine, EngineError, HiddenType, Query,
    needs::{self, Need},
    printers::{self, Facts, PrinterLine},
    stock::{Totals, totals},
};
use crate::{
    domain::{
        natural::natural_order,
        pause::{Pause, PauseScope},
        permission::Operation,
        record::RecordState,
    },
    store::{BatchLine, Node, OldestWaiting},
};

/// Asks how things are: records, blanks, printers, pauses, open batches, and what needs a person.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowBoard {}

/// What a supervisor sees first. Its reading costs the same however many records there are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Board {
    /// Records by state; the states partition them.
    pub records: BTreeMap<String, i64>,
    /// The first that waits, of each profile and priority class.
    pub oldest_waiting: Vec<OldestWaiting>,
    /// Blank type to account to quantity, with `sum`, which is zero when the books are right.
    pub blangko: Totals,
    /// The printers.
    pub printers: Vec<PrinterLine>,
    /// The whole queue.
    pub queue: QueueLine,
    /// All pauses in force, the whole queue's too.
    pub pauses: Vec<PauseLine>,
    /// The schedulers that share the database; none on a file.
    pub nodes: Vec<Node>,
    /// Batches that are not closed: at most one of each printer.
    pub batches: Vec<BatchLine>,
    /// What waits for a person.
    pub needs_person: Vec<Need>,
    /// District to state to records.
    pub districts: BTreeMap<String, BTreeMap<String, i64>>,
    /// The blank types whose quantities are hidden from the reader, as they are being counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<HiddenType>,
}

impl Board {
    /// Since when the whole queue is paused, RFC 3339; empty if it is not.
    pub fn paused_since(&self) -> &str {
        self.pauses.iter().find(|pause| pause.what == "queue").map_or("", |pause| &pause.since)
    }
}

/// The whole queue.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct QueueLine {
    /// It is paused.
    pub paused: bool,
    /// Why.
    pub reason: Option<String>,
    /// The person who paused it.
    pub by: Option<String>,
}

/// A pause in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PauseLine {
    /// `queue`, `printer NAME` or `batch NUMBER`.
    pub what: String,
    /// Why.
    pub reason: String,
    /// The person who paused.
    pub by: String,
    /// Since when, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub since: String,
}

impl Query for ShowBoard {
    type Answer = Board;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Board, EngineError> {
        let mut tx = engine.store.read().await?;
        let facts = Facts::read(engine, &mut tx).await?;
        let printers = printers::read(engine, &mut tx, &facts).await?;
        let needs_person = needs::read(engine, &mut tx, &facts, &printers).await?;
        let Facts { counts, pauses, balances, batches, .. } = facts;
        let mut records: BTreeMap<String, i64> =
            RecordState::ALL.into_iter().map(|state| (state.as_str().to_owned(), 0)).collect();
        let mut districts: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
        for line in counts {
            *districts.entry(line.district).or_default().entry(line.state.clone()).or_default() += line.count;
            *records.entry(line.state).or_default() += line.count;
        }
        let mut nodes = tx.node_list().await?;
        nodes.sort_by(|a, b| natural_order(&a.name, &b.name));
        let whole = pauses.iter().find(|p| p.scope == PauseScope::Queue);
        Ok(Board {
            records,
            oldest_waiting: tx.waiting_oldest().await?,
            blangko: totals(&balances),
            printers,
            queue: QueueLine {
                paused: whole.is_some(),
                reason: whole.map(|p| p.reason.clone()),
                by: whole.map(|p| p.actor.clone()),
            },
            pauses: pauses.into_iter().map(pause_line).collect(),
            nodes,
            batches,
            needs_person,
            districts,
            hidden: Vec::new(),
        })
    }
}

pub(super) fn pause_line(pause: Pause) -> PauseLine {
    let what = match pause.scope {
        PauseScope::Queue => "queue".into(),
        PauseScope::Printer(name) => format!("printer {name}"),
        PauseScope::Batch(id) => format!("batch {id}"),
    };
    PauseLine { what, reason: pause.reason, by: pause.actor, since: pause.at.to_string() }
}
