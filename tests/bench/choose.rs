//! What it costs to choose the next batch of 100 from a short and from a long waiting list.

use std::{fs, path::Path, time::Instant};

use anyhow::{Context, bail};
use cetak::{
    domain::{id::RecordId, record::RecordState},
    engine::{
        Office,
        batcher::{self, Plan as Planned},
    },
    store::{NewRecord, Printer},
};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{Line, Plan, median, office, range};

/// Records in one transaction of the filling, which is not measured.
const CHUNK: i64 = 10_000;
/// Batches of each list that are not counted: they fill the caches.
const WARM_UP: usize = 10;
const DAY_US: i64 = 86_400_000_000;
/// 1 January 2015.
const BEGIN_US: i64 = 1_420_070_400_000_000;

pub(crate) async fn measure(folder: &Path, plan: &Plan) -> anyhow::Result<Vec<Line>> {
    let mut offices = Vec::new();
    for length in plan.lists {
        let own = folder.join(length.to_string());
        fs::create_dir(&own)?;
        fill(&own, length).await?;
        let office = office::open(&own).await?;
        let printer = office.store.read().await?.printer_get("p1").await?.context("the printer was just added")?;
        offices.push((office, printer, Vec::new()));
    }
    for batch in 0..WARM_UP + plan.batches {
        for (office, printer, times) in &mut offices {
            let micros = choose(office, printer).await?;
            if batch >= WARM_UP {
                times.push(micros);
            }
        }
    }
    let mut lines = Vec::new();
    let first = median(&offices[0].2);
    for ((office, _, times), length) in offices.iter().zip(plan.lists) {
        let figure = median(times);
        let references = vec![("the same from the short list, µs", first, figure / first)];
        let what = format!("choosing a batch of 100 of {length} waiting");
        lines.push(Line { what, figure, unit: "µs", range: range(times), references });
        office.store.close().await;
    }
    lines[0].references.clear();
    Ok(lines)
}

/// One batch in one durable transaction; returns microseconds.
async fn choose(office: &Office, printer: &Printer) -> anyhow::Result<f64> {
    let profile = office.profile(office::PROFILE)?;
    let began = Instant::now();
    let mut tx = office.store.write(&office.writer, office.clock.now()).await?;
    let planned = batcher::plan(&mut tx, printer, &profile, &office.settings).await?;
    tx.commit().await?;
    let micros = began.elapsed().as_secs_f64() * 1e6;
    let Planned::Batch(_) = planned else { bail!("no batch was made: {planned:?}") };
    Ok(micros)
}

/// A list in the order of nothing: neighbours in the list are strangers in the table.
async fn fill(folder: &Path, length: i64) -> anyhow::Result<()> {
    let office = office::open(folder).await?;
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut next = 1;
    while next <= length {
        let end = (next + CHUNK).min(length + 1);
        let records: Vec<NewRecord> = (next..end).map(|id| record(id, &mut random)).collect();
        let mut tx = office.store.write(&office.writer, office.clock.now()).await?;
        tx.records_add("bench", office::PROFILE, records).await?;
        tx.commit().await?;
        next = end;
    }
    office::receive(&office, length).await?;
    office::add_printer(&office, "p1", "mock://p1").await?;
    office.store.close().await;
    Ok(())
}

fn record(id: i64, random: &mut ChaCha8Rng) -> NewRecord {
    let mut person_key = [0; 16];
    random.fill_bytes(&mut person_key);
    let requested_at_us = BEGIN_US + random.random_range(0..200 * 24 * 60) * 60_000_000;
    let is_first = random.random_range(0..100) < 62;
    NewRecord {
        id: RecordId(id),
        request_id: format!("3372-2015-{id:08}"),
        state: RecordState::Waiting,
        reason: None,
        kind: if is_first { "first" } else { "change" }.into(),
        class: if is_first { 1 } else { 4 },
        person_key,
        digest: person_key,
        photo: None,
        district: format!("DISTRICT {}", random.random_range(1..=5)),
        village: format!("VILLAGE {}", random.random_range(1..=51)),
        requested_at_us,
        verified_at_us: requested_at_us + random.random_range(1..=14) * DAY_US,
        sealed: vec![7; 420],
    }
}
