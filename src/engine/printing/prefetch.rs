//! Prints the cards of a batch: while one prints, the next is rendered and, where the printer can hold jobs, uploaded and
//! held; it is released in the commit that saves the outcome of the one before.

use tokio::sync::{Notify, watch};
use tracing::debug;

use super::{
    attempt::{ActiveAttempt, AfterFault, Uploaded, Watched},
    batch_queue::{BatchQueue, RenderedJob},
    card_name::CardName,
    ending::Ending,
    services::{Progress, Services},
    session::PrinterSession,
    verdict,
};
use crate::{
    domain::{
        attempt::{NotStartedCause, Outcome},
        batch::{Batch, BatchEnd},
        dispatch::Blocked,
        id::AttemptKey,
        polling::POLL_MAX,
    },
    engine::group_commit::{Settle, Settled},
    store::{Begin, QueuedJob, StoreError},
};

/// A run over a batch, from its first card until it is empty, a card fails, or something forbids the next.
pub(in crate::engine) struct BatchRun<'a> {
    services: &'a Services,
    session: &'a mut PrinterSession,
    stop: &'a watch::Receiver<bool>,
    queue: BatchQueue,
    /// The next card, uploaded and held.
    held: Option<ActiveAttempt>,
    /// Cards are uploaded ahead.
    is_ahead: bool,
    /// The outcome of the last card, not yet saved.
    ending: Option<Ending>,
}

/// What to do next.
#[expect(clippy::large_enum_variant, reason = "one value at a time, on the stack of its worker")]
enum Next {
    /// This card is in the printer, and may be released.
    Card(ActiveAttempt),
    /// A card could not be sent, or the next one was rendered just now: take the next.
    Another,
    /// The run is over.
    Over(Progress),
}

/// What came of the next card while another printed.
#[expect(clippy::large_enum_variant, reason = "one value at a time, on the stack of its worker")]
enum Ahead {
    /// None was uploaded.
    Nothing,
    /// It was sent.
    Uploaded(Uploaded),
}

/// Prints a batch whose queued jobs these are.
pub(in crate::engine) async fn print_batch(
    services: &Services,
    session: &mut PrinterSession,
    stop: &watch::Receiver<bool>,
    batch: Batch,
    jobs: Vec<QueuedJob>,
) -> Result<Progress, StoreError> {
    let mut queue = BatchQueue::new(batch, jobs);
    if queue.is_empty() {
        services.end_batch(Some(queue.batch), BatchEnd::Done).await?;
        return Ok(Progress::Continue);
    }
    queue.admit_walk_in(services, session).await;
    queue.prepare_next(services, session).await?;
    if queue.is_unrenderable() {
        return Ok(Progress::Blocked(Blocked::CannotRender));
    }
    if !queue.has_next() {
        return Ok(Progress::Wait(queue.until_due(services.now())));
    }
    let is_ahead = services.engine.settings.upload_ahead && session.can_hold();
    BatchRun { services, session, stop, queue, held: None, is_ahead, ending: None }.run().await
}

