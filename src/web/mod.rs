//! The HTTP server of `serve`: the API for programs, and the checks for those who watch over the process.
//!
//! * `routes` has every address; `input` reads a request into an act or a query; `carry` carries it out through
//!   [`Direct`](crate::engine::client::Direct), which asks for the right first.
//! * `caller` proves who sends a request, by a token or a session; `session` opens and ends sessions.
//! * `body` reads what is sent, `json` so that nothing of it is passed over.
//! * `list` receives waiting lists and imports them, `intake` for programs; `picture` shows photos and previews.
//! * `followed` proves the sessions of all open pages at once.
//! * `openapi` describes every address, and `schema` what is sent and answered, from the tables and the types.
//! * `request_key` reads `Idempotency-Key`, by which a request is carried out once; `entity_tag` has `ETag` and `If-Match`.
//! * `events` sends the events of the audit as they happen.
//! * `metrics` shows what is measured, and the figures of the office, to Prometheus.
//! * `problem` has every answer to what is not carried out (RFC 9457), in the language that `language` finds asked for.
//! * `console` has the pages for people.
//! * `socket` has the Unix socket, `os_user` the user at its other end, and `client` what the command line asks there.
//! * `server` has the listener, TLS, the limits and the orderly end.

mod api;
mod body;
mod caller;
mod carry;
mod client;
mod console;
mod context;
mod entity_tag;
mod error;
mod events;
mod followed;
mod health;
mod http_metrics;
mod idle;
mod input;
mod intake;
mod json;
mod language;
mod limits;
mod list;
mod metrics;
mod openapi;
mod os_user;
mod picture;
mod problem;
mod reasons;
mod request_key;
mod route;
mod routes;
mod schema;
mod server;
mod session;
mod socket;
mod streams;
mod tls;
mod unproved;

pub use self::{context::Settings, error::ServerError, server::Server, socket::SocketSettings, tls::TlsFiles};
