//! What cetak asks of a card printer, and what a driver answers.
//!
//! A driver sees a rendered [`Document`], an [`AttemptId`] and one printer. It never sees people, batches or stock, so
//! a vendor can write one without reading the scheduler.
//!
//! The life of one attempt:
//!
//! 1. [`prepare`](PrinterDriver::prepare) brings the document to the printer so that no card can start yet. A printer
//!    that cannot hold a job keeps the document in the driver.
//! 2. [`commit`](PrinterDriver::commit) is the one call after which a card may exist. The scheduler has made durable
//!    that it is about to call it, and calls it at most once per attempt.
//! 3. [`find`](PrinterDriver::find) is asked until the attempt has ended, also after a crash of either side.
//!
//! Every error is a [`Fault`]: it says what the caller may do next, not what went wrong inside (after the exit codes
//! of CUPS backends). [`Fault::OutcomeUnknown`] never leads to an automatic reprint.
//!
//! Deliberately absent: retries and clocks of the scheduler, people, personal data, stock.
#![warn(missing_docs)]

#[cfg(feature = "conformance")]
pub mod conformance;

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// The name of one attempt to make one card: the idempotency key that a printer is given.
///
/// ASCII letters, digits and `-`, 1 to 127 bytes, unique for ever. IPP printers get it as `job-name`, so it must not
/// say anything about a person.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AttemptId(String);

/// Why a text is no [`AttemptId`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an attempt id has 1 to 127 ASCII letters, digits and hyphens")]
pub struct InvalidAttemptId;

impl AttemptId {
    /// Takes `id` if it is 1 to 127 ASCII letters, digits and hyphens: what every IPP printer tested keeps unchanged
    /// as a job name.
    pub fn new(id: impl Into<String>) -> Result<Self, InvalidAttemptId> {
        let id = id.into();
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if (1..=127).contains(&id.len()) && id.bytes().all(allowed) { Ok(Self(id)) } else { Err(InvalidAttemptId) }
    }

    /// The id as the printer gets it.
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

/// One rendered card. `Debug` shows format and size only: the bytes show a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// MIME media type, as in IPP `document-format`: `image/png`.
    pub format: &'static str,
    /// The page or pages in that format.
    pub bytes: Vec<u8>,
    /// As IPP's `sides`: how many sides of the card have a page.
    pub sides: &'static str,
    /// As IPP's `media`: the printer's own name of the card, where it has one.
    pub media: Option<String>,
}

impl Document {
    /// A document of one page.
    pub fn one_sided(format: &'static str, bytes: Vec<u8>) -> Self {
        Self { format, bytes, sides: ONE_SIDED, media: None }
    }

    /// What a printer that counts right has counted when the card is done: an impression is one side.
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

/// What the scheduler knows of an attempt when it asks a driver about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AttemptRef {
    /// The attempt.
    pub id: AttemptId,
    /// The printer's own job id, if it was saved: for a held job in the commit before it is let go. Printers give ids out
    /// again after a restart, so a driver compares the name too.
    pub printer_job: Option<String>,
    /// Which run of the printer took the attempt, in the driver's own words, if it was saved. What a printer says after
    /// a restart about a card of before proves less: real ones print it again, and report it once.
    pub boot: Option<String>,
    /// It was saved that [`PrinterDriver::commit`] is about to be called: a card may exist.
    pub releasing: bool,
    /// What [`Document::impressions`] was: more than these mean more than one card.
    pub impressions: u32,
    /// The answer of [`PrinterDriver::commit`] was saved. Without it, a printer that cannot hold may have got half a
    /// document, and half a document is printed and reported `completed` by real printers.
    pub acknowledged: bool,
}

