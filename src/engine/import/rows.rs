//! Reads the rows of a waiting list from CSV, JSON Lines or a sheet, one at a time.

use std::io::{BufRead, BufReader, Cursor, ErrorKind, Read};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::{
    columns::{Columns, Place, places},
    row_limit::{LineEnds, ROW_BYTES_MAX, RowBytes, RowLimited, line_ends},
    sheet_source::SheetSource,
    spreadsheet::SheetRows,
};
use crate::domain::{
    import::{FileForm, Layout, RejectReason, Rejection, Row, RowPlace, column_letters},
    reason::Reason,
    refusal::Refusal,
};

/// A row that is appended to every file. If it is read as part of another row, a quote was not closed. The CSV reader
/// closes an open quote at the end of the file without an error, and would lose the rows inside it.
const CSV_END: &[u8] = b"\n\x04end of the waiting list\x04\n";

const BOM: &[u8] = b"\xef\xbb\xbf";

/// The rows of one file.
pub(crate) struct Rows {
    source: Source,
    layout: Layout,
    /// Where the last row stands; `line` is its last line.
    last: RowPlace,
    /// The columns of the layout whose values are read.
    is_read: Vec<bool>,
    /// The comparison of columns; it grows with the rows.
    pub(crate) columns: Columns,
}

enum Source {
    Csv(Box<CsvSource>),
    JsonLines { reader: BufReader<Box<dyn Read + Send>>, line: Vec<u8> },
    Sheet(Box<SheetSource>),
}

struct CsvSource {
    reader: csv::Reader<RowLimited>,
    bytes: RowBytes,
    lines: LineEnds,
    places: Vec<Place>,
    record: csv::ByteRecord,
}

/// A row, or where it stands and why it is refused.
pub(crate) type RowResult = Result<Row, (RowPlace, Rejection)>;

impl Rows {
    /// Skips the lines above the list, and reads the header of CSV.
    pub(crate) fn new(
        input: Box<dyn Read + Send>,
        is_json: bool,
        layout: Layout,
        skipped_lines: u64,
    ) -> Result<Self, Refusal> {
        let mut buffered = BufReader::with_capacity(1 << 16, input);
        let mut passed = 0;
        while passed < skipped_lines {
            let line = first_line(&mut buffered)?;
            if line.len() > ROW_BYTES_MAX {
                return Err(Refusal::HeaderTooLong { most: ROW_BYTES_MAX });
            }
            if line.is_empty() {
                break; // the list has ended
            }
            passed += 1;
        }
        let line = first_line(&mut buffered)?;
        if let Some(form) = FileForm::of(&line, !is_json) {
            return Err(Refusal::FileForm { form });
        }
        if !is_json {
            return Self::csv(line, buffered, layout, passed);
        }
        let input: Box<dyn Read + Send> = Box::new(Cursor::new(line).chain(buffered));
        let source = Source::JsonLines { reader: BufReader::with_capacity(1 << 16, input), line: Vec::new() };
        let is_read = vec![true; layout.columns.len()];
        let last = RowPlace { row: 0, line: passed };
        Ok(Self { source, layout, last, is_read, columns: Columns::default() })
    }

    /// Reads the heading of a sheet below the rows that are skipped.
    pub(super) fn of_sheet(rows: SheetRows, mut layout: Layout, skipped_rows: u64) -> Result<Self, Refusal> {
        let (source, columns) = SheetSource::new(rows, &mut layout, skipped_rows)?;
        let is_read = vec![true; layout.columns.len()];
        Ok(Self { source: Source::Sheet(Box::new(source)), layout, last: RowPlace::default(), is_read, columns })
    }

    /// Whether a sheet has a row with a value. A text always has a first line.
    pub(super) fn has_heading(&self) -> bool {
        if let Source::Sheet(sheet) = &self.source { sheet.has_heading() } else { true }
    }

