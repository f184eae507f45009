//! The program: parses the arguments, runs the command, and reports errors.

use std::{
    fs::File,
    io::{self, IsTerminal},
    panic,
    process::ExitCode,
};

use anyhow::Context;
use cetak::{
    app,
    cli::{
        Message, Usage,
        args::{Cli, Command, LogFormatArg},
        output::{MESSAGES, log_messages, message},
        words,
    },
};
use clap::Parser;
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Import allocates rows in one thread and frees them in another, which is slow in the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let is_json = cli.global.log_format == LogFormatArg::Json;
    let levels = match log_levels(matches!(cli.command, Command::Run(_) | Command::Serve(_)), is_json) {
        Ok(levels) => levels,
        Err(error) => return report(&error.into()),
    };
    start_log(levels, is_json);
    let runtime = spare_files().and_then(|()| tokio::runtime::Runtime::new()).context("the program cannot start");
    match runtime.and_then(|runtime| runtime.block_on(app::run(cli))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

/// Starts the log on standard error. In JSON, messages and panics are lines of it too.
fn start_log(levels: Targets, is_json: bool) {
    let text = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    let json = fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(io::stderr);
    let (text, json) = ((!is_json).then_some(text), is_json.then_some(json));
    tracing_subscriber::registry().with(text).with(json).with(levels).init();
    if is_json {
        log_messages();
        // Without what the code says of the panic, which may quote data.
        panic::set_hook(Box::new(|panicked| {
            let place = panicked.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(target: MESSAGES, place, "a task of the program panicked");
        }));
    }
}

/// Fails at a limit of open files with which the runtime would panic.
fn spare_files() -> io::Result<()> {
    (0..SPARE_FILES).map(|_| File::open("/dev/null")).collect::<io::Result<Vec<File>>>().map(drop)
}

/// More files than the runtime opens.
const SPARE_FILES: u32 = 16;

/// The levels in `CETAK_LOG`, such as `info` or `cetak=debug,warn`; the default levels if it is unset. People read the steps of each card
/// in the records.
fn log_levels(is_service: bool, is_json: bool) -> Result<Targets, Message> {
    let usual = if is_service {
        let cards = if is_json { LevelFilter::INFO } else { LevelFilter::WARN };
        let levels = Targets::new().with_default(LevelFilter::WARN).with_target("cetak::card", cards);
        levels.with_target("cetak", LevelFilter::INFO).with_target("sqlx", LevelFilter::ERROR)
    } else {
        Targets::new().with_default(LevelFilter::ERROR)
    };
    let with_messages = |levels: Targets| levels.with_target(MESSAGES, LevelFilter::INFO);
    let usual = with_messages(usual);
    let Some(levels) = std::env::var_os("CETAK_LOG") else { return Ok(usual) };
    // A word alone is a level: the parser would take any other word for the name of a part.
    let is_level = |level: &str| level.parse::<LevelFilter>().is_ok();
    let is_good = |part: &str| part.split_once('=').map_or(is_level(part), |(_, level)| is_level(level));
    let parsed = levels.to_str().filter(|levels| levels.split(',').all(is_good)).and_then(|levels| levels.parse().ok());
    parsed.map(with_messages).ok_or_else(|| {
        let text = format!("`CETAK_LOG` is `{}`, which is not a log filter", levels.display());
        Message::new(text, "write a level such as `info`, or levels of parts such as `cetak=debug,warn`")
    })
}

/// Prints the error and its hint. A closed pipe is not an error: the reader has read enough.
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
