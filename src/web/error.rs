//! Why the server cannot start.

use std::{io, net::SocketAddr, path::PathBuf};

use crate::words::Message;

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("the server cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The socket cannot be made, or another process listens on it.
    #[error("the server cannot listen on the socket `{}`", .path.display())]
    Socket {
        /// Its path.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A file of the certificate cannot be read, or the two do not belong together.
    #[error("the certificate or its key in `{file}` cannot be used")]
    Certificate {
        /// The file.
        file: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Others may read the key of the certificate.
    #[error("the server does not use its key")]
    Key(#[source] Message),
}
