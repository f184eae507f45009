//! Cards that are sent to a district and received back, and cards that are handed over there or to a proxy.

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
        value::{DistrictName, Document, Note, ProxyNote},
    },
    engine::{Engine, EngineError, clock::nonce},
    store::keys::hex,
};

/// Checked cards are sent to a district, each by itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SendCards {
    /// The records.
    pub records: RecordNames,
    /// The district.
    pub district: DistrictName,
    /// The dispatch note.
    pub document: Document,
}

impl Act for SendCards {
    type Answer = Vec<RecordOutcome>;
    const OPERATION: Operation = Operation::CardSend;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<Vec<RecordOutcome>, EngineError> {
        let deed = Deed::Send(self.district, self.document);
        each(engine, permit.covers(Self::OPERATION)?, self.records, deed).await
    }
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
        each(engine, permit.covers(Self::OPERATION)?, self.records, Deed::HandOverIn(self.district)).await
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
