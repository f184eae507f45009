//! A simulated card printer with faults that are reproducible by seed.
//!
//! It makes cards as a real printer does, one after the other, each in a fixed time, and can jam, spoil a card, lose
//! its answer or forget a card. The fault of an attempt is a pure function of the seed and the attempt's id, or follows a
//! script by card number (see `faults.rs`). What the printer reports at an instant is a pure function of the attempts that
//! it accepted and the clock. So it needs no thread, never sleeps, and keeps "printing" while no scheduler runs.
//!
//! With `truth=FILE` the state of the printer is that file. An attempt without a whole line in it never reached the
//! printer, and all drivers of the same file and printer name, in any process, see the same printer. The file must not
//! be moved, replaced or shortened while such a driver exists. Without `truth` the state is in memory, for benchmarks
//! and simulations.
//!
//! Deliberately absent: lost uploads and incomplete documents, which need a network protocol; and a ribbon that ends: its level is
//! reported only.
#![warn(missing_docs)]

mod faults;
mod history;
mod settings;
mod truth_file;

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use cetak_driver_api::{
    AttemptId, AttemptRef, AttemptStatus, Cancelled, Capabilities, Committed, Condition, Document, DriverError,
    Prepared, PrinterDriver, PrinterStatus, Rasters, Supply,
};
use tokio::runtime::Handle;

pub use settings::UriError;
pub use truth_file::{TruthCard, TruthLine, truth_read};

use faults::InjectedFault;
use history::{AttemptState, FedBlank, History, JAM};
use settings::Settings;
use truth_file::{AppendError, TruthFile};

/// The clock of a [`MockPrinter`]: UTC microseconds since 1970.
///
/// It may be set back: a finished card then appears unfinished again, but none is lost.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A simulated card printer.
///
/// A clone is the same printer. With `truth`, another `MockPrinter` with the same URI is the same printer too, as after
/// a restart of the scheduler: it knows what was committed, and not what was prepared.
#[derive(Clone)]
pub struct MockPrinter {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    now: Now,
    state: Mutex<State>,
}

/// Everything that changes. Behind one lock, so that cancel and commit of the same attempt exclude each other.
struct State {
    history: History,
    truth: Option<TruthFile>,
    /// The numbers of the blanks before which a fault of the script was met. Each is met once.
    met: HashSet<usize>,
}

impl MockPrinter {
    /// Makes the printer of a URI, `mock://NAME?key=value&…`:
    ///
    /// | key | meaning | default |
    /// | --- | --- | --- |
    /// | `card_ms` | time of one card | 0: it is finished when commit returns |
    /// | `clear_ms` | time from a jam until it is cleared | 1000 |
    /// | `offline` | share of attempts whose commit does not reach the printer | 0 |
    /// | `reject` | share whose prepare is refused permanently | 0 |
    /// | `jam` | share that spoil their blank and stop the printer | 0 |
    /// | `spoil` | share that spoil their blank | 0 |
    /// | `lose_ack` | share that make a good card, but the answer of commit is lost | 0 |
    /// | `forget` | share that make a good card, but the printer forgets the attempt | 0 |
    /// | `script` | instead of shares, the fault of each card by its number: `3:spoil,7:forget` | none |
    /// | `hold` | `yes`: a prepared attempt is held in the printer; `no`: by the driver | `no` |
    /// | `ribbon` | the cards of a ribbon, whose level it reports; a used one is changed by itself | none is reported |
    /// | `dpi` | the printer's resolution | 300 |
    /// | `seed` | selects which attempts meet which fault | 0 |
    /// | `truth` | file of the printer's state; created at the first use, its folder must exist | in memory |
    ///
    /// Times are whole milliseconds up to a day. Shares are 0 to 1 and together at most 1, because an attempt meets one
    /// fault at most. Values are percent-decoded, and `+` is a plus sign. An unknown key is an error. NAME may be empty
    /// only without `truth`, because it distinguishes the printers of a file. No file is opened yet: later, one that
    /// cannot be used is a printer that cannot be reached.
    ///
    /// `now` is the printer's only clock. It is called once per call and must not block.
    pub fn from_uri(uri: &str, now: Now) -> Result<Self, UriError> {
        let settings = Settings::parse(uri)?;
        let truth = settings.truth.clone().map(TruthFile::new);
        let state = Mutex::new(State { history: History::default(), truth, met: HashSet::new() });
        Ok(Self { shared: Arc::new(Shared { settings, now, state }) })
    }

