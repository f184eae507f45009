//! Helper: decodes the documents that a printer received, without the program's own code:
//! PWG raster (PWG 5102.4), Apple raster, PNG, and the PPM into which the PAPPL printer writes what its driver was given.

use std::io::Cursor;

/// One side of a card.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sheet {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Bytes of a dot: three of sRGB, or one of grey. Black of one bit is read as grey.
    pub(crate) dot: usize,
    pub(crate) dots: Vec<u8>,
    pub(crate) said: Said,
}

/// What a document says beside its dots; what its format has no place for is empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Said {
    pub(crate) dpi: u32,
    /// IPP's word.
    pub(crate) sides: &'static str,
    pub(crate) media: String,
    /// From which end the dots come, across and along the feed: 1, or -1 for the other one.
    pub(crate) transform: [i32; 2],
}

/// Part of a card that lies before one, in millimetres from its top left corner.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Sheet {
    /// A card that went in with its short edge first, as it lies before one: its upper edge was at the left.
    pub(crate) fn lying(&self) -> Self {
        let (width, height) = (self.height, self.width);
        let mut dots = Vec::with_capacity(self.dots.len());
        for y in 0..height {
            for x in 0..width {
                dots.extend_from_slice(self.at(y, width - 1 - x));
            }
        }
        Self { width, height, dots, ..self.clone() }
    }

    /// The middle of the sheet, with that many dots.
    pub(crate) fn middle(&self, width: usize, height: usize) -> Self {
        let (left, top) = ((self.width - width) / 2, (self.height - height) / 2);
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (left + x, top + y)));
        let dots = places.flat_map(|(x, y)| self.at(x, y).to_vec()).collect();
        Self { width, height, dots, ..self.clone() }
    }

    /// The first outermost dot that is white.
    pub(crate) fn first_white_dot_at_the_edge(&self) -> Option<(usize, usize)> {
        let all = (0..self.height).flat_map(|y| (0..self.width).map(move |x| (x, y)));
        let mut outermost = all.filter(|(x, y)| *x == 0 || *y == 0 || x + 1 == self.width || y + 1 == self.height);
        outermost.find(|(x, y)| self.at(*x, *y).iter().all(|channel| *channel > 252))
    }

    /// The first dot that is not the same, and not in that place.
    pub(crate) fn first_difference(&self, other: &Self, except: Option<Place>) -> Option<(usize, usize)> {
        assert_eq!((self.width, self.height, self.dot), (other.width, other.height, other.dot), "another size");
        let all = (0..self.height).flat_map(|y| (0..self.width).map(move |x| (x, y)));
        let mut compared = all.filter(|(x, y)| except.is_none_or(|place| !self.holds(place, *x, *y)));
        compared.find(|(x, y)| self.at(*x, *y) != other.at(*x, *y))
    }

    /// Dots as bright as eyes see them, more or less: what a reader of codes wants.
    pub(crate) fn luma(&self) -> Vec<u8> {
        self.dots.chunks_exact(self.dot).map(|dot| dot[self.dot / 2]).collect()
    }

    fn at(&self, x: usize, y: usize) -> &[u8] {
        &self.dots[(y * self.width + x) * self.dot..][..self.dot]
    }

    /// With a dot more around it, as places are rounded.
    fn holds(&self, place: Place, x: usize, y: usize) -> bool {
        let within = |at: usize, from: f64, length: f64| {
            let dots = |mm: f64| mm / 25.4 * f64::from(self.said.dpi);
            let at = f64::from(u32::try_from(at).unwrap());
            (dots(from) - 1.0..=dots(from + length) + 1.0).contains(&at)
        };
        within(x, place.x, place.width) && within(y, place.y, place.height)
    }
}

/// The sides in a document.
pub(crate) fn read(document: &[u8]) -> Vec<Sheet> {
    match document {
        [b'R', b'a', b'S', b'2', rest @ ..] => pwg(Reader(rest)),
        [b'U', b'N', b'I', b'R', b'A', b'S', b'T', 0, rest @ ..] => urf(Reader(rest)),
        [0x89, b'P', b'N', b'G', ..] => vec![png(document)],
        [b'P', b'6', ..] => ppm(Reader(document)),
        _ => panic!("no format that is known: {:?}", document.get(..16)),
    }
}

/// Reads on in a document; fails at its end.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> &'a [u8] {
        self.0.split_off(..count).unwrap()
    }

    fn line(&mut self) -> &'a str {
        let end = self.0.iter().position(|byte| *byte == b'\n').unwrap();
        std::str::from_utf8(self.bytes(end + 1)).unwrap().trim_end()
    }

    /// Rows that are packed as both raster formats do it: repeats of a row, and in it runs of one unit and strings of many.
    fn rows(&mut self, row_bytes: usize, height: usize, unit: usize) -> Vec<u8> {
        let mut dots = Vec::with_capacity(row_bytes * height);
        while dots.len() < row_bytes * height {
            let times = usize::from(self.bytes(1)[0]) + 1;
            let mut row = Vec::with_capacity(row_bytes);
            while row.len() < row_bytes {
                match usize::from(self.bytes(1)[0]) {
                    length @ 0..128 => row.extend(self.bytes(unit).repeat(length + 1)),
                    128 => panic!("128 means one thing in PWG raster and another in Apple's"),
                    length => row.extend(self.bytes(unit * (257 - length))),
                }
            }
            assert_eq!(row.len(), row_bytes, "a row ends with its last dot");
            dots.extend(row.repeat(times));
        }
        assert_eq!(dots.len(), row_bytes * height, "a page ends with its last row");
        dots
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn size(bytes: &[u8], at: usize) -> usize {
    usize::try_from(number(bytes, at)).unwrap()
}

fn sides(duplex: bool, tumble: bool) -> &'static str {
    match (duplex, tumble) {
        (false, _) => "one-sided",
        (true, false) => "two-sided-long-edge",
        (true, true) => "two-sided-short-edge",
    }
}

