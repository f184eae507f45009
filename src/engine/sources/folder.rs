//! A folder as a source. A list in it is imported when it is whole, and moved into the folder `done`. A list that is refused as a whole,
//! and the refused rows of others, lie in the folder `refused` until a person takes them away.

use std::{
    collections::HashMap,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::task::JoinHandle;
use tracing::{info, warn};

use super::{list::import_list, pull::PullError};
use crate::{
    domain::{
        natural::natural_order,
        source::{ListFault, PulledLists, RefusedList, SourceFault},
    },
    engine::{
        Engine,
        files::{NewFile, open_regular},
        source::Source,
    },
};

/// The folder of lists that were imported, in the folder of a source.
const DONE: &str = "done";
/// The folder of what waits for a person.
const REFUSED: &str = "refused";

/// A list that has not changed for so long is whole. Programs that write a list under its own name write without longer breaks; one that
/// is renamed into the folder is whole at once, and waits as long.
pub(super) const SETTLED_AFTER: Duration = Duration::from_secs(5);
/// The time in which the file system must answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// The most files that are looked at in one pull.
const FILES_MAX: usize = 10_000;
/// The ends of names of files that are being written, or that an editor keeps.
const UNFINISHED: [&str; 6] = [".part", ".tmp", ".temp", ".crdownload", ".filepart", "~"];

/// What tells that a file has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
}

impl Stamp {
    fn of(metadata: &fs::Metadata) -> Self {
        let (device, inode, size) = (metadata.dev(), metadata.ino(), metadata.len());
        Self { device, inode, size, modified: (metadata.mtime(), metadata.mtime_nsec()) }
    }
}

/// A folder between two pulls.
pub(super) struct Folder {
    path: PathBuf,
    /// The lists as they were seen first in their present state, and when.
    seen: HashMap<String, (Stamp, Duration)>,
    /// A call that the file system has not answered.
    unanswered: Option<JoinHandle<()>>,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, seen: HashMap::new(), unanswered: None }
    }

    /// Imports the lists that are whole, and returns what waits then. `last_refused` was known before.
    pub(super) async fn pull(
        &mut self,
        engine: &Engine,
        source: &Source,
        mut last_refused: Option<RefusedList>,
    ) -> Result<PulledLists, PullError> {
        let path = self.path.clone();
        let lists = self.call(engine, move || lists(&path)).await?;
        let now = engine.clock.elapsed();
        let seen = &mut self.seen;
        seen.retain(|name, (stamp, _)| lists.iter().any(|(known, other)| known == name && other == stamp));
        let mut whole = Vec::new();
        for (name, stamp) in &lists {
            let (_, since) = seen.entry(name.clone()).or_insert((*stamp, now));
            if now.saturating_sub(*since) >= SETTLED_AFTER {
                whole.push((name.clone(), *stamp));
            }
        }
        let mut waiting = lists.len();
        for (name, stamp) in whole {
            if let Some(refused) = self.import(engine, source, &name, stamp).await? {
                waiting -= 1;
                last_refused = refused.or(last_refused);
            }
        }
        let path = self.path.join(REFUSED);
        let refused = self.call(engine, move || names(&path)).await?;
        let last_refused = last_refused.filter(|last| refused.contains(&last.file_name));
        let number = |of: usize| i64::try_from(of).unwrap_or(i64::MAX);
        Ok(PulledLists { waiting: number(waiting), refused: number(refused.len()), last_refused })
    }

    /// Imports one list and moves it away. `None`: it has changed meanwhile. Otherwise what of it waits for a person, if anything does.
    async fn import(
        &mut self,
        engine: &Engine,
        source: &Source,
        name: &str,
        stamp: Stamp,
    ) -> Result<Option<Option<RefusedList>>, PullError> {
        self.seen.remove(name);
        let (path, file_name) = (self.path.clone(), name.to_owned());
        let opened = self.call(engine, move || open(&path, &file_name)).await?;
        let Some((file, _)) = opened.filter(|(_, found)| *found == stamp) else { return Ok(None) };
        let (refused_folder, rows) = (self.path.join(REFUSED), format!("{name}.refused.csv"));
        let rows = self.call(engine, move || free_name(&refused_folder, &rows)).await?;
        let rows_path = self.path.join(REFUSED).join(&rows);
        let fault = import_list(engine, source, file, name, rows_path.clone()).await?;
        let is_list = matches!(fault, Some(ListFault::List { .. }));
        let (path, file_name) = (self.path.clone(), name.to_owned());
        let to = if is_list { REFUSED } else { DONE };
        let moved = self.call(engine, move || move_away(&path, &file_name, stamp, to)).await;
        let Ok(Some(moved)) = moved else {
            // It is imported again, and writes these rows again.
            let removed = move || {
                let _ = fs::remove_file(rows_path); // without refused rows there is none
                Ok(())
            };
            self.call(engine, removed).await?;
            return moved.map(|_| None);
        };
        let Some(why) = fault else {
            info!(source.id = source.name, "a list of a source is imported");
            return Ok(Some(None));
        };
        warn!(source.id = source.name, "a list of a source, or some of its rows, waits for a person");
        Ok(Some(Some(RefusedList { file_name: if is_list { moved } else { rows }, why })))
    }

    /// Calls the file system. While a call is not answered there is no other one.
    async fn call<T: Send + 'static>(
        &mut self,
        engine: &Engine,
        call: impl FnOnce() -> Result<T, SourceFault> + Send + 'static,
    ) -> Result<T, PullError> {
        if self.unanswered.as_ref().is_some_and(|task| !task.is_finished()) {
            return Err(PullError::Source(SourceFault::NoAnswer));
        }
        let (sender, answer) = tokio::sync::oneshot::channel();
        let task = tokio::task::spawn_blocking(move || drop(sender.send(call())));
        tokio::select! {
            answer = answer => answer.unwrap_or(Err(SourceFault::Unreadable)).map_err(PullError::Source),
            () = engine.clock.sleep(ANSWER_WITHIN) => {
                self.unanswered = Some(task);
                Err(PullError::Source(SourceFault::NoAnswer))
            }
        }
    }
}

