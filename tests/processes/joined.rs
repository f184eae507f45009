//! Helper: a copy of an office, or an older state of it, whose scheduler runs beside the storm and must not print.

use std::{fs, path::Path};

use crate::{
    office::{Office, Running},
    wait_until,
};

/// What a scheduler says that may run on a copy.
const ASKS: &str = "may be a copy";

/// An office beside another one.
pub(crate) struct Joined {
    office: Office,
    scheduler: Running,
    /// The number of attempts when its scheduler started.
    attempts: usize,
}

impl Joined {
    /// Starts a scheduler on a copy of a data folder, of which no scheduler runs at the moment. `None` if no scheduler ever
    /// ran there long enough to save what the database is: such a copy cannot be told from the original.
    pub(crate) fn copy_of(original: &Office) -> Option<Self> {
        Self::is_possible(original).then(|| Self::start(original.copied()))
    }

    /// Whether a scheduler has saved what the database is.
    pub(crate) fn is_possible(original: &Office) -> bool {
        original.data().join("cetak.heads").exists()
    }

    /// Starts a scheduler on an office that was copied or restored.
    pub(crate) fn start(office: Office) -> Self {
        let attempts = office.attempts().len();
        let scheduler = office.start(&["run"]);
        Self { office, scheduler, attempts }
    }

    /// Ends the scheduler. It must have asked for an adoption, and have begun no attempt. That it touched none of another one is
    /// for the comparison of the original with its printers.
    pub(crate) fn leave(self) {
        let Self { office, mut scheduler, attempts } = self;
        wait_until("the copy asks for its adoption", 60, || {
            assert!(!scheduler.has_ended(), "it has ended: {}", scheduler.messages());
            scheduler.messages().contains(ASKS)
        });
        scheduler.ask_to_stop();
        let answer = scheduler.ended(60);
        assert_eq!((answer.code, office.attempts().len()), (Some(0), attempts), "{answer:?}");
    }
}

/// Copies that join a storm one after the other.
#[derive(Default)]
pub(crate) struct Joins {
    present: Option<Joined>,
    /// The number of copies so far.
    pub(crate) count: usize,
}

impl Joins {
    /// Before a round, when no scheduler runs: in each twelve rounds a copy joins in at the second and leaves at the eighth.
    pub(crate) fn round(&mut self, office: &Office, round: usize) {
        match round % 12 {
            1 => {
                self.present = Joined::copy_of(office);
                self.count += usize::from(self.present.is_some());
            }
            7 => self.end(),
            _ => {}
        }
    }

    /// Ends the copy that is present.
    pub(crate) fn end(&mut self) {
        self.present.take().into_iter().for_each(Joined::leave);
    }
}

/// Puts an older backup in the place of the database while no scheduler runs, starts a scheduler, which must print nothing, and
/// puts the database back.
pub(crate) fn older_state_joins(office: &Office, backup: &Path) {
    let away = office.file("away");
    fs::create_dir(&away).unwrap();
    let files = ["cetak.db", "cetak.db-wal", "cetak.db-shm"];
    for name in files {
        let _ = fs::rename(office.data().join(name), away.join(name)); // the last process may have removed it
    }
    fs::copy(backup, office.data().join(files[0])).unwrap();
    let answer = office.done(&["run", "--until-idle"]);
    assert!(answer.stderr.contains(ASKS), "{answer:?}");
    for name in files {
        let _ = fs::remove_file(office.data().join(name));
        let _ = fs::rename(away.join(name), office.data().join(name));
    }
    fs::remove_dir(&away).unwrap();
}
