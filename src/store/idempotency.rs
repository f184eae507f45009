//! Requests that are carried out once, however often they are sent.

use super::{StoreError, Tx, carried::Carried, doing, execute, keys::hex, on};
use crate::domain::{
    request_key::{ANSWER_KEPT, RequestKey},
    time::Timestamp,
};

/// The most answers that one transaction deletes.
const DELETED_AT_ONCE: i64 = 500;

/// One row by its key.
pub(super) const ANSWER_BY_KEY: &str =
    "SELECT request_digest, answer FROM idempotency WHERE key_digest = $1 AND answered_at_us > $2";

/// The oldest answers, by the index of their time.
pub(super) const ANSWERS_OLD: &str = "
    DELETE FROM idempotency WHERE key_digest IN (
        SELECT key_digest FROM idempotency WHERE answered_at_us <= $1 ORDER BY answered_at_us LIMIT $2)";

impl Tx {
    /// Makes this the transaction of a request: the commit saves its answer, which is `null` unless
    /// [`commit_with`](Self::commit_with) has another.
    ///
    /// # Errors
    ///
    /// [`StoreError::RequestAnswered`] if another transaction has saved one, [`StoreError::RequestDiffers`] if the key was used for
    /// another request.
    pub async fn carry_out(&mut self, request: RequestKey, nonce: [u8; 24]) -> Result<(), StoreError> {
        if self.answer_find(request, self.now).await?.is_some() {
            return Err(StoreError::RequestAnswered);
        }
        self.carried = Some(Carried { request, nonce, answer: "null".to_owned() });
        Ok(())
    }

    /// The answer of a request, as JSON; `None` if it was not carried out, or not in the last 24 hours.
    ///
    /// # Errors
    ///
    /// [`StoreError::RequestDiffers`] if the key was used for another request.
    pub async fn answer_find(&mut self, request: RequestKey, now: Timestamp) -> Result<Option<String>, StoreError> {
        let (key, after) = (request.key.as_slice(), now.minus(ANSWER_KEPT).0);
        let row: Option<(Vec<u8>, Vec<u8>)> =
            on!(self, c => sqlx::query_as(ANSWER_BY_KEY).bind(key).bind(after).fetch_optional(c))
                .map_err(doing("reading the answer of a request"))?;
        let Some((of, sealed)) = row else { return Ok(None) };
        if of != request.request {
            return Err(StoreError::RequestDiffers);
        }
        let corrupt = |what: String| StoreError::Corrupt { table: "idempotency", id: hex(&request.key), what };
        let answer = self.keys.open(&field(request), &sealed).map_err(|error| corrupt(error.to_string()))?;
        String::from_utf8(answer.to_vec()).map(Some).map_err(|error| corrupt(error.to_string()))
    }

    /// Commits with an answer, which is saved if this is the transaction of a request.
    pub async fn commit_with(mut self, answer: &(impl serde::Serialize + Sync)) -> Result<(), StoreError> {
        if let Some(carried) = &mut self.carried {
            // Cannot fail: answers are texts and numbers.
            carried.answer = serde_json::to_string(answer).unwrap_or_default();
        }
        self.commit().await
    }

    /// Commits something else than the last part of what a request asks for: no answer is saved.
    pub async fn commit_part(mut self) -> Result<(), StoreError> {
        self.carried = None;
        self.commit().await
    }

    /// Saves the answer of the request that this transaction carries out. One of more than 24 hours ago is replaced.
    pub(super) async fn answer_save(&mut self) -> Result<(), StoreError> {
        const SAVE: &str = "
            INSERT INTO idempotency (key_digest, request_digest, answer, answered_at_us) VALUES ($1, $2, $3, $4)
            ON CONFLICT (key_digest) DO UPDATE SET request_digest = excluded.request_digest, answer = excluded.answer,
                answered_at_us = excluded.answered_at_us";
        let Some(Carried { request, nonce, answer }) = self.carried.take() else { return Ok(()) };
        let sealed = self.keys.seal(&field(request), nonce, answer.as_bytes());
        let (key, of) = (request.key.as_slice(), request.request.as_slice());
        let saving = execute!(self, sqlx::query(SAVE).bind(key).bind(of).bind(&*sealed).bind(self.now.0));
        saving.map(drop).map_err(doing("saving the answer of a request"))
    }

    /// Whether there is an answer of 24 hours ago or more.
    pub async fn answers_are_old(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        const OLDEST: &str = "SELECT MIN(answered_at_us) FROM idempotency";
        let oldest: Option<i64> = on!(self, c => sqlx::query_scalar(OLDEST).fetch_one(c))
            .map_err(doing("reading the answers of requests"))?;
        Ok(oldest.is_some_and(|oldest| oldest <= now.minus(ANSWER_KEPT).0))
    }

    /// Deletes answers of 24 hours ago or more, oldest first, and not all at once. Returns whether there may be more.
    pub async fn answers_delete_old(&mut self) -> Result<bool, StoreError> {
        let until = self.now.minus(ANSWER_KEPT).0;
        let deleted = execute!(self, sqlx::query(ANSWERS_OLD).bind(until).bind(DELETED_AT_ONCE))
            .map_err(doing("deleting old answers of requests"))?;
        Ok(i64::try_from(deleted) == Ok(DELETED_AT_ONCE))
    }
}

/// What is authenticated with a sealed answer.
fn field(request: RequestKey) -> String {
    format!("idempotency/{}/{}/answer", hex(&request.key), hex(&request.request))
}
