//! An office for a test: temp folder, a clock that moves when somebody waits, seeded randomness, printers by name.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use cetak::{
    app,
    domain::{
        audit::Actor, card::profile::CardProfile, import::Refusal, record::RecordState, retry::Backoff, time::Timestamp,
    },
    engine::{
        Engine, EngineError, RendererFactory, Settings,
        clock::{Clock, Entropy},
        import::{Format, Import, Report, Watch, import},
        operations::{self, Delivery, NewPrinter, RecordName},
        query::{
            BatchLine, Board, JobLine, Limit, ListBatches, ListJobs, ListRecords, Page, PageRequest, Query, RecordLine,
            ShowBoard, ShowRecord,
        },
        scheduling::{self, Blocked, Until},
    },
    render::{self, Background, Card, CardRenderer, Output, RenderError, Renderer},
    store::{Location, Store, Writer, keys::Keys},
};
use cetak_driver_api::PrinterDriver;
use cetak_driver_mock::MockPrinter;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;
use tokio::sync::watch;

use crate::{database, postgres::Postgres};

/// 24 November 2026, noon in UTC.
pub(crate) const NOON: i64 = 1_795_521_600_000_000;

/// A clock that moves on when somebody waits.
pub(crate) struct TestClock(pub(crate) AtomicI64);

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::SeqCst).unsigned_abs())
    }

    fn follow(&self, _: Timestamp, _: Timestamp) {}

    async fn sleep(&self, duration: Duration) {
        self.0.fetch_add(i64::try_from(duration.as_micros()).unwrap(), Ordering::SeqCst);
        #[expect(
            clippy::disallowed_methods,
            reason = "only so that waiting does not burn a core; nothing depends on it"
        )]
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
}

pub(crate) struct Seeded(Mutex<ChaCha8Rng>);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(ChaCha8Rng::seed_from_u64(seed)))
    }
}

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap().fill_bytes(bytes);
    }
}

type Drivers = Arc<Mutex<HashMap<String, Arc<dyn PrinterDriver>>>>;

pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) location: Location,
    pub(crate) server: Option<Postgres>,
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<TestClock>,
    drivers: Drivers,
}

/// A print-ready student with a number of its own; everything else can be replaced.
#[derive(Clone)]
pub(crate) struct Student {
    pub(crate) request_id: String,
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) faculty: String,
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) verified_at: String,
}

pub(crate) fn student(n: u32) -> Student {
    Student {
        request_id: format!("r{n:05}"),
        number: format!("S{n:06}"),
        name: format!("STUDENT NUMBER {n}"),
        faculty: format!("FACULTY {}", n % 3),
        kind: "new".into(),
        status: "ENROLLED".into(),
        verified_at: format!("2026-01-01T{:02}:{:02}:00Z", n / 60 % 24, n % 60),
    }
}

pub(crate) fn csv(students: &[Student]) -> String {
    let mut text = String::from(
        "request_id,student_number,name,valid_until,faculty,programme,request_kind,status,requested_at,verified_at,photo\n",
    );
    for s in students {
        text += &format!(
            "{},{},{},2029-12-31,{},P,{},{},2025-12-01T00:00:00Z,{},\n",
            s.request_id, s.number, s.name, s.faculty, s.kind, s.status, s.verified_at
        );
    }
    text
}

pub(crate) fn students(numbers: std::ops::Range<u32>) -> String {
    csv(&numbers.map(student).collect::<Vec<_>>())
}

#[derive(Default)]
pub(crate) struct Rejects(pub(crate) Vec<(u64, Refusal)>);

impl Watch for Rejects {
    fn refused(&mut self, row: u64, _: &str, refusal: &Refusal) -> std::io::Result<()> {
        self.0.push((row, refusal.clone()));
        Ok(())
    }

