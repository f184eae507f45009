//! Blanks: deliveries, hoppers, stocktakes, destruction, loans.

use super::{Engine, EngineError, begin};
use crate::{
    domain::{
        audit::Event,
        card::profile::is_name,
        id::LotId,
        refusal::{Argument, Named, Refusal},
        stock::{Account, Cause, LotQuantity, Movement, Place, draw, serial_count},
        warrant::same_name,
    },
    store::Tx,
};

/// A delivery of blanks.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The blank type.
    pub blank_type: String,
    /// How many.
    pub quantity: i64,
    /// The delivery note.
    pub document: String,
    /// The lot; without it, blanks of all deliveries are one.
    pub lot: Option<String>,
    /// `A..B`, both ends included.
    pub serials: Option<String>,
}

/// The most blanks that one act moves or counts.
const QUANTITY_MAX: i64 = 1_000_000_000;

/// Where lots are not kept, all blanks of a type are in this one.
const NO_LOT: &str = "-";

/// Blanks were delivered: from the supplier into the vault.
pub async fn receive(engine: &Engine, delivery: &Delivery) -> Result<(), EngineError> {
    known_type(engine, &delivery.blank_type)?;
    at_least_one(delivery.quantity)?;
    given(Argument::Document, &delivery.document)?;
    if let Some(serials) = &delivery.serials {
        let count = serial_count(serials).ok_or_else(|| Refusal::SerialRange { serials: serials.clone() })?;
        if count != delivery.quantity {
            let (serials, quantity) = (serials.clone(), delivery.quantity);
            return Err(Refusal::SerialCount { serials, count, quantity }.into());
        }
        if delivery.lot.is_none() {
            return Err(Refusal::SerialsWithoutLot.into());
        }
    }
    let mut tx = begin(engine).await?;
    let lot_name = delivery.lot.as_deref().unwrap_or(NO_LOT);
    if delivery.serials.is_some() && tx.lot_get(&delivery.blank_type, lot_name).await?.is_some() {
        return Err(Refusal::LotExists { lot: lot_name.to_owned() }.into());
    }
    let lot = tx.lot_make(&delivery.blank_type, lot_name, delivery.serials.as_deref()).await?;
    let movement = Movement::new(lot, Account::Supplier, Account::Vault, delivery.quantity, Cause::Received);
    tx.movements_append(&[movement.with_document(&delivery.document)]).await?;
    let mut event = stock_event("blangko.received", &delivery.blank_type, delivery.quantity)
        .with("document", &delivery.document)
        .with("lot", lot_name);
    if let Some(serials) = &delivery.serials {
        event = event.with("serials", serials);
    }
    tx.audit(event);
    Ok(tx.commit().await?)
}

/// From the vault into a printer's counted hopper.
pub async fn load(engine: &Engine, printer: &str, quantity: i64) -> Result<(), EngineError> {
    at_least_one(quantity)?;
    let mut tx = begin(engine).await?;
    let (blank_type, capacity) = hopper(engine, &mut tx, printer).await?;
    let place = Place::Printer(printer.to_owned());
    let there =
        held(&mut tx, &blank_type, &place.free()).await? + held(&mut tx, &blank_type, &place.reserved()).await?;
    if there + quantity > capacity {
        return Err(Refusal::HopperFull { printer: printer.to_owned(), capacity, loaded: there }.into());
    }
    transfer(&mut tx, &blank_type, Account::Vault, &place.free(), quantity, Cause::Loaded, None).await?;
    tx.audit(stock_event("blangko.loaded", &blank_type, quantity).with("printer", printer));
    Ok(tx.commit().await?)
}

