//! Random days of arrivals, jumps, holds and faults: the [second implementation](crate::second_order) of the order agrees with every batch.
//!
//! `RANDOM_DAYS=100 DAYS_SEED=1 cargo test --test promises days::` runs more days.

use std::{sync::Arc, time::Duration};

use cetak::{
    domain::{batch::BatchState, pause::PauseScope, stock::Cause},
    engine::{
        client::{Client, Direct},
        clock::Clock as _,
        operations::{PutBack, PutFirst, PutInClass},
        scheduling::{self, Until},
    },
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use tokio::sync::watch;

use crate::{
    acts as operations,
    jumps::{order_of_day, today},
    people::{Student, applicant},
    second_order::{AuditRow, Compared, compare},
    world::{World, actor, csv, name, student},
};

/// How many days are run if no number is given.
const DAYS: u64 = 6;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// A day that is over: its file and its audit.
struct Day {
    lines: Vec<Value>,
    rows: Vec<AuditRow>,
}

/// The people of a day, and what they know of it.
struct People<'a> {
    world: &'a World,
    random: ChaCha8Rng,
    /// The number of the next new request.
    next: u32,
    /// Requests as they were sent last, with the profile.
    sent: Vec<(Student, &'static str)>,
}

impl People<'_> {
    fn below(&mut self, most: u32) -> u32 {
        self.random.random_range(0..most)
    }

    /// A request with keys of which many are the same.
    fn request(&mut self, number: u32) -> Student {
        let kind = if self.below(4) == 0 { "replacement" } else { "new" };
        Student {
            kind: kind.into(),
            verified_at: format!("2026-01-01T00:00:{:02}Z", self.below(12)),
            faculty: format!("FACULTY {}", self.below(3)),
            ..student(number)
        }
    }

    async fn import(&mut self, students: &[Student], profile: &str) {
        // A row that is refused is one of a record that has its card.
        let _ = self.world.import_with(&csv(students), profile, |import| import.update = true).await;
    }

    async fn arrive(&mut self) {
        let (number, profile) = (self.below(6) + 1, if self.below(3) == 0 { "guest" } else { "student" });
        let new: Vec<_> = (self.next..self.next + number).map(|number| self.request(number)).collect();
        self.next += number;
        self.import(&new, profile).await;
        self.sent.extend(new.into_iter().map(|student| (student, profile)));
    }

    /// One that was sent before; the later ones wait more often.
    fn any(&mut self) -> Option<(Student, &'static str)> {
        let all = u32::try_from(self.sent.len()).unwrap();
        let back = self.below(all.max(1)).min(self.below(all.max(1)));
        self.sent.get(self.sent.len().checked_sub(1 + back as usize)?).cloned()
    }

    async fn act(&mut self) {
        let what = self.below(24);
        let Some((student, profile)) = self.any() else { return self.arrive().await };
        let (engine, id) = (&self.world.engine, name(&student.request_id));
        let (client, note) = (Direct::new(engine), "asked".parse().unwrap());
        match what {
            0..=4 => self.arrive().await,
            5 | 6 => {
                let number: u32 = student.request_id[1..].parse().unwrap();
                let changed = self.request(number);
                self.import(&[changed], profile).await;
            }
            7..=10 => drop(client.act(PutFirst { record: id, note }).await),
            11 | 12 => {
                let class = if self.below(2) == 0 { 1 } else { 2 };
                drop(client.act(PutInClass { record: id, class, note }).await);
            }
            13 => drop(client.act(PutBack { record: id, note }).await),
            14 | 15 => drop(operations::record_hold(engine, &id, "asked").await),
            16 | 17 => drop(operations::record_release(engine, &id, "asked").await),
            18 => {
                let number: u32 = student.request_id[1..].parse().unwrap();
                self.import(&[applicant(number)], profile).await;
            }
            19 | 20 => {
                let blanks = i64::from(self.below(7) + 1);
                self.world.receive(blanks, None).await;
            }
            21 => {
                let printer = PauseScope::Printer(format!("p{}", self.below(3) + 1));
                let _ = operations::pause(engine, &printer, "a visit").await;
                self.world.clock.sleep(Duration::from_millis(800)).await;
                let _ = operations::resume(engine, &printer, "over").await;
            }
            22 => {
                let batches = self.world.batches().await;
                let open = batches.iter().find(|batch| batch.state == BatchState::Running.as_str());
                if let Some(open) = open {
                    let _ = operations::batch_cancel(engine, cetak::domain::id::BatchId(open.id), "a test").await;
                }
            }
            _ => drop(operations::card_reject(engine, &id, Cause::PrintFailed, "streaks").await),
        }
    }
}

