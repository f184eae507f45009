//! The injected clock.

use std::sync::Arc;

/// Returns the current time in UTC microseconds since 1970. It must not block. The driver has no clock of its own.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;
