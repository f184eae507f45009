//! What this process knows of the attempts that it was given: only the latest, and nothing after a restart.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cetak_driver_api::{AttemptId, Document};

/// A scheduler has one or two attempts per printer under way.
const ATTEMPTS_MAX: usize = 32;

/// A job that was made for an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Made {
    /// `job-id`.
    pub(crate) id: i32,
    /// The printer's run, if it tells.
    pub(crate) boot: Option<String>,
}

/// How far an attempt got here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// The printer has a job for it, and its document waits here for commit.
    Created {
        /// The job.
        job: Made,
        /// The card.
        document: Document,
    },
    /// It is whole in the printer, and held.
    Held {
        /// The job.
        job: Made,
    },
    /// No byte of its document has left: whatever the printer has of it can never print.
    Unsent,
    /// Its document was sent to be held, and something failed: a job may be left in the printer.
    Harmless,
    /// Its commit is under way, or was cut off: what was asked of the printer before may undo what is asked now.
    Committing,
    /// It was committed, or nobody knows: a card may start.
    Released,
    /// It was cancelled, and no card started.
    Cancelled,
}

/// The stages of the latest attempts.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    attempts: Mutex<VecDeque<(AttemptId, Stage)>>,
}

impl Memory {
    pub(crate) fn stage(&self, attempt: &AttemptId) -> Option<Stage> {
        self.lock().iter().find(|(id, _)| id == attempt).map(|(_, stage)| stage.clone())
    }

    pub(crate) fn set(&self, attempt: &AttemptId, stage: Stage) {
        replace(&mut self.lock(), attempt, stage);
    }

    /// Its document is about to be sent, held. False if it was cancelled meanwhile.
    pub(crate) fn sending(&self, attempt: &AttemptId) -> bool {
        let mut attempts = self.lock();
        let stage = attempts.iter_mut().find(|(id, _)| id == attempt).map(|(_, stage)| stage);
        let Some(stage @ Stage::Unsent) = stage else { return false };
        *stage = Stage::Harmless;
        true
    }

    /// It may be committed from now on. False if it was cancelled meanwhile.
    pub(crate) fn prepared(&self, attempt: &AttemptId, prepared: Stage) -> bool {
        let mut attempts = self.lock();
        let stage = attempts.iter_mut().find(|(id, _)| id == attempt).map(|(_, stage)| stage);
        let Some(stage @ (Stage::Unsent | Stage::Harmless)) = stage else { return false };
        *stage = prepared;
        true
    }

    /// Takes what was prepared and marks it as committing, in one step, so that nobody commits or cancels it beside.
    pub(crate) fn take_for_commit(&self, attempt: &AttemptId) -> Result<Stage, Option<Stage>> {
        let mut attempts = self.lock();
        let found = attempts.iter_mut().find(|(id, _)| id == attempt).map(|(_, stage)| stage);
        match found {
            Some(stage @ (Stage::Created { .. } | Stage::Held { .. })) => {
                Ok(std::mem::replace(stage, Stage::Committing))
            }
            Some(
                stage @ (Stage::Unsent | Stage::Harmless | Stage::Committing | Stage::Released | Stage::Cancelled),
            ) => Err(Some(stage.clone())),
            None => Err(None),
        }
    }

    /// Drops what was prepared, so that it cannot be committed any more, and tells what it was.
    pub(crate) fn withdraw(&self, attempt: &AttemptId) -> Option<Stage> {
        let mut attempts = self.lock();
        let stage = attempts.iter_mut().find(|(id, _)| id == attempt).map(|(_, stage)| stage)?;
        let after = match stage {
            Stage::Cancelled => Stage::Cancelled,
            Stage::Created { .. } | Stage::Unsent => Stage::Unsent,
            Stage::Held { .. } | Stage::Harmless => Stage::Harmless,
            Stage::Committing => Stage::Committing,
            Stage::Released => Stage::Released,
        };
        Some(std::mem::replace(stage, after))
    }

    /// A panic elsewhere leaves no half-made stage behind.
    fn lock(&self) -> MutexGuard<'_, VecDeque<(AttemptId, Stage)>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn replace(attempts: &mut VecDeque<(AttemptId, Stage)>, attempt: &AttemptId, stage: Stage) {
    attempts.retain(|(id, _)| id != attempt);
    if attempts.len() >= ATTEMPTS_MAX {
        // Forgotten, a prepared attempt is not sent, and a finished one proves less when it is cancelled again.
        let finished =
            |(_, stage): &(AttemptId, Stage)| matches!(stage, Stage::Unsent | Stage::Harmless | Stage::Cancelled);
        let forgotten = attempts.iter().position(finished).unwrap_or(0);
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

    fn made(id: i32) -> Made {
        Made { id, boot: None }
    }

    fn created() -> Stage {
        Stage::Created { job: made(7), document: Document::one_sided("image/png", vec![1]) }
    }

    #[test]
    fn what_was_prepared_is_taken_once() {
        for prepared in [created(), Stage::Held { job: made(7) }] {
            let memory = Memory::default();
            memory.set(&id(1), prepared.clone());

            assert_eq!(memory.take_for_commit(&id(1)), Ok(prepared));
            assert_eq!(memory.take_for_commit(&id(1)), Err(Some(Stage::Committing)));
            assert_eq!(memory.take_for_commit(&id(2)), Err(None));
        }
    }

    #[test]
    fn what_was_withdrawn_cannot_be_committed_and_what_was_released_stays_released() {
        for (stage, after) in [
            (created(), Stage::Unsent),
            (Stage::Held { job: made(7) }, Stage::Harmless),
            (Stage::Unsent, Stage::Unsent),
            (Stage::Harmless, Stage::Harmless),
            (Stage::Committing, Stage::Committing),
            (Stage::Released, Stage::Released),
            (Stage::Cancelled, Stage::Cancelled),
        ] {
            let memory = Memory::default();
            memory.set(&id(1), stage.clone());

            assert_eq!(memory.withdraw(&id(1)), Some(stage));
            assert_eq!(memory.take_for_commit(&id(1)), Err(Some(after)));
        }
        assert_eq!(Memory::default().withdraw(&id(1)), None);
    }

    #[test]
    fn an_upload_that_was_cancelled_meanwhile_is_not_held() {
        let memory = Memory::default();
        memory.set(&id(1), Stage::Harmless);
        memory.set(&id(2), Stage::Cancelled);

        assert!(memory.prepared(&id(1), Stage::Held { job: made(7) }));
        assert!(!memory.prepared(&id(2), Stage::Held { job: made(8) }));
        assert_eq!(memory.stage(&id(1)), Some(Stage::Held { job: made(7) }));
        assert_eq!(memory.stage(&id(2)), Some(Stage::Cancelled));
    }

    #[test]
    fn it_is_bounded_and_forgets_first_what_can_do_no_harm() {
        let memory = Memory::default();
        memory.set(&id(0), created());
        memory.set(&id(1), Stage::Cancelled);
        for number in 2..=ATTEMPTS_MAX {
            memory.set(&id(number), Stage::Released);
        }

        assert_eq!(memory.stage(&id(1)), None);
        assert_eq!(memory.stage(&id(0)), Some(created()));
        memory.set(&id(ATTEMPTS_MAX + 1), Stage::Released);
        assert_eq!(memory.stage(&id(0)), None);
        assert_eq!(memory.lock().len(), ATTEMPTS_MAX);
    }
}
