//! Lists of numbers in a short form, for the audit.

use std::ops::RangeInclusive;

/// Writes sorted numbers as ranges: `1-2000,2005`. Empty for none.
pub fn ranges(sorted: &[i64]) -> String {
    let mut text = String::new();
    let mut rest = sorted;
    while let [first, ..] = rest {
        let run = (0..).zip(rest).take_while(|(i, n)| first + i == **n).count();
        let last = rest[run - 1];
        let comma = if text.is_empty() { "" } else { "," };
        text += &if run == 1 { format!("{comma}{first}") } else { format!("{comma}{first}-{last}") };
        rest = &rest[run..];
    }
    text
}

/// Reads ranges that [`ranges`] wrote. What is no range is left out.
pub fn parse_ranges(text: &str) -> impl Iterator<Item = RangeInclusive<i64>> {
    text.split(',').filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(first.parse().ok()?..=last.parse().ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_numbers_are_written_as_one_range() {
        assert_eq!(ranges(&[1, 2, 3, 7, 9, 10]), "1-3,7,9-10");
        assert_eq!(ranges(&[]), "");
        assert!(parse_ranges("1-3,7,9-10").flatten().eq([1, 2, 3, 7, 9, 10]));
        assert_eq!(parse_ranges("").count(), 0);
    }
}
