//! Tests that the simulator decides as the scheduler does: the same office, whose printers meet the same faults at the same cards,
//! comes to the same batches, cards, attempts and outcomes here and there.
//!
//! Which of two printers comes first at one instant is decided by nothing, and differs between databases and from one run to the next. So
//! the simulator must agree for some order of the printers at each such instant.

use std::{collections::BTreeSet, time::Duration};

use cetak::{
    domain::{
        pause::PauseScope,
        refusal::Refusal,
        retry::{Backoff, uniform},
        time::Timestamp,
    },
    engine::{EngineError, clock::Clock, scheduling, scheduling::Until},
    simulation::{Scenario, Traced, TracedJob, TurnOrders, traced},
};
use jiff::{civil::DateTime, tz::TimeZone};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    acts as operations,
    people::{Student, csv, student},
    world::{World, actor, name},
};

/// The interval within which an instant is the same: the longest wait between two questions about a card.
const POLL: Duration = Duration::from_millis(250);

/// Reads that take longer than a scheduler needs to be told of an act.
const READS: usize = 20;

/// How many instants before a difference other orders of the printers are tried at.
const INSTANTS: usize = 30;

/// A card, here or there.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    printer: String,
    /// Which of its printer's batches, and the place in it.
    batch: usize,
    position: usize,
    record: usize,
    outcomes: Vec<&'static str>,
    /// The begin and the end of each attempt.
    instants: Vec<Timestamp>,
}

/// What differs between two offices, beside the faults.
struct Office {
    records: u32,
    /// The faults of a hundred cards.
    faults_percent: u64,
    printers: Vec<Value>,
    /// Further keys of the scenario, as people act in it.
    more: Value,
}

fn instant(local: &str) -> Timestamp {
    let local: DateTime = local.parse().unwrap();
    Timestamp(TimeZone::UTC.to_zoned_datetime(local).unwrap().timestamp().as_microsecond())
}

/// The faults of a printer's cards, from a seed.
fn script(seed: u64, printer: u64, cards: u64, percent: u64) -> String {
    const FAULTS: [&str; 6] = ["spoil", "jam", "forget", "lose_ack", "offline", "reject"];
    let draw = |card, what| uniform(seed * 31 + printer, card, what);
    let meets = |card: &u64| draw(*card, 0) * 100.0 < f64::from(u32::try_from(percent).unwrap());
    let fault = |card: u64| {
        let which =
            FAULTS.iter().enumerate().find(|(at, _)| draw(card, 1) * 6.0 < f64::from(u32::try_from(at + 1).unwrap()));
        format!("{card}:{}", which.unwrap().1)
    };
    (1..=cards).filter(meets).map(fault).collect::<Vec<_>>().join(",")
}

impl Office {
    /// Two printers that take their blanks from the vault, and nobody acts.
    fn small() -> Self {
        let printers = vec![json!({ "name": "p1", "card_ms": 3_000 }), json!({ "name": "p2", "card_ms": 2_000 })];
        Self { records: 60, faults_percent: 10, printers, more: json!({}) }
    }

    /// Three printers, one with a hopper that ends, a window that closes after some minutes, a pause and a record that is put first.
    fn large(records: u32, minutes: u32) -> Self {
        let window = |from: &str, to: &str| json!({ "from": from, "to": to, "zone": "UTC" });
        let (closes, opens) = (format!("12:{minutes:02}"), format!("12:{:02}", minutes + 1));
        let more = json!({
            "window": [window("11:00", &closes), window(&opens, "18:00")],
            "pause": [{ "printer": "p1", "from": "2026-11-24T12:00:15.037", "to": "2026-11-24T12:00:41.019" }],
            "load": [{ "printer": "p2", "at": "2026-11-24T12:00:50.053", "blanks": 20 },
                { "printer": "p2", "at": format!("2026-11-24T{opens}:20.071"), "blanks": 10 }],
            "walk_in": [{ "at": "2026-11-24T12:00:12.029", "record": records - 3 }],
        });
        let printers = vec![
            json!({ "name": "p1", "card_ms": 1_000 }),
            json!({ "name": "p2", "card_ms": 1_310, "hopper": 30 }),
            // The one that is put first is its next card.
            json!({ "name": "p3", "card_ms": 1_730, "clear_ms": 95_000, "walk_in_lane": true }),
        ];
        Self { records, faults_percent: 6, printers, more }
    }

