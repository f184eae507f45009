//! Helper: a PostgreSQL server for one test, on a free port of this machine. All its files are in one temporary folder;
//! dropping the value stops the server and removes them.
//!
//! `initdb` takes seconds, so its result is kept in the target folder, and each server gets a copy.
#![expect(clippy::unwrap_used, reason = "a fixture that does not work says where")]

use std::{
    env, fs,
    hash::{BuildHasher, Hasher, RandomState},
    io::Write,
    net::TcpListener,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use tempfile::TempDir;

/// Debian's folder of PostgreSQL versions.
const VERSIONS: &str = "/usr/lib/postgresql";

/// PostgreSQL refuses to run as root. This user, `nobody`, owns a server that root starts.
const UNPRIVILEGED: &str = "65534";

/// Texts are sorted by language and not by bytes, as by default on Debian: a statement that needs byte order must say
/// so.
const COLLATION: [&str; 3] = ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"];

/// Removes three of the four databases that `initdb` creates: each is three hundred files to copy.
const STRIP: [(&str, &str); 2] = [
    ("template1", "ALTER DATABASE postgres RENAME TO cetak"),
    (
        "cetak",
        "UPDATE pg_database SET datistemplate = false;\n\nDROP DATABASE template0;\n\nDROP DATABASE template1;\n\n",
    ),
];

/// Options of every server: it leaves nothing outside its folder, even after a kill, and accepts connections from this
/// machine only.
const ALWAYS: [&str; 5] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "dynamic_shared_memory_type=mmap",
    "log_min_messages=warning",
    "lc_messages=C",
];
const FAST: [&str; 4] = ["shared_buffers=16MB", "max_connections=50", "fsync=off", "full_page_writes=off"];
/// Options of a durable server: all settings that make commits durable keep their defaults. The benchmarks' peer opens about
/// a hundred connections.
const DURABLE: [&str; 2] = ["shared_buffers=256MB", "max_connections=200"];

/// The interval of polls for a start or stop, and their maximum: 30 s in all.
const POLL_INTERVAL: Duration = Duration::from_millis(10);
const POLLS_MAX: u32 = 3_000;

/// One server with an empty database `cetak`.
pub(crate) struct Postgres {
    folder: TempDir,
    settings: Vec<&'static str>,
    port: u16,
    server: Option<Server>,
}

/// A running postmaster.
struct Server {
    child: Child,
    /// When dropped, the thread that started the postmaster ends.
    _starter: mpsc::Sender<()>,
}

impl Postgres {
    /// Starts a fast server, whose commits survive its death but not a power loss, and waits until it answers.
    pub(crate) fn start() -> Self {
        Self::on_copy_of(&template())
    }

    /// The same on a copy of the data of a server that was stopped.
    pub(crate) fn on_copy_of(data: &Path) -> Self {
        Self::start_in(place(&[env::temp_dir()]), data, &FAST)
    }

    /// Starts a durable server: commits are on disk when they return. Its folder is the target folder if the server's
    /// user can access that, otherwise a temporary one.
    pub(crate) fn durable() -> Self {
        Self::start_in(place(&[env!("CARGO_TARGET_TMPDIR").into(), env::temp_dir()]), &template(), &DURABLE)
    }

