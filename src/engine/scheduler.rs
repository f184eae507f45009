//! Runs a worker for each printer, until told to stop or until only a person would help.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tokio::{sync::watch, task::JoinHandle};
use tracing::{info, warn};

use super::{
    EngineError, Office,
    board::{Board, Doing},
    lease::{BEAT, Leased},
    reader::{self, Bodies, Look, ReaderHandle},
    worker::{State, Worker},
    writer::{self, Request, WriterHandle},
};
use crate::{
    render::Draw,
    store::{Fence, News, Printer, StoreError},
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
pub type Stuck = Vec<(String, &'static str)>;

/// Schedules and prints. `stop` set to true lets the cards in hand end and feeds no other.
pub async fn run(office: &Office, until: Until, mut stop: watch::Receiver<bool>) -> Result<Stuck, EngineError> {
    if let Some(lease) = &office.lease {
        lease.join(office).await?;
    }
    let mut scheduler = Scheduler {
        office: office.clone(),
        writer: start_writer(office),
        looks: reader::start(office.clone()),
        bodies: reader::start(office.clone()),
        board: Arc::new(Board::new()),
        renderers: HashMap::new(),
        workers: HashMap::new(),
        unusable: HashMap::new(),
        giving: HashSet::new(),
        beat_at: None,
        is_away: false,
        must_employ: true,
        lacks: false,
        ends: false,
    };
    let mut news = office.store.news().await;
    let stuck = loop {
        let rests = match scheduler.look(&mut news).await {
            Ok(rests) => rests,
            // It may come back. Until then nothing is fed, as nothing can be saved.
            Err(EngineError::Store(error))
                if office.store.is_shared() && (error.is_away() || matches!(error, StoreError::Database { .. })) =>
            {
                scheduler.away(&error);
                false
            }
            // It was put out between two beats; with the next it joins again.
            Err(EngineError::Store(StoreError::Fenced)) => false,
            Err(error) => return Err(error),
        };
        if *stop.borrow() {
            break Stuck::new();
        }
        if until == Until::Idle && rests && scheduler.board.all_stuck() && !scheduler.lacks_workers() {
            break scheduler.board.stuck();
        }
        tokio::select! {
            () = office.clock.sleep(LOOK) => {}
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
    if let Some(lease) = &office.lease
        && let Err(error) = lease.leave(office).await
    {
        warn!(error = &error as &dyn std::error::Error, "the printers are free only when this node's lease ends");
    }
    Ok(stuck)
}

/// A writer for as long as this node is the one that it is now.
fn start_writer(office: &Office) -> WriterHandle {
    let mut office = office.clone();
    office.writer.fence = office.writer.fence.as_ref().map(Fence::pinned);
    writer::start(office)
}

/// A worker, and how it is told to stop after the card in hand.
struct Hired {
    worker: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

#[expect(clippy::struct_excessive_bools, reason = "each says something of its own, and they do not make up states")]
struct Scheduler {
    office: Office,
    writer: WriterHandle,
    looks: ReaderHandle<Look>,
    bodies: ReaderHandle<Bodies>,
    board: Arc<Board>,
    renderers: HashMap<String, Arc<dyn Draw>>,
    workers: HashMap<String, Hired>,
    /// Printers that have no worker, and why.
    unusable: HashMap<String, String>,
    /// Printers that other nodes will feed, after the card in hand.
    giving: HashSet<String>,
    /// When the lease is to be renewed.
    beat_at: Option<Duration>,
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
    async fn look(&mut self, news: &mut News) -> Result<bool, EngineError> {
        self.beat().await?;
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
    async fn beat(&mut self) -> Result<(), EngineError> {
        let Some(lease) = self.office.lease.clone() else { return Ok(()) };
        let now = self.office.clock.elapsed();
        if self.beat_at.is_some_and(|at| now < at) {
            return Ok(());
        }
        let finished = |name: &&String| self.workers.get(*name).is_none_or(|hired| hired.worker.is_finished());
        let freed: Vec<String> = self.giving.iter().filter(finished).cloned().collect();
        let beat = match lease.beat(&self.office, &freed, self.ends).await {
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
                lease.join(&self.office).await?;
                self.writer = start_writer(&self.office);
                self.must_employ = true;
                lease.beat(&self.office, &[], false).await?
            }
            beat => beat?,
        };
        self.beat_at = Some(now + BEAT);
        self.giving.retain(|name| !freed.contains(name));
        for name in &beat.give {
            if let Some(hired) = self.workers.get(name) {
                let _ = hired.stop.send(true); // the worker may have ended
            }
            self.giving.insert(name.clone());
        }
        if !beat.give.is_empty() {
            self.board.wake_all();
        }
        self.must_employ |= beat.took;
        self.lacks = beat.lacks;
        Ok(())
    }

    /// Waits for a worker that was told to stop, and keeps the lease of its card in hand.
    async fn end(&mut self, worker: JoinHandle<()>) {
        let mut worker = worker;
        loop {
            tokio::select! {
                // One that panicked has left its attempt open, and the next start settles it.
                _ = &mut worker => return,
                () = self.office.clock.sleep(BEAT / 2) => {
                    if let Err(error) = self.beat().await {
                        warn!(error = &error as &dyn std::error::Error, "the lease could not be renewed");
                    }
                }
            }
        }
    }

    /// Starts a worker for each printer that has none.
    async fn employ(&mut self) -> Result<(), EngineError> {
        let mut printers = self.office.store.read().await?.printer_list().await?;
        printers
            .retain(|printer| printer.node.as_deref() == self.office.node() && !self.giving.contains(&printer.name));
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
                        self.board.set(&name, Doing::Busy, self.board.seen());
                        self.workers.insert(name, Hired { worker: tokio::spawn(worker.run()), stop });
                    }
                    Err(why) => self.cannot_use(name, why).await?,
                }
            }
        }
        Ok(())
    }

    /// Says it once, and where people look.
    async fn cannot_use(&mut self, name: String, why: String) -> Result<(), EngineError> {
        self.board.set(&name, Doing::Stuck("its address or its options are wrong"), self.board.seen());
        if self.unusable.get(&name) != Some(&why) {
            warn!(printer.id = name, "the printer cannot be used: {why}");
            let reasons = vec!["needs-operator".to_owned()];
            self.writer.save(Request::Seen { printer: name.clone(), state: "stopped", reasons, whole: true }).await?;
            self.unusable.insert(name, why);
        }
        Ok(())
    }

    fn hire(&mut self, printer: Printer, stop: watch::Receiver<bool>) -> Result<Worker, String> {
        let profile = self.office.profile(&printer.profile).map_err(|e| e.to_string())?;
        let renderer = if let Some(renderer) = self.renderers.get(&profile.name) {
            renderer.clone()
        } else {
            let renderer = (self.office.renderers)(&profile).map_err(|e| e.to_string())?;
            self.renderers.insert(profile.name.clone(), renderer.clone());
            renderer
        };
        let mut driver = (self.office.drivers)(&printer.name, &printer.uri)?;
        if let Some(lease) = self.office.lease.clone() {
            let epoch = lease.fence().epoch();
            driver = Arc::new(Leased { driver, lease, clock: self.office.clock.clone(), epoch });
        }
        Ok(Worker {
            office: self.office.clone(),
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
