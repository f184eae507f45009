//! The names of states and roles.

use crate::domain::{
    actor::Role,
    pending::PendingState,
    states::{AttemptState, BatchState, JobState, RecordState},
};

/// The state of a record.
pub fn record_state(state: RecordState) -> &'static str {
    match state {
        RecordState::Waiting => "menunggu",
        RecordState::Held => "ditahan",
        RecordState::Batched => "dalam kelompok cetak",
        RecordState::Printed => "sudah dicetak",
        RecordState::HandedOver => "sudah diserahkan",
        RecordState::Quarantined => "dikarantina",
        RecordState::Uncertain => "tak pasti",
        RecordState::Withdrawn => "ditarik",
    }
}

/// The state of a job.
pub fn job_state(state: JobState) -> &'static str {
    match state {
        JobState::Queued => "dalam antrean",
        JobState::Printing => "sedang dicetak",
        JobState::Printed => "sudah dicetak",
        JobState::Uncertain => "tak pasti",
        JobState::Quarantined => "dikarantina",
        JobState::Returned => "dikembalikan ke daftar tunggu",
        JobState::Withdrawn => "ditarik",
    }
}

/// The state of an attempt.
pub fn attempt_state(state: AttemptState) -> &'static str {
    match state {
        AttemptState::Intent => "dimulai",
        AttemptState::Releasing => "dilepas ke printer",
        AttemptState::Printed => "sudah dicetak",
        AttemptState::NotStarted => "tidak jadi dimulai",
        AttemptState::Spoiled => "rusak",
        AttemptState::Uncertain => "tak pasti",
    }
}

/// The state of a batch.
pub fn batch_state(state: BatchState) -> &'static str {
    match state {
        BatchState::Planned => "direncanakan",
        BatchState::Running => "berjalan",
        BatchState::Closing => "sedang ditutup",
        BatchState::Closed => "ditutup",
    }
}

/// The state of an act that was asked for.
pub fn pending_state(state: PendingState) -> &'static str {
    match state {
        PendingState::Pending => "menunggu orang kedua",
        PendingState::Confirmed => "sudah disahkan",
        PendingState::Refused => "ditolak",
        PendingState::TakenBack => "ditarik kembali",
        PendingState::Expired => "kedaluwarsa",
        PendingState::Conflict => "gugur karena sasarannya berubah",
    }
}

/// A role.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Operator => "operator cetak",
        Role::StockKeeper => "petugas gudang",
        Role::Supervisor => "penyelia",
        Role::Auditor => "auditor",
        Role::Administrator => "administrator",
    }
}
