//! The roles of accounts.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{account::find_account, act::Act, approval::Approval};
use crate::{
    domain::{
        account::Account,
        actor::{Actor, Means, Role},
        id::AccountId,
        pending::Target,
        permission::{Operation, Permit},
        refusal::{AccountRefusal, Refusal},
        value::Note,
    },
    engine::{Engine, EngineError, accounts::event},
    store::Tx,
};

/// Gives an account a role. An administrator asks for it and a supervisor confirms it. The local administrator alone may give the role
/// of supervisor, until an account has had it once: no account could confirm it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GiveRole {
    /// The account's name.
    pub account: String,
    /// The role.
    pub role: Role,
    /// Why.
    pub note: Note,
}

impl Act for GiveRole {
    type Answer = ();
    const OPERATION: Operation = Operation::RoleGive;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let is_local = |actor: &Arc<Actor>| actor.means == Means::LocalAdministrator;
        let may_begin = self.role == Role::Supervisor && permit.actor().is_some_and(is_local);
        let permit = if may_begin { permit.asks(Self::OPERATION)? } else { permit.covers(Self::OPERATION)? };
        let mut tx = engine.write(permit).await?;
        if may_begin && tx.role_was_given(Role::Supervisor).await? {
            return Err(Refusal::NoRight { operation: Self::OPERATION }.into());
        }
        self.apply(&mut tx, Approval::Alone).await?;
        Ok(tx.commit().await?)
    }
}

impl GiveRole {
    /// The account. Refused if it has the role.
    async fn account(&self, tx: &mut Tx) -> Result<Account, EngineError> {
        let account = find_account(tx, &self.account).await?;
        if account.roles.contains(&self.role) {
            return Err(AccountRefusal::RoleHeld { name: account.name, role: self.role }.into());
        }
        Ok(account)
    }

    /// Refuses to ask for a role while no account could confirm it: the first supervisor is made by the local administrator.
    pub(super) async fn refuse_without_supervisor(tx: &mut Tx) -> Result<(), EngineError> {
        const NONE: AccountId = AccountId(0); // numbers begin with 1
        let is_there = tx.role_is_held_beside(Role::Supervisor, NONE).await?;
        if is_there { Ok(()) } else { Err(AccountRefusal::NoSupervisor.into()) }
    }

    pub(super) async fn target(&self, tx: &mut Tx) -> Result<Target, EngineError> {
        let account = self.account(tx).await?;
        Ok(Target { name: format!("account {}", account.name), version: String::new(), record: None })
    }

    pub(super) async fn apply(&self, tx: &mut Tx, approval: Approval<'_>) -> Result<(), EngineError> {
        let account = self.account(tx).await?;
        if account.disabled_at.is_some() {
            return Err(AccountRefusal::Disabled { name: account.name }.into());
        }
        tx.account_role_give(account.id, self.role).await?;
        let given = event("role.given", &account).with("role", self.role).with("note", &self.note);
        tx.audit(approval.mark(given));
        Ok(())
    }
}

/// Takes a role from an account, at once. The last account that is a supervisor keeps that role: no other could confirm that one is given.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TakeRole {
    /// The account's name.
    pub account: String,
    /// The role.
    pub role: Role,
    /// Why.
    pub note: Note,
}

impl Act for TakeRole {
    type Answer = ();
    const OPERATION: Operation = Operation::AccountManage;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<(), EngineError> {
        let mut tx = engine.write(permit.covers(Self::OPERATION)?).await?;
        let account = find_account(&mut tx, &self.account).await?;
        if !account.roles.contains(&self.role) {
            return Err(AccountRefusal::RoleNotHeld { name: account.name, role: self.role }.into());
        }
        if self.role == Role::Supervisor && !tx.role_is_held_beside(self.role, account.id).await? {
            return Err(AccountRefusal::LastSupervisor { name: account.name }.into());
        }
        tx.account_role_take(account.id, self.role).await?;
        tx.audit(event("role.taken", &account).with("role", self.role).with("note", self.note));
        Ok(tx.commit().await?)
    }
}
