//! The faults of a running scheduler: what keeps cards from being printed and is in no row of the database, since it may be
//! the database that fails. Another process reads them for `needs a person`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use crate::{domain::time::Timestamp, store::Outage};

/// What keeps a scheduler from printing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "fault", rename_all = "kebab-case")]
pub enum Fault {
    /// The database cannot be read, or a node cannot renew its lease.
    DatabaseAway {
        /// The reason.
        outage: Outage,
    },
    /// The database cannot be written, so that no card starts.
    DatabaseNotWritten {
        /// The reason.
        outage: Outage,
    },
    /// The worker of a printer fails each time in the same way.
    WorkerFails {
        /// The printer.
        printer: String,
        /// The error.
        error: String,
    },
    /// The data folder cannot be read, so that it is not known whether the database is a copy.
    DataFolderUnread {
        /// The error.
        error: String,
    },
    /// The scheduler's process is suspended.
    SchedulerSuspended {
        /// The process id.
        process: u32,
    },
}

/// A fault, and since when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FaultSince {
    /// The fault.
    #[serde(flatten)]
    pub fault: Fault,
    /// When it began, if that is known.
    pub since: Option<Timestamp>,
}

/// The place through which the faults of the local scheduler reach other processes, even if the disk is full.
pub trait FaultFile: Send + Sync {
    /// Replaces the faults of this process, which is the scheduler.
    fn write(&self, faults: &[FaultSince]);

    /// The faults of the scheduler that runs on the same data folder, and whether a suspended process locks the database.
    fn read(&self) -> Vec<FaultSince>;
}

/// A place without faults, for an engine without a data folder.
pub struct NoFaults;

impl FaultFile for NoFaults {
    fn write(&self, _: &[FaultSince]) {}

    fn read(&self) -> Vec<FaultSince> {
        Vec::new()
    }
}

/// The present faults of this scheduler, by what they concern.
pub(crate) struct Faults {
    file: Arc<dyn FaultFile>,
    present: Mutex<BTreeMap<String, FaultSince>>,
}

impl Faults {
    /// Without faults; those of an earlier scheduler are removed from the file.
    pub(crate) fn new(file: Arc<dyn FaultFile>) -> Self {
        file.write(&[]);
        Self { file, present: Mutex::default() }
    }

    /// A fault has begun, or has another reason now.
    pub(crate) fn begin(&self, subject: &str, fault: Fault, now: Timestamp) {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        let since = present.get(subject).map_or(Some(now), |known| known.since);
        let new = FaultSince { fault, since };
        if present.get(subject) != Some(&new) {
            present.insert(subject.to_owned(), new);
            self.save(&present);
        }
    }

    /// Whether the database cannot be read or written at present.
    pub(crate) fn has_outage(&self) -> bool {
        let present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        let is_outage = |fault: &Fault| matches!(fault, Fault::DatabaseAway { .. } | Fault::DatabaseNotWritten { .. });
        present.values().any(|known| is_outage(&known.fault))
    }

    /// A fault has ended.
    pub(crate) fn end(&self, subject: &str) {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        if present.remove(subject).is_some() {
            self.save(&present);
        }
    }

    fn save(&self, present: &BTreeMap<String, FaultSince>) {
        self.file.write(&present.values().cloned().collect::<Vec<_>>());
    }
}
