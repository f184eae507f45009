//! Imports a waiting list.
//!
//! The list is read once to judge it as a whole, then once more. One thread reads, checks and seals rows; another task decides and
//! saves them in chunks. A transaction takes the chunks that are ready, until another transaction waits or it is long enough. A row
//! is decided by its key, its digest and the person's other records, so an import may be killed at any point and run again.

mod check;
mod chunk_writer;
mod columns;
mod crowds;
mod decide;
mod deeds;
mod differences;
mod fault;
mod format;
mod known;
mod list;
mod list_file;
mod old_spreadsheet;
mod opened;
mod photos;
mod prepare;
mod repeats;
mod report;
mod row_limit;
mod rows;
mod sheet_source;
mod spreadsheet;
mod survey;
mod transaction;

use std::time::Duration;

use tokio::sync::mpsc;

pub use self::{
    check::{ColumnCheck, FileCheck, check},
    columns::Heading,
    format::Format,
    list_file::Input,
    opened::Encoding,
    report::{Accept, DecidedRow, Import, NamedRow, Report, Watch},
};
use self::{
    decide::Decider,
    list::{HowToRead, List},
    list_file::ListFile,
    photos::PhotoFolder,
    prepare::{Chunk, ChunkSize, Preparer, ValueHasher},
};
use super::{Engine, EngineError, clock::attempt_name, person_rule};
use crate::domain::{
    permission::{Operation, Permit, authorize},
    refusal::Refusal,
};

/// Imports a waiting list. A list that cannot be read to its end, or that looks wrong as a whole and is not accepted, changes
/// nothing, except that the records which it would withdraw may be held. Another error keeps the chunks that were saved before it.
/// What looks wrong is accepted by an actor with a right of its own.
pub async fn import(
    engine: &Engine,
    permit: &Permit,
    input: Box<dyn Input>,
    what: Import,
    watch: &mut dyn Watch,
) -> Result<Report, EngineError> {
    permit.covers(Operation::Import)?;
    if let Some(actor) = permit.actor()
        && !what.accept.is_empty()
    {
        authorize(actor, Operation::ImportAccept)?;
    }
    let profile = engine.profile(&what.profile)?;
    if !crate::domain::card::profile::is_name(&what.source) {
        return Err(Refusal::SourceName { name: what.source }.into());
    }
    person_rule::for_import(&mut engine.store.read().await?, &profile).await?;
    let layout = what.layout(&profile, &engine.settings.zone)?;
    let file = ListFile::new(input);
    let list = List::open(file.clone(), HowToRead::of(&what), layout.clone(), profile.clone())?;
    let judged = survey::judge((engine, permit), list.rows()?, &layout, &profile, &what).await;
    let repeats = if list.has_changed() { Err(Refusal::ListChanged.into()) } else { judged }?;
    let digest = file.digest(engine.store.keys());
    let rows = list.rows_again().map_err(|refusal| if list.has_changed() { Refusal::ListChanged } else { refusal })?;
    let photos = list.photos(&what.photos);
    let (sheet, other_sheets) = list.sheets();
    let absent_columns = rows.columns.absent.clone();
    let mut report = Report { dry_run: what.dry_run, absent_columns, sheet, other_sheets, ..Report::default() };
    let (sender, mut chunks) = mpsc::channel(2);
    let renderer = (engine.renderers)(&profile)
        .map_err(|error| Refusal::ProfileNotRendered { profile: profile.name.clone(), detail: error.to_string() })?;
    let hasher = ValueHasher::default();
    let chunk_size = ChunkSize::new();
    let reader = Preparer {
        keys: engine.store.keys().clone(),
        photos: PhotoFolder::new(photos.clone(), renderer.clone()),
        attempt: attempt_name(&engine.settings.site, engine.clock.now(), &*engine.entropy, None),
        renderer,
        profile: profile.clone(),
        key_rule: profile.identifier.key_rule().to_stored(),
        layout: layout.clone(),
        source: what.source.clone(),
        now: engine.clock.now(),
        today: engine.today(),
        entropy: engine.entropy.clone(),
        hasher: hasher.clone(),
        chunk_size: chunk_size.clone(),
    };
    let reading = tokio::task::spawn_blocking(move || reader.run(rows, &sender));
    let mut decider =
        Decider::new((engine, permit), layout, profile, (what, repeats, photos), (hasher, chunk_size), digest);
    save(engine, &mut decider, &mut chunks, &mut report, watch).await?;
    match reading.await {
        Ok(Ok(columns)) => {
            report.unknown_columns = columns.unknown;
            report.rows_with_unknown_keys = columns.rows_with_unknown_keys;
            report.hidden_rows = columns.hidden_rows;
            decider.end(&report, watch).await?;
        }
        Ok(Err(_)) if list.has_changed() => return Err(Refusal::ListChanged.into()),
        Ok(Err(refusal)) => return Err(refusal.into()),
        Err(_) => return Err(Refusal::ReadingFailed.into()),
    }
    Ok(report)
}

/// How long an open transaction waits for the next chunk.
const NEXT_CHUNK_TIMEOUT: Duration = Duration::from_millis(20);

/// Decides and saves all chunks.
async fn save(
    engine: &Engine,
    decider: &mut Decider<'_>,
    chunks: &mut mpsc::Receiver<Chunk>,
    report: &mut Report,
    watch: &mut dyn Watch,
) -> Result<(), EngineError> {
    while let Some(chunk) = chunks.recv().await {
        let mut next = Some(chunk);
        while let Some(chunk) = next.take() {
            decider.chunk(chunk, report, watch).await?;
            if decider.is_due().await? {
                break;
            }
            // The next chunk may be almost ready. A transaction does not wait longer, for a slow file or pipe.
            next = tokio::select! {
                next = chunks.recv() => next,
                () = engine.clock.sleep(NEXT_CHUNK_TIMEOUT) => None,
            };
        }
        decider.commit((report, false), watch).await?;
    }
    Ok(())
}
