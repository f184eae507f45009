//! Deliveries of blanks: booked, and corrected where one was booked wrongly.

use serde::{Deserialize, Serialize};

use super::{
    act::Act,
    approval::Approval,
    counted_place::refuse_counted,
    stock::{known_type, stock_event},
};
use crate::{
    domain::{
        delivery::{Delivery, refuse_booked, refuse_shared, reverse},
        id::{LotId, MovementId},
        pending::Target,
        permission::{Operation, Permit},
        refusal::Refusal,
        stock::{Account, Cause, Movement, serial_count},
        value::{Counted, Document, LotName, Note, Quantity},
    },
    engine::{Engine, EngineError},
    store::Tx,
};

/// Blanks were delivered: from the supplier into the vault. Refused if a delivery of the blank type is booked under the same
/// document, into this lot or another, or if another lot has some of the serials, unless a person overrides that.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReceiveBlanks {
    /// The blank type.
    pub blank_type: String,
    /// How many.
    pub quantity: Quantity,
    /// The delivery note.
    pub document: Document,
    /// The lot; without it, blanks of all deliveries are one.
    pub lot: Option<LotName>,
    /// `A..B`, both ends included.
    pub serials: Option<String>,
    /// Why it is another delivery than the one that is booked under the same document, or why its serials are in another lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_reason: Option<Note>,
}

/// Where lots are not kept, all blanks of a type are in this one.
const NO_LOT: &str = "-";

impl Act for ReceiveBlanks {
    type Answer = ();
    const OPERATION: Operation = Operation::BlanksReceive;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        permit.covers(Self::OPERATION)?;
        known_type(engine, &self.blank_type)?;
        self.refuse_serials()?;
        let mut tx = engine.write(permit).await?;
        refuse_counted(&mut tx, &self.blank_type, &[&Account::Vault]).await?;
        let (quantity, lot_name) = (self.quantity.get(), self.lot.as_ref().map_or(NO_LOT, LotName::as_str));
        let known = tx.lot_get(&self.blank_type, lot_name).await?;
        if let Some(lot) = &known {
            self.refuse_known(&mut tx, lot.id, lot_name).await?;
        }
        let is_overridden = self.refuse_repeated(&mut tx).await?;
        let lot = match known {
            Some(lot) => lot.id,
            None => tx.lot_make(&self.blank_type, lot_name, self.serials.as_deref()).await?,
        };
        let movement = Movement::new(lot, Account::Supplier, Account::Vault, quantity, Cause::Received);
        tx.movements_append(&[movement.with_document(self.document.as_str())]).await?;
        let mut event = stock_event("blangko.received", &self.blank_type, quantity)
            .with("document", &self.document)
            .with("lot", lot_name);
        if let Some(serials) = &self.serials {
            event = event.with("serials", serials);
        }
        if let Some(why) = self.override_reason.filter(|_| is_overridden) {
            event = event.with("override_reason", why);
        }
        tx.audit(event);
        Ok(tx.commit().await?)
    }
}

impl ReceiveBlanks {
    fn refuse_serials(&self) -> Result<(), Refusal> {
        let Some(serials) = &self.serials else { return Ok(()) };
        let quantity = self.quantity.get();
        let count = serial_count(serials).ok_or_else(|| Refusal::SerialRange { serials: serials.clone() })?;
        if count != quantity {
            return Err(Refusal::SerialCount { serials: serials.clone(), count, quantity });
        }
        if self.lot.is_none() {
            return Err(Refusal::SerialsWithoutLot);
        }
        Ok(())
    }

    /// Refuses serials for a known lot. A lot of which every delivery was taken back is delivered anew.
    async fn refuse_known(&self, tx: &mut Tx, lot: LotId, lot_name: &str) -> Result<(), EngineError> {
        if !tx.lot_is_delivered(&self.blank_type, lot).await? {
            return Ok(tx.lot_set_serials(lot, self.serials.as_deref()).await?);
        }
        if self.serials.is_some() {
            return Err(Refusal::LotExists { lot: lot_name.to_owned() }.into());
        }
        Ok(())
    }

    /// Refuses a delivery that may be booked already, and serials of another lot. Returns whether the override was needed.
    async fn refuse_repeated(&self, tx: &mut Tx) -> Result<bool, EngineError> {
        let booked = tx.deliveries_under(&self.blank_type, self.document.as_str()).await?;
        let shared = match &self.serials {
            Some(serials) => refuse_shared(serials, tx.lot_serials(&self.blank_type).await?),
            None => Ok(()),
        };
        match refuse_booked(booked).and(shared) {
            Ok(()) => Ok(false),
            Err(_) if self.override_reason.is_some() => Ok(true),
            Err(refusal) => Err(refusal.into()),
        }
    }
}

/// A delivery was booked twice, or with another number than was delivered. What was booked too much goes back to the supplier, as
/// far as it is free in the vault; the movement of the delivery stays as it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReverseDelivery {
    /// The delivery.
    pub movement: MovementId,
    /// How many blanks were really delivered; 0 if none were.
    pub delivered: Counted,
    /// Why.
    pub note: Note,
}

impl Act for ReverseDelivery {
    type Answer = ();
    const OPERATION: Operation = Operation::StockRemove;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        self.apply(&mut tx, Approval::Alone).await?;
        Ok(tx.commit().await?)
    }
}

impl ReverseDelivery {
    async fn delivery(&self, tx: &mut Tx) -> Result<Delivery, EngineError> {
        let movement = self.movement;
        match tx.delivery_get(movement).await? {
            Some((delivery, Some(Cause::Received))) => Ok(delivery),
            Some(_) => Err(Refusal::NotADelivery { movement }.into()),
            None => Err(Refusal::NoMovement { movement }.into()),
        }
    }

    /// The delivery. What two people agree on is worth nothing once another reversal has changed what is booked.
    pub(super) async fn target(&self, tx: &mut Tx) -> Result<Target, EngineError> {
        let delivery = self.delivery(tx).await?;
        let name = format!("movement {} of blangko {}", self.movement, delivery.blank_type);
        Ok(Target { name, version: format!("booked {}", delivery.booked()), record: None })
    }

    pub(super) async fn apply(&self, tx: &mut Tx, approval: Approval<'_>) -> Result<(), EngineError> {
        let delivery = self.delivery(tx).await?;
        refuse_counted(tx, &delivery.blank_type, &[&Account::Vault]).await?;
        let vault = tx.account_lots(&delivery.blank_type, &Account::Vault).await?;
        let free = vault.iter().find(|lot| lot.lot == delivery.lot).map_or(0, |lot| lot.quantity);
        let reversal = reverse(&delivery, self.delivered.get(), free)?;
        let event = stock_event("blangko.reversed", &delivery.blank_type, reversal.quantity)
            .with("movement", self.movement)
            .with("booked", delivery.booked())
            .with("delivered", self.delivered.get())
            .with("document", &delivery.document)
            .with("lot", &delivery.lot_name)
            .with("note", &self.note);
        tx.movements_append(&[reversal]).await?;
        tx.audit(approval.mark(event));
        Ok(())
    }
}
