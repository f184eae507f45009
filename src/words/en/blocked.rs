//! Why a printer gets no card, in words.

use crate::domain::dispatch::Blocked;

/// What a person reads after the name of the printer.
pub fn blocked(reason: Blocked) -> &'static str {
    match reason {
        Blocked::ClockBehind => {
            "the clock is behind the newest audit row; set it, or accept it with `cetak db accept-clock` if it is right"
        }
        Blocked::InstanceInDoubt => {
            "the database may be a copy, and the original may print elsewhere; see `cetak status`, and adopt it with `cetak db adopt`"
        }
        Blocked::Paused => "paused",
        Blocked::OutsideWindow => "outside its window",
        Blocked::BreakerLocked => "the printer failed again; an operator has to clear it",
        Blocked::CannotPrint => "the printer cannot print",
        Blocked::CardWaitsInside => "its card waits inside the printer for a person",
        Blocked::AttemptUnanswered => "the printer does not answer for the card that it was sent",
        Blocked::AttemptNameInvalid => "the name of an open attempt is not valid at a printer",
        Blocked::SiteNameInvalid => "the site's name is too long for a job name",
        Blocked::TrayFull => "its output tray is full; empty it, and say so with `cetak printer supplies`",
        Blocked::RibbonUsedUp => "its ribbon is used up; put in another one, and say so with `cetak printer supplies`",
        Blocked::CleaningDue => "it has to be cleaned; then say so with `cetak printer supplies`",
        Blocked::Rests => "it rests after its cards, and goes on by itself",
        Blocked::NoBlanks => "no blanks; `cetak status` says where they are, and what to do",
        Blocked::NothingWaits => "no record waits",
        Blocked::AwaitsApproval => "its batch waits for approval",
        Blocked::CannotRender => "its cards cannot be rendered; see the log, and try `cetak profile check`",
        Blocked::Misconfigured => "its address or its options are wrong",
    }
}

/// The same of a printer that gives state reasons: those of one that cannot print belong to it.
pub fn blocked_by(reason: Blocked, reasons: &[String]) -> String {
    let cannot_print = matches!(reason, Blocked::CannotPrint | Blocked::CardWaitsInside | Blocked::AttemptUnanswered);
    let text = blocked(reason);
    if cannot_print && !reasons.is_empty() { format!("{text}: {}", reasons.join(", ")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printer_that_cannot_print_is_told_with_its_reasons_and_one_that_is_paused_without() {
        let jam = ["media-jam".to_owned()];
        assert_eq!(blocked_by(Blocked::CannotPrint, &jam), "the printer cannot print: media-jam");
        assert_eq!(blocked_by(Blocked::CannotPrint, &[]), "the printer cannot print");
        assert_eq!(blocked_by(Blocked::Paused, &jam), "paused");
    }
}
