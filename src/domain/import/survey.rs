//! What a list looks like as a whole. It is judged before the first row is imported.

use super::identifier::may_be_rounded;

/// The withdrawals that a list may always contain, and the share of the known records that it may contain too.
const WITHDRAWALS_FREE: u64 = 20;
const WITHDRAWALS_SHARE: u64 = 100;

/// The least number of identifiers from which a pattern in them is told. One in ten ends in 0 by chance.
const IDENTIFIERS_MIN: u64 = 5;

/// The identifiers of a list, counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Identifiers {
    /// All that are not empty.
    pub all: u64,
    /// Those that a spreadsheet may have rounded.
    pub rounded: u64,
}

impl Identifiers {
    /// Counts one.
    pub fn add(&mut self, identifier: &str) {
        self.all += u64::from(!identifier.is_empty());
        self.rounded += u64::from(may_be_rounded(identifier));
    }

    /// Whether a spreadsheet has rounded them: most end in zeros where only one in ten would by chance.
    pub fn are_rounded(&self) -> bool {
        self.all >= IDENTIFIERS_MIN && self.rounded * 2 > self.all
    }
}

/// Whether a list may withdraw as many records without being accepted: at most 20, or 1 % of the records known.
pub fn may_withdraw_as_many(withdrawn: u64, known: u64) -> bool {
    withdrawn <= WITHDRAWALS_FREE.max(known / WITHDRAWALS_SHARE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded<'a>(identifiers: impl IntoIterator<Item = &'a str>) -> bool {
        let mut counted = Identifiers::default();
        identifiers.into_iter().for_each(|identifier| counted.add(identifier));
        counted.are_rounded()
    }

    #[test]
    fn a_list_whose_identifiers_mostly_end_in_zero_was_rounded() {
        assert!(rounded(["3372042007670010"; 5]));
        assert!(rounded(["3,37E+15"; 12]));
        assert!(!rounded(["3372042007670010"; 4]), "too few to tell");
        assert!(!rounded([["3372042007670010"; 6], ["3372042007670012"; 6]].concat()));
        assert!(!rounded([""; 9]));
    }

    #[test]
    fn many_withdrawals_are_more_than_20_and_more_than_1_percent_of_the_known() {
        for (withdrawn, known, may) in
            [(20, 20, true), (21, 100, false), (21, 2_100, true), (270, 27_000, true), (271, 27_000, false)]
        {
            assert_eq!(may_withdraw_as_many(withdrawn, known), may, "{withdrawn} of {known}");
        }
    }
}
