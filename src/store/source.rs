//! Sources: how their pulls went, what of their lists waits for a person, and their pauses.

use std::collections::HashMap;

use super::{StoreError, Tx, doing, execute, on, parse};
use crate::domain::{
    source::{PulledLists, Pulls, SourceFault, SourcePause},
    time::Timestamp,
};

/// What is known of a source.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct SourceState {
    /// How its pulls went.
    pub pulls: Pulls,
    /// What of its lists was not imported.
    pub lists: PulledLists,
    /// Its pause, if it is paused.
    pub pause: Option<SourcePause>,
}

type Row = (
    String,
    i64,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    i64,
    i64,
    Option<String>,
    Option<i64>,
    Option<String>,
    Option<String>,
);

impl Tx {
    /// The sources that were pulled or paused, by name.
    pub async fn source_states(&mut self) -> Result<HashMap<String, SourceState>, StoreError> {
        const STATES: &str = "
            SELECT name, failures, fault, tried_at_us, succeeded_at_us, failing_since_us, lists_waiting, lists_refused, last_refused,
                   paused_at_us, paused_by, paused_note
            FROM source_state";
        let rows: Vec<Row> =
            on!(self, c => sqlx::query_as(STATES).fetch_all(c)).map_err(doing("reading the sources"))?;
        rows.into_iter().map(of_row).collect()
    }

    /// Saves how the last pull of a source went.
    pub async fn source_pulled(&mut self, name: &str, pulls: &Pulls, lists: &PulledLists) -> Result<(), StoreError> {
        const PULLED: &str = "
            INSERT INTO source_state (name, failures, fault, tried_at_us, succeeded_at_us, failing_since_us, lists_waiting, lists_refused,
                last_refused)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (name) DO UPDATE
            SET failures = excluded.failures, fault = excluded.fault, tried_at_us = excluded.tried_at_us,
                succeeded_at_us = excluded.succeeded_at_us, failing_since_us = excluded.failing_since_us,
                lists_waiting = excluded.lists_waiting, lists_refused = excluded.lists_refused, last_refused = excluded.last_refused";
        // Cannot fail: it is texts and numbers.
        let last = lists.last_refused.as_ref().map(|last| serde_json::to_string(last).unwrap_or_default());
        let instant = |at: Option<Timestamp>| at.map(|at| at.0);
        let fault = pulls.fault.map(SourceFault::as_str);
        execute!(
            self,
            sqlx::query(PULLED)
                .bind(name)
                .bind(pulls.failures)
                .bind(fault)
                .bind(instant(pulls.tried_at))
                .bind(instant(pulls.succeeded_at))
                .bind(instant(pulls.failing_since))
                .bind(lists.waiting)
                .bind(lists.refused)
                .bind(last.as_deref())
        )
        .map_err(doing("saving the pull of a source"))?;
        Ok(())
    }

    /// Pauses a source. Returns `false` if it was paused: the first reason stays.
    pub async fn source_pause(&mut self, name: &str, note: &str) -> Result<bool, StoreError> {
        const PAUSE: &str = "
            INSERT INTO source_state (name, paused_at_us, paused_by, paused_note) VALUES ($1, $2, $3, $4)
            ON CONFLICT (name) DO UPDATE
            SET paused_at_us = excluded.paused_at_us, paused_by = excluded.paused_by, paused_note = excluded.paused_note
            WHERE source_state.paused_at_us IS NULL";
        let (by, ..) = self.writer.actor.columns();
        let paused = execute!(self, sqlx::query(PAUSE).bind(name).bind(self.now.0).bind(by).bind(note));
        Ok(paused.map_err(doing("pausing a source"))? == 1)
    }

    /// Ends the pause of a source. Returns `false` if it was not paused.
    pub async fn source_resume(&mut self, name: &str) -> Result<bool, StoreError> {
        const RESUME: &str = "
            UPDATE source_state SET paused_at_us = NULL, paused_by = NULL, paused_note = NULL
            WHERE name = $1 AND paused_at_us IS NOT NULL";
        Ok(execute!(self, sqlx::query(RESUME).bind(name)).map_err(doing("resuming a source"))? == 1)
    }
}

fn of_row(row: Row) -> Result<(String, SourceState), StoreError> {
    let (name, failures, fault, tried, succeeded, failing, waiting, refused, last, paused_at, paused_by, paused_note) =
        row;
    let fault = fault.map(|fault| parse("source_state", &name, &fault)).transpose()?;
    let pulls = Pulls {
        failures,
        fault,
        tried_at: tried.map(Timestamp),
        succeeded_at: succeeded.map(Timestamp),
        failing_since: failing.map(Timestamp),
    };
    // A later version may refuse lists for other reasons; they are counted all the same.
    let last_refused = last.and_then(|last| serde_json::from_str(&last).ok());
    let pause = paused_at.map(|at| SourcePause {
        at: Timestamp(at),
        by: paused_by.unwrap_or_default(),
        note: paused_note.unwrap_or_default(),
    });
    Ok((name, SourceState { pulls, lists: PulledLists { waiting, refused, last_refused }, pause }))
}
