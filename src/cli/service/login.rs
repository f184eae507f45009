//! The session of `cetak login`, in a file of its person.

use std::{
    fs::{self, DirBuilder},
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    domain::account::Secret,
    engine::{
        EngineError,
        accounts::SessionToken,
        files::{NewFile, read_regular_text},
    },
};

/// The largest file.
const BYTES_MAX: u64 = 16 << 10;

/// What the file has.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The socket of the service.
    socket: PathBuf,
    /// The secret of the session.
    token: Secret,
}

/// The place of the file: in `$XDG_RUNTIME_DIR`, which ends when its person signs out of the machine, else in the state folder of the
/// person. `None` without a home.
fn place() -> Option<PathBuf> {
    let folder = |name| std::env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let state = || folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")));
    Some(folder("XDG_RUNTIME_DIR").or_else(state)?.join("cetak/session"))
}

/// The session at a socket.
pub(super) fn session(socket: &Path) -> Option<SessionToken> {
    let text = read_regular_text(&place()?, BYTES_MAX).ok()?;
    let kept: Kept = serde_json::from_str(&text).ok()?;
    (kept.socket == absolute(socket)).then(|| SessionToken::received(kept.token.reveal()))?
}

/// Keeps the session at a socket, for its person only.
pub(super) fn keep(socket: &Path, token: &SessionToken) -> Result<(), EngineError> {
    let Some(file) = place() else {
        return Err(failed(Path::new("the session"), io::Error::other("neither `XDG_RUNTIME_DIR` nor `HOME` is set")));
    };
    let folder = file.parent().unwrap_or(Path::new("/"));
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| failed(folder, error))?;
    let kept = Kept { socket: absolute(socket), token: Secret::new(token.reveal().to_owned()) };
    let mut new = NewFile::replacing(&file, 0o600)?;
    // Cannot fail: a path that came from an argument, and hexadecimal digits.
    let text = serde_json::to_vec(&kept).unwrap_or_default();
    new.write_all(&text).map_err(|error| failed(&file, error))?;
    new.finish()
}

/// Removes the file.
pub(super) fn forget() -> Result<(), EngineError> {
    let Some(file) = place() else { return Ok(()) };
    match fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&file, error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn failed(path: &Path, source: io::Error) -> EngineError {
    EngineError::Write { what: path.display().to_string(), source }
}

/// One name of a socket, whatever the folder in which a command is run.
fn absolute(socket: &Path) -> PathBuf {
    fs::canonicalize(socket).unwrap_or_else(|_| socket.to_owned())
}
