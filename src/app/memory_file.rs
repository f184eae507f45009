//! The file in the data folder with what the scheduler remembers of the database.
//!
//! Each version of the file is a new file, and names itself by its inode and birth. A copy of it is told by that, also where all
//! files of a folder are overwritten by older ones.

use std::{
    fs::{self, Metadata},
    io::{self, ErrorKind, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::system::{born_ns, machine_and_boot};
use crate::{
    domain::instance::{FileIdentity, Memory},
    engine::{
        EngineError,
        files::{NewFile, read_regular_text},
        instance_memory::{InstanceMemory, Reading},
    },
};

const HEADS: &str = "cetak.heads";
/// The largest file. A chain needs about 150 bytes, and each node has one.
const BYTES_MAX: u64 = 1 << 20;

/// The errors that do not pass by themselves.
const LASTING: [ErrorKind; 4] =
    [ErrorKind::InvalidData, ErrorKind::InvalidInput, ErrorKind::IsADirectory, ErrorKind::FileTooLarge];

/// The file of one data folder.
pub(super) struct MemoryFile {
    path: PathBuf,
    /// The database, if it is a file.
    database: Option<PathBuf>,
    /// Machine id and boot, read once: when the scheduler has too many open files, they could not be read any more.
    host: OnceLock<(String, String)>,
}

/// What the file holds.
#[derive(Serialize, Deserialize)]
struct Content {
    #[serde(flatten)]
    memory: Memory,
    file: Mark,
}

/// What identifies a file among its copies on any disk.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    inode: u64,
    born_ns: Option<i64>,
}

impl Mark {
    fn of(file: &Metadata) -> Self {
        Self { inode: file.ino(), born_ns: born_ns(file) }
    }
}

impl MemoryFile {
    pub(super) fn new(folder: &Path, database: Option<PathBuf>) -> Self {
        let file = Self { path: folder.join(HEADS), database, host: OnceLock::new() };
        let _ = file.host(); // if it fails, it is read again when it is needed
        file
    }

    /// Whether a folder remembers a database.
    pub(super) fn is_in(folder: &Path) -> bool {
        folder.join(HEADS).exists()
    }

    fn host(&self) -> io::Result<(String, String)> {
        if let Some(host) = self.host.get() {
            return Ok(host.clone());
        }
        let host = machine_and_boot().ok_or_else(|| io::Error::other("the machine id cannot be read"))?;
        Ok(self.host.get_or_init(|| host).clone())
    }

    /// The content, and the mark of the file from which it was read.
    fn marked(&self) -> io::Result<(Content, Mark)> {
        loop {
            let before = Mark::of(&fs::metadata(&self.path)?);
            let content = self.content()?;
            // Another file if the scheduler has replaced it meanwhile.
            if Mark::of(&fs::metadata(&self.path)?) == before {
                return Ok((content, before));
            }
        }
    }

    fn content(&self) -> io::Result<Content> {
        let text = read_regular_text(&self.path, BYTES_MAX)?;
        serde_json::from_str(&text).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
    }

    fn replace(path: &Path, memory: Memory) -> Result<(), EngineError> {
        let failed = |source| EngineError::Write { what: path.display().to_string(), source };
        let mut new = NewFile::replacing(path, 0o600)?;
        let file = Mark::of(&fs::metadata(new.part()).map_err(failed)?);
        let text = serde_json::to_string(&Content { memory, file }).map_err(io::Error::from).map_err(failed)?;
        new.write_all(text.as_bytes()).map_err(failed)?;
        new.finish()
    }
}

#[async_trait]
impl InstanceMemory for MemoryFile {
    fn file_identity(&self) -> io::Result<FileIdentity> {
        let path = self.database.as_ref().ok_or_else(|| io::Error::from(ErrorKind::NotFound))?;
        let file = fs::metadata(path)?;
        let Mark { inode, born_ns } = Mark::of(&file);
        let (machine, boot) = self.host()?;
        Ok(FileIdentity { machine, boot, device: file.dev(), inode, born_ns })
    }

    fn read(&self) -> Result<Reading, EngineError> {
        match self.marked() {
            Ok((Content { memory, file }, found)) => Ok(Reading::Known { memory, is_copy: file != found }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Reading::Nothing),
            Err(error) if LASTING.contains(&error.kind()) => Ok(Reading::Unreadable),
            Err(source) => Err(EngineError::Read { what: self.path.display().to_string(), source }),
        }
    }

    async fn write(&self, memory: Memory) -> Result<(), EngineError> {
        let path = self.path.clone();
        // On a thread of its own: a disk may need long for it.
        let written = tokio::task::spawn_blocking(move || Self::replace(&path, memory)).await;
        written.unwrap_or_else(|error| {
            let (what, source) = (self.path.display().to_string(), io::Error::other(error));
            Err(EngineError::Write { what, source })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::ChainHead;

    fn memory(seq: i64) -> Memory {
        Memory { generation: 2, heads: vec![ChainHead { chain: "cli".into(), seq, hash: "00ff".into() }] }
    }

    fn known(file: &MemoryFile) -> (Memory, bool) {
        let Reading::Known { memory, is_copy } = file.read().unwrap() else { panic!("there is no memory") };
        (memory, is_copy)
    }

    #[tokio::test]
    async fn what_was_written_is_read_and_a_copy_is_told_wherever_it_is_put() {
        let folder = tempfile::tempdir().unwrap();
        let file = MemoryFile::new(folder.path(), None);
        assert!(matches!(file.read(), Ok(Reading::Nothing)));
        file.write(memory(1)).await.unwrap();
        assert_eq!(known(&file), (memory(1), false));
        let moved = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::rename(path(HEADS), moved.path().join(HEADS)).unwrap();
        assert_eq!(known(&MemoryFile::new(moved.path(), None)), (memory(1), false), "in a folder that was renamed");
        fs::rename(moved.path().join(HEADS), path(HEADS)).unwrap();

        // An older copy over the file, as it is after `cp -a backup/. data/`.
        fs::copy(path(HEADS), path("backup")).unwrap();
        file.write(memory(2)).await.unwrap();
        fs::copy(path("backup"), path(HEADS)).unwrap();
        assert_eq!(known(&file), (memory(1), true));
        file.write(memory(3)).await.unwrap();
        assert_eq!(known(&file), (memory(3), false));
    }

    #[tokio::test]
    async fn what_is_no_memory_is_unreadable_and_never_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = MemoryFile::new(folder.path(), None);
        fs::write(folder.path().join(HEADS), "{").unwrap();
        assert!(matches!(file.read(), Ok(Reading::Unreadable)));
        fs::remove_file(folder.path().join(HEADS)).unwrap();
        fs::create_dir(folder.path().join(HEADS)).unwrap();
        assert!(matches!(file.read(), Ok(Reading::Unreadable)));
        assert!(file.write(memory(1)).await.is_err());
    }
}
