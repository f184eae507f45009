//! Helper: an office for one test, with a temporary folder, a virtual clock, seeded randomness, and printers that the test
//! can replace.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use cetak::{
    app::{
        self, Parts, PrinterOptions,
        system::{SystemClock, SystemEntropy},
    },
    domain::{
        actor::{Means, Role},
        audit::Actor,
        card::profile::CardProfile,
        id::{AccountId, BatchId, JobId},
        import::{Rejection, RowOutcome},
        owner::{Presence, Process},
        permission::Operation,
        record::RecordState,
        retry::Backoff,
    },
    engine::{
        Engine, EngineError, RendererFactory, Settings,
        client::Direct,
        clock::{Clock, Entropy},
        fault::NoFaults,
        import::{DecidedRow, Format, Import, Report, Watch, import},
        operations::RecordName,
        owners::Owners,
        planning::{self, Plan},
        query::{
            AnyQuery, BatchLine, Board, JobLine, Limit, ListBatches, ListJobs, ListRecords, Page, PageRequest, Query,
            RecordLine, ShowBoard, ShowRecord,
        },
        scheduling::{self, BlockedPrinters, Until},
    },
    render::{self, Background, Card, CardRenderer, Output, RenderError, Renderer},
    store::{Begin, Location, Store, Writer, keys::Keys},
};
use cetak_driver_api::PrinterDriver;
use cetak_driver_mock::MockPrinter;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;
use tokio::sync::watch;

use crate::acts::{self as operations, Delivery, NewPrinter};
pub(crate) use crate::people::{Student, csv, student, students};
use crate::{
    clock::{Calls, Counted, TestClock},
    database,
    postgres::Postgres,
};

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

/// The processes that begin attempts: each is process 812 on `print-room`, and as present as the test sets.
pub(crate) struct TestOwners(Mutex<Presence>);

impl TestOwners {
    pub(crate) fn set(&self, presence: Presence) {
        *self.0.lock().unwrap() = presence;
    }
}

impl Owners for TestOwners {
    fn own(&self, _: bool) -> Process {
        Process { host: "print-room".into(), id: 812, ..Process::default() }
    }

    fn presence(&self, _: Option<&Process>) -> Presence {
        *self.0.lock().unwrap()
    }
}

type Drivers = Arc<Mutex<HashMap<String, Arc<dyn PrinterDriver>>>>;

pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) location: Location,
    pub(crate) server: Option<Postgres>,
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<TestClock>,
    /// Gone, unless a test sets them.
    pub(crate) owners: Arc<TestOwners>,
    drivers: Drivers,
    /// Each delivery has a document of its own.
    deliveries: AtomicU32,
}

/// The refused rows, and the lines on which they begin.
#[derive(Default)]
pub(crate) struct Rejects(pub(crate) Vec<(u64, Rejection)>, pub(crate) Vec<u64>);

#[async_trait]
impl Watch for Rejects {
    async fn saved(&mut self, rows: Vec<DecidedRow>, _: u64, _: u64) -> std::io::Result<()> {
        for DecidedRow { place, outcome, .. } in rows {
            let RowOutcome::Refused(rejection) = outcome else { panic!("{outcome:?} was not asked for") };
            self.0.push((place.row, rejection));
            self.1.push(place.line);
        }
        Ok(())
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(database::server(), change).await
    }

    /// An office on a SQLite file, in both builds.
    pub(crate) async fn on_file(change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(None, change).await
    }

