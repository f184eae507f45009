//! What a printer cannot guarantee, and why it must not be used, in words.

use super::{message::list, reason::quote};
use crate::{domain::objection::Objection, engine::operations::Caution};

/// One sentence.
pub fn caution(caution: Caution) -> &'static str {
    match caution {
        Caution::CannotHold => {
            "It cannot hold a job: if this program or the connection fails while a card is sent, a blank may be spoiled, \
             and a person has to check what became of the card."
        }
        Caution::NoUpTime => "It does not report its up-time: a restart may go unnoticed.",
        Caution::UpTimeNoClock => {
            "Its up-time does not count seconds, so it does not tell restarts: a restart may go unnoticed."
        }
        Caution::NoMedia => "It reports no media: this program cannot check that it prints on cards.",
        Caution::CountsBackendPages => {
            "It counts a card only if its backend reports pages: a card that it does not count is uncertain."
        }
        Caution::ForgetsJobs => {
            "It may forget a finished card after a minute or when it restarts: a card whose end was not seen in time is \
             uncertain."
        }
    }
}

/// One sentence, with the remedy if there is one.
pub fn objection(objection: &Objection) -> String {
    let mm = |hundredths: u32| f64::from(hundredths) / 100.0;
    match objection {
        Objection::MissingOperations { operations } => {
            format!("It does not support {}: its cards cannot be followed.", list(operations))
        }
        Objection::CupsQueue => {
            "It is a CUPS queue: after a crash CUPS forgets cards or prints them twice, unless it is configured with \
             `DirtyCleanInterval 0`, `PreserveJobFiles No`, `PreserveJobHistory Yes`, `MaxJobs 20000` and `MaxJobTime 0`, \
             and its spooled documents are removed before each start; this program cannot check these settings."
                .to_owned()
        }
        Objection::NoRestartEvents => "It does not support subscriptions: its restarts cannot be detected.".to_owned(),
        Objection::ErrorPolicy { policy } => format!(
            "Its error policy is {}, which prints a card again after a failure: set it with \
             `lpadmin -p QUEUE -o printer-error-policy=abort-job`.",
            quote(policy.as_str())
        ),
        Objection::ForwardsJobs => {
            "It forwards jobs to another IPP printer and reports cards that were never made: add that printer itself."
                .to_owned()
        }
        Objection::CancelsLateJobs { after_s } => format!(
            "It cancels a job that is not finished after {after_s} s, for example one that waits for blanks: set \
             `MaxJobTime 0`."
        ),
        Objection::NoFormat { formats } => {
            format!("It accepts none of the formats in which cards are rendered: {}.", list(formats))
        }
        Objection::NoResolution { formats, offered } => {
            let offered: Vec<String> = offered.iter().map(|dpi| resolution(*dpi)).collect();
            format!(
                "It accepts {} at {} only, and cards are rendered with 100 to 1200 dpi, the same in both directions.",
                list(formats),
                offered.join(", ")
            )
        }
        Objection::OneSided { profile } => {
            format!("It reports no two-sided `sides`, and a card of `{profile}` has two sides.")
        }
        Objection::OneSidedFormats { profile } => {
            format!("It accepts no format that holds two sides, and a card of `{profile}` has two sides.")
        }
        Objection::SameDevice { printer } => format!(
            "By its `printer-uuid` it is the device of printer `{printer}`: under two names its blanks would be counted \
             twice."
        ),
        Objection::NoMedium { profile, width, height } => {
            format!("It reports no medium of {} x {} mm, the size of a card of `{profile}`.", mm(*width), mm(*height))
        }
    }
}

/// A resolution in cross-feed and feed direction: `300 dpi`, or `300 x 600 dpi`.
pub fn resolution([across, along]: [u32; 2]) -> String {
    if across == along { format!("{across} dpi") } else { format!("{across} x {along} dpi") }
}

/// All of them in one text.
pub(super) fn objections(all: &[Objection]) -> String {
    all.iter().map(objection).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolutions_that_do_not_fit_are_named() {
        let formats = vec!["image/pwg-raster".to_owned(), "image/urf".to_owned()];
        let fault = Objection::NoResolution { formats, offered: vec![[300, 600], [2_400, 2_400]] };
        assert_eq!(
            objection(&fault),
            "It accepts `image/pwg-raster`, `image/urf` at 300 x 600 dpi, 2400 dpi only, and cards are rendered with 100 to \
             1200 dpi, the same in both directions."
        );
    }

    #[test]
    fn a_missing_medium_is_named_by_its_size() {
        let medium = Objection::NoMedium { profile: "student".into(), width: 8_560, height: 5_398 };
        let text = "It reports no medium of 85.6 x 53.98 mm, the size of a card of `student`.";
        assert_eq!(
            objections(&[medium, Objection::NoRestartEvents]),
            format!("{text} {}", objection(&Objection::NoRestartEvents))
        );
    }
}
