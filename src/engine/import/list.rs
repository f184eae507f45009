//! A waiting list that was opened: text, or one sheet of a spreadsheet. It is read twice.

use std::{
    path::Path,
    sync::{Arc, PoisonError},
};

use super::{
    fault::fault_of,
    format::Format,
    list_file::ListFile,
    old_spreadsheet,
    opened::{Encoding, opened},
    photos::PhotoPlace,
    report::Import,
    rows::Rows,
    spreadsheet::{Archive, KeptRows, Sheet, SheetRows, Spreadsheet, ZIP},
};
use crate::domain::{
    card::profile::CardProfile,
    import::{FileForm, Layout, SheetFault},
    refusal::{FileRefusal, Refusal},
};

/// The lines above a heading in which a spreadsheet may have a title.
const TITLE_LINES_MAX: u64 = 10;
/// The sheets in which a heading below a title is looked for, and the characters of the names of sheets that are told.
const SHEETS_SEARCHED: usize = 20;
const NAME_MAX: usize = 60;
const DIGITS_MAX: usize = 8;

/// The names of lists in an archive, and the largest spreadsheet in one.
const LISTS: [&str; 9] = ["csv", "txt", "tsv", "jsonl", "ndjson", "json", "xlsx", "xlsm", "ods"];
const PACKED_MAX: u64 = 64 << 20;

/// How a list is read.
pub(super) struct HowToRead {
    pub(super) format: Format,
    pub(super) encoding: Option<Encoding>,
    pub(super) sheet: Option<String>,
    pub(super) skipped_lines: u64,
}

impl HowToRead {
    pub(super) fn of(what: &Import) -> Self {
        let (format, encoding, sheet) = (what.format, what.encoding, what.sheet.clone());
        Self { format, encoding, sheet, skipped_lines: what.skip_lines }
    }
}

/// A list, and how it is read.
pub(super) struct List {
    file: ListFile,
    how: HowToRead,
    layout: Layout,
    profile: Arc<CardProfile>,
    /// The spreadsheet, and the sheet of it that is read.
    book: Option<(Spreadsheet, Sheet)>,
    /// The archive with photos, and the name of the list in it.
    packed: Option<(Arc<Archive>, String)>,
    /// The rows of a short sheet that were judged.
    kept: KeptRows,
}

impl List {
    /// Opens a list, and refuses a file that is not of its format.
    pub(super) fn open(
        file: ListFile,
        how: HowToRead,
        layout: Layout,
        profile: Arc<CardProfile>,
    ) -> Result<Self, Refusal> {
        let unreadable = |e: std::io::Error| Refusal::HeaderUnreadable { detail: e.to_string() };
        let head = file.head(ZIP.len().max(old_spreadsheet::MARK.len())).map_err(unreadable)?;
        let wrong = |form| Err(Refusal::FileForm { form });
        if head.starts_with(old_spreadsheet::MARK) {
            return wrong(old_spreadsheet::form(&file));
        }
        let is_archive = head.starts_with(ZIP);
        let is_text = matches!(how.format, Format::Csv | Format::JsonLines);
        if !is_archive && !is_text {
            return wrong(FileForm::of(&head, false).unwrap_or(FileForm::Text));
        }
        let mut list = Self { file, how, layout, profile, book: None, packed: None, kept: KeptRows::default() };
        if is_archive {
            list.open_archive()?;
        }
        if list.book.is_none() && list.how.sheet.is_some() {
            return Err(Refusal::File(FileRefusal::OfText));
        }
        Ok(list)
    }

    fn open_archive(&mut self) -> Result<(), Refusal> {
        let archive = archive(&self.file).map_err(|error| match self.how.format {
            Format::Csv | Format::JsonLines => Refusal::FileForm { form: FileForm::Archive },
            Format::Xlsx | Format::Ods | Format::Zip => fault_of(&error).into(),
        })?;
        let form = archive.form();
        match (form, self.how.format) {
            (FileForm::Archive, Format::Zip) => self.open_packed(archive),
            (FileForm::Xlsx, Format::Xlsx) | (FileForm::Ods, Format::Ods) => self.open_book(archive),
            _ => Err(Refusal::FileForm { form }),
        }
    }

