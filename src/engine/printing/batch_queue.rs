//! The batch that is printed: its queued jobs, their sealed bodies, and the next card, rendered.

use std::{collections::VecDeque, time::Duration};

use cetak_driver_api::Document;
use tokio::sync::OwnedSemaphorePermit;
use tracing::warn;

use super::{card, card_name::CardName, document, services::Services, session::PrinterSession};
use crate::{
    domain::{
        batch::Batch,
        id::RecordId,
        polling::{ASK_MAX, POLL_MIN},
        reason::{Reason, RenderFault},
        time::Timestamp,
    },
    engine::{
        batched_reads::Bodies,
        clock::{attempt_name, attempt_tag},
        person::open_person,
        render_fault::render_fault,
        sent_elsewhere::SentElsewhere,
    },
    render::{Card, Output},
    store::{Begin, QueuedJob, StoreError, StoredBody},
};

/// Bodies read at once, of about 1 kB each.
const BODIES_AHEAD: usize = 12;

/// A card that is rendered and may begin.
pub(in crate::engine) struct RenderedJob {
    pub(in crate::engine) job: QueuedJob,
    /// The attempt's name, which is on the card, and the request.
    pub(in crate::engine) name: CardName,
    version: i64,
    pub(in crate::engine) document: Document,
    /// Its part of the room for such cards, if it was rendered ahead.
    room: Option<OwnedSemaphorePermit>,
}

impl RenderedJob {
    /// The begin of its attempt.
    pub(in crate::engine) fn begin(&self, session: &PrinterSession) -> Begin {
        Begin {
            name: self.name.attempt.clone(),
            job: self.job.id,
            record_version: self.version,
            printer: session.name().to_owned(),
            releasing: !session.prepare_is_sent(),
            impressions: self.document.impressions(),
        }
    }
}

/// A batch that is printed. What it keeps may become stale; the begin of an attempt is then refused, and the worker reads
/// again.
pub(in crate::engine) struct BatchQueue {
    pub(in crate::engine) batch: Batch,
    jobs: VecDeque<QueuedJob>,
    bodies: VecDeque<StoredBody>,
    next: Option<RenderedJob>,
    /// The size of the last rendered card, in KiB.
    card_kib: u32,
    /// No card of it can be rendered, whatever the record.
    is_unrenderable: bool,
}

/// Why a card is not rendered.
enum NotRendered {
    /// Something is wrong with the record.
    Record(Reason),
    /// Something is wrong with the profile, the program or what the printer takes: other cards would fail too.
    All(String),
}

impl BatchQueue {
    /// The batch with its queued jobs, in the order of the pile.
    pub(in crate::engine) fn new(batch: Batch, jobs: Vec<QueuedJob>) -> Self {
        let (jobs, bodies) = (jobs.into(), VecDeque::new());
        Self { batch, jobs, bodies, next: None, card_kib: 1, is_unrenderable: false }
    }

