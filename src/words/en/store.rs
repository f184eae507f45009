//! What to do about a failure of the database.

use std::path::Path;

use super::message::Message;
use crate::engine::{LockHolder, Outage, StoreError};

/// What to do next, where a person can do something.
pub(super) fn hint(error: &StoreError) -> Option<String> {
    let hint = match error {
        StoreError::Unavailable { outage, .. } => return Some(outage_hint(outage)),
        StoreError::InsufficientStock => Some("compare the accounts with `cetak blangko balance`"),
        StoreError::Conflict(_) | StoreError::OtherVersion => {
            Some("show it again, and repeat the command if it still applies")
        }
        StoreError::Moved { .. } => {
            Some("name that database with `database = \"postgres://...\"` in the settings of this folder")
        }
        StoreError::Arriving => {
            Some("repeat `cetak db move` in the folder that is moved; until it ends, print only from that folder")
        }
        StoreError::Occupied => Some("create a new database with `createdb`, and name that one"),
        StoreError::Encoding { .. } => Some("create one with `createdb -E UTF8 -T template0`, and name that one"),
        StoreError::Pooler { .. } => {
            Some("name the address of the PostgreSQL server itself: cetak keeps few connections, and needs no pooler")
        }
        StoreError::Fenced => Some("the node rejoins at its next heartbeat; if it does not, see `cetak status`"),
        StoreError::InDoubt { .. } => Some("check whether the change was saved before you repeat the command"),
        StoreError::SecondOpenRequest => Some("close the other request first"),
        StoreError::Newer { .. } => Some("use a newer version of cetak"),
        StoreError::OtherKey => Some("restore the key file that was made with this database"),
        StoreError::Unused => Some(
            "it was copied without `cetak.db-wal`, or its making was interrupted: put the whole folder, or a backup of \
             `cetak db backup`, in its place; `cetak init` makes an empty office of a folder in which no scheduler ran yet",
        ),
        StoreError::Corrupt { .. } | StoreError::Differs { .. } => {
            Some("keep the files as they are, and check the database with `cetak db check`")
        }
        StoreError::Unreachable | StoreError::RequestAnswered => Some("repeat the command"),
        StoreError::RequestDiffers => Some("send another request with another key"),
        StoreError::Database { .. } => None,
    };
    hint.map(str::to_owned)
}

/// That others may read a key.
pub fn open_key_file(file: &Path) -> Message {
    let file = file.display();
    Message::new(format!("the key file `{file}` can be read by others"), format!("chmod 600 {file}"))
}

/// That others may read the key of the server's certificate, or it is theirs.
pub fn open_tls_key(file: &Path) -> Message {
    let Message { text, hint } = open_key_file(file);
    Message { text, hint: hint.map(|hint| format!("{hint}; its owner must be root or the user of the server")) }
}

/// What ends an outage.
pub fn outage_hint(outage: &Outage) -> String {
    match outage {
        Outage::DiskFull => "free space on the disk of the database (see `df -h`), then repeat the command".into(),
        Outage::ReadOnly => {
            "make the disk of the database writable again (see `mount` and `dmesg`), or connect to the server that is \
             no standby, then repeat the command"
                .into()
        }
        Outage::NoPermission => {
            "use the operating-system user or the database user to whom the database belongs, or give this one the \
             permission"
                .into()
        }
        Outage::CannotOpen => "check that the data folder and its files exist, and their owner and permissions".into(),
        Outage::FileMoved => {
            "put the file back, or stop the scheduler and start it with the right file; a backup does not know the cards \
             that were printed since"
                .into()
        }
        Outage::TooManyFiles => "raise the limit of open files with `ulimit -n 1024`, then repeat the command".into(),
        Outage::DiskFails => {
            "check free space, quota and the limit of file sizes (`df -h`, `quota`, `ulimit -f`) and the messages of \
             the kernel (`dmesg`); the database is intact up to the last saved change"
                .into()
        }
        Outage::Locked { holder: Some(LockHolder { process, is_suspended: true }) } => format!(
            "continue that process with `kill -CONT {process}`, or end it with `kill -KILL {process}`: what it has not \
             saved is rolled back; then repeat the command"
        ),
        Outage::Locked { holder: Some(LockHolder { process, .. }) } => {
            format!(
                "see what that process does with `ps -fp {process}`, wait for it or end it, then repeat the command"
            )
        }
        Outage::Locked { holder: None } => {
            "find the process that uses the database with `fuser -v cetak.db` in the data folder, then repeat the \
             command"
                .into()
        }
        Outage::TooManyConnections => {
            "end other connections to the server, or raise its `max_connections`, then repeat the command".into()
        }
        Outage::OutOfMemory => "end other programs, or give the machine or the server more memory".into(),
        Outage::Unreachable => "check that the database server runs and can be reached, then repeat the command".into(),
    }
}

/// The command that shows or ends an outage.
pub(super) fn outage_command(outage: &Outage) -> String {
    match outage {
        Outage::DiskFull => "df -h".into(),
        Outage::ReadOnly => "mount".into(),
        Outage::NoPermission | Outage::CannotOpen | Outage::FileMoved => "ls -l".into(),
        Outage::TooManyFiles => "ulimit -n".into(),
        Outage::DiskFails => "dmesg".into(),
        Outage::Locked { holder: Some(LockHolder { process, is_suspended: true }) } => format!("kill -CONT {process}"),
        Outage::Locked { holder: Some(LockHolder { process, .. }) } => format!("ps -fp {process}"),
        Outage::Locked { holder: None } => "fuser -v cetak.db".into(),
        Outage::TooManyConnections | Outage::Unreachable => "cetak config check".into(),
        Outage::OutOfMemory => "free -h".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspended_process_that_locks_the_database_is_named_with_the_command_that_continues_it() {
        let holder = Some(LockHolder { process: 42, is_suspended: true });
        let outage = Outage::Locked { holder };
        assert_eq!(outage.to_string(), "process 42, which is suspended, has locked it");
        assert!(outage_hint(&outage).contains("kill -CONT 42"));
        assert_eq!(outage_command(&outage), "kill -CONT 42");
    }
}
