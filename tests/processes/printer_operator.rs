//! Helper: the person at a printer, who fills hoppers, closes covers and starts a dead printer again.

use std::time::Duration;

use cetak::domain::time::Timestamp;

use crate::engine::Mode;
use crate::now;
use crate::peer::Peer;

/// The faults of a printer's engine. `Hang` and the states that wait for an operator end when the operator acts.
pub(crate) const FAULTS: [Mode; 11] = [
    Mode::Jam,
    Mode::Empty,
    Mode::Ribbon,
    Mode::OutputFull,
    Mode::Cover,
    Mode::AbortBefore,
    Mode::AbortAfter,
    Mode::Hang,
    Mode::DieBefore,
    Mode::DieAfter,
    Mode::SelfKill,
];

/// How long everything stays as it is before the person comes.
const COMES_AFTER: Duration = Duration::from_millis(300);

/// What the person has noticed at one printer.
#[derive(Default)]
pub(crate) struct Operator {
    waiting_since: Option<Timestamp>,
    dead_since: Option<Timestamp>,
}

impl Operator {
    /// Looks at the printer, and acts if something has been so for a while.
    pub(crate) fn attend(&mut self, peer: &mut dyn Peer) {
        if is_due(&mut self.waiting_since, peer.engine().is_waiting()) {
            peer.clear();
        }
        if is_due(&mut self.dead_since, peer.is_dead()) {
            peer.run();
        }
    }
}

fn is_due(since: &mut Option<Timestamp>, holds: bool) -> bool {
    if !holds {
        *since = None;
        return false;
    }
    let first = *since.get_or_insert(now());
    let due = now().since(first) > COMES_AFTER;
    if due {
        *since = None;
    }
    due
}
