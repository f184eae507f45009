//! Reads the rows of a waiting list from CSV or JSON Lines, one at a time.

use std::io::{BufRead, BufReader, Read};

use crate::domain::{
    import::{Layout, RejectReason, Rejection, Row, clean},
    reason::Reason,
    refusal::Refusal,
};

/// The format of a waiting list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// RFC 4180 with a header; fields are separated by `,` or `;`.
    Csv,
    /// One JSON object per line.
    JsonLines,
}

/// The largest row, in bytes. A longer one results from an unclosed quote, or the file is not a waiting list.
const ROW_BYTES_MAX: usize = 64 * 1024;

/// A row that is appended to every file. If it is read as part of another row, a quote was not closed. The CSV reader
/// closes an open quote at the end of the file without an error, and would lose the rows inside it.
const CSV_END: &[u8] = b"\n\x04end of the waiting list\x04\n";

/// The columns of a file compared with the layout.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Columns {
    /// Columns that the profile does not read.
    pub unknown: Vec<String>,
    /// Columns of the profile that the file does not have; their values are empty.
    pub absent: Vec<String>,
}

/// The rows of one file.
pub(crate) struct Rows {
    source: Source,
    layout: Layout,
    number: u64,
    /// The comparison of columns; with JSON Lines it grows with each row.
    pub(crate) columns: Columns,
}

enum Source {
    Csv { reader: Box<csv::Reader<Box<dyn Read + Send>>>, places: Vec<Option<usize>>, record: csv::ByteRecord },
    JsonLines { reader: BufReader<Box<dyn Read + Send>>, line: Vec<u8> },
}

/// A row, or its number and why it is refused.
pub(crate) type RowResult = Result<Row, (u64, Rejection)>;

impl Rows {
    /// Reads the header of CSV.
    pub(crate) fn new(input: Box<dyn Read + Send>, format: Format, layout: Layout) -> Result<Self, Refusal> {
        match format {
            Format::Csv => Self::csv(input, layout),
            Format::JsonLines => {
                let source = Source::JsonLines { reader: BufReader::with_capacity(1 << 16, input), line: Vec::new() };
                Ok(Self { source, layout, number: 0, columns: Columns::default() })
            }
        }
    }

    fn csv(input: Box<dyn Read + Send>, layout: Layout) -> Result<Self, Refusal> {
        let mut buffered = BufReader::with_capacity(1 << 16, input);
        let unreadable = |detail: String| Refusal::HeaderUnreadable { detail };
        let start = buffered.fill_buf().map_err(|e| unreadable(e.to_string()))?;
        let bom = start.starts_with(b"\xef\xbb\xbf");
        let first_line = start.split(|b| *b == b'\n').next().unwrap_or_default();
        let delimiter = if first_line.contains(&b';') && !first_line.contains(&b',') { b';' } else { b',' };
        if bom {
            buffered.consume(3);
        }
        let input: Box<dyn Read + Send> = Box::new(buffered.chain(CSV_END));
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).buffer_capacity(1 << 16).from_reader(input);
        let header = reader.byte_headers().map_err(|e| unreadable(e.to_string()))?;
        if runs_over_the_end(header) {
            return Err(Refusal::HeaderQuote);
        }
        let names: Vec<String> = header.iter().map(|name| clean(&String::from_utf8_lossy(name))).collect();
        if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
            return Err(Refusal::ColumnTwice { column: twice.1.clone() });
        }
        let places: Vec<_> = names.iter().map(|name| layout.position(name)).collect();
        let unknown =
            names.iter().zip(&places).filter(|(_, place)| place.is_none()).map(|(name, _)| name.clone()).collect();
        let absent = layout.columns.iter().filter(|c| !names.contains(c)).cloned().collect();
        let source = Source::Csv { reader: Box::new(reader), places, record: csv::ByteRecord::new() };
        Ok(Self { source, layout, number: 0, columns: Columns { unknown, absent } })
    }

    /// The names in the header; with JSON Lines, all columns of the layout.
    pub(crate) fn header(&self) -> Vec<String> {
        self.layout.columns.iter().filter(|c| !self.columns.absent.contains(c)).cloned().collect()
    }

    /// The next row; `None` at the end. After an error the rest of the file cannot be read.
    pub(crate) fn next(&mut self) -> Result<Option<RowResult>, Refusal> {
        let number = self.number + 1;
        let row = match &mut self.source {
            Source::Csv { reader, places, record } => {
                let more = reader
                    .read_byte_record(record)
                    .map_err(|e| Refusal::RowUnreadable { row: number, detail: e.to_string() })?;
                if !more || is_the_end(record) {
                    return Ok(None);
                }
                if record.as_slice().len() > ROW_BYTES_MAX || runs_over_the_end(record) {
                    return Err(Refusal::RowEndless { row: number });
                }
                from_csv(record, places, &self.layout, reader.position().line())
            }
            Source::JsonLines { reader, line } => {
                if !read_line(reader, line, number)? {
                    return Ok(None);
                }
                from_json(line, &self.layout, &mut self.columns.unknown)
            }
        };
        self.number = number;
        Ok(Some(row.map(|values| Row { number, values }).map_err(|rejection| (number, rejection))))
    }
}

