//! Withdraws or restores all records that match filters. One person asks for it, and another confirms it: it is then done with all of
//! them in one transaction, so that there is a limit.

use serde::{Deserialize, Serialize};

use super::{
    approval::Approval,
    correction::{RestoreRecord, WithdrawRecord},
    matching::{MatchingAct, RecordMatch, all_names},
};
use crate::{
    domain::{id::RecordId, pending::Target, refusal::Refusal, value::Note},
    engine::{Engine, EngineError, accounts::sha256},
    store::Tx,
};

/// The most records of one act.
const CHANGED_MAX: usize = 500;

/// What becomes of the records.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MatchingChange {
    /// They are withdrawn.
    Withdraw,
    /// They are restored.
    Restore,
}

/// All records that match are withdrawn or restored, at most 500. One that cannot be is left as it is. Refused if others match
/// than when it was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ChangeMatching {
    /// What becomes of them.
    pub change: MatchingChange,
    /// Which records.
    pub filter: RecordMatch,
    /// The number of the newest record as of the count; later ones are not touched.
    pub as_of: RecordId,
    /// Why.
    pub note: Note,
}

impl ChangeMatching {
    pub(super) async fn target(&self, tx: &mut Tx) -> Result<Target, EngineError> {
        let records = self.records(tx).await?;
        let name = format!("records that match, up to number {}", self.as_of);
        let which: Vec<String> =
            records.iter().flat_map(|record| [record.source.clone(), record.request_id.clone()]).collect();
        let version = format!("{} records {}", records.len(), &sha256(&which.join("\n"))[..16]);
        Ok(Target { name, version, record: None })
    }

    /// How many records it was asked for, from the version of its target.
    pub(super) fn records_of(target_version: &str) -> Option<i64> {
        target_version.split_once(" records ")?.0.parse().ok()
    }

    pub(super) async fn apply(&self, engine: &Engine, tx: &mut Tx, approval: Approval<'_>) -> Result<(), EngineError> {
        let (mut done, mut refused) = (0, None);
        for record in self.records(tx).await? {
            let note = self.note.clone();
            let changed = match self.change {
                MatchingChange::Withdraw => WithdrawRecord { record, note }.apply(engine, tx, approval).await,
                MatchingChange::Restore => RestoreRecord { record, note }.apply(engine, tx, approval).await,
            };
            match changed {
                Ok(()) => done += 1,
                Err(EngineError::Refused(refusal)) => refused = refused.or(Some(refusal)),
                Err(error) => return Err(error),
            }
        }
        // None could be changed: the first reason stands for all of them.
        refused.filter(|_| done == 0).map_or(Ok(()), |refusal| Err(refusal.into()))
    }

    async fn records(&self, tx: &mut Tx) -> Result<Vec<super::RecordName>, EngineError> {
        let act = match self.change {
            MatchingChange::Withdraw => MatchingAct::Withdraw,
            MatchingChange::Restore => MatchingAct::Restore,
        };
        let names = all_names(tx, act, (&self.filter, self.as_of), CHANGED_MAX).await?;
        let is_none = names.as_ref().is_some_and(Vec::is_empty);
        let most = i64::try_from(CHANGED_MAX).unwrap_or(i64::MAX);
        let names = names.filter(|names| (1..=CHANGED_MAX).contains(&names.len()));
        names.ok_or(Refusal::MatchingNumber { is_none, most }.into())
    }
}
