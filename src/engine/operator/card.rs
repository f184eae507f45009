//! Records, cards, inspections and reprints.

use cetak_driver_api::{AttemptId, Found};

use super::{EngineError, Office, RecordName, begin, find_record};
use crate::{
    domain::{
        attempt::{AttemptState, FoundCard},
        audit::Event,
        id::WarrantId,
        job::{inspect, settle},
        profile::PhotoRule,
        record::{self, RecordState, RecordView, WrongState},
        stock::Cause,
        transition::Transition,
        warrant::{approve, may_be_reprinted},
    },
    engine::{batcher, card, hand, intake::open_person, reconcile::uncertain},
    render::{Card, Output},
    store::Tx,
};

pub use crate::domain::attempt::FoundCard as FoundByPerson;

/// One act on one record.
async fn act(
    office: &Office,
    name: &RecordName,
    decide: impl AsyncFnOnce(&mut Tx, &RecordView) -> Result<Transition, EngineError>,
) -> Result<(), EngineError> {
    let mut tx = begin(office).await?;
    let id = find_record(&mut tx, name).await?;
    let view = tx.record_view(id).await?;
    let transition = decide(&mut tx, &view).await?;
    tx.save(vec![transition]).await?;
    Ok(tx.commit().await?)
}

/// Keeps a record off the waiting list.
pub async fn record_hold(office: &Office, name: &RecordName, reason: &str) -> Result<(), EngineError> {
    act(office, name, async |_, view| Ok(record::hold(view, reason)?)).await
}

/// Puts a held or quarantined record on the waiting list, if nothing speaks against it.
pub async fn record_release(office: &Office, name: &RecordName, reason: &str) -> Result<(), EngineError> {
    act(office, name, async |tx, view| {
        let beside = tx.records_beside(view.id).await?;
        let replaces = office.profile(&view.profile)?.kind(&view.kind).is_some_and(|kind| kind.replaces);
        Ok(record::release(view, replaces, &beside, reason)?)
    })
    .await
}

/// A record's card as it would be printed now, to be looked at. Whoever looks at it is on record.
pub async fn card_preview(office: &Office, name: &RecordName, output: &Output) -> Result<Vec<u8>, EngineError> {
    let mut tx = begin(office).await?;
    let id = find_record(&mut tx, name).await?;
    let view = tx.record_view(id).await?;
    let profile = office.profile(&view.profile)?;
    let refused = |message: String| EngineError::Refused { message, hint: None };
    let body = tx.bodies_get(&[id]).await?.pop().ok_or_else(|| refused(format!("{} has no body", view.subject)))?;
    let keys = office.store.keys();
    let person = open_person(keys, &body).map_err(refused)?;
    if output.only.is_some_and(|side| side > 0) && profile.card.back.is_none() {
        return Err(EngineError::refused(format!("a card of `{}` has no back", profile.name), "leave out --side"));
    }
    let renderer = (office.renderers)(&profile).map_err(|error| refused(error.to_string()))?;
    let photo = if renderer.shows_photo() { card::photo_of(&mut tx, keys, &person).await? } else { Ok(None) };
    let photo = photo.map_err(|why| refused(format!("{}: {why}", view.subject)))?;
    // As long as an attempt's name, so that a code is as fine; and that of none.
    let attempt = format!("cetak-{}-00000000-0000-7000-8000-000000000000", office.settings.site);
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
    let bytes = drawn.map_err(|error| refused(format!("{}: {error}", view.subject)))?;
    tx.audit(Event::new("card.previewed", &view.subject).with("version", view.version));
    tx.commit().await?;
    Ok(bytes)
}

/// A person found the card good.
pub async fn card_check(office: &Office, name: &RecordName) -> Result<(), EngineError> {
    act(office, name, async |_, view| Ok(record::check(view)?)).await
}

