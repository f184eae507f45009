//! The contract between the scheduler cetak and the driver of a card printer.
//!
//! A driver sees a rendered [`Document`], an [`AttemptId`] and one printer. It never sees people, batches or stock, so
//! a vendor can write one without reading the scheduler.
//!
//! One attempt to make one card is these calls:
//!
//! 1. [`prepare`](PrinterDriver::prepare) creates the job at the printer, and the driver keeps the document. If the
//!    printer can hold a document, the scheduler saves [`Prepared::printer_run`] and calls
//!    [`upload`](PrinterDriver::upload), which sends it so that no card can start yet.
//! 2. [`commit`](PrinterDriver::commit) is the only call after which a card may exist. The scheduler saves that it is
//!    about to call it, and calls it at most once per attempt.
//! 3. [`find`](PrinterDriver::find) is called until the attempt has ended, also after a crash of scheduler or printer.
//!
//! Every error is a [`DriverError`]. It says what the caller may do next, not what went wrong inside the driver (as the exit
//! codes of CUPS backends do). [`DriverError::OutcomeUnknown`] never leads to an automatic reprint.
//!
//! Deliberately absent: the scheduler's retries and clocks, people, personal data, stock.
#![warn(missing_docs)]

#[cfg(feature = "conformance")]
pub mod conformance;
mod suitability;

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use suitability::{Caution, Objection};

/// The name of one attempt to make one card, and its idempotency key at the printer.
///
/// 1 to 127 ASCII letters, digits and hyphens. Never used twice. IPP printers get it as `job-name`, so it must not
/// identify a person.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AttemptId(String);

/// The error for a text that is not an [`AttemptId`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an attempt id must have 1 to 127 ASCII letters, digits and hyphens")]
pub struct InvalidAttemptId;

impl AttemptId {
    /// Accepts 1 to 127 ASCII letters, digits and hyphens, which every tested IPP printer keeps unchanged as a job
    /// name.
    pub fn new(id: impl Into<String>) -> Result<Self, InvalidAttemptId> {
        let id = id.into();
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if (1..=127).contains(&id.len()) && id.bytes().all(allowed) { Ok(Self(id)) } else { Err(InvalidAttemptId) }
    }

    /// The id as it is sent to the printer.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for AttemptId {
    type Error = InvalidAttemptId;

    fn try_from(id: String) -> Result<Self, InvalidAttemptId> {
        Self::new(id)
    }
}

impl From<AttemptId> for String {
    fn from(id: AttemptId) -> String {
        id.0
    }
}

/// One rendered card. `Debug` shows format and size only, because the bytes show a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// MIME media type as in IPP `document-format`, for example `image/png`.
    pub format: &'static str,
    /// One page per side, in that format.
    pub bytes: Vec<u8>,
    /// IPP `sides`: `one-sided`, or how the second page lies on the back.
    pub sides: &'static str,
    /// IPP `media`: the printer's name of the card, if it reports one.
    pub media: Option<String>,
}

impl Document {
    /// A document with one page.
    pub fn one_sided(format: &'static str, bytes: Vec<u8>) -> Self {
        Self { format, bytes, sides: ONE_SIDED, media: None }
    }

    /// The impressions of a finished card: one for each printed side.
    pub fn impressions(&self) -> u32 {
        if self.sides == ONE_SIDED { 1 } else { 2 }
    }
}

const ONE_SIDED: &str = "one-sided";

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({}, {} bytes)", self.format, self.bytes.len())
    }
}

/// What the scheduler has saved of an attempt when it asks a driver about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AttemptRef {
    /// The attempt.
    pub id: AttemptId,
    /// The printer's job id, if it was saved. That of a held job is saved before the job is released. Printers reuse
    /// ids after a restart, so a driver compares the name too.
    pub printer_job: Option<String>,
    /// The run of the printer (the time from one start to the next) that took the attempt, in the driver's own form, if
    /// it was saved. After a restart a printer's reports about an earlier attempt prove less: real printers print it
    /// again and report it once. That of a job to be held is saved before [`PrinterDriver::upload`]: without it and
    /// without `releasing`, no byte of the document was ever sent.
    pub printer_run: Option<String>,
    /// It was saved that [`PrinterDriver::commit`] is about to be called, so a card may exist.
    pub releasing: bool,
    /// [`Document::impressions`] of the attempt's document. A printer that reports more has made more than one card.
    pub impressions: u32,
    /// It was saved that [`PrinterDriver::commit`] succeeded. Without that, a printer that cannot hold may have
    /// received half a document, which real printers print and report as `completed`.
    pub acknowledged: bool,
}

