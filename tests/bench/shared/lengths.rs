//! Helper: a benchmark that measures the same on lists of several lengths, of which the shortest is the reference.

use std::{collections::BTreeMap, path::Path, time::Instant};

use anyhow::Context;
use cetak::engine::Engine;

use super::{
    database::{Database, Kind, Lazy},
    table::{Line, number, show},
};

/// Uncounted rounds, which fill the caches.
const WARM_UP: usize = 10;

/// A unit of time, and how many of it are a second.
pub(crate) type Unit = (&'static str, f64);
pub(crate) const MILLISECONDS: Unit = ("ms", 1e3);
pub(crate) const MICROSECONDS: Unit = ("µs", 1e6);

/// The extent of a benchmark.
pub(crate) struct Plan {
    /// Measurements of each list.
    pub(crate) rounds: usize,
    /// The lengths of the lists, the shortest first.
    pub(crate) lengths: Vec<i64>,
    pub(crate) kinds: Vec<Kind>,
}

impl Plan {
    /// The full extent, or with `--quick` the short one; of the kinds of databases that the command line names, or both.
    pub(crate) fn from_arguments(full: (usize, &[i64]), quick: (usize, &[i64])) -> anyhow::Result<Self> {
        let (mut extent, mut kinds) = (full, Vec::new());
        for argument in std::env::args().skip(1) {
            match argument.as_str() {
                "--bench" => {} // cargo says so
                "--quick" => extent = quick,
                named => kinds.push(Kind::named(named)?),
            }
        }
        Kind::or_all(&mut kinds);
        Ok(Self { rounds: extent.0, lengths: extent.1.to_vec(), kinds })
    }

    /// Measures each kind of database in turn, and shows all lines.
    pub(crate) fn run(
        &self,
        measure: &impl AsyncFn(Kind, &Path, &Lazy) -> anyhow::Result<Vec<Line>>,
    ) -> anyhow::Result<()> {
        // On the disk of the build, because the folder of temporary files may be in memory.
        let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        println!("cetak {}, {cores} cores, {} rounds, medians", env!("CARGO_PKG_VERSION"), self.rounds);
        let server = Lazy::default();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let mut lines = Vec::new();
        for kind in &self.kinds {
            lines.extend(runtime.block_on(measure(*kind, scratch.path(), &server))?);
        }
        show(&lines);
        Ok(())
    }

    /// An empty database for each length, filled by `fill`.
    pub(crate) async fn fill<T>(
        &self,
        kind: Kind,
        folder: &Path,
        server: &Lazy,
        fill: impl AsyncFn(&Database, i64) -> anyhow::Result<(Engine, T)>,
    ) -> anyhow::Result<Vec<List<T>>> {
        let mut lists = Vec::new();
        for length in self.lengths.iter().copied() {
            eprintln!("filling: {length} records, {kind}");
            let database = Database::make(kind, folder, &length.to_string(), server)?;
            let (office, more) = fill(&database, length).await?;
            lists.push(List { length, database, office, more, figures: BTreeMap::new() });
        }
        Ok(lists)
    }

    /// Measures rounds on each list in turn, so that load from other processes affects all.
    pub(crate) async fn rounds<T>(
        &self,
        lists: &mut [List<T>],
        round: impl AsyncFn(&mut List<T>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        eprintln!("measuring");
        let before: Vec<_> = lists.iter().map(|list| list.figures.clone()).collect();
        for at in 0..WARM_UP + self.rounds {
            for (list, before) in lists.iter_mut().zip(&before) {
                if at == WARM_UP {
                    list.figures.clone_from(before);
                }
                round(list).await?;
            }
        }
        Ok(())
    }
}

/// An office with a list, what the benchmark knows of it beside, and the figures by what was measured and their unit.
pub(crate) struct List<T> {
    pub(crate) length: i64,
    pub(crate) database: Database,
    pub(crate) office: Engine,
    pub(crate) more: T,
    figures: BTreeMap<(String, &'static str), Vec<f64>>,
}

impl<T> List<T> {
    pub(crate) fn note(&mut self, what: &str, unit: &'static str, figure: f64) {
        self.figures.entry((what.to_owned(), unit)).or_default().push(figure);
    }

    /// Notes the time since `began`.
    pub(crate) fn note_time(&mut self, what: &str, (unit, a_second): Unit, began: Instant) {
        self.note(what, unit, began.elapsed().as_secs_f64() * a_second);
    }

    /// The figures of what was measured; none if it was not.
    pub(crate) fn figures(&self, what: &str, unit: &'static str) -> &[f64] {
        self.figures.get(&(what.to_owned(), unit)).map_or(&[], Vec::as_slice)
    }

    /// The length with the unit "records".
    pub(crate) fn records(&self) -> String {
        let length = i32::try_from(self.length).map_or_else(|_| self.length.to_string(), |n| number(n.into()));
        format!("{length} records")
    }
}

/// A line for each figure of each list.
pub(crate) fn lines<T>(kind: Kind, lists: &[List<T>]) -> anyhow::Result<Vec<Line>> {
    let shortest = lists.first().context("there is a list")?;
    let mut lines = Vec::new();
    for list in lists {
        for ((what, unit), figures) in &list.figures {
            let line = Line::new(format!("{kind}, {}: {what}", list.records()), unit, figures);
            let is_other = list.length != shortest.length;
            lines.push(if is_other {
                line.beside(format!("the same with the shortest list, {unit}"), shortest.figures(what, unit))
            } else {
                line
            });
        }
    }
    Ok(lines)
}

/// Closes and deletes the databases.
pub(crate) async fn remove<T>(lists: Vec<List<T>>) -> anyhow::Result<()> {
    for list in lists {
        list.office.store.close().await;
        list.database.remove()?;
    }
    Ok(())
}
