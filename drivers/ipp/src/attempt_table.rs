//! How far each attempt got in this process. It keeps the latest attempts only, and nothing over a restart.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cetak_driver_api::{AttemptId, Document};

/// A scheduler has one or two attempts under way per printer.
const ATTEMPTS_MAX: usize = 32;

/// A job that the printer created for an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PrinterJob {
    /// `job-id`.
    pub(crate) id: i32,
    /// The printer's run in which it was created, if the printer reports it.
    pub(crate) run: Option<String>,
}

/// How far an attempt got in this process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// No byte of the document was sent. A job that the printer has for the attempt can never print.
    Unsent,
    /// The printer has a job without a document; the document waits here for upload or commit.
    Created {
        /// The job.
        job: PrinterJob,
        /// The card.
        document: Document,
        /// The job is held, so its document is uploaded before commit.
        is_held: bool,
    },
    /// The whole document is in the printer, and held.
    Held {
        /// The job.
        job: PrinterJob,
    },
    /// The document was sent to be held, or a part of it, and the job was not released. No card can start as long as the
    /// printer has the job and keeps its promise.
    Unreleased {
        /// [`PrinterJob::run`].
        run: Option<String>,
    },
    /// A commit is under way or was interrupted. Its requests may still reach the printer after those of a cancel.
    Committing,
    /// The attempt was committed, or may have been: a card may start.
    Released,
    /// The attempt was cancelled, and no card started.
    Cancelled,
}

/// The stages of the latest attempts.
#[derive(Debug, Default)]
pub(crate) struct AttemptTable {
    attempts: Mutex<VecDeque<(AttemptId, Stage)>>,
    /// The latest attempts whose jobs this process cancelled.
    cancelled: Latest,
    /// The latest attempts whose whole documents the printer accepted after it had begun the card.
    accepted: Latest,
}

/// Some latest attempts.
#[derive(Debug, Default)]
struct Latest(Mutex<VecDeque<AttemptId>>);

impl Latest {
    fn add(&self, attempt: &AttemptId) {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !latest.contains(attempt) {
            latest.truncate(ATTEMPTS_MAX - 1);
            latest.push_front(attempt.clone());
        }
    }

    fn has(&self, attempt: &AttemptId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(attempt)
    }
}

impl AttemptTable {
    pub(crate) fn stage(&self, attempt: &AttemptId) -> Option<Stage> {
        self.lock().iter().find(|(id, _)| id == attempt).map(|(_, stage)| stage.clone())
    }

    pub(crate) fn set(&self, attempt: &AttemptId, stage: Stage) {
        replace(&mut self.lock(), attempt, stage);
    }

    /// Takes the document that is about to be sent, to be held. `None` if none waits for that, for example because the
    /// attempt was cancelled meanwhile.
    pub(crate) fn begin_upload(&self, attempt: &AttemptId) -> Option<(PrinterJob, Document)> {
        let mut attempts = self.lock();
        let stage = stage_mut(&mut attempts, attempt)?;
        let prepared = std::mem::replace(stage, Stage::Unsent);
        if let Stage::Created { job, document, is_held: true } = prepared {
            *stage = Stage::Unreleased { run: job.run.clone() };
            Some((job, document))
        } else {
            *stage = prepared;
            None
        }
    }

    /// Records what was prepared, so that it can be uploaded or committed. False if the attempt was cancelled meanwhile.
    pub(crate) fn finish_prepare(&self, attempt: &AttemptId, prepared: Stage) -> bool {
        let mut attempts = self.lock();
        let Some(stage @ (Stage::Unsent | Stage::Unreleased { .. })) = stage_mut(&mut attempts, attempt) else {
            return false;
        };
        *stage = prepared;
        true
    }

    /// Records that this process cancels the job of the attempt.
    pub(crate) fn set_cancelled(&self, attempt: &AttemptId) {
        self.cancelled.add(attempt);
    }

    /// Whether this process cancelled the job of the attempt: the printer reports it as its reason.
    pub(crate) fn was_cancelled(&self, attempt: &AttemptId) -> bool {
        self.cancelled.has(attempt)
    }

    /// Records that the printer accepted the whole document, with an answer that came after it had begun the card.
    pub(crate) fn set_accepted(&self, attempt: &AttemptId) {
        self.accepted.add(attempt);
    }

    /// Whether that was recorded.
    pub(crate) fn was_accepted(&self, attempt: &AttemptId) -> bool {
        self.accepted.has(attempt)
    }

    /// Takes what was prepared and marks the attempt as committing, in one step, so that no second commit and no cancel
    /// gets it too. `Err` has the stage of an attempt that is not prepared.
    pub(crate) fn begin_commit(&self, attempt: &AttemptId) -> Result<Stage, Option<Stage>> {
        let mut attempts = self.lock();
        match stage_mut(&mut attempts, attempt) {
            Some(stage @ (Stage::Created { is_held: false, .. } | Stage::Held { .. })) => {
                Ok(std::mem::replace(stage, Stage::Committing))
            }
            Some(stage) => Err(Some(stage.clone())),
            None => Err(None),
        }
    }

