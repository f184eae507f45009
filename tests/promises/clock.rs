//! Helper: the clock of the promises tests, virtual time, which advances only while the program under test is idle.
//!
//! [`TestClock::sleep`] queues the caller with its deadline. A task of the clock waits until the program is idle, advances
//! to the earliest deadline and wakes that one sleeper; sleepers with the same deadline are woken in the order in which
//! they began to sleep, each after the program is idle again. Time therefore never passes during a transaction, a
//! driver call or a computation, however slow the machine is, and two sleeps of one second end after one second.
//!
//! The program is idle when both hold, for [`IDLE_ROUNDS`] turns of the runtime in a row:
//!
//! 1. No call outside the runtime is in progress ([`Calls`]): no transaction is open or waits to begin (counted from the
//!    tracing span `transaction` of the store), no import runs (its file is read on a blocking thread), and no mock
//!    printer is asked (its file is read and written on a blocking thread).
//! 2. No task read the clock, began to sleep, or began or ended such a call. A turn ends when the runtime has run all
//!    tasks that were ready, or 61 of them, and has polled its sockets.
//!
//! Limits:
//!
//! - The criterion needs the current-thread runtime of `#[tokio::test]`.
//! - A test that waits for a condition must wait with [`World::until`](crate::world::World::until), which sleeps on this
//!   clock. A loop that reads the database and yields is never idle, so that time stands still.
//! - More than 61 × [`IDLE_ROUNDS`] ready tasks that neither use the clock nor the database are taken for idle.
//! - A notification of PostgreSQL is not counted: it may arrive before or after the next advance. Schedulers also poll,
//!   so that it changes when something happens and not whether.
//! - A pooled connection that is being returned is not counted. The next transaction that needs it is.
//! - Work that several tasks do at the same instant may finish in any order, because the database has several
//!   connections. Events of one printer are in order; events of two printers at one instant need not be.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use cetak::{domain::time::Timestamp, engine::clock::Clock};
use cetak_driver_api::{
    AttemptId, AttemptRef, AttemptStatus, Cancelled, Capabilities, Committed, Document, DriverError, Prepared,
    PrinterDriver, PrinterStatus,
};
use tokio::sync::{Notify, oneshot};
use tracing::{Event, Metadata, Subscriber, span};

/// 24 November 2026, noon in UTC, in microseconds.
pub(crate) const NOON: i64 = 1_795_521_600_000_000;

/// Turns of the runtime without activity after which the program counts as idle.
const IDLE_ROUNDS: u32 = 8;

/// Virtual time. It begins at [`NOON`].
pub(crate) struct TestClock {
    state: Mutex<State>,
    /// Counts reads of the clock and sleeps.
    uses: AtomicU64,
    slept: Notify,
    calls: Arc<Calls>,
}

struct State {
    /// Microseconds since the clock was made; never decreases.
    elapsed: i64,
    /// What is added to `elapsed` for the time of day.
    offset: i64,
    /// By deadline, then by the order in which they began to sleep.
    sleepers: BTreeMap<(i64, u64), oneshot::Sender<()>>,
    sleeps: u64,
}

impl TestClock {
    /// Starts a clock in the current runtime.
    pub(crate) fn start() -> Arc<Self> {
        let state = State { elapsed: 0, offset: NOON, sleepers: BTreeMap::new(), sleeps: 0 };
        let clock = Arc::new(Self {
            state: Mutex::new(state),
            uses: AtomicU64::new(0),
            slept: Notify::new(),
            calls: Calls::of_this_thread(),
        });
        tokio::spawn(clock.clone().run());
        clock
    }

    /// Moves both the time of day and the elapsed time forward.
    pub(crate) fn advance(&self, by: Duration) {
        self.state.lock().unwrap().elapsed += micros(by);
    }

    /// Sets the time of day back, as an operator who sets the machine's clock.
    pub(crate) fn set_back(&self, by: Duration) {
        self.state.lock().unwrap().offset -= micros(by);
    }

    /// Sets the time of day forward.
    pub(crate) fn set_forward(&self, by: Duration) {
        self.state.lock().unwrap().offset += micros(by);
    }

