//! Whether a printer is suitable for the cards of a profile.

use cetak_driver_api::{self as driver, Capabilities};

use super::document;
use crate::{
    domain::{card::media, objection::Objection, printer::Printer},
    engine::Engine,
};

/// Why a printer must not be used for cards of that profile, unless a person overrides it with a reason.
pub fn objections(engine: &Engine, profile: &str, found: &Capabilities) -> Vec<Objection> {
    let mut objections: Vec<Objection> = found.objections.iter().cloned().map(of_driver).collect();
    let Ok(profile) = engine.profile(profile) else { return objections };
    objections.extend(document::objections(found, &profile));
    if media::has_size(&found.media, profile.card.width_mm, profile.card.height_mm) == Some(false) {
        objections.push(Objection::NoMedium {
            width: hundredths(profile.card.width_mm),
            height: hundredths(profile.card.height_mm),
            profile: profile.name.clone(),
        });
    }
    objections
}

/// The `printer-uuid` that a printer had when it was asked last.
pub(in crate::engine) fn identity(printer: &Printer) -> Option<String> {
    serde_json::from_str::<Capabilities>(printer.capabilities.as_deref()?).ok()?.identity
}

/// What a printer is, as it is saved for people; what counts up by itself is left out.
pub(in crate::engine) fn lasting(found: &Capabilities) -> Option<String> {
    serde_json::to_string(&Capabilities { up_time_s: None, impressions_completed: None, ..found.clone() }).ok()
}

fn of_driver(objection: driver::Objection) -> Objection {
    match objection {
        driver::Objection::MissingOperations { operations } => Objection::MissingOperations { operations },
        driver::Objection::CupsQueue => Objection::CupsQueue,
        driver::Objection::NoRestartEvents => Objection::NoRestartEvents,
        driver::Objection::ErrorPolicy { policy } => Objection::ErrorPolicy { policy: policy.into() },
        driver::Objection::ForwardsJobs => Objection::ForwardsJobs,
        driver::Objection::CancelsLateJobs { after_s } => Objection::CancelsLateJobs { after_s },
    }
}

/// A length in hundredths of a millimetre.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a card of a profile is 10 to 300 mm long")]
fn hundredths(mm: f32) -> u32 {
    (mm * 100.0).round() as u32
}
