//! Decides what a printer's worker does next, and whether a card may start.
//!
//! A worker calls [`next_action`] on what it has read. The guards of the store decide again in the commit that begins
//! or releases an attempt: `may_print!`, `begin!` and the release in `store` restate [`next_action`], [`may_begin`] and
//! [`may_release`] in SQL, and one table of cases tests both.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    batch::{BatchEnd, BatchState},
    breaker::Breaker,
    id::BatchId,
    pause::Pause,
    states::{JobState, Recall, RecordState},
    supply::Stop,
    time::Timestamp,
    window::{self, Window},
};

/// The tolerance for a clock that is behind the newest audit row. Beyond it no card starts, because windows and retries
/// would depend on a wrong time.
pub const CLOCK_TOLERANCE: Duration = Duration::from_mins(1);

/// Whether a printer can print, as far as its worker knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Readiness {
    /// Not queried since the start, or since the last failure.
    Unknown,
    /// The printer can print, and no card has failed since it was queried.
    Ready,
    /// The printer cannot print, or did not answer.
    NotReady,
}

/// The state of a printer on which the worker's next action depends.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts that are read apart, and of which any combination occurs")]
pub struct PrinterSnapshot<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it was removed, or another printer has its name now.
    pub is_gone: bool,
    /// The node that the printer belongs to; `None` if one node has the database.
    pub node: Option<&'a str>,
    /// The node of the worker.
    pub own_node: Option<&'a str>,
    /// Whether the lease of the worker's node is valid.
    pub has_lease: bool,
    /// Whether it has an open attempt.
    pub has_open_attempt: bool,
    /// Its breaker.
    pub breaker: Breaker,
    /// Whether it can print.
    pub readiness: Readiness,
    /// The instant since which it cannot print.
    pub down_since: Option<Timestamp>,
    /// The limit that stops its feeding, and since when it does.
    pub stop: Option<(Stop, Timestamp)>,
    /// Its oldest batch that is not closed.
    pub batch: Option<(BatchId, BatchState)>,
    /// Whether the database may be a copy, so that a person has to adopt it.
    pub in_doubt: bool,
    /// All pauses in force.
    pub pauses: &'a [Pause],
    /// The instant of the newest audit row.
    pub newest: Timestamp,
}

/// The settings on which the decision depends.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// When cards may start.
    pub windows: &'a [Window],
    /// How long a printer may be unable to print before its batch is released.
    pub release_after: Duration,
}

/// The next action of a worker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// End: the printer was removed, or belongs to another node.
    Leave,
    /// Wait for the lease of the worker's node. Open attempts may be taken over by another node.
    WaitForLease,
    /// Determine the outcome of the open attempt.
    Resume,
    /// Query whether the printer can print, then decide again.
    Ask,
    /// Wait, then query the printer again.
    WaitForPrinter,
    /// Plan the printer's next batch.
    Plan,
    /// Print the batch.
    Print,
    /// End the batch, then decide again.
    EndBatch(BatchEnd),
    /// Wait for a person, a delivery or a window; with `end_batch`, the batch is released first.
    Block {
        /// The reason of the wait.
        reason: Blocked,
        /// The reason for releasing the batch, if it is released.
        end_batch: Option<BatchEnd>,
    },
}

impl Action {
    fn block(reason: Blocked) -> Self {
        Self::Block { reason, end_batch: None }
    }
}

/// Why a printer gets no card until a person acts, blanks are delivered, records arrive or a window opens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Blocked {
    /// The clock is behind the newest audit row by more than [`CLOCK_TOLERANCE`].
    ClockBehind,
    /// The database may be a copy, and the original may print elsewhere.
    InstanceInDoubt,
    /// The queue, the printer or its batch is paused.
    Paused,
    /// No window is open.
    OutsideWindow,
    /// The breaker is locked.
    BreakerLocked,
    /// The printer has not been able to print for `release_after`.
    CannotPrint,
    /// An open attempt's card waits inside the printer for a person.
    CardWaitsInside,
    /// The printer does not answer for an open attempt.
    AttemptUnanswered,
    /// An open attempt has a name that is not valid at a printer.
    AttemptNameInvalid,
    /// The site's name is too long for a job name.
    SiteNameInvalid,
    /// Its output tray is full.
    TrayFull,
    /// Its ribbon is used up.
    RibbonUsedUp,
    /// It has to be cleaned.
    CleaningDue,
    /// It rests after its cards, and goes on by itself.
    Rests,
    /// There is no free blank for the printer.
    NoBlanks,
    /// The waiting list of its profile is empty.
    NothingWaits,
    /// Its batch waits for a person's approval.
    AwaitsApproval,
    /// No card of its profile can be rendered.
    CannotRender,
    /// Its address, options or profile cannot be used.
    Misconfigured,
}

