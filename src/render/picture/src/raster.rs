//! Pictures as a stream of pages for printers: PWG raster (PWG 5102.4-2012) and Apple raster (`image/urf`).
//!
//! Both compress a page in the same way. Apple's format is not published; this is what libcups reads.

use std::borrow::Cow;

use super::picture::{Ink, Picture, Rotation};

/// The contents of the page headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout<'a> {
    /// Dots per inch, both ways; 0 is taken as 1.
    pub dpi: u32,
    /// The sides of the sheet that have a page: IPP's `sides`.
    pub sides: Sides,
    /// The orientation of back sides.
    pub sheet_back: SheetBack,
    /// IPP's `print-quality`.
    pub quality: Quality,
    /// The self-describing name of PWG 5101.1, as `iso_id-1_53.98x85.6mm`. A name that is not ASCII or longer than 63
    /// characters is left out; then the printer uses the page's size. Not in Apple raster.
    pub media: &'a str,
}

/// The printed sides of a sheet, and the edge over which it is turned: IPP's `sides` (RFC 8011, 5.2.8).
///
/// The edges are those of the medium. Pictures must have the orientation of its name: the names of ID-1 cards are
/// portrait, so a landscape picture must be rotated first ([`Picture::rotated`]).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sides {
    /// `one-sided`
    OneSided,
    /// `two-sided-long-edge`
    TwoSidedLongEdge,
    /// `two-sided-short-edge`
    TwoSidedShortEdge,
}

/// The orientation in which the printer wants back sides: IPP's `pwg-raster-document-sheet-back` (PWG 5102.4, figure
/// 5), or the `DM` value in `urf-supported`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SheetBack {
    /// `normal`, `DM1`: as the front.
    Normal,
    /// `flipped`, `DM2`: from the other end of the edge over which the sheet is turned.
    Flipped,
    /// `rotated`, `DM3`: from the other corner if turned over the long edge.
    Rotated,
    /// `manual-tumble`, `DM4`: from the other corner if turned over the short edge.
    ManualTumble,
}

/// IPP's `print-quality`, with its numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quality {
    /// The printer's default.
    Default = 0,
    /// `draft`
    Draft = 3,
    /// `normal`
    Normal = 4,
    /// `high`
    High = 5,
}

/// Encodes pages as PWG raster. Fronts and backs alternate if the layout is two-sided; backs get the orientation of the
/// layout.
///
/// Colours are `srgb_8`, `sgray_8` or `black_1`, by each page's ink. Each page asks for one copy: 0 would mean the
/// printer's default, which an operator may have set to two.
pub fn pwg(pages: &[Picture], layout: &Layout) -> Vec<u8> {
    let mut stream = stream_for(pages);
    stream.extend_from_slice(b"RaS2");
    for (page, transform) in pages.iter().zip(transforms(layout)) {
        pwg_header(page, low_u32(pages.len()), transform, layout, &mut stream);
        pack(&transform.of(page), &mut stream);
    }
    stream.shrink_to_fit();
    stream
}

/// Encodes pages as Apple raster, as [`pwg`]. It has no black of one bit: such pages become grey.
pub fn urf(pages: &[Picture], layout: &Layout) -> Vec<u8> {
    let mut stream = stream_for(pages);
    stream.extend_from_slice(b"UNIRAST\0");
    stream.extend_from_slice(&low_u32(pages.len()).to_be_bytes());
    for (page, transform) in pages.iter().zip(transforms(layout)) {
        let mut page = transform.of(page);
        if page.ink() == Ink::Black1 {
            page = Cow::Owned(page.to_gray());
        }
        let (bits, color_space) = if page.ink() == Ink::Rgb8 { (24, 1) } else { (8, 0) };
        let duplex = match layout.sides {
            Sides::OneSided => 1,
            Sides::TwoSidedShortEdge => 2,
            Sides::TwoSidedLongEdge => 3,
        };
        stream.extend_from_slice(&[bits, color_space, duplex, layout.quality as u8]);
        // Medium and tray are 0: the job's attributes decide. Then width, height and resolution, and eight bytes of
        // unknown use.
        for field in [0, 0, page.width(), page.height(), layout.dpi.max(1), 0, 0] {
            stream.extend_from_slice(&field.to_be_bytes());
        }
        pack(&page, &mut stream);
    }
    stream.shrink_to_fit();
    stream
}

