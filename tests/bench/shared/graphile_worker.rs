//! Helper: graphile-worker, a widely used job queue on PostgreSQL, as a reference. npm installs it into the target folder at
//! its first use.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::{
    database::{self, Lazy},
    postgres::psql,
    table::output_of,
};

pub(crate) const NAME: &str = "graphile-worker 0.17.3";
const PACKAGE: &str = "graphile-worker@0.17.3";

/// Pairs of processes and concurrent jobs of each. The fastest depends on the machine, so all are tried.
const WAYS: [(usize, u32); 5] = [(1, 10), (1, 24), (2, 10), (2, 24), (4, 24)];

/// The installed peer.
pub(crate) struct Peer {
    folder: PathBuf,
    /// The fastest pair on this machine, for each kind of job.
    empty: (usize, u32),
    cards: (usize, u32),
}

/// What its jobs do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Jobs {
    /// Nothing.
    Empty,
    /// They keep the same books of a card as the program, with two commits.
    Cards,
}

/// The time that a number of jobs takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub(crate) adding: Duration,
    pub(crate) working: Duration,
    /// The sum of the peak memory of its processes, MiB.
    pub(crate) memory_mb: f64,
}

/// The output of the script at its end.
#[derive(Deserialize)]
struct Done {
    #[serde(default)]
    ms: f64,
    #[serde(default)]
    jobs: u32,
    #[serde(default)]
    all: Vec<f64>,
    memory_mb: f64,
}

impl Peer {
    /// Returns `None`, with a message, if npm or its registry cannot be used: the peer is then not measured.
    pub(crate) fn install() -> anyhow::Result<Option<Self>> {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(PACKAGE.replace('@', "-"));
        if !folder.join("node_modules/graphile-worker").exists() {
            fs::create_dir_all(&folder)?;
            fs::write(folder.join("package.json"), "{\"private\":true}")?;
            let mut npm = Command::new("npm");
            npm.args(["install", "--no-audit", "--no-fund", "--save-exact", PACKAGE]).current_dir(&folder);
            if let Err(error) = output_of(&mut npm, "there is no `npm`; hint: `apt-get install nodejs npm`") {
                println!("{NAME} was NOT measured: {error:#}");
                return Ok(None);
            }
        }
        fs::write(folder.join("graphile_worker.mjs"), include_str!("graphile_worker.mjs"))?;
        fs::write(folder.join("graphile_cards.sql"), include_str!("graphile_cards.sql"))?;
        Ok(Some(Self { folder, empty: WAYS[0], cards: WAYS[0] }))
    }

    /// Chooses the pair of processes and jobs that is fastest on this machine, for each kind of job.
    pub(crate) fn tune(&mut self, server: &Lazy, count: u32) -> anyhow::Result<()> {
        self.empty = self.fastest(server, Jobs::Empty, count)?;
        self.cards = self.fastest(server, Jobs::Cards, count / 8)?;
        Ok(())
    }

    fn fastest(&self, server: &Lazy, jobs: Jobs, count: u32) -> anyhow::Result<(usize, u32)> {
        let mut best = (Duration::MAX, WAYS[0]);
        for way in WAYS {
            best = best.min((self.work_so(server, jobs, count, way)?.working, way));
        }
        let (processes, at_once) = best.1;
        println!("{NAME} works best here with {processes} processes of {at_once} jobs at once ({jobs:?})");
        Ok(best.1)
    }

    /// Adds jobs with one statement, and works until none is left. The start of the processes is not counted.
    pub(crate) fn work(&self, server: &Lazy, jobs: Jobs, count: u32) -> anyhow::Result<Work> {
        self.work_so(server, jobs, count, if jobs == Jobs::Empty { self.empty } else { self.cards })
    }

    fn work_so(
        &self,
        server: &Lazy,
        jobs: Jobs,
        count: u32,
        (processes, at_once): (usize, u32),
    ) -> anyhow::Result<Work> {
        let (server, name) = (server.get(), "peer");
        let url = database::create(&server, name);
        let (prepare, enqueue) = match jobs {
            Jobs::Empty => ("prepare", "enqueue"),
            Jobs::Cards => ("prepareCards", "enqueueCards"),
        };
        let enqueued = self.prepare_and(&url, prepare, enqueue, count)?;
        let workers: anyhow::Result<Vec<Worker>> = (0..processes).map(|_| self.worker(&url, at_once)).collect();
        let mut workers = workers?;
        let began = Instant::now();
        workers.iter_mut().try_for_each(Worker::go)?;
        let done = workers.into_iter().map(Worker::done).collect::<anyhow::Result<Vec<Done>>>()?;
        let working = began.elapsed();
        let counted: u32 = done.iter().map(|done| done.jobs).sum();
        let left = psql(&url, "SELECT COUNT(*) FROM graphile_worker._private_jobs");
        ensure!(counted == count && left == "0", "{NAME} did {counted} of {count} jobs, and {left} are left");
        if jobs == Jobs::Cards {
            let books =
                psql(&url, "SELECT (SELECT SUM(quantity) FROM balance WHERE account = 'printed'), COUNT(*) FROM audit");
            ensure!(books == format!("{count}|{}", 3 * count), "{NAME} kept wrong books: {books}");
        }
        database::remove(&server, &url);
        let adding = Duration::from_secs_f64(enqueued.ms / 1_000.0);
        Ok(Work { adding, working, memory_mb: done.iter().map(|done| done.memory_mb).sum() })
    }

    /// Milliseconds from the start of adding a job to the start of its work, on an idle queue, for each job.
    pub(crate) fn wake(&self, server: &Lazy, times: u32) -> anyhow::Result<Vec<f64>> {
        let server = server.get();
        let url = database::create(&server, "peer");
        let done = self.prepare_and(&url, "prepare", "wake", times)?;
        database::remove(&server, &url);
        Ok(done.all)
    }

    fn prepare_and(&self, url: &str, prepare: &str, act: &str, count: u32) -> anyhow::Result<Done> {
        let mut node = self.node(prepare, url, count);
        output_of(&mut node, "there is no `node`")?;
        let output = output_of(&mut self.node(act, url, count), "there is no `node`")?;
        Ok(serde_json::from_slice(&output)?)
    }

    fn node(&self, act: &str, url: &str, count: u32) -> Command {
        let mut node = Command::new("node");
        node.args(["graphile_worker.mjs", act, url, &count.to_string()]).current_dir(&self.folder);
        // As in its own performance test.
        node.env("NO_LOG_SUCCESS", "1");
        node
    }

    fn worker(&self, url: &str, at_once: u32) -> anyhow::Result<Worker> {
        let mut node = self.node("work", url, at_once);
        let mut child = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let lines = BufReader::new(child.stdout.take().context("it has an output")?);
        let mut worker = Worker { child, lines };
        ensure!(worker.line()? == "ready", "{NAME} does not start");
        Ok(worker)
    }
}

struct Worker {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Worker {
    fn go(&mut self) -> anyhow::Result<()> {
        Ok(self.child.stdin.as_mut().context("it has an input")?.write_all(b"go\n")?)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    fn done(mut self) -> anyhow::Result<Done> {
        let line = self.line()?;
        serde_json::from_str(&line).with_context(|| format!("{NAME} failed"))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Its output is complete, or it has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
