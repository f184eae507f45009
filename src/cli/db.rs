//! `cetak db`.

use std::{fmt::Write, path::Path};

use super::{
    Message,
    access::Access,
    act::with_second,
    args::{DbCommand, PrintedSinceArg, SecondArgs},
    audit::seal_read,
    output::{Output, message, table, thousands},
    words,
};
use crate::{
    domain::{permission::Operation, value::Note},
    engine::{
        client::{Client, Direct},
        operations::{
            self, AcceptClock, AdoptDatabase, ArchiveJobs, Archived, BackUpDatabase, IndexNames, PrintedSince,
            RecountCounters, RekeyPersons,
        },
        query::{CheckDatabase, CheckedRule, CountArchivable},
    },
};

/// Runs a `cetak db` command. `key` is the place of the master key, for messages.
pub async fn command(access: &Access, out: Output, command: DbCommand, key: &str) -> anyhow::Result<()> {
    match command {
        DbCommand::Check { seal, deep } => check(access, out, seal.as_deref(), deep).await,
        DbCommand::Backup { file } => backup(access, out, &file, key).await,
        DbCommand::Move { to } => Box::pin(move_to(access, out, &to)).await,
        DbCommand::Recount => recount(access, out).await,
        DbCommand::AcceptClock { reason } => accept_clock(access, out, reason).await,
        DbCommand::Adopt { printed_since, reason, second } => {
            let printed_since = match printed_since {
                PrintedSinceArg::None => PrintedSince::None,
                PrintedSinceArg::Unknown => PrintedSince::Unknown,
            };
            adopt(access, out, AdoptDatabase { printed_since, note: reason }, second).await
        }
        DbCommand::RekeyPersons { profile, accept_duplicates } => {
            rekey_persons(access, out, RekeyPersons { profile, accept_duplicates }).await
        }
        DbCommand::IndexNames => index_names(access, out).await,
        DbCommand::Archive { older_than, dry_run } => archive(access, out, older_than, dry_run).await,
    }
}

async fn check(access: &Access, out: Output, seal: Option<&Path>, deep: bool) -> anyhow::Result<()> {
    let checks = access.query(CheckDatabase { seal: seal_read(seal)?, deep }).await?;
    let clean = checks.iter().all(|check| check.faults.is_empty());
    let of_check = |check: &CheckedRule| {
        let hint = words::remedy(check.remedy);
        serde_json::json!({ "rule": check.rule, "faults": check.faults, "older": check.older, "hint": hint })
    };
    let value = serde_json::json!({ "clean": clean, "checks": checks.iter().map(of_check).collect::<Vec<_>>() });
    out.data(&value, |_| check_text(&checks))?;
    if clean {
        return Ok(());
    }
    let broken = checks.iter().filter(|check| !check.faults.is_empty()).count();
    let text = format!("{broken} of {} rules do not hold", checks.len());
    Err(Message::new(text, "keep the files as they are, and do what is written below each rule").into())
}

fn check_text(checks: &[CheckedRule]) -> String {
    let row = |check: &CheckedRule| {
        let found = if check.faults.is_empty() {
            "yes".to_owned()
        } else {
            format!("NO: {}", thousands(u64::try_from(check.faults.len()).unwrap_or(u64::MAX)))
        };
        vec![check.rule.clone(), found]
    };
    let mut text = table(&["rule", "holds"], &checks.iter().map(row).collect::<Vec<_>>());
    for check in checks.iter().filter(|check| check.older > 0) {
        let older = thousands(i64::try_from(check.older).unwrap_or(i64::MAX));
        text += &format!("\nnot proved: {}: {older} rows are older than the rule\n", check.rule);
    }
    for check in checks.iter().filter(|check| !check.faults.is_empty()) {
        text += &format!("\nnot so: {}\n", check.rule);
        for fault in &check.faults {
            text += &format!("  {}: {}\n", fault.thing, fault.what);
        }
        text += &format!("  what to do: {}\n", words::remedy(check.remedy));
    }
    text
}

async fn backup(access: &Access, out: Output, file: &Path, key: &str) -> anyhow::Result<()> {
    let backup = access.act(BackUpDatabase { file: file.to_owned() }).await?;
    let value = serde_json::json!({ "file": file, "bytes": backup.bytes, "rules": backup.rules });
    out.data(&value, |_| {
        let bytes = thousands(i64::try_from(backup.bytes).unwrap_or(i64::MAX));
        format!("`{}`: {bytes} bytes, all {} rules of `cetak db check` hold in it\n", file.display(), backup.rules)
    })?;
    message(&format!(
        "note: the key is not in it. Keep {key} too, and in another place: without it no record can be read"
    ));
    message(
        "hint: to restore, put the backup as `cetak.db` and the key as `cetak.key` into an empty data folder, and adopt it with \
         `cetak db adopt`",
    );
    Ok(())
}

