//! The version of a thing, as an answer about it tells it.

use super::{
    StoreError, Tx,
    keys::{Keys, hex},
};
use crate::domain::id::{BatchId, PendingActId};

/// A thing whose version an act can depend on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Versioned {
    /// A record, by its source and request id.
    Record(String, String),
    /// A batch.
    Batch(BatchId),
    /// What people set of a printer, by its name.
    Printer(String),
    /// An act for two people; reprint warrants are among them.
    PendingAct(PendingActId),
}

/// What must be so when an act is done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expected {
    /// The thing.
    pub thing: Versioned,
    /// The versions of which it must have one.
    pub versions: Vec<String>,
}

/// The version of a thing: a keyed digest of what its answer tells, in which no other line of the thing is told.
pub fn version(keys: &Keys, line: &serde_json::Value) -> String {
    hex(&keys.version(&line.to_string()))
}

impl Tx {
    /// Refuses to go on if a thing has another version than is expected. One that does not exist is left to the act.
    ///
    /// # Errors
    ///
    /// [`StoreError::OtherVersion`].
    pub async fn expect(&mut self, expected: &Expected) -> Result<(), StoreError> {
        let Some(line) = self.line_of(&expected.thing).await? else { return Ok(()) };
        let is_expected = expected.versions.contains(&version(&self.keys, &line));
        if is_expected { Ok(()) } else { Err(StoreError::OtherVersion) }
    }

    async fn line_of(&mut self, thing: &Versioned) -> Result<Option<serde_json::Value>, StoreError> {
        Ok(match thing {
            Versioned::Record(source, request_id) => match self.record_find(source, request_id).await? {
                Some(id) => self.record_line(id).await?.as_ref().and_then(json),
                None => None,
            },
            Versioned::Batch(batch) => self.batch_line(*batch).await?.as_ref().and_then(json),
            Versioned::Printer(name) => {
                self.printer_get(name).await?.map(|printer| printer.setting()).as_ref().and_then(json)
            }
            Versioned::PendingAct(act) => self.pending_act_line(*act).await?.and_then(|row| json(&row.line)),
        })
    }
}

fn json(line: &impl serde::Serialize) -> Option<serde_json::Value> {
    // Cannot fail: lines are texts and numbers.
    serde_json::to_value(line).ok()
}
