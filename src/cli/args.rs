//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use super::{
    db::DbCommand,
    preview::{PreviewArgs, ProfileCommand},
};
use crate::domain::value::{
    Counted, Document, HopperCapacity, LotName, Note, OfficeName, PersonName, PrinterName, Quantity, SpoilageCause,
};

/// Print-job scheduler for card printers: accounts for every record and every blank.
#[derive(Parser, Debug)]
#[command(name = "cetak", version, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Args, Debug, Clone)]
pub struct Global {
    /// Where the database and the key are
    #[arg(long, global = true, value_name = "DIR", default_value = "./cetak-data", env = "CETAK_DATA")]
    pub data: PathBuf,
    /// Settings [default: cetak.toml in the data folder, if it is there]
    #[arg(long, global = true, value_name = "FILE", env = "CETAK_CONFIG")]
    pub config: Option<PathBuf>,
    /// Print data as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Who acts [default: the operating-system user]
    #[arg(long, global = true, value_name = "NAME", env = "CETAK_ACTOR")]
    pub actor: Option<PersonName>,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// The Solo case: 27,000 waiting, 5,000 blanks, three mock printers
    Demo(DemoArgs),
    /// Take a waiting list in: CSV or JSON Lines, from a file or standard input (-)
    Import(ImportArgs),
    /// Account for blanks
    #[command(subcommand)]
    Blangko(BlangkoCommand),
    /// Printers
    #[command(subcommand)]
    Printer(PrinterCommand),
    /// Card profiles
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Schedule and print
    Run(RunArgs),
    /// Pause and resume
    #[command(subcommand)]
    Queue(QueueCommand),
    /// Waiting list, stock, printers, and what needs a person
    Status,
    /// Records
    #[command(subcommand)]
    Record(RecordCommand),
    /// Batches
    #[command(subcommand)]
    Batch(BatchCommand),
    /// Jobs and their attempts
    #[command(subcommand)]
    Job(JobCommand),
    /// Cards whose outcome nobody knows
    #[command(subcommand)]
    Inspect(InspectCommand),
    /// Leave to print a record again
    #[command(subcommand)]
    Reprint(ReprintCommand),
    /// Cards that exist: check them, hand them over
    #[command(subcommand)]
    Card(CardCommand),
    /// The record of every act
    #[command(subcommand)]
    Audit(AuditCommand),
    /// The database: check it, back it up, archive what is old
    #[command(subcommand)]
    Db(DbCommand),
    /// Settings
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Another seed makes other people and other faults
    #[arg(long, default_value_t = 2015)]
    pub seed: u64,
    /// Records on the waiting list
    #[arg(long, default_value_t = 27_000)]
    pub records: u32,
    /// Blanks delivered
    #[arg(long, default_value = "5000")]
    pub blanks: Quantity,
    /// Milliseconds that a card takes
    #[arg(long, default_value_t = 10)]
    pub card_ms: u32,
}

