//! Standard input as a file that can be read again.

use std::{
    fs::{File, Permissions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

/// An input that is copied while it is read, so that it can be read again from its start.
pub(super) struct CopiedInput<R> {
    input: R,
    copy: File,
    copied: u64,
    /// The position of the reader.
    at: u64,
}

impl<R> CopiedInput<R> {
    /// Copies into a file in this folder. The file has no name, so that it is gone when the process ends in any way, and only this
    /// process can read it: a list is personal data.
    pub(super) fn new(input: R, folder: &Path) -> io::Result<Self> {
        let copy = tempfile::tempfile_in(folder)?;
        copy.set_permissions(Permissions::from_mode(0o600))?;
        Ok(Self { input, copy, copied: 0, at: 0 })
    }
}

impl<R: Read> Read for CopiedInput<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = if self.at < self.copied {
            self.copy.read(buffer)?
        } else {
            let read = self.input.read(buffer)?;
            self.copy.write_all(&buffer[..read])?;
            self.copied += read as u64;
            read
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl<R> Seek for CopiedInput<R> {
    /// Goes to the start, or to the end of what was read.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if !matches!(to, SeekFrom::Start(0) | SeekFrom::End(0)) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.at = self.copy.seek(to)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_that_was_read_in_part_is_read_again_from_its_start_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut input = CopiedInput::new(io::Cursor::new(b"0123456789"), folder.path()).unwrap();
        let mut part = [0; 4];
        input.read_exact(&mut part).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the copy has no name");
        for _ in 0..2 {
            input.rewind().unwrap();
            assert_eq!(io::read_to_string(&mut input).unwrap(), "0123456789");
            assert_eq!(input.seek(SeekFrom::End(0)).unwrap(), 10);
        }
    }
}
