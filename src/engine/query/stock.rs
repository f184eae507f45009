//! What is in each account.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, HiddenType, Query};
use crate::{
    domain::{natural::natural_order, permission::Operation, stock::ACCOUNTS},
    store::BalanceLine,
};

/// Blank type to account to quantity, over lots and places, with `sum`, which is zero when the books are right.
pub type Totals = BTreeMap<String, BTreeMap<String, i64>>;

/// Asks for the blanks in each account: one row for each account that a lot's blanks are in, so it grows by a few rows with each delivery,
/// and not with the cards.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowStock {}

/// All balances that are not zero.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Stock {
    /// By blank type.
    pub blangko: Totals,
    /// By lot and place.
    pub accounts: Vec<BalanceLine>,
    /// The blank types whose quantities are hidden from the reader, as they are being counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<HiddenType>,
}

impl Query for ShowStock {
    type Answer = Stock;
    const OPERATION: Operation = Operation::ReportRead;

    async fn read(self, engine: &Engine) -> Result<Stock, EngineError> {
        let mut accounts = engine.store.read().await?.balance_list().await?;
        accounts.sort_by(|a, b| natural_order(&a.blank_type, &b.blank_type)); // stable: lots stay in the order of their delivery
        let is_same = |a: &BalanceLine, b: &BalanceLine| (&a.lot, &a.account) == (&b.lot, &b.account);
        for places in accounts.chunk_by_mut(is_same) {
            places.sort_by(|a, b| natural_order(&a.place, &b.place));
        }
        Ok(Stock { blangko: totals(&accounts), accounts, hidden: Vec::new() })
    }
}

/// Balances over lots and places.
pub(super) fn totals(lines: &[BalanceLine]) -> Totals {
    let mut types = Totals::new();
    for line in lines {
        let accounts = types
            .entry(line.blank_type.clone())
            .or_insert_with(|| ACCOUNTS.iter().chain(&["sum"]).map(|account| ((*account).to_owned(), 0)).collect());
        *accounts.entry(line.account.clone()).or_default() += line.quantity;
        *accounts.entry("sum".into()).or_default() += line.quantity;
    }
    types
}
