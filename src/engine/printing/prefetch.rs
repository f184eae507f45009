//! Feeding a printer the cards of a batch: while one prints, the next is drawn and, where the printer can hold jobs,
//! uploaded and held; it is let go in the commit that saves the outcome of the one before.

use tracing::debug;

use super::{
    attempt::{ActiveAttempt, Ended, Printed, Uploaded},
    batch_queue::{BatchQueue, RenderedJob},
    verdict,
    worker::{Progress, Worker},
};
use crate::{
    domain::{
        attempt::{Blame, Outcome},
        batch::Batch,
        id::AttemptKey,
        job::JobState,
        polling::POLL_MAX,
    },
    engine::{
        group_commit::{Reply, Request, Settle},
        scheduling::activity::Activity,
    },
    store::{Begin, QueuedJob, StoreError},
};

/// A batch being fed.
struct Feed {
    pile: BatchQueue,
    /// The next card.
    drawn: Option<RenderedJob>,
    /// The card after the one in hand, uploaded and held.
    uploaded: Option<ActiveAttempt>,
    /// Cards are uploaded ahead.
    ahead: bool,
    /// What became of the last card, not yet saved.
    settle: Option<Settle>,
}

/// What to do next.
enum Next {
    /// This card is in the printer, and may be let go.
    Card(ActiveAttempt),
    /// One could not be sent: look for another.
    Another,
    /// The turn is over.
    Over(Progress),
}

impl Worker {
    /// Prints cards of a batch, whose queued jobs may be known, until it is empty, a card fails, or something forbids the next.
    pub(in crate::engine) async fn print_batch(
        &mut self,
        batch: Batch,
        jobs: Option<Vec<QueuedJob>>,
    ) -> Result<Progress, StoreError> {
        self.board.set(&self.state.printer.name, Activity::Busy, self.board.seen());
        let jobs = match jobs {
            Some(jobs) => jobs,
            // Seldom, and large.
            None => Box::pin(self.read_jobs(&batch)).await?,
        };
        let mut pile = BatchQueue::new(batch, jobs);
        if pile.is_empty() {
            self.end_batch(Some(pile.batch), "all its cards are done").await?;
            return Ok(Progress::On);
        }
        let drawn = self.draw(&mut pile).await?;
        if pile.is_undrawable {
            return Ok(Progress::Blocked("its cards cannot be drawn; see the log, and check its card profile"));
        }
        if drawn.is_none() {
            return Ok(Progress::Wait(pile.until_due(self.engine.clock.now())));
        }
        let ahead = self.engine.settings.upload_ahead && self.can_hold();
        let mut feed = Feed { pile, drawn, uploaded: None, ahead, settle: None };
        loop {
            let card = match self.next_card(&mut feed).await? {
                Next::Card(card) => card,
                Next::Another => continue,
                Next::Over(turn) => return Ok(turn),
            };
            let Some(mut card) = self.release(&mut feed, card).await? else { return Ok(Progress::On) };
            match self.let_go(&mut card).await {
                Ended::With(outcome) => feed.settle = Some(self.settlement(card.key, Some(card.record), outcome)),
                Ended::WhenTakenBack => return Ok(Progress::Wait(POLL_MAX)),
                Ended::Not => {
                    if let Some(turn) = self.watch_and_upload(&mut feed, &card).await? {
                        return Ok(turn);
                    }
                }
            }
        }
    }

    async fn read_jobs(&self, batch: &Batch) -> Result<Vec<QueuedJob>, StoreError> {
        let mut tx = self.engine.store.read().await?;
        tx.jobs_queued(batch.id).await
    }

    /// The card that was uploaded ahead, or the next one of the pile, begun in the commit that saves the last outcome.
    async fn next_card(&mut self, feed: &mut Feed) -> Result<Next, StoreError> {
        let may_go = !*self.stop.borrow() && (feed.settle.is_none() || self.state.ready);
        if let Some(held) = feed.uploaded.take() {
            if may_go {
                return Ok(Next::Card(held));
            }
            self.step(feed.settle.take(), None).await?;
            self.take_back(held).await?;
            return Ok(Next::Over(Progress::On));
        }
        let card = feed.drawn.take().filter(|_| may_go);
        let begin = card.as_ref().map(|card| self.begin(card));
        // While the commit is awaited, the next card is drawn.
        let step = self.step(feed.settle.take(), begin.clone());
        let (key, after) = tokio::join!(step, self.draw_ahead(&mut feed.pile));
        let (Some(card), Some(begin), Some(key)) = (card, begin, key?) else { return Ok(Next::Over(Progress::On)) };
        feed.drawn = after;
        let Some(hand) = ActiveAttempt::new(key, &begin, card.job, feed.pile.batch.id) else {
            return Ok(Next::Over(Progress::Blocked("the site's name does not fit into a job name")));
        };
        Ok(match self.upload(hand, card.document).await? {
            Uploaded::Ready(hand) | Uploaded::Loose(hand) => Next::Card(hand),
            Uploaded::Failed(hand, outcome) => {
                feed.settle = Some(self.settlement(hand.key, Some(hand.record), outcome));
                Next::Another
            }
            Uploaded::Left => Next::Over(Progress::Wait(POLL_MAX)),
        })
    }

