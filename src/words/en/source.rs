//! Sources in words.

use jiff::tz::TimeZone;

use super::{number::thousands, refusal::refusal, time::local};
use crate::{
    domain::source::{ListFault, RefusedList, SourceFault},
    engine::query::{SourceLine, SourceStanding},
};

/// Why a pull failed.
pub fn source_fault(fault: SourceFault) -> &'static str {
    match fault {
        SourceFault::FolderMissing => "its folder does not exist",
        SourceFault::NotPermitted => "its folder, or a list in it, may not be read",
        SourceFault::NoAnswer => "its file system does not answer",
        SourceFault::NotMoved => "a list cannot be moved into its folders `done` and `refused`",
        SourceFault::ProfileUnusable => "lists of its card profile cannot be imported",
        SourceFault::Unreadable => "its file system reports an error, or a list changed while it was read",
    }
}

/// What to do about a pull that failed.
pub fn source_remedy(fault: SourceFault) -> &'static str {
    match fault {
        SourceFault::FolderMissing => "mount or make the folder, or correct `folder` in `[[source]]` of the settings",
        SourceFault::NotPermitted => "let the user of the scheduler read the folder and its lists",
        SourceFault::NoAnswer => "look at the network and at the server of the folder",
        SourceFault::NotMoved => "let the user of the scheduler write in the folder, and see whether its disk is full",
        SourceFault::ProfileUnusable => {
            "see why with `cetak config check`, or import one of its lists with `cetak import`"
        }
        SourceFault::Unreadable => "look at the disk or the server of the folder; it is tried again",
    }
}

/// How a source stands.
pub fn source_standing(source: &SourceLine, zone: &TimeZone) -> String {
    let since = source.failing_since.as_deref().map(|at| local(at, zone)).unwrap_or_default();
    let why = source.fault.map(source_fault).unwrap_or_default();
    match (source.standing, &source.pause) {
        (SourceStanding::NotPulled, _) => "not pulled yet".into(),
        (SourceStanding::Present, _) => "present".into(),
        (SourceStanding::Failing, _) => format!("failing: {why}"),
        (SourceStanding::Away, _) => format!("away since {since}: {why}"),
        (SourceStanding::Paused, Some(pause)) => {
            format!("paused since {} by {}: {}", local(&pause.since, zone), pause.by, pause.note)
        }
        (SourceStanding::Paused, None) => "paused".into(),
    }
}

/// A file that waits for a person, and why.
pub fn refused_list(list: &RefusedList) -> String {
    let why = match &list.why {
        ListFault::List { refusal: why } => refusal(why).text,
        ListFault::Rows { refused, rows } => {
            format!("{} of {} rows were refused", thousands(*refused), thousands(*rows))
        }
    };
    format!("`{}`: {why}", list.file_name)
}
