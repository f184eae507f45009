//! Users of the operating system by which accounts are proved: one user, one account.

use super::accounts::{Row, account, account_columns};
use crate::{
    domain::{account::Account, id::AccountId},
    store::{StoreError, Tx, doing, execute, on, sealed_table::SealedTable},
};

/// One row by its key, with the account of it.
pub(in crate::store) const ACCOUNT_OF_OS_USER: &str = concat!(
    "SELECT ",
    account_columns!(),
    " FROM os_user AS o JOIN account AS a ON a.id = o.account_id WHERE o.name = $1"
);

impl Tx {
    /// The account of a user of the operating system.
    pub async fn os_user_find(&mut self, name: &str) -> Result<Option<Account>, StoreError> {
        let row: Option<Row> = on!(self, c => sqlx::query_as(ACCOUNT_OF_OS_USER).bind(name).fetch_optional(c))
            .map_err(doing("finding the account of a system user"))?;
        row.map(account).transpose()
    }

    /// The user of the operating system that an account has.
    pub async fn os_user_of(&mut self, account: AccountId) -> Result<Option<String>, StoreError> {
        const OF: &str = "SELECT name FROM os_user WHERE account_id = $1";
        on!(self, c => sqlx::query_scalar(OF).bind(account.0).fetch_optional(c))
            .map_err(doing("reading the system user of an account"))
    }

    /// Gives an account a user of the operating system. Neither may have another one.
    pub async fn os_user_add(&mut self, name: &str, account: AccountId) -> Result<(), StoreError> {
        const ADD: &str = "INSERT INTO os_user (name, account_id, mapped_at_us) VALUES ($1, $2, $3)";
        let now = self.now.0;
        let added = execute!(self, sqlx::query(ADD).bind(name).bind(account.0).bind(now));
        added.map_err(doing("mapping a system user"))?;
        self.touched(SealedTable::OsUser, name);
        Ok(())
    }

    /// Takes a user of the operating system from its account.
    pub async fn os_user_remove(&mut self, name: &str) -> Result<(), StoreError> {
        let removed = execute!(self, sqlx::query("DELETE FROM os_user WHERE name = $1").bind(name));
        removed.map_err(doing("unmapping a system user"))?;
        self.touched(SealedTable::OsUser, name);
        Ok(())
    }
}
