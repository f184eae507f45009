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
    way: (usize, u32),
}

/// The time that a number of empty jobs takes.
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
        Ok(Some(Self { folder, way: WAYS[0] }))
    }

    /// Chooses the pair of processes and jobs that is fastest on this machine.
    pub(crate) fn tune(&mut self, server: &Lazy, jobs: u32) -> anyhow::Result<()> {
        let mut best = Duration::MAX;
        for way in WAYS {
            let tried = Self { folder: self.folder.clone(), way };
            let took = tried.work(server, jobs)?.working;
            if took < best {
                (best, self.way) = (took, way);
            }
        }
        println!("{NAME} works best here with {} processes of {} jobs at once", self.way.0, self.way.1);
        Ok(())
    }

    /// Adds jobs with one statement, and works until none is left. The start of the processes is not counted.
    pub(crate) fn work(&self, server: &Lazy, jobs: u32) -> anyhow::Result<Work> {
        let (server, name) = (server.get(), "peer");
        let url = database::create(&server, name);
        let enqueued = self.prepare_and(&url, "enqueue", jobs)?;
        let workers: anyhow::Result<Vec<Worker>> = (0..self.way.0).map(|_| self.worker(&url)).collect();
        let mut workers = workers?;
        let began = Instant::now();
        workers.iter_mut().try_for_each(Worker::go)?;
        let done = workers.into_iter().map(Worker::done).collect::<anyhow::Result<Vec<Done>>>()?;
        let working = began.elapsed();
        let counted: u32 = done.iter().map(|done| done.jobs).sum();
        let left = psql(&url, "SELECT COUNT(*) FROM graphile_worker._private_jobs");
        ensure!(counted == jobs && left == "0", "{NAME} did {counted} of {jobs} jobs, and {left} are left");
        database::remove(&server, &url);
        let adding = Duration::from_secs_f64(enqueued.ms / 1_000.0);
        Ok(Work { adding, working, memory_mb: done.iter().map(|done| done.memory_mb).sum() })
    }

    /// Milliseconds from the start of adding a job to the start of its work, on an idle queue, for each job.
    pub(crate) fn wake(&self, server: &Lazy, times: u32) -> anyhow::Result<Vec<f64>> {
        let server = server.get();
        let url = database::create(&server, "peer");
        let done = self.prepare_and(&url, "wake", times)?;
        database::remove(&server, &url);
        Ok(done.all)
    }

    fn prepare_and(&self, url: &str, act: &str, count: u32) -> anyhow::Result<Done> {
        let mut node = self.node("prepare", url, 0);
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

    fn worker(&self, url: &str) -> anyhow::Result<Worker> {
        let mut node = self.node("work", url, self.way.1);
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
