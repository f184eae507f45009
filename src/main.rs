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
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Rows are made in one thread and freed in another, at which the system's allocator is slow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let events = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    tracing_subscriber::registry().with(events).with(log_levels(matches!(cli.command, Command::Run(_)))).init();
    match app::run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

/// The levels that `CETAK_LOG` names, such as `info` or `cetak=debug,warn`; the usual ones if it is unset or invalid.
fn log_levels(is_service: bool) -> Targets {
    let usual = if is_service {
        let levels = Targets::new().with_default(LevelFilter::WARN);
        levels.with_target("cetak", LevelFilter::INFO).with_target("sqlx", LevelFilter::ERROR)
    } else {
        Targets::new().with_default(LevelFilter::ERROR)
    };
    std::env::var("CETAK_LOG").ok().and_then(|levels| levels.parse().ok()).unwrap_or(usual)
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
