//! The English text of everything that the program says about failures: what failed, on which thing, what was expected
//! against what was found, and what to do next. No layer below names a command.

mod blocked;
mod check;
mod message;
mod need;
mod operation;
mod printer;
mod reason;
mod refusal;
mod report;
mod store;

pub use self::{
    blocked::blocked,
    check::remedy,
    message::Message,
    need::need,
    operation::operation,
    printer::resumes,
    reason::{reason, word_reason},
    refusal::refusal,
    report::{engine, report},
};
