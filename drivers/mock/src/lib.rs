//! A card printer that exists only as a file, with faults by seed.
//!
//! It takes cards as a real printer does, one after the other, each for a set time, and can jam, spoil, lose its answer
//! or forget. What becomes of an attempt is a pure function of the seed and the attempt's id (see `fate`), and what the
//! printer says at an instant is a function of what it took and the clock. So it needs no thread, never sleeps, and
//! goes on "printing" while the scheduler is dead.
//!
//! With `truth=FILE` the printer *is* that file: what is not a whole line in it never reached the printer, and all
//! drivers that name the file and the printer, in any process, see the same printer. The file must not be moved,
//! replaced or shortened while one of them lives. Without `truth` it is memory only, for benchmarks and simulations.
//!
//! Deliberately absent: lost uploads and cut documents, which only a printer that speaks a protocol can have; and
//! supplies.
#![warn(missing_docs)]

mod address;
mod cards;
mod fate;
mod truth;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use cetak_driver_api::{
    AttemptId, AttemptRef, Cancelled, Capabilities, Committed, Condition, Document, Fault, Found, Prepared,
    PrinterDriver, PrinterStatus, Rasters,
};
use tokio::runtime::Handle;

pub use address::UriError;
pub use truth::{TruthCard, TruthLine, truth_read};

use address::Settings;
use cards::{Cards, Known, Made};
use fate::Fate;
use truth::{AppendError, TruthFile};

/// The clock of a [`MockPrinter`]: UTC microseconds since 1970.
///
/// It may step back: a card then seems unfinished again, and none is lost.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A printer that makes cards of nothing.
///
/// A clone is the same printer. So is another one made from the same address, but only with `truth`; it knows what was
/// committed and not what was prepared, as after a restart.
#[derive(Clone)]
pub struct MockPrinter {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    now: Now,
    state: Mutex<State>,
}

/// All that changes. Behind one lock, so that cancel and commit of the same attempt cannot pass each other.
struct State {
    cards: Cards,
    truth: Option<TruthFile>,
}

impl MockPrinter {
    /// Makes the printer that `uri` describes, `mock://NAME?key=value&…`:
    ///
    /// | key | meaning | default |
    /// | --- | --- | --- |
    /// | `card_ms` | how long a card takes | 0: it is over when commit answers |
    /// | `clear_ms` | how long the printer is stopped after a jam | 1000 |
    /// | `offline` | share of attempts whose commit does not reach the printer | 0 |
    /// | `reject` | share whose prepare is refused for good | 0 |
    /// | `jam` | share that spoil their blank and stop the printer | 0 |
    /// | `spoil` | share that spoil their blank | 0 |
    /// | `lose_ack` | share that make a good card while the answer of commit is lost | 0 |
    /// | `forget` | share that make a good card of which the printer later knows nothing | 0 |
    /// | `hold` | `yes`: a prepared attempt is held in the printer; `no`: by the driver | `no` |
    /// | `seed` | which attempts meet which fault | 0 |
    /// | `truth` | the file that is the printer; created when first used, its folder must exist | memory only |
    ///
    /// Times are whole milliseconds up to a day; shares are 0 to 1 and together at most 1, as an attempt meets one
    /// fault only. Values are percent-decoded and `+` is a plus. An unknown key is refused, not ignored. NAME may be
    /// empty without `truth` only: in the file it tells printers apart. Nothing is opened here: a file that cannot be
    /// used is a printer that cannot be reached, and shows when it is asked.
    ///
    /// `now` is the printer's only clock. It is called once per question and must not block.
    pub fn from_uri(uri: &str, now: Now) -> Result<Self, UriError> {
        let settings = Settings::parse(uri)?;
        let truth = settings.truth.clone().map(TruthFile::new);
        let state = Mutex::new(State { cards: Cards::default(), truth });
        Ok(Self { shared: Arc::new(Shared { settings, now, state }) })
    }

    /// Every blank that this printer took, in the order taken, also those still under way.
    ///
    /// What a test compares a ledger with. It blocks for the file with `truth`, where it holds what other processes
    /// committed too.
    pub fn truth(&self) -> io::Result<Vec<TruthLine>> {
        let mut state = self.shared.lock();
        state.refresh(&self.shared.settings.name)?;
        Ok(state.cards.lines(&self.shared.settings.name))
    }