    fn csv(
        mut line: Vec<u8>,
        mut rest: BufReader<Box<dyn Read + Send>>,
        mut layout: Layout,
        mut skipped_lines: u64,
    ) -> Result<Self, Refusal> {
        if line.starts_with(BOM) {
            line.drain(..BOM.len());
        }
        let mut delimiter = delimiter(&line);
        if let Some(named) = named_delimiter(&line) {
            delimiter = named;
            line = first_line(&mut rest)?;
            skipped_lines += 1;
        }
        if line.len() > ROW_BYTES_MAX {
            return Err(Refusal::HeaderTooLong { most: ROW_BYTES_MAX });
        }
        let (bytes, lines) = (RowBytes::default(), LineEnds::after(skipped_lines));
        let input = Box::new(Cursor::new(line).chain(rest).chain(CSV_END));
        let input = RowLimited::new(input, bytes.clone(), lines.clone());
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).buffer_capacity(1 << 16).from_reader(input);
        let header = reader.byte_headers().map_err(|e| {
            if is_too_long(&e) { Refusal::HeaderQuote } else { Refusal::HeaderUnreadable { detail: e.to_string() } }
        })?;
        bytes.next_row();
        if runs_over_the_end(header) {
            return Err(Refusal::HeaderQuote);
        }
        let headings: Vec<String> = header.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
        let places = places(&headings, &layout)?;
        let columns = Columns::of(&headings, &places, &mut layout)?;
        let last = RowPlace { row: 0, line: lines.last_line(reader.position().byte()) };
        let source = Source::Csv(Box::new(CsvSource { reader, bytes, lines, places, record: csv::ByteRecord::new() }));
        let is_read = vec![true; layout.columns.len()];
        Ok(Self { source, layout, last, is_read, columns })
    }

    /// Leaves the values of all other columns empty.
    pub(super) fn read_only<const N: usize>(&mut self, columns: [usize; N]) {
        for (at, is_read) in self.is_read.iter_mut().enumerate() {
            *is_read = columns.contains(&at);
        }
    }

    /// The names in the header; with JSON Lines, all columns of the layout.
    pub(crate) fn header(&self) -> Vec<String> {
        self.layout.columns.iter().filter(|c| !self.columns.absent.contains(c)).cloned().collect()
    }

    /// A row with its place and the values of the mapping.
    fn whole(&self, place: RowPlace, mut row: Row) -> Row {
        self.layout.fill(&mut row, &self.is_read);
        Row { place, ..row }
    }

    /// The next row that is not empty; `None` at the end. After an error the rest of the file cannot be read.
    pub(crate) fn next(&mut self) -> Result<Option<RowResult>, Refusal> {
        loop {
            let (number, begins) = (self.last.row + 1, self.last.line + 1);
            let next = RowPlace { row: number, line: begins };
            let (line, row) = match &mut self.source {
                Source::Csv(source) => {
                    let CsvSource { reader, bytes, lines, places, record } = &mut **source;
                    let more = reader.read_byte_record(record).map_err(|e| unreadable(&e, next))?;
                    bytes.next_row();
                    if !more || is_the_end(record) {
                        return Ok(None);
                    }
                    if record.as_slice().len() > ROW_BYTES_MAX || runs_over_the_end(record) {
                        return Err(Refusal::RowEndless { row: number, line: begins });
                    }
                    self.last = RowPlace { row: number, line: lines.last_line(reader.position().byte()) };
                    if record.iter().all(|field| field.trim_ascii().is_empty()) {
                        continue;
                    }
                    let line = self.last.line - line_ends(record);
                    let expected = (places.as_mut_slice(), self.is_read.as_slice());
                    let row =
                        from_csv(record, expected, &self.layout, &mut self.columns.unknown, [line, self.last.line]);
                    (line, row)
                }
                Source::Sheet(source) => {
                    let next = source.next(&self.layout, &self.is_read, &mut self.columns)?;
                    let Some((place, row)) = next else { return Ok(None) };
                    self.last = place;
                    return Ok(Some(row.map(|row| self.whole(place, row)).map_err(|rejection| (place, rejection))));
                }
                Source::JsonLines { reader, line } => {
                    let Some(lines) = read_line(reader, line, next)? else { return Ok(None) };
                    self.last = RowPlace { row: number, line: self.last.line + lines };
                    let unknown = &mut self.columns.rows_with_unknown_keys;
                    (self.last.line, from_json(line, &self.layout, &self.is_read, unknown))
                }
            };
            let place = RowPlace { row: number, line };
            return Ok(Some(row.map(|row| self.whole(place, row)).map_err(|rejection| (place, rejection))));
        }
    }
}

/// The first line with its end, but no more than a row may have and one byte.
fn first_line(input: &mut impl BufRead) -> Result<Vec<u8>, Refusal> {
    let mut line = Vec::new();
    let limit = u64::try_from(ROW_BYTES_MAX).unwrap_or(u64::MAX) + 1;
    input.take(limit).read_until(b'\n', &mut line).map_err(|e| Refusal::HeaderUnreadable { detail: e.to_string() })?;
    Ok(line)
}

/// The delimiter that occurs most often; a comma if none occurs.
fn delimiter(line: &[u8]) -> u8 {
    let count = |delimiter: u8| line.split(|b| *b == delimiter).count();
    // The last of several maxima is taken.
    *b"\t;,".iter().max_by_key(|delimiter| count(**delimiter)).unwrap_or(&b',')
}

/// The delimiter that a first line `sep=;` names, as spreadsheets write it.
fn named_delimiter(line: &[u8]) -> Option<u8> {
    match line.trim_ascii_end() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter @ (b',' | b';' | b'|')] => Some(*delimiter),
        // The tab was trimmed.
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'='] => Some(b'\t'),
        _ => None,
    }
}

