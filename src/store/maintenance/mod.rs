//! Maintenance: checks, backups, the archive, and the move to PostgreSQL.

pub(super) mod archive;
mod backup;
mod check;
mod proof;
pub(super) mod transfer;

pub use self::{
    archive::Moved,
    check::{Check, Remedy, Violation},
    transfer::Transferred,
};
