//! Arguments of `simulate`.

use std::{num::NonZero, path::PathBuf};

use clap::Args;

#[derive(Args, Debug)]
pub struct SimulateArgs {
    /// The scenario: a TOML file with printers, hours, stock, deliveries and how often cards fail
    pub scenario: PathBuf,
    /// The number of runs, each with luck of its own
    #[arg(long, value_name = "NUMBER", default_value = "100", value_parser = runs)]
    pub runs: NonZero<u32>,
    /// The seed of the first run; the same seed gives the same runs
    #[arg(long, value_name = "NUMBER", default_value_t = 2015)]
    pub seed: u64,
    /// Another scenario, which is run with the same luck, and how it differs
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
}

/// The most runs, all of which are in memory.
const RUNS_MAX: u32 = 100_000;

fn runs(text: &str) -> Result<NonZero<u32>, String> {
    let runs = text.parse().ok().filter(|runs: &NonZero<u32>| runs.get() <= RUNS_MAX);
    runs.ok_or_else(|| format!("it must be a number from 1 to {RUNS_MAX}"))
}
