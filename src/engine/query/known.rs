//! Filters with a value that nothing has. A list that finds nothing for one is refused with the values that are known, as a misspelt
//! one looks like an empty list otherwise.

use std::collections::BTreeSet;

use super::{Engine, EngineError};
use crate::{
    domain::{id::BatchId, reason::Reason, refusal::Refusal},
    store::Tx,
};

/// How many known values a refusal names.
const NAMED_MAX: usize = 50;

/// Filters of records.
pub(super) struct OfRecords<'a> {
    pub(super) profile: Option<&'a str>,
    pub(super) district: Option<&'a str>,
    pub(super) source: Option<&'a str>,
    pub(super) kind: Option<&'a str>,
    pub(super) reason: Option<&'a str>,
    pub(super) batch: Option<BatchId>,
}

/// Filters of movements.
pub(super) struct OfMovements<'a> {
    pub(super) blank_type: Option<&'a str>,
    pub(super) lot: Option<&'a str>,
    pub(super) account: Option<&'a str>,
}

/// Refuses a filter of records that no record can match.
pub(super) async fn refuse_unknown_of_records(
    engine: &Engine,
    tx: &mut Tx,
    asked: OfRecords<'_>,
) -> Result<(), EngineError> {
    let profiles = || engine.profiles.values();
    if asked.profile.is_some() || asked.district.is_some() {
        let counts = tx.record_counts().await?;
        let named = profiles().map(|profile| profile.name.clone());
        check("profile", asked.profile, named.chain(counts.iter().map(|count| count.profile.clone())))?;
        check("district", asked.district, counts.iter().map(|count| count.district.clone()))?;
    }
    if asked.source.is_some() {
        check("source", asked.source, tx.sources().await?)?;
    }
    let kinds = profiles().flat_map(|profile| profile.kinds.iter().map(|kind| kind.name.clone()));
    check("kind", asked.kind, kinds)?;
    check("code", asked.reason, Reason::CODES_OF_RECORDS.iter().map(|code| (*code).to_owned()))?;
    match asked.batch {
        Some(batch) if tx.batch_line(batch).await?.is_none() => Err(Refusal::NoBatch { batch }.into()),
        Some(_) | None => Ok(()),
    }
}

/// Refuses a filter of movements that no movement can match.
pub(super) async fn refuse_unknown_of_movements(
    engine: &Engine,
    tx: &mut Tx,
    asked: OfMovements<'_>,
) -> Result<(), EngineError> {
    let balances = tx.balance_list().await?;
    let types = engine.profiles.values().map(|profile| profile.blank_type.clone());
    let booked = balances.iter().map(|line| line.blank_type.clone());
    check("blank-type", asked.blank_type, types.chain(booked))?;
    check("lot", asked.lot, balances.iter().map(|line| line.lot.clone()))?;
    let placed = asked.account.filter(|account| account.contains(':'));
    let used = balances.iter().filter(|line| !line.place.is_empty());
    let used = used.map(|line| format!("{}:{}", line.account, line.place));
    let printers = tx.printer_list().await?;
    let hoppers =
        printers.iter().flat_map(|printer| ["hopper", "reserved"].map(|name| format!("{name}:{}", printer.name)));
    Ok(check("account", placed, used.chain(hoppers))?)
}

/// Refuses a value that is not one of `known`.
pub(super) fn check(filter: &str, value: Option<&str>, known: impl IntoIterator<Item = String>) -> Result<(), Refusal> {
    let Some(value) = value else { return Ok(()) };
    let known: BTreeSet<String> = known.into_iter().filter(|known| !known.is_empty()).collect();
    if value.is_empty() || known.contains(value) {
        return Ok(());
    }
    let known = known.into_iter().take(NAMED_MAX).collect();
    Err(Refusal::UnknownFilter { filter: filter.to_owned(), value: value.to_owned(), known })
}
