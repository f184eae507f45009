//! Progress bars on a terminal, a line now and then elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::watch;

use super::{
    output::{message, thousands},
    status::{self, Status},
};
use crate::engine::Office;

/// A bar over the bytes of a file; without a length, a counter. Nothing where standard error is no terminal.
pub fn bytes(length: Option<u64>) -> ProgressBar {
    let (bar, template) = match length {
        Some(length) => (ProgressBar::new(length), "{bar:30} {percent:>3}%  {msg}  {eta} left"),
        None => (ProgressBar::no_length(), "{spinner} {msg}  {elapsed}"),
    };
    bar.set_style(style(template));
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

const DRAW_EVERY: Duration = Duration::from_millis(300);
const LINE_EVERY: u32 = 10;

/// Shows how a run goes until `done`: a bar on a terminal, a line every few seconds elsewhere.
pub async fn run(office: Office, mut done: watch::Receiver<bool>) {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_style(style("{spinner} {msg}  {elapsed}"));
    let mut round = 0;
    let mut last = String::new();
    while !*done.borrow() {
        if let Ok(status) = status::read(&office).await {
            let line = line(&status);
            bar.set_message(line.clone());
            bar.tick();
            if bar.is_hidden() && round % LINE_EVERY == 0 && line != last {
                message(&line);
                last = line;
            }
        }
        round += 1;
        tokio::select! {
            () = office.clock.sleep(DRAW_EVERY) => {}
            _ = done.changed() => {}
        }
    }
    bar.finish_and_clear();
}

fn line(status: &Status) -> String {
    let records = |state: &str| thousands(status.records.get(state).copied().unwrap_or(0));
    let stock = |account: &str| status.blangko.values().map(|a| a.get(account).copied().unwrap_or(0)).sum::<i64>();
    let printers = status.printers.iter().map(|p| match p.state.as_str() {
        "idle" | "processing" => format!("{} ok", p.name),
        state => format!("{} {state} {}", p.name, p.reasons.join(",")),
    });
    format!(
        "printed {}  waiting {}  blanks left {}  spoiled {}  uncertain {}  [{}]",
        records("printed"),
        records("waiting"),
        thousands(stock("vault") + stock("hopper") + stock("reserved")),
        thousands(stock("spoiled")),
        records("uncertain"),
        printers.collect::<Vec<_>>().join(", "),
    )
}
