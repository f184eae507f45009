//! Pulls the lists of the sources that the settings name. Each source has a task of its own, so that one that does not answer keeps no
//! other from being pulled. A node pulls the sources that name it, or no node.
//!
//! The lists are imported as those of a person, by the program. A pull may be killed at any point and done again: an import changes
//! nothing for a row that is known.

mod folder;
mod list;
mod pull;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinHandle;
use tracing::{info, warn};

pub use self::folder::try_folder;
use self::{
    folder::Folder,
    pull::{PullError, permit},
};
use super::{Engine, EngineError, source::Source};
use crate::{
    domain::{
        audit::Event,
        source::{PulledLists, SourceFault},
    },
    store::SourceState,
};

/// The tasks that pull the sources of this node.
pub(super) struct Sources {
    tasks: Vec<JoinHandle<()>>,
    /// The sources that were not pulled yet, or have lists that were not imported yet.
    unsettled: Arc<AtomicUsize>,
}

impl Sources {
    /// Starts them.
    pub(super) fn start(engine: &Engine) -> Self {
        let is_own = |source: &&Source| source.node.is_none() || source.node.as_deref() == engine.node();
        let sources: Vec<Source> = engine.settings.sources.iter().filter(is_own).cloned().collect();
        let unsettled = Arc::new(AtomicUsize::new(sources.len()));
        let task = |source| tokio::spawn(pull_for_ever(engine.clone(), source, Unsettled::new(unsettled.clone())));
        Self { tasks: sources.into_iter().map(task).collect(), unsettled }
    }

    /// Whether each source was pulled, and no list waits that was not imported.
    pub(super) fn are_settled(&self) -> bool {
        self.unsettled.load(Ordering::Relaxed) == 0
    }

    /// Ends them. An import that is not finished is done again at the next start.
    pub(super) async fn end(&mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
            let _ = task.await; // that it was aborted
        }
    }
}

/// Counts a source as long as it has lists that were not imported.
struct Unsettled {
    number: Arc<AtomicUsize>,
    is_counted: bool,
}

impl Unsettled {
    /// It is counted already.
    fn new(number: Arc<AtomicUsize>) -> Self {
        Self { number, is_counted: true }
    }

    fn set(&mut self, is_unsettled: bool) {
        match (self.is_counted, is_unsettled) {
            (false, true) => drop(self.number.fetch_add(1, Ordering::Relaxed)),
            (true, false) => drop(self.number.fetch_sub(1, Ordering::Relaxed)),
            (true, true) | (false, false) => {}
        }
        self.is_counted = is_unsettled;
    }
}

/// The wait after an error of the database, which the scheduler tells.
const AFTER_ERROR: Duration = Duration::from_secs(5);

async fn pull_for_ever(engine: Engine, source: Source, mut unsettled: Unsettled) {
    let mut folder = Folder::new(source.folder.clone());
    let mut is_first = true;
    loop {
        let wait = match Box::pin(round(&engine, &source, &mut folder, (is_first, &mut unsettled))).await {
            Ok(wait) => wait,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                warn!(source.id = source.name, error, "the lists of a source are not pulled");
                AFTER_ERROR
            }
        };
        is_first = false;
        engine.clock.sleep(wait).await;
    }
}

/// Pulls a source if that is due; returns the wait until the next round.
async fn round(
    engine: &Engine,
    source: &Source,
    folder: &mut Folder,
    (is_first, unsettled): (bool, &mut Unsettled),
) -> Result<Duration, EngineError> {
    let (mut states, doubt) = {
        let mut tx = engine.store.read().await?;
        (tx.source_states().await?, tx.doubt().await?)
    };
    let state = states.remove(&source.name).unwrap_or_default();
    // A database that may be a copy gets no records: its original may get and print them.
    if doubt.is_some() || state.pause.is_some() {
        unsettled.set(false);
        return Ok(source.every);
    }
    let wait = state.pulls.wait(source.every, engine.clock.now());
    let is_due = wait.is_zero() || is_first && state.pulls.failures == 0;
    if !is_due {
        return Ok(wait.min(source.every)); // a pause that ends is seen soon
    }
    let pulled = Box::pin(folder.pull(engine, source, state.lists.last_refused.clone())).await;
    let (lists, fault) = match pulled {
        Ok(lists) => (lists, None),
        Err(PullError::Source(fault)) => (state.lists.clone(), Some(fault)),
        Err(PullError::Engine(error)) => return Err(error),
    };
    unsettled.set(fault.is_none() && lists.waiting > 0);
    let is_waiting = lists.waiting > 0;
    save(engine, &source.name, &state, (lists, fault)).await?;
    // A list that is still being written is looked at again soon.
    Ok(if is_waiting && fault.is_none() { folder::SETTLED_AFTER.min(source.every) } else { source.every })
}

/// Saves how a pull went. That a source is away, or back, is in the audit.
async fn save(
    engine: &Engine,
    name: &str,
    before: &SourceState,
    (lists, fault): (PulledLists, Option<SourceFault>),
) -> Result<(), EngineError> {
    let now = engine.clock.now();
    let pulls = match fault {
        Some(fault) => before.pulls.failed(fault, now),
        None => before.pulls.succeeded(now),
    };
    let mut tx = engine.write(&permit()).await?;
    tx.source_pulled(name, &pulls, &lists).await?;
    match (before.pulls.away_since(), pulls.away_since()) {
        (None, Some(_)) => {
            let fault = fault.map_or("", SourceFault::as_str);
            warn!(source.id = name, fault, "a source is away");
            tx.audit(Event::new("source.away", format!("source {name}")).with("fault", fault));
        }
        (Some(since), None) => {
            info!(source.id = name, "a source is back");
            tx.audit(Event::new("source.back", format!("source {name}")).with("away_since", since.to_string()));
        }
        (None, None) | (Some(_), Some(_)) => {}
    }
    Ok(tx.commit().await?)
}