async fn move_to(access: &Access, out: Output, to: &str) -> anyhow::Result<()> {
    let engine = access.engine("move the database")?;
    let permit = Direct::new(engine).permit(Operation::DatabaseMove).await?;
    let moved = operations::database_move(engine, &permit, to, |table, rows| {
        message(&format!("{table}: {} rows", thousands(rows)));
    })
    .await?;
    let rows: i64 = moved.transferred.tables.iter().map(|(_, rows)| rows).sum();
    let tables: std::collections::BTreeMap<_, _> = moved.transferred.tables.iter().copied().collect();
    let value = serde_json::json!({ "to": moved.shown, "rows": rows, "tables": tables, "rules": moved.rules });
    out.data(&value, |_| {
        if rows == 0 {
            return format!(
                "all rows were in {} before; all {} rules of `cetak db check` hold there\n",
                moved.shown, moved.rules
            );
        }
        format!(
            "{} rows are in {}, each compared with the file; all {} rules of `cetak db check` hold there\n",
            thousands(rows),
            moved.shown,
            moved.rules
        )
    })?;
    message("note: this folder's database is closed: no command works on it any more");
    message(&format!(
        "hint: write `database = \"{}\"` into the settings, and keep a password in ~/.pgpass; the key stays the same",
        moved.address
    ));
    Ok(())
}

async fn recount(access: &Access, out: Output) -> anyhow::Result<()> {
    let recounted = access.act(RecountCounters {}).await?;
    Ok(out.data(&recounted, |r| {
        let numbers = [r.records, r.outcomes].map(|n| thousands(i64::try_from(n).unwrap_or(i64::MAX)));
        format!("counted again: {} counters of records, {} of outcomes\n", numbers[0], numbers[1])
    })?)
}

async fn rekey_persons(access: &Access, out: Output, act: RekeyPersons) -> anyhow::Result<()> {
    access.engine("give persons other look-up keys")?;
    let profile = act.profile.clone();
    let rekeyed = access.act(act).await?;
    Ok(out.data(&rekeyed, |rekeyed| {
        if rekeyed.records == 0 && rekeyed.quarantined == 0 {
            return format!("no record was changed: all of profile `{profile}` are compared as the profile says\n");
        }
        let [records, quarantined] =
            [rekeyed.records, rekeyed.quarantined].map(|n| thousands(i64::try_from(n).unwrap_or(i64::MAX)));
        format!(
            "{records} records of profile `{profile}` are compared as the profile says; {quarantined} of them were quarantined\n"
        )
    })?)
}

async fn index_names(access: &Access, out: Output) -> anyhow::Result<()> {
    let indexed = access.act(IndexNames {}).await?;
    Ok(out.data(&indexed, |indexed| {
        let records = thousands(i64::try_from(indexed.records).unwrap_or(i64::MAX));
        format!("the index of names is complete: {records} records were indexed\n")
    })?)
}

async fn accept_clock(access: &Access, out: Output, note: Note) -> anyhow::Result<()> {
    let accepted = access.act(AcceptClock { note }).await?;
    let now = access.now();
    let value =
        serde_json::json!({ "clock": now.to_string(), "newest": accepted.newest.to_string(), "jobs": accepted.jobs });
    out.data(&value, |_| {
        let [now, newest] =
            [now, accepted.newest].map(|at| words::local(&at.to_string(), access.zone()));
        format!(
            "the clock of {now} is accepted; audit rows up to {newest} no longer stop the printers, and {} queued jobs are due now\n",
            thousands(accepted.jobs)
        )
    })?;
    Ok(())
}

async fn adopt(access: &Access, out: Output, act: AdoptDatabase, second: SecondArgs) -> anyhow::Result<()> {
    const HINT: &str = "hint: see the records that are held with `cetak record held`";
    let is_unknown = act.printed_since == PrintedSince::Unknown;
    let fields = serde_json::json!({ "adopted": true });
    let Some(act) = with_second(access, out, second, act, (&fields, "the database is adopted")).await? else {
        return Ok(());
    };
    let adopted = access.act(act).await?;
    out.data(&adopted, |adopted| {
        let number = |n: usize| thousands(i64::try_from(n).unwrap_or(i64::MAX));
        let mut text = format!("the database is adopted as generation {}\n", adopted.generation);
        let counts = [
            ("records held", adopted.held),
            ("of these, sent to a printer by another copy", adopted.sent_elsewhere),
            ("open attempts that a printer has printed", adopted.printed),
            ("open attempts and test cards whose outcome is uncertain", adopted.uncertain),
            ("acts that waited for a second person, and have ended", adopted.acts_ended),
        ];
        for (what, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            let _ = writeln!(text, "{what}: {}", number(count)); // a String takes all
        }
        if !adopted.unanswered.is_empty() {
            let _ = writeln!(text, "printers that did not answer: {}", adopted.unanswered.join(", "));
        }
        text
    })?;
    if is_unknown {
        message(HINT);
    }
    Ok(())
}

async fn archive(access: &Access, out: Output, older_than: Option<u32>, dry_run: bool) -> anyhow::Result<()> {
    let days = older_than.unwrap_or(access.archive_after_days());
    let archived = if dry_run {
        access.query(CountArchivable { older_than_days: days }).await?
    } else {
        access.act(ArchiveJobs { older_than_days: days }).await?
    };
    let value = serde_json::json!({ "older_than_days": days, "dry_run": dry_run, "archived": archived });
    let text = |_: &serde_json::Value| {
        let Archived { moved, transactions } = archived;
        let number = |n: u64| thousands(i64::try_from(n).unwrap_or(i64::MAX));
        let verb = if dry_run { "would be archived" } else { "archived" };
        format!(
            "{} jobs with {} attempts {verb}, in {} transactions: their batches were closed more than {days} days ago\n",
            number(moved.jobs),
            number(moved.attempts),
            number(transactions),
        )
    };
    Ok(out.data(&value, text)?)
}