/// What a printer is and can do, from IPP Get-Printer-Attributes or a vendor's interface.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Capabilities {
    /// `printer-make-and-model`.
    pub make_and_model: Option<String>,
    /// `printer-uuid`: another one is another printer. `None` if the printer does not report it.
    #[serde(default)]
    pub identity: Option<String>,
    /// `document-format-supported`: MIME media types.
    pub document_formats: Vec<String>,
    /// `media-supported`: media names of PWG 5101.1, for example `iso_id-1_53.98x85.6mm`.
    pub media: Vec<String>,
    /// `printer-resolution-supported` in dots per inch; only resolutions that are the same in both directions.
    pub resolutions_dpi: Vec<u32>,
    /// The other values of `printer-resolution-supported`: dots per inch in cross-feed and feed direction.
    #[serde(default)]
    pub oblong_resolutions_dpi: Vec<[u32; 2]>,
    /// `sides-supported`.
    pub sides: Vec<String>,
    /// `color-supported`; `None` if the printer does not report it.
    #[serde(default)]
    pub color: Option<bool>,
    /// The raster formats that the printer supports.
    #[serde(default)]
    pub rasters: Rasters,
    /// The printer can hold a whole document until it is released.
    pub can_hold: bool,
    /// The printer can hold rasters too. Most printers print them while they receive them, held or not.
    #[serde(default)]
    pub holds_rasters: bool,
    /// [`PrinterDriver::prepare`] creates a job in the printer. Otherwise there is nothing to save between prepare and
    /// commit.
    pub prepare_is_sent: bool,
    /// `printer-up-time` in seconds; `None` if the printer does not report it.
    pub up_time_s: Option<u64>,
    /// Impressions since the printer was built, if it counts them.
    pub impressions_completed: Option<u64>,
    /// What cannot be guaranteed with this printer.
    pub cautions: Vec<Caution>,
    /// Why the printer must not be used without an override.
    pub objections: Vec<Objection>,
}

/// The raster formats that a printer supports: PWG raster (PWG 5102.4) and Apple raster.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Rasters {
    /// `pwg-raster-document-type-supported`, for example `srgb_8`.
    pub pwg_types: Vec<String>,
    /// `pwg-raster-document-resolution-supported` in dots per inch; only resolutions that are the same in both directions.
    pub pwg_resolutions_dpi: Vec<u32>,
    /// The other values of `pwg-raster-document-resolution-supported`: dots per inch in cross-feed and feed direction.
    #[serde(default)]
    pub pwg_oblong_resolutions_dpi: Vec<[u32; 2]>,
    /// `pwg-raster-document-sheet-back`: how the page of the back is turned.
    pub pwg_sheet_back: Option<String>,
    /// `urf-supported`, for example `RS300` and `SRGB24`.
    pub urf: Vec<String>,
}

/// `printer-state` (RFC 8011, section 5.4.11).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// 3: a new card would start at once.
    Idle,
    /// 4: a card is under way, or waits in the printer for a person.
    Processing,
    /// 5: no card starts until a person acts.
    Stopped,
}

/// The present status of a printer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PrinterStatus {
    /// `printer-state`.
    pub condition: Condition,
    /// `printer-state-reasons` as received, without `none`. The severity suffix is kept: `media-jam-report` needs no
    /// person.
    pub reasons: Vec<String>,
    /// `printer-is-accepting-jobs`. Real printers report true during a jam, so the reasons must be read too.
    pub accepting_jobs: bool,
    /// Supplies such as ribbon and film, if the printer reports them.
    pub supplies: Vec<Supply>,
}

