//! One run: what happens next, until the list is done or the time is over.
//!
//! A printer acts as its worker in the scheduler does: it waits as long, it is woken by what wakes that, and it sees the end of a card
//! when that would. So the same office comes to the same batches here and there, whatever the order of two printers depends on.

mod evening;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    time::Duration,
};

use jiff::{Span, civil::DateTime};

pub use self::evening::{Measure, NightRuns, Standing, nights, typical};
use super::{
    printer::{Printer, WaitKind, Waiting},
    room::{Freed, Made, Room, Turned},
    scenario::Scenario,
    tally::{Activity, PrinterRun, Run, Traced},
};
use crate::domain::{
    dispatch::{Action, Blocked, Readiness, Rules, next_action},
    pause::{Pause, PauseScope},
    polling::Waits,
    time::Timestamp,
    window,
};

/// What happens at an instant. Of one instant, stock and records come before people, and people before printers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Event {
    Delivery(usize),
    Arrival(usize),
    WalkIn(usize),
    Pause(usize),
    Resume(usize),
    Load(usize),
    Round,
    Turn { place: usize, printer: usize },
    Wake,
}

/// The order in which printers have their turns at an instant, where it is not the scenario's: nothing decides it.
pub type TurnOrders = BTreeMap<Timestamp, Vec<usize>>;

#[derive(Clone)]
struct Clockwork<'a> {
    scenario: &'a Scenario,
    room: Room<'a>,
    start: Timestamp,
    end: Timestamp,
    events: BinaryHeap<Reverse<(Timestamp, Event)>>,
    /// When each printer has its next turn; an event of another instant is stale.
    turns: Vec<Option<Timestamp>>,
    orders: &'a TurnOrders,
    /// The last turn, and the instants at which several printers had one, if each card is asked for.
    last: Option<(Timestamp, usize)>,
    shared: BTreeSet<Timestamp>,
    /// Arrivals that are still to come.
    to_come: usize,
    /// The pauses of the scenario that people have ended before their time.
    ended_pauses: Vec<usize>,
}

/// Runs a scenario with the luck of a seed. The scenario must have been checked.
pub fn run(scenario: &Scenario, seed: u64) -> Run {
    run_in(Room::new(scenario, seed), &TurnOrders::new()).run
}

/// The same, with each card of the run, and printers that have their turns in these orders.
pub fn traced(scenario: &Scenario, seed: u64, orders: &TurnOrders) -> Traced {
    let mut room = Room::new(scenario, seed);
    room.trace = Some(Vec::new());
    run_in(room, orders)
}

fn run_in<'a>(room: Room<'a>, orders: &'a TurnOrders) -> Traced {
    let mut clockwork = Clockwork::new(room, orders);
    clockwork.advance(clockwork.end);
    clockwork.finish()
}

impl<'a> Clockwork<'a> {
    fn new(room: Room<'a>, orders: &'a TurnOrders) -> Self {
        let (scenario, start) = (room.scenario, room.now);
        let (turns, end) = (vec![None; scenario.printers.len()], scenario.end());
        let (events, shared, ended_pauses) = (BinaryHeap::new(), BTreeSet::new(), Vec::new());
        let (last, to_come) = (None, 0);
        let mut clockwork =
            Self { scenario, room, start, end, events, turns, orders, last, shared, to_come, ended_pauses };
        clockwork.begin(end);
        clockwork
    }
}

