//! The request ids that a list names more than once: what later rows of a dry run may need to know.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

/// All request ids of a list, by a keyed hash of eight bytes each. Two of a million ids share one with a probability of 10^-7, and are
/// then taken for repeated.
#[derive(Default)]
pub(super) struct RequestIds {
    key: RandomState,
    hashes: Vec<u64>,
}

/// Those that it names more than once.
#[derive(Default)]
pub(super) struct Repeats {
    key: RandomState,
    hashes: HashSet<u64>,
}

impl RequestIds {
    pub(super) fn add(&mut self, request_id: &str) {
        self.hashes.push(self.key.hash_one(request_id));
    }

    pub(super) fn repeats(mut self) -> Repeats {
        self.hashes.sort_unstable();
        let equal = self.hashes.chunk_by(|one, next| one == next).filter(|equal| equal.len() > 1);
        Repeats { key: self.key, hashes: equal.map(|equal| equal[0]).collect() }
    }
}

impl Repeats {
    pub(super) fn contains(&self, request_id: &str) -> bool {
        self.hashes.contains(&self.key.hash_one(request_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_repeated_if_the_list_names_it_twice() {
        let mut ids = RequestIds::default();
        for id in ["a", "b", "a", "c", "a"] {
            ids.add(id);
        }
        let repeats = ids.repeats();
        assert_eq!(["a", "b", "c", "d"].map(|id| repeats.contains(id)), [true, false, false, false]);
    }
}
