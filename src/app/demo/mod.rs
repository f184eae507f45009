//! The demo: the case of Solo in 2015 with invented people. 27,000 people wait, 5,000 blanks were just delivered, and
//! three printers spoil cards and jam now and then. The demo may be killed at any moment; the same command continues
//! it. It ends with the console open, or, without a server, when the blanks are used up.

pub mod people;

mod accounts;
mod names;
mod portraits;

use std::{collections::BTreeMap, net::Ipv4Addr, path::Path};

use super::{
    files::{self, LockPlace},
    scheduler::{Run, raise_open_files, schedule},
    serve::{self, ServeTable},
};
use crate::{
    cli::{
        self, Message,
        args::{DemoArgs, ServeArgs},
        output::{Output, in_order, message, table, thousands},
        status::{self, stock_text},
    },
    domain::{time::Timestamp, value::Quantity},
    engine::{
        Engine,
        client::{Client, Direct},
        import::{Format, Import, Report},
        operations::{AddPrinter, Probe, ReceiveBlanks},
        query::{Board, ShowBoard},
        scheduling::Until,
    },
};

const MARK: &str = "demo";
const DELIVERY: &str = "DEMO-DELIVERY-1";
const PROFILE: &str = "ktp-el";
const BLANKS: &str = "ktp-el";

/// Refuses a folder with data that the demo did not create.
pub(super) fn refuse_foreign(folder: &Path) -> anyhow::Result<()> {
    if folder.join(files::DATABASE).exists() && !folder.join(MARK).exists() {
        let text = format!("`{}` holds data that the demo did not make", folder.display());
        anyhow::bail!(Message::new(text, "name an empty folder with `--data`"));
    }
    files::make_folder(&folder.join(MARK))
}

/// The time for a card, in milliseconds: with the console, so that a person can follow; without it, so that it ends soon.
const CARD_MS: [u32; 2] = [1_500, 10];

/// Creates what does not exist yet. Then it prints with the console open until it is stopped, or until the stock is used up, and
/// reports.
pub(super) async fn run(
    engine: &Engine,
    out: Output,
    folder: &Path,
    place: &LockPlace,
    args: DemoArgs,
) -> anyhow::Result<()> {
    engine.profile(PROFILE)?;
    let has_accounts = engine.store.read_once().await?.accounts_exist().await?;
    if has_accounts && args.no_serve {
        let text = format!("the people of the demo in `{}` have accounts, and act in the console", folder.display());
        anyhow::bail!(Message::new(text, "leave out `--no-serve`, or name an empty folder with `--data`"));
    }
    // The accounts are made last: with them, or with their passwords, everything else is there.
    let demo = folder.join(MARK);
    let unseen = accounts::unseen(&demo)?.filter(|_| !args.no_serve);
    if has_accounts && unseen.is_none() {
        message("the accounts of this demo were made before, and their passwords were shown then");
        message("hint: an account gets a new one with `cetak account reset NAME --reason TEXT`");
        return with_console(engine, folder, place).await;
    }
    let made = if let Some(unseen) = unseen {
        unseen
    } else {
        let report = Box::pin(prepare(engine, folder, &args)).await?;
        if args.no_serve {
            return until_idle(engine, out, folder, place, &report).await;
        }
        accounts::chosen(engine, &demo)?
    };
    accounts::make(engine, &made).await?;
    let line = |account: &accounts::DemoAccount| {
        vec![account.name.to_owned(), account.role.as_str().to_owned(), account.password.reveal().to_owned()]
    };
    let rows: Vec<Vec<String>> = made.iter().map(line).collect();
    let object = |row: &Vec<String>| serde_json::json!({ "name": row[0], "role": row[1], "password": row[2] });
    let value = serde_json::json!({ "accounts": rows.iter().map(object).collect::<Vec<_>>() });
    out.data(&value, |_| format!("\n{}\n", table(&["account", "role", "password"], &rows)))?;
    accounts::forget(&demo)?;
    message("the passwords are shown this once");
    with_console(engine, folder, place).await
}

