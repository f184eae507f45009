//! The user of the operating system at the other end of the socket, as the kernel tells it.

use std::{
    future::{Ready, ready},
    io,
    sync::Arc,
};

use axum::{Extension, http::request::Parts, middleware::AddExtension};
use axum_server::accept::Accept;
use tokio::net::UnixStream;
use tower_layer::Layer;

/// The user whose process opened the connection of a request.
#[derive(Clone, Debug)]
pub(super) struct OsUser(Arc<str>);

impl OsUser {
    /// The user of a request; `None` if it came over the network.
    pub(super) fn of(parts: &Parts) -> Option<&Self> {
        parts.extensions.get()
    }

    /// The name, or `uid 1000` for a user without one.
    pub(super) fn name(&self) -> &str {
        &self.0
    }
}

/// Adds the user to each request of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct WithOsUser {
    name_of: fn(u32) -> String,
}

impl WithOsUser {
    /// With the names of user ids.
    pub(super) fn named_by(name_of: fn(u32) -> String) -> Self {
        Self { name_of }
    }
}

impl<S> Accept<UnixStream, S> for WithOsUser {
    type Stream = UnixStream;
    type Service = AddExtension<S, OsUser>;
    type Future = Ready<io::Result<(UnixStream, Self::Service)>>;

    fn accept(&self, stream: UnixStream, service: S) -> Self::Future {
        let user = stream.peer_cred().map(|peer| OsUser((self.name_of)(peer.uid()).into()));
        ready(user.map(|user| (stream, Extension(user).layer(service))))
    }
}
