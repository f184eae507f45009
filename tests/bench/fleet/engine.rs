//! Helper: the queue and engine of one printer. It has no task: each request first carries out everything that was due,
//! so that a thousand printers cost only their requests.

use std::collections::{BTreeMap, VecDeque};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The number of ended jobs that a printer keeps, as a PAPPL application does.
const HISTORY: usize = 100;

/// The state of a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// Held, or still without its document.
    Waiting,
    Queued,
    Printing,
    /// Cancelled while its card was being made: the card comes out nevertheless, as in real printers.
    Stopping,
    Completed,
    Canceled,
}

#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) id: i32,
    pub(crate) name: String,
    pub(crate) stage: Stage,
    pub(crate) held: bool,
    pub(crate) has_document: bool,
    /// Whether its card came out.
    pub(crate) card: bool,
    pub(crate) created_us: u64,
    pub(crate) started_us: Option<u64>,
    pub(crate) ended_us: Option<u64>,
}

/// A printer with one engine, which makes one card after the other.
#[derive(Debug)]
pub(crate) struct Printer {
    jobs: BTreeMap<i32, Job>,
    ended: VecDeque<i32>,
    queue: VecDeque<(i32, u64)>,
    /// The job whose card is being made, and when it will be out.
    in_hand: Option<(i32, u64)>,
    next_id: i32,
    card_us: u64,
    jitter_us: u64,
    random: ChaCha8Rng,
    hopper: Vec<Card>,
}

/// A card in the output hopper.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) name: String,
    pub(crate) started_us: u64,
    pub(crate) ended_us: u64,
}

impl Printer {
    /// A printer whose cards take `card_us` ± `jitter_us`.
    pub(crate) fn new(card_us: u64, jitter_us: u64, seed: u64) -> Self {
        Self {
            jobs: BTreeMap::new(),
            ended: VecDeque::new(),
            queue: VecDeque::new(),
            in_hand: None,
            next_id: 1,
            card_us,
            jitter_us,
            random: ChaCha8Rng::seed_from_u64(seed),
            hopper: Vec::new(),
        }
    }

    /// Carries out everything that was due until now.
    pub(crate) fn catch_up(&mut self, now: u64) {
        loop {
            let mut free_since = 0;
            if let Some((id, end)) = self.in_hand {
                if end > now {
                    return;
                }
                self.in_hand = None;
                free_since = end;
                self.come_out(id, end);
            }
            let Some((id, ready)) = self.queue.pop_front() else { return };
            let Some(job) = self.jobs.get_mut(&id) else { continue };
            let start = ready.max(free_since);
            let jitter = self.random.random_range(0..=2 * self.jitter_us);
            job.stage = Stage::Printing;
            job.started_us = Some(start);
            self.in_hand = Some((id, start + self.card_us - self.jitter_us + jitter));
        }
    }

    fn come_out(&mut self, id: i32, at: u64) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        job.card = true;
        let card = Card { name: job.name.clone(), started_us: job.started_us.unwrap_or(at), ended_us: at };
        let stage = if job.stage == Stage::Stopping { Stage::Canceled } else { Stage::Completed };
        self.hopper.push(card);
        self.end(id, stage, at);
    }

    fn end(&mut self, id: i32, stage: Stage, at: u64) {
        if let Some(job) = self.jobs.get_mut(&id) {
            (job.stage, job.ended_us) = (stage, Some(at));
            self.ended.push_back(id);
        }
        if self.ended.len() > HISTORY
            && let Some(oldest) = self.ended.pop_front()
        {
            self.jobs.remove(&oldest);
        }
    }

    pub(crate) fn create(&mut self, name: String, held: bool, now: u64) -> &Job {
        let id = self.next_id;
        self.next_id += 1;
        let job = Job {
            id,
            name,
            stage: Stage::Waiting,
            held,
            has_document: false,
            card: false,
            created_us: now,
            started_us: None,
            ended_us: None,
        };
        self.jobs.entry(id).or_insert(job)
    }

    /// False if the job has its document, or accepts none any more.
    pub(crate) fn send_document(&mut self, id: i32, now: u64) -> bool {
        let Some(job) = self.jobs.get_mut(&id).filter(|job| job.stage == Stage::Waiting && !job.has_document) else {
            return false;
        };
        job.has_document = true;
        self.start_if_ready(id, now);
        true
    }

    /// False if the job does not wait for a document and has not ended.
    pub(crate) fn hold(&mut self, id: i32) -> bool {
        let Some(job) = self.jobs.get_mut(&id) else { return false };
        match job.stage {
            Stage::Waiting => {}
            Stage::Queued => self.queue.retain(|(queued, _)| *queued != id),
            Stage::Printing | Stage::Stopping | Stage::Completed | Stage::Canceled => return false,
        }
        (job.held, job.stage) = (true, Stage::Waiting);
        true
    }

    /// False for a job that is not held.
    pub(crate) fn release(&mut self, id: i32, now: u64) -> bool {
        let Some(job) = self.jobs.get_mut(&id).filter(|job| job.stage == Stage::Waiting && job.held) else {
            return false;
        };
        job.held = false;
        self.start_if_ready(id, now);
        true
    }

    fn start_if_ready(&mut self, id: i32, now: u64) {
        let ready = |job: &&mut Job| job.stage == Stage::Waiting && job.has_document && !job.held;
        if let Some(job) = self.jobs.get_mut(&id).filter(ready) {
            job.stage = Stage::Queued;
            self.queue.push_back((id, now));
            self.catch_up(now);
        }
    }

    /// False if the job has ended.
    pub(crate) fn cancel(&mut self, id: i32, now: u64) -> bool {
        let Some(job) = self.jobs.get_mut(&id) else { return false };
        match job.stage {
            Stage::Waiting | Stage::Queued => {
                self.queue.retain(|(queued, _)| *queued != id);
                self.end(id, Stage::Canceled, now);
                true
            }
            Stage::Printing => {
                job.stage = Stage::Stopping;
                true
            }
            Stage::Stopping | Stage::Completed | Stage::Canceled => false,
        }
    }

    pub(crate) fn job(&self, id: i32) -> Option<&Job> {
        self.jobs.get(&id)
    }

    /// Jobs that have not ended, the oldest first.
    pub(crate) fn open_jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values().filter(|job| job.ended_us.is_none())
    }

    /// Jobs that have ended, the newest first.
    pub(crate) fn ended_jobs(&self) -> impl Iterator<Item = &Job> {
        self.ended.iter().rev().filter_map(|id| self.jobs.get(id))
    }

    pub(crate) fn is_printing(&self) -> bool {
        self.in_hand.is_some()
    }

    pub(crate) fn hopper(&self) -> &[Card] {
        &self.hopper
    }
}
