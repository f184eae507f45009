//! `cetak audit`.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{
    Message,
    access::Access,
    args::AuditCommand,
    output::{Output, message, thousands},
};
use crate::engine::{
    EngineError,
    client::Client,
    files::{NewFile, read_regular_text},
    query::{ChainHead, Limit, ListAudit, ListAuditHeads, PageRequest, VerifyAudit},
};

pub(super) async fn command(access: &Access, out: Output, command: AuditCommand) -> anyhow::Result<()> {
    match command {
        AuditCommand::Verify { seal } => verify(access, out, seal).await,
        AuditCommand::Seal { file } => write_seal(access, out, &file).await,
        AuditCommand::Export => export(access, out).await,
    }
}

/// The largest file of `audit seal`, which has a few lines for each chain.
const SEAL_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The chain heads in a file of `audit seal`; empty without a file.
pub(super) fn seal_read(file: Option<&Path>) -> anyhow::Result<Vec<ChainHead>> {
    let Some(file) = file else { return Ok(Vec::new()) };
    let text = read_regular_text(file, SEAL_BYTES_MAX)
        .map_err(|source| EngineError::Read { what: file.display().to_string(), source })?;
    serde_json::from_str(&text).with_context(|| format!("`{}` is no seal", file.display()))
}

async fn verify(access: &Access, out: Output, seal: Option<PathBuf>) -> anyhow::Result<()> {
    let found = access.query(VerifyAudit { seal: seal_read(seal.as_deref())? }).await?;
    let events = found.events;
    let faults: Vec<String> =
        found.chains.iter().map(|f| format!("chain `{}`, event {}: {}", f.chain, f.seq, f.what)).collect();
    let books: Vec<String> = found
        .accounts
        .iter()
        .map(|f| format!("account {}: booked {}, moved {}", f.account, f.booked, f.moved))
        .collect();
    let clean = faults.is_empty() && books.is_empty();
    let value = serde_json::json!({ "events": events, "clean": clean, "faults": faults, "ledger_faults": books });
    out.data(&value, |_| {
        let all = faults.iter().chain(&books).map(String::as_str).collect::<Vec<_>>().join("\n") + "\n";
        if clean {
            format!(
                "{} events, none changed, moved or missing; every balance is the sum of its movements\n",
                thousands(events)
            )
        } else {
            all
        }
    })?;
    if clean {
        message("hint: `cetak db check` compares the records, the ledger and the printers with these events");
        Ok(())
    } else {
        let hint = "keep the files as they are, and call the person who is responsible for the audit";
        Err(Message::new("the audit or the books have faults", hint).into())
    }
}

async fn write_seal(access: &Access, out: Output, file: &Path) -> anyhow::Result<()> {
    let heads = access.query(ListAuditHeads {}).await?;
    let mut new = NewFile::create(file, 0o644)?;
    let failed = |source| EngineError::Write { what: file.display().to_string(), source };
    new.write_all(format!("{}\n", serde_json::to_string_pretty(&heads)?).as_bytes()).map_err(failed)?;
    new.finish()?;
    let fields = serde_json::json!({ "file": file, "chains": heads.len() });
    let done = format!("{} chains sealed in `{}`; keep it outside of this machine", heads.len(), file.display());
    Ok(out.done(&fields, &done)?)
}

async fn export(access: &Access, out: Output) -> anyhow::Result<()> {
    for head in access.query(ListAuditHeads {}).await? {
        let mut page = PageRequest { after: None, limit: Limit::MAX };
        loop {
            let rows = access.query(ListAudit { chain: head.chain.clone(), page }).await?;
            // Rows that are written during the export are left out, so that it ends.
            let own = rows.items.iter().filter(|row| row.seq <= head.seq);
            let lines = own.flat_map(|row| [row.entry.as_str(), "\n"]).collect::<String>();
            out.text(&lines)?;
            page.after = rows.next.filter(|next| next.0 < head.seq);
            if page.after.is_none() {
                break;
            }
        }
    }
    Ok(())
}
