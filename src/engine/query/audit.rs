//! The audit, and whether it and everything else in the database is right.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Page, PageRequest, Query, known::check};
use crate::{domain::permission::Operation, store::ChainHead};

/// Asks for the newest row of each chain.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAuditHeads {}

impl Query for ListAuditHeads {
    type Answer = Vec<ChainHead>;
    const OPERATION: Operation = Operation::AuditSeal;

    async fn read(self, engine: &Engine) -> Result<Vec<ChainHead>, EngineError> {
        Ok(engine.store.read().await?.audit_heads().await?)
    }
}

/// Asks for events of a chain, oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAudit {
    /// The chain.
    pub chain: String,
    /// Which page.
    #[serde(default)]
    pub page: PageRequest,
}

/// An event of the audit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AuditEntry {
    /// Its number in the chain, from 1 without gaps.
    pub seq: i64,
    /// One JSON object.
    pub entry: String,
}

impl Query for ListAudit {
    type Answer = Page<AuditEntry>;
    const OPERATION: Operation = Operation::AuditSeal;

    async fn read(self, engine: &Engine) -> Result<Page<AuditEntry>, EngineError> {
        let (after, limit) = self.page.range();
        let mut tx = engine.store.read().await?;
        let events = tx.audit_page(&self.chain, after, limit).await?;
        if events.is_empty() {
            check("chain", Some(&self.chain), tx.audit_heads().await?.into_iter().map(|head| head.chain))?;
        }
        let entry = |e: crate::store::AuditEntry| (e.seq, AuditEntry { seq: e.seq, entry: e.entry });
        Ok(Page::new(events.into_iter().map(entry).collect(), self.page.limit))
    }
}

/// Asks whether a row of the audit was changed, moved or lost, and whether the books are right. Reads the whole audit and the whole ledger.
#[derive(Clone, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyAudit {
    /// Heads that were kept outside of the database: a cut tail is found too.
    #[serde(default)]
    pub seal: Vec<ChainHead>,
}

/// Whether a row of the audit was changed, moved or lost, and whether the books are right.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AuditVerification {
    /// How many events were checked.
    pub events: i64,
    /// The first fault of each chain that has one.
    pub chains: Vec<SealFault>,
    /// Balances that are not the sum of their movements.
    pub accounts: Vec<AccountFault>,
}

/// What is wrong with a chain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SealFault {
    /// The chain.
    pub chain: String,
    /// The number of the event.
    pub seq: i64,
    /// What is wrong.
    pub what: String,
}

/// A balance that is not the sum of its movements.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AccountFault {
    /// Number of the lot, account and place.
    pub account: String,
    /// What is booked.
    pub booked: i64,
    /// What was moved there.
    pub moved: i64,
}

impl Query for VerifyAudit {
    type Answer = AuditVerification;
    const OPERATION: Operation = Operation::AuditSeal;

    async fn read(self, engine: &Engine) -> Result<AuditVerification, EngineError> {
        let mut tx = engine.store.read().await?;
        let (events, chains) = tx.audit_verify(&self.seal).await?;
        let accounts = tx.balance_faults().await?;
        Ok(AuditVerification {
            events,
            chains: chains
                .into_iter()
                .map(|f| SealFault { chain: f.chain, seq: f.seq, what: f.what.to_owned() })
                .collect(),
            accounts: accounts
                .into_iter()
                .map(|(account, booked, moved)| AccountFault { account, booked, moved })
                .collect(),
        })
    }
}
