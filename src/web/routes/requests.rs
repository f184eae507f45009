//! The addresses of acts for two people: one account asks, beside the address of the act itself, and another decides.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    domain::{account::Password, id::PendingActId, permission::Operation, personal::TypedText, value::Note},
    engine::operations::{
        AddObjectedPrinter, AdoptDatabase, BookCount, ChangeMatching, CorrectHandOver, Destruction, GiveRole,
        LendBlanks, Reprint, ResolveDuplicate, ResolveNothing, RestoreRecord, ReverseDelivery, SetObjectedPrinter,
        TakeBackBlanks, UndoImport, WithdrawRecord,
    },
    web::route::{Call, Proof, Route},
};

/// Confirms what another account asked for: it is done. A person gives a password with it, of the own account or of one who stands
/// beside.
#[derive(Deserialize, JsonSchema)]
struct ConfirmAct {
    /// The act.
    id: PendingActId,
    /// The name of the account that confirms, if it is not that of the session.
    #[serde(default)]
    name: Option<TypedText>,
    /// Its password.
    #[serde(default)]
    password: Option<TypedText>,
}

/// Refuses what another account asked for.
#[derive(Deserialize, JsonSchema)]
struct RefuseAct {
    /// The act.
    id: PendingActId,
    /// Why.
    note: Note,
}

/// Takes back what the same account asked for.
#[derive(Deserialize, JsonSchema)]
struct TakeBackAct {
    /// The act.
    id: PendingActId,
}

impl From<ConfirmAct> for Call {
    fn from(decision: ConfirmAct) -> Self {
        let text = |typed: TypedText| typed.reveal().to_owned();
        let name = decision.name.map(text);
        let proof = decision.password.map(|password| Proof { name, password: Password::typed(text(password)) });
        Self::Confirm(decision.id, proof)
    }
}

impl From<RefuseAct> for Call {
    fn from(decision: RefuseAct) -> Self {
        Self::Refuse(decision.id, decision.note)
    }
}

impl From<TakeBackAct> for Call {
    fn from(decision: TakeBackAct) -> Self {
        Self::TakeBack(decision.id)
    }
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::request::<Reprint>(
            ("Reprint", Operation::ReprintApprove),
            "/records/{source}/{request_id}/reprints/requests",
        ),
        Route::request::<WithdrawRecord>(
            ("WithdrawRecord", Operation::RecordChange),
            "/records/{source}/{request_id}/withdraw/requests",
        ),
        Route::request::<RestoreRecord>(
            ("RestoreRecord", Operation::RecordChange),
            "/records/{source}/{request_id}/restore/requests",
        ),
        Route::request::<ResolveDuplicate>(
            ("ResolveDuplicate", Operation::RecordChange),
            "/records/{source}/{request_id}/resolve-duplicate/requests",
        ),
        Route::request::<ChangeMatching>(
            ("ChangeMatching", Operation::RecordChange),
            "/matching-records/change/requests",
        ),
        Route::request::<UndoImport>(("UndoImport", Operation::ImportUndo), "/imports/{import}/undo/requests").long(),
        Route::request::<CorrectHandOver>(
            ("CorrectHandOver", Operation::HandOverCorrect),
            "/cards/{source}/{request_id}/correct-hand-over/requests",
        ),
        Route::request::<ResolveNothing>(
            ("ResolveNothing", Operation::InspectionNothing),
            "/attempts/{attempt}/nothing-found/requests",
        ),
        Route::request::<BookCount>(("BookCount", Operation::CountBook), "/stock/counts/{count}/booking/requests"),
        Route::request::<Destruction>(("DestroyBlanks", Operation::StockRemove), "/stock/destructions/requests"),
        Route::request::<LendBlanks>(("LendBlanks", Operation::StockRemove), "/stock/loans/requests"),
        Route::request::<TakeBackBlanks>(("TakeBackBlanks", Operation::StockRemove), "/stock/loans/returns/requests"),
        Route::request::<ReverseDelivery>(
            ("ReverseDelivery", Operation::StockRemove),
            "/stock/movements/{movement}/reversal/requests",
        ),
        Route::request::<AddObjectedPrinter>(
            ("AddObjectedPrinter", Operation::PrinterAddObjected),
            "/objected-printers/requests",
        )
        .long(),
        Route::request::<SetObjectedPrinter>(
            ("SetObjectedPrinter", Operation::PrinterAddObjected),
            "/objected-printer-settings/requests",
        )
        .long(),
        Route::request::<AdoptDatabase>(("AdoptDatabase", Operation::DatabaseAdopt), "/database/adoption/requests"),
        Route::request::<GiveRole>(("GiveRole", Operation::RoleGive), "/accounts/{account}/roles/requests"),
        Route::decision::<ConfirmAct>("/acts/{act}/confirmation").long(),
        Route::decision::<RefuseAct>("/acts/{act}/refusal"),
        Route::decision::<TakeBackAct>("/acts/{act}/take-back"),
    ]
}
