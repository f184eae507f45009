//! `cetak audit`, `cetak db` and `cetak config`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::acts::SecondArgs;
use crate::domain::value::Note;

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak audit verify --seal seal-2015-08-17.json")]
pub enum AuditCommand {
    /// Check that no audit row was changed, moved or removed, and that every balance is the sum of its movements
    #[command(after_help = "Examples:
  cetak audit verify --seal seal-2015-08-17.json")]
    Verify {
        /// A file that `audit seal` wrote; shows whether the newest rows were removed since
        #[arg(long, value_name = "FILE")]
        seal: Option<PathBuf>,
    },
    /// Write the newest row of each audit chain to a file, to be kept outside this machine
    #[command(after_help = "Examples:
  cetak audit seal /media/usb/seal-2015-08-17.json")]
    Seal {
        /// The file to write; an existing file is not overwritten
        file: PathBuf,
    },
    /// Print all audit events as JSON Lines
    #[command(after_help = "Examples:
  cetak audit export > audit.jsonl")]
    Export,
}

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak db backup backup-2015-08-17.db")]
pub enum DbCommand {
    /// Check the database file, the audit, the ledger, and that records, jobs, cards and lists agree; changes nothing
    #[command(after_help = "Examples:
  cetak db check --seal seal-2015-08-17.json
  cetak db check --deep")]
    Check {
        /// A file that `audit seal` wrote; shows whether the newest audit rows were removed since
        #[arg(long, value_name = "FILE")]
        seal: Option<PathBuf>,
        /// Also open each sealed person and photo, and compare it with its record
        #[arg(long)]
        deep: bool,
    },
    /// Copy the database into a new file and check the copy; works while cards are printed
    ///
    /// The master key is not in the backup. Keep a copy of it in another place.
    #[command(after_help = "Examples:
  cetak db backup backup-2015-08-17.db")]
    Backup {
        /// The file to write; an existing file is not overwritten
        file: PathBuf,
    },
    /// Move all data from the file to an empty PostgreSQL database, compare every row, and close the file for good
    ///
    /// No scheduler may be running. An interrupted move can be repeated.
    #[command(after_help = "Examples:
  cetak db move postgres://cetak@db.example/cetak")]
    Move {
        /// The address, <postgres://USER@HOST[:PORT]/DATABASE>; keep the password in ~/.pgpass
        #[arg(value_name = "URL")]
        to: String,
    },
    /// Count records and outcomes again, for the numbers of `status`, if `db check` finds that its counters are wrong
    ///
    /// A scheduler of an older version keeps no counters. Update all schedulers first. No card starts while it counts, because
    /// all records and attempts are read in one transaction: run it while the queue is idle.
    #[command(after_help = "Examples:
  cetak db recount")]
    Recount,
    /// State that the clock of this machine is right, after it was wrong; cards then start again
    ///
    /// No card starts while the clock is behind the newest audit row. Set the clock first. If a command or a scheduler ran
    /// while the clock was ahead, the clock stays behind its rows, and this act ends that. The rows are kept.
    #[command(after_help = "Examples:
  cetak db accept-clock --reason \"the clock was a year ahead on Monday\"")]
    AcceptClock {
        /// The reason, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
    },
    /// State what became of the database that this one was copied or restored from; cards then start again
    ///
    /// A copied database, or an older state that was put in place, prints nothing: the original may print, or may have printed,
    /// the same records. Stop the original for good, and see what differs with `cetak status`. Two people do it: name the second, or
    /// ask with `--ask`.
    #[command(after_help = "Examples:
  cetak db adopt --printed-since none --reason \"moved to the new machine; the old one was switched off before\"
  cetak db adopt --printed-since unknown --reason \"restored from the backup of Monday\"")]
    Adopt {
        /// Whether the original printed cards after this database was copied from it
        #[arg(long, value_name = "WHAT")]
        printed_since: PrintedSinceArg,
        /// The reason, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
        #[command(flatten)]
        second: SecondArgs,
    },
    /// Compare the persons of a card profile anew, after the profile compares identifiers in another way
    ///
    /// For example, after `ignores = ["case", "punctuation"]`, the identifiers st-000001 and ST000001 are of the same person.
    /// Imports of the profile are refused until then, and a search by identifier may miss records. No batch of the profile may be
    /// open, and none of its cards is printed meanwhile. Nothing is changed, and the requests are named, if those of different
    /// persons become those of one: withdraw the wrong ones, or give `--accept-duplicates`. Of two with a card in the office, or
    /// perhaps printed by another copy of the database, one is to be rejected or withdrawn in any case. An interrupted run goes on
    /// when it is repeated.
    #[command(after_help = "Examples:
  cetak db rekey-persons --profile student
  cetak db rekey-persons --profile student --accept-duplicates")]
    RekeyPersons {
        /// The card profile
        #[arg(long, value_name = "NAME")]
        profile: String,
        /// Quarantine the requests that would give a person a second card: one that has a card, or may have one, keeps its place,
        /// else the one that was imported first
        #[arg(long)]
        accept_duplicates: bool,
    },
    /// Make the index by which names are found, after an update of the program, or if `db check --deep` finds that it is wrong
    ///
    /// Records from before names were indexed are not found by name until then, and a search says so. If the index is complete, it is
    /// made anew. Cards are printed and lists imported meanwhile. An interrupted run goes on when it is repeated.
    #[command(after_help = "Examples:
  cetak db index-names")]
    IndexNames,
    /// Move finished jobs of old batches to the archive; `record show` and `job list` still find them
    #[command(after_help = "Examples:
  cetak db archive --dry-run
  cetak db archive --older-than 30")]
    Archive {
        /// The age of a batch, in days since it was closed [default: the setting `archive_after_days`]
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
        older_than: Option<u32>,
        /// Report what would be archived, without changing anything
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Clone, Copy, ValueEnum, Debug)]
pub enum PrintedSinceArg {
    /// It printed none, because it was stopped before and is not started again
    None,
    /// It may have: all records that wait are held, until you release those that were not printed
    Unknown,
}

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak config check")]
pub enum ConfigCommand {
    /// Read the settings, card profiles and printer options, and show where each setting comes from
    #[command(after_help = "Examples:
  cetak --config /etc/cetak.toml config check")]
    Check,
}
