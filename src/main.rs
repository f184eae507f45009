//! The program: reads what was typed, carries it out, and says what went wrong.

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

use cetak::{
    app,
    cli::{
        Message, Usage,
        args::{Cli, Command},
        output::message,
        words,
    },
};
use clap::Parser;
use tracing_subscriber::EnvFilter;

/// Rows are made in one thread and freed in another, at which the system's allocator is slow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let level = if matches!(cli.command, Command::Run(_)) { "cetak=info,warn,sqlx=error" } else { "error" };
    let filter = EnvFilter::try_from_env("CETAK_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    match Box::pin(app::run(cli)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

/// Prints what went wrong and what to do next. A closed pipe is not a failure: the reader has what it wanted.
fn report(error: &anyhow::Error) -> ExitCode {
    let is_broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(is_broken_pipe) {
        return ExitCode::SUCCESS;
    }
    let Message { text, hint } = words::report(error);
    message(&format!("error: {text}"));
    if let Some(hint) = hint {
        message(&format!("hint: {hint}"));
    }
    if error.is::<Usage>() { ExitCode::from(2) } else { ExitCode::FAILURE }
}
