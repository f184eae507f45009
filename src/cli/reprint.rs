//! `cetak reprint`.

use super::{
    access::Access,
    act::approve_reprint,
    args::ReprintCommand,
    output::{Output, table},
    pages,
    record::name,
};
use crate::{
    domain::id::PendingActId,
    engine::{
        client::Client,
        operations::{RefuseReprint, Reprint, RequestReprint},
        query::{ListWarrants, WarrantLine},
    },
};

pub(super) async fn command(
    access: &Access,
    out: Output,
    command: ReprintCommand,
    from_stdin: bool,
) -> anyhow::Result<()> {
    let client = access;
    let (state, warrant, done) = match command {
        ReprintCommand::Request { record, reason } => {
            let warrant = client.act(RequestReprint { reprint: Reprint { record: name(record), reason } }).await?;
            let text = format!(
                "warrant {warrant} requested; another person approves it with `cetak reprint approve {warrant}`\n"
            );
            return Ok(out.data(&serde_json::json!({ "warrant": warrant }), |_| text)?);
        }
        ReprintCommand::List => {
            let lines = pages::all(access, |page| ListWarrants { page }).await?;
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
            approve_reprint(access, PendingActId(warrant), from_stdin).await?;
            ("approved", warrant, format!("warrant {warrant} approved; one more copy is on the waiting list"))
        }
        ReprintCommand::Refuse { warrant, reason } => {
            client.act(RefuseReprint { warrant: PendingActId(warrant), note: reason }).await?;
            ("refused", warrant, format!("warrant {warrant} refused"))
        }
    };
    Ok(out.done(&serde_json::json!({ "warrant": warrant, "state": state }), &done)?)
}
