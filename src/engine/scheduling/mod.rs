//! Runs a worker for each printer, until it is told to stop or until nothing can be printed without a person.

pub(super) mod activity;
pub mod lease;
mod membership;
mod new_worker;
mod plan_keeper;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, watch},
    task::JoinHandle,
};
use tracing::warn;

use self::{
    activity::{Activity, ActivityBoard},
    membership::HEARTBEAT,
    plan_keeper::PlanKeeper,
};
use super::{
    Engine, EngineError,
    batched_reads::{self, Bodies, ReaderHandle, SnapshotQuery},
    fault::{Fault, Faults},
    group_commit::{self, CommitQueue},
    instance::{self, InstanceWatch},
    outage_log::{OutageLog, Use},
    printing::services::AHEAD_KIB,
    sources::Sources,
    test_cards,
};
use crate::{
    domain::{
        dispatch::Blocked,
        permission::{Permit, SystemAct},
    },
    render::CardRenderer,
    store::{ChangeListener, Fence, StoreError},
};

/// The interval at which the scheduler checks for changes by other processes.
const CHECK_EVERY: Duration = Duration::from_millis(100);
/// The interval of tries to write first while the database is away.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// How long no worker has tried to write, in an outage, before the scheduler finds out whether it is over.
const PROBE_AFTER: Duration = Duration::from_secs(30);
/// The interval at which test cards that were left open are looked for.
const TEST_CARDS_EVERY: Duration = Duration::from_mins(1);
/// The subject of the fault of a data folder that cannot be read.
const DATA_FOLDER: &str = "data folder";

/// The condition for ending.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// Only when it is told to stop.
    Stopped,
    /// When no printer can print until a person acts, blanks are delivered or a window opens. Backoff and jams that
    /// clear without a person are waited for.
    Idle,
}

/// Printers that cannot print, and the reason of each.
pub type BlockedPrinters = Vec<(String, Blocked)>;

/// Plans and prints. After `stop` is set to true, the current cards are finished and no other card starts.
pub async fn run(
    engine: &Engine,
    until: Until,
    mut stop: watch::Receiver<bool>,
) -> Result<BlockedPrinters, EngineError> {
    let faults = Arc::new(Faults::new(engine.faults.clone()));
    let log = |what| Arc::new(OutageLog::new(what, engine.clock.clone(), faults.clone()));
    let (away, unwritten) = (log(Use::Reach), log(Use::Write));
    let engine = &loop {
        match Box::pin(engine.owning(&Permit::system(SystemAct::Lease), true)).await {
            Ok(own) => break own,
            Err(error) => {
                if !wait_out(engine, error.into(), &away, &mut stop).await? {
                    return Ok(BlockedPrinters::new());
                }
            }
        }
    };
    if let Some(lease) = &engine.lease {
        while let Err(error) = Box::pin(membership::join(lease, engine)).await {
            if !wait_out(engine, error, &away, &mut stop).await? {
                return Ok(BlockedPrinters::new());
            }
        }
    }
    let mut scheduler = Scheduler::new(engine, faults, (away, unwritten));
    let mut news = engine.store.listen().await;
    let blocked = loop {
        let is_settled = match Box::pin(scheduler.check(&mut news)).await {
            Ok(is_settled) => is_settled,
            // A lost database may return. Until then no card starts, because nothing can be saved.
            Err(EngineError::Store(error)) if may_return(&error, engine.store.is_shared()) => {
                scheduler.away(&error);
                false
            }
            // The lease expired between two heartbeats; the node rejoins at the next.
            Err(EngineError::Store(StoreError::Fenced)) => false,
            Err(error) => return Err(error),
        };
        engine.vitals.round(engine.clock.elapsed());
        if *stop.borrow() {
            break BlockedPrinters::new();
        }
        if until == Until::Idle && is_settled && scheduler.board.all_blocked() && !scheduler.has_finished_workers() {
            break scheduler.board.blocked();
        }
        tokio::select! {
            () = engine.clock.sleep(CHECK_EVERY) => {}
            () = news.notified() => scheduler.board.wake_all(), // before the reads of a check, which wakes them again
            _ = stop.changed() => {}
        }
    };
    scheduler.finish().await;
    Ok(blocked)
}

/// Waits until a first write, which failed because the database has gone away since it was opened, is tried again. Returns
/// false if the scheduler is told to stop meanwhile, and any other error.
async fn wait_out(
    engine: &Engine,
    error: EngineError,
    away: &OutageLog,
    stop: &mut watch::Receiver<bool>,
) -> Result<bool, EngineError> {
    let EngineError::Store(error) = error else { return Err(error) };
    if !error.is_away() {
        return Err(error.into());
    }
    away.failed(&error, engine.clock.elapsed());
    tokio::select! {
        () = engine.clock.sleep(FIRST_RETRY) => Ok(true),
        _ = stop.changed() => Ok(false),
    }
}