/// Whether the dots of a page are sent mirrored in the cross-feed direction (right to left) and in the feed direction
/// (bottom to top).
#[derive(Clone, Copy)]
struct Transform {
    cross_feed: bool,
    feed: bool,
}

impl Transform {
    /// PWG 5102.4, table 9; the same as libcups writes in `cupsRasterInitPWGHeader`.
    fn of_back(layout: &Layout) -> Self {
        use SheetBack::{Flipped, ManualTumble, Normal, Rotated};
        use Sides::{OneSided, TwoSidedLongEdge, TwoSidedShortEdge};
        let (cross_feed, feed) = match (layout.sides, layout.sheet_back) {
            (OneSided, _) | (_, Normal) | (TwoSidedLongEdge, ManualTumble) | (TwoSidedShortEdge, Rotated) => {
                (false, false)
            }
            (TwoSidedLongEdge, Flipped) => (false, true),
            (TwoSidedShortEdge, Flipped) => (true, false),
            (TwoSidedLongEdge, Rotated) | (TwoSidedShortEdge, ManualTumble) => (true, true),
        };
        Self { cross_feed, feed }
    }

    fn of(self, page: &Picture) -> Cow<'_, Picture> {
        match (self.cross_feed, self.feed) {
            (false, false) => Cow::Borrowed(page),
            (true, false) => Cow::Owned(page.mirrored_horizontally()),
            (false, true) => Cow::Owned(page.mirrored_vertically()),
            (true, true) => Cow::Owned(page.rotated(Rotation::Half)),
        }
    }
}

/// The transforms of fronts and backs, alternating.
fn transforms(layout: &Layout) -> impl Iterator<Item = Transform> + use<> {
    [Transform { cross_feed: false, feed: false }, Transform::of_back(layout)].into_iter().cycle()
}

/// Writes the page header of PWG 5102.4, 4.3: 1796 bytes, numbers of 32 bits in big-endian order. The other fields are
/// 0: chunky `ColorOrder`, no `ImageBox`, and the rest as the job or the printer decides.
fn pwg_header(page: &Picture, page_count: u32, transform: Transform, layout: &Layout, stream: &mut Vec<u8>) {
    let dpi = layout.dpi.max(1);
    let (bits_per_color, colors, color_space) = match page.ink() {
        Ink::Black1 => (1, 1, 3),
        Ink::Gray8 => (8, 1, 18),
        Ink::Rgb8 => (8, 3, 19),
    };
    let sign = |reversed| if reversed { -1_i32 } else { 1 }.cast_unsigned();
    let numbers = [
        (272, u32::from(layout.sides != Sides::OneSided)),          // Duplex
        (276, dpi),                                                 // HWResolution, cross-feed
        (280, dpi),                                                 // and feed
        (340, 1),                                                   // NumCopies
        (352, points(page.width(), dpi)),                           // PageSize
        (356, points(page.height(), dpi)),                          //
        (368, u32::from(layout.sides == Sides::TwoSidedShortEdge)), // Tumble
        (372, page.width()),                                        // Width
        (376, page.height()),                                       // Height
        (384, bits_per_color),                                      // BitsPerColor
        (388, bits_per_color * colors),                             // BitsPerPixel
        (392, low_u32(page.row_bytes())),                           // BytesPerLine
        (400, color_space),                                         // ColorSpace
        (420, colors),                                              // NumColors
        (452, page_count),                                          // TotalPageCount
        (456, sign(transform.cross_feed)),                          // CrossFeedTransform
        (460, sign(transform.feed)),                                // FeedTransform
        (480, 0x00FF_FFFF),                                         // AlternatePrimary: white
        (484, layout.quality as u32),                               // PrintQuality
    ];
    let mut header = [0; 1796];
    let mut put = |at: usize, bytes: &[u8]| header.iter_mut().skip(at).zip(bytes).for_each(|(to, byte)| *to = *byte);
    put(0, b"PwgRaster");
    for (at, number) in numbers {
        put(at, &number.to_be_bytes());
    }
    if layout.media.is_ascii() && layout.media.len() < 64 {
        put(1732, layout.media.as_bytes()); // PageSizeName
    }
    stream.extend_from_slice(&header);
}

