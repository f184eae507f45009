//! What a command works with: the engine of this process, or a service through its socket.

use jiff::tz::TimeZone;

use super::{Message, service::Service};
use crate::{
    domain::{
        account::Password,
        actor::Means,
        id::PendingActId,
        time::Timestamp,
        value::{AccountName, Note, Witnesses},
    },
    engine::{
        Engine, EngineError,
        accounts::choose_password,
        client::{Client, Direct},
        operations::{Act, AnyAct, TwoPersonAct},
        query::{AnyQuery, Query},
    },
};

/// Where a sign-in at the command line comes from.
pub(crate) const HERE: &str = "command line";

/// What a command works with.
pub enum Access {
    /// The engine of this process, with the data folder and the key.
    Engine(Box<Engine>),
    /// A service.
    Service(Box<Service>),
}

impl Access {
    /// For the engine's own actor.
    pub fn new(engine: &Engine) -> Self {
        Self::Engine(Box::new(engine.clone()))
    }

    /// The time zone of the times that people read.
    pub(super) fn zone(&self) -> &TimeZone {
        match self {
            Self::Engine(engine) => &engine.settings.zone,
            Self::Service(service) => service.zone(),
        }
    }

    /// The name of the person who acts.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Engine(engine) => &engine.writer.actor.name,
            Self::Service(service) => service.name(),
        }
    }

    /// Whether the local administrator acts.
    pub(super) fn is_local(&self) -> bool {
        match self {
            Self::Engine(engine) => engine.writer.actor.means == Means::LocalAdministrator,
            Self::Service(_) => false,
        }
    }

    /// The clock of this machine.
    pub(super) fn now(&self) -> Timestamp {
        match self {
            Self::Engine(engine) => engine.clock.now(),
            Self::Service(service) => service.now(),
        }
    }

    /// Days after the end of a batch before its finished jobs may be archived.
    pub(super) fn archive_after_days(&self) -> u32 {
        match self {
            Self::Engine(engine) => engine.settings.archive_after_days,
            Self::Service(service) => service.archive_after_days(),
        }
    }

    /// The engine, for what does not go through a socket: `what`, such as `draw a card`.
    pub(super) fn engine(&self, what: &str) -> Result<&Engine, Message> {
        match self {
            Self::Engine(engine) => Ok(engine),
            Self::Service(_) => Err(not_through_socket(what)),
        }
    }

    /// The service, for what only one can do: `what`, such as `sign in`.
    pub(super) fn service(&self, what: &str) -> Result<&Service, Message> {
        match self {
            Self::Engine(_) => Err(only_through_socket(what)),
            Self::Service(service) => Ok(service),
        }
    }

    /// The service and the name of the account, if a confirmation needs the password of the account and it is not known yet.
    pub(super) fn needs_password(&self) -> Option<(&Service, &str)> {
        match self {
            Self::Engine(_) => None,
            Self::Service(service) => service.lacks_password().then(|| (&**service, service.name())),
        }
    }

    /// Replaces the password of an account by one that its person chooses.
    pub(super) async fn choose_password(
        &self,
        name: &AccountName,
        old: &Password,
        new: &Password,
    ) -> Result<(), EngineError> {
        match self {
            Self::Engine(engine) => choose_password(engine, name.as_str(), old, new, HERE).await,
            Self::Service(service) => service.choose_password(name, old, new).await,
        }
    }
}

/// A command that needs the data folder and the key.
pub fn not_through_socket(what: &str) -> Message {
    let text = format!("the service does not {what} for a command through its socket");
    Message::new(text, "run the command as the owner of the data folder, without `--socket` and `CETAK_SOCKET`")
}

/// A command that needs a service.
pub fn only_through_socket(what: &str) -> Message {
    let text = format!("only a service can {what}, and its socket is not named");
    Message::new(text, "name the socket with `--socket`; `cetak serve` says where it is")
}

impl Client for Access {
    async fn act<A: Act + Into<AnyAct>>(&self, act: A) -> Result<A::Answer, EngineError> {
        match self {
            Self::Engine(engine) => Box::pin(Direct::new(engine).act(act)).await,
            Self::Service(service) => service.act(act).await,
        }
    }

    async fn query<Q: Query + Into<AnyQuery>>(&self, query: Q) -> Result<Q::Answer, EngineError> {
        match self {
            Self::Engine(engine) => Box::pin(Direct::new(engine).query(query)).await,
            Self::Service(service) => service.query(query).await,
        }
    }

    async fn request(&self, act: TwoPersonAct) -> Result<PendingActId, EngineError> {
        match self {
            Self::Engine(engine) => Box::pin(Direct::new(engine).request(act)).await,
            Self::Service(service) => service.request(act).await,
        }
    }

    async fn together(&self, act: TwoPersonAct, people: Witnesses) -> Result<(), EngineError> {
        match self {
            Self::Engine(engine) => Box::pin(Direct::new(engine).together(act, people)).await,
            Self::Service(service) => service.together(act, people).await,
        }
    }

    async fn confirm(&self, act: PendingActId) -> Result<(), EngineError> {
        match self {
            Self::Engine(engine) => Box::pin(Direct::new(engine).confirm(act)).await,
            Self::Service(service) => service.confirm(act).await,
        }
    }

    async fn refuse(&self, act: PendingActId, note: Note) -> Result<(), EngineError> {
        match self {
            Self::Engine(engine) => Box::pin(Direct::new(engine).refuse(act, note)).await,
            Self::Service(service) => service.refuse(act, note).await,
        }
    }

    async fn take_back(&self, act: PendingActId) -> Result<(), EngineError> {
        match self {
            Self::Engine(engine) => Box::pin(Direct::new(engine).take_back(act)).await,
            Self::Service(service) => service.take_back(act).await,
        }
    }
}
