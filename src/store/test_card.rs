//! Test cards, which are attempts without a record.

use super::{OpenAttempt, StoreError, Tx, doing, execute, on, parse};
use crate::domain::{
    id::{AttemptKey, LotId},
    owner::Owner,
    reason::Reason,
    stock::Place,
    test_card::{TestCard, TestCardChange},
    time::Timestamp,
};

/// A test card with what its printer is asked about, and with its owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredTestCard {
    /// The test card.
    pub card: TestCard,
    /// The attempt, as its printer is asked about it. The key is the row of the test card.
    pub open: OpenAttempt,
    /// When it began.
    pub began_at: Timestamp,
    /// The process that may still send it; `None` if none can any more.
    pub owner: Option<Owner>,
}

type Row = (i64, String, String, i64, String, String, Option<String>, Option<String>, bool, i64, i64, Option<i64>);

/// The columns of [`Row`].
macro_rules! test_card {
    ($condition:literal) => {
        concat!(
            "SELECT id, name, printer, lot_id, place, state, printer_job, printer_run, acknowledged, impressions, began_at_us, owner
             FROM test_card WHERE ",
            $condition
        )
    };
}

impl Tx {
    /// Adds a test card of this writer's process, and reserves its blank.
    pub async fn test_card_add(&mut self, card: &TestCard, impressions: u32) -> Result<(), StoreError> {
        const ADD: &str = "
            INSERT INTO test_card (name, printer, lot_id, place, state, impressions, owner, began_at_us)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let TestCard { name, printer, state, lot, place } = card;
        let (owner, now, impressions) = (self.writer.owner, self.now.0, i64::from(impressions));
        execute!(self, {
            let query = sqlx::query(ADD).bind(name).bind(printer).bind(lot.0).bind(place.as_str());
            query.bind(state.as_str()).bind(impressions).bind(owner).bind(now)
        })
        .map_err(doing("adding a test card"))?;
        self.deltas.test_card(printer, None, *state);
        self.movements_append(&[card.reserved()]).await
    }

    /// Releases a test card before its printer is told to print it, and saves what the printer answered to the upload.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if it is no longer held back: it was settled or declared uncertain meanwhile.
    pub async fn test_card_release(
        &mut self,
        name: &str,
        printer_job: Option<&str>,
        printer_run: Option<&str>,
    ) -> Result<(), StoreError> {
        const RELEASE: &str = "
            UPDATE test_card SET state = 'releasing', printer_job = $2, printer_run = $3
            WHERE name = $1 AND state = 'intent'";
        let released = execute!(self, sqlx::query(RELEASE).bind(name).bind(printer_job).bind(printer_run))
            .map_err(doing("releasing a test card"))?;
        if released == 1 { Ok(()) } else { Err(StoreError::Conflict("the test card")) }
    }

    /// Saves what the printer answered to the release of a test card.
    pub async fn test_card_acknowledge(
        &mut self,
        name: &str,
        printer_job: Option<&str>,
        printer_run: Option<&str>,
    ) -> Result<(), StoreError> {
        const ACKNOWLEDGE: &str = "
            UPDATE test_card SET printer_job = $2, printer_run = $3, acknowledged = true
            WHERE name = $1 AND state = 'releasing'";
        execute!(self, sqlx::query(ACKNOWLEDGE).bind(name).bind(printer_job).bind(printer_run))
            .map_err(doing("saving a printer's answer"))?;
        Ok(())
    }

