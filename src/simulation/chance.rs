//! Luck as a function of the seed: what is asked twice has the same answer, in whatever order it is asked.

use std::time::Duration;

use crate::domain::retry::uniform;

/// What is drawn for a card or a fault. Each has numbers of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Draw {
    /// How a card ends.
    Fate,
    /// Whether a spoiled card jams its printer.
    Jam,
    /// How long a card takes.
    Pace,
    /// How long a person takes to clear a jam.
    Repair,
}

/// The luck of one thing, such as a printer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    /// The luck of the thing of this name.
    pub(super) fn new(seed: u64, name: &str) -> Self {
        Self(crate::domain::retry::seed(name) ^ seed.wrapping_mul(0xd134_2543_de82_ef95))
    }

    /// A number in `0..1` for the `nth` card of the thing.
    pub(super) fn number(self, draw: Draw, nth: u64) -> f64 {
        uniform(self.0, nth, draw as u64)
    }

    /// A duration between two bounds in seconds, each as likely as another.
    pub(super) fn duration(self, draw: Draw, nth: u64, [shortest, longest]: [f64; 2]) -> Duration {
        Duration::from_secs_f64(shortest + (longest - shortest) * self.number(draw, nth))
    }
}
