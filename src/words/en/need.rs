//! What needs a person, in words, with the command that shows or settles it.

use jiff::tz::TimeZone;

use super::{
    count::count_state,
    instance::differences,
    message::Message,
    number::thousands,
    operation as words,
    printer::task,
    source::{refused_list, source_fault, source_remedy},
    standing::standing,
    store::outage_command,
    time::local,
};
use crate::{
    domain::{
        id::CountId,
        printer_reason::{REFUSES_CARDS, Resumes},
        source::{RefusedList, SourceFault},
        states::CountState,
    },
    engine::{
        fault::{Fault, FaultSince},
        query::{FreeBlanks, Need, NeedKind, NoBlanks, ReservedBlanks},
    },
};

/// A need as people read it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NeedText {
    /// What waits.
    pub what: String,
    /// The command that shows or settles it.
    pub command: String,
}

/// The text of a need, with times in the office's zone.
pub fn need(need: &Need, zone: &TimeZone) -> NeedText {
    let text = |what: &str, command: &str| NeedText { what: what.to_owned(), command: command.to_owned() };
    match &need.kind {
        NeedKind::UncertainCards => text("cards with an unknown outcome", "cetak inspect list"),
        NeedKind::QuarantinedRecords => text("quarantined records", "cetak record quarantined"),
        NeedKind::StoppedCards => text(
            "printed cards to reject, as their records were withdrawn or changed meanwhile",
            "cetak card reject REQUEST_ID --cause data-changed --reason TEXT",
        ),
        NeedKind::ReprintsToApprove => text("reprints that wait for approval", "cetak reprint list"),
        NeedKind::ActsToConfirm { operation } => {
            let name = words::operation(*operation);
            text(&format!("acts that wait for a second person: {name}"), "cetak act list")
        }
        NeedKind::BatchesToApprove => text("batches that wait for approval", "cetak batch list"),
        NeedKind::CardsToCheck if need.count > 1 => text("cards to be checked", "cetak card check --batch NUMBER"),
        NeedKind::CardsToCheck => text("cards to be checked", "cetak card check REQUEST_ID"),
        NeedKind::CardsToHandOver => text("checked cards to be handed over", "cetak card hand-over REQUEST_ID"),
        NeedKind::CardsUncollected => {
            text("cards that were sent to districts long ago and not handed over", "cetak card sent --overdue")
        }
        NeedKind::CountWaits { number, blank_type, printer, state, since } => {
            count_waits((*number, *state), blank_type, printer.as_deref(), &local(since, zone))
        }
        NeedKind::CardsToDestroy { blank_type } => cards_to_destroy(blank_type, need.count),
        NeedKind::PrinterLocked { printer } => {
            text(&format!("printer `{printer}` failed repeatedly"), &format!("cetak printer clear {printer}"))
        }
        NeedKind::PrinterReason { printer, advice, declared_over } => {
            let clears = !declared_over && matches!(advice.resumes, Resumes::WhenCleared | Resumes::WithTheNextCard);
            let verb = if clears { "clear" } else { "show" };
            let command = match &*advice.keyword {
                REFUSES_CARDS => "cetak job list".to_owned(),
                // It may have a card, whose outcome it does not tell.
                "job-queries-refused" => "cetak inspect declare ATTEMPT".to_owned(),
                _ => format!("cetak printer {verb} {printer}"),
            };
            let (who, action, keyword) = (advice.who.as_str(), task(advice.action), &advice.keyword);
            let still = if *declared_over { ", which it still reports after `cetak printer clear`" } else { "" };
            text(&format!("{who}, printer `{printer}`: {action} ({keyword}{still})"), &command)
        }
        NeedKind::TrayFull { printer } => tray_full(printer),
        NeedKind::RibbonUsedUp { printer, cards } => ribbon_used_up(printer, *cards),
        NeedKind::CleaningDue { printer } => cleaning_due(printer),
        NeedKind::PrinterStopped { printer } => printer_stopped(printer),
        NeedKind::NoPrinter { profile } => text(
            &format!("records of profile `{profile}` wait, and no printer prints its cards"),
            &format!("cetak printer add NAME URI --profile {profile}"),
        ),
        NeedKind::NoBlanks(no_blanks) => no_blanks_text(no_blanks, zone),
        NeedKind::PersonsRekeyed { profile } => persons_rekeyed(profile),
        NeedKind::SettingsWrong { fault } => wrong("no scheduler starts with these settings", fault),
        NeedKind::ProfileBroken { fault } => wrong("printers of this card profile print nothing", fault),
        NeedKind::SchedulerFault(FaultSince { fault, since }) => {
            let since = since.map_or_else(String::new, |since| format!(" since {}", local(&since.to_string(), zone)));
            fault_text(fault, &since)
        }
        NeedKind::InstanceInDoubt { doubt } => in_doubt(&differences(doubt)),
        NeedKind::RecordsHeldAtAdoption => {
            text("records held, as another copy of the database may have printed them", "cetak record held")
        }
        NeedKind::SourceAway { source, fault, since } => source_away(source, *fault, &local(since, zone)),
        NeedKind::ListsRefused { source, last } => lists_refused(source, last.as_ref()),
        NeedKind::ClockBehind => text(
            "no card starts, because the clock is behind the newest audit row: set it, or accept it if it is right",
            "cetak db accept-clock --reason TEXT",
        ),
    }
}