    /// No job is queued.
    pub(in crate::engine) fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.next.is_none()
    }

    /// No card of it can be rendered.
    pub(in crate::engine) fn is_unrenderable(&self) -> bool {
        self.is_unrenderable
    }

    /// A rendered card is ready.
    pub(in crate::engine) fn has_next(&self) -> bool {
        self.next.is_some()
    }

    /// The rendered card.
    pub(in crate::engine) fn take_next(&mut self) -> Option<RenderedJob> {
        self.next.take()
    }

    /// A rendered card that could not begin is the next again.
    pub(in crate::engine) fn put_back(&mut self, card: RenderedJob) {
        self.next = Some(card);
    }

    /// A job whose card could not be sent is the first again.
    pub(in crate::engine) fn requeue(&mut self, job: QueuedJob) {
        self.jobs.push_front(job);
    }

    /// Lets the walk-in that waits be the next card, if the printer keeps a lane: a card that was rendered ahead goes behind it. A failure
    /// changes nothing, as the walk-in waits for the next look.
    pub(in crate::engine) async fn admit_walk_in(&mut self, services: &Services, session: &PrinterSession) {
        if !session.keeps_lane() || self.is_empty() {
            return;
        }
        match Box::pin(self.joined(services)).await {
            Ok(Some(job)) => {
                if let Some(rendered) = self.next.take() {
                    self.requeue(rendered.job);
                }
                self.requeue(job);
            }
            Ok(None) => {}
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                warn!(printer.id = session.name(), error, "no walk-in could join the batch");
            }
        }
    }

    /// The job of a walk-in that joined. Without one that waits, this is one look into an index.
    async fn joined(&self, services: &Services) -> Result<Option<QueuedJob>, StoreError> {
        if !services.engine.store.read_once().await?.walk_in_waits(&self.batch.profile).await? {
            return Ok(None);
        }
        services.commits.join(self.batch.id).await
    }

    /// How long until a job is due.
    pub(in crate::engine) fn until_due(&self, now: Timestamp) -> Duration {
        let due = self.jobs.iter().map(|job| Timestamp(job.due_at_us)).min().unwrap_or(now);
        due.since(now).clamp(POLL_MIN, ASK_MAX)
    }

    /// Renders the next card that is due, unless one is ready. A card that cannot be rendered is quarantined, and the batch
    /// goes on.
    pub(in crate::engine) async fn prepare_next(
        &mut self,
        services: &Services,
        session: &PrinterSession,
    ) -> Result<(), StoreError> {
        let now = services.now().0;
        while self.next.is_none()
            && let Some(at) = self.jobs.iter().position(|job| job.due_at_us <= now)
        {
            let Some(job) = self.jobs.remove(at) else { break };
            let body = match self.bodies.iter().position(|body| body.id == job.record) {
                Some(at) => self.bodies.remove(at),
                // Seldom, and large: not in every worker's memory all the time.
                None => Box::pin(self.read_bodies(services, &job)).await?,
            };
            let Some(body) = body else { continue };
            if body.has_unknown_jobs
                && let Some(reason) = Box::pin(sent_elsewhere(services, &body)).await?
            {
                self.quarantine(services, session.name(), &job, &body, reason).await?;
                continue;
            }
            let engine = &services.engine;
            let tag = attempt_tag(&engine.store.keys().request(&body.source, &body.request_id));
            let attempt = attempt_name(&engine.settings.site, services.now(), &*engine.entropy, Some(tag));
            match render(services, session.output(), &body, &attempt).await? {
                Ok(document) => {
                    self.card_kib = u32::try_from(document.bytes.len().div_ceil(1024)).unwrap_or(u32::MAX);
                    let name = CardName::new(&attempt, &body.source, &body.request_id);
                    self.next = Some(RenderedJob { job, name, version: body.version, document, room: None });
                }
                Err(NotRendered::All(reason)) => {
                    warn!(printer.id = session.name(), "no card can be rendered: {reason}");
                    self.is_unrenderable = true;
                    self.requeue(job);
                    return Ok(());
                }
                Err(NotRendered::Record(reason)) => {
                    self.quarantine(services, session.name(), &job, &body, reason).await?;
                }
            }
        }
        Ok(())
    }

    /// Closes a job whose card is not printed, and quarantines its record.
    async fn quarantine(
        &self,
        services: &Services,
        printer: &str,
        job: &QueuedJob,
        body: &StoredBody,
        reason: Reason,
    ) -> Result<(), StoreError> {
        let subject = format!("record {}/{}", body.source, body.request_id);
        let (why, request) = (reason.to_stored(), format!("{}/{}", body.source, body.request_id));
        services.commits.not_renderable(self.batch.id, job.id, subject, reason).await?;
        warn!(printer.id = printer, job.id = job.id.0, request.id = request, reason = why, "a record is quarantined");
        Ok(())
    }

    /// [`prepare_next`](Self::prepare_next) beside something else, if there is room now: a failed read must not keep the card in
    /// the printer from being watched.
    pub(in crate::engine) async fn prepare_ahead(&mut self, services: &Services, session: &PrinterSession) {
        if self.next.is_none()
            && let Ok(room) = services.ahead.clone().try_acquire_many_owned(self.card_kib)
        {
            self.prepare_in(room, services, session).await;
        }
    }

    /// The same; without room, waits for it until `over` is ready.
    pub(in crate::engine) async fn prepare_ahead_until(
        &mut self,
        over: impl Future<Output = ()>,
        services: &Services,
        session: &PrinterSession,
    ) {
        if self.next.is_some() {
            return;
        }
        tokio::select! {
            biased;
            () = over => {}
            // The semaphore is never closed.
            Ok(room) = services.ahead.clone().acquire_many_owned(self.card_kib) => {
                self.prepare_in(room, services, session).await;
            }
        }
    }

    async fn prepare_in(&mut self, room: OwnedSemaphorePermit, services: &Services, session: &PrinterSession) {
        if let Err(error) = self.prepare_next(services, session).await {
            let error = &error as &dyn std::error::Error;
            warn!(printer.id = session.name(), error, "the next card could not be rendered ahead");
        }
        if let Some(next) = &mut self.next {
            next.room = Some(fitted(room, self.card_kib, services));
        }
    }

    async fn read_bodies(&mut self, services: &Services, job: &QueuedJob) -> Result<Option<StoredBody>, StoreError> {
        let ahead = self.jobs.iter().take(BODIES_AHEAD).map(|j| j.record);
        let records: Vec<RecordId> = std::iter::once(job.record).chain(ahead).collect();
        self.bodies = services.bodies.ask(Bodies(records)).await?.into();
        let at = self.bodies.iter().position(|body| body.id == job.record);
        Ok(at.and_then(|at| self.bodies.remove(at)))
    }
}

