//! Accounts, their sessions and their API tokens. The password of an account is stored as its argon2id hash, a session or a token as
//! the SHA-256 of its secret.

mod accounts;
mod sessions;
mod tokens;

pub use self::{
    accounts::AccountLine,
    sessions::{OpenSession, SessionLine},
    tokens::{NewToken, TokenLine, UsedToken},
};
#[cfg(test)]
pub(super) use self::{sessions::SESSION_BY_TOKEN, tokens::TOKEN_BY_SECRET};
