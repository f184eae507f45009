//! The key of a request that is carried out once, however often it is sent.

use std::time::Duration;

/// How long the answer to a request with a key is kept.
pub const ANSWER_KEPT: Duration = Duration::from_hours(24);

/// The key of a request, and what it asks for, both as keyed digests.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RequestKey {
    /// Of the account and the key that it sent.
    pub key: [u8; 16],
    /// Of what it asks for, without passwords.
    pub request: [u8; 16],
}
