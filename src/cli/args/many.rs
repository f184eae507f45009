//! Which records a command is for: named one by one, in a file, or by filters.

use std::path::PathBuf;

use clap::Args;

use crate::domain::{card::profile::WALK_IN_CLASS, record::RecordState, time::Timestamp, value::Note};

#[derive(Args, Debug, Default)]
pub struct FilterArgs {
    /// Only records in this state: waiting, held, batched, printed, `handed_over`, quarantined, uncertain or withdrawn
    #[arg(long, value_name = "STATE")]
    pub state: Option<RecordState>,
    /// Only records of this card profile
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Only records of this district, the first key by which a pile is sorted
    #[arg(long, value_name = "TEXT")]
    pub district: Option<String>,
    /// Only records of this kind of request
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// Only records of this priority class; `walk-in` for those that were put first
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true, value_parser = class)]
    pub class: Option<i64>,
    /// Only records with this code of a reason, such as `living-card`
    #[arg(long, value_name = "CODE")]
    pub code: Option<String>,
    /// Only records that were verified before they were requested
    #[arg(long)]
    pub verified_before_request: bool,
    /// Only records that are or were in this batch
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["printed_since", "printed_until"])]
    pub batch: Option<i64>,
    /// Only records of which a good card was printed at this instant or later, such as 2015-08-31T10:00:00+07:00
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub printed_since: Option<Timestamp>,
    /// Only records of which a good card was printed before this instant
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub printed_until: Option<Timestamp>,
}

#[derive(Args, Debug)]
pub struct ManyArgs {
    /// The request ids of the records, as in the waiting list
    pub request_ids: Vec<String>,
    /// The source that the records were imported with [default: `default`; with filters: all sources]
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Take the records from this file, one `SOURCE/REQUEST_ID` in each line, or with `--source` one request id; `-` reads standard
    /// input
    #[arg(long, value_name = "FILE", conflicts_with = "request_ids")]
    pub from: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct HeldForArgs {
    /// Of the records that match the filters, release only those that were held with this note, which is the whole text
    #[arg(long, value_name = "TEXT", requires = "state", conflicts_with_all = ["request_ids", "from"])]
    pub held_for: Option<Note>,
    /// Release all records that match the filters, though they were held with different notes
    #[arg(long, requires = "state", conflicts_with_all = ["request_ids", "from", "held_for"])]
    pub any_note: bool,
}

#[derive(Args, Debug)]
pub struct PageArgs {
    /// The number of rows to show
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// Begin after the row with this number, as the end of the list before tells it
    #[arg(long, value_name = "NUMBER")]
    pub after: Option<i64>,
}

/// An instant with its time zone.
pub fn instant(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse(text).ok_or("write an instant with its time zone, such as 2015-08-31T10:00:00+07:00")
}

fn class(text: &str) -> Result<i64, &'static str> {
    if text == "walk-in" { Ok(WALK_IN_CLASS) } else { text.parse().map_err(|_| "write a whole number, or `walk-in`") }
}