/// The number of lines in a field that look like rows: an unclosed quote has included them. `None` if no line does.
fn further_rows(field: &[u8], columns: usize) -> Option<usize> {
    if !field.contains(&b'\n') {
        return None;
    }
    let like_a_row = |line: &&[u8]| line.iter().filter(|b| matches!(b, b',' | b';')).count() * 2 >= columns;
    let count = field.split(|b| *b == b'\n').skip(1).filter(like_a_row).count();
    (count > 0).then_some(count)
}

fn is_the_end(record: &csv::ByteRecord) -> bool {
    record.len() == 1 && record.as_slice() == CSV_END.trim_ascii()
}

fn runs_over_the_end(record: &csv::ByteRecord) -> bool {
    record.as_slice().ends_with(CSV_END)
}

fn from_csv(
    record: &csv::ByteRecord,
    places: &[Option<usize>],
    layout: &Layout,
    line_after: u64,
) -> Result<Vec<String>, Rejection> {
    if let Some(rows) = record.iter().find_map(|field| further_rows(field, places.len())) {
        let first_line = record.position().map_or(0, csv::Position::line);
        let detail = Reason::OpenQuote { rows, first_line, last_line: line_after - 1 };
        return Err(Rejection::new(RejectReason::Malformed, "(row)", detail));
    }
    if record.len() != places.len() {
        let detail = Reason::FieldCount { found: record.len(), expected: places.len() };
        return Err(Rejection::new(RejectReason::Malformed, "(row)", detail));
    }
    let mut values = vec![String::new(); layout.columns.len()];
    for (field, place) in record.iter().zip(places) {
        if let Some(at) = *place {
            let text = std::str::from_utf8(field)
                .map_err(|_| Rejection::new(RejectReason::Malformed, &*layout.columns[at], Reason::NotUtf8))?;
            values[at] = clean(text);
        }
    }
    Ok(values)
}

/// Reads the next non-blank line into `line`. Of a line that is too long, the rest is skipped.
fn read_line(reader: &mut BufReader<Box<dyn Read + Send>>, line: &mut Vec<u8>, row: u64) -> Result<bool, Refusal> {
    loop {
        line.clear();
        let mut some = false;
        loop {
            let buffer = reader.fill_buf().map_err(|e| Refusal::RowUnreadable { row, detail: e.to_string() })?;
            if buffer.is_empty() {
                break;
            }
            some = true;
            let end = buffer.iter().position(|b| *b == b'\n');
            let part = &buffer[..end.unwrap_or(buffer.len())];
            line.extend(part.iter().take((ROW_BYTES_MAX + 1).saturating_sub(line.len())));
            let used = end.map_or(buffer.len(), |at| at + 1);
            reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !some {
            return Ok(false);
        }
        if !line.trim_ascii().is_empty() {
            return Ok(true);
        }
    }
}

fn from_json(line: &[u8], layout: &Layout, unknown: &mut Vec<String>) -> Result<Vec<String>, Rejection> {
    let malformed = |field: &str, detail| Rejection::new(RejectReason::Malformed, field, detail);
    if line.len() > ROW_BYTES_MAX {
        return Err(malformed("(row)", Reason::RowTooLong { most: ROW_BYTES_MAX }));
    }
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(line).map_err(|_| malformed("(row)", Reason::NotAnObject))?;
    let mut values = vec![String::new(); layout.columns.len()];
    for (name, value) in object {
        let Some(at) = layout.position(&name) else {
            if unknown.len() < 100 && !unknown.contains(&name) {
                unknown.push(name);
            }
            continue;
        };
        values[at] = match value {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => clean(&text),
            serde_json::Value::Number(number) => number.to_string(),
            serde_json::Value::Bool(_) | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
                return Err(malformed(&name, Reason::NotAValue));
            }
        };
    }
    Ok(values)
}