fn fault(error: &io::Error) -> SourceFault {
    if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) {
        SourceFault::FolderMissing
    } else if error.kind() == io::ErrorKind::PermissionDenied {
        SourceFault::NotPermitted
    } else {
        SourceFault::Unreadable
    }
}

/// The lists in the folder, by name in natural order. Makes the folders for what is done and refused.
fn lists(folder: &Path) -> Result<Vec<(String, Stamp)>, SourceFault> {
    let lists = files(folder)?;
    for name in [DONE, REFUSED] {
        match fs::create_dir(folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(SourceFault::NotMoved),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(lists)
}

fn names(folder: &Path) -> Result<Vec<String>, SourceFault> {
    Ok(files(folder)?.into_iter().map(|(name, _)| name).collect())
}

/// The regular files of a folder whose names are texts, without hidden and unfinished ones.
fn files(folder: &Path) -> Result<Vec<(String, Stamp)>, SourceFault> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| fault(&error))?.take(FILES_MAX) {
        let entry = entry.map_err(|error| fault(&error))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let lower = name.to_ascii_lowercase();
        if name.starts_with('.') || UNFINISHED.iter().any(|end| lower.ends_with(end)) {
            continue;
        }
        // A link is not followed: it may lead anywhere. A file that has gone since is left out.
        if let Ok(metadata) = entry.metadata()
            && metadata.is_file()
        {
            files.push((name, Stamp::of(&metadata)));
        }
    }
    files.sort_by(|(a, _), (b, _)| natural_order(a, b));
    Ok(files)
}

/// Opens a list; `None` if it has gone.
fn open(folder: &Path, name: &str) -> Result<Option<(fs::File, Stamp)>, SourceFault> {
    let opened = open_regular(&folder.join(name)).and_then(|file| {
        let stamp = Stamp::of(&file.metadata()?);
        Ok((file, stamp))
    });
    match opened {
        Ok(opened) => Ok(Some(opened)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fault(&error)),
    }
}

