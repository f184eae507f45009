//! The state of a run, and the decisions of the domain over it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use super::{
    chance::Draw,
    printer::{Job, Printer},
    scenario::{self, Scenario},
    tally::Waits,
};
use crate::domain::{
    attempt::OutcomeKind,
    batch::{BatchState, Claimed},
    breaker::{self, Limits},
    dispatch::{CardSnapshot, Readiness, may_begin},
    id::{BatchId, JobId, LotId, RecordId},
    job::OpenJob,
    planning::{self, BatchRequest, FreeBlanks, Planned, Policy, Sharing, Waiting},
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
/// The settings of a scheduler that has none of its own.
const BACKOFF: Backoff = Backoff { base: Duration::from_secs(2), cap: Duration::from_mins(5) };
const FAILURES: u32 = 3;

/// A record's place in the order of the list: class, arrival, number.
type Rank = (i64, Timestamp, usize);

pub(super) struct Record<'a> {
    pub(super) rank: Rank,
    pub(super) district: &'a str,
    pub(super) state: RecordState,
    attempts: u32,
    charged: u32,
    failed_on: Option<usize>,
}

/// What a printer's turn came to.
pub(super) enum Turned {
    /// A card was begun, which ends after this time; `jams` if a person must clear the printer then.
    Begun { takes: Duration, jams: bool },
    /// No card of its batch is due before this.
    NotDue(Timestamp),
    /// Its batch is done.
    Done,
}

/// What planning came to.
pub(super) enum Made {
    Batch,
    NoBlanks,
    NothingWaits,
}

/// The state of a run.
pub(super) struct Room<'a> {
    scenario: &'a Scenario,
    seed: u64,
    pub(super) now: Timestamp,
    pub(super) records: Vec<Record<'a>>,
    /// The list of each profile, in its order.
    lists: BTreeMap<&'a str, BTreeSet<Rank>>,
    /// Free blanks by profile and account.
    free: HashMap<(&'a str, Account), i64>,
    pub(super) printers: Vec<Printer<'a>>,
    /// Records that wait or are in a batch.
    pub(super) open: u64,
    pub(super) used: BTreeMap<&'static str, u64>,
    pub(super) waits_by_class: BTreeMap<i64, Waits>,
    pub(super) waits_by_district: BTreeMap<&'a str, Waits>,
    pub(super) last_left: Timestamp,
    jobs: i64,
    batches: i64,
}

impl<'a> Room<'a> {
    pub(super) fn new(scenario: &'a Scenario, seed: u64) -> Self {
        let now = scenario.instant(scenario.start);
        let mut room = Self {
            scenario,
            seed: retry::seed("simulation") ^ seed,
            now,
            records: Vec::new(),
            lists: BTreeMap::new(),
            free: HashMap::new(),
            printers: scenario.printers.iter().map(|setting| Printer::new(setting, seed, now)).collect(),
            open: 0,
            used: BTreeMap::new(),
            waits_by_class: BTreeMap::new(),
            waits_by_district: BTreeMap::new(),
            last_left: now,
            jobs: 0,
            batches: 0,
        };
        for list in scenario.lists.iter().filter(|list| list.daily_at.is_none()) {
            room.arrive(list);
        }
        for stock in &scenario.stock {
            room.deliver(&stock.profile, stock.blanks);
        }
        for at in 0..scenario.printers.len() {
            let printer = &scenario.printers[at];
            *room.free_of(&printer.profile, room.printers[at].place().free()) += i64::from(printer.loaded);
        }
        room
    }

    /// Records come to the list, one district after the other.
    pub(super) fn arrive(&mut self, list: &'a scenario::List) {
        let first = self.records.len();
        let waiting = self.lists.entry(&list.profile).or_default();
        for nth in 0..usize::try_from(list.records).unwrap_or(0) {
            let rank = (list.class, self.now, first + nth);
            let district = list.districts[nth % list.districts.len()].as_str();
            let state = RecordState::Waiting;
            self.records.push(Record { rank, district, state, attempts: 0, charged: 0, failed_on: None });
            waiting.insert(rank);
        }
        self.open += u64::from(list.records);
    }

    /// Blanks come into the vault.
    pub(super) fn deliver(&mut self, profile: &'a str, blanks: u32) {
        *self.free_of(profile, Account::Vault) += i64::from(blanks);
    }

    /// A person fills a printer's hopper from the vault.
    pub(super) fn fill(&mut self, at: usize) {
        let (profile, place) = (self.printers[at].setting.profile.as_str(), self.printers[at].place());
        let Some(capacity) = self.printers[at].setting.hopper else { return };
        let reserved = self.printers[at].jobs.len() + usize::from(self.printers[at].open.is_some());
        let room_for =
            i64::from(capacity) - *self.free_of(profile, place.free()) - i64::try_from(reserved).unwrap_or(0);
        let taken = room_for.min(*self.free_of(profile, Account::Vault)).max(0);
        *self.free_of(profile, Account::Vault) -= taken;
        *self.free_of(profile, place.free()) += taken;
    }

