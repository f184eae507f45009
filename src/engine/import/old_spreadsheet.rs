//! Compound files (MS-CFB): XLS spreadsheets, and newer ones with a password. They are named, and not read.

use std::io::Read;

use super::list_file::ListFile;
use crate::domain::import::FileForm;

/// The beginning of a compound file.
pub(super) const MARK: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// The bytes in which the names of its parts are looked for.
const SEARCHED: u64 = 8 << 20;
/// The part with the content of a spreadsheet that has a password.
const ENCRYPTED: &str = "EncryptedPackage";

/// Whether a compound file is a spreadsheet with a password.
pub(super) fn form(file: &ListFile) -> FileForm {
    let name: Vec<u8> = ENCRYPTED.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bytes = Vec::new();
    let read = file.rewound().and_then(|file| file.take(SEARCHED).read_to_end(&mut bytes));
    let is_encrypted = read.is_ok() && bytes.windows(name.len()).any(|part| part == name);
    if is_encrypted { FileForm::Encrypted } else { FileForm::OldSpreadsheet }
}
