//! Helper: an office in a temporary folder, in which the program is run.

use std::{
    collections::HashMap,
    fs::{self, File},
    path::PathBuf,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU32, AtomicUsize, Ordering},
};

use cetak_driver_mock::TruthLine;
use serde_json::Value;
use tempfile::TempDir;

use crate::{wait, wait_until};

/// The maximum duration of a command, on a slow machine under load.
const COMMAND_SECONDS_MAX: u64 = 60;

/// A data folder, and a folder around it for waiting lists, truth files, and the output of processes.
pub(crate) struct Office {
    folder: TempDir,
    started: AtomicU32,
    /// Settings in the environment.
    variables: Vec<(String, String)>,
    /// The command through which each program is run; empty for none.
    through: Vec<String>,
}

/// The output of a process, and its exit code.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A process that is killed when the value is dropped.
pub(crate) struct Running {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Office {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// An office whose processes have these variables in their environment.
    pub(crate) fn with(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { folder: TempDir::new().unwrap(), started: AtomicU32::new(0), variables, through: Vec::new() }
    }

    /// Another office with a copy of the data folder, and with the same settings in the environment.
    pub(crate) fn copied(&self) -> Self {
        let mut copy = Self::new();
        copy.variables.clone_from(&self.variables);
        // A process that runs there may replace a file meanwhile.
        for _ in 0..5 {
            let _ = fs::remove_dir_all(copy.data());
            if Command::new("cp").arg("-a").arg(self.data()).arg(copy.data()).status().unwrap().success() {
                return copy;
            }
        }
        panic!("the data folder cannot be copied");
    }

    /// Sets a variable in the environment of its processes.
    pub(crate) fn set_variable(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Runs each program through this command from now on.
    pub(crate) fn run_through(&mut self, command: &[&str]) {
        self.through = command.iter().map(|&word| word.to_owned()).collect();
    }

    /// A file beside the data folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file beside the data folder, and returns its path as text.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.file(name), content).unwrap();
        self.file(name).to_str().unwrap().to_owned()
    }

    /// Writes the settings of an existing office.
    pub(crate) fn set(&self, settings: &str) {
        fs::write(self.data().join("cetak.toml"), settings).unwrap();
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.file("data")
    }

    /// The program with its data folder. The environment has no settings except a short backoff and the office's own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.any_command(env!("CARGO_BIN_EXE_cetak"));
        command.args(arguments).arg("--data").arg(self.data());
        command
    }

