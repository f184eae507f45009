//! What the program says to people: of failures what failed, on which thing, what was expected against what was found, and
//! what to do next. No layer below names a command.
//!
//! `en` and `id` have the same texts, in English and Indonesian, under the same names. [`Language`] chooses by what a person
//! prefers; the command line speaks English, and so its texts have hints that name commands.

mod digits;
pub mod en;
mod fault;
pub mod id;
mod language;
mod message;
pub(crate) mod pages;
#[cfg(test)]
mod parity_tests;
mod texts;
mod time;

// The command line speaks English.
pub use self::{
    en::*,
    fault::{Fault, ValueRule},
    language::Language,
    message::Message,
    time::{local, local_times},
};
