//! One run: what happens next, until the list is done or the time is over.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use jiff::Span;

use super::{
    room::{Made, Room, Turned},
    scenario::Scenario,
    tally::{Activity, PrinterRun, Run},
};
use crate::domain::{
    dispatch::{Action, Blocked, Rules, next_action},
    states::RecordState,
    time::Timestamp,
    window,
};

/// What happens at an instant. Of one instant, stock and records come before people, and people before printers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Event {
    Delivery(usize),
    Arrival(usize),
    Round,
    Turn(usize),
}

struct Clockwork<'a> {
    scenario: &'a Scenario,
    room: Room<'a>,
    events: BinaryHeap<Reverse<(Timestamp, Event)>>,
    /// When each printer has its next turn; an event of another instant is stale.
    turns: Vec<Option<Timestamp>>,
    /// Deliveries and arrivals that are still to come.
    to_come: usize,
}

/// Runs a scenario with the luck of a seed. The scenario must have been checked.
pub fn run(scenario: &Scenario, seed: u64) -> Run {
    let mut clockwork = Clockwork {
        scenario,
        room: Room::new(scenario, seed),
        events: BinaryHeap::new(),
        turns: vec![None; scenario.printers.len()],
        to_come: 0,
    };
    let end = clockwork.room.now.plus(Duration::from_hours(24) * scenario.days);
    clockwork.begin(end);
    while let Some(Reverse((at, event))) = clockwork.events.pop() {
        if at >= end || clockwork.is_done() {
            break;
        }
        clockwork.room.now = at;
        clockwork.happen(event, at);
    }
    let is_done = clockwork.is_done();
    clockwork.room.now = if is_done { clockwork.room.last_left } else { end };
    clockwork.tally(is_done)
}

