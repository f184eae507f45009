//! Accounts and their roles.

use std::collections::BTreeSet;

use crate::{
    domain::{
        account::{Account, Secret},
        actor::{Role, name_key},
        id::AccountId,
        time::Timestamp,
    },
    store::{StoreError, Tx, doing, execute, on, parse, sealed_table::SealedTable},
};

/// An account, for a list.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct AccountLine {
    /// Its number.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// The roles that it has now.
    pub roles: BTreeSet<Role>,
    /// Whether it may not sign in.
    pub disabled: bool,
    /// Whether its person has not chosen a password yet.
    pub password_due: bool,
    /// When its one-time password expires, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub one_time_until: Option<String>,
    /// When another person last reset its password, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub reset_at: Option<String>,
    /// When it was made, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub made_at: String,
}

pub(super) type Row = (i64, String, Option<i64>, Option<i64>, Option<i64>, Option<String>);

/// The columns of a [`Row`], of the table `account AS a`.
macro_rules! account_columns {
    () => {
        "a.id, a.name, a.one_time_until_us, a.reset_at_us, a.disabled_at_us,
         (SELECT string_agg(r.role, ' ') FROM account_role AS r WHERE r.account_id = a.id AND r.taken_at_us IS NULL)"
    };
}
pub(super) use account_columns;

pub(super) fn account(row: Row) -> Result<Account, StoreError> {
    let (id, name, one_time_until, reset_at, disabled_at, roles) = row;
    Ok(Account {
        id: AccountId(id),
        name,
        roles: roles_of(id, roles.as_deref())?,
        one_time_until: one_time_until.map(Timestamp),
        reset_at: reset_at.map(Timestamp),
        disabled_at: disabled_at.map(Timestamp),
    })
}

fn roles_of(id: i64, roles: Option<&str>) -> Result<BTreeSet<Role>, StoreError> {
    roles.unwrap_or_default().split_whitespace().map(|role| parse("account_role", id, role)).collect()
}

impl Tx {
    /// Whether there is an account.
    pub async fn accounts_exist(&mut self) -> Result<bool, StoreError> {
        const EXIST: &str = "SELECT id FROM account LIMIT 1";
        let found: Option<i64> =
            on!(self, c => sqlx::query_scalar(EXIST).fetch_optional(c)).map_err(doing("reading accounts"))?;
        Ok(found.is_some())
    }

    /// The names of all accounts.
    pub async fn account_names(&mut self) -> Result<Vec<String>, StoreError> {
        on!(self, c => sqlx::query_scalar("SELECT name FROM account ORDER BY id").fetch_all(c))
            .map_err(doing("reading accounts"))
    }

    /// Adds an account. With `one_time_until`, its password is a one-time password.
    pub async fn account_add(
        &mut self,
        name: &str,
        password: &Secret,
        one_time_until: Option<Timestamp>,
    ) -> Result<AccountId, StoreError> {
        const ADD: &str = "
            INSERT INTO account (name, name_key, password, one_time_until_us, made_at_us)
            VALUES ($1, $2, $3, $4, $5) RETURNING id";
        let (key, now, until) = (name_key(name), self.now.0, one_time_until.map(|at| at.0));
        let id: i64 = on!(self, c => sqlx::query_scalar(ADD)
            .bind(name)
            .bind(&*key)
            .bind(password.reveal())
            .bind(until)
            .bind(now)
            .fetch_one(c))
        .map_err(doing("adding an account"))?;
        self.touched(SealedTable::Account, id);
        Ok(AccountId(id))
    }

    /// An account by number.
    pub async fn account_get(&mut self, id: AccountId) -> Result<Option<Account>, StoreError> {
        const GET: &str = concat!("SELECT ", account_columns!(), " FROM account AS a WHERE a.id = $1");
        let row: Option<Row> =
            on!(self, c => sqlx::query_as(GET).bind(id.0).fetch_optional(c)).map_err(doing("reading an account"))?;
        row.map(account).transpose()
    }

    /// An account by name, as names are compared.
    pub async fn account_find(&mut self, name: &str) -> Result<Option<Account>, StoreError> {
        const FIND: &str = concat!("SELECT ", account_columns!(), " FROM account AS a WHERE a.name_key = $1");
        let key = name_key(name);
        let row: Option<Row> =
            on!(self, c => sqlx::query_as(FIND).bind(&*key).fetch_optional(c)).map_err(doing("finding an account"))?;
        row.map(account).transpose()
    }

    /// The hash of an account's password, a PHC string.
    pub async fn account_password(&mut self, id: AccountId) -> Result<Option<Secret>, StoreError> {
        const GET: &str = "SELECT password FROM account WHERE id = $1";
        let hash: Option<String> = on!(self, c => sqlx::query_scalar(GET).bind(id.0).fetch_optional(c))
            .map_err(doing("reading an account"))?;
        Ok(hash.map(Secret::new))
    }

    /// Replaces the password of an account by one that its person chose.
    pub async fn account_password_choose(&mut self, id: AccountId, password: &Secret) -> Result<(), StoreError> {
        const SET: &str = "UPDATE account SET password = $2, one_time_until_us = NULL WHERE id = $1";
        let set = execute!(self, sqlx::query(SET).bind(id.0).bind(password.reveal()));
        self.account_changed(id, set.map_err(doing("saving a password"))?)
    }

