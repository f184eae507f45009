//! What a scheduler keeps of its database outside of it, to find out at its next start whether the database is the same.

use std::io;

use async_trait::async_trait;

use super::EngineError;
use crate::domain::instance::{FileIdentity, Memory};

/// What was read from the memory.
#[derive(Debug)]
pub enum Reading {
    /// There is none.
    Nothing,
    /// There is one, and it is damaged.
    Unreadable,
    /// What it holds.
    Known {
        /// What is remembered.
        memory: Memory,
        /// Whether the file is a copy of what was written.
        is_copy: bool,
    },
}

/// The memory of one data folder. Injected, because only the program itself has a data folder.
#[async_trait]
pub trait InstanceMemory: Send + Sync {
    /// The identity of the database's file.
    fn file_identity(&self) -> io::Result<FileIdentity>;

    /// Reads the memory.
    ///
    /// # Errors
    ///
    /// [`EngineError::Read`] for a failure that may pass, such as too many open files or a missing permission.
    fn read(&self) -> Result<Reading, EngineError>;

    /// Replaces the memory. When it returns, the new one is on disk.
    async fn write(&self, memory: Memory) -> Result<(), EngineError>;
}
