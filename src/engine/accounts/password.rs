//! Proving an account by its password.

use super::of_account::{end_proofs, event};
use crate::{
    domain::{
        account::{Account, Password, PasswordFault, Secret, SignIn},
        actor::{Actor, Means, name_key},
        id::AccountId,
        permission::{Permit, SystemAct},
        refusal::AccountRefusal,
        value::ACCOUNT_NAME_MAX,
    },
    engine::{Engine, EngineError},
    store::Tx,
};

/// An account whose password was right.
pub(super) struct Proved {
    pub(super) account: Account,
    pub(super) permits: SignIn,
    /// The hash that was compared.
    hash: Secret,
}

impl Proved {
    /// Reads the account again in the transaction that relies on it. Refused if it was disabled, or its password replaced, meanwhile.
    pub(super) async fn again(&self, tx: &mut Tx) -> Result<(), EngineError> {
        let (account, hash) = (tx.account_get(self.account.id).await?, tx.account_password(self.account.id).await?);
        let now = tx.now();
        let is_same = hash.is_some_and(|hash| hash.reveal() == self.hash.reveal());
        let permits = account.and_then(|account| account.sign_in(now));
        if is_same && permits == Some(self.permits) { Ok(()) } else { Err(AccountRefusal::SignIn.into()) }
    }
}

/// Proves an account by its password. After failed tries it waits first. An unknown name, a disabled account, an expired one-time
/// password and a wrong password take the same time and have the same refusal.
pub(super) async fn prove(
    engine: &Engine,
    name: &str,
    password: &Password,
    address: &str,
) -> Result<Proved, EngineError> {
    let is_too_long = name.chars().count() > ACCOUNT_NAME_MAX;
    let key = if is_too_long { String::new() } else { name_key(name) };
    let begun = engine.sign_ins.begin(key.clone(), address, engine.clock.elapsed());
    let (attempt, delay) = begun.map_err(|_| AccountRefusal::SignInBusy)?;
    if !delay.is_zero() {
        engine.clock.sleep(delay).await;
    }
    let mut tx = engine.store.read().await?;
    let account = tx.account_find(&key).await?;
    // As many statements for an unknown name, too. No account has the number 0.
    let hash = tx.account_password(account.as_ref().map_or(AccountId(0), |account| account.id)).await?;
    let hash = hash.filter(|_| !password.is_too_long());
    drop(tx);
    let is_right = engine.sign_ins.is_right(password, hash.as_ref()).await;
    let permits = account.as_ref().and_then(|account| account.sign_in(engine.clock.now()));
    match (account, permits, hash) {
        (Some(account), Some(permits), Some(hash)) if is_right => {
            attempt.succeeded();
            Ok(Proved { account, permits, hash })
        }
        _ => Err(AccountRefusal::SignIn.into()),
    }
}

/// The person whose account and password are given with an act itself, as on the command line.
pub async fn actor_of_password(
    engine: &Engine,
    name: &str,
    password: &Password,
    address: &str,
) -> Result<Actor, EngineError> {
    let proved = prove(engine, name, password, address).await?;
    match proved.permits {
        SignIn::Whole => Ok(proved.account.actor(Means::Password, &engine.writer.actor)),
        SignIn::ChoosePassword => Err(AccountRefusal::PasswordDue.into()),
    }
}

/// Replaces the password of an account, one-time or not, by one that its person chooses. The sessions of the account end.
pub async fn choose_password(
    engine: &Engine,
    name: &str,
    old: &Password,
    new: &Password,
    address: &str,
) -> Result<(), EngineError> {
    let proved = prove(engine, name, old, address).await?;
    let account = &proved.account;
    new.check(&account.name).map_err(|fault| AccountRefusal::Password { fault })?;
    if new.reveal() == old.reveal() {
        return Err(AccountRefusal::Password { fault: PasswordFault::Unchanged }.into());
    }
    let hash = new_hash(engine, new).await?;
    let actor = account.actor(Means::Password, &engine.writer.actor);
    let engine = engine.acting(&engine.writer.chain, actor);
    let mut tx = engine.write(&Permit::system(SystemAct::SignIn)).await?;
    proved.again(&mut tx).await?;
    tx.account_password_choose(account.id, &hash).await?;
    let ended = end_proofs(&mut tx, account).await?;
    tx.audit(event("account.password-chosen", account).with("sessions_ended", ended));
    Ok(tx.commit().await?)
}

/// The hash of a new password, with a salt of its own.
pub(in crate::engine) async fn new_hash(engine: &Engine, password: &Password) -> Result<Secret, EngineError> {
    let mut salt = [0; 16];
    engine.entropy.fill(&mut salt);
    Ok(engine.sign_ins.hash(password, salt).await.ok_or(AccountRefusal::SignInBusy)?)
}
