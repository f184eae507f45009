//! PDF417 (ISO/IEC 15438): codewords, error correction and rows.

use std::{iter::once, ops::RangeInclusive, sync::LazyLock};

use super::{compaction, widths};

/// Most columns of codewords, and range of rows.
const COLUMNS_MAX: usize = 30;
pub(super) const ROWS: RangeInclusive<usize> = 3..=90;
/// Most codewords of a symbol.
const CODEWORDS_MAX: usize = 928;

/// Fills the data up to the last column.
const PAD: u32 = 900;

/// Codewords are added and multiplied modulo this prime.
const PRIME: u32 = 929;

/// The modules of each codeword as [`widths::bits`], in the cluster of the first, second and third row. Further rows
/// repeat the clusters.
static CHARACTERS: LazyLock<Vec<[u32; 3]>> = LazyLock::new(|| {
    let lines = include_str!("pdf417.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split(' ').map(widths::bits).collect::<Vec<_>>().try_into().ok()).collect()
});

const START: &str = "81111113";
const STOP: &str = "711311121";

/// The modules in rows from the top. Fails if the text needs more than 862 codewords.
pub(super) fn encode(text: &str) -> Option<Vec<Vec<bool>>> {
    let source = compaction::codewords(text);
    let level = level(source.len() + 1)?;
    let checks = 2 << level;
    let (columns, rows) = shape(source.len() + 1 + checks)?;
    let length = columns * rows - checks;
    let mut codewords = vec![u32::try_from(length).ok()?];
    codewords.extend(source);
    codewords.resize(length, PAD);
    codewords.extend(error_correction(&codewords, checks));
    (0..rows)
        .zip(codewords.chunks(columns))
        .map(|(row, codewords)| {
            // Row indicators tell in turn the number of rows, the level with the rest of that number, and the columns.
            let facts = [(rows - 1) / 3, 3 * level + (rows - 1) % 3, columns - 1];
            let cluster = row % 3;
            let indicator = |fact: usize| 30 * (row / 3) + facts[fact % 3];
            let values = codewords.iter().filter_map(|codeword| usize::try_from(*codeword).ok());
            let values = once(indicator(cluster)).chain(values).chain(once(indicator(cluster + 2)));
            let mut modules = Vec::with_capacity(17 * columns + 69);
            widths::push(&mut modules, widths::bits(START));
            for value in values {
                widths::push(&mut modules, CHARACTERS.get(value)?[cluster]);
            }
            widths::push(&mut modules, widths::bits(STOP));
            Some(modules)
        })
        .collect()
}

/// The level of error correction that the standard recommends for a number of data codewords; level n adds `2 << n`
/// codewords.
fn level(data: usize) -> Option<usize> {
    match data {
        0..=40 => Some(2),
        41..=160 => Some(3),
        161..=320 => Some(4),
        321..=863 => Some(5),
        _ => None,
    }
}

/// The columns and rows that hold a number of codewords, and whose width is nearest to 5.6 times the height. The wider of
/// two that are equally near.
fn shape(codewords: usize) -> Option<(usize, usize)> {
    let shapes = (1..=COLUMNS_MAX).map(|columns| (columns, codewords.div_ceil(columns)));
    let valid = shapes.filter(|(columns, rows)| ROWS.contains(rows) && columns * rows <= CODEWORDS_MAX);
    // Rows are three modules high: the ratio is off by |width - 16.8 rows| / rows.
    let off = |(columns, rows): (usize, usize)| (5 * (17 * columns + 69)).abs_diff(84 * rows);
    valid.reduce(|best, shape| if off(shape) * best.1 > off(best) * shape.1 { best } else { shape })
}

/// The remainder of the codewords, taken as the coefficients of a polynomial, divided by the product of (x - 3^n) for n
/// from 1 to the number of checks, and negated.
fn error_correction(codewords: &[u32], checks: usize) -> Vec<u32> {
    // Coefficients from the highest power down, without the first, which is 1.
    let mut generator = vec![0; checks];
    let mut root = 1;
    for degree in 0..checks {
        root = root * 3 % PRIME;
        let mut above = 1;
        for coefficient in generator.iter_mut().take(degree + 1) {
            (above, *coefficient) = (*coefficient, (*coefficient + (PRIME - root) * above) % PRIME);
        }
    }
    let mut remainder = vec![0; checks];
    for codeword in codewords {
        remainder.rotate_left(1);
        let Some(last) = remainder.last_mut() else { break };
        let factor = PRIME - (codeword + std::mem::take(last)) % PRIME;
        for (value, coefficient) in remainder.iter_mut().zip(&generator) {
            *value = (*value + factor * coefficient) % PRIME;
        }
    }
    remainder.into_iter().map(|value| (PRIME - value) % PRIME).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_characters_of_a_cluster_have_its_number_and_are_distinct() {
        assert_eq!(CHARACTERS.len(), 929);
        for (cluster, number) in [0, 3, 6].into_iter().enumerate() {
            let mut seen = HashSet::new();
            for (codeword, character) in CHARACTERS.iter().map(|clusters| clusters[cluster]).enumerate() {
                let modules: Vec<bool> = (0..17).rev().map(|bit| character >> bit & 1 == 1).collect();
                let widths: Vec<usize> = modules.chunk_by(|one, next| one == next).map(<[bool]>::len).collect();
                assert!(character >> 16 == 1 && character & 1 == 0, "{codeword}: begins with a bar, ends with a space");
                assert!(
                    widths.len() == 8 && widths.iter().all(|width| (1..=6).contains(width)),
                    "{codeword}: {widths:?}"
                );
                assert_eq!((9 + widths[0] - widths[2] + widths[4] - widths[6]) % 9, number, "{codeword}: {widths:?}");
                assert!(seen.insert(character), "{codeword} is twice in cluster {number}");
            }
        }
    }

    #[test]
    fn the_error_correction_of_the_example_of_the_standard() {
        // ISO/IEC 15438, annex on error correction: the text "PDF417" at level 1.
        assert_eq!(error_correction(&[5, 453, 178, 121, 239], 4), [452, 327, 657, 619]);
    }
}
