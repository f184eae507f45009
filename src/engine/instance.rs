//! Compares the database with what the data folder remembers of it: a copy, or an older state that was restored, prints nothing
//! until a person adopts it.

use std::time::Duration;

use tracing::warn;

use super::{
    Engine, EngineError,
    instance_memory::{InstanceMemory, Reading},
};
use crate::{
    domain::{
        audit::{ChainHead, Event},
        instance::{Decision, Doubt, Identity, Instance, Memory, Remembered, decide, next_generation},
        permission::{Permit, SystemAct},
        refusal::Refusal,
    },
    store::Tx,
};

/// The database, and what the data folder remembers of it.
pub(super) struct Comparison {
    /// What the database says of itself.
    saved: Option<Instance>,
    /// What it is.
    found: Identity,
    remembered: Remembered,
    /// What is remembered, as it was read.
    memory: Option<Memory>,
    /// The newest audit row of each chain.
    heads: Vec<ChainHead>,
    /// The doubt that is saved in the database.
    doubt: Option<Doubt>,
}

impl Comparison {
    /// Reads both. Everything of the database is of one snapshot.
    pub(super) async fn read(tx: &mut Tx, memory: &dyn InstanceMemory) -> Result<Self, EngineError> {
        let (remembered, memory_read) = match memory.read()? {
            Reading::Nothing => (Remembered::Nothing, None),
            Reading::Unreadable => (Remembered::Unreadable, None),
            Reading::Known { memory, is_copy } => {
                let lost = tx.audit_lost(&memory.heads).await?;
                (Remembered::Compared { generation: memory.generation, is_copy, lost }, Some(memory))
            }
        };
        let found = match tx.server_identity().await? {
            Some(server) => Identity::Server(server),
            None => Identity::File(
                memory
                    .file_identity()
                    .map_err(|source| EngineError::Read { what: "the database file".into(), source })?,
            ),
        };
        let (saved, heads, doubt) = (tx.instance().await?, tx.audit_heads().await?, tx.doubt().await?);
        Ok(Self { saved, found, remembered, memory: memory_read, heads, doubt })
    }

    /// Whether the database has to be adopted.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.doubt.is_some() || matches!(self.decide(), Decision::Ask(_))
    }

    fn decide(&self) -> Decision {
        decide(self.saved.as_ref(), &self.found, &self.remembered)
    }

    /// What the database says of itself, and what it is, for the audit.
    pub(super) fn mark(&self, event: Event) -> Event {
        // Cannot fail: identities are texts and numbers.
        let known = serde_json::to_string(&self.saved).unwrap_or_default();
        let found = serde_json::to_string(&self.found).unwrap_or_default();
        event.with("known", known).with("found", found)
    }

    /// What the database says of itself, and what it is, as one text.
    pub(super) fn version(&self) -> String {
        // Cannot fail: identities are texts and numbers.
        serde_json::to_string(&(&self.saved, &self.found)).unwrap_or_default()
    }

    /// The database after its adoption.
    pub(super) fn adopted(&self) -> Instance {
        let generation = next_generation(self.saved.as_ref(), &self.remembered);
        Instance { generation, identity: self.found.clone() }
    }

    /// What the folder is to remember of this state of the database.
    pub(super) fn memory(&self, generation: i64) -> Memory {
        Memory { generation, heads: self.heads.clone() }
    }
}

/// The interval at which the database is compared with what the data folder remembers, which is refreshed then.
const EVERY: Duration = Duration::from_secs(5);
/// The same while a person has to adopt the database.
const EVERY_IN_DOUBT: Duration = Duration::from_secs(1);

/// The comparison that a scheduler repeats.
#[derive(Default)]
pub(super) struct InstanceWatch {
    /// When the next one is due; `None` for at once.
    due: Option<Duration>,
    in_doubt: bool,
    /// Why the data folder could not be read or written at the last comparison.
    failure: Option<String>,
    /// Whether there was a comparison.
    has_compared: bool,
}