/// One supply, from the `marker-*` attributes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Supply {
    /// `marker-names`.
    pub name: String,
    /// `marker-types`, for example `ink-ribbon`; `None` if the printer does not report it.
    #[serde(default)]
    pub kind: Option<String>,
    /// `marker-levels` in percent; `None` if the printer reports no percentage.
    pub level_percent: Option<u8>,
}

impl Supply {
    /// Whether it is a ribbon, of which each card uses a piece. Printers that report no type name it. A film has cards of its own number.
    pub fn is_ribbon(&self) -> bool {
        let is_one = |text: &str| ["ribbon", "ymc"].iter().any(|word| text.to_lowercase().contains(word));
        self.kind.as_deref().is_some_and(is_one) || (self.kind.is_none() && is_one(&self.name))
    }
}

/// The result of [`PrinterDriver::prepare`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prepared {
    /// The printer's job id, if it has one already.
    pub printer_job: Option<String>,
    /// The printer's present run as in [`AttemptRef::printer_run`], if it is known.
    pub printer_run: Option<String>,
    /// The whole document is in the printer and waits for [`PrinterDriver::commit`].
    pub held: bool,
    /// The document waits for [`PrinterDriver::upload`], which must come before [`PrinterDriver::commit`]. `printer_run`
    /// is not `None` then, and must be saved first.
    pub awaits_upload: bool,
}

/// The result of [`PrinterDriver::commit`]: the printer has accepted the card.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Committed {
    /// The printer's job id.
    pub printer_job: Option<String>,
    /// The printer's present run as in [`AttemptRef::printer_run`], if it is known.
    pub printer_run: Option<String>,
}

/// The status of an attempt at the printer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AttemptStatus {
    /// The printer has no job of the attempt.
    NeverSeen {
        /// The printer keeps every job, also over restarts, so the attempt has fed no blank.
        certain: bool,
    },
    /// The job is held: no card can start.
    Held,
    /// The printer has accepted the job, and the card has not started.
    Queued,
    /// The card is under way.
    Printing {
        /// IPP keywords without suffixes: the job's reasons, and the printer's where the driver knows them without
        /// another request. [`status`](PrinterDriver::status) has what the printer waits for.
        reasons: Vec<String>,
    },
    /// The attempt has ended.
    Ended(Ending),
    /// The printer once had the attempt and has forgotten how it ended, or has lost its job history.
    Forgotten,
}

/// How an attempt ended, as far as it is proved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ending {
    /// Whether it used a blank.
    pub blank: Blank,
    /// Whether a card came out.
    pub card: Card,
    /// Reasons of job and printer, IPP keywords without suffixes, the most specific first.
    pub reasons: Vec<String>,
}

/// Whether an attempt took a blank from the hopper.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Blank {
    /// It is proved that it did not.
    NotFed,
    /// It is proved that it did.
    Fed,
    /// Nothing is proved.
    Unknown,
}

/// Whether a card came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Card {
    /// A good card.
    Good,
    /// A spoiled card, which must be destroyed.
    Bad,
    /// No card.
    None,
    /// Nothing is proved. Real printers report `aborted` and `canceled` with a card in the output hopper.
    Unknown,
}

/// What [`PrinterDriver::cancel`] proves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cancelled {
    /// No card started, and none can start any more.
    NothingPrinted,
    /// A card may exist: the attempt was under way or has ended, or the printer does not know it.
    OutcomeUnknown,
}

