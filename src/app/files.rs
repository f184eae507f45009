//! The files of the data folder: its permissions, the key, and the locks.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{Read, Seek, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use zeroize::Zeroizing;

use super::system::machine;
use crate::{
    cli::{Message, words},
    engine::{
        clock::Entropy,
        files::{NewFile, read_regular_text, refuse_special},
    },
    store::{
        Outage,
        keys::{Keys, hex, unhex},
        lock_holder,
    },
};

/// The database's file name in the data folder.
pub(super) const DATABASE: &str = "cetak.db";
/// The key's file name in the data folder.
pub(super) const KEY: &str = "cetak.key";
/// The settings' file name in the data folder.
pub(super) const SETTINGS: &str = "cetak.toml";
/// The file name of the scheduler's lock in the data folder.
pub(super) const LOCK: &str = "cetak.lock";
const INSTANCE: &str = "cetak.instance";

/// The largest key file, and the largest other file of the data folder with one short line.
const KEY_BYTES_MAX: u64 = 4096;

/// Creates the data folder, accessible to its owner only. One that others may enter is closed to them if nothing else is in it;
/// otherwise it is refused.
pub(super) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let context = || format!("the data folder `{}` cannot be made", folder.display());
    if folder.to_str().is_none() {
        let text = format!("the path of the data folder `{}` is not UTF-8", folder.display());
        anyhow::bail!(Message::new(text, "rename the folder, or name another one with `--data`"));
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(context)?;
    let mode = fs::metadata(folder).with_context(context)?.permissions().mode();
    let is_open = mode & 0o077 != 0;
    let is_closed = !is_open
        || is_own(folder).with_context(context)? && fs::set_permissions(folder, Permissions::from_mode(0o700)).is_ok();
    if !is_closed {
        let text = format!("others may enter the data folder `{}`, and could lock it", folder.display());
        anyhow::bail!(Message::new(text, format!("chmod 700 {}", folder.display())));
    }
    Ok(())
}

/// Whether a folder has nothing but files of this program, so that its permissions may be changed.
fn is_own(folder: &Path) -> std::io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if !name.as_encoded_bytes().starts_with(b"cetak.")
            && !["profiles", "demo", "backups"].iter().any(|own| name == *own)
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads the master key. If neither key nor data exist, creates a key and syncs it with its folder before the first row
/// is written.
pub(super) fn master_key(file: &Path, has_data: bool, entropy: &dyn Entropy) -> anyhow::Result<Keys> {
    if !file.exists() && !has_data {
        let mut key = Zeroizing::new([0; 32]);
        entropy.fill(key.as_mut());
        make_key(file, &Zeroizing::new(hex(key.as_ref())))?;
    }
    let text = match read_regular_text(file, KEY_BYTES_MAX) {
        Ok(text) => Zeroizing::new(text),
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => {
            let text = format!("the key file `{}` is missing, and the database was made with it", file.display());
            anyhow::bail!(Message::new(
                text,
                "put the key back from where you keep it, or copy it from another node; without it no record can be read"
            ));
        }
        Err(source) => return Err(source).with_context(|| format!("the key file `{}` cannot be read", file.display())),
    };
    let mode = fs::metadata(file).with_context(|| format!("`{}`", file.display()))?.permissions().mode();
    if mode & 0o077 != 0 {
        anyhow::bail!(words::open_key_file(file));
    }
    parse_key(&text).with_context(|| format!("the key file `{}` does not hold 64 hexadecimal digits", file.display()))
}

/// Reads a master key as 64 hexadecimal digits.
pub(super) fn parse_key(text: &str) -> Option<Keys> {
    let bytes = Zeroizing::new(unhex(text.trim())?);
    let master: &[u8; 32] = bytes.as_slice().try_into().ok()?;
    Some(Keys::derive(master))
}

fn make_key(file: &Path, text: &str) -> anyhow::Result<()> {
    let context = || format!("the key file `{}` cannot be made", file.display());
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The key is written to a temporary file and linked into place, so that another process never reads a partial key
    // and never replaces a complete one.
    let mut part = file.as_os_str().to_owned();
    part.push(format!(".{}", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)
        .and_then(|mut handle| handle.write_all(format!("{text}\n").as_bytes()).and_then(|()| handle.sync_all()));
    let linked = written.and_then(|()| fs::hard_link(&part, file));
    // A full disk must not keep a part of a key.
    let removed = fs::remove_file(&part);
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error).with_context(context),
        Ok(()) | Err(_) => removed.with_context(context)?,
    }
    File::open(folder).and_then(|folder| folder.sync_all()).with_context(context)
}

