//! The codewords of a PDF417 for a text (ISO/IEC 15438, 5.4).
//!
//! Three modes pack text: text compaction holds two values below 30 in a codeword, byte compaction six bytes in five
//! codewords, numeric compaction 44 digits in 15. [`codewords`] finds the sequence of modes with the fewest codewords.

use std::iter::once;

/// Codewords that change the mode.
const TO_TEXT: u32 = 900;
const TO_BYTES: u32 = 901;
const TO_NUMBERS: u32 = 902;
/// The next codeword is a byte, and text follows.
const SHIFT_TO_BYTE: u32 = 913;
/// The same as [`TO_BYTES`] for a number of bytes that six divides.
const TO_SIXES: u32 = 924;
/// The next codeword is an extended channel interpretation; 26 is UTF-8.
const ECI: u32 = 927;
const ECI_UTF8: u32 = 26;

/// Digits that numeric compaction packs together.
const DIGITS: usize = 44;
/// Bytes that byte compaction packs together.
const BYTES: usize = 6;
/// Codewords are numbers to this base.
const BASE: u32 = 900;

/// The submodes of text compaction.
const ALPHA: usize = 0;
const LOWER: usize = 1;
const MIXED: usize = 2;
const PUNCTUATION: usize = 3;
const SUBMODES: usize = 4;

/// The characters of each submode by value. 255, which is in no text, stands for a value that changes the submode.
const CHARACTERS: [&[u8]; SUBMODES] = [
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ ",
    b"abcdefghijklmnopqrstuvwxyz ",
    b"0123456789&\r\t,:#-.$/+%*=^\xff ",
    b";<>@[\\]_`~!\r\t,:\n-.$/\"|*()?{}'",
];

/// The value of each ASCII character in each submode.
static VALUES: [[Option<u8>; 128]; SUBMODES] = {
    let mut values = [[None; 128]; SUBMODES];
    let (mut submode, mut value) = (0, 0_u8);
    while submode < SUBMODES {
        let character = CHARACTERS[submode][value as usize] as usize;
        if character < 128 {
            values[submode][character] = Some(value);
        }
        value += 1;
        if value as usize == CHARACTERS[submode].len() {
            (submode, value) = (submode + 1, 0);
        }
    }
    values
};

/// The values that change from one submode to another.
const LATCHES: [[&[u32]; SUBMODES]; SUBMODES] = [
    [&[], &[27], &[28], &[28, 25]],
    [&[28, 28], &[], &[28], &[28, 25]],
    [&[28], &[27], &[], &[25]],
    [&[29], &[29, 27], &[29, 28], &[]],
];

/// The next value is punctuation, in any other submode. In the last half of a codeword, with no value after it, it means
/// nothing.
const SHIFT_TO_PUNCTUATION: u32 = 29;
/// The next value is a capital, in the submode of small letters.
const SHIFT_TO_ALPHA: u32 = 27;

/// The states after a character: a submode of text; byte compaction, by the bytes since the last full six; numeric
/// compaction, by the digits since the last full 44.
const IN_BYTES: usize = SUBMODES;
const IN_NUMBERS: usize = IN_BYTES + BYTES;
const STATES: usize = IN_NUMBERS + DIGITS;

/// Fewest halves of a codeword for the text so far, by state.
type Costs = [usize; STATES];

/// Cost of a state that cannot be reached. Adding to it does not overflow.
const NEVER: usize = usize::MAX / 2;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    Text,
    Bytes,
    Numbers,
}

fn mode(state: usize) -> Mode {
    match state {
        ..IN_BYTES => Mode::Text,
        IN_BYTES..IN_NUMBERS => Mode::Bytes,
        IN_NUMBERS.. => Mode::Numbers,
    }
}

/// The codewords of a text, without the length that precedes them.
pub(super) fn codewords(text: &str) -> Vec<u32> {
    let mut codewords = if text.is_ascii() { vec![] } else { vec![ECI, ECI_UTF8] };
    let characters: Vec<(usize, u8)> = states(text.as_bytes()).into_iter().zip(text.bytes()).collect();
    for (at, run) in characters.chunk_by(|(one, _), (next, _)| mode(*one) == mode(*next)).enumerate() {
        let bytes = run.iter().map(|(_, byte)| *byte);
        match mode(run.first().map_or(0, |(state, _)| *state)) {
            Mode::Text => {
                // A symbol begins with text.
                codewords.extend((at > 0).then_some(TO_TEXT));
                push_text(&mut codewords, run);
            }
            Mode::Bytes => push_bytes(&mut codewords, &bytes.collect::<Vec<_>>()),
            Mode::Numbers => push_digits(&mut codewords, &bytes.collect::<Vec<_>>()),
        }
    }
    codewords
}

