//! Printers and pauses.

use std::collections::HashMap;

use super::{StoreError, Tx, doing, execute, instance::DOUBT, on, parse, sealed_table::SealedTable, set, set_of_names};
use crate::domain::{
    breaker::Breaker,
    instance::Doubt,
    pause::{Pause, PauseScope},
    printer::Printer,
    supply::{Limits, Supplies},
    time::Timestamp,
};

/// The columns `scope` and `name` of a pause.
fn columns(scope: &PauseScope) -> (&'static str, String) {
    match scope {
        PauseScope::Queue => ("queue", String::new()),
        PauseScope::Printer(name) => ("printer", name.clone()),
        PauseScope::Batch(id) => ("batch", id.to_string()),
    }
}

pub(super) type Row = (
    String,
    String,
    String,
    Option<i64>,
    String,
    i64,
    String,
    String,
    Option<String>,
    Option<String>,
    String,
    Option<String>,
    Option<String>,
    String,
    Option<i64>,
    i64,
);

pub(super) type PauseRow = (String, String, String, String, i64);

/// The columns of a [`Row`].
macro_rules! printer_columns {
    () => {
        concat!(
            "name, uri, profile, hopper, breaker, failures, state, reasons, capabilities, override_reason, acknowledged_reasons, node,
             (SELECT printer_limit.limits FROM printer_limit WHERE printer_limit.printer = printer.name), counts, card_ms, ",
            $crate::store::printer::fed!()
        )
    };
}
/// The cards that a printer has ever fed.
macro_rules! fed {
    () => {
        "(SELECT CAST(COALESCE(SUM(o.number), 0) AS BIGINT) FROM counter_outcome AS o
          WHERE o.bucket_start_us = -900000000 AND o.printer = printer.name)"
    };
}
/// The printers in use with the names `$1`.
macro_rules! named {
    () => {
        "FROM json_each($1) AS v CROSS JOIN printer WHERE printer.name = v.value ->> 0 AND NOT removed"
    };
}
/// The columns of a [`PauseRow`].
macro_rules! pause_columns {
    () => {
        "scope, name, reason, actor, at_us"
    };
}
pub(super) use {fed, named, pause_columns, printer_columns};

pub(super) const PRINTERS: &str =
    concat!("SELECT ", printer_columns!(), " FROM printer WHERE NOT removed ORDER BY name");

pub(super) const PAUSES: &str = concat!("SELECT ", pause_columns!(), " FROM pause ORDER BY scope, name");

impl Tx {
    /// Adds a printer, or restores a removed one with new values. The jobs that it has by now are taken as known,
    /// except those that were saved as unknown. Returns `false` if a printer of that name is in use.
    pub async fn printer_add(
        &mut self,
        name: &str,
        uri: &str,
        profile: &str,
        hopper: Option<i64>,
        override_reason: Option<&str>,
    ) -> Result<bool, StoreError> {
        const ADD: &str = "
            INSERT INTO printer (name, uri, profile, hopper, override_reason, jobs_known_until_us) VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (name) DO UPDATE
            SET jobs_known_until_us = excluded.jobs_known_until_us, uri = excluded.uri, profile = excluded.profile, hopper = excluded.hopper, override_reason = excluded.override_reason,
                removed = false, breaker = 'closed', failures = 0, state = 'unknown', reasons = '[]', capabilities = NULL,
                acknowledged_reasons = '[]', node = NULL, counts = '{}', feed_until = NULL, card_ms = NULL
            WHERE printer.removed";
        let now = self.now.0;
        let added = execute!(
            self,
            sqlx::query(ADD).bind(name).bind(uri).bind(profile).bind(hopper).bind(override_reason).bind(now)
        );
        self.touched(SealedTable::Printer, name);
        let is_added = added.map_err(doing("adding a printer"))? == 1;
        if is_added {
            self.limits_remove(name).await?;
        }
        Ok(is_added)
    }

