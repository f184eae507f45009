//! Batched reads of the workers: with a thousand printers, most of the time of a read is its round trip.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::{mpsc, oneshot};

use super::Engine;
use crate::{
    domain::{
        batch::Batch,
        id::{AttemptKey, RecordId},
        pause::Pause,
        printer::Printer,
        time::Timestamp,
    },
    store::{OpenAttempt, StoreError, StoredBody, WorkersView},
};

/// The maximum of queries in one read.
const GROUP_MAX: usize = 64;

/// A query. Queries of one kind are answered together, from one state of the database.
pub(crate) trait Question: Send + Sync + Sized + 'static {
    /// The type of the answer.
    type Answer: Send + 'static;

    /// Answers all queries, in their order.
    fn answer(
        engine: &Engine,
        questions: &[Self],
    ) -> impl Future<Output = Result<Vec<Self::Answer>, StoreError>> + Send;
}

type Envelope<Q> = (Q, oneshot::Sender<Result<<Q as Question>::Answer, StoreError>>);

/// The queue of one kind of query.
pub(crate) struct ReaderHandle<Q: Question>(mpsc::Sender<Envelope<Q>>);

impl<Q: Question> Clone for ReaderHandle<Q> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<Q: Question> ReaderHandle<Q> {
    /// Sends a query. The answer contains everything that was committed before the call.
    pub(crate) async fn ask(&self, question: Q) -> Result<Q::Answer, StoreError> {
        let (reply, answer) = oneshot::channel();
        let stopped = || StoreError::Conflict("the scheduler, which is stopping");
        self.0.send((question, reply)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

/// Starts a reader; it ends when all handles are dropped.
pub(crate) fn start<Q: Question>(engine: Engine) -> ReaderHandle<Q> {
    let (sender, receiver) = mpsc::channel(GROUP_MAX);
    tokio::spawn(run(engine, receiver));
    ReaderHandle(sender)
}

async fn run<Q: Question>(engine: Engine, mut receiver: mpsc::Receiver<Envelope<Q>>) {
    let mut envelopes = Vec::with_capacity(GROUP_MAX);
    while receiver.recv_many(&mut envelopes, GROUP_MAX).await > 0 {
        let (questions, replies): (Vec<Q>, Vec<_>) = envelopes.drain(..).unzip();
        let answers = match Q::answer(&engine, &questions).await {
            Ok(answers) => answers.into_iter().map(Ok).collect(),
            Err(error) if questions.len() == 1 => vec![Err(error)],
            Err(error) if error.is_away() => questions.iter().map(|_| Err(StoreError::Unreachable)).collect(),
            Err(_) => each(&engine, &questions).await,
        };
        for (reply, answer) in replies.into_iter().zip(answers) {
            // An error is ignored: a worker that has ended needs no answer.
            let _ = reply.send(answer);
        }
    }
}

/// Answers each query alone, because a row of one of them is corrupt.
async fn each<Q: Question>(engine: &Engine, questions: &[Q]) -> Vec<Result<Q::Answer, StoreError>> {
    let mut answers = Vec::with_capacity(questions.len());
    for question in questions {
        let answer = Q::answer(engine, std::slice::from_ref(question)).await;
        answers.push(answer.and_then(|mut answer| answer.pop().ok_or(StoreError::Unreachable)));
    }
    answers
}

/// Reads everything on which a worker decides, for the printer with this name.
pub(crate) struct SnapshotQuery(pub(crate) String);

/// The answer to a [`SnapshotQuery`].
pub(crate) struct Snapshot {
    pub(crate) printer: Printer,
    pub(crate) open: Vec<OpenAttempt>,
    /// Uncertain attempts of this process, with their names, that it has not confirmed.
    pub(crate) unconfirmed: Vec<(AttemptKey, String)>,
    pub(crate) batch: Option<Batch>,
    pub(crate) in_doubt: bool,
    pub(crate) pauses: Arc<[Pause]>,
    /// The instant of the newest audit row.
    pub(crate) newest: Timestamp,
}

impl Question for SnapshotQuery {
    /// `None` if the printer was removed.
    type Answer = Option<Box<Snapshot>>;

    async fn answer(engine: &Engine, questions: &[Self]) -> Result<Vec<Self::Answer>, StoreError> {
        let names: Vec<&str> = questions.iter().map(|query| query.0.as_str()).collect();
        let mut tx = engine.store.read_once().await?;
        let view = tx.workers_view(&names, engine.writer.owner).await?;
        drop(tx);
        let WorkersView { printers, open, batches, pauses, in_doubt, newest, unconfirmed } = view;
        let pauses: Arc<[Pause]> = pauses.into();
        let mut seen: HashMap<String, Box<Snapshot>> = HashMap::with_capacity(printers.len());
        for printer in printers {
            let (name, pauses) = (printer.name.clone(), pauses.clone());
            let (open, unconfirmed) = (Vec::new(), Vec::new());
            let snapshot = Snapshot { printer, open, unconfirmed, batch: None, in_doubt, pauses, newest };
            seen.insert(name, Box::new(snapshot));
        }
        for (printer, attempt) in open {
            if let Some(seen) = seen.get_mut(&printer) {
                seen.open.push(attempt);
            }
        }
        for (printer, key, name) in unconfirmed {
            if let Some(seen) = seen.get_mut(&printer) {
                seen.unconfirmed.push((key, name));
            }
        }
        for batch in batches {
            if let Some(seen) = seen.get_mut(&batch.printer) {
                seen.batch.get_or_insert(batch); // the oldest
            }
        }
        Ok(names.into_iter().map(|name| seen.remove(name)).collect())
    }
}

/// Reads the bodies of these records, for rendering.
pub(crate) struct Bodies(pub(crate) Vec<RecordId>);

impl Question for Bodies {
    type Answer = Vec<StoredBody>;

    async fn answer(engine: &Engine, questions: &[Self]) -> Result<Vec<Self::Answer>, StoreError> {
        let records: Vec<RecordId> = questions.iter().flat_map(|bodies| bodies.0.iter().copied()).collect();
        let mut bodies: HashMap<RecordId, StoredBody> = engine
            .store
            .read_once()
            .await?
            .bodies_get(&records)
            .await?
            .into_iter()
            .map(|body| (body.id, body))
            .collect();
        Ok(questions.iter().map(|asked| asked.0.iter().filter_map(|id| bodies.remove(id)).collect()).collect())
    }
}
