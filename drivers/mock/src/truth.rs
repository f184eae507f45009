//! The file that a printer is: one JSON line per blank fed, appended under a lock and synced before commit answers.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cetak_driver_api::AttemptId;
use serde::{Deserialize, Serialize};

/// One blank that a printer fed, as its truth file says. Instants are UTC microseconds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TruthLine {
    /// The attempt that fed it. In one file each attempt occurs once, if all is well.
    pub attempt: AttemptId,
    /// The printer's name in its address; a file may hold several printers.
    pub printer: String,
    /// A blank was used. Always true in a line that this crate wrote: what feeds nothing leaves no line.
    pub fed: bool,
    /// What became of the blank, told ahead: it comes out at `end_us`.
    pub card: TruthCard,
    /// When the printer took it.
    pub at: i64,
    /// When its turn came: `at`, or the end of the card before and of the jam that it left.
    pub start_us: i64,
    /// When the card was out.
    pub end_us: i64,
    /// The card jammed and stopped the printer from `end_us` until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_until_us: Option<i64>,
    /// The printer knows nothing of it when asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forgotten: bool,
}

/// Did a good card come out?
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TruthCard {
    /// Yes.
    Good,
    /// No: the blank is waste, in the output hopper or jammed inside.
    Bad,
}

/// Reads all blanks that the printers of one truth file fed, in that order.
///
/// A last line without its newline was never received and is left out. A whole line that is no [`TruthLine`] is
/// [`ErrorKind::InvalidData`]. A line being written meanwhile is in or not, and never in part.
pub fn truth_read(path: impl AsRef<Path>) -> io::Result<Vec<TruthLine>> {
    let file = Arc::new(File::open(path)?);
    let _lock = Lock::take(&file)?;
    Ok(read_lines(&file, 0)?.0)
}

/// One printer's view of its truth file.
pub(crate) struct TruthFile {
    path: PathBuf,
    /// Opened when first needed, so that an unusable file is an unreachable printer and not a wrong address.
    file: Option<Arc<File>>,
    /// All before it has been taken in; always just behind a newline, and so never cut off.
    read_to: u64,
}

/// Attempts that were cancelled before the printer took them, in a file beside the truth: a line with the id of each.
/// Whoever is about to commit one of them, in another process, is refused. Used under the lock of the truth file.
impl TruthFile {
    fn cancelled(&self) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".cancelled");
        name.into()
    }

    /// Remembers that an attempt is never to be taken, and waits until that is on disk.
    pub(crate) fn cancel(&self, attempt: &AttemptId) -> io::Result<()> {
        if self.is_cancelled(attempt)? {
            return Ok(());
        }
        let path = self.cancelled();
        let mut file = open_private(&path)?;
        file.write_all(format!("{}\n", attempt.as_str()).as_bytes()).and_then(|()| file.sync_data())?;
        sync_folder(&path)
    }

    /// Was it cancelled? Reads all that were, which are few.
    pub(crate) fn is_cancelled(&self, attempt: &AttemptId) -> io::Result<bool> {
        match std::fs::read_to_string(self.cancelled()) {
            Ok(text) => Ok(text.lines().any(|line| line == attempt.as_str())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Why a line was not appended.
pub(crate) enum AppendError {
    /// Nothing was written: the printer did not get it.
    BeforeWrite,
    /// The line may be in the file or not.
    InWrite(io::Error),
}

/// The exclusive lock of a truth file, until dropped or the process dies.
pub(crate) struct Lock(Arc<File>);

impl TruthFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, file: None, read_to: 0 }
    }

    /// Waits for the other drivers of this file. Each keeps it for one sync at most.
    pub(crate) fn lock(&mut self) -> io::Result<Lock> {
        Lock::take(&self.open()?)
    }

    /// Somebody has written since the last look, or a torn line waits to be cut off.
    pub(crate) fn has_new(&mut self) -> io::Result<bool> {
        Ok(self.open()?.metadata()?.len() != self.read_to)
    }

    /// The lines of `printer` that this view does not know yet. The caller holds the lock: without it, the start of a
    /// torn line and the end of the one that replaces it could be read as one.
    pub(crate) fn read_new(&mut self, printer: &str) -> io::Result<Vec<TruthLine>> {
        let file = self.open()?;
        let len = file.metadata()?.len();
        if len < self.read_to {
            return Err(io::Error::new(ErrorKind::InvalidData, "the truth file was shortened by somebody else"));
        }
        if len == self.read_to {
            return Ok(Vec::new());
        }
        let (mut lines, read_to) = read_lines(&file, self.read_to)?;
        lines.retain(|line| line.printer == printer);
        if !lines.is_empty() {
            // Their writer may have been killed before its sync; what find says must outlive a power loss.
            file.sync_data()?;
        }
        self.read_to = read_to;
        Ok(lines)
    }

    /// Writes a line and waits until it is on disk. The caller holds the lock and has just called
    /// [`read_new`](Self::read_new), so that whatever is behind `read_to` is torn.
    ///
    /// After [`AppendError::InWrite`] the next [`read_new`](Self::read_new) tells whether it got there.
    pub(crate) fn append(&mut self, line: &TruthLine) -> Result<(), AppendError> {
        let before = |_: io::Error| AppendError::BeforeWrite;
        let mut text = serde_json::to_vec(line).map_err(|error| before(error.into()))?;
        text.push(b'\n');
        let file = self.open().map_err(before)?;
        if file.metadata().map_err(before)?.len() > self.read_to {
            file.set_len(self.read_to).map_err(before)?;
        }
        (&*file).write_all(&text).and_then(|()| file.sync_data()).map_err(AppendError::InWrite)?;
        self.read_to += text.len() as u64;
        Ok(())
    }

    fn open(&mut self) -> io::Result<Arc<File>> {
        if let Some(file) = &self.file {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(open_private(&self.path)?);
        sync_folder(&self.path)?;
        self.file = Some(Arc::clone(&file));
        Ok(file)
    }
}

impl Lock {
    fn take(file: &Arc<File>) -> io::Result<Self> {
        file.lock()?;
        Ok(Self(Arc::clone(file)))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Nothing could be done about an error, and closing the file unlocks it too.
        let _ = self.0.unlock();
    }
}

/// Whole lines from `offset` on, and where the last of them ends.
fn read_lines(file: &File, offset: u64) -> io::Result<(Vec<TruthLine>, u64)> {
    let mut reader = BufReader::new(file);
    reader.seek(SeekFrom::Start(offset))?;
    let mut lines = Vec::new();
    let mut read_to = offset;
    let mut text = Vec::new();
    while reader.read_until(b'\n', &mut text)? > 0 && text.ends_with(b"\n") {
        lines.push(serde_json::from_slice(&text).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?);
        read_to += text.len() as u64;
        text.clear();
    }
    Ok((lines, read_to))
}

/// Attempt ids lead to people, through the database: the file is for its owner only.
fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Without it a power loss could take a new file with all its synced lines.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
