//! The arguments of the command line, for clap. Doc comments here are the text of `--help`.

mod accounts;
mod acts;
mod blanks;
mod cards;
mod counts;
mod database;
mod imports;
mod many;
mod preview;
mod printing;
mod records;
mod simulation;
mod sources;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::{
    accounts::{AccountArgs, AccountCommand, RoleArg, RoleChange, TokenCommand},
    acts::{ActCommand, SecondArgs},
    blanks::{BlangkoCommand, LedgerArgs},
    cards::CardCommand,
    counts::CountCommand,
    database::{AuditCommand, ConfigCommand, DbCommand, PrintedSinceArg},
    imports::ImportsCommand,
    many::{FilterArgs, HeldForArgs, ManyArgs, PageArgs, instant},
    preview::{DocumentArg, PreviewArgs, ProfileCommand, SideArg},
    printing::{
        BatchCommand, JobCommand, LaneArg, LimitArgs, PrinterCommand, QueueCommand, RunArgs, ScopeArgs, ServeArgs,
    },
    records::{FindArgs, FoundArg, InspectCommand, KeepArg, RecordArg, RecordCommand, ReprintCommand},
    simulation::{PlanArgs, ReportCommand, SimulateArgs},
    sources::SourceCommand,
};
use crate::domain::value::{AccountName, PersonName, Quantity};

