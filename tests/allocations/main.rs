//! Tests that the work for a waiting list grows no faster than the list, counted in bytes that are read and allocated, and that its
//! memory does not grow with it: each kind of hostile list in three sizes. The allocator counts, so no other test runs in this process.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../hostile/mod.rs"]
mod hostile;
#[path = "../bench/shared/mod.rs"]
#[expect(
    dead_code,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "helpers of the benchmarks, of which this uses a part"
)]
mod shared;

use std::{
    future,
    io::{self, Read, Seek, SeekFrom},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use cap::Cap;
use cetak::{
    domain::{permission::Operation, time::Timestamp},
    engine::{
        client::Direct,
        clock::Clock,
        import::{DecidedRow, Format, Import, Report, Watch, import},
    },
};
use hostile::{Kind, List, SIZES, kinds};
use shared::{
    database::{self, Database, Lazy},
    office,
};

/// The program's allocator, which counts.
#[global_allocator]
static ALLOCATOR: Cap<mimalloc::MiMalloc> = Cap::new(mimalloc::MiMalloc, usize::MAX);

const MIB: usize = 1 << 20;
/// The most bytes in use at once, of the whole test.
const IN_USE_MAX: usize = 100 * MIB;
/// Bytes allocated for buffers and tables that double, which is no growth of work.
const ALLOCATED_FREE: usize = 4 * MIB;
/// The bytes at the start of a list in which a heading may be, as far as they are read.
const HEAD: usize = 256 << 10;
/// The most bytes that a dry run keeps of a row that no later row concerns, and those by which the rest may differ.
const REMEMBERED_MAX: usize = 100;
const SLACK: usize = 64 << 10;

/// A clock that stands still, so that the sizes of chunks and transactions do not depend on the machine.
struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-06-01T00:00:00Z").unwrap()
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn sync_to(&self, _: Timestamp, _: Timestamp) {}

    async fn sleep(&self, _: Duration) {
        future::pending::<()>().await;
    }
}

/// A list whose reader counts.
struct Counted {
    list: List,
    read: Arc<AtomicUsize>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.list.read(buffer)?;
        self.read.fetch_add(read, Ordering::Relaxed);
        Ok(read)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.list.seek(to)
    }
}

/// The bytes in use when the last rows were decided.
struct InUse(usize);

#[async_trait]
impl Watch for InUse {
    async fn saved(&mut self, _: Vec<DecidedRow>, _: u64, _: u64) -> io::Result<()> {
        self.0 = ALLOCATOR.allocated();
        Ok(())
    }
}

/// What an import took, bytes.
struct Taken {
    /// The report; none if the list was refused as a whole.
    report: Option<Report>,
    read: usize,
    allocated: usize,
    /// In use at its end, beyond those in use before it.
    in_use: usize,
}

/// Imports a list into a new office.
async fn work(kind: &Kind, units: u64, dry_run: bool) -> Taken {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::make(database::Kind::Sqlite, folder.path(), "office", &Lazy::default()).unwrap();
    let mut office = office::open(&database).await.unwrap();
    office.clock = Arc::new(Still);
    let permit = Direct::new(&office).permit(Operation::Import).await.unwrap();
    let what = Import {
        source: "default".into(),
        profile: "student".into(),
        file_name: String::new(),
        format: if kind.is_json { Format::JsonLines } else { Format::Csv },
        photos: folder.path().to_owned(),
        update: false,
        dry_run,
        accept: Vec::new(),
        encoding: None,
        sheet: None,
        mapping: None,
        skip_lines: 0,
    };
    let read = Arc::new(AtomicUsize::new(0));
    let input = Box::new(Counted { list: kind.list(units), read: read.clone() });
    let (before, mut in_use) = (ALLOCATOR.total_allocated(), InUse(0));
    let in_use_before = ALLOCATOR.allocated();
    let report = import(&office, &permit, input, what, &mut in_use).await.ok();
    let allocated = ALLOCATOR.total_allocated() - before;
    office.store.close().await;
    let (read, in_use) = (read.load(Ordering::Relaxed), in_use.0.saturating_sub(in_use_before));
    Taken { report, read, allocated, in_use }
}

/// Tests that a dry run remembers at most 100 bytes of a row that no later row concerns.
async fn a_dry_run_remembers_little_of_a_good_list() {
    let good = kinds()[0];
    // What is in use varies by some hundred kilobytes with the place of the last chunk; ten chunks more tell that from growth by row.
    let [short, long] = [1_100, 11_100].map(|units| work(&good, units, true));
    let (short, long) = (short.await, long.await);
    let accepted = [&short, &long].map(|taken| taken.report.as_ref().map(|report| report.accepted));
    assert_eq!(accepted, [Some(1_100), Some(11_100)]);
    let (short, long) = (short.in_use, long.in_use);
    assert!(
        long.saturating_sub(short) <= 10_000 * REMEMBERED_MAX + SLACK,
        "{short} bytes of 1,100 rows, {long} of 11,100"
    );
}

#[tokio::test]
async fn the_work_for_a_list_grows_no_faster_than_the_list() {
    Box::pin(a_dry_run_remembers_little_of_a_good_list()).await;
    for kind in kinds() {
        // Rows that concern each other are compared with those before them, and a dry run remembers them.
        let ways: &[bool] = if kind.joins_rows() { &[false, true] } else { &[false] };
        for dry_run in ways.iter().copied() {
            let mut of_size = Vec::new();
            for size in SIZES {
                let units = size * kind.units[0];
                let Taken { report, read, allocated, .. } = work(&kind, units, dry_run).await;
                let accepted = report.map_or(0, |report| report.accepted);
                assert_eq!(accepted > 0, kind.has_good_rows(), "{}: {accepted} rows of {units}", kind.name);
                let bytes = usize::try_from(io::copy(&mut kind.list(units), &mut io::sink()).unwrap()).unwrap();
                // Twice, and the head for each line above a heading that may be missing.
                let most = 2 * bytes + 10 * bytes.min(HEAD);
                assert!(read <= most, "{}: {read} bytes were read of {bytes}", kind.name);
                of_size.push(allocated);
            }
            // From the second size to the third there are four times as many units more as from the first to the second.
            let [more, much_more] = [of_size[1].saturating_sub(of_size[0]), of_size[2].saturating_sub(of_size[1])];
            let (name, limit) = (kind.name, 6 * more + ALLOCATED_FREE);
            assert!(much_more <= limit, "{name}, dry run {dry_run}: bytes allocated by size: {of_size:?}");
            let most = ALLOCATOR.max_allocated();
            assert!(most <= IN_USE_MAX, "{name}, dry run {dry_run}: {most} bytes were in use at once");
        }
    }
}
