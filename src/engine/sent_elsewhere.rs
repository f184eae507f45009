//! The records of which another database of the site has sent jobs to the printers of this one, told by the tags in the names
//! of the jobs.

use std::collections::HashMap;

use super::{
    Engine,
    clock::{AttemptTag, attempt_tag, tag_of_attempt},
};
use crate::{
    domain::{reason::Reason, record::hold_sent},
    store::{StoreError, Tx},
};

/// Why the record of each tag is kept off the waiting list.
#[derive(Default)]
pub(super) struct SentElsewhere(HashMap<AttemptTag, Reason>);

impl SentElsewhere {
    /// The unknown jobs that are saved; `open_only`: those that no person has accepted, with their printers.
    pub(super) async fn read(engine: &Engine, tx: &mut Tx, open_only: bool) -> Result<Self, StoreError> {
        let mut sent = Self::default();
        for (printer, name) in tx.unknown_jobs(open_only).await? {
            sent.add(engine, &printer, &name);
        }
        Ok(sent)
    }

    /// Adds a job that the database does not know.
    pub(super) fn add(&mut self, engine: &Engine, printer: &str, name: &str) {
        if let Some(tag) = tag_of_attempt(&engine.settings.site, name) {
            let reason = Reason::SentElsewhere { printer: printer.to_owned(), attempt: name.to_owned() };
            self.0.insert(tag, reason);
        }
    }

    /// Why the record is kept off the waiting list; `None` if there is no such job of it.
    pub(super) fn reason(&self, engine: &Engine, source: &str, request_id: &str) -> Option<&Reason> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&attempt_tag(&engine.store.keys().request(source, request_id)))
    }
}

/// Holds the records of which jobs at a printer are that a person accepts, as far as their cards are not begun. A person cannot know
/// of whom a job was. Reads the whole waiting list if there are such jobs.
pub(super) async fn hold_all(engine: &Engine, tx: &mut Tx, printer: &str) -> Result<(), StoreError> {
    let mut sent = SentElsewhere::default();
    for (at, name) in tx.unknown_jobs(true).await? {
        if at == printer {
            sent.add(engine, &at, &name);
        }
    }
    if sent.0.is_empty() {
        return Ok(());
    }
    tx.without_timeout();
    for (record, source, request_id) in tx.records_unprinted().await? {
        let Some(reason) = sent.reason(engine, &source, &request_id) else { continue };
        let view = tx.record_view(record).await?;
        if let Ok(held) = hold_sent(&view, reason) {
            tx.save(vec![held]).await?;
        }
    }
    Ok(())
}