/// Makes the list, imports it, and adds blanks and printers.
async fn prepare(engine: &Engine, folder: &Path, args: &DemoArgs) -> anyhow::Result<Report> {
    let demo = folder.join(MARK);
    message(&format!("making a waiting list of {} invented people", thousands(args.records)));
    let list = people::write_waiting_list(&demo, args.seed, args.records)?;
    let import = Import {
        source: "default".into(),
        profile: PROFILE.into(),
        file_name: list.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        format: Format::Csv,
        encoding: None,
        sheet: None,
        mapping: None,
        skip_lines: 0,
        photos: demo.clone(),
        update: false,
        dry_run: false,
        accept: Vec::new(),
    };
    message("importing it");
    let report =
        Box::pin(cli::import(engine, cli::ListSource::File(&list.path), import, Some(&demo.join("rejects.csv"))))
            .await?;
    message(cli::import_text(&report).trim_end());
    deliver(engine, args.blanks).await?;
    add_printers(engine, &demo, args).await?;
    Ok(report)
}

/// Serves the console on a free port of this machine, and prints until the program is stopped.
async fn with_console(engine: &Engine, folder: &Path, place: &LockPlace) -> anyhow::Result<()> {
    let printers = engine.store.read().await?.printer_list().await?;
    let spare = raise_open_files(printers.len())?;
    let listen = Some((Ipv4Addr::LOCALHOST, 0).into());
    let arguments = ServeArgs { listen, tls_cert: None, tls_key: None, insecure_http: false };
    let mut settings = serve::settings(arguments, ServeTable::default(), folder)?;
    settings.connections = (spare / 2).clamp(1, serve::CONNECTIONS_MAX);
    serve::make_backups(&settings)?;
    message("the console opens at the address below; sign in with an account, and press Ctrl-C here to end");
    let run = Run { until: Until::Stopped, serve: Some(settings) };
    Box::pin(schedule(engine, folder, place, run, None)).await?;
    Ok(())
}

/// Prints until the stock is used up, and reports.
async fn until_idle(
    engine: &Engine,
    out: Output,
    folder: &Path,
    place: &LockPlace,
    report: &Report,
) -> anyhow::Result<()> {
    message(
        "printing until the blanks are used up; a pause ends the demo, and the same command goes on after a resume",
    );
    for (printer, why) in
        Box::pin(schedule(engine, folder, place, Run { until: Until::Idle, serve: None }, None)).await?
    {
        message(&format!("printer `{printer}`: {}", crate::cli::words::blocked(why)));
    }
    let summary = Summary::read(engine, report).await?;
    let zone = &engine.settings.zone;
    out.data(&summary.json(zone), |_| text(&summary, zone))?;
    if summary.clean { Ok(()) } else { anyhow::bail!("the books are not right") }
}

/// Books the delivery of blanks, once for each database.
async fn deliver(engine: &Engine, quantity: Quantity) -> anyhow::Result<()> {
    let booked = engine.store.read().await?.balance_list().await?;
    if booked.is_empty() {
        let delivery = ReceiveBlanks {
            blank_type: BLANKS.into(),
            quantity,
            document: DELIVERY.parse()?,
            lot: Some("2015-08".parse()?),
            serials: None,
            override_reason: None,
        };
        Direct::new(engine).act(delivery).await?;
    }
    Ok(())
}

async fn add_printers(engine: &Engine, folder: &Path, args: &DemoArgs) -> anyhow::Result<()> {
    let truth = std::path::absolute(folder.join("truth.jsonl"))?;
    let known = engine.store.read().await?.printer_list().await?;
    for (number, name) in (1..).zip(["fargo-1", "fargo-2", "zebra-1"]) {
        let faults = "spoil=0.015&jam=0.002&clear_ms=1500&offline=0.002&lose_ack=0.002&forget=0.0004";
        let card_ms = args.card_ms.unwrap_or(CARD_MS[usize::from(args.no_serve)]);
        let seed = args.seed + number;
        let uri = format!(
            "mock://{name}?card_ms={card_ms}&{faults}&seed={seed}&truth={}",
            percent(&truth.display().to_string())
        );
        if known.iter().all(|printer| printer.name != name) {
            let new = AddPrinter { name: name.parse()?, uri, profile: PROFILE.into(), hopper: None };
            match Direct::new(engine).act(new).await? {
                Probe::Answered(_) => {}
                Probe::Silent(why) => anyhow::bail!(cli::words::reason(&why)),
            }
        }
    }
    Ok(())
}

