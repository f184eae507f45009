//! One printer as its worker knows it: its driver, what it can do, whether it can print, and how its cards ended.

use std::{sync::Arc, time::Duration};

use cetak_driver_api::{Capabilities, Condition, DriverError, PrinterDriver};
use tracing::{info, warn};

use super::{
    card_name::CardName,
    compared_jobs::ComparedJobs,
    document,
    ending::{Effect, Ending, Rest, refusal},
    limits::{self, Blanks},
    services::Services,
    suitability::{identity, lasting, objections},
    waiting::Waiting,
};
use crate::{
    domain::{
        attempt::{NotStartedCause, Outcome, OutcomeKind},
        batch::Batch,
        breaker::{Breaker, Health, Limits, after_outcome, rest},
        dispatch::{PrinterSnapshot, Readiness},
        id::{AttemptKey, RecordId},
        pause::Pause,
        polling::{Observation, Pace, Waits},
        printer::Printer,
        printer_reason,
        supply::{self, Stop},
        time::Timestamp,
    },
    engine::{
        clock::Clock,
        group_commit::{BreakerChange, BreakerSaved, Settle, Settled},
        scheduling::lease::Feeder,
    },
    render::Output,
    store::StoreError,
};

/// The reason of a printer that refuses this machine.
const NEEDS_OPERATOR: &str = "needs-operator";
/// The reason keyword of RFC 8011 for a printer that cannot be reached.
const UNREACHABLE: &str = "connecting-to-device";

/// What was read for a printer, apart from the printer itself.
pub(in crate::engine) struct Pending {
    pub(in crate::engine) is_gone: bool,
    pub(in crate::engine) has_open_attempt: bool,
    pub(in crate::engine) batch: Option<Batch>,
    pub(in crate::engine) in_doubt: bool,
    pub(in crate::engine) pauses: Arc<[Pause]>,
    pub(in crate::engine) newest: Timestamp,
}

/// One printer, for as long as its worker runs.
pub(crate) struct PrinterSession {
    printer: Printer,
    feeder: Feeder,
    /// What it answered that it can do; `None` before it was asked, and after it did not answer.
    capabilities: Option<Capabilities>,
    /// What it is sent.
    output: Option<Output>,
    readiness: Readiness,
    /// Since when it cannot print.
    down_since: Option<Timestamp>,
    /// Since when a limit stops its feeding.
    limited_since: Option<Timestamp>,
    /// The waits before it is asked again.
    waits: Waits,
    /// How long it needs for a card.
    pub(in crate::engine) pace: Pace,
    /// The record of the last failure: the breaker counts different records.
    last_failed: Option<RecordId>,
    /// Since when no card has started though it answers that it can print.
    starts_nothing_since: Option<Timestamp>,
    /// It starts no card, and is tried again after this.
    rest: Option<Rest>,
    /// An open attempt that is asked about from time to time, and since when.
    watched: Option<(AttemptKey, Timestamp)>,
    /// Its jobs, compared with the database.
    jobs: ComparedJobs,
    /// What the card of that attempt waits for.
    pub(in crate::engine) waiting: Waiting,
}

impl PrinterSession {
    pub(crate) fn new(printer: Printer, feeder: Feeder) -> Self {
        Self {
            printer,
            feeder,
            capabilities: None,
            output: None,
            readiness: Readiness::Unknown,
            down_since: None,
            limited_since: None,
            waits: Waits::default(),
            pace: Pace::default(),
            last_failed: None,
            starts_nothing_since: None,
            rest: None,
            watched: None,
            jobs: ComparedJobs::default(),
            waiting: Waiting::default(),
        }
    }

    pub(in crate::engine) fn printer(&self) -> &Printer {
        &self.printer
    }

    /// Whether it keeps a lane for walk-ins, as it was read last.
    pub(in crate::engine) fn keeps_lane(&self) -> bool {
        self.printer.supplies.limits.walk_in_lane
    }

    pub(in crate::engine) fn name(&self) -> &str {
        &self.printer.name
    }

