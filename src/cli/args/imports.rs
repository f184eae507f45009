//! `cetak import list|show|undo`.

use clap::Subcommand;

use super::acts::SecondArgs;
use crate::domain::{undo::UndoFate, value::Note};

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak import list")]
pub enum ImportsCommand {
    /// List the imports, newest first
    #[command(after_help = "Examples:
  cetak import list
  cetak import list --all --json")]
    List {
        /// All of them, and not the last 20 only
        #[arg(long)]
        all: bool,
    },
    /// Show what an import did, and what undoing it would do
    #[command(after_help = "Examples:
  cetak import show 12
  cetak import show 12 --fate stopped")]
    Show {
        /// The number of the import
        #[arg(value_name = "IMPORT")]
        import: i64,
        /// List its records
        #[arg(long)]
        records: bool,
        /// List only the records that would get this fate if it were undone: withdrawn, reverted, stopped, handed-over, kept
        #[arg(long, value_name = "FATE")]
        fate: Option<UndoFate>,
    },
    /// Undo an import: its new records are withdrawn, what it changed is as before, and cards that exist are stopped at the check
    ///
    /// `import show` says beforehand what becomes of each record. A card that is handed over stays, and so does a record that a later
    /// import changed. The list can be imported again.
    #[command(after_help = "Examples:
  cetak import undo 12 --reason \"the list of another district\"
  cetak import undo 12 --reason \"the list of another district\" --ask")]
    Undo {
        /// The number of the import
        #[arg(value_name = "IMPORT")]
        import: i64,
        /// The reason, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
        #[command(flatten)]
        second: SecondArgs,
    },
}
