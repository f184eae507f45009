//! Jobs with their attempts.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Page, PageRequest, Query};
use crate::{
    domain::{
        id::{BatchId, JobId},
        job::JobState,
        permission::Operation,
        refusal::Refusal,
    },
    engine::operations::{RecordName, find_record},
    store::{JobLine, JobScope, PlaceInBatch},
};

/// Whose jobs are asked for.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JobsOf {
    /// All.
    #[default]
    All,
    /// Those of a batch.
    Batch(BatchId),
    /// Those of a record: its history.
    Record(RecordName),
}

/// Asks for jobs with their attempts, oldest first; archived ones are among them.
#[derive(Clone, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListJobs {
    /// Whose.
    #[serde(default)]
    pub of: JobsOf,
    /// Only of this state.
    #[serde(default)]
    pub state: Option<JobState>,
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListJobs {
    type Answer = Page<JobLine>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Page<JobLine>, EngineError> {
        let mut tx = engine.store.read().await?;
        let scope = match self.of {
            JobsOf::All => JobScope::All,
            JobsOf::Batch(batch) => JobScope::Batch(batch),
            JobsOf::Record(name) => JobScope::Record(find_record(&mut tx, &name).await?),
        };
        let (after, limit) = self.page.range();
        let jobs = tx.job_list(scope, self.state, after, limit).await?;
        if let JobScope::Batch(batch) = scope
            && jobs.is_empty()
            && tx.batch_line(batch).await?.is_none()
        {
            return Err(Refusal::NoBatch { batch }.into());
        }
        Ok(Page::new(jobs.into_iter().map(|job| (job.id, job)).collect(), self.page.limit))
    }
}

/// Asks for one job with its attempts, and its place in its batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowJob {
    /// The job.
    pub job: JobId,
}

/// A job with its attempts, and its place in its batch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ShownJob {
    /// The job.
    #[serde(flatten)]
    pub job: JobLine,
    /// The card profile of its batch.
    pub profile: String,
    /// Its place in its batch; none while a count hides how many blanks the batch has.
    pub place: Option<JobPlace>,
}

/// Where a card stands among those of its batch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct JobPlace {
    /// Its place, from 1.
    pub position: i64,
    /// All cards of the batch.
    pub cards: i64,
    /// The record whose card comes before it.
    pub before: Option<RecordName>,
    /// The record whose card comes after it.
    pub after: Option<RecordName>,
}

impl Query for ShowJob {
    type Answer = ShownJob;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<ShownJob, EngineError> {
        let none = || Refusal::NoJob { job: self.job };
        let mut tx = engine.store.read().await?;
        let job = tx.job_list(JobScope::Job(self.job), None, 0, 1).await?.pop().ok_or_else(none)?;
        let batch = BatchId(job.batch);
        let profile = tx.batch_line(batch).await?.map(|batch| batch.profile).unwrap_or_default();
        let PlaceInBatch { position, cards, before, after } = tx.place_in_batch(batch, self.job).await?;
        let [before, after] =
            [before, after].map(|found| found.map(|(source, request_id)| RecordName { source, request_id }));
        Ok(ShownJob { job, profile, place: Some(JobPlace { position, cards, before, after }) })
    }
}
