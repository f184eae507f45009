//! The state of a run, and the decisions of the domain over it.

mod evening;
mod lane;

use std::{collections::BTreeMap, time::Duration};

use super::{
    chance::Draw,
    list::{Rank, WaitingList},
    printer::{Job, Printer},
    printer_setting,
    scenario::{self, Scenario},
    tally::{TracedAttempt, TracedJob, Waits},
};
use crate::domain::{
    attempt::OutcomeKind,
    batch::{BatchState, Claimed},
    breaker::{self, Limits},
    card::profile::WALK_IN_CLASS,
    dispatch::{CardSnapshot, Readiness, may_begin},
    id::{BatchId, JobId, LotId, RecordId},
    job::OpenJob,
    planning::{self, BatchRequest, FreeBlanks, Planned, Policy, Sharing, Waiting},
    polling::{ASK_MAX, POLL_MIN},
    retry::{self, Backoff},
    settlement::{Blank, Facts, settlement},
    states::{JobState, RecordState},
    stock::{Account, LotQuantity},
    time::Timestamp,
    window,
};

/// All blanks of a profile are one lot: which lot a blank is of changes no decision.
const LOT: LotId = LotId(1);
/// The version of each record: none is updated.
const VERSION: i64 = 1;

/// Records that arrived together.
#[derive(Clone)]
struct Arrival<'a> {
    list: &'a scenario::List,
    profile: usize,
    at: Timestamp,
    /// The number of the first.
    first: usize,
}

#[derive(Clone)]
struct Record {
    /// Which of the arrivals it is of.
    arrival: u32,
    charged: u32,
    failed_on: Option<u16>,
    state: RecordState,
    is_walk_in: bool,
}

/// What a printer's turn came to.
pub(super) enum Turned {
    /// A card was begun. Its end is known after `known_after`.
    Begun { known_after: Duration, jams: bool },
    /// No card of its batch is due before this.
    NotDue(Timestamp),
    /// Its batch is done.
    Done,
}

/// What planning came to.
pub(super) enum Made {
    Batch,
    NoBlanks,
    NoRoom,
    NothingWaits,
}

/// What the end of a card changes for other printers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Freed {
    Nothing,
    /// A blank, of which they are not told.
    Blank,
    /// A record, of which they are told.
    Record,
}

/// How many cards ended in each way.
#[derive(Clone, Copy, Default)]
pub(super) struct Ended {
    pub(super) printed: u64,
    pub(super) spoiled: u64,
    pub(super) uncertain: u64,
    pub(super) quarantined: u64,
}

/// The state of a run.
#[derive(Clone)]
pub(super) struct Room<'a> {
    pub(super) scenario: &'a Scenario,
    seed: u64,
    pub(super) now: Timestamp,
    profiles: Vec<&'a str>,
    arrivals: Vec<Arrival<'a>>,
    records: Vec<Record>,
    /// The list of each profile.
    lists: Vec<WaitingList>,
    /// Free blanks in the vault, by profile.
    vault: Vec<i64>,
    /// Free blanks in each printer's hopper.
    hoppers: Vec<i64>,
    /// The profile of each printer.
    profile_of: Vec<usize>,
    pub(super) printers: Vec<Printer<'a>>,
    /// Records that wait or are in a batch.
    pub(super) open: u64,
    pub(super) ended: Ended,
    pub(super) waits_by_class: BTreeMap<i64, Waits>,
    pub(super) waits_by_district: BTreeMap<&'a str, Waits>,
    pub(super) last_left: Timestamp,
    jobs: i64,
    batches: i64,
    /// Each card, if that is asked for.
    pub(super) trace: Option<Vec<TracedJob>>,
}

