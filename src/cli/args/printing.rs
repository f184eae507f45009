//! `cetak printer`, `run`, `serve`, `queue`, `batch` and `job`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Subcommand};

use super::{
    acts::SecondArgs,
    many::{PageArgs, instant},
};
use crate::domain::{
    states::AttemptState,
    time::Timestamp,
    value::{HopperCapacity, Limit, Note, PrinterName, RibbonYield},
};

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak printer add fargo-1 ipp://192.168.1.20/ipp/print")]
pub enum PrinterCommand {
    /// Add a printer
    ///
    /// The printer is asked for its capabilities. If it cannot print the profile's cards, or cannot print them safely, it is
    /// refused with the objections; --override overrides them, for which --ask and --second name a second person.
    ///
    /// A simulated printer meets the faults of a script, by card number: `script=2:spoil,3:forget`. `jam` spoils the blank and stops the
    /// printer, `spoil` spoils the blank, `lose_ack` loses the answer to the command that prints, `forget` forgets the card,
    /// and `offline` and `reject` fail the first attempt at it before a blank is fed. Other
    /// keys: `card_ms`, the time of a card, and `clear_ms`, the time until a jam is cleared.
    #[command(after_help = "Examples:
  cetak printer add fargo-1 ipp://192.168.1.20/ipp/print --hopper 100
  cetak printer add zebra-1 ipps://zebra.example/ipp/print --profile student
  cetak printer add test-1 \"mock://test-1?card_ms=200\"")]
    Add {
        /// The printer's name: letters, digits, `-`, `_` and `.`, at most 40
        name: PrinterName,
        /// The address: <ipp://HOST/PATH>, <ipps://HOST/PATH>, or <mock://NAME> for a simulated printer
        uri: String,
        /// The capacity of its hopper, whose blanks are then counted; without it the printer takes blanks from the vault
        #[arg(long, value_name = "NUMBER")]
        hopper: Option<HopperCapacity>,
        /// The profile of the cards that it prints
        #[arg(long, value_name = "NAME", default_value = "ktp-el")]
        profile: String,
        /// The reason for overriding the objections, for the audit
        #[arg(long = "override", alias = "insist", value_name = "REASON")]
        override_reason: Option<Note>,
        #[command(flatten)]
        second: SecondArgs,
    },
    /// Change a printer's address, profile, hopper or limits
    ///
    /// The device is asked for its capabilities, as with `printer add`. Another device, or another profile, is refused while the
    /// printer has a batch, an open or uncertain attempt, or blanks in its hopper. A device that has only a new address is known
    /// by its `printer-uuid`, and may be moved at any time. --override overrides objections, for which --ask and --second name a
    /// second person.
    ///
    /// Limits stop the printer before a card would be spoiled; 0 ends a limit. What is counted from now on begins with a new ribbon, an
    /// empty tray, and a clean and rested printer: `cetak printer supplies` says otherwise. A rest ends by itself.
    #[command(after_help = "Examples:
  cetak printer set fargo-1 --uri ipp://192.168.1.21/ipp/print
  cetak printer set fargo-1 --hopper 150
  cetak printer set fargo-1 --tray 100 --ribbon 500 --ribbon-yield 63 --cleaning 1000
  cetak printer set fargo-1 --rest-after 50 --rest-minutes 10 --cards-a-day 200
  cetak printer set fargo-1 --walk-in-lane on")]
    #[command(group(clap::ArgGroup::new("setting").required(true).multiple(true)))]
    Set {
        /// The printer's name
        name: String,
        /// Its address
        #[arg(long, value_name = "URI", group = "setting")]
        uri: Option<String>,
        /// The profile of the cards that it prints
        #[arg(long, value_name = "NAME", group = "setting")]
        profile: Option<String>,
        /// The capacity of its hopper, whose blanks are then counted
        #[arg(long, value_name = "NUMBER", group = "setting", conflicts_with = "no_hopper")]
        hopper: Option<HopperCapacity>,
        /// Do not count its hopper: it takes blanks from the vault
        #[arg(long, group = "setting")]
        no_hopper: bool,
        #[command(flatten)]
        limits: LimitArgs,
        /// The reason for overriding objections to the device or the profile, for the audit
        #[arg(long = "override", value_name = "REASON")]
        override_reason: Option<Note>,
        #[command(flatten)]
        second: SecondArgs,
    },
    /// List all printers
    #[command(after_help = "Examples:
  cetak printer list")]
    List,
    /// Ask a printer for its state and capabilities, and show what to do about each problem; prints nothing
    #[command(after_help = "Examples:
  cetak printer show fargo-1")]
    Show {
        /// The printer's name
        name: String,
    },
    /// Say what is in a printer: it is counted from there, and a printer that waited for it goes on by itself
    ///
    /// What is not named stays as it was counted. The limits are set with `printer set`.
    #[command(after_help = "Examples:
  cetak printer supplies fargo-1 --ribbon 500
  cetak printer supplies fargo-1 --tray 0 --cleaned")]
    #[command(group(clap::ArgGroup::new("supply").required(true).multiple(true)))]
    Supplies {
        /// The printer's name
        name: String,
        /// The cards that its ribbon still gives; a new one gives no more than the limit says
        #[arg(long, value_name = "CARDS", group = "supply")]
        ribbon: Option<Limit>,
        /// The cards in its output tray
        #[arg(long, value_name = "CARDS", group = "supply")]
        tray: Option<Limit>,
        /// It was cleaned
        #[arg(long, group = "supply")]
        cleaned: bool,
    },
    /// Print a test card, which uses one blank
    #[command(after_help = "Examples:
  cetak printer test fargo-1")]
    Test {
        /// The printer's name
        name: String,
    },
    /// Clear a printer's failures after an operator has dealt with them, so that it gets cards again
    #[command(after_help = "Examples:
  cetak printer clear fargo-1 --reason \"card jam removed\"")]
    Clear {
        /// The printer's name
        name: String,
        /// The reason, for the audit
        #[arg(long, value_name = "TEXT", default_value = "cleared")]
        reason: Note,
    },
    /// Remove a printer that has no batch, no open attempt and an empty hopper
    #[command(after_help = "Examples:
  cetak printer remove fargo-1")]
    Remove {
        /// The printer's name
        name: String,
    },
}

