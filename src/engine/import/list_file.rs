//! The file of a waiting list, which is read twice: to judge it as a whole, then to import it.

use std::{
    io::{self, Read, Seek},
    sync::{Arc, Mutex, PoisonError},
};

/// What a waiting list is read from.
pub trait Input: Read + Seek + Send {}

impl<T: Read + Seek + Send> Input for T {}

/// One of the readers of a file. They share its position, so they read one after another.
#[derive(Clone)]
pub(super) struct ListFile(Arc<Mutex<Box<dyn Input>>>);

impl ListFile {
    pub(super) fn new(input: Box<dyn Input>) -> Self {
        Self(Arc::new(Mutex::new(input)))
    }

    /// A reader from the start of the file.
    pub(super) fn rewound(&self) -> io::Result<Self> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).rewind()?;
        Ok(self.clone())
    }
}

impl Read for ListFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).read(buffer)
    }
}
