//! `cetak record list`, `quarantined` and `held`.

use std::collections::HashMap;

use super::{
    access::Access,
    args::{FilterArgs, PageArgs},
    many::query,
    output::{Output, message, table, thousands},
    pages, words,
};
use crate::{
    domain::{
        correction::RequestBeside,
        reason::{Reason, StoredReason},
        record::RecordState,
    },
    engine::{
        operations::RecordName,
        query::{Cursor, ListDuplicates, ListRecords, Page, RecordLine},
    },
};

/// A page of the records that match, or their number.
pub(super) async fn list(
    access: &Access,
    out: Output,
    (filter, source): (FilterArgs, Option<String>),
    page: PageArgs,
    is_count: bool,
) -> anyhow::Result<()> {
    let asked = query(filter, source);
    if is_count {
        let count = pages::count(access, |page| ListRecords { page, ..asked.clone() }).await?;
        return Ok(out.data(&serde_json::json!({ "count": count }), |_| format!("{}\n", number(count)))?);
    }
    let most = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let after = page.after.map(Cursor);
    let Page { items, next, .. } =
        pages::some(access, most, after, |page| ListRecords { page, ..asked.clone() }).await?;
    let lines: Vec<_> = items.into_iter().map(|line| (code(&line), worded(line, out))).collect();
    let json: Vec<_> = lines.iter().map(|(code, line)| json(code.as_deref(), line)).collect();
    let value = serde_json::json!({ "records": json, "next": next });
    let header = ["source", "request id", "profile", "kind", "class", "state", "code", "reason"];
    let text = |_: &serde_json::Value| {
        table(&header, &lines.iter().map(|(code, line)| row(code.as_deref(), line)).collect::<Vec<_>>())
    };
    out.data(&value, text)?;
    if let (Some(Cursor(next)), false) = (next, out.json) {
        message(&format!(
            "hint: there may be more; go on with `--after {next}`, or see how many they are with `--count`"
        ));
    }
    Ok(())
}

/// All records of a state with the reason of each, page by page. A duplicate has the other requests of its person beside the reason.
pub(super) async fn all(access: &Access, out: Output, state: RecordState) -> anyhow::Result<()> {
    let list = |page| ListRecords { state: Some(state), page, ..ListRecords::default() };
    let beside = if state == RecordState::Quarantined { duplicates(access).await? } else { HashMap::new() };
    let line = |line: RecordLine| {
        let is_duplicate = line.reason.as_deref().is_some_and(words::is_duplicate);
        let mut line = worded(line, out);
        let others = beside.get(&(line.source.clone(), line.request_id.clone())).filter(|_| is_duplicate);
        line.reason = line.reason.take().map(|reason| words::with_others(reason, others.map_or(&[], Vec::as_slice)));
        line
    };
    let short = |r: &RecordLine| {
        let reason = words::with_note(r.reason.as_deref(), r.note.as_deref()).unwrap_or_default();
        vec![r.source.clone(), r.request_id.clone(), r.kind.clone(), reason]
    };
    let count = pages::write_all(access, out, list, line, &["source", "request id", "kind", "reason"], short).await?;
    if !out.json {
        message(&format!("in all: {}", number(count)));
    }
    Ok(())
}

fn number(count: usize) -> String {
    thousands(u64::try_from(count).unwrap_or(u64::MAX))
}

/// The other requests of the person of each quarantined record, by source and request id.
async fn duplicates(access: &Access) -> anyhow::Result<HashMap<(String, String), Vec<RequestBeside>>> {
    let all = pages::all(access, |page| ListDuplicates { page }).await?;
    let key = |record: RecordName| (record.source, record.request_id);
    Ok(all.into_iter().map(|duplicate| (key(duplicate.record), duplicate.beside)).collect())
}

fn worded(mut line: RecordLine, out: Output) -> RecordLine {
    words::word_reason(&mut line.reason, out.json);
    line
}

/// The code of a stored reason, by which lists are filtered.
fn code(line: &RecordLine) -> Option<String> {
    let StoredReason::Coded(reason) = Reason::from_stored(line.reason.as_deref()?) else { return None };
    // Serialisation cannot fail: all keys are text.
    serde_json::to_value(&reason).unwrap_or_default()["code"].as_str().map(str::to_owned)
}

fn json(code: Option<&str>, line: &RecordLine) -> serde_json::Value {
    let mut value = serde_json::to_value(line).unwrap_or_default();
    value["code"] = code.into();
    value
}

fn row(code: Option<&str>, r: &RecordLine) -> Vec<String> {
    vec![
        r.source.clone(),
        r.request_id.clone(),
        r.profile.clone(),
        r.kind.clone(),
        words::class(r.class),
        r.state.clone(),
        code.unwrap_or("-").to_owned(),
        words::with_note(r.reason.as_deref(), r.note.as_deref()).unwrap_or_default(),
    ]
}