    /// Every blank that this printer fed, in that order, also those under way. Tests compare a stock ledger with it.
    ///
    /// With `truth` it blocks for the file, and includes what other processes committed.
    pub fn truth(&self) -> io::Result<Vec<TruthLine>> {
        let mut state = self.shared.lock();
        state.refresh(&self.shared.settings.name)?;
        Ok(state.history.lines(&self.shared.settings.name))
    }

    /// Runs `work` on the state: in memory directly, with `truth` on a blocking thread, because a file lock or the disk
    /// may block. Outside a tokio runtime it blocks. `lost` is the fault if the runtime is shut down meanwhile.
    async fn run<A: Clone + Send + Sync + 'static, T: Send + 'static>(
        &self,
        argument: &A,
        lost: fn() -> DriverError,
        work: fn(&Shared, &mut State, &A) -> Result<T, DriverError>,
    ) -> Result<T, DriverError> {
        if self.shared.settings.truth.is_none() {
            return work(&self.shared, &mut self.shared.lock(), argument);
        }
        let (shared, argument) = (Arc::clone(&self.shared), argument.clone());
        let work = move || work(&shared, &mut shared.lock(), &argument);
        match Handle::try_current() {
            Ok(runtime) => runtime.spawn_blocking(work).await.unwrap_or_else(|_| Err(lost())),
            Err(_) => work(),
        }
    }
}

impl fmt::Debug for MockPrinter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockPrinter").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

/// The printer keeps every job. An attempt that it has not accepted is therefore certain to have fed no blank.
#[async_trait]
impl PrinterDriver for MockPrinter {
    /// `impressions_completed` counts finished cards, good and bad.
    async fn probe(&self) -> Result<Capabilities, DriverError> {
        self.run(&(), unreachable, |shared, state, ()| shared.probe(state)).await
    }

    /// Stopped with `media-jam` from the end of a jammed card until it is cleared. `accepting_jobs` stays true, as on
    /// real printers.
    async fn status(&self) -> Result<PrinterStatus, DriverError> {
        self.run(&(), unreachable, |shared, state, ()| shared.status(state)).await
    }

    /// Refuses a document of another format, or whose first bytes are not of its format. An attempt that was committed
    /// may be prepared again; [`commit`](Self::commit) makes no second card of it.
    async fn prepare(&self, attempt: &AttemptId, document: Document) -> Result<Prepared, DriverError> {
        check_document(&document)?;
        drop(document);
        self.run(attempt, unreachable, Shared::prepare).await
    }

    /// A second commit of an attempt, prepared here or not, makes no card and is [`DriverError::OutcomeUnknown`], because
    /// every other fault would prove that no blank was used.
    ///
    /// After [`DriverError::Unavailable`] the attempt is still prepared. With `truth`, a failure before the line is written
    /// is [`DriverError::Unavailable`], and a failure of the write or its sync is [`DriverError::OutcomeUnknown`].
    async fn commit(&self, attempt: &AttemptId) -> Result<Committed, DriverError> {
        let lost = || DriverError::OutcomeUnknown("the runtime was shut down during commit".to_owned());
        self.run(attempt, lost, Shared::commit).await
    }

    async fn attempts_beginning_with(&self, prefix: &str) -> Result<Vec<AttemptId>, DriverError> {
        self.run(&prefix.to_owned(), unreachable, |shared, state, prefix| {
            state.refresh(&shared.settings.name).map_err(|_| unreachable())?;
            Ok(state.history.latest().filter(|id| id.as_str().starts_with(prefix.as_str())).cloned().collect())
        })
        .await
    }

    /// Uses the attempt's id only.
    async fn find(&self, attempt: &AttemptRef) -> Result<AttemptStatus, DriverError> {
        self.run(&attempt.id, unreachable, Shared::find).await
    }

