//! The names of states and roles.

use crate::domain::{
    actor::Role,
    pending::PendingState,
    states::{AttemptState, BatchState, JobState, RecordState},
};

/// The state of a record.
pub fn record_state(state: RecordState) -> &'static str {
    match state {
        RecordState::Waiting => "waiting",
        RecordState::Held => "held",
        RecordState::Batched => "in a batch",
        RecordState::Printed => "printed",
        RecordState::HandedOver => "handed over",
        RecordState::Quarantined => "quarantined",
        RecordState::Uncertain => "uncertain",
        RecordState::Withdrawn => "withdrawn",
    }
}

/// The state of a job.
pub fn job_state(state: JobState) -> &'static str {
    match state {
        JobState::Queued => "queued",
        JobState::Printing => "printing",
        JobState::Printed => "printed",
        JobState::Uncertain => "uncertain",
        JobState::Quarantined => "quarantined",
        JobState::Returned => "returned",
        JobState::Withdrawn => "withdrawn",
    }
}

/// The state of an attempt.
pub fn attempt_state(state: AttemptState) -> &'static str {
    match state {
        AttemptState::Intent => "begun",
        AttemptState::Releasing => "released",
        AttemptState::Printed => "printed",
        AttemptState::NotStarted => "not started",
        AttemptState::Spoiled => "spoiled",
        AttemptState::Uncertain => "uncertain",
    }
}

/// The state of a batch.
pub fn batch_state(state: BatchState) -> &'static str {
    match state {
        BatchState::Planned => "planned",
        BatchState::Running => "running",
        BatchState::Closing => "closing",
        BatchState::Closed => "closed",
    }
}

/// The state of an act that was asked for.
pub fn pending_state(state: PendingState) -> &'static str {
    match state {
        PendingState::Pending => "pending",
        PendingState::Confirmed => "confirmed",
        PendingState::Refused => "refused",
        PendingState::TakenBack => "taken back",
        PendingState::Expired => "expired",
        PendingState::Conflict => "target changed",
    }
}

/// A role.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Operator => "operator",
        Role::StockKeeper => "stock-keeper",
        Role::Supervisor => "supervisor",
        Role::Auditor => "auditor",
        Role::Administrator => "administrator",
    }
}