/// A random day: two profiles on one type of blank, three printers of which two keep a lane, and few blanks.
async fn day(seed: u64) -> Day {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let batch_size = random.random_range(2..9);
    // On some days there are blanks for all, and on the others a batch takes those that are left.
    let blanks = if random.random_range(0..3) == 0 { 6 } else { 90 };
    let mut world = World::with(|settings| {
        settings.batch_size = batch_size;
        settings.breaker_failures = 50;
    })
    .await;
    let guest = cetak::domain::card::profile::CardProfile {
        name: "guest".into(),
        ..(*world.engine.profile("student").unwrap()).clone()
    };
    let mut profiles = (*world.engine.profiles).clone();
    profiles.insert(guest.name.clone(), Arc::new(guest));
    world.engine.profiles = Arc::new(profiles);
    let faults = format!("spoil=0.06&jam=0.04&offline=0.04&clear_ms=900&seed={seed}");
    for (printer, profile, more) in
        [("p1", "student", "hold=yes&card_ms=910"), ("p2", "student", "card_ms=870"), ("p3", "guest", "card_ms=990")]
    {
        world.add_printer(printer, &format!("mock://{printer}?{more}&{faults}"), profile, None).await;
    }
    for printer in ["p1", "p3"] {
        operations::keep_lane(&world.engine, printer).await;
    }
    world.receive(blanks, None).await;
    let (stop, stopped) = watch::channel(false);
    let engine = world.engine.acting("scheduler", actor("scheduler"));
    let run = Box::pin(scheduling::run(&engine, Until::Stopped, stopped));
    let mut people = People { world: &world, random, next: 0, sent: Vec::new() };
    let acts = async {
        for _ in 0..70 {
            people.act().await;
            // The instants of two acts differ, so that the audit has the order of their commits over all chains.
            let wait = u64::from(people.below(400_000) + 1_000);
            world.clock.sleep(Duration::from_micros(wait)).await;
        }
        world.receive(40, None).await;
        world.clock.sleep(Duration::from_mins(2)).await;
        stop.send(true).unwrap();
    };
    let (run, ()) = tokio::join!(run, acts);
    run.unwrap();
    world.audit().await;
    let lines = order_of_day(&world, today(&world)).await;
    let lines = lines.iter().map(|line| serde_json::to_value(line).unwrap()).collect();
    Day { lines, rows: audit_rows(&world).await }
}

/// All rows of the audit, each chain in its order.
async fn audit_rows(world: &World) -> Vec<AuditRow> {
    let mut tx = world.engine.store.read().await.unwrap();
    let mut rows = Vec::new();
    for head in tx.audit_heads().await.unwrap() {
        let mut after = 0;
        while let Some((seq, text)) = tx.audit_next_row(&head.chain, after).await.unwrap() {
            rows.push(AuditRow { chain: head.chain.clone(), text });
            after = seq;
        }
    }
    rows
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "the full run shows how much was compared")]
async fn on_random_days_a_second_implementation_of_the_order_agrees_with_every_batch() {
    let (days, first) = (setting("RANDOM_DAYS").unwrap_or(DAYS), setting("DAYS_SEED").unwrap_or(1));
    let mut all = Compared::default();
    for seed in first..first + days {
        let day = Box::pin(day(seed)).await;
        let compared = compare(&day.lines, &day.rows);
        all += compared.unwrap_or_else(|why| panic!("DAYS_SEED={seed} RANDOM_DAYS=1: {why}"));
    }
    println!("{days} days from seed {first}: {all:?}");
    assert!(all.batches > 0 && all.moved > 0 && all.unlisted > 0, "{all:?}");
}

#[tokio::test]
async fn a_record_that_is_swapped_in_the_file_or_in_the_audit_is_found() {
    let day = Box::pin(day(4)).await;
    compare(&day.lines, &day.rows).unwrap();
    let is_batched =
        |line: &&usize| day.lines[**line]["event"] == "batched" && day.lines[**line]["class"] != -1_000_000_000;
    let all: Vec<usize> = (0..day.lines.len()).collect();
    let batched: Vec<usize> = all.iter().filter(is_batched).copied().collect();
    let of_other_batch = |one: &usize, other: &usize| {
        let (one, other) = (&day.lines[*one], &day.lines[*other]);
        one["batch"] != other["batch"] && one["profile"] == other["profile"]
    };
    let one = batched[0];
    let other = *batched.iter().find(|other| of_other_batch(&one, other)).unwrap();

    // Two records change their batches in the file.
    let mut swapped = day.lines.clone();
    for key in ["source", "request_id", "class", "verified_at", "requested_at", "district", "village"] {
        let (a, b) = (swapped[one][key].clone(), swapped[other][key].clone());
        (swapped[one][key], swapped[other][key]) = (b, a);
    }
    assert!(compare(&swapped, &day.rows).is_err());
    // A key of a record is another one.
    let mut changed = day.lines.clone();
    changed[one]["verified_at"] = "2025-01-01T00:00:00Z".into();
    assert!(compare(&changed, &day.rows).is_err());
    // A line is missing.
    let mut short = day.lines.clone();
    short.remove(one);
    assert!(compare(&short, &day.rows).is_err());
    // The audit has another record in a batch.
    let made = day.rows.iter().position(|row| row.text.contains("\"batch.made\"")).unwrap();
    let mut rows = day.rows.clone();
    let from = rows[made].text.rfind("\"records\":\"").unwrap() + "\"records\":\"".len();
    rows[made].text.insert_str(from, "999999,");
    assert!(compare(&day.lines, &rows).is_err());
}
