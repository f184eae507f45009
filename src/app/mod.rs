//! Wires the program together: settings, key, database, clock, randomness and drivers.

mod config;
pub mod demo;
mod drivers;
mod fault_file;
mod files;
mod memory_file;
mod needed_settings;
mod notify;
mod owners;
mod profile_list;
pub mod profiles;
mod scheduler;
mod serve;
mod settings_file;
mod sources;
pub mod system;
mod through_socket;
mod variables;

use std::{collections::BTreeMap, io, path::Path, pin::Pin, sync::Arc, time::Duration};

use anyhow::Context;

use crate::domain::dispatch::Blocked;
use crate::{
    cli::{
        self, Message,
        access::Access,
        args::{Cli, Command, ConfigCommand, DbCommand, Global, ImportArgs, ImportCommand},
        output::{Output, in_order, message, table},
    },
    engine::{
        Engine, Profiles, RenderThreads, Settings, StoreError,
        clock::Clock,
        fault::FaultFile,
        metrics::Metrics,
        operations::plain_database,
        scheduling::{Until, lease::sync_clock},
    },
    store::{Location, Store, Writer},
};
use config::Config;
pub use drivers::{PrinterOptions, drivers, renderers};
use files::LockPlace;
use memory_file::MemoryFile;
use needed_settings::{needs_settings, warn_of_broken};
use owners::SystemOwners;
use scheduler::{CHAIN_CLI, Run, raise_open_files, schedule};
use system::{SystemClock, SystemEntropy, actor};

/// Runs the parsed command.
///
/// The future is boxed here and not in `main`: the code of an async function is generated in the crate that polls it,
/// so that the binary would be compiled with all commands once more.
pub fn run(cli: Cli) -> Pin<Box<dyn Future<Output = anyhow::Result<()>>>> {
    Box::pin(run_command(cli))
}

/// What a command does with the database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Purpose {
    /// It makes one, unless there is one.
    Make,
    /// It uses one.
    Use,
    /// It moves one: also one that was moved before, to finish an interrupted move.
    Move,
}

async fn run_command(cli: Cli) -> anyhow::Result<()> {
    let Cli { global, command } = cli;
    let out = Output { json: global.json };
    let variables: BTreeMap<String, String> = std::env::vars().filter(|(name, _)| name.starts_with("CETAK_")).collect();
    if let Command::Profile(command) = command {
        let place = (global.data.as_path(), global.config.as_deref());
        return profile_list::command(out, place, &variables, command, needed_settings::warn);
    }
    if let Command::Simulate(args) = &command
        && args.from_office.is_none()
    {
        return cli::simulate::command(out, args);
    }
    if through_socket::is_asked(&global, &variables, &command)? {
        return Box::pin(through_socket::run(global, variables, out, command)).await;
    }
    Box::pin(run_with_settings(global, out, &variables, command)).await
}

