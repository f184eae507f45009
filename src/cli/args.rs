//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use super::{
    db::DbCommand,
    preview::{PreviewArgs, ProfileCommand},
};

/// The longest reason or name that is kept, bytes.
const PLAIN_BYTES_MAX: usize = 500;

/// Text that people type and others read later, in lists and in the audit: one line, not empty.
fn plain(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text {
        "" => Err("it must not be empty".into()),
        _ if text.len() > PLAIN_BYTES_MAX => Err(format!("it must not be longer than {PLAIN_BYTES_MAX} bytes")),
        _ if text.contains(char::is_control) => Err("it must be one line without control characters".into()),
        _ => Ok(text.to_owned()),
    }
}

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
    #[arg(long, global = true, value_name = "NAME", env = "CETAK_ACTOR", value_parser = plain)]
    pub actor: Option<String>,
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
    #[arg(long, default_value_t = 5_000)]
    pub blanks: i64,
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
        quantity: i64,
        /// The delivery note
        #[arg(long, value_parser = plain)]
        document: String,
        #[arg(long, value_parser = plain)]
        lot: Option<String>,
        /// First and last serial, both included
        #[arg(long, value_name = "A..B")]
        serials: Option<String>,
    },
    /// From the vault into a counted hopper
    Load {
        #[arg(long)]
        printer: String,
        #[arg(long)]
        quantity: i64,
    },
    /// From a counted hopper back into the vault
    Unload {
        #[arg(long)]
        printer: String,
        #[arg(long)]
        quantity: i64,
    },
    /// Somebody counted: the vault, or a printer's hopper; blanks reserved for a batch count too
    Count {
        #[arg(long = "type", value_name = "T")]
        blank_type: String,
        /// A printer's hopper instead of the vault
        #[arg(long)]
        printer: Option<String>,
        /// How many there are
        #[arg(long)]
        quantity: i64,
        #[arg(long, value_parser = plain)]
        reason: String,
    },
    /// Spoiled cards, or blanks of the vault, were destroyed before two people
    Destroy {
        #[arg(long = "type", value_name = "T")]
        blank_type: String,
        #[arg(long)]
        quantity: i64,
        /// The record of destruction
        #[arg(long, value_parser = plain)]
        document: String,
        /// Twice, two names
        #[arg(long, required = true, value_parser = plain)]
        witness: Vec<String>,
        /// Blanks of the vault instead of spoiled cards
        #[arg(long)]
        from_vault: bool,
    },
    /// Lent to another office
    Lend {
        #[arg(long = "type", value_name = "T")]
        blank_type: String,
        #[arg(long)]
        quantity: i64,
        #[arg(long, value_parser = plain)]
        to: String,
        #[arg(long, value_parser = plain)]
        document: String,
    },
    /// Given back by another office
    Return {
        #[arg(long = "type", value_name = "T")]
        blank_type: String,
        #[arg(long)]
        quantity: i64,
        #[arg(long, value_parser = plain)]
        from: String,
        #[arg(long, value_parser = plain)]
        document: String,
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
        name: String,
        uri: String,
        /// Its hopper takes N blanks and is counted
        #[arg(long, value_name = "N")]
        hopper: Option<i64>,
        /// The profile whose cards it prints
        #[arg(long, default_value = "ktp-el")]
        profile: String,
        /// Use it whatever is objected; why, for the record
        #[arg(long, value_name = "REASON", value_parser = plain)]
        insist: Option<String>,
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
        #[arg(long, default_value = "cleared", value_parser = plain)]
        reason: String,
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
        #[arg(long, value_parser = plain)]
        reason: String,
    },
    /// Go on
    Resume {
        #[command(flatten)]
        scope: ScopeArgs,
        #[arg(long, value_parser = plain)]
        reason: String,
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
        #[arg(long, value_parser = plain)]
        reason: String,
    },
    /// Put a held or quarantined record on the waiting list
    Release {
        #[command(flatten)]
        record: RecordArg,
        #[arg(long, value_parser = plain)]
        reason: String,
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
        #[arg(long, value_parser = plain)]
        reason: String,
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
        #[arg(long, value_parser = plain)]
        reason: String,
    },
    /// Say that nobody will learn what became of a card in hand
    Declare {
        attempt: String,
        #[arg(long, value_parser = plain)]
        reason: String,
    },
}

#[derive(Subcommand, Debug)]
pub enum ReprintCommand {
    /// Ask for a warrant
    Request {
        #[command(flatten)]
        record: RecordArg,
        /// One of the profile's reasons
        #[arg(long, value_parser = plain)]
        reason: String,
    },
    /// All warrants
    List,
    /// Another person approves; used by this
    Approve { warrant: i64 },
    /// Refuse it, or take it back
    Refuse {
        warrant: i64,
        #[arg(long, value_parser = plain)]
        reason: String,
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
        cause: String,
        #[arg(long, value_parser = plain)]
        reason: String,
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
        #[arg(long, value_parser = plain)]
        reason: String,
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
