//! `cetak blangko count`.

use clap::{Subcommand, ValueEnum};

use super::acts::SecondArgs;
use crate::domain::{
    count::WhichCount,
    value::{Counted, Note, PersonName, PrinterName},
};

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak blangko count list")]
pub enum CountCommand {
    /// Open a count of the vault or of a hopper; what is booked there is hidden from those who count until it is closed
    ///
    /// Meanwhile no person loads, unloads, receives, lends or destroys blanks of that place. A hopper is counted while its printer is
    /// paused and has no card.
    #[command(after_help = "Examples:
  cetak blangko count open --type ktp-el --reason \"monthly count\"
  cetak blangko count open --type ktp-el --printer fargo-1 --counter \"Sri Wahyuni\" --reason \"hopper emptied\"")]
    Open {
        /// The blank type
        #[arg(long = "type", value_name = "TYPE")]
        blank_type: String,
        /// Count this printer's hopper instead of the vault
        #[arg(long, value_name = "NAME")]
        printer: Option<PrinterName>,
        /// The person who makes the first count [default: any stock-keeper]
        #[arg(long, value_name = "NAME")]
        counter: Option<PersonName>,
        /// The reason for the count, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
    },
    /// Enter what was counted, those included that are reserved for a batch; it is compared with the books of that instant
    ///
    /// If it is equal, the count is closed. If not, another person counts, and then a supervisor decides.
    #[command(after_help = "Examples:
  cetak blangko count enter 7 --bundles 48 --bundle-size 100 --loose 70 --again 4870
  cetak blangko count enter 7 --loose 73 --again 73")]
    Enter {
        /// The number of the count
        #[arg(value_name = "COUNT")]
        count: i64,
        /// The number of full bundles
        #[arg(long, value_name = "NUMBER", requires = "bundle_size", default_value_t = Counted::ZERO)]
        bundles: Counted,
        /// The number of blanks in a full bundle
        #[arg(long, value_name = "NUMBER", default_value_t = Counted::ZERO)]
        bundle_size: Counted,
        /// The number of blanks that are in no full bundle
        #[arg(long, value_name = "NUMBER")]
        loose: Counted,
        /// The number of blanks in all, added up again
        #[arg(long, value_name = "NUMBER")]
        again: Counted,
    },
    /// List the open counts
    #[command(after_help = "Examples:
  cetak blangko count list
  cetak blangko count list --all")]
    List {
        /// Closed ones too
        #[arg(long)]
        all: bool,
    },
    /// Show a count: what it waits for, and both counts beside the books
    #[command(after_help = "Examples:
  cetak blangko count show 7")]
    Show {
        /// The number of the count
        #[arg(value_name = "COUNT")]
        count: i64,
    },
    /// Book the difference between one of two counts and the books; it goes to the account `missing`, or comes back from there
    #[command(after_help = "Examples:
  cetak blangko count book 7 --which second --reason \"a bundle had 99\" --ask
  cetak blangko count book 7 --which first --reason \"theft reported\" --second \"Budi Santosa\"")]
    Book {
        /// The number of the count
        #[arg(value_name = "COUNT")]
        count: i64,
        /// Which of the two counts is right
        #[arg(long, value_enum)]
        which: WhichArg,
        /// The reason for the difference, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
        #[command(flatten)]
        second: SecondArgs,
    },
    /// Close a count without a booking, so that its place can be used or counted again
    #[command(after_help = "Examples:
  cetak blangko count cancel 7 --reason \"a delivery arrived\"")]
    Cancel {
        /// The number of the count
        #[arg(value_name = "COUNT")]
        count: i64,
        /// The reason, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
    },
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhichArg {
    /// The first count
    First,
    /// The second count, by another person
    Second,
}

impl From<WhichArg> for WhichCount {
    fn from(which: WhichArg) -> Self {
        match which {
            WhichArg::First => Self::First,
            WhichArg::Second => Self::Second,
        }
    }
}
