//! What the benchmarks share; each uses a part of it.

pub(crate) mod database;
pub(crate) mod office;
pub(crate) mod peer;
#[path = "../../postgres/mod.rs"]
pub(crate) mod postgres;
pub(crate) mod program;
pub(crate) mod table;
pub(crate) mod usage;
