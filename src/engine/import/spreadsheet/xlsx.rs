//! XLSX (ECMA-376): the sheets of a workbook, their texts and formats, and the rows of one sheet while they are read.

use std::{
    collections::HashMap,
    io::{self, Cursor, Read},
    sync::Arc,
};

use super::{
    archive::{Archive, Unpacked},
    cells::{Area, Areas, COLUMNS_MAX, ROW_BYTES_MAX, ROWS_MAX, SheetRow, place},
    sheet::Sheet,
    xml::{Token, Xml, attribute, attributes, local, push_text},
};
use crate::domain::{
    import::{
        SheetFault,
        cell::{NumberFormat, error, number},
    },
    reason::CellFault,
};

/// The largest part that is read as a whole, and the most sheets and formats.
const PART_MAX: u64 = 16 << 20;
const SHEETS_MAX: usize = 1_000;
const FORMATS_MAX: usize = 65_536;
/// The most bytes of the texts of a workbook: a list of a million rows has half of it.
const TEXTS_BYTES_MAX: usize = 256 << 20;

const WORKBOOK: &str = "xl/workbook.xml";

/// A workbook without its rows.
pub(super) struct Workbook {
    pub(super) sheets: Vec<Sheet>,
    /// The texts of cells one after another, and where each ends.
    texts: Vec<u8>,
    ends: Vec<u32>,
    formats: Vec<NumberFormat>,
    is_1904: bool,
}

impl Workbook {
    pub(super) fn open(archive: &Archive) -> io::Result<Self> {
        let links = links(archive)?;
        let (sheets, is_1904) = sheets(archive, &links)?;
        let of_kind = |kind: &str| links.values().find(|link| link.kind == kind).map(|link| link.part.as_str());
        let formats = of_kind("styles")
            .filter(|part| archive.has(part))
            .map_or(Ok(Vec::new()), |part| formats(Xml::new(Cursor::new(archive.whole(part, PART_MAX)?))))?;
        let (texts, ends) = of_kind("sharedStrings")
            .filter(|part| archive.has(part))
            .map_or(Ok((Vec::new(), Vec::new())), |part| texts(Xml::new(archive.read(part)?)))?;
        Ok(Self { sheets, texts, ends, formats, is_1904 })
    }

    fn text(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.texts[start as usize..end as usize])
    }
}

/// What a relationship of the workbook names.
struct Link {
    kind: String,
    part: String,
}

fn links(archive: &Archive) -> io::Result<HashMap<String, Link>> {
    let mut links = HashMap::new();
    let mut xml = Xml::new(Cursor::new(archive.whole("xl/_rels/workbook.xml.rels", PART_MAX)?));
    while let Some(token) = xml.next()? {
        let Token::Open { name, attributes, .. } = token else { continue };
        let [id, kind, target] = [&b"Id"[..], b"Type", b"Target"].map(|name| attribute(attributes, name));
        if local(name) != b"Relationship" {
            continue;
        }
        let (Some(id), Some(kind), Some(target)) = (id, kind, target) else { return Err(SheetFault::Damaged.into()) };
        let part = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
        let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
        links.insert(id, Link { kind, part });
        if links.len() > 2 * SHEETS_MAX {
            return Err(SheetFault::TooMany.into());
        }
    }
    Ok(links)
}

fn sheets(archive: &Archive, links: &HashMap<String, Link>) -> io::Result<(Vec<Sheet>, bool)> {
    let mut xml = Xml::new(Cursor::new(archive.whole(WORKBOOK, PART_MAX)?));
    let (mut sheets, mut is_1904) = (Vec::new(), false);
    while let Some(token) = xml.next()? {
        let Token::Open { name, attributes: tag, .. } = token else { continue };
        match local(name) {
            b"workbookPr" => is_1904 = attribute(tag, b"date1904").is_some_and(|value| is_true(value.as_bytes())),
            b"sheet" => {
                let link = attributes(tag).find(|(name, _)| name.ends_with(b":id"));
                let link = link.and_then(|(_, id)| links.get(std::str::from_utf8(id).ok()?));
                let is_hidden = attribute(tag, b"state").is_some_and(|state| state != "visible");
                let (Some(name), Some(link)) = (attribute(tag, b"name"), link) else {
                    return Err(SheetFault::Damaged.into());
                };
                // The other kinds are charts and dialogues.
                if link.kind == "worksheet" {
                    sheets.push(Sheet { name, is_hidden, part: link.part.clone() });
                }
            }
            _ => {}
        }
        if sheets.len() > SHEETS_MAX {
            return Err(SheetFault::TooMany.into());
        }
    }
    Ok((sheets, is_1904))
}

