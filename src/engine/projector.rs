//! The board, read once for all pages: the database is read as often for fifty boards as for one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Mutex, Notify, watch};

use crate::{
    domain::time::Timestamp,
    engine::{
        Engine, EngineError,
        query::{Board, Query, ShowBoard},
    },
};

/// For how long a reading is shown before the database is read again.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// The board as it was read.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Grows with each change.
    pub version: u64,
    /// The board.
    pub board: Arc<Board>,
    /// When it was read.
    pub at: Timestamp,
}

/// Reads the board while pages are open.
#[derive(Debug)]
pub struct Projector {
    last: Mutex<Option<Shown>>,
    /// Whether an act was done since the last reading began.
    is_outdated: AtomicBool,
    /// The last reading; `None` before the first and after one that failed.
    shown: watch::Sender<Option<Shown>>,
    viewers: AtomicUsize,
    opened: Notify,
}

impl Default for Projector {
    fn default() -> Self {
        let (last, viewers, opened) = (Mutex::default(), AtomicUsize::default(), Notify::new());
        Self { last, is_outdated: AtomicBool::default(), shown: watch::channel(None).0, viewers, opened }
    }
}

/// An open page. It is counted until it is dropped.
pub struct Viewer {
    projector: Arc<Projector>,
    /// The readings.
    pub shown: watch::Receiver<Option<Shown>>,
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.projector.viewers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Projector {
    /// Reads the board again for the next page, which shows what its person has just done.
    pub fn outdate(&self) {
        self.is_outdated.store(true, Ordering::SeqCst);
    }

    /// The board, at most a second old, and not older than the last act of a page.
    pub async fn now(&self, engine: &Engine) -> Result<Shown, EngineError> {
        let mut last = self.last.lock().await;
        let now = engine.clock.now();
        let is_outdated = self.is_outdated.swap(false, Ordering::SeqCst);
        if let Some(shown) = &*last
            && !is_outdated
            && now >= shown.at
            && now < shown.at.plus(FRESH_FOR)
        {
            return Ok(shown.clone());
        }
        // The right to the board is asked for by each page.
        let read = ShowBoard {}.read(engine).await;
        let mut board = read.inspect_err(|_| {
            self.shown.send_if_modified(|held| {
                *held = None;
                false
            });
        })?;
        // The time that is left of a lease differs at each reading, and no page shows it.
        board.nodes.iter_mut().for_each(|node| node.lease_left_ms = 0);
        let now = engine.clock.now();
        let (version, board) = match last.take() {
            Some(before) if *before.board == board => (before.version, before.board),
            Some(before) => (before.version + 1, Arc::new(board)),
            // Versions of another process are never equal to those of this one.
            None => (u64::try_from(now.0).unwrap_or_default(), Arc::new(board)),
        };
        let shown = Shown { version, board, at: now };
        *last = Some(shown.clone());
        // Pages are woken by a change only; between changes they look at the last reading every few seconds.
        self.shown.send_if_modified(|held| {
            let before = held.replace(shown.clone());
            before.is_none_or(|before| before.version != shown.version)
        });
        Ok(shown)
    }

    /// Follows the board.
    pub fn follow(self: &Arc<Self>) -> Viewer {
        self.viewers.fetch_add(1, Ordering::Relaxed);
        self.opened.notify_one();
        Viewer { projector: self.clone(), shown: self.shown.subscribe() }
    }

    /// Reads the board once a second while a page is open. Does not end.
    pub async fn read_for_all(&self, engine: &Engine) {
        loop {
            if self.viewers.load(Ordering::Relaxed) == 0 {
                self.opened.notified().await;
            }
            if let Err(error) = self.now(engine).await {
                let error = &error as &dyn std::error::Error;
                tracing::debug!(error, "the board is not read");
            }
            engine.clock.sleep(FRESH_FOR).await;
        }
    }
}
