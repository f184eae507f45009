//! The code on a card: which card it is, or that it is none of this office.

use serde::{Deserialize, Serialize};

use super::{
    Engine, EngineError, Query,
    found::{FoundRecord, found},
};
use crate::{
    domain::permission::Operation,
    engine::{operations::RecordName, operations::find_record, printing::card::keyed_hash},
    store::{AttemptLine, JobScope, Tx},
};

/// Asks which card has a code of the form `{request_id} {attempt} {keyed_hash}`, as those of the built-in profiles.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanCard {
    /// The text of the code.
    pub code: String,
}

/// What a code proves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CardVerdict {
    /// It has another form: it is not the code of a card of this program.
    OtherForm,
    /// Its hash does not belong to its request and its attempt under the key of this office: a forged card, or one of another
    /// office.
    WrongHash,
    /// The key of this office made it, and this database does not know the attempt: a preview, or a card that another copy of
    /// the database printed.
    UnknownAttempt,
    /// It is the card of its record.
    Current,
    /// It is the card of its record, which was withdrawn or updated after the card was rendered: it must not be handed over.
    Recalled,
    /// It was the card of its record, and the citizen gave it back: it is to be destroyed.
    Surrendered,
    /// It was made for this record, and is not its card: rejected, replaced, or not printed as a good card.
    NotCurrent,
}

/// What a code says of the card that it stands on.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ScannedCard {
    /// What the code proves.
    pub verdict: CardVerdict,
    /// The attempt that made the card.
    pub attempt: Option<AttemptLine>,
    /// The batch of the attempt.
    pub batch: Option<i64>,
    /// The record, as it is now.
    pub found: Option<FoundRecord>,
}

impl Query for ScanCard {
    type Answer = ScannedCard;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<ScannedCard, EngineError> {
        read(engine, &mut engine.store.read().await?, &self).await
    }
}

/// Reads what a code says, in a transaction that reads.
pub(super) async fn read(engine: &Engine, tx: &mut Tx, asked: &ScanCard) -> Result<ScannedCard, EngineError> {
    let no = |verdict| Ok(ScannedCard { verdict, attempt: None, batch: None, found: None });
    let words: Vec<&str> = asked.code.split_whitespace().collect();
    let &[request_id, attempt, hash] = &*words else { return no(CardVerdict::OtherForm) };
    if !keyed_hash(engine.store.keys(), request_id, attempt).eq_ignore_ascii_case(hash) {
        return no(CardVerdict::WrongHash);
    }
    let Some(job) = tx.job_of_attempt(attempt).await? else { return no(CardVerdict::UnknownAttempt) };
    let Some(job) = tx.job_list(JobScope::Job(job), None, 0, 1).await?.pop() else {
        return no(CardVerdict::UnknownAttempt);
    };
    let name = RecordName { source: job.source, request_id: job.request_id };
    let id = find_record(tx, &name).await?;
    let found = found(engine, tx, id).await?;
    let is_card = name.request_id == request_id && found.card.as_ref().is_some_and(|card| card.attempt == attempt);
    let verdict = match (is_card, found.record.surrendered, found.record.stop.is_some()) {
        (false, _, _) => CardVerdict::NotCurrent,
        (true, true, _) => CardVerdict::Surrendered,
        (true, false, true) => CardVerdict::Recalled,
        (true, false, false) => CardVerdict::Current,
    };
    Ok(ScannedCard {
        verdict,
        attempt: job.attempts.into_iter().find(|line| line.id == attempt),
        batch: Some(job.batch),
        found: Some(found),
    })
}
