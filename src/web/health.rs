//! What those who watch over the process may ask without an account.

use std::time::Duration;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::engine::{Engine, readiness::Readiness};

/// The longest time that a database takes to be one that can be used.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// The process runs and answers.
#[derive(Serialize, JsonSchema)]
pub(super) struct Alive {
    /// Always true.
    alive: bool,
}

/// Whether the process can do its work.
#[derive(Serialize, JsonSchema)]
#[expect(
    clippy::struct_excessive_bools,
    clippy::struct_field_names,
    reason = "facts of which each may hold by itself, with the names that are sent"
)]
pub(super) struct Ready {
    /// All of the others.
    ready: bool,
    /// The database can be read.
    database: bool,
    /// This node holds its lease.
    lease: bool,
    /// The clock is not behind the newest audit row.
    clock: bool,
}

/// The process runs and answers.
pub(super) async fn alive() -> Json<Alive> {
    Json(Alive { alive: true })
}

/// Whether the process can do its work; status 503 if it cannot.
pub(super) async fn ready(engine: &Engine) -> Response {
    let readiness = tokio::select! {
        readiness = Readiness::of(engine) => readiness,
        () = engine.clock.sleep(ANSWERS_WITHIN) => Readiness::default(),
    };
    let status = if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let Readiness { database, lease, clock } = readiness;
    (status, Json(Ready { ready: readiness.is_ready(), database, lease, clock })).into_response()
}
