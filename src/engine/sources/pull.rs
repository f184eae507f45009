//! What all pulls share: the permit, and why one ends early.

use crate::{
    domain::{
        permission::{Permit, SystemAct},
        source::SourceFault,
    },
    engine::EngineError,
};

/// Why a pull ended early.
pub(super) enum PullError {
    /// The source cannot be read.
    Source(SourceFault),
    /// Nothing can be saved, or this node has lost its lease.
    Engine(EngineError),
}

impl From<EngineError> for PullError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

/// The permit for what the program does to the lists of a source.
pub(super) fn permit() -> Permit {
    Permit::system(SystemAct::Pull)
}