    /// Saves the address, the profile and the hopper of a printer. The reason for which its objections were overridden stays only
    /// if `keeps_override`.
    pub async fn printer_set(&mut self, printer: &Printer, override_reason: Option<&str>) -> Result<(), StoreError> {
        const SET: &str = "
            UPDATE printer
            SET uri = $2, profile = $3, hopper = $4, override_reason = $5
            WHERE name = $1 AND NOT removed";
        let Printer { name, uri, profile, hopper, .. } = printer;
        let done =
            execute!(self, sqlx::query(SET).bind(name).bind(uri).bind(profile).bind(hopper).bind(override_reason))
                .map_err(doing("setting a printer"))?;
        self.touched(SealedTable::Printer, name);
        if done == 1 { Ok(()) } else { Err(StoreError::Conflict("the printer")) }
    }

    /// Forgets what is known of a device, because another one has the printer's name now. The jobs that it has by now are taken as
    /// known.
    pub async fn printer_replaced(&mut self, name: &str) -> Result<(), StoreError> {
        const REPLACED: &str = "
            UPDATE printer
            SET jobs_known_until_us = $2, breaker = 'closed', failures = 0, state = 'unknown', reasons = '[]', capabilities = NULL,
                acknowledged_reasons = '[]', card_ms = NULL
            WHERE name = $1";
        execute!(self, sqlx::query(REPLACED).bind(name).bind(self.now.0)).map_err(doing("setting a printer"))?;
        self.touched(SealedTable::Printer, name);
        Ok(())
    }

    async fn limits_remove(&mut self, name: &str) -> Result<(), StoreError> {
        let removed = execute!(self, sqlx::query("DELETE FROM printer_limit WHERE printer = $1").bind(name))
            .map_err(doing("removing the limits of a printer"))?;
        if removed > 0 {
            self.touched(SealedTable::PrinterLimit, name);
        }
        Ok(())
    }

    /// Saves the limits of a printer, and the counts that follow from them.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if its counts are no longer those of `before`.
    pub async fn printer_limit(&mut self, name: &str, before: &Supplies, after: &Supplies) -> Result<(), StoreError> {
        const SET: &str = "
            INSERT INTO printer_limit (printer, limits) VALUES ($1, $2)
            ON CONFLICT (printer) DO UPDATE SET limits = excluded.limits";
        if after.limits == Limits::default() {
            self.limits_remove(name).await?;
        } else {
            execute!(self, sqlx::query(SET).bind(name).bind(json(&after.limits)))
                .map_err(doing("setting the limits of a printer"))?;
            self.touched(SealedTable::PrinterLimit, name);
        }
        if self.supplies_count(&[(name, before, after)]).await?.is_empty() {
            return Err(StoreError::Conflict("the printer"));
        }
        Ok(())
    }

    /// Saves new counts of printers, each with its name, if they are still those of the first value. Returns the printers of which they
    /// are. A name must occur once.
    pub async fn supplies_count(
        &mut self,
        counted: &[(&str, &Supplies, &Supplies)],
    ) -> Result<Vec<String>, StoreError> {
        const COUNT: &str = "
            UPDATE printer SET counts = v.value ->> 2, feed_until = CAST(v.value ->> 3 AS BIGINT)
            FROM json_each($1) AS v WHERE printer.name = v.value ->> 0 AND printer.counts = v.value ->> 1
            RETURNING printer.name";
        if counted.is_empty() {
            return Ok(Vec::new());
        }
        let row = |(name, before, after): &(&str, &Supplies, &Supplies)| {
            ((*name).to_owned(), stored_counts(before), json(&after.counts), after.feed_until())
        };
        let rows: Vec<_> = counted.iter().map(row).collect();
        on!(self, c => sqlx::query_scalar(COUNT).bind(set(&rows)).fetch_all(c)).map_err(doing("counting supplies"))
    }

    /// The numbers of fed cards at which printers stop feeding, by name. A printer without a limit has none.
    pub(super) async fn feeding_limits(&mut self) -> Result<HashMap<String, i64>, StoreError> {
        const STOPS: &str = "SELECT name, feed_until FROM printer WHERE feed_until IS NOT NULL";
        let stops: Vec<(String, i64)> =
            on!(self, c => sqlx::query_as(STOPS).fetch_all(c)).map_err(doing("reading the limits of printers"))?;
        Ok(stops.into_iter().collect())
    }