/// Print-job scheduler for card printers; accounts for every record and every blank card
///
/// Exit code: 0 if the command was carried out, 1 if it failed or was refused, 2 if its arguments are wrong.
#[derive(Parser, Debug)]
#[command(
    name = "cetak",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Examples:
  cetak demo
  cetak --data /srv/cetak status"
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Args, Debug, Clone)]
pub struct Global {
    /// The data folder, which holds the database and the master key
    #[arg(long, global = true, value_name = "DIR", default_value = "./cetak-data", env = "CETAK_DATA")]
    pub data: PathBuf,
    /// The settings file [default: cetak.toml in the data folder, if it exists]
    #[arg(long, global = true, value_name = "FILE", env = "CETAK_CONFIG")]
    pub config: Option<PathBuf>,
    /// Print data as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// The name under which the audit records this command [default: the operating system's user]
    #[arg(long, global = true, value_name = "NAME", env = "CETAK_ACTOR")]
    pub actor: Option<PersonName>,
    /// The account that acts; its password is asked for at the terminal
    #[arg(long, global = true, value_name = "NAME", env = "CETAK_ACCOUNT")]
    pub account: Option<AccountName>,
    /// The Unix socket of the service: commands go through it, and need neither the data folder nor the key. `serve` listens on it
    #[arg(long, global = true, value_name = "FILE", env = "CETAK_SOCKET")]
    pub socket: Option<PathBuf>,
    /// Read the password from standard input, and not from the terminal
    #[arg(long, global = true)]
    pub password_stdin: bool,
    /// The format of the log and of messages on standard error
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text", env = "CETAK_LOG_FORMAT")]
    pub log_format: LogFormatArg,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum LogFormatArg {
    /// Lines for people
    Text,
    /// One JSON object a line, also for each step of each card
    Json,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run a demonstration: 27,000 invented records, 5,000 blank cards, three simulated printers
    ///
    /// It ends with the console open: it prints its address and an account for each role, and goes on until Ctrl-C. The demo can be
    /// stopped and started again; it continues where it stopped.
    #[command(after_help = "Examples:
  cetak --data demo demo
  cetak --data demo demo --records 1000 --blanks 300 --no-serve")]
    Demo(DemoArgs),
    /// Make an empty office: the data folder with a database and a key
    ///
    /// `import` and `demo` make one too. In a folder with an office, nothing is changed.
    #[command(after_help = "Examples:
  cetak init --data /srv/cetak")]
    Init,
    /// Import a waiting list (CSV, JSON Lines, XLSX, ODS, or a ZIP with photos) from a file or standard input; list and undo imports
    ///
    /// Importing the same file again changes nothing. A file that has the name of a command below is named with its folder: `./list`.
    #[command(after_help = "Examples:
  cetak import waiting-list.csv --rejects rejects.csv
  cetak import waiting-list.csv --dry-run
  cetak import waiting-list.xlsx --sheet Agustus --check
  cetak import waiting-list.xlsx --map office.toml
  export-waiting-list | cetak import - --source kudus --photos photos --format jsonl")]
    Import(ImportCommand),
    /// Look after the sources whose lists are pulled: folders that the settings name
    #[command(subcommand)]
    Source(SourceCommand),
    /// Book blank cards: deliveries and their corrections, hoppers, counts, destruction
    #[command(subcommand)]
    Blangko(BlangkoCommand),
    /// Add, change, show, test and remove printers
    #[command(subcommand)]
    Printer(PrinterCommand),
    /// Check card profiles
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Run the scheduler, which plans batches and prints cards until it is stopped
    ///
    /// Ctrl-C or SIGTERM stops it when the cards that are being printed are finished; a second one stops it at once.
    #[command(after_help = "Examples:
  cetak run
  cetak run --until-idle")]
    Run(RunArgs),
    /// Run the scheduler with an HTTP server, through which programs read and act
    ///
    /// The scheduler is that of `cetak run`. Ctrl-C or SIGTERM stops both: requests have ten seconds to end, and the cards that are
    /// being printed are finished.
    #[command(after_help = "Examples:
  cetak serve
  cetak serve --listen 0.0.0.0:8443 --tls-cert cetak.pem --tls-key cetak.key.pem")]
    Serve(ServeArgs),
    /// Pause and resume printing
    #[command(subcommand)]
    Queue(QueueCommand),
    /// Show the waiting list, stock, printers, and everything that needs a person
    #[command(after_help = "Examples:
  cetak status --json")]
    Status,
    /// Show, hold, release, withdraw and restore records
    #[command(subcommand)]
    Record(RecordCommand),
    /// Show, approve and cancel batches
    #[command(subcommand)]
    Batch(BatchCommand),
    /// Show jobs and their attempts
    #[command(subcommand)]
    Job(JobCommand),
    /// Resolve attempts with an uncertain outcome after inspecting the printer
    #[command(subcommand)]
    Inspect(InspectCommand),
    /// Request and approve the reprint of a record (two persons)
    #[command(subcommand)]
    Reprint(ReprintCommand),
    /// Confirm, refuse and take back acts that need two persons
    #[command(subcommand)]
    Act(ActCommand),
    /// Make, reset and disable the accounts of people, and change their roles
    #[command(subcommand)]
    Account(AccountCommand),
    /// Make and revoke the API tokens of programs
    #[command(subcommand)]
    Token(TokenCommand),
    /// Sign in at the service, so that the next commands through its socket act for an account
    ///
    /// The session ends with `cetak logout`, after 30 minutes without a command, or after 12 hours.
    #[command(after_help = "Examples:
  cetak --socket /run/cetak/cetak.sock login \"Siti Aminah\"")]
    Login(LoginArgs),
    /// Sign out from the service
    #[command(after_help = "Examples:
  cetak --socket /run/cetak/cetak.sock logout")]
    Logout,
    /// Check, reject and hand over printed cards, or undo a hand-over
    #[command(subcommand)]
    Card(CardCommand),
    /// Verify, seal and export the audit log
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Print in virtual time what a scenario describes, many times, and tell what becomes of it
    ///
    /// The scheduler's own decisions are made over invented records, without an office and without a printer.
    #[command(after_help = "Examples:
  cetak simulate solo.toml
  cetak simulate solo.toml --runs 1000 --against large-hoppers.toml
  cetak simulate --from-office office.toml")]
    Simulate(SimulateArgs),
    /// Report what was done
    #[command(subcommand)]
    Report(ReportCommand),
    /// Tell what the next night will do: cards, what stops which printer when, what to load and decide before, and who is in
    ///
    /// The simulator prints the night many times with the faults that printers have met. Nothing depends on a plan: the scheduler decides
    /// when it comes to a card.
    #[command(after_help = "Examples:
  cetak plan
  cetak plan --night 2026-12-01
  cetak plan --from 2026-12-01T20:00 --to 2026-12-02T05:00 --json")]
    Plan(PlanArgs),
    /// Check, back up, archive and move the database
    #[command(subcommand)]
    Db(DbCommand),
    /// Check the settings
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Args, Debug)]
pub struct LoginArgs {
    /// The name of the account [default: it is asked for]
    pub name: Option<AccountName>,
}

