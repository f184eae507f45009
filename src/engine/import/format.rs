//! The formats of waiting lists.

/// The format of a waiting list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// RFC 4180 with a header; fields are separated by `,`, `;` or tabs.
    Csv,
    /// One JSON object per line.
    JsonLines,
    /// A spreadsheet of Excel (ECMA-376).
    Xlsx,
    /// A spreadsheet of `LibreOffice` (`OpenDocument`).
    Ods,
    /// A ZIP archive with one list of another format, and photos.
    Zip,
}

impl Format {
    /// All formats, with their names in requests and on the command line, and their media types.
    pub const ALL: [(Self, &str, &str); 5] = [
        (Self::Csv, "csv", "text/csv"),
        (Self::JsonLines, "jsonl", "application/x-ndjson"),
        (Self::Xlsx, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (Self::Ods, "ods", "application/vnd.oasis.opendocument.spreadsheet"),
        (Self::Zip, "zip", "application/zip"),
    ];

    /// The format that the name of a file says, also of a text that is packed.
    pub fn of_name(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        match name.rsplit_once('.').map(|(_, end)| end) {
            Some("jsonl" | "ndjson" | "json") => Self::JsonLines,
            Some("xlsx" | "xlsm") => Self::Xlsx,
            Some("ods") => Self::Ods,
            Some("zip") => Self::Zip,
            _ => Self::Csv,
        }
    }

    /// The format with this name.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(format, ..)| *format)
    }

    /// The format with this media type.
    pub fn of_media(media: &str) -> Option<Self> {
        Self::ALL.iter().find(|(.., known)| *known == media).map(|(format, ..)| *format)
    }

    /// The name in requests and on the command line.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(format, ..)| *format == self).map_or("", |(_, code, _)| code)
    }

    /// The media type.
    pub fn media(self) -> &'static str {
        Self::ALL.iter().find(|(format, ..)| *format == self).map_or("", |(.., media)| media)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_the_format_that_its_name_says() {
        let json = ["a.JSONL", "a.b.ndjson", "a.json.gz", "A.NDJSON.GZ"];
        let csv = ["a.csv", "a", "", "a.csv.gz", "a.gz", "json", "xlsx", "a.xls"];
        assert!(json.iter().all(|name| Format::of_name(name) == Format::JsonLines));
        assert!(csv.iter().all(|name| Format::of_name(name) == Format::Csv));
        assert_eq!(["A.XLSX", "a.ods", "a.zip"].map(Format::of_name), [Format::Xlsx, Format::Ods, Format::Zip]);
    }

    #[test]
    fn each_format_has_a_name_and_a_media_type() {
        for (format, code, media) in Format::ALL {
            assert_eq!((format.code(), format.media()), (code, media));
            assert_eq!((Format::of_code(code), Format::of_media(media)), (Some(format), Some(format)));
        }
    }
}
