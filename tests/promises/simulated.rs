//! Tests that the simulator decides as the scheduler does: the same office, whose printers meet the same faults at the same cards,
//! comes to the same batches, cards, attempts and outcomes here and there.

use std::time::Duration;

use cetak::{
    domain::{
        pause::PauseScope,
        retry::{Backoff, uniform},
        time::Timestamp,
    },
    engine::{clock::Clock, scheduling, scheduling::Until},
    simulation::{Scenario, TracedJob, traced},
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

    /// Three printers, one with a hopper that ends, a window that closes, a pause and a record that is put first.
    fn large(records: u32) -> Self {
        let window = |from, to| json!({ "from": from, "to": to, "zone": "UTC" });
        let more = json!({
            "window": [window("11:00", "12:02"), window("12:03", "18:00")],
            "pause": [{ "printer": "p1", "from": "2026-11-24T12:00:30.037", "to": "2026-11-24T12:01:11.019" }],
            "load": [{ "printer": "p2", "at": "2026-11-24T12:01:40.053", "blanks": 20 },
                { "printer": "p2", "at": "2026-11-24T12:03:20.071", "blanks": 10 }],
            "walk_in": [{ "at": "2026-11-24T12:00:20.029", "record": records - 3 }],
        });
        let printers = vec![
            json!({ "name": "p1", "card_ms": 1_000 }),
            json!({ "name": "p2", "card_ms": 1_310, "hopper": 60 }),
            json!({ "name": "p3", "card_ms": 1_730, "clear_ms": 95_000 }),
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

/// The cards of a simulated run.
fn simulated(scenario: &Scenario) -> (Vec<Line>, Timestamp) {
    let (run, jobs) = traced(scenario, 0);
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
    (lines, run.ended_at)
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
    for (at, act) in acts {
        world.clock.sleep(at.since(world.clock.now())).await;
        let printer = |key: &str| PauseScope::Printer(act[key].as_str().unwrap_or_default().into());
        if act.get("pause").is_some() {
            operations::pause(&world.engine, &printer("pause"), "a visit").await.unwrap();
        } else if act.get("resume").is_some() {
            operations::resume(&world.engine, &printer("resume"), "over").await.unwrap();
        } else if let Some(name) = act["load"].as_str() {
            operations::load(&world.engine, name, act["blanks"].as_i64().unwrap()).await.unwrap();
        } else {
            operations::put_first(
                &world.engine,
                &name(&format!("r{:05}", act["first"].as_u64().unwrap())),
                "she waits",
            )
            .await
            .unwrap();
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

/// Both agree on each card.
async fn agree(office: &Office, seed: u64) -> Vec<Line> {
    let scenario = office.scenario(seed);
    let (simulated, end) = simulated(&scenario);
    let scheduled = scheduled(office, &scenario, end).await;
    let is_near = |(a, b): (&Timestamp, &Timestamp)| a.since(*b) <= POLL && b.since(*a) <= POLL;
    let is_same = |a: &Line, b: &Line| {
        let key = |line: &Line| (line.printer.clone(), line.batch, line.position, line.record, line.outcomes.clone());
        key(a) == key(b) && a.instants.len() == b.instants.len() && a.instants.iter().zip(&b.instants).all(is_near)
    };
    let begin = |line: &Line| line.instants.first().copied().unwrap_or(Timestamp(i64::MAX));
    let pairs = || simulated.iter().zip(&scheduled);
    let first = pairs().filter(|(a, b)| !is_same(a, b)).map(|(a, b)| begin(a).min(begin(b))).min();
    if let Some(first) = first {
        let before = pairs().filter(|(a, b)| begin(a).min(begin(b)) <= first);
        let mut before: Vec<_> = before.map(|(a, b)| (begin(a).min(begin(b)), told(a), told(b))).collect();
        before.sort();
        let last: Vec<_> = before.iter().rev().take(12).rev().map(|(_, a, b)| format!("{a} | {b}")).collect();
        panic!("seed {seed}: the last of these cards differs (simulator | scheduler)\n{}", last.join("\n"));
    }
    assert_eq!(simulated.len(), scheduled.len(), "seed {seed}");
    simulated
}

#[tokio::test]
#[ignore = "on PostgreSQL two printers of one instant take their batches in either order; tests/run --full runs it"]
async fn two_printers_make_the_same_cards_in_the_simulator_and_with_the_scheduler() {
    let cards = agree(&Office::small(), 1).await;
    assert!(cards.len() >= 60);
    let outcomes: Vec<&str> = cards.iter().flat_map(|card| card.outcomes.clone()).collect();
    assert!(["printed", "spoiled", "not-started"].iter().all(|outcome| outcomes.contains(outcome)), "{outcomes:?}");
}

#[tokio::test]
#[ignore = "takes half a minute; the full run has it"]
async fn an_office_with_all_that_stops_it_makes_the_same_cards_in_the_simulator_and_with_the_scheduler() {
    for seed in 1..3 {
        agree(&Office::large(400), seed).await;
    }
}

#[tokio::test]
#[ignore = "takes minutes; the full run has it"]
#[expect(clippy::print_stdout, reason = "the full run shows how much was compared")]
async fn two_thousand_cards_are_the_same_in_the_simulator_and_with_the_scheduler_on_twenty_seeds() {
    for seed in 1..21 {
        let cards = agree(&Office::large(2_000), seed).await;
        println!(
            "seed {seed}: {} places in batches, {} attempts",
            cards.len(),
            cards.iter().map(|card| card.outcomes.len()).sum::<usize>()
        );
    }
}
