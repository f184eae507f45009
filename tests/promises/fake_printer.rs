//! Helper: the one fake printer of the promises tests, an in-memory mock printer of which a test replaces single
//! answers.
//!
//! [`FakePrinter::new`] answers as a working mock. Each method of the builder changes one answer. The calls that reach
//! the printer are logged.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use cetak::engine::clock::Clock;
use cetak_driver_api::{
    AttemptId, AttemptRef, AttemptStatus, Cancelled, Capabilities, Committed, Document, DriverError, Prepared,
    PrinterDriver, PrinterStatus, Supply,
};
use cetak_driver_mock::MockPrinter;

use crate::world::World;

/// The calls of a driver that concern an attempt. `Ended` is a `find` that returned the outcome.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    Ask,
    Prepare,
    Upload,
    Commit,
    Find,
    Ended,
    Cancel,
}

type Answer<T> = Result<T, DriverError>;
type Change<T> = Box<dyn Fn(T) -> T + Send + Sync>;
type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Changes the answer of `prepare`; the mock is the first argument.
type Prepare = Box<dyn Fn(MockPrinter, Answer<Prepared>) -> Later<Answer<Prepared>> + Send + Sync>;

/// A printer with replaced answers.
pub(crate) struct FakePrinter {
    mock: MockPrinter,
    log: Mutex<Vec<(Act, AttemptId)>>,
    /// The attempts whose cancellation reached the printer, as the scheduler knew them.
    cancelled: Mutex<Vec<AttemptRef>>,
    reasons: Mutex<Vec<String>>,
    ribbon: Mutex<Option<u8>>,
    reach: Box<dyn Fn(Act) -> Answer<()> + Send + Sync>,
    probe: Change<Capabilities>,
    prepare: Prepare,
    find: Change<Answer<AttemptStatus>>,
    cancel: Change<Answer<Cancelled>>,
}

impl FakePrinter {
    /// A working printer. `query` is the query of a mock's address, such as `hold=yes&card_ms=3000`.
    pub(crate) fn new(world: &World, query: &str) -> Self {
        let clock = world.clock.clone();
        let mock = MockPrinter::from_uri(&format!("mock://fake?{query}"), Arc::new(move || clock.now().0)).unwrap();
        Self {
            mock,
            log: Mutex::default(),
            cancelled: Mutex::default(),
            reasons: Mutex::default(),
            ribbon: Mutex::default(),
            reach: Box::new(|_| Ok(())),
            probe: Box::new(|found| found),
            prepare: Box::new(|_, answer| Box::pin(async { answer })),
            find: Box::new(|answer| answer),
            cancel: Box::new(|answer| answer),
        }
    }

    /// Decides whether a call reaches the printer. An error is returned to the caller, and the printer does nothing.
    pub(crate) fn reach(mut self, reach: impl Fn(Act) -> Answer<()> + Send + Sync + 'static) -> Self {
        self.reach = Box::new(reach);
        self
    }

    /// Changes the answer to `probe`.
    pub(crate) fn probe(mut self, change: impl Fn(Capabilities) -> Capabilities + Send + Sync + 'static) -> Self {
        self.probe = Box::new(change);
        self
    }

