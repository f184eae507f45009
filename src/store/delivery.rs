//! Deliveries of blanks, with what was taken back of each.

use super::{StoreError, Tx, doing, execute, on, sealed_table::SealedTable};
use crate::domain::{
    delivery::Delivery,
    id::{LotId, MovementId},
    stock::{Account, Cause},
    time::Timestamp,
};

macro_rules! delivery {
    ($which:literal) => {
        concat!(
            "SELECT m.id, lot.blank_type, m.lot_id, lot.name, lot.serials, m.quantity,
                    CAST(COALESCE((SELECT SUM(r.quantity) FROM movement AS r WHERE r.reverses = m.id), 0) AS BIGINT),
                    COALESCE(m.document, ''), m.at_us, m.cause
             FROM movement AS m JOIN lot ON lot.id = m.lot_id WHERE ",
            $which
        )
    };
}
pub(super) const BY_NUMBER: &str = delivery!("m.id = $1");
pub(super) const BY_DOCUMENT: &str =
    delivery!("m.cause = 'received' AND lot.blank_type = $1 AND lower(m.document) = lower($2) ORDER BY m.id");

pub(super) const LOT_SERIALS: &str = "
    SELECT name, serials FROM lot
    WHERE blank_type = $1 AND serials IS NOT NULL
      AND EXISTS (SELECT 1 FROM balance AS b WHERE b.lot_id = lot.id AND b.account = 'supplier' AND b.quantity <> 0)
    ORDER BY name";

type Row = (i64, String, i64, String, Option<String>, i64, i64, String, i64, String);

fn delivery(row: Row) -> (Delivery, Option<Cause>) {
    let (movement, blank_type, lot, lot_name, serials, quantity, reversed, document, at_us, cause) = row;
    let (movement, lot, at) = (MovementId(movement), LotId(lot), Timestamp(at_us).to_string());
    let delivery = Delivery { movement, blank_type, lot, lot_name, serials, quantity, reversed, document, at };
    (delivery, Cause::from_name(&cause))
}

impl Tx {
    /// A movement, as a delivery, with its cause, which may be another than [`Cause::Received`].
    pub async fn delivery_get(
        &mut self,
        movement: MovementId,
    ) -> Result<Option<(Delivery, Option<Cause>)>, StoreError> {
        let row: Option<Row> = on!(self, c => sqlx::query_as(BY_NUMBER).bind(movement.0).fetch_optional(c))
            .map_err(doing("reading a movement"))?;
        Ok(row.map(delivery))
    }

    /// The deliveries of a blank type under a document, into any lot, oldest first. Capitals make no difference.
    pub async fn deliveries_under(&mut self, blank_type: &str, document: &str) -> Result<Vec<Delivery>, StoreError> {
        let rows: Vec<Row> = on!(self, c => sqlx::query_as(BY_DOCUMENT).bind(blank_type).bind(document).fetch_all(c))
            .map_err(doing("finding a delivery"))?;
        Ok(rows.into_iter().map(|row| delivery(row).0).collect())
    }

    /// Whether a lot has blanks that were delivered. A lot of which every delivery was taken back has none.
    pub async fn lot_is_delivered(&mut self, blank_type: &str, lot: LotId) -> Result<bool, StoreError> {
        let delivered = self.account_lots(blank_type, &Account::Supplier).await?;
        Ok(delivered.iter().any(|delivered| delivered.lot == lot))
    }

    /// Name and serials of each lot of a blank type that has serials and was delivered, in the order of their names. It reads all lots of
    /// the type, by the index of their names: a lot is at least one delivery of the manufacturer, so there are dozens in a year.
    pub async fn lot_serials(&mut self, blank_type: &str) -> Result<Vec<(String, String)>, StoreError> {
        on!(self, c => sqlx::query_as(LOT_SERIALS).bind(blank_type).fetch_all(c))
            .map_err(doing("reading the serials of lots"))
    }

    /// Replaces the serials of a lot without blanks, which is delivered anew.
    pub async fn lot_set_serials(&mut self, lot: LotId, serials: Option<&str>) -> Result<(), StoreError> {
        const SET: &str = "UPDATE lot SET serials = $2 WHERE id = $1";
        execute!(self, sqlx::query(SET).bind(lot.0).bind(serials)).map_err(doing("setting the serials of a lot"))?;
        self.touched(SealedTable::Lot, lot);
        Ok(())
    }
}