    /// Replaces the password of an account by a one-time password, as another person does.
    pub async fn account_password_reset(
        &mut self,
        id: AccountId,
        password: &Secret,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        const SET: &str = "UPDATE account SET password = $2, one_time_until_us = $3, reset_at_us = $4 WHERE id = $1";
        let now = self.now.0;
        let set = execute!(self, sqlx::query(SET).bind(id.0).bind(password.reveal()).bind(until.0).bind(now));
        self.account_changed(id, set.map_err(doing("saving a password"))?)
    }

    /// Disables an account.
    pub async fn account_disable(&mut self, id: AccountId) -> Result<(), StoreError> {
        const SET: &str = "UPDATE account SET disabled_at_us = $2 WHERE id = $1 AND disabled_at_us IS NULL";
        let now = self.now.0;
        let set = execute!(self, sqlx::query(SET).bind(id.0).bind(now));
        self.account_changed(id, set.map_err(doing("disabling an account"))?)
    }

    /// Enables an account that was disabled.
    pub async fn account_enable(&mut self, id: AccountId) -> Result<(), StoreError> {
        const SET: &str = "UPDATE account SET disabled_at_us = NULL WHERE id = $1 AND disabled_at_us IS NOT NULL";
        let set = execute!(self, sqlx::query(SET).bind(id.0));
        self.account_changed(id, set.map_err(doing("enabling an account"))?)
    }

    fn account_changed(&mut self, id: AccountId, rows: u64) -> Result<(), StoreError> {
        self.touched(SealedTable::Account, id);
        if rows == 1 { Ok(()) } else { Err(StoreError::Conflict("the account")) }
    }

    /// Gives an account a role that it does not have.
    pub async fn account_role_give(&mut self, id: AccountId, role: Role) -> Result<(), StoreError> {
        const GIVE: &str = "
            INSERT INTO account_role (account_id, role, given_at_us) VALUES ($1, $2, $3)
            ON CONFLICT (account_id, role) DO UPDATE SET given_at_us = excluded.given_at_us, taken_at_us = NULL
            WHERE account_role.taken_at_us IS NOT NULL";
        let now = self.now.0;
        let given = execute!(self, sqlx::query(GIVE).bind(id.0).bind(role.as_str()).bind(now));
        self.role_changed(id, role, given.map_err(doing("giving a role"))?)
    }

    /// Takes a role from an account that has it.
    pub async fn account_role_take(&mut self, id: AccountId, role: Role) -> Result<(), StoreError> {
        const TAKE: &str =
            "UPDATE account_role SET taken_at_us = $3 WHERE account_id = $1 AND role = $2 AND taken_at_us IS NULL";
        let now = self.now.0;
        let taken = execute!(self, sqlx::query(TAKE).bind(id.0).bind(role.as_str()).bind(now));
        self.role_changed(id, role, taken.map_err(doing("taking a role"))?)
    }

    fn role_changed(&mut self, id: AccountId, role: Role, rows: u64) -> Result<(), StoreError> {
        self.touched(SealedTable::AccountRole, format!("{id}/{role}"));
        if rows == 1 { Ok(()) } else { Err(StoreError::Conflict("the role")) }
    }

    /// Whether an account has a role, or ever had it.
    pub async fn role_was_given(&mut self, role: Role) -> Result<bool, StoreError> {
        const GIVEN: &str = "SELECT account_id FROM account_role WHERE role = $1 LIMIT 1";
        let found: Option<i64> = on!(self, c => sqlx::query_scalar(GIVEN).bind(role.as_str()).fetch_optional(c))
            .map_err(doing("reading roles"))?;
        Ok(found.is_some())
    }

    /// Whether another account that is not disabled has a role.
    pub async fn role_is_held_beside(&mut self, role: Role, account: AccountId) -> Result<bool, StoreError> {
        const HELD: &str = "
            SELECT a.id FROM account_role AS r JOIN account AS a ON a.id = r.account_id
            WHERE r.role = $1 AND r.taken_at_us IS NULL AND a.id <> $2 AND a.disabled_at_us IS NULL LIMIT 1";
        let found: Option<i64> =
            on!(self, c => sqlx::query_scalar(HELD).bind(role.as_str()).bind(account.0).fetch_optional(c))
                .map_err(doing("reading roles"))?;
        Ok(found.is_some())
    }

    /// Accounts with a number above `after`, by number, at most `limit`.
    pub async fn accounts_list(&mut self, after: AccountId, limit: i64) -> Result<Vec<AccountLine>, StoreError> {
        const LIST: &str = concat!(
            "SELECT ",
            account_columns!(),
            ", a.made_at_us FROM account AS a WHERE a.id > $1 ORDER BY a.id LIMIT $2"
        );
        type LineRow = (i64, String, Option<i64>, Option<i64>, Option<i64>, Option<String>, i64);
        let rows: Vec<LineRow> = on!(self, c => sqlx::query_as(LIST).bind(after.0).bind(limit).fetch_all(c))
            .map_err(doing("reading accounts"))?;
        let line = |r: LineRow| {
            Ok(AccountLine {
                id: AccountId(r.0),
                name: r.1,
                roles: roles_of(r.0, r.5.as_deref())?,
                disabled: r.4.is_some(),
                password_due: r.2.is_some(),
                one_time_until: r.2.map(|at| Timestamp(at).to_string()),
                reset_at: r.3.map(|at| Timestamp(at).to_string()),
                made_at: Timestamp(r.6).to_string(),
            })
        };
        rows.into_iter().map(line).collect()
    }
}