    /// The scenario of a seed.
    fn scenario(&self, seed: u64) -> Scenario {
        let later = self.records / 3;
        let list = |records, class| json!({ "records": records, "class": class, "profile": "student", "districts": ["FACULTY 0", "FACULTY 1", "FACULTY 2"] });
        let printer = |(nth, printer): (usize, &Value)| {
            let seconds = printer["card_ms"].as_f64().unwrap() / 1_000.0;
            let minutes = printer["clear_ms"].as_f64().unwrap_or(20_000.0) / 60_000.0;
            let faults = script(seed, nth.try_into().unwrap(), u64::from(self.records) * 2, self.faults_percent);
            let mut of = json!({
                "name": printer["name"], "profile": "student", "seconds_per_card": [seconds, seconds],
                "jam_minutes": [minutes, minutes], "script": faults,
            });
            of["walk_in_lane"] = json!(printer["walk_in_lane"] == true);
            if let Some(hopper) = printer["hopper"].as_u64() {
                (of["hopper"], of["loaded"]) = (json!(hopper), json!(hopper));
            }
            of
        };
        let mut scenario = json!({
            "title": "the same office", "site": "test", "start": "2026-11-24T12:00", "zone": "UTC", "days": 1,
            "attempts": 2, "batch_size": 25, "release_after_minutes": 1, "backoff_seconds": [1, 30],
            // The class that is printed later comes first.
            "list": [list(later, 2), list(self.records - later, 1)],
            "stock": [{ "blanks": self.records * 2, "profile": "student" }],
            "printer": self.printers.iter().enumerate().map(printer).collect::<Vec<_>>(),
            // Jams clear at once; a round at the start changes nothing.
            "staff": { "hours": [{ "from": "00:00", "to": "24:00", "zone": "UTC" }], "round_minutes": 525_600 },
        });
        let more = self.more.as_object().unwrap().clone();
        scenario.as_object_mut().unwrap().extend(more);
        let scenario: Scenario = serde_json::from_value(scenario).unwrap();
        scenario.check().unwrap();
        scenario
    }

    fn people(&self) -> Vec<Student> {
        let later = self.records / 3;
        let person = |n: u32| Student {
            // One district after the other, in each of the two lists.
            faculty: format!("FACULTY {}", if n < later { n % 3 } else { (n - later) % 3 }),
            programme: "PROGRAMME".into(),
            kind: if n < later { "replacement" } else { "new" }.into(),
            verified_at: format!("2026-01-01T{:02}:{:02}:{:02}Z", n / 3_600, n / 60 % 60, n % 60),
            ..student(n)
        };
        (0..self.records).map(person).collect()
    }
}

/// The cards of a simulated run, its end, and the instants at which several printers had turns.
fn simulated(scenario: &Scenario, orders: &TurnOrders) -> (Vec<Line>, Timestamp, BTreeSet<Timestamp>) {
    let Traced { run, jobs, shared } = traced(scenario, 0, orders);
    let line = |job: TracedJob| Line {
        printer: scenario.printers[job.printer].name.clone(),
        batch: job.batch,
        position: job.position,
        record: job.record,
        outcomes: job.attempts.iter().filter_map(|one| one.ended).map(|(kind, _)| kind.state().as_str()).collect(),
        instants: job
            .attempts
            .iter()
            .flat_map(|one| [Some(one.began_at), one.ended.map(|(_, at)| at)])
            .flatten()
            .collect(),
    };
    let mut lines: Vec<Line> = jobs.into_iter().map(line).collect();
    lines.sort_by_key(|line| (line.printer.clone(), line.batch, line.position));
    (lines, run.ended_at, shared)
}

