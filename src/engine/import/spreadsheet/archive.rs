//! A ZIP archive: its directory, and its files while they are unpacked.
//!
//! Limits apply before a file is unpacked, by the sizes that the directory says, and again while it is.

use std::{
    collections::HashMap,
    io::{self, BufReader, Read},
};

use flate2::{Crc, bufread::DeflateDecoder};

use super::super::list_file::ListFile;
use crate::domain::import::{FileForm, SheetFault};

/// The beginning of an archive.
pub(in crate::engine::import) const ZIP: &[u8] = b"PK\x03\x04";

/// The most files of an archive, and the most bytes of its directory.
const FILES_MAX: u64 = 200_000;
const DIRECTORY_MAX: u64 = 64 << 20;
/// A file that unpacks to more than this is unpacked only if it is at most this many times as long as it is packed.
const UNPACKED_FREE: u64 = 64 << 20;
const UNPACKED_TIMES: u64 = 200;

const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const LOCATOR_64_LENGTH: usize = 20;
const COMMENT_MAX: usize = 65_535;
const OF_DIRECTORY: &[u8] = b"PK\x01\x02";
const OF_DIRECTORY_LENGTH: usize = 46;
const OF_FILE_LENGTH: usize = 30;

/// The files of an archive.
pub(in crate::engine::import) struct Archive {
    file: ListFile,
    length: u64,
    files: HashMap<String, Packed>,
}

/// A file in an archive.
#[derive(Clone, Copy, Debug)]
struct Packed {
    is_encrypted: bool,
    is_deflated: bool,
    is_known: bool,
    crc: u32,
    length: u64,
    size: u64,
    /// The place of its own header.
    at: u64,
}

