//! Measures the same disk and databases with one writer that waits for each commit.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

use crate::shared::{
    postgres::{Postgres, program},
    table::{output_of, per_second},
};

/// Synced appends of 8 kB per second.
pub(crate) fn synced_writes(folder: &Path, patience: Duration) -> anyhow::Result<f64> {
    let path = folder.join("synced-writes");
    let mut file = File::create(&path)?;
    let began = Instant::now();
    let mut count = 0.0;
    while began.elapsed() < patience {
        file.write_all(&[7; 8_192])?;
        file.sync_data()?;
        count += 1.0;
    }
    let rate = per_second(count, began);
    fs::remove_file(path)?;
    Ok(rate)
}

/// Transactions of one row per second in the shell of SQLite, as durable as the program's.
pub(crate) fn sqlite_commits(folder: &Path, count: u32) -> anyhow::Result<f64> {
    let (database, script) = (folder.join("one-row.db"), folder.join("one-row.sql"));
    let head = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (n INTEGER, words TEXT);\n";
    let row = "INSERT INTO t VALUES (1, 'as long as a short row is');\n";
    fs::write(&script, head.to_owned() + &row.repeat(usize::try_from(count)?))?;
    let mut shell = Command::new("sqlite3");
    shell.arg(&database).stdin(File::open(&script)?);
    let began = Instant::now();
    output_of(&mut shell, "the program `sqlite3` is needed; install it with `apt-get install sqlite3`")?;
    let rate = per_second(f64::from(count), began);
    let made = output_of(Command::new("sqlite3").arg(&database).arg("SELECT COUNT(*) FROM t"), "it was there")?;
    ensure!(String::from_utf8(made)?.trim() == count.to_string(), "the reference lost rows");
    fs::remove_file(database)?;
    Ok(rate)
}

/// The same on PostgreSQL, with its own `pgbench` and one connection.
pub(crate) fn postgres_commits(folder: &Path, server: &Postgres, count: u32) -> anyhow::Result<f64> {
    let script = folder.join("one-row.pgbench");
    fs::write(&script, "INSERT INTO one_row VALUES (1, 'as long as a short row is');\n")?;
    server.psql("DROP TABLE IF EXISTS one_row; CREATE TABLE one_row (n INTEGER, words TEXT)");
    let mut bench = Command::new(program("pgbench"));
    bench.args(["-n", "-M", "prepared", "-c", "1", "-t", &count.to_string(), "-f"]).arg(&script).arg(server.url());
    let said = String::from_utf8(output_of(&mut bench, "there is no `pgbench`")?)?;
    let made = server.psql("SELECT COUNT(*) FROM one_row; DROP TABLE one_row");
    ensure!(made == count.to_string(), "the reference made {made} rows of {count}");
    let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")).context("pgbench says how many")?;
    Ok(rate.split_whitespace().next().context("a number")?.parse()?)
}

/// Cards a second of a plain loop on SQLite, which keeps the same books with a transaction for each step of a card.
pub(crate) fn plain_loop(folder: &Path, cards: u32) -> anyhow::Result<f64> {
    let (database, script) = (folder.join("plain-loop.db"), folder.join("plain_loop.py"));
    fs::write(&script, include_str!("plain_loop.py"))?;
    let mut python = Command::new("python3");
    python.arg(&script).arg(&database).arg(cards.to_string());
    let said = output_of(&mut python, "the program `python3` is needed; install it with `apt-get install python3`")?;
    let ms: f64 = String::from_utf8(said)?.trim().parse()?;
    fs::remove_file(database)?;
    Ok(f64::from(cards) / ms * 1_000.0)
}