fn is_true(value: &[u8]) -> bool {
    matches!(value, b"1" | b"true")
}

/// The number format of each style.
fn formats(mut xml: Xml<impl Read>) -> io::Result<Vec<NumberFormat>> {
    let (mut codes, mut formats, mut is_in_styles) = (HashMap::new(), Vec::new(), false);
    while let Some(token) = xml.next()? {
        match token {
            Token::Open { name, attributes: tag, .. } => match local(name) {
                b"numFmt" => {
                    let id = attribute(tag, b"numFmtId").and_then(|id| id.parse::<u32>().ok());
                    if let (Some(id), Some(code)) = (id, attribute(tag, b"formatCode")) {
                        codes.insert(id, NumberFormat::of_code(&code));
                    }
                }
                b"cellXfs" => is_in_styles = true,
                b"xf" if is_in_styles => {
                    let id = attribute(tag, b"numFmtId").and_then(|id| id.parse::<u32>().ok()).unwrap_or_default();
                    let format = codes.get(&id).copied().or_else(|| NumberFormat::of_number(id));
                    formats.push(format.unwrap_or_default());
                }
                _ => {}
            },
            Token::Close(name) if local(name) == b"cellXfs" => is_in_styles = false,
            Token::Close(_) | Token::Text(_) | Token::Literal(_) => {}
        }
        if formats.len().max(codes.len()) > FORMATS_MAX {
            return Err(SheetFault::TooMany.into());
        }
    }
    Ok(formats)
}

/// The texts that cells share, and where each ends.
fn texts(mut xml: Xml<Unpacked>) -> io::Result<(Vec<u8>, Vec<u32>)> {
    let (mut texts, mut ends, mut reader) = (Vec::new(), Vec::new(), TextReader::default());
    let mut item = Vec::new();
    while let Some(token) = xml.next()? {
        match token {
            Token::Open { name, is_empty, .. } if local(name) == b"si" => {
                item.clear();
                if is_empty {
                    ends.push(u32::try_from(texts.len()).map_err(|_| SheetFault::TextsTooLarge)?);
                }
            }
            Token::Close(name) if local(name) == b"si" => {
                unescape(&mut item);
                texts.extend_from_slice(&item);
                ends.push(u32::try_from(texts.len()).map_err(|_| SheetFault::TextsTooLarge)?);
            }
            Token::Open { .. } | Token::Close(_) | Token::Text(_) | Token::Literal(_) => {
                reader.take(token, &mut item)?;
            }
        }
        if texts.len() + item.len() + 4 * ends.len() > TEXTS_BYTES_MAX {
            return Err(SheetFault::TextsTooLarge.into());
        }
    }
    Ok((texts, ends))
}

/// Reads a text that may have several parts, each with a font of its own. How it is pronounced is left out.
#[derive(Default)]
struct TextReader {
    is_in_text: bool,
    is_in_pronunciation: bool,
}

impl TextReader {
    fn take(&mut self, token: Token<'_>, text: &mut Vec<u8>) -> io::Result<()> {
        match token {
            Token::Open { name, is_empty: false, .. } => match local(name) {
                b"t" => self.is_in_text = true,
                b"rPh" => self.is_in_pronunciation = true,
                _ => {}
            },
            Token::Close(name) => match local(name) {
                b"t" => self.is_in_text = false,
                b"rPh" => self.is_in_pronunciation = false,
                _ => {}
            },
            Token::Text(raw) if self.is_in_text && !self.is_in_pronunciation => push_text(raw, text)?,
            Token::Literal(raw) if self.is_in_text && !self.is_in_pronunciation => text.extend_from_slice(raw),
            Token::Open { .. } | Token::Text(_) | Token::Literal(_) => {}
        }
        Ok(())
    }
}

/// Puts the characters in the place of what XLSX writes for those that XML does not have, such as `_x000D_`.
fn unescape(text: &mut Vec<u8>) {
    if !text.contains(&b'_') {
        return;
    }
    let (mut from, mut plain) = (0, Vec::with_capacity(text.len()));
    while let Some(byte) = text.get(from) {
        let escaped = text.get(from..from + 7).and_then(escaped);
        if let Some(character) = escaped {
            plain.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            from += 7;
        } else {
            plain.push(*byte);
            from += 1;
        }
    }
    *text = plain;
}

fn escaped(part: &[u8]) -> Option<char> {
    let digits = part.strip_prefix(b"_x")?.strip_suffix(b"_")?;
    let is_code = digits.iter().all(u8::is_ascii_hexdigit);
    char::from_u32(u32::from_str_radix(std::str::from_utf8(digits).ok().filter(|_| is_code)?, 16).ok()?)
}

