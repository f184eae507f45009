//! The meaning of a printer's state reasons: the role that must act, the action, whether the printer resumes by itself, and
//! the condition of the blank inside.
//!
//! Keywords are those of RFC 8011, section 5.4.12, of PWG 5100.9 and of the IANA registry, and a few of the drivers' own. An
//! unknown reason stops the printer, because a wasted blank costs more than a delay.

use serde::{Deserialize, Serialize};

/// The role that must act.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// None: the condition ends by itself, or is only reported.
    Nobody,
    /// Loads hoppers and clears jams.
    Operator,
    /// Is responsible for stock and queue.
    Supervisor,
    /// Repairs the printer and its network.
    Technician,
    /// Administers this machine and the print server.
    Administrator,
}

impl Who {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Operator => "operator",
            Self::Supervisor => "supervisor",
            Self::Technician => "technician",
            Self::Administrator => "administrator",
        }
    }
}

/// The action that a reason asks for. The wording is the surface's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Load counted blanks into the hopper.
    LoadBlanks,
    /// Refill the hopper and empty the output soon.
    RefillSoon,
    /// Clear the jam, keep the card, resolve its attempt.
    ClearJam,
    /// Look for a stuck blank or a double feed, and count the hopper.
    FindStuckBlank,
    /// Put the hopper back.
    PutHopperBack,
    /// Empty the output hopper, and compare the count.
    EmptyOutput,
    /// Count the spoiled cards in the reject box with an operator, and empty it.
    EmptyRejectBox,
    /// Prepare a new ribbon.
    PrepareRibbon,
    /// Change the ribbon; inspect the card in which it ended.
    ChangeRibbon,
    /// Insert the ribbon of this printer.
    InsertRibbon,
    /// Close the printer; inspect the card that was printing.
    ClosePrinter,
    /// Clean the printer at the next pause.
    CleanSoon,
    /// Wait for the temperature; then call the technician.
    WaitForTemperature,
    /// Insert laminate.
    InsertLaminate,
    /// Resume the printer at its panel or in its own software, after the cause of the pause is known.
    ResumePrinter,
    /// Free space on the disk of the printer.
    FreeDisk,
    /// Check power, line and address of the printer.
    CheckConnection,
    /// Nothing.
    Nothing,
    /// Load the blanks of the profile.
    LoadProfileBlanks,
    /// Remove the printer from use, and call service.
    CallService,
    /// Read the display of the printer; a failed chip or stripe goes to the supervisor.
    ReadDisplay,
    /// Wait for the other job in the printer, or cancel it there.
    WaitForOtherJob,
    /// Let the printer accept jobs again.
    AcceptJobs,
    /// Use a printer that accepts a format in which cards are rendered.
    UseOtherPrinter,
    /// Show the printer to read why it refuses this machine.
    ReadRefusal,
    /// Show the printer, and remove or override the objections.
    RemoveObjections,
    /// Look at the printer; if it hangs, cancel the job there.
    CheckSlowCard,
    /// Look at hopper and output: the printer restarted with a card.
    CheckRestart,
    /// Look at the output: the card may have been made twice.
    CheckSecondCard,
    /// Use a printer that keeps the names of jobs.
    UsePrinterWithNames,
    /// Check that the printer can do what it reports: sides, media, copies.
    CheckAbilities,
    /// Let the printer answer queries about its jobs.
    AllowJobQueries,
    /// Check which printer is at this address, and its hopper.
    CheckOtherPrinter,
    /// Find the cards of jobs that the database does not know, and the scheduler that sent them.
    CheckUnknownJobs,
    /// Read why the last cards were refused.
    ReadFailures,
    /// Cancel the job at the printer, which does not do it when it is asked.
    CancelAtPrinter,
    /// Check the printer: the reason is not known; clear the printer once it works.
    CheckUnknown,
}

/// How printing resumes after the action.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Resumes {
    /// Printing was not interrupted.
    PrintsOn,
    /// The printer resumes by itself and finishes the card inside.
    ByItself,
    /// The printer resumes by itself with the next card; the card inside may be lost.
    WithTheNextCard,
    /// An operator must acknowledge the reason first.
    WhenCleared,
}

/// The probable condition of the blank inside the printer. A count decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BlankInside {
    /// Unused.
    Unused,
    /// Possibly spoiled.
    MayBeSpoiled,
    /// Probably spoiled, because the printer was working on it.
    LikelySpoiled,
    /// Not known.
    Unknown,
}

