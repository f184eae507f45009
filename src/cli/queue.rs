//! `cetak queue`.

use serde_json::json;

use super::{
    access::Access,
    args::{QueueCommand, ScopeArgs},
    output::Output,
};
use crate::{
    domain::{id::BatchId, pause::PauseScope},
    engine::{
        client::Client,
        operations::{Pause, ResumeBatch, ResumePrinter, ResumeQueue},
    },
};

pub(super) async fn command(access: &Access, out: Output, command: QueueCommand) -> anyhow::Result<()> {
    let (scope, name) = match &command {
        QueueCommand::Pause { scope, .. } | QueueCommand::Resume { scope, .. } => named_scope(scope),
    };
    let client = access;
    let shown = scope.clone();
    let (paused, changed, done) = match command {
        QueueCommand::Pause { reason, .. } => {
            let changed = client.act(Pause { scope, note: reason }).await?;
            let done = if changed {
                format!("{name} paused; only cards that are being printed are finished")
            } else {
                format!("{name} was paused already; the first reason stands")
            };
            (true, changed, done)
        }
        QueueCommand::Resume { reason, .. } => {
            let was = match scope {
                PauseScope::Queue => client.act(ResumeQueue { note: reason }).await?,
                PauseScope::Printer(printer) => client.act(ResumePrinter { printer, note: reason }).await?,
                PauseScope::Batch(batch) => client.act(ResumeBatch { batch: BatchId(batch), note: reason }).await?,
            };
            let done = if was { format!("{name} resumed") } else { format!("{name} was not paused") };
            (false, was, done)
        }
    };
    Ok(out.done(&json!({ "scope": shown, "paused": paused, "changed": changed }), &done)?)
}

fn named_scope(scope: &ScopeArgs) -> (PauseScope, String) {
    match (&scope.printer, scope.batch) {
        (Some(printer), _) => (PauseScope::Printer(printer.clone()), format!("printer `{printer}`")),
        (None, Some(batch)) => (PauseScope::Batch(batch), format!("batch {batch}")),
        (None, None) => (PauseScope::Queue, "the queue".into()),
    }
}