/// Opens the database file, and creates it with owner-only permissions, which its journal inherits. Returns the place of its
/// scheduler's lock.
///
/// Called before SQLite opens the file, and at most once in a process. The descriptor is never closed: closing any descriptor
/// of a file releases all POSIX locks that the process has on it, and SQLite relies on those (sqlite.org/howtocorrupt.html,
/// section 2.2).
///
/// # Errors
///
/// A file with several hard links is refused. SQLite keeps its journal under the name by which it opened the file, and two
/// processes with two journals damage the database.
pub(super) fn make_database(file: &Path) -> anyhow::Result<LockPlace> {
    let context = || format!("the database `{}` cannot be opened or made", file.display());
    if let Ok(metadata) = fs::metadata(file) {
        refuse_special(&metadata).with_context(context)?;
    }
    let options = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(file);
    let handle: &'static File = Box::leak(Box::new(options.with_context(context)?));
    let found = handle.metadata().with_context(context)?;
    if found.nlink() > 1 {
        let text = format!("the database `{}` is one file with {} names (hard links)", file.display(), found.nlink());
        anyhow::bail!(Message::new(
            text,
            format!(
                "two names damage a database: stop all schedulers on it, and remove the other names, which \
                 `find / -xdev -inum {}` lists; a backup is made with `cetak db backup`",
                found.ino()
            )
        ));
    }
    handle.set_permissions(Permissions::from_mode(0o600)).with_context(context)?;
    let path = fs::canonicalize(file).with_context(context)?;
    let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
    Ok(LockPlace { folder, database: Some(handle), is_held: Arc::default() })
}

/// The random name of this data folder, created on first use.
pub(super) fn instance(folder: &Path, entropy: &dyn Entropy) -> anyhow::Result<String> {
    let file = folder.join(INSTANCE);
    let context = || format!("`{}` cannot be read or made", file.display());
    if !file.exists() {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        let mut new = NewFile::replacing(&file, 0o600)?;
        new.write_all(hex(&bytes).as_bytes()).with_context(context)?;
        new.finish()?;
    }
    let text = read_regular_text(&file, KEY_BYTES_MAX).with_context(context)?.trim().to_owned();
    anyhow::ensure!(!text.is_empty(), "`{}` is empty; remove it and start again", file.display());
    Ok(text)
}

/// How long a process waits until another one has opened the database, and the interval between tries.
const OPENING_TIMEOUT: Duration = Duration::from_secs(20);
const OPENING_RETRY: Duration = Duration::from_millis(5);

/// Locks the opening of the database, so that two processes do not create it at the same time. Held until dropped. The error
/// names the process that holds the lock.
pub(super) fn lock_opening(folder: &Path) -> anyhow::Result<File> {
    let context = || format!("the data folder `{}` cannot be locked", folder.display());
    let handle = File::open(folder).with_context(context)?;
    let mut waited = Duration::ZERO;
    loop {
        match handle.try_lock() {
            Ok(()) => return Ok(handle),
            Err(fs::TryLockError::WouldBlock) if waited < OPENING_TIMEOUT => {
                std::thread::sleep(OPENING_RETRY);
                waited += OPENING_RETRY;
            }
            Err(fs::TryLockError::WouldBlock) => {
                let outage = Outage::Locked { holder: lock_holder(folder) };
                let text = format!("the data folder `{}` cannot be opened: {outage}", folder.display());
                anyhow::bail!(Message::new(text, words::outage_hint(&outage)));
            }
            Err(fs::TryLockError::Error(error)) => return Err(error).with_context(context),
        }
    }
}

/// The lock of a SQLite file, as the owners of attempts name it.
pub(super) const FILE_LOCK: &str = "file";
/// How often a lock is tried, and the wait in between: a command that looks whether it is free has it for a moment.
const LOCK_TRIES: u32 = 10;
const LOCK_WAIT: Duration = Duration::from_millis(20);

