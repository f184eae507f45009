//! `cetak import list|show|undo`.

use jiff::tz::TimeZone;
use serde_json::json;

use super::{
    access::Access,
    act::done_or_asked,
    args::ImportsCommand,
    output::{Output, table, thousands},
    pages, words,
};
use crate::{
    domain::{id::ImportId, undo::UndoFate},
    engine::{
        client::Client,
        operations::UndoImport,
        query::{
            ImportCounts, ImportLine, ImportRecordLine, ImportShown, ImportState, ListImportRecords, ListImports,
            ShowImport,
        },
    },
};

/// The imports that are listed, unless all are asked for.
const LISTED: usize = 20;

pub(super) async fn command(access: &Access, out: Output, command: ImportsCommand) -> anyhow::Result<()> {
    match command {
        ImportsCommand::List { all } => list(access, out, all).await,
        ImportsCommand::Show { import, records, fate } => {
            let import = ImportId(import);
            if records || fate.is_some() {
                return list_records(access, out, import, fate).await;
            }
            let shown = access.query(ShowImport { import }).await?;
            Ok(out.data(&shown, |shown| text(shown, access.zone()))?)
        }
        ImportsCommand::Undo { import, reason, second } => {
            let act = UndoImport { import: ImportId(import), note: reason };
            let done = format!("import {import} is undone; see what became of it with `cetak import show {import}`");
            done_or_asked(access, out, second, act, (&json!({ "import": import }), &done)).await
        }
    }
}

async fn list(access: &Access, out: Output, all: bool) -> anyhow::Result<()> {
    let most = if all { usize::MAX } else { LISTED };
    let lines = pages::some(access, most, None, |page| ListImports { page }).await?.items;
    let row = |line: &ImportLine| {
        vec![
            line.id.to_string(),
            words::local(&line.at, access.zone()),
            line.by.clone(),
            line.source.clone(),
            line.profile.clone(),
            line.file_name.clone(),
            thousands(line.counts.rows),
            state(line).to_owned(),
        ]
    };
    let header = ["import", "when", "by", "source", "profile", "file", "rows", "state"];
    Ok(out.data(&lines, |lines| table(&header, &lines.iter().map(row).collect::<Vec<_>>()))?)
}

fn state(line: &ImportLine) -> &'static str {
    match line.state {
        ImportState::Running => "not ended",
        ImportState::Ended => "ended",
        ImportState::Undone => "undone",
    }
}

fn text(shown: &ImportShown, zone: &TimeZone) -> String {
    let line = &shown.import;
    let mut rows = vec![
        ("file".to_owned(), line.file_name.clone()),
        ("source".to_owned(), line.source.clone()),
        ("profile".to_owned(), line.profile.clone()),
        ("by".to_owned(), format!("{}, {}", line.by, words::local(&line.at, zone))),
        ("state".to_owned(), state(line).to_owned()),
    ];
    rows.extend(counts(&line.counts));
    let pairs = rows.into_iter().map(|(key, value)| vec![key, value]).collect::<Vec<_>>();
    let mut text = table(&[&format!("import {}", line.id), ""], &pairs);
    if !shown.would.is_empty() {
        let row = |of: &crate::engine::query::FateCount| {
            vec![thousands(of.records), words::undo_fate(of.fate).to_owned(), of.fate.as_str().to_owned()]
        };
        let rows: Vec<_> = shown.would.iter().map(row).collect();
        text += &format!("\n{}", table(&["records", "if it were undone", "--fate"], &rows));
    }
    if shown.is_more {
        text += "It has more records than these, and cannot be undone.\n";
    }
    text
}

fn counts(counts: &ImportCounts) -> impl Iterator<Item = (String, String)> {
    let numbers = [
        ("rows", counts.rows),
        ("accepted", counts.accepted),
        ("updated", counts.updated),
        ("known", counts.known),
        ("quarantined", counts.quarantined),
        ("withdrawn", counts.withdrawn),
        ("restored", counts.restored),
        ("refused", counts.refused),
    ];
    numbers.into_iter().map(|(name, number)| (name.to_owned(), thousands(number)))
}

async fn list_records(access: &Access, out: Output, import: ImportId, fate: Option<UndoFate>) -> anyhow::Result<()> {
    let list = |page| ListImportRecords { import, fate, page };
    let row = |line: &ImportRecordLine| {
        vec![
            line.source.clone(),
            line.request_id.clone(),
            words::import_deed(line.deed).to_owned(),
            line.state.as_str().to_owned(),
            words::undo_fate(line.fate).to_owned(),
        ]
    };
    let header = ["source", "request id", "by the import", "state", "if it were undone"];
    pages::write_all(access, out, list, |line| line, &header, row).await?;
    Ok(())
}
