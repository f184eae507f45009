//! The way from a surface to the engine: acts go through a client, which asks for the right first.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

use super::{
    Engine, EngineError, Expected, answers,
    operations::{self, Act, AnyAct, TwoPersonAct},
    query::{AnyQuery, Hidden, Query, read_for},
};
use crate::domain::{
    account::Scopes,
    actor::{Actor, Means, Role},
    audit::Event,
    id::PendingActId,
    pending::TwoPerson,
    permission::{Operation, Permit, SystemAct, authorize},
    refusal::{AccountRefusal, Refusal},
    request_key::RequestKey,
    value::{Note, Witnesses},
};

/// What a surface needs of the engine.
pub trait Client {
    /// Does an act.
    fn act<A: Act + Into<AnyAct>>(&self, act: A) -> impl Future<Output = Result<A::Answer, EngineError>> + Send;

    /// Reads something.
    fn query<Q: Query + Into<AnyQuery>>(&self, query: Q)
    -> impl Future<Output = Result<Q::Answer, EngineError>> + Send;

    /// Asks for an act that another person then confirms.
    fn request(&self, act: TwoPersonAct) -> impl Future<Output = Result<PendingActId, EngineError>> + Send;

    /// Does an act for two people who are at the same screen. Only the local administrator of an office without accounts can.
    fn together(&self, act: TwoPersonAct, people: Witnesses) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Confirms what another person asked for: it is done.
    fn confirm(&self, act: PendingActId) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Refuses what another person asked for.
    fn refuse(&self, act: PendingActId, note: Note) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Takes back what the same person asked for.
    fn take_back(&self, act: PendingActId) -> impl Future<Output = Result<(), EngineError>> + Send;
}

/// A client in the same process.
#[derive(Clone)]
pub struct Direct {
    engine: Engine,
    actor: Arc<Actor>,
    /// What the API token may do; `None` for a person.
    scopes: Option<Scopes>,
    /// The request that is carried out once only.
    request: Option<RequestKey>,
}

impl Direct {
    /// For the engine's own actor: on the command line, the local administrator.
    pub fn new(engine: &Engine) -> Self {
        Self { actor: engine.writer.actor.clone(), engine: engine.clone(), scopes: None, request: None }
    }

    /// For a person whose account was proved. What the person does is on the engine's audit chain.
    pub fn for_actor(engine: &Engine, actor: impl Into<Arc<Actor>>) -> Self {
        Self { actor: actor.into(), engine: engine.clone(), scopes: None, request: None }
    }

    /// For an API token: what is not among its scopes is refused, whatever the roles of its account allow.
    pub fn for_token(engine: &Engine, actor: impl Into<Arc<Actor>>, scopes: Scopes) -> Self {
        Self { scopes: Some(scopes), ..Self::for_actor(engine, actor) }
    }

    /// The key of a request of this actor. `key` is what the actor sent for it, `asked` what is asked for, without passwords. The
    /// same key of another account is another one, and so is that of a token and of its person.
    pub fn request_key(&self, key: &str, asked: [&str; 3]) -> RequestKey {
        let (name, account, means) = self.actor.columns();
        let account = account.map_or_else(|| format!("name {name}"), |account| account.to_string());
        let keys = self.engine.store.keys();
        let key = keys.request_key("key", [&account, means, key]);
        RequestKey { key, request: keys.request_key("request", asked) }
    }

    /// The same client for one request, which is carried out once: if it was carried out in the last 24 hours, an act, a request for
    /// an act or a decision has the answer of then. The right to it is asked for each time.
    #[must_use]
    pub fn for_request(self, request: Option<RequestKey>) -> Self {
        Self { request, ..self }
    }

    /// The same client for acts that are done only if something is as expected.
    #[must_use]
    pub fn expecting(self, expected: Option<Expected>) -> Self {
        if expected.is_none() { self } else { Self { engine: self.engine.expecting(expected), ..self } }
    }

