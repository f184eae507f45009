//! ODS (`OpenDocument` 1.3, part 3): the sheets of a document, and the rows of one sheet while they are read.

use std::{
    collections::HashSet,
    io::{self, Read},
};

use super::{
    archive::{Archive, Unpacked},
    cells::{Area, Areas, COLUMNS_MAX, ROW_BYTES_MAX, ROWS_MAX, SheetRow},
    sheet::Sheet,
    xml::{Token, Xml, attribute, push_text},
};
use crate::domain::{
    import::{
        SheetFault,
        cell::{NumberFormat, error, number},
    },
    reason::CellFault,
};

const CONTENT: &str = "content.xml";
const TABLE: &[u8] = b"table:table";
const SHEETS_MAX: usize = 1_000;
/// The most rows that one element stands for, if it has values. Excel repeats no row that has.
const REPEATED_MAX: u64 = 10_000;

/// The sheets of a document.
pub(super) fn sheets(archive: &Archive) -> io::Result<Vec<Sheet>> {
    let mut xml = Xml::new(archive.read(CONTENT)?);
    let (mut sheets, mut hidden, mut style, mut depth) = (Vec::new(), HashSet::new(), None, 0);
    while let Some(token) = xml.next()? {
        match token {
            Token::Open { name: b"style:style", attributes, .. } => style = attribute(attributes, b"style:name"),
            Token::Open { name: b"style:table-properties", attributes, .. } => {
                let is_hidden = attribute(attributes, b"table:display").is_some_and(|display| display == "false");
                hidden.extend(style.take().filter(|_| is_hidden));
            }
            Token::Open { name: TABLE, attributes, is_empty } => {
                if depth == 0 {
                    let part = sheets.len().to_string();
                    let name = attribute(attributes, b"table:name").unwrap_or_default();
                    let is_hidden =
                        attribute(attributes, b"table:style-name").is_some_and(|style| hidden.contains(&style));
                    sheets.push(Sheet { name, is_hidden, part });
                }
                depth += u64::from(!is_empty);
            }
            Token::Close(TABLE) => depth = depth.saturating_sub(1),
            Token::Open { .. } | Token::Close(_) | Token::Text(_) | Token::Literal(_) => {}
        }
        if sheets.len().max(hidden.len()) > SHEETS_MAX {
            return Err(SheetFault::TooMany.into());
        }
    }
    Ok(sheets)
}

/// The rows of one sheet.
pub(in crate::engine::import) struct Rows {
    xml: Xml<Unpacked>,
    /// The number of the last row.
    last: u64,
    /// How often the row that was read last comes again.
    repeats: u64,
    has_ended: bool,
    pub(super) merged: Areas,
    text: Vec<u8>,
}

/// A cell without its text.
#[derive(Default)]
struct CellHead {
    repeated: usize,
    spans: (u64, usize),
    kind: String,
    value: Option<String>,
    has_formula: bool,
}

impl Rows {
    /// The rows of the sheet that has this number of sheets before it.
    pub(super) fn new(archive: &Archive, before: &str) -> io::Result<Self> {
        let mut before: usize = before.parse().map_err(|_| SheetFault::Damaged)?;
        let mut xml = Xml::new(archive.read(CONTENT)?);
        let mut has_ended = false;
        while let Some(token) = xml.next()? {
            let Token::Open { name: TABLE, is_empty, .. } = token else { continue };
            if before == 0 {
                has_ended = is_empty;
                break;
            }
            before -= 1;
            if !is_empty {
                skip(&mut xml)?;
            }
        }
        Ok(Self { xml, last: 0, repeats: 0, has_ended, merged: Areas::default(), text: Vec::new() })
    }

