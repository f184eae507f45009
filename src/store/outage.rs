//! Why a database cannot be used at present, by the codes of SQLite, PostgreSQL and the operating system.

use std::{fs::File, io};

use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteError;

use super::backend::LockHolder;

/// Why a database cannot be used at present. What is done meanwhile is not saved; the same may succeed later.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error, schemars::JsonSchema)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Outage {
    /// There is no space left.
    #[error("the disk is full")]
    DiskFull,
    /// The file, its file system or the server accepts no writes.
    #[error("it is read-only")]
    ReadOnly,
    /// The user of this process, or of the connection, may not do this.
    #[error("the permission is missing")]
    NoPermission,
    /// A file of the database cannot be opened: it is missing, or its folder is not accessible.
    #[error("its file cannot be opened")]
    CannotOpen,
    /// The file was deleted or replaced while it was open.
    #[error("its file was moved, deleted or replaced while it was open")]
    FileMoved,
    /// The process has as many open files as it may have.
    #[error("too many files are open")]
    TooManyFiles,
    /// The operating system reports an error of the disk, or that a quota or the largest size of a file is reached.
    #[error("the disk fails, or a quota or the largest size of a file is reached")]
    DiskFails,
    /// Another process has been writing for too long.
    #[error("{}", locked(*.holder))]
    Locked {
        /// That process, if it is known.
        holder: Option<LockHolder>,
    },
    /// The server accepts no further connection.
    #[error("the server has too many connections")]
    TooManyConnections,
    /// The process or the server has no memory left.
    #[error("there is not enough memory")]
    OutOfMemory,
    /// The server does not answer, or ended the connection.
    #[error("it does not answer")]
    Unreachable,
}

fn locked(holder: Option<LockHolder>) -> String {
    let holder = holder.map_or_else(|| "another process".to_owned(), |holder| holder.to_string());
    format!("{holder} has locked it")
}

impl Outage {
    /// The stable name, as in JSON.
    pub fn code(&self) -> &'static str {
        match self {
            Self::DiskFull => "disk-full",
            Self::ReadOnly => "read-only",
            Self::NoPermission => "no-permission",
            Self::CannotOpen => "cannot-open",
            Self::FileMoved => "file-moved",
            Self::TooManyFiles => "too-many-files",
            Self::DiskFails => "disk-fails",
            Self::Locked { .. } => "locked",
            Self::TooManyConnections => "too-many-connections",
            Self::OutOfMemory => "out-of-memory",
            Self::Unreachable => "unreachable",
        }
    }

    /// The outage that an error of the driver means; `None` if the same would fail again.
    pub(super) fn of(error: &sqlx::Error) -> Option<Self> {
        if let Some(error) = error.as_database_error() {
            let code = error.code()?;
            return if error.try_downcast_ref::<SqliteError>().is_some() {
                Self::of_sqlite(code.parse().ok()?)
            } else {
                Self::of_postgres(&code)
            };
        }
        if let sqlx::Error::Io(error) = error {
            return Some(Self::of_system(error));
        }
        let is_lost = matches!(
            error,
            sqlx::Error::Protocol(_) | sqlx::Error::PoolClosed | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed
        );
        is_lost.then_some(Self::Unreachable)
    }

    fn of_system(error: &io::Error) -> Self {
        if is_too_many_files(error) { Self::TooManyFiles } else { Self::Unreachable }
    }

    /// By the extended result code of SQLite, whose lowest byte is the primary one.
    fn of_sqlite(code: u32) -> Option<Self> {
        const READONLY_DBMOVED: u32 = 1_032;
        const IOERR_NOMEM: u32 = 3_082;
        match (code, code & 0xff) {
            (READONLY_DBMOVED, _) => Some(Self::FileMoved),
            (IOERR_NOMEM, _) | (_, 7) => Some(Self::OutOfMemory),
            (_, 3 | 23) => Some(Self::NoPermission),                // PERM, AUTH
            (_, 5 | 6 | 15) => Some(Self::Locked { holder: None }), // BUSY, LOCKED, PROTOCOL
            (_, 8) => Some(Self::ReadOnly),
            (_, 10) => Some(Self::DiskFails), // IOERR
            (_, 13) => Some(Self::DiskFull),  // FULL
            // CANTOPEN does not tell why.
            (_, 14) => {
                let probe = File::open("/dev/null");
                Some(probe.err().filter(is_too_many_files).map_or(Self::CannotOpen, |_| Self::TooManyFiles))
            }
            _ => None,
        }
    }

    /// By the SQLSTATE of PostgreSQL (appendix A of its documentation).
    fn of_postgres(code: &str) -> Option<Self> {
        match code {
            "53100" => Some(Self::DiskFull),
            "53200" => Some(Self::OutOfMemory),
            "53300" => Some(Self::TooManyConnections),
            "25006" => Some(Self::ReadOnly),
            "42501" => Some(Self::NoPermission),
            "58030" | "58P01" => Some(Self::DiskFails),
            "55P03" => Some(Self::Locked { holder: None }),
            "25P03" => Some(Self::Unreachable),
            _ if code.starts_with("57P") || code.starts_with("08") => Some(Self::Unreachable),
            _ => None,
        }
    }
}

/// Whether the process or the system has as many open files as it may have: EMFILE, ENFILE.
fn is_too_many_files(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(24 | 23))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_both_databases_are_told_apart() {
        for (code, outage) in [
            (13, "disk-full"),
            (1_032, "file-moved"), // READONLY_DBMOVED
            (8, "read-only"),
            (778, "disk-fails"),      // IOERR_WRITE
            (3_082, "out-of-memory"), // IOERR_NOMEM
            (14, "cannot-open"),
            (517, "locked"),
        ] {
            assert_eq!(Outage::of_sqlite(code).map(|outage| outage.code()), Some(outage), "{code}");
        }
        for (code, outage) in [
            ("53100", "disk-full"),
            ("53300", "too-many-connections"),
            ("25006", "read-only"),
            ("42501", "no-permission"),
            ("57P01", "unreachable"),
        ] {
            assert_eq!(Outage::of_postgres(code).map(|outage| outage.code()), Some(outage), "{code}");
        }
    }

    #[test]
    fn a_damaged_file_a_wrong_password_and_an_unknown_database_do_not_pass_by_themselves() {
        assert_eq!([1, 11, 19, 26].map(Outage::of_sqlite), [None, None, None, None]);
        assert_eq!(["28P01", "3D000", "42703", "23505"].map(Outage::of_postgres), [None, None, None, None]);
    }
}