/// The limits of a printer; 0 ends one.
#[derive(Args, Clone, Copy, Debug)]
pub struct LimitArgs {
    /// The cards that its output tray takes
    #[arg(long, value_name = "CARDS", group = "setting")]
    pub tray: Option<Limit>,
    /// The cards that a ribbon is rated for
    #[arg(long, value_name = "CARDS", group = "setting")]
    pub ribbon: Option<Limit>,
    /// The percentage of these cards that a ribbon really gives
    #[arg(long, value_name = "PERCENT", group = "setting")]
    pub ribbon_yield: Option<RibbonYield>,
    /// The seconds that a card takes, until the printer's own cards have shown it
    #[arg(long, value_name = "SECONDS", group = "setting")]
    pub seconds_per_card: Option<Limit>,
    /// The cards from one cleaning to the next
    #[arg(long, value_name = "CARDS", group = "setting")]
    pub cleaning: Option<Limit>,
    /// The cards after which it rests; needs --rest-minutes
    #[arg(long, value_name = "CARDS", group = "setting")]
    pub rest_after: Option<Limit>,
    /// The minutes of that rest
    #[arg(long, value_name = "MINUTES", group = "setting")]
    pub rest_minutes: Option<Limit>,
    /// The most cards within 24 hours, which begin with the first of them
    #[arg(long, value_name = "CARDS", group = "setting")]
    pub cards_a_day: Option<Limit>,
    /// Whether it keeps a lane for walk-ins: `on` or `off`
    ///
    /// A record that was put first then joins the front of its batch, and is the next card after the one that is being printed and the
    /// one that the printer holds already. It lies in the pile where it was printed.
    #[arg(long, value_name = "ON|OFF", group = "setting", value_enum)]
    pub walk_in_lane: Option<LaneArg>,
}

#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum LaneArg {
    /// It does
    On,
    /// It does not
    Off,
}

impl LimitArgs {
    /// Whether one is given.
    pub fn is_any(&self) -> bool {
        let Self {
            tray,
            ribbon,
            seconds_per_card,
            cleaning,
            rest_after,
            rest_minutes,
            cards_a_day,
            ribbon_yield,
            walk_in_lane,
        } = self;
        ribbon_yield.is_some()
            || walk_in_lane.is_some()
            || [tray, ribbon, seconds_per_card, cleaning, rest_after, rest_minutes, cards_a_day]
                .iter()
                .any(|limit| limit.is_some())
    }
}

