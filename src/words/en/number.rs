//! Numbers.

use super::digits::grouped;

/// A quantity as people read it, with thousands separators. Identifiers have none.
pub fn thousands(n: impl Into<i128>) -> String {
    grouped(n.into(), ',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        assert_eq!([0_i64, 999, 1_000, -27_140].map(thousands), ["0", "999", "1,000", "-27,140"]);
    }
}