/// Loads a hopper with as many of these blanks as it takes, as a person of the simulator does.
async fn load(world: &World, printer: &str, blanks: i64) {
    match operations::load(&world.engine, printer, blanks).await {
        Err(EngineError::Refused(Refusal::HopperFull { capacity, loaded, .. })) if capacity == loaded => {}
        Err(EngineError::Refused(Refusal::HopperFull { capacity, loaded, .. })) => {
            operations::load(&world.engine, printer, capacity - loaded).await.unwrap();
        }
        loaded => loaded.unwrap(),
    }
}

/// What people do in a scenario, at its time, and then the end.
async fn act(world: &World, scenario: &Scenario, end: Timestamp, stop: watch::Sender<bool>) {
    let mut acts: Vec<(Timestamp, Value)> = Vec::new();
    let text = |at: &DateTime| at.to_string();
    for pause in &scenario.pauses {
        acts.push((instant(&text(&pause.from)), json!({ "pause": pause.printer })));
        acts.push((instant(&text(&pause.to.unwrap())), json!({ "resume": pause.printer })));
    }
    for load in &scenario.loads {
        acts.push((instant(&text(&load.at)), json!({ "load": load.printer, "blanks": load.blanks })));
    }
    for walk_in in &scenario.walk_ins {
        acts.push((instant(&text(&walk_in.at)), json!({ "first": walk_in.record - 1 })));
    }
    acts.sort_by_key(|(at, _)| *at);
    // What the scheduler waits for until it has begun the clock does not see. It stands still while the database is read.
    while !world.engine.vitals.has_begun() {
        world.status().await;
    }
    for (at, act) in acts {
        world.clock.sleep(at.since(world.clock.now())).await;
        let printer = |key: &str| PauseScope::Printer(act[key].as_str().unwrap_or_default().into());
        if act.get("pause").is_some() {
            operations::pause(&world.engine, &printer("pause"), "a visit").await.unwrap();
        } else if act.get("resume").is_some() {
            operations::resume(&world.engine, &printer("resume"), "over").await.unwrap();
        } else if let Some(name) = act["load"].as_str() {
            load(world, name, act["blanks"].as_i64().unwrap()).await;
        } else {
            operations::put_first(
                &world.engine,
                &name(&format!("r{:05}", act["first"].as_u64().unwrap())),
                "she waits",
            )
            .await
            .unwrap();
        }
        // Nor does it see that the scheduler is being told of the act.
        for _ in 0..READS {
            world.status().await;
        }
    }
    world.clock.sleep(end.since(world.clock.now())).await;
    stop.send(true).unwrap();
}

/// The cards of the same office with the scheduler and mock printers.
async fn scheduled(office: &Office, scenario: &Scenario, end: Timestamp) -> Vec<Line> {
    let world = World::on_file(|settings| {
        settings.batch_size = scenario.batch_size;
        settings.release_after = Duration::from_mins(scenario.release_after_minutes);
        let [base, cap] = scenario.backoff_seconds.map(Duration::from_secs);
        settings.backoff = Backoff { base, cap };
        settings.windows.clone_from(&scenario.windows);
    })
    .await;
    world.import(&csv(&office.people())).await;
    let hoppers: u32 = scenario.printers.iter().map(|printer| printer.loaded).sum();
    world.receive(i64::from(office.records * 2 + hoppers), None).await;
    for (printer, of) in scenario.printers.iter().zip(&office.printers) {
        let clear = of["clear_ms"].as_u64().unwrap_or(20_000);
        let faults = String::from(printer.script.clone().unwrap());
        let uri = format!("mock://{}?card_ms={}&clear_ms={clear}&script={faults}", printer.name, of["card_ms"]);
        world.add_printer(&printer.name, &uri, "student", printer.hopper.map(i64::from)).await;
        if printer.walk_in_lane {
            operations::keep_lane(&world.engine, &printer.name).await;
        }
        if printer.loaded > 0 {
            operations::load(&world.engine, &printer.name, printer.loaded.into()).await.unwrap();
        }
    }
    assert_eq!(world.clock.now(), instant(&scenario.start.to_string()), "nothing before the run takes time");
    let (stop, stopped) = watch::channel(false);
    let engine = world.engine.acting("scheduler", actor("scheduler"));
    let run = Box::pin(scheduling::run(&engine, Until::Stopped, stopped));
    let (run, ()) = tokio::join!(run, act(&world, scenario, end.plus(Duration::from_secs(30)), stop));
    run.unwrap();
    world.audit().await;
    lines(&world).await
}