#[derive(Args, Debug)]
pub struct DemoArgs {
    /// The seed of the invented people and faults; the same seed gives the same ones
    #[arg(long, value_name = "NUMBER", default_value_t = 2015)]
    pub seed: u64,
    /// The number of records on the waiting list
    #[arg(long, value_name = "NUMBER", default_value_t = 27_000)]
    pub records: u32,
    /// The number of blank cards delivered
    #[arg(long, value_name = "NUMBER", default_value = "5000")]
    pub blanks: Quantity,
    /// The time that a simulated printer needs for a card, in milliseconds, from its first start on [default: 1500; 10 with
    /// --no-serve]
    #[arg(long, value_name = "MS")]
    pub card_ms: Option<u32>,
    /// Print without the console until the blanks are used up, and report
    #[arg(long)]
    pub no_serve: bool,
}

/// A list to import, or what is asked of imports.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ImportCommand {
    #[command(subcommand)]
    pub command: Option<ImportsCommand>,
    #[command(flatten)]
    pub list: Option<ImportArgs>,
}

#[derive(Args, Debug)]
pub struct ImportArgs {
    /// The waiting list; `-` reads standard input
    pub file: PathBuf,
    /// The card profile of all records in the file
    #[arg(long, value_name = "NAME", default_value = "ktp-el")]
    pub profile: String,
    /// The office or system that sent the list; a record is identified by source and request id
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub source: String,
    /// The number of lines above the heading that are not read, such as the title of a spreadsheet
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub skip_lines: u64,
    /// The folder that photo paths are relative to [default: the folder of FILE]
    #[arg(long, value_name = "DIR")]
    pub photos: Option<PathBuf>,
    /// Import a known request with changed data as its next version, instead of refusing the row
    #[arg(long)]
    pub update: bool,
    /// Report what would be imported, without changing anything
    ///
    /// A million rows take about 100 MB of memory. Of requests that FILE names more than once, it takes about 1 kB each.
    #[arg(long)]
    pub dry_run: bool,
    /// Write refused rows to this CSV file: row, line of FILE, request id, field, reason, detail, further faults
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// The format of FILE [default: by its extension; CSV for standard input]
    #[arg(long)]
    pub format: Option<FormatArg>,
    /// The sheet of a spreadsheet [default: the first one with the headings of a list]
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// A file with further headings, values and forms of dates, put over the mapping of the profile (TOML)
    #[arg(long, value_name = "TOML")]
    pub map: Option<PathBuf>,
    /// Show what of FILE is recognised, column by column, without changing anything
    #[arg(long)]
    pub check: bool,
    /// The encoding of FILE [default: what its byte order mark says, else UTF-8]
    #[arg(long)]
    pub encoding: Option<EncodingArg>,
    /// Import the list although it looks wrong in this way; may be repeated
    #[arg(long, value_name = "WHAT")]
    pub accept: Vec<AcceptArg>,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
pub enum AcceptArg {
    /// It withdraws more than 20 records and more than 1 % of those known
    Withdrawals,
    /// Most of its identifiers end in zeros, as if a spreadsheet had rounded them
    Rounded,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
pub enum EncodingArg {
    /// "Unicode text" of a spreadsheet
    #[value(name = "utf-16")]
    Utf16,
    /// The old encoding of western Windows
    #[value(name = "windows-1252")]
    Windows1252,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
pub enum FormatArg {
    /// CSV with a header, separated by `,`, `;` or tabs
    Csv,
    /// JSON Lines: one JSON object per line
    Jsonl,
    /// A spreadsheet of Excel
    Xlsx,
    /// An `OpenDocument` spreadsheet
    Ods,
    /// A ZIP archive with one list and photos
    Zip,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn no_command_has_an_argument_with_the_name_of_a_global_one() {
        fn clashes(command: &clap::Command, global: &[&str]) -> Vec<String> {
            let own = command.get_arguments().filter(|argument| !argument.is_global_set());
            let own = own.filter(|argument| global.contains(&argument.get_id().as_str()));
            let own = own.map(|argument| format!("{}: {}", command.get_name(), argument.get_id()));
            own.chain(command.get_subcommands().flat_map(|command| clashes(command, global))).collect()
        }
        let program = Cli::command();
        let global: Vec<&str> = program.get_arguments().map(|argument| argument.get_id().as_str()).collect();
        let clashes: Vec<String> = program.get_subcommands().flat_map(|command| clashes(command, &global)).collect();
        assert!(global.contains(&"account") && clashes.is_empty(), "{clashes:?}");
    }
}
