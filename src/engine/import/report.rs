//! The parameters and the report of an import.

use std::{collections::BTreeMap, io, path::PathBuf};

use async_trait::async_trait;
use jiff::tz::TimeZone;

use super::{format::Format, opened::Encoding};
use crate::domain::{
    card::profile::CardProfile,
    import::{Layout, Mapping, RejectReason, RowOutcome, RowPlace, Warning},
    reason::Reason,
    refusal::{FileRefusal, Refusal},
};

/// The rows that are named for quarantine and for each warning.
const NAMED_ROWS: usize = 20;

/// The parameters of an import.
#[derive(Clone, Debug)]
pub struct Import {
    /// The office or system that sent the list. A record's key is its source and its request id.
    pub source: String,
    /// The name of the card profile.
    pub profile: String,
    /// The name of the file, without folders; empty if it has none.
    pub file_name: String,
    /// The format of the file.
    pub format: Format,
    /// The encoding of its text, if a person names it.
    pub encoding: Option<Encoding>,
    /// The sheet of a spreadsheet that is read; the first one with a heading if none is named.
    pub sheet: Option<String>,
    /// The lines above the heading, or above the first object, which are not read.
    pub skip_lines: u64,
    /// The folder that photo paths are relative to.
    pub photos: PathBuf,
    /// Whether a known request with another body becomes the next version of its record. Otherwise the row is refused
    /// with [`RejectReason::Conflict`].
    pub update: bool,
    /// Whether this is a dry run, which reports the outcome and changes nothing.
    pub dry_run: bool,
    /// What a person has accepted about the list as a whole.
    pub accept: Vec<Accept>,
    /// The mapping of this list, which is put over that of the profile.
    pub mapping: Option<Mapping>,
}

impl Import {
    /// The layout of its rows. `office` is the time zone of the office.
    pub(super) fn layout(&self, profile: &CardProfile, office: &TimeZone) -> Result<Layout, Refusal> {
        let columns: Vec<&str> = profile.columns().collect();
        let Some(mapping) = &self.mapping else { return Ok(Layout::mapped(profile, &profile.mapping, office)) };
        let mapping = mapping.clone().over(&profile.mapping);
        mapping.check(&columns).map_err(|detail| Refusal::File(FileRefusal::Mapping { detail }))?;
        Ok(Layout::mapped(profile, &mapping, office))
    }
}

/// What may look wrong about a list as a whole, so that it is imported only if a person accepts it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Accept {
    /// It withdraws many records.
    Withdrawals,
    /// Most of its identifiers end in zeros.
    Rounded,
}

impl Accept {
    /// The name in requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Withdrawals => "withdrawals",
            Self::Rounded => "rounded",
        }
    }
}

/// The report of an import: the number of rows with each outcome.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Report {
    /// Rows read.
    pub rows: u64,
    /// New records on the waiting list.
    pub accepted: u64,
    /// Known records that got a new body.
    pub updated: u64,
    /// Rows that changed nothing.
    pub known: u64,
    /// Records that need a person's decision.
    pub quarantined: u64,
    /// The first rows of these.
    pub quarantined_rows: Vec<NamedRow>,
    /// Records that must not be printed any more.
    pub withdrawn: u64,
    /// Records that their source had withdrawn, and lists as print-ready again.
    pub restored: u64,
    /// Rows that were not imported.
    pub refused: u64,
    /// Refused rows by reason; their sum is `refused`.
    pub refused_by_reason: BTreeMap<RejectReason, u64>,
    /// Imported rows with a warning, by warning.
    pub warnings: BTreeMap<Warning, u64>,
    /// The first rows with each warning.
    pub warned_rows: BTreeMap<Warning, Vec<NamedRow>>,
    /// Columns of a table that the profile does not read, as letters: `A` is the first one.
    pub unknown_columns: Vec<String>,
    /// Rows of JSON Lines with keys that the profile does not read.
    pub rows_with_unknown_keys: u64,
    /// Columns of the profile that the file does not have; their values are empty.
    pub absent_columns: Vec<String>,
    /// The sheet of a spreadsheet that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The other sheets, which were not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_sheets: Vec<String>,
    /// Rows that the spreadsheet does not show. They were read as all others.
    #[serde(default)]
    pub hidden_rows: u64,
    /// Whether this was a dry run, which changed nothing.
    pub dry_run: bool,
}

/// A row that the report names.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct NamedRow {
    /// Where it stands in the file.
    #[serde(flatten)]
    pub place: RowPlace,
    /// The request id of the source.
    pub request_id: String,
    /// Why it is quarantined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl Report {
    /// Counts one row, and names it if it is one of the first that are quarantined.
    pub(super) fn count(&mut self, outcome: &RowOutcome, place: RowPlace, request_id: &str) {
        self.rows += 1;
        let counter = match outcome {
            RowOutcome::Accepted => &mut self.accepted,
            RowOutcome::Updated => &mut self.updated,
            RowOutcome::Known => &mut self.known,
            RowOutcome::Quarantined(_) => &mut self.quarantined,
            RowOutcome::Withdrawn => &mut self.withdrawn,
            RowOutcome::Restored => &mut self.restored,
            RowOutcome::Refused(rejection) => {
                *self.refused_by_reason.entry(rejection.reason).or_default() += 1;
                &mut self.refused
            }
        };
        *counter += 1;
        if let RowOutcome::Quarantined(reason) = outcome
            && self.quarantined_rows.len() < NAMED_ROWS
        {
            let reason = reason.clone();
            self.quarantined_rows.push(NamedRow { place, request_id: request_id.to_owned(), reason });
        }
    }

    /// Counts a warning.
    pub(super) fn warn(&mut self, warning: Warning, place: RowPlace, request_id: &str) {
        *self.warnings.entry(warning).or_default() += 1;
        let rows = self.warned_rows.entry(warning).or_default();
        if rows.len() < NAMED_ROWS {
            rows.push(NamedRow { place, request_id: request_id.to_owned(), reason: None });
        }
    }
}

/// A row and its outcome.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecidedRow {
    /// Where it stands in the file.
    pub place: RowPlace,
    /// The request id of the source; empty if the row has none that can be shown.
    pub request_id: String,
    /// The outcome.
    pub outcome: RowOutcome,
}

/// Receives rows and progress during an import.
#[async_trait]
pub trait Watch: Send {
    /// Whether rows with this outcome are given to [`saved`](Self::saved). They are kept until their transaction is committed.
    fn wants(&self, outcome: &RowOutcome) -> bool {
        matches!(outcome, RowOutcome::Refused(_))
    }

    /// Rows were saved, or decided in a dry run: those that are wanted, the size of all in bytes, and their number from the start of
    /// the file. The import goes on when this has ended; no transaction is open. An error ends the import.
    async fn saved(&mut self, rows: Vec<DecidedRow>, bytes: u64, total: u64) -> io::Result<()>;
}
