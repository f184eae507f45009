//! `cetak record find` and `cetak card scan`: the counter's questions.

use std::io::{BufRead, IsTerminal, Write};

use super::{
    Usage,
    access::Access,
    args::FindArgs,
    output::{Output, message},
    words::{self, CounterAnswer, counter_answer},
};
use crate::{
    domain::personal::TypedText,
    engine::{
        client::Client,
        operations::RecordName,
        query::{FindName, FindPerson, FindRecord, FoundNames, FoundRecord, ScanCard, ScannedCard},
    },
};

/// The longest line that is read, in bytes: more than an identifier or a code has.
const LINE_BYTES_MAX: u64 = 4096;

/// Is the card ready, where is it, or else what is missing.
pub(super) async fn find(access: &Access, out: Output, args: FindArgs) -> anyhow::Result<()> {
    let client = access;
    let found = if args.name {
        let name = TypedText::new(line("name: ")?);
        let query = FindName { profile: args.profile, name, after: None };
        let FoundNames { records, next, complete } = client.query(query).await?;
        if next.is_some() {
            message("note: there are more; say more words of the name");
        }
        if !complete {
            message("note: not all names are indexed, and some may be missing");
            message("hint: `cetak db index-names` makes the index complete");
        }
        records.into_iter().map(|name| name.found).collect()
    } else if let Some(request_id) = args.request_id {
        let record = RecordName { source: args.source, request_id };
        vec![client.query(FindRecord { record }).await?]
    } else {
        let identifier = TypedText::new(line("identifier: ")?);
        client.query(FindPerson { profile: args.profile, identifier }).await?
    };
    let answers: Vec<_> = found.into_iter().map(|found| answered(access, found, out)).collect();
    let value: Vec<_> = answers.iter().map(|(found, answer)| json(found, answer)).collect();
    let text = |_: &Vec<serde_json::Value>| {
        answers.iter().map(|(found, answer)| text(found, answer)).collect::<Vec<_>>().join("\n")
    };
    Ok(out.data(&value, text)?)
}

/// Which card has a code.
pub(super) async fn scan(access: &Access, out: Output, code: Vec<String>) -> anyhow::Result<()> {
    let code = if code == ["-"] { line("code: ")? } else { code.join(" ") };
    let scanned = access.query(ScanCard { code }).await?;
    let ScannedCard { verdict, attempt, batch, found } = scanned;
    let answer = found.map(|found| answered(access, found, out));
    let value = serde_json::json!({
        "verdict": verdict,
        "attempt": attempt,
        "batch": batch,
        "found": answer.as_ref().map(|(found, answer)| json(found, answer)),
    });
    out.data(&value, |_| {
        let (Some((found, answer)), Some(attempt)) = (&answer, &attempt) else { return String::new() };
        let outcome = attempt.outcome.as_deref().unwrap_or("open");
        let batch = batch.map_or_else(|| "-".into(), |batch| batch.to_string());
        let scanned =
            format!("scanned: attempt {} on printer `{}`, batch {batch}, {outcome}\n", attempt.id, attempt.printer);
        scanned + &text(found, answer)
    })?;
    words::card_objection(verdict).map_or(Ok(()), |objection| Err(objection.into()))
}

/// The record with its reason in words, and the answer.
pub(super) fn answered(access: &Access, mut found: FoundRecord, out: Output) -> (FoundRecord, CounterAnswer) {
    let mut worded = found.record.reason.clone();
    words::word_reason(&mut worded, out.json);
    let answer = counter_answer(&found, worded.as_deref(), access.zone());
    found.record.reason = worded;
    (found, answer)
}

fn json(found: &FoundRecord, answer: &CounterAnswer) -> serde_json::Value {
    // Serialisation cannot fail: all keys are text.
    let mut value = serde_json::to_value(found).unwrap_or_default();
    value["answer"] = answer.answer.clone().into();
    value["next"] = answer.next.clone().into();
    value
}

pub(super) fn text(found: &FoundRecord, answer: &CounterAnswer) -> String {
    let record = &found.record;
    let mut text = format!(
        "request `{}` of source `{}`, profile {}, kind {}\n{}\n",
        record.request_id, record.source, record.profile, record.kind, answer.answer
    );
    for fact in &answer.facts {
        text += &format!("- {fact}\n");
    }
    if let Some(next) = &answer.next {
        text += &format!("next: {next}\n");
    }
    text
}

/// A line of standard input; a person at a terminal is asked for it.
pub(super) fn line(prompt: &str) -> anyhow::Result<String> {
    let input = std::io::stdin();
    if input.is_terminal() {
        let mut out = std::io::stderr().lock();
        out.write_all(prompt.as_bytes())?;
        out.flush()?;
    }
    let mut line = String::new();
    std::io::Read::take(input.lock(), LINE_BYTES_MAX).read_line(&mut line)?;
    if line.trim().is_empty() { Err(Usage("standard input has no line").into()) } else { Ok(line.trim().to_owned()) }
}
