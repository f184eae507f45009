//! `cetak source list|test|pause|resume`.

use clap::Subcommand;

use crate::domain::value::Note;

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak source list")]
pub enum SourceCommand {
    /// List the sources that the settings name: how each stands, and what of its lists waits
    #[command(after_help = "Examples:
  cetak source list
  cetak source list --json")]
    List,
    /// Try what a pull needs, and change nothing: whether the folder can be read, and lists in it can be moved
    #[command(after_help = "Examples:
  cetak source test registry")]
    Test {
        /// The source
        #[arg(value_name = "SOURCE")]
        source: String,
    },
    /// Pause a source: its lists stay where they are
    #[command(after_help = "Examples:
  cetak source pause registry --reason \"its last list was wrong\"")]
    Pause {
        /// The source
        #[arg(value_name = "SOURCE")]
        source: String,
        /// The reason, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
    },
    /// End the pause of a source
    #[command(after_help = "Examples:
  cetak source resume registry --reason \"the lists are right again\"")]
    Resume {
        /// The source
        #[arg(value_name = "SOURCE")]
        source: String,
        /// The reason, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
    },
}
