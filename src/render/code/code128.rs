//! Code 128 (ISO/IEC 15417) of printable ASCII, in the code sets B and C.

use super::widths;

/// Widths of bars and spaces in turn, in modules, of each symbol character by its value. The last is the stop.
const CHARACTERS: [&str; 107] = [
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213", "221312",
    "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132", "221231", "213212",
    "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211", "212123", "212321", "232121",
    "111323", "131123", "131321", "112313", "132113", "132311", "211313", "231113", "231311", "112133", "112331",
    "132131", "113123", "113321", "133121", "313121", "211331", "231131", "213113", "213311", "213131", "311123",
    "311321", "331121", "312113", "312311", "332111", "314111", "221411", "431111", "111224", "111422", "121124",
    "121421", "141122", "141221", "112214", "112412", "122114", "122411", "142112", "142211", "241211", "221114",
    "413111", "241112", "134111", "111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112",
    "421211", "212141", "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311",
    "113141", "114131", "311141", "411131", "211412", "211214", "211232", "2331112",
];

/// Values of the characters that change or choose a code set.
const TO_C: usize = 99;
const TO_B: usize = 100;
const START_B: usize = 104;
const START_C: usize = 105;
const STOP: usize = 106;

/// The modules of the code. Fails if the text has other characters than space to tilde.
pub(super) fn encode(text: &str) -> Option<Vec<bool>> {
    let mut values = values(text.as_bytes())?;
    // The start character and the first after it both have the weight 1.
    let sum: usize = values.iter().enumerate().map(|(at, value)| at.max(1) * value).sum();
    values.extend([sum % 103, STOP]);
    let mut modules = Vec::with_capacity(11 * values.len() + 2);
    for value in values {
        widths::push(&mut modules, widths::bits(CHARACTERS.get(value)?));
    }
    Some(modules)
}

/// Values of the start character and of the text, as few as possible.
fn values(text: &[u8]) -> Option<Vec<usize>> {
    // Fewest characters for the text from each byte on, if set B and if set C is in force before it. B carries any
    // character, C two digits; a change is one character more.
    let mut least = vec![[0; 2]; text.len() + 1];
    let from_b = |least: &[[usize; 2]], at: usize| 1 + least[at + 1][0];
    let from_c = |least: &[[usize; 2]], at: usize| pair(text, at).map_or(usize::MAX - 1, |_| 1 + least[at + 2][1]);
    for at in (0..text.len()).rev() {
        let (b, c) = (from_b(&least, at), from_c(&least, at));
        least[at] = [b.min(c + 1), c.min(b + 1)];
    }
    let mut is_c = least[0][1] < least[0][0];
    let mut values = vec![if is_c { START_C } else { START_B }];
    let mut at = 0;
    while at < text.len() {
        let (b, c) = (from_b(&least, at), from_c(&least, at));
        // The set in force stays if both are equally short.
        let to_c = if is_c { c <= b + 1 } else { c + 1 < b };
        if to_c != is_c {
            values.push(if to_c { TO_C } else { TO_B });
            is_c = to_c;
        }
        if is_c {
            values.push(pair(text, at)?);
            at += 2;
        } else {
            values.push(usize::from(text[at].checked_sub(b' ').filter(|value| *value < 95)?));
            at += 1;
        }
    }
    Some(values)
}

/// The number that two digits at a place make.
fn pair(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at..at + 2)? {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(usize::from(10 * (tens - b'0') + (ones - b'0'))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_character_has_eleven_modules_three_bars_and_an_even_number_of_dark_modules() {
        let (stop, characters) = CHARACTERS.split_last().unwrap();
        assert_eq!(widths::bits(stop), 0b1_1000_1110_1011);
        for widths in characters {
            let bits = widths::bits(widths);
            assert!(widths.len() == 6 && bits >> 10 == 1 && bits & 1 == 0, "{widths}");
            assert!(bits.count_ones().is_multiple_of(2), "{widths}");
        }
        assert_eq!(CHARACTERS.iter().collect::<HashSet<_>>().len(), CHARACTERS.len());
    }
}
