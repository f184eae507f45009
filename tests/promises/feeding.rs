//! How a printer is fed: one card ahead where it can hold, nothing while it needs a person.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use cetak::{
    domain::{attempt::Outcome, pause::PauseScope, printer_reason::TAKES_TOO_LONG},
    engine::{
        EngineError,
        clock::Clock,
        operations::{self, NewPrinter},
        query::{Need, NeedKind},
    },
};
use cetak_driver_api::{
    AttemptId, AttemptRef, Cancelled, Capabilities, Committed, Document, Fault, Found, Prepared, PrinterDriver,
    PrinterStatus,
};
use cetak_driver_mock::MockPrinter;

use crate::world::{World, students};

const CUT_CANCELS: u32 = 4;

/// A mock printer with a log of what was asked of it, and more to say.
struct Spy {
    inner: MockPrinter,
    log: Mutex<Vec<(&'static str, AttemptId)>>,
    reasons: Mutex<Vec<String>>,
    objections: Vec<String>,
    media: Option<&'static str>,
    /// It takes no second job while it prints.
    takes_one: bool,
    /// No card ever ends, and it does not say why.
    hangs: bool,
    /// Nothing reaches it any more.
    is_away: AtomicBool,
    /// The next release does not reach it, nor does so many a cancel after that.
    cut: Mutex<Option<u32>>,
}

impl Spy {
    fn add(world: &World, query: &str, change: impl FnOnce(&mut Self)) -> Arc<Self> {
        let clock = world.clock.clone();
        let inner = MockPrinter::from_uri(&format!("mock://p1?{query}"), Arc::new(move || clock.now().0)).unwrap();
        let mut spy = Self {
            inner,
            log: Mutex::default(),
            reasons: Mutex::default(),
            objections: Vec::new(),
            media: None,
            takes_one: false,
            hangs: false,
            is_away: AtomicBool::new(false),
            cut: Mutex::new(None),
        };
        change(&mut spy);
        let spy = Arc::new(spy);
        world.driver("test://p1", spy.clone());
        spy
    }

    fn reach(&self) -> Result<(), Fault> {
        if self.is_away.load(Ordering::SeqCst) { Err(away()) } else { Ok(()) }
    }

    fn cuts_cancel(&self) -> bool {
        let mut cut = self.cut.lock().unwrap();
        let Some(left @ 1..CUT_CANCELS) = *cut else { return false };
        *cut = Some(left - 1);
        true
    }

    fn note(&self, what: &'static str, attempt: &AttemptId) {
        self.log.lock().unwrap().push((what, attempt.clone()));
    }

    fn says(&self, reasons: &[&str]) {
        *self.reasons.lock().unwrap() = reasons.iter().map(|reason| (*reason).to_owned()).collect();
    }

    fn cards(&self) -> usize {
        self.inner.truth().unwrap().len()
    }

    /// How many attempts were prepared while another was under way.
    fn uploads_ahead(&self) -> usize {
        let (mut under_way, mut ahead) = (0_usize, 0);
        for (what, _) in &*self.log.lock().unwrap() {
            match *what {
                "commit" => under_way += 1,
                "ended" => under_way = under_way.saturating_sub(1),
                "prepare" if under_way > 0 => ahead += 1,
                _ => {}
            }
        }
        ahead
    }
}

fn away() -> Fault {
    Fault::Unavailable { reasons: vec!["connecting-to-device".into()] }
}

#[async_trait]
impl PrinterDriver for Spy {
    async fn probe(&self) -> Result<Capabilities, Fault> {
        self.reach()?;
        let found = self.inner.probe().await?;
        let media = self.media.map_or(found.media.clone(), |media| vec![media.to_owned()]);
        Ok(Capabilities { objections: self.objections.clone(), media, ..found })
    }

    async fn status(&self) -> Result<PrinterStatus, Fault> {
        self.reach()?;
        let status = self.inner.status().await?;
        let reasons = [status.reasons, self.reasons.lock().unwrap().clone()].concat();
        Ok(PrinterStatus { reasons, ..status })
    }

    async fn prepare(&self, attempt: &AttemptId, document: Document) -> Result<Prepared, Fault> {
        self.reach()?;
        self.note("prepare", attempt);
        let printing = self.inner.status().await?.condition != cetak_driver_api::Condition::Idle;
        if self.takes_one && printing {
            return Err(Fault::Unavailable { reasons: vec!["printer-busy".into()] });
        }
        self.inner.prepare(attempt, document).await
    }

