//! A job that has not ended: what acts on its record need to know of it.

use super::{
    id::{BatchId, JobId, LotId},
    states::JobState,
    stock::{Cause, Movement, Place},
};

/// A job that is queued, printing or uncertain, with its blank.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenJob {
    /// The job's number.
    pub id: JobId,
    /// Its state.
    pub state: JobState,
    /// The batch that it belongs to.
    pub batch: BatchId,
    /// The lot of its blank.
    pub lot: LotId,
    /// Where the blank was reserved: the vault or a printer's hopper.
    pub place: Place,
}

impl OpenJob {
    /// The movement that returns its reserved blank to the vault or hopper it came from.
    pub fn released_blank(&self) -> Movement {
        Movement::new(self.lot, self.place.reserved(), self.place.free(), 1, Cause::Released).of_batch(self.batch)
    }
}
