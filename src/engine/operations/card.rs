//! Cards that exist: checked, rejected, handed over, surrendered.

use serde::{Deserialize, Serialize};

use super::{
    act::{Act, RecordName},
    record::{open, save},
};
use crate::{
    domain::{
        permission::{Operation, Permit},
        record,
        value::{Note, SpoilageCause},
    },
    engine::{Engine, EngineError},
};

/// A person found the card good.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CheckCard {
    /// The card's record.
    pub record: RecordName,
}

impl Act for CheckCard {
    type Answer = ();
    const OPERATION: Operation = Operation::CardCheck;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let (tx, view) = open(engine, permit.covers(Self::OPERATION)?, &self.record).await?;
        save(tx, record::check(&view)?).await
    }
}

/// A person found the card bad, or stopped it: it is spoiled.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RejectCard {
    /// The card's record.
    pub record: RecordName,
    /// What spoiled it.
    pub cause: SpoilageCause,
    /// Why.
    pub note: Note,
}

impl Act for RejectCard {
    type Answer = ();
    const OPERATION: Operation = Operation::CardCheck;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let (tx, view) = open(engine, permit.covers(Self::OPERATION)?, &self.record).await?;
        save(tx, record::reject(&view, self.cause.get(), self.note.as_str())?).await
    }
}

/// The citizen has the card. The photo is deleted when no other record needs it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct HandOverCard {
    /// The card's record.
    pub record: RecordName,
}

impl Act for HandOverCard {
    type Answer = ();
    const OPERATION: Operation = Operation::CardHandOver;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let (tx, view) = open(engine, permit.covers(Self::OPERATION)?, &self.record).await?;
        save(tx, record::hand_over(&view)?).await
    }
}

/// The citizen gave the card back: it is to be destroyed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SurrenderCard {
    /// The card's record.
    pub record: RecordName,
    /// Why.
    pub note: Note,
}

impl Act for SurrenderCard {
    type Answer = ();
    const OPERATION: Operation = Operation::CardHandOver;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let (tx, view) = open(engine, permit.covers(Self::OPERATION)?, &self.record).await?;
        save(tx, record::surrender(&view, self.note.as_str())?).await
    }
}
