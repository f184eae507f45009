//! The memory of one act or read: the most bytes that were in use at once beyond those in use before it, in Rust. The pages that
//! SQLite keeps are not among them; they are in the memory of the process.

use std::{fs, hint::black_box, path::Path};

use cap::Cap;

use super::shared::usage::Usage;

/// The program's allocator, which counts. That costs two instructions for each allocation.
#[global_allocator]
static ALLOCATOR: Cap<mimalloc::MiMalloc> = Cap::new(mimalloc::MiMalloc, usize::MAX);

/// A measurement that has begun.
pub(crate) struct InUse {
    most_before: usize,
    /// The allocator remembers the most bytes since the start of the process. Bytes that are reserved and never touched raise those
    /// in use to that number, so that all that is allocated on top is seen.
    reserved: Vec<u8>,
}

impl InUse {
    pub(crate) fn begin() -> Self {
        let reserved = black_box(Vec::with_capacity(ALLOCATOR.max_allocated() - ALLOCATOR.allocated()));
        Self { most_before: ALLOCATOR.max_allocated(), reserved }
    }

    /// The most in use since, kB.
    pub(crate) fn end(self) -> f64 {
        let most = ALLOCATOR.max_allocated() - self.most_before;
        drop(black_box(self.reserved));
        u32::try_from(most).map_or(f64::INFINITY, f64::from) / 1e3
    }
}

/// Makes the kernel count the peak memory of this process anew.
pub(crate) fn forget_peak() -> anyhow::Result<()> {
    Ok(fs::write("/proc/self/clear_refs", "5")?)
}

/// The peak memory of this process, MiB.
pub(crate) fn peak() -> anyhow::Result<f64> {
    Ok(Usage::read(Path::new("/proc/self"))?.memory_mb)
}
