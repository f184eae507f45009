//! The addresses of acts.

use axum::http::Method;
use schemars::JsonSchema;

use crate::{
    engine::operations::{
        AcceptClock, Act, AddAccount, AddObjectedPrinter, AddPrinter, AddToken, AdoptDatabase, AnyAct, ApproveBatch,
        ApproveReprint, ArchiveJobs, BackUpDatabase, BookCount, CancelBatch, CancelCount, CheckCard, CheckCards,
        ClearPrinter, CorrectHandOver, DeclareUncertain, DestroyBlanks, DisableAccount, EnableAccount, EndSession,
        EnterCount, GiveRole, HandOverByProxy, HandOverCard, HandOverCards, HoldMatching, HoldRecord, HoldRecords,
        IndexNames, LendBlanks, LoadHopper, OpenCount, Pause, PauseSource, PrioritizeMatching, PutBack, PutFirst,
        PutInClass, ReceiveBlanks, ReceiveCards, RecountCounters, RefuseReprint, RejectCard, RekeyPersons,
        ReleaseMatching, ReleaseRecord, ReleaseRecords, RemovePrinter, RequestReprint, ResetAccount, ResolveDuplicate,
        ResolveFound, ResolveNothing, RestoreRecord, ResumeBatch, ResumePrinter, ResumeQueue, ResumeSource,
        ReverseDelivery, RevokeToken, SayPrinterSupplies, SendCards, SetObjectedPrinter, SetPrinter, SetPrinterLimits,
        SurrenderCard, TakeBackBlanks, TakeRole, TestPrinter, UndoImport, UnloadHopper, WithdrawRecord,
    },
    web::route::Route,
};

fn post<A: Act + Into<AnyAct> + JsonSchema>(path: &'static str) -> Route
where
    A::Answer: JsonSchema,
{
    Route::act::<A>(Method::POST, path)
}

#[expect(clippy::too_many_lines, reason = "one line for each act")]
pub(super) fn routes() -> Vec<Route> {
    vec![
        // Records.
        post::<HoldRecord>("/records/{source}/{request_id}/hold"),
        post::<ReleaseRecord>("/records/{source}/{request_id}/release"),
        post::<PutFirst>("/records/{source}/{request_id}/put-first"),
        post::<PutInClass>("/records/{source}/{request_id}/put-in-class"),
        post::<PutBack>("/records/{source}/{request_id}/put-back"),
        post::<HoldRecords>("/records/hold"),
        post::<ReleaseRecords>("/records/release"),
        post::<HoldMatching>("/matching-records/hold").long(),
        post::<ReleaseMatching>("/matching-records/release").long(),
        post::<PrioritizeMatching>("/matching-records/prioritize").long(),
        post::<WithdrawRecord>("/records/{source}/{request_id}/withdraw"),
        post::<RestoreRecord>("/records/{source}/{request_id}/restore"),
        post::<ResolveDuplicate>("/records/{source}/{request_id}/resolve-duplicate"),
        post::<UndoImport>("/imports/{import}/undo").long(),
        post::<RequestReprint>("/records/{source}/{request_id}/reprints"),
        // Cards.
        post::<CheckCards>("/cards/check"),
        post::<CheckCard>("/cards/{source}/{request_id}/check"),
        post::<RejectCard>("/cards/{source}/{request_id}/reject"),
        post::<HandOverCard>("/cards/{source}/{request_id}/hand-over"),
        post::<HandOverByProxy>("/cards/{source}/{request_id}/hand-over-by-proxy"),
        post::<HandOverCards>("/cards/hand-over"),
        post::<SendCards>("/cards/send"),
        post::<ReceiveCards>("/cards/receive"),
        post::<SurrenderCard>("/cards/{source}/{request_id}/surrender"),
        post::<CorrectHandOver>("/cards/{source}/{request_id}/correct-hand-over"),
        // Reprint warrants.
        post::<ApproveReprint>("/warrants/{warrant}/approval"),
        post::<RefuseReprint>("/warrants/{warrant}/refusal"),
        // Pauses and batches.
        post::<Pause>("/pauses"),
        post::<ResumeQueue>("/queue/resume"),
        post::<ResumePrinter>("/printers/{printer}/resume"),
        post::<PauseSource>("/sources/{source_name}/pause"),
        post::<ResumeSource>("/sources/{source_name}/resume"),
        post::<ResumeBatch>("/batches/{batch}/resume"),
        post::<ApproveBatch>("/batches/{batch}/approve"),
        post::<CancelBatch>("/batches/{batch}/cancel"),
        // Attempts.
        post::<ResolveFound>("/attempts/{attempt}/resolution").long(),
        post::<ResolveNothing>("/attempts/{attempt}/nothing-found").long(),
        post::<DeclareUncertain>("/attempts/{attempt}/declare-uncertain").long(),
        // Blanks.
        post::<ReceiveBlanks>("/stock/deliveries"),
        post::<ReverseDelivery>("/stock/movements/{movement}/reversal"),
        post::<LoadHopper>("/printers/{printer}/hopper/load"),
        post::<UnloadHopper>("/printers/{printer}/hopper/unload"),
        post::<OpenCount>("/stock/counts"),
        post::<EnterCount>("/stock/counts/{count}/entry"),
        post::<BookCount>("/stock/counts/{count}/booking"),
        post::<CancelCount>("/stock/counts/{count}/cancel"),
        post::<DestroyBlanks>("/stock/destructions"),
        post::<LendBlanks>("/stock/loans"),
        post::<TakeBackBlanks>("/stock/loans/returns"),
        // Printers.
        post::<AddPrinter>("/printers").long(),
        post::<AddObjectedPrinter>("/objected-printers").long(),
        post::<SetObjectedPrinter>("/objected-printer-settings").long(),
        Route::act::<SetPrinter>(Method::PATCH, "/printers/{printer}").long(),
        Route::act::<RemovePrinter>(Method::DELETE, "/printers/{printer}"),
        post::<SetPrinterLimits>("/printers/{printer}/limits"),
        post::<SayPrinterSupplies>("/printers/{printer}/supplies"),
        post::<ClearPrinter>("/printers/{printer}/clear"),
        post::<TestPrinter>("/printers/{printer}/test").long(),
        // Accounts.
        post::<AddAccount>("/accounts"),
        post::<ResetAccount>("/accounts/{account}/reset"),
        post::<DisableAccount>("/accounts/{account}/disable"),
        post::<EnableAccount>("/accounts/{account}/enable"),
        post::<GiveRole>("/accounts/{account}/roles"),
        post::<TakeRole>("/accounts/{account}/roles/take"),
        Route::act::<EndSession>(Method::DELETE, "/sessions/{session}"),
        post::<AddToken>("/tokens"),
        Route::act::<RevokeToken>(Method::DELETE, "/tokens/{token}"),
        // The database.
        post::<ArchiveJobs>("/database/archive").long(),
        post::<BackUpDatabase>("/database/backups").whole(),
        post::<RecountCounters>("/database/recount").long(),
        post::<RekeyPersons>("/database/rekey-persons").long(),
        post::<IndexNames>("/database/index-names").long(),
        post::<AcceptClock>("/database/accept-clock"),
        post::<AdoptDatabase>("/database/adoption").long(),
    ]
}
