//! The meaning of a printer's reasons, in words.

use crate::{
    domain::printer_reason::{
        BlankInside, CANCEL_REFUSED, OTHER_PRINTER, REFUSES_CARDS, Resumes, TAKES_TOO_LONG, Task, UNKNOWN_JOBS, advise,
    },
    engine::operations::Cleared,
};

/// The action.
pub fn task(task: Task) -> &'static str {
    match task {
        Task::LoadBlanks => "load counted blanks into the hopper",
        Task::RefillSoon => "refill the hopper and empty the output soon",
        Task::ClearJam => {
            "clear the jam; if `cetak inspect list` has its attempt, keep the card and resolve it, else destroy the card"
        }
        Task::FindStuckBlank => "look for a blank that is stuck or a double feed, and count the hopper",
        Task::PutHopperBack => "put the hopper back",
        Task::EmptyOutput => "empty the output hopper and compare the count",
        Task::EmptyRejectBox => "count the spoiled cards in the reject box, together with an operator, and empty it",
        Task::PrepareRibbon => "prepare a new ribbon",
        Task::ChangeRibbon => "change the ribbon; if it ended in the middle of a card, keep that card and inspect it",
        Task::InsertRibbon => "put in the ribbon that belongs to this printer",
        Task::ClosePrinter => "close the printer; if it was opened while a card was printing, inspect that card",
        Task::CleanSoon => "clean the printer with a cleaning card at the next pause",
        Task::WaitForTemperature => "wait for its temperature; if it stays, call the technician",
        Task::InsertLaminate => "put in laminate",
        Task::ResumePrinter => {
            "resume the printer at its panel or in its own software, after finding out why it was paused"
        }
        Task::FreeDisk => "free space on the printer's disk",
        Task::CheckConnection => "check power, line and address of the printer",
        Task::Nothing => "nothing to do",
        Task::LoadProfileBlanks => "load the blanks that belong to this profile",
        Task::CallService => "remove the printer from use and call service; its other cards go to other printers",
        Task::ReadDisplay => {
            "read what the printer's display says; a chip or stripe that failed goes to the supervisor"
        }
        Task::WaitForOtherJob => {
            "wait for the other job in the printer, or cancel it there: only this program should send to it"
        }
        Task::AcceptJobs => "let the printer accept jobs again, at its panel or in its own software",
        Task::UseOtherPrinter => "use a printer that accepts PNG, PDF, PWG raster or Apple raster",
        Task::ReadRefusal => "the printer refuses this machine: show the printer to read why",
        Task::RemoveObjections => {
            "the printer has objections: show the printer, remove their cause, or add the printer again and override them"
        }
        Task::CheckSlowCard => {
            "look at the printer: the card takes far too long; if the printer hangs, cancel the job there"
        }
        Task::CheckRestart => "look at hopper and output: the printer started again while it had a card",
        Task::CheckSecondCard => {
            "look at the output: the printer counts more than one impression, and may have made the card twice"
        }
        Task::UsePrinterWithNames => {
            "use another printer, or another address of this one: it does not keep the names of jobs, so its cards cannot be followed"
        }
        Task::CheckAbilities => {
            "check that the printer can do what it reports, such as two sides: it left out a part of the job; \
             `cetak printer show` tells what it reports"
        }
        Task::AllowJobQueries => {
            "let the printer answer queries about its jobs; `cetak inspect declare` gives up a card whose outcome it does not tell"
        }
        Task::CheckOtherPrinter => {
            "another printer answers at this address: check which one it is and what its hopper holds"
        }
        Task::CheckUnknownJobs => {
            "find the scheduler that sent the jobs, and stop it or give it another `site`; look for the cards that the printer made; then clear \
             the printer. Records that the jobs are known to be of are held: see `cetak record held`"
        }
        Task::ReadFailures => "the printer refuses one card after the other: `cetak job list` tells why",
        Task::CancelAtPrinter => {
            "cancel the held job at the printer: the printer does not do it when it is asked, and gets no other card meanwhile"
        }
        Task::CheckUnknown => {
            "check the printer: it reports a reason that is not known here; clear the printer once it works"
        }
    }
}

/// What follows after a printer was cleared: one that is still stopped goes on when its causes are removed.
pub fn cleared(printer: &str, cleared: &Cleared) -> String {
    let Cleared { state, still_reports } = cleared;
    let mut text = format!("printer `{printer}` may get cards again");
    let is_down = matches!(&**state, "stopped" | "unreachable");
    if !still_reports.is_empty() {
        text += &format!("; it still reports {}", still_reports.join(", "));
        text += if is_down { ", and goes on when that is removed:" } else { ", which does not stop it any more" };
    } else if state == "stopped" {
        text += "; it is still stopped, and goes on when it is ready";
    }
    if is_down {
        let mut tasks: Vec<_> = still_reports.iter().map(|reason| task(advise(reason).action)).collect();
        tasks.dedup();
        for task in tasks {
            text += &format!("\n- {task}");
        }
    }
    text
}

/// When printing goes on.
pub fn resumes(resumes: Resumes) -> &'static str {
    match resumes {
        Resumes::PrintsOn => "it prints on meanwhile",
        Resumes::ByItself => "it goes on by itself",
        Resumes::WithTheNextCard => {
            "the next card starts when the printer no longer reports it, or after `cetak printer clear`"
        }
        Resumes::WhenCleared => "it goes on after `cetak printer clear`",
    }
}

