//! Records, without what they say of a person.

use serde::{Deserialize, Serialize};

use super::{
    Engine, EngineError, Page, PageRequest, Query,
    known::{OfRecords, refuse_unknown_of_records},
};
use crate::{
    domain::{id::BatchId, permission::Operation, record::RecordState, refusal::Refusal, time::Timestamp},
    engine::operations::{RecordName, find_record, no_record},
    store::{RecordFilter, RecordLine, Walk},
};

/// Asks for records, in the order in which they were imported; those of a batch in the order of their jobs, and those that were
/// printed in some time in the order of their cards. What is not named is not compared.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRecords {
    /// Only of this state.
    #[serde(default)]
    pub state: Option<RecordState>,
    /// Only of this source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Only of this card profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Only of this district, the first key of the pile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// Only of this kind of request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only of this priority class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<i64>,
    /// Only with a reason of this code, such as `living-card`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "^[a-z-]*$"))]
    pub reason: Option<String>,
    /// Only with a card that a person found good, or only with another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<bool>,
    /// Only with a card that is recalled, or only with another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recalled: Option<bool>,
    /// Only those that were verified before they were requested, or only others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_before_request: Option<bool>,
    /// Only those that are or were in this batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchId>,
    /// Only those of which a good card was printed at this instant or later; not together with `batch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printed_since: Option<Timestamp>,
    /// Only those of which a good card was printed before this instant; not together with `batch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printed_until: Option<Timestamp>,
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl ListRecords {
    /// The filter of the store, and the code of a reason as far as it is one.
    fn filter(&self) -> Result<RecordFilter, Refusal> {
        let walk = match (self.batch, self.printed_since, self.printed_until) {
            (Some(batch), None, None) => Walk::Batch(batch),
            (Some(_), _, _) => return Err(Refusal::FiltersExclude),
            (None, None, None) => Walk::Imported,
            (None, since, until) => Walk::Printed(since.unwrap_or_default(), until.unwrap_or(Timestamp(i64::MAX))),
        };
        let is_code = |code: &str| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        if self.reason.as_deref().is_some_and(|code| !is_code(code)) {
            return Err(Refusal::NotAReasonCode);
        }
        let Self { state, source, profile, district, kind, class, reason, checked, recalled, .. } = self.clone();
        let verified_before_request = self.verified_before_request;
        Ok(RecordFilter {
            state,
            source,
            profile,
            district,
            kind,
            class,
            reason,
            checked,
            recalled,
            verified_before_request,
            newest: None,
            walk,
        })
    }
}

impl ListRecords {
    /// The filters by names that are known.
    fn named(&self) -> OfRecords<'_> {
        OfRecords {
            profile: self.profile.as_deref(),
            district: self.district.as_deref(),
            source: self.source.as_deref(),
            kind: self.kind.as_deref(),
            reason: self.reason.as_deref(),
            batch: self.batch,
        }
    }
}

impl Query for ListRecords {
    type Answer = Page<RecordLine>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Page<RecordLine>, EngineError> {
        let filter = self.filter()?;
        let (after, limit) = self.page.range();
        let mut tx = engine.store.read().await?;
        let looked = tx.record_list(&filter, after, limit).await?;
        if looked.records.is_empty() && self.page.after.is_none() {
            refuse_unknown_of_records(engine, &mut tx, self.named()).await?;
        }
        Ok(Page::looked(looked.records, self.page.limit, looked.looked_to))
    }
}

/// Asks for one record; its jobs and events are lists of their own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowRecord {
    /// The record.
    pub record: RecordName,
}

impl Query for ShowRecord {
    type Answer = RecordLine;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<RecordLine, EngineError> {
        let mut tx = engine.store.read().await?;
        let id = find_record(&mut tx, &self.record).await?;
        tx.record_line(id).await?.ok_or_else(|| no_record(&self.record).into())
    }
}