/// A person found the card bad.
pub async fn card_reject(office: &Office, name: &RecordName, cause: Cause, reason: &str) -> Result<(), EngineError> {
    if !cause.is_spoilage() {
        let message = format!("`{}` is no cause of spoilage", cause.as_str());
        return Err(EngineError::refused(message, "causes are encode-failed, print-failed, damaged and data-changed"));
    }
    act(office, name, async |_, view| Ok(record::reject(view, cause, reason)?)).await
}

/// The citizen has the card. The photo is purged when no other record needs it.
pub async fn card_hand_over(office: &Office, name: &RecordName) -> Result<(), EngineError> {
    act(office, name, async |_, view| Ok(record::hand_over(view)?)).await
}

/// The citizen gave the card back.
pub async fn card_surrender(office: &Office, name: &RecordName, reason: &str) -> Result<(), EngineError> {
    act(office, name, async |_, view| Ok(record::surrender(view, reason)?)).await
}

async fn attempt_key(tx: &mut Tx, name: &str) -> Result<crate::domain::id::AttemptKey, EngineError> {
    if let Some(found) = tx.attempt_find(name).await? {
        return Ok(found);
    }
    let message = match tx.attempt_archived(name).await? {
        Some(state) => format!("attempt `{name}` is `{state}`, and archived"),
        None => format!("there is no attempt `{name}`"),
    };
    Err(EngineError::refused(message, "see the open ones with `cetak inspect list`"))
}

/// A person's answer to an uncertain attempt. Once only.
pub async fn inspect_resolve(
    office: &Office,
    attempt: &str,
    found: FoundCard,
    reason: &str,
) -> Result<(), EngineError> {
    let mut tx = begin(office).await?;
    let key = attempt_key(&mut tx, attempt).await?;
    let view = tx.attempts_view(&[key], &|profile| office.attempts_limit(profile)).await?.pop();
    let Some(view) = view else {
        return Err(EngineError::refused(
            format!("there is no attempt `{attempt}`"),
            "see them with `cetak inspect list`",
        ));
    };
    if view.state != AttemptState::Uncertain {
        let hint = if view.state.is_open() {
            "it is not ended; declare it first with `cetak inspect declare`"
        } else {
            "see the open ones with `cetak inspect list`"
        };
        return Err(EngineError::refused(
            format!("attempt `{attempt}` is `{}`, and only an `uncertain` one can be resolved", view.state.as_str()),
            hint,
        ));
    }
    tx.save(vec![inspect(&view, found, reason)?]).await?;
    Ok(tx.commit().await?)
}

/// An operator says that nobody will learn what became of an open attempt: its printer does not answer. It becomes
/// uncertain, and is then inspected.
pub async fn declare_uncertain(office: &Office, attempt: &str, reason: &str) -> Result<(), EngineError> {
    refuse_if_answering(office, attempt).await?;
    let mut tx = begin(office).await?;
    let key = attempt_key(&mut tx, attempt).await?;
    let view = tx.attempts_view(&[key], &|profile| office.attempts_limit(profile)).await?.pop();
    let Some(view) = view.filter(|view| view.state.is_open()) else {
        return Err(EngineError::refused(
            format!("attempt `{attempt}` has no card in hand"),
            "only an attempt that is open can be declared uncertain",
        ));
    };
    let outcome = uncertain(&format!("declared by a person: {reason}"));
    let transition = settle(&view, &outcome, office.settings.backoff, tx.now(), 0.0, None);
    tx.save(vec![transition]).await?;
    if view.batch_is_closing
        && let Some(batch) = tx.batch_get(view.batch).await?
    {
        batcher::end(&mut tx, &batch, "the last card in hand was declared uncertain").await?;
    }
    tx.audit(Event::new("attempt.declared", attempt).with("reason", reason));
    Ok(tx.commit().await?)
}

