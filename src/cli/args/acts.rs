//! `cetak act`, and the options of commands that need two people.

use clap::{Args, Subcommand};

use crate::domain::value::{Note, PersonName};

/// How the second person of an act takes part. With neither option, the act is done alone, and the audit says so.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub struct SecondArgs {
    /// Only ask for it; another person confirms it with `cetak act confirm`
    #[arg(long)]
    pub ask: bool,
    /// The name of another person at the same screen, who confirms it now
    #[arg(long, value_name = "NAME")]
    pub second: Option<PersonName>,
}

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak act list")]
pub enum ActCommand {
    /// List the acts that wait for a second person
    #[command(after_help = "Examples:
  cetak act list --all")]
    List {
        /// Include acts that were decided or have expired
        #[arg(long)]
        all: bool,
    },
    /// Show an act with its arguments
    #[command(after_help = "Examples:
  cetak act show 5")]
    Show {
        /// The act's number
        act: i64,
    },
    /// Confirm an act that another person asked for; it is done at once
    #[command(after_help = "Examples:
  cetak --actor \"Sri Wahyuni\" act confirm 5")]
    Confirm {
        /// The act's number
        act: i64,
    },
    /// Refuse an act; it is not done
    #[command(after_help = "Examples:
  cetak act refuse 5 --reason \"the document is missing\"")]
    Refuse {
        /// The act's number
        act: i64,
        /// The reason, for lists and the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
    },
    /// Take back an act that you asked for
    #[command(after_help = "Examples:
  cetak act take-back 5")]
    TakeBack {
        /// The act's number
        act: i64,
    },
}
