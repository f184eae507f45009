//! A simulated print room in memory: a night of planning, dispatch, outcomes, breakers and retries that uses the domain
//! alone.

use std::{collections::BTreeMap, time::Duration};

use super::{
    attempt::{NotStartedCause, OutcomeKind},
    batch::{BatchEnd, BatchState, Claimed},
    breaker::{Breaker, Health, Limits, after_outcome},
    dispatch::{Action, Blocked, CardSnapshot, PrinterSnapshot, Readiness, Rules, may_begin, next_action},
    id::{BatchId, JobId, LotId, RecordId},
    job::OpenJob,
    planning::{self, BatchRequest, FreeBlanks, Planned, Policy, Waiting},
    retry::{self, Backoff},
    settlement::{Blank, Facts, settlement},
    states::{JobState, RecordState},
    stock::{Account, LotQuantity, Place},
    time::Timestamp,
};

const PROFILE: &str = "ktp-el";
const BLANK_TYPE: &str = "ktp-card";
const ATTEMPTS_LIMIT: u32 = 3;
const RELEASE_AFTER: Duration = Duration::from_mins(15);
const CARD: Duration = Duration::from_secs(3);
const BACKOFF: Backoff = Backoff { base: Duration::from_mins(1), cap: Duration::from_mins(5) };
const LIMITS: Limits = Limits { failures: 3, starts_nothing: RELEASE_AFTER };
const POLICY: Policy = Policy { batch_size: 20, needs_approval: false };

/// How the cards of a printer end, by record and by the number of the record's attempt.
type Script = fn(RecordId, u32) -> OutcomeKind;

struct Record {
    state: RecordState,
    attempts: u32,
    charged: u32,
    failed_on: Option<&'static str>,
}

struct Job {
    id: JobId,
    record: RecordId,
    lot: LotId,
    due: Timestamp,
    not_started: u32,
}

struct Printer {
    name: &'static str,
    script: Script,
    health: Health,
    readiness: Readiness,
    batch: Option<BatchId>,
    jobs: Vec<Job>,
    blocked: Option<Blocked>,
}