/// The severity, which is the suffix of the keyword (RFC 8011, 5.4.12).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// `-report`: information only. Some printers report a past jam like this forever.
    Report,
    /// `-warning`. Some printers report no more than this while they wait for a person.
    Warning,
    /// `-error`, or no suffix.
    Error,
}

/// The advice for one reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Advice {
    /// The keyword without its suffix.
    pub keyword: String,
    /// The severity.
    pub severity: Severity,
    /// The role that must act.
    pub who: Who,
    /// The action.
    pub action: Task,
    /// How printing resumes after the action.
    pub resumes: Resumes,
    /// The probable condition of the blank inside.
    pub blank: BlankInside,
    /// Whether no card is started while the printer reports it.
    pub stops_feeding: bool,
}

struct Rule {
    keywords: &'static [&'static str],
    who: Who,
    action: Task,
    resumes: Resumes,
    blank: BlankInside,
}

const fn rule(keywords: &'static [&'static str], who: Who, action: Task, resumes: Resumes, blank: BlankInside) -> Rule {
    Rule { keywords, who, action, resumes, blank }
}

/// The reason used for a stopped printer that reports no reason.
pub const STOPPED: &str = "printer-stopped";

/// The reason used for a card that takes far too long while its printer reports no reason.
pub const TAKES_TOO_LONG: &str = "takes-too-long";

/// The reason used for a printer that answers that it can print, and refuses one card after the other.
pub const REFUSES_CARDS: &str = "refuses-cards";

/// The reason used for a printer that is another one than before, at the same address.
pub const OTHER_PRINTER: &str = "other-printer";

/// The reason used for a printer that has a held job and does not cancel it.
pub const CANCEL_REFUSED: &str = "cancel-refused";

/// The reason used for a printer with jobs of this site that the database does not know.
pub const UNKNOWN_JOBS: &str = "unknown-jobs";

/// The rule for unknown keywords.
const UNKNOWN: Rule = rule(&[], Who::Operator, Task::CheckUnknown, Resumes::WhenCleared, BlankInside::Unknown);

