//! The conformance suite on the real printers, and tests that each of them behaves as the other tests assume.

use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use cetak_driver_api::conformance::{self, Fixture};
use cetak_driver_api::{AttemptId, AttemptRef, AttemptStatus, Blank, Card, Document, PrinterDriver, reason_keyword};
use cetak_driver_ipp::{IppPrinter, Options};

use crate::cupsd::{Cupsd, Settings};
use crate::engine::Mode;
use crate::pappl::PapplPrinter;
use crate::peer::{Kind, Peer};
use crate::{document, ending, found_when, new_attempt, sent, uploaded, wait};

/// Released in pairs. Without a delay between releases, nearly every run of this many had a card that was made twice.
const CARDS: usize = 40;

struct RealFixture {
    peer: Mutex<Box<dyn Peer>>,
    /// The printer refuses a second job while it works on one.
    accepts_one: bool,
    /// The suite restarts the printer.
    restarts: bool,
}

impl RealFixture {
    fn of(kind: Kind) -> Self {
        Self { peer: Mutex::new(kind.start()), accepts_one: kind == Kind::Eve, restarts: true }
    }

    fn peer(&self) -> MutexGuard<'_, Box<dyn Peer>> {
        self.peer.lock().unwrap()
    }
}

#[async_trait]
impl Fixture for RealFixture {
    async fn driver(&self) -> Arc<dyn PrinterDriver> {
        Arc::new(driver(&**self.peer()))
    }

    fn attempts_at_once(&self) -> usize {
        if self.accepts_one { 1 } else { 2 }
    }

    async fn advance(&self) {
        wait(150);
    }

    fn document(&self) -> Document {
        document()
    }

    fn attempt(&self) -> AttemptId {
        new_attempt()
    }

    async fn count_cards(&self, attempt: &AttemptId) -> Option<usize> {
        Some(self.peer().count(attempt.as_str()))
    }

    async fn hinder(&self) -> bool {
        self.peer().engine().set_for(Mode::Empty, 1);
        true
    }

    async fn help(&self) {
        self.peer().clear();
    }

    async fn restart_printer(&self) -> bool {
        if self.restarts {
            self.peer().run();
        }
        self.restarts
    }
}

