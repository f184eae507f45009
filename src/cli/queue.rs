//! `cetak queue`.

use super::{
    args::{QueueCommand, ScopeArgs},
    output::Output,
};
use crate::{
    domain::{id::BatchId, pause::PauseScope},
    engine::{
        Engine,
        client::{Client, Direct},
        operations::{Pause, ResumeBatch, ResumePrinter, ResumeQueue},
    },
};

pub(super) async fn command(engine: &Engine, out: Output, command: QueueCommand) -> anyhow::Result<()> {
    let (scope, name) = match &command {
        QueueCommand::Pause { scope, .. } | QueueCommand::Resume { scope, .. } => named_scope(scope),
    };
    let client = Direct::new(engine);
    let done = match command {
        QueueCommand::Pause { reason, .. } => {
            if client.act(Pause { scope, note: reason }).await? {
                format!("{name} paused; only cards that are being printed are finished")
            } else {
                format!("{name} was paused already; the first reason stands")
            }
        }
        QueueCommand::Resume { reason, .. } => {
            let was = match scope {
                PauseScope::Queue => client.act(ResumeQueue { note: reason }).await?,
                PauseScope::Printer(printer) => client.act(ResumePrinter { printer, note: reason }).await?,
                PauseScope::Batch(batch) => client.act(ResumeBatch { batch: BatchId(batch), note: reason }).await?,
            };
            if was { format!("{name} resumed") } else { format!("{name} was not paused") }
        }
    };
    Ok(out.done(&done)?)
}

fn named_scope(scope: &ScopeArgs) -> (PauseScope, String) {
    match (&scope.printer, scope.batch) {
        (Some(printer), _) => (PauseScope::Printer(printer.clone()), format!("printer `{printer}`")),
        (None, Some(batch)) => (PauseScope::Batch(batch), format!("batch {batch}")),
        (None, None) => (PauseScope::Queue, "the queue".into()),
    }
}
