//! Helper: processor time and memory of a process, from the kernel.

use std::{fs, path::Path};

use anyhow::Context;

/// `/proc` counts processor time in hundredths of a second on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time and memory of a process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Processor time in user and kernel mode, seconds.
    pub(crate) cpu_s: f64,
    /// Peak resident memory, MiB.
    pub(crate) memory_mb: f64,
}

impl Usage {
    /// Reads a folder of `/proc`. An error if the process has ended.
    pub(crate) fn read(process: &Path) -> anyhow::Result<Self> {
        let stat = fs::read_to_string(process.join("stat"))?;
        // The process name before it may contain spaces and brackets.
        let (_, rest) = stat.rsplit_once(')').context("a process has a name")?;
        let ticks: Vec<u32> = rest.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
        let status = fs::read_to_string(process.join("status"))?;
        let memory = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let memory = memory.and_then(|rest| rest.trim().strip_suffix("kB")).context("the process has ended")?;
        Ok(Self {
            cpu_s: f64::from(ticks.iter().sum::<u32>()) / TICKS_PER_SECOND,
            memory_mb: f64::from(memory.trim().parse::<u32>()?) / 1_024.0,
        })
    }
}