    /// Saves the mean time of printers' cards in milliseconds, each with its name. A name must occur once.
    pub async fn printers_paced(&mut self, paced: &[(&str, i64)]) -> Result<(), StoreError> {
        const PACED: &str = "
            UPDATE printer SET card_ms = CAST(v.value ->> 1 AS BIGINT) FROM json_each($1) AS v
            WHERE printer.name = v.value ->> 0";
        if !paced.is_empty() {
            execute!(self, sqlx::query(PACED).bind(set(paced))).map_err(doing("saving the time of cards"))?;
        }
        Ok(())
    }

    /// Removes a printer from use. Its row stays, because ledger and audit name it.
    pub async fn printer_remove(&mut self, name: &str) -> Result<(), StoreError> {
        let done =
            execute!(self, sqlx::query("UPDATE printer SET removed = true WHERE name = $1 AND NOT removed").bind(name))
                .map_err(doing("removing a printer"))?;
        self.touched(SealedTable::Printer, name);
        if done == 1 { Ok(()) } else { Err(StoreError::Conflict("the printer")) }
    }

    /// All printers in use, by name.
    pub async fn printer_list(&mut self) -> Result<Vec<Printer>, StoreError> {
        printers(on!(self, c => sqlx::query_as(PRINTERS).fetch_all(c)))
    }

    /// One printer in use.
    pub async fn printer_get(&mut self, name: &str) -> Result<Option<Printer>, StoreError> {
        Ok(self.printers_named(&[name]).await?.pop())
    }

    /// Those of these printers that are in use, in no particular order.
    pub async fn printers_named<S: AsRef<str>>(&mut self, names: &[S]) -> Result<Vec<Printer>, StoreError> {
        const NAMED: &str = concat!("SELECT ", printer_columns!(), " ", named!());
        printers(on!(self, c => sqlx::query_as(NAMED).bind(set_of_names(names)).fetch_all(c)))
    }