#[derive(Args, Debug)]
pub struct ImportArgs {
    /// The waiting list; - for standard input
    pub file: PathBuf,
    /// The card profile
    #[arg(long, default_value = "ktp-el")]
    pub profile: String,
    /// Who sent the list; records are known by source and request id
    #[arg(long, default_value = "default")]
    pub source: String,
    /// The folder that photo paths are relative to [default: the file's]
    #[arg(long, value_name = "DIR")]
    pub photos: Option<PathBuf>,
    /// Take a known request with another body as its next version
    #[arg(long)]
    pub update: bool,
    /// Change nothing, and report the same
    #[arg(long)]
    pub dry_run: bool,
    /// Write refused rows to this file: row, request id, field, reason, detail
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// How it is written [default: by the file's name; CSV for standard input]
    #[arg(long)]
    pub format: Option<FormatArg>,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
pub enum FormatArg {
    Csv,
    Jsonl,
}

#[derive(Subcommand, Debug)]
pub enum BlangkoCommand {
    /// Blanks were delivered
    Receive {
        #[arg(long = "type", value_name = "T")]
        blank_type: String,
        #[arg(long)]
        quantity: Quantity,
        /// The delivery note
        #[arg(long)]
        document: Document,
        #[arg(long)]
        lot: Option<LotName>,
        /// First and last serial, both included
        #[arg(long, value_name = "A..B")]
        serials: Option<String>,
    },
    /// From the vault into a counted hopper
    Load {
        #[arg(long)]
        printer: PrinterName,
        #[arg(long)]
        quantity: Quantity,
    },
    /// From a counted hopper back into the vault
    Unload {
        #[arg(long)]
        printer: PrinterName,
        #[arg(long)]
        quantity: Quantity,
    },
    /// Somebody counted: the vault, or a printer's hopper; blanks reserved for a batch count too
    Count {
        #[arg(long = "type", value_name = "T")]
        blank_type: String,
        /// A printer's hopper instead of the vault
        #[arg(long)]
        printer: Option<PrinterName>,
        /// How many there are
        #[arg(long)]
        quantity: Counted,
        #[arg(long)]
        reason: Note,
    },
    /// Spoiled cards, or blanks of the vault, were destroyed before two people
    Destroy {
        #[arg(long = "type", value_name = "T")]
        blank_type: String,
        #[arg(long)]
        quantity: Quantity,
        /// The record of destruction
        #[arg(long)]
        document: Document,
        /// Twice, two names
        #[arg(long, required = true)]
        witness: Vec<PersonName>,
        /// Blanks of the vault instead of spoiled cards
        #[arg(long)]
        from_vault: bool,
    },
    /// Lent to another office
    Lend {
        #[arg(long = "type", value_name = "T")]
        blank_type: String,
        #[arg(long)]
        quantity: Quantity,
        #[arg(long)]
        to: OfficeName,
        #[arg(long)]
        document: Document,
    },
    /// Given back by another office
    Return {
        #[arg(long = "type", value_name = "T")]
        blank_type: String,
        #[arg(long)]
        quantity: Quantity,
        #[arg(long)]
        from: OfficeName,
        #[arg(long)]
        document: Document,
    },
    /// What is in each account
    Balance,
    /// The newest movements
    Ledger {
        #[arg(long = "type", value_name = "T")]
        blank_type: Option<String>,
        /// How many
        #[arg(long, default_value_t = 50)]
        limit: i64,
    },
}

#[derive(Subcommand, Debug)]
pub enum PrinterCommand {
    /// Add a printer: <ipp://HOST/PATH>, ipps://…, <mock://NAME>?…
    Add {
        name: PrinterName,
        uri: String,
        /// Its hopper takes N blanks and is counted
        #[arg(long, value_name = "N")]
        hopper: Option<HopperCapacity>,
        /// The profile whose cards it prints
        #[arg(long, default_value = "ktp-el")]
        profile: String,
        /// Use it whatever is objected; why, for the record
        #[arg(long, value_name = "REASON")]
        insist: Option<Note>,
    },
    /// All printers
    List,
    /// Ask a printer what it is and how it is, and what to do about it; prints nothing
    Show { name: String },
    /// Print a test card, which uses up one blank
    Test { name: String },
    /// An operator says that the printer is well again
    Clear {
        name: String,
        #[arg(long, default_value = "cleared")]
        reason: Note,
    },
    /// Take a printer out of use
    Remove { name: String },
}

#[derive(Args, Debug)]
pub struct RunArgs {
    /// End when only a person, a delivery or a window would help
    #[arg(long)]
    pub until_idle: bool,
}

#[derive(Args, Debug)]
#[group(multiple = false)]
pub struct ScopeArgs {
    /// Only this printer
    #[arg(long)]
    pub printer: Option<String>,
    /// Only this batch
    #[arg(long)]
    pub batch: Option<i64>,
}

#[derive(Subcommand, Debug)]
pub enum QueueCommand {
    /// Feed no further card; the card in hand is finished
    Pause {
        #[command(flatten)]
        scope: ScopeArgs,
        #[arg(long)]
        reason: Note,
    },
    /// Go on
    Resume {
        #[command(flatten)]
        scope: ScopeArgs,
        #[arg(long)]
        reason: Note,
    },
}

#[derive(Args, Debug)]
pub struct RecordArg {
    /// The office's own key of the record
    pub request_id: String,
    /// Who sent it
    #[arg(long, default_value = "default")]
    pub source: String,
}

#[derive(Subcommand, Debug)]
pub enum RecordCommand {
    /// A record and its history
    Show {
        #[command(flatten)]
        record: RecordArg,
    },
    /// Keep a record off the waiting list
    Hold {
        #[command(flatten)]
        record: RecordArg,
        #[arg(long)]
        reason: Note,
    },
    /// Put a held or quarantined record on the waiting list
    Release {
        #[command(flatten)]
        record: RecordArg,
        #[arg(long)]
        reason: Note,
    },
    /// The quarantined records, with reasons
    Quarantined,
}

#[derive(Subcommand, Debug)]
pub enum BatchCommand {
    /// Batches that are not closed
    List {
        /// Closed ones too
        #[arg(long)]
        all: bool,
    },
    /// A batch and its jobs
    Show { batch: i64 },
    /// Send what is queued back to the waiting list, and its blanks
    Cancel {
        batch: i64,
        #[arg(long)]
        reason: Note,
    },
    /// Let a planned batch be printed
    Approve { batch: i64 },
}

#[derive(Subcommand, Debug)]
pub enum JobCommand {
    /// Jobs with their attempts
    List {
        #[arg(long)]
        batch: Option<i64>,
        #[arg(long)]
        state: Option<String>,
    },
    /// One job
    Show { job: i64 },
}

#[derive(Clone, Copy, ValueEnum, Debug)]
pub enum FoundArg {
    /// A good card
    Good,
    /// A spoiled one
    Spoiled,
    /// No card
    Nothing,
}

#[derive(Subcommand, Debug)]
pub enum InspectCommand {
    /// Attempts to look at
    List,
    /// Say what was found
    Resolve {
        attempt: String,
        #[arg(long)]
        found: FoundArg,
        /// With `--found nothing`: the blank is not there either
        #[arg(long)]
        blank_gone: bool,
        #[arg(long)]
        reason: Note,
    },
    /// Say that nobody will learn what became of a card in hand
    Declare {
        attempt: String,
        #[arg(long)]
        reason: Note,
    },
}

#[derive(Subcommand, Debug)]
pub enum ReprintCommand {
    /// Ask for a warrant
    Request {
        #[command(flatten)]
        record: RecordArg,
        /// One of the profile's reasons
        #[arg(long)]
        reason: Note,
    },
    /// All warrants
    List,
    /// Another person approves; used by this
    Approve { warrant: i64 },
    /// Refuse it, or take it back
    Refuse {
        warrant: i64,
        #[arg(long)]
        reason: Note,
    },
}

#[derive(Subcommand, Debug)]
pub enum CardCommand {
    /// Draw a record's card as it would be printed now, into a file: it shows a person
    Preview {
        #[command(flatten)]
        record: RecordArg,
        #[command(flatten)]
        look: PreviewArgs,
    },
    /// The card was looked at, and is good
    Check {
        #[command(flatten)]
        record: RecordArg,
    },
    /// The card is bad, or was stopped: it is spoiled
    Reject {
        #[command(flatten)]
        record: RecordArg,
        /// encode-failed, print-failed, damaged or data-changed
        #[arg(long)]
        cause: SpoilageCause,
        #[arg(long)]
        reason: Note,
    },
    /// The citizen has the card
    HandOver {
        #[command(flatten)]
        record: RecordArg,
    },
    /// The citizen gave the card back
    Surrender {
        #[command(flatten)]
        record: RecordArg,
        #[arg(long)]
        reason: Note,
    },
}

#[derive(Subcommand, Debug)]
pub enum AuditCommand {
    /// Check that no row was changed, moved or lost, and that the books are right
    Verify {
        /// A file of `audit seal`: finds a cut tail too
        #[arg(long, value_name = "FILE")]
        seal: Option<PathBuf>,
    },
    /// Write the newest row of each chain to a file outside the database
    Seal { file: PathBuf },
    /// Every row as JSON Lines
    Export,
}

#[derive(Subcommand, Debug)]
pub enum ConfigCommand {
    /// Read the settings and the profiles, and say where each setting comes from
    Check,
}
