//! `cetak card`.

use clap::Subcommand;

use super::{acts::SecondArgs, many::ManyArgs, preview::PreviewArgs, records::RecordArg};
use crate::domain::{
    card_out::{ProxyDocument, ReturnCause},
    value::{DistrictName, Document, Note, SpoilageCause},
};

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
