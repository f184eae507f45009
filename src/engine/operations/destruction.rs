//! The destruction of blanks or spoiled cards before two people.

use super::{
    act::Act,
    approval::{Approval, actor},
    second_person::{self, TwoPersonAct},
    stock::DestroyBlanks,
};
use crate::{
    domain::{
        actor::Actor,
        pending::PendingState,
        permission::{Operation, Permit},
    },
    engine::{Engine, EngineError},
};

impl Act for DestroyBlanks {
    type Answer = ();
    const OPERATION: Operation = Operation::StockRemove;

    /// Both people are present: the first witness asks for it and the second confirms it, in one transaction.
    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let by = actor(engine, permit);
        let [first, second] = self.witnesses.names().map(|name| Actor { name: name.to_owned(), ..(*by).clone() });
        let (id, _) = second_person::store(engine, &mut tx, &TwoPersonAct::DestroyBlanks(self.clone()), &first).await?;
        tx.pending_act_decide(id, PendingState::Confirmed, &second, None).await?;
        let (requested_by, authenticated) = (first.name.as_str(), by.authenticated);
        self.apply(engine, &mut tx, Approval::Confirmed { act: id, requested_by, authenticated }).await?;
        Ok(tx.commit().await?)
    }
}
