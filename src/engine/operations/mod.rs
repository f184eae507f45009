//! Every act of a person. Each is one short transaction, refused whole or done whole, and written down.

mod card;
mod database;
mod inspection;
mod printer;
mod queue;
mod record;
mod reprint;
mod stock;

pub use card::{card_check, card_hand_over, card_preview, card_reject, card_surrender};
pub use database::{Archived, Backup, DatabaseMove, archivable, archive, backup, database_move};
pub use inspection::{FoundByPerson as Found, declare_uncertain, inspect_resolve};
pub use printer::{
    Capabilities, NewPrinter, PrinterStatus, Supply, TestCard, does_not_answer, objections, plain_database, plain_uri,
    printer_add, printer_clear, printer_probe, printer_remove, printer_test,
};
pub use queue::{batch_approve, batch_cancel, pause, resume};
pub use record::{record_hold, record_release};
pub use reprint::{reprint_approve, reprint_refuse, reprint_request};
pub use stock::{Count, Delivery, count, destroy, lend, load, receive, take_back, unload};

use super::{Engine, EngineError};
use crate::{
    domain::{id::RecordId, refusal::Refusal},
    store::Tx,
};

async fn begin(engine: &Engine) -> Result<Tx, EngineError> {
    let mut tx = engine.store.write(&engine.writer, engine.clock.now()).await?;
    tx.announce();
    Ok(tx)
}

/// A record as people name it.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct RecordName {
    /// Who sent it.
    pub source: String,
    /// The office's own key.
    pub request_id: String,
}

/// Finds a record, or says that there is none.
pub async fn find_record(tx: &mut Tx, name: &RecordName) -> Result<RecordId, EngineError> {
    let found = tx.record_find(&name.source, &name.request_id).await?;
    found.ok_or_else(|| no_record(name).into())
}

/// There is no such record.
pub(super) fn no_record(name: &RecordName) -> Refusal {
    Refusal::NoRecord { source: name.source.clone(), request_id: name.request_id.clone() }
}
