//! Runs the scheduler in this process.

use std::{io, path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    task::JoinHandle,
};

use super::{
    files::{self, LockPlace},
    notify::Supervisor,
};
use crate::{
    cli::{Message, output::message, progress, words::outage_hint},
    domain::audit::Actor,
    engine::{
        Engine, Outage,
        accounts::issue_first_code,
        scheduling::{self, BlockedPrinters, Until, lease::Lease},
        settings_in_force,
    },
    store::Candidate,
    web::{Server, ServerError, Settings},
};

/// The audit chain of commands on this machine.
pub(super) const CHAIN_CLI: &str = "cli";
/// The audit chain of the scheduler, and the name of its actor.
const CHAIN_SCHEDULER: &str = "scheduler";
/// The same of the server.
const CHAIN_WEB: &str = "web";

/// The files that a scheduler has open without printers, and for each printer.
const FILES_OWN: u64 = 48;
const FILES_OF_PRINTER: u64 = 4;

/// Raises the limit of open files as far as this process may, and returns how many are left. Refused if it is too low: printers would
/// seem unreachable.
pub(super) fn raise_open_files(printers: usize) -> anyhow::Result<usize> {
    let limit = getrlimit(Resource::Nofile);
    // If this fails, the limit is as it was.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    let needed = FILES_OWN + FILES_OF_PRINTER * printers as u64;
    match getrlimit(Resource::Nofile).current {
        Some(current) if current < needed => Err(Message::new(
            format!("at most {current} files may be open, and a scheduler with {printers} printers needs {needed}"),
            outage_hint(&Outage::TooManyFiles),
        )
        .into()),
        Some(current) => Ok(usize::try_from(current - needed).unwrap_or(usize::MAX)),
        None => Ok(usize::MAX),
    }
}

/// What a scheduler runs for, and the server beside it.
#[derive(Debug)]
pub(super) struct Run {
    /// The condition for ending.
    pub until: Until,
    /// The server.
    pub serve: Option<Settings>,
}

/// The signal of a write beyond the limit of file sizes. Its default action ends the process.
const SIGXFSZ: i32 = 25;

/// Runs the scheduler under its lock, and the server, and shows progress, until it ends or a signal stops it. Returns
/// the blocked printers, each with the reason. `node` is the node's name and the duration of its lease, if the database
/// is shared.
pub(super) async fn schedule(
    engine: &Engine,
    folder: &Path,
    place: &LockPlace,
    run: Run,
    node: Option<(String, Duration)>,
) -> anyhow::Result<BlockedPrinters> {
    let _lock = place.acquire()?;
    let shown_to = engine.clone();
    let scheduler = Actor::system(CHAIN_SCHEDULER, &engine.writer.actor.os_user, &engine.writer.actor.host);
    let engine = match node {
        None => engine.acting(CHAIN_SCHEDULER, scheduler),
        Some((node, length)) => {
            let candidate = Candidate {
                instance: files::instance(folder, &*engine.entropy)?,
                host: scheduler.host.clone(),
                process: std::process::id().into(),
            };
            let lease = Lease::new(&node, candidate, length);
            let mut engine = engine.acting(&format!("{CHAIN_SCHEDULER}-{node}"), scheduler);
            engine.writer.fence = Some(lease.fence());
            engine.lease = Some(Arc::new(lease));
            engine
        }
    };
    // A node that has not joined yet writes nothing to its own chain, which a living node of that name may have.
    let not_joined = engine.acting(CHAIN_CLI, (*engine.writer.actor).clone());
    if let Err(error) = settings_in_force::note_changes(&not_joined).await {
        // The scheduler waits for a database that cannot be written; what changed is noted at the next start.
        tracing::warn!(%error, "a change of the settings is not in the audit yet");
    }
    // With a handler, a limit of file sizes is an error of the write that exceeds it, and does not end the program.
    let _file_size = signal(SignalKind::from_raw(SIGXFSZ))?;
    let (stop, stopped) = watch::channel(false);
    // Caught before the server says that it listens, and not from the first turn of the task on.
    let signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    tokio::spawn(stop_on_signal(stop.clone(), signals));
    let serving = match run.serve {
        None => None,
        Some(settings) => Some(serve(&engine, settings, stopped.clone()).await?),
    };
    let supervisor = Supervisor::of_environment().context("the socket in `NOTIFY_SOCKET` cannot be used")?;
    let telling = supervisor.map(|supervisor| tokio::spawn(supervisor.tell(engine.clone(), stopped.clone())));
    let (done, is_done) = watch::channel(false);
    let showing = tokio::spawn(progress::run(shown_to, is_done));
    let blocked = scheduling::run(&engine, run.until, stopped).await;
    let _ = stop.send(true); // the server ends with the scheduler, also after an error
    if let Some(serving) = serving {
        serving.await??;
    }
    telling.inspect(JoinHandle::abort);
    let _ = done.send(true); // fails if the progress task has ended already
    let _ = showing.await;
    Ok(blocked?)
}

/// Starts the server and says where. It writes to an audit chain of its own: `web`, or `web-NODE`.
async fn serve(
    scheduler: &Engine,
    settings: Settings,
    stop: watch::Receiver<bool>,
) -> anyhow::Result<JoinHandle<Result<(), ServerError>>> {
    let server = Server::bind(settings).await?;
    let chain = scheduler.writer.chain.replacen(CHAIN_SCHEDULER, CHAIN_WEB, 1);
    let actor = Actor::system(CHAIN_WEB, &scheduler.writer.actor.os_user, &scheduler.writer.actor.host);
    let engine = scheduler.acting(&chain, actor);
    match issue_first_code(&engine).await {
        Ok(None) => {}
        Ok(Some(code)) => {
            message("there is no account yet; the first one, an administrator, can be made in the next 15 minutes");
            let hint = "hint: `cetak account add`, or the page /first, or POST /api/v1/accounts/first, with the code";
            message(&format!("{hint} {}", code.reveal()));
        }
        // The server waits for the database as the scheduler does.
        Err(error) => tracing::warn!(%error, "no code for the first administrator could be made"),
    }
    message(&format!("listening on {}", server.url()));
    if let Some(socket) = server.socket() {
        message(&format!("commands go through the socket {}", socket.display()));
    }
    Ok(tokio::spawn(server.run(engine, stop)))
}

/// On the first SIGINT or SIGTERM, starts no further card and waits for those in the printers. On the second, exits at
/// once; the next start recovers the open attempts.
async fn stop_on_signal(stop: watch::Sender<bool>, signals: [io::Result<Signal>; 2]) {
    let [Ok(mut terminate), Ok(mut interrupt)] = signals else { return };
    for is_first in [true, false] {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if is_first {
            message("stopping when the cards that are being printed are finished; press Ctrl-C again to stop at once");
            let _ = stop.send(true); // fails if the scheduler has ended already
        } else {
            std::process::exit(1);
        }
    }
}
