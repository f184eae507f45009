//! Helpers that the benchmarks share.

pub(crate) mod database;
pub(crate) mod graphile_worker;
pub(crate) mod lengths;
pub(crate) mod office;
#[path = "../../postgres/mod.rs"]
pub(crate) mod postgres;
pub(crate) mod printed;
pub(crate) mod program;
pub(crate) mod table;
pub(crate) mod usage;