impl Clockwork<'_> {
    /// All that happens before an instant, or until the list is done.
    fn advance(&mut self, to: Timestamp) {
        while let Some(Reverse((at, event))) = self.events.peek().copied() {
            if at >= to || self.is_done() {
                break;
            }
            self.events.pop();
            self.room.now = at;
            self.happen(event, at);
        }
    }

    fn finish(mut self) -> Traced {
        let is_done = self.is_done();
        self.room.now = if is_done { self.room.last_left } else { self.end };
        self.tally(is_done)
    }

    /// Whether no record is left, and none can come.
    fn is_done(&self) -> bool {
        self.room.open == 0 && self.to_come == 0
    }

    fn begin(&mut self, end: Timestamp) {
        let (start, scenario) = (self.start, self.scenario);
        let mut at = |local: DateTime, event| {
            let at = scenario.instant(local);
            if (start..end).contains(&at) {
                self.events.push(Reverse((at, event)));
            }
        };
        for (nth, delivery) in scenario.deliveries.iter().enumerate() {
            at(delivery.at, Event::Delivery(nth));
        }
        for (nth, walk_in) in scenario.walk_ins.iter().enumerate() {
            at(walk_in.at, Event::WalkIn(nth));
        }
        for (nth, pause) in scenario.pauses.iter().enumerate() {
            at(pause.from, Event::Pause(nth));
            pause.to.into_iter().for_each(|to| at(to, Event::Resume(nth)));
        }
        for (nth, load) in scenario.loads.iter().enumerate() {
            at(load.at, Event::Load(nth));
        }
        for (nth, list) in scenario.lists.iter().enumerate() {
            let Some(time) = list.daily_at else { continue };
            let (first, of_a_day) = (scenario.start.date().to_datetime(time), &mut Vec::new());
            for days in 0..=i64::from(scenario.days) {
                let at = first.checked_add(Span::new().days(days)).map(|local| self.arrival(local));
                of_a_day.extend(at.ok().filter(|at| (start..end).contains(at)));
            }
            self.to_come += of_a_day.len();
            self.events.extend(of_a_day.iter().map(|at| Reverse((*at, Event::Arrival(nth)))));
        }
        if let Some(staff) = &scenario.staff {
            let first = if window::is_open(&staff.hours, "", start) { Some(start) } else { self.next_hours(start) };
            self.events.extend(first.map(|at| Reverse((at, Event::Round))));
        }
        for at in 0..self.turns.len() {
            self.turn_at(at, start);
        }
    }

    /// When what is sent at a local time arrives: at the end of an outage that covers it.
    fn arrival(&self, local: DateTime) -> Timestamp {
        let outage = self.scenario.outages.iter().find(|outage| outage.from <= local && local < outage.to);
        self.scenario.instant(outage.map_or(local, |outage| outage.to))
    }

    fn next_hours(&self, now: Timestamp) -> Option<Timestamp> {
        self.scenario.staff.as_ref().and_then(|staff| window::next_opening(&staff.hours, "", now))
    }

    fn turn_at(&mut self, printer: usize, at: Timestamp) {
        let order = self.orders.get(&at).and_then(|order| order.iter().position(|one| *one == printer));
        self.turns[printer] = Some(at);
        self.events.push(Reverse((at, Event::Turn { place: order.unwrap_or(printer), printer })));
    }

    /// A printer that failed goes on after the others: it is asked before, and those that waited have the record first.
    fn turn_last(&mut self, printer: usize) {
        let now = self.room.now;
        self.turns[printer] = Some(now);
        self.events.push(Reverse((now, Event::Turn { place: usize::MAX, printer })));
    }

    /// Wakes all printers: those that wait have a turn, and the others do not wait the next time.
    fn wake(&mut self) {
        let now = self.room.now;
        for at in 0..self.turns.len() {
            let printer = &mut self.room.printers[at];
            match printer.waiting.take() {
                Some(waiting) => {
                    printer.end_wait(waiting, now);
                    self.turn_at(at, now);
                }
                None if self.turns[at] == Some(now) => {}
                None => printer.is_woken = true,
            }
        }
    }

    /// A person has done something: the scheduler is told at once. It wakes the printers, reads what has changed, and wakes them again.
    fn act(&mut self) {
        self.wake();
        self.events.push(Reverse((self.room.now, Event::Wake)));
    }

    /// A blank is free again, of which no printer is told: each that waits looks when its wait is over.
    fn notice(&mut self) {
        let now = self.room.now;
        for at in 0..self.turns.len() {
            let printer = &self.room.printers[at];
            let Some(waiting) = printer.waiting else { continue };
            let looks = printer.first_end(waiting, now);
            if self.turns[at].is_none_or(|turn| looks < turn) {
                self.turn_at(at, looks);
            }
        }
    }

    fn happen(&mut self, event: Event, at: Timestamp) {
        let scenario = self.scenario;
        match event {
            Event::Delivery(nth) => {
                let delivery = &scenario.deliveries[nth];
                self.room.deliver(&delivery.profile, delivery.blanks);
            }
            Event::Arrival(nth) => {
                self.to_come -= 1;
                self.room.arrive(&scenario.lists[nth]);
            }
            Event::WalkIn(nth) => {
                let number = usize::try_from(scenario.walk_ins[nth].record).unwrap_or(0);
                number.checked_sub(1).into_iter().for_each(|number| self.room.put_first(number));
            }
            Event::Pause(nth) => self.pause(nth),
            Event::Resume(nth) => {
                let named = scenario.pauses[nth].printer.as_deref();
                for printer in &mut self.room.printers {
                    printer.pauses.retain(|pause| pause.scope != scope(named));
                }
            }
            Event::Load(nth) => {
                let load = &scenario.loads[nth];
                let at = scenario.printers.iter().position(|printer| printer.name == load.printer);
                if let Some(at) = at {
                    self.room.fill(at, Some(load.blanks));
                }
            }
            Event::Round => self.round(at),
            Event::Wake => return self.wake(),
            Event::Turn { printer, .. } if self.turns[printer] == Some(at) => {
                self.turns[printer] = None;
                let last = self.last.replace((at, printer));
                if self.room.trace.is_some() && last.is_some_and(|last| last.0 == at && last.1 != printer) {
                    self.shared.insert(at);
                }
                return self.turn(printer);
            }
            Event::Turn { .. } => return,
        }
        self.act();
    }

    fn pause(&mut self, nth: usize) {
        if self.ended_pauses.contains(&nth) {
            return;
        }
        let named = self.scenario.pauses[nth].printer.as_deref();
        let at = self.room.now;
        for printer in &mut self.room.printers {
            if named.is_some_and(|name| printer.setting.name != name) {
                continue;
            }
            printer.pauses.push(Pause { scope: scope(named), reason: String::new(), actor: String::new(), at });
        }
    }

    /// People look at each printer, and again some minutes later.
    fn round(&mut self, now: Timestamp) {
        let Some(staff) = &self.scenario.staff else { return };
        for at in 0..self.room.printers.len() {
            self.room.fill(at, None);
            self.room.printers[at].see_to(now);
            self.room.printers[at].clear();
        }
        let next = now.plus(Duration::from_mins(staff.round_minutes));
        let next = if window::is_open(&staff.hours, "", next) { Some(next) } else { self.next_hours(now) };
        self.events.extend(next.map(|at| Reverse((at, Event::Round))));
    }

    /// A printer's turn: its card ends, and it does what the domain decides until that takes time.
    fn turn(&mut self, at: usize) {
        if let Some(waiting) = self.room.printers[at].waiting.take() {
            let now = self.room.now;
            self.room.printers[at].end_wait(waiting, now);
        }
        match self.room.settle(at) {
            Some(Freed::Record) => {
                self.wake();
                return self.turn_last(at);
            }
            Some(Freed::Blank) => self.notice(),
            Some(Freed::Nothing) | None => {}
        }
        while !self.step(at) {}
    }

    /// One decision on a printer, and what follows from it. False if the next one is due at once.
    fn step(&mut self, at: usize) -> bool {
        let now = self.room.now;
        if self.room.printers[at].readiness == Readiness::NotReady {
            self.room.printers[at].readiness = Readiness::Unknown; // asked again after each wait
        }
        self.room.printers[at].count(now);
        let mut action = self.decide(at);
        if action == Action::Ask {
            self.room.printers[at].answer(now);
            action = self.decide(at);
        }
        if !matches!(action, Action::Print | Action::Plan) {
            self.room.printers[at].put_back_next();
        }
        match action {
            Action::Plan => match self.room.plan(at) {
                Made::Batch => false,
                Made::NoBlanks => self.without_blanks(at),
                Made::NoRoom => self.wait(at, WaitKind::Blocked, Activity::Stopped, None),
                Made::NothingWaits => self.wait(at, WaitKind::Blocked, Activity::NothingWaits, None),
            },
            Action::Print => match self.room.print(at) {
                Turned::Done => self.end(at),
                Turned::NotDue(due) => self.wait(at, WaitKind::Due, Activity::Resting, Some(due)),
                Turned::Begun { known_after, jams } => self.begun(at, known_after, jams),
            },
            Action::EndBatch(_) => self.end(at),
            Action::WaitForPrinter => {
                let printer = &self.room.printers[at];
                let does = if printer.cleared_at > now { Activity::Stopped } else { Activity::Resting };
                self.wait(at, WaitKind::Asking, does, Some(now))
            }
            Action::Block { reason, end_batch } => {
                if end_batch.is_some() {
                    self.end(at);
                }
                self.blocked(at, reason)
            }
            Action::Ask | Action::Leave | Action::WaitForLease | Action::Resume => true, // one node, and no open attempt here
        }
    }

    fn decide(&self, at: usize) -> Action {
        let rules = Rules { windows: &self.scenario.windows, release_after: self.room.release_after() };
        next_action(&self.room.printers[at].snapshot(self.room.now), &rules, self.room.now)
    }

    fn blocked(&mut self, at: usize, reason: Blocked) -> bool {
        let now = self.room.now;
        let (does, until) = match reason {
            Blocked::OutsideWindow => {
                let opens = window::next_opening(&self.scenario.windows, &self.scenario.printers[at].name, now);
                (Activity::OutsideWindow, opens)
            }
            Blocked::CannotPrint => (Activity::Stopped, Some(self.room.printers[at].cleared_at)),
            Blocked::TrayFull => return self.limited(at, Activity::TrayFull),
            Blocked::RibbonUsedUp => return self.limited(at, Activity::RibbonUsedUp),
            Blocked::CleaningDue => return self.limited(at, Activity::CleaningDue),
            Blocked::Rests => return self.limited(at, Activity::RestsByRule),
            Blocked::NoBlanks => return self.without_blanks(at),
            Blocked::NothingWaits => (Activity::NothingWaits, None),
            Blocked::Paused => (Activity::Paused, None),
            Blocked::BreakerLocked
            | Blocked::ClockBehind
            | Blocked::InstanceInDoubt
            | Blocked::CardWaitsInside
            | Blocked::AttemptUnanswered
            | Blocked::AttemptNameInvalid
            | Blocked::SiteNameInvalid
            | Blocked::AwaitsApproval
            | Blocked::CannotRender
            | Blocked::Misconfigured => (Activity::Stopped, None),
        };
        self.wait(at, WaitKind::Blocked, does, until)
    }

    /// A limit stops the printer: until a rest ends, or its batch is given back.
    fn limited(&mut self, at: usize, does: Activity) -> bool {
        let (now, release_after) = (self.room.now, self.room.release_after());
        let printer = &self.room.printers[at];
        if printer.batch.is_some() && printer.jobs.is_empty() {
            return self.end(at);
        }
        let Some((stop, since)) = printer.stop(now) else { return self.wait(at, WaitKind::Blocked, does, None) };
        let (of, until) = match stop.until() {
            Some(until) if until.since(now) <= release_after => (WaitKind::Due, Some(until)),
            until if printer.batch.is_none() => (WaitKind::Blocked, until),
            Some(_) | None => (WaitKind::Limited, Some(since.plus(release_after).plus(Duration::from_micros(1)))),
        };
        self.wait(at, of, does, until)
    }

    fn without_blanks(&mut self, at: usize) -> bool {
        let does = if self.room.can_be_filled(at) { Activity::EmptyHopper } else { Activity::NoBlanks };
        self.wait(at, WaitKind::Blocked, does, None)
    }

    /// A card was begun. If it jams the printer, a person clears it, at once in their hours and else when they come.
    fn begun(&mut self, at: usize, known_after: Duration, jams: bool) -> bool {
        if jams {
            let ends_at = self.room.printers[at].free_at;
            let is_staffed =
                self.scenario.staff.as_ref().is_some_and(|staff| window::is_open(&staff.hours, "", ends_at));
            let comes_at = if is_staffed { Some(ends_at) } else { self.next_hours(ends_at) };
            let repair = self.room.repair(at);
            self.room.printers[at].cleared_at = comes_at.map_or(Timestamp(i64::MAX), |comes_at| comes_at.plus(repair));
        }
        let now = self.room.now;
        let printer = &mut self.room.printers[at];
        printer.begins(Activity::Printing, now);
        (printer.blocked, printer.waiting) = (Waits::default(), None);
        self.turn_at(at, now.plus(known_after));
        true
    }

    /// Ends a batch, of which the other printers are told if that gives something back.
    fn end(&mut self, at: usize) -> bool {
        if self.room.end(at) {
            self.wake();
        }
        false
    }

    /// A printer waits, until an instant at which something is known to change. False if it was woken meanwhile.
    fn wait(&mut self, at: usize, of: WaitKind, does: Activity, until: Option<Timestamp>) -> bool {
        let now = self.room.now;
        let printer = &mut self.room.printers[at];
        printer.begins(does, now);
        if of != WaitKind::Blocked {
            printer.blocked = Waits::default();
        }
        let waiting = Waiting { since: now, of };
        if std::mem::take(&mut printer.is_woken) {
            printer.end_wait(waiting, now);
            return false;
        }
        printer.waiting = Some(waiting);
        let ends = until.filter(|until| *until < Timestamp(i64::MAX)).map(|until| printer.first_end(waiting, until));
        if let Some(ends) = ends {
            self.turn_at(at, ends);
        }
        true
    }

    fn tally(mut self, is_done: bool) -> Traced {
        let now = self.room.now;
        let printer = |printer: &mut Printer| {
            printer.begins(printer.does, now);
            PrinterRun {
                name: printer.setting.name.clone(),
                printed: printer.printed,
                spoiled: printer.spoiled,
                spent: printer.spent,
                last: printer.does,
                last_since: printer.does_since,
            }
        };
        let ended = self.room.ended;
        let run = Run {
            printers: self.room.printers.iter_mut().map(printer).collect(),
            done_at: is_done.then_some(now),
            ended_at: now,
            printed: ended.printed,
            spoiled: ended.spoiled,
            uncertain: ended.uncertain,
            quarantined: ended.quarantined,
            waiting: self.room.open,
            blanks: self.room.blanks(),
            waits_by_class: std::mem::take(&mut self.room.waits_by_class),
            waits_by_district: self.room.waits_by_district.iter().map(|(name, of)| ((*name).to_owned(), *of)).collect(),
        };
        Traced { run, jobs: self.room.trace.unwrap_or_default(), shared: self.shared }
    }
}

fn scope(printer: Option<&str>) -> PauseScope {
    printer.map_or(PauseScope::Queue, |name| PauseScope::Printer(name.to_owned()))
}
