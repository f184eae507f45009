//! The Indonesian texts: those of `en` that reach the API and its pages, under the same names. The words are those of the offices: a
//! record is `permohonan`, a batch `kelompok cetak`, an attempt `upaya cetak`, a movement of blanks `mutasi`, a hopper `wadah blangko`.
//! Stable names stand in backticks, and texts of printers and of other programs in quotes.

mod account;
mod card;
mod fault;
mod import;
mod instance;
mod need;
mod number;
mod objection;
mod operation;
mod outage;
mod person_keys;
mod printer;
mod printer_use;
mod reason;
mod record_rule;
mod refusal;
mod standing;
mod state;
mod thing;

use super::{digits, message, time};

pub use self::{
    fault::{fault, title, value_rule},
    import::warning,
    need::need,
    number::thousands,
    objection::{caution, objection},
    operation::operation,
    printer::{blank_inside, resumes, task},
    reason::reason,
    refusal::refusal,
    standing::standing,
    state::{attempt_state, batch_state, job_state, pending_state, record_state, role},
};
