//! The board: the list, the stock, the printers, the open work, and what needs a person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Engine, EngineError, HiddenType, Query,
    cover::{self, Cover},
    needs::{self, Need},
    printers::{self, Facts, PrinterLine},
    stock::{Totals, totals},
};
use crate::{
    domain::{
        cover::whole_classes,
        natural::natural_order,
        pause::{Pause, PauseScope},
        permission::Operation,
        record::RecordState,
        window::{NextChange, next_change},
    },
    store::{BatchLine, Node, OldestWaiting, Tx},
};

/// The records that are counted in one class at most.
const CLASS_COUNT_MAX: i64 = 1_000;

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
    /// For how many days the blanks of each type last.
    #[serde(default)]
    pub cover: Vec<Cover>,
    /// When printing begins or ends next by the windows; none if the settings have a fault.
    #[serde(default)]
    pub next_change: Option<NextChange>,
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
        let oldest_waiting = oldest_waiting(&mut tx, &facts).await?;
        let blangko = totals(&facts.balances);
        let cover = cover::read(engine, &mut tx, &facts, (&printers, &blangko)).await?;
        let Facts { counts, pauses, batches, .. } = facts;
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
            oldest_waiting,
            blangko,
            cover,
            next_change: next_window(engine, &printers),
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

/// When a window opens or closes next for the printers.
fn next_window(engine: &Engine, printers: &[PrinterLine]) -> Option<NextChange> {
    let names: Vec<&str> = printers.iter().map(|printer| &*printer.name).collect();
    let is_known = engine.broken.settings.is_empty();
    is_known.then(|| next_change(&engine.settings.windows, &names, engine.clock.now()))
}

/// The first that waits in each priority class, with how many do. In each class, a thousand at most are counted; the rest of a profile's
/// list is known from its counter.
async fn oldest_waiting(tx: &mut Tx, facts: &Facts) -> Result<Vec<OldestWaiting>, EngineError> {
    let mut classes = tx.waiting_oldest().await?;
    for oldest in &mut classes {
        oldest.count = Some(tx.waiting_in_class(&oldest.profile, oldest.class, CLASS_COUNT_MAX).await?);
    }
    for of_profile in classes.chunk_by_mut(|one, other| one.profile == other.profile) {
        let total = of_profile.first().map_or(0, |oldest| facts.waiting(&oldest.profile));
        let counted: Vec<i64> = of_profile.iter().filter_map(|oldest| oldest.count).collect();
        let whole = whole_classes(&counted, total, CLASS_COUNT_MAX);
        for (oldest, (count, is_whole)) in of_profile.iter_mut().zip(whole) {
            (oldest.count, oldest.is_counted) = (Some(count), is_whole);
        }
    }
    Ok(classes)
}

pub(super) fn pause_line(pause: Pause) -> PauseLine {
    let what = match pause.scope {
        PauseScope::Queue => "queue".into(),
        PauseScope::Printer(name) => format!("printer {name}"),
        PauseScope::Batch(id) => format!("batch {id}"),
    };
    PauseLine { what, reason: pause.reason, by: pause.actor, since: pause.at.to_string() }
}