fn number(bytes: &[u8], at: usize, length: usize) -> u64 {
    let part = bytes.get(at..at + length).unwrap_or_default();
    part.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

impl Archive {
    /// Reads the directory of an archive that was digested.
    pub(in crate::engine::import) fn open(file: ListFile, length: u64) -> io::Result<Self> {
        let (count, size, at) = directory(&file, length)?;
        if count > FILES_MAX || size > DIRECTORY_MAX {
            return Err(SheetFault::TooMany.into());
        }
        if at.checked_add(size).is_none_or(|end| end > length) {
            return Err(SheetFault::Damaged.into());
        }
        let bytes = bytes(&file, at, size)?;
        let (mut rest, mut files) = (bytes.as_slice(), HashMap::new());
        for _ in 0..count {
            let (name, packed, used) = entry(rest)?;
            rest = &rest[used..];
            // Two files of one name are read differently by different programs.
            if files.insert(name, packed).is_some() {
                return Err(SheetFault::Damaged.into());
            }
        }
        let archive = Self { file, length, files };
        archive.refuse_overlaps()?;
        Ok(archive)
    }

    /// Refuses files that share bytes: a small archive would unpack to any size.
    fn refuse_overlaps(&self) -> io::Result<()> {
        let mut places: Vec<(u64, u64)> = self.files.values().map(|file| (file.at, file.length)).collect();
        places.sort_unstable();
        let overlaps = |pair: &[(u64, u64)]| {
            let ((at, packed), (next, _)) = (pair[0], pair[1]);
            at.saturating_add(packed).saturating_add(OF_FILE_LENGTH as u64) > next
        };
        if places.windows(2).any(overlaps) { Err(SheetFault::Damaged.into()) } else { Ok(()) }
    }

    /// The names of its files, in no order.
    pub(in crate::engine::import) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Whether it has a file of this name.
    pub(in crate::engine::import) fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// The unpacked size that the directory says.
    pub(in crate::engine::import) fn size(&self, name: &str) -> Option<u64> {
        self.files.get(name).map(|file| file.size)
    }

    /// Whether a file in it has a password.
    pub(in crate::engine::import) fn is_encrypted(&self) -> bool {
        self.files.values().any(|file| file.is_encrypted)
    }

    /// What the archive is.
    pub(in crate::engine::import) fn form(&self) -> FileForm {
        let mimetype = || self.whole("mimetype", 1 << 10).unwrap_or_default();
        if self.is_encrypted() {
            FileForm::Encrypted
        } else if self.has("xl/workbook.bin") {
            FileForm::BinarySpreadsheet
        } else if self.has("xl/workbook.xml") {
            FileForm::Xlsx
        } else if mimetype().starts_with(b"application/vnd.oasis.opendocument.spreadsheet") {
            let manifest = self.whole("META-INF/manifest.xml", 1 << 20).unwrap_or_default();
            let is_encrypted = manifest.windows(15).any(|part| part == b"encryption-data");
            if is_encrypted { FileForm::Encrypted } else { FileForm::Ods }
        } else {
            FileForm::Archive
        }
    }

    /// A file of at most this size.
    pub(in crate::engine::import) fn whole(&self, name: &str, most: u64) -> io::Result<Vec<u8>> {
        if self.size(name).is_some_and(|size| size > most) {
            return Err(SheetFault::Expands.into());
        }
        let mut bytes = Vec::new();
        self.read(name)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// A file while it is unpacked.
    pub(in crate::engine::import) fn read(&self, name: &str) -> io::Result<Unpacked> {
        let file = *self.files.get(name).ok_or(SheetFault::Damaged)?;
        if file.is_encrypted || !file.is_known {
            return Err(SheetFault::Packing.into());
        }
        if file.size > UNPACKED_FREE && file.size / UNPACKED_TIMES > file.length {
            return Err(SheetFault::Expands.into());
        }
        let header = bytes(&self.file, file.at, OF_FILE_LENGTH as u64)?;
        let lengths = number(&header, 26, 2) + number(&header, 28, 2);
        let at = file.at.saturating_add(OF_FILE_LENGTH as u64 + lengths);
        let end = at.saturating_add(file.length);
        if !header.starts_with(ZIP) || end > self.length {
            return Err(SheetFault::Damaged.into());
        }
        let part = Part { file: self.file.clone(), at, end };
        let content = if file.is_deflated {
            Content::Deflated(DeflateDecoder::new(BufReader::with_capacity(64 << 10, part)))
        } else {
            Content::Stored(part)
        };
        Ok(Unpacked { content, left: file.size, crc: Crc::new(), expected: file.crc })
    }
}

/// The number of files, the size of the directory, and its place.
fn directory(file: &ListFile, length: u64) -> io::Result<(u64, u64, u64)> {
    let tail_length = length.min((END_LENGTH + COMMENT_MAX + LOCATOR_64_LENGTH) as u64);
    let tail_at = length - tail_length;
    let tail = bytes(file, tail_at, tail_length)?;
    let at = tail.windows(END_LENGTH).rposition(|part| part.starts_with(END)).ok_or(SheetFault::Damaged)?;
    let end = &tail[at..];
    let (count, size, place) = (number(end, 10, 2), number(end, 12, 4), number(end, 16, 4));
    if count < 0xffff && size < 0xffff_ffff && place < 0xffff_ffff {
        return Ok((count, size, place));
    }
    let locator = at.checked_sub(LOCATOR_64_LENGTH).map(|at| &tail[at..]).filter(|part| part.starts_with(LOCATOR_64));
    let Some(locator) = locator else { return Ok((count, size, place)) };
    let end = bytes(file, number(locator, 8, 8), 56)?;
    if !end.starts_with(END_64) {
        return Err(SheetFault::Damaged.into());
    }
    Ok((number(&end, 32, 8), number(&end, 40, 8), number(&end, 48, 8)))
}

/// The first entry of the rest of a directory, with its length.
fn entry(rest: &[u8]) -> io::Result<(String, Packed, usize)> {
    let [name, extra, comment] = [28, 30, 32].map(|at| usize::try_from(number(rest, at, 2)).unwrap_or_default());
    let used = OF_DIRECTORY_LENGTH + name + extra + comment;
    if !rest.starts_with(OF_DIRECTORY) || rest.len() < used {
        return Err(SheetFault::Damaged.into());
    }
    let (name, extra) = (&rest[46..46 + name], &rest[46 + name..46 + name + extra]);
    let [packed, size, at] = [(20, 4), (24, 4), (42, 4)].map(|(at, length)| number(rest, at, length));
    let mut wide = wide_numbers(extra);
    // In this order, and only those that do not fit.
    let [size, packed, at] =
        [size, packed, at].map(|narrow| if narrow == 0xffff_ffff { wide.next().unwrap_or(narrow) } else { narrow });
    let method = number(rest, 10, 2);
    let file = Packed {
        is_encrypted: number(rest, 8, 2) & 1 == 1,
        is_deflated: method == 8,
        is_known: matches!(method, 0 | 8),
        crc: u32::try_from(number(rest, 16, 4)).unwrap_or_default(),
        length: packed,
        size,
        at,
    };
    Ok((String::from_utf8_lossy(name).into_owned(), file, used))
}

/// The numbers of 64 bits in the extra field of an entry.
fn wide_numbers(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut found: &[u8] = &[];
    while extra.len() >= 4 {
        let length = usize::try_from(number(extra, 2, 2)).unwrap_or_default();
        let field = extra.get(4..4 + length).unwrap_or_default();
        if number(extra, 0, 2) == 1 {
            found = field;
        }
        extra = extra.get(4 + length..).unwrap_or_default();
    }
    found.chunks_exact(8).map(|bytes| number(bytes, 0, 8))
}

fn bytes(file: &ListFile, at: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    Part { file: file.clone(), at, end: at.saturating_add(length) }.read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(SheetFault::Damaged.into()) }
}

/// A part of a file.
struct Part {
    file: ListFile,
    at: u64,
    end: u64,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.file.read_at(self.at, &mut buffer[..most])?;
        self.at += count as u64;
        Ok(count)
    }
}

enum Content {
    Stored(Part),
    Deflated(DeflateDecoder<BufReader<Part>>),
}

/// A file that is unpacked while it is read. It has the size and the checksum that the directory says, or ends with an error.
pub(in crate::engine::import) struct Unpacked {
    content: Content,
    left: u64,
    crc: Crc,
    expected: u32,
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = match &mut self.content {
            Content::Stored(part) => part.read(buffer)?,
            Content::Deflated(decoder) => decoder.read(buffer)?,
        };
        self.left = self.left.checked_sub(count as u64).ok_or(SheetFault::Expands)?;
        self.crc.update(&buffer[..count]);
        if count == 0 && (self.left > 0 || self.crc.sum() != self.expected) {
            return Err(SheetFault::Damaged.into());
        }
        Ok(count)
    }
}
