//! What the command line, the console and the API read. A query is data, and its answer is data.
//!
//! * [`ShowBoard`] and [`ListNeeds`] cost the same however many records there are: they read counters, open work and the
//!   printers.
//! * Lists come in pages by key ([`PageRequest`], [`Page`]).
//! * Nothing personal is in any answer. What is said to a person is worded where it is shown.

mod attempts;
mod audit;
mod batches;
mod board;
mod jobs;
mod ledger;
mod needs;
mod page;
mod printers;
mod records;
mod stock;
mod warrants;

use std::future::Future;

use serde::{Serialize, de::DeserializeOwned};

pub use self::{
    attempts::ListUncertain,
    audit::{
        AccountFault, AuditEntry, AuditVerification, CheckDatabase, CheckedRule, ListAudit, ListAuditHeads, SealFault,
        VerifyAudit,
    },
    batches::{ListBatches, ShowBatch},
    board::{Board, PauseLine, QueueLine, ShowBoard},
    jobs::{JobsOf, ListJobs, ShowJob},
    ledger::ListMovements,
    needs::{ListNeeds, Need, NeedKind},
    page::{Cursor, Limit, Page, PageRequest},
    printers::{ListPrinters, PrinterLine},
    records::{ListRecords, ShowRecord},
    stock::{ACCOUNTS, ShowStock, Stock, Totals},
    warrants::ListWarrants,
};
use super::{Engine, EngineError};
pub use crate::store::{
    AttemptLine, BalanceLine, BatchLine, ChainHead, JobLine, MovementLine, Node, OldestWaiting, RecordLine, Remedy,
    UncertainLine, Violation, WarrantLine,
};

/// Something to be read. It changes nothing.
pub trait Query: Serialize + DeserializeOwned + Send {
    /// What it answers.
    type Answer: Serialize + DeserializeOwned + Send;

    /// Reads it, in one state of the database.
    fn read(self, engine: &Engine) -> impl Future<Output = Result<Self::Answer, EngineError>> + Send;
}