/// What a fault of settings or of a profile stops.
fn wrong(stops: &str, fault: &str) -> NeedText {
    let fault = Message::from_detail(fault).text;
    NeedText { what: format!("{stops}: {fault}"), command: "cetak config check".into() }
}

fn tray_full(printer: &str) -> NeedText {
    NeedText {
        what: format!("the output tray of printer `{printer}` is full: empty it, then say so"),
        command: format!("cetak printer supplies {printer} --tray 0"),
    }
}

fn ribbon_used_up(printer: &str, cards: i64) -> NeedText {
    NeedText {
        what: format!("the ribbon of printer `{printer}` is used up: put in another one, then say so"),
        command: format!("cetak printer supplies {printer} --ribbon {cards}"),
    }
}

fn cleaning_due(printer: &str) -> NeedText {
    NeedText {
        what: format!("printer `{printer}` has to be cleaned: do so, then say so"),
        command: format!("cetak printer supplies {printer} --cleaned"),
    }
}

fn printer_stopped(printer: &str) -> NeedText {
    NeedText {
        what: format!("printer `{printer}` is stopped and gives no reason for it"),
        command: format!("cetak printer show {printer}"),
    }
}

fn source_away(source: &str, fault: SourceFault, since: &str) -> NeedText {
    NeedText {
        what: format!("source `{source}` is away since {since}: {}; {}", source_fault(fault), source_remedy(fault)),
        command: format!("cetak source test {source}"),
    }
}

fn lists_refused(source: &str, last: Option<&RefusedList>) -> NeedText {
    let last = last.map_or_else(String::new, |last| format!(", the last one {}", refused_list(last)));
    NeedText {
        what: format!(
            "files of source `{source}` were refused{last}; mend each and put it into the folder of the source again, or take it away"
        ),
        command: "cetak source list".into(),
    }
}

fn count_waits(
    (count, state): (CountId, CountState),
    blank_type: &str,
    printer: Option<&str>,
    since: &str,
) -> NeedText {
    let place = printer.map_or_else(|| "the vault".to_owned(), |printer| format!("the hopper of `{printer}`"));
    let verb = if state.waits_for_entry() { "enter" } else { "show" };
    NeedText {
        what: format!("count {count} of {place}, type `{blank_type}`, {} since {since}", count_state(state)),
        command: format!("cetak blangko count {verb} {count}"),
    }
}

fn persons_rekeyed(profile: &str) -> NeedText {
    NeedText {
        what: format!("nothing of profile `{profile}` is printed or imported, as not all of its persons are rekeyed"),
        command: format!("cetak db rekey-persons --profile {profile}"),
    }
}

fn in_doubt(differences: &str) -> NeedText {
    NeedText {
        what: format!(
            "no card starts, because the database may be a copy, and the original may print elsewhere: {differences}"
        ),
        command: "cetak db adopt --printed-since none|unknown --reason TEXT".into(),
    }
}