/// The room of a card of that size. What is missing is taken if there is any.
fn fitted(mut room: OwnedSemaphorePermit, card_kib: u32, services: &Services) -> OwnedSemaphorePermit {
    let held = u32::try_from(room.num_permits()).unwrap_or(u32::MAX);
    if let Some(missing) = card_kib.checked_sub(held) {
        if let Ok(more) = services.ahead.clone().try_acquire_many_owned(missing) {
            room.merge(more);
        }
    } else {
        drop(room.split(room.num_permits() - card_kib as usize));
    }
    room
}

/// Why the record is not printed, if another database has sent it to a printer, and no person has accepted that job.
async fn sent_elsewhere(services: &Services, body: &StoredBody) -> Result<Option<Reason>, StoreError> {
    let engine = &services.engine;
    let sent = SentElsewhere::read(engine, &mut engine.store.read().await?, true).await?;
    Ok(sent.reason(engine, &body.source, &body.request_id).cloned())
}

fn not_drawn(fault: RenderFault) -> NotRendered {
    NotRendered::Record(Reason::NotRendered(fault))
}

/// Renders one record's card.
async fn render(
    services: &Services,
    output: Option<&Output>,
    body: &StoredBody,
    attempt: &str,
) -> Result<Result<Document, NotRendered>, StoreError> {
    let Some(output) = output.cloned() else {
        return Ok(Err(NotRendered::All("the printer was not asked what it takes".into())));
    };
    let (engine, renderer) = (&services.engine, services.renderer.clone());
    let keys = engine.store.keys();
    let person = match open_person(keys, body) {
        Ok(person) => person,
        Err(fault) => return Ok(Err(NotRendered::Record(Reason::Unreadable { fault }))),
    };
    let photo = if renderer.shows_photo() && card::has_photo(&person) {
        match card::photo_of(&mut engine.store.read_once().await?, keys, &person).await? {
            Ok(photo) => photo,
            Err(photo) => return Ok(Err(not_drawn(RenderFault::Photo { photo }))),
        }
    } else {
        None
    };
    let keyed_hash = card::keyed_hash(keys, &body.request_id, attempt);
    let attempt = attempt.to_owned();
    let (request_id, district, village) = (body.request_id.clone(), body.district.clone(), body.village.clone());
    let sides = document::keyword(output.sides);
    let (format, media) = (output.format.media_type(), output.media.clone());
    let draw = move || {
        let card = Card {
            person: &person,
            district: &district,
            village: &village,
            request_id: &request_id,
            attempt: &attempt,
            keyed_hash: &keyed_hash,
            photo: photo.as_deref().map(Vec::as_slice),
        };
        renderer.draw(&card, &output).map_err(|error| {
            if error.is_of_record() { not_drawn(render_fault(&error)) } else { NotRendered::All(error.to_string()) }
        })
    };
    let document = match &engine.render_threads {
        None => draw(),
        // A panic is a fault of this card only.
        Some(threads) => threads.render(draw).await.unwrap_or_else(|| Err(not_drawn(RenderFault::Panicked))),
    };
    Ok(document.map(|bytes| Document { format, bytes, sides, media }))
}