/// The rows of one sheet.
pub(in crate::engine::import) struct Rows {
    workbook: Arc<Workbook>,
    xml: Xml<Unpacked>,
    /// The number of the last row.
    last: u64,
    has_ended: bool,
    pub(super) merged: Areas,
    value: Vec<u8>,
}

/// A cell without its value.
#[derive(Clone, Copy)]
struct CellHead {
    column: usize,
    style: usize,
    kind: CellKind,
    is_empty: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CellKind {
    Number,
    Shared,
    Text,
    Inline,
    Boolean,
    Error,
    Date,
}

impl Rows {
    pub(super) fn new(workbook: Arc<Workbook>, archive: &Archive, part: &str) -> io::Result<Self> {
        let xml = Xml::new(archive.read(part)?);
        Ok(Self { workbook, xml, last: 0, has_ended: false, merged: Areas::default(), value: Vec::new() })
    }

    /// Reads the next row; `false` at the end. `is_read`: whether the cells of a column are read; the others have no value.
    pub(super) fn next(&mut self, row: &mut SheetRow, is_read: &dyn Fn(usize) -> bool) -> io::Result<bool> {
        while let Some(token) = self.xml.next()? {
            match token {
                Token::Open { name, attributes: tag, is_empty } if local(name) == b"row" && !self.has_ended => {
                    let (mut number, mut is_hidden) = (self.last + 1, false);
                    for (name, value) in attributes(tag) {
                        match name {
                            b"r" => number = digits(value).ok_or(SheetFault::Damaged)?,
                            b"hidden" => is_hidden = is_true(value),
                            _ => {}
                        }
                    }
                    if number <= self.last || number > ROWS_MAX {
                        return Err(SheetFault::Damaged.into());
                    }
                    self.last = number;
                    row.begin(number, is_hidden);
                    if !is_empty {
                        self.cells(row, is_read)?;
                    }
                    return Ok(true);
                }
                Token::Open { name, attributes, .. } if local(name) == b"mergeCell" => {
                    let area = attribute(attributes, b"ref").and_then(|name| area(&name));
                    self.merged.add(area.ok_or(SheetFault::Damaged)?)?;
                }
                Token::Close(name) if local(name) == b"sheetData" => self.has_ended = true,
                Token::Open { .. } | Token::Close(_) | Token::Text(_) | Token::Literal(_) => {}
            }
        }
        Ok(false)
    }

    fn cells(&mut self, row: &mut SheetRow, is_read: &dyn Fn(usize) -> bool) -> io::Result<()> {
        let mut next_column = 0;
        loop {
            if let Some((column, index, length)) = usual_cell(self.xml.ahead()) {
                if column < next_column || column >= COLUMNS_MAX {
                    return Err(SheetFault::Damaged.into());
                }
                self.xml.pass(length);
                next_column = column + 1;
                if is_read(column) {
                    row.add(column, Ok(self.workbook.text(index).ok_or(SheetFault::Damaged)?));
                }
                continue;
            }
            let head = match self.xml.next()?.ok_or(SheetFault::Damaged)? {
                Token::Open { name, attributes, is_empty } if local(name) == b"c" => {
                    head(attributes, next_column, is_empty)?
                }
                Token::Close(name) if local(name) == b"row" => return Ok(()),
                Token::Open { .. } | Token::Close(_) | Token::Text(_) | Token::Literal(_) => continue,
            };
            if head.column < next_column || head.column >= COLUMNS_MAX {
                return Err(SheetFault::Damaged.into());
            }
            next_column = head.column + 1;
            if !head.is_empty {
                let is_calculated = self.value_of(head.kind)?;
                if is_read(head.column) {
                    self.add(row, head, is_calculated)?;
                }
            }
        }
    }

    /// Reads the value of a cell to its end. Returns whether it has no formula, or the result of one. Only a text may be empty.
    fn value_of(&mut self, kind: CellKind) -> io::Result<bool> {
        let is_inline = kind == CellKind::Inline;
        self.value.clear();
        let (mut is_in_value, mut has_value, mut has_formula) = (false, false, false);
        let mut inline = TextReader::default();
        loop {
            let token = self.xml.next()?.ok_or(SheetFault::Damaged)?;
            match token {
                Token::Open { name, is_empty, .. } => match local(name) {
                    b"v" => (is_in_value, has_value) = (!is_empty, true),
                    b"f" => has_formula = true,
                    _ if is_inline => inline.take(token, &mut self.value)?,
                    _ => {}
                },
                Token::Close(name) => match local(name) {
                    b"c" => {
                        let has_result = has_value && (kind == CellKind::Text || !self.value.is_empty());
                        return Ok(has_result || !has_formula);
                    }
                    b"v" => is_in_value = false,
                    _ if is_inline => inline.take(token, &mut self.value)?,
                    _ => {}
                },
                Token::Text(raw) if is_in_value => push_text(raw, &mut self.value)?,
                Token::Literal(raw) if is_in_value => self.value.extend_from_slice(raw),
                Token::Text(_) | Token::Literal(_) if is_inline => inline.take(token, &mut self.value)?,
                Token::Text(_) | Token::Literal(_) => {}
            }
            if self.value.len() > ROW_BYTES_MAX {
                self.value.truncate(ROW_BYTES_MAX + 1); // more than a row may have
            }
        }
    }