/// Whether the database may be usable again later. A server may also be restored or migrated while its nodes run.
fn may_return(error: &StoreError, is_shared: bool) -> bool {
    error.is_away() || is_shared && matches!(error, StoreError::Database { .. })
}

/// Starts the commit queue, whose writes carry the node's present epoch.
fn start_writer(engine: &Engine, outages: Arc<OutageLog>) -> CommitQueue {
    let mut engine = engine.clone();
    engine.writer.fence = engine.writer.fence.as_ref().map(Fence::pinned);
    group_commit::start(engine, outages)
}

/// A worker's task, and the channel that tells it to stop after its current card.
struct WorkerHandle {
    worker: JoinHandle<()>,
    /// Its feeder.
    feeder: Weak<()>,
    stop: watch::Sender<bool>,
}

struct Scheduler {
    engine: Engine,
    commits: CommitQueue,
    faults: Arc<Faults>,
    /// Whether the last read or heartbeat failed.
    away: Arc<OutageLog>,
    /// Whether the last commit of the workers failed.
    unwritten: Arc<OutageLog>,
    /// The probe whether an outage of the writes is over.
    probe: Option<JoinHandle<()>>,
    snapshots: ReaderHandle<SnapshotQuery>,
    bodies: ReaderHandle<Bodies>,
    ahead: Arc<Semaphore>,
    board: Arc<ActivityBoard>,
    renderers: HashMap<String, Arc<dyn CardRenderer>>,
    workers: HashMap<String, WorkerHandle>,
    /// Printers without a worker, and the reason of each.
    unusable: HashMap<String, String>,
    /// The feeders of aborted workers, by printer.
    aborted: Vec<(String, Weak<()>)>,
    /// Printers that other nodes take over after the current card.
    giving: HashSet<String>,
    /// When the next heartbeat is due.
    heartbeat_at: Option<Duration>,
    /// The task that settles test cards that were left open, and when they are looked for next.
    test_cards: Option<JoinHandle<()>>,
    test_cards_at: Option<Duration>,
    plans: PlanKeeper,
    sources: Sources,
    /// Whether the database may be a copy: no worker is started then. The guards refuse each card of a worker that runs.
    instance: InstanceWatch,
    /// Whether there may be printers without a worker.
    must_start: bool,
    /// Whether other nodes are about to give up printers for this one.
    lacks: bool,
    /// Whether the scheduler is ending: the current cards are the last.
    ends: bool,
}

impl Scheduler {
    fn new(engine: &Engine, faults: Arc<Faults>, (away, unwritten): (Arc<OutageLog>, Arc<OutageLog>)) -> Self {
        Self {
            engine: engine.clone(),
            commits: start_writer(engine, unwritten.clone()),
            faults,
            away,
            unwritten,
            probe: None,
            snapshots: batched_reads::start(engine.clone()),
            bodies: batched_reads::start(engine.clone()),
            ahead: Arc::new(Semaphore::new(AHEAD_KIB)),
            board: Arc::new(ActivityBoard::new()),
            renderers: HashMap::new(),
            workers: HashMap::new(),
            unusable: HashMap::new(),
            aborted: Vec::new(),
            giving: HashSet::new(),
            heartbeat_at: None,
            test_cards: None,
            test_cards_at: None,
            plans: PlanKeeper::default(),
            sources: Sources::start(engine),
            instance: InstanceWatch::default(),
            must_start: true,
            lacks: false,
            ends: false,
        }
    }

    /// Sends a due heartbeat, and starts workers if there may be new printers. Returns false if other nodes are about to give up
    /// printers for this one, test cards are being settled, or lists of sources wait.
    async fn check(&mut self, news: &mut ChangeListener) -> Result<bool, EngineError> {
        self.heartbeat().await?;
        self.must_start |= self.instance.compare(&self.engine).await?;
        match self.instance.failure() {
            Some(error) => {
                let fault = Fault::DataFolderUnread { error: error.to_owned() };
                self.faults.begin(DATA_FOLDER, fault, self.engine.clock.now());
            }
            None => self.faults.end(DATA_FOLDER),
        }
        if !self.instance.is_in_doubt() {
            self.settle_test_cards().await?;
            self.plans.look(&self.engine).await;
        }
        // Checked before the printers are read, so that a change in between is seen in the next round.
        self.must_start |= news.changed().await? || self.has_finished_workers();
        if self.must_start {
            self.start_workers().await?;
            self.must_start = false;
            self.board.wake_all();
        }
        if self.away.is_on() {
            self.away.succeeded();
            self.board.wake_all();
        }
        self.probe();
        let test_cards_settled = self.test_cards.as_ref().is_none_or(JoinHandle::is_finished);
        Ok(!self.lacks && !self.unwritten.is_on() && test_cards_settled && self.sources.are_settled())
    }

