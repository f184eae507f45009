//! Cards that exist: previewed, checked, rejected, handed over, surrendered.

use serde::{Deserialize, Serialize};

use super::{
    act::{Act, RecordName},
    record::{open, save},
};
use crate::{
    domain::{
        audit::Event,
        permission::{Operation, Permit},
        reason::{RenderFault, SealedFault},
        record,
        refusal::Refusal,
        value::{Note, SpoilageCause},
    },
    engine::{Engine, EngineError, person::open_person, printing::card, render_fault::render_fault},
    render::{Card, Output},
};

/// A record's card as it would be printed now. The preview is on record, as it shows a person. It is no [`Act`]: its answer
/// is a picture, and its argument a choice of the renderer's.
pub async fn card_preview(
    engine: &Engine,
    permit: &Permit,
    name: &RecordName,
    output: &Output,
) -> Result<Vec<u8>, EngineError> {
    let (mut tx, view) = open(engine, permit.covers(Operation::CardPreview)?, name).await?;
    let profile = engine.profile(&view.profile)?;
    let record = || view.subject.clone();
    let unreadable = |fault| Refusal::RecordUnreadable { record: record(), fault };
    let body = tx.bodies_get(&[view.id]).await?.pop().ok_or_else(|| unreadable(SealedFault::Missing))?;
    let keys = engine.store.keys();
    let person = open_person(keys, &body).map_err(unreadable)?;
    if output.only.is_some_and(|side| side > 0) && profile.card.back.is_none() {
        return Err(Refusal::NoBack { profile: profile.name.clone() }.into());
    }
    let not_rendered = |fault| Refusal::CardNotRendered { record: record(), fault };
    let renderer = (engine.renderers)(&profile)
        .map_err(|error| Refusal::ProfileNotRendered { profile: profile.name.clone(), detail: error.to_string() })?;
    let photo = if renderer.shows_photo() { card::photo_of(&mut tx, keys, &person).await? } else { Ok(None) };
    let photo = photo.map_err(|photo| not_rendered(RenderFault::Photo { photo }))?;
    // As long as an attempt's name, so that a code has as many modules; no attempt has this name.
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
    let bytes = drawn.map_err(|error| not_rendered(render_fault(&error)))?;
    tx.audit_of(view.id, Event::new("card.previewed", &view.subject).with("version", view.version));
    tx.commit().await?;
    Ok(bytes)
}

/// A person found the card good.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CheckCard {
    /// The card's record.
    pub record: RecordName,
}

impl Act for CheckCard {
    type Answer = ();
    const OPERATION: Operation = Operation::CardCheck;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let (tx, view) = open(engine, permit.covers(Self::OPERATION)?, &self.record).await?;
        save(tx, record::check(&view)?).await
    }
}

/// A person found the card bad, or stopped it: it is spoiled.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RejectCard {
    /// The card's record.
    pub record: RecordName,
    /// What spoiled it.
    pub cause: SpoilageCause,
    /// Why.
    pub note: Note,
}

impl Act for RejectCard {
    type Answer = ();
    const OPERATION: Operation = Operation::CardCheck;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let (tx, view) = open(engine, permit.covers(Self::OPERATION)?, &self.record).await?;
        save(tx, record::reject(&view, self.cause.get(), self.note.as_str())?).await
    }
}

/// The citizen has the card. The photo is deleted when no other record needs it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HandOverCard {
    /// The card's record.
    pub record: RecordName,
}

impl Act for HandOverCard {
    type Answer = ();
    const OPERATION: Operation = Operation::CardHandOver;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let (tx, view) = open(engine, permit.covers(Self::OPERATION)?, &self.record).await?;
        save(tx, record::hand_over(&view)?).await
    }
}

/// The citizen gave the card back: it is to be destroyed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SurrenderCard {
    /// The card's record.
    pub record: RecordName,
    /// Why.
    pub note: Note,
}

impl Act for SurrenderCard {
    type Answer = ();
    const OPERATION: Operation = Operation::CardHandOver;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let (tx, view) = open(engine, permit.covers(Self::OPERATION)?, &self.record).await?;
        save(tx, record::surrender(&view, self.note.as_str())?).await
    }
}