/// The state after each byte in the sequence with the fewest codewords.
fn states(text: &[u8]) -> Vec<usize> {
    let mut costs = [NEVER; STATES];
    costs[ALPHA] = 0;
    let before: Vec<[usize; STATES]> = text
        .iter()
        .map(|byte| {
            let (next, from) = step(&costs, *byte);
            costs = next;
            from
        })
        .collect();
    let (_, mut state) = cheapest(&costs, 0, STATES);
    let mut states = vec![0; text.len()];
    for (at, from) in states.iter_mut().zip(&before).rev() {
        *at = state;
        state = from[state];
    }
    states
}

/// The costs after one more byte, and for each state the state before the byte.
fn step(costs: &Costs, byte: u8) -> (Costs, [usize; STATES]) {
    let mut next = [NEVER; STATES];
    let mut before = [0; STATES];
    let mut offer = |to: usize, cost: usize, from: usize| {
        if cost < next[to] {
            (next[to], before[to]) = (cost, from);
        }
    };
    let text = cheapest(costs, 0, IN_BYTES);
    let bytes = cheapest(costs, IN_BYTES, IN_NUMBERS);
    let numbers = cheapest(costs, IN_NUMBERS, STATES);
    // A latch is one codeword.
    let latch = |(one_cost, one): (usize, usize), (other_cost, other): (usize, usize)| {
        if one_cost <= other_cost { (one_cost + 2, one) } else { (other_cost + 2, other) }
    };

    let (to_text, from) = latch(bytes, numbers);
    for to in [ALPHA, LOWER, MIXED, PUNCTUATION] {
        let Some(character) = in_submode(to, byte) else { continue };
        let total = |cost: usize, submode: usize| {
            let latched = cost + LATCHES[submode][to].len();
            match character {
                InSubmode::Value(_) => latched + 1,
                InSubmode::Shifted(_) => latched + 2,
                InSubmode::Byte => latched.next_multiple_of(2) + 4,
            }
        };
        for (submode, cost) in costs.iter().enumerate().take(SUBMODES) {
            offer(to, total(*cost, submode), submode);
        }
        offer(to, total(to_text, ALPHA), from);
    }

    let (to_bytes, from) = latch(text, numbers);
    offer(IN_BYTES + 1, to_bytes + 2, from);
    for count in 0..BYTES {
        // The sixth byte is free: six are five codewords.
        let more = if count + 1 == BYTES { 0 } else { 2 };
        offer(IN_BYTES + (count + 1) % BYTES, costs[IN_BYTES + count] + more, IN_BYTES + count);
    }

    if byte.is_ascii_digit() {
        let (to_numbers, from) = latch(text, bytes);
        offer(IN_NUMBERS + 1, to_numbers + 2, from);
        for count in 0..DIGITS {
            // Digits need a third of their number in codewords, rounded down, and one.
            let more = if count == 0 || (count + 1) % 3 == 0 { 2 } else { 0 };
            offer(IN_NUMBERS + (count + 1) % DIGITS, costs[IN_NUMBERS + count] + more, IN_NUMBERS + count);
        }
    }
    (next, before)
}

/// The least cost of the states in a range, in whole codewords, and its state.
fn cheapest(costs: &Costs, from: usize, to: usize) -> (usize, usize) {
    let states = (0..).zip(costs).take(to).skip(from);
    states.map(|(state, cost)| (cost.next_multiple_of(2), state)).min().unwrap_or((NEVER, 0))
}

/// How a submode carries a character.
#[derive(Clone, Copy)]
enum InSubmode {
    /// By a value of its own.
    Value(u32),
    /// By the value that shifts to another submode, and its value there.
    Shifted([u32; 2]),
    /// By [`SHIFT_TO_BYTE`].
    Byte,
}