impl Clockwork<'_> {
    /// Whether no record is left, and none can come.
    fn is_done(&self) -> bool {
        self.room.open == 0 && self.to_come == 0
    }

    fn begin(&mut self, end: Timestamp) {
        let start = self.room.now;
        for (nth, delivery) in self.scenario.deliveries.iter().enumerate() {
            let at = self.scenario.instant(delivery.at);
            if (start..end).contains(&at) {
                self.events.push(Reverse((at, Event::Delivery(nth))));
            }
        }
        for (nth, list) in self.scenario.lists.iter().enumerate() {
            let Some(time) = list.daily_at else { continue };
            let (first, of_a_day) = (self.scenario.start.date().to_datetime(time), &mut Vec::new());
            for days in 0..=i64::from(self.scenario.days) {
                let at = first.checked_add(Span::new().days(days)).map(|local| self.arrival(local));
                of_a_day.extend(at.ok().filter(|at| (start..end).contains(at)));
            }
            self.to_come += of_a_day.len();
            self.events.extend(of_a_day.iter().map(|at| Reverse((*at, Event::Arrival(nth)))));
        }
        if let Some(staff) = &self.scenario.staff {
            let first = if window::is_open(&staff.hours, "", start) { Some(start) } else { self.next_hours(start) };
            self.events.extend(first.map(|at| Reverse((at, Event::Round))));
        }
        for at in 0..self.turns.len() {
            self.turn_at(at, start);
        }
    }

    /// When what is sent at a local time arrives: at the end of an outage that covers it.
    fn arrival(&self, local: jiff::civil::DateTime) -> Timestamp {
        let outage = self.scenario.outages.iter().find(|outage| outage.from <= local && local < outage.to);
        self.scenario.instant(outage.map_or(local, |outage| outage.to))
    }

    fn next_hours(&self, now: Timestamp) -> Option<Timestamp> {
        self.scenario.staff.as_ref().and_then(|staff| window::next_opening(&staff.hours, "", now))
    }

    fn turn_at(&mut self, printer: usize, at: Timestamp) {
        self.turns[printer] = Some(at);
        self.events.push(Reverse((at, Event::Turn(printer))));
    }

    /// Records or blanks have come, or a person: printers that wait for them look again.
    fn wake(&mut self) {
        for at in 0..self.turns.len() {
            let waits = match self.room.printers[at].does {
                Activity::EmptyHopper | Activity::NoBlanks | Activity::NothingWaits | Activity::Stopped => true,
                Activity::Printing | Activity::OutsideWindow | Activity::Resting => false,
            };
            if waits {
                self.turn_at(at, self.room.now);
            }
        }
    }

    fn happen(&mut self, event: Event, at: Timestamp) {
        match event {
            Event::Delivery(nth) => {
                let delivery = &self.scenario.deliveries[nth];
                self.room.deliver(&delivery.profile, delivery.blanks);
                self.wake();
            }
            Event::Arrival(nth) => {
                let list = &self.scenario.lists[nth];
                self.to_come -= 1;
                self.room.arrive(list);
                self.wake();
            }
            Event::Round => self.round(at),
            Event::Turn(printer) if self.turns[printer] == Some(at) => {
                self.turns[printer] = None;
                self.turn(printer);
            }
            Event::Turn(_) => {}
        }
    }

    /// People look at each printer, and again some minutes later.
    fn round(&mut self, now: Timestamp) {
        let Some(staff) = &self.scenario.staff else { return };
        for at in 0..self.room.printers.len() {
            self.room.fill(at);
            self.room.printers[at].clear();
        }
        let next = now.plus(Duration::from_mins(staff.round_minutes));
        let next = if window::is_open(&staff.hours, "", next) { Some(next) } else { self.next_hours(now) };
        self.events.extend(next.map(|at| Reverse((at, Event::Round))));
        self.wake();
    }

    /// A printer's turn: its card ends, and it does what the domain decides until that takes time.
    fn turn(&mut self, at: usize) {
        if self.room.settle(at) {
            self.wake_others(at);
        }
        let now = self.room.now;
        loop {
            let rules = Rules { windows: &self.scenario.windows, release_after: self.room.release_after() };
            match next_action(&self.room.printers[at].snapshot(now), &rules, now) {
                Action::Ask => {
                    let rests_until = self.room.printers[at].rests_until;
                    if rests_until > now {
                        return self.wait(at, Activity::Resting, Some(rests_until));
                    }
                    self.room.printers[at].answer(now);
                }
                Action::Plan => match self.room.plan(at) {
                    Made::Batch => {}
                    Made::NoBlanks => return self.without_blanks(at),
                    Made::NothingWaits => return self.wait(at, Activity::NothingWaits, None),
                },
                Action::Print => match self.room.print(at) {
                    Turned::Done => self.end(at),
                    Turned::NotDue(due) => return self.wait(at, Activity::Resting, Some(due)),
                    Turned::Begun { takes, jams } => return self.begun(at, takes, jams),
                },
                Action::EndBatch(_) => self.end(at),
                Action::WaitForPrinter => {
                    // Until it is cleared, or its batch is given back.
                    let down_since = self.room.printers[at].down_since.unwrap_or(now);
                    let given_back = down_since.plus(self.room.release_after()).plus(Duration::from_micros(1));
                    let until = self.room.printers[at].cleared_at.min(given_back);
                    self.room.printers[at].ask_again();
                    return self.wait(at, Activity::Stopped, Some(until));
                }
                Action::Block { reason, end_batch } => {
                    if end_batch.is_some() {
                        self.end(at);
                    }
                    return self.blocked(at, reason);
                }
                Action::Leave | Action::WaitForLease | Action::Resume => return, // one node, and no open attempt here
            }
        }
    }

    fn blocked(&mut self, at: usize, reason: Blocked) {
        let now = self.room.now;
        match reason {
            Blocked::OutsideWindow => {
                let opens = window::next_opening(&self.scenario.windows, &self.scenario.printers[at].name, now);
                self.wait(at, Activity::OutsideWindow, opens);
            }
            Blocked::CannotPrint => {
                self.room.printers[at].ask_again();
                let cleared_at = self.room.printers[at].cleared_at;
                self.wait(at, Activity::Stopped, Some(cleared_at));
            }
            Blocked::NoBlanks => self.without_blanks(at),
            Blocked::NothingWaits => self.wait(at, Activity::NothingWaits, None),
            Blocked::BreakerLocked
            | Blocked::ClockBehind
            | Blocked::InstanceInDoubt
            | Blocked::Paused
            | Blocked::CardWaitsInside
            | Blocked::AttemptUnanswered
            | Blocked::AttemptNameInvalid
            | Blocked::SiteNameInvalid
            | Blocked::AwaitsApproval
            | Blocked::CannotRender
            | Blocked::Misconfigured => self.wait(at, Activity::Stopped, None),
        }
    }

    fn without_blanks(&mut self, at: usize) {
        let activity = if self.room.can_be_filled(at) { Activity::EmptyHopper } else { Activity::NoBlanks };
        self.wait(at, activity, None);
    }

    /// A card was begun. If it jams the printer, a person clears it, at once in their hours and else when they come.
    fn begun(&mut self, at: usize, takes: Duration, jams: bool) {
        let ends_at = self.room.now.plus(takes);
        if jams {
            let is_staffed =
                self.scenario.staff.as_ref().is_some_and(|staff| window::is_open(&staff.hours, "", ends_at));
            let comes_at = if is_staffed { Some(ends_at) } else { self.next_hours(ends_at) };
            let repair = self.room.repair(at);
            self.room.printers[at].cleared_at = comes_at.map_or(Timestamp(i64::MAX), |comes_at| comes_at.plus(repair));
        }
        self.room.printers[at].begins(Activity::Printing, self.room.now);
        self.turn_at(at, ends_at);
    }

    fn end(&mut self, at: usize) {
        if self.room.end(at) {
            self.wake_others(at);
        }
    }

    fn wake_others(&mut self, than: usize) {
        let own = self.turns[than];
        self.wake();
        self.turns[than] = own;
    }

    fn wait(&mut self, at: usize, does: Activity, until: Option<Timestamp>) {
        self.room.printers[at].begins(does, self.room.now);
        if let Some(until) = until {
            self.turn_at(at, until);
        }
    }

    fn tally(mut self, is_done: bool) -> Run {
        let now = self.room.now;
        let used = |room: &Room, what| room.used.get(what).copied().unwrap_or(0);
        let quarantined = self.room.records.iter().filter(|record| record.state == RecordState::Quarantined).count();
        let printer = |printer: &mut super::printer::Printer| {
            printer.begins(printer.does, now);
            PrinterRun {
                name: printer.setting.name.clone(),
                printed: printer.printed,
                spoiled: printer.spoiled,
                spent: std::mem::take(&mut printer.spent),
                last: printer.does,
            }
        };
        Run {
            printers: self.room.printers.iter_mut().map(printer).collect(),
            done_at: is_done.then_some(now),
            ended_at: now,
            printed: used(&self.room, "printed"),
            spoiled: used(&self.room, "spoiled"),
            uncertain: used(&self.room, "uncertain"),
            quarantined: u64::try_from(quarantined).unwrap_or(0),
            waiting: self.room.open,
            blanks: self.room.blanks(),
            waits_by_class: self.room.waits_by_class.clone(),
            waits_by_district: self.room.waits_by_district.iter().map(|(name, of)| ((*name).to_owned(), *of)).collect(),
        }
    }
}
