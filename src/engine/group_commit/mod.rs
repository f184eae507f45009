//! The one writer of a scheduler (group commit): it takes all queued writes, applies them with a few set statements,
//! commits once, and answers each.

mod apply;
mod write;

use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot};

pub(crate) use self::write::{BreakerChange, BreakerSaved, Released, Settle, Settled, Stepped};
use self::{
    apply::{Trust, apply},
    write::{
        Answers, Asked, Confirmation, End, Envelope, Group, Join, NotRenderable, PlanRequest, Probe, Probed, Release,
        Started, StatusReport, Step, SupplyCount, UnknownJobs, Write,
    },
};
use super::{Engine, outage_log::OutageLog, planning};
use crate::{
    domain::{
        batch::{Batch, BatchEnd},
        id::{AttemptKey, BatchId, JobId},
        printer::Printer,
        reason::Reason,
        supply::Supplies,
    },
    store::{Acknowledgement, Begin, Outage, QueuedJob, StoreError},
};

/// The queue of one worker's writes. When a method returns, its write is durable.
#[derive(Clone)]
pub(crate) struct CommitQueue {
    sender: mpsc::Sender<Envelope>,
    printer: Arc<str>,
}

impl CommitQueue {
    /// The queue for a printer's worker.
    pub(crate) fn of(&self, printer: &str) -> Self {
        Self { sender: self.sender.clone(), printer: printer.into() }
    }

    async fn save<W: Write>(&self, write: W) -> Result<W::Answer, StoreError> {
        let (reply, answer) = oneshot::channel();
        let stopped = || StoreError::Conflict("the scheduler, which is stopping");
        let envelope = W::envelope(Asked { printer: self.printer.clone(), write, reply });
        self.sender.send(envelope).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Saves an outcome and begins an attempt in one commit. The attempt does not begin if a guard refuses it.
    pub(crate) async fn step(&self, settle: Option<Settle>, begin: Option<Begin>) -> Result<Stepped, StoreError> {
        self.save(Step { settle, begin }).await
    }

    /// Begins an attempt; `None` if a guard refuses it.
    pub(crate) async fn begin(&self, begin: Begin) -> Result<Option<AttemptKey>, StoreError> {
        Ok(self.step(None, Some(begin)).await?.begun)
    }

    /// Saves an outcome.
    pub(crate) async fn settle(&self, settle: Settle) -> Result<Settled, StoreError> {
        Ok(self.step(Some(settle), None).await?.settled.unwrap_or(Settled::AlreadyEnded))
    }

    /// Saves an outcome and the release of a held attempt in one commit. The attempt is not released if a guard refuses
    /// it.
    pub(crate) async fn release(&self, settle: Option<Settle>, held: Acknowledgement) -> Result<Released, StoreError> {
        self.save(Release { settle, held }).await
    }

    /// Saves that a printer started a held card without a release.
    pub(crate) async fn started(&self, attempt: AttemptKey, name: &str) -> Result<(), StoreError> {
        self.save(Started { attempt, name: name.to_owned() }).await
    }

    /// Saves that uncertain attempts of this process will not be sent any more.
    pub(crate) async fn confirm(&self, attempts: Vec<(AttemptKey, String)>) -> Result<(), StoreError> {
        self.save(Confirmation(attempts)).await
    }

    /// Saves jobs at a printer that the database does not know.
    pub(crate) async fn unknown_jobs(&self, printer: &str, names: Vec<String>) -> Result<(), StoreError> {
        self.save(UnknownJobs { printer: printer.to_owned(), names }).await
    }

    /// Saves what the printer answered about an attempt.
    pub(crate) async fn acknowledge(&self, answer: Acknowledgement) -> Result<(), StoreError> {
        self.save(answer).await
    }

    /// Plans the next batch of a printer.
    pub(crate) async fn plan(&self, printer: Printer) -> Result<planning::Plan, StoreError> {
        self.save(PlanRequest(printer)).await
    }

    /// Lets the walk-in that waits join the front of a batch; `None` if none waits, or may not.
    pub(crate) async fn join(&self, batch: BatchId) -> Result<Option<QueuedJob>, StoreError> {
        self.save(Join(batch)).await
    }

    /// Ends a batch.
    pub(crate) async fn end(&self, batch: Batch, why: BatchEnd) -> Result<planning::BatchEnded, StoreError> {
        self.save(End { batch, why }).await
    }

    /// Closes a job whose card cannot be rendered, and quarantines its record.
    pub(crate) async fn not_renderable(
        &self,
        batch: BatchId,
        job: JobId,
        subject: String,
        reason: Reason,
    ) -> Result<(), StoreError> {
        self.save(NotRenderable { batch, job, subject, reason }).await
    }

    /// Saves the status of a printer with all its reasons.
    pub(crate) async fn seen(
        &self,
        printer: &str,
        state: &'static str,
        reasons: Vec<String>,
    ) -> Result<(), StoreError> {
        self.save(StatusReport { printer: printer.to_owned(), state, reasons, whole: true }).await
    }

    /// Saves the reasons for which a card in progress waits. The printer may have further reasons.
    pub(crate) async fn card_waits(&self, printer: &str, reasons: Vec<String>) -> Result<(), StoreError> {
        self.save(StatusReport { printer: printer.to_owned(), state: "processing", reasons, whole: false }).await
    }

    /// Saves new counts of a printer's supplies; false if they were changed meanwhile.
    pub(crate) async fn count_supplies(
        &self,
        printer: &str,
        before: Supplies,
        after: Supplies,
    ) -> Result<bool, StoreError> {
        self.save(SupplyCount { printer: printer.to_owned(), before, after }).await
    }

    /// Saves the capabilities that a printer reported.
    pub(crate) async fn probed(&self, printer: &str, capabilities: String) -> Result<(), StoreError> {
        self.save(Probed { printer: printer.to_owned(), capabilities }).await
    }

    /// Writes without an effect, to find out whether the database can be written again.
    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        self.save(Probe).await
    }