impl InstanceWatch {
    /// Whether a person has to adopt the database.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// Why no card starts though no doubt is saved: the data folder cannot be read.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.as_deref().filter(|_| self.in_doubt)
    }

    /// The next comparison is due at once.
    pub(super) fn compare_at_once(&mut self) {
        self.due = None;
    }

    /// Compares, if that is due. Returns whether the database is in doubt now and was not before, or the other way.
    pub(super) async fn compare(&mut self, engine: &Engine) -> Result<bool, EngineError> {
        let now = engine.clock.elapsed();
        if self.due.is_some_and(|due| now < due) {
            return Ok(false);
        }
        let in_doubt = match compare(engine).await {
            // Printing does not stop for it, once the database was compared: the folder remembers less.
            Err(error @ (EngineError::Read { .. } | EngineError::Write { .. })) => {
                let text =
                    std::error::Error::source(&error).map_or(error.to_string(), |cause| format!("{error}: {cause}"));
                if self.failure.replace(text.clone()).is_none() {
                    warn!(error = text, "the database is not compared with the data folder");
                }
                self.in_doubt || matches!(error, EngineError::Read { .. }) && !self.has_compared
            }
            compared => {
                let in_doubt = compared?;
                (self.failure, self.has_compared) = (None, true);
                in_doubt.unwrap_or(self.in_doubt)
            }
        };
        if in_doubt && !self.in_doubt && self.failure.is_none() {
            warn!("the database may be a copy or an older state; no card starts until a person adopts it");
        }
        let is_changed = in_doubt != self.in_doubt;
        self.in_doubt = in_doubt;
        self.due = Some(now + if in_doubt { EVERY_IN_DOUBT } else { EVERY });
        Ok(is_changed)
    }
}

/// Compares the database with what the data folder remembers. Saves a new doubt, or what is new of the living database; the
/// folder remembers the newest audit rows then. Returns whether a person has to adopt the database before a card starts; `None`
/// if its file was moved or replaced while it is open, so that nothing can be saved.
///
/// Without a data folder, only a doubt that was saved counts.
async fn compare(engine: &Engine) -> Result<Option<bool>, EngineError> {
    if engine.store.is_file_moved() {
        return Ok(None);
    }
    let mut tx = engine.store.read().await?;
    let Some(memory) = engine.memory.as_deref() else { return Ok(Some(tx.doubt().await?.is_some())) };
    let seen = Comparison::read(&mut tx, memory).await?;
    drop(tx);
    match seen.decide() {
        _ if seen.doubt.is_some() => return Ok(Some(true)),
        Decision::Ask(_) => return save_doubt(engine, memory).await.map(Some),
        Decision::Print => remember(memory, &seen).await?,
        Decision::Save(instance) => {
            // First the folder: a database that was saved and that the folder does not know would be asked about.
            memory.write(seen.memory(instance.generation)).await?;
            let mut tx = engine.write(&Permit::system(SystemAct::Print)).await?;
            // An adoption in between stands.
            if tx.instance().await? == seen.saved {
                tx.instance_set(&instance).await?;
                tx.audit(seen.mark(Event::new("database.known", "database").with("generation", instance.generation)));
                tx.commit().await?;
                // A copy of the file without its journal is told as one then.
                engine.store.checkpoint().await?;
            }
        }
    }
    Ok(Some(false))
}

/// Refuses what would print a card while a person has to adopt the database, also before its scheduler has found that out.
pub(super) async fn refuse_in_doubt(engine: &Engine, tx: &mut Tx) -> Result<(), EngineError> {
    let in_doubt = match engine.memory.as_deref() {
        Some(memory) => Comparison::read(tx, memory).await?.is_in_doubt(),
        None => tx.doubt().await?.is_some(),
    };
    if in_doubt { Err(Refusal::InstanceInDoubt.into()) } else { Ok(()) }
}

/// Lets the folder remember the newest audit rows of the living database, at the end of its scheduler.
pub(super) async fn remember_at_end(engine: &Engine) -> Result<(), EngineError> {
    let Some(memory) = engine.memory.as_deref().filter(|_| !engine.store.is_file_moved()) else { return Ok(()) };
    let seen = Comparison::read(&mut engine.store.read().await?, memory).await?;
    if seen.is_in_doubt() { Ok(()) } else { remember(memory, &seen).await }
}

async fn remember(memory: &dyn InstanceMemory, seen: &Comparison) -> Result<(), EngineError> {
    let Some(saved) = &seen.saved else { return Ok(()) };
    let new = seen.memory(saved.generation);
    if seen.memory.as_ref() == Some(&new) { Ok(()) } else { memory.write(new).await }
}

/// Saves the doubt. Decided again in the transaction that saves it, because a person may have adopted the database meanwhile.
/// Returns whether it is in doubt.
async fn save_doubt(engine: &Engine, memory: &dyn InstanceMemory) -> Result<bool, EngineError> {
    let mut tx = engine.write(&Permit::system(SystemAct::Print)).await?;
    let seen = Comparison::read(&mut tx, memory).await?;
    let Decision::Ask(differences) = seen.decide() else { return Ok(seen.doubt.is_some()) };
    let text = serde_json::to_string(&differences).unwrap_or_default();
    let doubt = Doubt { host: engine.writer.actor.host.clone(), differences };
    if tx.doubt_add(&doubt).await? {
        // The sessions of a copy are those of the first database.
        let sessions = tx.sessions_end_all().await?;
        let event = Event::new("database.in-doubt", "database").with("differences", text);
        tx.audit(seen.mark(event).with("sessions_ended", sessions));
        tx.announce();
    }
    tx.commit().await?;
    Ok(true)
}
