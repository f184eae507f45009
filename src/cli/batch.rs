//! `cetak batch`.

use super::{
    args::BatchCommand,
    job::{jobs_text, word_reasons},
    output::Output,
    status::batches_text,
};
use crate::{
    domain::{id::BatchId, refusal::Refusal},
    engine::{
        Engine, EngineError,
        client::{Client, Direct},
        operations::{ApproveBatch, CancelBatch},
    },
    store::JobFilter,
};

pub(super) async fn command(engine: &Engine, out: Output, command: BatchCommand) -> anyhow::Result<()> {
    let done = match command {
        BatchCommand::List { all } => {
            let lines = engine.store.read().await?.batch_list(!all).await?;
            return Ok(out.data(&lines, |lines| batches_text(lines))?);
        }
        BatchCommand::Show { batch } => {
            let mut tx = engine.store.read().await?;
            let Some(line) = tx.batch_list(false).await?.into_iter().find(|b| b.id == batch) else {
                anyhow::bail!(EngineError::from(Refusal::NoBatch { batch: BatchId(batch) }));
            };
            let mut jobs = tx.job_list(&JobFilter { batch: Some(batch), ..JobFilter::default() }).await?;
            word_reasons(&mut jobs, out);
            let value = serde_json::json!({ "batch": line, "jobs": jobs });
            return Ok(out.data(&value, |_| format!("{}\n{}", batches_text(&[line]), jobs_text(&jobs)))?);
        }
        BatchCommand::Cancel { batch, reason } => {
            let closed = Direct::new(engine).act(CancelBatch { batch: BatchId(batch), note: reason }).await?;
            let rest = if closed { "" } else { "; the card in hand is finished" };
            format!("batch {batch} cancelled{rest}")
        }
        BatchCommand::Approve { batch } => {
            Direct::new(engine).act(ApproveBatch { batch: BatchId(batch) }).await?;
            format!("batch {batch} may be printed")
        }
    };
    Ok(out.done(&done)?)
}