/// Why a call failed, classified by what the caller may do next.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DriverError {
    /// Nothing was sent that can print, so no blank was used. The card may be tried again once
    /// [`PrinterDriver::cancel`] has confirmed that nothing of the attempt is left in the printer.
    #[error("nothing was sent: {0}")]
    NotSent(String),
    /// The printer refuses this card permanently; no blank was used. Other cards may go on.
    #[error("the printer refused this card: {0}")]
    Rejected(String),
    /// The printer accepts no card now, whichever it is; no blank was used. Where IPP has no keyword for the reason, a
    /// driver coins and documents one (`printer-busy`).
    #[error("the printer accepts no card now ({})", reasons.join(", "))]
    Unavailable {
        /// IPP keywords without suffixes; `connecting-to-device` if the printer cannot be reached.
        reasons: Vec<String>,
    },
    /// A person must act first, for example on credentials or settings; no blank was used.
    #[error("a person must act: {0}")]
    NeedsOperator(String),
    /// A request was sent that may make a card, and no valid answer came. A card may exist. Call
    /// [`PrinterDriver::find`], and never send the card again before that.
    #[error("the outcome is unknown: {0}")]
    OutcomeUnknown(String),
}

/// One printer. Every method may be called at any time, never panics whatever the printer sends, and returns within the
/// driver's own time limit.
///
/// Error messages never quote a document.
#[async_trait]
pub trait PrinterDriver: Send + Sync {
    /// Queries what the printer is and can do. A second query some seconds later may return more cautions, because a driver
    /// may have seen meanwhile how the up-time counts. Never fails with [`DriverError::OutcomeUnknown`] or [`DriverError::Rejected`].
    async fn probe(&self) -> Result<Capabilities, DriverError>;

    /// Queries the printer's present status. Never fails with [`DriverError::OutcomeUnknown`] or [`DriverError::Rejected`].
    async fn status(&self) -> Result<PrinterStatus, DriverError>;

    /// Creates the job, so that no card can start, and keeps the document for [`upload`](Self::upload) or
    /// [`commit`](Self::commit). A driver whose printer cannot print by mistake may bring the document to it already.
    ///
    /// After an error no card can start either, except after [`DriverError::OutcomeUnknown`]. A job that remains in the
    /// printer after an error cannot print, and [`cancel`](Self::cancel) removes it. Preparing an attempt that was committed
    /// makes no second card.
    async fn prepare(&self, attempt: &AttemptId, document: Document) -> Result<Prepared, DriverError>;

    /// Sends the document of an attempt that [`awaits_upload`](Prepared::awaits_upload), to be held. Called at most once,
    /// after [`prepare`](Self::prepare) in the same process.
    ///
    /// After an error, [`cancel`](Self::cancel) tells whether a card may exist. [`DriverError::OutcomeUnknown`]: the printer
    /// started a job that it had promised to hold, or does not know it any more.
    async fn upload(&self, attempt: &AttemptId) -> Result<Prepared, DriverError> {
        Err(DriverError::NotSent(format!("no document of `{attempt}` waits to be uploaded")))
    }

    /// Lets the prepared card start. Called at most once, after [`prepare`](Self::prepare) in the same process.
    ///
    /// Every error except [`DriverError::OutcomeUnknown`] proves that no blank was used. An attempt that was not prepared in
    /// this process is [`DriverError::NotSent`], unless the driver knows that the printer has it.
    async fn commit(&self, attempt: &AttemptId) -> Result<Committed, DriverError>;

    /// The attempts whose ids begin with `prefix` and that the printer has jobs of, ended ones included, as far as it keeps
    /// them. A scheduler finds the cards of another database by it. Empty if the printer does not list its jobs.
    async fn attempts_beginning_with(&self, prefix: &str) -> Result<Vec<AttemptId>, DriverError>;

    /// Queries the status of an attempt. An error means that the printer gave no valid answer, and says nothing
    /// about the attempt.
    async fn find(&self, attempt: &AttemptRef) -> Result<AttemptStatus, DriverError>;

    /// Removes the attempt from the printer and from the driver's memory. May be repeated; a later call may prove less
    /// than the first.
    async fn cancel(&self, attempt: &AttemptRef) -> Result<Cancelled, DriverError>;
}

/// A `printer-state-reasons` keyword without its severity suffix (RFC 8011, section 5.4.12): `media-jam` for
/// `media-jam-error`.
pub fn reason_keyword(reason: &str) -> &str {
    ["-report", "-warning", "-error"].iter().find_map(|suffix| reason.strip_suffix(suffix)).unwrap_or(reason)
}
