//! The file of a waiting list, which is read twice: to judge it as a whole, then to import it. Both readings see the same bytes.

use std::{
    io::{self, Read, Seek, SeekFrom},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest, Sha256};

use crate::store::keys::{self, Keys};

/// What a waiting list is read from.
pub trait Input: Read + Seek + Send {}

impl<T: Read + Seek + Send> Input for T {}

/// The bytes that are read at once, and compared with those of the first reading.
const BLOCK: usize = 64 * 1024;

/// One of the readers of a file. They share its position, so they read one after another.
#[derive(Clone)]
pub(super) struct ListFile(Arc<Mutex<Reading>>);

struct Reading {
    input: Box<dyn Input>,
    /// The digests of the blocks in the reading that judged the list.
    surveyed: Vec<[u8; 32]>,
    bytes: u64,
    /// Whether the list is read again, and its blocks must be the same.
    again: bool,
    /// Whether they were not.
    has_changed: bool,
    block: Vec<u8>,
    /// The bytes of the block that were given out.
    given: usize,
    /// The blocks that were read.
    blocks: usize,
}

impl ListFile {
    pub(super) fn new(input: Box<dyn Input>) -> Self {
        Self(Arc::new(Mutex::new(Reading {
            input,
            surveyed: Vec::new(),
            bytes: 0,
            again: false,
            has_changed: false,
            block: Vec::new(),
            given: 0,
            blocks: 0,
        })))
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A reader from the start of the file.
    pub(super) fn rewound(&self) -> io::Result<Self> {
        let mut reading = self.reading();
        (reading.surveyed, reading.bytes) = (Vec::new(), 0);
        reading.rewind()?;
        Ok(self.clone())
    }

    /// A reader from the start of the file, after it was read to its end. It fails if it finds other bytes than before.
    pub(super) fn again(&self) -> io::Result<Self> {
        let mut reading = self.reading();
        reading.again = true;
        if reading.input.seek(SeekFrom::End(0))? != reading.bytes {
            return Err(reading.changed());
        }
        reading.rewind()?;
        Ok(self.clone())
    }

    /// The bytes at the start of the file, at most this many.
    pub(super) fn head(&self, length: usize) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        self.rewound()?.take(length as u64).read_to_end(&mut head)?;
        Ok(head)
    }

    /// Reads the file to its end, so that each part of it can be compared when it is read in any order. Returns its length in bytes.
    pub(super) fn digested(&self) -> io::Result<u64> {
        let file = self.rewound()?;
        let mut reading = file.reading();
        loop {
            reading.next_block()?;
            if reading.block.is_empty() {
                break;
            }
        }
        reading.again = true;
        Ok(reading.bytes)
    }

    /// Reads from a place of a file that was digested. It fails if it finds other bytes than before.
    pub(super) fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut reading = self.reading();
        let block = usize::try_from(at / BLOCK as u64).unwrap_or(usize::MAX);
        if reading.block.is_empty() || block.checked_add(1) != Some(reading.blocks) {
            if block >= reading.surveyed.len() {
                return Ok(0);
            }
            reading.input.seek(SeekFrom::Start(block as u64 * BLOCK as u64))?;
            reading.blocks = block;
            reading.next_block()?;
        }
        let within = usize::try_from(at % BLOCK as u64).unwrap_or_default().min(reading.block.len());
        (&reading.block[within..]).read(buffer)
    }

    /// The digest of the bytes that were read to judge the list.
    pub(super) fn digest(&self, keys: &Keys) -> keys::Digest {
        keys.list(self.reading().surveyed.iter().map(<[u8; 32]>::as_slice))
    }

    /// Whether the file had other bytes when it was read again.
    pub(super) fn has_changed(&self) -> bool {
        self.reading().has_changed
    }
}

impl Reading {
    fn rewind(&mut self) -> io::Result<()> {
        self.block.clear();
        (self.given, self.blocks) = (0, 0);
        self.input.rewind()
    }

    fn changed(&mut self) -> io::Error {
        self.has_changed = true;
        io::Error::other("the file has changed")
    }

