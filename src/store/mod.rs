//! Where everything is kept: the only module that knows SQL.
//!
//! * A write goes through [`Tx`], one database transaction, of which there is one at a time on either database; what it
//!   does is written down in the audit chain of its writer in the same transaction.
//! * A guard stands in the `WHERE` of the write, or in a read of the same transaction. A guard that matches no row is
//!   [`StoreError::Conflict`].
//! * Many rows go in one statement: what costs is the number of statements and commits, not of rows.
//! * Methods are named noun first.
//!
//! Deliberately absent: the clock (`now` is a parameter), decisions (`domain`), printers.

mod attempt;
mod audit;
mod backend;
mod batch;
#[cfg(test)]
mod board_tests;
mod change_listener;
mod counter;
mod counter_deltas;
mod database;
mod error;
mod fence;
pub mod keys;
mod maintenance;
mod node;
mod photo;
mod print_step;
mod printer;
mod record;
mod report;
mod rows;
mod stock;
mod transition;
mod tx;
mod warrant;

pub use self::{
    attempt::{Acknowledgement, Begin, Begun, OpenAttempt},
    audit::{AuditRow, ChainFault, ChainHead},
    backend::Location,
    batch::{NewBatch, QueuedJob},
    change_listener::ChangeListener,
    counter::RecordCount,
    database::Store,
    error::StoreError,
    fence::Fence,
    maintenance::{Check, Fault, Moved, Remedy, Transferred},
    node::{Candidate, Node},
    photo::NewPhoto,
    record::{NewRecord, StoredBody, StoredRow},
    report::{AttemptLine, BatchLine, JobLine, JobScope, OldestWaiting, RecordLine, UncertainLine},
    stock::{BalanceLine, Lot, MovementLine},
    tx::{Tx, Writer},
    warrant::WarrantLine,
};
use self::{
    backend::{Inner, execute, on},
    error::doing,
    rows::{parse, set, set_of_names},
};
