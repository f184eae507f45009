//! Blanks: hoppers, destruction, loans.

use serde::{Deserialize, Serialize};

use super::{act::Act, approval::Approval, counted_place::refuse_counted, printer::no_printer};
use crate::{
    domain::{
        audit::Event,
        id::BatchId,
        pending::Target,
        permission::{Operation, Permit},
        refusal::Refusal,
        stock::{Account, Cause, LotQuantity, Movement, Place, allocate},
        value::{Document, OfficeName, PrinterName, Quantity},
    },
    engine::{Engine, EngineError},
    store::Tx,
};

/// From the vault into a printer's counted hopper.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LoadHopper {
    /// The printer.
    pub printer: PrinterName,
    /// How many.
    pub quantity: Quantity,
}

impl Act for LoadHopper {
    type Answer = ();
    const OPERATION: Operation = Operation::HopperLoad;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let (printer, quantity) = (self.printer.as_str(), self.quantity.get());
        let (blank_type, capacity) = hopper(engine, &mut tx, printer).await?;
        let place = Place::Printer(printer.to_owned());
        // Before a number is compared: a refusal would tell it.
        refuse_counted(&mut tx, &blank_type, &[&Account::Vault, &place.free()]).await?;
        let loaded =
            held(&mut tx, &blank_type, &place.free()).await? + held(&mut tx, &blank_type, &place.reserved()).await?;
        if loaded + quantity > capacity {
            return Err(Refusal::HopperFull { printer: printer.to_owned(), capacity, loaded }.into());
        }
        transfer(&mut tx, &blank_type, (Account::Vault, place.free()), quantity, Cause::Loaded, None).await?;
        tx.audit(stock_event("blangko.loaded", &blank_type, quantity).with("printer", printer));
        Ok(tx.commit().await?)
    }
}

/// From a printer's counted hopper back into the vault.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UnloadHopper {
    /// The printer.
    pub printer: PrinterName,
    /// How many.
    pub quantity: Quantity,
}

impl Act for UnloadHopper {
    type Answer = ();
    const OPERATION: Operation = Operation::HopperLoad;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let (printer, quantity) = (self.printer.as_str(), self.quantity.get());
        let (blank_type, _) = hopper(engine, &mut tx, printer).await?;
        let place = Place::Printer(printer.to_owned());
        let from = place.free();
        refuse_counted(&mut tx, &blank_type, &[&Account::Vault, &from]).await?;
        let (free, reserved) =
            (held(&mut tx, &blank_type, &from).await?, held(&mut tx, &blank_type, &place.reserved()).await?);
        if free < quantity && reserved > 0 {
            let open = tx.batch_list(true, i64::MAX, i64::MAX).await?;
            if let Some(batch) = open.iter().find(|batch| batch.printer == printer) {
                let (printer, batch) = (printer.to_owned(), BatchId(batch.id));
                return Err(Refusal::HopperReserved { printer, batch, wanted: quantity, free, reserved }.into());
            }
        }
        transfer(&mut tx, &blank_type, (from, Account::Vault), quantity, Cause::Unloaded, None).await?;
        tx.audit(stock_event("blangko.unloaded", &blank_type, quantity).with("printer", printer));
        Ok(tx.commit().await?)
    }
}

/// What is destroyed. The person who asks and the person who confirms are the witnesses.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Destruction {
    /// The blank type.
    pub blank_type: String,
    /// How many.
    pub quantity: Quantity,
    /// Blanks of the vault instead of spoiled cards.
    pub from_vault: bool,
    /// The record of destruction.
    pub document: Document,
}

impl Destruction {
    pub(super) fn target(&self, engine: &Engine) -> Result<Target, EngineError> {
        stock_target(engine, &self.blank_type)
    }

    pub(super) async fn apply(&self, engine: &Engine, tx: &mut Tx, approval: Approval<'_>) -> Result<(), EngineError> {
        known_type(engine, &self.blank_type)?;
        let (blank_type, quantity, document) = (self.blank_type.as_str(), self.quantity.get(), &self.document);
        let from = if self.from_vault { Account::Vault } else { Account::Spoiled };
        let way = (from.clone(), Account::Destroyed);
        transfer(tx, blank_type, way, quantity, Cause::Destroyed, Some(document.as_str())).await?;
        let mut event = stock_event("blangko.destroyed", blank_type, quantity).with("from", from);
        event = event.with("document", document);
        if let Approval::Confirmed { people: [first, second], .. } = approval {
            event = event.with("witnesses", format!("{first}, {second}"));
        }
        tx.audit(approval.mark(event));
        Ok(())
    }
}

/// Blanks are lent to another office.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LendBlanks {
    /// The blank type.
    pub blank_type: String,
    /// How many.
    pub quantity: Quantity,
    /// The other office.
    pub to: OfficeName,
    /// The document of the loan.
    pub document: Document,
}

impl Act for LendBlanks {
    type Answer = ();
    const OPERATION: Operation = Operation::StockRemove;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        self.apply(engine, &mut tx, Approval::Alone).await?;
        Ok(tx.commit().await?)
    }
}

