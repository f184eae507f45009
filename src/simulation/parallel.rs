//! Runs on all processors.

use std::{num::NonZero, thread};

/// What comes of each of the seeds from `seed` on, in their order.
pub(super) fn of_each<T: Send>(runs: NonZero<u32>, seed: u64, of: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let runs = usize::try_from(runs.get()).unwrap_or(1);
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(runs);
    let seeds: Vec<u64> = (0..).take(runs).map(|nth| seed.wrapping_add(nth)).collect();
    let of = &of;
    thread::scope(|scope| {
        let parts: Vec<_> = seeds
            .chunks(runs.div_ceil(threads))
            .map(|seeds| scope.spawn(move || seeds.iter().map(|seed| of(*seed)).collect::<Vec<_>>()))
            .collect();
        let joined = parts.into_iter().map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.flatten().collect()
    })
}
