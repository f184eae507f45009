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
    store::{JobLine, JobScope},
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

/// Asks for one job with its attempts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowJob {
    /// The job.
    pub job: JobId,
}

impl Query for ShowJob {
    type Answer = JobLine;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<JobLine, EngineError> {
        let found = engine.store.read().await?.job_list(JobScope::Job(self.job), None, 0, 1).await?.pop();
        found.ok_or_else(|| Refusal::NoJob { job: self.job }.into())
    }
}