/// A name that no file in the folder has: `list.csv`, `list.2.csv`, `list.3.csv`.
fn free_name(folder: &Path, name: &str) -> Result<String, SourceFault> {
    let (stem, end) = name.split_once('.').map_or((name, String::new()), |(stem, end)| (stem, format!(".{end}")));
    let names = (1..FILES_MAX).map(|number| match number {
        1 => name.to_owned(),
        _ => format!("{stem}.{number}{end}"),
    });
    let is_free =
        |name: &String| fs::symlink_metadata(folder.join(name)).is_err_and(|e| e.kind() == io::ErrorKind::NotFound);
    names.into_iter().find(is_free).ok_or(SourceFault::NotMoved)
}

/// Moves a list into another folder, if it is still the one that was imported; returns its name there. Nothing is replaced.
fn move_away(folder: &Path, name: &str, stamp: Stamp, to: &str) -> Result<Option<String>, SourceFault> {
    let from = folder.join(name);
    if !fs::symlink_metadata(&from).is_ok_and(|metadata| Stamp::of(&metadata) == stamp) {
        return Ok(None);
    }
    let target = folder.join(to);
    let free = free_name(&target, name)?;
    fs::rename(from, target.join(&free)).map_err(|_| SourceFault::NotMoved)?;
    Ok(Some(free))
}

/// Tries what a pull needs of a folder: to read it, and to write and move a file in it. Returns the names of the lists that lie there.
pub fn try_folder(folder: &Path) -> Result<Vec<String>, SourceFault> {
    let lists = lists(folder)?;
    let trial = folder.join(format!(".cetak-test-{}", std::process::id()));
    let moved = folder.join(DONE).join(format!(".cetak-test-{}", std::process::id()));
    let written = NewFile::create(&trial, 0o600).and_then(NewFile::finish).map_err(|_| SourceFault::NotMoved);
    let tried = written.and_then(|()| fs::rename(&trial, &moved).map_err(|_| SourceFault::NotMoved));
    let _ = fs::remove_file(&trial); // it may be at one of the two places
    let _ = fs::remove_file(&moved);
    tried.map(|()| lists.into_iter().map(|(name, _)| name).collect())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_whole_files_of_the_folder_itself_are_lists() {
        let dir = tempfile::tempdir().unwrap();
        for name in
            ["list 10.csv", "list 2.csv", "B.XLSX", ".hidden.csv", "c.csv.part", "d.TMP", "e.csv~", "f.crdownload"]
        {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        fs::create_dir(dir.path().join("folder.csv")).unwrap();
        symlink("/etc/passwd", dir.path().join("link.csv")).unwrap();
        let names: Vec<String> = lists(dir.path()).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["B.XLSX", "list 2.csv", "list 10.csv"]);
        assert!(dir.path().join(DONE).is_dir() && dir.path().join(REFUSED).is_dir());
        assert_eq!(lists(&dir.path().join("none")), Err(SourceFault::FolderMissing));
        assert_eq!(lists(&dir.path().join("B.XLSX")), Err(SourceFault::FolderMissing));
    }

    #[test]
    fn a_list_that_is_moved_replaces_no_other_and_one_that_was_replaced_stays() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(DONE)).unwrap();
        let put = |text: &str| {
            fs::write(dir.path().join("a.csv.gz"), text).unwrap();
            lists(dir.path()).unwrap()[0].1
        };
        for (text, name) in [("1", "a.csv.gz"), ("22", "a.2.csv.gz"), ("333", "a.3.csv.gz")] {
            let stamp = put(text);
            assert_eq!(move_away(dir.path(), "a.csv.gz", stamp, DONE), Ok(Some(name.into())));
            assert_eq!(fs::read_to_string(dir.path().join(DONE).join(name)).unwrap(), text);
        }
        let stamp = put("4444");
        put("55555");
        assert_eq!(move_away(dir.path(), "a.csv.gz", stamp, DONE), Ok(None));
        assert_eq!(lists(dir.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_folder_is_tried_without_a_trace() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.csv"), "x").unwrap();
        assert_eq!(try_folder(dir.path()), Ok(vec!["a.csv".into()]));
        let left = |folder: &Path| fs::read_dir(folder).unwrap().count();
        assert_eq!((left(dir.path()), left(&dir.path().join(DONE))), (3, 0));
        assert_eq!(try_folder(&dir.path().join("none")), Err(SourceFault::FolderMissing));
    }
}
