//! Pictures of people: the photo of a record, and its card as it would be printed. Each look is on record. They are no
//! [`Act`](super::Act)s: their answers are pictures.

use super::act::{RecordName, find_record};
use crate::{
    domain::{
        audit::Event,
        permission::{Operation, Permit},
        reason::{RenderFault, SealedFault},
        record::RecordView,
        refusal::Refusal,
    },
    engine::{Engine, EngineError, person::open_person, printing::card, render_fault::render_fault},
    render::{Card, Output},
    store::{StoredBody, Tx},
};

/// A record's card as it would be printed now.
pub async fn card_preview(
    engine: &Engine,
    permit: &Permit,
    name: &RecordName,
    output: Output,
) -> Result<Vec<u8>, EngineError> {
    let permit = permit.covers(Operation::CardPreview)?;
    let (mut tx, view, body) = opened(engine, name).await?;
    let profile = engine.profile(&view.profile)?;
    let record = view.subject.clone();
    let keys = engine.store.keys();
    let person =
        open_person(keys, &body).map_err(|fault| Refusal::RecordUnreadable { record: record.clone(), fault })?;
    if output.only.is_some_and(|side| side > 0) && profile.card.back.is_none() {
        return Err(Refusal::NoBack { profile: profile.name.clone() }.into());
    }
    let not_rendered = move |fault| Refusal::CardNotRendered { record: record.clone(), fault };
    let renderer = (engine.renderers)(&profile)
        .map_err(|error| Refusal::ProfileNotRendered { profile: profile.name.clone(), detail: error.to_string() })?;
    let photo = if renderer.shows_photo() { card::photo_of(&mut tx, keys, &person).await? } else { Ok(None) };
    let photo = photo.map_err(|photo| not_rendered(RenderFault::Photo { photo }))?;
    drop(tx);
    // As long as an attempt's name, so that a code has as many modules; no attempt has this name.
    let attempt = format!("cetak-{}-00000000-0000-7000-8000-000000000000", engine.settings.site);
    let keyed_hash = card::keyed_hash(keys, &body.request_id, &attempt);
    let place = engine.looks.may_draw().await;
    let draw = move || {
        let _place = place;
        let card = Card {
            person: &person,
            district: &body.district,
            village: &body.village,
            request_id: &body.request_id,
            attempt: &attempt,
            keyed_hash: &keyed_hash,
            photo: photo.as_deref().map(Vec::as_slice),
        };
        renderer.draw(&card, &output)
    };
    let drawn = tokio::task::spawn_blocking(draw).await.map_err(|_| not_rendered(RenderFault::Panicked))?;
    let bytes = drawn.map_err(|error| not_rendered(render_fault(&error)))?;
    looked(engine, permit, &view, "card.previewed").await?;
    Ok(bytes)
}

/// The photo of a record, as it was imported.
pub async fn record_photo(engine: &Engine, permit: &Permit, name: &RecordName) -> Result<Vec<u8>, EngineError> {
    let permit = permit.covers(Operation::CardPreview)?;
    let (mut tx, view, body) = opened(engine, name).await?;
    let keys = engine.store.keys();
    let record = || view.subject.clone();
    let person = open_person(keys, &body).map_err(|fault| Refusal::RecordUnreadable { record: record(), fault })?;
    let no_photo = |fault| Refusal::NoPhoto { record: record(), fault };
    let photo = card::photo_of(&mut tx, keys, &person).await?.map_err(|fault| no_photo(Some(fault)))?;
    let mut photo = photo.ok_or_else(|| no_photo(None))?;
    drop(tx);
    looked(engine, permit, &view, "photo.viewed").await?;
    Ok(std::mem::take(&mut *photo))
}

/// A record and its body, in a transaction that reads.
async fn opened(engine: &Engine, name: &RecordName) -> Result<(Tx, RecordView, StoredBody), EngineError> {
    let mut tx = engine.store.read().await?;
    let id = find_record(&mut tx, name).await?;
    let view = tx.record_view(id).await?;
    let missing = || Refusal::RecordUnreadable { record: view.subject.clone(), fault: SealedFault::Missing };
    let body = tx.bodies_get(&[id]).await?.pop().ok_or_else(missing)?;
    Ok((tx, view, body))
}

/// Records a look, unless the audit has one of the account, the record and the kind of picture that is less than 10 minutes old.
async fn looked(engine: &Engine, permit: &Permit, view: &RecordView, kind: &'static str) -> Result<(), EngineError> {
    let account = permit.actor().and_then(|actor| actor.account);
    let look = account.map(|account| (account, view.id, kind));
    let now = engine.clock.elapsed();
    if look.is_some_and(|look| engine.looks.has(&look, now)) {
        return Ok(());
    }
    let mut tx = engine.write(permit).await?;
    tx.audit_of(view.id, Event::new(kind, &view.subject).with("version", view.version));
    tx.commit().await?;
    if let Some(look) = look {
        engine.looks.add(look, now);
    }
    Ok(())
}