/// From a printer's counted hopper back into the vault.
pub async fn unload(engine: &Engine, printer: &str, quantity: i64) -> Result<(), EngineError> {
    at_least_one(quantity)?;
    let mut tx = begin(engine).await?;
    let (blank_type, _) = hopper(engine, &mut tx, printer).await?;
    let from = Place::Printer(printer.to_owned()).free();
    transfer(&mut tx, &blank_type, from, &Account::Vault, quantity, Cause::Unloaded, None).await?;
    tx.audit(stock_event("blangko.unloaded", &blank_type, quantity).with("printer", printer));
    Ok(tx.commit().await?)
}

/// A stocktake's result.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Count {
    /// What the books had: free and reserved blanks there.
    pub booked: i64,
    /// What was counted.
    pub counted: i64,
    /// Counted less booked; booked to or from `missing`.
    pub difference: i64,
}

/// Somebody counted the blanks at a place, reserved ones included. What is short goes to `missing`; what is over comes
/// back from there.
pub async fn count(
    engine: &Engine,
    blank_type: &str,
    printer: Option<&str>,
    counted: i64,
    reason: &str,
) -> Result<Count, EngineError> {
    known_type(engine, blank_type)?;
    if !(0..=QUANTITY_MAX).contains(&counted) {
        return Err(Refusal::Quantity { quantity: counted, least: 0, most: QUANTITY_MAX }.into());
    }
    let mut tx = begin(engine).await?;
    let place = match printer {
        Some(name) => {
            hopper(engine, &mut tx, name).await?;
            Place::Printer(name.to_owned())
        }
        None => Place::Vault,
    };
    let free = held(&mut tx, blank_type, &place.free()).await?;
    let booked = free + held(&mut tx, blank_type, &place.reserved()).await?;
    let difference = counted - booked;
    if difference < 0 {
        if -difference > free {
            return Err(Refusal::CountBelowReserved { short: -difference, free }.into());
        }
        transfer(&mut tx, blank_type, place.free(), &Account::Missing, -difference, Cause::Counted, Some(reason))
            .await?;
    } else if difference > 0 {
        let missing = held(&mut tx, blank_type, &Account::Missing).await?;
        if difference > missing {
            return Err(Refusal::CountAboveMissing { over: difference, missing }.into());
        }
        transfer(&mut tx, blank_type, Account::Missing, &place.free(), difference, Cause::Counted, Some(reason))
            .await?;
    }
    let event = stock_event("blangko.counted", blank_type, counted).with("place", place.free()).with("booked", booked);
    tx.audit(event.with("difference", difference).with("reason", reason));
    tx.commit().await?;
    Ok(Count { booked, counted, difference })
}

/// Blanks or spoiled cards are destroyed, before two people, with a document.
pub async fn destroy(
    engine: &Engine,
    blank_type: &str,
    quantity: i64,
    from_vault: bool,
    document: &str,
    witnesses: [&str; 2],
) -> Result<(), EngineError> {
    known_type(engine, blank_type)?;
    at_least_one(quantity)?;
    given(Argument::Document, document)?;
    given(Argument::Witness, witnesses[0])?;
    given(Argument::Witness, witnesses[1])?;
    if same_name(witnesses[0], witnesses[1]) {
        return Err(Refusal::SameWitness.into());
    }
    let mut tx = begin(engine).await?;
    let from = if from_vault { Account::Vault } else { Account::Spoiled };
    transfer(&mut tx, blank_type, from.clone(), &Account::Destroyed, quantity, Cause::Destroyed, Some(document))
        .await?;
    let event = stock_event("blangko.destroyed", blank_type, quantity).with("from", from).with("document", document);
    tx.audit(event.with("witnesses", witnesses.join(", ")).with("authenticated", false));
    Ok(tx.commit().await?)
}

/// Lent to another office.
pub async fn lend(
    engine: &Engine,
    blank_type: &str,
    quantity: i64,
    to: &str,
    document: &str,
) -> Result<(), EngineError> {
    loan(engine, blank_type, quantity, to, document, true).await
}