async fn run_with_settings(
    global: Global,
    out: Output,
    variables: &BTreeMap<String, String>,
    command: Command,
) -> anyhow::Result<()> {
    let config = config::load(&global.data, global.config.as_deref(), variables)?;
    if needs_settings(&command) {
        config.refuse_faults()?;
    }
    warn_of_broken(&config, &command);
    match command {
        Command::Config(ConfigCommand::Check) => check_config(out, &config),
        Command::Profile(_) | Command::Login(_) | Command::Logout => {
            Err(anyhow::anyhow!("this command needs no settings"))
        }
        Command::Run(args) => {
            let until = if args.until_idle { Until::Idle } else { Until::Stopped };
            Box::pin(run_scheduler(&global, config, variables.get("CETAK_KEY"), Run { until, serve: None })).await
        }
        Command::Serve(args) => {
            let mut serve = serve::settings(args, config.serve.clone(), &global.data)?;
            if global.socket.is_some() {
                serve.socket = Some(serve::socket(global.socket.clone(), &global.data));
            }
            let run = Run { until: Until::Stopped, serve: Some(serve) };
            Box::pin(run_scheduler(&global, config, variables.get("CETAK_KEY"), run)).await
        }
        Command::Demo(args) => {
            demo::refuse_foreign(&global.data)?;
            refuse_server(&config)?;
            let Opened { engine, lock_place } =
                open(&global, config, variables.get("CETAK_KEY"), Purpose::Make).await?;
            closed_after(&engine, Box::pin(demo::run(&engine, out, &global.data, &lock_place, args))).await
        }
        Command::Db(command) => Box::pin(db_command(&global, config, variables.get("CETAK_KEY"), out, command)).await,
        Command::Init => init(&global, config, variables.get("CETAK_KEY"), out).await,
        Command::Import(ImportCommand { list: Some(args), .. }) => {
            if args.dry_run && refuse_empty(&global.data, &config.database).await.is_err() {
                return Box::pin(dry_import(global, config, out, args)).await;
            }
            let Opened { engine, .. } = open(&global, config, variables.get("CETAK_KEY"), Purpose::Make).await?;
            let work = async {
                let engine = acting(&engine, &global).await?;
                Box::pin(cli::import_command(&engine, out, args, &global.data)).await
            };
            Box::pin(closed_after(&engine, work)).await
        }
        Command::Blangko(_)
        | Command::Printer(_)
        | Command::Queue(_)
        | Command::Status
        | Command::Import(_)
        | Command::Source(_)
        | Command::Record(_)
        | Command::Batch(_)
        | Command::Job(_)
        | Command::Inspect(_)
        | Command::Reprint(_)
        | Command::Act(_)
        | Command::Account(_)
        | Command::Token(_)
        | Command::Card(_)
        | Command::Audit(_)
        | Command::Plan(_)
        | Command::Report(_)
        | Command::Simulate(_) => {
            refuse_empty(&global.data, &config.database).await?;
            let Opened { engine, .. } = open(&global, config, variables.get("CETAK_KEY"), Purpose::Use).await?;
            Box::pin(closed_after(&engine, command_as(&engine, &global, out, command))).await
        }
    }
}

/// Carries out a command about the database as a whole.
async fn db_command(
    global: &Global,
    config: Config,
    key: Option<&String>,
    out: Output,
    command: DbCommand,
) -> anyhow::Result<()> {
    refuse_empty(&global.data, &config.database).await?;
    let shown = match key {
        Some(_) => "the variable `CETAK_KEY`".to_owned(),
        None => format!("the key file `{}`", config.key_file.display()),
    };
    let is_move = matches!(command, DbCommand::Move { .. });
    let purpose = if is_move { Purpose::Move } else { Purpose::Use };
    let opened = open(global, config, key, purpose).await?;
    // A move needs the scheduler's lock: nothing may print meanwhile.
    let _lock = is_move.then(|| opened.lock_place.acquire()).transpose()?;
    let work = async {
        let engine = acting(&opened.engine, global).await?;
        cli::db::command(&Access::new(&engine), out, command, &shown).await
    };
    closed_after(&opened.engine, work).await
}

/// The engine that acts for the account which is named, if one is.
async fn acting(engine: &Engine, global: &Global) -> anyhow::Result<Engine> {
    match &global.account {
        Some(name) => cli::account::acting(engine, name, global.password_stdin).await,
        None => Ok(engine.clone()),
    }
}

/// Carries out a command, for the account which is named, if one is.
async fn command_as(engine: &Engine, global: &Global, out: Output, command: Command) -> anyhow::Result<()> {
    let engine = acting(engine, global).await?;
    cli::command(&Access::new(&engine), out, command, global.password_stdin).await
}

/// Refuses the demo on a server.
fn refuse_server(config: &Config) -> Result<(), Message> {
    let Location::Server(_) = config.database else { return Ok(()) };
    let text = "the demo makes a database of its own, and the settings name a server";
    Err(Message::new(text, "leave out `database` for the demo"))
}

/// Makes an empty office, unless there is one.
async fn init(global: &Global, config: Config, key: Option<&String>, out: Output) -> anyhow::Result<()> {
    let is_there = Store::has_data(&config.database).await?;
    open(global, config, key, Purpose::Make).await?.engine.store.close().await;
    let folder = global.data.display();
    let made = if is_there { "there was an office already in" } else { "an empty office is in" };
    let fields = serde_json::json!({ "data": global.data, "made": !is_there });
    Ok(out.done(&fields, &format!("{made} `{folder}`"))?)
}

