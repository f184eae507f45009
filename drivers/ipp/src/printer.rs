//! One IPP printer: its connection and what this process knows about it.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cetak_driver_api::AttemptId;
use tokio::task::JoinHandle;

use crate::address::Address;
use crate::attempt_table::AttemptTable;
use crate::clock::{Elapsed, Now, SteadyClock};
use crate::options::Options;
use crate::printer_attributes::PrinterAttributes;
use crate::release_delay::ReleaseDelay;
use crate::restart::PrinterRun;
use crate::setup_error::SetupError;
use crate::shortcomings::Shortcomings;
use crate::transport::Transport;
use crate::up_time::UpTimes;

/// One IPP printer.
///
/// Unless its [`Options`] say otherwise, connecting takes at most 3 s, and then a request 10 s, or 30 s with a
/// document. The longest call is a `prepare` with Hold-Job and an upload, eight requests.
pub struct IppPrinter {
    pub(crate) transport: Arc<Transport>,
    pub(crate) attempts: AttemptTable,
    pub(crate) release_delay: ReleaseDelay,
    pub(crate) now: Now,
    pub(crate) clock: SteadyClock,
    /// The readings of `printer-up-time`.
    pub(crate) up_times: Mutex<UpTimes>,
    pub(crate) shortcomings: Shortcomings,
    /// `printer-uuid` of the printer that was probed last.
    pub(crate) identity: Mutex<Option<String>>,
    /// The requests with a document whose answer is awaited while their cards are made. True: the whole document was
    /// accepted.
    pub(crate) uploads: Mutex<HashMap<AttemptId, JoinHandle<bool>>>,
    /// As of the last Get-Printer-Attributes.
    pub(crate) attributes: Mutex<Option<PrinterAttributes>>,
    /// The last known start of CUPS, and when it was requested, UTC microseconds.
    pub(crate) server_starts: Mutex<Option<(PrinterRun, i64)>>,
    /// The starts of CUPS were not requested since the printer was last unreachable.
    pub(crate) server_starts_are_stale: AtomicBool,
    /// The printer reported that it can hold a job, and did not.
    pub(crate) hold_is_broken: AtomicBool,
    /// The printer reported one impression for a good card with two sides, so it counts cards: two impressions are two
    /// cards.
    pub(crate) counts_cards: AtomicBool,
}

impl IppPrinter {
    /// Makes the driver for the printer at `uri`: `ipp://host[:port]/path`, or `ipps://…` with TLS. The default port is
    /// 631. Reads the files that the options name, and sends nothing.
    pub fn new(uri: &str, options: &Options, now: Now) -> Result<Self, SetupError> {
        let transport = Transport::new(Address::parse(uri)?, options, &now)?;
        let utc = now.clone();
        let elapsed: Elapsed = Arc::new(move || Duration::from_micros(utc().unsigned_abs()));
        Ok(Self {
            transport: Arc::new(transport),
            clock: SteadyClock::new(&now, elapsed),
            up_times: Mutex::default(),
            shortcomings: Shortcomings::default(),
            identity: Mutex::default(),
            uploads: Mutex::default(),
            attempts: AttemptTable::default(),
            release_delay: ReleaseDelay::new(now.clone()),
            now,
            attributes: Mutex::default(),
            server_starts: Mutex::default(),
            server_starts_are_stale: AtomicBool::new(true),
            hold_is_broken: AtomicBool::new(false),
            counts_cards: AtomicBool::new(false),
        })
    }

    /// The same driver with a clock that is never set. Without it, `now` measures the time between two readings of the
    /// printer's up-time.
    #[must_use]
    pub fn with_elapsed(mut self, elapsed: Elapsed) -> Self {
        self.clock = SteadyClock::new(&self.now, elapsed);
        self
    }

    /// The `printer-uri` that requests have.
    pub fn uri(&self) -> &str {
        self.transport.printer_uri()
    }
}

/// The requests that go on in the background end with their printer: nothing is sent for it any more.
impl Drop for IppPrinter {
    fn drop(&mut self) {
        for upload in self.uploads.get_mut().unwrap_or_else(PoisonError::into_inner).values() {
            upload.abort();
        }
    }
}

impl fmt::Debug for IppPrinter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut printer = f.debug_struct("IppPrinter");
        printer.field("transport", &self.transport).field("attempts", &self.attempts).finish_non_exhaustive()
    }
}