impl BatchRun<'_> {
    async fn run(mut self) -> Result<Progress, StoreError> {
        loop {
            let card = match self.next_card().await? {
                Next::Card(card) => card,
                Next::Another => continue,
                Next::Over(progress) => return Ok(progress),
            };
            let Some(mut card) = self.may_release(card).await? else { return Ok(Progress::Continue) };
            match card.release(self.session).await {
                AfterFault::Ended(outcome) => self.end(&card, outcome),
                AfterFault::MustCancel => return Ok(Progress::Wait(POLL_MAX)),
                AfterFault::Unknown => {
                    if let Some(progress) = self.watch_and_upload(card).await? {
                        return Ok(progress);
                    }
                }
            }
        }
    }

    /// The outcome of a card, to be saved with what comes next.
    fn end(&mut self, card: &ActiveAttempt, outcome: Outcome) {
        if outcome == Outcome::Printed {
            card.name.log_step(self.session.name(), "the card is printed");
        }
        self.ending = Some(self.session.ending(self.services, card.key, card.name.clone(), Some(card.record), outcome));
    }

    /// The card that was uploaded ahead, or the next of the queue, begun in the commit that saves the last outcome.
    async fn next_card(&mut self) -> Result<Next, StoreError> {
        let has_not_failed =
            self.ending.as_ref().is_none_or(|ending| !ending.effect.is_failure && self.session.is_ready());
        let may_go = !*self.stop.borrow() && has_not_failed;
        if let Some(held) = self.held.take() {
            if may_go {
                return Ok(Next::Card(held));
            }
            self.settle().await?;
            held.cancel(self.services, self.session).await?;
            return Ok(Next::Over(Progress::Continue));
        }
        if may_go {
            self.queue.admit_walk_in(self.services, self.session).await;
        }
        let card = if may_go { self.queue.take_next() } else { None };
        let begin = card.as_ref().map(|card| card.begin(self.session));
        let ending = self.ending.take();
        let effect = ending.as_ref().map(|ending| ending.effect.clone());
        // While the commit is awaited, the next card is rendered.
        let commit = commit(self.services, ending.map(|ending| ending.settle), begin.clone());
        let (saved, ()) = tokio::join!(commit, self.queue.prepare_ahead(self.services, self.session));
        let (settled, key) = saved?;
        if let Some((effect, settled)) = effect.zip(settled) {
            self.session.settled(effect, settled);
        }
        let has_none = may_go && begin.is_none();
        let (Some(card), Some(begin), Some(key)) = (card, begin, key) else {
            if has_none {
                // There was no room to render one ahead.
                self.queue.prepare_next(self.services, self.session).await?;
            }
            let is_another = has_none && self.queue.has_next();
            return Ok(if is_another { Next::Another } else { Next::Over(Progress::Continue) });
        };
        let uploaded = self.upload(key, &begin, card).await?;
        Ok(match uploaded {
            None => Next::Over(Progress::Blocked(Blocked::SiteNameInvalid)),
            Some(Uploaded::Ready(card) | Uploaded::Started(card)) => Next::Card(card),
            Some(Uploaded::Failed(card, outcome)) => {
                self.end(&card, outcome);
                Next::Another
            }
            Some(Uploaded::Left) => Next::Over(Progress::Wait(POLL_MAX)),
        })
    }

    async fn upload(&self, key: AttemptKey, begin: &Begin, card: RenderedJob) -> Result<Option<Uploaded>, StoreError> {
        match ActiveAttempt::new(key, begin, card.name, card.job, self.queue.batch.id) {
            Some(attempt) => attempt.upload(self.services, &*self.session, card.document).await.map(Some),
            None => Ok(None),
        }
    }

    /// Saves the last outcome, if there is one.
    async fn settle(&mut self) -> Result<(), StoreError> {
        if let Some(Ending { settle, effect }) = self.ending.take() {
            let settled = self.services.commits.settle(settle).await?;
            self.services.announce(Some(settled));
            self.session.settled(effect, settled);
        }
        Ok(())
    }

    /// The commit before a card may exist, which saves the last outcome too. `None`: the card must not start, and was
    /// cancelled.
    async fn may_release(&mut self, mut card: ActiveAttempt) -> Result<Option<ActiveAttempt>, StoreError> {
        if card.is_releasing() {
            return Ok(Some(card));
        }
        let ending = self.ending.take();
        let effect = ending.as_ref().map(|ending| ending.effect.clone());
        let settle = ending.map(|ending| ending.settle);
        let released = self.services.commits.release(settle, card.acknowledgement()).await?;
        self.services.announce(released.settled);
        if let Some((effect, settled)) = effect.zip(released.settled) {
            self.session.settled(effect, settled);
        }
        if released.is_released {
            card.set_releasing();
            return Ok(Some(card));
        }
        card.cancel(self.services, self.session).await.map(|()| None)
    }

    /// Watches a card to its end, and uploads the next one meanwhile.
    async fn watch_and_upload(&mut self, mut card: ActiveAttempt) -> Result<Option<Progress>, StoreError> {
        let (services, is_ahead, stop) = (self.services, self.is_ahead, self.stop);
        let (session, queue) = (&*self.session, &mut self.queue);
        let over = Notify::new();
        let watch = async {
            let watched = card.watch(services, session).await;
            over.notify_one();
            watched
        };
        let upload = async {
            if !is_ahead {
                return Ok(Ahead::Nothing);
            }
            queue.admit_walk_in(services, session).await;
            queue.prepare_ahead_until(over.notified(), services, session).await;
            upload_next(services, session, stop, queue).await
        };
        let (watched, uploaded) = tokio::join!(watch, upload);
        self.session.waiting.absorb(card.waiting.take());
        let mut is_open = false;
        match uploaded? {
            Ahead::Nothing => {}
            Ahead::Uploaded(Uploaded::Ready(held)) => self.held = Some(held),
            // The next turn finds it open, and watches it to its end, or cancels it.
            Ahead::Uploaded(Uploaded::Started(_) | Uploaded::Left) => is_open = true,
            Ahead::Uploaded(Uploaded::Failed(card, outcome)) => {
                // Not while another prints, then; the card itself is tried again when its turn comes.
                self.is_ahead = false;
                self.settle_ahead(&card, outcome).await?;
                self.queue.prepare_ahead(self.services, self.session).await;
            }
        }
        let Watched::Ended(outcome, seen) = watched? else {
            if let Some(held) = self.held.take() {
                // It would wait as long as the card before it, and other printers can print it.
                held.cancel(self.services, self.session).await?;
            }
            return Ok(Some(Progress::Wait(POLL_MAX)));
        };
        let is_printed = outcome == Outcome::Printed;
        if let Some(seen) = seen.filter(|_| is_printed) {
            self.services.engine.metrics.observe_card(self.session.name(), seen.until);
            self.session.learn(seen);
        }
        self.end(&card, outcome);
        if let Some(ending) = self.ending.as_mut().filter(|_| is_printed) {
            ending.settle.good = Some(card.printed_card(self.session.name()));
        }
        if is_open {
            self.settle().await?;
            return Ok(Some(Progress::Continue));
        }
        Ok(None)
    }

    /// A card that could not be uploaded ahead is no failure, unless the printer refuses it for good.
    async fn settle_ahead(&mut self, card: &ActiveAttempt, outcome: Outcome) -> Result<(), StoreError> {
        let (settle, effect) = match outcome {
            Outcome::NotStarted { cause: NotStartedCause::Printer | NotStartedCause::Interruption, reason } => {
                let CardName { attempt, request } = &card.name;
                let (printer, reason) = (self.session.name(), reason.to_stored());
                debug!(
                    printer.id = printer,
                    attempt.id = attempt,
                    request.id = request,
                    reason,
                    "no card is uploaded ahead"
                );
                (Settle { attempt: card.key, outcome: verdict::stopped(), breaker: None, good: None }, None)
            }
            Outcome::NotStarted { cause: NotStartedCause::Card, .. }
            | Outcome::Printed
            | Outcome::Spoiled { .. }
            | Outcome::Uncertain { .. } => {
                let Ending { settle, effect } =
                    self.session.ending(self.services, card.key, card.name.clone(), Some(card.record), outcome);
                (settle, Some(effect))
            }
        };
        let settled = self.services.commits.settle(settle).await?;
        self.services.announce(Some(settled));
        if let Some(effect) = effect {
            self.session.settled(effect, settled);
        }
        Ok(())
    }
}

