//! A waiting list in its order: what arrived together stays one piece, so that a list costs as little as it has arrivals.

use std::collections::{BTreeSet, HashSet};

use crate::domain::{card::profile::WALK_IN_CLASS, time::Timestamp};

/// A record's place in the order: class, arrival, number.
pub(super) type Rank = (i64, Timestamp, usize);

/// Records that arrived together.
#[derive(Clone)]
struct Arrived {
    class: i64,
    at: Timestamp,
    /// The number of the first.
    first: usize,
    /// How many of them have left the list.
    taken: usize,
    records: usize,
}

impl Arrived {
    fn rank(&self, nth: usize) -> Rank {
        (self.class, self.at, self.first + nth)
    }
}

/// The records of a profile that wait.
#[derive(Clone, Default)]
pub(super) struct WaitingList {
    /// In their order.
    arrived: Vec<Arrived>,
    /// Those that have a place of their own: they came back, or were put first.
    single: BTreeSet<Rank>,
    /// Those that left their arrival for a place of their own, and not from its beginning.
    moved: HashSet<usize>,
}

impl WaitingList {
    /// Records arrive, numbered from `first` on.
    pub(super) fn arrive(&mut self, class: i64, at: Timestamp, first: usize, records: usize) {
        let new = Arrived { class, at, first, taken: 0, records };
        let place = self.arrived.partition_point(|one| one.rank(0) < new.rank(0));
        self.arrived.insert(place, new);
    }

    /// A record comes back to its former place.
    pub(super) fn give_back(&mut self, rank: Rank) {
        self.single.insert(rank);
    }

    /// Puts a waiting record before all others. False if it does not wait.
    pub(super) fn put_first(&mut self, number: usize) -> bool {
        let of = |one: &&Arrived| (one.first..one.first + one.records).contains(&number);
        let Some(arrived) = self.arrived.iter().find(of) else { return false };
        let rank = arrived.rank(number - arrived.first);
        let waits = arrived.first + arrived.taken <= number && !self.moved.contains(&number);
        if waits {
            self.moved.insert(number);
        } else if !self.single.remove(&rank) {
            return false;
        }
        self.single.insert((WALK_IN_CLASS, rank.1, number))
    }

    /// The first records, in their order.
    pub(super) fn first(&self) -> impl Iterator<Item = Rank> {
        let ranks = |one: &Arrived| {
            (one.first + one.taken..one.first + one.records).map({
                let (class, at) = (one.class, one.at);
                move |number| (class, at, number)
            })
        };
        let mut arrived = self.arrived.iter().flat_map(ranks).filter(|rank| !self.moved.contains(&rank.2)).peekable();
        let mut single = self.single.iter().copied().peekable();
        std::iter::from_fn(move || match (arrived.peek(), single.peek()) {
            (Some(one), Some(other)) if one < other => arrived.next(),
            (_, Some(_)) => single.next(),
            (_, None) => arrived.next(),
        })
    }

    /// Takes this many of the first records, as [`first`](Self::first) has them.
    pub(super) fn take(&mut self, number: usize) {
        for _ in 0..number {
            while let Some(arrived) = self.arrived.first_mut() {
                if arrived.taken == arrived.records {
                    self.arrived.remove(0);
                } else if self.moved.remove(&(arrived.first + arrived.taken)) {
                    arrived.taken += 1;
                } else {
                    break;
                }
            }
            match (self.arrived.first_mut(), self.single.first()) {
                (Some(one), other) if other.is_none_or(|other| one.rank(one.taken) < *other) => one.taken += 1,
                (_, Some(_)) => drop(self.single.pop_first()),
                (_, None) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(list: &WaitingList) -> Vec<usize> {
        list.first().map(|rank| rank.2).collect()
    }

    #[test]
    fn classes_come_in_their_order_and_a_record_comes_back_to_its_place() {
        let mut list = WaitingList::default();
        list.arrive(2, Timestamp(0), 0, 3);
        list.arrive(1, Timestamp(5), 3, 2);
        assert_eq!(numbers(&list), [3, 4, 0, 1, 2]);
        list.take(3);
        assert_eq!(numbers(&list), [1, 2]);
        list.give_back((1, Timestamp(5), 4));
        list.give_back((2, Timestamp(0), 0));
        assert_eq!(numbers(&list), [4, 0, 1, 2]);
        list.take(4);
        assert!(numbers(&list).is_empty());
    }

    #[test]
    fn a_record_that_is_put_first_leaves_its_place_and_one_that_does_not_wait_is_not() {
        let mut list = WaitingList::default();
        list.arrive(1, Timestamp(0), 0, 4);
        list.take(1);
        assert!(!list.put_first(0) && !list.put_first(9));
        assert!(list.put_first(2) && !list.put_first(2));
        assert_eq!(numbers(&list), [2, 1, 3]);
        list.take(2);
        assert_eq!(numbers(&list), [3]);
        list.give_back((1, Timestamp(0), 1));
        assert!(list.put_first(1));
        assert_eq!(numbers(&list), [1, 3]);
        list.take(2);
        assert!(numbers(&list).is_empty());
    }
}
