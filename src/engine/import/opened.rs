//! The text of a waiting list in UTF-8: unpacked from gzip, and decoded from the encoding that its byte order mark or a person names.

use std::io::{self, BufRead, BufReader, Read};

use encoding_rs::{Decoder, DecoderResult, UTF_16LE, WINDOWS_1252};
use flate2::bufread::MultiGzDecoder;

/// The encoding of a list that a person names. Without one, a list is UTF-8, or what its byte order mark says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// UTF-16, little-endian unless a byte order mark says otherwise: "Unicode text" of a spreadsheet.
    Utf16,
    /// Windows-1252, the old encoding of western Windows.
    Windows1252,
}

impl Encoding {
    /// All, with their names in requests and on the command line.
    pub const ALL: [(Self, &str); 2] = [(Self::Utf16, "utf-16"), (Self::Windows1252, "windows-1252")];

    /// The encoding of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(encoding, _)| *encoding)
    }

    /// The name in requests and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf16 => "utf-16",
            Self::Windows1252 => "windows-1252",
        }
    }
}

/// The bytes that are read and decoded at once.
const BLOCK: usize = 64 << 10;
/// A list that unpacks to more than this is not read further if it is this many times as long as what was packed. Lists of people pack to a
/// tenth, and what packs to less than a two-hundredth is made to fill memory or time.
const UNPACKED_FREE: u64 = 64 << 20;
const UNPACKED_TIMES: u64 = 200;

const GZIP: &[u8] = b"\x1f\x8b";
const UTF_16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// The text of a list. A byte sequence that its encoding does not have becomes one that UTF-8 does not have, so that the row with it is
/// refused.
pub(super) fn opened(list: impl Read + Send + 'static, encoding: Option<Encoding>) -> io::Result<Box<dyn Read + Send>> {
    let mut list = BufReader::with_capacity(BLOCK, list);
    let unpacked: Box<dyn Read + Send> =
        if starts_with(&mut list, &[GZIP])? { Box::new(Unpacking::new(list)) } else { Box::new(list) };
    let mut text = BufReader::with_capacity(BLOCK, unpacked);
    // A decoder takes a byte order mark for what it says.
    let decoder = match encoding {
        Some(Encoding::Windows1252) => WINDOWS_1252.new_decoder(),
        Some(Encoding::Utf16) => UTF_16LE.new_decoder(),
        None if starts_with(&mut text, &UTF_16_MARKS)? => UTF_16LE.new_decoder(),
        None => return Ok(Box::new(text)),
    };
    Ok(Box::new(Decoding {
        text,
        decoder,
        decoded: String::with_capacity(2 * BLOCK),
        given: 0,
        is_wrong: false,
        has_ended: false,
    }))
}

fn starts_with(list: &mut impl BufRead, marks: &[&[u8]]) -> io::Result<bool> {
    let start = list.fill_buf()?;
    Ok(marks.iter().any(|mark| start.starts_with(mark)))
}

/// A list that is unpacked while it is read.
struct Unpacking<R: Read> {
    packed: MultiGzDecoder<BufReader<Counted<BufReader<R>>>>,
    unpacked: u64,
}

struct Counted<R> {
    list: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.list.read(buffer)?;
        self.bytes += count as u64;
        Ok(count)
    }
}

impl<R: Read> Unpacking<R> {
    fn new(list: BufReader<R>) -> Self {
        let counted = BufReader::with_capacity(BLOCK, Counted { list, bytes: 0 });
        Self { packed: MultiGzDecoder::new(counted), unpacked: 0 }
    }
}

impl<R: Read> Read for Unpacking<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.packed.read(buffer)?;
        self.unpacked += count as u64;
        let packed = self.packed.get_ref().get_ref().bytes;
        if self.unpacked > UNPACKED_FREE && self.unpacked / UNPACKED_TIMES > packed {
            return Err(io::Error::other(format!("it unpacks to more than {UNPACKED_TIMES} times its size")));
        }
        Ok(count)
    }
}

/// A list that is decoded while it is read.
struct Decoding<R: BufRead> {
    text: R,
    decoder: Decoder,
    decoded: String,
    /// The bytes of it that were given out.
    given: usize,
    /// Whether a wrong byte sequence follows what is decoded.
    is_wrong: bool,
    has_ended: bool,
}