#[rustfmt::skip]
const RULES: [Rule; 36] = [
    rule(&["media-empty", "media-needed", "media-path-input-empty"],
        Who::Operator, Task::LoadBlanks, Resumes::ByItself, BlankInside::Unused),
    rule(&["media-low", "media-path-output-almost-full", "output-area-almost-full"],
        Who::Operator, Task::RefillSoon, Resumes::PrintsOn, BlankInside::Unused),
    rule(&["media-jam", "media-path-jam", "media-path-input-jam", "media-path-output-jam"],
        Who::Operator, Task::ClearJam,
        Resumes::WithTheNextCard, BlankInside::LikelySpoiled),
    rule(&["media-path-input-feed-error", "media-path-input-feed", "input-media-tray-feed-error", "input-media-tray-feed"],
        Who::Operator, Task::FindStuckBlank,
        Resumes::WithTheNextCard, BlankInside::MayBeSpoiled),
    rule(&["input-tray-missing", "input-media-tray-missing"],
        Who::Operator, Task::PutHopperBack, Resumes::ByItself, BlankInside::Unused),
    rule(&["output-area-full", "media-path-output-full", "output-tray-missing"],
        Who::Operator, Task::EmptyOutput, Resumes::ByItself, BlankInside::Unused),
    rule(&["reject-box-full"],
        Who::Supervisor, Task::EmptyRejectBox,
        Resumes::ByItself, BlankInside::LikelySpoiled),
    rule(&["marker-supply-low", "marker-print-ribbon-almost-empty", "marker-waste-almost-full", "toner-low"],
        Who::Operator, Task::PrepareRibbon, Resumes::PrintsOn, BlankInside::Unused),
    rule(&["marker-supply-empty", "marker-print-ribbon-empty", "marker-waste-full", "toner-empty"],
        Who::Operator, Task::ChangeRibbon,
        Resumes::ByItself, BlankInside::MayBeSpoiled),
    rule(&["marker-supply-missing", "marker-print-ribbon-missing"],
        Who::Operator, Task::InsertRibbon, Resumes::ByItself, BlankInside::Unused),
    rule(&["cover-open", "door-open", "interlock-open"],
        Who::Operator, Task::ClosePrinter,
        Resumes::ByItself, BlankInside::MayBeSpoiled),
    rule(&["cleaner-life-almost-over", "cleaner-life-over", "marker-cleaner-missing"],
        Who::Operator, Task::CleanSoon, Resumes::PrintsOn, BlankInside::Unused),
    rule(&["fuser-over-temp", "fuser-under-temp", "subunit-cooling-down", "subunit-warming-up"],
        Who::Nobody, Task::WaitForTemperature, Resumes::ByItself, BlankInside::MayBeSpoiled),
    rule(&["subunit-empty", "subunit-missing"],
        Who::Operator, Task::InsertLaminate, Resumes::ByItself, BlankInside::MayBeSpoiled),
    rule(&["paused", "moving-to-paused", "stopping", "stopped-partly", "hold-new-jobs", STOPPED],
        Who::Supervisor, Task::ResumePrinter,
        Resumes::ByItself, BlankInside::Unused),
    rule(&["spool-area-full"],
        Who::Administrator, Task::FreeDisk, Resumes::ByItself, BlankInside::Unused),
    rule(&["connecting-to-device", "timed-out", "shutdown", "offline", "power-down"],
        Who::Technician, Task::CheckConnection, Resumes::ByItself, BlankInside::Unknown),
    rule(&["media-drying", "marker-adjusting-print-quality", "identify-printer-requested", "configuration-change",
           "resuming", "deactivated", "cups-waiting-for-job-completed", "processing-to-stop-point"],
        Who::Nobody, Task::Nothing, Resumes::PrintsOn, BlankInside::Unused),
    rule(&["input-media-size-change", "input-media-type-change", "input-media-color-change", "input-manual-input-request",
           "media-path-cannot-duplex-media-selected"],
        Who::Operator, Task::LoadProfileBlanks, Resumes::ByItself, BlankInside::Unused),
    rule(&["motor-failure", "media-path-failure", "marker-fuser-thermistor-failure", "marker-fuser-timing-failure",
           "subunit-unrecoverable-failure", "subunit-thermistor-failure", "subunit-motor-failure"],
        Who::Technician, Task::CallService,
        Resumes::WithTheNextCard, BlankInside::LikelySpoiled),
    rule(&["other"],
        Who::Operator, Task::ReadDisplay,
        Resumes::WhenCleared, BlankInside::MayBeSpoiled),
    rule(&["printer-busy"],
        Who::Operator, Task::WaitForOtherJob,
        Resumes::ByItself, BlankInside::Unused),
    rule(&["not-accepting-jobs"],
        Who::Supervisor, Task::AcceptJobs,
        Resumes::ByItself, BlankInside::Unused),
    rule(&["document-format-not-supported"],
        Who::Administrator, Task::UseOtherPrinter, Resumes::ByItself, BlankInside::Unused),
    rule(&["needs-operator"],
        Who::Administrator, Task::ReadRefusal,
        Resumes::ByItself, BlankInside::Unused),
    rule(&["not-acknowledged"],
        Who::Supervisor, Task::RemoveObjections,
        Resumes::ByItself, BlankInside::Unused),
    rule(&[TAKES_TOO_LONG],
        Who::Operator, Task::CheckSlowCard,
        Resumes::ByItself, BlankInside::Unknown),
    rule(&["printer-restarted"],
        Who::Operator, Task::CheckRestart,
        Resumes::WithTheNextCard, BlankInside::Unknown),
    rule(&["job-name-not-kept"],
        Who::Technician, Task::UsePrinterWithNames,
        Resumes::WhenCleared, BlankInside::Unused),
    rule(&["sides-ignored", "media-ignored", "copies-ignored", "print-scaling-ignored", "job-attributes-ignored"],
        Who::Technician, Task::CheckAbilities,
        Resumes::WhenCleared, BlankInside::Unused),
    rule(&["job-queries-refused"],
        Who::Technician, Task::AllowJobQueries,
        Resumes::ByItself, BlankInside::Unknown),
    rule(&[OTHER_PRINTER],
        Who::Supervisor, Task::CheckOtherPrinter,
        Resumes::WhenCleared, BlankInside::Unknown),
    rule(&[UNKNOWN_JOBS],
        Who::Supervisor, Task::CheckUnknownJobs,
        Resumes::WhenCleared, BlankInside::Unused),
    rule(&[REFUSES_CARDS],
        Who::Technician, Task::ReadFailures,
        Resumes::ByItself, BlankInside::Unused),
    rule(&[CANCEL_REFUSED],
        Who::Operator, Task::CancelAtPrinter,
        Resumes::ByItself, BlankInside::Unused),
    rule(&["several-impressions", "several-sheets"],
        Who::Operator, Task::CheckSecondCard,
        Resumes::WithTheNextCard, BlankInside::LikelySpoiled),
];

