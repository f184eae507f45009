//! QR codes (ISO/IEC 18004) at error correction level M: from a text to the codewords of the smallest version.

use super::qr_matrix;

/// The largest version that is used; it holds 1,059 bytes.
const VERSION_MAX: usize = 26;

/// Codewords of error correction in each block, and number of blocks, at level M by version from 1.
const BLOCKS: [(usize, usize); VERSION_MAX] = [
    (10, 1),
    (16, 1),
    (26, 1),
    (18, 2),
    (24, 2),
    (16, 4),
    (18, 4),
    (22, 4),
    (22, 5),
    (26, 5),
    (30, 5),
    (22, 8),
    (22, 9),
    (24, 9),
    (24, 10),
    (28, 10),
    (28, 11),
    (26, 13),
    (26, 14),
    (26, 16),
    (26, 17),
    (28, 17),
    (28, 18),
    (28, 20),
    (28, 21),
    (28, 23),
];

/// Ranges of versions, and the bits of the character count in each mode, in the order of [`MODES`].
const COUNT_BITS: [(std::ops::RangeInclusive<usize>, [usize; 3]); 2] =
    [(1..=9, [10, 9, 8]), (10..=VERSION_MAX, [12, 11, 16])];

/// Mode indicators have four bits.
const INDICATOR_BITS: usize = 4;
/// Marks the text as UTF-8: the mode indicator for an extended channel interpretation, and its number, 26.
const UTF8: usize = 0b0111_0001_1010;
const UTF8_BITS: usize = INDICATOR_BITS + 8;

/// Fill the data codewords in turn.
const PADS: [u8; 2] = [0b1110_1100, 0b0001_0001];

/// The characters of alphanumeric mode by value.
const ALPHANUMERIC: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    Numeric,
    Alphanumeric,
    Byte,
}

const MODES: [Mode; 3] = [Mode::Numeric, Mode::Alphanumeric, Mode::Byte];

impl Mode {
    fn indicator(self) -> usize {
        match self {
            Self::Numeric => 0b0001,
            Self::Alphanumeric => 0b0010,
            Self::Byte => 0b0100,
        }
    }

    /// The value of a character, if the mode can carry it.
    fn value(self, byte: u8) -> Option<usize> {
        match self {
            Self::Numeric => byte.is_ascii_digit().then(|| usize::from(byte - b'0')),
            Self::Alphanumeric => ALPHANUMERIC.iter().position(|c| *c == byte),
            Self::Byte => Some(usize::from(byte)),
        }
    }

    /// Characters that are packed together, and values that each can have.
    fn group(self) -> (usize, usize) {
        match self {
            Self::Numeric => (3, 10),
            Self::Alphanumeric => (2, 45),
            Self::Byte => (1, 256),
        }
    }

    /// Bits of a whole or partial group.
    fn bits(self, characters: usize) -> usize {
        match self {
            Self::Numeric => 3 * characters + 1,
            Self::Alphanumeric => 5 * characters + 1,
            Self::Byte => 8 * characters,
        }
    }

    /// Sixths of a bit for one character. The bits of a segment are the sum, rounded up.
    fn cost(self) -> usize {
        let (characters, _) = self.group();
        6 / characters * self.bits(characters)
    }
}

/// The modules in rows from the top. Fails if version 26 cannot hold the text.
pub(super) fn encode(text: &str) -> Option<Vec<Vec<bool>>> {
    // ASCII needs no mark: it is the same in all character sets, and the mark may need a larger version.
    let mark = if text.is_ascii() { None } else { Some((UTF8, UTF8_BITS)) };
    COUNT_BITS.into_iter().find_map(|(versions, count_bits)| {
        let mut bits = Bits(vec![]);
        if let Some((number, width)) = mark {
            bits.push(number, width);
        }
        bits.push_text(text.as_bytes(), count_bits);
        let version = versions.into_iter().find(|version| bits.0.len() <= 8 * data_codewords(*version))?;
        let codewords = with_error_correction(&bits.into_codewords(data_codewords(version)), version);
        Some(qr_matrix::draw(version, &codewords))
    })
}

fn data_codewords(version: usize) -> usize {
    let (checks, blocks) = BLOCKS[version - 1];
    qr_matrix::codewords(version) - checks * blocks
}

struct Bits(Vec<bool>);

impl Bits {
    fn push(&mut self, number: usize, width: usize) {
        self.0.extend((0..width).rev().map(|bit| number >> bit & 1 == 1));
    }

    /// Pushes a text in the segments that together have the fewest bits.
    fn push_text(&mut self, text: &[u8], count_bits: [usize; 3]) {
        let characters: Vec<(Mode, u8)> = modes(text, count_bits).into_iter().zip(text.iter().copied()).collect();
        for segment in characters.chunk_by(|(one, _), (next, _)| one == next) {
            let Some((mode, _)) = segment.first() else { continue };
            self.push(mode.indicator(), INDICATOR_BITS);
            self.push(segment.len(), count_bits[*mode as usize]);
            let (length, base) = mode.group();
            for group in segment.chunks(length) {
                let number = group.iter().fold(0, |number, (_, c)| number * base + mode.value(*c).unwrap_or(0));
                self.push(number, mode.bits(group.len()));
            }
        }
    }