    /// Reads the next block; an empty one at the end.
    fn next_block(&mut self) -> io::Result<()> {
        self.block.clear();
        self.given = 0;
        self.input.by_ref().take(BLOCK as u64).read_to_end(&mut self.block)?;
        let digest: Option<[u8; 32]> = (!self.block.is_empty()).then(|| Sha256::digest(&self.block).into());
        if self.again {
            if digest.as_ref() != self.surveyed.get(self.blocks) {
                return Err(self.changed());
            }
        } else {
            self.surveyed.extend(digest);
            self.bytes += self.block.len() as u64;
        }
        self.blocks += usize::from(digest.is_some());
        Ok(())
    }
}

impl Read for ListFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut reading = self.reading();
        if reading.given == reading.block.len() {
            reading.next_block()?;
        }
        let given = reading.given;
        let count = (&reading.block[given..]).read(buffer)?;
        reading.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that another process may write.
    #[derive(Clone)]
    struct Shared(Arc<Mutex<io::Cursor<Vec<u8>>>>);

    impl Shared {
        fn change(&self, change: impl FnOnce(&mut Vec<u8>)) {
            change(self.0.lock().unwrap().get_mut());
        }
    }

    impl Read for Shared {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.lock().unwrap().read(buffer)
        }
    }

    impl Seek for Shared {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.lock().unwrap().seek(to)
        }
    }

    /// What is read again of three and a half blocks after this change, and whether it was found.
    fn read_again(change: impl FnOnce(&mut Vec<u8>)) -> (usize, bool) {
        let input = Shared(Arc::new(Mutex::new(io::Cursor::new(vec![b'a'; 3 * BLOCK + BLOCK / 2]))));
        let file = ListFile::new(Box::new(input.clone()));
        file.rewound().unwrap().read_exact(&mut [0; 100]).unwrap();
        assert_eq!(
            io::copy(&mut file.rewound().unwrap(), &mut io::sink()).unwrap(),
            3 * BLOCK as u64 + BLOCK as u64 / 2
        );
        input.change(change);
        let mut read = Vec::new();
        let end = file.again().and_then(|mut again| again.read_to_end(&mut read));
        assert_eq!(end.is_err(), file.has_changed());
        (read.len(), file.has_changed())
    }

    #[test]
    fn a_digested_file_is_read_in_any_order_and_only_while_it_is_the_same() {
        let bytes: Vec<u8> = (0..3 * BLOCK + 7).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let input = Shared(Arc::new(Mutex::new(io::Cursor::new(bytes.clone()))));
        let file = ListFile::new(Box::new(input.clone()));
        assert_eq!(file.head(2).unwrap(), bytes[..2]);
        assert_eq!(file.digested().unwrap(), bytes.len() as u64);
        for at in [3 * BLOCK, 5, BLOCK - 1, 2 * BLOCK + 9, bytes.len(), usize::MAX] {
            let mut read = [0; 7];
            let count = file.read_at(at as u64, &mut read).unwrap();
            let expected = bytes.get(at..).unwrap_or_default();
            assert_eq!(read[..count], expected[..expected.len().min(count)], "{at}");
            assert_eq!(count == 0, expected.is_empty(), "{at}");
        }
        input.change(|bytes| bytes[BLOCK] ^= 1);
        assert!(file.read_at(0, &mut [0; 7]).is_ok() && !file.has_changed());
        assert!(file.read_at(BLOCK as u64 + 9, &mut [0; 7]).is_err() && file.has_changed());
    }

    #[test]
    fn a_list_that_changes_after_it_was_judged_is_given_out_no_further_than_it_is_the_same() {
        assert_eq!(read_again(|_| {}), (3 * BLOCK + BLOCK / 2, false));
        assert_eq!(read_again(|bytes| bytes[2 * BLOCK] = b'b'), (2 * BLOCK, true));
        assert_eq!(read_again(|bytes| bytes.push(b'a')), (0, true), "another length is found before the first block");
        assert_eq!(read_again(|bytes| bytes.truncate(BLOCK)), (0, true));
    }
}
