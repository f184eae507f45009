//! The database, SQLite or PostgreSQL: the only module that contains SQL.
//!
//! * Every write goes through [`Tx`], one database transaction. There is one write transaction at a time, on both databases.
//!   Its audit events are appended to the chain of its writer in the same transaction.
//! * A guard is part of the `WHERE` of the write, or a read in the same transaction. If a guard matches no row, the error is
//!   [`StoreError::Conflict`].
//! * Many rows are written with one statement, because cost depends on the number of statements and commits, not of rows.
//! * Names of methods start with the noun.
//!
//! Deliberately absent: the clock (`now` is a parameter), decisions (`domain`), printers.

mod account;
mod attempt;
mod attempt_list;
mod audit;
mod audit_time;
mod backend;
mod batch;
#[cfg(test)]
mod board_tests;
mod card_out;
mod carried;
mod change_listener;
mod claim_bound;
mod counter;
mod counter_deltas;
mod database;
mod delivery;
mod error;
mod fence;
mod find;
mod idempotency;
mod import;
mod instance;
mod joint_read;
mod kept_plan;
pub mod keys;
mod lane;
mod latest_attempts;
mod maintenance;
mod movement_list;
mod name_word;
mod new_batch;
mod new_record;
mod night;
mod night_report;
mod node;
mod outage;
mod owner;
mod pending_act;
mod person_rule;
mod photo;
mod pile;
mod place_change;
mod print_step;
mod printer;
mod record;
mod record_event;
mod record_list;
mod report;
mod requests_beside;
mod rows;
mod sealed_rows;
mod sealed_table;
mod source;
mod stock;
mod stock_count;
mod test_card;
mod transition;
mod tx;
mod version;
mod warrant;

pub use self::{
    account::{AccountLine, NewToken, OpenSession, SessionLine, TokenLine, UsedToken},
    attempt::{Acknowledgement, Begin, Begun, OpenAttempt},
    attempt_list::{AttemptFilter, EndedAttemptLine, EndedAttempts},
    audit::{AuditEntry, ChainFault, ChainHead},
    backend::{Location, LockHolder, is_open_database, is_running, lock_holder},
    batch::QueuedJob,
    card_out::{CardOutLine, DistrictLine, Outside, StoredOut},
    change_listener::ChangeListener,
    counter::{RecordCount, Recounted, UsedBlanks, quarter_of},
    database::Store,
    error::StoreError,
    fence::Fence,
    find::BesideLine,
    import::{EarlierBody, ImportCounts, ImportLine, ImportState, ImportedRow, NewImport},
    joint_read::{PlanView, WorkersView},
    lane::LaneBatch,
    maintenance::{Check, Moved, Remedy, Transferred, Violation},
    movement_list::{MovementFilter, Movements},
    name_word::{NamesLeft, word_keys},
    new_batch::NewBatch,
    new_record::NewRecord,
    night::MovedBetween,
    night_report::PrinterEvent,
    node::{Candidate, Node},
    outage::Outage,
    pending_act::{PendingActLine, PendingActRow},
    person_rule::{PersonRule, Rekeyed},
    photo::NewPhoto,
    pile::{PileCounts, PileLine, PlaceInBatch},
    place_change::{JumpLine, KeysOverTime, PlaceChange},
    record::{SealedBody, StoredBody, StoredRow},
    record_list::{Looked, RecordFilter, Walk},
    report::{AttemptLine, BatchLine, JobLine, JobScope, OldestWaiting, RecordLine, UncertainLine},
    source::SourceState,
    stock::{BalanceLine, Lot, MovementLine},
    stock_count::{MadeCountLine, OpenCount, StockCountLine},
    test_card::StoredTestCard,
    tx::{Tx, Writer},
    version::{Expected, Versioned, version},
    warrant::WarrantLine,
};
use self::{
    backend::{Inner, execute, on},
    error::doing,
    rows::{parse, set, set_of_names},
};