    /// Does `work` on the state: at once in memory, and beside the runtime where a file lock or a disk may block it.
    /// Outside a tokio runtime it blocks. `lost` is the answer if the runtime is shut down meanwhile.
    async fn ask<A: Clone + Send + Sync + 'static, T: Send + 'static>(
        &self,
        about: &A,
        lost: fn() -> Fault,
        work: fn(&Shared, &mut State, &A) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if self.shared.settings.truth.is_none() {
            return work(&self.shared, &mut self.shared.lock(), about);
        }
        let (shared, about) = (Arc::clone(&self.shared), about.clone());
        let work = move || work(&shared, &mut shared.lock(), &about);
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

/// `prepare`, `cancel` and `find` answer as if the printer kept every job, because it does: an attempt that it has not
/// taken is certain to have fed nothing.
#[async_trait]
impl PrinterDriver for MockPrinter {
    /// `impressions_completed` counts good and bad cards whose time is over.
    async fn probe(&self) -> Result<Capabilities, Fault> {
        self.ask(&(), unreachable, |shared, state, ()| shared.probe(state)).await
    }

    /// Stopped with `media-jam` from the end of a jammed card until it is cleared; `accepting_jobs` stays true then,
    /// as on real printers.
    async fn status(&self) -> Result<PrinterStatus, Fault> {
        self.ask(&(), unreachable, |shared, state, ()| shared.status(state)).await
    }

    /// Refuses what is no PNG by its format or its first bytes, and looks no further into it. An attempt already
    /// committed may be prepared again; it is [`commit`](Self::commit) that makes no second card.
    async fn prepare(&self, attempt: &AttemptId, document: Document) -> Result<Prepared, Fault> {
        check_document(&document)?;
        drop(document);
        self.ask(attempt, unreachable, Shared::prepare).await
    }

    /// A second commit of an attempt that the printer has taken, prepared here or not, is
    /// [`Fault::OutcomeUnknown`] and makes no card: each other fault would prove that no blank was used.
    ///
    /// After [`Fault::Unavailable`] the attempt is still prepared. With `truth` a failure before the line is written is
    /// [`Fault::Unavailable`], and a failure of the write or its sync [`Fault::OutcomeUnknown`].
    async fn commit(&self, attempt: &AttemptId) -> Result<Committed, Fault> {
        let lost = || Fault::OutcomeUnknown("the mock was shut down meanwhile".to_owned());
        self.ask(attempt, lost, Shared::commit).await
    }

    /// Goes by the attempt's id alone.
    async fn find(&self, attempt: &AttemptRef) -> Result<Found, Fault> {
        self.ask(&attempt.id, unreachable, Shared::find).await
    }

    /// A committed attempt goes on, queued or not. One that is not can never be committed afterwards, with `truth` by no
    /// other process either.
    async fn cancel(&self, attempt: &AttemptRef) -> Result<Cancelled, Fault> {
        self.ask(&attempt.id, unreachable, Shared::cancel).await
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn probe(&self, state: &mut State) -> Result<Capabilities, Fault> {
        state.refresh(&self.settings.name).map_err(|_| unreachable())?;
        Ok(Capabilities {
            make_and_model: Some("cetak mock printer".to_owned()),
            document_formats: FORMATS.iter().map(|(format, _)| (*format).to_owned()).collect(),
            media: vec!["iso_id-1_53.98x85.6mm".to_owned()],
            resolutions_dpi: vec![self.settings.dpi],
            sides: ["one-sided", "two-sided-long-edge", "two-sided-short-edge"].map(str::to_owned).to_vec(),
            color: Some(true),
            rasters: Rasters {
                pwg_types: ["black_1", "sgray_8", "srgb_8"].map(str::to_owned).to_vec(),
                pwg_resolutions_dpi: vec![self.settings.dpi],
                pwg_sheet_back: Some("normal".to_owned()),
                urf: vec!["SRGB24".to_owned(), format!("RS{}", self.settings.dpi), "DM1".to_owned()],
            },
            can_hold: self.settings.hold,
            holds_rasters: self.settings.hold,
            prepare_is_sent: self.settings.hold,
            up_time_s: None,
            impressions_completed: u64::try_from(state.cards.count_finished((self.now)())).ok(),
            cautions: Vec::new(),
            objections: Vec::new(),
        })
    }

    fn status(&self, state: &mut State) -> Result<PrinterStatus, Fault> {
        state.refresh(&self.settings.name).map_err(|_| unreachable())?;
        let condition = state.cards.condition((self.now)());
        let reasons = if condition == Condition::Stopped { vec![cards::JAM.to_owned()] } else { Vec::new() };
        Ok(PrinterStatus { condition, reasons, accepting_jobs: true, supplies: Vec::new() })
    }

    fn prepare(&self, state: &mut State, attempt: &AttemptId) -> Result<Prepared, Fault> {
        if self.settings.fate(attempt) == Fate::Reject {
            return Err(Fault::Rejected("the mock's share of refused cards".to_owned()));
        }
        state.cards.prepare(attempt);
        Ok(Prepared { printer_job: None, boot: None, held: self.settings.hold })
    }

    fn commit(&self, state: &mut State, attempt: &AttemptId) -> Result<Committed, Fault> {
        let _lock = state.truth.as_mut().map(TruthFile::lock).transpose().map_err(|_| unreachable())?;
        state.read_new(&self.settings.name).map_err(|_| unreachable())?;
        match state.cards.known(attempt) {
            Some(Known::Prepared) => {}
            Some(Known::Taken(_)) => {
                return Err(Fault::OutcomeUnknown("the printer has taken this attempt before".to_owned()));
            }
            None => return Err(Fault::NotSent("the attempt was not prepared here".to_owned())),
        }
        if let Some(truth) = &state.truth
            && truth.is_cancelled(attempt).map_err(|_| unreachable())?
        {
            state.cards.drop_prepared(attempt);
            return Err(Fault::NotSent("the attempt was cancelled".to_owned()));
        }
        let fate = self.settings.fate(attempt);
        let now = (self.now)();
        if fate == Fate::Offline {
            return Err(unreachable());
        }
        if state.cards.condition(now) == Condition::Stopped {
            return Err(Fault::Unavailable { reasons: vec![cards::JAM.to_owned()] });
        }
        let made = state.cards.plan(now, fate, &self.settings);
        if let Some(truth) = &mut state.truth {
            truth.append(&made.line(attempt.clone(), &self.settings.name)).map_err(|error| match error {
                AppendError::BeforeWrite => unreachable(),
                AppendError::InWrite(error) => {
                    state.cards.drop_prepared(attempt);
                    Fault::OutcomeUnknown(format!("the truth file could not be written: {error}"))
                }
            })?;
        }
        let job = state.cards.push(attempt, made);
        if fate == Fate::LoseAck {
            return Err(Fault::OutcomeUnknown("no answer came".to_owned()));
        }
        Ok(Committed { printer_job: Some(job.to_string()), boot: None })
    }

    fn find(&self, state: &mut State, attempt: &AttemptId) -> Result<Found, Fault> {
        state.refresh(&self.settings.name).map_err(|_| unreachable())?;
        Ok(match state.cards.known(attempt) {
            Some(Known::Taken(made)) => made.found((self.now)()),
            Some(Known::Prepared) if self.settings.hold => Found::Held,
            Some(Known::Prepared) | None => Found::NeverSeen { certain: true },
        })
    }

    fn cancel(&self, state: &mut State, attempt: &AttemptId) -> Result<Cancelled, Fault> {
        let _lock = state.truth.as_mut().map(TruthFile::lock).transpose().map_err(|_| unreachable())?;
        state.read_new(&self.settings.name).map_err(|_| unreachable())?;
        state.cards.drop_prepared(attempt);
        if let Some(Known::Taken(_)) = state.cards.known(attempt) {
            return Ok(Cancelled::OutcomeUnknown);
        }
        if let Some(truth) = &state.truth {
            truth.cancel(attempt).map_err(|_| unreachable())?;
        }
        Ok(Cancelled::NothingPrinted)
    }
}

impl State {
    /// Takes in what others have written since the last look. Costs one look at the file's length when nobody has.
    fn refresh(&mut self, printer: &str) -> io::Result<()> {
        let Some(truth) = &mut self.truth else { return Ok(()) };
        if !truth.has_new()? {
            return Ok(());
        }
        let _lock = truth.lock()?;
        self.read_new(printer)
    }

    /// [`refresh`](Self::refresh) for a caller that has the file's lock.
    fn read_new(&mut self, printer: &str) -> io::Result<()> {
        let Some(truth) = &mut self.truth else { return Ok(()) };
        for line in truth.read_new(printer)? {
            self.cards.push(&line.attempt, Made::from(&line));
        }
        Ok(())
    }
}

/// What it takes, and how each begins: PWG 5102.4, section 4.3; PNG specification, section 5.2; ISO 32000-1, 7.5.2.
const FORMATS: [(&str, &[u8]); 4] = [
    ("image/pwg-raster", b"RaS2"),
    ("image/urf", b"UNIRAST\0"),
    ("application/pdf", b"%PDF-"),
    ("image/png", b"\x89PNG\r\n\x1a\n"),
];

fn check_document(document: &Document) -> Result<(), Fault> {
    let Some((format, beginning)) = FORMATS.iter().find(|(format, _)| *format == document.format) else {
        let formats = FORMATS.map(|(format, _)| format).join("`, `");
        return Err(Fault::Rejected(format!("the mock prints `{formats}`, not `{}`", document.format)));
    };
    if !document.bytes.starts_with(beginning) {
        return Err(Fault::Rejected(format!("the document is no `{format}`")));
    }
    Ok(())
}

fn unreachable() -> Fault {
    Fault::Unavailable { reasons: vec!["connecting-to-device".to_owned()] }
}
