//! Cards end to end: the scheduler with printers that take no time, from its start until it is idle.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use cetak::{
    app::demo::people::write_waiting_list,
    domain::intake::Refusal,
    engine::{
        Office,
        intake::{Format, Import, Watch, import},
        scheduler::{self, Until},
    },
};
use tokio::sync::watch;

use crate::{Line, Plan, median, office, per_second, range, settle};

/// How long each reference is measured, before each run.
const PATIENCE: Duration = Duration::from_millis(500);

#[derive(Default)]
struct Rates {
    cards: Vec<f64>,
    commits: Vec<f64>,
    syncs: Vec<f64>,
}

pub(crate) async fn measure(folder: &Path, plan: &Plan) -> anyhow::Result<Vec<Line>> {
    let template = folder.join("template");
    fs::create_dir(&template)?;
    let records = fill(&template, plan.rows).await?;
    let mut rates: Vec<Rates> = plan.cards.iter().map(|_| Rates::default()).collect();
    for run in 0..plan.runs {
        for ((printers, cards), rates) in plan.cards.iter().zip(&mut rates) {
            let own = folder.join(format!("{printers}-{run}"));
            fs::create_dir(&own)?;
            fs::copy(template.join("cetak.db"), own.join("cetak.db"))?;
            settle(&[own.join("cetak.db")])?;
            let office = office::open(&own).await?;
            rates.syncs.push(office::synced_writes(&own, PATIENCE)?);
            rates.commits.push(office::single_commits(&office, PATIENCE).await?);
            rates.cards.push(print(&office, *printers, *cards).await?);
            office::check(&office, records, *cards, *cards).await?;
            office.store.close().await;
            fs::remove_dir_all(own)?;
        }
    }
    let line = |((printers, cards), rates): (&(usize, i64), &Rates)| {
        let figure = median(&rates.cards);
        let reference = |name, figures: &[f64]| (name, median(figures), figure / median(figures));
        let commits = reference("durable transactions of one row through the store", &rates.commits);
        let syncs = reference("synced writes of 8 kB", &rates.syncs);
        let what = format!("cards with {printers} printers ({cards} cards)");
        Line { what, figure, unit: "cards/s", range: range(&rates.cards), references: vec![commits, syncs] }
    };
    Ok(plan.cards.iter().zip(&rates).map(line).collect())
}

/// A database with an imported list; returns how many records it has.
async fn fill(folder: &Path, rows: u32) -> anyhow::Result<i64> {
    struct Nobody;
    impl Watch for Nobody {
        fn refused(&mut self, _: u64, _: &str, _: &Refusal) -> std::io::Result<()> {
            Ok(())
        }
        fn progress(&mut self, _: u64, _: u64) {}
    }
    let list = write_waiting_list(&folder.join("list"), 7, rows)?;
    let office = office::open(folder).await?;
    let what = Import {
        source: "default".into(),
        profile: office::PROFILE.into(),
        format: Format::Csv,
        photos: folder.join("list"),
        update: false,
        dry_run: false,
    };
    let report = import(&office, Box::new(fs::File::open(&list.path)?), what, &mut Nobody).await?;
    office.store.close().await;
    Ok(i64::try_from(report.accepted + report.quarantined)?)
}

/// Prints as many cards as there are blanks; returns cards a second.
async fn print(office: &Office, printers: usize, cards: i64) -> anyhow::Result<f64> {
    office::receive(office, cards).await?;
    for number in 1..=printers {
        let (name, uri) = (format!("p{number}"), format!("mock://p{number}"));
        office::add_printer(office, &name, &uri).await?;
    }
    let (_stop, stopped) = watch::channel(false);
    let began = Instant::now();
    scheduler::run(office, Until::Idle, stopped).await?;
    Ok(per_second(f64::from(i32::try_from(cards)?), began))
}
