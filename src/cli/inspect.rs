//! `cetak inspect`.

use serde_json::json;

use super::{
    Usage,
    access::Access,
    act::with_second,
    args::{FoundArg, InspectCommand},
    output::{Output, table},
    pages, words,
};
use crate::engine::{
    client::Client,
    operations::{DeclareUncertain, FoundCard, ResolveFound, ResolveNothing},
    query::{ListUncertain, UncertainLine},
};

pub(super) async fn command(access: &Access, out: Output, command: InspectCommand) -> anyhow::Result<()> {
    let client = access;
    match command {
        InspectCommand::List => list(access, out).await,
        InspectCommand::Resolve { attempt, found, blank_gone, owner_is_off, reason, second } => {
            let note = reason;
            let with_nothing = matches!(found, FoundArg::Nothing);
            let has_second = second.ask || second.second.is_some();
            if !with_nothing && has_second {
                anyhow::bail!(Usage("`--ask` and `--second` go with `--found nothing` only"));
            }
            if owner_is_off && !(with_nothing && has_second) {
                anyhow::bail!(Usage("`--owner-is-off` goes with `--found nothing` and `--ask` or `--second` only"));
            }
            let done = format!("attempt `{attempt}` resolved");
            let shown = match found {
                FoundArg::Good => "good",
                FoundArg::Spoiled => "spoiled",
                FoundArg::Nothing => "nothing",
            };
            let fields = json!({ "attempt": attempt, "found": shown, "blank_gone": blank_gone });
            let card = |found, note| ResolveFound { attempt: attempt.clone(), found, note };
            match (found, blank_gone) {
                (FoundArg::Good, false) => client.act(card(FoundCard::Good, note)).await?,
                (FoundArg::Spoiled, false) => client.act(card(FoundCard::Spoiled, note)).await?,
                (FoundArg::Nothing, _) => {
                    let act = ResolveNothing { attempt: attempt.clone(), blank_gone, owner_is_off, note };
                    let Some(act) = with_second(access, out, second, act, (&fields, &done)).await? else {
                        return Ok(());
                    };
                    client.act(act).await?;
                }
                (FoundArg::Good | FoundArg::Spoiled, true) => {
                    anyhow::bail!(Usage("`--blank-gone` goes with `--found nothing` only"))
                }
            }
            Ok(out.done(&fields, &done)?)
        }
        InspectCommand::Declare { attempt, reason } => {
            client.act(DeclareUncertain { attempt: attempt.clone(), note: reason }).await?;
            let done = format!("attempt `{attempt}` is uncertain; resolve it with `cetak inspect resolve`");
            Ok(out.done(&json!({ "attempt": attempt, "state": "uncertain" }), &done)?)
        }
    }
}

async fn list(access: &Access, out: Output) -> anyhow::Result<()> {
    let mut lines = pages::all(access, |page| ListUncertain { page }).await?;
    for line in &mut lines {
        words::word_reason(&mut line.reason, out.json);
    }
    let row = |u: &UncertainLine| {
        vec![
            u.attempt.clone(),
            u.printer.clone(),
            u.batch.map_or_else(|| "-".to_owned(), |batch| batch.to_string()),
            u.request_id.clone().unwrap_or_else(|| "(test card)".to_owned()),
            u.since.as_deref().map_or_else(String::new, |since| words::local(since, access.zone())),
            words::with_note(u.reason.as_deref(), u.note.as_deref()).unwrap_or_default(),
        ]
    };
    let header = ["attempt", "printer", "batch", "request id", "since", "reason"];
    Ok(out.data(&lines, |lines| table(&header, &lines.iter().map(row).collect::<Vec<_>>()))?)
}