    /// Changes the answer to `prepare`, after the upload. The first argument is the printer.
    pub(crate) fn prepare<F>(
        mut self,
        change: impl Fn(MockPrinter, Answer<Prepared>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Answer<Prepared>> + Send + 'static,
    {
        self.prepare = Box::new(move |mock, answer| Box::pin(change(mock, answer)));
        self
    }

    /// Changes the answer to `find`.
    pub(crate) fn find(
        mut self,
        change: impl Fn(Answer<AttemptStatus>) -> Answer<AttemptStatus> + Send + Sync + 'static,
    ) -> Self {
        self.find = Box::new(change);
        self
    }

    /// Changes the answer to `cancel`, after the cancellation.
    pub(crate) fn cancel(
        mut self,
        change: impl Fn(Answer<Cancelled>) -> Answer<Cancelled> + Send + Sync + 'static,
    ) -> Self {
        self.cancel = Box::new(change);
        self
    }

    /// Registers the printer at the address `test://NAME`, without adding it to the office.
    pub(crate) fn at(self, world: &World, name: &str) -> Arc<Self> {
        let fake = Arc::new(self);
        world.driver(&format!("test://{name}"), fake.clone());
        fake
    }

    /// Registers the printer at the address `test://NAME`, and adds it to the office for student cards.
    pub(crate) async fn add(self, world: &World, name: &str) -> Arc<Self> {
        let fake = self.at(world, name);
        world.add_printer(name, &format!("test://{name}"), "student", None).await;
        fake
    }

    /// Sets the reasons that the printer reports from now on.
    pub(crate) fn reports(&self, reasons: &[&str]) {
        *self.reasons.lock().unwrap() = reasons.iter().map(|reason| (*reason).to_owned()).collect();
    }

    /// Sets the percentage that the printer reports of its ribbon from now on.
    pub(crate) fn ribbon_level(&self, percent: u8) {
        *self.ribbon.lock().unwrap() = Some(percent);
    }

    /// The number of blanks that the printer has fed.
    pub(crate) fn cards(&self) -> usize {
        self.mock.truth().unwrap().len()
    }

    /// The calls that reached the printer, in order, without `probe` and `status`.
    pub(crate) fn log(&self) -> Vec<(Act, AttemptId)> {
        self.log.lock().unwrap().clone()
    }

    /// The attempts whose cancellation reached the printer, as the scheduler knew them.
    pub(crate) fn cancelled(&self) -> Vec<AttemptRef> {
        self.cancelled.lock().unwrap().clone()
    }

    /// The number of uploads during which another card was being made.
    pub(crate) fn uploads_ahead(&self) -> usize {
        let (mut in_progress, mut ahead) = (0_usize, 0);
        for (act, _) in &*self.log.lock().unwrap() {
            match act {
                Act::Commit => in_progress += 1,
                Act::Ended => in_progress = in_progress.saturating_sub(1),
                Act::Prepare if in_progress > 0 => ahead += 1,
                Act::Ask | Act::Prepare | Act::Upload | Act::Find | Act::Cancel => {}
            }
        }
        ahead
    }

    fn reached(&self, act: Act, attempt: &AttemptId) -> Answer<()> {
        (self.reach)(act)?;
        self.log.lock().unwrap().push((act, attempt.clone()));
        Ok(())
    }
}

/// The error of a printer that cannot be reached.
pub(crate) fn away() -> DriverError {
    DriverError::Unavailable { reasons: vec!["connecting-to-device".into()] }
}

#[async_trait]
impl PrinterDriver for FakePrinter {
    async fn probe(&self) -> Answer<Capabilities> {
        (self.reach)(Act::Ask)?;
        Ok((self.probe)(self.mock.probe().await?))
    }

    async fn status(&self) -> Answer<PrinterStatus> {
        (self.reach)(Act::Ask)?;
        let status = self.mock.status().await?;
        let reasons = [status.reasons, self.reasons.lock().unwrap().clone()].concat();
        let level_percent = *self.ribbon.lock().unwrap();
        let ribbon = level_percent.map(|_| Supply { name: "YMCKO".into(), kind: None, level_percent });
        Ok(PrinterStatus { reasons, supplies: ribbon.into_iter().collect(), ..status })
    }

    async fn prepare(&self, attempt: &AttemptId, document: Document) -> Answer<Prepared> {
        self.reached(Act::Prepare, attempt)?;
        let answer = self.mock.prepare(attempt, document).await;
        (self.prepare)(self.mock.clone(), answer).await
    }

    /// An upload that never ends.
    async fn upload(&self, attempt: &AttemptId) -> Answer<Prepared> {
        self.reached(Act::Upload, attempt)?;
        std::future::pending().await
    }

    async fn commit(&self, attempt: &AttemptId) -> Answer<Committed> {
        self.reached(Act::Commit, attempt)?;
        self.mock.commit(attempt).await
    }

    async fn attempts_beginning_with(&self, prefix: &str) -> Answer<Vec<AttemptId>> {
        self.mock.attempts_beginning_with(prefix).await
    }

    async fn find(&self, attempt: &AttemptRef) -> Answer<AttemptStatus> {
        (self.reach)(Act::Find)?;
        let found = (self.find)(self.mock.find(attempt).await);
        if matches!(found, Ok(AttemptStatus::Ended(_))) {
            self.log.lock().unwrap().push((Act::Ended, attempt.id.clone()));
        }
        found
    }

    async fn cancel(&self, attempt: &AttemptRef) -> Answer<Cancelled> {
        self.reached(Act::Cancel, &attempt.id)?;
        self.cancelled.lock().unwrap().push(attempt.clone());
        (self.cancel)(self.mock.cancel(attempt).await)
    }
}