impl Blocked {
    /// The code in JSON answers.
    pub fn code(self) -> &'static str {
        match self {
            Self::ClockBehind => "clock-behind",
            Self::InstanceInDoubt => "instance-in-doubt",
            Self::Paused => "paused",
            Self::OutsideWindow => "outside-window",
            Self::BreakerLocked => "breaker-locked",
            Self::CannotPrint => "cannot-print",
            Self::CardWaitsInside => "card-waits-inside",
            Self::AttemptUnanswered => "attempt-unanswered",
            Self::AttemptNameInvalid => "attempt-name-invalid",
            Self::SiteNameInvalid => "site-name-invalid",
            Self::TrayFull => "tray-full",
            Self::RibbonUsedUp => "ribbon-used-up",
            Self::CleaningDue => "cleaning-due",
            Self::Rests => "rests",
            Self::NoBlanks => "no-blanks",
            Self::NothingWaits => "nothing-waits",
            Self::AwaitsApproval => "awaits-approval",
            Self::CannotRender => "cannot-render",
            Self::Misconfigured => "misconfigured",
        }
    }
}

impl Blocked {
    /// Whether a limit of the printer stops its feeding.
    pub fn is_limit(self) -> bool {
        matches!(self, Self::TrayFull | Self::RibbonUsedUp | Self::CleaningDue | Self::Rests)
    }
}

impl From<Stop> for Blocked {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::TrayFull => Self::TrayFull,
            Stop::RibbonUsedUp => Self::RibbonUsedUp,
            Stop::CleaningDue => Self::CleaningDue,
            Stop::Rests { .. } => Self::Rests,
        }
    }
}

/// Decides the next action of a printer's worker. An open attempt comes before everything that could forbid the next
/// card: its outcome is determined even in a pause or outside the windows.
pub fn next_action(printer: &PrinterSnapshot, rules: &Rules, now: Timestamp) -> Action {
    if printer.is_gone || printer.node != printer.own_node {
        return Action::Leave;
    }
    if !printer.has_lease {
        return Action::WaitForLease;
    }
    if printer.has_open_attempt {
        return Action::Resume;
    }
    if printer.in_doubt {
        return Action::block(Blocked::InstanceInDoubt);
    }
    if now.plus(CLOCK_TOLERANCE) < printer.newest {
        return Action::block(Blocked::ClockBehind);
    }
    let batch = printer.batch.map(|(id, _)| id);
    if printer.pauses.iter().any(|pause| pause.scope.applies(printer.name, batch)) {
        return Action::block(Blocked::Paused);
    }
    if !window::is_open(rules.windows, printer.name, now) {
        // A batch that was never approved keeps its blanks until a person decides.
        let ends = printer.batch.filter(|(_, state)| *state != BatchState::Planned);
        return Action::Block { reason: Blocked::OutsideWindow, end_batch: ends.map(|_| BatchEnd::WindowClosed) };
    }
    match printer.readiness {
        _ if printer.breaker == Breaker::Locked => return down(printer, rules, now),
        Readiness::NotReady => return down(printer, rules, now),
        Readiness::Ready if printer.breaker.lets_a_card_start() => {}
        Readiness::Ready | Readiness::Unknown => return Action::Ask,
    }
    match (printer.batch, printer.stop) {
        (Some((_, BatchState::Planned)), _) => Action::block(Blocked::AwaitsApproval),
        (Some((_, BatchState::Closing | BatchState::Closed)), _) => Action::EndBatch(BatchEnd::NothingPrinting),
        (None | Some((_, BatchState::Running)), Some((stop, since))) => limited(printer, (stop, since), rules, now),
        (None, None) => Action::Plan,
        (Some((_, BatchState::Running)), None) => Action::Print,
    }
}