/// The probable condition of the blank inside the printer.
pub fn blank_inside(blank: BlankInside) -> &'static str {
    match blank {
        BlankInside::Unused => "not used",
        BlankInside::MayBeSpoiled => "may be spoiled",
        BlankInside::LikelySpoiled => "likely spoiled",
        BlankInside::Unknown => "unknown",
    }
}

/// What a known state reason says of the printer, with or without its suffix; `None` for an unknown one.
pub fn printer_condition(reason: &str) -> Option<&'static str> {
    Some(match advise(reason).keyword.as_str() {
        "media-empty" | "media-needed" | "media-path-input-empty" => "the hopper is empty",
        "media-low" => "the hopper is almost empty",
        "media-path-output-almost-full" | "output-area-almost-full" => "the output is almost full",
        "media-jam" | "media-path-jam" | "media-path-input-jam" | "media-path-output-jam" => "a card is jammed",
        "media-path-input-feed-error"
        | "media-path-input-feed"
        | "input-media-tray-feed-error"
        | "input-media-tray-feed" => "a blank was not fed",
        "input-tray-missing" | "input-media-tray-missing" => "the hopper is missing",
        "output-area-full" | "media-path-output-full" => "the output is full",
        "output-tray-missing" => "the output hopper is missing",
        "reject-box-full" => "the reject box is full",
        "marker-supply-low" | "marker-print-ribbon-almost-empty" | "toner-low" => "the ribbon is almost used up",
        "marker-waste-almost-full" => "the waste is almost full",
        "marker-supply-empty" | "marker-print-ribbon-empty" | "toner-empty" => "the ribbon is used up",
        "marker-waste-full" => "the waste is full",
        "marker-supply-missing" | "marker-print-ribbon-missing" => "the ribbon is missing",
        "cover-open" | "door-open" | "interlock-open" => "the printer is open",
        "cleaner-life-almost-over" | "cleaner-life-over" => "the printer needs cleaning",
        "marker-cleaner-missing" => "the cleaner is missing",
        "fuser-over-temp" => "the printer is too hot",
        "fuser-under-temp" => "the printer is too cold",
        "subunit-cooling-down" => "the printer cools down",
        "subunit-warming-up" => "the printer warms up",
        "subunit-empty" => "the laminate is used up",
        "subunit-missing" => "the laminate is missing",
        "paused" | "moving-to-paused" => "the printer is paused",
        "stopping" | "stopped-partly" | "printer-stopped" => "the printer is stopped",
        "hold-new-jobs" => "the printer holds new jobs",
        "spool-area-full" => "the disk of the printer is full",
        "connecting-to-device" | "timed-out" | "offline" => "the printer cannot be reached",
        "shutdown" | "power-down" => "the printer is switched off",
        "media-drying" => "the card dries",
        "marker-adjusting-print-quality" => "the printer adjusts itself",
        "identify-printer-requested" => "the printer identifies itself",
        "configuration-change" => "the settings of the printer were changed",
        "resuming" => "the printer resumes",
        "deactivated" => "the printer is deactivated",
        "cups-waiting-for-job-completed" => "the print server waits for the printer",
        "processing-to-stop-point" => "the job is being cancelled",
        "input-media-size-change" | "input-media-type-change" | "input-media-color-change" => "other blanks are needed",
        "input-manual-input-request" => "the printer waits for a blank by hand",
        "media-path-cannot-duplex-media-selected" => "the printer cannot turn this medium over",
        "motor-failure" | "subunit-motor-failure" => "a motor failed",
        "media-path-failure" => "the transport failed",
        "marker-fuser-thermistor-failure" | "subunit-thermistor-failure" => "a temperature sensor failed",
        "marker-fuser-timing-failure" => "the print head failed",
        "subunit-unrecoverable-failure" => "a part of the printer failed",
        "other" => "see the display of the printer",
        keyword => return own_condition(keyword),
    })
}

/// The same for the reasons of the drivers and of this program.
fn own_condition(keyword: &str) -> Option<&'static str> {
    Some(match keyword {
        "printer-busy" => "another job is in the printer",
        "not-accepting-jobs" => "the printer accepts no jobs",
        "document-format-not-supported" => "the printer accepts no format in which cards are rendered",
        "needs-operator" => "the printer refuses this machine",
        "not-acknowledged" => "the printer has objections that are not overridden",
        TAKES_TOO_LONG => "the card takes far too long",
        "printer-restarted" => "the printer restarted while it had a card",
        "several-impressions" => "the printer counts more than one impression",
        "several-sheets" => "the printer counts more than one card",
        "job-name-not-kept" => "the printer does not keep the names of jobs",
        "sides-ignored" => "the printer ignored the sides of the job",
        "media-ignored" => "the printer ignored the medium of the job",
        "copies-ignored" => "the printer ignored the number of copies",
        "print-scaling-ignored" => "the printer ignored the scaling of the job",
        "job-attributes-ignored" => "the printer ignored a part of the job",
        "job-queries-refused" => "the printer answers no query about its jobs",
        OTHER_PRINTER => "another printer answers at this address",
        UNKNOWN_JOBS => "the printer has jobs of this site that the database does not know",
        CANCEL_REFUSED => "the printer does not cancel a held job",
        REFUSES_CARDS => "the printer refuses one card after the other",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::printer_reason::keywords;

    #[test]
    fn every_known_keyword_has_a_meaning_in_words_and_no_other() {
        for keyword in keywords() {
            assert!(printer_condition(keyword).is_some(), "{keyword}");
            assert_eq!(printer_condition(&format!("{keyword}-warning")), printer_condition(keyword));
        }
        assert_eq!(printer_condition("vendor-flux-capacitor"), None);
    }
}
