//! The Indonesian texts: those of `en` that reach the API and its pages, under the same names. The words are those of the offices: a
//! record is `permohonan`, a batch `kelompok cetak`, an attempt `upaya cetak`, a movement of blanks `mutasi`, a hopper `wadah blangko`.
//! Stable names stand in backticks, and texts of printers and of other programs in quotes.

mod account;
mod card;
mod count;
mod fault;
mod file;
mod import;
mod number;
mod objection;
mod operation;
mod person_keys;
mod printer;
mod printer_use;
mod reason;
mod record_rule;
mod refusal;
mod state;
mod thing;

use super::{digits, message};

pub use self::{
    count::count_state,
    fault::{fault, title, value_rule},
    import::warning,
    number::thousands,
    objection::{caution, objection},
    operation::operation,
    printer::printer_condition,
    reason::reason,
    refusal::refusal,
    state::{attempt_state, batch_state, job_state, pending_state, record_state, role},
};