    fn start_in(folder: TempDir, data: &Path, settings: &[&'static str]) -> Self {
        copy(data, &folder.path().join("data"));
        give_away(folder.path());
        let settings = ALWAYS.iter().chain(settings).copied().collect();
        let mut server = Self { folder, settings, port: 0, server: None };
        server.run();
        server
    }

    /// Another server on a copy of this one's files. This one must be stopped.
    pub(crate) fn copied(&self) -> Self {
        let folder = place(&[env::temp_dir()]);
        copy(&self.folder().join("data"), &folder.path().join("data"));
        self.beside(folder)
    }

    /// A standby of this server, which follows it until it is promoted.
    pub(crate) fn standby(&self) -> Self {
        let folder = place(&[env::temp_dir()]);
        let mut backup = unprivileged(&program("pg_basebackup"), &[]);
        backup.args(["-R", "--checkpoint=fast", "--no-sync", "-d", &self.url(), "-D"]);
        output(backup.arg(folder.path().join("data")));
        self.beside(folder)
    }

    fn beside(&self, folder: TempDir) -> Self {
        give_away(folder.path());
        let mut server = Self { folder, settings: self.settings.clone(), port: 0, server: None };
        server.run();
        server
    }

    /// `postgres://cetak@127.0.0.1:PORT/cetak`; it needs no password.
    pub(crate) fn url(&self) -> String {
        format!("postgres://cetak@127.0.0.1:{}/cetak", self.port)
    }

    /// Its temporary folder: `data`, and `log` with the server's messages.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Stops the server as an administrator does: connections are cut, and open transactions are rolled back.
    pub(crate) fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            signal("-INT", &[server.child.id()]);
            let ended = poll(|| server.child.try_wait().unwrap().is_some());
            assert!(ended, "the server does not stop; it says:\n{}", self.log());
        }
    }

    /// Kills the server and its children with `kill -9`. Data that it has given to the kernel survive.
    pub(crate) fn kill(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        // A stopped postmaster starts no more children.
        signal("-STOP", &[server.child.id()]);
        let children = children(server.child.id());
        signal("-KILL", &children);
        // It may have exited already.
        let _ = server.child.kill();
        let _ = server.child.wait();
        // If a child survives, the next start fails, because the data are still locked.
        poll(|| !children.iter().any(|child| is_alive(*child)));
        self.forget_segment();
    }

    /// Starts the server again on the same port and data; a running server is stopped first.
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.run();
    }

    /// Runs each statement in a transaction of its own. Returns the selected rows, one per line with `|` between
    /// columns. Fails with the first statement that fails.
    pub(crate) fn psql(&self, sql: &str) -> String {
        psql(&self.url(), sql)
    }

    /// Starts the server. If the port is taken, chooses another one, unless the server has used this port before.
    fn run(&mut self) {
        for _ in 0..20 {
            let port = if self.port == 0 { free_port() } else { self.port };
            let mut server = self.spawn(port);
            // Checked first, because the process that took the port may answer too.
            let mut has_ended = false;
            let answers = poll(|| {
                has_ended = server.child.try_wait().unwrap().is_some();
                has_ended || answers(port)
            });
            if answers && !has_ended {
                (self.port, self.server) = (port, Some(server));
                return;
            }
            let _ = server.child.kill();
            let _ = server.child.wait();
            thread::sleep(POLL_INTERVAL);
        }
        panic!("`postgres` does not start; it says:\n{}", self.log())
    }

    /// Starts the postmaster from a thread that lives as long as the server. The kernel stops the server when that
    /// thread ends, so no server outlives a killed test process, and each outlives the thread that requested it.
    fn spawn(&self, port: u16) -> Server {
        let log = fs::File::options().create(true).append(true).open(self.folder().join("log")).unwrap();
        let mut command = unprivileged(&program("postgres"), &["--pdeathsig=QUIT"]);
        command.arg("-D").arg(self.folder().join("data")).args(["-p", &port.to_string()]);
        command.args(self.settings.iter().flat_map(|setting| ["-c", setting]));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let (send, child) = mpsc::channel();
        let (starter, dropped) = mpsc::channel::<()>();
        thread::spawn(move || {
            send.send(command.spawn()).unwrap();
            let _ = dropped.recv();
        });
        let child = child.recv().unwrap().unwrap_or_else(|error| panic!("`setpriv` does not run: {error}"));
        Server { child, _starter: starter }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder().join("log")).unwrap_or_default()
    }

    /// Removes the shared memory segment that a killed server leaves. Otherwise the next server on the same data would
    /// look for surviving processes.
    fn forget_segment(&self) {
        let known = fs::read_to_string(self.folder().join("data/postmaster.pid")).unwrap_or_default();
        if let Some(segment) = known.lines().nth(6).and_then(|line| line.split_whitespace().nth(1)) {
            let _ = Command::new("ipcrm").args(["-m", segment]).stderr(Stdio::null()).status();
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

/// [`Postgres::psql`] for any database.
pub(crate) fn psql(url: &str, sql: &str) -> String {
    let mut command = Command::new(program("psql"));
    command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "`{sql}` failed: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// The result of `initdb` for this version. A lock serialises tests that run in parallel.
fn template() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(target).unwrap();
    let version = output(Command::new(program("postgres")).arg("--version"));
    let digits = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let name: String = version.trim().chars().map(|c| if digits(c) { c } else { '-' }).collect();
    let template = target.join(format!("template-{name}"));
    let lock = fs::File::create(target.join("template.lock")).unwrap();
    lock.lock().unwrap();
    if !template.exists() {
        let folder = place(&[env::temp_dir()]);
        let data = folder.path().join("data");
        let mut initdb = unprivileged(&program("initdb"), &[]);
        initdb.args(["-U", "cetak", "-E", "UTF8", "--auth-local=reject", "--auth-host=trust", "--no-sync", "-D"]);
        output(initdb.arg(&data).args(COLLATION));
        for (database, sql) in STRIP {
            let mut single = unprivileged(&program("postgres"), &[]);
            single.args(["--single", "-F", "-j", "-c", "log_checkpoints=off", "-D"]).arg(&data).arg(database);
            let mut single = single.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
            single.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
            assert!(single.wait().unwrap().success(), "the database could not be made");
        }
        // Renamed when it is complete.
        let half = target.join("template-half");
        let _ = fs::remove_dir_all(&half);
        copy(&data, &half);
        fs::rename(half, &template).unwrap();
    }
    template
}

/// The path of one of PostgreSQL's programs: Debian's newest version, otherwise the one in `PATH`.
pub(crate) fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
    let mut numbers: Vec<u32> = versions.filter_map(number).collect();
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    let paths = numbers.iter().map(|version| Path::new(VERSIONS).join(format!("{version}/bin/{name}")));
    let found = paths.into_iter().find(|path| path.exists());
    let on_path = || env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.exists());
    found.or_else(on_path).unwrap_or_else(|| {
        panic!("there is no `{name}`; hint: `apt-get install postgresql-15` (Debian's name), then test again")
    })
}

