//! The English texts.

mod account;
mod act;
mod blocked;
mod card;
mod check;
mod count;
mod duplicate;
mod fault;
mod file;
mod filter;
mod found;
mod history;
mod import;
mod instance;
mod lost_time;
mod need;
mod number;
mod objection;
mod operation;
mod person_keys;
mod place;
mod printer;
mod printer_limit;
mod printer_use;
mod reason;
mod record_rule;
mod refusal;
mod report;
mod simulation;
mod source;
mod standing;
mod state;
mod store;

use super::{digits, message, time};

pub use self::{
    blocked::{blocked, blocked_by},
    card::card_objection,
    check::remedy,
    count::count_state,
    duplicate::{OtherRequest, is_duplicate, next_step, request_beside, with_others},
    fault::{fault, title, value_rule},
    found::{CounterAnswer, counter_answer},
    history::history_rows,
    import::{RowFault, further_faults, import_deed, refused_row, row_faults, row_place, shape, undo_fate, warning},
    lost_time::{halt, lost_time},
    need::need,
    number::thousands,
    objection::{caution, objection, resolution},
    operation::{act_kind, act_on_blanks, operation},
    place::{class, place_cause, place_rows},
    printer::{blank_inside, cleared, printer_condition, resumes, task},
    printer_limit::left,
    reason::{different_notes, left_out, quote, reason, with_note, word_reason},
    refusal::refusal,
    report::{engine, report},
    simulation::{activity, activity_at_end, preparation},
    source::{refused_list, source_fault, source_remedy, source_standing},
    standing::standing,
    state::{attempt_state, batch_state, job_state, pending_state, record_state, role},
    store::{open_key_file, open_tls_key, outage_hint},
};
