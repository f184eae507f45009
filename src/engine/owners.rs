//! The processes that begin attempts, as the operating system shows them.

use crate::domain::owner::{Presence, Process};

/// Looks up processes. Injected, because only the program itself has a lock and a process id.
pub trait Owners: Send + Sync {
    /// This process. A scheduler has the lock that it names; a command has none.
    fn own(&self, is_scheduler: bool) -> Process;

    /// Whether a process is still there; `None` for a scheduler of a version that did not save it.
    fn presence(&self, process: Option<&Process>) -> Presence;
}
