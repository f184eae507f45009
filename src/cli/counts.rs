//! `cetak blangko count`.

use jiff::tz::TimeZone;
use serde_json::json;

use super::{
    access::Access,
    act::done_or_asked,
    args::CountCommand,
    output::{Output, table, thousands},
    pages, words,
};
use crate::{
    domain::{count::CountedBlanks, id::CountId, value::Counted},
    engine::{
        client::Client,
        operations::{BookCount, CancelCount, EnterCount, OpenCount},
        query::{ListCounts, MadeCountLine, ShowCount, StockCountLine},
    },
};

pub(super) async fn command(access: &Access, out: Output, command: CountCommand) -> anyhow::Result<()> {
    let (fields, done) = match command {
        CountCommand::Open { blank_type, printer, counter, reason } => {
            let count = access.act(OpenCount { blank_type, printer, counter, note: reason }).await?;
            let done = format!("count {count} is open; enter it with `cetak blangko count enter {count}`");
            (json!({ "count": count }), done)
        }
        CountCommand::Enter { count, bundles, bundle_size, loose, again } => {
            let entry = CountedBlanks { bundles, bundle_size, loose };
            let again = CountedBlanks { bundles: Counted::ZERO, bundle_size: Counted::ZERO, loose: again };
            let state = access.act(EnterCount { count: CountId(count), entry, again }).await?;
            (json!({ "count": count, "state": state }), format!("count {count} {}", words::count_state(state)))
        }
        CountCommand::List { all } => return list(access, out, all).await,
        CountCommand::Show { count } => {
            let line = access.query(ShowCount { count: CountId(count) }).await?;
            return Ok(out.data(&line, |line| text(line, access.zone()))?);
        }
        CountCommand::Book { count, which, reason, second } => {
            let act = BookCount { count: CountId(count), which: which.into(), note: reason };
            let fields = json!({ "count": count, "which": act.which });
            return done_or_asked(access, out, second, act, (&fields, &format!("count {count} is booked"))).await;
        }
        CountCommand::Cancel { count, reason } => {
            access.act(CancelCount { count: CountId(count), note: reason }).await?;
            (json!({ "count": count }), format!("count {count} is cancelled"))
        }
    };
    Ok(out.done(&fields, &done)?)
}

async fn list(access: &Access, out: Output, all: bool) -> anyhow::Result<()> {
    let lines = pages::all(access, |page| ListCounts { closed_too: all, page }).await?;
    let row = |line: &StockCountLine| {
        vec![
            line.id.to_string(),
            place(line),
            line.blank_type.clone(),
            words::count_state(line.state).to_owned(),
            line.counter.clone().unwrap_or_default(),
            line.opened_by.clone(),
            words::local(&line.opened_at, access.zone()),
        ]
    };
    let header = ["count", "of", "blangko", "state", "counter", "opened by", "opened"];
    Ok(out.data(&lines, |lines| table(&header, &lines.iter().map(row).collect::<Vec<_>>()))?)
}

fn place(line: &StockCountLine) -> String {
    line.printer.as_ref().map_or_else(|| "vault".to_owned(), |printer| format!("hopper:{printer}"))
}

fn text(line: &StockCountLine, zone: &TimeZone) -> String {
    let mut rows = vec![
        ("of".to_owned(), format!("{}, type {}", place(line), line.blank_type)),
        ("state".to_owned(), words::count_state(line.state).to_owned()),
        ("opened by".to_owned(), format!("{}, {}", line.opened_by, words::local(&line.opened_at, zone))),
        ("because".to_owned(), line.note.clone()),
    ];
    rows.extend(line.counter.as_ref().map(|counter| ("counter".to_owned(), counter.clone())));
    for (name, made) in [("first", &line.first), ("second", &line.second)] {
        rows.extend(made.as_ref().map(|made| (format!("{name} count"), made_text(made, line.id, zone))));
    }
    rows.extend(line.which.map(|which| ("booked by".to_owned(), format!("the {which} count"))));
    if let (Some(by), Some(at)) = (&line.closed_by, &line.closed_at) {
        rows.push(("closed by".to_owned(), format!("{by}, {}", words::local(at, zone))));
    }
    rows.extend(line.closed_note.as_ref().map(|note| ("because".to_owned(), note.clone())));
    let title = format!("count {}", line.id);
    table(&[&title, ""], &rows.into_iter().map(|(key, value)| vec![key, value]).collect::<Vec<_>>())
}

fn made_text(made: &MadeCountLine, count: i64, zone: &TimeZone) -> String {
    let by = format!("by {}, {}", made.by, words::local(&made.at, zone));
    match (made.counted, made.booked) {
        (Some(counted), Some(booked)) => {
            let [counted, booked, difference] = [counted, booked, counted - booked].map(thousands);
            format!("counted {counted}, booked {booked}, difference {difference}, {by}")
        }
        (None, _) | (_, None) => format!("hidden during count {count}, {by}"),
    }
}
