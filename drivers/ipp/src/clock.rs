//! The injected clocks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Returns the current time in UTC microseconds since 1970. It must not block. The driver has no clock of its own.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Returns the time since any moment, of a clock that is never set and runs while the machine sleeps. It must not block.
pub type Elapsed = Arc<dyn Fn() -> Duration + Send + Sync>;

/// A clock that shows UTC as it was known when the driver was made, and is never set after that.
pub(crate) struct SteadyClock {
    elapsed: Elapsed,
    /// UTC less the elapsed time when the driver was made, milliseconds.
    offset_ms: i64,
}

impl SteadyClock {
    pub(crate) fn new(now: &Now, elapsed: Elapsed) -> Self {
        let offset_ms = (now() / 1_000).saturating_sub(milliseconds(elapsed()));
        Self { elapsed, offset_ms }
    }

    /// Milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        self.offset_ms.saturating_add(milliseconds((self.elapsed)()))
    }
}

impl fmt::Debug for SteadyClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SteadyClock").field("offset_ms", &self.offset_ms).finish_non_exhaustive()
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
