//! Tests P1 and P2: an act for two people that is asked for twice is done once.

use std::time::Duration;

use cetak::{
    domain::{
        actor::Role,
        id::PendingActId,
        pending::{EXPIRES_AFTER, NewPendingAct, PendingState},
        permission::Operation,
        refusal::Refusal,
    },
    engine::{
        EngineError,
        client::{Client, Direct},
        operations::TwoPersonAct,
    },
};

use crate::{
    acts::{destruction, lent_blanks, reversed_delivery},
    world::World,
};

/// The refusal in a result.
fn refused<T: std::fmt::Debug>(result: Result<T, EngineError>) -> Refusal {
    match result {
        Err(EngineError::Refused(refusal)) => refusal,
        other => panic!("{other:?} is not refused"),
    }
}

async fn state(world: &World, act: PendingActId) -> PendingState {
    world.engine.store.read().await.unwrap().pending_act_get(act).await.unwrap().unwrap().state
}

#[tokio::test]
async fn what_waits_already_is_not_asked_for_again() {
    let world = World::new().await;
    world.receive(10, None).await;
    let (keeper, boss) = (world.person(1, Role::StockKeeper), world.person(2, Role::Supervisor));
    let other = world.person(3, Role::StockKeeper);
    let destroy = || TwoPersonAct::DestroyBlanks(destruction("student", 2, "D-1"));
    let reversal = |note| TwoPersonAct::ReverseDelivery(reversed_delivery(1, 7, note));
    for (first, again) in [(destroy(), destroy()), (reversal("typed twice"), reversal("another note"))] {
        let act = Direct::new(&keeper).request(first).await.unwrap();
        for person in [&keeper, &other] {
            let found = refused(Direct::new(person).request(again.clone()).await);
            assert_eq!(found, Refusal::ActWaits { act, operation: Operation::StockRemove });
        }
    }
    let more = TwoPersonAct::DestroyBlanks(destruction("student", 1, "D-1"));
    Direct::new(&keeper).request(more).await.expect("another quantity is another act");

    Direct::new(&boss).confirm(PendingActId(1)).await.unwrap();
    let act = Direct::new(&keeper).request(destroy()).await.expect("what was decided does not wait");
    Direct::new(&boss).confirm(act).await.unwrap();
    assert_eq!((world.account("vault").await, world.account("destroyed").await), (6, 4));
    world.audit().await;
}

#[tokio::test]
async fn of_two_acts_that_were_asked_for_at_once_and_do_the_same_one_is_done() {
    let world = World::new().await;
    world.receive(10, None).await;
    let (keeper, boss) = (world.person(1, Role::StockKeeper), world.person(2, Role::Supervisor));
    let act = Direct::new(&keeper)
        .request(TwoPersonAct::LendBlanks(lent_blanks("student", 4, "kudus", "L-1")))
        .await
        .unwrap();
    // As an earlier version stored it.
    let mut tx = world.engine.store.write(&world.engine.writer, world.engine.clock.now()).await.unwrap();
    let stored = tx.pending_act_get(act).await.unwrap().unwrap();
    let twin = NewPendingAct {
        operation: stored.operation,
        act: stored.act,
        target: stored.target,
        reason: stored.reason,
        expires_at: tx.now().plus(EXPIRES_AFTER),
    };
    let twin = tx.pending_act_add(&twin, &keeper.writer.actor).await.unwrap();
    tx.commit().await.unwrap();

    world.clock.set_forward(Duration::from_secs(1));
    Direct::new(&boss).confirm(act).await.unwrap();
    let repeated = refused(Direct::new(&boss).confirm(twin).await);

    assert_eq!(repeated, Refusal::ActRepeated { act: twin, operation: Operation::StockRemove, other: act });
    assert_eq!(state(&world, twin).await, PendingState::Conflict);
    assert_eq!((world.account("vault").await, world.account("loan").await), (6, 4));
}