/// A printer that still answers for its card settles it by itself; declaring it would let the record be printed again.
async fn refuse_if_answering(office: &Office, attempt: &str) -> Result<(), EngineError> {
    let open = office.store.read().await?.attempt_open(attempt).await?;
    let Some((printer, open)) = open else { return Ok(()) };
    let Some(printer) = office.store.read().await?.printer_get(&printer).await? else { return Ok(()) };
    let Ok(driver) = (office.drivers)(&printer.name, &printer.uri) else { return Ok(()) };
    let Ok(id) = AttemptId::new(attempt) else { return Ok(()) };
    let reference = hand::reference(&open, id);
    match driver.find(&reference).await {
        Err(_) | Ok(Found::NeverSeen { .. } | Found::Forgotten) => Ok(()),
        Ok(Found::Held | Found::Queued | Found::Printing { .. } | Found::Ended(_)) => Err(EngineError::refused(
            format!("printer `{}` still answers for attempt `{attempt}`", printer.name),
            "let `cetak run` settle it, or cancel it at the printer first",
        )),
    }
}

/// Asks for leave to print a record again.
pub async fn reprint_request(office: &Office, name: &RecordName, reason: &str) -> Result<WarrantId, EngineError> {
    let mut tx = begin(office).await?;
    let id = find_record(&mut tx, name).await?;
    let view = tx.record_view(id).await?;
    let profile = office.profile(&view.profile)?;
    if !profile.reprint_reasons.iter().any(|r| r == reason) {
        let message = format!("`{reason}` is no reason for a reprint of `{}`", profile.name);
        return Err(EngineError::refused(message, format!("reasons are `{}`", profile.reprint_reasons.join("`, `"))));
    }
    may_be_reprinted(view.state, &view.subject)?;
    photo_is_there(&view, profile.photo)?;
    let warrant = tx.warrant_request(id, reason).await?;
    tx.audit(Event::new("reprint.requested", &view.subject).with("warrant", warrant).with("reason", reason));
    tx.commit().await?;
    Ok(warrant)
}

/// A warrant applies until the photo is purged; after that a new request is imported.
fn photo_is_there(view: &RecordView, rule: PhotoRule) -> Result<(), WrongState> {
    if view.state == RecordState::HandedOver && rule == PhotoRule::Required {
        return Err(WrongState::new(&view.subject, view.state, "its photo is purged; import a new request"));
    }
    Ok(())
}

/// Another person approves: one more copy goes on the waiting list.
pub async fn reprint_approve(office: &Office, id: WarrantId) -> Result<(), EngineError> {
    let mut tx = begin(office).await?;
    let Some(warrant) = tx.warrant_get(id).await? else { return Err(no_warrant(id)) };
    let view = tx.record_view(warrant.record).await?;
    let profile = office.profile(&view.profile)?;
    let lost = profile.lost_reasons.contains(&warrant.reason);
    let transition = approve(&warrant, tx.actor(), &view, lost)?;
    photo_is_there(&view, profile.photo)?;
    if view.stop.is_some() {
        return Err(EngineError::refused(
            format!("the card of {} is stopped", view.subject),
            "reject it with `cetak card reject`",
        ));
    }
    tx.warrant_decide(id, "approved").await?;
    tx.save(vec![transition]).await?;
    Ok(tx.commit().await?)
}

/// Another person refuses.
pub async fn reprint_refuse(office: &Office, id: WarrantId, reason: &str) -> Result<(), EngineError> {
    let mut tx = begin(office).await?;
    let Some(warrant) = tx.warrant_get(id).await? else { return Err(no_warrant(id)) };
    if warrant.state != "requested" {
        return Err(EngineError::refused(
            format!("warrant {id} is already `{}`", warrant.state),
            "a warrant is decided once",
        ));
    }
    let subject = tx.record_view(warrant.record).await?.subject;
    tx.warrant_decide(id, "refused").await?;
    tx.audit(Event::new("reprint.refused", subject).with("warrant", id).with("reason", reason));
    Ok(tx.commit().await?)
}

fn no_warrant(id: WarrantId) -> EngineError {
    EngineError::refused(format!("there is no warrant {id}"), "see them with `cetak reprint list`")
}