fn percent(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// The summary that a supervisor signs.
#[derive(Debug)]
struct Summary {
    /// The rows of the list: records, refused rows, and repeated ones.
    rows: i64,
    refused_by_reason: BTreeMap<&'static str, i64>,
    /// Rows that repeat another one.
    repeated: i64,
    status: Board,
    per_printer: BTreeMap<String, BTreeMap<String, i64>>,
    delivered: i64,
    accounted: i64,
    audit_events: i64,
    clean: bool,
}

impl Summary {
    async fn read(engine: &Engine, report: &Report) -> anyhow::Result<Self> {
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let refused_by_reason: BTreeMap<_, _> =
            report.refused_by_reason.iter().map(|(reason, n)| (reason.as_str(), number(*n))).collect();
        let rows = number(report.rows);
        let status = Direct::new(engine).query(ShowBoard {}).await?;
        let mut tx = engine.store.read().await?;
        let mut per_printer: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
        for (printer, outcome, count) in tx.printer_outcomes(Timestamp(0), Timestamp(i64::MAX)).await? {
            per_printer.entry(printer).or_default().insert(outcome, count);
        }
        let (audit_events, faults) = tx.audit_verify(&[]).await?;
        let books = tx.balance_faults().await?;
        let account =
            |name: &str| status.blangko.get(BLANKS).and_then(|accounts| accounts.get(name)).copied().unwrap_or(0);
        let delivered = -account("supplier");
        let accounted = ["printed", "spoiled", "uncertain", "vault", "reserved"].into_iter().map(account).sum();
        let clean = faults.is_empty() && books.is_empty() && account("sum") == 0;
        // The list is imported once more when the demo goes on, and then all its records are known: what is neither a record
        // nor refused repeats another row.
        let refused: i64 = refused_by_reason.values().sum();
        let repeated = rows - refused - status.records.values().sum::<i64>();
        Ok(Self { rows, refused_by_reason, repeated, status, per_printer, delivered, accounted, audit_events, clean })
    }

    /// The summary, with the board as `cetak status --json` prints it.
    fn json(&self, zone: &jiff::tz::TimeZone) -> serde_json::Value {
        serde_json::json!({
            "rows": self.rows, "refused_by_reason": self.refused_by_reason, "repeated": self.repeated,
            "status": status::json(&self.status, zone), "per_printer": self.per_printer, "delivered": self.delivered,
            "accounted": self.accounted, "audit_events": self.audit_events, "clean": self.clean,
        })
    }
}

fn text(summary: &Summary, zone: &jiff::tz::TimeZone) -> String {
    let status = &summary.status;
    let mut rows: Vec<Vec<String>> =
        status.records.iter().filter(|(_, n)| **n > 0).map(|(state, n)| vec![state.clone(), thousands(*n)]).collect();
    rows.extend(summary.refused_by_reason.iter().map(|(reason, n)| vec![format!("refused: {reason}"), thousands(*n)]));
    rows.push(vec!["repeats of another row".into(), thousands(summary.repeated)]);
    rows.push(vec!["rows in all".into(), thousands(summary.rows)]);
    let mut text = format!(
        "\nRECORDS\n{}\nBLANGKO\n{}",
        table(&["records", "number"], &rows),
        stock_text(&status.blangko, &status.hidden)
    );
    let accounted = format!(
        "{} delivered = {} accounted for (printed + spoiled + uncertain + left)",
        thousands(summary.delivered),
        thousands(summary.accounted)
    );
    text += &format!("{accounted}\n");
    let outcomes = ["printed", "spoiled", "uncertain", "not-started"];
    let cell = |counts: &BTreeMap<String, i64>, key: &str| thousands(counts.get(key).copied().unwrap_or(0));
    let row = |(name, counts): (&String, &BTreeMap<String, i64>)| {
        std::iter::once(name.clone()).chain(outcomes.map(|o| cell(counts, o))).collect()
    };
    let header = ["printer", "printed", "spoiled", "uncertain", "not started"];
    text += &format!("\nPRINTERS\n{}", table(&header, &in_order(summary.per_printer.iter().map(row).collect())));
    let shown = ["printed", "uncertain", "quarantined", "waiting"];
    let row = |(name, counts): (&String, &BTreeMap<String, i64>)| {
        std::iter::once(name.clone()).chain(shown.map(|s| cell(counts, s))).collect()
    };
    let header = ["district", "printed", "uncertain", "quarantined", "waiting"];
    text += &format!("\nDISTRICTS\n{}", table(&header, &in_order(status.districts.iter().map(row).collect())));
    let books = if summary.clean {
        "clean: every balance is the sum of its movements, the sum is zero"
    } else {
        "NOT CLEAN: run `cetak audit verify`"
    };
    text += &format!("\nAUDIT\n{} events, {books}\n", thousands(summary.audit_events));
    text + &status::needs_text(status, zone)
}