    /// The commit before a card may exist, which saves the last outcome too. `None`: it must not start, and was taken
    /// back.
    async fn release(&self, feed: &mut Feed, mut card: ActiveAttempt) -> Result<Option<ActiveAttempt>, StoreError> {
        if card.is_releasing() {
            return Ok(Some(card));
        }
        let request = Request::Step { settle: feed.settle.take(), begin: None, release: Some(card.acknowledgement()) };
        let Reply::Step { settled, released, .. } = self.writer.save(request).await? else { return Ok(None) };
        self.announce(settled);
        if released {
            card.set_releasing();
            return Ok(Some(card));
        }
        self.take_back(card).await.map(|()| None)
    }

    /// Watches the card in hand to its end, and uploads the next one meanwhile.
    async fn watch_and_upload(
        &mut self,
        feed: &mut Feed,
        card: &ActiveAttempt,
    ) -> Result<Option<Progress>, StoreError> {
        let upload = async {
            if feed.ahead { self.upload_next(&mut feed.pile, feed.drawn.take()).await } else { Ok(Ahead::Nothing) }
        };
        let (printed, uploaded) = tokio::join!(self.watch_to_the_end(card), upload);
        let mut is_open = false;
        match uploaded? {
            Ahead::Nothing => {}
            Ahead::RenderedJob(card) => feed.drawn = Some(card),
            Ahead::Uploaded(Uploaded::Ready(held)) => feed.uploaded = Some(held),
            // The next turn finds it open, and watches it to its end, or takes it back.
            Ahead::Uploaded(Uploaded::Loose(_) | Uploaded::Left) => is_open = true,
            Ahead::Uploaded(Uploaded::Failed(card, outcome)) => {
                // Not while another prints, then; the card itself is tried again when its turn comes.
                feed.ahead = false;
                self.settle_ahead(&card, outcome).await?;
                feed.drawn = self.draw_ahead(&mut feed.pile).await;
            }
        }
        let Printed::Ended(outcome, seen) = printed? else {
            if let Some(held) = feed.uploaded.take() {
                // It would wait for as long as the card before it, and others can print it.
                self.take_back(held).await?;
            }
            return Ok(Some(Progress::Wait(POLL_MAX)));
        };
        if let Some(seen) = seen.filter(|_| outcome == Outcome::Printed) {
            self.state.pace = self.state.pace.after(seen);
        }
        let good = (outcome == Outcome::Printed).then(|| card.good_card(&self.state.printer.name));
        feed.settle = Some(Settle { good, ..self.settlement(card.key, Some(card.record), outcome) });
        if is_open {
            self.step(feed.settle.take(), None).await?;
            return Ok(Some(Progress::On));
        }
        Ok(None)
    }

    /// Saves an outcome, and begins an attempt where nothing forbids it.
    async fn step(&self, settle: Option<Settle>, begin: Option<Begin>) -> Result<Option<AttemptKey>, StoreError> {
        if settle.is_none() && begin.is_none() {
            return Ok(None);
        }
        let request = Request::Step { settle, begin, release: None };
        let Reply::Step { settled, begun, .. } = self.writer.save(request).await? else { return Ok(None) };
        self.announce(settled);
        Ok(begun)
    }

    /// A record that went back to the waiting list is work for others.
    fn announce(&self, settled: Option<JobState>) {
        if matches!(settled, Some(JobState::Returned)) {
            self.board.new_work();
        }
    }

    fn begin(&self, drawn: &RenderedJob) -> Begin {
        Begin {
            name: drawn.attempt.clone(),
            job: drawn.job.id,
            record_version: drawn.version,
            printer: self.state.printer.name.clone(),
            releasing: !self.prepare_is_sent(),
            impressions: drawn.document.impressions(),
        }
    }

    /// Begins the next card and uploads it, held, while another prints.
    async fn upload_next(&self, pile: &mut BatchQueue, drawn: Option<RenderedJob>) -> Result<Ahead, StoreError> {
        let drawn = match drawn {
            Some(drawn) => Some(drawn),
            None => self.draw_ahead(pile).await,
        };
        let Some(drawn) = drawn.filter(|_| !*self.stop.borrow()) else { return Ok(Ahead::Nothing) };
        let begin = self.begin(&drawn);
        let Some(key) = self.step(None, Some(begin.clone())).await? else { return Ok(Ahead::RenderedJob(drawn)) };
        let Some(hand) = ActiveAttempt::new(key, &begin, drawn.job.clone(), pile.batch.id) else {
            return Ok(Ahead::Nothing);
        };
        let uploaded = self.upload(hand, drawn.document).await?;
        if let Uploaded::Failed(_, Outcome::NotStarted { blame: Blame::Printer, .. }) = &uploaded {
            pile.put_back(drawn.job);
        }
        Ok(Ahead::Uploaded(uploaded))
    }

    /// A card that could not be uploaded ahead is nobody's failure, but one that the printer refuses for good.
    async fn settle_ahead(&mut self, hand: &ActiveAttempt, outcome: Outcome) -> Result<(), StoreError> {
        let settle = match outcome {
            Outcome::NotStarted { blame: Blame::Printer | Blame::Nobody, reason } => {
                debug!(printer.id = self.state.printer.name, reason, "no card is uploaded ahead");
                Settle { attempt: hand.key, outcome: verdict::stopped(), breaker: None, good: None }
            }
            Outcome::NotStarted { blame: Blame::Card, .. }
            | Outcome::Printed
            | Outcome::Spoiled { .. }
            | Outcome::Uncertain { .. } => self.settlement(hand.key, Some(hand.record), outcome),
        };
        self.step(Some(settle), None).await.map(|_| ())
    }
}

/// What came of the next card while another printed.
enum Ahead {
    /// There is none.
    Nothing,
    /// Something forbids it now.
    RenderedJob(RenderedJob),
    /// It was sent.
    Uploaded(Uploaded),
}
