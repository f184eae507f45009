//! Whether a printer is suitable for the cards of a profile.

use cetak_driver_api::Capabilities;

use super::document;
use crate::{domain::card::media, engine::Engine};

/// Why a printer must not be used for cards of that profile, unless a person overrides it with a reason.
pub fn objections(engine: &Engine, profile: &str, found: &Capabilities) -> Vec<String> {
    let mut objections = found.objections.clone();
    let Ok(profile) = engine.profile(profile) else { return objections };
    objections.extend(document::objections(document::choose(found, &profile).as_ref(), &profile));
    if media::has_size(&found.media, profile.card.width_mm, profile.card.height_mm) == Some(false) {
        objections.push(format!(
            "It names no medium of {} x {} mm, the size of a card of `{}`.",
            profile.card.width_mm, profile.card.height_mm, profile.name
        ));
    }
    objections
}
