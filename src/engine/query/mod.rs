//! What the command line, the console and the API read. A query is data, and its answer is data.
//!
//! * [`ShowBoard`] and [`ListNeeds`] cost the same however many records there are: they read counters, open work and the
//!   printers.
//! * Lists come in pages by key ([`PageRequest`], [`Page`]).
//! * What must not be seen while blanks are counted is left out in one place ([`Blind`]).
//! * Nothing personal is in any answer, but the last characters of an identifier in that of [`ScanForCheck`]. What is said to a person is worded where it is shown.

mod accounts;
mod any;
mod archive;
mod attempts;
mod audit;
mod batches;
mod blind;
mod board;
mod check;
mod count_matching;
mod counts;
mod cover;
mod duplicates;
mod find;
mod find_name;
mod found;
mod hidden;
mod imports;
mod jobs;
mod jumps;
mod known;
mod ledger;
mod needs;
mod night;
mod night_plan;
mod night_report;
mod office;
mod order;
mod outside;
mod page;
mod pending_acts;
mod pile;
mod plan;
mod planned;
mod printers;
mod probe;
mod records;
mod scan;
mod simulate;
mod sources;
mod stock;
mod warrants;

use std::future::Future;

use serde::{Serialize, de::DeserializeOwned};

pub use self::{
    accounts::{ListAccounts, ListSessions, ListTokens},
    any::AnyQuery,
    archive::CountArchivable,
    attempts::{ListAttempts, ListUncertain},
    audit::{AccountFault, AuditEntry, AuditVerification, ListAudit, ListAuditHeads, SealFault, VerifyAudit},
    batches::{ListBatches, ShowBatch},
    board::{Board, PauseLine, QueueLine, ShowBoard},
    check::{CheckDatabase, CheckedRule},
    count_matching::CountMatching,
    counts::{ListCounts, ShowCount},
    cover::Cover,
    duplicates::{Duplicate, ListDuplicates, ShowRequestsBeside},
    find::{FindPerson, FindRecord, FindRequest, ListRecordEvents},
    find_name::{FindName, FoundName, FoundNames},
    found::{CardFacts, Done, FoundRecord, InHand},
    hidden::{Blind, Hidden, HiddenType},
    imports::{FateCount, ImportRecordLine, ImportShown, ListImportRecords, ListImports, ShowImport},
    jobs::{JobPlace, JobsOf, ListJobs, ShowJob, ShownJob},
    jumps::{ListJumps, RecordPlace, RecordsBefore, RecordsInClass, ShowPlace},
    ledger::ListMovements,
    needs::{FreeBlanks, ListNeeds, Need, NeedKind, NoBlanks, ReservedBlanks, acts_asked_by},
    night::{Night, NightLine, ShowNight},
    night_plan::{
        NightPlan, Obstacle, PlanBand, PlannedClass, PlannedDistrict, PlannedEnd, PlannedLoad, PlannedPrinter,
    },
    night_report::{
        BlanksLeft, Happened, LeftInClass, NightPile, NightReport, PileDistrict, PlanTruth, PrinterTruth, ReportNight,
    },
    office::{OfficeScenario, ShowScenario},
    order::{OrderCursor, OrderEvent, OrderLine, OrderPage, ReportOrder},
    outside::{ListDistricts, ListHandedOverCards, ListReadyCards, ListSentCards, ShowProxy, ShownProxy},
    page::{Cursor, Limit, Page, PageRequest},
    pending_acts::{ListPendingActs, PendingActItem, PendingActView, ShowPendingAct},
    pile::{CardToCheck, ListPile, Pile, ScanForCheck, ShowPile},
    plan::ShowPlan,
    printers::{ListPrinters, PrinterLine, ShowPrinter},
    probe::{PrinterReport, ProbePrinter},
    records::{ListRecords, ShowRecord},
    scan::{CardVerdict, ScanCard, ScannedCard},
    simulate::{
        Difference, InstantBand, Simulate, Simulated, SimulatedOffice, SimulatedPrinter, SimulatedWait, TimeShare,
    },
    sources::{ListSources, SourceLine, SourcePauseLine, SourceStanding},
    stock::{ShowStock, Stock, Totals},
    warrants::ListWarrants,
};
pub(super) use self::{night::nights, plan::OfficeToPlan};
use super::{Engine, EngineError};
use crate::domain::{actor::Actor, permission::Operation};
pub use crate::store::{
    AccountLine, AttemptLine, BalanceLine, BatchLine, BesideLine, CardOutLine, ChainHead, DistrictLine,
    EndedAttemptLine, ImportCounts, ImportLine, ImportState, JobLine, JumpLine, MadeCountLine, MovementLine, Node,
    OldestWaiting, PendingActLine, PileCounts, PileLine, RecordLine, Remedy, SessionLine, StockCountLine, TokenLine,
    UncertainLine, Violation, WarrantLine,
};

/// Something to be read. It changes nothing.
pub trait Query: Serialize + DeserializeOwned + Send + 'static {
    /// What it answers.
    type Answer: Blind + Serialize + DeserializeOwned + Send;
    /// The line of the permission table that it belongs to.
    const OPERATION: Operation;

    /// Reads it, in one state of the database. Surfaces read through [`Client::query`](super::client::Client::query), which
    /// asks for the right first, and hides what a count hides from the reader ([`Blind`]).
    fn read(self, engine: &Engine) -> impl Future<Output = Result<Self::Answer, EngineError>> + Send;
}

/// Reads something for an actor.
pub(super) async fn read_for<Q: Query>(query: Q, engine: &Engine, actor: &Actor) -> Result<Q::Answer, EngineError> {
    let mut answer = query.read(engine).await?;
    // Read after the answer, so that a count that was opened meanwhile hides it.
    let hidden = Hidden::from(engine, actor).await?;
    if !hidden.is_empty() {
        answer.hide(&hidden)?;
    }
    Ok(answer)
}