    /// Saves a change of a test card with the movement of its blank and its event. A process that settles its own test card
    /// will not send it any more.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if it is in another state than the change starts from.
    pub async fn test_card_change(&mut self, change: TestCardChange) -> Result<(), StoreError> {
        const CHANGE: &str = "
            UPDATE test_card
            SET state = $3, reason = $4, note = $5, ended_at_us = COALESCE(ended_at_us, $6),
                owner = CASE WHEN owner = $7 THEN NULL ELSE owner END
            WHERE name = $1 AND state = $2 RETURNING printer";
        let TestCardChange { name, from, to, reason, note, movement, event } = change;
        let (now, own, reason) = (self.now.0, self.writer.owner, reason.as_ref().map(Reason::to_stored));
        let printer: Option<String> = on!(self, c => {
            let query = sqlx::query_scalar(CHANGE).bind(&name).bind(from.as_str()).bind(to.as_str()).bind(&reason);
            query.bind(&note).bind(now).bind(own).fetch_optional(c)
        })
        .map_err(doing("changing a test card"))?;
        let Some(printer) = printer else { return Err(StoreError::Conflict("the test card")) };
        self.deltas.test_card(&printer, Some(from), to);
        self.movements_append(&[movement]).await?;
        self.audit(event);
        Ok(())
    }

    /// Saves that a printer has cancelled an uncertain test card, so that its owner cannot send it any more.
    pub async fn test_card_cancelled(&mut self, name: &str) -> Result<(), StoreError> {
        const CANCELLED: &str = "UPDATE test_card SET owner = NULL WHERE name = $1 AND state = 'uncertain'";
        execute!(self, sqlx::query(CANCELLED).bind(name)).map_err(doing("saving a cancelled test card"))?;
        Ok(())
    }

    /// A test card by name.
    pub async fn test_card_get(&mut self, name: &str) -> Result<Option<StoredTestCard>, StoreError> {
        const GET: &str = test_card!("name = $1");
        let row: Option<Row> =
            on!(self, c => sqlx::query_as(GET).bind(name).fetch_optional(c)).map_err(doing("reading a test card"))?;
        match row {
            Some(row) => Ok(Some(self.test_card(row).await?)),
            None => Ok(None),
        }
    }

    /// All test cards that have not ended, oldest first.
    pub async fn test_cards_open(&mut self) -> Result<Vec<StoredTestCard>, StoreError> {
        const OPEN: &str = test_card!("state IN ('intent', 'releasing') ORDER BY id");
        let rows: Vec<Row> =
            on!(self, c => sqlx::query_as(OPEN).fetch_all(c)).map_err(doing("reading open test cards"))?;
        let mut cards = Vec::with_capacity(rows.len());
        for row in rows {
            cards.push(self.test_card(row).await?);
        }
        Ok(cards)
    }

    /// Of a printer, the number of test cards that have not ended, and of those with an uncertain outcome.
    pub async fn test_cards_unsettled(&mut self, printer: &str) -> Result<(i64, i64), StoreError> {
        const UNSETTLED: &str = "
            SELECT COUNT(*) FILTER (WHERE state <> 'uncertain'), COUNT(*) FILTER (WHERE state = 'uncertain')
            FROM test_card WHERE state IN ('intent', 'releasing', 'uncertain') AND printer = $1";
        on!(self, c => sqlx::query_as(UNSETTLED).bind(printer).fetch_one(c)).map_err(doing("counting test cards"))
    }

    /// The number of test cards with an uncertain outcome.
    pub async fn test_cards_uncertain_count(&mut self) -> Result<i64, StoreError> {
        const COUNT: &str = "SELECT COUNT(*) FROM test_card WHERE state = 'uncertain'";
        on!(self, c => sqlx::query_scalar(COUNT).fetch_one(c)).map_err(doing("counting test cards"))
    }

    async fn test_card(&mut self, row: Row) -> Result<StoredTestCard, StoreError> {
        let (id, name, printer, lot, place, state, printer_job, printer_run, acknowledged, impressions, began, owner) =
            row;
        let owner = match owner {
            Some(owner) => Some(self.owner_get(owner).await?),
            None => None,
        };
        let key = AttemptKey(id);
        let card = TestCard {
            name: name.clone(),
            printer,
            state: parse("test_card", id, &state)?,
            lot: LotId(lot),
            place: Place::from_stored(&place),
        };
        let (releasing, impressions) = (state != "intent", u32::try_from(impressions).unwrap_or(1));
        let open = OpenAttempt { key, name, releasing, printer_job, printer_run, acknowledged, impressions };
        Ok(StoredTestCard { card, open, began_at: Timestamp(began), owner })
    }
}