    /// A committed attempt continues, even if it is queued. Another attempt cannot be committed afterwards, with
    /// `truth` in no process.
    async fn cancel(&self, attempt: &AttemptRef) -> Result<Cancelled, DriverError> {
        self.run(&attempt.id, unreachable, Shared::cancel).await
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn probe(&self, state: &mut State) -> Result<Capabilities, DriverError> {
        state.refresh(&self.settings.name).map_err(|_| unreachable())?;
        Ok(Capabilities {
            make_and_model: Some("cetak mock printer".to_owned()),
            identity: None,
            document_formats: FORMATS.iter().map(|(format, _)| (*format).to_owned()).collect(),
            media: vec!["iso_id-1_53.98x85.6mm".to_owned()],
            resolutions_dpi: vec![self.settings.dpi],
            oblong_resolutions_dpi: Vec::new(),
            sides: ["one-sided", "two-sided-long-edge", "two-sided-short-edge"].map(str::to_owned).to_vec(),
            color: Some(true),
            rasters: Rasters {
                pwg_types: ["black_1", "sgray_8", "srgb_8"].map(str::to_owned).to_vec(),
                pwg_resolutions_dpi: vec![self.settings.dpi],
                pwg_oblong_resolutions_dpi: Vec::new(),
                pwg_sheet_back: Some("normal".to_owned()),
                urf: vec!["SRGB24".to_owned(), format!("RS{}", self.settings.dpi), "DM1".to_owned()],
            },
            can_hold: self.settings.hold,
            holds_rasters: self.settings.hold,
            prepare_is_sent: self.settings.hold,
            up_time_s: None,
            impressions_completed: u64::try_from(state.history.count_finished((self.now)())).ok(),
            cautions: Vec::new(),
            objections: Vec::new(),
        })
    }

    fn status(&self, state: &mut State) -> Result<PrinterStatus, DriverError> {
        state.refresh(&self.settings.name).map_err(|_| unreachable())?;
        let condition = state.history.condition((self.now)());
        let reasons = if condition == Condition::Stopped { vec![JAM.to_owned()] } else { Vec::new() };
        let fed = state.history.count();
        let supplies = self.settings.ribbon.map(|cards| ribbon(cards, fed)).into_iter().collect();
        Ok(PrinterStatus { condition, reasons, accepting_jobs: true, supplies })
    }

    fn prepare(&self, state: &mut State, attempt: &AttemptId) -> Result<Prepared, DriverError> {
        if self.meets(state, attempt, InjectedFault::Reject) {
            return Err(DriverError::Rejected("the attempt meets the fault `reject`".to_owned()));
        }
        state.history.prepare(attempt);
        Ok(Prepared { printer_job: None, printer_run: None, held: self.settings.hold, awaits_upload: false })
    }

    /// Whether an attempt meets a fault before its blank is fed. Of a script, the first attempt at a card does.
    fn meets(&self, state: &mut State, attempt: &AttemptId, fault: InjectedFault) -> bool {
        let number = state.history.next_number();
        self.settings.early_fault(attempt, number) == fault && (!self.settings.has_script() || state.met.insert(number))
    }

    fn commit(&self, state: &mut State, attempt: &AttemptId) -> Result<Committed, DriverError> {
        let _lock = state.truth.as_mut().map(TruthFile::lock).transpose().map_err(|_| unreachable())?;
        state.read_new(&self.settings.name).map_err(|_| unreachable())?;
        match state.history.state(attempt) {
            Some(AttemptState::Prepared) => {}
            Some(AttemptState::Committed(_)) => {
                return Err(DriverError::OutcomeUnknown("the attempt was already committed".to_owned()));
            }
            None => return Err(DriverError::NotSent("the attempt is not prepared".to_owned())),
        }
        if let Some(truth) = &state.truth
            && truth.is_cancelled(attempt).map_err(|_| unreachable())?
        {
            state.history.drop_prepared(attempt);
            return Err(DriverError::NotSent("the attempt was cancelled".to_owned()));
        }
        let now = (self.now)();
        if self.meets(state, attempt, InjectedFault::Offline) {
            return Err(unreachable());
        }
        if state.history.condition(now) == Condition::Stopped {
            return Err(DriverError::Unavailable { reasons: vec![JAM.to_owned()] });
        }
        let fault = self.settings.card_fault(attempt, state.history.next_number());
        let blank = state.history.next_blank(now, fault, &self.settings);
        if let Some(truth) = &mut state.truth {
            truth.append(&blank.line(attempt.clone(), &self.settings.name)).map_err(|error| match error {
                AppendError::BeforeWrite => unreachable(),
                AppendError::InWrite(error) => {
                    state.history.drop_prepared(attempt);
                    DriverError::OutcomeUnknown(format!("the truth file cannot be written: {error}"))
                }
            })?;
        }
        let job = state.history.push(attempt, blank);
        if fault == InjectedFault::LoseAck {
            return Err(DriverError::OutcomeUnknown("the printer's answer was lost".to_owned()));
        }
        Ok(Committed { printer_job: Some(job.to_string()), printer_run: None })
    }

    fn find(&self, state: &mut State, attempt: &AttemptId) -> Result<AttemptStatus, DriverError> {
        state.refresh(&self.settings.name).map_err(|_| unreachable())?;
        Ok(match state.history.state(attempt) {
            Some(AttemptState::Committed(blank)) => blank.found((self.now)()),
            Some(AttemptState::Prepared) if self.settings.hold => AttemptStatus::Held,
            Some(AttemptState::Prepared) | None => AttemptStatus::NeverSeen { certain: true },
        })
    }

    fn cancel(&self, state: &mut State, attempt: &AttemptId) -> Result<Cancelled, DriverError> {
        let _lock = state.truth.as_mut().map(TruthFile::lock).transpose().map_err(|_| unreachable())?;
        state.read_new(&self.settings.name).map_err(|_| unreachable())?;
        state.history.drop_prepared(attempt);
        if let Some(AttemptState::Committed(_)) = state.history.state(attempt) {
            return Ok(Cancelled::OutcomeUnknown);
        }
        if let Some(truth) = &state.truth {
            truth.cancel(attempt).map_err(|_| unreachable())?;
        }
        Ok(Cancelled::NothingPrinted)
    }
}

/// A ribbon of so many cards, after as many were fed.
fn ribbon(cards: usize, fed: usize) -> Supply {
    let left = cards - fed % cards;
    let level_percent = u8::try_from(left * 100 / cards).ok();
    Supply { name: "YMCKO".to_owned(), kind: Some("ink-ribbon".to_owned()), level_percent }
}

impl State {
    /// Reads what other drivers have written. If they have not, it costs one query of the file's length.
    fn refresh(&mut self, printer: &str) -> io::Result<()> {
        let Some(truth) = &mut self.truth else { return Ok(()) };
        if !truth.has_unread()? {
            return Ok(());
        }
        let _lock = truth.lock()?;
        self.read_new(printer)
    }

