//! The file in the data folder with the faults of the running scheduler, for `cetak status` of another process.
//!
//! The file gets its blocks when the scheduler starts and is overwritten in place, so that a full disk can still be told.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::files;
use crate::{
    engine::{
        Outage,
        fault::{Fault, FaultFile, FaultSince},
        files::read_regular,
    },
    store::{Location, Store, lock_holder},
};

const FAULTS: &str = "cetak.faults";
/// The length of the file. Faults that do not fit are left out; a further printer's would say nothing new.
const LENGTH: usize = 16 * 1024;

/// The file of one data folder.
pub(super) struct FileOfFaults {
    path: PathBuf,
    lock: PathBuf,
    /// The database, if it is a file.
    database: Option<PathBuf>,
    /// Open in the scheduler only: at a limit of open files it could not be opened any more.
    file: Mutex<Option<File>>,
}

impl FileOfFaults {
    pub(super) fn new(folder: &Path, database: &Location) -> Self {
        let database = match database {
            Location::File(file) => Some(file.clone()),
            Location::Server(_) => None,
        };
        Self { path: folder.join(FAULTS), lock: folder.join(files::LOCK), database, file: Mutex::new(None) }
    }

    /// What the running scheduler wrote. While it overwrites the file, that may be read in part; it is short, and the next
    /// try is likely to find it whole.
    fn told(&self) -> Vec<FaultSince> {
        let read = || serde_json::from_slice(&read_regular(&self.path, 2 * LENGTH as u64).ok()?).ok();
        (0..3).find_map(|_| read()).unwrap_or_default()
    }
}

impl FaultFile for FileOfFaults {
    fn write(&self, faults: &[FaultSince]) {
        let mut number = faults.len();
        let text = loop {
            let text = serde_json::to_string(&faults[..number]).unwrap_or_default();
            if text.len() < LENGTH || number == 0 {
                break format!("{text:<LENGTH$}");
            }
            number -= 1;
        };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // A pipe would keep the scheduler waiting for its reader.
        let is_special = std::fs::metadata(&self.path).is_ok_and(|metadata| !metadata.is_file());
        if file.is_none() && !is_special {
            let mut options = OpenOptions::new();
            *file = options.write(true).create(true).truncate(false).mode(0o600).open(&self.path).ok();
        }
        // An error is ignored: on a read-only disk, every command says so itself.
        let _ = file.as_ref().map(|file| file.write_all_at(text.as_bytes(), 0));
    }

    fn read(&self) -> Vec<FaultSince> {
        let mut faults = Vec::new();
        let writer = self.database.as_deref().and_then(Store::writing_process);
        if writer.is_some_and(|writer| writer.is_suspended) {
            let fault = Fault::DatabaseNotWritten { outage: Outage::Locked { holder: writer } };
            faults.push(FaultSince { fault, since: None });
        }
        // Without a scheduler, the file is of an earlier one.
        let Some(scheduler) = lock_holder(&self.lock) else { return faults };
        if scheduler.is_suspended {
            let fault = Fault::SchedulerSuspended { process: scheduler.process };
            faults.push(FaultSince { fault, since: None });
        }
        let told = self.told();
        let is_new = |told: &FaultSince| !faults.iter().any(|known| known.fault == told.fault);
        let new: Vec<FaultSince> = told.into_iter().filter(is_new).collect();
        faults.extend(new);
        faults
    }
}