    /// Reads the next row; `false` at the end. `is_read`: whether the cells of a column are read; the others have no value.
    pub(super) fn next(&mut self, row: &mut SheetRow, is_read: &dyn Fn(usize) -> bool) -> io::Result<bool> {
        if self.repeats > 0 {
            self.repeats -= 1;
            self.last += 1;
            row.number = self.last;
            return Ok(true);
        }
        while !self.has_ended {
            match self.xml.next()?.ok_or(SheetFault::Damaged)? {
                Token::Open { name: b"table:table-row", attributes, is_empty } => {
                    let repeated = attribute(attributes, b"table:number-rows-repeated");
                    let repeated = repeated.map_or(Some(1), |number| number.parse().ok()).ok_or(SheetFault::Damaged)?;
                    let is_hidden = attribute(attributes, b"table:visibility").is_some_and(|how| how != "visible");
                    self.last += 1;
                    row.begin(self.last, is_hidden);
                    if !is_empty {
                        self.cells(row, is_read)?;
                    }
                    if row.cells.is_empty() && !row.is_too_long {
                        self.last = self.last.saturating_add(repeated - u64::from(repeated > 0));
                        continue;
                    }
                    self.repeats = repeated.saturating_sub(1);
                    if self.last.saturating_add(self.repeats) > ROWS_MAX || self.repeats > REPEATED_MAX {
                        return Err(SheetFault::TooMany.into());
                    }
                    return Ok(true);
                }
                Token::Open {
                    name:
                        b"table:table-header-rows" | b"table:table-rows" | b"table:table-row-group" | b"table:table-column",
                    ..
                } => {}
                Token::Open { is_empty: false, .. } => skip(&mut self.xml)?,
                Token::Close(TABLE) => self.has_ended = true,
                Token::Open { .. } | Token::Close(_) | Token::Text(_) | Token::Literal(_) => {}
            }
        }
        Ok(false)
    }

    fn cells(&mut self, row: &mut SheetRow, is_read: &dyn Fn(usize) -> bool) -> io::Result<()> {
        let mut column = 0_usize;
        loop {
            let (mut head, is_empty) = match self.xml.next()?.ok_or(SheetFault::Damaged)? {
                Token::Open {
                    name: b"table:table-cell" | b"table:covered-table-cell", attributes, is_empty, ..
                } => (head(attributes)?, is_empty),
                Token::Open { is_empty: false, .. } => {
                    skip(&mut self.xml)?;
                    continue;
                }
                Token::Close(b"table:table-row") => return Ok(()),
                Token::Open { .. } | Token::Close(_) | Token::Text(_) | Token::Literal(_) => continue,
            };
            self.text.clear();
            if !is_empty {
                self.text_of()?;
            }
            if head.spans != (1, 1) {
                let rows = (self.last, self.last.saturating_add(head.spans.0 - 1));
                self.merged.add(Area { rows, columns: (column, column.saturating_add(head.spans.1 - 1)) })?;
            }
            let end = column.saturating_add(head.repeated);
            if let Some(value) = value(&mut head, &self.text) {
                if end > COLUMNS_MAX {
                    return Err(SheetFault::TooMany.into());
                }
                let value = value.as_ref().map(Vec::as_slice).map_err(|fault| *fault);
                (column..end).filter(|column| is_read(*column)).for_each(|column| row.add(column, value));
            }
            column = end;
        }
    }

    /// Reads the paragraphs of a cell to its end. Notes and drawings are left out.
    fn text_of(&mut self) -> io::Result<()> {
        let (mut depth, mut is_first) = (0_u32, true);
        loop {
            match self.xml.next()?.ok_or(SheetFault::Damaged)? {
                Token::Open { name: b"text:p" | b"text:h", is_empty, .. } => {
                    if !std::mem::take(&mut is_first) {
                        self.text.push(b'\n');
                    }
                    depth += u32::from(!is_empty);
                }
                Token::Open { name: b"text:s", attributes, is_empty } => {
                    let count = attribute(attributes, b"text:c").map_or(Some(1), |count| count.parse().ok());
                    let count: usize = count.ok_or(SheetFault::Damaged)?;
                    self.text.extend(std::iter::repeat_n(b' ', count.min(ROW_BYTES_MAX)));
                    depth += u32::from(!is_empty);
                }
                Token::Open { name: b"text:tab" | b"text:line-break", is_empty, .. } => {
                    self.text.push(b'\n');
                    depth += u32::from(!is_empty);
                }
                Token::Open { name: b"text:span" | b"text:a", is_empty, .. } => depth += u32::from(!is_empty),
                Token::Open { is_empty: false, .. } => skip(&mut self.xml)?,
                Token::Close(_) if depth == 0 => return Ok(()),
                Token::Close(_) => depth -= 1,
                Token::Text(raw) if depth > 0 => push_text(raw, &mut self.text)?,
                Token::Literal(raw) if depth > 0 => self.text.extend_from_slice(raw),
                Token::Open { .. } | Token::Text(_) | Token::Literal(_) => {}
            }
            self.text.truncate(ROW_BYTES_MAX + 1); // more than a row may have
        }
    }
}