    /// The printers of some profiles that take their blanks from the vault and can print, as far as is known.
    pub async fn printers_sharing(&mut self, profiles: &[&str]) -> Result<Vec<String>, StoreError> {
        const SHARING: &str = concat!(
            "SELECT name FROM json_each($1) AS v JOIN printer ON printer.profile = v.value ->> 0
             WHERE hopper IS NULL AND NOT removed AND breaker <> 'locked' AND state NOT IN ('stopped', 'unreachable')
               AND (SELECT SUM(number) FROM counter_record WHERE profile = v.value ->> 0 AND state IN ('waiting', 'batched')) > 0
               AND (feed_until IS NULL OR feed_until > ",
            fed!(),
            ")"
        );
        on!(self, c => sqlx::query_scalar(SHARING).bind(set_of_names(profiles)).fetch_all(c))
            .map_err(doing("reading the printers"))
    }

    /// Sets the breaker and the number of consecutive failures. [`StoreError::Conflict`] if the breaker is not `from`.
    pub async fn printer_breaker(
        &mut self,
        name: &str,
        from: Breaker,
        to: Breaker,
        failures: u32,
    ) -> Result<(), StoreError> {
        const SET: &str = "UPDATE printer SET breaker = $3, failures = $4 WHERE name = $1 AND breaker = $2";
        let done =
            execute!(self, sqlx::query(SET).bind(name).bind(from.as_str()).bind(to.as_str()).bind(i64::from(failures)))
                .map_err(doing("saving a breaker"))?;
        if done == 1 { Ok(()) } else { Err(StoreError::Conflict("the printer")) }
    }

    /// Saves the capabilities of printers, given as name and JSON. A name must occur once.
    pub async fn printers_probed(&mut self, said: &[(&str, &str)]) -> Result<(), StoreError> {
        const PROBED: &str = "
            UPDATE printer SET capabilities = v.value ->> 1 FROM json_each($1) AS v WHERE printer.name = v.value ->> 0";
        if !said.is_empty() {
            execute!(self, sqlx::query(PROBED).bind(set(said))).map_err(doing("saving capabilities"))?;
        }
        Ok(())
    }

    /// The instant since which each job of this site at the printer must be known to the database.
    pub async fn printer_jobs_known_until(&mut self, name: &str) -> Result<Timestamp, StoreError> {
        const UNTIL: &str = "SELECT jobs_known_until_us FROM printer WHERE name = $1";
        let until = on!(self, c => sqlx::query_scalar(UNTIL).bind(name).fetch_one(c));
        until.map(Timestamp).map_err(doing("reading a printer"))
    }

    /// Saves jobs of this site at the printer that the database does not know. Those that were saved before stay as they are.
    pub async fn unknown_jobs_add<S: AsRef<str>>(&mut self, printer: &str, names: &[S]) -> Result<(), StoreError> {
        const ADD: &str = "
            INSERT INTO unknown_job (printer, name)
            SELECT $1, v.value ->> 0 FROM json_each($2) AS v WHERE true
            ON CONFLICT DO NOTHING";
        execute!(self, sqlx::query(ADD).bind(printer).bind(set_of_names(names)))
            .map_err(doing("saving unknown jobs"))?;
        for name in names {
            self.touched(SealedTable::UnknownJob, format!("{printer}/{}", name.as_ref()));
        }
        Ok(())
    }

    /// The printers and names of all unknown jobs; `open_only`: of those that no person has accepted.
    pub async fn unknown_jobs(&mut self, open_only: bool) -> Result<Vec<(String, String)>, StoreError> {
        const JOBS: &str =
            "SELECT printer, name FROM unknown_job WHERE accepted_at_us IS NULL OR NOT $1 ORDER BY printer, name";
        on!(self, c => sqlx::query_as(JOBS).bind(open_only).fetch_all(c)).map_err(doing("reading unknown jobs"))
    }

    /// The number of unknown jobs at the printer that no person has accepted.
    pub async fn unknown_jobs_count(&mut self, printer: &str) -> Result<i64, StoreError> {
        const COUNT: &str = "SELECT COUNT(*) FROM unknown_job WHERE printer = $1 AND accepted_at_us IS NULL";
        on!(self, c => sqlx::query_scalar(COUNT).bind(printer).fetch_one(c)).map_err(doing("counting unknown jobs"))
    }

    /// Accepts the unknown jobs at the printer. Returns their number.
    pub async fn unknown_jobs_accept(&mut self, printer: &str) -> Result<u64, StoreError> {
        const ACCEPT: &str =
            "UPDATE unknown_job SET accepted_at_us = $2 WHERE printer = $1 AND accepted_at_us IS NULL RETURNING name";
        let now = self.now.0;
        let names: Vec<String> = on!(self, c => sqlx::query_scalar(ACCEPT).bind(printer).bind(now).fetch_all(c))
            .map_err(doing("accepting unknown jobs"))?;
        for name in &names {
            self.touched(SealedTable::UnknownJob, format!("{printer}/{name}"));
        }
        Ok(names.len() as u64)
    }

    /// Sets the state reasons that an operator has acknowledged, which no longer stop the printer.
    pub async fn printer_acknowledge(&mut self, name: &str, reasons: &[String]) -> Result<(), StoreError> {
        const ACKNOWLEDGE: &str = "UPDATE printer SET acknowledged_reasons = $2 WHERE name = $1";
        execute!(self, sqlx::query(ACKNOWLEDGE).bind(name).bind(set(reasons)))
            .map_err(doing("saving acknowledged reasons"))?;
        self.touched(SealedTable::Printer, name);
        Ok(())
    }

    /// Saves the last known status of printers, given as name, state and reasons. A name must occur once.
    pub async fn printers_seen(&mut self, seen: &[(&str, &str, &[String])]) -> Result<(), StoreError> {
        const STATUS: &str = "
            UPDATE printer SET state = v.value ->> 1, reasons = v.value ->> 2
            FROM json_each($1) AS v WHERE printer.name = v.value ->> 0";
        if !seen.is_empty() {
            let rows: Vec<_> = seen.iter().map(|(name, state, reasons)| (name, state, set(reasons))).collect();
            execute!(self, sqlx::query(STATUS).bind(set(&rows))).map_err(doing("saving a printer's state"))?;
        }
        Ok(())
    }

    /// Adds a pause. Returns `false` if the scope is paused already; its first reason is kept.
    pub async fn pause_add(&mut self, scope: &PauseScope, reason: &str) -> Result<bool, StoreError> {
        let (kind, name) = columns(scope);
        self.pause_insert(kind, &name, reason).await
    }

    pub(super) async fn pause_insert(&mut self, kind: &str, name: &str, reason: &str) -> Result<bool, StoreError> {
        const ADD: &str = "INSERT INTO pause (scope, name, reason, actor, at_us, account, means) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
        let (actor, account, means) = self.writer.actor.columns();
        let added = execute!(
            self,
            sqlx::query(ADD).bind(kind).bind(name).bind(reason).bind(actor).bind(self.now.0).bind(account).bind(means)
        );
        self.touched(SealedTable::Pause, format!("{kind}/{name}"));
        Ok(added.map_err(doing("pausing"))? == 1)
    }

    /// Ends a pause. Returns `false` if there was none.
    pub async fn pause_end(&mut self, scope: &PauseScope) -> Result<bool, StoreError> {
        let (kind, name) = columns(scope);
        let sql = "DELETE FROM pause WHERE scope = $1 AND name = $2";
        self.touched(SealedTable::Pause, format!("{kind}/{name}"));
        let ended = execute!(self, sqlx::query(sql).bind(kind).bind(name));
        Ok(ended.map_err(doing("resuming"))? == 1)
    }

    /// All pauses, by scope and name.
    pub async fn pause_list(&mut self) -> Result<Vec<Pause>, StoreError> {
        Ok(self.feeding_stops().await?.0)
    }

    /// All pauses, and the doubt whether this is the living database: what a person has to end before cards start.
    pub async fn feeding_stops(&mut self) -> Result<(Vec<Pause>, Option<Doubt>), StoreError> {
        let rows: Vec<PauseRow> =
            on!(self, c => sqlx::query_as(PAUSES).fetch_all(c)).map_err(doing("reading the pauses"))?;
        Ok(stops(rows))
    }
}

/// The pauses, and the doubt, which is saved as one.
pub(super) fn stops(rows: Vec<PauseRow>) -> (Vec<Pause>, Option<Doubt>) {
    let (doubts, rows): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|(kind, name, ..)| kind == "queue" && name == DOUBT);
    // A later version may know other differences; it is a doubt all the same.
    let doubt = doubts.into_iter().next().map(|(_, _, text, ..)| serde_json::from_str(&text).unwrap_or_default());
    let pause = |(kind, name, reason, actor, at): PauseRow| {
        let scope = match kind.as_str() {
            "printer" => PauseScope::Printer(name),
            "batch" => PauseScope::Batch(name.parse().unwrap_or_default()),
            _ => PauseScope::Queue,
        };
        Pause { scope, reason, actor, at: Timestamp(at) }
    };
    (rows.into_iter().map(pause).collect(), doubt)
}

