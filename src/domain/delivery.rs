//! Deliveries of blanks that were booked wrongly: booked twice, or with another number than was delivered.

use serde::{Deserialize, Serialize};

use super::{
    id::{LotId, MovementId},
    refusal::Refusal,
    stock::{Account, Cause, Movement, shared_serials},
};

/// A delivery as it is booked, with what its reversals have taken back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Delivery {
    /// Its movement.
    pub movement: MovementId,
    /// The blank type.
    pub blank_type: String,
    /// The lot.
    pub lot: LotId,
    /// The lot's name.
    pub lot_name: String,
    /// The serials of the lot, if they are known.
    pub serials: Option<String>,
    /// How many blanks were booked.
    pub quantity: i64,
    /// How many of them were taken back.
    pub reversed: i64,
    /// The delivery note.
    pub document: String,
    /// When it was booked, RFC 3339.
    pub at: String,
}

impl Delivery {
    /// The number that the books say was delivered.
    pub fn booked(&self) -> i64 {
        self.quantity - self.reversed
    }
}

/// Takes back what was booked beyond `delivered`, the number that was really delivered. `free` is the number of free blanks of
/// the lot in the vault: blanks that are in use cannot be taken back. The numbers of a lot with serials belong to its range, so it
/// is taken back whole.
pub fn reverse(delivery: &Delivery, delivered: i64, free: i64) -> Result<Movement, Refusal> {
    let (movement, booked) = (delivery.movement, delivery.booked());
    if delivered >= booked {
        return Err(Refusal::DeliveryNotTooLarge { movement, booked, delivered });
    }
    if delivered > 0 && delivery.serials.is_some() {
        return Err(Refusal::SerialsReversedWhole { movement });
    }
    let wanted = booked - delivered;
    if wanted > free {
        let (blank_type, lot) = (delivery.blank_type.clone(), delivery.lot_name.clone());
        return Err(Refusal::DeliveryInUse { movement, blank_type, lot, wanted, free });
    }
    let reversal = Movement::new(delivery.lot, Account::Vault, Account::Supplier, wanted, Cause::Reversed);
    Ok(reversal.with_document(&delivery.document).reversing(movement))
}

/// Refuses a delivery whose document stands in the books for its blank type, into whatever lot: it may be booked a second time.
/// `booked` are the deliveries with this document and blank type. One that was taken back whole is as if it had not been booked.
pub fn refuse_booked(booked: Vec<Delivery>) -> Result<(), Refusal> {
    let Some(first) = booked.into_iter().find(|delivery| delivery.booked() > 0) else { return Ok(()) };
    let quantity = first.booked();
    let Delivery { movement, document, lot_name, at, .. } = first;
    Err(Refusal::DeliveryBooked { movement, document, lot: lot_name, quantity, at })
}

/// Refuses serials that belong to another lot, whose name and serials are one of `booked`.
pub fn refuse_shared(serials: &str, booked: Vec<(String, String)>) -> Result<(), Refusal> {
    for (lot, known) in booked {
        if let Some(serials) = shared_serials(serials, &known) {
            return Err(Refusal::SerialsBooked { serials, lot });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery() -> Delivery {
        Delivery {
            movement: MovementId(7),
            blank_type: "student".into(),
            lot: LotId(1),
            lot_name: "-".into(),
            serials: None,
            quantity: 1_000,
            reversed: 0,
            document: "SJ-1".into(),
            at: "2015-08-24T08:00:00Z".into(),
        }
    }

    #[test]
    fn what_was_booked_too_much_goes_back_to_the_supplier_under_the_same_document() {
        let reversal = reverse(&delivery(), 100, 1_000).unwrap();
        assert_eq!((&reversal.from, &reversal.to, reversal.quantity), (&Account::Vault, &Account::Supplier, 900));
        assert_eq!((reversal.document.as_deref(), reversal.reverses), (Some("SJ-1"), Some(MovementId(7))));
        assert_eq!(reverse(&delivery(), 0, 1_000).unwrap().quantity, 1_000);
        let reversed = Delivery { reversed: 900, ..delivery() };
        assert_eq!(reverse(&reversed, 90, 100).unwrap().quantity, 10);
    }

    #[test]
    fn no_more_is_taken_back_than_is_booked_and_free() {
        let reversed = Delivery { reversed: 1_000, ..delivery() };
        let too_many = Refusal::DeliveryNotTooLarge { movement: MovementId(7), booked: 0, delivered: 0 };
        assert_eq!(reverse(&reversed, 0, 1_000), Err(too_many));
        assert!(reverse(&delivery(), 1_000, 1_000).is_err());
        let in_use = reverse(&delivery(), 100, 899).unwrap_err();
        assert!(matches!(in_use, Refusal::DeliveryInUse { wanted: 900, free: 899, .. }), "{in_use:?}");
    }

    #[test]
    fn a_lot_with_serials_is_taken_back_whole() {
        let serials = Delivery { serials: Some("A1..A1000".into()), ..delivery() };
        assert_eq!(reverse(&serials, 1, 1_000), Err(Refusal::SerialsReversedWhole { movement: MovementId(7) }));
        assert_eq!(reverse(&serials, 0, 1_000).unwrap().quantity, 1_000);
    }

    #[test]
    fn a_delivery_is_booked_again_only_if_the_first_was_taken_back_whole() {
        assert_eq!(refuse_booked(Vec::new()), Ok(()));
        let gone = Delivery { reversed: 1_000, ..delivery() };
        assert_eq!(refuse_booked(vec![gone.clone()]), Ok(()));
        let part = Delivery { reversed: 900, movement: MovementId(8), ..delivery() };
        let twice = refuse_booked(vec![gone, part]).unwrap_err();
        assert!(matches!(twice, Refusal::DeliveryBooked { movement: MovementId(8), quantity: 100, .. }), "{twice:?}");
    }
}
