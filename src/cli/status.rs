//! `cetak status`: the board for people.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{
    output::{table, thousands},
    words,
};
use crate::domain::{natural::natural_order, stock::ACCOUNTS};
use crate::engine::query::{BatchLine, Board, HiddenType, Need, Node, PrinterLine, Totals};

/// The board as `status --json` prints it: each need has its text and command beside it.
pub fn json(board: &Board, zone: &TimeZone) -> Value {
    // Serialisation cannot fail: all keys are text.
    let mut value = serde_json::to_value(board).unwrap_or_default();
    let needs = board.needs_person.iter().map(|need| {
        let mut value = serde_json::to_value(need).unwrap_or_default();
        let text = words::need(need, zone);
        (value["what"], value["command"]) = (json!(text.what), json!(text.command));
        value["routine"] = json!(need.kind.is_routine());
        value
    });
    value["needs_person"] = needs.collect();
    value
}

/// What needs a person, as tables: what is wrong, and apart from it what is daily work.
pub fn needs_text(board: &Board, zone: &TimeZone) -> String {
    let row = |need: &Need| {
        let text = words::need(need, zone);
        vec![thousands(need.count), text.what, text.command]
    };
    let mut text = String::new();
    for (title, is_routine) in [("needs a person", false), ("needs a person: daily work", true)] {
        let needs = board.needs_person.iter().filter(|need| need.kind.is_routine() == is_routine);
        let rows: Vec<_> = needs.map(row).collect();
        if !rows.is_empty() {
            text += &format!("\n{}", table(&["", title, "command"], &rows));
        }
    }
    text
}

/// The status for people, with times in the office's zone.
pub fn text(status: &Board, zone: &TimeZone) -> String {
    let mut text = String::new();
    for pause in &status.pauses {
        let note = words::quote(&pause.reason);
        let since = words::local(&pause.since, zone);
        text += &format!("PAUSED: {} by {} since {since}: {note}\n", pause.what, pause.by);
    }
    if !status.pauses.is_empty() {
        text.push('\n');
    }
    let records = status.records.iter().filter(|(_, n)| **n > 0).map(|(state, n)| vec![state.clone(), thousands(*n)]);
    let total: i64 = status.records.values().sum();
    let rows: Vec<_> = records.chain([vec!["in all".into(), thousands(total)]]).collect();
    text += &format!("{}\n", table(&["records", "number"], &rows));
    text += &stock_text(&status.blangko, &status.hidden);
    let row = |p: &PrinterLine| {
        vec![
            p.name.clone(),
            words::standing(&p.standing, zone),
            p.state.clone(),
            p.breaker.as_str().into(),
            thousands(p.cards_24h),
            thousands(p.spoiled_24h),
            p.reasons.join(","),
        ]
    };
    let printers: Vec<_> = status.printers.iter().map(row).collect();
    if !printers.is_empty() {
        let header = ["printer", "now", "state", "breaker", "cards in 24 h", "spoiled", "reasons"];
        text += &format!("\n{}", table(&header, &printers));
    }
    let node = |n: &Node| {
        let lease = if n.lease_left_ms < 0 { "ended".into() } else { format!("{} s", n.lease_left_ms / 1_000) };
        vec![n.name.clone(), n.host.clone(), n.process.to_string(), thousands(n.printers), lease]
    };
    let nodes: Vec<_> = status.nodes.iter().map(node).collect();
    if !nodes.is_empty() {
        text += &format!("\n{}", table(&["node", "host", "process", "printers", "lease left"], &nodes));
    }
    if !status.batches.is_empty() {
        text += &format!("\n{}", batches_text(&status.batches, zone));
    }
    text += &needs_text(status, zone);
    text
}

/// The stock for people.
pub fn stock_text(blangko: &Totals, hidden: &[HiddenType]) -> String {
    let mut rows = Vec::new();
    let mut types: Vec<_> = blangko.iter().collect();
    types.sort_by(|(a, _), (b, _)| natural_order(a, b));
    for (blank_type, accounts) in types {
        for account in ACCOUNTS {
            let quantity = accounts.get(account).copied().unwrap_or(0);
            if quantity != 0 {
                rows.push(vec![blank_type.clone(), account.to_owned(), thousands(quantity)]);
            }
        }
        rows.push(vec![blank_type.clone(), "sum".into(), thousands(accounts.get("sum").copied().unwrap_or(0))]);
    }
    let of_hidden =
        |of: &HiddenType| vec![of.blank_type.clone(), format!("hidden during count {}", of.count), "-".into()];
    rows.extend(hidden.iter().map(of_hidden));
    if rows.is_empty() {
        "no blanks yet: `cetak blangko receive`\n".into()
    } else {
        table(&["blangko", "account", "number"], &rows)
    }
}

/// Batches for people.
pub fn batches_text(batches: &[BatchLine], zone: &TimeZone) -> String {
    let row = |b: &BatchLine| {
        let numbers = [b.jobs, b.open, b.printed].map(thousands);
        vec![
            b.id.to_string(),
            b.printer.clone(),
            b.state.clone(),
            numbers[0].clone(),
            numbers[1].clone(),
            numbers[2].clone(),
            words::local(&b.created_at, zone),
        ]
    };
    table(
        &["batch", "printer", "state", "jobs", "open", "printed", "made"],
        &batches.iter().map(row).collect::<Vec<_>>(),
    )
}