    /// Finds out whether an outage of the writes is over, if no worker does.
    fn probe(&mut self) {
        if self.unwritten.is_idle_for(PROBE_AFTER) && self.probe.as_ref().is_none_or(JoinHandle::is_finished) {
            let commits = self.commits.clone();
            // The commit queue logs the result.
            self.probe = Some(tokio::spawn(async move { drop(commits.probe().await) }));
        }
    }

    /// Looks for test cards that were left open, and settles them in a task of its own, because printers answer slowly.
    async fn settle_test_cards(&mut self) -> Result<(), EngineError> {
        let now = self.engine.clock.elapsed();
        let is_busy = self.test_cards.as_ref().is_some_and(|task| !task.is_finished());
        if is_busy || self.test_cards_at.is_some_and(|at| now < at) {
            return Ok(());
        }
        self.test_cards_at = Some(now + TEST_CARDS_EVERY);
        let open = self.engine.store.read().await?.test_cards_open().await?;
        if open.is_empty() {
            return Ok(());
        }
        let (engine, board) = (self.engine.clone(), self.board.clone());
        self.test_cards = Some(tokio::spawn(async move {
            match test_cards::settle_left_over(&engine, &Permit::system(SystemAct::Print), open).await {
                Ok(()) => board.new_work(), // a blank may be free again
                Err(error) => {
                    warn!(error = &error as &dyn std::error::Error, "test cards that were left open are not settled");
                }
            }
        }));
        Ok(())
    }

    fn away(&mut self, error: &StoreError) {
        // The answer was lost, so printers may have been taken.
        self.must_start = true;
        self.instance.compare_at_once(); // it may be another one when it is back
        self.away.failed(error, self.engine.clock.elapsed());
    }

    /// Sends a heartbeat when it is due. A node whose lease has expired joins again, with new workers.
    async fn heartbeat(&mut self) -> Result<(), EngineError> {
        let Some(lease) = self.engine.lease.clone() else { return Ok(()) };
        let now = self.engine.clock.elapsed();
        if self.heartbeat_at.is_some_and(|at| now < at) {
            return Ok(());
        }
        let finished = |name: &&String| self.workers.get(*name).is_none_or(|handle| handle.worker.is_finished());
        let freed: Vec<String> = self.giving.iter().filter(finished).cloned().collect();
        let heartbeat = match membership::heartbeat(&lease, &self.engine, &freed, self.ends).await {
            Err(StoreError::Fenced) if self.ends => {
                // The open attempts belong to another node, and no further card starts.
                lease.lost();
                return Ok(());
            }
            Err(StoreError::Fenced) => {
                membership::refuse_taken(&lease, &self.engine).await?;
                warn!("this node's lease expired; it joins again");
                // The database refuses every write of the workers, and their open attempts belong to another node. The workers
                // and their queued writes must be gone before this node has a lease again, because they would use it.
                lease.lost();
                self.instance.compare_at_once(); // an older state may have been restored
                for (name, handle) in std::mem::take(&mut self.workers) {
                    handle.worker.abort();
                    let _ = handle.worker.await; // that it was aborted
                    self.aborted.push((name.clone(), handle.feeder));
                    self.board.leave(&name);
                }
                self.giving.clear();
                membership::join(&lease, &self.engine).await?;
                self.commits = start_writer(&self.engine, self.unwritten.clone());
                self.must_start = true;
                membership::heartbeat(&lease, &self.engine, &[], false).await?
            }
            heartbeat => heartbeat?,
        };
        self.heartbeat_at = Some(now + HEARTBEAT);
        self.confirm_without_worker().await?; // what another node has settled
        self.giving.retain(|name| !freed.contains(name));
        for name in &heartbeat.give {
            if let Some(handle) = self.workers.get(name) {
                let _ = handle.stop.send(true); // the worker may have ended
            }
            self.giving.insert(name.clone());
        }
        if !heartbeat.give.is_empty() {
            self.board.wake_all();
        }
        self.must_start |= heartbeat.took;
        self.lacks = heartbeat.lacks;
        Ok(())
    }