    /// Whether a printer's hopper is counted, and the vault has blanks for it.
    pub(super) fn can_be_filled(&self, at: usize) -> bool {
        let setting = self.printers[at].setting;
        let in_vault = self.free.get(&(setting.profile.as_str(), Account::Vault)).copied().unwrap_or(0);
        setting.hopper.is_some() && in_vault > 0
    }

    /// All blanks that are free or reserved.
    pub(super) fn blanks(&self) -> i64 {
        let reserved: usize = self.printers.iter().map(|p| p.jobs.len() + usize::from(p.open.is_some())).sum();
        self.free.values().sum::<i64>() + i64::try_from(reserved).unwrap_or(0)
    }

    pub(super) fn plan(&mut self, at: usize) -> Made {
        let setting = self.printers[at].setting;
        let profile = setting.profile.as_str();
        let request = BatchRequest {
            printer: &setting.name,
            hopper: setting.hopper.map(i64::from),
            profile,
            blank_type: profile,
        };
        let account = request.place().free();
        let lots = vec![LotQuantity { lot: LOT, quantity: *self.free_of(profile, account.clone()) }];
        let mut free: FreeBlanks = [((profile, account.clone()), lots)].into();
        let policy = Policy { batch_size: self.scenario.batch_size, needs_approval: false };
        let most = planning::most_wanted(&[request], &free, policy.batch_size).get(profile).copied().unwrap_or(0);
        let first = self.lists.entry(profile).or_default().iter().take(usize::try_from(most).unwrap_or(0));
        let mut waiting: Waiting = [(profile, first.map(|rank| claimed(&self.records, rank.2)).collect())].into();
        let sharers = [((profile, Account::Vault), self.sharing(at))].into();
        match planning::plan(&[request], &mut waiting, &mut free, &sharers, policy).remove(0) {
            Planned::NoBlanks => Made::NoBlanks,
            Planned::NothingWaits => Made::NothingWaits,
            Planned::Batch(plan) => {
                *self.free_of(profile, account) -= i64::try_from(plan.cards.len()).unwrap_or(0);
                for card in plan.cards {
                    let record = index(card.record);
                    self.records[record].state = RecordState::Batched;
                    let rank = self.records[record].rank;
                    self.lists.entry(profile).or_default().remove(&rank);
                    self.jobs += 1;
                    let job = Job { id: JobId(self.jobs), record, due: self.now, not_started: 0 };
                    self.printers[at].jobs.push(job);
                }
                self.batches += 1;
                // The last card is the first to be taken.
                self.printers[at].jobs.reverse();
                self.printers[at].batch = Some(BatchId(self.batches));
                Made::Batch
            }
        }
    }

    /// Who shares the blanks of the vault with a printer.
    fn sharing(&self, with: usize) -> Sharing {
        let profile = &self.printers[with].setting.profile;
        let others = self.printers.iter().enumerate().filter(|(at, printer)| {
            let takes_from_vault = printer.setting.hopper.is_none() && printer.setting.profile == *profile;
            let is_open = window::is_open(&self.scenario.windows, &printer.setting.name, self.now);
            *at != with && takes_from_vault && is_open && printer.can_print()
        });
        let mut of_vault = self.printers.iter().collect::<Vec<_>>();
        of_vault.retain(|printer| printer.setting.hopper.is_none() && printer.setting.profile == *profile);
        let (others, cards) = (others.count(), of_vault.iter().map(|printer| printer.jobs.len()).sum::<usize>());
        Sharing { printers: i64::try_from(others).unwrap_or(0), cards: i64::try_from(cards).unwrap_or(0) }
    }

    /// Begins the first card of the batch that is due.
    pub(super) fn print(&mut self, at: usize) -> Turned {
        let (now, records) = (self.now, &self.records);
        let printer = &mut self.printers[at];
        if printer.jobs.is_empty() {
            return Turned::Done;
        }
        let may = |job: &Job| {
            let record = records[job.record].state;
            let card = CardSnapshot {
                job: JobState::Queued,
                due: job.due,
                record,
                recall: None,
                version: VERSION,
                rendered: VERSION,
            };
            may_begin(&card, now)
        };
        let Some(place) = printer.jobs.iter().rposition(may) else {
            return Turned::NotDue(printer.jobs.iter().map(|job| job.due).min().unwrap_or(now));
        };
        let job = printer.jobs.remove(place);
        let (outcome, takes, jams) = printer.fate();
        printer.cards += 1;
        printer.open = Some((job, outcome));
        Turned::Begun { takes, jams }
    }

    /// How long a person takes to clear the jam of the last card.
    pub(super) fn repair(&self, at: usize) -> Duration {
        let printer = &self.printers[at];
        printer.chance.duration(Draw::Repair, printer.cards, printer.setting.jam_minutes.map(|minutes| minutes * 60.0))
    }

