//! What is refused at a place while it is being counted.

use crate::{
    domain::{
        refusal::CountRefusal,
        stock::{Account, Place},
    },
    engine::EngineError,
    store::Tx,
};

/// Refuses that a person moves blanks of a type into a place that is being counted, or out of it, as by an inspection that finds a blank
/// again. What is printed meanwhile is in the book with which the count is compared.
pub(super) async fn refuse_counted(tx: &mut Tx, blank_type: &str, accounts: &[&Account]) -> Result<(), EngineError> {
    let mut open = tx.stock_counts_open().await?.into_iter();
    match open.find(|open| open.blank_type == blank_type && accounts.contains(&&open.place.free())) {
        Some(open) => {
            Err(CountRefusal::PlaceCounted { count: open.id, blank_type: open.blank_type, place: open.place }.into())
        }
        None => Ok(()),
    }
}

/// Refuses what would let a printer print, or change what its hopper is, while the hopper is being counted.
pub(super) async fn refuse_counted_hopper(tx: &mut Tx, printer: &str) -> Result<(), EngineError> {
    let place = Place::Printer(printer.to_owned());
    match tx.stock_counts_open().await?.into_iter().find(|open| open.place == place) {
        Some(open) => Err(CountRefusal::PlaceCounted { count: open.id, blank_type: open.blank_type, place }.into()),
        None => Ok(()),
    }
}
