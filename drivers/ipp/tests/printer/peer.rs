//! The kinds of real printers, so that one test can run on each.

use crate::cupsd::{Cupsd, Settings};
pub(crate) use crate::engine::harness::Peer;
use crate::eve::EvePrinter;
use crate::pappl::PapplPrinter;

/// A kind of real printer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    /// `ippeveprinter` of CUPS: no hold, one job at a time, and it forgets everything when its process ends.
    Eve,
    /// A printer application made with PAPPL: holds jobs, and keeps its job history on disk.
    Pappl,
    /// `cupsd` with the settings that cetak requires of it.
    Cupsd,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Eve, Self::Pappl, Self::Cupsd];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Eve => "ippeveprinter",
            Self::Pappl => "PAPPL",
            Self::Cupsd => "cupsd",
        }
    }

    /// Starts a printer of this kind, and waits until it answers.
    pub(crate) fn start(self) -> Box<dyn Peer> {
        match self {
            Self::Eve => Box::new(EvePrinter::new()),
            Self::Pappl => Box::new(PapplPrinter::start()),
            Self::Cupsd => Box::new(Cupsd::start(Settings::Safe)),
        }
    }
}