/// Passes over the rest of an element that was opened.
fn skip(xml: &mut Xml<impl Read>) -> io::Result<()> {
    let mut depth = 1_u64;
    while depth > 0 {
        match xml.next()?.ok_or(SheetFault::Damaged)? {
            Token::Open { is_empty: false, .. } => depth += 1,
            Token::Close(_) => depth -= 1,
            Token::Open { .. } | Token::Text(_) | Token::Literal(_) => {}
        }
    }
    Ok(())
}

fn head(tag: &[u8]) -> io::Result<CellHead> {
    let mut head = CellHead { repeated: 1, spans: (1, 1), ..CellHead::default() };
    for (name, raw) in super::xml::attributes(tag) {
        let text = || {
            let mut text = Vec::new();
            push_text(raw, &mut text)?;
            String::from_utf8(text).map_err(|_| io::Error::from(SheetFault::Damaged))
        };
        let count = || {
            text()?.parse::<u64>().ok().filter(|count| *count > 0).ok_or_else(|| io::Error::from(SheetFault::Damaged))
        };
        let columns = || count().map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        match name {
            b"table:number-columns-repeated" => head.repeated = columns()?,
            b"table:number-columns-spanned" => head.spans.1 = columns()?,
            b"table:number-rows-spanned" => head.spans.0 = count()?,
            b"table:formula" => head.has_formula = true,
            b"calcext:value-type" if raw == b"error" => "error".clone_into(&mut head.kind),
            b"office:value-type" if head.kind.is_empty() => head.kind = text()?,
            b"office:value" | b"office:date-value" | b"office:string-value" => head.value = Some(text()?),
            _ => {}
        }
    }
    Ok(head)
}

/// What a cell has; `None` for nothing. `shown` is the text that a person sees.
fn value(head: &mut CellHead, shown: &[u8]) -> Option<Result<Vec<u8>, CellFault>> {
    let shown_text = || std::str::from_utf8(shown).unwrap_or_default();
    Some(match &*head.kind {
        "" if head.has_formula && shown.is_empty() => Err(CellFault::NotCalculated),
        "" if shown.is_empty() => return None,
        "error" => Err(error(shown_text())),
        "boolean" => Err(CellFault::Boolean),
        "time" => Err(CellFault::TimeOfDay),
        "date" => match head.value.take() {
            Some(value) => Ok(value.trim_end_matches("T00:00:00").to_owned().into_bytes()),
            None => Err(CellFault::NotADay),
        },
        "float" | "percentage" | "currency" => match head.value.take() {
            // The zeros in front that its format shows.
            Some(value) if is_padded(&value, shown_text()) => Ok(shown.to_owned()),
            Some(value) => number(&value, NumberFormat::Number, false).map(String::into_bytes),
            None => Err(CellFault::NotCalculated),
        },
        _ if shown.starts_with(b"#") || shown.starts_with(b"Err:") => {
            let fault = error(shown_text());
            if fault == CellFault::OtherError && !head.has_formula { Ok(shown.to_owned()) } else { Err(fault) }
        }
        _ => Ok(head.value.take().map_or_else(|| shown.to_owned(), String::into_bytes)),
    })
}

/// Whether what is shown is the whole number with zeros in front.
fn is_padded(value: &str, shown: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.len() <= 15 && text.bytes().all(|b| b.is_ascii_digit());
    shown.len() > value.len() && is_number(value) && is_number(shown) && shown.trim_start_matches('0') == value
}
