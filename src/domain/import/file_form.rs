//! Files that are no waiting list of the format that was named, told by their first bytes.

use serde::{Deserialize, Serialize};

/// What a file is that cannot be read as the format that was named.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileForm {
    /// Text in UTF-16, as spreadsheets write "Unicode text".
    Utf16,
    /// An XLSX spreadsheet.
    Xlsx,
    /// An ODS spreadsheet.
    Ods,
    /// A ZIP archive.
    Archive,
    /// A compound file, such as an XLS spreadsheet.
    OldSpreadsheet,
    /// An XLSB spreadsheet.
    BinarySpreadsheet,
    /// A spreadsheet or an archive with a password.
    Encrypted,
    /// Text, where a spreadsheet or an archive was named.
    Text,
    /// A file compressed by gzip.
    Gzip,
    /// A PNG, JPEG or PDF file.
    Picture,
    /// JSON Lines that were named CSV.
    JsonLines,
    /// One JSON array.
    JsonArray,
    /// A page of HTML or a document of XML.
    Markup,
    /// It contains zero bytes, so it is no text.
    Binary,
}

impl FileForm {
    /// What a file with this first line is; `None` if it may be a waiting list. `is_csv`: the file is to be read as CSV.
    pub fn of(first_line: &[u8], is_csv: bool) -> Option<Self> {
        let marks: [(&[u8], Self); 10] = [
            (b"\xff\xfe", Self::Utf16),
            (b"\xfe\xff", Self::Utf16),
            (b"PK\x03\x04", Self::Archive),
            (b"\xd0\xcf\x11\xe0", Self::OldSpreadsheet),
            (b"\x1f\x8b", Self::Gzip),
            (b"\x89PNG", Self::Picture),
            (b"\xff\xd8\xff", Self::Picture),
            (b"%PDF", Self::Picture),
            (b"<", Self::Markup),
            (b"[", Self::JsonArray),
        ];
        let text = first_line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first_line).trim_ascii_start();
        if let Some((_, form)) = marks.into_iter().find(|(mark, _)| text.starts_with(mark)) {
            return Some(form);
        }
        if is_csv && text.starts_with(b"{") {
            return Some(Self::JsonLines);
        }
        // The letters of a header in UTF-16 have a zero byte each.
        let pairs = first_line.chunks_exact(2);
        match pairs.len() {
            _ if !first_line.contains(&0) => None,
            1.. if pairs.clone().all(|pair| (pair[0] == 0) != (pair[1] == 0)) => Some(Self::Utf16),
            _ => Some(Self::Binary),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_waiting_list_is_named() {
        for (line, form) in [
            (&b"PK\x03\x04\x14"[..], FileForm::Archive),
            (b"\xff\xfer\0e\0q\0", FileForm::Utf16),
            (b"r\0e\0q\0u\0e\0s\0t\0\n", FileForm::Utf16),
            (b"{\"nik\": 1}", FileForm::JsonLines),
            (b"\xef\xbb\xbf [", FileForm::JsonArray),
            (b"request_id,\0", FileForm::Binary),
            (b"\0\0\0\0", FileForm::Binary),
            (b"<html>", FileForm::Markup),
        ] {
            assert_eq!(FileForm::of(line, true), Some(form), "{}", line.escape_ascii());
        }
        assert_eq!(FileForm::of(b"request_id;nik", true), None);
        assert_eq!(FileForm::of(b"{\"nik\": 1}", false), None);
        assert_eq!(FileForm::of(b"", true), None);
    }
}
