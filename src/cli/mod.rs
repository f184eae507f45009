//! The command line: it reads with the engine's queries and changes with its operations.

pub mod account;
mod act;
pub mod args;
mod audit;
mod batch;
mod blangko;
mod card;
mod copied_input;
pub mod db;
mod find;
mod import;
mod inspect;
mod job;
mod many;
pub mod output;
mod pages;
mod password;
pub mod preview;
mod printer;
pub mod progress;
mod queue;
mod record;
mod record_list;
mod reprint;
pub mod status;
mod usage;

use args::Command;
pub use import::{ListSource, command as import_command, run as import, text as import_text};
use output::Output;
pub use usage::Usage;
pub use words::Message;

use crate::engine::{
    Engine,
    client::{Client, Direct},
    query::ShowBoard,
};
pub use crate::words;

/// Runs a command, except `init`, `import`, `demo`, `run`, `serve`, `config`, `db` and `profile`, which need the settings, the
/// drivers, the data folder or the place of the key.
///
/// `password_stdin`: passwords are read from standard input.
pub async fn command(engine: &Engine, out: Output, command: Command, password_stdin: bool) -> anyhow::Result<()> {
    match command {
        Command::Blangko(args) => blangko::command(engine, out, args).await,
        Command::Printer(args) => printer::command(engine, out, args).await,
        Command::Queue(args) => queue::command(engine, out, args).await,
        Command::Status => {
            let board = Direct::new(engine).query(ShowBoard {}).await?;
            let zone = &engine.settings.zone;
            Ok(out.data(&status::json(&board, zone), |_| status::text(&board, zone))?)
        }
        Command::Record(args) => record::command(engine, out, args).await,
        Command::Batch(args) => batch::command(engine, out, args).await,
        Command::Job(args) => job::command(engine, out, args).await,
        Command::Inspect(args) => inspect::command(engine, out, args).await,
        Command::Reprint(args) => reprint::command(engine, out, args).await,
        Command::Act(args) => act::command(engine, out, args).await,
        Command::Account(args) => account::command(engine, out, args, password_stdin).await,
        Command::Token(args) => account::token_command(engine, out, args).await,
        Command::Card(args) => card::command(engine, out, args).await,
        Command::Audit(args) => audit::command(engine, out, args).await,
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
