//! The benchmark, one command: `cargo bench --bench solo`.
//!
//! Every figure stands beside a reference that was measured in the same run on the same disk, and is read as a ratio:
//! absolute figures move with the machine and its neighbours. Runs are interleaved, and medians are shown. Nothing here
//! asserts a time. What is asserted is that the books add up after each run.
//!
//! `-- --quick` takes seconds (one run, smaller lists); `-- --full` adds the import of 27,000 distinct photos, which
//! needs 4 GB of disk. Names of parts run only these: `-- import`, `cards`, `choose`, `photos`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark reads the real clock and prints its table"
)]

mod cards;
mod choose;
mod import;
mod office;
mod table;

use std::path::PathBuf;

use anyhow::bail;
use table::{Line, median, output_of, per_second, range, show};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How much is measured.
#[derive(Clone, Debug)]
struct Plan {
    /// Interleaved runs of each part.
    runs: usize,
    /// Rows of the imported list.
    rows: u32,
    /// Printers, and cards that they print.
    cards: Vec<(usize, i64)>,
    /// Batches chosen from each list.
    batches: usize,
    /// The lengths of the lists from which batches are chosen.
    lists: [i64; 2],
    /// The parts to run.
    parts: Vec<&'static str>,
}

fn main() -> anyhow::Result<()> {
    let plan = Plan::from_arguments(std::env::args().skip(1))?;
    // On the disk of the build, not in a folder that may be memory.
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("cetak {}, {cores} cores, {} runs, medians", env!("CARGO_PKG_VERSION"), plan.runs);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut lines = Vec::new();
    for part in &plan.parts {
        eprintln!("measuring: {part}");
        let folder = scratch.path().join(part);
        std::fs::create_dir(&folder)?;
        match *part {
            "import" => lines.extend(import::shared_photos(&folder, &plan)?),
            "photos" => lines.extend(import::distinct_photos(&folder, &plan)?),
            "cards" => lines.extend(runtime.block_on(cards::measure(&folder, &plan))?),
            _ => lines.extend(runtime.block_on(choose::measure(&folder, &plan))?),
        }
        std::fs::remove_dir_all(&folder)?;
    }
    show(&lines);
    Ok(())
}

const PARTS: [&str; 4] = ["import", "cards", "choose", "photos"];

impl Plan {
    fn from_arguments(arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut plan = Self {
            runs: 5,
            rows: 27_000,
            cards: vec![(1, 3_000), (8, 10_000), (64, 25_000)],
            batches: 150,
            lists: [27_000, 1_000_000],
            parts: Vec::new(),
        };
        let mut full = false;
        for argument in arguments {
            match argument.as_str() {
                "--bench" => {} // cargo says so
                "--full" => full = true,
                "--quick" => {
                    plan.runs = 1;
                    plan.cards = vec![(1, 500), (8, 2_000), (64, 12_800)];
                    plan.batches = 50;
                    plan.lists = [27_000, 100_000];
                }
                named => match PARTS.into_iter().find(|part| *part == named) {
                    Some(part) => plan.parts.push(part),
                    None => bail!("`{named}` is not known; there are --quick, --full, {}", PARTS.join(", ")),
                },
            }
        }
        if plan.parts.is_empty() {
            plan.parts.extend(if full { &PARTS[..] } else { &PARTS[..3] });
        }
        Ok(plan)
    }
}

/// Files are on the disk before a run that shall not pay for them.
fn settle(paths: &[PathBuf]) -> anyhow::Result<()> {
    for path in paths {
        std::fs::File::open(path)?.sync_all()?;
    }
    Ok(())
}
