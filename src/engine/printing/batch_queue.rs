//! The batch in work: its queued jobs, and the next card drawn.

use std::{collections::VecDeque, time::Duration};

use cetak_driver_api::Document;
use tracing::warn;

use super::{
    card, document,
    worker::{LOOK_MAX, Worker},
};
use crate::{
    domain::{batch::Batch, id::RecordId, polling::POLL_MIN, time::Timestamp},
    engine::{batched_reads::Bodies, clock::attempt_name, group_commit::Request, person::open_person},
    render::Card,
    store::{QueuedJob, StoreError, StoredBody},
};

/// Bodies read at once.
const BODIES_AHEAD: usize = 50;

/// A card that is drawn and may begin.
pub(in crate::engine) struct RenderedJob {
    pub(in crate::engine) job: QueuedJob,
    /// The attempt's name, which is on the card.
    pub(in crate::engine) attempt: String,
    pub(in crate::engine) version: i64,
    pub(in crate::engine) document: Document,
}

/// A batch in work. What it keeps may grow stale; then the begin of an attempt is refused, and the worker reads again.
pub(in crate::engine) struct BatchQueue {
    pub(in crate::engine) batch: Batch,
    jobs: VecDeque<QueuedJob>,
    bodies: VecDeque<StoredBody>,
    /// No card of it can be drawn, whoever it is for.
    pub(in crate::engine) is_undrawable: bool,
}

/// Why a card is not drawn.
enum Undrawn {
    /// Something is wrong with the record.
    Record(String),
    /// Something is wrong with the profile, the program or what the printer wants: other cards would fare no better.
    All(String),
}

impl BatchQueue {
    pub(in crate::engine) fn new(batch: Batch, jobs: Vec<QueuedJob>) -> Self {
        Self { batch, jobs: jobs.into(), bodies: VecDeque::new(), is_undrawable: false }
    }

    pub(in crate::engine) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// A job that was drawn and could not be sent is the next again.
    pub(in crate::engine) fn put_back(&mut self, job: QueuedJob) {
        self.jobs.push_front(job);
    }

    /// How long until a job is due.
    pub(in crate::engine) fn until_due(&self, now: Timestamp) -> Duration {
        let due = self.jobs.iter().map(|job| Timestamp(job.due_at_us)).min().unwrap_or(now);
        due.since(now).clamp(POLL_MIN, LOOK_MAX)
    }
}

impl Worker {
    /// Draws the next card of the pile that is due; one that cannot be drawn is quarantined, and the pile goes on.
    pub(in crate::engine) async fn draw(&self, pile: &mut BatchQueue) -> Result<Option<RenderedJob>, StoreError> {
        let now = self.engine.clock.now().0;
        while let Some(at) = pile.jobs.iter().position(|job| job.due_at_us <= now) {
            let Some(job) = pile.jobs.remove(at) else { break };
            let body = match pile.bodies.iter().position(|body| body.id == job.record) {
                Some(at) => pile.bodies.remove(at),
                // Seldom, and large: not in every worker's memory all the time.
                None => Box::pin(self.read_bodies(pile, &job)).await?,
            };
            let Some(body) = body else { continue };
            let now = self.engine.clock.now();
            let attempt = attempt_name(&self.engine.settings.site, now, &*self.engine.entropy);
            match self.draw_one(&body, &attempt).await? {
                Ok(document) => return Ok(Some(RenderedJob { job, attempt, version: body.version, document })),
                Err(Undrawn::All(reason)) => {
                    warn!(printer.id = self.state.printer.name, "no card can be drawn: {reason}");
                    pile.is_undrawable = true;
                    pile.put_back(job);
                    return Ok(None);
                }
                Err(Undrawn::Record(reason)) => {
                    let subject = format!("record {}/{}", body.source, body.request_id);
                    warn!(
                        printer.id = self.state.printer.name,
                        job.id = job.id.0,
                        "{subject} is quarantined: {reason}"
                    );
                    let (batch, job) = (pile.batch.id, job.id);
                    self.writer.save(Request::Undrawable { batch, job, subject, reason }).await?;
                }
            }
        }
        Ok(None)
    }

    /// Draws one record's card.
    async fn draw_one(&self, body: &StoredBody, attempt: &str) -> Result<Result<Document, Undrawn>, StoreError> {
        let Some(output) = self.output.clone() else {
            return Ok(Err(Undrawn::All("the printer was not asked what it takes".into())));
        };
        let keys = self.engine.store.keys();
        let person = match open_person(keys, body) {
            Ok(person) => person,
            Err(reason) => return Ok(Err(Undrawn::Record(reason))),
        };
        let photo = if self.renderer.shows_photo() && card::has_photo(&person) {
            match card::photo_of(&mut self.engine.store.read().await?, keys, &person).await? {
                Ok(photo) => photo,
                Err(reason) => return Ok(Err(Undrawn::Record(reason.into()))),
            }
        } else {
            None
        };
        let keyed_hash = card::keyed_hash(keys, &body.request_id, attempt);
        let (renderer, attempt) = (self.renderer.clone(), attempt.to_owned());
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
                let kind = if error.is_of_record() { Undrawn::Record } else { Undrawn::All };
                kind(error.to_string())
            })
        };
        let drawn = match self.engine.desk.clone() {
            None => draw(),
            Some(desk) => {
                // Never closed; and without a place it would be one more picture, no more.
                let place = desk.acquire_owned().await.ok();
                let drawing = tokio::task::spawn_blocking(move || {
                    let _place = place;
                    draw()
                });
                // A panic is of the one card that it came with.
                drawing.await.unwrap_or_else(|_| Err(Undrawn::Record("drawing it failed".into())))
            }
        };
        Ok(drawn.map(|bytes| Document { format, bytes, sides, media }))
    }

    /// [`draw`](Self::draw) beside something else: a failed read must not keep the card in hand from its printer.
    pub(in crate::engine) async fn draw_ahead(&self, pile: &mut BatchQueue) -> Option<RenderedJob> {
        self.draw(pile).await.unwrap_or_else(|error| {
            let error = &error as &dyn std::error::Error;
            warn!(printer.id = self.state.printer.name, error, "drawing ahead failed");
            None
        })
    }

    async fn read_bodies(&self, pile: &mut BatchQueue, job: &QueuedJob) -> Result<Option<StoredBody>, StoreError> {
        let ahead = pile.jobs.iter().take(BODIES_AHEAD).map(|j| j.record);
        let records: Vec<RecordId> = std::iter::once(job.record).chain(ahead).collect();
        pile.bodies = self.bodies.ask(Bodies(records)).await?.into();
        let at = pile.bodies.iter().position(|body| body.id == job.record);
        Ok(at.and_then(|at| pile.bodies.remove(at)))
    }
}