    fn progress(&mut self, _: u64, _: u64) {}
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(database::server(), change).await
    }

    /// On a file, in either build.
    pub(crate) async fn on_file(change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(None, change).await
    }

    async fn on(server: Option<Postgres>, change: impl FnOnce(&mut Settings)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut settings = Settings {
            site: "test".into(),
            backoff: Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(30) },
            ..Settings::default()
        };
        change(&mut settings);
        let clock = Arc::new(TestClock(AtomicI64::new(NOON)));
        let location = database::location(server.as_ref(), dir.path());
        let store = Store::open(&location, Keys::derive(&[7; 32])).await.unwrap();
        let drivers = Drivers::default();
        let (named, mock_clock) = (drivers.clone(), clock.clone());
        let make = move |_: &str, uri: &str| -> Result<Arc<dyn PrinterDriver>, String> {
            if let Some(driver) = named.lock().unwrap().get(uri) {
                return Ok(driver.clone());
            }
            let clock = mock_clock.clone();
            let mock = MockPrinter::from_uri(uri, Arc::new(move || clock.now().0)).map_err(|e| e.to_string())?;
            Ok(Arc::new(mock))
        };
        let engine = Engine {
            store,
            clock: clock.clone(),
            entropy: Arc::new(Seeded::new(1)),
            profiles: Arc::new(app::profiles::built_in().unwrap()),
            settings: Arc::new(settings),
            writer: Writer { chain: "cli".into(), actor: Arc::new(actor("operator")), fence: None },
            drivers: Arc::new(make),
            renderers: sketches(),
            desk: None,
            lease: None,
        };
        Self { dir, location, server, engine, clock, drivers }
    }

    /// A printer of the test's own, under a URI.
    pub(crate) fn driver(&self, uri: &str, driver: Arc<dyn PrinterDriver>) {
        self.drivers.lock().unwrap().insert(uri.to_owned(), driver);
    }

    pub(crate) fn as_actor(&self, name: &str) -> Engine {
        self.engine.acting("cli", actor(name))
    }

    pub(crate) async fn import(&self, text: &str) -> Report {
        self.import_with(text, "student", |_| {}).await.unwrap().0
    }

    pub(crate) async fn import_with(
        &self,
        text: &str,
        profile: &str,
        change: impl FnOnce(&mut Import),
    ) -> Result<(Report, Rejects), EngineError> {
        let mut what = Import {
            source: "default".into(),
            profile: profile.into(),
            format: Format::Csv,
            photos: self.dir.path().to_owned(),
            update: false,
            dry_run: false,
        };
        change(&mut what);
        let mut rejects = Rejects::default();
        let input = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
        let report = import(&self.engine, input, what, &mut rejects).await?;
        Ok((report, rejects))
    }

    pub(crate) async fn receive(&self, quantity: i64, lot: Option<&str>) {
        let delivery = Delivery {
            blank_type: "student".into(),
            quantity,
            document: "D1".into(),
            lot: lot.map(str::to_owned),
            serials: None,
        };
        operations::receive(&self.engine, &delivery).await.unwrap();
    }

    pub(crate) async fn printer(&self, name: &str, query: &str) {
        let uri = format!("mock://{name}?{query}");
        self.add_printer(name, &uri, "student", None).await;
    }

    pub(crate) async fn add_printer(&self, name: &str, uri: &str, profile: &str, hopper: Option<i64>) {
        let new = NewPrinter { name, uri, profile, hopper, insist: None };
        let _ = operations::printer_add(&self.engine, &new).await.unwrap(); // it need not answer
    }

    pub(crate) fn truth(&self) -> PathBuf {
        self.dir.path().join("truth.jsonl")
    }

    /// Runs the scheduler until only a person would help.
    pub(crate) async fn run(&self) -> Blocked {
        let (_stop, stopped) = watch::channel(false);
        let engine = self.engine.acting("scheduler", actor("scheduler"));
        let run = scheduling::run(&engine, Until::Idle, stopped);
        tokio::time::timeout(Duration::from_mins(1), run).await.unwrap().unwrap()
    }

    pub(crate) async fn status(&self) -> Board {
        ShowBoard {}.read(&self.engine).await.unwrap()
    }

    pub(crate) async fn records(&self, state: &str) -> i64 {
        self.status().await.records[state]
    }

    pub(crate) async fn account(&self, account: &str) -> i64 {
        self.status().await.blangko.get("student").map_or(0, |accounts| accounts[account])
    }

    pub(crate) async fn jobs(&self) -> Vec<JobLine> {
        all(&self.engine, |page| ListJobs { page, ..ListJobs::default() }).await
    }

    pub(crate) async fn batches(&self) -> Vec<BatchLine> {
        all(&self.engine, |page| ListBatches { closed_too: true, page }).await
    }

    pub(crate) async fn quarantined(&self) -> Vec<RecordLine> {
        all(&self.engine, |page| ListRecords { state: Some(RecordState::Quarantined), page }).await
    }

    pub(crate) async fn state_of(&self, request_id: &str) -> (String, Option<String>) {
        let line = ShowRecord { record: name(request_id) }.read(&self.engine).await.unwrap();
        (line.state, line.stop)
    }

    /// Checks what must hold at any time: books, sums, audit, one place per person, and that states and lists agree.
    pub(crate) async fn audit(&self) {
        let mut tx = self.engine.store.read().await.unwrap();
        let broken: Vec<_> = tx.check(&[]).await.unwrap().into_iter().filter(|c| !c.faults.is_empty()).collect();
        assert_eq!(broken, []);
        for line in tx.balance_list().await.unwrap() {
            assert!(line.quantity >= 0 || line.account == "supplier", "{line:?}");
        }
        drop(tx);
        let status = self.status().await;
        for (blank_type, accounts) in &status.blangko {
            assert_eq!(accounts["sum"], 0, "{blank_type}");
        }
        for batch in self.batches().await {
            assert_eq!(batch.state == "closed", batch.open == 0, "{batch:?}");
        }
    }
}

