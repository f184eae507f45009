//! What a supervisor wants to see: the list, the stock, the printers, and what needs a person.

use std::collections::BTreeMap;

use serde::Serialize;

use super::output::{table, thousands};
use crate::{
    domain::{
        pause::PauseScope,
        printer_reason::{Advice, Resumes, Who, advise},
        record::RecordState,
        time::day_start,
    },
    engine::{CLOCK_TOLERANCE, Engine, EngineError, operations::plain_uri},
    store::{BatchLine, Node, Tx},
};

/// All that `status --json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Records by state; the states partition them.
    pub records: BTreeMap<&'static str, i64>,
    /// Blank type to account to quantity, with `sum`, which is zero when the books are right.
    pub blangko: BTreeMap<String, BTreeMap<String, i64>>,
    /// The printers.
    pub printers: Vec<PrinterStatus>,
    /// The whole queue.
    pub queue: QueueStatus,
    /// All pauses in force, the whole queue's too.
    pub pauses: Vec<PauseLine>,
    /// The schedulers that share the database; none on a file.
    pub nodes: Vec<Node>,
    /// Batches that are not closed.
    pub batches: Vec<BatchLine>,
    /// What waits for a person.
    pub needs_person: Vec<Need>,
    /// District to state to records.
    pub districts: BTreeMap<String, BTreeMap<String, i64>>,
}

/// One printer.
#[derive(Clone, Debug, Serialize)]
pub struct PrinterStatus {
    /// Its name.
    pub name: String,
    /// Where it is, without secrets.
    pub uri: String,
    /// The profile whose cards it prints.
    pub profile: String,
    /// As last seen: `unknown`, `idle`, `processing`, `stopped`, `unreachable`.
    pub state: String,
    /// IPP keywords, as the printer says them.
    pub reasons: Vec<String>,
    /// What each of them means, and who must act.
    pub advice: Vec<Advice>,
    /// Those that an operator declared to be over, though the printer still gives them.
    pub declared_over: Vec<String>,
    /// May it get a card: `closed` is yes.
    pub breaker: &'static str,
    /// It, or the whole queue, is paused.
    pub paused: bool,
    /// The node that feeds it, where several share the database.
    pub node: Option<String>,
    /// Good cards since midnight.
    pub cards_today: i64,
    /// Spoiled blanks since midnight.
    pub spoiled_today: i64,
}

/// The whole queue.
#[derive(Clone, Debug, Default, Serialize)]
pub struct QueueStatus {
    /// Is it paused?
    pub paused: bool,
    /// Why.
    pub reason: Option<String>,
    /// Who paused.
    pub by: Option<String>,
}

/// A pause in force.
#[derive(Clone, Debug, Serialize)]
pub struct PauseLine {
    /// `queue`, `printer NAME` or `batch NUMBER`.
    pub what: String,
    /// Why.
    pub reason: String,
    /// Who paused.
    pub by: String,
    /// Since when, RFC 3339.
    pub since: String,
}

/// Something that waits for a person.
#[derive(Clone, Debug, Serialize)]
pub struct Need {
    /// What.
    pub what: String,
    /// How many.
    pub count: i64,
    /// The command that shows or settles it.
    pub command: String,
}

/// The accounts in the order of a report.
pub const ACCOUNTS: [&str; 11] = [
    "supplier",
    "vault",
    "hopper",
    "reserved",
    "printed",
    "spoiled",
    "uncertain",
    "handed-over",
    "destroyed",
    "loan",
    "missing",
];

