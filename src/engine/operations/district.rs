//! Cards that are sent to a district and received back, and cards that are handed over there or to a proxy.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    act::{Act, RecordName},
    many::{Deed, RecordNames, RecordOutcome, each},
    record::{open, save},
};
use crate::{
    domain::{
        card_out::{Proxy, ProxyDocument, ReturnCause},
        district,
        permission::{Operation, Permit},
        refusal::Refusal,
        value::{DistrictName, Document, Note, ProxyNote},
    },
    engine::{Engine, EngineError, clock::nonce},
    store::keys::hex,
};

/// Checked cards are sent to a district, each by itself. A district that a list or a card names is meant in any spelling, and is written as
/// it is known.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SendCards {
    /// The records.
    pub records: RecordNames,
    /// The district.
    pub district: DistrictName,
    /// The dispatch note.
    pub document: Document,
    /// It is a district that no list and no card names yet; refused without it, as a misspelt one would be a new one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub new_district: bool,
}

impl Act for SendCards {
    type Answer = Vec<RecordOutcome>;
    const OPERATION: Operation = Operation::CardSend;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Vec<RecordOutcome>, EngineError> {
        let permit = permit.covers(Self::OPERATION)?;
        let known = known(engine).await?;
        let district = match district::meant(self.district.as_str(), &known) {
            Some(known) => DistrictName::try_from(known.to_owned()).unwrap_or(self.district),
            None if self.new_district => self.district,
            None => return Err(Refusal::NewDistrict { district: self.district.to_string() }.into()),
        };
        each(engine, permit, self.records, Deed::Send(district, self.document)).await
    }
}

/// The districts that records of lists and cards that were sent name.
async fn known(engine: &Engine) -> Result<BTreeSet<String>, EngineError> {
    let mut tx = engine.store.read().await?;
    let of_records = tx.record_counts().await?.into_iter().map(|count| count.district);
    let of_cards = tx.districts_names().await?;
    Ok(of_records.chain(of_cards).filter(|district| !district.is_empty()).collect())
}

/// Cards come back from their districts, each by itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReceiveCards {
    /// The records.
    pub records: RecordNames,
    /// Why they come back.
    pub cause: ReturnCause,
    /// What is known of it.
    pub note: Note,
}

impl Act for ReceiveCards {
    type Answer = Vec<RecordOutcome>;
    const OPERATION: Operation = Operation::CardSend;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Vec<RecordOutcome>, EngineError> {
        let deed = Deed::Receive(self.cause, self.note);
        each(engine, permit.covers(Self::OPERATION)?, self.records, deed).await
    }
}

/// Citizens have received their cards in the district to which these were sent, each by itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct HandOverCards {
    /// The records.
    pub records: RecordNames,
    /// The district, whose list of hand-overs it is.
    pub district: DistrictName,
}

impl Act for HandOverCards {
    type Answer = Vec<RecordOutcome>;
    const OPERATION: Operation = Operation::CardHandOver;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Vec<RecordOutcome>, EngineError> {
        let permit = permit.covers(Self::OPERATION)?;
        let known = known(engine).await?;
        let known = district::meant(self.district.as_str(), &known).map(str::to_owned);
        let district = known.and_then(|known| DistrictName::try_from(known).ok()).unwrap_or(self.district);
        each(engine, permit, self.records, Deed::HandOverIn(district)).await
    }
}

/// A proxy has received the card for its citizen, in the office or in its district.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct HandOverByProxy {
    /// The card's record.
    pub record: RecordName,
    /// What the proxy showed.
    pub proxy: ProxyDocument,
    /// Who the proxy is: name, number of the document. It is personal, and is sealed.
    pub identity: ProxyNote,
}

impl Act for HandOverByProxy {
    type Answer = ();
    const OPERATION: Operation = Operation::CardHandOver;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let (tx, view) = open(engine, permit.covers(Self::OPERATION)?, &self.record).await?;
        let row = proxy_row_name(&self.record.source, &self.record.request_id);
        let plain = self.identity.reveal().as_bytes();
        let sealed = hex(&engine.store.keys().seal(&row, nonce(&*engine.entropy), plain));
        let is_allowed = engine.profile(&view.profile)?.proxy;
        let proxy = Proxy { document: self.proxy, sealed };
        save(tx, district::hand_over_by_proxy(&view, is_allowed, proxy)?).await
    }
}

/// The row name under which what is known of a proxy is sealed (see [`Keys::seal`](crate::store::keys::Keys::seal)).
pub fn proxy_row_name(source: &str, request_id: &str) -> String {
    format!("proxy/{source}/{request_id}")
}
