//! The interface that the test of a driver implements.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{AttemptId, Document, PrinterDriver};

/// A printer without faults whose cards the test can count, and what the test can do to it.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// A driver for the printer as after a restart of the scheduler: it shares the printer with earlier drivers, and no
    /// memory.
    async fn driver(&self) -> Arc<dyn PrinterDriver>;

    /// Whether [`driver`](Self::driver) shares no memory with earlier drivers. False if the printer itself is in the
    /// driver's memory; checks that need a restart of the scheduler are then skipped.
    fn restarts(&self) -> bool {
        true
    }

    /// How many attempts may be committed before the first has ended. 1 if the printer refuses a second job meanwhile.
    fn attempts_at_once(&self) -> usize {
        1
    }

    /// Lets the printer work for longer than one card takes, queue and transport included: a mock advances its clock, a
    /// test of a real printer waits. Called up to [`ADVANCES_MAX`] times until an attempt has ended, and
    /// [`ADVANCES_QUIET`] times before a check concludes that no card comes.
    async fn advance(&self);

    /// A document that the printer accepts.
    fn document(&self) -> Document;

    /// An attempt id of at most [`ID_LEN_MAX`] bytes that was never sent to this printer, in this run or an earlier
    /// one.
    fn attempt(&self) -> AttemptId;

    /// How many good cards came out for `attempt`, counted without the driver. `None` if they cannot be counted.
    async fn count_cards(&self, attempt: &AttemptId) -> Option<usize>;

    /// A driver for the same printer, each of whose attempts meets `trouble`. `None` if the fixture cannot do that; the
    /// check is then skipped.
    async fn driver_in_trouble(&self, _trouble: Trouble) -> Option<Arc<dyn PrinterDriver>> {
        None
    }

    /// Makes the printer wait for a person at the next card, until [`help`](Self::help). False if the fixture cannot do
    /// that; the check is then skipped.
    async fn hinder(&self) -> bool {
        false
    }

    /// Acts as the person for whom the printer waits.
    async fn help(&self) {}

    /// Kills the printer and starts it again, with what it keeps on disk. False if the fixture cannot do that; the
    /// checks are then skipped.
    async fn restart_printer(&self) -> bool {
        false
    }
}

/// A failure that a [`Fixture`] can cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// The printer accepts what commit sends, and its answer is lost.
    LostAnswer,
    /// The printer cannot be reached or is stopped. Commit fails at the latest.
    Unavailable,
    /// The printer refuses the card permanently, in prepare or in commit.
    Refusal,
    /// The printer reports that it holds a job, and starts it without a release.
    BrokenHold,
}

/// An attempt must have ended after this many advances.
pub const ADVANCES_MAX: usize = 50;

/// A card that has not come out after this many advances does not come out any more.
pub const ADVANCES_QUIET: usize = 3;

/// The longest id of a fixture, in bytes. The suite makes longer ones from it.
pub const ID_LEN_MAX: usize = 100;
