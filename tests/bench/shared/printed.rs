//! Helper: cards that are printed without a printer. Everything is saved of them that a scheduler saves, by the same decisions and
//! statements, but a thousand cards share a commit.

use anyhow::{Context, ensure};
use cetak::{
    domain::{
        batch::{Batch, BatchEnd},
        id::JobId,
        job::PrintedCard,
    },
    engine::{
        Engine,
        clock::attempt_name,
        planning::{self, Plan},
    },
    store::{Begin, QueuedJob, Tx},
};

use super::office::PROFILE;

/// Prints the cards that are first on the waiting list, on all printers of the office. Returns them, and the newest job, which may be one
/// that was not printed.
pub(crate) async fn print(office: &Engine, cards: usize) -> anyhow::Result<(Vec<PrintedCard>, JobId)> {
    let profile = office.profile(PROFILE)?;
    let printers = office.store.read().await?.printer_list().await?;
    let printers: Vec<_> = printers.iter().map(|printer| (printer, &*profile)).collect();
    let (mut printed, mut newest) = (Vec::with_capacity(cards), JobId(0));
    while printed.len() < cards {
        let mut tx = office.store.write(&office.writer, office.clock.now()).await?;
        let plans = planning::plan_next(&mut tx, &printers, &office.profiles, &office.settings).await?;
        let before = printed.len();
        for plan in plans {
            let Plan::Batch(batch, mut jobs) = plan else { continue };
            newest = jobs.iter().map(|job| job.id).max().unwrap_or(newest).max(newest);
            jobs.truncate(cards - printed.len());
            printed.extend(print_batch(office, &mut tx, &batch, &jobs).await?);
        }
        ensure!(printed.len() > before, "{before} cards are printed, and no record waits");
        tx.commit().await?;
    }
    Ok((printed, newest))
}

/// Prints jobs of a batch, and ends it. Jobs that are left return to the waiting list.
async fn print_batch(
    office: &Engine,
    tx: &mut Tx,
    batch: &Batch,
    jobs: &[QueuedJob],
) -> anyhow::Result<Vec<PrintedCard>> {
    let attempt = |job: &QueuedJob| Begin {
        name: attempt_name(&office.settings.site, office.clock.now(), &*office.entropy, None),
        job: job.id,
        record_version: 1,
        printer: batch.printer.clone(),
        releasing: true,
        impressions: 1,
    };
    let begins: Vec<Begin> = jobs.iter().map(attempt).collect();
    let started = tx.cards_step(&[], &begins).await?;
    let card = |(job, begin): (&QueuedJob, &Begin)| {
        let attempt = started.iter().find(|started| started.job == job.id).context("a guard refused an attempt")?.key;
        anyhow::Ok(PrintedCard {
            attempt,
            name: begin.name.clone(),
            printer: batch.printer.clone(),
            job: job.id,
            record: job.record,
            batch: batch.id,
            lot: job.lot,
            place: job.place.clone(),
        })
    };
    let cards = jobs.iter().zip(&begins).map(card).collect::<anyhow::Result<Vec<_>>>()?;
    tx.cards_step(&cards, &[]).await?;
    planning::end(tx, batch, BatchEnd::Done).await?;
    Ok(cards)
}
