//! Commands that only read: histories, jobs, uncertain attempts, the audit.

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{
    args::JobCommand,
    output::{Output, table},
};
use crate::{
    domain::job::JobState,
    engine::{
        EngineError, Office,
        operator::{RecordName, find_record},
    },
    store::{ChainHead, JobFilter, JobLine, UncertainLine},
};

pub(super) async fn job(office: &Office, out: Output, command: JobCommand) -> anyhow::Result<()> {
    let mut tx = office.store.read().await?;
    match command {
        JobCommand::List { batch, state } => {
            if let Some(state) = &state {
                let known = |message| EngineError::Refused { message, hint: None };
                state.parse::<JobState>().map_err(known)?;
            }
            let jobs = tx.job_list(&JobFilter { batch, state, ..JobFilter::default() }).await?;
            out.data(&jobs, |jobs| jobs_text(jobs))?;
        }
        JobCommand::Show { job } => {
            let found = tx.job_list(&JobFilter { job: Some(job), ..JobFilter::default() }).await?.pop();
            let Some(found) = found else {
                anyhow::bail!(EngineError::refused(format!("there is no job {job}"), "see them with `cetak job list`"));
            };
            out.data(&found, |job| jobs_text(std::slice::from_ref(job)))?;
        }
    }
    Ok(())
}

pub(super) fn jobs_text(jobs: &[JobLine]) -> String {
    let row = |job: &JobLine| {
        let outcome = |a: &crate::store::AttemptLine| {
            let Some(outcome) = a.outcome.as_deref() else { return format!("in hand: {}", a.id) };
            a.reason.as_ref().map_or(outcome.to_owned(), |reason| format!("{outcome} ({reason})"))
        };
        let attempts = job.attempts.iter().map(outcome).collect::<Vec<_>>().join(", ");
        vec![
            job.id.to_string(),
            job.batch.to_string(),
            job.request_id.clone(),
            job.copy.to_string(),
            job.state.clone(),
            attempts,
        ]
    };
    table(&["job", "batch", "request id", "copy", "state", "attempts"], &jobs.iter().map(row).collect::<Vec<_>>())
}

pub(super) async fn record_show(office: &Office, out: Output, name: &RecordName) -> anyhow::Result<()> {
    let mut tx = office.store.read().await?;
    let id = find_record(&mut tx, name).await?;
    let line = tx.record_list(Some(id), None, 1).await?.pop();
    let jobs = tx.job_list(&JobFilter { record: Some(id), ..JobFilter::default() }).await?;
    let Some(line) = line else { anyhow::bail!("the record is gone") };
    let value = serde_json::json!({ "record": line, "jobs": jobs });
    let text = |_: &serde_json::Value| {
        let optional = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
        let rows = [
            ("request id", line.request_id.clone()),
            ("source", line.source.clone()),
            ("profile", line.profile.clone()),
            ("kind", format!("{} (class {})", line.kind, line.class)),
            ("state", line.state.clone()),
            ("reason", optional(&line.reason)),
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
        if jobs.is_empty() { facts } else { format!("{facts}\n{}", jobs_text(&jobs)) }
    };
    Ok(out.data(&value, text)?)
}

pub(super) async fn inspect_list(office: &Office, out: Output) -> anyhow::Result<()> {
    let lines = office.store.read().await?.uncertain_list().await?;
    let row = |u: &UncertainLine| {
        let optional = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            u.attempt.clone(),
            u.printer.clone(),
            u.batch.to_string(),
            u.request_id.clone(),
            optional(&u.since),
            optional(&u.reason),
        ]
    };
    let header = ["attempt", "printer", "batch", "request id", "since", "reason"];
    Ok(out.data(&lines, |lines| table(&header, &lines.iter().map(row).collect::<Vec<_>>()))?)
}

/// What a file of `audit seal` holds; nothing without one.
pub(super) fn seal_read(file: Option<&Path>) -> anyhow::Result<Vec<ChainHead>> {
    let Some(file) = file else { return Ok(Vec::new()) };
    let text = std::fs::read_to_string(file)
        .map_err(|source| EngineError::Read { what: file.display().to_string(), source })?;
    serde_json::from_str(&text).with_context(|| format!("`{}` is no seal", file.display()))
}

pub(super) async fn audit_verify(office: &Office, out: Output, seal: Option<PathBuf>) -> anyhow::Result<()> {
    let heads = seal_read(seal.as_deref())?;
    let mut tx = office.store.read().await?;
    let (rows, faults) = tx.audit_verify(&heads).await?;
    let books = tx.balance_faults().await?;
    let faults: Vec<String> =
        faults.iter().map(|f| format!("chain `{}`, row {}: {}", f.chain, f.seq, f.what)).collect();
    let books: Vec<String> =
        books.iter().map(|(key, booked, moved)| format!("account {key}: booked {booked}, moved {moved}")).collect();
    let clean = faults.is_empty() && books.is_empty();
    let value = serde_json::json!({ "rows": rows, "clean": clean, "faults": faults, "ledger_faults": books });
    out.data(&value, |_| {
        let all = faults.iter().chain(&books).map(String::as_str).collect::<Vec<_>>().join("\n") + "\n";
        if clean {
            format!("{rows} rows, none changed, moved or missing; every balance is the sum of its movements\n")
        } else {
            all
        }
    })?;
    if clean {
        Ok(())
    } else {
        Err(EngineError::refused(
            "the records are not clean",
            "keep the files as they are, and call whoever is responsible",
        )
        .into())
    }
}

pub(super) async fn audit_seal(office: &Office, out: Output, file: &Path) -> anyhow::Result<()> {
    let heads = office.store.read().await?.audit_heads().await?;
    let context = || format!("`{}` cannot be written", file.display());
    if file.exists() {
        let hint = "a seal is never overwritten: name another file";
        anyhow::bail!(EngineError::refused(format!("`{}` is there already", file.display()), hint));
    }
    let mut handle = OpenOptions::new().write(true).create_new(true).mode(0o644).open(file).with_context(context)?;
    handle.write_all(format!("{}\n", serde_json::to_string_pretty(&heads)?).as_bytes()).with_context(context)?;
    handle.sync_all().with_context(context)?;
    Ok(out.done(&format!("{} chains sealed in `{}`; keep it outside of this machine", heads.len(), file.display()))?)
}

pub(super) async fn audit_export(office: &Office, out: Output) -> anyhow::Result<()> {
    let mut tx = office.store.read().await?;
    for head in tx.audit_heads().await? {
        let mut after = 0;
        loop {
            let page = tx.audit_page(&head.chain, after).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            let lines = page.iter().map(|row| row.entry.as_str()).collect::<Vec<_>>().join("\n") + "\n";
            out.text(&lines)?;
        }
    }
    Ok(())
}