fn cards_to_destroy(blank_type: &str, count: i64) -> NeedText {
    NeedText {
        what: format!("spoiled cards to be destroyed, of type `{blank_type}`"),
        command: format!("cetak blangko destroy --type {blank_type} --quantity {count} --document NUMBER"),
    }
}

/// Where blanks of the type are, and the command that brings them to the printer.
fn no_blanks_text(no_blanks: &NoBlanks, zone: &TimeZone) -> NeedText {
    let NoBlanks { printers, blank_type, hopper, vault, free, reserved } = no_blanks;
    let names = printers.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let (has, place) = match (printers.len(), *hopper) {
        (0 | 1, false) => (format!("printer {names} has"), ""),
        (0 | 1, true) => (format!("printer {names} has"), " in its hopper"),
        (_, false) => (format!("printers {names} have"), ""),
        (_, true) => (format!("printers {names} have"), " in their hoppers"),
    };
    let mut what = format!("{has} no free blanks of type `{blank_type}`{place}, and records wait");
    if *hopper && *vault > 0 {
        what += &format!("; {} are in the vault", thousands(*vault));
        let first = printers.first().map_or("", |name| name);
        return NeedText { what, command: format!("cetak blangko load --printer {first} --quantity NUMBER") };
    }
    if *hopper {
        what += "; the vault has none";
    }
    if let Some(FreeBlanks { printer: other, blanks }) = free {
        what += &format!("; {} are free in the hopper of `{other}`", thousands(*blanks));
    }
    if let Some(ReservedBlanks { batch, printer: other, blanks, obstacle }) = reserved {
        let why = obstacle.as_ref().map_or(String::new(), |why| format!(" ({})", standing(why, zone)));
        what += &format!("; {} are reserved for batch {batch} on printer `{other}`{why}", thousands(*blanks));
    }
    let command = match (free, reserved.as_ref().filter(|reserved| reserved.obstacle.is_some())) {
        (Some(free), _) => format!("cetak blangko unload --printer {} --quantity {}", free.printer, free.blanks),
        (None, Some(reserved)) => format!("cetak batch cancel {} --reason TEXT", reserved.batch),
        (None, None) => format!("cetak blangko receive --type {blank_type} --quantity NUMBER --document NUMBER"),
    };
    NeedText { what, command }
}

/// The text of a fault of the scheduler. `since` is empty or begins with a space.
fn fault_text(fault: &Fault, since: &str) -> NeedText {
    let text = |what: String, command: String| NeedText { what, command };
    match fault {
        Fault::DatabaseAway { outage } => {
            text(format!("the scheduler cannot use the database{since}: {outage}"), outage_command(outage))
        }
        Fault::DatabaseNotWritten { outage } => text(
            format!("no card starts{since}, because the database cannot be written: {outage}"),
            outage_command(outage),
        ),
        Fault::WorkerFails { printer, error } => text(
            format!("printer `{printer}` gets no card{since}, because its worker fails: {error}"),
            "cetak db check".into(),
        ),
        Fault::DataFolderUnread { error } => text(
            format!("no card starts{since}, because the database cannot be compared with the data folder: {error}"),
            "cetak status, after the user of the scheduler can read it".into(),
        ),
        Fault::SchedulerSuspended { process } => {
            text(format!("the scheduler, process {process}, is suspended{since}"), format!("kill -CONT {process}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::printer_reason::advise;

    #[test]
    fn a_reason_that_has_to_be_cleared_names_that_command_and_another_the_command_that_shows_it() {
        let (clear, show) = ("cetak printer clear p1", "cetak printer show p1");
        for (reason, declared_over, command) in
            [("media-jam", false, clear), ("media-jam", true, show), ("media-empty", false, show)]
        {
            let advice = advise(reason);
            let kind = NeedKind::PrinterReason { printer: "p1".into(), advice: advice.clone(), declared_over };
            let text = need(&Need { kind, count: 1 }, &TimeZone::UTC);
            assert_eq!(text.command, command);
            assert!(text.what.contains(reason) && text.what.contains(task(advice.action)), "{}", text.what);
            assert_eq!(text.what.contains("still reports"), declared_over, "{}", text.what);
        }
    }
}
