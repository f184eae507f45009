//! An address of the API: what it is for, and how the arguments are read.

use std::{any::type_name, time::Duration};

use axum::http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    input::{self, Parameter},
    problem::Problem,
    schema,
};
use crate::{
    domain::{account::Password, id::PendingActId, permission::Operation, value::Note},
    engine::{
        operations::{Act, AnyAct, TwoPersonAct},
        query::{AnyQuery, Query},
    },
};

/// The beginning of every path.
pub(super) const BASE: &str = "/api/v1";

/// What a request asks for.
pub(super) enum Call {
    /// An act.
    Act(Box<AnyAct>),
    /// A query.
    Query(Box<AnyQuery>),
    /// An act for two people, which another account then confirms.
    Request(Box<TwoPersonAct>),
    /// The confirmation of what another account asked for. A person proves an account with it.
    Confirm(PendingActId, Option<Proof>),
    /// Its refusal.
    Refuse(PendingActId, Note),
    /// The end of what the same account asked for.
    TakeBack(PendingActId),
}

/// The proof of an account that is given with an act itself.
pub(super) struct Proof {
    /// The account's name; that of the session if there is none.
    pub(super) name: Option<String>,
    /// Its password.
    pub(super) password: Password,
}

/// The answer to the request for an act for two people.
#[derive(Serialize, JsonSchema)]
pub(super) struct AskedAct {
    /// The number of the act.
    pub(super) act: PendingActId,
}

/// What sort of call an address is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sort {
    /// An act.
    Act,
    /// A query.
    Query,
    /// The request for an act for two people.
    Request,
    /// The decision about one that was asked for.
    Decision,
}

/// An address with one method.
pub(super) struct Route {
    /// The method.
    pub(super) method: Method,
    /// The path below [`BASE`].
    pub(super) path: &'static str,
    /// What may stand in the query string.
    pub(super) query: Vec<Parameter>,
    /// The name of the act or the query: `HoldRecord`.
    pub(super) name: &'static str,
    /// What it is for.
    pub(super) sort: Sort,
    /// The line of the permission table; `None` for a decision, whose line is that of the act that is decided.
    pub(super) operation: Option<Operation>,
    /// The time in which a request is answered.
    pub(super) patience: Duration,
    /// Whether it keeps a reading connection of the database for minutes.
    pub(super) reads_whole: bool,
    /// Reads the arguments.
    pub(super) read: fn(&Value) -> Result<Call, Problem>,
    /// The schema of the arguments.
    pub(super) input: Value,
    /// Makes the schema of the answer.
    pub(super) answer: fn(&mut SchemaGenerator) -> Schema,
}

/// The time in which most requests are answered.
pub(super) const USUAL: Duration = Duration::from_secs(30);
/// The time for what reads the whole database, or asks printers.
const LONG: Duration = Duration::from_mins(10);

/// The last step of a type's path.
fn name_of<T>() -> &'static str {
    let path = type_name::<T>();
    path.rsplit_once("::").map_or(path, |(_, name)| name)
}

impl Route {
    /// With arguments `I` and an answer `O`.
    fn new<I: JsonSchema, O: JsonSchema>(
        sort: Sort,
        name: &'static str,
        (method, path): (Method, &'static str),
        read: fn(&Value) -> Result<Call, Problem>,
    ) -> Self {
        let (input, answer) = (schema::input::<I>(), schema::answer::<O>);
        let (query, operation, patience) = (Vec::new(), None, USUAL);
        Self { method, path, query, name, sort, operation, patience, reads_whole: false, read, input, answer }
    }

    /// An act.
    pub(super) fn act<A: Act + Into<AnyAct> + JsonSchema>(method: Method, path: &'static str) -> Self
    where
        A::Answer: JsonSchema,
    {
        let read = |fields: &Value| Ok(Call::Act(Box::new(input::read::<A>(fields)?.into())));
        Self::new::<A, A::Answer>(Sort::Act, name_of::<A>(), (method, path), read).of(A::OPERATION)
    }

    /// A query.
    pub(super) fn query<Q: Query + Into<AnyQuery> + JsonSchema>(method: Method, path: &'static str) -> Self
    where
        Q::Answer: JsonSchema,
    {
        let read = |fields: &Value| Ok(Call::Query(Box::new(input::read::<Q>(fields)?.into())));
        Self::new::<Q, Q::Answer>(Sort::Query, name_of::<Q>(), (method, path), read).of(Q::OPERATION)
    }

    /// The request for an act for two people. `name` is its variant in [`TwoPersonAct`].
    pub(super) fn request<A: DeserializeOwned + Into<TwoPersonAct> + JsonSchema>(
        (name, operation): (&'static str, Operation),
        path: &'static str,
    ) -> Self {
        let read = |fields: &Value| Ok(Call::Request(Box::new(input::read::<A>(fields)?.into())));
        Self::new::<A, AskedAct>(Sort::Request, name, (Method::POST, path), read).of(operation)
    }

    /// A decision about what was asked for.
    pub(super) fn decision<D: DeserializeOwned + Into<Call> + JsonSchema>(path: &'static str) -> Self {
        let read = |fields: &Value| Ok(input::read::<D>(fields)?.into());
        Self::new::<D, ()>(Sort::Decision, name_of::<D>(), (Method::POST, path), read)
    }

    fn of(self, operation: Operation) -> Self {
        Self { operation: Some(operation), ..self }
    }

    /// With these parameters in the query string.
    pub(super) fn with(mut self, query: &[Parameter]) -> Self {
        self.query.extend_from_slice(query);
        self
    }

    /// Which is answered in pages.
    pub(super) fn paged(self) -> Self {
        self.with(&[Parameter::number("after", "/page/after"), Parameter::number("limit", "/page/limit")])
    }

    /// Which reads the whole database, and keeps a reading connection for minutes.
    pub(super) fn whole(self) -> Self {
        Self { reads_whole: true, ..self.long() }
    }

    /// Which may take minutes.
    pub(super) fn long(self) -> Self {
        Self { patience: LONG, ..self }
    }

    /// Whether its arguments may stand in a body.
    pub(super) fn has_body(&self) -> bool {
        self.method != Method::GET
    }
}