    /// Saves a new state of a printer's breaker.
    pub(crate) async fn breaker(&self, change: BreakerChange) -> Result<BreakerSaved, StoreError> {
        self.save(change).await
    }
}

/// The maximum of writes in one commit.
const GROUP_MAX: usize = 512;
/// The maximum time of back-to-back commits, after which the writer leaves a gap for other processes.
const BUSY_MAX: Duration = Duration::from_millis(200);
const GAP: Duration = Duration::from_millis(3);

/// Starts the writer; it ends when all queues are dropped. `outages` tells people when the database cannot be written.
pub(in crate::engine) fn start(engine: Engine, outages: Arc<OutageLog>) -> CommitQueue {
    let (sender, receiver) = mpsc::channel(GROUP_MAX);
    tokio::spawn(run(engine, receiver, outages));
    CommitQueue { sender, printer: "".into() }
}

async fn run(engine: Engine, mut receiver: mpsc::Receiver<Envelope>, outages: Arc<OutageLog>) {
    let mut envelopes = Vec::with_capacity(GROUP_MAX);
    let mut gap_at = engine.clock.now();
    loop {
        let waited = receiver.is_empty();
        if receiver.recv_many(&mut envelopes, GROUP_MAX).await == 0 {
            return;
        }
        // Workers that were just answered queue their next writes at once.
        tokio::task::yield_now().await;
        while envelopes.len() < GROUP_MAX
            && let Ok(more) = receiver.try_recv()
        {
            envelopes.push(more);
        }
        let now = engine.clock.now();
        if waited {
            gap_at = now;
        } else if now.since(gap_at) > BUSY_MAX {
            engine.clock.sleep(GAP).await;
            gap_at = engine.clock.now();
        }
        let mut group = Group::default();
        for envelope in envelopes.drain(..) {
            group.add(envelope);
        }
        group.sort();
        let began = engine.clock.elapsed();
        engine.vitals.commit_begins(began);
        let applied = apply(&engine, &group, Trust::Workers).await;
        engine.vitals.commit_ends();
        match applied {
            Ok(answers) => {
                outages.succeeded();
                measure(&engine, (&group, &answers), began);
                group.answer(answers);
            }
            Err(error) if is_for_all(&error) => {
                log(&engine, &outages, &error, began);
                fail(group, error);
            }
            Err(error) if group.len() == 1 && !group.settles().any(|settle| settle.good.is_some()) => {
                fail(group, error);
            }
            Err(_) => each(&engine, group, &outages).await,
        }
    }
}

/// Measures a commit, and counts the outcomes that it saved.
fn measure(engine: &Engine, (group, answers): (&Group, &Answers), began: Duration) {
    let duration = engine.clock.elapsed().saturating_sub(began);
    engine.metrics.observe_commit(u32::try_from(group.len()).unwrap_or(u32::MAX), duration);
    let steps = group.steps.iter().zip(&answers.steps);
    let steps = steps.map(|(step, answer)| (&step.printer, &step.write.settle, answer.settled));
    let releases = group.releases.iter().zip(&answers.releases);
    let releases = releases.map(|(release, answer)| (&release.printer, &release.write.settle, answer.settled));
    for (printer, settle, settled) in steps.chain(releases) {
        if let (Some(settle), Some(Settled::Saved { .. })) = (settle, settled) {
            engine.metrics.count(printer, &settle.outcome);
        }
    }
}

/// Tells people of an outage. That a shared database does not answer is told by the scheduler, for all its uses.
fn log(engine: &Engine, outages: &OutageLog, error: &StoreError, began: Duration) {
    let is_told = |outage: &Outage| !(engine.store.is_shared() && *outage == Outage::Unreachable);
    if error.outage().is_some_and(|outage| is_told(&outage)) {
        outages.failed(error, began);
    }
}

/// Whether each write of a group would fail in the same way.
fn is_for_all(error: &StoreError) -> bool {
    error.is_away() || matches!(error, StoreError::Fenced)
}

fn same(error: &StoreError) -> StoreError {
    if matches!(error, StoreError::Fenced) { StoreError::Fenced } else { StoreError::Unreachable }
}

/// Answers every write of the group with the error. The first gets the error itself, the others one of the same kind,
/// because the error cannot be cloned.
fn fail(group: Group, error: StoreError) {
    let other = same(&error);
    let mut first = Some(error);
    group.fail(|| first.take().unwrap_or_else(|| same(&other)));
}

/// Applies each write of a group alone, because one of them is in conflict.
async fn each(engine: &Engine, group: Group, outages: &OutageLog) {
    let mut stopped: Option<StoreError> = None;
    for single in group.singles() {
        if let Some(error) = &stopped {
            fail(single, same(error));
            continue;
        }
        let began = engine.clock.elapsed();
        engine.vitals.commit_begins(began);
        let applied = apply(engine, &single, Trust::Stored).await;
        engine.vitals.commit_ends();
        match applied {
            Ok(answers) => {
                outages.succeeded();
                measure(engine, (&single, &answers), began);
                single.answer(answers);
            }
            Err(error) => {
                log(engine, outages, &error, began);
                stopped = is_for_all(&error).then(|| same(&error));
                fail(single, error);
            }
        }
    }
}