impl<'a> Room<'a> {
    pub(super) fn new(scenario: &'a Scenario, seed: u64) -> Self {
        let now = scenario.instant(scenario.start);
        let printers = &scenario.printers;
        let printer = |setting: &'a printer_setting::Printer| {
            Printer::new(setting, setting.supplies(|local| scenario.instant(local)), seed, now)
        };
        let mut room = Self {
            scenario,
            seed: retry::seed(&scenario.site) ^ seed,
            now,
            profiles: Vec::new(),
            arrivals: Vec::new(),
            records: Vec::new(),
            lists: Vec::new(),
            vault: Vec::new(),
            hoppers: printers.iter().map(|printer| printer.hopper.map_or(0, |_| printer.loaded.into())).collect(),
            profile_of: Vec::new(),
            printers: printers.iter().map(printer).collect(),
            open: 0,
            ended: Ended::default(),
            waits_by_class: BTreeMap::new(),
            waits_by_district: BTreeMap::new(),
            last_left: now,
            jobs: 0,
            batches: 0,
            trace: None,
        };
        room.profile_of = printers.iter().map(|printer| room.profile(&printer.profile)).collect();
        for list in scenario.lists.iter().filter(|list| list.daily_at.is_none()) {
            room.arrive(list);
        }
        for stock in &scenario.stock {
            room.deliver(&stock.profile, stock.blanks);
        }
        for (at, printer) in printers.iter().enumerate().filter(|(_, printer)| printer.hopper.is_none()) {
            room.vault[room.profile_of[at]] += i64::from(printer.loaded);
        }
        room
    }

    fn profile(&mut self, name: &'a str) -> usize {
        self.profiles.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.profiles.push(name);
            self.lists.push(WaitingList::default());
            self.vault.push(0);
            self.profiles.len() - 1
        })
    }

    /// Records come to the list, one district after the other.
    pub(super) fn arrive(&mut self, list: &'a scenario::List) {
        let (first, number) = (self.records.len(), usize::try_from(list.records).unwrap_or(0));
        let arrival = u32::try_from(self.arrivals.len()).unwrap_or(u32::MAX);
        let profile = self.profile(&list.profile);
        self.arrivals.push(Arrival { list, profile, at: self.now, first });
        let new = Record { arrival, charged: 0, failed_on: None, state: RecordState::Waiting, is_walk_in: false };
        self.records.resize(first + number, new);
        self.lists[profile].arrive(list.class, self.now, first, number);
        self.open += u64::from(list.records);
    }

    /// A person puts a record first, if it waits.
    pub(super) fn put_first(&mut self, number: usize) {
        let Some(record) = self.records.get_mut(number).filter(|record| record.state == RecordState::Waiting) else {
            return;
        };
        let profile = self.arrivals[record.arrival as usize].profile;
        record.is_walk_in |= self.lists[profile].put_first(number);
    }

    /// Blanks come into the vault.
    pub(super) fn deliver(&mut self, profile: &'a str, blanks: u32) {
        let profile = self.profile(profile);
        self.vault[profile] += i64::from(blanks);
    }

    /// A person loads a printer's hopper from the vault: all that it takes, or a number.
    pub(super) fn fill(&mut self, at: usize, most: Option<u32>) {
        let Some(capacity) = self.printers[at].setting.hopper else { return };
        let reserved = i64::try_from(self.printers[at].cards_left()).unwrap_or(0);
        let room_for = i64::from(capacity) - self.hoppers[at] - reserved;
        let vault = &mut self.vault[self.profile_of[at]];
        let taken = room_for.min(*vault).min(most.map_or(i64::MAX, i64::from)).max(0);
        *vault -= taken;
        self.hoppers[at] += taken;
    }

    /// Whether a printer's hopper is counted, and the vault has blanks for it.
    pub(super) fn can_be_filled(&self, at: usize) -> bool {
        self.printers[at].setting.hopper.is_some() && self.vault[self.profile_of[at]] > 0
    }

    /// All blanks that are free or reserved.
    pub(super) fn blanks(&self) -> i64 {
        let reserved: usize = self.printers.iter().map(Printer::cards_left).sum();
        self.vault.iter().chain(&self.hoppers).sum::<i64>() + i64::try_from(reserved).unwrap_or(0)
    }

    /// The free blanks at the place of a printer.
    fn free_at(&mut self, at: usize) -> &mut i64 {
        if self.printers[at].setting.hopper.is_some() {
            &mut self.hoppers[at]
        } else {
            &mut self.vault[self.profile_of[at]]
        }
    }

    fn rank(&self, number: usize) -> Rank {
        let record = &self.records[number];
        let arrival = &self.arrivals[record.arrival as usize];
        (if record.is_walk_in { WALK_IN_CLASS } else { arrival.list.class }, arrival.at, number)
    }

    fn district(&self, number: usize) -> &'a str {
        let arrival = &self.arrivals[self.records[number].arrival as usize];
        let districts = &arrival.list.districts;
        &districts[(number - arrival.first) % districts.len()]
    }

    pub(super) fn plan(&mut self, at: usize) -> Made {
        let (setting, of) = (self.printers[at].setting, self.profile_of[at]);
        let profile = setting.profile.as_str();
        let request = BatchRequest {
            printer: &setting.name,
            hopper: setting.hopper.map(i64::from),
            room: self.printers[at].supplies.room(0),
            profile,
            blank_type: profile,
        };
        let lots = vec![LotQuantity { lot: LOT, quantity: *self.free_at(at) }];
        let mut free: FreeBlanks = [((profile, request.place().free()), lots)].into();
        let policy = Policy { batch_size: self.scenario.batch_size, needs_approval: false };
        let most = planning::most_wanted(&[request], &free, policy.batch_size).get(profile).copied().unwrap_or(0);
        let first = self.lists[of].first().take(usize::try_from(most).unwrap_or(0));
        let mut waiting: Waiting = [(profile, first.map(|rank| self.claimed(rank.2)).collect())].into();
        let sharers = [((profile, Account::Vault), self.sharing(at))].into();
        match planning::plan(&[request], &mut waiting, &mut free, &sharers, policy).remove(0) {
            Planned::NoBlanks => Made::NoBlanks,
            Planned::NoRoom => Made::NoRoom,
            Planned::NothingWaits => Made::NothingWaits,
            Planned::Batch(plan) => {
                self.lists[of].take(plan.cards.len());
                *self.free_at(at) -= i64::try_from(plan.cards.len()).unwrap_or(0);
                self.make(at, plan.cards.iter().map(|card| index(card.record)));
                Made::Batch
            }
        }
    }

    /// Makes a batch of records, in their order.
    fn make(&mut self, at: usize, records: impl Iterator<Item = usize>) {
        let now = self.now;
        self.batches += 1;
        let printer = &mut self.printers[at];
        for (position, record) in records.enumerate() {
            let place = i64::try_from(position).unwrap_or(i64::MAX);
            self.records[record].state = RecordState::Batched;
            self.jobs += 1;
            printer.jobs.push(Job { id: JobId(self.jobs), record, due: now, not_started: 0, position: place });
            if let Some(trace) = &mut self.trace {
                let batch = printer.batches;
                trace.push(TracedJob { record, printer: at, batch, position, attempts: Vec::new() });
            }
        }
        printer.end_position = i64::try_from(printer.jobs.len()).unwrap_or(i64::MAX);
        printer.batches += 1;
        // The last card is the first to be taken.
        printer.jobs.reverse();
        printer.batch = Some(BatchId(self.batches));
    }

    fn claimed(&self, number: usize) -> Claimed {
        Claimed {
            record: RecordId(i64::try_from(number).unwrap_or(0)),
            district: self.district(number).to_owned(),
            village: String::new(),
            version: VERSION,
            copy: 1,
            recalled: false,
            is_walk_in: self.records[number].is_walk_in,
        }
    }

    /// Who shares the blanks of the vault with a printer.
    fn sharing(&self, with: usize) -> Sharing {
        let profile = self.profile_of[with];
        let others = self.printers.iter().enumerate().filter(|(at, printer)| {
            *at != with && self.profile_of[*at] == profile && printer.setting.hopper.is_none() && printer.can_print()
        });
        let is_open = |printer: &Printer| window::is_open(&self.scenario.windows, &printer.setting.name, self.now);
        let others = others.filter(|(_, printer)| is_open(printer)).count();
        // Each card that is left has its blank reserved in the vault, the one that is being printed too.
        let of_vault = self.printers.iter().zip(&self.profile_of);
        let of_vault = of_vault.filter(|(printer, of)| **of == profile && printer.setting.hopper.is_none());
        let cards: usize = of_vault.map(|(printer, _)| printer.cards_left()).sum();
        Sharing { printers: i64::try_from(others).unwrap_or(0), cards: i64::try_from(cards).unwrap_or(0) }
    }

    /// Begins the card that was rendered ahead, or the first of the batch that is due.
    pub(super) fn print(&mut self, at: usize) -> Turned {
        self.join(at);
        let (now, records, printer) = (self.now, &self.records, &mut self.printers[at]);
        printer.prepare_next(now);
        let Some(job) = printer.next.take() else {
            let due = printer.jobs.iter().map(|job| job.due).min();
            return due.map_or(Turned::Done, |due| Turned::NotDue(now.plus(due.since(now).clamp(POLL_MIN, ASK_MAX))));
        };
        let (record, due) = (records[job.record].state, job.due);
        let queued = JobState::Queued;
        let card = CardSnapshot { job: queued, due, record, recall: None, version: VERSION, rendered: VERSION };
        debug_assert!(may_begin(&card, now), "a record is in one batch at most");
        if let Some(trace) = &mut self.trace {
            trace[index(RecordId(job.id.0)) - 1].attempts.push(TracedAttempt { began_at: now, ended: None });
        }
        printer.prepare_next(now);
        let fate = printer.fate();
        printer.attempts += 1;
        let known_after = if fate.is_known_at_once {
            Duration::ZERO
        } else {
            // The card before it may still be in the printer.
            let seen = printer.pace.observe(printer.free_at.since(now) + fate.takes);
            if !fate.outcome.is_failure() {
                printer.pace = printer.pace.after(seen);
            }
            seen.until
        };
        if !matches!(fate.outcome, OutcomeKind::NotStarted(_)) {
            printer.free_at = printer.free_at.max(now).plus(fate.takes);
            printer.fed += 1;
        }
        printer.open = Some((job, fate));
        Turned::Begun { known_after, jams: fate.jams }
    }

    /// How long a person takes to clear the jam of the last card.
    pub(super) fn repair(&self, at: usize) -> Duration {
        let printer = &self.printers[at];
        let minutes = printer.setting.jam_minutes;
        printer.chance.duration(Draw::Repair, printer.attempts, minutes.map(|minutes| minutes * 60.0))
    }

    /// Applies the outcome of the open card, if there is one. `None` without one.
    pub(super) fn settle(&mut self, at: usize) -> Option<Freed> {
        let (mut job, fate) = self.printers[at].open.take()?;
        let outcome = fate.outcome;
        let record = &self.records[job.record];
        let facts = Facts {
            batch_is_closing: false,
            recall: None,
            charged: record.charged,
            failed_elsewhere: record.failed_on.is_some_and(|on| usize::from(on) != at),
            attempts_limit: self.scenario.attempts,
        };
        let jitter = retry::jitter(self.seed, job.id, job.not_started);
        let [base, cap] = self.scenario.backoff_seconds.map(Duration::from_secs);
        let retry_at = self.now.plus(Backoff { base, cap }.wait(job.not_started, jitter));
        let another = (*self.free_at(at) > 0).then_some(LOT);
        let settled = settlement(&facts, outcome, self.now, retry_at, another);
        let record = &mut self.records[job.record];
        record.state = settled.record;
        if settled.is_charged {
            record.charged += 1;
            record.failed_on = u16::try_from(at).ok();
        }
        if let Some(trace) = &mut self.trace
            && let Some(attempt) = trace[index(RecordId(job.id.0)) - 1].attempts.last_mut()
        {
            attempt.ended = Some((outcome, self.now));
        }
        self.count_blank(at, settled.blank, job.record);
        if settled.another_blank.is_some() {
            *self.free_at(at) -= 1;
        }
        let returns = settled.record == RecordState::Waiting;
        if returns {
            let rank = self.rank(job.record);
            self.lists[self.profile_of[at]].give_back(rank);
        } else if settled.job != JobState::Queued {
            self.open -= 1;
            self.last_left = self.now;
            self.ended.quarantined += u64::from(settled.record == RecordState::Quarantined);
        }
        self.after(at, outcome, job.record);
        if settled.job == JobState::Queued {
            job.not_started += u32::from(settled.is_not_started);
            let printer = &mut self.printers[at];
            if let Some(due) = settled.due {
                // To the end of its batch.
                (job.due, job.position) = (due, printer.end_position);
                printer.end_position += 1;
                printer.jobs.insert(0, job);
            } else {
                printer.jobs.push(job);
            }
        }
        Some(match settled.blank {
            _ if returns => Freed::Record,
            Blank::Free => Freed::Blank,
            Blank::Reserved | Blank::Printed | Blank::Spoiled | Blank::Uncertain => Freed::Nothing,
        })
    }

    /// Counts where the blank of a card went.
    fn count_blank(&mut self, at: usize, blank: Blank, record: usize) {
        match blank {
            Blank::Reserved => {}
            Blank::Free => *self.free_at(at) += 1,
            Blank::Printed => {
                let (class, arrived, _) = self.rank(record);
                let (wait, district) = (self.now.since(arrived), self.district(record));
                self.waits_by_class.entry(class).or_default().add(wait);
                self.waits_by_district.entry(district).or_default().add(wait);
                self.ended.printed += 1;
                self.printers[at].printed += 1;
            }
            Blank::Spoiled => {
                self.ended.spoiled += 1;
                self.printers[at].spoiled += 1;
            }
            Blank::Uncertain => self.ended.uncertain += 1,
        }
    }

    /// The health of a printer after a card.
    fn after(&mut self, at: usize, outcome: OutcomeKind, record: usize) {
        let limits = Limits { failures: self.scenario.breaker_failures, starts_nothing: self.release_after() };
        let (now, printer) = (self.now, &mut self.printers[at]);
        match outcome {
            OutcomeKind::Printed | OutcomeKind::Spoiled | OutcomeKind::Uncertain => printer.supplies.fed += 1,
            OutcomeKind::NotStarted(_) => {}
        }
        let record = Some(RecordId(i64::try_from(record).unwrap_or(0)));
        printer.health = breaker::after_outcome(printer.health, outcome, record, limits, now);
        printer.rests_until = breaker::rest(printer.health, outcome, limits).map_or(now, |rest| now.plus(rest));
        if outcome.is_failure() {
            printer.readiness = Readiness::Unknown;
            printer.put_back_next();
        }
    }

    /// Ends a printer's batch: its cards go back to the list. Returns whether there were any.
    pub(super) fn end(&mut self, at: usize) -> bool {
        self.printers[at].put_back_next();
        let Some(batch) = self.printers[at].batch.take() else { return false };
        let place = self.printers[at].place();
        let open = std::mem::take(&mut self.printers[at].jobs).into_iter().map(|job| {
            let record = RecordId(i64::try_from(job.record).unwrap_or(0));
            (record, OpenJob { id: job.id, state: JobState::Queued, batch, lot: LOT, place: place.clone() })
        });
        let returned = planning::end(BatchState::Running, open.collect()).map_or(Vec::new(), |ending| ending.returned);
        for (record, _) in &returned {
            let record = index(*record);
            self.records[record].state = RecordState::Waiting;
            let rank = self.rank(record);
            self.lists[self.profile_of[at]].give_back(rank);
        }
        *self.free_at(at) += i64::try_from(returned.len()).unwrap_or(0);
        !returned.is_empty()
    }

    pub(super) fn release_after(&self) -> Duration {
        Duration::from_mins(self.scenario.release_after_minutes)
    }
}

fn index(record: RecordId) -> usize {
    usize::try_from(record.0).unwrap_or(0)
}
