//! One IPP printer: its connection and what this process knows about it.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use crate::address::Address;
use crate::attempt_table::AttemptTable;
use crate::clock::Now;
use crate::options::Options;
use crate::printer_attributes::PrinterAttributes;
use crate::release_delay::ReleaseDelay;
use crate::restart::PrinterRun;
use crate::setup_error::SetupError;
use crate::transport::Transport;

/// One IPP printer.
///
/// Unless its [`Options`] say otherwise, connecting takes at most 3 s, and then a request 10 s, or 30 s with a
/// document. The longest call is a `prepare` with Hold-Job and an upload, eight requests.
pub struct IppPrinter {
    pub(crate) transport: Transport,
    pub(crate) attempts: AttemptTable,
    pub(crate) release_delay: ReleaseDelay,
    pub(crate) now: Now,
    /// As of the last Get-Printer-Attributes.
    pub(crate) attributes: Mutex<Option<PrinterAttributes>>,
    /// The last known start of CUPS, and when it was requested, UTC microseconds.
    pub(crate) server_starts: Mutex<Option<(PrinterRun, i64)>>,
    /// The starts of CUPS were not requested since the printer was last unreachable.
    pub(crate) server_starts_are_stale: AtomicBool,
    /// The printer has held a whole document once, so the check before each upload is skipped.
    pub(crate) hold_is_verified: AtomicBool,
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
        Ok(Self {
            transport,
            attempts: AttemptTable::default(),
            release_delay: ReleaseDelay::new(now.clone()),
            now,
            attributes: Mutex::default(),
            server_starts: Mutex::default(),
            server_starts_are_stale: AtomicBool::new(true),
            hold_is_verified: AtomicBool::new(false),
            hold_is_broken: AtomicBool::new(false),
            counts_cards: AtomicBool::new(false),
        })
    }

    /// The `printer-uri` that requests have.
    pub fn uri(&self) -> &str {
        self.transport.printer_uri()
    }
}

impl fmt::Debug for IppPrinter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut printer = f.debug_struct("IppPrinter");
        printer.field("transport", &self.transport).field("attempts", &self.attempts).finish_non_exhaustive()
    }
}