struct Room {
    seed: u64,
    now: Timestamp,
    records: BTreeMap<RecordId, Record>,
    waiting: Waiting<'static>,
    free: FreeBlanks<'static>,
    /// The number of used blanks by outcome.
    used: BTreeMap<&'static str, i64>,
    printers: Vec<Printer>,
    delivered: i64,
    jobs: i64,
    /// The trace of job states, in order.
    trace: Vec<(Timestamp, &'static str, RecordId, JobState)>,
}

impl Room {
    fn new(site: &str, records: i64, blanks: i64, printers: &[(&'static str, Script)]) -> Self {
        let numbers = (1..=records).map(RecordId);
        let record = || Record { state: RecordState::Waiting, attempts: 0, charged: 0, failed_on: None };
        let printer = |(name, script): &(&'static str, Script)| Printer {
            name,
            script: *script,
            health: Health { breaker: Breaker::Closed, failures: 0, last_failed: None, starts_nothing_since: None },
            readiness: Readiness::Unknown,
            batch: None,
            jobs: Vec::new(),
            blocked: None,
        };
        let lot = LotQuantity { lot: LotId(1), quantity: blanks };
        Self {
            seed: retry::seed(site),
            now: Timestamp(1_795_521_600_000_000),
            waiting: [(PROFILE, numbers.clone().map(claimed).collect())].into(),
            records: numbers.map(|number| (number, record())).collect(),
            free: [((BLANK_TYPE, Account::Vault), vec![lot])].into(),
            used: BTreeMap::new(),
            printers: printers.iter().map(printer).collect(),
            delivered: blanks,
            jobs: 0,
            trace: Vec::new(),
        }
    }

    /// Runs until every printer is blocked, and checks the invariants after each step.
    fn run(&mut self) {
        for _ in 0..10_000 {
            for at in 0..self.printers.len() {
                self.turn(at);
                self.check();
            }
            if self.printers.iter().all(|printer| printer.blocked.is_some()) {
                return;
            }
            self.now = self.now.plus(CARD);
        }
        panic!("seed {}: the night does not end", self.seed);
    }

    fn turn(&mut self, at: usize) {
        let rules = Rules { windows: &[], release_after: RELEASE_AFTER };
        let printer = &mut self.printers[at];
        let snapshot = PrinterSnapshot {
            name: printer.name,
            is_gone: false,
            node: None,
            own_node: None,
            has_lease: true,
            has_open_attempt: false,
            breaker: printer.health.breaker,
            readiness: printer.readiness,
            down_since: None,
            batch: printer.batch.map(|batch| (batch, BatchState::Running)),
            in_doubt: false,
            pauses: &[],
            newest: self.now,
        };
        printer.blocked = None;
        match next_action(&snapshot, &rules, self.now) {
            Action::Ask => {
                printer.readiness = Readiness::Ready;
                printer.health.breaker = printer.health.breaker.after_probe();
            }
            Action::Plan => self.plan(at),
            Action::Print if printer.jobs.is_empty() => self.end(at, BatchEnd::Done),
            Action::Print => self.print(at),
            Action::Block { reason, end_batch } => {
                printer.blocked = Some(reason);
                if let Some(why) = end_batch {
                    self.end(at, why);
                }
            }
            other @ (Action::Leave
            | Action::WaitForLease
            | Action::Resume
            | Action::WaitForPrinter
            | Action::EndBatch(_)) => panic!("{other:?} in a room with one node and printers that answer"),
        }
    }

    fn plan(&mut self, at: usize) {
        let name = self.printers[at].name;
        let request = BatchRequest { printer: name, hopper: None, profile: PROFILE, blank_type: BLANK_TYPE };
        match planning::plan(&[request], &mut self.waiting, &mut self.free, POLICY).remove(0) {
            Planned::NoBlanks => self.printers[at].blocked = Some(Blocked::NoBlanks),
            Planned::NothingWaits => self.printers[at].blocked = Some(Blocked::NothingWaits),
            Planned::Batch(plan) => {
                for (card, lot) in plan.cards.iter().zip(plan.lot_of_each()) {
                    self.jobs += 1;
                    let id = JobId(self.jobs);
                    self.record(card.record).state = RecordState::Batched;
                    self.printers[at].jobs.push(Job { id, record: card.record, lot, due: self.now, not_started: 0 });
                }
                self.printers[at].batch = Some(BatchId(self.jobs));
            }
        }
    }

    /// Prints the first due card, and applies its outcome.
    fn print(&mut self, at: usize) {
        let due = self.printers[at].jobs.iter().position(|job| {
            let (record, version) = (self.records[&job.record].state, 1);
            let card =
                CardSnapshot { job: JobState::Queued, due: job.due, record, recall: None, version, rendered: version };
            may_begin(&card, self.now)
        });
        let Some(place) = due else { return };
        let mut job = self.printers[at].jobs.remove(place);
        let (name, script) = (self.printers[at].name, self.printers[at].script);
        let record = &self.records[&job.record];
        let outcome = script(job.record, record.attempts);
        let facts = Facts {
            batch_is_closing: false,
            recall: None,
            charged: record.charged,
            failed_elsewhere: record.failed_on.is_some_and(|on| on != name),
            attempts_limit: ATTEMPTS_LIMIT,
        };
        let jitter = retry::jitter(self.seed, job.id, job.not_started);
        let retry_at = self.now.plus(BACKOFF.wait(job.not_started, jitter));
        let another = (outcome == OutcomeKind::Spoiled).then(|| self.free_lot()).flatten();
        let settled = settlement(&facts, outcome, self.now, retry_at, another);

        self.trace.push((self.now, name, job.record, settled.job));
        let record = self.record(job.record);
        record.state = settled.record;
        record.attempts += 1;
        if settled.is_charged {
            record.charged += 1;
            record.failed_on = Some(name);
        }
        match settled.blank {
            Blank::Reserved => {}
            Blank::Free => self.put_back(job.lot),
            Blank::Printed => *self.used.entry("printed").or_default() += 1,
            Blank::Spoiled => *self.used.entry("spoiled").or_default() += 1,
            Blank::Uncertain => *self.used.entry("uncertain").or_default() += 1,
        }
        if let Some(lot) = settled.another_blank {
            self.take(lot);
            job.lot = lot;
        }
        if settled.record == RecordState::Waiting {
            self.waiting.entry(PROFILE).or_default().push_front(claimed(job.record));
        }
        let printer = &mut self.printers[at];
        printer.health = after_outcome(printer.health, outcome, Some(job.record), LIMITS, self.now);
        if outcome.is_failure() {
            printer.readiness = Readiness::Unknown;
        }
        if settled.job == JobState::Queued {
            job.not_started += u32::from(settled.is_not_started);
            job.due = settled.due.unwrap_or(job.due);
            printer.jobs.push(job);
        }
    }

    /// Ends a printer's batch: queued jobs return to the waiting list.
    fn end(&mut self, at: usize, _: BatchEnd) {
        let printer = &mut self.printers[at];
        let Some(batch) = printer.batch.take() else { return };
        let open = printer.jobs.drain(..).map(|job| {
            let (id, lot) = (job.id, job.lot);
            (job.record, OpenJob { id, state: JobState::Queued, batch, lot, place: Place::Vault })
        });
        let ending = planning::end(BatchState::Running, open.collect()).unwrap();
        assert_eq!(ending.state, BatchState::Closed);
        for (record, job) in ending.returned.into_iter().rev() {
            self.record(record).state = RecordState::Waiting;
            self.waiting.entry(PROFILE).or_default().push_front(claimed(record));
            self.put_back(job.lot);
        }
    }

    /// Checks that every blank is accounted for, and that every record has one state that agrees with its place.
    fn check(&self) {
        let reserved = self.printers.iter().map(|printer| printer.jobs.len()).sum::<usize>();
        let used: i64 = self.used.values().sum();
        assert_eq!(self.free_blanks() + i64::try_from(reserved).unwrap() + used, self.delivered, "seed {}", self.seed);
        let in_state = |state| self.records.values().filter(|record| record.state == state).count();
        let used = |what| usize::try_from(self.used.get(what).copied().unwrap_or(0)).unwrap();
        assert_eq!(in_state(RecordState::Waiting), self.waiting[PROFILE].len(), "seed {}", self.seed);
        assert_eq!(in_state(RecordState::Batched), reserved, "seed {}", self.seed);
        assert_eq!(in_state(RecordState::Printed), used("printed"), "seed {}", self.seed);
        assert_eq!(in_state(RecordState::Uncertain), used("uncertain"), "seed {}", self.seed);
    }

    fn record(&mut self, record: RecordId) -> &mut Record {
        self.records.get_mut(&record).unwrap()
    }

    fn lots(&mut self) -> &mut Vec<LotQuantity> {
        self.free.get_mut(&(BLANK_TYPE, Account::Vault)).unwrap()
    }

    fn free_blanks(&self) -> i64 {
        self.free[&(BLANK_TYPE, Account::Vault)].iter().map(|lot| lot.quantity).sum()
    }

    fn free_lot(&mut self) -> Option<LotId> {
        self.lots().iter().find(|lot| lot.quantity > 0).map(|lot| lot.lot)
    }

    fn take(&mut self, lot: LotId) {
        self.lots().iter_mut().find(|free| free.lot == lot).unwrap().quantity -= 1;
    }

    fn put_back(&mut self, lot: LotId) {
        self.lots().iter_mut().find(|free| free.lot == lot).unwrap().quantity += 1;
    }

    fn printer(&self, name: &str) -> &Printer {
        self.printers.iter().find(|printer| printer.name == name).unwrap()
    }

    fn count(&self, state: RecordState) -> usize {
        self.records.values().filter(|record| record.state == state).count()
    }
}

fn claimed(record: RecordId) -> Claimed {
    Claimed {
        record,
        district: format!("{}", record.0 % 3),
        village: String::new(),
        version: 1,
        copy: 1,
        recalled: false,
        is_walk_in: false,
    }
}

fn good(_: RecordId, _: u32) -> OutcomeKind {
    OutcomeKind::Printed
}

/// Every fifth card spoils on its first attempt, and every thirtieth is uncertain.
fn worn(record: RecordId, attempt: u32) -> OutcomeKind {
    match record.0 {
        n if n % 30 == 0 => OutcomeKind::Uncertain,
        n if n % 5 == 0 && attempt == 0 => OutcomeKind::Spoiled,
        _ => OutcomeKind::Printed,
    }
}

/// Every fourth card does not start on its first attempt, and all cards of one record are refused.
fn moody(record: RecordId, attempt: u32) -> OutcomeKind {
    match record.0 {
        7 => OutcomeKind::NotStarted(NotStartedCause::Card),
        n if n % 4 == 0 && attempt < 2 => OutcomeKind::NotStarted(NotStartedCause::Printer),
        _ => OutcomeKind::Printed,
    }
}

fn spoils_all(_: RecordId, _: u32) -> OutcomeKind {
    OutcomeKind::Spoiled
}

fn starts_nothing(_: RecordId, _: u32) -> OutcomeKind {
    OutcomeKind::NotStarted(NotStartedCause::Printer)
}

#[test]
fn a_night_with_faulty_printers_loses_no_record_and_no_blank() {
    let printers: [(&str, Script); 4] =
        [("a-good", good), ("b-spoils", spoils_all), ("c-dead", starts_nothing), ("d-worn", worn)];
    let mut room = Room::new("solo", 300, 400, &printers);
    room.run();

    assert_eq!(room.printer("b-spoils").health.breaker, Breaker::Locked);
    assert_eq!(room.printer("c-dead").health.breaker, Breaker::Locked);
    assert_eq!(room.printer("a-good").blocked, Some(Blocked::NothingWaits));
    let (printed, uncertain) = (room.count(RecordState::Printed), room.count(RecordState::Uncertain));
    assert_eq!(printed + uncertain + room.count(RecordState::Quarantined), 300, "the others printed the rest");
    let on_bad = room.trace.iter().filter(|(_, printer, _, _)| *printer == "b-spoils").count();
    assert!(on_bad <= 4, "three in a row and a trial, not {on_bad}");
}

#[test]
fn without_blanks_the_rest_of_the_list_waits_in_its_order() {
    let mut room = Room::new("solo", 50, 30, &[("a-good", good), ("d-worn", worn)]);
    room.run();

    assert_eq!(room.free_blanks(), 0);
    assert_eq!(room.printer("a-good").blocked, Some(Blocked::NoBlanks));
    assert!(room.count(RecordState::Waiting) >= 20);
}

#[test]
fn the_same_night_again_is_the_same_to_the_microsecond() {
    let night = || {
        let mut room = Room::new("solo", 120, 200, &[("a-moody", moody), ("b-worn", worn), ("c-good", good)]);
        room.run();
        room.trace
    };
    assert_eq!(night(), night());
}
