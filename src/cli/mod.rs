//! The command line: reads with the store, changes with the engine's operator acts.

pub mod args;
mod blangko;
pub mod db;
mod import;
pub mod look;
pub mod output;
mod people;
mod printer;
pub mod progress;
mod reading;
pub mod status;

use args::{AuditCommand, Command, FoundArg, InspectCommand, QueueCommand, ScopeArgs};
pub use import::{run as import, text as import_text};
use output::Output;

use crate::{
    engine::{
        Office,
        operator::{self, Found},
    },
    store::PauseScope,
};

/// Carries out a command, but for those that put the program together, or need to know where the key is:
/// `demo`, `run`, `config`, `db`.
pub async fn command(office: &Office, out: Output, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Import(args) => import::command(office, out, args).await,
        Command::Blangko(args) => blangko::command(office, out, args).await,
        Command::Printer(args) => printer::command(office, out, args).await,
        Command::Queue(args) => queue(office, out, args).await,
        Command::Status => Ok(out.data(&status::read(office).await?, status::text)?),
        Command::Record(args) => people::record(office, out, args).await,
        Command::Batch(args) => people::batch(office, out, args).await,
        Command::Job(args) => reading::job(office, out, args).await,
        Command::Inspect(args) => inspect(office, out, args).await,
        Command::Reprint(args) => people::reprint(office, out, args).await,
        Command::Card(args) => people::card(office, out, args).await,
        Command::Audit(AuditCommand::Verify { seal }) => reading::audit_verify(office, out, seal).await,
        Command::Audit(AuditCommand::Seal { file }) => reading::audit_seal(office, out, &file).await,
        Command::Audit(AuditCommand::Export) => reading::audit_export(office, out).await,
        Command::Demo(_) | Command::Run(_) | Command::Db(_) | Command::Config(_) | Command::Profile(_) => {
            Err(anyhow::anyhow!("this command is not carried out here"))
        }
    }
}

async fn queue(office: &Office, out: Output, command: QueueCommand) -> anyhow::Result<()> {
    let (scope, name) = match &command {
        QueueCommand::Pause { scope, .. } | QueueCommand::Resume { scope, .. } => named_scope(scope),
    };
    let done = match command {
        QueueCommand::Pause { reason, .. } => {
            if operator::pause(office, &scope, &reason).await? {
                format!("{name} paused; at most the card in hand follows")
            } else {
                format!("{name} was paused already; the first reason stands")
            }
        }
        QueueCommand::Resume { reason, .. } => {
            if operator::resume(office, &scope, &reason).await? {
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

async fn inspect(office: &Office, out: Output, command: InspectCommand) -> anyhow::Result<()> {
    match command {
        InspectCommand::List => reading::inspect_list(office, out).await,
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
            operator::inspect_resolve(office, &attempt, found, &reason).await?;
            Ok(out.done(&format!("attempt `{attempt}` resolved"))?)
        }
        InspectCommand::Declare { attempt, reason } => {
            operator::declare_uncertain(office, &attempt, &reason).await?;
            Ok(out.done(&format!("attempt `{attempt}` is uncertain; resolve it with `cetak inspect resolve`"))?)
        }
    }
}

/// A command that was typed wrongly: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub &'static str);
