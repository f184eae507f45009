//! Imports a waiting list.
//!
//! The list is read once to judge it as a whole, then once more. One thread reads, checks and seals rows; another task decides and
//! saves them in chunks. A transaction takes the chunks that are ready, until another transaction waits or it is long enough. A row
//! is decided by its key, its digest and the person's other records, so an import may be killed at any point and run again.

mod chunk_writer;
mod crowds;
mod decide;
mod known;
mod list_file;
mod opened;
mod photos;
mod prepare;
mod repeats;
mod report;
mod row_limit;
mod rows;
mod survey;
mod transaction;

use std::time::Duration;

use tokio::sync::mpsc;

use self::{
    decide::Decider,
    list_file::ListFile,
    opened::opened,
    photos::PhotoFolder,
    prepare::{Chunk, ChunkSize, Preparer, ValueHasher},
    rows::Rows,
};
pub use self::{
    list_file::Input,
    opened::Encoding,
    report::{Accept, DecidedRow, Import, NamedRow, Report, Watch},
    rows::Format,
};
use super::{Engine, EngineError, clock::attempt_name, person_rule};
use crate::domain::{
    card::profile::CardProfile,
    import::Layout,
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
    let layout = Layout::new(&profile);
    let file = ListFile::new(input);
    let rows_of = |start: std::io::Result<ListFile>, skipped_lines: u64| {
        let text = start.and_then(|start| opened(start, what.encoding));
        let text = text.map_err(|e| Refusal::HeaderUnreadable { detail: e.to_string() })?;
        Rows::new(text, what.format, layout.clone(), skipped_lines)
    };
    let surveyed = rows_of(file.rewound(), what.skip_lines)?;
    if let Some(missing) = missing_columns(&surveyed, &layout, &profile) {
        let is_heading = |lines: &u64| {
            rows_of(file.rewound(), *lines).is_ok_and(|rows| missing_columns(&rows, &layout, &profile).is_none())
        };
        let last = what.skip_lines.saturating_add(TITLE_LINES_MAX);
        let heading = (what.skip_lines.saturating_add(1)..=last).find(is_heading);
        return Err(heading.map_or(missing, |lines| Refusal::TitleLines { lines }).into());
    }
    let repeats = survey::judge((engine, permit), surveyed, &layout, &profile, &what).await?;
    let as_surveyed = |refusal| if file.has_changed() { Refusal::ListChanged } else { refusal };
    let rows = rows_of(file.again(), what.skip_lines).map_err(as_surveyed)?;
    let mut report = Report { dry_run: what.dry_run, absent_columns: rows.columns.absent.clone(), ..Report::default() };
    let (sender, mut chunks) = mpsc::channel(2);
    let renderer = (engine.renderers)(&profile)
        .map_err(|error| Refusal::ProfileNotRendered { profile: profile.name.clone(), detail: error.to_string() })?;
    let hasher = ValueHasher::default();
    let chunk_size = ChunkSize::new();
    let reader = Preparer {
        keys: engine.store.keys().clone(),
        photos: PhotoFolder::new(what.photos.clone(), renderer.clone()),
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
    let mut decider = Decider::new((engine, permit), layout, profile, (what, repeats), hasher, chunk_size);
    save(engine, &mut decider, &mut chunks, &mut report, watch).await?;
    match reading.await {
        Ok(Ok(columns)) => {
            report.unknown_columns = columns.unknown;
            report.rows_with_unknown_keys = columns.rows_with_unknown_keys;
        }
        Ok(Err(refusal)) => return Err(as_surveyed(refusal).into()),
        Err(_) => return Err(Refusal::ReadingFailed.into()),
    }
    Ok(report)
}

/// The lines above a heading in which a spreadsheet may have a title.
const TITLE_LINES_MAX: u64 = 10;

/// The refusal of a list without required columns.
fn missing_columns(rows: &Rows, layout: &Layout, profile: &CardProfile) -> Option<Refusal> {
    let header = rows.header();
    let missing = layout.missing_from(&header, profile.photo);
    if missing.is_empty() {
        return None;
    }
    Some(Refusal::ColumnsMissing {
        no_header: missing.len() == layout.columns.len() || header.len() <= 1,
        columns: missing.into_iter().map(str::to_owned).collect(),
        profile: profile.name.clone(),
    })
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
        decider.commit(report, watch).await?;
    }
    decider.commit(report, watch).await
}
