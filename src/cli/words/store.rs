//! What to do about a failure of the database.

use crate::engine::StoreError;

/// What to do next, where a person can do something.
pub(super) fn hint(error: &StoreError) -> Option<&'static str> {
    match error {
        StoreError::InsufficientStock => Some("compare the accounts with `cetak blangko balance`"),
        StoreError::Conflict(_) => Some("show it again, and repeat the command if it still applies"),
        StoreError::Moved { .. } => {
            Some("name that database with `database = \"postgres://...\"` in the settings of this folder")
        }
        StoreError::Arriving => {
            Some("repeat `cetak db move` in the folder that is moved; until it ends, print only from that folder")
        }
        StoreError::Occupied => Some("create a new database with `createdb`, and name that one"),
        StoreError::Fenced => Some("the node rejoins at its next heartbeat; if it does not, see `cetak status`"),
        StoreError::InDoubt { .. } => Some("check whether the change was saved before you repeat the command"),
        StoreError::SecondOpenRequest => Some("close the other request first"),
        StoreError::Newer { .. } => Some("use a newer version of cetak"),
        StoreError::OtherKey => Some("restore the key file that was made with this database"),
        StoreError::Corrupt { .. } | StoreError::Differs { .. } => {
            Some("keep the files as they are, and check the database with `cetak db check`")
        }
        StoreError::Unreachable | StoreError::Database { .. } => {
            error.is_away().then_some("check that the database server runs and can be reached, then repeat the command")
        }
    }
}
