//! Why no driver can be made for a printer.

use std::path::PathBuf;

use crate::address::UriError;

/// Why no driver can be made for a printer. Nothing was sent.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SetupError {
    /// The printer's URI is invalid.
    #[error(transparent)]
    Uri(#[from] UriError),
    /// An option is invalid.
    #[error("`{key}` {what}")]
    Option {
        /// The option's key.
        key: &'static str,
        /// What is wrong, and what to do.
        what: String,
    },
    /// A file that an option names cannot be used.
    #[error("`{key}`: the file `{}` {what}", path.display())]
    File {
        /// The option's key.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        what: String,
    },
}
