//! Progress: a bar on a terminal, a line at intervals elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::watch;

use super::output::{message, thousands};
use crate::engine::{
    Engine, EngineError,
    client::{Client, Direct},
    query::{ListPrinters, ShowStock},
};

/// A bar over the bytes of a file; a counter if the length is unknown. Hidden if standard error is not a terminal.
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

/// Shows the progress of a run until `done`, as far as the engine's actor may read it: a bar on a terminal, a line every
/// few seconds elsewhere. At the end, the line shows what is so then.
pub async fn run(engine: Engine, mut done: watch::Receiver<bool>) {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_style(style("{spinner} {msg}  {elapsed}"));
    let mut round = 0;
    let mut last = String::new();
    while !*done.borrow() {
        if let Ok(line) = line(&engine).await {
            bar.set_message(line.clone());
            bar.tick();
            if bar.is_hidden() && round % LINE_EVERY == 0 && line != last {
                message(&line);
                last = line;
            }
        }
        round += 1;
        tokio::select! {
            () = engine.clock.sleep(DRAW_EVERY) => {}
            _ = done.changed() => {}
        }
    }
    bar.finish_and_clear();
    // What was shown last is of a moment ago.
    if let Ok(line) = line(&engine).await
        && line != last
    {
        message(&line);
    }
}

/// One line about balances and printers. Its cost does not depend on the length of the waiting list.
async fn line(engine: &Engine) -> Result<String, EngineError> {
    let client = Direct::new(engine);
    let (stock, printers) = (client.query(ShowStock {}).await?, client.query(ListPrinters {}).await?);
    let (types, hidden) = (stock.blangko, stock.hidden.first().map(|of| of.count));
    let stock = |account: &str| types.values().map(|a| a.get(account).copied().unwrap_or(0)).sum::<i64>();
    let printers = printers.iter().map(|p| match p.state.as_str() {
        "idle" | "processing" if p.reasons.is_empty() => format!("{} ok", p.name),
        state => format!("{} {state} {}", p.name, p.reasons.join(",")).trim_end().to_owned(),
    });
    if let Some(count) = hidden {
        return Ok(format!(
            "quantities are hidden during count {count}  [{}]",
            printers.collect::<Vec<_>>().join(", ")
        ));
    }
    Ok(format!(
        "printed {}  blanks left {}  spoiled {}  uncertain {}  [{}]",
        thousands(stock("printed")),
        thousands(stock("vault") + stock("hopper") + stock("reserved")),
        thousands(stock("spoiled")),
        thousands(stock("uncertain")),
        printers.collect::<Vec<_>>().join(", "),
    ))
}
