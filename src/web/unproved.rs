//! Requests without the proof of an account: one row in the audit for each address and minute.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// The addresses that are kept apart in one minute. All others are counted as one.
const ADDRESSES_MAX: usize = 100;

/// The requests of one minute.
#[derive(Debug, Default)]
pub(super) struct Unproved(Mutex<Counts>);

/// Requests by address, and those of addresses that are not kept apart.
#[derive(Debug, Default)]
struct Counts {
    of: BTreeMap<String, u64>,
    others: u64,
}

impl Unproved {
    /// Counts a request.
    pub(super) fn count(&self, address: String) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = counts.of.len() >= ADDRESSES_MAX;
        match counts.of.get_mut(&address) {
            Some(count) => *count += 1,
            None if is_full => counts.others += 1,
            None => {
                counts.of.insert(address, 1);
            }
        }
    }

    /// The counts since the last call, each with its address.
    pub(super) fn take(&self) -> Vec<(String, u64)> {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let others = (counts.others > 0).then(|| ("other addresses".to_owned(), counts.others));
        counts.of.into_iter().chain(others).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn many_addresses_take_no_more_than_a_bounded_number_of_rows() {
        let unproved = Unproved::default();
        for n in 0..1_000_u32 {
            unproved.count(IpAddr::from(n.to_be_bytes()).to_string());
            unproved.count("0.0.0.1".into());
        }
        let counts = unproved.take();
        assert_eq!(counts.len(), ADDRESSES_MAX + 1);
        assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), 2_000);
        assert_eq!(counts[1], ("0.0.0.1".to_owned(), 1_001));
        assert_eq!(unproved.take(), []);
    }
}
