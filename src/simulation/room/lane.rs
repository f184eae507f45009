//! The lane of a printer: the walk-in that waits joins the front of its batch.

use super::{
    super::{printer::Job, tally::TracedJob},
    Room,
};
use crate::domain::{
    card::profile::WALK_IN_CLASS,
    id::JobId,
    states::{BatchState, RecordState},
    walk_in::{Lane, joins},
};

impl Room<'_> {
    /// Lets the walk-in that is first on the list join the front of a printer's batch, if it may. A card that was rendered ahead goes
    /// behind it.
    pub(super) fn join(&mut self, at: usize) {
        let of = self.profile_of[at];
        if !self.printers[at].setting.walk_in_lane {
            return;
        }
        let Some(walk_in) = self.lists[of].first().next().filter(|rank| rank.0 == WALK_IN_CLASS) else { return };
        let blanks = *self.free_at(at);
        let printer = &mut self.printers[at];
        printer.put_back_next();
        let open = i64::try_from(printer.cards_left()).unwrap_or(i64::MAX);
        let lane = Lane {
            is_kept: true,
            batch: BatchState::Running,
            may_begin: true,
            first: printer.jobs.last().map(|job| self.records[job.record].is_walk_in),
            blanks,
            room: printer.supplies.room(open),
        };
        if !joins(&lane) {
            return;
        }
        self.lists[of].take(1);
        *self.free_at(at) -= 1;
        self.jobs += 1;
        let record = walk_in.2;
        self.records[record].state = RecordState::Batched;
        let printer = &mut self.printers[at];
        let position = printer.jobs.last().map_or(0, |job| job.position - 1);
        printer.jobs.push(Job { id: JobId(self.jobs), record, due: self.now, not_started: 0, position });
        if let Some(trace) = &mut self.trace {
            let batch = printer.batches.saturating_sub(1);
            let position = trace.iter().filter(|job| job.printer == at && job.batch == batch).count();
            trace.push(TracedJob { record, printer: at, batch, position, attempts: Vec::new() });
        }
    }
}
