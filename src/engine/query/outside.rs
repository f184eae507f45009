//! Cards that can be handed over, are in districts, or were handed over.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Page, PageRequest, Query};
use crate::{
    domain::{
        card_out::ProxyDocument, permission::Operation, personal::TypedText, reason::SealedFault, refusal::Refusal,
        value::DistrictName,
    },
    engine::operations::{RecordName, find_record, proxy_row_name},
    store::{
        CardOutLine, DistrictLine, Outside, RecordLine,
        keys::{OpenError, unhex},
    },
};

/// Asks for the cards that can be handed over at the counter: checked, not sent and not recalled.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListReadyCards {
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListReadyCards {
    type Answer = Page<RecordLine>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Page<RecordLine>, EngineError> {
        let (after, limit) = self.page.range();
        let rows = engine.store.read().await?.cards_ready_list(after, limit).await?;
        Ok(Page::new(rows, self.page.limit))
    }
}

/// Asks for the cards that were sent to districts and are not handed over, in the order in which they were sent.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSentCards {
    /// Only those in this district; not together with `overdue`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<DistrictName>,
    /// Only those that are in their districts for longer than the setting `collect_within_days`.
    #[serde(default)]
    pub overdue: bool,
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListSentCards {
    type Answer = Page<CardOutLine>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Page<CardOutLine>, EngineError> {
        let overdue = engine.settings.overdue_before(engine.clock.now());
        let which = match (self.district, self.overdue, overdue) {
            (Some(_), true, _) => return Err(Refusal::FiltersExclude.into()),
            (Some(district), false, _) => Outside::In(district.into()),
            (None, false, _) => Outside::Away,
            (None, true, Some(before)) => Outside::AwaySince(before),
            (None, true, None) => return Ok(Page::new(Vec::new(), self.page.limit)),
        };
        let rows = engine.store.read().await?.cards_out_list(&which, self.page.range(), overdue).await?;
        Ok(Page::new(rows, self.page.limit))
    }
}

/// Asks for the cards that were handed over, the last first. Those that an earlier version of the program handed over are not among
/// them.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListHandedOverCards {
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

impl Query for ListHandedOverCards {
    type Answer = Page<CardOutLine>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Page<CardOutLine>, EngineError> {
        let mut tx = engine.store.read().await?;
        let rows = tx.cards_out_list(&Outside::HandedOver, self.page.range_down(), None).await?;
        Ok(Page::new(rows, self.page.limit))
    }
}

/// Asks for the districts that have cards which are not handed over, at most 500.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListDistricts {}

impl Query for ListDistricts {
    type Answer = Vec<DistrictLine>;
    const OPERATION: Operation = Operation::BoardRead;

    async fn read(self, engine: &Engine) -> Result<Vec<DistrictLine>, EngineError> {
        Ok(engine.store.read().await?.districts_list().await?)
    }
}

/// Asks who received a card for its citizen. The answer is personal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowProxy {
    /// The card's record.
    pub record: RecordName,
}

/// A proxy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ShownProxy {
    /// What the proxy showed.
    pub proxy: ProxyDocument,
    /// What was written down of the proxy.
    pub identity: TypedText,
}

impl Query for ShowProxy {
    type Answer = Option<ShownProxy>;
    const OPERATION: Operation = Operation::RecordSearch;

    async fn read(self, engine: &Engine) -> Result<Option<ShownProxy>, EngineError> {
        let mut tx = engine.store.read().await?;
        let id = find_record(&mut tx, &self.record).await?;
        let Some((proxy, sealed)) = tx.card_out(id).await?.and_then(|out| out.proxy) else { return Ok(None) };
        let row = proxy_row_name(&self.record.source, &self.record.request_id);
        let opened = unhex(&sealed).ok_or(OpenError::Changed);
        let plain = opened.and_then(|sealed| engine.store.keys().open(&row, &sealed)).map_err(|error| {
            let fault = match error {
                OpenError::OtherKey => SealedFault::OtherKey,
                OpenError::Changed => SealedFault::Changed,
            };
            Refusal::RecordUnreadable {
                record: format!("record {}/{}", self.record.source, self.record.request_id),
                fault,
            }
        })?;
        Ok(Some(ShownProxy { proxy, identity: TypedText::new(String::from_utf8_lossy(&plain).into_owned()) }))
    }
}
