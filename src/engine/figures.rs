//! The figures of an office at a moment, for those who watch over it. They cost the same however many records there are.

use std::collections::BTreeMap;

use super::{
    Engine, EngineError,
    query::{Board, Query, ShowBoard},
    readiness::Readiness,
};
use crate::domain::record::RecordState;

/// The records that are counted in one class at most.
const CLASS_COUNT_MAX: i64 = 1_000;

/// The figures of a moment.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Whether the process can do its work.
    pub readiness: Readiness,
    /// What the board shows, and the waiting list by profile; `None` if the database cannot be read.
    pub office: Option<(Board, Vec<Waiting>)>,
}

/// The records of one profile that wait.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// The profile.
    pub profile: String,
    /// The blanks that they need; empty if the settings have no such profile.
    pub blank_type: String,
    /// Their number.
    pub count: i64,
    /// Priority class to the number in it, at most 1,000: there is no counter of classes.
    pub classes: BTreeMap<i64, i64>,
}

impl Figures {
    /// Reads them. A database that cannot be read is part of the answer.
    pub async fn read(engine: &Engine) -> Self {
        let readiness = Readiness::of(engine).await;
        let office = if readiness.database { office(engine).await.ok() } else { None };
        Self { readiness, office }
    }
}

async fn office(engine: &Engine) -> Result<(Board, Vec<Waiting>), EngineError> {
    let board = ShowBoard {}.read(engine).await?;
    let mut tx = engine.store.read().await?;
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for line in tx.record_counts().await?.into_iter().filter(|line| line.state == RecordState::Waiting.as_str()) {
        *counts.entry(line.profile).or_default() += line.count;
    }
    let mut waiting = Vec::new();
    for (profile, count) in counts {
        let mut classes = BTreeMap::new();
        for oldest in board.oldest_waiting.iter().filter(|oldest| oldest.profile == profile) {
            let in_class = tx.waiting_in_class(&profile, oldest.class, CLASS_COUNT_MAX).await?;
            classes.insert(oldest.class, in_class);
        }
        let blank_type = engine.profiles.get(&profile).map(|profile| profile.blank_type.clone()).unwrap_or_default();
        waiting.push(Waiting { profile, blank_type, count, classes });
    }
    Ok((board, waiting))
}