fn driver(peer: &dyn Peer) -> IppPrinter {
    IppPrinter::new(&peer.uri(), &Options::default(), crate::clock()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ippeveprinter_passes_the_conformance_suite() {
    conformance::exercise(&RealFixture::of(Kind::Eve)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pappl_printer_passes_the_conformance_suite() {
    conformance::exercise(&RealFixture::of(Kind::Pappl)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cupsd_passes_the_conformance_suite() {
    conformance::exercise(&RealFixture::of(Kind::Cupsd)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cupsd_with_default_settings_passes_the_conformance_suite_without_restarts() {
    // Without restarts: with these settings it forgets cards when it is killed, or prints them twice.
    let peer: Box<dyn Peer> = Box::new(Cupsd::start(Settings::Default));
    conformance::exercise(&RealFixture { peer: Mutex::new(peer), accepts_one: false, restarts: false }).await;
}

#[tokio::test]
async fn every_printer_waits_for_an_operator_and_reports_the_reason() {
    for kind in Kind::ALL {
        let peer = kind.start();
        let driver = driver(&*peer);
        for (mode, reason) in [
            (Mode::Empty, "media-empty"),
            (Mode::Ribbon, "marker-supply-empty"),
            (Mode::OutputFull, "other"),
            (Mode::Cover, "cover-open"),
        ] {
            peer.engine().set_for(mode, 1);
            let id = new_attempt();
            let attempt = sent(&driver, &id).await;

            eventually(&format!("{kind:?} reports {reason}"), async || {
                driver.status().await.unwrap().reasons.iter().any(|known| reason_keyword(known) == reason)
            })
            .await;
            assert!(peer.engine().is_waiting() && peer.count(id.as_str()) == 0, "{kind:?}");
            peer.clear();

            let ending = ending(&driver, &attempt).await;
            assert_eq!((ending.blank, ending.card), (Blank::Fed, Card::Good), "{kind:?} {mode:?}");
            assert_eq!(peer.count(id.as_str()), 1, "{kind:?}");
            eventually(&format!("{kind:?} reports no reason"), async || {
                driver.status().await.unwrap().reasons.is_empty()
            })
            .await;
        }
    }
}

#[tokio::test]
async fn no_printer_is_believed_after_its_engine_failed_with_or_without_a_card() {
    for kind in Kind::ALL {
        let peer = kind.start();
        let driver = driver(&*peer);
        for (mode, cards) in [(Mode::Jam, 0), (Mode::AbortBefore, 0), (Mode::AbortAfter, 1), (Mode::SelfKill, 0)] {
            peer.engine().set_for(mode, 1);
            let id = new_attempt();

            let ending = ending(&driver, &sent(&driver, &id).await).await;

            assert_eq!(peer.count(id.as_str()), cards, "{kind:?} {mode:?}");
            assert_eq!(ending.card, Card::Unknown, "{kind:?} {mode:?}: {ending:?}");
        }
        let next = sent(&driver, &new_attempt()).await;
        assert_eq!(ending(&driver, &next).await.card, Card::Good, "{kind:?} continues");
    }
}

#[tokio::test]
async fn a_killed_printer_restarts_on_its_port_with_the_cards_in_its_hopper() {
    for kind in Kind::ALL {
        let mut peer = kind.start();
        // Otherwise the printer may be killed before it answers.
        peer.engine().set_pace(300);
        for (mode, cards) in [(Mode::DieBefore, 0), (Mode::DieAfter, 1)] {
            peer.engine().set_for(mode, 1);
            let id = new_attempt();
            let uri = peer.uri();
            sent(&driver(&*peer), &id).await;

            eventually(&format!("{kind:?} is dead"), async || peer.is_dead()).await;
            peer.run();

            assert_eq!(peer.uri(), uri);
            assert_eq!(peer.count(id.as_str()), cards, "{kind:?} {mode:?}");
        }
    }
}

#[tokio::test]
async fn an_engine_continues_when_its_printer_is_killed() {
    for kind in Kind::ALL {
        let mut peer = kind.start();
        peer.engine().set_pace(500);
        let id = new_attempt();
        sent(&driver(&*peer), &id).await;
        eventually("the engine runs", async || peer.engine().is_running()).await;

        peer.stop();

        assert_eq!(peer.count(id.as_str()), 0, "{}", kind.name());
        eventually("the engine has ended", async || !peer.engine().is_running()).await;
        assert_eq!(peer.count(id.as_str()), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn pappl_and_cupsd_have_a_finished_card_in_their_history_after_a_kill() {
    let printers: [Box<dyn Peer>; 2] = [Box::new(PapplPrinter::start()), Box::new(Cupsd::start(Settings::Safe))];
    for mut peer in printers {
        let attempt = sent(&driver(&*peer), &new_attempt()).await;
        ending(&driver(&*peer), &attempt).await;
        // PAPPL saves its list of jobs a moment later.
        wait(200);

        peer.run();

        let found = found_when(&driver(&*peer), &attempt, |_| true).await;
        assert!(matches!(found, AttemptStatus::Ended(_)), "{}: {found:?}", peer.path());
    }
}

/// PAPPL may make one of them twice, because both releases make it search for a job.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cards_that_are_released_together_are_made_once_each() {
    let peer = PapplPrinter::start();
    let driver = driver(&peer);
    let mut cards = Vec::new();
    for _ in 0..CARDS / 2 {
        let pair = [new_attempt(), new_attempt()];
        for id in &pair {
            uploaded(&driver, id, document()).await.unwrap();
        }
        let (one, two) = tokio::join!(driver.commit(&pair[0]), driver.commit(&pair[1]));
        assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
        eventually("both are made", async || pair.iter().all(|id| peer.count(id.as_str()) > 0)).await;
        cards.extend(pair);
    }

    eventually("no engine runs", async || !peer.engine().is_running()).await;
    let counts: Vec<_> = cards.iter().map(|id| peer.count(id.as_str())).collect();
    assert_eq!(counts, vec![1; CARDS]);
}

/// Waits until the condition holds, for 10 s at most.
async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..500 {
        if holds().await {
            return;
        }
        wait(20);
    }
    panic!("after 10 s it is still not true that {what}")
}

#[tokio::test]
async fn a_card_with_two_sides_is_proved_by_printers_that_do_not_read_it() {
    for kind in [Kind::Eve, Kind::Cupsd] {
        let peer = kind.start();
        let driver = IppPrinter::new(&peer.uri(), &Options::default(), crate::clock()).unwrap();
        let id = new_attempt();
        // The engine reads the number of pages in the header.
        let mut bytes = b"RaS2PwgRaster\0".to_vec();
        bytes.resize(2000, 0);
        bytes[459] = 2;
        let card = Document { format: "image/pwg-raster", bytes, sides: "two-sided-long-edge", media: None };
        let prepared = uploaded(&driver, &id, card).await.unwrap();
        let committed = driver.commit(&id).await.unwrap();
        let attempt = AttemptRef {
            printer_job: committed.printer_job.or(prepared.printer_job),
            printer_run: committed.printer_run,
            releasing: true,
            impressions: 2,
            acknowledged: true,
            id,
        };

        let found = ending(&driver, &attempt).await;

        assert_eq!((found.blank, found.card), (Blank::Fed, Card::Good), "{kind:?}: {found:?}");
    }
}