/// What a printer is and can do; from IPP Get-Printer-Attributes or a vendor's call.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Capabilities {
    /// `printer-make-and-model`.
    pub make_and_model: Option<String>,
    /// `document-format-supported`: MIME media types.
    pub document_formats: Vec<String>,
    /// `media-supported`: PWG 5101.1 media names, such as `iso_id-1_53.98x85.6mm`.
    pub media: Vec<String>,
    /// `printer-resolution-supported` in dots per inch, feed direction.
    pub resolutions_dpi: Vec<u32>,
    /// `sides-supported`.
    pub sides: Vec<String>,
    /// `color-supported`; `None` where the printer does not say.
    #[serde(default)]
    pub color: Option<bool>,
    /// What rasters it takes.
    #[serde(default)]
    pub rasters: Rasters,
    /// The printer can keep a whole document without printing it until it is released.
    pub can_hold: bool,
    /// It can do so with rasters too. Most print them while they are received, whatever they were asked.
    #[serde(default)]
    pub holds_rasters: bool,
    /// [`PrinterDriver::prepare`] makes a job in the printer. Where it does not, there is nothing to save between
    /// prepare and commit.
    pub prepare_is_sent: bool,
    /// `printer-up-time` in seconds; `None` where the printer has no such clock.
    pub up_time_s: Option<u64>,
    /// Cards made since the printer was built, where it counts them.
    pub impressions_completed: Option<u64>,
    /// What cannot be guaranteed with this printer: one sentence each, for the people who use it.
    pub cautions: Vec<String>,
    /// Why it must not be used unless a person insists: one sentence each, with what would cure it.
    pub objections: Vec<String>,
}

/// What a printer says of the rasters that it takes: PWG 5102.4 and Apple's.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Rasters {
    /// `pwg-raster-document-type-supported`, such as `srgb_8`.
    pub pwg_types: Vec<String>,
    /// `pwg-raster-document-resolution-supported` in dots per inch.
    pub pwg_resolutions_dpi: Vec<u32>,
    /// `pwg-raster-document-sheet-back`: how the back's dots are to lie.
    pub pwg_sheet_back: Option<String>,
    /// `urf-supported`, such as `RS300` and `SRGB24`.
    pub urf: Vec<String>,
}

/// `printer-state` of RFC 8011, section 5.4.11.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// 3: a card would start at once.
    Idle,
    /// 4: a card is under way, or waits for a person inside the printer.
    Processing,
    /// 5: nothing starts until somebody acts.
    Stopped,
}

/// A printer's present condition.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PrinterStatus {
    /// `printer-state`.
    pub condition: Condition,
    /// `printer-state-reasons` as the printer says them, without `none`. The suffix matters: `media-jam-report` asks for
    /// nobody.
    pub reasons: Vec<String>,
    /// `printer-is-accepting-jobs`. Real printers keep it true with a jam set: read the reasons too.
    pub accepting_jobs: bool,
    /// What is left of ribbon, film and the like, where the printer tells.
    pub supplies: Vec<Supply>,
}

/// One `marker-*` supply.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Supply {
    /// `marker-names`.
    pub name: String,
    /// `marker-levels`, percent; `None` where the printer says unknown.
    pub level_percent: Option<u8>,
}

/// What [`PrinterDriver::prepare`] reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prepared {
    /// The printer's own job id, where it has one already.
    pub printer_job: Option<String>,
    /// As [`AttemptRef::boot`], where the printer tells.
    pub boot: Option<String>,
    /// The whole document is in the printer and waits for [`PrinterDriver::commit`].
    pub held: bool,
}

/// What [`PrinterDriver::commit`] reached: the printer has taken the card.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Committed {
    /// The printer's own job id.
    pub printer_job: Option<String>,
    /// As [`AttemptRef::boot`], where the printer tells.
    pub boot: Option<String>,
}

/// What the printer knows of an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// The printer has no such job.
    NeverSeen {
        /// The printer keeps every job, restarts included, so the attempt cannot have fed a blank.
        certain: bool,
    },
    /// Uploaded and held; nothing can start.
    Held,
    /// Taken, waiting for its turn.
    Queued,
    /// Under way.
    Printing {
        /// The job's reasons in IPP's keywords without suffixes, and those of the printer where the driver knows them
        /// without another question: [`status`](PrinterDriver::status) tells what the printer waits for.
        reasons: Vec<String>,
    },
    /// Over.
    Ended(Ending),
    /// The printer knows that it once had the attempt, and nothing more; or its memory is known to be lost.
    Forgotten,
}

