//! Where time passes: intake, batches, printing, reconciliation, and the acts of people.
//!
//! * [`intake`] takes waiting lists in.
//! * [`scheduler`] runs one `worker` per printer; all that they save goes through one `writer`.
//! * [`reconcile`] turns a printer's answers into outcomes.
//! * [`operator`] has every act of a person; command line and console change nothing without it.

pub mod batcher;
mod board;
mod card;
pub mod clock;
mod feed;
mod hand;
pub mod intake;
pub mod lease;
pub mod operator;
pub mod output;
mod pace;
mod pile;
mod reader;
pub mod reconcile;
pub mod scheduler;
mod worker;
mod writer;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use cetak_driver_api::PrinterDriver;

use tokio::sync::Semaphore;

use crate::{
    domain::{audit::Actor, profile::CardProfile, retry::Backoff, window::Window},
    render::{Draw, RenderError},
    store::{Store, StoreError, Writer},
};
use clock::{Clock, Entropy};
use lease::Lease;

/// How an office wants to print.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The office, in the names of attempts: letters, digits, hyphens.
    pub site: String,
    /// Most records in a batch.
    pub batch_size: i64,
    /// A new batch waits until a person approves it.
    pub approve_batches: bool,
    /// Waits between tries of a card that did not start.
    pub backoff: Backoff,
    /// Failures in a row, of different records, after which a printer gets no card until it is probed.
    pub breaker_failures: u32,
    /// How long a printer may be unable to print before its batch goes back to the waiting list.
    pub release_after: Duration,
    /// While a card prints, the next is uploaded and held, where the printer can hold jobs.
    pub upload_ahead: bool,
    /// How many days after its batch was closed a finished job may be archived.
    pub archive_after_days: u32,
    /// When cards may start; always, without any.
    pub windows: Vec<Window>,
    /// In which zone a day begins, for reports.
    pub zone: jiff::tz::TimeZone,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            site: "local".into(),
            batch_size: 100,
            approve_batches: false,
            backoff: Backoff { base: Duration::from_secs(2), cap: Duration::from_mins(5) },
            breaker_failures: 3,
            release_after: Duration::from_mins(15),
            upload_ahead: true,
            archive_after_days: 90,
            windows: Vec::new(),
            zone: jiff::tz::TimeZone::UTC,
        }
    }
}

/// A clock further behind the newest audit row is wrong: windows and retries would be judged by it, so nothing is fed.
pub const CLOCK_TOLERANCE: Duration = Duration::from_mins(1);

/// The card profiles of an office, by name.
pub type Profiles = BTreeMap<String, Arc<CardProfile>>;

/// Makes the driver for a printer's name, which may have options, and its URI; the message of an error is for the operator.
pub type DriverFactory = Arc<dyn Fn(&str, &str) -> Result<Arc<dyn PrinterDriver>, String> + Send + Sync>;

/// Makes what draws the cards of a profile.
pub type RendererFactory = Arc<dyn Fn(&CardProfile) -> Result<Arc<dyn Draw>, RenderError> + Send + Sync>;

/// All that the engine works with.
#[derive(Clone)]
pub struct Office {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The card profiles.
    pub profiles: Arc<Profiles>,
    /// The settings.
    pub settings: Arc<Settings>,
    /// Who acts, and into which audit chain.
    pub writer: Writer,
    /// Makes drivers.
    pub drivers: DriverFactory,
    /// Makes what draws.
    pub renderers: RendererFactory,
    /// Room for so many cards that are drawn at once, in threads where they hold nobody up. `None`: each is drawn where it is
    /// needed, for those whose clock would not wait.
    pub desk: Option<Arc<Semaphore>>,
    /// Of a scheduler among several.
    pub lease: Option<Arc<Lease>>,
}

impl Office {
    /// The same office with somebody else acting.
    #[must_use]
    pub fn acting(&self, chain: &str, actor: Actor) -> Self {
        Self { writer: Writer { chain: chain.into(), actor: Arc::new(actor), fence: None }, ..self.clone() }
    }

    /// This node's name, where several share the database.
    fn node(&self) -> Option<&str> {
        self.lease.as_ref().map(|lease| lease.node())
    }

    /// May a card be fed, as far as other nodes go?
    fn may_feed(&self) -> bool {
        self.lease.as_ref().is_none_or(|lease| lease.holds(&*self.clock))
    }

    /// A profile by name.
    pub fn profile(&self, name: &str) -> Result<Arc<CardProfile>, EngineError> {
        let known = || self.profiles.keys().cloned().collect::<Vec<_>>().join("`, `");
        let found = self.profiles.get(name).cloned();
        found.ok_or_else(|| {
            EngineError::refused(format!("there is no card profile `{name}`"), format!("profiles are `{}`", known()))
        })
    }

    /// The most failed tries that a profile allows; 1 for a profile that is no longer there.
    fn attempts_limit(&self, profile: &str) -> u32 {
        self.profiles.get(profile).map_or(1, |p| p.attempts)
    }
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It is not allowed, or not possible as things stand. Nothing was changed.
    #[error("{message}")]
    Refused {
        /// What happened, to which thing.
        message: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// A file could not be read.
    #[error("`{what}` cannot be read")]
    Read {
        /// The file.
        what: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("`{what}` cannot be written")]
    Write {
        /// The file.
        what: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl EngineError {
    /// Not allowed, with a way out.
    pub fn refused(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Refused { message: message.into(), hint: Some(hint.into()) }
    }

    /// What to do next, where there is something.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Refused { hint, .. } => hint.as_deref(),
            Self::Read { .. } => Some("check the path and its permissions"),
            Self::Write { .. } => Some("check the path, its permissions and the space that is left"),
            Self::Store(StoreError::Short) => Some("see what there is with `cetak blangko balance`"),
            Self::Store(StoreError::Conflict(_)) => {
                Some("look at it again, and repeat the command if it still applies")
            }
            Self::Store(error) if error.is_away() && !matches!(error, StoreError::InDoubt { .. }) => {
                Some("see whether the database runs and can be reached, then repeat the command")
            }
            Self::Store(StoreError::Moved { .. }) => {
                Some("name that database with `database = \"postgres://...\"` in the settings")
            }
            Self::Store(StoreError::Arriving) => {
                Some("repeat `cetak db move` in the folder that is moved; until then print only from there")
            }
            Self::Store(StoreError::Occupied) => Some("make a new database with `createdb`, and name that one"),
            Self::Store(StoreError::Fenced) => Some("it joins again by itself; if not, see `cetak status`"),
            Self::Store(StoreError::InDoubt { .. }) => Some("look whether it is done before you repeat the command"),
            Self::Store(StoreError::SecondOpenRequest) => Some("close the other request first"),
            Self::Store(
                StoreError::Corrupt { .. }
                | StoreError::Newer { .. }
                | StoreError::OtherKey
                | StoreError::Differs { .. }
                | StoreError::Unreachable
                | StoreError::Database { .. },
            ) => None,
        }
    }
}

impl From<crate::domain::record::WrongState> for EngineError {
    fn from(error: crate::domain::record::WrongState) -> Self {
        Self::Refused { message: error.to_string(), hint: None }
    }
}

impl From<crate::domain::warrant::WarrantError> for EngineError {
    fn from(error: crate::domain::warrant::WarrantError) -> Self {
        Self::Refused { message: error.to_string(), hint: None }
    }
}
