//! Every query under one type, for what arrives as JSON.

use serde::{Deserialize, Serialize};

use super::{
    Engine, EngineError, Query, accounts, archive, attempts, audit, batches, board, check, count_matching, counts,
    duplicates, find, find_name, imports, jobs, jumps, ledger, needs, night, night_report, office, order, outside,
    pending_acts, pile, plan, printers, probe, read_for, records, scan, simulate, sources, stock, warrants,
};
use crate::domain::{actor::Actor, permission::Operation};

macro_rules! any_query {
    ($($module:ident::$name:ident),+ $(,)?) => {
        /// Any query. In JSON `{"query": "show-batch", "batch": 12}`.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(tag = "query", rename_all = "kebab-case")]
        pub enum AnyQuery {
            $(
                #[doc = concat!("[`", stringify!($name), "`](", stringify!($module), "::", stringify!($name), ")")]
                $name($module::$name),
            )+
        }

        impl AnyQuery {
            /// The name of each variant.
            pub const NAMES: &[&str] = &[$(stringify!($name)),+];

            /// The name of the variant.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)+
                }
            }

            /// The operation that it needs the right for.
            pub fn operation(&self) -> Operation {
                match self {
                    $(Self::$name(_) => <$module::$name as Query>::OPERATION,)+
                }
            }

            /// Reads it for an actor. The answer is that of the query, as JSON.
            pub(in crate::engine) async fn read_for(
                self,
                engine: &Engine,
                actor: &Actor,
            ) -> Result<serde_json::Value, EngineError> {
                Ok(match self {
                    $(Self::$name(query) => json(&read_for(query, engine, actor).await?),)+
                })
            }
        }

        $(
            impl From<$module::$name> for AnyQuery {
                fn from(query: $module::$name) -> Self {
                    Self::$name(query)
                }
            }
        )+
    };
}

any_query! {
    board::ShowBoard,
    needs::ListNeeds,
    night::ShowNight,
    night_report::ReportNight,
    office::ShowScenario,
    plan::ShowPlan,
    records::ListRecords,
    records::ShowRecord,
    jumps::ListJumps,
    sources::ListSources,
    simulate::Simulate,
    jumps::ShowPlace,
    order::ReportOrder,
    find::FindRecord,
    find::FindRequest,
    find::FindPerson,
    find_name::FindName,
    count_matching::CountMatching,
    find::ListRecordEvents,
    scan::ScanCard,
    pile::ScanForCheck,
    outside::ListReadyCards,
    outside::ListSentCards,
    outside::ListHandedOverCards,
    outside::ListDistricts,
    outside::ShowProxy,
    duplicates::ListDuplicates,
    duplicates::ShowRequestsBeside,
    jobs::ListJobs,
    jobs::ShowJob,
    batches::ListBatches,
    batches::ShowBatch,
    pile::ShowPile,
    pile::ListPile,
    attempts::ListAttempts,
    attempts::ListUncertain,
    imports::ListImports,
    imports::ShowImport,
    imports::ListImportRecords,
    warrants::ListWarrants,
    pending_acts::ListPendingActs,
    pending_acts::ShowPendingAct,
    printers::ListPrinters,
    printers::ShowPrinter,
    probe::ProbePrinter,
    stock::ShowStock,
    ledger::ListMovements,
    counts::ListCounts,
    counts::ShowCount,
    audit::ListAuditHeads,
    audit::ListAudit,
    audit::VerifyAudit,
    check::CheckDatabase,
    archive::CountArchivable,
    accounts::ListAccounts,
    accounts::ListSessions,
    accounts::ListTokens,
}

fn json(answer: &impl Serialize) -> serde_json::Value {
    // Cannot fail: answers are texts and numbers.
    serde_json::to_value(answer).unwrap_or_default()
}
