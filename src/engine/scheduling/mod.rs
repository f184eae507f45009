//! Runs a worker for each printer, until told to stop or until only a person would help.

pub(super) mod activity;
pub mod lease;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tokio::{sync::watch, task::JoinHandle};
use tracing::{info, warn};

use self::{
    activity::{Activity, ActivityBoard},
    lease::{HEARTBEAT, Leased},
};
use super::{
    Engine, EngineError,
    batched_reads::{self, Bodies, ReaderHandle, SnapshotQuery},
    group_commit::{self, Request, WriterHandle},
    printing::worker::{State, Worker},
};
use crate::{
    domain::printer::Printer,
    render::CardRenderer,
    store::{ChangeListener, Fence, StoreError},
};

/// How often the scheduler looks whether another process changed something.
const LOOK: Duration = Duration::from_millis(100);

/// When to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// When told to.
    Stopped,
    /// When for every printer only a person, a delivery or a window would help. Waits for backoff, and for jams that
    /// clear.
    Idle,
}

/// Why each printer prints no more.
pub type Blocked = Vec<(String, &'static str)>;

/// Schedules and prints. `stop` set to true lets the cards in hand end and feeds no other.
pub async fn run(engine: &Engine, until: Until, mut stop: watch::Receiver<bool>) -> Result<Blocked, EngineError> {
    if let Some(lease) = &engine.lease {
        lease.join(engine).await?;
    }
    let mut scheduler = Scheduler {
        engine: engine.clone(),
        writer: start_writer(engine),
        looks: batched_reads::start(engine.clone()),
        bodies: batched_reads::start(engine.clone()),
        board: Arc::new(ActivityBoard::new()),
        renderers: HashMap::new(),
        workers: HashMap::new(),
        unusable: HashMap::new(),
        giving: HashSet::new(),
        heartbeat_at: None,
        is_away: false,
        must_employ: true,
        lacks: false,
        ends: false,
    };
    let mut news = engine.store.listen().await;
    let stuck = loop {
        let rests = match scheduler.look(&mut news).await {
            Ok(rests) => rests,
            // It may come back. Until then nothing is fed, as nothing can be saved.
            Err(EngineError::Store(error))
                if engine.store.is_shared() && (error.is_away() || matches!(error, StoreError::Database { .. })) =>
            {
                scheduler.away(&error);
                false
            }
            // It was put out between two beats; with the next it joins again.
            Err(EngineError::Store(StoreError::Fenced)) => false,
            Err(error) => return Err(error),
        };
        if *stop.borrow() {
            break Blocked::new();
        }
        if until == Until::Idle && rests && scheduler.board.all_stuck() && !scheduler.lacks_workers() {
            break scheduler.board.stuck();
        }
        tokio::select! {
            () = engine.clock.sleep(LOOK) => {}
            () = news.arrive() => {}
            _ = stop.changed() => {}
        }
    };
    scheduler.ends = true;
    for hired in scheduler.workers.values() {
        let _ = hired.stop.send(true); // the worker may have ended
    }
    scheduler.board.wake_all();
    for (_, hired) in std::mem::take(&mut scheduler.workers) {
        scheduler.end(hired.worker).await;
    }
    if let Some(lease) = &engine.lease
        && let Err(error) = lease.leave(engine).await
    {
        warn!(error = &error as &dyn std::error::Error, "the printers are free only when this node's lease ends");
    }
    Ok(stuck)
}

/// A writer for as long as this node is the one that it is now.
fn start_writer(engine: &Engine) -> WriterHandle {
    let mut engine = engine.clone();
    engine.writer.fence = engine.writer.fence.as_ref().map(Fence::pinned);
    group_commit::start(engine)
}

/// A worker, and how it is told to stop after the card in hand.
struct WorkerHandle {
    worker: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

#[expect(clippy::struct_excessive_bools, reason = "each says something of its own, and they do not make up states")]
struct Scheduler {
    engine: Engine,
    writer: WriterHandle,
    looks: ReaderHandle<SnapshotQuery>,
    bodies: ReaderHandle<Bodies>,
    board: Arc<ActivityBoard>,
    renderers: HashMap<String, Arc<dyn CardRenderer>>,
    workers: HashMap<String, WorkerHandle>,
    /// Printers that have no worker, and why.
    unusable: HashMap<String, String>,
    /// Printers that other nodes will feed, after the card in hand.
    giving: HashSet<String>,
    /// When the lease is to be renewed.
    heartbeat_at: Option<Duration>,
    /// The database could not be reached when it was last needed.
    is_away: bool,
    /// There may be printers without a worker.
    must_employ: bool,
    /// Other nodes are about to give printers up for this one.
    lacks: bool,
    /// The cards in hand are the last.
    ends: bool,
}

impl Scheduler {
    /// Renews the lease and starts workers, if there is a reason to. False: other nodes are about to give printers up.
    async fn look(&mut self, news: &mut ChangeListener) -> Result<bool, EngineError> {
        self.heartbeat().await?;
        // Before looking for printers: a change in between is seen in the next round.
        self.must_employ |= news.changed().await? || self.lacks_workers();
        if self.must_employ {
            self.employ().await?;
            self.must_employ = false;
            self.board.wake_all();
        }
        if std::mem::take(&mut self.is_away) {
            info!("the database is back");
            self.board.wake_all();
        }
        Ok(!self.lacks)
    }

    fn away(&mut self, error: &StoreError) {
        // Whether printers were taken before the answer was lost is not known.
        self.must_employ = true;
        if !std::mem::replace(&mut self.is_away, true) {
            warn!(error = error as &dyn std::error::Error, "the database is away; nothing is fed until it is back");
        }
    }

    /// Renews the lease when it is time. Put out, it joins again, with other workers.
    async fn heartbeat(&mut self) -> Result<(), EngineError> {
        let Some(lease) = self.engine.lease.clone() else { return Ok(()) };
        let now = self.engine.clock.elapsed();
        if self.heartbeat_at.is_some_and(|at| now < at) {
            return Ok(());
        }
        let finished = |name: &&String| self.workers.get(*name).is_none_or(|hired| hired.worker.is_finished());
        let freed: Vec<String> = self.giving.iter().filter(finished).cloned().collect();
        let heartbeat = match lease.heartbeat(&self.engine, &freed, self.ends).await {
            Err(StoreError::Fenced) if self.ends => {
                // What is in hand is another node's, and nothing more is fed.
                lease.lost();
                return Ok(());
            }
            Err(StoreError::Fenced) => {
                warn!("this node lost its lease; it joins again");
                // Each write of theirs is refused; what they had in hand is another node's. Nothing of them may be left when
                // there is a lease again, which they would take for theirs: neither they, nor what they asked to be saved.
                lease.lost();
                for (name, hired) in std::mem::take(&mut self.workers) {
                    hired.worker.abort();
                    let _ = hired.worker.await; // that it was aborted
                    self.board.leave(&name);
                }
                self.giving.clear();
                lease.join(&self.engine).await?;
                self.writer = start_writer(&self.engine);
                self.must_employ = true;
                lease.heartbeat(&self.engine, &[], false).await?
            }
            heartbeat => heartbeat?,
        };
        self.heartbeat_at = Some(now + HEARTBEAT);
        self.giving.retain(|name| !freed.contains(name));
        for name in &heartbeat.give {
            if let Some(hired) = self.workers.get(name) {
                let _ = hired.stop.send(true); // the worker may have ended
            }
            self.giving.insert(name.clone());
        }
        if !heartbeat.give.is_empty() {
            self.board.wake_all();
        }
        self.must_employ |= heartbeat.took;
        self.lacks = heartbeat.lacks;
        Ok(())
    }

    /// Waits for a worker that was told to stop, and keeps the lease of its card in hand.
    async fn end(&mut self, worker: JoinHandle<()>) {
        let mut worker = worker;
        loop {
            tokio::select! {
                // One that panicked has left its attempt open, and the next start settles it.
                _ = &mut worker => return,
                () = self.engine.clock.sleep(HEARTBEAT / 2) => {
                    if let Err(error) = self.heartbeat().await {
                        warn!(error = &error as &dyn std::error::Error, "the lease could not be renewed");
                    }
                }
            }
        }
    }

    /// Starts a worker for each printer that has none.
    async fn employ(&mut self) -> Result<(), EngineError> {
        let mut printers = self.engine.store.read().await?.printer_list().await?;
        printers
            .retain(|printer| printer.node.as_deref() == self.engine.node() && !self.giving.contains(&printer.name));
        self.workers.retain(|_, hired| !hired.worker.is_finished());
        for (name, _) in self.unusable.extract_if(|name, _| !printers.iter().any(|printer| printer.name == *name)) {
            self.board.leave(&name);
        }
        for printer in printers {
            if !self.workers.contains_key(&printer.name) {
                let name = printer.name.clone();
                let (stop, stopped) = watch::channel(false);
                match self.hire(printer, stopped) {
                    Ok(worker) => {
                        self.unusable.remove(&name);
                        self.board.set(&name, Activity::Busy, self.board.seen());
                        self.workers.insert(name, WorkerHandle { worker: tokio::spawn(worker.run()), stop });
                    }
                    Err(why) => self.cannot_use(name, why).await?,
                }
            }
        }
        Ok(())
    }

    /// Says it once, and where people look.
    async fn cannot_use(&mut self, name: String, why: String) -> Result<(), EngineError> {
        self.board.set(&name, Activity::Blocked("its address or its options are wrong"), self.board.seen());
        if self.unusable.get(&name) != Some(&why) {
            warn!(printer.id = name, "the printer cannot be used: {why}");
            let reasons = vec!["needs-operator".to_owned()];
            self.writer.save(Request::Seen { printer: name.clone(), state: "stopped", reasons, whole: true }).await?;
            self.unusable.insert(name, why);
        }
        Ok(())
    }

    fn hire(&mut self, printer: Printer, stop: watch::Receiver<bool>) -> Result<Worker, String> {
        let missing = |_| format!("its card profile `{}` does not exist", printer.profile);
        let profile = self.engine.profile(&printer.profile).map_err(missing)?;
        let renderer = if let Some(renderer) = self.renderers.get(&profile.name) {
            renderer.clone()
        } else {
            let renderer = (self.engine.renderers)(&profile).map_err(|e| e.to_string())?;
            self.renderers.insert(profile.name.clone(), renderer.clone());
            renderer
        };
        let mut driver = (self.engine.drivers)(&printer.name, &printer.uri)?;
        if let Some(lease) = self.engine.lease.clone() {
            let epoch = lease.fence().epoch();
            driver = Arc::new(Leased { driver, lease, clock: self.engine.clock.clone(), epoch });
        }
        Ok(Worker {
            engine: self.engine.clone(),
            writer: self.writer.clone(),
            looks: self.looks.clone(),
            bodies: self.bodies.clone(),
            board: self.board.clone(),
            driver,
            renderer,
            output: None,
            stop,
            state: State::new(printer),
        })
    }

    /// Has a worker ended: because its printer was removed, or because it panicked?
    fn lacks_workers(&self) -> bool {
        self.workers.values().any(|hired| hired.worker.is_finished())
    }
}
