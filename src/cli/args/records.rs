//! `cetak record`, `inspect`, `reprint` and `card`.

use clap::{Args, Subcommand, ValueEnum};

use super::{
    acts::SecondArgs,
    many::{FilterArgs, HeldForArgs, ManyArgs, PageArgs},
    preview::PreviewArgs,
};
use crate::domain::{
    card_out::{ProxyDocument, ReturnCause},
    value::{DistrictName, Document, Note, SpoilageCause},
};

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
    /// Put a record before all others of its profile, because its citizen waits for the card
    ///
    /// It is printed in the next batch that is planned for the profile. A record that is queued in a batch keeps its place there.
    #[command(after_help = "Examples:
  cetak record priority 3372-2015-000207 --reason \"waits at the counter\"
  cetak record priority 3372-2015-000207 --normal --reason \"will come again tomorrow\"")]
    Priority {
        #[command(flatten)]
        record: RecordArg,
        /// Put it back into the class of its kind of request
        #[arg(long)]
        normal: bool,
        /// The reason, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
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

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak card check 3372-2015-000207")]
pub enum CardCommand {
    /// Render a record's card into a file, as it would be printed now; the file contains personal data
    #[command(after_help = "Examples:
  cetak card preview 3372-2015-000207 --side back --format pdf -o back.pdf")]
    Preview {
        #[command(flatten)]
        record: RecordArg,
        #[command(flatten)]
        preview: PreviewArgs,
    },
    /// Record that printed cards were checked and are good
    ///
    /// One or several, those in a file, or all printed cards of a batch that are not checked and not stopped. Of several, each is checked
    /// or refused by itself; the exit code is 1 if one was refused.
    #[command(after_help = "Examples:
  cetak card check 3372-2015-000207
  cetak card check --batch 12 --except 3372-2015-000209 --except 3372-2015-000231")]
    Check {
        #[command(flatten)]
        many: ManyArgs,
        /// Check all cards of this batch
        #[arg(long, value_name = "NUMBER", conflicts_with_all = ["request_ids", "from"])]
        batch: Option<i64>,
        /// With `--batch`: leave out this record, `REQUEST_ID` or `SOURCE/REQUEST_ID`, with `--source` a whole request id; may be repeated
        #[arg(long, value_name = "RECORD", requires = "batch")]
        except: Vec<String>,
    },
    /// Say which card has a code, and whether it is forged or no longer valid
    ///
    /// Exit code 0 only if it is the card of its record, and neither recalled nor given back.
    #[command(after_help = "Examples:
  cetak card scan -
  cetak card scan 3372-2015-000207 cetak-solo-01890a5d-ac96-774b-bcce-b302099a8057 0123456789abcdef")]
    Scan {
        /// The text of the code: request id, attempt and hash; `-` reads it from standard input
        #[arg(required = true)]
        code: Vec<String>,
    },
    /// Reject a printed card: it counts as spoiled, and its record goes back to the waiting list
    #[command(after_help = "Examples:
  cetak card reject 3372-2015-000207 --cause print-failed --reason \"streaks across the photo\"")]
    Reject {
        #[command(flatten)]
        record: RecordArg,
        /// The cause: encode-failed, print-failed, damaged or data-changed
        #[arg(long, value_name = "CAUSE")]
        cause: SpoilageCause,
        /// What is wrong with the card, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
    },
    /// Record that the citizen has received the card; it must have been checked
    ///
    /// With `--in`, one or several cards were handed over in the district to which they were sent; each is booked or refused by itself.
    /// With `--proxy`, one card was handed over to a proxy, and who that is is read from standard input and sealed.
    #[command(after_help = "Examples:
  cetak card hand-over 3372-2015-000207
  cetak card hand-over --in Laweyan --from list-of-laweyan.txt
  cetak card hand-over 3372-2015-000207 --proxy letter-of-authority")]
    HandOver {
        #[command(flatten)]
        many: ManyArgs,
        /// The district in which the cards were handed over
        #[arg(long = "in", value_name = "DISTRICT", conflicts_with = "proxy")]
        district: Option<DistrictName>,
        /// What a proxy showed: letter-of-authority, family-card, guardianship or other-document
        #[arg(long, value_name = "DOCUMENT")]
        proxy: Option<ProxyDocument>,
    },
    /// Send checked cards to a district, with a dispatch note
    ///
    /// Each card is sent or refused by itself; the exit code is 1 if one was refused. A card that was sent is living: it is handed over
    /// there, or comes back before anything else is done to it.
    #[command(after_help = "Examples:
  cetak card send 3372-2015-000207 3372-2015-000208 --to Laweyan --document SJ-12
  cetak card send --from pile.txt --to Laweyan --document SJ-12")]
    Send {
        #[command(flatten)]
        many: ManyArgs,
        /// The district
        #[arg(long, value_name = "DISTRICT")]
        to: DistrictName,
        /// The number of the dispatch note
        #[arg(long, value_name = "TEXT")]
        document: Document,
        /// It is a district that no list and no card names yet
        #[arg(long)]
        new_district: bool,
    },
    /// Receive cards back from their districts
    ///
    /// Each card is received or refused by itself. One that is damaged or another person's must be checked again.
    #[command(after_help = "Examples:
  cetak card receive 3372-2015-000207 --cause uncollected --reason \"three months\"")]
    Receive {
        #[command(flatten)]
        many: ManyArgs,
        /// The cause: uncollected, wrong-district, wrong-person or damaged
        #[arg(long, value_name = "CAUSE")]
        cause: ReturnCause,
        /// What is known of it, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
    },
    /// List the cards that are in districts, in the order in which they were sent
    #[command(after_help = "Examples:
  cetak card sent --overdue
  cetak card sent --district Laweyan")]
    Sent {
        /// Only those in this district
        #[arg(long, value_name = "DISTRICT", conflicts_with = "overdue")]
        district: Option<DistrictName>,
        /// Only those that were sent longer ago than the setting `collect_within_days`
        #[arg(long)]
        overdue: bool,
    },
    /// List the districts that have cards, with their number
    #[command(after_help = "Examples:
  cetak card districts")]
    Districts,
    /// Undo a hand-over that was booked by mistake: the card is in the office, and its record has the state
    /// `printed` again
    ///
    /// Refused if another request of the person has taken its place. The photo was deleted at the hand-over: if the card must be
    /// printed again, import its list again.
    #[command(after_help = "Examples:
  cetak card undo-hand-over 3372-2015-000207 --reason \"card is in the drawer\" --ask")]
    UndoHandOver {
        #[command(flatten)]
        record: RecordArg,
        /// What went wrong, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
        #[command(flatten)]
        second: SecondArgs,
    },
    /// Record that the citizen gave the card back; it counts as spoiled and is to be destroyed
    #[command(after_help = "Examples:
  cetak card surrender 3372-2015-000207 --reason \"name changed\"")]
    Surrender {
        #[command(flatten)]
        record: RecordArg,
        /// The reason, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
    },
}