/// All rows of a list, in pages so small that there are several.
pub(crate) async fn all<T, Q: Query<Answer = Page<T>>>(engine: &Engine, query: impl Fn(PageRequest) -> Q) -> Vec<T> {
    let (mut rows, mut page) = (Vec::new(), PageRequest { after: None, limit: Limit::new(7).unwrap() });
    loop {
        let Page { items, next } = query(page).read(engine).await.unwrap();
        assert!(items.len() <= 7);
        rows.extend(items);
        page.after = next;
        if next.is_none() {
            return rows;
        }
    }
}

pub(crate) fn actor(name: &str) -> Actor {
    Actor { name: name.into(), os_user: "test".into(), host: "test".into() }
}

pub(crate) fn name(request_id: &str) -> RecordName {
    RecordName { source: "default".into(), request_id: request_id.into() }
}

/// A photo that can be printed, and is another for each name.
pub(crate) fn photo(name: &str) -> Vec<u8> {
    [include_bytes!("../../src/profiles/ktp-el/sample.png").as_slice(), name.as_bytes()].concat()
}

/// The name of somebody whose card passes at import and cannot be drawn later, as when the profile was changed.
pub(crate) const NO_PICTURE: &str = "NO PICTURE";

/// The name of somebody at whose card it shows that no card can be drawn.
pub(crate) const NO_CARD: &str = "NO CARD";

/// Lays cards out and makes no dots: these tests are not about what a card looks like, and their clock leaps.
struct Sketch(Renderer);

impl CardRenderer for Sketch {
    fn shows_photo(&self) -> bool {
        self.0.shows_photo()
    }

    fn check(&self, card: &Card<'_>) -> Result<(), RenderError> {
        self.0.check(card)
    }

    fn check_photo(&self, photo: &[u8]) -> Result<Background, RenderError> {
        self.0.check_photo(photo)
    }

    fn draw(&self, card: &Card<'_>, output: &Output) -> Result<Vec<u8>, RenderError> {
        self.0.check(card)?;
        if card.person.reveal("name") == NO_CARD {
            return Err(RenderError::Size);
        }
        if card.person.reveal("name") == NO_PICTURE {
            return Err(RenderError::TooLong { field: "name".into() });
        }
        Ok(match output.format {
            render::Format::Pwg => b"RaS2".to_vec(),
            render::Format::Urf => b"UNIRAST\0".to_vec(),
            render::Format::Pdf => b"%PDF-".to_vec(),
            render::Format::Png => b"\x89PNG\r\n\x1a\n".to_vec(),
        })
    }
}

fn sketches() -> RendererFactory {
    Arc::new(|profile: &CardProfile| Ok(Arc::new(Sketch(Renderer::new(profile)?)) as Arc<dyn CardRenderer>))
}
