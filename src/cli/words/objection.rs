//! Why a printer must not be used, in words.

use super::message::list;
use crate::domain::objection::Objection;

/// One sentence. That of a driver is its own.
pub fn objection(objection: &Objection) -> String {
    let mm = |hundredths: u32| f64::from(hundredths) / 100.0;
    match objection {
        Objection::Driver { detail } => detail.as_str().to_owned(),
        Objection::NoFormat { formats } => {
            format!("It accepts none of the formats in which cards are rendered: {}.", list(formats))
        }
        Objection::OneSided { profile } => {
            format!("It reports no two-sided `sides`, and a card of `{profile}` has two sides.")
        }
        Objection::OneSidedFormats { profile } => {
            format!("It accepts no format that holds two sides, and a card of `{profile}` has two sides.")
        }
        Objection::NoMedium { profile, width, height } => {
            format!("It reports no medium of {} x {} mm, the size of a card of `{profile}`.", mm(*width), mm(*height))
        }
    }
}

/// All of them in one text.
pub(super) fn objections(all: &[Objection]) -> String {
    all.iter().map(objection).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_medium_is_named_by_its_size() {
        let medium = Objection::NoMedium { profile: "student".into(), width: 8_560, height: 5_398 };
        let text = "It reports no medium of 85.6 x 53.98 mm, the size of a card of `student`.";
        assert_eq!(objections(&[medium, Objection::Driver { detail: "It hums.".into() }]), format!("{text} It hums."));
    }
}