fn pwg(mut reader: Reader<'_>) -> Vec<Sheet> {
    let mut sheets = Vec::new();
    let mut page_count = None;
    while !reader.0.is_empty() {
        let header = reader.bytes(1796);
        assert_eq!(&header[..10], b"PwgRaster\0");
        assert_eq!(number(header, 276), number(header, 280), "dots are square");
        let (width, height) = (size(header, 372), size(header, 376));
        // BitsPerColor, BitsPerPixel, ColorSpace, NumColors.
        let (dot, is_black) = match [384, 388, 400, 420].map(|at| number(header, at)) {
            [8, 24, 19, 3] => (3, false),
            [8, 8, 18, 1] => (1, false),
            [1, 1, 3, 1] => (1, true),
            other => panic!("neither srgb_8, sgray_8 nor black_1: {other:?}"),
        };
        let row_bytes = if is_black { width.div_ceil(8) } else { width * dot };
        assert_eq!(size(header, 392), row_bytes, "BytesPerLine");
        let packed = reader.rows(row_bytes, height, dot);
        let media = header[1732..1796].split(|byte| *byte == 0).next().unwrap();
        let said = Said {
            dpi: number(header, 276),
            sides: sides(number(header, 272) == 1, number(header, 368) == 1),
            media: String::from_utf8(media.to_vec()).unwrap(),
            transform: [456, 460].map(|at| number(header, at).cast_signed()),
        };
        let dots = if is_black { unpacked(&packed, width, row_bytes) } else { packed };
        page_count = Some(size(header, 452));
        sheets.push(Sheet { width, height, dot, dots, said });
    }
    assert_eq!(page_count, Some(sheets.len()), "TotalPageCount");
    sheets
}

/// Bits as bytes of grey; a bit is black.
fn unpacked(packed: &[u8], width: usize, row_bytes: usize) -> Vec<u8> {
    let dot = |row: &[u8], x: usize| if row[x / 8] & (0x80 >> (x % 8)) == 0 { 255 } else { 0 };
    packed.chunks_exact(row_bytes).flat_map(|row| (0..width).map(move |x| dot(row, x))).collect()
}

fn urf(mut reader: Reader<'_>) -> Vec<Sheet> {
    let count = size(reader.bytes(4), 0);
    let mut sheets = Vec::new();
    while !reader.0.is_empty() {
        let header = reader.bytes(32);
        let dot = match header[..2] {
            [24, 1] => 3,
            [8, 0] => 1,
            _ => panic!("neither SRGB24 nor W8: {:?}", &header[..2]),
        };
        let (width, height) = (size(header, 12), size(header, 16));
        let said = Said {
            dpi: number(header, 20),
            sides: sides(header[2] != 1, header[2] == 2),
            media: String::new(),
            transform: [1, 1],
        };
        sheets.push(Sheet { width, height, dot, dots: reader.rows(width * dot, height, dot), said });
    }
    assert_eq!(sheets.len(), count, "pages");
    sheets
}

fn png(document: &[u8]) -> Sheet {
    let mut reader = png::Decoder::new(Cursor::new(document)).read_info().unwrap();
    let mut dots = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut dots).unwrap();
    let info = reader.info();
    let dot = info.bytes_per_pixel();
    let [width, height] = [info.width, info.height].map(|side| usize::try_from(side).unwrap());
    assert_eq!(dots.len(), width * height * dot, "a byte for each colour");
    let per_metre = info.pixel_dims.unwrap().xppu;
    let said =
        Said { dpi: (per_metre * 254 + 5_000) / 10_000, sides: "one-sided", media: String::new(), transform: [1, 1] };
    Sheet { width, height, dot, dots, said }
}

/// With a comment of `name=value` in each page.
fn ppm(mut reader: Reader<'_>) -> Vec<Sheet> {
    let mut sheets = Vec::new();
    while !reader.0.is_empty() {
        assert_eq!(reader.line(), "P6");
        let comment = reader.line();
        let told = |name: &str| {
            let mut words = comment.split(' ').filter_map(|word| word.split_once('='));
            words.find(|(known, _)| *known == name).unwrap().1
        };
        let (width, height) = reader.line().split_once(' ').unwrap();
        let (width, height) = (width.parse().unwrap(), height.parse().unwrap());
        assert_eq!(reader.line(), "255");
        let said = Said {
            dpi: told("dpi").split_once('x').unwrap().0.parse().unwrap(),
            sides: sides(told("duplex") == "1", told("tumble") == "1"),
            media: told("name").to_owned(),
            transform: told("transform").split_once('x').map(|(a, b)| [a, b].map(|n| n.parse().unwrap())).unwrap(),
        };
        // What the job said of itself is what its document says.
        assert_eq!((told("sides"), told("media")), (said.sides, &*said.media));
        sheets.push(Sheet { width, height, dot: 3, dots: reader.bytes(width * height * 3).to_vec(), said });
    }
    sheets
}