    /// Opens the list in an archive. Its own format is that of its name.
    fn open_packed(&mut self, archive: Archive) -> Result<(), Refusal> {
        let mut lists: Vec<String> = archive.names().filter(|name| is_list(name)).map(str::to_owned).collect();
        let (Some(name), true) = (lists.pop(), lists.is_empty()) else {
            let number = if lists.is_empty() { 0 } else { lists.len() as u64 + 1 };
            return Err(Refusal::File(FileRefusal::ArchiveLists { number }));
        };
        let archive = Arc::new(archive);
        self.how.format = Format::of_name(&name);
        self.packed = Some((archive.clone(), name.clone()));
        if matches!(self.how.format, Format::Xlsx | Format::Ods) {
            let bytes = archive.whole(&name, PACKED_MAX).map_err(|error| Refusal::from(fault_of(&error)))?;
            let file = ListFile::new(Box::new(std::io::Cursor::new(bytes)));
            let book = self::archive(&file).map_err(|error| Refusal::from(fault_of(&error)))?;
            let form = book.form();
            return match (form, self.how.format) {
                (FileForm::Xlsx, Format::Xlsx) | (FileForm::Ods, Format::Ods) => self.open_book(book),
                _ => Err(Refusal::FileForm { form }),
            };
        }
        Ok(())
    }

    fn open_book(&mut self, archive: Archive) -> Result<(), Refusal> {
        let is_xlsx = self.how.format == Format::Xlsx;
        let book = Spreadsheet::open(archive, is_xlsx).map_err(|error| Refusal::from(fault_of(&error)))?;
        let sheet = self.chosen(&book)?.clone();
        self.book = Some((book, sheet));
        Ok(())
    }

    /// Where the photos of the list are: beside it in its archive, or in this folder.
    pub(super) fn photos(&self, folder: &Path) -> PhotoPlace {
        match &self.packed {
            None => PhotoPlace::Folder(folder.to_owned()),
            Some((archive, name)) => {
                let beside = name.rfind('/').map_or("", |end| &name[..=end]);
                PhotoPlace::Archive(archive.clone(), beside.to_owned())
            }
        }
    }

