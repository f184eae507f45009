//! The way from a surface to the engine: acts go through a client, which asks for the right first.

use std::sync::Arc;

use super::{
    Engine, EngineError,
    operations::{self, Act, AnyAct, TwoPersonAct},
    query::{AnyQuery, Query},
};
use crate::domain::{
    actor::Actor,
    audit::Event,
    id::PendingActId,
    permission::{Operation, Permit, SystemAct, authorize},
    refusal::Refusal,
    value::{Note, Witnesses},
};

/// What a surface needs of the engine.
pub trait Client {
    /// Does an act.
    fn act<A: Act>(&self, act: A) -> impl Future<Output = Result<A::Answer, EngineError>> + Send;

    /// Reads something.
    fn query<Q: Query>(&self, query: Q) -> impl Future<Output = Result<Q::Answer, EngineError>> + Send;

    /// Asks for an act that another person then confirms.
    fn request(&self, act: TwoPersonAct) -> impl Future<Output = Result<PendingActId, EngineError>> + Send;

    /// Does an act for two people who are at the same screen. Only the local administrator can.
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
}

impl Direct {
    /// For the engine's own actor: on the command line, the local administrator.
    pub fn new(engine: &Engine) -> Self {
        Self { actor: engine.writer.actor.clone(), engine: engine.clone() }
    }

    /// A permit for what is neither an act nor a query, as its arguments or its answer are not bounded data. A refusal is
    /// recorded.
    ///
    /// * An import, and its dry run: reads a waiting list of any length from a stream, and photos from a local folder.
    /// * A card's preview: its answer is a picture, in a choice of the renderer's formats, for a local file.
    /// * The move to another database: tells its progress, and holds the lock of the local scheduler.
    pub async fn permit(&self, operation: Operation) -> Result<Permit, EngineError> {
        let forbidden = match authorize(&self.actor, operation) {
            Ok(permit) => return Ok(permit),
            Err(forbidden) => forbidden,
        };
        self.record(forbidden_event(forbidden.operation)).await?;
        Err(Refusal::from(forbidden).into())
    }

    /// Does an act that arrived as JSON.
    pub async fn act_any(&self, act: AnyAct) -> Result<serde_json::Value, EngineError> {
        let operation = act.operation();
        let permit = self.permit(operation).await?;
        self.recorded(operation, act.perform(&self.engine, &permit).await).await
    }

    /// Reads what was asked for in JSON.
    pub async fn query_any(&self, query: AnyQuery) -> Result<serde_json::Value, EngineError> {
        authorize(&self.actor, query.operation()).map_err(Refusal::from)?;
        query.read(&self.engine).await
    }

    /// Writes down that an act was refused: the operation and the actor, without the arguments of the act.
    async fn record(&self, event: Event) -> Result<(), EngineError> {
        let engine = self.engine.acting(&self.engine.writer.chain, (*self.actor).clone());
        let mut tx = engine.write(&Permit::system(SystemAct::RecordRefusal)).await?;
        tx.audit(event);
        Ok(tx.commit().await?)
    }

    /// Returns the result. A refusal because of the person is recorded in the audit first: a missing right, or the attempt
    /// to decide as the second person about an own act, or about another's as if it were an own one.
    async fn recorded<T>(&self, operation: Operation, result: Result<T, EngineError>) -> Result<T, EngineError> {
        let Err(EngineError::Refused(refusal)) = &result else { return result };
        if *refusal == (Refusal::NoRight { operation }) {
            self.record(forbidden_event(operation)).await?;
        } else if let Refusal::SamePerson { act, operation } | Refusal::OtherPerson { act, operation } = refusal {
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
    async fn act<A: Act>(&self, act: A) -> Result<A::Answer, EngineError> {
        let permit = self.permit(A::OPERATION).await?;
        self.recorded(A::OPERATION, act.perform(&self.engine, &permit).await).await
    }

    async fn query<Q: Query>(&self, query: Q) -> Result<Q::Answer, EngineError> {
        authorize(&self.actor, Q::OPERATION).map_err(Refusal::from)?;
        query.read(&self.engine).await
    }

    async fn request(&self, act: TwoPersonAct) -> Result<PendingActId, EngineError> {
        let operation = act.operation();
        let permit = self.permit(operation).await?;
        self.recorded(operation, operations::request(&self.engine, &permit, &act).await).await
    }

    async fn together(&self, act: TwoPersonAct, people: Witnesses) -> Result<(), EngineError> {
        let operation = act.operation();
        let permit = self.permit(operation).await?;
        self.recorded(operation, operations::together(&self.engine, &permit, &act, &people).await).await
    }

    async fn confirm(&self, act: PendingActId) -> Result<(), EngineError> {
        let operation = self.operation_of(act).await?;
        let permit = self.permit(operation).await?;
        self.recorded(operation, operations::confirm(&self.engine, &permit, act).await).await
    }

    async fn refuse(&self, act: PendingActId, note: Note) -> Result<(), EngineError> {
        let operation = self.operation_of(act).await?;
        let permit = self.permit(operation).await?;
        self.recorded(operation, operations::refuse(&self.engine, &permit, act, &note).await).await
    }

    async fn take_back(&self, act: PendingActId) -> Result<(), EngineError> {
        let operation = operations::taken_back_as(self.operation_of(act).await?);
        let permit = self.permit(operation).await?;
        self.recorded(operation, operations::take_back(&self.engine, &permit, act).await).await
    }
}

fn forbidden_event(operation: Operation) -> Event {
    Event::new("act.forbidden", format!("operation {}", operation.as_str()))
}
