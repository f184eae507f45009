//! Runs a worker for each printer, until told to stop or until only a person would help.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinHandle};
use tracing::warn;

use super::{
    EngineError, Office,
    board::{Board, Doing},
    worker::{State, Worker},
    writer::{self, Request, WriterHandle},
};
use crate::{render::Renderer, store::Printer};

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
    let (halt, halted) = watch::channel(false);
    let mut scheduler = Scheduler {
        office: office.clone(),
        writer: writer::start(office.clone()),
        board: Arc::new(Board::new()),
        renderers: HashMap::new(),
        workers: HashMap::new(),
        unusable: HashMap::new(),
        stop: halted,
    };
    let mut news = office.store.news().await;
    let stuck = loop {
        // Before looking for printers: a change in between is seen in the next round.
        if news.changed().await? || scheduler.lacks_workers() {
            scheduler.employ().await?;
            scheduler.board.wake_all();
        }
        if *stop.borrow() {
            break Stuck::new();
        }
        if until == Until::Idle && scheduler.board.all_stuck() && !scheduler.lacks_workers() {
            break scheduler.board.stuck();
        }
        tokio::select! {
            () = office.clock.sleep(LOOK) => {}
            () = news.arrive() => {}
            _ = stop.changed() => {}
        }
    };
    let _ = halt.send(true); // the workers hold the other end
    scheduler.board.wake_all();
    for (_, worker) in scheduler.workers {
        let _ = worker.await; // a worker that panicked has left its attempt open, and the next start settles it
    }
    Ok(stuck)
}

struct Scheduler {
    office: Office,
    writer: WriterHandle,
    board: Arc<Board>,
    renderers: HashMap<String, Arc<Renderer>>,
    workers: HashMap<String, JoinHandle<()>>,
    /// Printers that have no worker, and why.
    unusable: HashMap<String, String>,
    stop: watch::Receiver<bool>,
}

impl Scheduler {
    /// Starts a worker for each printer that has none.
    async fn employ(&mut self) -> Result<(), EngineError> {
        let printers = self.office.store.read().await?.printer_list().await?;
        self.workers.retain(|_, worker| !worker.is_finished());
        for (name, _) in self.unusable.extract_if(|name, _| !printers.iter().any(|printer| printer.name == *name)) {
            self.board.leave(&name);
        }
        for printer in printers {
            if !self.workers.contains_key(&printer.name) {
                let name = printer.name.clone();
                match self.hire(printer) {
                    Ok(worker) => {
                        self.unusable.remove(&name);
                        self.board.set(&name, Doing::Busy, self.board.seen());
                        self.workers.insert(name, tokio::spawn(worker.run()));
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

    fn hire(&mut self, printer: Printer) -> Result<Worker, String> {
        let profile = self.office.profile(&printer.profile).map_err(|e| e.to_string())?;
        let renderer = if let Some(renderer) = self.renderers.get(&profile.name) {
            renderer.clone()
        } else {
            let renderer = Arc::new(Renderer::new(&profile).map_err(|e| e.to_string())?);
            self.renderers.insert(profile.name.clone(), renderer.clone());
            renderer
        };
        let driver = (self.office.drivers)(&printer.name, &printer.uri)?;
        Ok(Worker {
            office: self.office.clone(),
            writer: self.writer.clone(),
            board: self.board.clone(),
            driver,
            renderer,
            stop: self.stop.clone(),
            state: State::new(printer),
        })
    }

    /// Has a worker ended: because its printer was removed, or because it panicked?
    fn lacks_workers(&self) -> bool {
        self.workers.values().any(JoinHandle::is_finished)
    }
}
