//! `cetak record`, `inspect` and `reprint`.

use clap::{Args, Subcommand, ValueEnum};

use super::{
    acts::SecondArgs,
    many::{FilterArgs, HeldForArgs, ManyArgs, PageArgs, instant},
};
use crate::domain::{time::Timestamp, value::Note};

#[derive(Args, Debug)]
pub struct RecordArg {
    /// The record's request id, as in the waiting list
    pub request_id: String,
    /// The source that the record was imported with
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub source: String,
}

#[derive(Args, Debug)]
pub struct FindArgs {
    /// The record's request id, as in the waiting list
    #[arg(required_unless_present_any = ["identifier", "name"])]
    pub request_id: Option<String>,
    /// The source that the record was imported with
    #[arg(long, value_name = "NAME", default_value = "default", conflicts_with_all = ["identifier", "name"])]
    pub source: String,
    /// Find the person with this identifier, such as an NIK; it is read from standard input
    ///
    /// An argument would stay in the history of the shell, and other users would see it in the list of processes.
    #[arg(long, conflicts_with = "request_id")]
    pub identifier: bool,
    /// Find persons by whole words of their name, in any order; they are read from standard input
    ///
    /// Case, apostrophes and other punctuation do not matter.
    #[arg(long, conflicts_with_all = ["request_id", "identifier"])]
    pub name: bool,
    /// With `--identifier` or `--name`: only requests of this card profile
    #[arg(long, value_name = "NAME", conflicts_with = "request_id")]
    pub profile: Option<String>,
}

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak record show 3372-2015-000207")]
pub enum RecordCommand {
    /// Say whether a card is ready and where it is, or else what is missing
    ///
    /// By request id, by the person's identifier, or by name.
    #[command(after_help = "Examples:
  cetak record find 3372-2015-000207
  cetak record find --identifier
  cetak record find --name --profile ktp-el")]
    Find {
        #[command(flatten)]
        find: FindArgs,
    },
    /// Show a record and its history
    #[command(after_help = "Examples:
  cetak record show 3372-2015-000207 --source kudus")]
    Show {
        #[command(flatten)]
        record: RecordArg,
    },
    /// List records, with filters
    ///
    /// In the order in which they were imported; those of a batch in its order, and those that were printed in some time in the order of
    /// their cards.
    #[command(after_help = "Examples:
  cetak record list --state quarantined --code living-card
  cetak record list --batch 12
  cetak record list --district Laweyan --printed-since 2015-08-31T18:00:00+07:00 --limit 500
  cetak record list --printed-since 2015-08-31T18:00:00+07:00 --count")]
    List {
        #[command(flatten)]
        filter: FilterArgs,
        /// Only records of this source
        #[arg(long, value_name = "NAME")]
        source: Option<String>,
        #[command(flatten)]
        page: PageArgs,
        /// Print only how many records match, on all pages
        #[arg(long, conflicts_with_all = ["limit", "after"])]
        count: bool,
    },
    /// Take records off the waiting list until they are released
    ///
    /// One or several, those in a file, or all that match filters, waiting or queued in a batch. Of several, each is held or refused by
    /// itself; the exit code is 1 if one was refused.
    #[command(after_help = "Examples:
  cetak record hold 3372-2015-000207 --reason \"address is being corrected\"
  cetak record hold --from ids.txt --reason \"recall of the list of 31 August\"
  cetak record hold --district Laweyan --reason \"moved to another office\"")]
    Hold {
        #[command(flatten)]
        many: ManyArgs,
        #[command(flatten)]
        filter: FilterArgs,
        /// Say how many records match the filters and which would be refused, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// The reason, for lists and the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
    },
    /// Put held or quarantined records back on the waiting list
    ///
    /// One or several, those in a file, or all that match filters, of which `--state` is one. Filters leave out what another copy of
    /// the database may have printed, unless they have `--code held-at-adoption` or `--code sent-elsewhere`. If the records that
    /// match were held with different notes, none is released: choose a note, or all. Of several, each is released or refused by
    /// itself; the exit code is 1 if one was refused.
    #[command(after_help = "Examples:
  cetak record release 3372-2015-000207 --reason \"address corrected\"
  cetak record release --state held --district Laweyan --reason \"the office stays\"
  cetak record release --state held --held-for \"moved to another office\" --reason \"the office stays\"")]
    Release {
        #[command(flatten)]
        many: ManyArgs,
        #[command(flatten)]
        filter: FilterArgs,
        /// Say how many records match the filters and which would be refused, and change nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        held_for: HeldForArgs,
        /// The reason, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
    },
    /// Put a record before all others of its profile, because its citizen waits for the card, or into another class
    ///
    /// It is printed in the next batch that is planned for the profile. A record that is queued in a batch keeps its place there. It stays
    /// in its new class until it is put back, also when its list sends it again.
    #[command(after_help = "Examples:
  cetak record priority 3372-2015-000207 --reason \"waits at the counter\"
  cetak record priority 3372-2015-000207 --class 2 --reason \"school begins on Monday\"
  cetak record priority 3372-2015-000207 --normal --reason \"will come again tomorrow\"")]
    Priority {
        #[command(flatten)]
        record: RecordArg,
        /// Put it into this class: that of another kind of request of its profile
        #[arg(long, value_name = "CLASS", conflicts_with = "normal", allow_negative_numbers = true)]
        class: Option<i64>,
        /// Put it back into the class of its kind of request
        #[arg(long)]
        normal: bool,
        /// The reason, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
    },
    /// Say why a record has its place: its class, the rule, and how many stand before it in which class
    ///
    /// Of a record that does not wait, it says what it waits for instead. More than 100,000 records before it are not counted.
    #[command(after_help = "Examples:
  cetak record why 3372-2015-000207")]
    Why {
        #[command(flatten)]
        record: RecordArg,
    },
    /// List the jumps: who put which record from which class into which, when and why, the last first
    #[command(after_help = "Examples:
  cetak record jumps
  cetak record jumps --since 2026-11-24T00:00:00+07:00 --json")]
    Jumps {
        /// Only those at this instant or later, RFC 3339
        #[arg(long, value_name = "INSTANT", value_parser = instant)]
        since: Option<Timestamp>,
    },
    /// Keep one of two requests of a person, and withdraw the other
    ///
    /// A second request of a person is quarantined while the first is open. `--keep other` withdraws the quarantined one;
    /// `--keep this` withdraws the first, if it has no card, and puts the quarantined one on the waiting list.
    #[command(after_help = "Examples:
  cetak record resolve 3372-2015-000207 --keep other --reason \"entered twice\" --ask
  cetak record resolve 3372-2015-000207 --keep this --reason \"the first has an old address\" --second \"Sri Wahyuni\"")]
    Resolve {
        #[command(flatten)]
        record: RecordArg,
        /// Which of the two is kept
        #[arg(long)]
        keep: KeepArg,
        /// The reason, for lists and the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
        #[command(flatten)]
        second: SecondArgs,
    },
    /// Withdraw records that have no card; they are not printed until they are restored, whatever their source says
    ///
    /// One or several, those in a file, or all that match filters, of which `--state` is one. Of several, each is withdrawn, asked for
    /// or refused by itself; the exit code is 1 if one was refused.
    #[command(after_help = "Examples:
  cetak record withdraw 3372-2015-000207 --reason \"entered twice\" --ask
  cetak record withdraw --from ids.txt --reason \"moved to Kudus\" --ask")]
    Withdraw {
        #[command(flatten)]
        many: ManyArgs,
        #[command(flatten)]
        filter: FilterArgs,
        /// Say how many records match the filters and which would be refused, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// The reason, for lists and the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
        #[command(flatten)]
        second: SecondArgs,
    },
    /// Restore records that a person withdrew
    ///
    /// A record is what it was before. If it may not be on the waiting list now, it is quarantined with the reason: if its photo was
    /// deleted, import its list again. One or several, those in a file, or all withdrawn records that match filters, as `record
    /// withdraw`.
    #[command(after_help = "Examples:
  cetak record restore 3372-2015-000207 --reason \"the wrong one of two\" --ask
  cetak record restore --district Laweyan --code withdrawn-by-person --reason \"the office stays\" --ask")]
    Restore {
        #[command(flatten)]
        many: ManyArgs,
        #[command(flatten)]
        filter: FilterArgs,
        /// Say how many records match the filters and which would be refused, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// The reason, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
        #[command(flatten)]
        second: SecondArgs,
    },
    /// List all quarantined records with the reason of each
    #[command(after_help = "Examples:
  cetak record quarantined")]
    Quarantined,
    /// List all held records with the reason of each
    #[command(after_help = "Examples:
  cetak record held")]
    Held,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