/// A dry run of the first import: against an empty office that is removed afterwards.
async fn dry_import(global: Global, config: Config, out: Output, args: ImportArgs) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("a folder for the dry run cannot be made")?;
    let global = Global { data: folder.path().join("data"), ..global };
    let config = Config {
        database: Location::File(global.data.join(files::DATABASE)),
        key_file: global.data.join(files::KEY),
        ..config
    };
    let Opened { engine, .. } = open(&global, config, None, Purpose::Make).await?;
    Box::pin(cli::import_command(&engine, out, args, &global.data)).await
}

/// Opens the database, waiting for a server that is away, and prints until the condition for ending.
async fn run_scheduler(global: &Global, config: Config, key: Option<&String>, run: Run) -> anyhow::Result<()> {
    refuse_empty_file(&global.data, &config.database).await?;
    let named = config.names_of_printers();
    let node = (config.node.clone(), config.lease);
    let Opened { engine, lock_place } = Box::pin(open_when_there(global, config, key)).await?;
    closed_after(&engine, print(&engine, global, &lock_place, run, (&named, node))).await
}

/// Prints until the condition for ending, and says which printers are blocked.
async fn print(
    engine: &Engine,
    global: &Global,
    lock_place: &LockPlace,
    mut run: Run,
    (named, node): (&[String], (String, Duration)),
) -> anyhow::Result<()> {
    let spare = raise_open_files(warn_of_strangers(engine, named).await?)?;
    if let Some(serve) = &mut run.serve {
        serve.connections = (spare / 2).clamp(1, serve::CONNECTIONS_MAX);
        serve::make_backups(serve)?;
    }
    let node = engine.store.is_shared().then_some(node);
    let stuck = Box::pin(schedule(engine, &global.data, lock_place, run, node)).await?;
    let blocked = |(printer, why): &(String, Blocked)| serde_json::json!({ "printer": printer, "reason": why.code() });
    let value = serde_json::json!({ "blocked": stuck.iter().map(blocked).collect::<Vec<_>>() });
    Output { json: global.json }.data(&value, |_| String::new())?; // people read the reasons on standard error
    let printers = engine.store.read().await?.printer_list().await?;
    for (name, why) in &stuck {
        let printer = printers.iter().find(|printer| printer.name == *name);
        let reasons = printer.map_or(&[][..], |printer| &*printer.reasons);
        message(&format!("printer `{name}`: {}", cli::words::blocked_by(*why, reasons)));
    }
    if printers.is_empty() {
        message("no printer; add one with `cetak printer add`");
    }
    Ok(())
}

/// Refuses a scheduler where there is no office. It waits for a server, which may be away.
async fn refuse_empty_file(folder: &Path, database: &Location) -> anyhow::Result<()> {
    if matches!(database, Location::File(_)) { refuse_empty(folder, database).await } else { Ok(()) }
}

/// Refuses a command where there is no office.
async fn refuse_empty(folder: &Path, database: &Location) -> anyhow::Result<()> {
    through_socket::refuse_foreign(database)?;
    let place = match database {
        Location::File(file) if !file.exists() => format!("`{}`", folder.display()),
        Location::Server(url) if !Store::has_data(database).await? => plain_database(url),
        Location::File(_) | Location::Server(_) => return Ok(()),
    };
    let hint = "name another folder with `--data`, or make an office with `cetak init`, `cetak import` or `cetak demo`";
    Err(Message::new(format!("there is no data in {place}"), hint).into())
}

/// Warns of printers that the settings name and the database does not have: a misspelled name leaves a printer without
/// its window or certificate. Returns the number of printers.
async fn warn_of_strangers(engine: &Engine, named: &[String]) -> anyhow::Result<usize> {
    let printers = engine.store.read().await?.printer_list().await?;
    for name in named.iter().filter(|name| !printers.iter().any(|printer| printer.name == **name)) {
        message(&format!("warning: the settings name a printer `{name}`, and there is none"));
        message("hint: see the names with `cetak printer list`");
    }
    Ok(printers.len())
}

