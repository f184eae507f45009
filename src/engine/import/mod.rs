//! Takes a waiting list in.
//!
//! One thread reads, checks and seals; meanwhile the other side decides and saves, a chunk of rows in one transaction.
//! A row is decided by its key, its digest and the person's other records, so that an import may be killed at any
//! point and run again.

mod decide;
mod photos;
mod prepare;
mod rows;

use std::{collections::BTreeMap, io::Read, path::PathBuf};

use tokio::sync::mpsc;

pub(crate) use self::photos::row_name as photo_row_name;
pub use self::rows::Format;
use self::{
    decide::Decider,
    photos::PhotoFolder,
    prepare::{ChunkSize, Preparer, ValueHasher},
    rows::Rows,
};
use super::{Engine, EngineError, clock::attempt_name};
use crate::{
    domain::{
        import::{Layout, RejectReason, Rejection, RowOutcome},
        personal::Person,
        refusal::{Named, Refusal},
    },
    store::{StoredBody, keys::Keys},
};

/// What to import, and how.
#[derive(Clone, Debug)]
pub struct Import {
    /// Who sent the list: the first half of a record's key.
    pub source: String,
    /// The card profile.
    pub profile: String,
    /// How it is written.
    pub format: Format,
    /// The folder that photo paths are relative to.
    pub photos: PathBuf,
    /// A known request with another body is updated; without this it is a conflict.
    pub update: bool,
    /// Change nothing.
    pub dry_run: bool,
}

/// What became of the rows.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Report {
    /// Rows read.
    pub rows: u64,
    /// New on the waiting list.
    pub accepted: u64,
    /// Known, with a new body.
    pub updated: u64,
    /// Nothing new.
    pub known: u64,
    /// For a person to look at.
    pub quarantined: u64,
    /// No longer to be printed.
    pub withdrawn: u64,
    /// Not taken.
    pub refused: u64,
    /// Of these, by reason.
    pub refused_by_reason: BTreeMap<RejectReason, u64>,
    /// Taken, but worth a look.
    pub warnings: BTreeMap<&'static str, u64>,
    /// Columns that the profile does not read.
    pub unknown_columns: Vec<String>,
    /// Columns of the profile that the file does not have.
    pub absent_columns: Vec<String>,
    /// Nothing was changed.
    pub dry_run: bool,
}

/// Who wants to see how it goes.
pub trait Watch: Send {
    /// A row was refused.
    fn refused(&mut self, row: u64, request_id: &str, rejection: &Rejection) -> std::io::Result<()>;
    /// So many bytes of the file are done.
    fn progress(&mut self, bytes: u64, rows: u64);
}

/// The name under which a person's fields are sealed.
pub(crate) fn row_name(source: &str, request_id: &str) -> String {
    format!("person/{source}/{request_id}")
}

/// Imports a waiting list. What was decided before an error stays.
pub async fn import(
    engine: &Engine,
    input: Box<dyn Read + Send>,
    what: Import,
    watch: &mut dyn Watch,
) -> Result<Report, EngineError> {
    let profile = engine.profile(&what.profile)?;
    if !crate::domain::card::profile::is_name(&what.source) {
        return Err(Refusal::Name { of: Named::Source, name: what.source }.into());
    }
    let layout = Layout::new(&profile);
    let rows = Rows::new(input, what.format, layout.clone())?;
    let missing = layout.missing_from(&rows.header(), profile.photo);
    if !missing.is_empty() {
        return Err(Refusal::ColumnsMissing {
            no_header: missing.len() == layout.columns.len() || rows.header().len() <= 1,
            columns: missing.into_iter().map(str::to_owned).collect(),
            profile: profile.name.clone(),
        }
        .into());
    }
    let mut report = Report { dry_run: what.dry_run, absent_columns: rows.columns.absent.clone(), ..Report::default() };
    let (sender, mut chunks) = mpsc::channel(2);
    let renderer = (engine.renderers)(&profile)
        .map_err(|error| Refusal::ProfileNotRendered { profile: profile.name.clone(), detail: error.to_string() })?;
    let hasher = ValueHasher::default();
    let chunk_size = ChunkSize::new();
    let reader = Preparer {
        keys: engine.store.keys().clone(),
        photos: PhotoFolder::new(what.photos.clone(), renderer.clone()),
        attempt: attempt_name(&engine.settings.site, engine.clock.now(), &*engine.entropy),
        renderer,
        profile: profile.clone(),
        layout: layout.clone(),
        source: what.source.clone(),
        now: engine.clock.now(),
        entropy: engine.entropy.clone(),
        hasher: hasher.clone(),
        chunk_size: chunk_size.clone(),
    };
    let reading = tokio::task::spawn_blocking(move || reader.run(rows, &sender));
    let mut decider = Decider::new(engine, layout, profile, what, hasher, chunk_size);
    while let Some(chunk) = chunks.recv().await {
        let bytes = chunk.bytes;
        decider.chunk(chunk, &mut report, watch).await?;
        watch.progress(bytes, report.rows);
    }
    match reading.await {
        Ok(Ok(columns)) => report.unknown_columns = columns.unknown,
        Ok(Err(refusal)) => return Err(refusal.into()),
        Err(_) => return Err(Refusal::ReadingFailed.into()),
    }
    Ok(report)
}

/// The field beside the person's own that binds the photo to the record: its digest.
pub(crate) const PHOTO_FIELD: &str = "(photo)";

/// Opens a person's fields.
///
/// The error says what is wrong, and nothing of the person.
pub fn open_person(keys: &Keys, body: &StoredBody) -> Result<Person, String> {
    let plain = keys
        .open(&row_name(&body.source, &body.request_id), &body.sealed)
        .map_err(|e| format!("the sealed data cannot be opened: {e}"))?;
    let fields: BTreeMap<String, String> =
        serde_json::from_slice(&plain).map_err(|_| "the sealed data is no record".to_owned())?;
    Ok(Person::from(fields))
}

fn count(report: &mut Report, fate: &RowOutcome) {
    report.rows += 1;
    let counter = match fate {
        RowOutcome::Accepted => &mut report.accepted,
        RowOutcome::Updated => &mut report.updated,
        RowOutcome::Known => &mut report.known,
        RowOutcome::Quarantined => &mut report.quarantined,
        RowOutcome::Withdrawn => &mut report.withdrawn,
        RowOutcome::Refused(rejection) => {
            *report.refused_by_reason.entry(rejection.reason).or_default() += 1;
            &mut report.refused
        }
    };
    *counter += 1;
}

/// Sorted numbers as text, runs together: `1-2000,2005`.
pub(crate) fn ranges(sorted: &[i64]) -> String {
    let mut text = String::new();
    let mut rest = sorted;
    while let [first, ..] = rest {
        let run = (0..).zip(rest).take_while(|(i, n)| first + i == **n).count();
        let last = rest[run - 1];
        let comma = if text.is_empty() { "" } else { "," };
        text += &if run == 1 { format!("{comma}{first}") } else { format!("{comma}{first}-{last}") };
        rest = &rest[run..];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_numbers_are_written_together() {
        assert_eq!(ranges(&[1, 2, 3, 7, 9, 10]), "1-3,7,9-10");
        assert_eq!(ranges(&[]), "");
    }
}
