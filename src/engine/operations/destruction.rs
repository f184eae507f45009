//! The destruction of blanks or spoiled cards before two people at the same screen.

use serde::{Deserialize, Serialize};

use super::{act::Act, second_person, stock::Destruction, two_person_act::TwoPersonAct};
use crate::{
    domain::{
        permission::{Operation, Permit},
        value::Witnesses,
    },
    engine::{Engine, EngineError},
};

/// Blanks or spoiled cards are destroyed before two people at the same screen, with a document.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DestroyBlanks {
    /// What is destroyed.
    #[serde(flatten)]
    pub destruction: Destruction,
    /// The people who saw it: the first asks for it, the second confirms it.
    pub witnesses: Witnesses,
}

impl Act for DestroyBlanks {
    type Answer = ();
    const OPERATION: Operation = Operation::StockRemove;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let act = TwoPersonAct::DestroyBlanks(self.destruction);
        second_person::together(engine, permit, &act, &self.witnesses).await
    }
}
