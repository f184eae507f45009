//! Accounts: made, reset, disabled, enabled.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::act::Act;
use crate::{
    domain::{
        account::{Account, ONE_TIME_VALID, Secret, one_time_text},
        actor::{Role, same_name},
        id::AccountId,
        permission::{Operation, Permit},
        refusal::AccountRefusal,
        value::{AccountName, Note},
    },
    engine::{
        Engine, EngineError,
        accounts::{end_proofs, event, new_hash},
    },
    store::Tx,
};

/// Makes an account without a role, with a one-time password by which its person chooses one. The first account is an administrator.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AddAccount {
    /// Its name, which cannot be taken for that of another account.
    pub name: AccountName,
}

/// A password that its person must replace before anything else.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OneTimePassword {
    /// The password, shown once.
    pub password: Secret,
    /// When it expires, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub until: String,
}

/// The result of [`AddAccount`].
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AddedAccount {
    /// The account.
    pub account: AccountId,
    /// Whether it is the first one, and so an administrator.
    pub is_first: bool,
    /// By which its person chooses a password.
    pub one_time: OneTimePassword,
}

impl Act for AddAccount {
    type Answer = AddedAccount;
    const OPERATION: Operation = Operation::AccountManage;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<AddedAccount, EngineError> {
        permit.covers(Self::OPERATION)?;
        let (password, hash) = one_time_password(engine).await?;
        let mut tx = engine.write(permit).await?;
        let name = self.name.as_str();
        let names = tx.account_names().await?;
        if let Some(other) = names.iter().find(|other| same_name(other, name)) {
            return Err(AccountRefusal::NameTaken { name: name.to_owned(), other: other.clone() }.into());
        }
        let until = tx.now().plus(ONE_TIME_VALID);
        let account = tx.account_add(name, &hash, Some(until)).await?;
        let is_first = names.is_empty();
        if is_first {
            tx.account_role_give(account, Role::Administrator).await?;
        }
        let added = event("account.added", &find_account(&mut tx, name).await?);
        tx.audit(if is_first { added.with("role", Role::Administrator) } else { added });
        let one_time = OneTimePassword { password, until: until.to_string() };
        let added = AddedAccount { account, is_first, one_time };
        tx.commit_with(&added).await?;
        Ok(added)
    }
}

/// Replaces the password of an account by a one-time password. The sessions of the account end, and for 24 hours it is neither of the two people of an act.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResetAccount {
    /// The account's name.
    pub account: String,
    /// Why.
    pub note: Note,
}

impl Act for ResetAccount {
    type Answer = OneTimePassword;
    const OPERATION: Operation = Operation::AccountManage;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<OneTimePassword, EngineError> {
        permit.covers(Self::OPERATION)?;
        let (password, hash) = one_time_password(engine).await?;
        let mut tx = engine.write(permit).await?;
        let account = find_account(&mut tx, &self.account).await?;
        let until = tx.now().plus(ONE_TIME_VALID);
        tx.account_password_reset(account.id, &hash, until).await?;
        let ended = end_proofs(&mut tx, &account).await?;
        tx.audit(event("account.reset", &account).with("note", self.note).with("sessions_ended", ended));
        let one_time = OneTimePassword { password, until: until.to_string() };
        tx.commit_with(&one_time).await?;
        Ok(one_time)
    }
}

/// Disables an account. Its sessions end, and its tokens do nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DisableAccount {
    /// The account's name.
    pub account: String,
    /// Why.
    pub note: Note,
}

impl Act for DisableAccount {
    type Answer = ();
    const OPERATION: Operation = Operation::AccountManage;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let account = find_account(&mut tx, &self.account).await?;
        if account.disabled_at.is_some() {
            return Err(AccountRefusal::Disabled { name: account.name }.into());
        }
        tx.account_disable(account.id).await?;
        let ended = tx.sessions_end_of(account.id).await?;
        tx.audit(event("account.disabled", &account).with("note", self.note).with("sessions_ended", ended));
        Ok(tx.commit().await?)
    }
}

/// Enables an account that was disabled, with its password, roles and tokens.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EnableAccount {
    /// The account's name.
    pub account: String,
    /// Why.
    pub note: Note,
}

impl Act for EnableAccount {
    type Answer = ();
    const OPERATION: Operation = Operation::AccountManage;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let account = find_account(&mut tx, &self.account).await?;
        if account.disabled_at.is_none() {
            return Err(AccountRefusal::Enabled { name: account.name }.into());
        }
        tx.account_enable(account.id).await?;
        tx.audit(event("account.enabled", &account).with("note", self.note));
        Ok(tx.commit().await?)
    }
}

/// Finds an account by name; refused if there is none.
pub(super) async fn find_account(tx: &mut Tx, name: &str) -> Result<Account, EngineError> {
    let found = tx.account_find(name).await?;
    found.ok_or_else(|| AccountRefusal::NoSuchAccount { name: name.to_owned() }.into())
}

/// A new one-time password and its hash.
async fn one_time_password(engine: &Engine) -> Result<(Secret, Secret), EngineError> {
    let mut random = Zeroizing::new([0; 16]);
    engine.entropy.fill(random.as_mut());
    let password = one_time_text(&random);
    let hash = new_hash(engine, &password.to_password()).await?;
    Ok((password, hash))
}