/// Saves an outcome and begins an attempt, where there is one of either.
async fn commit(
    services: &Services,
    settle: Option<Settle>,
    begin: Option<Begin>,
) -> Result<(Option<Settled>, Option<AttemptKey>), StoreError> {
    if settle.is_none() && begin.is_none() {
        return Ok((None, None));
    }
    let stepped = services.commits.step(settle, begin).await?;
    services.announce(stepped.settled);
    Ok((stepped.settled, stepped.begun))
}

/// Begins the card that was rendered ahead and uploads it, held, while another prints.
async fn upload_next(
    services: &Services,
    session: &PrinterSession,
    stop: &watch::Receiver<bool>,
    queue: &mut BatchQueue,
) -> Result<Ahead, StoreError> {
    if *stop.borrow() {
        return Ok(Ahead::Nothing); // rendering takes time, in which the scheduler may have been told to stop
    }
    let Some(card) = queue.take_next() else { return Ok(Ahead::Nothing) };
    let begin = card.begin(session);
    let Some(key) = services.commits.begin(begin.clone()).await? else {
        queue.put_back(card);
        return Ok(Ahead::Nothing);
    };
    let job = card.job.clone();
    let Some(attempt) = ActiveAttempt::new(key, &begin, card.name, card.job, queue.batch.id) else {
        return Ok(Ahead::Nothing);
    };
    let uploaded = attempt.upload(services, session, card.document).await?;
    if let Uploaded::Failed(_, Outcome::NotStarted { cause: NotStartedCause::Printer, .. }) = &uploaded {
        queue.requeue(job);
    }
    Ok(Ahead::Uploaded(uploaded))
}
