//! Accounts of people: who may sign in and confirm, how long a session lasts, what an API token may do.

mod delays;
mod password;
mod rules;
mod scopes;

pub use self::{
    delays::{Busy, SignInDelays},
    password::{Password, PasswordFault, Secret, one_time_text},
    rules::{
        Account, CONFIRMS_AFTER_RESET, FIRST_CODE_VALID, ONE_TIME_VALID, SESSIONS_MAX, SessionTimes, SignIn,
        confirms_from,
    },
    scopes::{Scopes, scope},
};
