//! Accounts: signing in, sessions, API tokens, and the first administrator. What a person changes about accounts is an act
//! ([`operations`](super::operations)); what is here proves who acts.

mod confirm;
mod first;
mod of_account;
mod os_user;
mod password;
mod secret_hash;
mod session;
mod token;

pub use self::{
    confirm::confirm_with_password,
    first::{first_administrator, issue_first_code},
    of_account::roles_not_held,
    os_user::{actor_of_os_user, map_os_user, unmap_os_user},
    password::{actor_of_password, choose_password},
    session::{
        SessionActor, SessionToken, SignedIn, actor_of_session, actor_of_unused_session, actors_of_unused_sessions,
        sign_in, sign_out,
    },
    token::actor_of_token,
};
pub(super) use self::{
    of_account::{end_proofs, event},
    password::new_hash,
    secret_hash::{TOKEN_PREFIX, new_secret, sha256},
};