fn unreadable(error: &csv::Error, RowPlace { row, line }: RowPlace) -> Refusal {
    if is_too_long(error) {
        Refusal::RowEndless { row, line }
    } else {
        Refusal::RowUnreadable { row, line, detail: error.to_string() }
    }
}

fn is_too_long(error: &csv::Error) -> bool {
    matches!(error.kind(), csv::ErrorKind::Io(io) if io.kind() == ErrorKind::FileTooLarge)
}

/// The number of lines in a field that look like rows: an unclosed quote has included them. `None` if no line does.
fn further_rows(field: &[u8], columns: usize) -> Option<usize> {
    if !field.contains(&b'\n') {
        return None;
    }
    let like_a_row = |line: &&[u8]| line.iter().filter(|b| matches!(b, b',' | b';' | b'\t')).count() * 2 >= columns;
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
    (places, is_read): (&mut [Place], &[bool]),
    layout: &Layout,
    unknown: &mut Vec<String>,
    [first_line, last_line]: [u64; 2],
) -> Result<Row, Rejection> {
    if let Some(rows) = record.iter().find_map(|field| further_rows(field, places.len())) {
        let detail = Reason::OpenQuote { rows, first_line, last_line };
        return Err(Rejection::new(RejectReason::Malformed, "(row)", detail));
    }
    // Spreadsheets write empty fields after the last column.
    let found = record.iter().rposition(|field| !field.trim_ascii().is_empty()).map_or(0, |last| last + 1);
    if record.len() < places.len() || found > places.len() {
        let detail = Reason::FieldCount { found: record.len(), expected: places.len() };
        return Err(Rejection::new(RejectReason::Malformed, "(row)", detail));
    }
    let mut row = layout.empty_row();
    for (at, (field, place)) in record.iter().zip(places.iter_mut()).enumerate() {
        match *place {
            Place::Known(column) if !is_read[column] => {}
            Place::Known(column) => match std::str::from_utf8(field) {
                Ok(text) => layout.set(&mut row, column, text),
                Err(_) => layout.spoil(&mut row, column, Reason::NotUtf8),
            },
            Place::Unknown => {}
            Place::Nameless if field.trim_ascii().is_empty() => {}
            Place::Nameless => {
                unknown.push(column_letters(at));
                *place = Place::Unknown; // it is told once
            }
        }
    }
    Ok(row)
}

/// Reads the next non-blank line into `line`, and returns the number of lines that were read for it; `None` at the end. Of a line
/// that is too long, the rest is skipped.
fn read_line(
    reader: &mut BufReader<Box<dyn Read + Send>>,
    line: &mut Vec<u8>,
    next: RowPlace,
) -> Result<Option<u64>, Refusal> {
    let failed = |e: std::io::Error| Refusal::RowUnreadable { row: next.row, line: next.line, detail: e.to_string() };
    for lines in 1.. {
        line.clear();
        let mut some = false;
        loop {
            let buffer = reader.fill_buf().map_err(failed)?;
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
            break;
        }
        if !line.trim_ascii().is_empty() {
            return Ok(Some(lines));
        }
    }
    Ok(None)
}

fn from_json(
    line: &[u8],
    layout: &Layout,
    is_read: &[bool],
    rows_with_unknown_keys: &mut u64,
) -> Result<Row, Rejection> {
    let malformed = |detail| Rejection::new(RejectReason::Malformed, "(row)", detail);
    if line.len() > ROW_BYTES_MAX {
        return Err(malformed(Reason::RowTooLong { most: ROW_BYTES_MAX }));
    }
    let line = line.strip_prefix(BOM).unwrap_or(line);
    let Pairs(pairs) = serde_json::from_slice(line).map_err(|_| malformed(Reason::NotAnObject))?;
    let mut row = layout.empty_row();
    let mut filled = vec![false; layout.columns.len()];
    let mut is_unknown = false;
    for (name, value) in pairs {
        let Some(at) = layout.recognise(&name) else {
            is_unknown = true;
            continue;
        };
        if std::mem::replace(&mut filled[at], true) {
            layout.spoil(&mut row, at, Reason::KeyTwice);
            continue;
        }
        let text = match value {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
            // A number with a fraction, or a large one, has lost digits when it was read.
            serde_json::Value::Number(_)
            | serde_json::Value::Bool(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => {
                layout.spoil(&mut row, at, Reason::NotAValue);
                continue;
            }
        };
        if is_read[at] {
            layout.set(&mut row, at, &text);
        }
    }
    *rows_with_unknown_keys += u64::from(is_unknown);
    Ok(row)
}

/// The members of a JSON object in their order, each key as often as it stands there.
struct Pairs(Vec<(String, serde_json::Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Pairs;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Members)
    }
}
