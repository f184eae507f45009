//! Files that people name: read without waiting for a pipe or a device, and written so that only a complete file gets its
//! name.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::EngineError;
use crate::{domain::refusal::Refusal, store::is_open_database};

/// Opens a regular file for reading. A pipe, a device or a folder is refused, since it could keep the reader waiting, or
/// never end; so is the open database, whose locks would be released when the file is closed.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let metadata = fs::metadata(path)?;
    refuse_special(&metadata)?;
    if is_open_database(&metadata) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is the database of this program"));
    }
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    // Again, because the path may name another file by now.
    refuse_special(&file.metadata()?)?;
    Ok(file)
}

/// Reads a regular file of at most `bytes_max` bytes.
pub fn read_regular(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    read_all(open_regular(path)?, bytes_max)
}

/// Reads a regular file of at most `bytes_max` bytes that has a secret. `None` if others may read it.
pub fn read_secret(path: &Path, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    let file = open_regular(path)?;
    let metadata = file.metadata()?;
    let user = rustix::process::geteuid().as_raw();
    is_secret(metadata.mode(), metadata.uid(), user).then(|| read_all(file, bytes_max)).transpose()
}

/// Whether others than root and this user are kept from reading a file. One of root may have a group, as the keys of a machine's
/// certificates have.
fn is_secret(mode: u32, owner: u32, user: u32) -> bool {
    let is_kept = |others: u32| mode & others == 0;
    (owner == user && is_kept(0o077)) || (owner == 0 && is_kept(0o037))
}

fn read_all(file: File, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {bytes_max} bytes")));
    }
    Ok(bytes)
}

/// Reads a regular file of UTF-8 text of at most `bytes_max` bytes.
pub fn read_regular_text(path: &Path, bytes_max: u64) -> io::Result<String> {
    let bytes = read_regular(path, bytes_max)?;
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// An error for anything but a regular file.
pub fn refuse_special(metadata: &fs::Metadata) -> io::Result<()> {
    if metadata.is_file() {
        Ok(())
    } else if metadata.is_dir() {
        Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"))
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a pipe, a socket or a device, and no regular file"))
    }
}

/// A file that is being written under a temporary name in the folder of its path. It gets its name with
/// [`finish`](Self::finish), when it is complete and on disk; dropped before that, it is removed.
pub struct NewFile {
    file: File,
    part: PathBuf,
    path: PathBuf,
    /// Whether an existing file may be replaced.
    replaces: bool,
    is_finished: bool,
}

impl NewFile {
    /// Begins a file that must not exist.
    ///
    /// # Errors
    ///
    /// [`Refusal::FileExists`] if there is something at the path.
    pub fn create(path: &Path, mode: u32) -> Result<Self, EngineError> {
        refuse_existing(path)?;
        Self::begin(path, mode, false)
    }

    /// Begins a file that replaces a regular file, if there is one. Through a symbolic link, its target is replaced.
    pub fn replacing(path: &Path, mode: u32) -> Result<Self, EngineError> {
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        match fs::metadata(&target) {
            Ok(metadata) => refuse_special(&metadata).map_err(|source| cannot_write(path, source))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(cannot_write(path, source)),
        }
        Self::begin(&target, mode, true)
    }

    fn begin(path: &Path, mode: u32, replaces: bool) -> Result<Self, EngineError> {
        let failed = |source| cannot_write(path, source);
        let path = std::path::absolute(path).map_err(failed)?;
        let mut part = path.clone().into_os_string();
        part.push(format!("{PART}{}", std::process::id()));
        let part = PathBuf::from(part);
        // A part may be left by a killed process that had the same number.
        let _ = fs::remove_file(&part);
        let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&part);
        let file = file.map_err(|source| cannot_write(&path, source))?;
        remove_left_parts(&path, &file);
        Ok(Self { file, part, path, replaces, is_finished: false })
    }

    /// The temporary name.
    pub fn part(&self) -> &Path {
        &self.part
    }

    /// Writes the file to disk and gives it its name.
    pub fn finish(mut self) -> Result<(), EngineError> {
        self.sync_and_rename().map_err(|source| cannot_write(&self.path, source))?.map_err(EngineError::from)
    }

    fn sync_and_rename(&mut self) -> io::Result<Result<(), Refusal>> {
        self.file.sync_all()?;
        if !self.replaces
            && let Err(refusal) = refuse_existing(&self.path)
        {
            return Ok(Err(refusal));
        }
        fs::rename(&self.part, &self.path)?;
        self.is_finished = true;
        File::open(self.path.parent().unwrap_or(Path::new("/")))?.sync_all()?;
        Ok(Ok(()))
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_finished {
            // The first error was reported, not that of the removal.
            let _ = fs::remove_file(&self.part);
        }
    }
}