    async fn commit(&self, attempt: &AttemptId) -> Result<Committed, Fault> {
        self.reach()?;
        if self.cut.lock().unwrap().is_some_and(|cancels| cancels == CUT_CANCELS) {
            *self.cut.lock().unwrap() = Some(CUT_CANCELS - 1);
            return Err(away());
        }
        self.note("commit", attempt);
        self.inner.commit(attempt).await
    }

    async fn find(&self, attempt: &AttemptRef) -> Result<Found, Fault> {
        self.reach()?;
        let found = self.inner.find(attempt).await?;
        if self.hangs && !matches!(found, Found::NeverSeen { .. } | Found::Held) {
            return Ok(Found::Printing { reasons: Vec::new() });
        }
        if matches!(found, Found::Ended(_)) {
            self.note("ended", &attempt.id);
        }
        Ok(found)
    }

    async fn cancel(&self, attempt: &AttemptRef) -> Result<Cancelled, Fault> {
        self.reach()?;
        if self.cuts_cancel() {
            return Err(away());
        }
        self.note("cancel", &attempt.id);
        self.inner.cancel(attempt).await
    }
}

/// So many students and blanks, and the printer.
async fn fill(world: &World, cards: u32) {
    world.add_printer("p1", "test://p1", "student", None).await;
    world.import(&students(0..cards)).await;
    world.receive(i64::from(cards), None).await;
}

#[tokio::test]
async fn while_a_card_prints_the_next_is_uploaded_and_held() {
    let world = World::new().await;
    let spy = Spy::add(&world, "hold=yes&card_ms=3000", |_| {});
    fill(&world, 10).await;

    world.run().await;

    assert_eq!((world.records("printed").await, spy.cards()), (10, 10));
    assert_eq!(spy.uploads_ahead(), 9, "all but the first: {:?}", spy.log.lock().unwrap());
    world.audit().await;
}

#[tokio::test]
async fn a_setting_leaves_one_card_at_a_time() {
    let world = World::with(|settings| settings.upload_ahead = false).await;
    let spy = Spy::add(&world, "hold=yes&card_ms=3000", |_| {});
    fill(&world, 10).await;

    world.run().await;

    assert_eq!((world.records("printed").await, spy.uploads_ahead()), (10, 0));
}

#[tokio::test]
async fn a_printer_that_takes_one_job_at_a_time_is_fed_one_at_a_time_and_is_not_blamed() {
    let world = World::new().await;
    let spy = Spy::add(&world, "hold=yes&card_ms=3000", |spy| spy.takes_one = true);
    fill(&world, 10).await;

    world.run().await;

    assert_eq!((world.records("printed").await, spy.cards()), (10, 10));
    assert_eq!(spy.uploads_ahead(), 1, "it is tried once for a batch");
    assert_eq!(world.status().await.printers[0].breaker, cetak::domain::breaker::Breaker::Closed);
    world.audit().await;
}

#[tokio::test]
async fn a_card_held_ahead_is_taken_back_by_a_pause_and_keeps_its_place() {
    let world = World::new().await;
    let spy = Spy::add(&world, "hold=yes&card_ms=60000", |_| {});
    fill(&world, 5).await;
    let engine = world.engine.clone();
    let pause = async {
        while spy.uploads_ahead() == 0 {
            tokio::task::yield_now().await;
        }
        operations::pause(&engine, &PauseScope::Queue, "look").await.unwrap();
    };

    tokio::join!(world.run(), pause);

    let printed = spy.cards();
    assert_eq!(i64::try_from(printed).unwrap(), world.records("printed").await);
    assert!(printed < 5, "the pause came in time");
    operations::resume(&world.engine, &PauseScope::Queue, "go").await.unwrap();
    world.run().await;
    assert_eq!((world.records("printed").await, spy.cards()), (5, 5));
    let began =
        |job: cetak::store::JobLine| -> jiff::Timestamp { job.attempts.last().unwrap().began_at.parse().unwrap() };
    let order: Vec<_> = world.jobs().await.into_iter().map(began).collect();
    assert!(order.is_sorted(), "{order:?}");
    world.audit().await;
}

#[tokio::test]
async fn after_a_failed_card_the_one_held_ahead_waits_until_the_printer_is_well() {
    let world = World::with(|settings| settings.breaker_failures = 100).await;
    let spy = Spy::add(&world, "hold=yes&card_ms=1000&jam=0.2&clear_ms=60000&seed=3", |_| {});
    world.add_printer("p1", "test://p1", "student", None).await;
    world.import(&students(0..40)).await;
    world.receive(60, None).await;

    world.run().await;

    let status = world.status().await;
    assert_eq!(status.records["printed"] + status.records["quarantined"], 40);
    let spoiled = status.blangko["student"]["spoiled"];
    assert!(spoiled > 2, "{spoiled} jams");
    let taken_back = spy.log.lock().unwrap().iter().any(|(what, _)| *what == "cancel");
    assert!(taken_back, "held cards were taken back");
    world.audit().await;
}

#[tokio::test]
async fn a_printer_that_needs_a_person_gets_no_card_until_the_reason_is_gone_or_cleared() {
    for reason in ["media-jam-error", "cover-open-warning", "vendor-flux-capacitor"] {
        let world = World::new().await;
        let spy = Spy::add(&world, "", |_| {});
        spy.says(&[reason]);
        fill(&world, 3).await;

        world.run().await;
        assert_eq!(spy.cards(), 0, "{reason}");
        let needs = world.status().await.needs_person;
        let asks = |need: &Need| matches!(&need.kind, NeedKind::PrinterReason { printer, .. } if printer == "p1");
        assert!(needs.iter().any(asks), "{needs:?}");

        // It goes away by itself.
        spy.says(&[]);
        world.run().await;
        assert_eq!(spy.cards(), 3, "{reason}");

        // It stays, and an operator says that it is over.
        spy.says(&[reason]);
        world.import(&students(3..6)).await;
        world.receive(3, None).await;
        world.run().await;
        operations::printer_clear(&world.engine, "p1", "I looked").await.unwrap();
        assert_eq!(world.status().await.needs_person.len(), 0, "{reason} is declared over");
        world.run().await;
        assert_eq!(spy.cards(), 6, "{reason}");

        // It goes away and comes again: that is news.
        spy.says(&[]);
        world.import(&students(6..7)).await;
        world.receive(1, None).await;
        world.run().await;
        spy.says(&[reason]);
        world.import(&students(7..8)).await;
        world.receive(1, None).await;
        world.run().await;
        assert_eq!(spy.cards(), 7, "{reason}");
    }
}

#[tokio::test]
async fn what_a_printer_only_reports_stops_nothing() {
    let world = World::new().await;
    let spy = Spy::add(&world, "", |_| {});
    spy.says(&["media-jam-report", "marker-supply-low-warning", "cleaner-life-almost-over-error"]);
    fill(&world, 3).await;

    world.run().await;

    assert_eq!(spy.cards(), 3);
}

#[tokio::test]
async fn a_printer_that_cannot_be_used_safely_gets_cards_only_if_a_person_insists() {
    let world = World::new().await;
    let spy = Spy::add(&world, "", |spy| spy.objections = vec!["It prints twice.".into()]);
    let new = NewPrinter { name: "p1", uri: "test://p1", profile: "student", ..NewPrinter::default() };

    let refused = operations::printer_add(&world.engine, &new).await.unwrap_err();
    assert!(matches!(&refused, EngineError::Refused { message, .. } if message.contains("prints twice")), "{refused}");
    let refused = operations::printer_test(&world.engine, "p1").await.unwrap_err();
    assert!(matches!(refused, EngineError::Refused { .. }));

    let insisting = NewPrinter { insist: Some("only for tests"), ..new };
    operations::printer_add(&world.engine, &insisting).await.unwrap().unwrap();
    world.import(&students(0..2)).await;
    world.receive(2, None).await;
    world.run().await;
    assert_eq!(spy.cards(), 2);
    let rows = world.engine.store.read().await.unwrap().audit_page("cli", 0, 5_000).await.unwrap();
    assert!(rows.iter().any(|row| row.entry.contains("only for tests") && row.entry.contains("prints twice")));
}

#[tokio::test]
async fn a_printer_without_the_cards_medium_is_refused_and_one_within_a_millimetre_is_not() {
    for (media, taken) in [("iso_a4_210x297mm", false), ("oem_cr80_54x86mm", true)] {
        let world = World::new().await;
        Spy::add(&world, "", |spy| spy.media = Some(media));
        let new = NewPrinter { name: "p1", uri: "test://p1", profile: "student", ..NewPrinter::default() };

        let added = operations::printer_add(&world.engine, &new).await;

        assert_eq!(added.is_ok(), taken, "{media}");
    }
}

#[tokio::test]
async fn a_test_card_uses_up_a_blank_and_one_that_does_not_start_gives_it_back() {
    let world = World::new().await;
    let spy = Spy::add(&world, "card_ms=2000", |_| {});
    world.add_printer("p1", "test://p1", "student", None).await;
    let none = operations::printer_test(&world.engine, "p1").await.unwrap_err();
    assert!(none.to_string().contains("no free blank"), "{none}");
    world.receive(2, None).await;

    let test = operations::printer_test(&world.engine, "p1").await.unwrap();

    assert_eq!((test.outcome, spy.cards()), (Outcome::Printed, 1));
    assert_eq!((world.account("vault").await, world.account("spoiled").await), (1, 1));

    world.printer("away", "offline=1").await;
    let test = operations::printer_test(&world.engine, "away").await.unwrap();
    assert!(matches!(test.outcome, Outcome::NotStarted { .. }), "{test:?}");
    assert_eq!((world.account("vault").await, world.account("spoiled").await), (1, 1));
    world.audit().await;
}

#[tokio::test]
async fn a_card_that_hangs_is_told_and_keeps_neither_the_one_held_behind_it_nor_its_batch() {
    let world = World::new().await;
    let spy = Spy::add(&world, "hold=yes&card_ms=1000", |spy| spy.hangs = true);
    fill(&world, 3).await;

    world.run().await;

    let status = world.status().await;
    let hangs =
        |need: &Need| matches!(&need.kind, NeedKind::PrinterReason { advice, .. } if advice.keyword == TAKES_TOO_LONG);
    let told = status.needs_person.iter().any(hangs);
    assert!(told, "{:?}", status.needs_person);
    assert_eq!((status.records["batched"], status.records["waiting"]), (1, 2), "only the one in hand is kept");
    assert_eq!(spy.cards(), 1);

    // Others print the rest.
    world.printer("p2", "").await;
    world.run().await;
    assert_eq!(world.records("printed").await, 2);
    world.audit().await;
}

#[tokio::test]
async fn a_printer_that_is_gone_with_two_cards_gives_both_records_back_to_a_person() {
    let world = World::new().await;
    let spy = Spy::add(&world, "hold=yes&card_ms=60000", |_| {});
    fill(&world, 2).await;
    let burns = async {
        while spy.uploads_ahead() == 0 {
            tokio::task::yield_now().await;
        }
        spy.is_away.store(true, Ordering::SeqCst);
    };

    tokio::join!(world.run(), burns);

    let open: Vec<_> = world.jobs().await.into_iter().flat_map(|job| job.attempts).collect();
    let open: Vec<_> = open.into_iter().filter(|attempt| attempt.outcome.is_none()).map(|a| a.id).collect();
    assert_eq!(open.len(), 2, "one in hand, one held ahead");
    for attempt in &open {
        operations::declare_uncertain(&world.engine, attempt, "it burnt").await.unwrap();
    }
    assert_eq!((world.records("uncertain").await, world.account("uncertain").await), (2, 2));
    world.audit().await;
}

#[tokio::test]
async fn an_attempt_that_failed_ends_only_when_nothing_of_it_is_left_in_the_printer() {
    let world = World::new().await;
    let spy = Spy::add(&world, "hold=yes", |spy| spy.cut = Mutex::new(Some(CUT_CANCELS)));
    fill(&world, 3).await;

    world.run().await;

    assert_eq!((world.records("printed").await, spy.cards()), (3, 3));
    let log = spy.log.lock().unwrap().clone();
    let cancelled = log.iter().position(|(what, _)| *what == "cancel").unwrap();
    let next = log.iter().position(|(what, _)| *what == "commit").unwrap();
    assert!(cancelled < next, "nothing is fed before the first is taken back: {log:?}");
    world.audit().await;
}
