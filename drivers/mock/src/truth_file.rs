//! The file of the blanks that a printer fed: one JSON line for each, appended under a lock and synced before commit
//! returns.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cetak_driver_api::AttemptId;
use serde::{Deserialize, Serialize};

/// How long a call waits for the lock of a truth file, and the interval between tries. Calls of one driver wait for each other.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
const LOCK_RETRY: Duration = Duration::from_millis(2);

/// One blank that a printer fed, a line of its truth file. Instants are UTC microseconds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TruthLine {
    /// The attempt that fed it. An attempt that occurs twice in a file made two cards.
    pub attempt: AttemptId,
    /// The printer's name in its URI. A file may hold several printers.
    pub printer: String,
    /// A blank was used. Always true in a line that this crate wrote, because an attempt that feeds no blank has no
    /// line.
    pub fed: bool,
    /// The card that comes out at `end_us`. Known when the line is written.
    pub card: TruthCard,
    /// When the printer accepted the attempt.
    pub at: i64,
    /// When the card started: `at`, or when the card before had ended and its jam was cleared.
    pub start_us: i64,
    /// When the card came out.
    pub end_us: i64,
    /// The card jammed, and the printer is stopped from `end_us` until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_until_us: Option<i64>,
    /// The printer reports that it has forgotten the attempt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forgotten: bool,
}

/// Whether a good card came out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TruthCard {
    /// Yes.
    Good,
    /// No: the blank is spoiled, in the output hopper or jammed inside.
    Bad,
}

/// Reads all blanks that the printers of one truth file fed, in the order in which they were fed.
///
/// A last line without a newline is an interrupted write and is ignored: the printer did not get that attempt. A whole
/// line that is not a [`TruthLine`] is [`ErrorKind::InvalidData`]. May be called while a printer writes.
pub fn truth_read(path: impl AsRef<Path>) -> io::Result<Vec<TruthLine>> {
    let file = Arc::new(File::open(path)?);
    let _lock = Lock::take(&file)?;
    Ok(read_lines(&file, 0)?.0)
}

/// One printer's view of its truth file.
pub(crate) struct TruthFile {
    path: PathBuf,
    /// Opened at the first use, so that an unusable file is an unreachable printer and not an invalid URI.
    file: Option<Arc<File>>,
    /// The bytes before this offset were read. It is always the end of a line.
    read_to: u64,
}

/// Why a line was not appended.
pub(crate) enum AppendError {
    /// Nothing was written, so the printer did not get the attempt.
    BeforeWrite,
    /// The line may be in the file or not.
    InWrite(io::Error),
}

/// The exclusive lock of a truth file, released when it is dropped or the process dies.
pub(crate) struct Lock(Arc<File>);

impl TruthFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, file: None, read_to: 0 }
    }

    /// Waits for the lock. Other drivers of the file hold it for about one sync, unless their process is suspended.
    pub(crate) fn lock(&mut self) -> io::Result<Lock> {
        Lock::take(&self.open()?)
    }

    /// Whether the file has bytes that were not read: new lines of other drivers, or an interrupted write.
    pub(crate) fn has_unread(&mut self) -> io::Result<bool> {
        Ok(self.open()?.metadata()?.len() != self.read_to)
    }

    /// Reads the new lines of `printer`. The caller must hold the lock: without it, the start of an interrupted write
    /// and the end of the line that replaces it could be read as one line.
    pub(crate) fn read_new(&mut self, printer: &str) -> io::Result<Vec<TruthLine>> {
        let file = self.open()?;
        let len = file.metadata()?.len();
        if len < self.read_to {
            return Err(io::Error::new(ErrorKind::InvalidData, "the truth file is shorter than before"));
        }
        if len == self.read_to {
            return Ok(Vec::new());
        }
        let (mut lines, read_to) = read_lines(&file, self.read_to)?;
        lines.retain(|line| line.printer == printer);
        if !lines.is_empty() {
            // The writer may have been killed before its sync, but what find reports must survive a power loss.
            file.sync_data()?;
        }
        self.read_to = read_to;
        Ok(lines)
    }

    /// Writes a line and waits until it is on disk. The caller must hold the lock and have just called
    /// [`read_new`](Self::read_new), so that all bytes after `read_to` are of an interrupted write.
    ///
    /// After [`AppendError::InWrite`], the next [`read_new`](Self::read_new) shows whether the line is in the file.
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

    /// Saves that the attempt must never be committed, and waits until that is on disk. The caller must hold the lock.
    pub(crate) fn cancel(&self, attempt: &AttemptId) -> io::Result<()> {
        if self.is_cancelled(attempt)? {
            return Ok(());
        }
        let path = self.cancelled_path();
        let mut file = open_private(&path)?;
        file.write_all(format!("{}\n", attempt.as_str()).as_bytes()).and_then(|()| file.sync_data())?;
        sync_folder(&path)
    }

    /// Whether the attempt was cancelled, by this process or another. Reads the ids of all cancelled attempts, which
    /// are few. The caller must hold the lock.
    pub(crate) fn is_cancelled(&self, attempt: &AttemptId) -> io::Result<bool> {
        match std::fs::read_to_string(self.cancelled_path()) {
            Ok(text) => Ok(text.lines().any(|line| line == attempt.as_str())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A file beside the truth file, with one line for each attempt that was cancelled before it was committed.
    fn cancelled_path(&self) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".cancelled");
        name.into()
    }

    fn open(&mut self) -> io::Result<Arc<File>> {
        if let Some(file) = &self.file {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(open_private(&self.path)?);
        if is_pipe(&file.metadata()?) {
            return Err(io::Error::new(ErrorKind::InvalidInput, "the truth file is a pipe"));
        }
        sync_folder(&self.path)?;
        self.file = Some(Arc::clone(&file));
        Ok(file)
    }
}

impl Lock {
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] after [`LOCK_TIMEOUT`].
    fn take(file: &Arc<File>) -> io::Result<Self> {
        for _ in 0..LOCK_TIMEOUT.as_millis() / LOCK_RETRY.as_millis() {
            match file.try_lock() {
                Ok(()) => return Ok(Self(Arc::clone(file))),
                // On the driver's own blocking thread.
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_RETRY),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::Error::new(ErrorKind::TimedOut, "another process holds the lock of the truth file"))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // An error is ignored, because closing the file unlocks it too.
        let _ = self.0.unlock();
    }
}

/// The whole lines from `offset` on, and the offset of their end.
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

/// Readable by its owner only, because attempt ids identify people together with the database.
fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A pipe would keep its writer waiting for a reader.
fn is_pipe(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type());
    #[cfg(not(unix))]
    return false;
}

/// Without this, a power loss could remove a new file with its synced lines.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
