//! `cetak inspect`.

use super::{
    Usage,
    args::{FoundArg, InspectCommand},
    output::{Output, table},
    pages,
};
use crate::engine::{
    Engine,
    operations::{self, Found},
    query::{ListUncertain, UncertainLine},
};

pub(super) async fn command(engine: &Engine, out: Output, command: InspectCommand) -> anyhow::Result<()> {
    match command {
        InspectCommand::List => list(engine, out).await,
        InspectCommand::Resolve { attempt, found, blank_gone, reason } => {
            let found = match (found, blank_gone) {
                (FoundArg::Good, false) => Found::Good,
                (FoundArg::Spoiled, false) => Found::Spoiled,
                (FoundArg::Nothing, false) => Found::Nothing,
                (FoundArg::Nothing, true) => Found::BlankGone,
                (FoundArg::Good | FoundArg::Spoiled, true) => {
                    anyhow::bail!(Usage("`--blank-gone` goes with `--found nothing` only"))
                }
            };
            operations::inspect_resolve(engine, &attempt, found, &reason).await?;
            Ok(out.done(&format!("attempt `{attempt}` resolved"))?)
        }
        InspectCommand::Declare { attempt, reason } => {
            operations::declare_uncertain(engine, &attempt, &reason).await?;
            Ok(out.done(&format!("attempt `{attempt}` is uncertain; resolve it with `cetak inspect resolve`"))?)
        }
    }
}

async fn list(engine: &Engine, out: Output) -> anyhow::Result<()> {
    let lines = pages::all(engine, |page| ListUncertain { page }).await?;
    let row = |u: &UncertainLine| {
        let optional = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            u.attempt.clone(),
            u.printer.clone(),
            u.batch.to_string(),
            u.request_id.clone(),
            optional(&u.since),
            optional(&u.reason),
        ]
    };
    let header = ["attempt", "printer", "batch", "request id", "since", "reason"];
    Ok(out.data(&lines, |lines| table(&header, &lines.iter().map(row).collect::<Vec<_>>()))?)
}
