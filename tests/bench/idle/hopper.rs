//! Helper: reads when a printer's engine began and ended each card.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt};

use anyhow::{Context, ensure};

use crate::engine::Engine;

/// The script does as little as possible beside the card, because its own time counts as idle. Card times vary a
/// little, because otherwise each card would end at the same phase of the polls.
const SCRIPT: &str = r#"#!/bin/sh
began=$(date +%s%N)
pace=$((@PACE@ - @JITTER@ + began / 1000 % (2 * @JITTER@ + 1)))
rest=$((1000 + pace % 1000))
sleep $((pace / 1000)).${rest#1}
ended=$(date +%s%N)
echo "$IPP_JOB_NAME $began $ended" >> '@TIMES@'
echo 'ATTR: job-impressions=1 job-impressions-completed=1' >&2
echo 'PAGE: 1 1' >&2
"#;

/// Makes the engine of a printer record when each card begins and ends. A card takes `pace_ms` ± `jitter_ms`.
pub(crate) fn note_times(engine: &Engine, pace_ms: u32, jitter_ms: u32) -> anyhow::Result<()> {
    let times = engine.file("times");
    fs::write(&times, "")?;
    let script = SCRIPT.replace("@PACE@", &pace_ms.to_string()).replace("@JITTER@", &jitter_ms.to_string());
    let script = script.replace("@TIMES@", &times.to_string_lossy());
    let new = engine.file("engine.new");
    fs::write(&new, script)?;
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755))?;
    Ok(fs::rename(new, engine.program())?)
}

/// Cards in the order in which they were made; times are in nanoseconds since 1970.
#[derive(Clone, Debug)]
pub(crate) struct Hopper {
    cards: Vec<(String, u64, u64)>,
}

impl Hopper {
    pub(crate) fn read(engine: &Engine) -> anyhow::Result<Self> {
        let mut cards = Vec::new();
        for line in fs::read_to_string(engine.file("times"))?.lines() {
            let fields: Vec<&str> = line.split(' ').collect();
            ensure!(fields.len() == 3, "the engine wrote `{line}`");
            cards.push((fields[0].to_owned(), fields[1].parse()?, fields[2].parse()?));
        }
        Ok(Self { cards })
    }

    pub(crate) fn count(&self) -> usize {
        self.cards.len()
    }

    pub(crate) fn by_name(&self) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for (name, _, _) in &self.cards {
            *counts.entry(name.clone()).or_default() += 1;
        }
        counts
    }

    /// The beginning of the first card, and the end of the last.
    pub(crate) fn span(&self) -> anyhow::Result<(u64, u64)> {
        let (first, last) = self.cards.first().zip(self.cards.last()).context("no card was made")?;
        Ok((first.1, last.2))
    }

    /// From the end of each card to the beginning of the next, milliseconds.
    pub(crate) fn gaps_ms(&self) -> Vec<f64> {
        let gap = |pair: &[(String, u64, u64)]| milliseconds(pair[1].1.saturating_sub(pair[0].2));
        self.cards.windows(2).map(gap).collect()
    }
}

pub(crate) fn milliseconds(nanoseconds: u64) -> f64 {
    std::time::Duration::from_nanos(nanoseconds).as_secs_f64() * 1_000.0
}
