//! What a transaction knows of the request that it carries out.

use crate::domain::request_key::RequestKey;

/// The request that a transaction carries out.
#[derive(Debug)]
pub(super) struct Carried {
    pub(super) request: RequestKey,
    /// Of the sealed answer.
    pub(super) nonce: [u8; 24],
    /// JSON.
    pub(super) answer: String,
}
