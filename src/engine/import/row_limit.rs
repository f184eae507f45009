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

/// The ends of empty lines between two rows, which the CSV reader skips.
const EMPTY_LINES_MAX: usize = 16 << 20;

/// Fails with [`ErrorKind::FileTooLarge`] when a row is too long. The ends of empty lines have a limit of their own: between two rows
/// they take no memory, and within quotes little.
pub(super) struct RowLimited {
    input: Box<dyn Read + Send>,
    bytes: RowBytes,
    /// Whether the last byte ended a line.
    at_line_start: bool,
    empty_lines: usize,
}

impl RowLimited {
    pub(super) fn new(input: Box<dyn Read + Send>, bytes: RowBytes) -> Self {
        Self { input, bytes, at_line_start: true, empty_lines: 0 }
    }
}

impl Read for RowLimited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        let mut counted = 0;
        for byte in &buffer[..read] {
            let is_line_end = matches!(byte, b'\n' | b'\r');
            if is_line_end && self.at_line_start {
                self.empty_lines += 1;
            } else {
                counted += 1;
            }
            self.at_line_start = is_line_end;
        }
        let before = self.bytes.0.fetch_add(counted, Ordering::Relaxed);
        if before == 0 {
            self.empty_lines = 0; // a row has ended since
        }
        if before + counted > BYTES_MAX || self.empty_lines > EMPTY_LINES_MAX {
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
    fn empty_lines_have_a_limit_of_their_own_within_quotes_too() {
        let many = 3 * u64::try_from(BYTES_MAX).unwrap();
        assert_eq!(read(io::repeat(b'\n').take(many)).unwrap(), many);
        let limit = u64::try_from(EMPTY_LINES_MAX).unwrap();
        for quoted in [&b"\""[..], b"a\"b,\""] {
            assert!(read(quoted.chain(io::repeat(b'\n').take(2 * limit))).is_err());
        }
    }
}
