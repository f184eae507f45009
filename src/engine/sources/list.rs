//! Imports one list of a source, and keeps its refused rows.

use std::{
    fs::File,
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;

use super::pull::{PullError, permit};
use crate::{
    domain::{
        import::RowOutcome,
        refusal::Refusal,
        source::{ListFault, SourceFault},
    },
    engine::{
        Engine, EngineError,
        import::{self, DecidedRow, Format, Import, Report, Watch},
        refused_rows::RefusedRowsFile,
        source::Source,
    },
};

/// The time within which a transaction of an import follows the one before, or the file system does not answer.
const PROGRESS_WITHIN: Duration = Duration::from_mins(5);

/// Imports a list. The refused rows are written to `refused_rows`. Returns why the list waits for a person, if it does.
pub(super) async fn import_list(
    engine: &Engine,
    source: &Source,
    file: File,
    file_name: &str,
    refused_rows: PathBuf,
) -> Result<Option<ListFault>, PullError> {
    let what = Import {
        source: source.name.clone(),
        profile: source.profile.clone(),
        file_name: file_name.to_owned(),
        format: Format::of_name(file_name),
        encoding: None,
        sheet: None,
        skip_lines: 0,
        photos: source.folder.clone(),
        update: source.update,
        dry_run: false,
        accept: Vec::new(),
        mapping: None,
    };
    let saved_at = Arc::new(AtomicU64::new(seconds(engine)));
    let mut keeping = Keeping { engine, path: refused_rows, file: None, saved_at: saved_at.clone() };
    let permit = permit();
    let importing = import::import(engine, &permit, Box::new(file), what, &mut keeping);
    let imported = tokio::select! {
        imported = importing => imported,
        () = stands_still(engine, &saved_at) => return Err(PullError::Source(SourceFault::NoAnswer)),
    };
    let report = match imported {
        Ok(report) => report,
        Err(EngineError::Refused(refusal)) => return refused(refusal),
        Err(EngineError::Read { .. } | EngineError::Write { .. }) => {
            return Err(PullError::Source(SourceFault::Unreadable));
        }
        Err(error) => return Err(error.into()),
    };
    keeping.finish().map_err(|_| PullError::Source(SourceFault::NotMoved))?;
    let Report { rows, refused, .. } = report;
    Ok((refused > 0).then_some(ListFault::Rows { refused, rows }))
}

/// A list that is refused as a whole waits for a person, unless the reason is not in the list.
fn refused(refusal: Refusal) -> Result<Option<ListFault>, PullError> {
    let is_of_profile = matches!(
        refusal,
        Refusal::NoProfile { .. }
            | Refusal::ProfileBroken { .. }
            | Refusal::ProfileNotRendered { .. }
            | Refusal::PersonKeys { .. }
    );
    // It is still being written, or the reader of the file failed.
    let is_of_reading = matches!(refusal, Refusal::ListChanged | Refusal::ReadingFailed);
    if is_of_profile {
        return Err(PullError::Source(SourceFault::ProfileUnusable));
    }
    if is_of_reading {
        return Err(PullError::Source(SourceFault::Unreadable));
    }
    Ok(Some(ListFault::List { refusal }))
}

fn seconds(engine: &Engine) -> u64 {
    engine.clock.elapsed().as_secs()
}

/// Ends when no transaction has ended for too long.
async fn stands_still(engine: &Engine, saved_at: &AtomicU64) {
    loop {
        let since = seconds(engine).saturating_sub(saved_at.load(Ordering::Relaxed));
        if since >= PROGRESS_WITHIN.as_secs() {
            return;
        }
        engine.clock.sleep(Duration::from_secs(PROGRESS_WITHIN.as_secs() - since)).await;
    }
}

/// Keeps the refused rows of a list; without any there is no file.
struct Keeping<'a> {
    engine: &'a Engine,
    path: PathBuf,
    file: Option<Box<dyn RefusedRowsFile>>,
    saved_at: Arc<AtomicU64>,
}

impl Keeping<'_> {
    fn finish(self) -> io::Result<()> {
        self.file.map_or(Ok(()), RefusedRowsFile::finish)
    }
}

#[async_trait]
impl Watch for Keeping<'_> {
    async fn saved(&mut self, rows: Vec<DecidedRow>, _: u64, _: u64) -> io::Result<()> {
        self.saved_at.store(seconds(self.engine), Ordering::Relaxed);
        for row in rows {
            let RowOutcome::Refused(rejection) = &row.outcome else { continue };
            let file = match &mut self.file {
                Some(file) => file,
                none => none.insert(self.engine.refused_rows.create(&self.path)?),
            };
            file.add(row.place, &row.request_id, rejection)?;
        }
        Ok(())
    }
}