/// The advice for a reason as a printer reports it, with or without a suffix. Any text is allowed.
pub fn advise(reason: &str) -> Advice {
    let find = |keyword: &str| RULES.iter().find(|rule| rule.keywords.contains(&keyword));
    let suffixes = [("-report", Severity::Report), ("-warning", Severity::Warning), ("-error", Severity::Error)];
    let split = suffixes.iter().find_map(|(suffix, severity)| Some((reason.strip_suffix(suffix)?, *severity)));
    // A few keywords themselves end in `-error`.
    let whole = (reason, Severity::Error);
    let (keyword, severity) = if find(reason).is_some() { whole } else { split.unwrap_or(whole) };
    let rule = find(keyword).unwrap_or(&UNKNOWN);
    Advice {
        keyword: keyword.to_owned(),
        severity,
        who: rule.who,
        action: rule.action,
        resumes: rule.resumes,
        blank: rule.blank,
        stops_feeding: severity != Severity::Report && rule.resumes != Resumes::PrintsOn,
    }
}

/// The known keywords.
#[cfg(test)]
pub fn keywords() -> impl Iterator<Item = &'static str> {
    RULES.iter().flat_map(|rule| rule.keywords).copied()
}

/// Whether a known reason makes a started card wait inside the printer. Unknown keywords do not count, because
/// `job-state-reasons` has many that mean something else.
pub fn waits_for_a_person(reason: &str) -> bool {
    let advice = advise(reason);
    advice.stops_feeding && advice.resumes != Resumes::WhenCleared
}

/// The keywords that stop the printer, without those that an operator has acknowledged.
pub fn stopping(reasons: &[String], acknowledged: &[String]) -> Vec<String> {
    let advice = reasons.iter().map(|reason| advise(reason)).filter(|advice| advice.stops_feeding);
    advice.map(|advice| advice.keyword).filter(|keyword| !acknowledged.contains(keyword)).collect()
}

/// The acknowledged keywords that the printer still reports. A reason that disappears and returns counts again.
pub fn still_acknowledged(reasons: &[String], acknowledged: &[String]) -> Vec<String> {
    let said: Vec<String> = reasons.iter().map(|reason| advise(reason).keyword).collect();
    acknowledged.iter().filter(|keyword| said.contains(keyword)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn no_keyword_has_two_rules() {
        let mut all: Vec<&str> = keywords().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn a_suffix_gives_the_severity_and_not_the_reason() {
        for (reason, severity) in [
            ("media-jam-report", Severity::Report),
            ("media-jam-warning", Severity::Warning),
            ("media-jam-error", Severity::Error),
            ("media-jam", Severity::Error),
        ] {
            let advice = advise(reason);
            assert_eq!((advice.keyword.as_str(), advice.severity), ("media-jam", severity));
            assert_eq!(advice.stops_feeding, severity != Severity::Report, "{reason}");
        }
        for keyword in keywords() {
            assert_eq!(advise(keyword).keyword, keyword);
            assert_eq!(advise(&format!("{keyword}-warning")).keyword, keyword);
        }
    }

    #[test]
    fn a_warning_does_not_stop_printing_and_an_unknown_reason_does() {
        for reason in
            ["media-low-warning", "marker-supply-low-error", "cleaner-life-over", "identify-printer-requested"]
        {
            assert!(!advise(reason).stops_feeding, "{reason}");
        }
        for reason in ["media-empty-warning", "cover-open-error", "vendor-flux-capacitor", "other-warning", "-", "é"] {
            assert!(advise(reason).stops_feeding, "{reason}");
        }
        assert_eq!(advise("vendor-flux-capacitor").resumes, Resumes::WhenCleared);
    }

    #[test]
    fn what_an_operator_declared_to_be_over_counts_again_once_it_went_away() {
        let sticky = words(&["media-jam-error", "marker-supply-low-warning"]);
        let acknowledged = words(&["media-jam"]);

        assert_eq!(stopping(&sticky, &[]), words(&["media-jam"]));
        assert_eq!(stopping(&sticky, &acknowledged), words(&[]));
        assert_eq!(still_acknowledged(&sticky, &acknowledged), acknowledged);
        assert_eq!(still_acknowledged(&words(&["cover-open"]), &acknowledged), words(&[]));
    }
}