/// The engine of an opened data folder.
struct Opened {
    engine: Engine,
    /// What a scheduler locks.
    lock_place: LockPlace,
}

/// How long the end of a command waits for the database to be closed.
const CLOSE_MAX: Duration = Duration::from_secs(5);

/// Closes the database after some work, also after it failed: the last process to close a file leaves all data in that one file.
async fn closed_after<T>(engine: &Engine, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let done = work.await;
    if engine.store.is_file_moved() {
        return done; // another file may have its name
    }
    tokio::select! {
        () = engine.store.close() => {}
        () = engine.clock.sleep(CLOSE_MAX) => {}
    }
    done
}

/// The interval of tries to open a database that is away.
const OPEN_RETRY: Duration = Duration::from_secs(1);

/// Opens the engine for the scheduler: waits for a server that does not answer yet, as when the machine starts, and says so
/// once. Any other error is returned at once.
async fn open_when_there(global: &Global, config: Config, key: Option<&String>) -> anyhow::Result<Opened> {
    let clock = SystemClock::default();
    let mut began = None;
    loop {
        let error = match open(global, config.clone(), key, Purpose::Use).await {
            Ok(opened) => {
                if let Some(began) = began {
                    let seconds = clock.elapsed().saturating_sub(began).as_secs();
                    message(&format!("the database can be reached after {seconds} s"));
                }
                return Ok(opened);
            }
            Err(error) => error,
        };
        let outage = error.downcast_ref::<StoreError>().filter(|error| error.may_come()).and_then(StoreError::outage);
        let Some(outage) = outage.filter(|_| matches!(config.database, Location::Server(_))) else { return Err(error) };
        if began.is_none() {
            let Message { text, hint } = cli::words::report(&error);
            message(&format!("the database is not there yet, and no card starts until it is: {text}"));
            message(&format!("hint: {}", hint.unwrap_or_else(|| cli::words::outage_hint(&outage))));
            began = Some(clock.elapsed());
        }
        clock.sleep(OPEN_RETRY).await;
    }
}

/// Opens the engine of a data folder. The folder and the database are made if they do not exist.
async fn open(global: &Global, config: Config, key: Option<&String>, purpose: Purpose) -> anyhow::Result<Opened> {
    files::make_folder(&global.data)?;
    let _opening = files::lock_opening(&global.data)?;
    let entropy = Arc::new(SystemEntropy::new());
    let has_data = Store::has_data(&config.database).await?;
    let keys = match key {
        Some(text) => files::parse_key(text).ok_or_else(|| {
            Message::new("`CETAK_KEY` does not hold 64 hexadecimal digits", "leave it out to use the key file")
        })?,
        None => files::master_key(&config.key_file, has_data, &*entropy)?,
    };
    let lock_place = match &config.database {
        Location::File(file) => files::make_database(file)?,
        Location::Server(_) => LockPlace::of_node(&global.data),
    };
    // Where a scheduler ran, a database without data is a copy that lacks its journal, and nothing is imported into it.
    let is_file = matches!(config.database, Location::File(_));
    let is_used = is_file && has_data && (purpose != Purpose::Make || MemoryFile::is_in(lock_place.folder()));
    let store = match (purpose, is_used) {
        (Purpose::Move, true) => Store::open_closed_used(&config.database, keys).await?,
        (Purpose::Move, false) => Store::open_closed(&config.database, keys).await?,
        (Purpose::Make | Purpose::Use, true) => Store::open_used(&config.database, keys).await?,
        (Purpose::Make | Purpose::Use, false) => Store::open(&config.database, keys).await?,
    };
    let database = match &config.database {
        Location::File(file) => Some(file.clone()),
        Location::Server(_) => None,
    };
    let clock = SystemClock::default();
    if store.is_shared() {
        sync_clock(&clock, &mut store.read().await?).await?;
    }
    let broken = Arc::new(config.broken());
    let (lacks_printers, broken_printers) = (config.lacks_printers, config.broken_printers);
    let parts = Parts {
        store,
        profiles: config.profiles,
        settings: config.settings,
        printers: config.printers,
        writer: Writer {
            chain: CHAIN_CLI.into(),
            actor: Arc::new(actor(global.actor.clone().map(String::from))),
            fence: None,
            owner: None,
        },
        faults: Arc::new(fault_file::FileOfFaults::new(&global.data, &config.database)),
    };
    let owners = Arc::new(SystemOwners::new(lock_place.clone()));
    let memory = Arc::new(MemoryFile::new(lock_place.folder(), database));
    let mut engine = Engine { owners, broken, memory: Some(memory), ..assemble(parts, clock, entropy) };
    if lacks_printers || !broken_printers.is_empty() {
        let drivers = engine.drivers.clone();
        engine.drivers = Arc::new(move |name, uri| {
            // Without its options, a printer could be reached without its certificate.
            if lacks_printers || broken_printers.iter().any(|broken| broken == name) {
                return Err("its options in the settings cannot be read; hint: correct the settings".into());
            }
            drivers(name, uri)
        });
    }
    Ok(Opened { engine, lock_place })
}