    async fn on(server: Option<Postgres>, change: impl FnOnce(&mut Settings)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut settings = Settings {
            site: "test".into(),
            backoff: Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(30) },
            // Short, because the scheduler looks ten times a second of virtual time.
            release_after: Duration::from_secs(30),
            ..Settings::default()
        };
        change(&mut settings);
        let clock = TestClock::start();
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
            Ok(Arc::new(Counted::new(mock)))
        };
        let parts = Parts {
            store,
            profiles: app::profiles::built_in().unwrap(),
            settings,
            printers: PrinterOptions::new(),
            writer: Writer { chain: "cli".into(), actor: Arc::new(actor("operator")), fence: None, owner: None },
            faults: Arc::new(NoFaults),
        };
        let owners = Arc::new(TestOwners(Mutex::new(Presence::Gone)));
        let engine = Engine {
            clock: clock.clone(),
            owners: owners.clone(),
            entropy: Arc::new(Seeded::new(1)),
            drivers: Arc::new(make),
            renderers: sketches(),
            render_threads: None,
            ..app::assemble(parts, SystemClock::default(), Arc::new(SystemEntropy::new()))
        };
        Self { dir, location, server, engine, clock, owners, drivers, deliveries: AtomicU32::new(1) }
    }

    /// An office with a printer `p1` that holds jobs, and its planned batch with two jobs.
    pub(crate) async fn with_batch() -> (Self, BatchId, [JobId; 2]) {
        let world = Self::new().await;
        world.printer("p1", "hold=yes").await;
        world.import(&students(0..2)).await;
        world.receive(2, None).await;
        let planned = world.plan().await;
        let Plan::Batch(batch, jobs) = planned else { panic!("two records wait: {planned:?}") };
        (world, batch.id, [jobs[0].id, jobs[1].id])
    }

    /// Plans the next batch of the printer `p1`.
    pub(crate) async fn plan(&self) -> Plan {
        let engine = &self.engine;
        let profile = engine.profile("student").unwrap();
        let printer = engine.store.read().await.unwrap().printer_get("p1").await.unwrap().unwrap();
        let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await.unwrap();
        let planned = planning::plan_next(&mut tx, &[(&printer, &profile)], &engine.profiles, &engine.settings)
            .await
            .unwrap()
            .remove(0);
        tx.commit().await.unwrap();
        planned
    }

    /// Registers `driver` as the printer of a URI.
    pub(crate) fn driver(&self, uri: &str, driver: Arc<dyn PrinterDriver>) {
        self.drivers.lock().unwrap().insert(uri.to_owned(), driver);
    }

    pub(crate) fn as_actor(&self, name: &str) -> Engine {
        self.engine.acting("cli", actor(name))
    }

    /// A person with an account and one role, called `person 1`, whose acts are on the chain `web`.
    pub(crate) fn person(&self, account: i64, role: Role) -> Engine {
        let person = Actor {
            account: Some(AccountId(account)),
            means: Means::Password,
            roles: [role].into(),
            authenticated: true,
            ..actor(&format!("person {account}"))
        };
        self.engine.acting("web", person)
    }

    pub(crate) async fn import(&self, text: &str) -> Report {
        self.import_with(text, "student", |_| {}).await.unwrap().0
    }

    /// The parameters of an import of this profile.
    pub(crate) fn list_of(&self, profile: &str) -> Import {
        Import {
            source: "default".into(),
            profile: profile.into(),
            file_name: "list.csv".into(),
            format: Format::Csv,
            encoding: None,
            sheet: None,
            mapping: None,
            skip_lines: 0,
            photos: self.dir.path().to_owned(),
            update: false,
            dry_run: false,
            accept: Vec::new(),
        }
    }

    pub(crate) async fn import_with(
        &self,
        list: impl AsRef<[u8]>,
        profile: &str,
        change: impl FnOnce(&mut Import),
    ) -> Result<(Report, Rejects), EngineError> {
        let mut what = self.list_of(profile);
        change(&mut what);
        let mut rejects = Rejects::default();
        let report = self.import_watched(list, what, &mut rejects).await?;
        Ok((report, rejects))
    }

    pub(crate) async fn import_watched(
        &self,
        list: impl AsRef<[u8]>,
        what: Import,
        watch: &mut dyn Watch,
    ) -> Result<Report, EngineError> {
        let input = Box::new(std::io::Cursor::new(list.as_ref().to_vec()));
        let _call = Calls::of_this_thread().begin();
        let permit = Direct::new(&self.engine).permit(Operation::Import).await?;
        Box::pin(import(&self.engine, &permit, input, what, watch)).await
    }

    pub(crate) async fn receive(&self, quantity: i64, lot: Option<&str>) {
        let delivery = Delivery {
            blank_type: "student".into(),
            quantity,
            document: format!("D{}", self.deliveries.fetch_add(1, Ordering::Relaxed)),
            lot: lot.map(str::to_owned),
            serials: None,
            override_reason: None,
        };
        operations::receive(&self.engine, &delivery).await.unwrap();
    }

    pub(crate) async fn printer(&self, name: &str, query: &str) {
        let uri = format!("mock://{name}?{query}");
        self.add_printer(name, &uri, "student", None).await;
    }

    pub(crate) async fn add_printer(&self, name: &str, uri: &str, profile: &str, hopper: Option<i64>) {
        let new = NewPrinter { name, uri, profile, hopper, override_reason: None };
        let _ = operations::printer_add(&self.engine, &new).await.unwrap(); // the printer may be unreachable
    }

    pub(crate) fn truth(&self) -> PathBuf {
        self.dir.path().join("truth.jsonl")
    }

    /// Runs the scheduler until nothing can be printed without a person.
    pub(crate) async fn run(&self) -> BlockedPrinters {
        let (_stop, stopped) = watch::channel(false);
        let engine = self.engine.acting("scheduler", actor("scheduler"));
        let run = Box::pin(scheduling::run(&engine, Until::Idle, stopped));
        tokio::time::timeout(Duration::from_mins(5), run).await.unwrap().unwrap()
    }

    /// Waits on the test's clock until a condition holds. It is checked every 5 ms at first, and less often the longer it does not
    /// hold, because a check costs a read of the database.
    pub(crate) async fn until(&self, mut holds: impl AsyncFnMut() -> bool) {
        let (began, mut waited) = (self.clock.elapsed(), Duration::ZERO);
        while !holds().await {
            self.clock.sleep((waited / 50).clamp(Duration::from_millis(5), Duration::from_millis(250))).await;
            waited = self.clock.elapsed().saturating_sub(began);
            assert!(waited < Duration::from_hours(1), "the condition does not hold after {waited:?}");
        }
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

    /// All batches, oldest first.
    pub(crate) async fn batches(&self) -> Vec<BatchLine> {
        let mut batches = all(&self.engine, |page| ListBatches { closed_too: true, page }).await;
        batches.reverse();
        batches
    }

    pub(crate) async fn quarantined(&self) -> Vec<RecordLine> {
        all(&self.engine, |page| ListRecords { state: Some(RecordState::Quarantined), page, ..ListRecords::default() })
            .await
    }

    pub(crate) async fn state_of(&self, request_id: &str) -> (String, Option<String>) {
        let line = ShowRecord { record: name(request_id) }.read(&self.engine).await.unwrap();
        (line.state, line.stop)
    }

    /// Checks the invariants: the rules of `cetak db check`, the audit chain, the sum of the ledger, and that a batch
    /// is closed exactly if it has no open job.
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

/// The beginning of an attempt at the printer `p1`.
pub(crate) fn begin(job: JobId) -> Begin {
    Begin {
        name: format!("cetak-test-{job}"),
        job,
        record_version: 1,
        printer: "p1".into(),
        releasing: false,
        impressions: 1,
    }
}

/// All rows of a list, read in pages so small that there are several.
pub(crate) async fn all<T, Q: Query<Answer = Page<T>> + Into<AnyQuery>>(
    engine: &Engine,
    query: impl Fn(PageRequest) -> Q,
) -> Vec<T> {
    let (mut rows, mut page) = (Vec::new(), PageRequest { after: None, limit: Limit::new(7).unwrap() });
    loop {
        let Page { items, next, .. } = query(page).read(engine).await.unwrap();
        assert!(items.len() <= 7);
        rows.extend(items);
        page.after = next;
        if next.is_none() {
            return rows;
        }
    }
}

pub(crate) fn actor(name: &str) -> Actor {
    Actor::local_administrator(name.into(), "test".into(), "test".into())
}

pub(crate) fn name(request_id: &str) -> RecordName {
    RecordName { source: "default".into(), request_id: request_id.into() }
}

/// A printable photo, different for each name.
pub(crate) fn photo(name: &str) -> Vec<u8> {
    [include_bytes!("../../src/profiles/ktp-el/sample.png").as_slice(), name.as_bytes()].concat()
}

/// The name of a person whose card passes the import and cannot be rendered later, as after a change of the profile.
pub(crate) const NO_PICTURE: &str = "NO PICTURE";

/// The name of a person whose card proves that the profile is broken: none of its cards can be rendered.
pub(crate) const NO_CARD: &str = "NO CARD";

/// The name of a person whose rendered card takes 20 MiB: two do not fit into the room for cards that are rendered ahead.
pub(crate) const BIG_CARD: &str = "BIG CARD";

/// Lays out cards without drawing them, because these tests do not examine pictures.
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
        let mut drawn = match output.format {
            render::Format::Pwg => b"RaS2".to_vec(),
            render::Format::Urf => b"UNIRAST\0".to_vec(),
            render::Format::Pdf => b"%PDF-".to_vec(),
            render::Format::Png => b"\x89PNG\r\n\x1a\n".to_vec(),
        };
        if card.person.reveal("name") == BIG_CARD {
            drawn.resize(20 << 20, 0);
        }
        Ok(drawn)
    }
}

fn sketches() -> RendererFactory {
    Arc::new(|profile: &CardProfile| Ok(Arc::new(Sketch(Renderer::new(profile)?)) as Arc<dyn CardRenderer>))
}
