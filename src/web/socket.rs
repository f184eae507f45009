//! The Unix socket for commands on the same machine.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::{
        fs::{FileTypeExt, MetadataExt, PermissionsExt, lchown},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
};

use super::error::ServerError;

/// The owner and the group of its folder may connect. Who may do what is told by accounts.
const MODE: u32 = 0o660;

/// The settings of the socket.
#[derive(Clone, Debug)]
pub struct SocketSettings {
    /// Its path.
    pub path: PathBuf,
    /// Whether a person named it. One that nobody named is left out, with a warning, where it cannot be made.
    pub is_named: bool,
    /// The name of a user id.
    pub os_user: fn(u32) -> String,
}

/// A socket that is listened on. Its file is removed at the end.
#[derive(Debug)]
pub(super) struct Socket {
    listener: UnixListener,
    path: PathBuf,
    os_user: fn(u32) -> String,
    /// The device and the number of the file.
    file: (u64, u64),
}

impl Socket {
    /// Listens. A socket that no process listens on any more is replaced.
    pub(super) fn bind(settings: &SocketSettings) -> Result<Option<Self>, ServerError> {
        let SocketSettings { path, is_named, os_user } = settings;
        match listen(path) {
            Ok((listener, file)) => Ok(Some(Self { listener, path: path.clone(), os_user: *os_user, file })),
            Err(error) if !is_named => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(path = %path.display(), error, "no command can use the socket of the server");
                Ok(None)
            }
            Err(source) => Err(ServerError::Socket { path: path.clone(), source }),
        }
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The name of a user id.
    pub(super) fn os_user(&self) -> fn(u32) -> String {
        self.os_user
    }

    /// The listener.
    pub(super) fn listener(&self) -> io::Result<UnixListener> {
        self.listener.try_clone()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Another process may have replaced it.
        if fs::symlink_metadata(&self.path).is_ok_and(|found| (found.dev(), found.ino()) == self.file) {
            let _ = fs::remove_file(&self.path); // the next start replaces one that is left
        }
    }
}

fn listen(path: &Path) -> io::Result<(UnixListener, (u64, u64))> {
    remove_unused(path)?;
    let listener = UnixListener::bind(path)?;
    let folder = path.parent().filter(|folder| *folder != "").unwrap_or(Path::new("."));
    let group = fs::metadata(folder)?.gid();
    if fs::symlink_metadata(path)?.gid() != group {
        lchown(path, None, Some(group))?;
    }
    fs::set_permissions(path, Permissions::from_mode(MODE))?;
    let made = fs::symlink_metadata(path)?;
    Ok((listener, (made.dev(), made.ino())))
}

/// Removes a socket that no process listens on.
fn remove_unused(path: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !found.file_type().is_socket() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "a file of that name exists, and is not a socket"));
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens on it")),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_is_left_is_replaced_and_one_in_use_or_another_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let settings = |name: &str, is_named| SocketSettings {
            path: folder.path().join(name),
            is_named,
            os_user: |uid| uid.to_string(),
        };
        drop(UnixListener::bind(folder.path().join("s")).unwrap());
        let socket = Socket::bind(&settings("s", true)).unwrap().unwrap();
        assert_eq!(fs::metadata(socket.path()).unwrap().mode() & 0o777, MODE);
        let in_use = Socket::bind(&settings("s", true)).unwrap_err();
        assert!(std::error::Error::source(&in_use).unwrap().to_string().contains("another process"));
        fs::write(folder.path().join("file"), "kept").unwrap();
        assert!(Socket::bind(&settings("file", true)).is_err());
        assert!(Socket::bind(&settings("file", false)).unwrap().is_none());
        assert_eq!(fs::read(folder.path().join("file")).unwrap(), b"kept");
        drop(socket);
        assert!(!folder.path().join("s").exists());
    }
}