/// None if the submode cannot carry the character.
fn in_submode(submode: usize, byte: u8) -> Option<InSubmode> {
    let value = |submode: usize| VALUES[submode].get(usize::from(byte)).copied().flatten().map(u32::from);
    if let Some(value) = value(submode) {
        return Some(InSubmode::Value(value));
    }
    if submode == PUNCTUATION {
        // No shift begins here, and what fills half a codeword before a byte would change the submode.
        return None;
    }
    if let Some(value) = value(PUNCTUATION) {
        return Some(InSubmode::Shifted([SHIFT_TO_PUNCTUATION, value]));
    }
    if submode == LOWER
        && let Some(value) = value(ALPHA)
    {
        return Some(InSubmode::Shifted([SHIFT_TO_ALPHA, value]));
    }
    // A reader might take the bytes of another character for as many characters.
    byte.is_ascii().then_some(InSubmode::Byte)
}

/// Appends text, from the submode of capitals on.
fn push_text(codewords: &mut Vec<u32>, run: &[(usize, u8)]) {
    let mut values = Vec::new();
    let mut submode = ALPHA;
    for (to, byte) in run {
        values.extend(LATCHES[submode][*to]);
        submode = *to;
        match in_submode(submode, *byte) {
            Some(InSubmode::Value(value)) => values.push(value),
            Some(InSubmode::Shifted(both)) => values.extend(both),
            Some(InSubmode::Byte) | None => {
                push_values(codewords, &values);
                values.clear();
                codewords.extend([SHIFT_TO_BYTE, u32::from(*byte)]);
            }
        }
    }
    push_values(codewords, &values);
}

/// Appends values of text compaction, two in a codeword.
fn push_values(codewords: &mut Vec<u32>, values: &[u32]) {
    let second = |pair: &[u32]| pair.get(1).copied().unwrap_or(SHIFT_TO_PUNCTUATION);
    codewords.extend(values.chunks(2).map(|pair| 30 * pair[0] + second(pair)));
}

/// Appends byte compaction.
fn push_bytes(codewords: &mut Vec<u32>, bytes: &[u8]) {
    codewords.push(if bytes.len().is_multiple_of(BYTES) { TO_SIXES } else { TO_BYTES });
    for group in bytes.chunks(BYTES) {
        if group.len() == BYTES {
            push_number::<256>(codewords, BYTES - 1, group.iter().copied());
        } else {
            codewords.extend(group.iter().copied().map(u32::from));
        }
    }
}

/// Appends numeric compaction.
fn push_digits(codewords: &mut Vec<u32>, digits: &[u8]) {
    codewords.push(TO_NUMBERS);
    for group in digits.chunks(DIGITS) {
        // The 1 in front keeps leading zeros.
        let digits = once(1).chain(group.iter().map(|digit| digit - b'0'));
        push_number::<10>(codewords, group.len() / 3 + 1, digits);
    }
}

/// Appends a number of digits to the base `FROM` as a number of codewords.
fn push_number<const FROM: u32>(codewords: &mut Vec<u32>, count: usize, digits: impl Iterator<Item = u8>) {
    let start = codewords.len();
    codewords.resize(start + count, 0);
    for digit in digits {
        let mut carry = u32::from(digit);
        for codeword in codewords.iter_mut().skip(start).rev() {
            let value = *codeword * FROM + carry;
            (*codeword, carry) = (value % BASE, value / BASE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard() {
        assert_eq!(codewords("PDF417"), [453, 178, 121, 239]);
        let (mut digits, mut bytes) = (vec![], vec![]);
        push_digits(&mut digits, b"000213298174000");
        assert_eq!(digits, [902, 1, 624, 434, 632, 282, 200]);
        push_bytes(&mut bytes, b"alcool");
        assert_eq!(bytes, [924, 163, 238, 432, 766, 244]);
    }

    #[test]
    fn a_byte_amid_text_is_shifted_to_in_ascii_only() {
        assert_eq!(codewords("AB\u{7f}CD"), [1, 913, 127, 2 * 30 + 3]);
        // Half a codeword is filled before the shift.
        assert_eq!(codewords("A\u{7f}BC"), [29, 913, 127, 30 + 2]);
        assert_eq!(codewords("é"), [927, 26, 901, 0xC3, 0xA9]);
    }
}