impl<R: BufRead> Decoding<R> {
    fn decode(&mut self) -> io::Result<()> {
        self.decoded.clear();
        self.given = 0;
        let read = self.text.fill_buf()?;
        let is_last = read.is_empty();
        let (result, count) = self.decoder.decode_to_string_without_replacement(read, &mut self.decoded, is_last);
        self.text.consume(count);
        self.is_wrong = matches!(result, DecoderResult::Malformed(..));
        self.has_ended = is_last && result == DecoderResult::InputEmpty;
        Ok(())
    }
}

impl<R: BufRead> Read for Decoding<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.given < self.decoded.len() {
                let count = (&self.decoded.as_bytes()[self.given..]).read(buffer)?;
                self.given += count;
                return Ok(count);
            }
            if std::mem::take(&mut self.is_wrong) {
                buffer[0] = 0xff;
                return Ok(1);
            }
            if self.has_ended {
                return Ok(0);
            }
            self.decode()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn read(list: Vec<u8>, encoding: Option<Encoding>) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        opened(io::Cursor::new(list), encoding)?.read_to_end(&mut text)?;
        Ok(text)
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(text).unwrap();
        packed.finish().unwrap()
    }

    fn utf_16(text: &str, is_big: bool) -> Vec<u8> {
        let unit = |unit: u16| if is_big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(unit).collect()
    }

    const TEXT: &str = "request_id;name\nr1;JOSÉ \u{1f33a} D’ANGELO\n";

    #[test]
    fn a_list_is_read_as_it_is_unless_a_mark_or_a_person_names_another_encoding() {
        assert_eq!(read(TEXT.into(), None).unwrap(), TEXT.as_bytes());
        assert_eq!(read(b"Jos\xe9".to_vec(), None).unwrap(), b"Jos\xe9", "it is not guessed");
        for is_big in [false, true] {
            let marked = utf_16(&format!("\u{feff}{TEXT}"), is_big);
            assert_eq!(read(marked.clone(), None).unwrap(), TEXT.as_bytes());
            assert_eq!(read(marked, Some(Encoding::Utf16)).unwrap(), TEXT.as_bytes());
        }
        assert_eq!(read(utf_16(TEXT, false), Some(Encoding::Utf16)).unwrap(), TEXT.as_bytes());
        let western = b"JOS\xc9 D\x92ANGELO \x80";
        assert_eq!(read(western.to_vec(), Some(Encoding::Windows1252)).unwrap(), "JOSÉ D’ANGELO €".as_bytes());
    }

    #[test]
    fn what_an_encoding_does_not_have_is_no_text() {
        let mut broken = utf_16("a\u{feff}", false);
        broken.extend([0x00, 0xd8, b'b', 0]);
        let read = read(broken, Some(Encoding::Utf16)).unwrap();
        assert!(read.starts_with("a\u{feff}".as_bytes()) && read.ends_with(b"b"), "{read:?}");
        assert!(String::from_utf8(read).is_err());
        let half = self::read(b"a\0b".to_vec(), Some(Encoding::Utf16)).unwrap();
        assert!(half.starts_with(b"a") && String::from_utf8(half).is_err(), "half a letter at the end");
    }

    #[test]
    fn a_long_list_is_decoded_whole_whatever_the_size_of_its_blocks() {
        let text = "r1;JOSÉ D’ANGELO\n".repeat(40_000);
        assert_eq!(read(utf_16(&format!("\u{feff}{text}"), true), None).unwrap(), text.as_bytes());
        assert_eq!(read(packed(text.as_bytes()), None).unwrap(), text.as_bytes());
    }

    #[test]
    fn a_packed_list_is_unpacked_in_all_its_parts_and_a_broken_one_is_no_list() {
        let parts = [packed(b"one\n"), packed(b"two\n")].concat();
        assert_eq!(read(parts, None).unwrap(), b"one\ntwo\n");
        assert_eq!(read(packed(&utf_16("\u{feff}one", false)), None).unwrap(), b"one");
        let whole = packed(&vec![b'7'; 100_000]);
        for length in [whole.len() / 2, whole.len() - 3] {
            assert!(read(whole[..length].to_vec(), None).is_err());
        }
        let mut changed = whole.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(read(changed, None).is_err());
    }

    #[test]
    fn a_file_that_unpacks_to_far_more_than_its_size_is_not_read_to_its_end() {
        let bomb = packed(&vec![b' '; 100 << 20]);
        let mut list = opened(io::Cursor::new(bomb), None).unwrap();
        let count = io::copy(&mut list, &mut io::sink());
        assert!(count.unwrap_err().to_string().contains("200 times"));
    }
}