/// The parameters of [`assemble`].
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The card profiles.
    pub profiles: Profiles,
    /// The settings.
    pub settings: Settings,
    /// The options of IPP printers.
    pub printers: PrinterOptions,
    /// The actor and the audit chain that it writes to.
    pub writer: Writer,
    /// Where the faults of the local scheduler are written and read.
    pub faults: Arc<dyn FaultFile>,
}

/// Builds an engine with the program's drivers and renderer. Every engine is built here; a test replaces single fields
/// of the result.
pub fn assemble(parts: Parts, clock: SystemClock, entropy: Arc<SystemEntropy>) -> Engine {
    Engine {
        store: parts.store,
        clock: Arc::new(clock.clone()),
        entropy,
        profiles: Arc::new(parts.profiles),
        settings: Arc::new(parts.settings),
        broken: Arc::default(),
        writer: parts.writer,
        drivers: drivers(parts.printers, clock),
        renderers: renderers(),
        render_threads: Some(Arc::new(RenderThreads::for_processors())),
        lease: None,
        refused_rows: Arc::new(cli::RefusedRowsInWords),
        faults: parts.faults,
        owners: Arc::new(SystemOwners::default()),
        memory: None,
        sign_ins: Arc::default(),
        session_uses: Arc::default(),
        looks: Arc::default(),
        used_before: Arc::default(),
        expected: None,
        events: Arc::default(),
        metrics: Metrics::default(),
        vitals: Arc::default(),
    }
}

/// Shows the settings, and refuses a broken profile.
fn check_config(out: Output, config: &Config) -> anyhow::Result<()> {
    config.check_printers()?;
    show_config(out, config)?;
    config.broken.first().map_or(Ok(()), |broken| Err(Message::from_detail(&broken.fault).into()))
}

fn show_config(out: Output, config: &Config) -> io::Result<()> {
    let values: BTreeMap<_, _> = config
        .sources
        .iter()
        .map(|(key, (value, source))| (*key, serde_json::json!({ "value": value, "source": source })))
        .collect();
    let profiles: Vec<&String> = config.profiles.keys().collect();
    let printers: BTreeMap<_, _> = config.printers.iter().map(|(name, options)| (name, options.keys())).collect();
    let value = serde_json::json!({ "settings": values, "windows": config.settings.windows.len(), "profiles": profiles, "printers": printers });
    out.data(&value, |_| {
        let mut rows: Vec<Vec<String>> = config
            .sources
            .iter()
            .map(|(key, (value, source))| vec![(*key).to_owned(), value.clone(), source.clone()])
            .collect();
        let windows = config.settings.windows.len();
        let source = if windows == 0 { "default" } else { "the file" };
        rows.push(vec!["window".into(), windows.to_string(), source.into()]);
        let of_printers =
            printers.iter().map(|(name, keys)| vec![format!("printer.{name}"), keys.join(", "), "the file".into()]);
        rows.extend(in_order(of_printers.collect()));
        let names = profiles.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        format!("{}\ncard profiles: {names}\n", table(&["setting", "value", "source"], &rows))
    })
}
