//! `cetak batch`.

use super::{
    access::Access,
    args::BatchCommand,
    job::{jobs_text, word_reasons},
    output::Output,
    pages,
    status::batches_text,
};
use crate::{
    domain::id::BatchId,
    engine::{
        client::Client,
        operations::{ApproveBatch, CancelBatch},
        query::{JobsOf, ListBatches, ListJobs, ShowBatch},
    },
};

pub(super) async fn command(access: &Access, out: Output, command: BatchCommand) -> anyhow::Result<()> {
    let (batch, state, done) = match command {
        BatchCommand::List { all } => {
            let lines = pages::all(access, |page| ListBatches { closed_too: all, page }).await?;
            return Ok(out.data(&lines, |lines| batches_text(lines, access.zone()))?);
        }
        BatchCommand::Show { batch } => {
            let batch = BatchId(batch);
            let line = access.query(ShowBatch { batch }).await?;
            let mut jobs = pages::all(access, |page| ListJobs { of: JobsOf::Batch(batch), state: None, page }).await?;
            word_reasons(&mut jobs, out);
            let value = serde_json::json!({ "batch": line, "jobs": jobs });
            return Ok(out.data(&value, |_| format!("{}\n{}", batches_text(&[line], access.zone()), jobs_text(&jobs)))?);
        }
        BatchCommand::Cancel { batch, reason } => {
            let closed = access.act(CancelBatch { batch: BatchId(batch), note: reason }).await?;
            let rest = if closed { "" } else { "; the card that is being printed is finished" };
            (batch, if closed { "closed" } else { "closing" }, format!("batch {batch} cancelled{rest}"))
        }
        BatchCommand::Approve { batch } => {
            access.act(ApproveBatch { batch: BatchId(batch) }).await?;
            (batch, "running", format!("batch {batch} may be printed"))
        }
    };
    Ok(out.done(&serde_json::json!({ "batch": batch, "state": state }), &done)?)
}
