//! `cetak record`.

use super::{
    args::{RecordArg, RecordCommand},
    find,
    job::{jobs_text, word_reasons},
    output::{Output, table},
    pages, words,
};
use crate::{
    domain::record::RecordState,
    engine::{
        Engine,
        client::{Client, Direct},
        operations::{HoldRecord, RecordName, ReleaseRecord},
        query::{JobsOf, ListJobs, ListRecordEvents, ListRecords, RecordLine, ShowRecord},
    },
};

pub(super) fn name(record: RecordArg) -> RecordName {
    RecordName { source: record.source, request_id: record.request_id }
}

pub(super) async fn command(engine: &Engine, out: Output, command: RecordCommand) -> anyhow::Result<()> {
    let done = match command {
        RecordCommand::Show { record } => return show(engine, out, &name(record)).await,
        RecordCommand::Find { find: args } => return find::find(engine, out, args).await,
        RecordCommand::Quarantined => return list(engine, out, RecordState::Quarantined).await,
        RecordCommand::Held => return list(engine, out, RecordState::Held).await,
        RecordCommand::Hold { record, reason } => {
            let name = name(record);
            Direct::new(engine).act(HoldRecord { record: name.clone(), note: reason }).await?;
            format!("record `{}` is held", name.request_id)
        }
        RecordCommand::Release { record, reason } => {
            let name = name(record);
            Direct::new(engine).act(ReleaseRecord { record: name.clone(), note: reason }).await?;
            format!("record `{}` is on the waiting list", name.request_id)
        }
    };
    Ok(out.done(&done)?)
}

/// The records of a state, with the reason of each.
async fn list(engine: &Engine, out: Output, state: RecordState) -> anyhow::Result<()> {
    let state = Some(state);
    let mut lines = pages::all(engine, |page| ListRecords { state, page, ..ListRecords::default() }).await?;
    for line in &mut lines {
        words::word_reason(&mut line.reason, out);
    }
    let row = |r: &RecordLine| {
        let reason = words::with_note(r.reason.as_deref(), r.note.as_deref()).unwrap_or_default();
        vec![r.source.clone(), r.request_id.clone(), r.kind.clone(), reason]
    };
    let text = |lines: &Vec<RecordLine>| {
        table(&["source", "request id", "kind", "reason"], &lines.iter().map(row).collect::<Vec<_>>())
    };
    Ok(out.data(&lines, text)?)
}

async fn show(engine: &Engine, out: Output, name: &RecordName) -> anyhow::Result<()> {
    let mut line = Direct::new(engine).query(ShowRecord { record: name.clone() }).await?;
    words::word_reason(&mut line.reason, out);
    let of = JobsOf::Record(name.clone());
    let mut jobs = pages::all(engine, |page| ListJobs { of: of.clone(), state: None, page }).await?;
    word_reasons(&mut jobs, out);
    let events = Direct::new(engine).query(ListRecordEvents { record: name.clone() }).await?;
    let value = serde_json::json!({ "record": line, "jobs": jobs, "events": events });
    let text = |_: &serde_json::Value| {
        let optional = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
        let rows = [
            ("request id", line.request_id.clone()),
            ("source", line.source.clone()),
            ("profile", line.profile.clone()),
            ("kind", format!("{} (class {})", line.kind, line.class)),
            ("state", line.state.clone()),
            ("reason", optional(&line.reason)),
            ("note", line.note.as_deref().map_or_else(|| "-".into(), words::quote)),
            ("card stopped", optional(&line.stop)),
            ("checked", line.checked.to_string()),
            ("surrendered", line.surrendered.to_string()),
            ("district", line.district.clone()),
            ("village", line.village.clone()),
            ("verified at", line.verified_at.clone()),
            ("version", line.version.to_string()),
            ("copy", line.copy.to_string()),
            ("failed tries", line.charged.to_string()),
        ];
        let facts = table(&["record", ""], &rows.map(|(key, value)| vec![key.to_owned(), value]));
        let jobs_text = if jobs.is_empty() { String::new() } else { format!("\n{}", jobs_text(&jobs)) };
        let history = words::history_rows(&events, &jobs);
        let history =
            if history.is_empty() { String::new() } else { format!("\n{}", table(&["at", "by", "what"], &history)) };
        format!("{facts}{jobs_text}{history}")
    };
    Ok(out.data(&value, text)?)
}
