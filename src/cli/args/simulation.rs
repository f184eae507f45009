//! Arguments of `simulate`, `plan` and `report`.

use std::{num::NonZero, path::PathBuf};

use clap::{Args, Subcommand};
use jiff::civil::DateTime;

use crate::domain::time::Day;

#[derive(Args, Debug)]
pub struct SimulateArgs {
    /// The scenario: a TOML file with printers, hours, stock, deliveries and how often cards fail
    #[arg(required_unless_present = "from_office")]
    pub scenario: Option<PathBuf>,
    /// Write the office as it stands as a scenario, to FILE or to standard output, and simulate nothing
    #[arg(long, value_name = "FILE", num_args = 0..=1, conflicts_with_all = ["scenario", "against"])]
    pub from_office: Option<Option<PathBuf>>,
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

#[derive(Args, Debug)]
pub struct PlanArgs {
    /// Plan the night that goes on or comes next: the time of the windows around midnight, or 20:00 to 7:00 without any. This is what
    /// `plan` does by itself
    #[arg(long, conflicts_with_all = ["night", "from", "to"])]
    pub tonight: bool,
    /// Plan the night of another evening, within a week
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with_all = ["from", "to"])]
    pub night: Option<Day>,
    /// The begin of another time, in the zone of the office, as in 2026-12-01T20:00
    #[arg(long, value_name = "TIME")]
    pub from: Option<DateTime>,
    /// Its end
    #[arg(long, value_name = "TIME")]
    pub to: Option<DateTime>,
}

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak report night
  cetak report order --day 2026-11-24 --output order.csv")]
pub enum ReportCommand {
    /// Report the last night: what was printed and where it lies, what happened, who must do what, what was planned, what is left
    ///
    /// The night is the time of the windows around midnight, or 20:00 to 7:00 where there are no windows. What follows it is told too, until
    /// a window opens again or the next night begins. What people must do and what is left is told of the last night only.
    #[command(after_help = "Examples:
  cetak report night
  cetak report night --night 2026-11-27
  cetak report night --json")]
    Night {
        /// The evening of an earlier night [default: the night that began last]
        #[arg(long, value_name = "YYYY-MM-DD")]
        night: Option<Day>,
    },
    /// Write the order of a day: each record that came onto the waiting list or left it, into which batch and at which place,
    /// and each jump, hold, release and update that changed the order
    ///
    /// CSV, or with `--json` an object on each line, in the order of time. Each line names its event of the audit, and has the keys
    /// by which records are printed: class, verified, requested, source, request id. It has no personal data. The day is one in the
    /// time zone of the office.
    #[command(after_help = "Examples:
  cetak report order --day 2026-11-24 --output order.csv
  cetak report order --day 2026-11-24 --json")]
    Order {
        /// The day
        #[arg(long, value_name = "YYYY-MM-DD")]
        day: Day,
        /// The file to write, instead of standard output; one that exists is replaced
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// The most runs, all of which are in memory.
const RUNS_MAX: u32 = 100_000;

fn runs(text: &str) -> Result<NonZero<u32>, String> {
    let runs = text.parse().ok().filter(|runs: &NonZero<u32>| runs.get() <= RUNS_MAX);
    runs.ok_or_else(|| format!("it must be a number from 1 to {RUNS_MAX}"))
}