/// Reads it all, in one state of the database.
pub async fn read(engine: &Engine) -> Result<Status, EngineError> {
    let mut tx = engine.store.read().await?;
    let mut records: BTreeMap<&'static str, i64> = RecordState::ALL.into_iter().map(|s| (s.as_str(), 0)).collect();
    let mut districts: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for line in tx.record_counts().await? {
        if let Some(count) = records.get_mut(line.state.as_str()) {
            *count += line.count;
        }
        districts.entry(line.district).or_default().insert(line.state, line.count);
    }
    let blangko = blangko(&mut tx).await?;
    let pauses = tx.pause_list().await?;
    let whole = pauses.iter().find(|p| p.scope == PauseScope::Queue);
    let queue = QueueStatus {
        paused: whole.is_some(),
        reason: whole.map(|p| p.reason.clone()),
        by: whole.map(|p| p.actor.clone()),
    };
    let today = tx.printer_outcomes(day_start(engine.clock.now(), &engine.settings.zone)).await?;
    let count = |printer: &str, state: &str| {
        today.iter().find(|(p, s, _)| p == printer && s == state).map_or(0, |(_, _, n)| *n)
    };
    let printers = tx.printer_list().await?.into_iter().map(|p| PrinterStatus {
        uri: plain_uri(&p.uri),
        paused: pauses.iter().any(|pause| pause.scope.applies(&p.name, None)),
        cards_today: count(&p.name, "printed"),
        spoiled_today: count(&p.name, "spoiled"),
        breaker: p.breaker.as_str(),
        name: p.name,
        node: p.node,
        profile: p.profile,
        state: p.state,
        advice: p.reasons.iter().map(|reason| advise(reason)).collect(),
        reasons: p.reasons,
        declared_over: p.acknowledged_reasons,
    });
    let printers: Vec<PrinterStatus> = printers.collect();
    let nodes = tx.node_list().await?;
    let batches = tx.batch_list(true).await?;
    let mut needs_person = needs(&mut tx, &records, &printers, &batches).await?;
    if engine.clock.now().plus(CLOCK_TOLERANCE) < tx.newest_instant().await? {
        let what = "the clock is behind what was written before, and nothing is fed".to_owned();
        needs_person.push(Need { what, count: 1, command: "date".into() });
    }
    let pauses = pauses.into_iter().map(|p| PauseLine {
        what: match p.scope {
            PauseScope::Queue => "queue".into(),
            PauseScope::Printer(name) => format!("printer {name}"),
            PauseScope::Batch(id) => format!("batch {id}"),
        },
        reason: p.reason,
        by: p.actor,
        since: p.at.to_string(),
    });
    let pauses = pauses.collect();
    Ok(Status { records, blangko, printers, queue, pauses, nodes, batches, needs_person, districts })
}

/// Blank type to account to quantity, over lots and places, with the sum.
pub async fn blangko(tx: &mut Tx) -> Result<BTreeMap<String, BTreeMap<String, i64>>, EngineError> {
    let mut types: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for line in tx.balance_list().await? {
        let accounts = types
            .entry(line.blank_type)
            .or_insert_with(|| ACCOUNTS.iter().chain(&["sum"]).map(|account| ((*account).to_owned(), 0)).collect());
        *accounts.entry(line.account).or_default() += line.quantity;
        *accounts.entry("sum".into()).or_default() += line.quantity;
    }
    Ok(types)
}

async fn needs(
    tx: &mut Tx,
    records: &BTreeMap<&str, i64>,
    printers: &[PrinterStatus],
    batches: &[BatchLine],
) -> Result<Vec<Need>, EngineError> {
    let mut needs = Vec::new();
    let mut need = |what: &str, count: i64, command: &str| {
        if count > 0 {
            needs.push(Need { what: what.to_owned(), count, command: command.to_owned() });
        }
    };
    let state = |state: &str| records.get(state).copied().unwrap_or(0);
    need("cards whose outcome nobody knows", state("uncertain"), "cetak inspect list");
    need("quarantined records", state("quarantined"), "cetak record quarantined");
    need("printed cards that are stopped", tx.record_stopped_count().await?, "cetak card reject REQUEST_ID");
    let warrants = tx.warrant_list().await?.iter().filter(|w| w.state == "requested").count();
    need("reprints that wait for approval", i64::try_from(warrants).unwrap_or(0), "cetak reprint list");
    let planned = batches.iter().filter(|b| b.state == "planned").count();
    need("batches that wait for approval", i64::try_from(planned).unwrap_or(0), "cetak batch list");
    for printer in printers {
        if printer.breaker == "locked" {
            need(
                &format!("printer `{}` failed again and again", printer.name),
                1,
                &format!("cetak printer clear {}", printer.name),
            );
        }
        let is_over = |advice: &Advice| printer.declared_over.contains(&advice.keyword);
        let asks = |advice: &&Advice| advice.stops_feeding && advice.who != Who::Nobody && !is_over(advice);
        let mut told = Vec::new();
        for advice in printer.advice.iter().filter(asks) {
            // `media-empty` and `media-needed` are one task.
            if told.contains(&advice.action) {
                continue;
            }
            told.push(advice.action);
            let what =
                format!("{}, printer `{}`: {} ({})", advice.who.as_str(), printer.name, advice.action, advice.keyword);
            let clears = matches!(advice.resumes, Resumes::WhenCleared | Resumes::WithTheNextCard);
            let command = if clears { "clear" } else { "show" };
            need(&what, 1, &format!("cetak printer {command} {}", printer.name));
        }
        if printer.state == "stopped" && printer.advice.is_empty() {
            let what = format!("printer `{}` is stopped, and does not say why", printer.name);
            need(&what, 1, &format!("cetak printer show {}", printer.name));
        }
    }
    Ok(needs)
}