    /// Appends the terminator, four zeros if there is room, and pads.
    fn into_codewords(mut self, length: usize) -> Vec<u8> {
        self.push(0, INDICATOR_BITS.min(8 * length - self.0.len()));
        let byte = |bits: &[bool]| (0..8).fold(0, |byte, at| byte << 1 | u8::from(bits.get(at) == Some(&true)));
        let codewords = self.0.chunks(8).map(byte);
        codewords.chain(PADS.into_iter().cycle()).take(length).collect()
    }
}

/// The mode of each byte, with the fewest bits in total. Bytes in a row of the same mode are one segment.
fn modes(text: &[u8], count_bits: [usize; 3]) -> Vec<Mode> {
    let header = |mode: usize| 6 * (INDICATOR_BITS + count_bits[mode]);
    // Fewest sixths of a bit for the text so far, by the mode of its last byte; and for each byte the mode before it.
    let mut costs = [0, 1, 2].map(header);
    let mut before = Vec::with_capacity(text.len());
    for byte in text {
        let (least, cheapest) = cheapest(costs);
        let mut from = [0, 1, 2];
        for (at, mode) in MODES.into_iter().enumerate() {
            let switched = least + header(at);
            if switched < costs[at] {
                (costs[at], from[at]) = (switched, cheapest);
            }
            // More than any text costs, if the mode cannot carry the byte.
            costs[at] = if mode.value(*byte).is_some() { costs[at] + mode.cost() } else { usize::MAX / 2 };
        }
        before.push(from);
    }
    let (_, mut mode) = cheapest(costs);
    let mut modes = vec![Mode::Byte; text.len()];
    for (at, from) in modes.iter_mut().zip(&before).rev() {
        *at = MODES[mode];
        mode = from[mode];
    }
    modes
}

/// The least of the costs, in whole bits, and its place.
fn cheapest(costs: [usize; 3]) -> (usize, usize) {
    let whole = costs.into_iter().map(|cost| cost.next_multiple_of(6));
    whole.zip(0..).min().unwrap_or((0, 0))
}

/// Splits the data into blocks, adds error correction to each, and takes the codewords from the blocks in turn.
fn with_error_correction(data: &[u8], version: usize) -> Vec<u8> {
    let (checks, blocks) = BLOCKS[version - 1];
    // The last blocks have one codeword more, if the data cannot be divided equally.
    let (short, long_blocks) = (data.len() / blocks, data.len() % blocks);
    let (head, tail) = data.split_at(short * (blocks - long_blocks));
    let blocks: Vec<&[u8]> = head.chunks(short).chain(tail.chunks(short + 1)).collect();
    let generator = generator(checks);
    let corrections: Vec<Vec<u8>> = blocks.iter().map(|block| remainder(block, &generator)).collect();
    let data = (0..=short).flat_map(|at| blocks.iter().filter_map(move |block| block.get(at)));
    let corrections = (0..checks).flat_map(|at| corrections.iter().filter_map(move |block| block.get(at)));
    data.chain(corrections).copied().collect()
}

/// Powers of 2 in the field of 256 elements modulo x^8 + x^4 + x^3 + x^2 + 1, and the exponent of each.
static POWERS: ([u8; 255], [u8; 256]) = {
    let (mut powers, mut exponents) = ([0; 255], [0; 256]);
    let (mut power, mut exponent) = (1_u8, 0_u8);
    while exponent < 255 {
        powers[exponent as usize] = power;
        exponents[power as usize] = exponent;
        power = power << 1 ^ if power < 128 { 0 } else { 0b1_1101 };
        exponent += 1;
    }
    (powers, exponents)
};

/// The product of two elements of the field.
fn product(one: u8, other: u8) -> u8 {
    let (powers, exponents) = &POWERS;
    if one == 0 || other == 0 {
        return 0;
    }
    powers[(usize::from(exponents[usize::from(one)]) + usize::from(exponents[usize::from(other)])) % 255]
}

/// The product of (x - 2^n) for n from 0 up, below the highest power: coefficients from there down.
fn generator(degree: usize) -> Vec<u8> {
    let mut generator = vec![0; degree];
    for (step, root) in POWERS.0.iter().take(degree).enumerate() {
        let mut above = 1;
        for coefficient in generator.iter_mut().take(step + 1) {
            (above, *coefficient) = (*coefficient, *coefficient ^ product(above, *root));
        }
    }
    generator
}

/// The remainder of the data, taken as the coefficients of a polynomial, times the highest power of the generator.
fn remainder(data: &[u8], generator: &[u8]) -> Vec<u8> {
    let mut remainder = vec![0; generator.len()];
    for codeword in data {
        remainder.rotate_left(1);
        let Some(last) = remainder.last_mut() else { break };
        let factor = codeword ^ std::mem::take(last);
        for (value, coefficient) in remainder.iter_mut().zip(generator) {
            *value ^= product(*coefficient, factor);
        }
    }
    remainder
}
