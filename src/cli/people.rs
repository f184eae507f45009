//! `cetak record`, `batch`, `reprint` and `card`.

use super::{
    args::{BatchCommand, CardCommand, RecordArg, RecordCommand, ReprintCommand},
    look,
    output::{Output, table},
    reading::{jobs_text, record_show},
    status::batches_text,
};
use crate::{
    domain::{
        id::{BatchId, WarrantId},
        stock::Cause,
    },
    engine::{
        EngineError, Office,
        operator::{self, RecordName},
    },
    store::{JobFilter, RecordLine, WarrantLine},
};

fn name(record: RecordArg) -> RecordName {
    RecordName { source: record.source, request_id: record.request_id }
}

pub(super) async fn record(office: &Office, out: Output, command: RecordCommand) -> anyhow::Result<()> {
    let done = match command {
        RecordCommand::Show { record } => return record_show(office, out, &name(record)).await,
        RecordCommand::Quarantined => {
            let lines = office.store.read().await?.record_list(None, Some("quarantined"), 10_000).await?;
            let row = |r: &RecordLine| {
                vec![r.source.clone(), r.request_id.clone(), r.kind.clone(), r.reason.clone().unwrap_or_default()]
            };
            let text = |lines: &Vec<RecordLine>| {
                table(&["source", "request id", "kind", "reason"], &lines.iter().map(row).collect::<Vec<_>>())
            };
            return Ok(out.data(&lines, text)?);
        }
        RecordCommand::Hold { record, reason } => {
            let name = name(record);
            operator::record_hold(office, &name, &reason).await?;
            format!("record `{}` is held", name.request_id)
        }
        RecordCommand::Release { record, reason } => {
            let name = name(record);
            operator::record_release(office, &name, &reason).await?;
            format!("record `{}` is on the waiting list", name.request_id)
        }
    };
    Ok(out.done(&done)?)
}

pub(super) async fn batch(office: &Office, out: Output, command: BatchCommand) -> anyhow::Result<()> {
    let done = match command {
        BatchCommand::List { all } => {
            let lines = office.store.read().await?.batch_list(!all).await?;
            return Ok(out.data(&lines, |lines| batches_text(lines))?);
        }
        BatchCommand::Show { batch } => {
            let mut tx = office.store.read().await?;
            let Some(line) = tx.batch_list(false).await?.into_iter().find(|b| b.id == batch) else {
                anyhow::bail!(EngineError::refused(
                    format!("there is no batch {batch}"),
                    "see them with `cetak batch list --all`"
                ));
            };
            let jobs = tx.job_list(&JobFilter { batch: Some(batch), ..JobFilter::default() }).await?;
            let value = serde_json::json!({ "batch": line, "jobs": jobs });
            return Ok(out.data(&value, |_| format!("{}\n{}", batches_text(&[line]), jobs_text(&jobs)))?);
        }
        BatchCommand::Cancel { batch, reason } => {
            let closed = operator::batch_cancel(office, BatchId(batch), &reason).await?;
            let rest = if closed { "" } else { "; the card in hand is finished" };
            format!("batch {batch} cancelled{rest}")
        }
        BatchCommand::Approve { batch } => {
            operator::batch_approve(office, BatchId(batch)).await?;
            format!("batch {batch} may be printed")
        }
    };
    Ok(out.done(&done)?)
}

pub(super) async fn reprint(office: &Office, out: Output, command: ReprintCommand) -> anyhow::Result<()> {
    let done = match command {
        ReprintCommand::Request { record, reason } => {
            let warrant = operator::reprint_request(office, &name(record), &reason).await?;
            let text = format!(
                "warrant {warrant} requested; another person approves it with `cetak reprint approve {warrant}`\n"
            );
            return Ok(out.data(&serde_json::json!({ "warrant": warrant }), |_| text)?);
        }
        ReprintCommand::List => {
            let lines = office.store.read().await?.warrant_list().await?;
            let row = |w: &WarrantLine| {
                let decided = w.decided_by.clone().unwrap_or_default();
                vec![
                    w.id.to_string(),
                    w.source.clone(),
                    w.request_id.clone(),
                    w.state.clone(),
                    w.reason.clone(),
                    w.requested_by.clone(),
                    decided,
                ]
            };
            let header = ["warrant", "source", "request id", "state", "reason", "requested by", "decided by"];
            return Ok(out.data(&lines, |lines| table(&header, &lines.iter().map(row).collect::<Vec<_>>()))?);
        }
        ReprintCommand::Approve { warrant } => {
            operator::reprint_approve(office, WarrantId(warrant)).await?;
            format!("warrant {warrant} approved; one more copy is on the waiting list")
        }
        ReprintCommand::Refuse { warrant, reason } => {
            operator::reprint_refuse(office, WarrantId(warrant), &reason).await?;
            format!("warrant {warrant} refused")
        }
    };
    Ok(out.done(&done)?)
}

pub(super) async fn card(office: &Office, out: Output, command: CardCommand) -> anyhow::Result<()> {
    let done = match command {
        CardCommand::Preview { record, look } => {
            let name = name(record);
            let bytes = operator::card_preview(office, &name, &look::output(&look)).await?;
            look::write(&look.output, &bytes)?;
            format!("the card of `{}` is drawn in `{}`; it shows a person", name.request_id, look.output.display())
        }
        CardCommand::Check { record } => {
            let name = name(record);
            operator::card_check(office, &name).await?;
            format!("the card of `{}` is good", name.request_id)
        }
        CardCommand::Reject { record, cause, reason } => {
            let name = name(record);
            let cause: Cause = cause.parse().map_err(|message| EngineError::Refused { message, hint: None })?;
            operator::card_reject(office, &name, cause, &reason).await?;
            format!("the card of `{}` is spoiled", name.request_id)
        }
        CardCommand::HandOver { record } => {
            let name = name(record);
            operator::card_hand_over(office, &name).await?;
            format!("the card of `{}` is handed over", name.request_id)
        }
        CardCommand::Surrender { record, reason } => {
            let name = name(record);
            operator::card_surrender(office, &name, &reason).await?;
            format!("the card of `{}` came back, and is to be destroyed", name.request_id)
        }
    };
    Ok(out.done(&done)?)
}