/// The status for people.
pub fn text(status: &Status) -> String {
    let mut text = String::new();
    for pause in &status.pauses {
        text += &format!("PAUSED: {} by {} since {}: {}\n", pause.what, pause.by, pause.since, pause.reason);
    }
    if !status.pauses.is_empty() {
        text.push('\n');
    }
    let records =
        status.records.iter().filter(|(_, n)| **n > 0).map(|(state, n)| vec![(*state).to_owned(), thousands(*n)]);
    let total: i64 = status.records.values().sum();
    let rows: Vec<_> = records.chain([vec!["in all".into(), thousands(total)]]).collect();
    text += &format!("{}\n", table(&["records", "number"], &rows));
    text += &stock_text(&status.blangko);
    let row = |p: &PrinterStatus| {
        let paused = if p.paused { "paused" } else { p.state.as_str() };
        vec![
            p.name.clone(),
            paused.into(),
            p.breaker.into(),
            thousands(p.cards_today),
            thousands(p.spoiled_today),
            p.reasons.join(","),
        ]
    };
    let printers: Vec<_> = status.printers.iter().map(row).collect();
    if !printers.is_empty() {
        text +=
            &format!("\n{}", table(&["printer", "state", "breaker", "cards today", "spoiled", "reasons"], &printers));
    }
    let node = |n: &Node| {
        let lease = if n.lease_left_ms < 0 { "ended".into() } else { format!("{} s", n.lease_left_ms / 1_000) };
        vec![n.name.clone(), n.host.clone(), n.process.to_string(), n.printers.to_string(), lease]
    };
    let nodes: Vec<_> = status.nodes.iter().map(node).collect();
    if !nodes.is_empty() {
        text += &format!("\n{}", table(&["node", "host", "process", "printers", "lease left"], &nodes));
    }
    if !status.batches.is_empty() {
        text += &format!("\n{}", batches_text(&status.batches));
    }
    let needs: Vec<_> =
        status.needs_person.iter().map(|n| vec![n.count.to_string(), n.what.clone(), n.command.clone()]).collect();
    if !needs.is_empty() {
        text += &format!("\n{}", table(&["", "needs a person", "command"], &needs));
    }
    text
}

/// The stock for people.
pub fn stock_text(blangko: &BTreeMap<String, BTreeMap<String, i64>>) -> String {
    let mut rows = Vec::new();
    for (blank_type, accounts) in blangko {
        for account in ACCOUNTS {
            let quantity = accounts.get(account).copied().unwrap_or(0);
            if quantity != 0 {
                rows.push(vec![blank_type.clone(), account.to_owned(), thousands(quantity)]);
            }
        }
        rows.push(vec![blank_type.clone(), "sum".into(), thousands(accounts.get("sum").copied().unwrap_or(0))]);
    }
    if rows.is_empty() {
        "no blanks yet: `cetak blangko receive`\n".into()
    } else {
        table(&["blangko", "account", "number"], &rows)
    }
}

/// Batches for people.
pub fn batches_text(batches: &[BatchLine]) -> String {
    let row = |b: &BatchLine| {
        let numbers = [b.jobs, b.open, b.printed].map(|n| n.to_string());
        vec![
            b.id.to_string(),
            b.printer.clone(),
            b.state.clone(),
            numbers[0].clone(),
            numbers[1].clone(),
            numbers[2].clone(),
            b.created_at.clone(),
        ]
    };
    table(
        &["batch", "printer", "state", "jobs", "open", "printed", "made"],
        &batches.iter().map(row).collect::<Vec<_>>(),
    )
}