    /// Its driver, for what makes no card.
    pub(in crate::engine) fn driver(&self) -> &dyn PrinterDriver {
        self.feeder.driver()
    }

    /// What cards are sent through.
    pub(in crate::engine) fn feeder(&self) -> &Feeder {
        &self.feeder
    }

    pub(in crate::engine) fn output(&self) -> Option<&Output> {
        self.output.as_ref()
    }

    /// Whether the next card may start without asking the printer first. A card that waited inside the printer for a person
    /// requires a question, as does a failure.
    pub(in crate::engine) fn is_ready(&self) -> bool {
        self.readiness == Readiness::Ready && !self.waiting.is_shown
    }

    /// Requires a question to the printer before the next card: whether the outcome of the last one was saved is not known.
    pub(in crate::engine) fn forget_readiness(&mut self) {
        self.readiness = Readiness::Unknown;
    }

    /// The printer can keep a whole job without printing it.
    pub(in crate::engine) fn can_hold(&self) -> bool {
        let known = self.capabilities.as_ref().zip(self.output.as_ref());
        known.is_some_and(|(found, output)| document::can_hold(found, output.format))
    }

    /// Whether something has to be saved between upload and release.
    pub(in crate::engine) fn prepare_is_sent(&self) -> bool {
        self.capabilities.as_ref().is_none_or(|capabilities| capabilities.prepare_is_sent)
    }

    /// Takes over the printer as it was read. False: another printer has its name now, and gets another worker.
    pub(in crate::engine) fn sync(&mut self, printer: Printer, now: Timestamp) -> bool {
        if (&printer.uri, &printer.profile) != (&self.printer.uri, &self.printer.profile) {
            return false;
        }
        let card_ms = self.printer.card_ms.or(printer.card_ms);
        self.printer = Printer { card_ms, ..printer };
        self.limited_since = self.printer.supplies.stop(0, now).map(|_| self.limited_since.unwrap_or(now));
        if self.readiness == Readiness::NotReady {
            self.readiness = Readiness::Unknown; // asked again after each wait
        }
        true
    }

