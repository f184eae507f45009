//! Accounts: signing in, sessions, API tokens, and the first administrator. What a person changes about accounts is an act
//! ([`operations`](super::operations)); what is here proves who acts.

mod confirm;
mod first;
mod password;
mod secret_hash;
mod session;
mod token;

pub use self::{
    confirm::confirm_with_password,
    first::{first_administrator, issue_first_code},
    password::{actor_of_password, choose_password},
    session::{SessionActor, SessionToken, SignedIn, actor_of_session, sign_in, sign_out},
    token::actor_of_token,
};
pub(super) use self::{
    password::{event, new_hash},
    secret_hash::{TOKEN_PREFIX, new_secret, sha256},
};