/// Decides what follows when a limit stops the feeding. After `release_after`, and at the begin of a longer rest, the cards go to
/// other printers.
fn limited(printer: &PrinterSnapshot, (stop, since): (Stop, Timestamp), rules: &Rules, now: Timestamp) -> Action {
    let lasts = stop.until().map_or_else(|| now.since(since), |until| until.since(now));
    let ends = printer.batch.filter(|_| lasts > rules.release_after);
    Action::Block { reason: stop.into(), end_batch: ends.map(|_| BatchEnd::PrinterCannotPrint) }
}

/// Decides what follows when a printer cannot print. After `release_after` its cards go to other printers.
pub fn down(printer: &PrinterSnapshot, rules: &Rules, now: Timestamp) -> Action {
    let block = |reason, end| Action::Block { reason, end_batch: printer.batch.map(|_| end) };
    if printer.breaker == Breaker::Locked {
        return block(Blocked::BreakerLocked, BatchEnd::PrinterLocked);
    }
    let since = printer.down_since.unwrap_or(now);
    if now.since(since) > rules.release_after {
        return block(Blocked::CannotPrint, BatchEnd::PrinterCannotPrint);
    }
    Action::WaitForPrinter
}

/// The state of a queued card on which its begin or release depends, apart from its printer.
#[derive(Clone, Copy, Debug)]
pub struct CardSnapshot {
    /// The job's state.
    pub job: JobState,
    /// The instant before which the job must not start.
    pub due: Timestamp,
    /// The record's state.
    pub record: RecordState,
    /// The recall of the record, if it was withdrawn or updated since it joined the batch.
    pub recall: Option<Recall>,
    /// The record's version.
    pub version: i64,
    /// The version that was rendered.
    pub rendered: i64,
}

impl CardSnapshot {
    fn is_current(&self) -> bool {
        self.version == self.rendered && self.recall.is_none()
    }
}

/// Whether an attempt at a card may begin.
pub fn may_begin(card: &CardSnapshot, now: Timestamp) -> bool {
    card.job == JobState::Queued && card.due <= now && card.record == RecordState::Batched && card.is_current()
}