/// Given back by another office.
pub async fn take_back(
    engine: &Engine,
    blank_type: &str,
    quantity: i64,
    from: &str,
    document: &str,
) -> Result<(), EngineError> {
    loan(engine, blank_type, quantity, from, document, false).await
}

async fn loan(
    engine: &Engine,
    blank_type: &str,
    quantity: i64,
    other: &str,
    document: &str,
    out: bool,
) -> Result<(), EngineError> {
    known_type(engine, blank_type)?;
    at_least_one(quantity)?;
    given(Argument::Document, document)?;
    if !is_name(other) {
        return Err(Refusal::Name { of: Named::Office, name: other.to_owned() }.into());
    }
    let account = Account::Loan(other.to_owned());
    let (from, to, cause, act) = if out {
        (Account::Vault, account, Cause::Lent, "blangko.lent")
    } else {
        (account, Account::Vault, Cause::Returned, "blangko.returned")
    };
    let mut tx = begin(engine).await?;
    transfer(&mut tx, blank_type, from, &to, quantity, cause, Some(document)).await?;
    tx.audit(stock_event(act, blank_type, quantity).with("office", other).with("document", document));
    Ok(tx.commit().await?)
}

/// Moves blanks between two accounts, oldest lot first.
async fn transfer(
    tx: &mut Tx,
    blank_type: &str,
    from: Account,
    to: &Account,
    quantity: i64,
    cause: Cause,
    document: Option<&str>,
) -> Result<(), EngineError> {
    let lots = tx.account_lots(blank_type, &from).await?;
    let drawn = draw(&lots, quantity).map_err(|available| Refusal::TooFewBlanks {
        blank_type: blank_type.to_owned(),
        account: from.clone(),
        wanted: quantity,
        available,
    })?;
    let movement = |lot: LotQuantity| {
        let movement = Movement::new(lot.lot, from.clone(), to.clone(), lot.quantity, cause);
        document.map_or(movement.clone(), |document| movement.with_document(document))
    };
    Ok(tx.movements_append(&drawn.into_iter().map(movement).collect::<Vec<_>>()).await?)
}

async fn held(tx: &mut Tx, blank_type: &str, account: &Account) -> Result<i64, EngineError> {
    let lots: Vec<LotQuantity> = tx.account_lots(blank_type, account).await?;
    Ok(lots.into_iter().map(|LotQuantity { lot: LotId(_), quantity }| quantity).sum())
}

/// The blank type and the capacity of a printer's counted hopper.
async fn hopper(engine: &Engine, tx: &mut Tx, name: &str) -> Result<(String, i64), EngineError> {
    let Some(printer) = tx.printer_get(name).await? else { return Err(super::printer::no_printer(name).into()) };
    let Some(capacity) = printer.hopper else {
        return Err(Refusal::HopperNotCounted { printer: name.to_owned() }.into());
    };
    Ok((engine.profile(&printer.profile)?.blank_type.clone(), capacity))
}

fn known_type(engine: &Engine, blank_type: &str) -> Result<(), Refusal> {
    let known: std::collections::BTreeSet<&str> = engine.profiles.values().map(|p| p.blank_type.as_str()).collect();
    if known.contains(blank_type) {
        return Ok(());
    }
    let known = known.into_iter().map(str::to_owned).collect();
    Err(Refusal::NoBlankType { blank_type: blank_type.to_owned(), known })
}

fn at_least_one(quantity: i64) -> Result<(), Refusal> {
    if (1..=QUANTITY_MAX).contains(&quantity) {
        Ok(())
    } else {
        Err(Refusal::Quantity { quantity, least: 1, most: QUANTITY_MAX })
    }
}

fn given(what: Argument, value: &str) -> Result<(), Refusal> {
    if value.trim().is_empty() { Err(Refusal::Missing { what }) } else { Ok(()) }
}

fn stock_event(act: &'static str, blank_type: &str, quantity: i64) -> Event {
    Event::new(act, format!("blangko {blank_type}")).with("quantity", quantity)
}