fn printers(rows: Result<Vec<Row>, sqlx::Error>) -> Result<Vec<Printer>, StoreError> {
    rows.map_err(doing("reading the printers"))?.into_iter().map(of_row).collect()
}

/// Counts as they are stored; those of a printer that has none are an empty object.
fn stored_counts(supplies: &Supplies) -> String {
    json(&supplies.counts)
}

fn json(value: &impl serde::Serialize) -> String {
    // Cannot fail: the values are numbers.
    serde_json::to_string(value).unwrap_or_default()
}

pub(super) fn of_row(r: Row) -> Result<Printer, StoreError> {
    let corrupt =
        |what: serde_json::Error| StoreError::Corrupt { table: "printer", id: r.0.clone(), what: what.to_string() };
    let limits = r.12.as_deref().map_or(Ok(Limits::default()), serde_json::from_str).map_err(corrupt)?;
    let counts = serde_json::from_str(&r.13).map_err(corrupt)?;
    let supplies = Supplies { limits, counts, fed: r.15 };
    Ok(Printer {
        breaker: parse("printer", &r.0, &r.4)?,
        reasons: serde_json::from_str(&r.7).unwrap_or_default(),
        name: r.0,
        uri: r.1,
        profile: r.2,
        hopper: r.3,
        failures: u32::try_from(r.5).unwrap_or(u32::MAX),
        state: r.6,
        capabilities: r.8,
        override_reason: r.9,
        acknowledged_reasons: serde_json::from_str(&r.10).unwrap_or_default(),
        node: r.11,
        supplies,
        card_ms: r.14,
    })
}