/// How an attempt ended, as far as the printer can prove it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ending {
    /// Did it take a blank?
    pub blank: Blank,
    /// Did a card come out?
    pub card: Card,
    /// Reasons of job and printer in IPP's keywords without suffixes, most telling first.
    pub reasons: Vec<String>,
}

/// Did the attempt take a blank from the hopper?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Blank {
    /// Proved that not.
    NotFed,
    /// Proved that it did.
    Fed,
    /// The printer cannot tell.
    Unknown,
}

/// Did a card come out?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Card {
    /// A good one.
    Good,
    /// One that must be destroyed.
    Bad,
    /// None.
    None,
    /// The printer cannot tell. Real printers report `aborted` and `canceled` with a card in the output hopper.
    Unknown,
}

/// What [`PrinterDriver::cancel`] proves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cancelled {
    /// No card started and none can any more.
    NothingPrinted,
    /// The printer has stopped working on it, or does not know it; a card may exist.
    OutcomeUnknown,
}

/// Why a call failed, by what the caller may do next.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// Nothing that can print is on its way: no blank can have been used. The attempt may be tried again once
    /// [`PrinterDriver::cancel`] has confirmed that nothing of it is left.
    #[error("nothing was sent: {0}")]
    NotSent(String),
    /// The printer refuses this card for good. Others may go on.
    #[error("the printer refused this card: {0}")]
    Rejected(String),
    /// The printer takes no card now; no blank was used. The card is not to blame. Where IPP has no keyword, a driver
    /// coins one and documents it (`printer-busy`).
    #[error("the printer takes no card now ({})", reasons.join(", "))]
    Unavailable {
        /// IPP keywords without suffixes; `connecting-to-device` when it cannot be reached.
        reasons: Vec<String>,
    },
    /// A person must act first (credentials, settings); no blank was used.
    #[error("a person has to act: {0}")]
    NeedsOperator(String),
    /// Something was sent, and no answer came that could be understood. A card may exist. Ask
    /// [`PrinterDriver::find`]; never send again blindly.
    #[error("the outcome is unknown: {0}")]
    OutcomeUnknown(String),
}

/// One printer. All methods may be called at any time; none panics, whatever the printer sends, and each returns within
/// the driver's own time limit.
///
/// Messages in faults never hold anything of a document.
#[async_trait]
pub trait PrinterDriver: Send + Sync {
    /// Asks what the printer is. Never [`Fault::OutcomeUnknown`] or [`Fault::Rejected`].
    async fn probe(&self) -> Result<Capabilities, Fault>;

    /// Asks how the printer is. Never [`Fault::OutcomeUnknown`] or [`Fault::Rejected`].
    async fn status(&self) -> Result<PrinterStatus, Fault>;

    /// Brings the document to the printer so that no card can start. After a fault no card can start either, but for
    /// [`Fault::OutcomeUnknown`]: the printer let go of a job that it had promised to hold. A leftover job in the
    /// printer stays held and is removed by [`cancel`](Self::cancel). Preparing an attempt that was committed makes no
    /// second card.
    async fn prepare(&self, attempt: &AttemptId, document: Document) -> Result<Prepared, Fault>;

    /// Lets the prepared card start. Called at most once, after [`prepare`](Self::prepare) in the same process; an
    /// attempt that was not prepared here is [`Fault::NotSent`], unless the driver knows that the printer has it. All
    /// faults but [`Fault::OutcomeUnknown`] prove that no blank was used.
    async fn commit(&self, attempt: &AttemptId) -> Result<Committed, Fault>;

    /// Asks the printer about an attempt. A fault means that the printer did not answer, and says nothing about the
    /// attempt.
    async fn find(&self, attempt: &AttemptRef) -> Result<Found, Fault>;

    /// Removes the attempt from the printer, and from the driver's memory. Repeating it is harmless, and may prove less
    /// than the first time.
    async fn cancel(&self, attempt: &AttemptRef) -> Result<Cancelled, Fault>;
}

/// An IPP reason keyword without its severity suffix (RFC 8011, section 5.4.12): `media-jam-error` is `media-jam`.
pub fn reason_keyword(reason: &str) -> &str {
    ["-report", "-warning", "-error"].iter().find_map(|suffix| reason.strip_suffix(suffix)).unwrap_or(reason)
}