async fn lines(world: &World) -> Vec<Line> {
    let batches = world.batches().await;
    let mut jobs = world.jobs().await;
    jobs.sort_by_key(|job| (job.batch, job.id));
    let mut lines: Vec<Line> = Vec::new();
    for job in &jobs {
        let printer = &batches.iter().find(|batch| batch.id == job.batch).unwrap().printer;
        let before = batches.iter().filter(|batch| batch.printer == *printer && batch.id < job.batch).count();
        let position = lines.iter().filter(|line| line.printer == *printer && line.batch == before).count();
        let known = ["printed", "not-started", "spoiled", "uncertain"];
        let outcome = |text: &String| known.into_iter().find(|known| known == text).unwrap();
        let at = |text: &String| Timestamp::parse(text).unwrap();
        let instants = job.attempts.iter().flat_map(|one| [Some(&one.began_at), one.ended_at.as_ref()]);
        lines.push(Line {
            printer: printer.clone(),
            batch: before,
            position,
            record: job.request_id[1..].parse().unwrap(),
            outcomes: job.attempts.iter().filter_map(|one| one.outcome.as_ref()).map(outcome).collect(),
            instants: instants.flatten().map(at).collect(),
        });
    }
    lines.sort_by_key(|line| (line.printer.clone(), line.batch, line.position));
    lines
}

/// A card in one line, with seconds since noon.
fn told(line: &Line) -> String {
    let noon = instant("2026-11-24T12:00:00");
    let seconds = line.instants.iter().map(|at| format!("{:.3}", at.since(noon).as_secs_f64()));
    let Line { printer, batch, position, record, outcomes, .. } = line;
    format!("{printer} {batch}/{position} record {record} {outcomes:?} {}", seconds.collect::<Vec<_>>().join(" "))
}

/// When a card's first attempt began.
fn begin(line: &Line) -> Timestamp {
    line.instants.first().copied().unwrap_or(Timestamp(i64::MAX))
}

/// The first card on which both do not agree, and when it began, there or here.
fn difference(simulated: &[Line], scheduled: &[Line]) -> Option<(Timestamp, usize)> {
    let is_near = |(a, b): (&Timestamp, &Timestamp)| a.since(*b) <= POLL && b.since(*a) <= POLL;
    let is_same = |a: &Line, b: &Line| {
        let key = |line: &Line| (line.printer.clone(), line.batch, line.position, line.record, line.outcomes.clone());
        key(a) == key(b) && a.instants.len() == b.instants.len() && a.instants.iter().zip(&b.instants).all(is_near)
    };
    let differs = |at: usize| match (simulated.get(at), scheduled.get(at)) {
        (Some(a), Some(b)) => (!is_same(a, b)).then(|| begin(a).min(begin(b))),
        (a, b) => a.or(b).map(begin),
    };
    (0..simulated.len().max(scheduled.len())).filter_map(|at| Some((differs(at)?, at))).min()
}

