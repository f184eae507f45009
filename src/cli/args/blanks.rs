//! `cetak blangko`.

use clap::{Args, Subcommand};

use super::{acts::SecondArgs, counts::CountCommand, many::instant};
use crate::domain::{
    time::Timestamp,
    value::{Counted, Document, LotName, Note, OfficeName, PersonName, PrinterName, Quantity},
};

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak blangko receive --type ktp-el --quantity 5000 --document SJ-2015-081")]
pub enum BlangkoCommand {
    /// Book a delivery of blank cards into the vault
    #[command(after_help = "Examples:
  cetak blangko receive --type ktp-el --quantity 5000 --document SJ-2015-081 --lot 2015-08 \\
      --serials A000001..A005000")]
    Receive {
        /// The blank type, as card profiles name it
        #[arg(long = "type", value_name = "TYPE")]
        blank_type: String,
        /// The number of blanks delivered
        #[arg(long, value_name = "NUMBER")]
        quantity: Quantity,
        /// The number of the delivery note
        #[arg(long, value_name = "TEXT")]
        document: Document,
        /// The lot's name; deliveries without one are all booked into the same lot
        #[arg(long, value_name = "TEXT")]
        lot: Option<LotName>,
        /// The first and the last serial number of the lot; needs --lot, which must be new
        #[arg(long, value_name = "FIRST..LAST")]
        serials: Option<String>,
        /// Why it is another delivery than the one that is booked under the same document, or why another lot has its serials, for the
        /// audit
        #[arg(long = "override", value_name = "REASON")]
        override_reason: Option<Note>,
    },
    /// Take back a delivery that was booked twice, or with another number than was delivered
    ///
    /// What was booked too much goes back to the account `supplier`, as far as it is free in the vault. The delivery stays in the
    /// ledger, and the reversal names it.
    #[command(after_help = "Examples:
  cetak blangko reverse 17 --reason \"booked twice\" --ask
  cetak blangko reverse 17 --delivered 100 --reason \"a zero too many\" --second \"Sri Wahyuni\"")]
    Reverse {
        /// The number of the delivery's movement, as `blangko ledger` shows it
        movement: i64,
        /// The number of blanks that was really delivered; without it none were, and the whole delivery is taken back
        #[arg(long, value_name = "NUMBER", default_value = "0")]
        delivered: Counted,
        /// What went wrong, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
        #[command(flatten)]
        second: SecondArgs,
    },
    /// Move blanks from the vault into a printer's counted hopper
    #[command(after_help = "Examples:
  cetak blangko load --printer fargo-1 --quantity 100")]
    Load {
        /// A printer whose hopper is counted, by `--hopper` of `printer add` or `printer set`
        #[arg(long, value_name = "NAME")]
        printer: PrinterName,
        /// The number of blanks
        #[arg(long, value_name = "NUMBER")]
        quantity: Quantity,
    },
    /// Move blanks from a printer's counted hopper back into the vault
    #[command(after_help = "Examples:
  cetak blangko unload --printer fargo-1 --quantity 20")]
    Unload {
        /// A printer whose hopper is counted, by `--hopper` of `printer add` or `printer set`
        #[arg(long, value_name = "NAME")]
        printer: PrinterName,
        /// The number of blanks
        #[arg(long, value_name = "NUMBER")]
        quantity: Quantity,
    },
    /// Count the vault or a hopper without knowledge of the books, and book a difference
    #[command(subcommand)]
    Count(CountCommand),
    /// Book the destruction of spoiled cards, or of blanks, before two witnesses
    ///
    /// Without witnesses the act is only asked for; another person confirms it with `cetak act confirm`, and the two are the
    /// witnesses.
    #[command(after_help = "Examples:
  cetak blangko destroy --type ktp-el --quantity 37 --document BA-2015-12 \\
      --witness \"Sri Wahyuni\" --witness \"Budi Santosa\"
  cetak --actor \"Sri Wahyuni\" blangko destroy --type ktp-el --quantity 37 --document BA-2015-12")]
    Destroy {
        /// The blank type
        #[arg(long = "type", value_name = "TYPE")]
        blank_type: String,
        /// The number of cards destroyed
        #[arg(long, value_name = "NUMBER")]
        quantity: Quantity,
        /// The number of the destruction record
        #[arg(long, value_name = "TEXT")]
        document: Document,
        /// A witness's name, at the same screen; give this option twice, with two different names
        #[arg(long, value_name = "NAME")]
        witness: Vec<PersonName>,
        /// Destroy unused blanks of the vault instead of spoiled cards
        #[arg(long)]
        from_vault: bool,
    },
    /// Book blanks that were lent to another office
    #[command(after_help = "Examples:
  cetak blangko lend --type ktp-el --quantity 500 --to kudus --document BA-2015-13")]
    Lend {
        /// The blank type
        #[arg(long = "type", value_name = "TYPE")]
        blank_type: String,
        /// The number of blanks
        #[arg(long, value_name = "NUMBER")]
        quantity: Quantity,
        /// The office that borrows them
        #[arg(long, value_name = "OFFICE")]
        to: OfficeName,
        /// The number of the transfer record
        #[arg(long, value_name = "TEXT")]
        document: Document,
        #[command(flatten)]
        second: SecondArgs,
    },
    /// Book blanks that another office gave back
    #[command(after_help = "Examples:
  cetak blangko return --type ktp-el --quantity 500 --from kudus --document BA-2015-14")]
    Return {
        /// The blank type
        #[arg(long = "type", value_name = "TYPE")]
        blank_type: String,
        /// The number of blanks
        #[arg(long, value_name = "NUMBER")]
        quantity: Quantity,
        /// The office that borrowed them
        #[arg(long, value_name = "OFFICE")]
        from: OfficeName,
        /// The number of the transfer record
        #[arg(long, value_name = "TEXT")]
        document: Document,
        #[command(flatten)]
        second: SecondArgs,
    },
    /// Show the balance of every account: in total, and by lot
    #[command(after_help = "Examples:
  cetak blangko balance")]
    Balance,
    /// Show the newest movements of blanks, with filters
    #[command(after_help = "Examples:
  cetak blangko ledger --type ktp-el --limit 20
  cetak blangko ledger --place hopper:fargo-1 --since 2015-08-31T00:00:00+07:00
  cetak blangko ledger --document BA-2015-14")]
    Ledger(LedgerArgs),
}

#[derive(Args, Debug)]
pub struct LedgerArgs {
    /// Only this blank type
    #[arg(long = "type", value_name = "TYPE")]
    pub blank_type: Option<String>,
    /// Only the lot with this name
    #[arg(long, value_name = "NAME")]
    pub lot: Option<String>,
    /// Only from or to this account of the ledger, such as `vault`; of one place, such as `hopper:fargo-1`
    #[arg(long, value_name = "ACCOUNT")]
    pub place: Option<String>,
    /// Only by this person or program
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Only of this document
    #[arg(long, value_name = "TEXT")]
    pub document: Option<String>,
    /// Only at this instant or later, such as 2015-08-31T10:00:00+07:00
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub since: Option<Timestamp>,
    /// Only before this instant
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub until: Option<Timestamp>,
    /// Only movements before the one with this number
    #[arg(long, value_name = "NUMBER")]
    pub before: Option<i64>,
    /// The number of movements to show, the newest ones
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
}