    /// The sheet that is named; else the first one with the heading of the list, at its top or below a title; else the first one with
    /// a value. Hidden sheets are read only if they are named.
    fn chosen<'b>(&self, book: &'b Spreadsheet) -> Result<&'b Sheet, Refusal> {
        let known = || book.sheets.iter().map(|sheet| told(&sheet.name)).collect();
        if let Some(name) = &self.how.sheet {
            let named = book.sheets.iter().find(|sheet| sheet.name == *name);
            return named.ok_or_else(|| Refusal::File(FileRefusal::NoSheet { sheet: name.clone(), known: known() }));
        }
        let visible = || book.sheets.iter().filter(|sheet| !sheet.is_hidden);
        let has_heading = |sheet: &&Sheet, lines: u64| {
            self.rows_of(book, sheet, lines).is_ok_and(|rows| self.missing(&rows).is_none())
        };
        let (first, last) = (self.how.skipped_lines, self.how.skipped_lines.saturating_add(TITLE_LINES_MAX));
        let has_value = |sheet: &&Sheet| self.rows_of(book, sheet, first).map_or(true, |rows| rows.has_heading());
        visible()
            .find(|sheet| has_heading(sheet, first))
            .or_else(|| {
                let mut searched = visible().take(SHEETS_SEARCHED);
                searched.find(|sheet| (first.saturating_add(1)..=last).any(|lines| has_heading(sheet, lines)))
            })
            .or_else(|| visible().find(has_value))
            .or_else(|| visible().next())
            .ok_or(Refusal::from(SheetFault::Damaged))
    }

    fn rows_of(&self, book: &Spreadsheet, sheet: &Sheet, skipped_lines: u64) -> Result<Rows, Refusal> {
        let rows = book.rows(sheet).map_err(|error| Refusal::from(fault_of(&error)))?;
        Rows::of_sheet(rows, self.layout.clone(), skipped_lines)
    }

    fn rows_below(&self, skipped_lines: u64, is_again: bool) -> Result<Rows, Refusal> {
        let text = match &self.packed {
            Some((archive, name)) => archive.read(name).and_then(|list| opened(list, self.how.encoding)),
            None if is_again => self.file.again().and_then(|list| opened(list, self.how.encoding)),
            None => self.file.rewound().and_then(|list| opened(list, self.how.encoding)),
        };
        let text = text.map_err(|e| Refusal::HeaderUnreadable { detail: e.to_string() })?;
        Rows::new(text, self.how.format == Format::JsonLines, self.layout.clone(), skipped_lines)
    }

    /// The rows for the first time. A list without its heading is refused.
    pub(super) fn rows(&self) -> Result<Rows, Refusal> {
        let rows_below = |lines| match &self.book {
            Some((book, sheet)) => self.rows_of(book, sheet, lines),
            None => self.rows_below(lines, false),
        };
        let first = self.how.skipped_lines;
        let rows = match &self.book {
            Some((book, sheet)) => {
                let rows = book.rows(sheet).map_err(|error| Refusal::from(fault_of(&error)))?;
                Rows::of_sheet(rows.keeping(self.kept.clone()), self.layout.clone(), first)?
            }
            None => rows_below(first)?,
        };
        let Some(missing) = self.missing(&rows) else { return Ok(rows) };
        let is_heading = |lines: &u64| rows_below(*lines).is_ok_and(|rows| self.missing(&rows).is_none());
        let heading = (first.saturating_add(1)..=first.saturating_add(TITLE_LINES_MAX)).find(is_heading);
        Err(heading.map_or(missing, |lines| Refusal::TitleLines { lines }))
    }

    /// The rows for the first time, also of a list without required columns.
    pub(super) fn rows_without_judgement(&self) -> Result<Rows, Refusal> {
        match (self.rows(), &self.book) {
            (Err(Refusal::ColumnsMissing { .. }), Some((book, sheet))) => {
                self.rows_of(book, sheet, self.how.skipped_lines)
            }
            (Err(Refusal::ColumnsMissing { .. }), None) => self.rows_below(self.how.skipped_lines, false),
            (rows, _) => rows,
        }
    }

    /// The encoding of a text.
    pub(super) fn encoding(&self) -> Option<&'static str> {
        let is_marked =
            || self.packed.is_none() && self.file.head(2).is_ok_and(|head| matches!(&*head, b"\xff\xfe" | b"\xfe\xff"));
        match self.how.encoding {
            _ if self.book.is_some() => None,
            Some(encoding) => Some(encoding.as_str()),
            None if is_marked() => Some(Encoding::Utf16.as_str()),
            None => Some("utf-8"),
        }
    }

    /// The rows again. The file must have the same bytes.
    pub(super) fn rows_again(&self) -> Result<Rows, Refusal> {
        match &self.book {
            Some((book, sheet)) => {
                let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(rows) = kept {
                    return Rows::of_sheet(SheetRows::of_kept(rows), self.layout.clone(), self.how.skipped_lines);
                }
                self.file.again().map_err(|_| Refusal::ListChanged)?;
                self.rows_of(book, sheet, self.how.skipped_lines)
            }
            None => self.rows_below(self.how.skipped_lines, true),
        }
    }

    /// Whether the file had other bytes when it was read again.
    pub(super) fn has_changed(&self) -> bool {
        self.file.has_changed()
    }

    /// The names of the sheet that is read and of the others, as they are told.
    pub(super) fn sheets(&self) -> (Option<String>, Vec<String>) {
        let Some((book, read)) = &self.book else { return (None, Vec::new()) };
        let others = book.sheets.iter().filter(|sheet| *sheet != read).map(|sheet| told(&sheet.name));
        (Some(told(&read.name)), others.collect())
    }

    /// The refusal of a list without required columns.
    fn missing(&self, rows: &Rows) -> Option<Refusal> {
        let (layout, header) = (&self.layout, rows.header());
        let missing = layout.missing_from(&header, self.profile.photo);
        if missing.is_empty() {
            return None;
        }
        Some(Refusal::ColumnsMissing {
            no_header: missing.len() == layout.columns.len() || header.len() <= 1,
            columns: missing.into_iter().map(str::to_owned).collect(),
            profile: self.profile.name.clone(),
        })
    }
}

/// The archive in a file.
fn archive(file: &ListFile) -> std::io::Result<Archive> {
    let length = file.digested()?;
    Archive::open(file.clone(), length)
}

/// Whether a file in an archive is a list by its name. What macOS adds is none.
fn is_list(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    let end = file.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
    let is_named = end.is_some_and(|end| LISTS.contains(&end.as_str()));
    is_named && !file.starts_with('.') && !name.starts_with("__MACOSX/")
}

/// The name of a sheet in a message. It is cut, and a number in it that may be a person's is left out.
fn told(name: &str) -> String {
    let shown: String = name.chars().filter(|c| !crate::domain::hidden::is_unseen(*c)).take(NAME_MAX).collect();
    let is_number = |part: &str| part.len() >= DIGITS_MAX && part.bytes().all(|b| b.is_ascii_digit());
    if shown.split(|c: char| !c.is_ascii_digit()).any(is_number) { "…".to_owned() } else { shown }
}
