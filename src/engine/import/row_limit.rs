//! Limits the memory of one row of CSV while it is read, and counts lines.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read},
    sync::{
        Arc, Mutex, PoisonError,
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

/// The ends of the lines that were read and whose rows were not, shared with the reader of rows. A line ends with LF, CR or CRLF.
#[derive(Clone, Default)]
pub(super) struct LineEnds(Arc<Mutex<Lines>>);

#[derive(Default)]
struct Lines {
    ends: VecDeque<Ends>,
    /// The lines before them.
    passed: u64,
    read: u64,
    is_after_cr: bool,
}

/// A line end and those of the empty lines directly after it. They are one entry, so that empty lines take no memory: the CSV reader
/// skips them, and a row that ends here ends with the first.
struct Ends {
    /// The offset of the last byte.
    last: u64,
    lines: u64,
}

impl LineEnds {
    /// Counts on after this number of lines.
    pub(super) fn after(lines: u64) -> Self {
        Self(Arc::new(Mutex::new(Lines { passed: lines, ..Lines::default() })))
    }

    fn add(&self, bytes: &[u8]) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for byte in bytes {
            if matches!(byte, b'\n' | b'\r') {
                lines.add_end(*byte);
            }
            lines.is_after_cr = *byte == b'\r';
            lines.read += 1;
        }
    }

    /// The number of the line, from 1, whose end the row before this offset has. The offsets must grow. The row's reader may have taken
    /// the CR of its line end only.
    pub(super) fn last_line(&self, offset_after: u64) -> u64 {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(passed) = lines.ends.pop_front_if(|ends| ends.last + 1 < offset_after) {
            lines.passed += passed.lines;
        }
        lines.passed + 1
    }
}

impl Lines {
    /// Adds a byte of a line end.
    fn add_end(&mut self, byte: u8) {
        let (at, ends_a_crlf) = (self.read, byte == b'\n' && self.is_after_cr);
        match self.ends.back_mut() {
            Some(ends) if ends.last + 1 == at => {
                ends.last = at;
                ends.lines += u64::from(!ends_a_crlf);
            }
            Some(_) | None => self.ends.push_back(Ends { last: at, lines: 1 }),
        }
    }
}

/// The number of line ends within the values of a row.
pub(super) fn line_ends(row: &csv::ByteRecord) -> u64 {
    if !row.as_slice().contains(&b'\n') && !row.as_slice().contains(&b'\r') {
        return 0;
    }
    let in_field = |field: &[u8]| {
        let lone_cr = |at: &usize| field[*at] == b'\r' && field.get(at + 1) != Some(&b'\n');
        (0..field.len()).filter(|at| field[*at] == b'\n' || lone_cr(at)).count() as u64
    };
    row.iter().map(in_field).sum()
}

/// The ends of empty lines between two rows, which the CSV reader skips.
const EMPTY_LINES_MAX: usize = 16 << 20;

/// Fails with [`ErrorKind::FileTooLarge`] when a row is too long. The ends of empty lines have a limit of their own: between two rows
/// they take no memory, and within quotes little.
pub(super) struct RowLimited {
    input: Box<dyn Read + Send>,
    bytes: RowBytes,
    lines: LineEnds,
    /// Whether the last byte ended a line.
    at_line_start: bool,
    empty_lines: usize,
}

impl RowLimited {
    pub(super) fn new(input: Box<dyn Read + Send>, bytes: RowBytes, lines: LineEnds) -> Self {
        Self { input, bytes, lines, at_line_start: true, empty_lines: 0 }
    }
}

impl Read for RowLimited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.lines.add(&buffer[..read]);
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
        io::copy(&mut RowLimited::new(Box::new(input), RowBytes::default(), LineEnds::default()), &mut io::sink())
    }

    #[test]
    fn a_row_may_have_its_limit_and_a_full_buffer_and_no_more() {
        let limit = u64::try_from(BYTES_MAX).unwrap();
        assert_eq!(read(io::repeat(b'a').take(limit)).unwrap(), limit);
        assert_eq!(read(io::repeat(b'a').take(limit + 1)).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn lines_are_counted_with_any_line_end_also_within_quotes_and_after_empty_lines() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("a,b{end}{end}\"1{end}2\",{end}{end}{end}3,4{end}5,6{end}");
            for buffer in 1..=text.len() {
                let lines = LineEnds::after(2);
                let input =
                    RowLimited::new(Box::new(io::Cursor::new(text.clone())), RowBytes::default(), lines.clone());
                let mut reader =
                    csv::ReaderBuilder::new().buffer_capacity(buffer).has_headers(false).from_reader(input);
                let mut row = csv::ByteRecord::new();
                let mut found = Vec::new();
                while reader.read_byte_record(&mut row).unwrap() {
                    let last = lines.last_line(reader.position().byte());
                    found.push((last - line_ends(&row), last));
                }
                assert_eq!(found, [(3, 3), (5, 6), (9, 9), (10, 10)], "{end:?}, {buffer} bytes");
            }
        }
    }

    #[test]
    fn the_line_after_empty_lines_is_counted_and_they_take_no_memory_however_they_end() {
        for end in ["\n", "\r\n", "\r", "\r\n\n\r"] {
            let lines = LineEnds::default();
            let text = format!("a,b\n{}1,2\n", end.repeat(100_000));
            for part in text.as_bytes().chunks(1_001) {
                lines.add(part);
            }
            assert_eq!(lines.0.lock().unwrap().ends.len(), 2, "{end:?}");
            let empty = if end.len() == 4 { 300_000 } else { 100_000 };
            assert_eq!([lines.last_line(4), lines.last_line(text.len() as u64)], [1, 2 + empty], "{end:?}");
        }
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