    /// [`refresh`](Self::refresh) for a caller that holds the file's lock.
    fn read_new(&mut self, printer: &str) -> io::Result<()> {
        let Some(truth) = &mut self.truth else { return Ok(()) };
        for line in truth.read_new(printer)? {
            self.history.push(&line.attempt, FedBlank::from(&line));
        }
        Ok(())
    }
}

/// The supported formats and the bytes with which each begins: PWG 5102.4, section 4.3; Apple raster; ISO 32000-1,
/// section 7.5.2; PNG specification, section 5.2.
const FORMATS: [(&str, &[u8]); 4] = [
    ("image/pwg-raster", b"RaS2"),
    ("image/urf", b"UNIRAST\0"),
    ("application/pdf", b"%PDF-"),
    ("image/png", b"\x89PNG\r\n\x1a\n"),
];

fn check_document(document: &Document) -> Result<(), DriverError> {
    let Some((format, beginning)) = FORMATS.iter().find(|(format, _)| *format == document.format) else {
        let formats = FORMATS.map(|(format, _)| format).join("`, `");
        return Err(DriverError::Rejected(format!("the mock printer supports `{formats}`, not `{}`", document.format)));
    };
    if !document.bytes.starts_with(beginning) {
        return Err(DriverError::Rejected(format!("the document does not begin as `{format}` does")));
    }
    Ok(())
}

fn unreachable() -> DriverError {
    DriverError::Unavailable { reasons: vec!["connecting-to-device".to_owned()] }
}
