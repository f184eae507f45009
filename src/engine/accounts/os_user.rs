//! Accounts that are proved by the user of the operating system, at the socket of the service.
//!
//! The mapping is made by the person alone: as that user, and with the password of the account. Another person who could make it would
//! act in the name of the account.

use super::{of_account::event, password::prove};
use crate::{
    domain::{
        account::{Account, Password, SignIn},
        actor::{Actor, Means},
        permission::{Permit, SystemAct},
        refusal::AccountRefusal,
    },
    engine::{Engine, EngineError},
    store::Tx,
};

/// The person of an account that a user of the operating system has. Refused while the account has a one-time password. `None` if the
/// user has no account, or a disabled one. One indexed read.
pub async fn actor_of_os_user(engine: &Engine, os_user: &str) -> Result<Option<Actor>, EngineError> {
    let found = engine.store.read_once().await?.os_user_find(&at_host(engine, os_user)).await?;
    let Some(account) = found.filter(|account| account.disabled_at.is_none()) else { return Ok(None) };
    if account.one_time_until.is_some() {
        return Err(AccountRefusal::PasswordDue.into());
    }
    Ok(Some(person(&account, os_user, engine)))
}

/// The name under which a user is kept: with the host, as the nodes of one database, and a copy of it, have users of their own.
fn at_host(engine: &Engine, os_user: &str) -> String {
    format!("{os_user}@{}", engine.writer.actor.host)
}

fn person(account: &Account, os_user: &str, engine: &Engine) -> Actor {
    Actor { os_user: os_user.to_owned(), ..account.actor(Means::Socket, &engine.writer.actor) }
}

/// Gives the account of a password the user of the operating system who gave it. A user that another account has, and the user that the
/// account has, are taken from them.
pub async fn map_os_user(
    engine: &Engine,
    name: &str,
    password: &Password,
    os_user: &str,
    address: &str,
) -> Result<(), EngineError> {
    let (account, mut tx) = begin(engine, name, password, os_user, address).await?;
    let at_host = at_host(engine, os_user);
    let before = tx.os_user_find(&at_host).await?;
    if before.as_ref().is_some_and(|before| before.id == account.id) {
        return Ok(());
    }
    if let Some(before) = before {
        remove(&mut tx, &before, &at_host).await?;
    }
    if let Some(other) = tx.os_user_of(account.id).await? {
        remove(&mut tx, &account, &other).await?;
    }
    tx.os_user_add(&at_host, account.id).await?;
    tx.audit(event("account.os-user-mapped", &account).with("os_user", at_host));
    Ok(tx.commit().await?)
}

/// Takes its user of the operating system from the account of a password. An account without one is no error.
pub async fn unmap_os_user(
    engine: &Engine,
    name: &str,
    password: &Password,
    os_user: &str,
    address: &str,
) -> Result<(), EngineError> {
    let (account, mut tx) = begin(engine, name, password, os_user, address).await?;
    if let Some(mapped) = tx.os_user_of(account.id).await? {
        remove(&mut tx, &account, &mapped).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Proves the account, and begins the transaction of its person.
async fn begin(
    engine: &Engine,
    name: &str,
    password: &Password,
    os_user: &str,
    address: &str,
) -> Result<(Account, Tx), EngineError> {
    let proved = prove(engine, name, password, address).await?;
    if proved.permits == SignIn::ChoosePassword {
        return Err(AccountRefusal::PasswordDue.into());
    }
    let actor = Actor { means: Means::Password, ..person(&proved.account, os_user, engine) };
    let mut tx = engine.acting(&engine.writer.chain, actor).write(&Permit::system(SystemAct::SignIn)).await?;
    proved.again(&mut tx).await?;
    Ok((proved.account, tx))
}

async fn remove(tx: &mut Tx, account: &Account, os_user: &str) -> Result<(), EngineError> {
    tx.os_user_remove(os_user).await?;
    tx.audit(event("account.os-user-unmapped", account).with("os_user", os_user));
    Ok(())
}
