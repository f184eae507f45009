//! Accounts, their sessions, their API tokens and their users of the operating system. The password of an account is stored as its argon2id hash, a session or a token as
//! the SHA-256 of its secret.

mod accounts;
mod os_users;
mod sessions;
mod tokens;

#[cfg(test)]
pub(super) use self::os_users::ACCOUNT_OF_OS_USER;
pub use self::{
    accounts::AccountLine,
    sessions::{OpenSession, SessionLine},
    tokens::{NewToken, TokenLine, UsedToken},
};
#[cfg(test)]
pub(super) use self::{
    sessions::{SESSION_BY_TOKEN, SESSIONS_BY_TOKENS},
    tokens::TOKEN_BY_SECRET,
};
