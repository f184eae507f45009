//! `cetak db`.

use clap::Subcommand;

use super::output::{Output, thousands};
use crate::engine::{
    Office,
    operator::{self, Archived},
};

#[derive(Subcommand, Debug)]
pub enum DbCommand {
    /// Move finished jobs out of the way of those to come; every history still has them
    Archive {
        /// Those whose batch was closed more than so many days ago [default: the setting `archive_after_days`]
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
        older_than: Option<u32>,
        /// Change nothing, and say what would be moved
        #[arg(long)]
        dry_run: bool,
    },
}

pub(super) async fn command(office: &Office, out: Output, command: DbCommand) -> anyhow::Result<()> {
    match command {
        DbCommand::Archive { older_than, dry_run } => archive(office, out, older_than, dry_run).await,
    }
}

async fn archive(office: &Office, out: Output, older_than: Option<u32>, dry_run: bool) -> anyhow::Result<()> {
    let days = older_than.unwrap_or(office.settings.archive_after_days);
    let archived =
        if dry_run { operator::archivable(office, days).await? } else { operator::archive(office, days).await? };
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
