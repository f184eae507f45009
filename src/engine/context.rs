//! The engine: its parameters, and the way to a transaction that writes.

use std::{collections::BTreeMap, sync::Arc};

use cetak_driver_api::PrinterDriver;

use super::{
    clock::{Clock, Entropy, nonce},
    error::EngineError,
    events::Events,
    fault::FaultFile,
    instance_memory::InstanceMemory,
    looks::Looks,
    metrics::Metrics,
    owners::Owners,
    refused_rows::RefusedRows,
    render_threads::RenderThreads,
    scheduling::lease::Lease,
    session_uses::SessionUses,
    settings::{Broken, Settings},
    sign_ins::SignIns,
    used_blanks::UsedBefore,
    vitals::Vitals,
};
use crate::{
    domain::{
        audit::Actor,
        card::profile::CardProfile,
        permission::{Permit, SystemAct},
        refusal::Refusal,
    },
    render::{CardRenderer, RenderError},
    store::{Expected, Store, StoreError, Tx, Writer},
};

pub use crate::domain::dispatch::CLOCK_TOLERANCE;

/// The card profiles of an office, by name.
pub type Profiles = BTreeMap<String, Arc<CardProfile>>;

/// Creates the driver for a printer's name, which may have options, and URI. The text of an error is shown to the
/// operator.
pub type DriverFactory = Arc<dyn Fn(&str, &str) -> Result<Arc<dyn PrinterDriver>, String> + Send + Sync>;

/// Creates the renderer of a profile.
pub type RendererFactory = Arc<dyn Fn(&CardProfile) -> Result<Arc<dyn CardRenderer>, RenderError> + Send + Sync>;

/// All parameters of the engine. A clone shares the database.
#[derive(Clone)]
pub struct Engine {
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The card profiles.
    pub profiles: Arc<Profiles>,
    /// The settings.
    pub settings: Arc<Settings>,
    /// What of the profiles and the settings cannot be used.
    pub broken: Arc<Broken>,
    /// The actor, and the audit chain that it writes to.
    pub writer: Writer,
    /// Creates drivers.
    pub drivers: DriverFactory,
    /// Creates the renderer of a profile.
    pub renderers: RendererFactory,
    /// Renders cards. `None`: a card is rendered in the task that needs it, for tests with a virtual clock.
    pub render_threads: Option<Arc<RenderThreads>>,
    /// The lease of this node, where several schedulers share the database.
    pub lease: Option<Arc<Lease>>,
    /// Where the refused rows of pulled lists are written.
    pub refused_rows: Arc<dyn RefusedRows>,
    /// Where the faults of the local scheduler are written and read.
    pub faults: Arc<dyn FaultFile>,
    /// Looks up the processes that began attempts.
    pub owners: Arc<dyn Owners>,
    /// What the data folder remembers of the database. `None` without a data folder.
    pub memory: Option<Arc<dyn InstanceMemory>>,
    /// What all sign-ins of the process share.
    pub sign_ins: Arc<SignIns>,
    /// The uses of sessions that are being saved.
    pub session_uses: Arc<SessionUses>,
    /// The looks at pictures of people that are recorded already.
    pub looks: Arc<Looks>,
    /// What was read of the blanks that were used on earlier days.
    pub used_before: Arc<UsedBefore>,
    /// What must be so when an act of a person is done.
    pub expected: Option<Arc<Expected>>,
    /// What the streams of events share.
    pub events: Arc<Events>,
    /// What the process measures of its work.
    pub metrics: Metrics,
    /// Whether its work goes on.
    pub vitals: Arc<Vitals>,
}

impl Engine {
    /// The same engine with another actor and audit chain.
    #[must_use]
    pub fn acting(&self, chain: &str, actor: Actor) -> Self {
        let owner = self.writer.owner;
        Self { writer: Writer { chain: chain.into(), actor: Arc::new(actor), fence: None, owner }, ..self.clone() }
    }

    /// The same engine for acts that are done only if something is as expected. It is asked in each transaction of an act.
    #[must_use]
    pub fn expecting(&self, expected: Option<Expected>) -> Self {
        Self { expected: expected.map(Arc::new), ..self.clone() }
    }

    /// The engine of this process, which is saved as the owner of the attempts that it begins.
    pub(super) async fn owning(&self, permit: &Permit, is_scheduler: bool) -> Result<Self, StoreError> {
        let mut own = self.clone();
        own.writer.fence = None; // a node has not joined yet
        let mut tx = own.write(permit).await?;
        let owner = tx.owner_add(&self.owners.own(is_scheduler)).await?;
        tx.commit_part().await?;
        own.writer = Writer { owner: Some(owner), ..self.writer.clone() };
        Ok(own)
    }

    /// The date in the office.
    pub(super) fn today(&self) -> jiff::civil::Date {
        self.settings.zone.to_datetime(self.clock.now().to_jiff()).date()
    }

    /// Begins a transaction that writes; there is no other way to one. The actor is the permit's, or the engine's own
    /// for an act of the system. An act of a person notifies the schedulers, because it may give them work, and saves the answer of
    /// its request.
    pub async fn write(&self, permit: &Permit) -> Result<Tx, StoreError> {
        let mut tx = self.store.write(&self.writer_for(permit), self.clock.now()).await?;
        // New records are work as an act of a person is.
        if permit.system_act().is_none_or(|act| act == SystemAct::Pull) {
            tx.announce();
            if let Some(expected) = &self.expected {
                tx.expect(expected).await?;
            }
        }
        if let Some(request) = permit.request() {
            tx.carry_out(request, nonce(&*self.entropy)).await?;
        }
        Ok(tx)
    }

    /// Begins a transaction of the system with one of the calls that [`Store::write_later`] names.
    pub(super) async fn write_later(&self, permit: &Permit) -> Result<Tx, StoreError> {
        self.store.write_later(&self.writer_for(permit), self.clock.now()).await
    }

    /// The writer of a permit's actor.
    pub(super) fn writer_for(&self, permit: &Permit) -> Writer {
        let actor = permit.actor().unwrap_or(&self.writer.actor).clone();
        Writer { actor, ..self.writer.clone() }
    }

    /// The name of this node, where several schedulers share the database.
    pub(super) fn node(&self) -> Option<&str> {
        self.lease.as_ref().map(|lease| lease.node())
    }

    /// Whether this node holds its lease; always true if the database is not shared.
    pub fn has_lease(&self) -> bool {
        self.lease.as_ref().is_none_or(|lease| lease.holds(&*self.clock))
    }

    /// A profile by name. One that is broken is refused with its fault.
    pub fn profile(&self, name: &str) -> Result<Arc<CardProfile>, EngineError> {
        let known = || self.profiles.keys().cloned().collect();
        if let Some(broken) = self.broken.profiles.iter().find(|broken| broken.names.iter().any(|known| known == name))
        {
            return Err(Refusal::ProfileBroken { profile: name.to_owned(), detail: broken.fault.clone() }.into());
        }
        let found = self.profiles.get(name).cloned();
        found.ok_or_else(|| Refusal::NoProfile { profile: name.to_owned(), known: known() }.into())
    }

    /// The maximum of failed tries in a profile; 1 for a profile that no longer exists.
    pub(super) fn attempts_limit(&self, profile: &str) -> u32 {
        self.profiles.get(profile).map_or(1, |p| p.attempts)
    }
}