impl LendBlanks {
    pub(super) fn target(&self, engine: &Engine) -> Result<Target, EngineError> {
        stock_target(engine, &self.blank_type)
    }

    pub(super) async fn apply(&self, engine: &Engine, tx: &mut Tx, approval: Approval<'_>) -> Result<(), EngineError> {
        known_type(engine, &self.blank_type)?;
        let (quantity, document) = (self.quantity.get(), &self.document);
        let way = (Account::Vault, Account::Loan(self.to.to_string()));
        transfer(tx, &self.blank_type, way, quantity, Cause::Lent, Some(document.as_str())).await?;
        let event = stock_event("blangko.lent", &self.blank_type, quantity).with("office", &self.to);
        tx.audit(approval.mark(event.with("document", document)));
        Ok(())
    }
}

/// Another office gives lent blanks back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TakeBackBlanks {
    /// The blank type.
    pub blank_type: String,
    /// How many.
    pub quantity: Quantity,
    /// The other office.
    pub from: OfficeName,
    /// The document of the return.
    pub document: Document,
}

impl Act for TakeBackBlanks {
    type Answer = ();
    const OPERATION: Operation = Operation::StockRemove;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        self.apply(engine, &mut tx, Approval::Alone).await?;
        Ok(tx.commit().await?)
    }
}

impl TakeBackBlanks {
    pub(super) fn target(&self, engine: &Engine) -> Result<Target, EngineError> {
        stock_target(engine, &self.blank_type)
    }

    pub(super) async fn apply(&self, engine: &Engine, tx: &mut Tx, approval: Approval<'_>) -> Result<(), EngineError> {
        known_type(engine, &self.blank_type)?;
        let (quantity, document) = (self.quantity.get(), &self.document);
        let way = (Account::Loan(self.from.to_string()), Account::Vault);
        transfer(tx, &self.blank_type, way, quantity, Cause::Returned, Some(document.as_str())).await?;
        let event = stock_event("blangko.returned", &self.blank_type, quantity).with("office", &self.from);
        tx.audit(approval.mark(event.with("document", document)));
        Ok(())
    }
}

/// What is moved out of stock is guarded by the balance alone: other movements meanwhile do not matter.
fn stock_target(engine: &Engine, blank_type: &str) -> Result<Target, EngineError> {
    known_type(engine, blank_type)?;
    Ok(Target { name: format!("blangko {blank_type}"), version: String::new(), record: None })
}

/// Moves blanks between two accounts, oldest lot first. Only a count moves those of a place that is being counted.
pub(super) async fn transfer(
    tx: &mut Tx,
    blank_type: &str,
    (from, to): (Account, Account),
    quantity: i64,
    cause: Cause,
    document: Option<&str>,
) -> Result<(), EngineError> {
    if cause != Cause::Counted {
        refuse_counted(tx, blank_type, &[&from, &to]).await?;
    }
    let lots = tx.account_lots(blank_type, &from).await?;
    let allocated = allocate(&lots, quantity).map_err(|available| Refusal::TooFewBlanks {
        blank_type: blank_type.to_owned(),
        account: from.clone(),
        wanted: quantity,
        available,
    })?;
    let movement = |lot: LotQuantity| {
        let movement = Movement::new(lot.lot, from.clone(), to.clone(), lot.quantity, cause);
        document.map_or(movement.clone(), |document| movement.with_document(document))
    };
    Ok(tx.movements_append(&allocated.into_iter().map(movement).collect::<Vec<_>>()).await?)
}

pub(super) async fn held(tx: &mut Tx, blank_type: &str, account: &Account) -> Result<i64, EngineError> {
    Ok(tx.account_lots(blank_type, account).await?.iter().map(|lot| lot.quantity).sum())
}

/// The blank type and the capacity of a printer's counted hopper.
pub(super) async fn hopper(engine: &Engine, tx: &mut Tx, name: &str) -> Result<(String, i64), EngineError> {
    let Some(printer) = tx.printer_get(name).await? else { return Err(no_printer(name).into()) };
    let Some(capacity) = printer.hopper else {
        return Err(Refusal::HopperNotCounted { printer: name.to_owned() }.into());
    };
    Ok((engine.profile(&printer.profile)?.blank_type.clone(), capacity))
}

pub(super) fn known_type(engine: &Engine, blank_type: &str) -> Result<(), Refusal> {
    let known: std::collections::BTreeSet<&str> = engine.profiles.values().map(|p| p.blank_type.as_str()).collect();
    if known.contains(blank_type) {
        return Ok(());
    }
    let known = known.into_iter().map(str::to_owned).collect();
    Err(Refusal::NoBlankType { blank_type: blank_type.to_owned(), known })
}

pub(super) fn stock_event(act: &'static str, blank_type: &str, quantity: i64) -> Event {
    Event::new(act, format!("blangko {blank_type}")).with("quantity", quantity)
}