    async fn run(self: Arc<Self>) {
        loop {
            self.idle().await;
            if !self.wake_first() {
                self.slept.notified().await;
            }
        }
    }

    /// Returns when the program is idle, as this file's head defines it.
    async fn idle(&self) {
        let (mut rounds, mut before) = (0, self.activity());
        while rounds < IDLE_ROUNDS {
            if self.calls.open() > 0 {
                self.calls.ended.notified().await;
                rounds = 0;
            }
            tokio::task::yield_now().await;
            let activity = self.activity();
            rounds = if activity == before && self.calls.open() == 0 { rounds + 1 } else { 0 };
            before = activity;
        }
    }

    fn activity(&self) -> (u64, u64) {
        (self.uses.load(Ordering::SeqCst), self.calls.begun.load(Ordering::SeqCst))
    }

    /// Advances to the earliest deadline and wakes its sleeper. False if no task sleeps.
    fn wake_first(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        let Some(((deadline, _), sleeper)) = state.sleepers.pop_first() else { return false };
        state.elapsed = state.elapsed.max(deadline);
        let _ = sleeper.send(()); // the sleep may have been cancelled just now
        true
    }

    fn read(&self) -> (i64, i64) {
        self.uses.fetch_add(1, Ordering::SeqCst);
        let state = self.state.lock().unwrap();
        (state.elapsed, state.offset)
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let (elapsed, offset) = self.read();
        Timestamp(elapsed + offset)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(self.read().0.unsigned_abs())
    }

    fn sync_to(&self, _: Timestamp, _: Timestamp) {}

    async fn sleep(&self, duration: Duration) {
        let (waker, woken) = oneshot::channel();
        let key = {
            let mut state = self.state.lock().unwrap();
            state.sleeps += 1;
            let key = (state.elapsed + micros(duration), state.sleeps);
            state.sleepers.insert(key, waker);
            key
        };
        self.uses.fetch_add(1, Ordering::SeqCst);
        self.slept.notify_one();
        let _cancels = Sleeping { clock: self, key };
        let _ = woken.await;
    }
}

/// Removes a sleeper whose sleep is dropped.
struct Sleeping<'a> {
    clock: &'a TestClock,
    key: (i64, u64),
}

impl Drop for Sleeping<'_> {
    fn drop(&mut self) {
        self.clock.state.lock().unwrap().sleepers.remove(&self.key);
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap()
}

/// The calls in progress that the runtime cannot see: transactions, imports and mock printers, of one thread.
#[derive(Default)]
pub(crate) struct Calls {
    open: AtomicU64,
    begun: AtomicU64,
    ended: Notify,
}

impl Calls {
    /// The calls of this thread, which is one test's thread. The first use subscribes to the store's spans.
    pub(crate) fn of_this_thread() -> Arc<Self> {
        thread_local! {
            static CALLS: Arc<Calls> = {
                let calls = Arc::new(Calls::default());
                let subscriber = Transactions { calls: calls.clone(), ids: AtomicU64::new(1) };
                // As long as the thread: its transactions tell this subscriber of their end.
                std::mem::forget(tracing::subscriber::set_default(subscriber));
                calls
            };
        }
        CALLS.with(Arc::clone)
    }

    /// Counts a call until the guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Call {
        self.add();
        Call(self.clone())
    }

    fn open(&self) -> u64 {
        self.open.load(Ordering::SeqCst)
    }

    fn add(&self) {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.open.fetch_add(1, Ordering::SeqCst);
    }

    fn remove(&self) {
        if self.open.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.ended.notify_waiters();
        }
    }
}

/// A call in progress.
pub(crate) struct Call(Arc<Calls>);

impl Drop for Call {
    fn drop(&mut self) {
        self.0.remove();
    }
}

/// Counts the spans of transactions: a span is open as long as there is a handle of it.
struct Transactions {
    calls: Arc<Calls>,
    ids: AtomicU64,
}