    /// Does what a permit is for, unless its request was carried out before.
    async fn once<T: Serialize + DeserializeOwned + Sync>(
        &self,
        permit: &Permit,
        done: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, EngineError> {
        let Some(request) = permit.request() else { return done.await };
        if let Some(before) = answers::find(&self.engine, request).await? {
            return Ok(before);
        }
        let answer = done.await?;
        answers::keep(&self.engine, permit, request, &answer).await;
        Ok(answer)
    }

    /// Whether the actor is the local administrator of an office whose people have accounts: a user of the machine who can read the key
    /// is one person, and two claimed names are no proof of two.
    async fn is_local_with_accounts(&self) -> Result<bool, EngineError> {
        let is_local = self.actor.means == Means::LocalAdministrator;
        Ok(is_local && self.engine.store.read_once().await?.accounts_exist().await?)
    }

    /// The rights of the actor to an operation, at this moment.
    async fn right(&self, operation: Operation) -> Result<Permit, EngineError> {
        if self.scopes.as_ref().is_some_and(|scopes| !scopes.contains(operation)) {
            return Err(AccountRefusal::NotInScope { operation }.into());
        }
        let actor = if self.is_local_with_accounts().await? {
            let roles = [Role::Administrator].into();
            &Arc::new(Actor { roles, ..(*self.actor).clone() })
        } else {
            &self.actor
        };
        let permit = authorize(actor, operation)?.for_request(self.request);
        Ok(if self.engine.settings.two_person == TwoPerson::Recorded { permit.two_in_one() } else { permit })
    }

    /// A permit for what is neither an act nor a query, as its arguments or its answer are not bounded data. A refusal is
    /// recorded.
    ///
    /// * An import, and its dry run: reads a waiting list of any length from a stream, and photos from a local folder.
    /// * A card's preview: its answer is a picture, in a choice of the renderer's formats, for a local file.
    /// * The move to another database: tells its progress, and holds the lock of the local scheduler.
    pub async fn permit(&self, operation: Operation) -> Result<Permit, EngineError> {
        let right = self.right(operation).await;
        self.recorded(operation, right).await
    }

    /// Does an act that arrived as JSON.
    pub async fn act_any(&self, act: AnyAct) -> Result<serde_json::Value, EngineError> {
        let operation = act.operation();
        let permit = self.permit(operation).await?;
        let done = self.once(&permit, Box::pin(act.perform(&self.engine, &permit))).await;
        self.recorded(operation, or_asked_for(&permit, done)).await
    }

    /// Reads what was asked for in JSON.
    pub async fn query_any(&self, query: AnyQuery) -> Result<serde_json::Value, EngineError> {
        let permit = self.right(query.operation()).await?;
        query.read_for(&self.engine, self.reader(&permit)).await
    }

    /// The actor with the roles of this moment.
    fn reader<'a>(&'a self, permit: &'a Permit) -> &'a Actor {
        permit.actor().unwrap_or(&self.actor)
    }

    /// What counts of blanks hide from the actor at this moment, for what is read for several people at once.
    pub async fn hidden(&self) -> Result<Hidden, EngineError> {
        Hidden::from(&self.engine, &self.actor).await
    }

    /// Refused if the actor has no right to an operation at this moment. The refusal is not recorded, as that of a query is not.
    pub async fn may(&self, operation: Operation) -> Result<(), EngineError> {
        self.right(operation).await.map(|_| ())
    }

    /// Writes down that an act was refused: the operation and the actor, without the arguments of the act.
    async fn record(&self, event: Event) -> Result<(), EngineError> {
        let engine = self.engine.acting(&self.engine.writer.chain, (*self.actor).clone());
        let mut tx = engine.write(&Permit::system(SystemAct::RecordRefusal)).await?;
        tx.audit(event);
        Ok(tx.commit().await?)
    }

    /// Returns the result. A refusal because of the person is recorded in the audit first: a missing right, or the attempt
    /// to decide as the second person about an own act, about another's as if it were an own one, or without the proof of an account.
    async fn recorded<T>(&self, operation: Operation, result: Result<T, EngineError>) -> Result<T, EngineError> {
        let Err(EngineError::Refused(refusal)) = &result else { return result };
        if let Refusal::NoRight { operation } = refusal {
            self.record(forbidden_event(*operation)).await?;
        } else if let Refusal::Account(
            AccountRefusal::AsksLater { operation, .. } | AccountRefusal::SecondPersonNeeded { operation },
        ) = refusal
        {
            self.record(forbidden_event(*operation).with("why", refusal.code())).await?;
        } else if *refusal == Refusal::Account(AccountRefusal::NotInScope { operation }) {
            self.record(forbidden_event(operation).with("why", refusal.code())).await?;
        } else if let Refusal::SamePerson { act, operation }
        | Refusal::OtherPerson { act, operation }
        | Refusal::Account(
            AccountRefusal::PasswordNeeded { act, operation }
            | AccountRefusal::AskedWithoutAccount { act, operation }
            | AccountRefusal::ConfirmsLater { act, operation, .. },
        ) = refusal
        {
            let event = forbidden_event(*operation).with("act", *act).with("why", refusal.code());
            self.record(event).await?;
        }
        result
    }

    async fn operation_of(&self, act: PendingActId) -> Result<Operation, EngineError> {
        let found = self.engine.store.read().await?.pending_act_get(act).await?;
        Ok(found.ok_or(Refusal::NoAct { act })?.operation)
    }
}

impl Client for Direct {
    async fn act<A: Act + Into<AnyAct>>(&self, act: A) -> Result<A::Answer, EngineError> {
        let permit = self.permit(A::OPERATION).await?;
        let done = self.once(&permit, Box::pin(act.perform(&self.engine, &permit))).await;
        self.recorded(A::OPERATION, or_asked_for(&permit, done)).await
    }

