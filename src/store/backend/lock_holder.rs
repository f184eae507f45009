//! The process that holds the lock of a file, as the kernel tells it in `/proc/locks`.
//!
//! The file is not opened: closing it would release the locks that SQLite holds on it in this process.

use std::{fmt, fs, os::unix::fs::MetadataExt, path::Path};

/// The byte of SQLite's shared memory file that the writer of a write-ahead log locks (`WAL_WRITE_LOCK` in `wal.c`).
const WRITE_LOCK: u64 = 120;

/// The bytes of the database file that a process locks which closes it as the last one (`PENDING_BYTE` to `SHARED_FIRST` +
/// `SHARED_SIZE` in `os.h`).
const CLOSING_LOCK: (u64, u64) = (0x4000_0000, 0x4000_01ff);

/// A process that holds a lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct LockHolder {
    /// The process id.
    pub process: u32,
    /// Whether the process is suspended, and continues only when it gets SIGCONT.
    pub is_suspended: bool,
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suspended = if self.is_suspended { ", which is suspended," } else { "" };
        write!(f, "process {}{suspended}", self.process)
    }
}

/// The process that holds a lock on the file: an exclusive one on the whole of it, or on the bytes that SQLite locks to write or to
/// close.
/// `None` if there is none, or if it runs in another container or on another machine.
pub fn lock_holder(file: &Path) -> Option<LockHolder> {
    let metadata = fs::metadata(file).ok()?;
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let held = |process: &u32| is_device(&locks, *process, metadata.ino(), metadata.dev()) || has_open(*process, file);
    let process = holders(&locks, metadata.ino()).find(held)?;
    Some(LockHolder { process, is_suspended: state(process) == Some('T') })
}

/// Whether a process exists and has not ended.
pub fn is_running(process: u32) -> bool {
    !matches!(state(process), None | Some('Z' | 'X'))
}

/// The processes that hold such a lock on an inode of any device. A line of `/proc/locks` is
/// `1: POSIX  ADVISORY  WRITE 708 08:01:131 120 120`; the lines of waiting processes have an arrow after the number.
fn holders(locks: &str, inode: u64) -> impl Iterator<Item = u32> {
    locks.lines().filter_map(move |line| {
        let mut words = line.split_whitespace().skip(1);
        let (_kind, _mode, access) = (words.next().filter(|word| *word != "->")?, words.next()?, words.next()?);
        let (process, place) = (words.next()?, words.next()?);
        let (from, to): (u64, &str) = (words.next()?.parse().ok()?, words.next()?);
        let to = if to == "EOF" { u64::MAX } else { to.parse().ok()? };
        let is_it = place.rsplit(':').next()?.parse() == Ok(inode);
        let is_locked =
            [(WRITE_LOCK, WRITE_LOCK), CLOSING_LOCK].iter().any(|(first, last)| from <= *last && *first <= to);
        (access == "WRITE" && is_it && is_locked).then(|| process.parse().ok())?
    })
}

/// Whether the process's lock on the inode is on that device. Some file systems tell another device to `stat` than to the
/// lock table.
fn is_device(locks: &str, process: u32, inode: u64, device: u64) -> bool {
    let (major, minor) = ((device >> 8 & 0xfff) | (device >> 32 & !0xfff), (device & 0xff) | (device >> 12 & !0xff));
    let place = format!(" {process} {major:02x}:{minor:02x}:{inode} ");
    locks.lines().any(|line| line.contains(&place))
}

fn has_open(process: u32, file: &Path) -> bool {
    let Ok(file) = file.canonicalize() else { return false };
    let open = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    open.into_iter().any(|entry| fs::read_link(entry.path()).is_ok_and(|link| link == file))
}

/// The letter of a process's state: `T` is suspended, `Z` has ended. Its name, which stands before, may contain anything.
fn state(process: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writer_of_a_write_ahead_log_is_told_from_its_readers_and_from_those_who_wait() {
        let locks = "1: POSIX  ADVISORY  READ  11 08:01:131 124 124\n\
                     2: POSIX  ADVISORY  WRITE 22 08:01:131 120 120\n\
                     2: -> POSIX  ADVISORY  WRITE 33 08:01:131 120 120\n\
                     3: FLOCK  ADVISORY  WRITE 44 08:01:132 0 EOF\n\
                     4: POSIX  ADVISORY  WRITE 55 08:01:131 128 128\n\
                     5: POSIX  ADVISORY  WRITE 66 08:01:133 1073741824 1073742335\n";

        assert_eq!(holders(locks, 131).collect::<Vec<_>>(), [22]);
        assert_eq!(holders(locks, 132).collect::<Vec<_>>(), [44]);
        assert_eq!(holders(locks, 133).collect::<Vec<_>>(), [66]);
        assert!(is_device(locks, 22, 131, 0x801) && !is_device(locks, 22, 131, 0x802));
    }

    #[test]
    fn the_process_that_locked_a_file_is_found_without_opening_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(lock_holder(file.path()), None);

        file.as_file().lock().unwrap();

        assert_eq!(lock_holder(file.path()), Some(LockHolder { process: std::process::id(), is_suspended: false }));
        assert!(is_running(std::process::id()) && !is_running(u32::MAX));
    }
}