/// The name of a part is that of its file, this, and the number of the process that writes it.
const PART: &str = ".cetak-part-";
/// A part that was not written for this many seconds is one of a killed process.
const LEFT_AFTER_S: i64 = 24 * 3_600;

/// Removes the parts that killed processes left of a file: they may hold personal data. `new` is a part that was created just now.
/// An error is ignored, since a part that is there does no other harm.
fn remove_left_parts(path: &Path, new: &File) {
    let (folder, name) = (path.parent(), path.file_name().and_then(|name| name.to_str()));
    let (Some(folder), Some(name), Ok(new)) = (folder, name, new.metadata()) else { return };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let left = entry.file_name();
        let is_part = left.to_str().and_then(|left| left.strip_prefix(name)?.strip_prefix(PART)).is_some();
        let is_left = entry.metadata().is_ok_and(|left| new.mtime().saturating_sub(left.mtime()) > LEFT_AFTER_S);
        if is_part && is_left {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn refuse_existing(path: &Path) -> Result<(), Refusal> {
    if path.symlink_metadata().is_ok() {
        return Err(Refusal::FileExists { file: path.display().to_string() });
    }
    Ok(())
}

fn cannot_write(path: &Path, source: io::Error) -> EngineError {
    EngineError::Write { what: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_a_device_and_a_folder_are_refused_without_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for special in [pipe.as_path(), Path::new("/dev/zero"), dir.path()] {
            assert!(open_regular(special).is_err(), "{special:?}");
        }
        let kind = |path: &Path| read_regular(path, 4).unwrap_err().kind();
        assert_eq!(kind(&dir.path().join("none")), io::ErrorKind::NotFound);

        let file = dir.path().join("file");
        fs::write(&file, "12345").unwrap();
        assert_eq!(kind(&file), io::ErrorKind::FileTooLarge);
        assert_eq!(read_regular(&file, 5).unwrap(), b"12345");
    }

    #[test]
    fn a_file_is_a_secret_if_it_is_this_users_or_roots_and_no_others_may_read_it() {
        for (mode, owner, expected) in [
            (0o600, 1000, true),
            (0o400, 1000, true),
            (0o640, 1000, false),
            (0o604, 1000, false),
            (0o640, 0, true),
            (0o644, 0, false),
            (0o660, 0, false),
            (0o600, 1001, false),
        ] {
            assert_eq!(is_secret(0o100_000 | mode, owner, 1000), expected, "{mode:o} {owner}");
        }
    }

    #[test]
    fn a_file_has_its_name_only_when_it_is_complete() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seal");
        let names = || fs::read_dir(dir.path()).unwrap().count();

        let mut unfinished = NewFile::create(&path, 0o600).unwrap();
        unfinished.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(unfinished);
        assert_eq!(names(), 0);

        let mut file = NewFile::create(&path, 0o600).unwrap();
        file.write_all(b"whole").unwrap();
        file.finish().unwrap();
        assert_eq!((fs::read(&path).unwrap(), names()), (b"whole".to_vec(), 1));
        assert!(matches!(NewFile::create(&path, 0o600), Err(EngineError::Refused(Refusal::FileExists { .. }))));
    }

    #[test]
    fn the_parts_that_killed_processes_left_are_removed_and_those_of_others_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let age = std::time::Duration::from_hours(25);
        for (name, is_old) in [("list.cetak-part-7", true), ("list.cetak-part-8", false), ("list.part-00", true)] {
            let file = File::create(dir.path().join(name)).unwrap();
            if is_old {
                file.set_modified(file.metadata().unwrap().modified().unwrap() - age).unwrap();
            }
        }
        NewFile::create(&dir.path().join("list"), 0o600).unwrap().finish().unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(name).collect();
        names.sort();
        assert_eq!(names, ["list", "list.cetak-part-8", "list.part-00"]);
    }

    #[test]
    fn a_device_is_never_replaced_by_a_file() {
        assert!(NewFile::replacing(Path::new("/dev/null"), 0o600).is_err());
    }
}
