//! Each text in the language of the person who reads it.

use super::{
    Language, en,
    fault::{Fault, ValueRule},
    id,
};
use crate::{
    domain::{
        actor::Role,
        import::Warning,
        objection::Objection,
        pending::PendingState,
        permission::Operation,
        reason::Reason,
        refusal::Refusal,
        states::{AttemptState, BatchState, CountState, JobState, RecordState},
    },
    engine::operations::Caution,
};

/// Declares a method for each text. A text that one language lacks does not compile.
macro_rules! texts {
    ($($(#[$doc:meta])+ $name:ident($($argument:ident: $type:ty),*) -> $text:ty;)+) => {
        impl Language {
            $(
                $(#[$doc])+
                pub fn $name(self, $($argument: $type),*) -> $text {
                    match self {
                        Self::English => en::$name($($argument),*),
                        Self::Indonesian => id::$name($($argument),*),
                    }
                }
            )+
        }
    };
}

texts! {
    /// What the server itself objects to.
    fault(fault: Fault) -> &'static str;
    /// The rule that a value of a request breaks, after the name of its field.
    value_rule(rule: ValueRule) -> String;
    /// What a status of HTTP means.
    title(status: u16) -> &'static str;
    /// A reason that is stored in a row, or with which a row of a list is refused.
    reason(reason: &Reason) -> String;
    /// What is odd about an imported row.
    warning(warning: Warning) -> &'static str;
    /// Why a printer must not be used.
    objection(objection: &Objection) -> String;
    /// What a state reason says of a printer, an IPP keyword with or without its suffix; none for an unknown one.
    printer_condition(reason: &str) -> Option<&'static str>;
    /// What a printer cannot guarantee.
    caution(caution: Caution) -> &'static str;
    /// An operation of the permission table; its stable name if it has no other.
    operation(operation: Operation) -> &'static str;
    /// A role.
    role(role: Role) -> &'static str;
    /// The state of a record.
    record_state(state: RecordState) -> &'static str;
    /// The state of a job.
    job_state(state: JobState) -> &'static str;
    /// The state of an attempt.
    attempt_state(state: AttemptState) -> &'static str;
    /// The state of a batch.
    batch_state(state: BatchState) -> &'static str;
    /// What a count of blanks waits for, or how it ended.
    count_state(state: CountState) -> &'static str;
    /// The state of an act that was asked for.
    pending_state(state: PendingState) -> &'static str;
    /// A quantity.
    thousands(quantity: i64) -> String;
}

impl Language {
    /// What a refusal says, without a hint: hints name commands, which stand on the command line only.
    pub fn refusal(self, refusal: &Refusal) -> String {
        match self {
            Self::English => en::refusal(refusal).text,
            Self::Indonesian => id::refusal(refusal),
        }
    }
}
