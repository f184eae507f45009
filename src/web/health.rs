//! What those who watch over the process may ask without an account.

use std::time::Duration;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::engine::{Engine, readiness::Readiness};

/// The longest time that a database takes to be one that can be used.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// The process runs and answers.
pub(super) async fn alive() -> Json<serde_json::Value> {
    Json(json!({ "alive": true }))
}

/// Whether the process can do its work; status 503 if it cannot.
pub(super) async fn ready(engine: &Engine) -> Response {
    let readiness = tokio::select! {
        readiness = Readiness::of(engine) => readiness,
        () = engine.clock.sleep(ANSWERS_WITHIN) => Readiness::default(),
    };
    let status = if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let Readiness { database, lease, clock } = readiness;
    let body = json!({ "ready": readiness.is_ready(), "database": database, "lease": lease, "clock": clock });
    (status, Json(body)).into_response()
}