    /// Drops what was prepared, so that it cannot be committed, and returns the stage before.
    pub(crate) fn begin_cancel(&self, attempt: &AttemptId) -> Option<Stage> {
        let mut attempts = self.lock();
        let stage = stage_mut(&mut attempts, attempt)?;
        let after = match stage {
            Stage::Cancelled => Stage::Cancelled,
            Stage::Created { .. } | Stage::Unsent => Stage::Unsent,
            Stage::Held { job } => Stage::Unreleased { run: job.run.clone() },
            Stage::Unreleased { run } => Stage::Unreleased { run: run.clone() },
            Stage::Committing => Stage::Committing,
            Stage::Released => Stage::Released,
        };
        Some(std::mem::replace(stage, after))
    }

    /// Each change is one assignment, so a panic elsewhere leaves the table whole.
    fn lock(&self) -> MutexGuard<'_, VecDeque<(AttemptId, Stage)>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stage_mut<'a>(attempts: &'a mut VecDeque<(AttemptId, Stage)>, attempt: &AttemptId) -> Option<&'a mut Stage> {
    attempts.iter_mut().find(|(id, _)| id == attempt).map(|(_, stage)| stage)
}

fn replace(attempts: &mut VecDeque<(AttemptId, Stage)>, attempt: &AttemptId, stage: Stage) {
    attempts.retain(|(id, _)| id != attempt);
    if attempts.len() >= ATTEMPTS_MAX {
        // A forgotten attempt that was prepared cannot be committed, and a cancel of one that ended proves less.
        let is_finished = |(_, stage): &(AttemptId, Stage)| {
            matches!(stage, Stage::Unsent | Stage::Unreleased { .. } | Stage::Cancelled)
        };
        let forgotten = attempts.iter().position(is_finished).unwrap_or(0);
        attempts.remove(forgotten);
    }
    attempts.push_back((attempt.clone(), stage));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> AttemptId {
        AttemptId::new(format!("a-{number}")).unwrap()
    }

    fn job() -> PrinterJob {
        PrinterJob { id: 7, run: None }
    }

    fn unreleased() -> Stage {
        Stage::Unreleased { run: None }
    }

    fn created() -> Stage {
        Stage::Created { job: job(), document: Document::one_sided("image/png", vec![1]), is_held: false }
    }

    #[test]
    fn a_prepared_attempt_is_committed_once() {
        for prepared in [created(), Stage::Held { job: job() }] {
            let table = AttemptTable::default();
            table.set(&id(1), prepared.clone());

            assert_eq!(table.begin_commit(&id(1)), Ok(prepared));
            assert_eq!(table.begin_commit(&id(1)), Err(Some(Stage::Committing)));
            assert_eq!(table.begin_commit(&id(2)), Err(None));
        }
    }

    #[test]
    fn a_cancelled_attempt_cannot_be_committed_and_a_released_one_stays_released() {
        for (stage, after) in [
            (created(), Stage::Unsent),
            (Stage::Held { job: job() }, unreleased()),
            (Stage::Unsent, Stage::Unsent),
            (unreleased(), unreleased()),
            (Stage::Committing, Stage::Committing),
            (Stage::Released, Stage::Released),
            (Stage::Cancelled, Stage::Cancelled),
        ] {
            let table = AttemptTable::default();
            table.set(&id(1), stage.clone());

            assert_eq!(table.begin_cancel(&id(1)), Some(stage));
            assert_eq!(table.begin_commit(&id(1)), Err(Some(after)));
        }
        assert_eq!(AttemptTable::default().begin_cancel(&id(1)), None);
    }

    #[test]
    fn an_upload_that_was_cancelled_meanwhile_cannot_be_committed() {
        let table = AttemptTable::default();
        table.set(&id(1), unreleased());
        table.set(&id(2), Stage::Cancelled);

        assert!(table.finish_prepare(&id(1), Stage::Held { job: job() }));
        assert!(!table.finish_prepare(&id(2), Stage::Held { job: job() }));
        assert_eq!(table.stage(&id(1)), Some(Stage::Held { job: job() }));
        assert_eq!(table.stage(&id(2)), Some(Stage::Cancelled));
    }

    #[test]
    fn a_job_to_be_held_is_committed_after_its_upload_only_and_uploaded_once() {
        let table = AttemptTable::default();
        let Stage::Created { job, document, .. } = created() else { panic!() };
        let waiting = Stage::Created { job: job.clone(), document: document.clone(), is_held: true };
        table.set(&id(1), waiting.clone());

        assert_eq!(table.begin_commit(&id(1)), Err(Some(waiting)));
        assert_eq!(table.begin_upload(&id(1)), Some((job, document)));
        assert_eq!(table.begin_upload(&id(1)), None);
        assert_eq!(table.stage(&id(1)), Some(unreleased()));
    }

    #[test]
    fn a_full_table_forgets_finished_attempts_first() {
        let table = AttemptTable::default();
        table.set(&id(0), created());
        table.set(&id(1), Stage::Cancelled);
        for number in 2..=ATTEMPTS_MAX {
            table.set(&id(number), Stage::Released);
        }

        assert_eq!(table.stage(&id(1)), None);
        assert_eq!(table.stage(&id(0)), Some(created()));
        table.set(&id(ATTEMPTS_MAX + 1), Stage::Released);
        assert_eq!(table.stage(&id(0)), None);
        assert_eq!(table.lock().len(), ATTEMPTS_MAX);
    }
}