/// What the lock of a scheduler is taken on.
#[derive(Clone, Debug)]
pub(super) struct LockPlace {
    /// The folder of the lock file, which names the process that has the lock.
    folder: PathBuf,
    /// The SQLite file itself, under whatever name it was opened. `None` on a server, where several schedulers are nodes and
    /// each has a folder.
    database: Option<&'static File>,
    /// Whether this process has the lock. Trying it once more would then change it.
    is_held: Arc<AtomicBool>,
}

impl LockPlace {
    /// The place of a node on a shared database: its data folder.
    pub(super) fn of_node(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), database: None, is_held: Arc::default() }
    }

    /// The folder of the database file, or of the node.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether it is the lock of a SQLite file.
    pub(super) fn is_of_file(&self) -> bool {
        self.database.is_some()
    }

    /// The name of the lock in the database. The lock of a node is on the lock file of its data folder, on its machine; a copy
    /// of the folder has another lock. Empty if there is none yet.
    pub(super) fn identity(&self) -> String {
        if self.is_of_file() {
            return FILE_LOCK.to_owned();
        }
        let read = |file: &Path| fs::read_to_string(file).unwrap_or_default().trim().to_owned();
        match fs::metadata(self.folder.join(LOCK)) {
            Ok(lock) => {
                let (machine, instance) = (machine(), read(&self.folder.join(INSTANCE)));
                format!("{machine}/{instance}/{}", lock.ino())
            }
            Err(_) => String::new(),
        }
    }

    /// Whether no process has the lock. A process that had it before has ended then.
    pub(super) fn is_free(&self) -> std::io::Result<bool> {
        if self.is_held.load(Ordering::SeqCst) {
            return Ok(false);
        }
        // Shared, so that two commands that look do not meet. A lock file may be closed, unlike the database.
        let file = match File::open(self.folder.join(LOCK)) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        for handle in file.iter().chain(self.database) {
            match handle.try_lock_shared() {
                Ok(()) => handle.unlock()?,
                Err(fs::TryLockError::WouldBlock) => return Ok(false),
                Err(fs::TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Acquires the lock. The error names the process that has it.
    pub(super) fn acquire(&self) -> anyhow::Result<SchedulerLock> {
        let path = self.folder.join(LOCK);
        let context = || format!("the lock `{}` cannot be taken", path.display());
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .with_context(context)?;
        let refused = |holder: String| {
            Message::new(
                format!("another scheduler runs on {holder}"),
                "one is enough for a data folder, and all commands but `cetak db move` work beside it; another node needs a data folder of its own",
            )
        };
        if !try_lock(&file).with_context(context)? {
            let mut holder = String::new();
            file.read_to_string(&mut holder).with_context(context)?;
            anyhow::bail!(refused(format!("`{}` (process {})", self.folder.display(), holder.trim())));
        }
        // The file of another lock: the database was moved to this folder, or is mounted here a second time.
        if let Some(database) = self.database
            && !try_lock(database).with_context(context)?
        {
            anyhow::bail!(refused(format!("the database in `{}`, from another folder", self.folder.display())));
        }
        file.set_len(0).and_then(|()| file.rewind()).with_context(context)?;
        file.write_all(std::process::id().to_string().as_bytes()).with_context(context)?;
        self.is_held.store(true, Ordering::SeqCst);
        Ok(SchedulerLock { _file: file, place: self.clone() })
    }
}

/// The lock of the one scheduler of a database file, or of the one node of a data folder. The kernel releases it when the
/// process ends, also after `kill -9`.
///
/// It is two advisory locks (`flock`, which is independent of the POSIX locks that SQLite uses): on the lock file beside the
/// database, and on the database file. The second follows the file wherever it is linked, mounted or moved.
#[derive(Debug)]
pub(super) struct SchedulerLock {
    _file: File,
    place: LockPlace,
}

impl Drop for SchedulerLock {
    fn drop(&mut self) {
        // If this fails, the end of the process releases the lock.
        let _ = self.place.database.map(File::unlock);
        self.place.is_held.store(false, Ordering::SeqCst);
    }
}

/// Whether the lock was free, and is now held.
fn try_lock(file: &File) -> std::io::Result<bool> {
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(LOCK_WAIT),
            Err(fs::TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(false)
}