impl Subscriber for Transactions {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.name() == "transaction" && metadata.target().starts_with("cetak::store")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        self.calls.add();
        span::Id::from_u64(self.ids.fetch_add(1, Ordering::SeqCst))
    }

    fn clone_span(&self, id: &span::Id) -> span::Id {
        self.calls.add();
        id.clone()
    }

    fn try_close(&self, _: span::Id) -> bool {
        self.calls.remove();
        false
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// A driver whose calls hold the clock, because part of its work is done on a blocking thread.
pub(crate) struct Counted<D> {
    driver: D,
    calls: Arc<Calls>,
}

impl<D> Counted<D> {
    pub(crate) fn new(driver: D) -> Self {
        Self { driver, calls: Calls::of_this_thread() }
    }
}

#[async_trait]
impl<D: PrinterDriver> PrinterDriver for Counted<D> {
    async fn probe(&self) -> Result<Capabilities, DriverError> {
        let _call = self.calls.begin();
        self.driver.probe().await
    }

    async fn status(&self) -> Result<PrinterStatus, DriverError> {
        let _call = self.calls.begin();
        self.driver.status().await
    }

    async fn prepare(&self, attempt: &AttemptId, document: Document) -> Result<Prepared, DriverError> {
        let _call = self.calls.begin();
        self.driver.prepare(attempt, document).await
    }

    async fn upload(&self, attempt: &AttemptId) -> Result<Prepared, DriverError> {
        let _call = self.calls.begin();
        self.driver.upload(attempt).await
    }

    async fn commit(&self, attempt: &AttemptId) -> Result<Committed, DriverError> {
        let _call = self.calls.begin();
        self.driver.commit(attempt).await
    }

    async fn attempts_beginning_with(&self, prefix: &str) -> Result<Vec<AttemptId>, DriverError> {
        let _call = self.calls.begin();
        self.driver.attempts_beginning_with(prefix).await
    }

    async fn find(&self, attempt: &AttemptRef) -> Result<AttemptStatus, DriverError> {
        let _call = self.calls.begin();
        self.driver.find(attempt).await
    }

    async fn cancel(&self, attempt: &AttemptRef) -> Result<Cancelled, DriverError> {
        let _call = self.calls.begin();
        self.driver.cancel(attempt).await
    }
}

#[tokio::test]
async fn many_sleepers_advance_the_clock_once_and_wake_in_order_of_deadline_then_of_beginning() {
    let clock = TestClock::start();
    let order = Mutex::new(Vec::new());
    let sleep = async |name: &'static str, seconds: u64| {
        clock.sleep(Duration::from_secs(seconds)).await;
        order.lock().unwrap().push((name, clock.elapsed().as_secs()));
    };
    tokio::join!(sleep("a", 3), sleep("b", 1), sleep("c", 3), sleep("d", 2));
    assert_eq!(*order.lock().unwrap(), [("b", 1), ("d", 2), ("a", 3), ("c", 3)]);
}

#[tokio::test]
async fn the_clock_stands_still_while_a_call_is_in_progress() {
    let clock = TestClock::start();
    let (began, after) = (clock.elapsed(), Arc::new(Mutex::new(None)));
    let call = Calls::of_this_thread().begin();
    let working = tokio::task::spawn_blocking(std::thread::yield_now);
    let sleeper = {
        let (clock, after) = (clock.clone(), after.clone());
        tokio::spawn(async move {
            clock.sleep(Duration::from_millis(1)).await;
            *after.lock().unwrap() = Some(clock.elapsed());
        })
    };
    working.await.unwrap();
    for _ in 0..10 * IDLE_ROUNDS {
        tokio::task::yield_now().await;
    }
    assert_eq!((clock.elapsed(), *after.lock().unwrap()), (began, None));
    drop(call);
    sleeper.await.unwrap();
    assert_eq!(*after.lock().unwrap(), Some(began + Duration::from_millis(1)));
}

#[tokio::test]
async fn a_sleep_that_is_dropped_does_not_advance_the_clock() {
    let clock = TestClock::start();
    tokio::select! {
        () = clock.sleep(Duration::from_hours(1)) => unreachable!("it is the later one"),
        () = clock.sleep(Duration::from_secs(1)) => {}
    }
    clock.sleep(Duration::from_secs(1)).await;
    assert_eq!(clock.elapsed(), Duration::from_secs(2));
}