    async fn query<Q: Query + Into<AnyQuery>>(&self, query: Q) -> Result<Q::Answer, EngineError> {
        let permit = self.right(Q::OPERATION).await?;
        read_for(query, &self.engine, self.reader(&permit)).await
    }

    async fn request(&self, act: TwoPersonAct) -> Result<PendingActId, EngineError> {
        let operation = act.operation();
        let permit = self.permit(operation).await?;
        if self.is_local_with_accounts().await? {
            return Err(AccountRefusal::AccountNeeded { operation }.into());
        }
        let asking = Box::pin(operations::request(&self.engine, &permit, &act));
        self.recorded(operation, self.once(&permit, asking).await).await
    }

    async fn together(&self, act: TwoPersonAct, people: Witnesses) -> Result<(), EngineError> {
        let operation = act.operation();
        let permit = self.permit(operation).await?;
        let doing = Box::pin(operations::together(&self.engine, &permit, &act, &people));
        self.recorded(operation, or_asked_for(&permit, self.once(&permit, doing).await)).await
    }

    async fn confirm(&self, act: PendingActId) -> Result<(), EngineError> {
        let operation = self.operation_of(act).await?;
        let permit = self.permit(operation).await?;
        let confirming = Box::pin(operations::confirm(&self.engine, &permit, act));
        self.recorded(operation, self.once(&permit, confirming).await).await
    }

    async fn refuse(&self, act: PendingActId, note: Note) -> Result<(), EngineError> {
        let operation = self.operation_of(act).await?;
        let permit = self.permit(operation).await?;
        let refusing = Box::pin(operations::refuse(&self.engine, &permit, act, &note));
        self.recorded(operation, self.once(&permit, refusing).await).await
    }

    async fn take_back(&self, act: PendingActId) -> Result<(), EngineError> {
        let operation = operations::taken_back_as(self.operation_of(act).await?);
        let permit = self.permit(operation).await?;
        let taking_back = Box::pin(operations::take_back(&self.engine, &permit, act));
        self.recorded(operation, self.once(&permit, taking_back).await).await
    }
}

/// The result of an act. An account without the right to do it alone, which may ask for it, is told so.
fn or_asked_for<T>(permit: &Permit, done: Result<T, EngineError>) -> Result<T, EngineError> {
    match done {
        Err(EngineError::Refused(Refusal::NoRight { operation })) if permit.asks(operation).is_ok() => {
            Err(AccountRefusal::SecondPersonNeeded { operation }.into())
        }
        done => done,
    }
}

fn forbidden_event(operation: Operation) -> Event {
    Event::new("act.forbidden", format!("operation {}", operation.as_str()))
}