/// A point is 1/72 inch; to the nearest.
fn points(dots: u32, dpi: u32) -> u32 {
    let (dots, dpi) = (u64::from(dots), u64::from(dpi));
    u32::try_from((dots * 144 + dpi) / (dpi * 2)).unwrap_or(u32::MAX)
}

/// Writes the bitmap of PWG 5102.4: for each run of equal rows, its length less one, and the row compressed.
fn pack(page: &Picture, stream: &mut Vec<u8>) {
    let mut rows = page.dots().chunks_exact(page.row_bytes()).peekable();
    while let Some(row) = rows.next() {
        let mut repeats = 0;
        while repeats < u8::MAX && rows.next_if_eq(&row).is_some() {
            repeats += 1;
        }
        stream.push(repeats);
        match page.ink() {
            Ink::Rgb8 => pack_row(row.as_chunks::<3>().0, stream),
            Ink::Gray8 | Ink::Black1 => pack_row(row.as_chunks::<1>().0, stream),
        }
    }
}

/// Most dots after one length byte. 129 different dots would have the length 128, which clears the line in Apple
/// raster.
const PACKED_MAX: usize = 128;

/// Compresses a row of dots (or bytes of eight dots): a run of equal dots as its length less one and the dot, different
/// dots as 257 less their number and the dots. A single dot is a run of one.
fn pack_row<const N: usize>(mut row: &[[u8; N]], stream: &mut Vec<u8>) {
    while let [first, ..] = row {
        let ahead = row.get(..PACKED_MAX).unwrap_or(row);
        let run = run(ahead);
        let taken = if run > 1 { run } else { before_pair(ahead) };
        let (dots, rest) = row.split_at(taken);
        if run > 1 || taken == 1 {
            stream.push(low_u8(taken - 1));
            stream.extend_from_slice(first);
        } else {
            stream.push(low_u8(257 - taken));
            stream.extend_from_slice(dots.as_flattened());
        }
        row = rest;
    }
}

/// Length of the run of equal dots at the start, at least 1.
fn run<const N: usize>(row: &[[u8; N]]) -> usize {
    let bytes = row.as_flattened();
    let following = bytes.get(N..).unwrap_or(&[]);
    // In a run, each byte equals the byte one dot later. Chunks find long runs faster.
    let chunks = bytes.chunks_exact(CHUNK).zip(following.chunks_exact(CHUNK));
    let equal = chunks.take_while(|(a, b)| a == b).count() * CHUNK;
    let tail = bytes.iter().zip(following).skip(equal);
    1 + (equal + tail.take_while(|(a, b)| a == b).count()) / N
}

/// Bytes compared at a time.
const CHUNK: usize = 16;

/// Number of dots before the first that equals its successor, or all. The first is known to differ.
fn before_pair<const N: usize>(row: &[[u8; N]]) -> usize {
    row.array_windows().position(|[a, b]| a == b).unwrap_or(row.len())
}

/// An empty stream with the capacity for a usual card.
fn stream_for(pages: &[Picture]) -> Vec<u8> {
    Vec::with_capacity(pages.iter().map(|page| 2048 + page.dots().len() / 4).sum())
}

fn low_u8(number: usize) -> u8 {
    let [low, ..] = number.to_le_bytes();
    low
}

