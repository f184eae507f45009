//! Judges a list as a whole before its first row is imported.

use std::{collections::HashSet, sync::Arc};

use tokio::sync::mpsc;

use super::{
    repeats::{Repeats, RequestIds},
    report::{Accept, Import},
    rows::Rows,
};
use crate::{
    domain::{
        card::profile::CardProfile,
        id::RecordId,
        import::{
            Layout,
            identifier::is_request_id,
            survey::{Identifiers, may_withdraw_as_many},
        },
        permission::Permit,
        reason::Reason,
        record::RecordState,
        refusal::Refusal,
        withdrawal::hold_unaccepted,
    },
    engine::{Engine, EngineError},
};

/// The request ids that are looked up at once, and the records that are held in one transaction, for whose end others wait.
const RECORDS_AT_ONCE: usize = 1_000;
const HELD_AT_ONCE: usize = 100;

/// Reads the whole list, and refuses it if it cannot be read to its end, or looks wrong and is not accepted. The records that too
/// many withdrawals would take off the waiting list are held, except by a dry run. Returns the request ids that a dry run must remember.
pub(super) async fn judge(
    (engine, permit): (&Engine, &Permit),
    rows: Rows,
    layout: &Layout,
    profile: &Arc<CardProfile>,
    what: &Import,
) -> Result<Repeats, EngineError> {
    let (sender, mut withdrawn) = mpsc::channel(4);
    let reading = tokio::task::spawn_blocking({
        let (profile, columns, is_dry_run) = (profile.clone(), layout.survey_columns(), what.dry_run);
        move || read(rows, &profile, (columns, is_dry_run), &sender)
    });
    let mut records: HashSet<RecordId> = HashSet::new();
    while let Some(request_ids) = withdrawn.recv().await {
        records.extend(withdrawable(engine, what, &request_ids).await?);
    }
    let (identifiers, request_ids) = match reading.await {
        Ok(read) => read?,
        Err(_) => return Err(Refusal::ReadingFailed.into()),
    };
    if identifiers.are_rounded() && !what.accept.contains(&Accept::Rounded) {
        let Identifiers { all, rounded } = identifiers;
        return Err(Refusal::RoundedIdentifiers { rounded, all }.into());
    }
    let (count, known) = (records.len() as u64, known(engine, &what.profile).await?);
    if may_withdraw_as_many(count, known) || what.accept.contains(&Accept::Withdrawals) {
        return Ok(request_ids.repeats());
    }
    let held = if what.dry_run { 0 } else { hold(engine, permit, records).await? };
    Err(Refusal::ManyWithdrawals { withdrawn: count, known, held }.into())
}

/// Reads the list; sends the request ids of the rows that would withdraw their record. Returns all request ids of a dry run.
fn read(
    mut rows: Rows,
    profile: &CardProfile,
    (columns, is_dry_run): ([usize; 3], bool),
    sender: &mpsc::Sender<Vec<String>>,
) -> Result<(Identifiers, RequestIds), Refusal> {
    rows.read_only(columns);
    let [request_id, status, identifier] = columns;
    let (mut identifiers, mut request_ids) = (Identifiers::default(), RequestIds::default());
    let mut withdrawn = Vec::new();
    while let Some(row) = rows.next()? {
        let Ok(row) = row else { continue };
        if !row.faults.is_empty() {
            continue;
        }
        identifiers.add(&row.values[identifier]);
        if is_dry_run {
            request_ids.add(&row.values[request_id]);
        }
        let is_id = is_request_id(&profile.identifier, &row.values[request_id]);
        if is_id && profile.other_statuses.contains(&row.values[status]) {
            withdrawn.push(row.values[request_id].clone());
        }
        if withdrawn.len() == RECORDS_AT_ONCE && sender.blocking_send(std::mem::take(&mut withdrawn)).is_err() {
            return Ok((identifiers, request_ids)); // the other side failed, and says why
        }
    }
    // The receiver is gone if the other side failed.
    let _ = sender.blocking_send(withdrawn);
    Ok((identifiers, request_ids))
}

/// The records with these request ids that a withdrawal would change.
async fn withdrawable(engine: &Engine, what: &Import, request_ids: &[String]) -> Result<Vec<RecordId>, EngineError> {
    let request_ids: Vec<&str> = request_ids.iter().map(String::as_str).collect();
    let found = engine.store.read().await?.records_find(&what.source, &request_ids).await?;
    let changes = found.into_iter().filter(|record| {
        record.profile == what.profile
            && !record.recalled
            && !matches!(record.state, RecordState::Withdrawn | RecordState::HandedOver)
    });
    Ok(changes.map(|record| record.id).collect())
}

/// The number of records of the profile that a list could withdraw.
async fn known(engine: &Engine, profile: &str) -> Result<u64, EngineError> {
    let counts = engine.store.read().await?.record_counts().await?;
    let gone = [RecordState::Withdrawn, RecordState::HandedOver].map(RecordState::as_str);
    let known = counts.iter().filter(|count| count.profile == profile && !gone.contains(&count.state.as_str()));
    Ok(u64::try_from(known.map(|count| count.count).sum::<i64>()).unwrap_or_default())
}

/// Holds those of the records that wait, or are queued; returns their number with those that are held for this reason already.
async fn hold(engine: &Engine, permit: &Permit, records: HashSet<RecordId>) -> Result<u64, EngineError> {
    let mut records: Vec<RecordId> = records.into_iter().collect();
    records.sort_unstable();
    let unaccepted = Some(Reason::WithdrawalNotAccepted.to_stored());
    let mut held = 0;
    for records in records.chunks(HELD_AT_ONCE) {
        let mut tx = engine.write(permit).await?;
        let mut transitions = Vec::new();
        for record in records {
            let view = tx.record_view(*record).await?;
            held += u64::from(view.state == RecordState::Held && view.reason == unaccepted);
            transitions.extend(hold_unaccepted(&view));
        }
        held += transitions.len() as u64;
        tx.save(transitions).await?;
        tx.commit().await?;
    }
    Ok(held)
}
