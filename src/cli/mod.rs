//! The command line: it reads with the engine's queries and changes with its operations.

pub mod access;
pub mod account;
mod act;
pub mod args;
mod audit;
mod batch;
mod blangko;
mod card;
mod copied_input;
mod counts;
pub mod db;
mod districts;
mod find;
mod import;
mod import_check;
mod imports;
mod inspect;
mod job;
mod many;
mod matching;
mod order;
pub mod output;
mod pages;
mod password;
mod place;
mod plan;
pub mod preview;
mod printer;
pub mod progress;
mod queue;
mod record;
mod record_list;
mod report;
mod reprint;
pub mod service;
mod session;
pub mod simulate;
mod source;
pub mod status;
pub mod through_socket;
mod usage;

use args::{Command, ImportCommand, ReportCommand};
pub use import::{ListSource, RefusedRowsInWords, command as import_command, run as import, text as import_text};
use output::Output;
pub use usage::Usage;
pub use words::Message;

use access::Access;

use crate::engine::{EngineError, client::Client, query::ShowBoard};
pub use crate::words;

/// Runs a command, except `init`, `import`, `demo`, `run`, `serve`, `config`, `db` and `profile`, which need the settings, the
/// drivers, the data folder or the place of the key.
///
/// `password_stdin`: passwords are read from standard input.
pub async fn command(access: &Access, out: Output, command: Command, password_stdin: bool) -> anyhow::Result<()> {
    let done = carry_out(access, out, command, password_stdin).await;
    done.map_err(|error| match error.downcast::<EngineError>() {
        Ok(EngineError::Refused(refusal)) => {
            let Message { text, hint } = words::refusal(&refusal);
            Message { text: words::local_times(&text, access.zone()), hint }.into()
        }
        Ok(error) => error.into(),
        Err(error) => error,
    })
}

async fn carry_out(access: &Access, out: Output, command: Command, password_stdin: bool) -> anyhow::Result<()> {
    match command {
        Command::Blangko(args) => blangko::command(access, out, args).await,
        Command::Printer(args) => printer::command(access, out, args).await,
        Command::Queue(args) => queue::command(access, out, args).await,
        Command::Status => {
            let board = access.query(ShowBoard {}).await?;
            let zone = access.zone();
            Ok(out.data(&status::json(&board, zone), |_| status::text(&board, zone))?)
        }
        Command::Record(args) => record::command(access, out, args).await,
        Command::Import(ImportCommand { command: Some(args), .. }) => imports::command(access, out, args).await,
        Command::Source(args) => source::command(access, out, args).await,
        Command::Batch(args) => batch::command(access, out, args).await,
        Command::Job(args) => job::command(access, out, args).await,
        Command::Inspect(args) => inspect::command(access, out, args).await,
        Command::Reprint(args) => reprint::command(access, out, args, password_stdin).await,
        Command::Act(args) => act::command(access, out, args, password_stdin).await,
        Command::Account(args) => account::command(access, out, args, password_stdin).await,
        Command::Token(args) => account::token_command(access, out, args).await,
        Command::Card(args) => card::command(access, out, args).await,
        Command::Audit(args) => audit::command(access, out, args).await,
        Command::Plan(args) => plan::command(access, out, &args).await,
        Command::Report(ReportCommand::Night { night }) => report::night(access, out, night).await,
        Command::Report(ReportCommand::Order { day, output }) => order::write(access, out, day, output).await,
        Command::Simulate(args) => simulate::from_office(access, out, args.from_office.flatten()).await,
        Command::Login(args) => session::log_in(access, out, args.name, password_stdin).await,
        Command::Logout => session::log_out(access, out).await,
        Command::Init
        | Command::Import(_)
        | Command::Demo(_)
        | Command::Run(_)
        | Command::Serve(_)
        | Command::Db(_)
        | Command::Config(_)
        | Command::Profile(_) => Err(anyhow::anyhow!("this command is not carried out here")),
    }
}