    /// Any program, in the environment of the office's commands.
    pub(crate) fn any_command(&self, program: &str) -> Command {
        let words: Vec<&str> = self.through.iter().map(String::as_str).chain([program]).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CETAK_")) {
            command.env_remove(name);
        }
        command.env("CETAK_RETRY_BASE_S", "1").stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts a process, with its output in files of its own.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        self.start_command(self.command(arguments))
    }

    pub(crate) fn start_command(&self, mut command: Command) -> Running {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let [stdout, stderr] = ["out", "err"].map(|stream| self.file(&format!("{stream}-{number}")));
        command.stdout(File::create(&stdout).unwrap()).stderr(File::create(&stderr).unwrap());
        Running { child: command.spawn().unwrap(), stdout, stderr }
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Answer {
        self.start(arguments).ended(COMMAND_SECONDS_MAX)
    }

    /// Runs a command, which must succeed. Makes the office first, if there is none.
    pub(crate) fn done(&self, arguments: &[&str]) -> Answer {
        let is_on_server = self.variables.iter().any(|(name, _)| name == "CETAK_DATABASE");
        if !is_on_server && !self.data().join("cetak.db").exists() && !["import", "init"].contains(&arguments[0]) {
            self.done(&["init"]);
        }
        let answer = self.run(arguments);
        assert_eq!(answer.code, Some(0), "{arguments:?}: {answer:?}");
        answer
    }

    /// Runs a command, which must succeed and print one JSON value.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--json"]].concat();
        let answer = self.done(&arguments);
        serde_json::from_str(&answer.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error} in {answer:?}"))
    }

    pub(crate) fn status(&self) -> Value {
        self.json(&["status"])
    }

    /// Imports a list for a profile.
    pub(crate) fn import(&self, profile: &str, list: &str) -> Value {
        let file = self.write("list.csv", list);
        self.json(&["import", &file, "--profile", profile])
    }

    pub(crate) fn receive(&self, blank_type: &str, quantity: usize) {
        // Each delivery has a document of its own, also of several offices of one test.
        static DELIVERIES: AtomicUsize = AtomicUsize::new(1);
        let document = format!("BAST {}", DELIVERIES.fetch_add(1, Ordering::Relaxed));
        let quantity = quantity.to_string();
        self.done(&["blangko", "receive", "--type", blank_type, "--quantity", &quantity, "--document", &document]);
    }

    /// Clears a printer whose breaker is open, or that is idle and still reports a fault.
    pub(crate) fn clear(&self, name: &str) {
        let status = self.status();
        let one = printer(&status, name);
        let lasts = |advice: &Value| advice["stops_feeding"] == true;
        let lasts = one["state"] == "idle" && one["advice"].as_array().unwrap().iter().any(lasts);
        if lasts || one["breaker"] == "locked" {
            self.done(&["printer", "clear", name]);
        }
    }

    /// The address with which a printer was added.
    pub(crate) fn uri_of(&self, name: &str) -> String {
        printer(&self.status(), name)["uri"].as_str().unwrap().to_owned()
    }

    /// Adds an IPP printer or a CUPS queue.
    pub(crate) fn add_ipp(&self, name: &str, uri: &str) {
        self.done(&["printer", "add", name, uri, "--profile", "student", "--override", "its settings are known"]);
    }

    /// Adds a mock printer with a truth file, see [`truth`](Self::truth).
    pub(crate) fn add_mock(&self, name: &str, profile: &str, behaviour: &str) {
        self.add_mock_in(name, name, profile, behaviour);
    }

    /// Adds a mock printer that shares a truth file with others.
    pub(crate) fn add_mock_in(&self, file: &str, name: &str, profile: &str, behaviour: &str) {
        let truth = self.file(&format!("truth-{file}"));
        let uri = format!("mock://{name}?dpi=100&truth={}&{behaviour}", truth.display());
        self.done(&["printer", "add", name, &uri, "--profile", profile]);
    }

    /// All blanks that the mock printers of a file have fed; empty if the file does not exist.
    pub(crate) fn truth(&self, file: &str) -> Vec<TruthLine> {
        let file = self.file(&format!("truth-{file}"));
        if file.exists() { cetak_driver_mock::truth_read(file).unwrap() } else { Vec::new() }
    }

    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        let jobs = self.json(&["job", "list"]);
        jobs.as_array().unwrap().iter().flat_map(Attempt::of_job).collect()
    }

    /// The number of attempts by outcome; open ones are counted as `open`.
    pub(crate) fn outcomes(&self) -> HashMap<String, usize> {
        let mut outcomes = HashMap::new();
        for attempt in self.attempts() {
            *outcomes.entry(attempt.outcome.unwrap_or_else(|| "open".into())).or_default() += 1;
        }
        outcomes
    }

    pub(crate) fn count_open_attempts(&self) -> usize {
        self.attempts().iter().filter(|attempt| attempt.outcome.is_none()).count()
    }
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its standard input, if its command has a pipe there.
    pub(crate) fn take_stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Its output on standard error so far.
    pub(crate) fn messages(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap()
    }

    /// Sends SIGTERM.
    pub(crate) fn ask_to_stop(&self) {
        self.signal("-TERM");
    }

    /// Sends SIGINT, as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        self.signal("-INT");
    }

    /// Sends SIGSTOP: the process freezes, with its connections open.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Sends SIGCONT.
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Kills it with SIGKILL. Returns whether it was still running.
    pub(crate) fn kill(mut self) -> bool {
        let was_there = !self.has_ended();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        was_there
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self, seconds: u64) -> Answer {
        let mut status: Option<ExitStatus> = None;
        let what = format!("the program has ended; it says: {}", self.stderr.display());
        wait_until(&what, seconds, || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let read = |path| String::from_utf8(fs::read(path).unwrap()).unwrap();
        Answer { code: status.unwrap().code(), stdout: read(&self.stdout), stderr: read(&self.stderr) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An attempt as `job list --json` shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Attempt {
    pub(crate) id: String,
    pub(crate) printer: String,
    pub(crate) batch: i64,
    pub(crate) request_id: String,
    /// None while it is open.
    pub(crate) outcome: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) began_at: jiff::Timestamp,
    pub(crate) ended_at: Option<jiff::Timestamp>,
}

impl Attempt {
    fn of_job(job: &Value) -> Vec<Self> {
        let read = |attempt: &Value| {
            let text = |key: &str| attempt[key].as_str().map(str::to_owned);
            Self {
                id: text("id").unwrap(),
                printer: text("printer").unwrap(),
                batch: job["batch"].as_i64().unwrap(),
                request_id: job["request_id"].as_str().unwrap().to_owned(),
                outcome: text("outcome"),
                reason: text("reason"),
                began_at: text("began_at").unwrap().parse().unwrap(),
                ended_at: text("ended_at").map(|at| at.parse().unwrap()),
            }
        };
        job["attempts"].as_array().unwrap().iter().map(read).collect()
    }
}

/// A number deep in a JSON value.
pub(crate) fn number(value: &Value, path: &[&str]) -> i64 {
    let found = path.iter().fold(value, |value, key| &value[*key]);
    found.as_i64().unwrap_or_else(|| panic!("no number at {path:?} in {value}"))
}

/// The printer's part of `status --json`.
pub(crate) fn printer<'a>(status: &'a Value, name: &str) -> &'a Value {
    let printers = status["printers"].as_array().unwrap();
    printers.iter().find(|printer| printer["name"] == name).unwrap()
}

/// A little patience between two questions that cost a process each.
pub(crate) fn wait_slowly_until(what: &str, seconds: u64, mut holds: impl FnMut() -> bool) {
    wait_until(what, seconds, || {
        holds() || {
            wait(100);
            false
        }
    });
}