/// Each order of this many printers.
fn orders(printers: usize) -> Vec<Vec<usize>> {
    let Some(last) = printers.checked_sub(1) else { return vec![Vec::new()] };
    let with_last = |order: Vec<usize>| {
        (0..printers).map(move |place| {
            let mut order = order.clone();
            order.insert(place, last);
            order
        })
    };
    orders(last).into_iter().flat_map(with_last).collect()
}

/// Both agree on each card. Returns the cards, and the number of instants at which the order of the printers was not the simulator's.
async fn agree(office: &Office, seed: u64) -> (Vec<Line>, usize) {
    let scenario = office.scenario(seed);
    let mut taken = TurnOrders::new();
    let (mut simulator, end, mut shared) = simulated(&scenario, &taken);
    let scheduler = scheduled(office, &scenario, end).await;
    let reached = |lines: &[Line]| difference(lines, &scheduler).map_or(Timestamp(i64::MAX), |(first, _)| first);
    while let Some((first, at)) = difference(&simulator, &scheduler) {
        let last = [simulator.get(at), scheduler.get(at)].into_iter().flatten().map(begin).max().unwrap();
        let instants = shared.range(..=last).rev().take(INSTANTS);
        let others =
            instants.flat_map(|instant| orders(office.printers.len()).into_iter().map(|order| (*instant, order)));
        let others = others.map(|(instant, order)| {
            let mut taken = taken.clone();
            taken.insert(instant, order);
            (simulated(&scenario, &taken), taken)
        });
        let best =
            others.max_by_key(|((lines, ..), _)| reached(lines)).filter(|((lines, ..), _)| reached(lines) > first);
        let Some(((lines, _, instants), orders)) = best else {
            let cards = until(&simulator, &scheduler, first);
            panic!("seed {seed}: the last of these cards differs (simulator | scheduler)\n{cards}");
        };
        (simulator, shared, taken) = (lines, instants, orders);
    }
    (simulator, taken.len())
}

/// The last cards that began until an instant, of both.
fn until(simulator: &[Line], scheduler: &[Line], last: Timestamp) -> String {
    let cards = (0..simulator.len().max(scheduler.len())).map(|at| [simulator.get(at), scheduler.get(at)]);
    let mut cards: Vec<(Timestamp, String)> = cards
        .map(|both| {
            let began = both.into_iter().flatten().map(begin).min().unwrap();
            (began, both.map(|line| line.map_or_else(|| "none".to_owned(), told)).join(" | "))
        })
        .filter(|(began, _)| *began <= last)
        .collect();
    cards.sort();
    cards[cards.len().saturating_sub(12)..].iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn two_printers_make_the_same_cards_in_the_simulator_and_with_the_scheduler() {
    let (cards, _) = agree(&Office::small(), 1).await;
    assert!(cards.len() >= 60);
    let outcomes: Vec<&str> = cards.iter().flat_map(|card| card.outcomes.clone()).collect();
    assert!(["printed", "spoiled", "not-started"].iter().all(|outcome| outcomes.contains(outcome)), "{outcomes:?}");
}

#[tokio::test]
async fn an_office_with_all_that_stops_it_makes_the_same_cards_in_the_simulator_and_with_the_scheduler() {
    let (cards, _) = agree(&Office::large(150, 1), 1).await;
    let late = instant("2026-11-24T12:02:00");
    assert!(cards.iter().any(|card| begin(card) > late), "cards are printed when the window is open again");
}

#[tokio::test]
#[ignore = "takes minutes; the full run has it"]
#[expect(clippy::print_stdout, reason = "the full run shows how much was compared")]
async fn two_thousand_cards_are_the_same_in_the_simulator_and_with_the_scheduler_on_twenty_seeds() {
    for seed in 1..21 {
        let (cards, shared) = agree(&Office::large(2_000, 3), seed).await;
        let attempts: usize = cards.iter().map(|card| card.outcomes.len()).sum();
        println!(
            "seed {seed}: {} places in batches, {attempts} attempts, another order of printers at {shared} instants",
            cards.len()
        );
    }
}
