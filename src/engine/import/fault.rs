//! Faults of spreadsheets and archives in the errors of readers.

use std::io;

use crate::domain::import::SheetFault;

impl From<SheetFault> for io::Error {
    fn from(fault: SheetFault) -> Self {
        Self::new(io::ErrorKind::InvalidData, fault)
    }
}

/// The fault that a reader met. What a decoder says of packed bytes is damage.
pub(super) fn fault_of(error: &io::Error) -> SheetFault {
    error.get_ref().and_then(|inner| inner.downcast_ref::<SheetFault>()).copied().unwrap_or(SheetFault::Damaged)
}