    /// Applies the outcome of the open card, if there is one. Returns whether a record or a blank became free for other printers.
    pub(super) fn settle(&mut self, at: usize) -> bool {
        let Some((mut job, outcome)) = self.printers[at].open.take() else { return false };
        let (profile, place) = (self.printers[at].setting.profile.as_str(), self.printers[at].place());
        let record = &self.records[job.record];
        let facts = Facts {
            batch_is_closing: false,
            recall: None,
            charged: record.charged,
            failed_elsewhere: record.failed_on.is_some_and(|on| on != at),
            attempts_limit: self.scenario.attempts,
        };
        let jitter = retry::jitter(self.seed, job.id, job.not_started);
        let retry_at = self.now.plus(BACKOFF.wait(job.not_started, jitter));
        let another = (*self.free_of(profile, place.free()) > 0).then_some(LOT);
        let settled = settlement(&facts, outcome, self.now, retry_at, another);
        let record = &mut self.records[job.record];
        record.state = settled.record;
        record.attempts += 1;
        if settled.is_charged {
            record.charged += 1;
            record.failed_on = Some(at);
        }
        let rank = record.rank;
        self.count_blank(at, settled.blank, rank);
        if settled.another_blank.is_some() {
            *self.free_of(profile, place.free()) -= 1;
        }
        let returns = settled.record == RecordState::Waiting;
        if returns {
            self.lists.entry(profile).or_default().insert(rank);
        } else if settled.job != JobState::Queued {
            self.open -= 1;
            self.last_left = self.now;
        }
        self.after(at, outcome, job.record);
        if settled.job == JobState::Queued {
            job.not_started += u32::from(settled.is_not_started);
            let jobs = &mut self.printers[at].jobs;
            match settled.due {
                // To the end of its batch.
                Some(due) => jobs.insert(0, Job { due, ..job }),
                None => jobs.push(job),
            }
        }
        returns || settled.blank == Blank::Free
    }

    /// Counts where the blank of a card went.
    fn count_blank(&mut self, at: usize, blank: Blank, rank: Rank) {
        let (profile, place) = (self.printers[at].setting.profile.as_str(), self.printers[at].place());
        match blank {
            Blank::Reserved => {}
            Blank::Free => *self.free_of(profile, place.free()) += 1,
            Blank::Printed => {
                let (class, arrived, number) = rank;
                let wait = self.now.since(arrived);
                self.waits_by_class.entry(class).or_default().add(wait);
                self.waits_by_district.entry(self.records[number].district).or_default().add(wait);
                *self.used.entry("printed").or_default() += 1;
                self.printers[at].printed += 1;
            }
            Blank::Spoiled => {
                *self.used.entry("spoiled").or_default() += 1;
                self.printers[at].spoiled += 1;
            }
            Blank::Uncertain => *self.used.entry("uncertain").or_default() += 1,
        }
    }

    /// The health of a printer after a card.
    fn after(&mut self, at: usize, outcome: OutcomeKind, record: usize) {
        let limits = Limits { failures: FAILURES, starts_nothing: self.release_after() };
        let (now, printer) = (self.now, &mut self.printers[at]);
        let record = Some(RecordId(i64::try_from(record).unwrap_or(0)));
        printer.health = breaker::after_outcome(printer.health, outcome, record, limits, now);
        printer.rests_until = breaker::rest(printer.health, outcome, limits).map_or(now, |rest| now.plus(rest));
        if outcome.is_failure() {
            printer.readiness = Readiness::Unknown;
        }
    }

    /// Ends a printer's batch: its cards go back to the list. Returns whether there were any.
    pub(super) fn end(&mut self, at: usize) -> bool {
        let Some(batch) = self.printers[at].batch.take() else { return false };
        let (profile, place) = (self.printers[at].setting.profile.as_str(), self.printers[at].place());
        let open = std::mem::take(&mut self.printers[at].jobs).into_iter().map(|job| {
            let record = RecordId(i64::try_from(job.record).unwrap_or(0));
            (record, OpenJob { id: job.id, state: JobState::Queued, batch, lot: LOT, place: place.clone() })
        });
        let returned = planning::end(BatchState::Running, open.collect()).map_or(Vec::new(), |ending| ending.returned);
        for (record, _) in &returned {
            let record = &mut self.records[index(*record)];
            record.state = RecordState::Waiting;
            let rank = record.rank;
            self.lists.entry(profile).or_default().insert(rank);
        }
        *self.free_of(profile, place.free()) += i64::try_from(returned.len()).unwrap_or(0);
        !returned.is_empty()
    }

    pub(super) fn release_after(&self) -> Duration {
        Duration::from_mins(self.scenario.release_after_minutes)
    }

    fn free_of(&mut self, profile: &'a str, account: Account) -> &mut i64 {
        self.free.entry((profile, account)).or_default()
    }
}

fn index(record: RecordId) -> usize {
    usize::try_from(record.0).unwrap_or(0)
}

fn claimed(records: &[Record], record: usize) -> Claimed {
    Claimed {
        record: RecordId(i64::try_from(record).unwrap_or(0)),
        district: records[record].district.to_owned(),
        village: String::new(),
        version: VERSION,
        copy: 1,
        recalled: false,
        is_walk_in: false,
    }
}