pub enum KeepArg {
    /// The quarantined record
    This,
    /// The request that keeps it off the waiting list
    Other,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
pub enum FoundArg {
    /// A good card
    Good,
    /// A spoiled card
    Spoiled,
    /// No card, and the blank is still unused
    Nothing,
}

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak inspect list")]
pub enum InspectCommand {
    /// List attempts with an uncertain outcome
    #[command(after_help = "Examples:
  cetak inspect list")]
    List,
    /// Enter what an inspection of the printer found
    #[command(after_help = "Examples:
  cetak inspect resolve cetak-local-01890a5d-ac96-774b-bcce-b302099a8057 --found good \\
      --reason \"card was in the output tray\"")]
    Resolve {
        /// The attempt's name, as `inspect list` shows it
        attempt: String,
        /// What was found
        #[arg(long)]
        found: FoundArg,
        /// With `--found nothing`: the blank is missing as well
        #[arg(long)]
        blank_gone: bool,
        /// With `--found nothing` and two people: the machine that began the attempt is off for good
        #[arg(long)]
        owner_is_off: bool,
        /// How it was found, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
        #[command(flatten)]
        second: SecondArgs,
    },
    /// Declare an open attempt uncertain, because its printer will never report an outcome
    #[command(after_help = "Examples:
  cetak inspect declare cetak-local-01890a5d-ac96-774b-bcce-b302099a8057 --reason \"printer is broken\"")]
    Declare {
        /// The attempt's name, as `job list` shows it
        attempt: String,
        /// The reason, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
    },
}

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak reprint request 3372-2015-000207 --reason damaged")]
pub enum ReprintCommand {
    /// Request a warrant to print a record again
    #[command(after_help = "Examples:
  cetak reprint request 3372-2015-000207 --reason damaged")]
    Request {
        #[command(flatten)]
        record: RecordArg,
        /// One of the profile's `reprint_reasons`
        #[arg(long, value_name = "REASON")]
        reason: Note,
    },
    /// List all warrants
    #[command(after_help = "Examples:
  cetak reprint list")]
    List,
    /// Approve a warrant that another person requested; the record goes back to the waiting list
    #[command(after_help = "Examples:
  cetak --actor \"Sri Wahyuni\" reprint approve 3")]
    Approve {
        /// The warrant's number, as `reprint list` shows it
        warrant: i64,
    },
    /// Refuse a warrant, or withdraw one's own request
    #[command(after_help = "Examples:
  cetak reprint refuse 3 --reason \"card was found\"")]
    Refuse {
        /// The warrant's number, as `reprint list` shows it
        warrant: i64,
        /// The reason, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
    },
}