    /// All that decides what its worker does next.
    pub(in crate::engine) fn snapshot<'a>(&'a self, services: &'a Services, read: &'a Pending) -> PrinterSnapshot<'a> {
        let now = services.now();
        PrinterSnapshot {
            name: &self.printer.name,
            is_gone: read.is_gone,
            node: self.printer.node.as_deref(),
            own_node: services.engine.node(),
            has_lease: services.engine.has_lease(),
            has_open_attempt: read.has_open_attempt,
            breaker: self.printer.breaker,
            readiness: self.readiness,
            down_since: self.down_since,
            stop: self.printer.supplies.stop(0, now).map(|stop| (stop, self.limited_since.unwrap_or(now))),
            batch: read.batch.as_ref().map(|batch| (batch.id, batch.state)),
            in_doubt: read.in_doubt,
            pauses: &read.pauses,
            newest: read.newest,
        }
    }

    /// The printer cannot print, from now on or for longer.
    pub(in crate::engine) fn set_down(&mut self, now: Timestamp) {
        self.down_since.get_or_insert(now);
    }

    /// The printer prints or answers.
    pub(in crate::engine) fn set_up(&mut self) {
        self.down_since = None;
    }

    /// The wait before the printer is asked again.
    pub(in crate::engine) fn wait(&self) -> Duration {
        self.waits.wait()
    }

    /// That wait is over: the next one is twice as long.
    pub(in crate::engine) fn lengthen_wait(&mut self) {
        self.waits.lengthen();
    }

    /// No attempt is open.
    pub(in crate::engine) fn forget_watched(&mut self) {
        self.watched = None;
    }

    /// Whether a card has been under way for `release_after` and the printer does not say why: its other cards go to
    /// others then.
    pub(in crate::engine) fn hangs(&mut self, attempt: AttemptKey, now: Timestamp, release_after: Duration) -> bool {
        let (watched, since) = *self.watched.get_or_insert((attempt, now));
        if watched != attempt {
            self.watched = Some((attempt, now));
            return false;
        }
        let hangs = now.since(since) > release_after;
        if hangs {
            self.down_since.get_or_insert(since);
        }
        hangs
    }

    /// What the card of an open attempt waits for.
    pub(in crate::engine) async fn ask_waiting(&mut self, clock: &dyn Clock) -> Vec<String> {
        self.waiting.ask(self.feeder.driver(), &self.printer.acknowledged_reasons, clock).await
    }

    /// Shows people what the card of an open attempt waits for.
    pub(in crate::engine) async fn show_waiting(
        &mut self,
        services: &Services,
        reasons: Vec<String>,
    ) -> Result<(), StoreError> {
        self.waiting.show(services, &self.printer.name, reasons).await
    }

    /// Whether the printer is asked before its next batch, because its jobs have not been compared for a while.
    pub(in crate::engine) fn is_comparison_due(&self, services: &Services) -> bool {
        self.jobs.is_due(services)
    }

    /// Asks the printer whether it can print: after a failure, at the start, and from time to time before a batch.
    pub(in crate::engine) async fn ask(&mut self, services: &Services) -> Result<(), StoreError> {
        let rests = self.rest.as_ref().is_some_and(|rest| services.now() < rest.until);
        if rests && self.printer.breaker == Breaker::Open {
            // It would answer that it can print, as before.
            self.readiness = Readiness::NotReady;
            return self.show_refusal(services).await;
        }
        self.readiness = self.readiness_now(services).await?;
        match self.readiness {
            Readiness::Ready => {
                self.down_since = None;
                self.waits = Waits::default();
            }
            Readiness::NotReady => self.set_down(services.now()),
            Readiness::Unknown => {}
        }
        Ok(())
    }

    /// When a rest ends that stops the feeding.
    pub(in crate::engine) fn rests_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.printer.supplies.stop(0, now).and_then(Stop::until)
    }

    /// Begins and ends rests and halts. False: the counts were changed meanwhile.
    pub(in crate::engine) async fn count(&mut self, services: &Services, blanks: Blanks) -> Result<bool, StoreError> {
        limits::count(services, &mut self.printer, blanks).await
    }

    /// Asks a printer whose ribbon is used up for its level: it may have another one. True: it was counted again.
    pub(in crate::engine) async fn ask_ribbon(&mut self, services: &Services) -> Result<bool, StoreError> {
        let Ok(status) = self.driver().status().await else { return Ok(false) };
        let before = self.printer.supplies;
        limits::count_ribbon(services, &mut self.printer, &status.supplies).await?;
        Ok(self.printer.supplies != before)
    }

    /// Shows people why a printer started no card, while it is not tried again.
    pub(in crate::engine) async fn show_refusal(&mut self, services: &Services) -> Result<(), StoreError> {
        match self.rest.as_ref().map(|rest| rest.reasons.clone()) {
            Some(reasons) => self.seen(services, "stopped", reasons).await,
            None => Ok(()),
        }
    }

    async fn readiness_now(&mut self, services: &Services) -> Result<Readiness, StoreError> {
        if self.capabilities.is_none() {
            let found = match self.driver().probe().await {
                Ok(found) => found,
                Err(fault) => return self.unanswered(services, &fault).await.map(|()| Readiness::NotReady),
            };
            if self.is_another(&found) {
                self.seen(services, "stopped", vec![printer_reason::OTHER_PRINTER.to_owned()]).await?;
                return Ok(Readiness::NotReady);
            }
            self.remember(services, &found).await?;
            let profile = services.engine.profile(&self.printer.profile).ok();
            self.output = profile.as_ref().and_then(|profile| document::choose(&found, profile));
            let objection = if self.output.is_none() {
                Some("document-format-not-supported")
            } else if self.printer.override_reason.is_none()
                && !objections(&services.engine, &self.printer.profile, &found).is_empty()
            {
                Some("not-acknowledged")
            } else {
                None
            };
            if let Some(reason) = objection {
                self.seen(services, "stopped", vec![reason.into()]).await?;
                return Ok(Readiness::NotReady);
            }
            self.capabilities = Some(found);
        }
        let status = match self.driver().status().await {
            Ok(status) => status,
            Err(fault) => return self.unanswered(services, &fault).await.map(|()| Readiness::NotReady),
        };
        let has_unknown = match self.jobs.compare(services, &self.printer.name, self.feeder.driver()).await? {
            Ok(has_unknown) => has_unknown,
            Err(fault) => return self.unanswered(services, &fault).await.map(|()| Readiness::NotReady),
        };
        if has_unknown {
            self.seen(services, "stopped", vec![printer_reason::UNKNOWN_JOBS.to_owned()]).await?;
            return Ok(Readiness::NotReady);
        }
        let (state, can_print) = match status.condition {
            Condition::Idle => ("idle", true),
            Condition::Processing => ("processing", true),
            Condition::Stopped => ("stopped", false),
        };
        if !limits::count_ribbon(services, &mut self.printer, &status.supplies).await? {
            return Ok(Readiness::Unknown);
        }
        let stopping = printer_reason::stopping(&status.reasons, &self.printer.acknowledged_reasons);
        self.seen(services, state, status.reasons).await?;
        if !can_print || !status.accepting_jobs || !stopping.is_empty() {
            return Ok(Readiness::NotReady);
        }
        let (from, to) = (self.printer.breaker, self.printer.breaker.after_probe());
        if from != to {
            let failures = self.printer.failures;
            let change = BreakerChange { printer: self.printer.name.clone(), from, to, failures };
            match services.commits.breaker(change).await? {
                BreakerSaved::Saved => self.printer.breaker = to,
                BreakerSaved::Superseded => return Ok(Readiness::Unknown),
            }
        }
        Ok(Readiness::Ready)
    }

    /// Whether this is another printer than the one that was saved, and no person has accepted it.
    fn is_another(&self, found: &Capabilities) -> bool {
        identity(&self.printer).is_some_and(|known| found.identity.as_ref().is_some_and(|identity| *identity != known))
            && !self.printer.acknowledged_reasons.iter().any(|reason| reason == printer_reason::OTHER_PRINTER)
    }

    /// Saves what the printer is, for people.
    async fn remember(&mut self, services: &Services, found: &Capabilities) -> Result<(), StoreError> {
        let Some(capabilities) = lasting(found) else { return Ok(()) };
        if self.printer.capabilities.as_ref() != Some(&capabilities) {
            services.commits.probed(&self.printer.name, capabilities.clone()).await?;
            self.printer.capabilities = Some(capabilities);
        }
        Ok(())
    }

    /// Saves that the printer did not answer.
    pub(in crate::engine) async fn unanswered(
        &mut self,
        services: &Services,
        fault: &DriverError,
    ) -> Result<(), StoreError> {
        // It may come back as another.
        self.capabilities = None;
        match fault {
            DriverError::Unavailable { reasons } if !reasons.iter().any(|r| r == UNREACHABLE) => {
                self.seen(services, "stopped", reasons.clone()).await
            }
            DriverError::NeedsOperator(what) => {
                let is_new = !self.printer.reasons.iter().any(|reason| reason == NEEDS_OPERATOR);
                self.seen(services, "stopped", vec![NEEDS_OPERATOR.into()]).await?;
                if is_new {
                    warn!(printer.id = self.printer.name, "{what}");
                }
                Ok(())
            }
            DriverError::Unavailable { .. }
            | DriverError::NotSent(_)
            | DriverError::Rejected(_)
            | DriverError::OutcomeUnknown(_) => self.seen(services, "unreachable", vec![UNREACHABLE.into()]).await,
        }
    }

    async fn seen(&mut self, services: &Services, state: &'static str, reasons: Vec<String>) -> Result<(), StoreError> {
        let acknowledged = printer_reason::still_acknowledged(&reasons, &self.printer.acknowledged_reasons);
        let printer = &self.printer;
        if printer.state == state && printer.reasons == reasons && printer.acknowledged_reasons == acknowledged {
            return Ok(());
        }
        services.commits.seen(&printer.name, state, reasons.clone()).await?;
        limits::count_another_ribbon(services, &mut self.printer, (state, &reasons)).await?;
        let printer = &self.printer;
        info!(printer.id = printer.name, state, reasons = reasons.join(","), "the printer changed");
        self.printer.state = state.into();
        self.printer.reasons = reasons;
        self.printer.acknowledged_reasons = acknowledged;
        Ok(())
    }

    /// Learns how long a card took that nothing interrupted.
    pub(in crate::engine) fn learn(&mut self, seen: Observation) {
        self.pace = self.pace.after(seen);
        let known =
            self.printer.card_ms.or(self.printer.supplies.limits.seconds_per_card.map(|seconds| seconds * 1_000));
        self.printer.card_ms = Some(supply::learned(known, seen.until));
    }

    /// What the end of an attempt means for the printer. Nothing is changed before it is saved.
    pub(in crate::engine) fn ending(
        &self,
        services: &Services,
        attempt: AttemptKey,
        card: CardName,
        record: Option<RecordId>,
        outcome: Outcome,
    ) -> Ending {
        let before = Health {
            breaker: self.printer.breaker,
            failures: self.printer.failures,
            last_failed: self.last_failed,
            starts_nothing_since: self.starts_nothing_since,
        };
        let settings = &services.engine.settings;
        let limits = Limits { failures: settings.breaker_failures, starts_nothing: settings.release_after };
        let health = after_outcome(before, outcome.kind(), record, limits, services.now());
        let is_failure = outcome.kind().is_failure();
        let reason = outcome.reason().filter(|_| is_failure);
        let failed = reason.map(|reason| (card, outcome.state().as_str(), reason.to_stored()));
        let is_free = outcome.kind() == OutcomeKind::NotStarted(NotStartedCause::Printer);
        let rest = rest(health, outcome.kind(), limits)
            .or((is_free && health.breaker == Breaker::Locked).then_some(Duration::ZERO))
            .map(|rest| Rest { until: services.now().plus(rest), reasons: refusal(&outcome) });
        let is_changed = (before.breaker, before.failures) != (health.breaker, health.failures);
        let breaker = is_changed.then(|| BreakerChange {
            printer: self.printer.name.clone(),
            from: before.breaker,
            to: health.breaker,
            failures: health.failures,
        });
        Ending {
            settle: Settle { attempt, outcome, breaker, good: None },
            effect: Effect { health, is_failure, failed, rest },
        }
    }

    /// The end of an attempt was saved.
    pub(in crate::engine) fn settled(&mut self, effect: Effect, settled: Settled) {
        let Effect { health, is_failure, failed, rest } = effect;
        if let Some((card, outcome, reason)) = failed {
            card.log_failure(&self.printer.name, (outcome, &reason), health.breaker.as_str());
        }
        self.rest = rest;
        match settled {
            Settled::Saved { breaker: BreakerSaved::Saved, .. } => {
                self.printer.breaker = health.breaker;
                self.printer.failures = health.failures;
                self.last_failed = health.last_failed;
                self.starts_nothing_since = health.starts_nothing_since;
            }
            // A person cleared the printer, which is the only other write of its breaker.
            Settled::Saved { breaker: BreakerSaved::Superseded, .. } => {
                self.printer.breaker = Breaker::Closed;
                self.printer.failures = 0;
                self.readiness = Readiness::Unknown;
            }
            // What a person decided stands; the printer is asked again.
            Settled::AlreadyEnded => self.readiness = Readiness::Unknown,
        }
        let was_shown = std::mem::take(&mut self.waiting.is_shown);
        if is_failure || was_shown {
            self.readiness = Readiness::Unknown;
        }
        if is_failure {
            // It may be another printer by now.
            self.capabilities = None;
        }
    }
}