/// A command for a user other than root, with further options of `setpriv`.
fn unprivileged(program: &Path, options: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(options);
    if is_root() {
        let user = ["--reuid", "--regid"].map(|id| format!("{id}={UNPRIVILEGED}"));
        command.args(user).arg("--clear-groups");
    }
    command.arg("--").arg(program).current_dir("/").env_clear().env("PATH", "/usr/bin:/bin");
    command
}

/// A new folder in the first of these that the server's user can access.
fn place(candidates: &[PathBuf]) -> TempDir {
    for candidate in candidates {
        let folder = tempfile::Builder::new().prefix("postgres-").tempdir_in(candidate).unwrap();
        give_away(folder.path());
        if unprivileged(Path::new("test"), &[]).arg("-w").arg(folder.path()).status().unwrap().success() {
            return folder;
        }
    }
    panic!("only root can write to {candidates:?}; hint: set TMPDIR to a folder that everybody may enter")
}

/// Gives a folder and its contents to the server's user.
fn give_away(folder: &Path) {
    if is_root() {
        output(Command::new("chown").args(["-R", &format!("{UNPRIVILEGED}:{UNPRIVILEGED}")]).arg(folder));
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

pub(crate) fn copy(from: &Path, to: &Path) {
    output(Command::new("cp").args(["-r", "--reflink=auto", "--preserve=mode"]).arg(from).arg(to));
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} does not run: {error}"));
    assert!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A free port outside the range for outgoing connections, so that it is still free when the server restarts.
fn free_port() -> u16 {
    loop {
        let random = RandomState::new().build_hasher().finish();
        let port = 12_000 + u16::try_from(random % 20_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Whether a server accepts connections on the port.
fn answers(port: u16) -> bool {
    let mut ask = Command::new(program("pg_isready"));
    ask.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string(), "-U", "cetak", "-d", "cetak", "-t", "5"]);
    ask.status().unwrap().success()
}

/// Polls a condition for up to half a minute; returns whether it became true.
fn poll(mut is_so: impl FnMut() -> bool) -> bool {
    (0..POLLS_MAX).any(|_| {
        is_so() || {
            thread::sleep(POLL_INTERVAL);
            false
        }
    })
}

/// The child processes of a process with one thread.
fn children(process: u32) -> Vec<u32> {
    let listed = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    listed.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

/// A zombie process is dead.
fn is_alive(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// The processes may have exited already.
fn signal(name: &str, processes: &[u32]) {
    if !processes.is_empty() {
        let numbers = processes.iter().map(u32::to_string);
        let _ = Command::new("kill").arg(name).args(numbers).stderr(Stdio::null()).status();
    }
}