/// Whether an uploaded and held card may be released.
pub fn may_release(card: &CardSnapshot) -> bool {
    card.job == JobState::Printing && card.is_current()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pause::PauseScope;

    const NOON: Timestamp = Timestamp(1_795_521_600_000_000);

    fn printer() -> PrinterSnapshot<'static> {
        PrinterSnapshot {
            name: "p1",
            is_gone: false,
            node: None,
            own_node: None,
            has_lease: true,
            has_open_attempt: false,
            breaker: Breaker::Closed,
            readiness: Readiness::Ready,
            down_since: None,
            stop: None,
            batch: Some((BatchId(7), BatchState::Running)),
            in_doubt: false,
            pauses: &[],
            newest: NOON,
        }
    }

    fn decided(printer: &PrinterSnapshot) -> Action {
        next_action(printer, &Rules { windows: &[], release_after: Duration::from_mins(15) }, NOON)
    }

    #[test]
    fn a_ready_printer_prints_its_batch_and_plans_one_when_it_has_none() {
        assert_eq!(decided(&printer()), Action::Print);
        assert_eq!(decided(&PrinterSnapshot { batch: None, ..printer() }), Action::Plan);
        let planned = Some((BatchId(7), BatchState::Planned));
        assert_eq!(decided(&PrinterSnapshot { batch: planned, ..printer() }), Action::block(Blocked::AwaitsApproval));
    }

    #[test]
    fn an_open_attempt_comes_before_a_pause_and_a_lost_lease_before_it() {
        let pauses = [Pause { scope: PauseScope::Queue, reason: String::new(), actor: String::new(), at: NOON }];
        let open = PrinterSnapshot { has_open_attempt: true, pauses: &pauses, ..printer() };
        assert_eq!(decided(&open), Action::Resume);
        assert_eq!(decided(&PrinterSnapshot { has_lease: false, ..open }), Action::WaitForLease);
        assert_eq!(decided(&PrinterSnapshot { own_node: Some("a"), ..open }), Action::Leave);
        assert_eq!(decided(&PrinterSnapshot { has_open_attempt: false, ..open }), Action::block(Blocked::Paused));
    }

    #[test]
    fn a_database_that_may_be_a_copy_starts_no_card_and_finishes_the_open_attempt() {
        let doubtful = PrinterSnapshot { in_doubt: true, ..printer() };
        assert_eq!(decided(&doubtful), Action::block(Blocked::InstanceInDoubt));
        assert_eq!(decided(&PrinterSnapshot { has_open_attempt: true, ..doubtful }), Action::Resume);
    }

    #[test]
    fn a_closed_window_releases_a_running_batch_and_keeps_a_planned_one() {
        let windows = ["* 22:00-05:00 UTC".parse().unwrap()];
        let rules = Rules { windows: &windows, release_after: Duration::ZERO };
        let ended = |state| {
            let printer = PrinterSnapshot { batch: Some((BatchId(7), state)), ..printer() };
            let Action::Block { reason: Blocked::OutsideWindow, end_batch } = next_action(&printer, &rules, NOON)
            else {
                panic!("the window is closed")
            };
            end_batch
        };
        assert_eq!(ended(BatchState::Running), Some(BatchEnd::WindowClosed));
        assert_eq!(ended(BatchState::Planned), None);
    }

    #[test]
    fn a_printer_that_is_down_keeps_its_batch_for_a_while_and_a_locked_one_does_not() {
        let minutes = |n| NOON.minus(Duration::from_mins(n));
        let down = |since| PrinterSnapshot { readiness: Readiness::NotReady, down_since: Some(since), ..printer() };
        assert_eq!(decided(&down(minutes(15))), Action::WaitForPrinter);
        let released = Action::Block { reason: Blocked::CannotPrint, end_batch: Some(BatchEnd::PrinterCannotPrint) };
        assert_eq!(decided(&down(minutes(16))), released);
        let locked = PrinterSnapshot { breaker: Breaker::Locked, ..printer() };
        let blocked = Action::Block { reason: Blocked::BreakerLocked, end_batch: Some(BatchEnd::PrinterLocked) };
        assert_eq!(decided(&locked), blocked);
    }

    #[test]
    fn a_printer_is_asked_after_a_failure_and_while_its_breaker_is_open() {
        assert_eq!(decided(&PrinterSnapshot { readiness: Readiness::Unknown, ..printer() }), Action::Ask);
        assert_eq!(decided(&PrinterSnapshot { breaker: Breaker::Open, ..printer() }), Action::Ask);
        assert_eq!(decided(&PrinterSnapshot { breaker: Breaker::HalfOpen, ..printer() }), Action::Print);
    }

    #[test]
    fn a_limit_keeps_the_batch_for_a_while_and_a_long_rest_releases_it_at_once() {
        let stopped = |stop, since| decided(&PrinterSnapshot { stop: Some((stop, since)), ..printer() });
        let released = Some(BatchEnd::PrinterCannotPrint);
        let minutes = Duration::from_mins;
        let full = |end_batch| Action::Block { reason: Blocked::TrayFull, end_batch };
        assert_eq!(stopped(Stop::TrayFull, NOON.minus(minutes(15))), full(None));
        assert_eq!(stopped(Stop::TrayFull, NOON.minus(minutes(16))), full(released));
        let rests = |lasts| stopped(Stop::Rests { until: NOON.plus(minutes(lasts)) }, NOON);
        assert_eq!(rests(15), Action::block(Blocked::Rests));
        assert_eq!(rests(16), Action::Block { reason: Blocked::Rests, end_batch: released });
        let stop = Some((Stop::RibbonUsedUp, NOON));
        assert_eq!(decided(&PrinterSnapshot { stop, batch: None, ..printer() }), Action::block(Blocked::RibbonUsedUp));
        assert_eq!(decided(&PrinterSnapshot { stop, has_open_attempt: true, ..printer() }), Action::Resume);
    }

    #[test]
    fn no_card_starts_while_the_clock_is_more_than_a_minute_behind_the_audit() {
        let newest = NOON.plus(CLOCK_TOLERANCE);
        assert_eq!(decided(&PrinterSnapshot { newest, ..printer() }), Action::Print);
        let newest = newest.plus(Duration::from_micros(1));
        assert_eq!(decided(&PrinterSnapshot { newest, ..printer() }), Action::block(Blocked::ClockBehind));
    }

    #[test]
    fn the_code_of_a_reason_is_its_name_in_json() {
        for reason in [Blocked::ClockBehind, Blocked::CardWaitsInside, Blocked::NothingWaits] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
        }
    }
}