/// Saturates; no picture or slice is that large.
fn low_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIDES: [Sides; 3] = [Sides::OneSided, Sides::TwoSidedLongEdge, Sides::TwoSidedShortEdge];
    const BACKS: [SheetBack; 4] = [SheetBack::Normal, SheetBack::Flipped, SheetBack::Rotated, SheetBack::ManualTumble];

    fn layout(sides: Sides, sheet_back: SheetBack) -> Layout<'static> {
        Layout { dpi: 300, sides, sheet_back, quality: Quality::High, media: "iso_id-1_53.98x85.6mm" }
    }

    /// Reads on in a stream; fails at its end.
    struct Reader<'a>(&'a [u8]);

    impl<'a> Reader<'a> {
        fn bytes(&mut self, count: usize) -> &'a [u8] {
            self.0.split_off(..count).expect("the stream ends too early")
        }

        fn byte(&mut self) -> u8 {
            self.bytes(1)[0]
        }

        /// The rows of a page, as the standard says how to unpack them.
        fn rows(&mut self, row_bytes: usize, height: usize, dot_bytes: usize) -> Vec<u8> {
            let mut dots = Vec::new();
            while dots.len() < row_bytes * height {
                let times = usize::from(self.byte()) + 1;
                let mut row = Vec::new();
                while row.len() < row_bytes {
                    match self.byte() {
                        128 => panic!("a length that readers take for something else"),
                        length @ 0..128 => row.extend(self.bytes(dot_bytes).repeat(usize::from(length) + 1)),
                        length => row.extend(self.bytes(dot_bytes * (257 - usize::from(length)))),
                    }
                }
                assert_eq!(row.len(), row_bytes, "a row ends with its last dot");
                dots.extend(row.repeat(times));
            }
            assert_eq!(dots.len(), row_bytes * height, "a page ends with its last row");
            dots
        }
    }

    fn number(header: &[u8], at: usize) -> u32 {
        u32::from_be_bytes(header[at..at + 4].try_into().unwrap())
    }

    /// Each page as it is sent, and its header.
    fn read_pwg(stream: &[u8]) -> Vec<(Picture, Vec<u8>)> {
        let mut reader = Reader(stream);
        assert_eq!(reader.bytes(4), b"RaS2");
        let mut pages = Vec::new();
        while !reader.0.is_empty() {
            let header = reader.bytes(1796);
            let (width, height, row_bytes) = (number(header, 372), number(header, 376), number(header, 392));
            let ink = match [384, 388, 400, 420].map(|at| number(header, at)) {
                [1, 1, 3, 1] => Ink::Black1,
                [8, 8, 18, 1] => Ink::Gray8,
                [8, 24, 19, 3] => Ink::Rgb8,
                other => panic!("bits per colour and dot, colour space, colours: {other:?}"),
            };
            let dots = reader.rows(row_bytes as usize, height as usize, if ink == Ink::Rgb8 { 3 } else { 1 });
            pages.push((Picture::new(width, height, ink, dots).unwrap(), header.to_vec()));
        }
        pages
    }

    fn read_urf(stream: &[u8]) -> Vec<(Picture, Vec<u8>)> {
        let mut reader = Reader(stream);
        assert_eq!(reader.bytes(8), b"UNIRAST\0");
        let count = number(reader.bytes(4), 0);
        let pages = (0..count).map(|_| {
            let header = reader.bytes(32);
            let (width, height) = (number(header, 12), number(header, 16));
            let (ink, dot_bytes) = match header[..2] {
                [8, 0] => (Ink::Gray8, 1),
                [24, 1] => (Ink::Rgb8, 3),
                _ => panic!("bits per dot, colour space: {:?}", &header[..2]),
            };
            let dots = reader.rows(width as usize * dot_bytes, height as usize, dot_bytes);
            (Picture::new(width, height, ink, dots).unwrap(), header.to_vec())
        });
        let pages = pages.collect();
        assert!(reader.0.is_empty(), "nothing stands after the last page");
        pages
    }

    /// Rows of noise or of runs, some of them many times.
    fn pictures() -> impl Strategy<Value = Picture> {
        let ink = prop_oneof![Just(Ink::Rgb8), Just(Ink::Gray8), Just(Ink::Black1)];
        let runs = prop::collection::vec((0_u8..3, prop_oneof![1_usize..4, 120_usize..140, Just(300)]), 1..30);
        let row = prop_oneof![
            prop::collection::vec(any::<u8>(), 900),
            runs.prop_map(|runs| runs.iter().flat_map(|(level, dots)| vec![level * 127; dots * 3]).collect()),
        ];
        let rows = prop::collection::vec((row, prop_oneof![4 => 1_usize..3, 1 => 250_usize..260]), 1..6);
        (prop::sample::select(&[1_u32, 7, 8, 9, 129, 300]), ink, rows).prop_map(|(width, ink, rows)| {
            let row_bytes = match ink {
                Ink::Rgb8 => width as usize * 3,
                Ink::Gray8 => width as usize,
                Ink::Black1 => width.div_ceil(8) as usize,
            };
            let dots = rows.iter().flat_map(|(row, times)| {
                row.iter().copied().cycle().take(row_bytes).collect::<Vec<u8>>().repeat(*times)
            });
            let height = rows.iter().map(|(_, times)| u32::try_from(*times).unwrap()).sum();
            Picture::new(width, height, ink, dots.collect()).unwrap()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_a_reader_unpacks_is_the_picture(front in pictures(), back in pictures()) {
            let layout = layout(Sides::TwoSidedLongEdge, SheetBack::Normal);
            let pages = [front, back];
            let read: Vec<_> = read_pwg(&pwg(&pages, &layout)).into_iter().map(|(page, _)| page).collect();
            prop_assert_eq!(&read[..], &pages);
            let grays = pages.map(|page| if page.ink() == Ink::Black1 { page.to_gray() } else { page });
            let read: Vec<_> = read_urf(&urf(&grays, &layout)).into_iter().map(|(page, _)| page).collect();
            prop_assert_eq!(&read[..], &grays);
        }
    }

    /// A picture that no mirror leaves as it is.
    fn corner(ink: Ink) -> Picture {
        let black = Picture::new(11, 3, Ink::Black1, vec![0x80, 0, 0xC0, 0, 0, 0]).unwrap();
        let gray = black.to_gray();
        match ink {
            Ink::Black1 => black,
            Ink::Gray8 => gray,
            Ink::Rgb8 => {
                let colors = gray.dots().iter().flat_map(|level| [*level, 1, 2]);
                Picture::new(11, 3, Ink::Rgb8, colors.collect()).unwrap()
            }
        }
    }

    #[test]
    fn back_sides_are_turned_as_the_standard_says_and_say_so() {
        // PWG 5102.4, table 9: CrossFeedTransform and FeedTransform of the back.
        let table = [
            (Sides::OneSided, [(1, 1), (1, 1), (1, 1), (1, 1)]),
            (Sides::TwoSidedLongEdge, [(1, 1), (1, -1), (-1, -1), (1, 1)]),
            (Sides::TwoSidedShortEdge, [(1, 1), (-1, 1), (1, 1), (-1, -1)]),
        ];
        let signs = |header: &[u8]| (number(header, 456).cast_signed(), number(header, 460).cast_signed());
        for ((sides, transforms), ink) in
            table.into_iter().flat_map(|row| [Ink::Rgb8, Ink::Gray8, Ink::Black1].map(|ink| (row, ink)))
        {
            for (sheet_back, (cross_feed, feed)) in BACKS.into_iter().zip(transforms) {
                let (layout, page) = (layout(sides, sheet_back), corner(ink));
                let across = if cross_feed < 0 { page.mirrored_horizontally() } else { page.clone() };
                let expected = if feed < 0 { across.mirrored_vertically() } else { across };
                let pages = [page.clone(), page.clone()];
                let [front, back] = read_pwg(&pwg(&pages, &layout)).try_into().unwrap();
                assert_eq!((signs(&front.1), front.0), ((1, 1), page.clone()), "{layout:?}");
                assert_eq!((signs(&back.1), &back.0), ((cross_feed, feed), &expected), "{layout:?}");
                let [front, back] = read_urf(&urf(&pages, &layout)).try_into().unwrap();
                let as_sent = |page: Picture| if ink == Ink::Black1 { page.to_gray() } else { page };
                assert_eq!((front.0, back.0), (as_sent(page), as_sent(expected)), "{layout:?}");
            }
        }
    }

    #[test]
    fn the_header_of_a_pwg_page_has_exactly_the_expected_fields() {
        let card = Picture::new(638, 1012, Ink::Rgb8, vec![255; 638 * 1012 * 3]).unwrap();
        for sides in SIDES {
            let (duplex, tumble) = match sides {
                Sides::OneSided => (0, 0),
                Sides::TwoSidedLongEdge => (1, 0),
                Sides::TwoSidedShortEdge => (1, 1),
            };
            let pages = pwg(&[card.clone(), card.clone()], &layout(sides, SheetBack::Normal));
            for (_, header) in read_pwg(&pages) {
                let mut expected = vec![0; 1796];
                expected[..9].copy_from_slice(b"PwgRaster");
                expected[1732..1753].copy_from_slice(b"iso_id-1_53.98x85.6mm");
                let places =
                    [272, 276, 280, 340, 352, 356, 368, 372, 376, 384, 388, 392, 400, 420, 452, 456, 460, 480, 484];
                let values =
                    [duplex, 300, 300, 1, 153, 243, tumble, 638, 1012, 8, 24, 1914, 19, 3, 2, 1, 1, 0xFF_FFFF, 5];
                for (at, value) in places.into_iter().zip(values) {
                    expected[at..at + 4].copy_from_slice(&u32::to_be_bytes(value));
                }
                assert_eq!(header, expected, "{sides:?}");
            }
        }
    }

    #[test]
    fn the_header_of_an_apple_page_has_exactly_the_expected_fields() {
        for (sides, duplex) in SIDES.into_iter().zip([1, 3, 2]) {
            let [(_, header)] =
                read_urf(&urf(&[corner(Ink::Rgb8)], &layout(sides, SheetBack::Normal))).try_into().unwrap();
            let size = [0, 0, 0, 11, 0, 0, 0, 3, 0, 0, 1, 44];
            assert_eq!(header, [&[24, 1, duplex, 5][..], &[0; 8], &size, &[0; 8]].concat(), "{sides:?}");
        }
    }

    #[test]
    fn a_white_page_is_a_few_bytes() {
        let white = Picture::new(1012, 638, Ink::Rgb8, vec![255; 1012 * 638 * 3]).unwrap();
        let layout = layout(Sides::OneSided, SheetBack::Normal);
        // Three rows that stand up to 256 times, each of eight runs of up to 128 dots.
        assert_eq!(pwg(std::slice::from_ref(&white), &layout).len(), 4 + 1796 + 3 * (1 + 8 * 4));
        assert_eq!(urf(&[white], &layout).len(), 12 + 32 + 3 * (1 + 8 * 4));
    }

    #[test]
    fn odd_layouts_are_written_all_the_same() {
        let long = "x".repeat(64);
        for (media, name) in [("", ""), (&long, ""), ("kartu_é", ""), (&long[1..], &long[1..])] {
            let layout = Layout { dpi: 0, media, ..layout(Sides::OneSided, SheetBack::Normal) };
            let [(page, header)] = read_pwg(&pwg(&[corner(Ink::Gray8)], &layout)).try_into().unwrap();
            assert_eq!(page, corner(Ink::Gray8));
            assert_eq!(String::from_utf8_lossy(&header[1732..]).trim_end_matches('\0'), name);
        }
        assert_eq!(pwg(&[], &layout(Sides::OneSided, SheetBack::Normal)), b"RaS2");
        assert_eq!(urf(&[], &layout(Sides::OneSided, SheetBack::Normal)), b"UNIRAST\0\0\0\0\0");
    }
}
