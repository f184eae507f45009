//! Tests P1, P4, P8 and P12 for the limits of printers: the feeding stops before a card would be spoiled, and goes on when the reason
//! is gone.

use std::time::Duration;

use cetak::{
    domain::{dispatch::Blocked, owner::Presence, refusal::Refusal, standing::Standing, supply::Left},
    engine::{
        EngineError,
        client::Client,
        operations::{HopperSetting, RecountCounters, SayPrinterSupplies, SetPrinterLimits},
        query::{ListNeeds, NeedKind, Query, ShowPlan, ShowScenario},
    },
    simulation::{self, Activity, Preparation, Scenario},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

use crate::{
    acts::{self as operations, by},
    fake_printer::FakePrinter,
    world::{World, students},
};

/// No limit of the printer `p1`.
fn unchanged() -> SetPrinterLimits {
    SetPrinterLimits {
        printer: "p1".into(),
        tray: None,
        ribbon: None,
        ribbon_yield: None,
        seconds_per_card: None,
        cleaning: None,
        rest_after: None,
        rest_minutes: None,
        cards_a_day: None,
        walk_in_lane: None,
    }
}

/// Nothing said of the printer `p1`.
fn silent() -> SayPrinterSupplies {
    SayPrinterSupplies { printer: "p1".into(), ribbon_left: None, in_tray: None, cleaned: false }
}

#[expect(clippy::unnecessary_wraps, reason = "what is not said is None")]
fn limit<T: TryFrom<i64, Error: std::fmt::Debug>>(number: i64) -> Option<T> {
    Some(number.try_into().unwrap())
}

async fn set(world: &World, limits: SetPrinterLimits) -> Left {
    by(&world.engine).act(limits).await.unwrap()
}

async fn say(world: &World, supplies: SayPrinterSupplies) -> Left {
    by(&world.engine).act(supplies).await.unwrap()
}

/// An office with the printer `p1`, and as many records as blanks.
async fn office(cards: u32, query: &str) -> World {
    let world = World::with(|settings| settings.batch_size = 7).await;
    world.import(&students(0..cards)).await;
    world.receive(cards.into(), None).await;
    world.printer("p1", query).await;
    world
}

async fn standing(world: &World) -> Standing {
    world.status().await.printers.remove(0).standing
}

async fn needs(world: &World) -> Vec<NeedKind> {
    let needs = ListNeeds {}.read(&world.engine).await.unwrap();
    needs.into_iter().map(|need| need.kind).filter(|kind| !kind.is_routine()).collect()
}

/// What stopped the feeding of printers, and what of it ended, as the audit has it.
async fn feeding(world: &World) -> Vec<String> {
    let rows = world.engine.store.read().await.unwrap().audit_page("scheduler", 0, 10_000).await.unwrap();
    let told = |row: &cetak::store::AuditEntry| {
        let entry: serde_json::Value = serde_json::from_str(&row.entry).unwrap();
        let act = entry["act"].as_str()?.strip_prefix("printer.feeding-")?;
        Some(format!("{act} {}", entry["details"]["reason"].as_str()?))
    };
    rows.iter().filter_map(told).collect()
}

#[tokio::test]
async fn what_stops_the_feeding_is_in_the_audit_once_when_it_begins_and_once_when_it_ends() {
    let world = office(30, "hold=yes").await;
    set(&world, SetPrinterLimits { tray: limit(10), ..unchanged() }).await;
    world.run().await;
    assert_eq!(feeding(&world).await, ["stopped tray-full"]);
    // Another scheduler finds it on record.
    assert_eq!(world.run().await, [("p1".to_owned(), Blocked::TrayFull)]);
    assert_eq!(feeding(&world).await, ["stopped tray-full"]);
    say(&world, SayPrinterSupplies { in_tray: limit(0), ..silent() }).await;
    set(&world, SetPrinterLimits { tray: limit(0), cards_a_day: limit(15), ..unchanged() }).await;
    assert_eq!(world.run().await, [("p1".to_owned(), Blocked::Rests)]);
    let day = ["stopped tray-full", "resumed tray-full", "stopped day-limit"];
    assert_eq!(feeding(&world).await, day, "{} are printed", world.records("printed").await);
    world.clock.advance(Duration::from_hours(25));
    world.run().await;
    assert_eq!(feeding(&world).await[3], "resumed day-limit");
    world.audit().await;
}

#[tokio::test]
async fn a_lack_of_blanks_is_in_the_audit_only_while_records_wait() {
    let world = World::with(|settings| settings.batch_size = 7).await;
    world.import(&students(0..10)).await;
    world.receive(4, None).await;
    world.printer("p1", "").await;
    for _ in 0..2 {
        assert_eq!(world.run().await, [("p1".to_owned(), Blocked::NoBlanks)]);
        assert_eq!(feeding(&world).await, ["stopped no-blanks"]);
    }
    world.receive(6, None).await;
    world.run().await;
    assert_eq!(world.records("printed").await, 10);
    assert_eq!(feeding(&world).await, ["stopped no-blanks", "resumed no-blanks"], "no record waits for a blank");

    world.import(&students(10..20)).await;
    world.receive(20, None).await;
    let hopper = Some(HopperSetting::Counted(50.try_into().unwrap()));
    by(&world.engine).act(operations::set_printer("p1", None, None, hopper)).await.unwrap();
    operations::load(&world.engine, "p1", 3).await.unwrap();
    world.run().await;
    assert_eq!(feeding(&world).await[2..], ["stopped empty-hopper"]);
    world.audit().await;
}

#[tokio::test]
async fn a_full_tray_stops_the_feeding_and_an_emptied_one_lets_it_go_on() {
    let world = office(30, "hold=yes").await;
    set(&world, SetPrinterLimits { tray: limit(10), ..unchanged() }).await;

    assert_eq!(world.run().await, [("p1".to_owned(), Blocked::TrayFull)]);
    assert_eq!((world.records("printed").await, standing(&world).await), (10, Standing::TrayFull));
    assert_eq!(needs(&world).await, [NeedKind::TrayFull { printer: "p1".into() }]);
    assert_eq!(world.account("reserved").await, 0, "its cards may be printed elsewhere");

    let left = say(&world, SayPrinterSupplies { in_tray: limit(3), ..silent() }).await;
    assert_eq!(left.tray, Some(7));
    world.run().await;
    assert_eq!(world.records("printed").await, 17, "three cards were left in it");
    set(&world, SetPrinterLimits { tray: limit(0), ..unchanged() }).await;
    world.run().await;
    assert_eq!(world.records("printed").await, 30);
    world.audit().await;
}

#[tokio::test]
async fn a_ribbon_that_gives_63_percent_stops_the_feeding_before_the_card_that_it_would_spoil() {
    let world = office(30, "").await;
    let limits = SetPrinterLimits { ribbon: limit(20), ribbon_yield: limit(63), ..unchanged() };
    assert_eq!(set(&world, limits).await.ribbon, Some(12));

    assert_eq!(world.run().await, [("p1".to_owned(), Blocked::RibbonUsedUp)]);
    assert_eq!((world.records("printed").await, standing(&world).await), (12, Standing::RibbonUsedUp));
    assert_eq!(needs(&world).await, [NeedKind::RibbonUsedUp { printer: "p1".into(), cards: 12 }]);
    let refused = operations::printer_test(&world.engine, "p1").await;
    assert!(matches!(refused, Err(EngineError::Refused(Refusal::PrinterFull { .. }))), "{refused:?}");

    say(&world, SayPrinterSupplies { ribbon_left: limit(20), ..silent() }).await;
    world.run().await;
    assert_eq!(world.records("printed").await, 24, "a new one gives twelve again");
    world.audit().await;
}

#[tokio::test]
async fn a_due_cleaning_waits_for_a_person_and_spoiled_and_test_cards_count_too() {
    let world = office(30, "script=2:spoil").await;
    set(&world, SetPrinterLimits { cleaning: limit(8), ..unchanged() }).await;
    operations::printer_test(&world.engine, "p1").await.unwrap();

    assert_eq!(world.run().await, [("p1".to_owned(), Blocked::CleaningDue)]);
    assert_eq!((world.records("printed").await, standing(&world).await), (6, Standing::CleaningDue));
    assert_eq!(world.status().await.printers[0].left.cleaning, Some(0));
    by(&world.engine).act(RecountCounters {}).await.unwrap();
    assert_eq!(world.status().await.printers[0].left.cleaning, Some(0), "after a recount too");
    say(&world, SayPrinterSupplies { cleaned: true, ..silent() }).await;
    world.run().await;
    assert_eq!(world.records("printed").await, 13, "the printer of each run spoils its second card");
    world.audit().await;
}

#[tokio::test]
async fn a_short_rest_is_waited_for_and_a_day_ends_by_itself() {
    let world = office(30, "card_ms=1000").await;
    world.owners.set(Presence::There);
    let rest = SetPrinterLimits { rest_after: limit(5), rest_minutes: limit(10), ..unchanged() };
    set(&world, SetPrinterLimits { cards_a_day: limit(20), ..rest }).await;
    let began = world.engine.clock.now();

    // It lasts longer than the cards of its batch are kept.
    assert_eq!(world.run().await, [("p1".to_owned(), Blocked::Rests)]);
    assert_eq!((world.records("printed").await, world.account("reserved").await), (5, 0));
    let Standing::Rests { until } = standing(&world).await else { panic!("it rests") };
    let until = cetak::domain::time::Timestamp::parse(&until).unwrap();
    assert!(until.since(began) > Duration::from_mins(10) && until.since(began) < Duration::from_mins(11));
    assert_eq!(needs(&world).await, [], "it goes on by itself");
    for printed in [10, 15, 20] {
        world.clock.advance(Duration::from_mins(11));
        world.run().await;
        assert_eq!(world.records("printed").await, printed);
    }
    world.clock.advance(Duration::from_hours(2));
    world.run().await;
    assert_eq!(world.records("printed").await, 20, "those of a day");
    world.clock.advance(Duration::from_hours(22));
    world.run().await;
    assert_eq!(world.records("printed").await, 25, "the day began with its first card");
    let entries = world.engine.store.read().await.unwrap().audit_page("scheduler", 0, 1_000).await.unwrap();
    let rests = entries.iter().filter(|row| row.entry.contains("printer.rests")).count();
    assert_eq!(rests, 5);
    world.audit().await;
}

#[tokio::test]
async fn the_printers_own_level_of_its_ribbon_corrects_the_count() {
    let world = World::with(|settings| settings.batch_size = 7).await;
    let printer = FakePrinter::new(&world, "").add(&world, "p1").await;
    world.import(&students(0..40)).await;
    world.receive(40, None).await;
    set(&world, SetPrinterLimits { ribbon: limit(20), ..unchanged() }).await;
    printer.ribbon_level(50);

    assert_eq!(world.run().await, [("p1".to_owned(), Blocked::RibbonUsedUp)]);
    assert_eq!(printer.cards(), 10, "half of a ribbon was left");
    printer.ribbon_level(100);
    assert_eq!(world.run().await, [("p1".to_owned(), Blocked::RibbonUsedUp)]);
    assert_eq!(printer.cards(), 30, "another ribbon was put in, and it needs no word");
    world.audit().await;
}

#[tokio::test]
async fn a_printer_that_asked_for_a_ribbon_and_prints_again_has_another_one() {
    let world = World::with(|settings| settings.batch_size = 7).await;
    let printer = FakePrinter::new(&world, "").add(&world, "p1").await;
    world.import(&students(0..40)).await;
    world.receive(40, None).await;
    set(&world, SetPrinterLimits { ribbon: limit(20), ..unchanged() }).await;
    say(&world, SayPrinterSupplies { ribbon_left: limit(3), ..silent() }).await;
    printer.reports(&["marker-supply-empty-error"]);
    assert_eq!(world.run().await, [("p1".to_owned(), Blocked::CannotPrint)]);
    assert_eq!((printer.cards(), world.status().await.printers[0].left.ribbon), (0, Some(3)));

    printer.reports(&[]);
    assert_eq!(world.run().await, [("p1".to_owned(), Blocked::RibbonUsedUp)]);
    assert_eq!(printer.cards(), 20, "a whole one was put in, and it needs no word");
    world.audit().await;
}

#[tokio::test]
async fn what_a_person_says_while_cards_are_printed_counts_for_the_next_card() {
    let world = office(30, "hold=yes&card_ms=1000").await;
    set(&world, SetPrinterLimits { ribbon: limit(100), ..unchanged() }).await;
    let said = async {
        world.until(async || world.records("printed").await >= 5).await;
        say(&world, SayPrinterSupplies { ribbon_left: limit(2), ..silent() }).await;
        let printed = world.records("printed").await;
        world.until(async || standing(&world).await == Standing::RibbonUsedUp).await;
        assert!(world.records("printed").await <= printed + 2, "of a batch of seven");
    };
    tokio::join!(said, world.run());
    assert_eq!(world.status().await.printers[0].left.ribbon, Some(0));
    world.audit().await;
}

#[tokio::test]
async fn limits_are_set_one_by_one_are_in_the_audit_and_are_not_changed_behind_its_back() {
    let world = office(3, "").await;
    let refused = async |limits| match by(&world.engine).act::<SetPrinterLimits>(limits).await {
        Err(EngineError::Refused(refusal)) => refusal,
        other => panic!("{other:?} is not refused"),
    };
    let printer = || "p1".to_owned();
    let half = SetPrinterLimits { rest_after: limit(5), ..unchanged() };
    assert_eq!(refused(half).await, Refusal::RestIncomplete { printer: printer() });
    assert_eq!(refused(unchanged()).await, Refusal::PrinterUnchanged { printer: printer() });
    let said = by(&world.engine).act(SayPrinterSupplies { in_tray: limit(0), ..silent() }).await;
    assert!(matches!(said, Err(EngineError::Refused(Refusal::SupplyNotCounted { .. }))), "{said:?}");
    let said = by(&world.engine).act(silent()).await;
    assert!(matches!(said, Err(EngineError::Refused(Refusal::NothingSaid { .. }))), "{said:?}");

    set(&world, SetPrinterLimits { tray: limit(10), seconds_per_card: limit(45), ..unchanged() }).await;
    set(&world, SetPrinterLimits { cleaning: limit(500), ..unchanged() }).await;
    let line = world.status().await.printers.remove(0);
    assert_eq!((line.limits.tray, line.limits.cleaning, line.card_ms), (Some(10), Some(500), Some(45_000)));
    let entries = world.engine.store.read().await.unwrap().audit_page("cli", 0, 1_000).await.unwrap();
    let newest = &entries.last().unwrap().entry;
    assert!(newest.contains("printer.limits") && newest.contains("\"cleaning\":\"500\""), "{newest}");
    world.audit().await;

    crate::database::execute(&world.location, "UPDATE printer_limit SET limits = '{}' RETURNING printer")
        .await
        .unwrap();
    let checks = world.engine.store.read().await.unwrap().check(&[]).await.unwrap();
    let faults: Vec<_> = checks.iter().flat_map(|check| &check.faults).collect();
    assert!(faults.iter().any(|fault| fault.thing.contains("limits of printer p1")), "{faults:?}");
}

#[tokio::test]
async fn the_time_of_a_card_is_learned_and_kept() {
    let world = office(20, "card_ms=4000").await;
    set(&world, SetPrinterLimits { seconds_per_card: limit(60), ..unchanged() }).await;
    assert_eq!(world.status().await.printers[0].card_ms, Some(60_000));
    world.run().await;
    let learned = world.status().await.printers[0].card_ms.unwrap();
    assert!((3_500..9_000).contains(&learned), "after twenty cards little is left of what was set: {learned}");
}

/// What a person counts by hand at the printer `p1`.
#[derive(Debug)]
struct Hand {
    /// The blanks in its hopper.
    blanks: i64,
    /// The room in its tray.
    room: i64,
    /// The cards that its ribbon gives.
    ribbon: i64,
    /// The level of its ribbon that was counted last.
    level: Option<u8>,
}

impl Hand {
    /// The printer is asked, and reports this level of a ribbon that gives so many cards when it is new.
    fn asks(&mut self, ribbon: i64, level: Option<u8>) {
        let Some(level) = level.filter(|level| self.level != Some(*level)) else { return };
        let cards = ribbon * i64::from(level) / 100;
        let is_another = self.level.is_some_and(|before| level >= before + 10);
        self.ribbon = if is_another { cards } else { cards.min(self.ribbon) };
        self.level = Some(level);
    }
}

/// A night with random loads, ribbons, trays and corrections, on the scheduler.
async fn night(seed: u64) {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let world = World::with(|settings| settings.batch_size = random.random_range(1..9)).await;
    let query = format!("spoil=0.1&hold={}", if random.random_bool(0.5) { "yes" } else { "no" });
    let printer = FakePrinter::new(&world, &query).at(&world, "p1");
    let [hopper, tray, ribbon] = [(); 3].map(|()| random.random_range(1..20));
    world.add_printer("p1", "test://p1", "student", Some(hopper)).await;
    world.import(&students(0..40)).await;
    world.receive(200, None).await;
    set(&world, SetPrinterLimits { tray: limit(tray), ribbon: limit(ribbon), ..unchanged() }).await;
    let mut hand = Hand { blanks: 0, room: tray, ribbon, level: None };
    let mut level = None;
    for round in 0..1_000 {
        let before = printer.cards();
        hand.asks(ribbon, level);
        let blocked = world.run().await;
        let fed = i64::try_from(printer.cards() - before).unwrap();
        let what = format!("LIMITS_SEED={seed}, round {round}: {fed} fed of {hand:?}");
        assert!(fed <= hand.blanks.min(hand.room).min(hand.ribbon), "{what}");
        hand = Hand { blanks: hand.blanks - fed, room: hand.room - fed, ribbon: hand.ribbon - fed, ..hand };
        match blocked.as_slice() {
            [(_, Blocked::NoBlanks)] => assert_eq!(hand.blanks, 0, "{what}"),
            [(_, Blocked::TrayFull)] => assert_eq!(hand.room, 0, "{what}"),
            [(_, Blocked::RibbonUsedUp)] => assert_eq!(hand.ribbon, 0, "{what}"),
            [(_, Blocked::BreakerLocked)] => drop(operations::printer_clear(&world.engine, "p1", "seen").await),
            [(_, Blocked::NothingWaits)] => return world.audit().await,
            other => panic!("{what}: {other:?}"),
        }
        if hand.room == 0 || random.random_bool(0.2) {
            let in_tray = random.random_range(0..tray);
            hand.room = tray - in_tray;
            say(&world, SayPrinterSupplies { in_tray: limit(in_tray), ..silent() }).await;
        }
        if hand.ribbon == 0 || random.random_bool(0.2) {
            (hand.ribbon, hand.level) = (random.random_range(1..=ribbon), None);
            if level.is_some() {
                // The printer that reports levels sees the same ribbon.
                level = Some(u8::try_from((hand.ribbon * 100 + ribbon - 1) / ribbon).unwrap());
                printer.ribbon_level(level.unwrap());
            }
            say(&world, SayPrinterSupplies { ribbon_left: limit(hand.ribbon), ..silent() }).await;
        }
        if random.random_bool(0.2) {
            level = Some(random.random_range(0..=100));
            printer.ribbon_level(level.unwrap());
        }
        if hand.blanks < hopper && (hand.blanks == 0 || random.random_bool(0.2)) {
            let loaded = random.random_range(1..=hopper - hand.blanks);
            hand.blanks += loaded;
            operations::load(&world.engine, "p1", loaded).await.unwrap();
        } else if hand.blanks > 0 && random.random_bool(0.1) {
            let unloaded = random.random_range(1..=hand.blanks);
            hand.blanks -= unloaded;
            operations::unload(&world.engine, "p1", unloaded).await.unwrap();
        }
    }
    panic!("LIMITS_SEED={seed}: the printer stays stopped, {hand:?}");
}

/// `LIMITS_NIGHTS` nights from the seed `LIMITS_SEED` on.
async fn nights(usual: u64) {
    let set = |name: &str, usual| std::env::var(name).map_or(usual, |number| number.parse().unwrap());
    let first = set("LIMITS_SEED", 2015);
    for seed in first..first + set("LIMITS_NIGHTS", usual) {
        night(seed).await;
    }
}

#[tokio::test]
async fn no_card_is_fed_that_the_counted_hopper_tray_or_ribbon_does_not_allow_and_no_printer_stays_stopped() {
    nights(6).await;
}

#[tokio::test]
#[ignore = "takes minutes; the full run has it"]
async fn in_1000_nights_no_card_is_fed_that_is_not_allowed_and_no_printer_stays_stopped() {
    nights(1_000).await;
}

#[tokio::test]
async fn the_simulator_stops_a_printer_of_the_office_where_the_scheduler_does() {
    for (limits, says) in [
        (SetPrinterLimits { tray: limit(12), ..unchanged() }, SayPrinterSupplies { in_tray: limit(4), ..silent() }),
        (
            SetPrinterLimits { ribbon: limit(20), ..unchanged() },
            SayPrinterSupplies { ribbon_left: limit(9), ..silent() },
        ),
        (SetPrinterLimits { cleaning: limit(15), ..unchanged() }, SayPrinterSupplies { cleaned: true, ..silent() }),
        (
            SetPrinterLimits { cards_a_day: limit(11), tray: limit(90), ..unchanged() },
            SayPrinterSupplies { in_tray: limit(1), ..silent() },
        ),
    ] {
        let world = office(40, "").await;
        set(&world, limits).await;
        say(&world, says).await;
        let simulated = async || {
            let written = ShowScenario {}.read(&world.engine).await.unwrap();
            let mut scenario: Scenario = toml::from_str(&written.toml).unwrap();
            scenario.check().unwrap();
            (scenario.days, scenario.printers[0].spoiled) = (1, 0.0);
            (scenario.printers[0].not_started, scenario.printers[0].uncertain) = (0.0, 0.0);
            simulation::run(&scenario, 1)
        };
        let whole = simulated().await;
        world.run().await;
        let printed = world.records("printed").await;
        assert!(printed > 0 && printed < 40, "a limit stops it");
        assert_eq!(i64::try_from(whole.printed).unwrap(), printed, "{:?}", whole.printers);
        let stopped = simulated().await;
        assert_eq!(stopped.printed, 0, "it is stopped now: {:?}", stopped.printers);
    }
}

#[tokio::test]
async fn the_plan_says_what_stops_a_printer_and_what_each_ribbon_tray_and_load_gains() {
    let world = World::with(|settings| {
        settings.zone = jiff::tz::TimeZone::get("Asia/Jakarta").unwrap();
        settings.windows = vec!["* 19:05-22:05 Asia/Jakarta".parse().unwrap()];
    })
    .await;
    world.import(&students(0..300)).await;
    world.receive(300, None).await;
    for name in ["p1", "p2"] {
        world.add_printer(name, &format!("mock://{name}"), "student", Some(200)).await;
        operations::load(&world.engine, name, 60).await.unwrap();
    }
    set(&world, SetPrinterLimits { tray: limit(200), ribbon: limit(500), cleaning: limit(1_000), ..unchanged() }).await;
    say(&world, SayPrinterSupplies { ribbon_left: limit(20), in_tray: limit(170), ..silent() }).await;

    let plan = ShowPlan::default().read(&world.engine).await.unwrap();
    let ends: Vec<_> = plan.printers.iter().map(|printer| printer.ends[0].does).collect();
    assert_eq!(ends, [Activity::RibbonUsedUp, Activity::EmptyHopper]);
    let to_do: Vec<_> = plan.loads.iter().map(|load| (&*load.printer, load.what, load.cards)).collect();
    let of_p1 = [(Preparation::Ribbon, 500), (Preparation::Tray, 200), (Preparation::Load, 140)];
    let expected: Vec<_> = of_p1.iter().map(|(what, cards)| ("p1", *what, *cards)).collect();
    let (p1, p2): (Vec<_>, Vec<_>) = to_do.into_iter().partition(|(printer, ..)| *printer == "p1");
    assert_eq!((p1, p2), (expected, vec![("p2", Preparation::Load, 40)]), "{:?}", plan.loads);
    let gains: Vec<_> = plan.loads.iter().filter(|load| load.printer == "p1").map(|load| load.gains.p50).collect();
    // The ribbon gains the room of the tray, the tray what is in the hopper, and the load the rest of three hours.
    assert!((8..=10).contains(&gains[0]) && (25..=30).contains(&gains[1]) && gains[2] > 50, "{gains:?}");
    assert!(plan.all_loads.unwrap().p50 > gains[2], "{plan:?}");
}
