//! The quality check of a pile: which cards of a batch are missing, and what a person must see of a card that is scanned.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Page, PageRequest, Query, ScanCard, ScannedCard, found::person_of, scan};
use crate::{
    domain::{id::BatchId, permission::Operation, personal::masked, refusal::Refusal},
    engine::{
        operations::{RecordName, find_record},
        person::PHOTO_FIELD,
    },
    store::{BatchLine, PileCounts, PileLine, Tx},
};

/// Asks how many printed cards of a batch were checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowPile {
    /// The batch.
    pub batch: BatchId,
}

/// The pile of a batch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Pile {
    /// The card profile of the batch.
    pub profile: String,
    /// Its cards.
    #[serde(flatten)]
    pub counts: PileCounts,
}

impl Query for ShowPile {
    type Answer = Pile;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Pile, EngineError> {
        let mut tx = engine.store.read().await?;
        let BatchLine { profile, .. } = known_batch(&mut tx, self.batch).await?;
        Ok(Pile { profile, counts: tx.pile_counts(self.batch).await? })
    }
}

/// Asks for the printed cards of a batch that were not checked yet, in the order of the batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPile {
    /// The batch.
    pub batch: BatchId,
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListPile {
    type Answer = Page<PileLine>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Page<PileLine>, EngineError> {
        let (after, limit) = self.page.range();
        let mut tx = engine.store.read().await?;
        known_batch(&mut tx, self.batch).await?;
        Ok(Page::new(tx.pile_missing(self.batch, after, limit).await?, self.page.limit))
    }
}

async fn known_batch(tx: &mut Tx, batch: BatchId) -> Result<BatchLine, EngineError> {
    tx.batch_line(batch).await?.ok_or_else(|| Refusal::NoBatch { batch }.into())
}

/// Asks what a person who checks cards must see of one that is scanned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanForCheck {
    /// The text of the code.
    pub code: String,
}

/// A scanned card, for its quality check.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CardToCheck {
    /// What the code proves.
    pub card: ScannedCard,
    /// The person's identifier with dots in place of all but its last four characters: enough to compare it with the card. None if the
    /// code is of no card, or the person's fields do not open.
    pub identifier: Option<String>,
    /// Whether the record has a photo.
    pub has_photo: bool,
    /// The pile of the card's batch; none while its blanks are counted.
    pub pile: Option<PileCounts>,
}

impl Query for ScanForCheck {
    type Answer = CardToCheck;
    const OPERATION: Operation = Operation::CardCheck;

    async fn read(self, engine: &Engine) -> Result<CardToCheck, EngineError> {
        let mut tx = engine.store.read().await?;
        let card = scan::read(engine, &mut tx, &ScanCard { code: self.code }).await?;
        let pile = match card.batch {
            Some(batch) => Some(tx.pile_counts(BatchId(batch)).await?),
            None => None,
        };
        let none = CardToCheck { card, identifier: None, has_photo: false, pile };
        let Some(record) = none.card.found.as_ref().map(|found| &found.record) else { return Ok(none) };
        let profile = engine.profile(&record.profile)?;
        let name = RecordName { source: record.source.clone(), request_id: record.request_id.clone() };
        let id = find_record(&mut tx, &name).await?;
        let Some(person) = person_of(engine, &mut tx, id).await? else { return Ok(none) };
        let identifier = masked(person.reveal(&profile.identifier.column));
        Ok(CardToCheck { identifier: Some(identifier), has_photo: !person.reveal(PHOTO_FIELD).is_empty(), ..none })
    }
}
