//! Measures the reading of the board and of needs-a-person: `cargo bench --bench board`.
//!
//! The reference is the shortest list in the same run: the board should cost the same however many records there are. No
//! time is asserted; each board must have all records.
//!
//! `-- --quick` takes seconds, otherwise the longest list needs a minute and 1 GB of disk; `sqlite`, `postgresql` measure only
//! these.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark reads the real clock and prints its table"
)]

#[path = "../shared/mod.rs"]
#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod shared;

use std::{path::Path, time::Instant};

use anyhow::ensure;
use cetak::engine::query::{ListNeeds, Query, ShowBoard};
use shared::{
    database::{Database, Kind, Lazy},
    lengths::{self, MICROSECONDS, Plan},
    office,
    table::Line,
};

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PRINTERS: i64 = 10;

type List = lengths::List<()>;

fn main() -> anyhow::Result<()> {
    let plan = Plan::from_arguments((200, &[27_000, 1_000_000]), (50, &[2_000, 20_000]))?;
    plan.run(&async |kind: Kind, folder: &Path, server: &Lazy| measure(&plan, kind, folder, server).await)
}

async fn measure(plan: &Plan, kind: Kind, folder: &Path, server: &Lazy) -> anyhow::Result<Vec<Line>> {
    let fill = async |database: &Database, length: i64| {
        let office = office::with_records(database, length, PRINTERS, office::mixed).await?;
        Ok((office, ()))
    };
    let mut lists = plan.fill(kind, folder, server, fill).await?;
    plan.rounds(&mut lists, read).await?;
    let lines = lengths::lines(kind, &lists)?;
    lengths::remove(lists).await?;
    Ok(lines)
}

async fn read(list: &mut List) -> anyhow::Result<()> {
    let began = Instant::now();
    let board = ShowBoard {}.read(&list.office).await?;
    list.note_time("the board", MICROSECONDS, began);
    ensure!(board.records.values().sum::<i64>() == list.length, "the board counts {:?}", board.records);
    let began = Instant::now();
    let needs = ListNeeds {}.read(&list.office).await?;
    list.note_time("needs-a-person", MICROSECONDS, began);
    ensure!(needs == board.needs_person && !needs.is_empty(), "needs are {needs:?}");
    Ok(())
}
