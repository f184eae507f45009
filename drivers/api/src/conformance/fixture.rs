//! What a driver's test provides: a printer whose cards it can count, and the faults that it can cause.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{AttemptId, Document, PrinterDriver};

/// A printer without faults, and a test's power over it.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// A driver for the printer as a scheduler has it after a restart: it shares the printer with drivers made before,
    /// and no memory.
    async fn driver(&self) -> Arc<dyn PrinterDriver>;

    /// [`driver`](Self::driver) keeps its promise to share no memory. False where the printer itself lives in the
    /// driver's memory, so that a restart would lose it; checks that need a restart are then left out.
    fn restarts(&self) -> bool {
        true
    }

    /// How many attempts may be committed before the first has ended: 1 where a second job is refused meanwhile.
    fn attempts_at_once(&self) -> usize {
        1
    }

    /// Lets the printer work for longer than one card takes, queue and transport included: a mock moves its clock, a
    /// test of a real printer waits. Called up to [`ADVANCES_MAX`] times until an attempt has ended, and
    /// [`ADVANCES_QUIET`] times before it is believed that no card comes.
    async fn advance(&self);

    /// A document that the printer takes.
    fn document(&self) -> Document;

    /// An attempt id of at most [`ID_LEN_MAX`] bytes that this printer has never got, in this run or an earlier one.
    fn attempt(&self) -> AttemptId;

    /// How many good cards truly came out for `attempt`, not asked through the driver. `None` where nobody can know.
    async fn count_cards(&self, attempt: &AttemptId) -> Option<usize>;

    /// A driver for the same printer, each of whose attempts meets `trouble`. `None`: the fixture cannot make that, and
    /// the check is left out.
    async fn driver_in_trouble(&self, _trouble: Trouble) -> Option<Arc<dyn PrinterDriver>> {
        None
    }

    /// From now on the printer waits for a person with each card, until [`help`](Self::help). False: the fixture cannot
    /// make that, and the check is left out.
    async fn hinder(&self) -> bool {
        false
    }

    /// A person comes, and the printer goes on.
    async fn help(&self) {}

    /// The printer is cut off from power and starts again, with what it keeps over that. False: the fixture cannot do
    /// that, and the checks are left out.
    async fn restart_printer(&self) -> bool {
        false
    }
}

/// What a [`Fixture`] can do to a driver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// The printer takes what commit sends, and its answer is lost.
    LostAnswer,
    /// The printer cannot be reached, or is stopped; at the latest, commit finds out.
    Unavailable,
    /// The printer refuses the card for good, in prepare or in commit.
    Refusal,
    /// The printer says that it holds a job, and starts it by itself.
    BrokenHold,
}

/// After so many advances an attempt must have ended.
pub const ADVANCES_MAX: usize = 50;

/// After so many advances a card that has not come does not come any more.
pub const ADVANCES_QUIET: usize = 3;

/// Leaves room to make longer ids of it.
pub const ID_LEN_MAX: usize = 100;
