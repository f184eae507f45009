//! Spreadsheets and archives for tests, as programs of offices write them: XLSX, ODS and ZIP.

use std::{collections::HashMap, fmt::Write as _, io::Write};

use flate2::{Compression, Crc, write::DeflateEncoder};

/// A cell.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Empty,
    /// A text, among the texts that cells share.
    Text(String),
    /// A text in the cell itself.
    Inline(String),
    /// A number as it stands in the file, in this style: 0 as a number, 1 as a date, 2 as a date with time, 3 with three digits, 4 as a time.
    Number(&'static str, usize),
    /// The result of a formula, or none.
    Formula(Option<&'static str>),
    Bool,
    Error(&'static str),
}

/// A sheet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) is_hidden: bool,
    /// The rows, and whether each is hidden. An empty one is left out of the file.
    pub(crate) rows: Vec<(Vec<Cell>, bool)>,
    /// Merged cells, such as `A2:A3`.
    pub(crate) merged: Vec<String>,
}

impl Table {
    pub(crate) fn new(name: &str, rows: impl IntoIterator<Item = Vec<Cell>>) -> Self {
        Self { name: name.into(), rows: rows.into_iter().map(|row| (row, false)).collect(), ..Self::default() }
    }

    /// The same cells as a list of CSV without quotes.
    pub(crate) fn of_csv(csv: &str) -> Self {
        let row = |line: &str| line.split(',').map(|value| Cell::Text(value.into())).collect();
        Self::new("Daftar", csv.lines().map(row))
    }

    /// With another value in a row, from 0 for the heading, and a column, from 0.
    pub(crate) fn with(mut self, row: usize, column: usize, cell: Cell) -> Self {
        self.rows[row].0[column] = cell;
        self
    }
}

fn letters(column: usize) -> String {
    let last = char::from(b'A' + u8::try_from(column % 26).unwrap_or_default());
    if column < 26 { last.into() } else { letters(column / 26 - 1) + &last.to_string() }
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The parts of an XLSX file.
pub(crate) fn xlsx_parts(tables: &[Table]) -> Vec<(String, Vec<u8>)> {
    let mut texts = Texts::default();
    let mut parts = Vec::new();
    let (mut sheets, mut links) = (String::new(), String::new());
    for (at, table) in tables.iter().enumerate() {
        let number = at + 1;
        let state = if table.is_hidden { " state=\"hidden\"" } else { "" };
        let _ = write!(
            sheets,
            "<sheet name=\"{}\" sheetId=\"{number}\"{state} r:id=\"rId{number}\"/>",
            escaped(&table.name)
        );
        let _ = write!(
            links,
            "<Relationship Id=\"rId{number}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" \
             Target=\"worksheets/sheet{number}.xml\"/>"
        );
        parts.push((format!("xl/worksheets/sheet{number}.xml"), xlsx_sheet(table, &mut texts).into_bytes()));
    }
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
    let main = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
    let link = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    for (id, kind, target) in [("rIdT", "sharedStrings", "sharedStrings.xml"), ("rIdS", "styles", "/xl/styles.xml")] {
        let _ = write!(links, "<Relationship Id=\"{id}\" Type=\"{link}/{kind}\" Target=\"{target}\"/>");
    }
    let mut shared = String::new();
    for text in &texts.all {
        let _ = write!(shared, "<si><t xml:space=\"preserve\">{}</t></si>", escaped(text));
    }
    let styles = "<numFmts><numFmt numFmtId=\"164\" formatCode=\"dd/mm/yyyy\\ hh:mm\"/><numFmt numFmtId=\"165\" formatCode=\"000\"/>\
                  </numFmts><cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/>\
                  <xf numFmtId=\"164\"/><xf numFmtId=\"165\"/><xf numFmtId=\"20\"/></cellXfs>";
    let part = |name: &str, text: String| (name.to_owned(), (head.to_owned() + &text).into_bytes());
    parts.extend([
        part("[Content_Types].xml", "<Types/>".into()),
        part(
            "xl/workbook.xml",
            format!("<workbook {main} xmlns:r=\"{link}\"><workbookPr/><sheets>{sheets}</sheets></workbook>"),
        ),
        part("xl/_rels/workbook.xml.rels", format!("<Relationships>{links}</Relationships>")),
        part("xl/sharedStrings.xml", format!("<sst {main}>{shared}</sst>")),
        part("xl/styles.xml", format!("<styleSheet {main}>{styles}</styleSheet>")),
    ]);
    parts
}

/// The texts that cells share, each once.
#[derive(Default)]
struct Texts {
    all: Vec<String>,
    places: HashMap<String, usize>,
}

impl Texts {
    fn place(&mut self, text: &str) -> usize {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        self.places.insert(text.to_owned(), self.all.len());
        self.all.push(text.to_owned());
        self.all.len() - 1
    }
}

fn xlsx_sheet(table: &Table, texts: &mut Texts) -> String {
    let mut rows = String::new();
    for (at, (cells, is_hidden)) in table.rows.iter().enumerate().filter(|(_, (cells, _))| !cells.is_empty()) {
        let number = at + 1;
        let hidden = if *is_hidden { " hidden=\"1\"" } else { "" };
        let _ = write!(rows, "<row r=\"{number}\"{hidden}>");
        for (column, cell) in cells.iter().enumerate() {
            let place = format!("{}{number}", letters(column));
            let _ = match cell {
                Cell::Empty => write!(rows, "<c r=\"{place}\" s=\"0\"/>"),
                Cell::Text(text) => {
                    write!(rows, "<c r=\"{place}\" t=\"s\"><v>{}</v></c>", texts.place(text))
                }
                Cell::Inline(text) => {
                    write!(rows, "<c r=\"{place}\" t=\"inlineStr\"><is><r><t>{}</t></r></is></c>", escaped(text))
                }
                Cell::Number(number, style) => write!(rows, "<c r=\"{place}\" s=\"{style}\"><v>{number}</v></c>"),
                Cell::Formula(Some(result)) => {
                    write!(rows, "<c r=\"{place}\" t=\"str\"><f>A1</f><v>{}</v></c>", escaped(result))
                }
                Cell::Formula(None) => write!(rows, "<c r=\"{place}\"><f>A1</f><v></v></c>"),
                Cell::Bool => write!(rows, "<c r=\"{place}\" t=\"b\"><v>1</v></c>"),
                Cell::Error(name) => write!(rows, "<c r=\"{place}\" t=\"e\"><v>{name}</v></c>"),
            };
        }
        rows += "</row>";
    }
    let mut merged = String::new();
    for area in &table.merged {
        let _ = write!(merged, "<mergeCell ref=\"{area}\"/>");
    }
    format!("<worksheet><sheetData>{rows}</sheetData><mergeCells>{merged}</mergeCells></worksheet>")
}

/// An XLSX file.
pub(crate) fn xlsx(tables: &[Table]) -> Vec<u8> {
    zip(&xlsx_parts(tables))
}

/// The parts of an ODS file.
pub(crate) fn ods_parts(tables: &[Table]) -> Vec<(String, Vec<u8>)> {
    let mut body = String::new();
    for table in tables {
        let style = if table.is_hidden { "ta2" } else { "ta1" };
        let _ = write!(
            body,
            "<table:table table:name=\"{}\" table:style-name=\"{style}\"><table:table-column/>",
            escaped(&table.name)
        );
        for (cells, is_hidden) in &table.rows {
            let hidden = if *is_hidden { " table:visibility=\"filter\"" } else { "" };
            let _ = write!(body, "<table:table-row{hidden}>");
            for cell in cells {
                body += &ods_cell(cell);
            }
            body += "<table:table-cell table:number-columns-repeated=\"16300\"/></table:table-row>";
        }
        body += "<table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell \
                 table:number-columns-repeated=\"16384\"/></table:table-row></table:table>";
    }
    let content = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<office:document-content><office:automatic-styles>\
         <style:style style:name=\"ta1\"><style:table-properties table:display=\"true\"/></style:style>\
         <style:style style:name=\"ta2\"><style:table-properties table:display=\"false\"/></style:style>\
         </office:automatic-styles><office:body><office:spreadsheet>{body}</office:spreadsheet></office:body>\
         </office:document-content>"
    );
    let mimetype = b"application/vnd.oasis.opendocument.spreadsheet".to_vec();
    let manifest = b"<manifest:manifest/>".to_vec();
    vec![
        ("mimetype".into(), mimetype),
        ("content.xml".into(), content.into_bytes()),
        ("META-INF/manifest.xml".into(), manifest),
    ]
}

fn ods_cell(cell: &Cell) -> String {
    let of = |kind: &str, more: &str, shown: &str| {
        format!("<table:table-cell office:value-type=\"{kind}\"{more}><text:p>{shown}</text:p></table:table-cell>")
    };
    match cell {
        Cell::Empty => "<table:table-cell/>".into(),
        Cell::Text(text) | Cell::Inline(text) => of("string", "", &escaped(text)),
        Cell::Number(number, 3) => of("float", &format!(" office:value=\"{number}\""), &format!("{number:0>3}")),
        Cell::Number(_, 1) => of("date", " office:date-value=\"2029-12-31\"", "31/12/29"),
        Cell::Number(_, 2) => of("date", " office:date-value=\"2029-12-31T18:00:00\"", "31/12/29 18:00"),
        Cell::Number(_, 4) => of("time", " office:time-value=\"PT12H00M00S\"", "12:00"),
        Cell::Number(number, _) => of("float", &format!(" office:value=\"{number}\""), "1E+99"),
        Cell::Formula(Some(result)) => of("string", " table:formula=\"of:=[.A1]\"", &escaped(result)),
        Cell::Formula(None) => "<table:table-cell table:formula=\"of:=[.A1]\"/>".into(),
        Cell::Bool => of("boolean", " office:boolean-value=\"true\"", "TRUE"),
        Cell::Error(name) => of("string", " calcext:value-type=\"error\"", name),
    }
}

/// An ODS file.
pub(crate) fn ods(tables: &[Table]) -> Vec<u8> {
    zip(&ods_parts(tables))
}

/// An archive of these files.
pub(crate) fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        let packed = encoder.write_all(content).and_then(|()| encoder.finish()).unwrap_or_default();
        let mut crc = Crc::new();
        crc.update(content);
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
        let at = number(archive.len());
        // Version, flags and method; time; checksum and sizes; lengths of name and extra field.
        let mut common = vec![20, 0, 0, 8, 8, 0, 0, 0, 0, 0];
        common.extend(crc.sum().to_le_bytes());
        common.extend(number(packed.len()));
        common.extend(number(content.len()));
        common.extend(&number(name.len())[..2]);
        common.extend([0, 0]);
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend(name.as_bytes());
        archive.extend(packed);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(at);
        directory.extend(name.as_bytes());
    }
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    let (count, size, at) = (number(files.len()), number(directory.len()), number(archive.len()));
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([&count[..2], &count[..2], &size, &at, &[0, 0]].concat());
    archive
}
