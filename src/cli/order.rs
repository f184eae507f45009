//! `cetak report order`: the order of a day as a file.

use std::{
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::Serialize;

use super::{access::Access, output::Output};
use crate::{
    domain::time::Day,
    engine::{
        client::Client,
        files::NewFile,
        query::{OrderLine, OrderPage, ReportOrder},
    },
};

/// A row of the file. An empty field has no value.
#[derive(Serialize)]
struct Row<'a> {
    chain: &'a str,
    seq: i64,
    at: &'a str,
    by: &'a str,
    act: &'a str,
    event: &'a str,
    source: &'a str,
    request_id: &'a str,
    profile: &'a str,
    class: i64,
    verified_at: String,
    requested_at: String,
    district: &'a str,
    village: &'a str,
    from_class: Option<i64>,
    batch: Option<i64>,
    position: Option<i64>,
    printer: &'a str,
}

impl<'a> From<&'a OrderLine> for Row<'a> {
    fn from(line: &'a OrderLine) -> Self {
        Self {
            chain: &line.chain,
            seq: line.seq,
            at: &line.at,
            by: &line.by,
            act: &line.act,
            event: line.event.as_str(),
            source: &line.keys.source,
            request_id: &line.keys.request_id,
            profile: &line.profile,
            class: line.keys.class,
            verified_at: line.keys.verified_at.to_string(),
            requested_at: line.keys.requested_at.to_string(),
            district: &line.district,
            village: &line.village,
            from_class: line.from_class,
            batch: line.batch.map(|batch| batch.0),
            position: line.position,
            printer: line.printer.as_deref().unwrap_or_default(),
        }
    }
}

/// Writes the order of a day, page by page: as CSV, or with `--json` an object on each line.
pub(super) async fn write(access: &Access, out: Output, day: Day, file: Option<PathBuf>) -> anyhow::Result<()> {
    let Some(path) = file else {
        return each(access, day, out.json, |text| Ok(out.text(text)?)).await;
    };
    let mut writer = BufWriter::new(NewFile::replacing(&path, 0o600)?);
    each(access, day, out.json, |text| writer.write_all(text.as_bytes()).with_context(|| failed(&path))).await?;
    let file = writer.into_inner().map_err(std::io::IntoInnerError::into_error).with_context(|| failed(&path))?;
    Ok(file.finish()?)
}

fn failed(path: &Path) -> String {
    format!("`{}` cannot be written", path.display())
}

/// Gives each page as text, the headings with the first.
async fn each(
    access: &Access,
    day: Day,
    is_json: bool,
    mut give: impl FnMut(&str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (mut after, mut is_first) = (None, true);
    loop {
        let OrderPage { lines, next } = access.query(ReportOrder { day, after }).await?;
        give(&if is_json { json(&lines)? } else { csv(&lines, is_first)? })?;
        if next.is_none() {
            return Ok(());
        }
        (after, is_first) = (next, false);
    }
}

fn json(lines: &[OrderLine]) -> anyhow::Result<String> {
    let lines = lines.iter().map(|line| Ok(serde_json::to_string(&Row::from(line))? + "\n"));
    lines.collect::<Result<String, anyhow::Error>>()
}

fn csv(lines: &[OrderLine], has_headings: bool) -> anyhow::Result<String> {
    const HEADINGS: [&str; 18] = [
        "chain",
        "seq",
        "at",
        "by",
        "act",
        "event",
        "source",
        "request_id",
        "profile",
        "class",
        "verified_at",
        "requested_at",
        "district",
        "village",
        "from_class",
        "batch",
        "position",
        "printer",
    ];
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    if has_headings {
        writer.write_record(HEADINGS)?;
    }
    for line in lines {
        writer.serialize(Row::from(line))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
