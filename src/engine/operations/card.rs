//! Cards that exist: previewed, checked, rejected, handed over, surrendered.

use super::{Engine, EngineError, RecordName, begin, find_record, record::act};
use crate::{
    domain::{audit::Event, record, refusal::Refusal, stock::Cause},
    engine::{person::open_person, printing::card},
    render::{Card, Output},
};

/// A record's card as it would be printed now, to be looked at. Whoever looks at it is on record.
pub async fn card_preview(engine: &Engine, name: &RecordName, output: &Output) -> Result<Vec<u8>, EngineError> {
    let mut tx = begin(engine).await?;
    let id = find_record(&mut tx, name).await?;
    let view = tx.record_view(id).await?;
    let profile = engine.profile(&view.profile)?;
    let record = || view.subject.clone();
    let unreadable = |detail: String| Refusal::RecordUnreadable { record: record(), detail };
    let body = tx.bodies_get(&[id]).await?.pop().ok_or_else(|| unreadable("it is not there".into()))?;
    let keys = engine.store.keys();
    let person = open_person(keys, &body).map_err(unreadable)?;
    if output.only.is_some_and(|side| side > 0) && profile.card.back.is_none() {
        return Err(Refusal::NoBack { profile: profile.name.clone() }.into());
    }
    let not_rendered = |detail: String| Refusal::CardNotRendered { record: record(), detail };
    let renderer = (engine.renderers)(&profile)
        .map_err(|error| Refusal::ProfileNotRendered { profile: profile.name.clone(), detail: error.to_string() })?;
    let photo = if renderer.shows_photo() { card::photo_of(&mut tx, keys, &person).await? } else { Ok(None) };
    let photo = photo.map_err(|detail| not_rendered(detail.to_owned()))?;
    // As long as an attempt's name, so that a code is as fine; and that of none.
    let attempt = format!("cetak-{}-00000000-0000-7000-8000-000000000000", engine.settings.site);
    let drawn = renderer.draw(
        &Card {
            person: &person,
            district: &body.district,
            village: &body.village,
            request_id: &body.request_id,
            attempt: &attempt,
            keyed_hash: &card::keyed_hash(keys, &body.request_id, &attempt),
            photo: photo.as_deref().map(Vec::as_slice),
        },
        output,
    );
    let bytes = drawn.map_err(|error| not_rendered(error.to_string()))?;
    tx.audit(Event::new("card.previewed", &view.subject).with("version", view.version));
    tx.commit().await?;
    Ok(bytes)
}

/// A person found the card good.
pub async fn card_check(engine: &Engine, name: &RecordName) -> Result<(), EngineError> {
    act(engine, name, async |_, view| Ok(record::check(view)?)).await
}

/// A person found the card bad.
pub async fn card_reject(engine: &Engine, name: &RecordName, cause: Cause, reason: &str) -> Result<(), EngineError> {
    if !cause.is_spoilage() {
        return Err(Refusal::not_spoilage(cause).into());
    }
    act(engine, name, async |_, view| Ok(record::reject(view, cause, reason)?)).await
}

/// The citizen has the card. The photo is purged when no other record needs it.
pub async fn card_hand_over(engine: &Engine, name: &RecordName) -> Result<(), EngineError> {
    act(engine, name, async |_, view| Ok(record::hand_over(view)?)).await
}

/// The citizen gave the card back.
pub async fn card_surrender(engine: &Engine, name: &RecordName, reason: &str) -> Result<(), EngineError> {
    act(engine, name, async |_, view| Ok(record::surrender(view, reason)?)).await
}