    fn add(&mut self, row: &mut SheetRow, head: CellHead, is_calculated: bool) -> io::Result<()> {
        if !is_calculated {
            row.add(head.column, Err(CellFault::NotCalculated));
            return Ok(());
        }
        if matches!(head.kind, CellKind::Text | CellKind::Inline) {
            unescape(&mut self.value);
        }
        let value = self.value.as_slice();
        let plain = || std::str::from_utf8(value).unwrap_or_default().trim();
        match head.kind {
            CellKind::Shared => {
                let index = digits(value).and_then(|index| usize::try_from(index).ok());
                let text = index.and_then(|index| self.workbook.text(index)).ok_or(SheetFault::Damaged)?;
                row.add(head.column, Ok(text));
            }
            CellKind::Text | CellKind::Inline => row.add(head.column, Ok(value)),
            CellKind::Boolean | CellKind::Number if plain().is_empty() => {}
            CellKind::Boolean => row.add(head.column, Err(CellFault::Boolean)),
            CellKind::Error => row.add(head.column, Err(error(plain()))),
            CellKind::Date => row.add(head.column, Ok(plain().trim_end_matches("T00:00:00").as_bytes())),
            CellKind::Number => {
                let format = self.workbook.formats.get(head.style).copied().unwrap_or_default();
                let text = number(plain(), format, self.workbook.is_1904);
                row.add(head.column, text.as_ref().map(String::as_bytes).map_err(|fault| *fault));
            }
        }
        Ok(())
    }
}

/// The column, the shared text and the length of a cell as nearly all are written: `<c r="B2" s="1" t="s"><v>7</v></c>`.
fn usual_cell(bytes: &[u8]) -> Option<(usize, usize, usize)> {
    let rest = bytes.strip_prefix(b"<c r=\"")?;
    let letters = rest.iter().take(4).take_while(|b| b.is_ascii_uppercase()).count();
    let column = place(&rest[..letters])?.0;
    let rest = &rest[letters..];
    let row = rest.iter().take(8).take_while(|b| b.is_ascii_digit()).count();
    let mut rest = rest[row..].strip_prefix(b"\"")?;
    if let Some(style) = rest.strip_prefix(b" s=\"") {
        let digits = style.iter().take(6).take_while(|b| b.is_ascii_digit()).count();
        rest = style[digits..].strip_prefix(b"\"")?;
    }
    let value = rest.strip_prefix(b" t=\"s\"><v>")?;
    let length = value.iter().take(10).take_while(|b| b.is_ascii_digit()).count();
    let index = digits(&value[..length])?;
    let rest = value[length..].strip_prefix(b"</v></c>")?;
    Some((column, usize::try_from(index).ok()?, bytes.len() - rest.len()))
}

fn head(tag: &[u8], next_column: usize, is_empty: bool) -> io::Result<CellHead> {
    let mut head = CellHead { column: next_column, style: 0, kind: CellKind::Number, is_empty };
    for (name, value) in attributes(tag) {
        match name {
            b"r" => head.column = place(value).ok_or(SheetFault::Damaged)?.0,
            b"s" => head.style = digits(value).and_then(|style| usize::try_from(style).ok()).unwrap_or(usize::MAX),
            b"t" => {
                head.kind = match value {
                    b"s" => CellKind::Shared,
                    b"str" => CellKind::Text,
                    b"inlineStr" => CellKind::Inline,
                    b"b" => CellKind::Boolean,
                    b"e" => CellKind::Error,
                    b"d" => CellKind::Date,
                    b"n" => CellKind::Number,
                    _ => return Err(SheetFault::Damaged.into()),
                }
            }
            _ => {}
        }
    }
    Ok(head)
}

fn digits(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 10 {
        return None;
    }
    value.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0')))
}

fn area(name: &str) -> Option<Area> {
    let (first, last) = name.split_once(':').unwrap_or((name, name));
    let ((left, top), (right, bottom)) = (place(first.as_bytes())?, place(last.as_bytes())?);
    Some(Area { rows: (top, bottom), columns: (left, right) })
}
