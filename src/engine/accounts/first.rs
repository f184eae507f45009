//! The first administrator of an office that is not at its machine's command line.

use super::{of_account::event, password::new_hash, secret_hash::sha256};
use crate::{
    domain::{
        account::{FIRST_CODE_VALID, Password, Secret, one_time_text},
        actor::Role,
        audit::Event,
        id::AccountId,
        permission::{Permit, SystemAct},
        refusal::AccountRefusal,
        time::Timestamp,
        value::AccountName,
    },
    engine::{Engine, EngineError},
    store::Tx,
};

/// In `meta`: the hash of the code for the first administrator, and when it expires; empty after its use.
const FIRST_CODE: &str = "first_administrator_code";

/// Makes the code by which the first administrator is made, valid for 15 minutes and once. Only its hash is stored, and an earlier code
/// ends. `None` if there is an account.
pub async fn issue_first_code(engine: &Engine) -> Result<Option<Secret>, EngineError> {
    // Without a write: the database may not take one now, and most offices have accounts.
    if engine.store.read_once().await?.accounts_exist().await? {
        return Ok(None);
    }
    let mut tx = engine.write(&Permit::system(SystemAct::SignIn)).await?;
    if tx.accounts_exist().await? {
        return Ok(None);
    }
    let mut random = zeroize::Zeroizing::new([0; 16]);
    engine.entropy.fill(random.as_mut());
    let code = one_time_text(&random);
    let until = tx.now().plus(FIRST_CODE_VALID);
    tx.meta_set(FIRST_CODE, &format!("{} {}", sha256(code.reveal()), until.0)).await?;
    tx.audit(Event::new("account.first-code", "accounts").with("until", until));
    tx.commit().await?;
    Ok(Some(code))
}

/// Makes the first account, an administrator, with the code that the service printed.
pub async fn first_administrator(
    engine: &Engine,
    code: &str,
    name: &AccountName,
    password: &Password,
) -> Result<AccountId, EngineError> {
    password.check(name.as_str()).map_err(|fault| AccountRefusal::Password { fault })?;
    refuse_code(&mut engine.store.read().await?, code, engine.clock.now()).await?;
    let hash = new_hash(engine, password).await?;
    let mut tx = engine.write(&Permit::system(SystemAct::SignIn)).await?;
    let now = tx.now();
    refuse_code(&mut tx, code, now).await?;
    let id = tx.account_add(name.as_str(), &hash, None).await?;
    tx.account_role_give(id, Role::Administrator).await?;
    tx.meta_set(FIRST_CODE, "").await?;
    let account = tx.account_get(id).await?.ok_or_else(|| AccountRefusal::NoSuchAccount { name: name.to_string() })?;
    tx.audit(event("account.added", &account).with("by", "first-code").with("role", Role::Administrator));
    tx.commit().await?;
    Ok(id)
}

/// Refuses a code that is not the one that was issued, and every code once there is an account.
async fn refuse_code(tx: &mut Tx, code: &str, now: Timestamp) -> Result<(), EngineError> {
    if tx.accounts_exist().await? {
        return Err(AccountRefusal::AccountsExist.into());
    }
    let stored = tx.meta_get(FIRST_CODE).await?.unwrap_or_default();
    let (hash, until) = stored.split_once(' ').unwrap_or_default();
    let is_valid = until.parse().is_ok_and(|until| now < Timestamp(until));
    let typed = Secret::new(code.trim().to_lowercase());
    // The hashes are compared, so that the time of it says nothing of the code.
    if is_valid && sha256(typed.reveal()) == hash { Ok(()) } else { Err(AccountRefusal::FirstCode.into()) }
}
