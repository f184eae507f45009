//! Where the refused rows of pulled lists are written, in the words of a surface.

use std::{io, path::Path};

use crate::domain::import::{Rejection, RowPlace};

/// Makes files of refused rows.
pub trait RefusedRows: Send + Sync {
    /// A new file at this path.
    fn create(&self, path: &Path) -> io::Result<Box<dyn RefusedRowsFile>>;
}

/// A file of refused rows. It is at its path when it is finished.
pub trait RefusedRowsFile: Send {
    /// Adds a row that was refused.
    fn add(&mut self, place: RowPlace, request_id: &str, rejection: &Rejection) -> io::Result<()>;

    /// Ends the file.
    fn finish(self: Box<Self>) -> io::Result<()>;
}
