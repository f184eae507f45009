//! Helper: the figures of a benchmark, and their table.

use std::{process::Command, time::Instant};

use anyhow::{Context, bail};

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) what: String,
    pub(crate) figure: f64,
    pub(crate) unit: &'static str,
    /// The minimum and maximum of all runs.
    pub(crate) range: (f64, f64),
    /// Name, figure and ratio of each reference.
    pub(crate) references: Vec<(String, f64, f64)>,
}

impl Line {
    /// The median of all runs, without a reference.
    pub(crate) fn new(what: impl Into<String>, unit: &'static str, figures: &[f64]) -> Self {
        let (figure, range) = (median(figures), range(figures));
        Self { what: what.into(), figure, unit, range, references: Vec::new() }
    }

    /// Adds the median of a reference that was measured in the same runs; without figures, adds nothing.
    pub(crate) fn beside(mut self, name: impl Into<String>, figures: &[f64]) -> Self {
        let beside = median(figures);
        if beside.is_finite() {
            self.references.push((name.into(), beside, self.figure / beside));
        }
        self
    }
}

pub(crate) fn show(lines: &[Line]) {
    println!("| measured | median | least to most | reference, same run | its median | ratio |");
    println!("| --- | ---: | ---: | --- | ---: | ---: |");
    for line in lines {
        let mut what = format!(
            "{} | {} {} | {} to {}",
            line.what,
            number(line.figure),
            line.unit,
            number(line.range.0),
            number(line.range.1)
        );
        for (name, figure, ratio) in &line.references {
            println!("| {what} | {name} | {} | {ratio:.2} |", number(*figure));
            what = " | | ".into();
        }
        if line.references.is_empty() {
            println!("| {what} | | | |");
        }
    }
}

/// Formats a number with three significant digits, or in groups of three digits.
pub(crate) fn number(figure: f64) -> String {
    let size = figure.abs();
    if size > 0.0 && size < 9.995 {
        return format!("{figure:.2}");
    }
    if size > 0.0 && size < 99.95 {
        return format!("{figure:.1}");
    }
    let digits = format!("{figure:.0}");
    let group = |(at, digit)| {
        let comma = at > 0 && (digits.len() - at) % 3 == 0;
        comma.then_some(',').into_iter().chain([digit])
    };
    digits.chars().enumerate().flat_map(group).collect()
}

/// The median; NaN of no figures.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// The percentile of a share from 0 to 1; NaN of no figures.
pub(crate) fn percentile(figures: &[f64], share: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let places = u32::try_from(sorted.len()).map_or(0.0, f64::from);
    let below = sorted.iter().zip(1_u32..).take_while(|(_, place)| f64::from(*place) < share * places).count();
    sorted.get(below).copied().unwrap_or(f64::NAN)
}

pub(crate) fn range(figures: &[f64]) -> (f64, f64) {
    figures.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), f| (least.min(*f), most.max(*f)))
}

/// The rate a second since an instant.
pub(crate) fn per_second(count: f64, since: Instant) -> f64 {
    count / since.elapsed().as_secs_f64()
}

/// Runs a program and returns its output; an error if it fails. `missing` is the message if it cannot be started.
pub(crate) fn output_of(command: &mut Command, missing: &str) -> anyhow::Result<Vec<u8>> {
    let output = command.output().with_context(|| missing.to_owned())?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.stdout)
}
