//! What several acts about an account have in common: its events, and the end of what proves it.

use crate::{
    domain::{account::Account, actor::Role, audit::Event, id::AccountId},
    engine::{Engine, EngineError},
    store::Tx,
};

/// An event about an account, by name and number.
pub(in crate::engine) fn event(act: &'static str, account: &Account) -> Event {
    Event::new(act, format!("account {}", account.name)).with("account_id", account.id)
}

/// Those of some roles that no account has which may sign in.
pub async fn roles_not_held(engine: &Engine, roles: &[Role]) -> Result<Vec<Role>, EngineError> {
    const NONE: AccountId = AccountId(0); // numbers begin with 1
    let mut tx = engine.store.read().await?;
    let mut missing = Vec::new();
    for role in roles {
        if !tx.role_is_held_beside(*role, NONE).await? {
            missing.push(*role);
        }
    }
    Ok(missing)
}

/// Ends everything but the password that proves an account: its sessions, and its user of the operating system. Returns the number of
/// sessions. Another person may have opened or mapped them.
pub(in crate::engine) async fn end_proofs(tx: &mut Tx, account: &Account) -> Result<u64, EngineError> {
    if let Some(os_user) = tx.os_user_of(account.id).await? {
        tx.os_user_remove(&os_user).await?;
        tx.audit(event("account.os-user-unmapped", account).with("os_user", os_user));
    }
    Ok(tx.sessions_end_of(account.id).await?)
}
