//! The order of names for people: `p-2` before `p-10`.

use std::cmp::Ordering;

/// Compares two names. Runs of digits count as numbers, of any length; names that differ in leading zeros only are in the order of their
/// bytes.
pub fn natural_order(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one, other);
    loop {
        let (Some(first), Some(second)) = (left.chars().next(), right.chars().next()) else {
            return left.len().cmp(&right.len()).then_with(|| one.cmp(other));
        };
        if first.is_ascii_digit() && second.is_ascii_digit() {
            let ((digits, after), (others, after_others)) = (number(left), number(right));
            let order = digits.len().cmp(&others.len()).then_with(|| digits.cmp(others));
            if order.is_ne() {
                return order;
            }
            (left, right) = (after, after_others);
        } else if first == second {
            (left, right) = (&left[first.len_utf8()..], &right[first.len_utf8()..]);
        } else {
            return first.cmp(&second);
        }
    }
}

/// The digits at the start without leading zeros, and what follows them.
fn number(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    (digits.trim_start_matches('0'), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_compared_as_numbers_and_the_order_is_total() {
        let sorted = [
            "",
            "P-1",
            "p",
            "p-0",
            "p-00",
            "p-01",
            "p-1",
            "p-2",
            "p-2a",
            "p-10",
            "p-10-2",
            "p-10-10",
            "p-99999999999999999999999",
            "p-100000000000000000000000",
            "pé2",
            "pé10",
        ];
        for (at, a) in sorted.iter().enumerate() {
            for (other, b) in sorted.iter().enumerate() {
                assert_eq!(natural_order(a, b), at.cmp(&other), "{a} {b}");
            }
        }
    }
}
