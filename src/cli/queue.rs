//! `cetak queue`.

use super::{
    args::{QueueCommand, ScopeArgs},
    output::Output,
};
use crate::{
    domain::pause::PauseScope,
    engine::{Engine, operations},
};

pub(super) async fn command(engine: &Engine, out: Output, command: QueueCommand) -> anyhow::Result<()> {
    let (scope, name) = match &command {
        QueueCommand::Pause { scope, .. } | QueueCommand::Resume { scope, .. } => named_scope(scope),
    };
    let done = match command {
        QueueCommand::Pause { reason, .. } => {
            if operations::pause(engine, &scope, &reason).await? {
                format!("{name} paused; at most the card in hand follows")
            } else {
                format!("{name} was paused already; the first reason stands")
            }
        }
        QueueCommand::Resume { reason, .. } => {
            if operations::resume(engine, &scope, &reason).await? {
                format!("{name} resumed")
            } else {
                format!("{name} was not paused")
            }
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
