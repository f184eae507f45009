//! What the driver concludes after a real printer was killed and restarted, and which printers it objects to.

use cetak_driver_api::{AttemptRef, AttemptStatus, Blank, Cancelled, Card, Caution, Objection, PrinterDriver};
use cetak_driver_ipp::{IppPrinter, Options};

use crate::peer::{Kind, Peer};
use crate::{clock, document, found_when, new_attempt, sent, uncommitted, uploaded, wait};

/// A driver without memory, as after a restart of the scheduler.
fn driver(peer: &dyn Peer) -> IppPrinter {
    IppPrinter::new(&peer.uri(), &Options::default(), clock()).unwrap()
}

fn wait_until_done(peer: &dyn Peer) {
    for _ in 0..500 {
        if !peer.engine().is_running() {
            return;
        }
        wait(20);
    }
    panic!("after 10 s the engine still runs");
}

/// Asserts that neither a card nor its absence is claimed.
fn assert_unproved(kind: Kind, found: &AttemptStatus) {
    match found {
        AttemptStatus::Ended(ending) => {
            assert_eq!((ending.blank, ending.card), (Blank::Unknown, Card::Unknown), "{kind:?}: {ending:?}");
        }
        AttemptStatus::NeverSeen { certain: false } | AttemptStatus::Forgotten => {}
        other @ (AttemptStatus::NeverSeen { certain: true }
        | AttemptStatus::Held
        | AttemptStatus::Queued
        | AttemptStatus::Printing { .. }) => {
            panic!("{kind:?} was killed during a card, but find returned {other:?}")
        }
    }
}

#[tokio::test]
async fn a_card_under_way_when_its_printer_was_killed_is_never_proved() {
    for kind in Kind::ALL {
        let mut peer = kind.start();
        peer.engine().set_pace(400);
        let id = new_attempt();
        let attempt = sent(&driver(&*peer), &id).await;
        found_when(&driver(&*peer), &attempt, |found| matches!(found, AttemptStatus::Printing { .. })).await;

        peer.stop();
        wait_until_done(&*peer);
        peer.run();

        let has_ended = |found: &AttemptStatus| !matches!(found, AttemptStatus::Printing { .. });
        assert_unproved(kind, &found_when(&driver(&*peer), &attempt, has_ended).await);
        let without_answer = AttemptRef { printer_job: None, acknowledged: false, ..attempt };
        assert_unproved(kind, &found_when(&driver(&*peer), &without_answer, has_ended).await);
        wait(600);
        assert_eq!(peer.count(id.as_str()), 1, "{kind:?}");
    }
}

/// A printer may report a printed card as held after a restart: PAPPL saves its jobs later, and cupsd starts a backend
/// before it saves.
#[tokio::test]
async fn a_released_card_that_its_printer_reports_as_held_after_a_restart_is_not_denied() {
    for kind in [Kind::Pappl, Kind::Cupsd] {
        let mut peer = kind.start();
        let id = new_attempt();
        let before = driver(&*peer);
        let prepared = uploaded(&before, &id, document()).await.unwrap();
        wait(1500); // Until PAPPL has saved that the job is held.
        let committed = before.commit(&id).await.unwrap();
        let attempt = AttemptRef {
            printer_job: committed.printer_job.or(prepared.printer_job),
            printer_run: committed.printer_run,
            releasing: true,
            ..uncommitted(&id)
        };

        peer.stop();
        wait_until_done(&*peer);
        peer.run();

        let after = driver(&*peer);
        assert_unproved(kind, &after.find(&attempt).await.unwrap());
        assert_ne!(after.cancel(&attempt).await, Ok(Cancelled::NothingPrinted), "{kind:?}");
    }
}

#[tokio::test]
async fn a_card_that_was_not_released_uses_no_blank_after_a_restart_of_printer_and_driver() {
    for kind in Kind::ALL {
        let mut peer = kind.start();
        let id = new_attempt();
        let prepared = uploaded(&driver(&*peer), &id, document()).await.unwrap();
        let attempt =
            AttemptRef { printer_job: prepared.printer_job, printer_run: prepared.printer_run, ..uncommitted(&id) };

        peer.stop();
        peer.run();

        let after = driver(&*peer);
        if after.cancel(&attempt).await != Ok(Cancelled::NothingPrinted) {
            let found = after.find(&attempt).await.unwrap();
            assert!(matches!(found, AttemptStatus::NeverSeen { .. } | AttemptStatus::Forgotten), "{kind:?}: {found:?}");
        }
        wait(300);
        assert_eq!(peer.count(id.as_str()), 0, "{kind:?}");
    }
}

#[tokio::test]
async fn the_driver_objects_to_a_cups_queue_and_to_no_other_printer() {
    for kind in Kind::ALL {
        let peer = kind.start();
        let found = driver(&*peer).probe().await.unwrap();

        let expected = if kind == Kind::Cupsd { vec![Objection::CupsQueue] } else { Vec::new() };
        assert_eq!(found.objections, expected, "{kind:?}");
        let cannot_hold = found.cautions.contains(&Caution::CannotHold);
        assert_eq!((cannot_hold, found.can_hold), (kind == Kind::Eve, kind != Kind::Eve));
    }
}
