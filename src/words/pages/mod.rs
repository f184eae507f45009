//! What the pages of the console say, in both languages. No text names a command but the one without which no page can go on.
//!
//! A text that is missing in a language, or that no page uses, does not compile.

mod act;
mod answer;
mod audit;
mod board;
mod code;
mod count;
mod desk;
mod district;
mod event;
mod field;
mod frame;
mod help;
mod import;
mod kind;
mod lists;
mod need;
mod plan;
mod printer;
mod probe;
mod reason;
mod source;
mod standing;
mod text;
mod time;

pub(crate) use self::{
    act::{ActText, act, chips, confirmed},
    answer::answer_field,
    code::{
        actor, breaker, card_verdict, chain, chain_fault, ledger_account, pause_scope, printer_reason, printer_state,
        stock_account, subject,
    },
    event::{event, event_reason, stored_reason},
    field::{choice, field, field_of, field_place, value_in_words},
    kind::kind,
    need::{Place, need},
    plan::{activity, halt, preparation},
    printer::task,
    source::source_fault,
    standing::standing,
    text::Text,
    time::{day_and_time, number, time_of_day, times_of},
};

/// Titles and labels, by page.
pub(crate) mod texts {
    pub(crate) use super::{
        audit::*, board::*, count::*, desk::*, district::*, frame::*, help::*, import::*, lists::*, plan::*, probe::*,
        source::*,
    };
}
