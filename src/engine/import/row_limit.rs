//! Limits the memory of one row of CSV while it is read.

use std::{
    io::{self, ErrorKind, Read},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The largest row, in bytes. A longer one results from an unclosed quote, or the file is not a waiting list.
pub(super) const ROW_BYTES_MAX: usize = 64 * 1024;

/// The bytes of a row that the CSV reader may take from the file: the row itself, and a full buffer that it reads ahead.
const BYTES_MAX: usize = 2 * ROW_BYTES_MAX;

/// The number of bytes that were read since the last row ended, shared with the reader of rows.
#[derive(Clone, Default)]
pub(super) struct RowBytes(Arc<AtomicUsize>);

impl RowBytes {
    /// Begins the next row.
    pub(super) fn next_row(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// Fails with [`ErrorKind::FileTooLarge`] when a row is too long. The CSV reader skips empty lines, so they do not count, except
/// within quotes.
pub(super) struct RowLimited {
    input: Box<dyn Read + Send>,
    bytes: RowBytes,
    in_quotes: bool,
    /// Whether the last byte ended a line.
    at_line_start: bool,
}

impl RowLimited {
    pub(super) fn new(input: Box<dyn Read + Send>, bytes: RowBytes) -> Self {
        Self { input, bytes, in_quotes: false, at_line_start: true }
    }
}

impl Read for RowLimited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        let mut counted = 0;
        for byte in &buffer[..read] {
            let is_line_end = matches!(byte, b'\n' | b'\r');
            counted += usize::from(self.in_quotes || !(is_line_end && self.at_line_start));
            self.at_line_start = is_line_end;
            self.in_quotes ^= *byte == b'"';
        }
        let bytes = self.bytes.0.fetch_add(counted, Ordering::Relaxed) + counted;
        if bytes > BYTES_MAX {
            return Err(io::Error::from(ErrorKind::FileTooLarge));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: impl Read + Send + 'static) -> io::Result<u64> {
        io::copy(&mut RowLimited::new(Box::new(input), RowBytes::default()), &mut io::sink())
    }

    #[test]
    fn a_row_may_have_its_limit_and_a_full_buffer_and_no_more() {
        let limit = u64::try_from(BYTES_MAX).unwrap();
        assert_eq!(read(io::repeat(b'a').take(limit)).unwrap(), limit);
        assert_eq!(read(io::repeat(b'a').take(limit + 1)).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn empty_lines_are_no_row_unless_they_are_within_quotes() {
        let many = 3 * u64::try_from(BYTES_MAX).unwrap();
        assert_eq!(read(io::repeat(b'\n').take(many)).unwrap(), many);
        assert!(read((&b"\""[..]).chain(io::repeat(b'\n').take(many))).is_err());
    }
}
