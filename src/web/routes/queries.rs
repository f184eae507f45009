//! The addresses of queries. What may be personal, such as a name or an identifier, stands in a body and never in an address.

use axum::http::Method;
use schemars::JsonSchema;

use crate::{
    engine::query::{
        AnyQuery, CheckDatabase, CountArchivable, CountMatching, FindName, FindPerson, FindRecord, FindRequest,
        ListAccounts, ListAttempts, ListAudit, ListAuditHeads, ListBatches, ListCounts, ListDistricts, ListDuplicates,
        ListHandedOverCards, ListImportRecords, ListImports, ListJobs, ListJumps, ListMovements, ListNeeds,
        ListPendingActs, ListPile, ListPrinters, ListReadyCards, ListRecordEvents, ListRecords, ListSentCards,
        ListSessions, ListSources, ListTokens, ListUncertain, ListWarrants, ProbePrinter, Query, ReportNight,
        ReportOrder, ScanCard, ScanForCheck, ShowBatch, ShowBoard, ShowCount, ShowImport, ShowJob, ShowNight,
        ShowPendingAct, ShowPile, ShowPlace, ShowPlan, ShowPrinter, ShowProxy, ShowRecord, ShowRequestsBeside,
        ShowScenario, ShowStock, Simulate, VerifyAudit,
    },
    web::{input::Parameter, route::Route},
};

const RECORDS: &[Parameter] = &[
    Parameter::text("state", "/state"),
    Parameter::text("source", "/source"),
    Parameter::text("profile", "/profile"),
    Parameter::text("district", "/district"),
    Parameter::text("kind", "/kind"),
    Parameter::number("class", "/class"),
    Parameter::text("reason", "/reason"),
    Parameter::flag("checked", "/checked"),
    Parameter::flag("recalled", "/recalled"),
    Parameter::flag("verified_before_request", "/verified_before_request"),
    Parameter::number("batch", "/batch"),
    Parameter::time("printed_since", "/printed_since"),
    Parameter::time("printed_until", "/printed_until"),
];

const ATTEMPTS: &[Parameter] = &[
    Parameter::text("outcome", "/outcome"),
    Parameter::text("printer", "/printer"),
    Parameter::time("since", "/since"),
    Parameter::time("until", "/until"),
];

const JOBS: &[Parameter] = &[
    Parameter::number("batch", "/of/batch"),
    Parameter::text("source", "/of/record/source"),
    Parameter::text("request_id", "/of/record/request_id"),
    Parameter::text("state", "/state"),
];

const NIGHT: &[Parameter] = &[Parameter::text("night", "/night")];

const PLAN: &[Parameter] =
    &[Parameter::text("night", "/night"), Parameter::time("from", "/from"), Parameter::time("to", "/to")];

const MOVEMENTS: &[Parameter] = &[
    Parameter::text("blank_type", "/blank_type"),
    Parameter::text("lot", "/lot"),
    Parameter::text("account", "/account"),
    Parameter::text("actor", "/actor"),
    Parameter::text("document", "/document"),
    Parameter::time("since", "/since"),
    Parameter::time("until", "/until"),
];

fn get<Q: Query + Into<AnyQuery> + JsonSchema>(path: &'static str) -> Route
where
    Q::Answer: JsonSchema,
{
    Route::query::<Q>(Method::GET, path)
}

/// A query with a body.
fn post<Q: Query + Into<AnyQuery> + JsonSchema>(path: &'static str) -> Route
where
    Q::Answer: JsonSchema,
{
    Route::query::<Q>(Method::POST, path)
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        get::<ShowBoard>("/board"),
        get::<ListNeeds>("/needs"),
        get::<ShowNight>("/night").with(NIGHT),
        get::<ReportNight>("/night/report").with(NIGHT),
        get::<ShowPlan>("/plan").with(PLAN).long(),
        get::<ShowScenario>("/scenario"),
        get::<ListRecords>("/records").with(RECORDS).paged(),
        get::<ShowRecord>("/records/{source}/{request_id}"),
        get::<ShowPlace>("/records/{source}/{request_id}/place"),
        get::<ListJumps>("/jumps").with(&[Parameter::time("since", "/since")]).paged(),
        get::<ReportOrder>("/order").with(&[Parameter::text("day", "/day"), Parameter::text("after", "/after")]),
        get::<FindRecord>("/records/{source}/{request_id}/whereabouts"),
        get::<ListRecordEvents>("/records/{source}/{request_id}/events"),
        get::<ShowRequestsBeside>("/records/{source}/{request_id}/beside"),
        get::<ListDuplicates>("/records/duplicates").paged(),
        get::<FindRequest>("/records/by-number").with(&[Parameter::text("request_id", "/request_id")]),
        post::<FindPerson>("/records/search"),
        post::<FindName>("/records/search-by-name"),
        post::<CountMatching>("/matching-records/count"),
        post::<ScanCard>("/cards/scan"),
        post::<ScanForCheck>("/cards/scan-for-check"),
        get::<ListReadyCards>("/cards/ready").paged(),
        get::<ListSentCards>("/cards/sent")
            .with(&[Parameter::text("district", "/district"), Parameter::flag("overdue", "/overdue")])
            .paged(),
        get::<ListHandedOverCards>("/cards/handed-over").paged(),
        get::<ListDistricts>("/cards/districts"),
        get::<ShowProxy>("/cards/{source}/{request_id}/proxy"),
        post::<Simulate>("/simulations").long(),
        get::<ListSources>("/sources"),
        get::<ListImports>("/imports").paged(),
        get::<ShowImport>("/imports/{import}"),
        get::<ListImportRecords>("/imports/{import}/records").with(&[Parameter::text("fate", "/fate")]).paged(),
        get::<ListJobs>("/jobs").with(JOBS).paged(),
        get::<ShowJob>("/jobs/{job}"),
        get::<ListBatches>("/batches").with(&[Parameter::flag("closed_too", "/closed_too")]).paged(),
        get::<ShowBatch>("/batches/{batch}"),
        get::<ShowPile>("/batches/{batch}/pile"),
        get::<ListPile>("/batches/{batch}/pile/missing").paged(),
        get::<ListAttempts>("/attempts").with(ATTEMPTS).paged(),
        get::<ListUncertain>("/attempts/uncertain").paged(),
        get::<ListWarrants>("/warrants").paged(),
        get::<ListPendingActs>("/acts").with(&[Parameter::flag("decided_too", "/decided_too")]).paged(),
        get::<ShowPendingAct>("/acts/{act}"),
        get::<ListPrinters>("/printers"),
        get::<ShowPrinter>("/printers/{printer}"),
        get::<ProbePrinter>("/printers/{printer}/probe").long(),
        get::<ShowStock>("/stock"),
        get::<ListCounts>("/stock/counts").with(&[Parameter::flag("closed_too", "/closed_too")]).paged(),
        get::<ShowCount>("/stock/counts/{count}"),
        get::<ListMovements>("/stock/movements").with(MOVEMENTS).paged(),
        get::<ListAccounts>("/accounts").paged(),
        get::<ListSessions>("/sessions").paged(),
        get::<ListTokens>("/tokens").paged(),
        get::<ListAuditHeads>("/audit/heads"),
        get::<ListAudit>("/audit/chains/{chain}").paged(),
        post::<VerifyAudit>("/audit/verification").whole(),
        post::<CheckDatabase>("/database/check").whole(),
        get::<CountArchivable>("/database/archivable")
            .with(&[Parameter::number("older_than_days", "/older_than_days")])
            .whole(),
    ]
}