#[derive(Args, Debug)]
pub struct RunArgs {
    /// Exit when nothing can be printed without a person, a delivery of blanks, the next window, or the end of a long rest
    ///
    /// A printer that is stopped or does not answer is waited for first, as it may go on: for `release_after_s` of the settings, 15
    /// minutes unless they say otherwise. A rest after so many cards is waited for if it is no longer. `cetak status` says what it needs.
    #[arg(long)]
    pub until_idle: bool,
}

#[derive(Args, Debug)]
pub struct ServeArgs {
    /// The address to listen on; port 0 is a free one [default: `listen` in `[serve]` of the settings, else 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// The certificate with its chain, in PEM; it is read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Listen without a certificate although the address is not of this machine only: passwords and tokens can be read on the way
    #[arg(long)]
    pub insecure_http: bool,
}

#[derive(Args, Debug)]
#[group(multiple = false)]
pub struct ScopeArgs {
    /// Only this printer [default: the whole office]
    #[arg(long, value_name = "NAME")]
    pub printer: Option<String>,
    /// Only this batch [default: the whole office]
    #[arg(long, value_name = "NUMBER")]
    pub batch: Option<i64>,
}

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak queue pause --reason \"ribbon change\"")]
pub enum QueueCommand {
    /// Start no more cards; cards that are being printed are finished
    #[command(after_help = "Examples:
  cetak queue pause --reason \"power work\"
  cetak queue pause --printer fargo-1 --reason \"ribbon change\"")]
    Pause {
        #[command(flatten)]
        scope: ScopeArgs,
        /// The reason, for lists and the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
    },
    /// End a pause with the same scope
    #[command(after_help = "Examples:
  cetak queue resume --printer fargo-1 --reason \"ribbon changed\"")]
    Resume {
        #[command(flatten)]
        scope: ScopeArgs,
        /// The reason, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
    },
}

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak batch list")]
pub enum BatchCommand {
    /// List batches that are not closed
    #[command(after_help = "Examples:
  cetak batch list --all")]
    List {
        /// Include closed batches
        #[arg(long)]
        all: bool,
    },
    /// Show a batch and its jobs
    #[command(after_help = "Examples:
  cetak batch show 12")]
    Show {
        /// The batch's number
        batch: i64,
    },
    /// Return a batch's queued records to the waiting list, and its reserved blanks to the stock
    #[command(after_help = "Examples:
  cetak batch cancel 12 --reason \"wrong lot\"")]
    Cancel {
        /// The batch's number
        batch: i64,
        /// The reason, for lists and the audit
        #[arg(long, value_name = "TEXT")]
        reason: Note,
    },
    /// Approve a planned batch, so that it is printed
    #[command(after_help = "Examples:
  cetak batch approve 12")]
    Approve {
        /// The batch's number
        batch: i64,
    },
}

#[derive(Subcommand, Debug)]
#[command(after_help = "Examples:
  cetak job list --batch 12")]
pub enum JobCommand {
    /// List jobs with their attempts
    #[command(after_help = "Examples:
  cetak job list --batch 12 --state printed")]
    List {
        /// Only the jobs of this batch
        #[arg(long, value_name = "NUMBER")]
        batch: Option<i64>,
        /// Only jobs in this state: queued, printing, printed, uncertain, quarantined, returned or withdrawn
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
    },
    /// List attempts that have ended, in the order of their ends
    ///
    /// Such as the cards that a printer has spoiled. Cards that a person rejected after they were printed well are `printed` here.
    #[command(after_help = "Examples:
  cetak job attempts --outcome spoiled --since 2015-08-31T18:00:00+07:00
  cetak job attempts --outcome spoiled --printer fargo-1 --limit 500")]
    Attempts {
        /// Only attempts with this outcome: printed, not-started, spoiled or uncertain
        #[arg(long, value_name = "OUTCOME")]
        outcome: Option<AttemptState>,
        /// Only attempts on this printer
        #[arg(long, value_name = "NAME")]
        printer: Option<String>,
        /// Only attempts that ended at this instant or later, such as 2015-08-31T10:00:00+07:00
        #[arg(long, value_name = "INSTANT", value_parser = instant)]
        since: Option<Timestamp>,
        /// Only attempts that ended before this instant
        #[arg(long, value_name = "INSTANT", value_parser = instant)]
        until: Option<Timestamp>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Show a job with its attempts
    #[command(after_help = "Examples:
  cetak job show 340")]
    Show {
        /// The job's number
        job: i64,
    },
}