    /// Lets the current cards finish, and gives up the lease.
    async fn finish(mut self) {
        self.ends = true;
        for handle in self.workers.values() {
            let _ = handle.stop.send(true); // the worker may have ended
        }
        self.board.wake_all();
        // A worker stays in the map until it has ended: a heartbeat takes the printers without one for free.
        while let Some(name) = self.workers.keys().next().cloned() {
            self.end(&name).await;
            self.workers.remove(&name);
        }
        self.plans.end().await;
        self.sources.end().await;
        if let Some(lease) = &self.engine.lease
            && let Err(error) = membership::leave(lease, &self.engine).await
        {
            warn!(
                error = &error as &dyn std::error::Error,
                "this node could not leave; its printers are taken over when its lease expires"
            );
        }
        if let Err(error) = instance::remember_at_end(&self.engine).await {
            warn!(error = &error as &dyn std::error::Error, "the data folder does not remember the newest audit rows");
        }
    }

    /// Waits for a worker that was told to stop, and renews the lease until its card is finished.
    async fn end(&mut self, name: &str) {
        while let Some(handle) = self.workers.get_mut(name) {
            tokio::select! {
                // After a panic the attempt stays open, and the next start settles it.
                _ = &mut handle.worker => return,
                () = self.engine.clock.sleep(HEARTBEAT / 2) => {}
            }
            self.engine.vitals.round(self.engine.clock.elapsed());
            if let Err(error) = self.heartbeat().await {
                warn!(error = &error as &dyn std::error::Error, "the lease could not be renewed");
            }
        }
    }

    /// Starts a worker for each printer that has none.
    async fn start_workers(&mut self) -> Result<(), EngineError> {
        let mut printers = self.engine.store.read().await?.printer_list().await?;
        printers
            .retain(|printer| printer.node.as_deref() == self.engine.node() && !self.giving.contains(&printer.name));
        self.workers.retain(|_, handle| !handle.worker.is_finished());
        self.confirm_without_worker().await?;
        for (name, _) in self.unusable.extract_if(|name, _| !printers.iter().any(|printer| printer.name == *name)) {
            self.board.leave(&name);
        }
        for printer in printers {
            if self.instance.is_in_doubt() && !self.workers.contains_key(&printer.name) {
                let blocked = Activity::Blocked(Blocked::InstanceInDoubt);
                self.board.set(&printer.name, blocked, self.board.seen());
            } else if !self.workers.contains_key(&printer.name) {
                let name = printer.name.clone();
                let (stop, stopped) = watch::channel(false);
                match self.worker(printer, stopped) {
                    Ok(worker) => {
                        self.unusable.remove(&name);
                        self.board.set(&name, Activity::Busy, self.board.seen());
                        let feeder = worker.session.feeder().alive();
                        self.workers.insert(name, WorkerHandle { worker: tokio::spawn(worker.run()), feeder, stop });
                    }
                    Err(why) => self.cannot_use(name, why).await?,
                }
            }
        }
        Ok(())
    }

    /// Confirms that uncertain attempts at printers without a worker will not be sent by this process. A worker confirms its own.
    async fn confirm_without_worker(&mut self) -> Result<(), EngineError> {
        let mut unconfirmed = self.engine.store.read().await?.attempts_unconfirmed(self.engine.writer.owner).await?;
        // An upload completes although its worker was aborted.
        self.aborted.retain(|(_, feeder)| feeder.strong_count() > 0);
        let may_send = |name: &str| self.workers.contains_key(name) || self.aborted.iter().any(|(of, _)| of == name);
        unconfirmed.retain(|(printer, ..)| !may_send(printer));
        if unconfirmed.is_empty() {
            return Ok(());
        }
        let attempts = unconfirmed.into_iter().map(|(_, key, name)| (key, name)).collect();
        Ok(self.commits.of("").confirm(attempts).await?)
    }

    /// Logs once why a printer cannot be used, and saves the reason for `status`.
    async fn cannot_use(&mut self, name: String, why: String) -> Result<(), EngineError> {
        self.board.set(&name, Activity::Blocked(Blocked::Misconfigured), self.board.seen());
        if self.unusable.get(&name) != Some(&why) {
            let reasons = vec!["needs-operator".to_owned()];
            self.commits.of(&name).seen(&name, "stopped", reasons).await?;
            warn!(printer.id = name, "the printer cannot be used: {why}");
            self.unusable.insert(name, why);
        }
        Ok(())
    }

    /// Whether a worker task has finished (printer removed, or panic).
    fn has_finished_workers(&self) -> bool {
        self.workers.values().any(|handle| handle.worker.is_finished())
    }
}
