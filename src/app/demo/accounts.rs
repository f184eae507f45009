//! The accounts of the demo: one for each role, and a second supervisor, so that acts of two people can be tried.
//!
//! Their passwords are chosen first and kept in a file of the demo's folder until they were shown, so that a demo that was killed
//! before goes on with the same ones.

use std::{
    collections::BTreeMap,
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::{
    cli::access::HERE,
    domain::{
        account::{Account, Secret, one_time_text},
        actor::{Actor, Role, name_key},
        refusal::Refusal,
        value::AccountName,
    },
    engine::{
        Engine, EngineError,
        accounts::{actor_of_password, choose_password, first_administrator, issue_first_code},
        client::{Client, Direct},
        files::{NewFile, read_regular_text},
        operations::{AddAccount, GiveRole, ResetAccount, TwoPersonAct},
    },
};

/// The names, each with its role. The first account is an administrator, and the local administrator makes the first supervisor.
const ACCOUNTS: [(&str, Role); 6] = [
    ("administrator", Role::Administrator),
    ("supervisor", Role::Supervisor),
    ("supervisor-2", Role::Supervisor),
    ("operator", Role::Operator),
    ("stock-keeper", Role::StockKeeper),
    ("auditor", Role::Auditor),
];
const REASON: &str = "an account of the demo";
/// In the folder of the demo: the passwords that were not shown yet, by account.
const PASSWORDS: &str = "passwords.json";
const PASSWORDS_BYTES_MAX: u64 = 64 << 10;

/// An account, and the password that its person would have chosen.
pub(super) struct DemoAccount {
    pub(super) name: &'static str,
    pub(super) role: Role,
    pub(super) password: Secret,
}

/// The accounts whose passwords were chosen and not shown yet; `None` if there are none.
pub(super) fn unseen(demo: &Path) -> anyhow::Result<Option<Vec<DemoAccount>>> {
    let file = file(demo);
    let context = || format!("the passwords of the demo in `{}` cannot be read", file.display());
    if !file.try_exists().with_context(context)? {
        return Ok(None);
    }
    let text = read_regular_text(&file, PASSWORDS_BYTES_MAX).with_context(context)?;
    let mut kept: BTreeMap<String, Secret> = serde_json::from_str(&text).with_context(context)?;
    let account = |(name, role): (&'static str, Role)| {
        let password =
            kept.remove(name).with_context(|| format!("`{}` has no password for `{name}`", file.display()))?;
        Ok(DemoAccount { name, role, password })
    };
    ACCOUNTS.into_iter().map(account).collect::<anyhow::Result<_>>().map(Some)
}

/// Chooses the passwords, and keeps them until they were shown.
pub(super) fn chosen(engine: &Engine, demo: &Path) -> anyhow::Result<Vec<DemoAccount>> {
    let account = |(name, role)| {
        let mut random = zeroize::Zeroizing::new([0; 16]);
        engine.entropy.fill(random.as_mut());
        DemoAccount { name, role, password: one_time_text(&random) }
    };
    let accounts: Vec<DemoAccount> = ACCOUNTS.into_iter().map(account).collect();
    let kept: BTreeMap<&str, &str> = accounts.iter().map(|account| (account.name, account.password.reveal())).collect();
    let file = file(demo);
    let context = || format!("the passwords of the demo cannot be kept in `{}`", file.display());
    let mut new = NewFile::replacing(&file, 0o600)?;
    new.write_all(&serde_json::to_vec(&kept)?).with_context(context)?;
    new.finish()?;
    Ok(accounts)
}

/// Forgets the passwords, which were shown.
pub(super) fn forget(demo: &Path) -> anyhow::Result<()> {
    match fs::remove_file(file(demo)) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("`{}` cannot be removed", file(demo).display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn file(demo: &Path) -> PathBuf {
    demo.join(PASSWORDS)
}

/// Makes what is missing of the accounts and their roles.
pub(super) async fn make(engine: &Engine, accounts: &[DemoAccount]) -> anyhow::Result<()> {
    for account in accounts {
        add(engine, account).await?;
    }
    let stored = stored(engine, accounts).await?;
    let administrator = proved(engine, &accounts[0]).await?;
    let confirming = confirming(&stored);
    if !stored[confirming].roles.contains(&Role::Supervisor) {
        Direct::new(engine).act(given(&accounts[confirming])?).await?;
    }
    let supervisor = proved(engine, &accounts[confirming]).await?;
    for (account, _) in accounts.iter().zip(&stored).filter(|(account, stored)| !stored.roles.contains(&account.role)) {
        if account.name == accounts[confirming].name {
            continue;
        }
        let asked = Direct::for_actor(engine, administrator.clone()).request(TwoPersonAct::from(given(account)?)).await;
        let asked = match asked {
            // It was asked for before the demo was killed.
            Err(EngineError::Refused(Refusal::ActWaits { act, .. })) => act,
            asked => asked?,
        };
        Direct::for_actor(engine, supervisor.clone()).confirm(asked).await?;
    }
    Ok(())
}

/// The supervisor who confirms the roles of the others: one who is a supervisor already, or whose password was not reset.
fn confirming(stored: &[Account]) -> usize {
    let is_supervisor = |at: &usize| stored[*at].roles.contains(&Role::Supervisor);
    let is_whole = |at: &usize| stored[*at].reset_at.is_none();
    [1, 2].into_iter().find(is_supervisor).or_else(|| [1, 2].into_iter().find(is_whole)).unwrap_or(1)
}

fn given(account: &DemoAccount) -> anyhow::Result<GiveRole> {
    Ok(GiveRole { account: account.name.to_owned(), role: account.role, note: REASON.parse()? })
}

async fn stored(engine: &Engine, accounts: &[DemoAccount]) -> anyhow::Result<Vec<Account>> {
    let mut tx = engine.store.read().await?;
    let mut stored = Vec::new();
    for account in accounts {
        let found = tx.account_find(&name_key(account.name)).await?;
        stored.push(found.with_context(|| format!("there is no account `{}`", account.name))?);
    }
    Ok(stored)
}

/// Makes an account with its password, if it is not there with it.
async fn add(engine: &Engine, account: &DemoAccount) -> anyhow::Result<()> {
    let (name, password): (AccountName, _) = (account.name.parse()?, account.password.to_password());
    if account.role == Role::Administrator {
        if let Some(code) = issue_first_code(engine).await? {
            first_administrator(engine, code.reveal(), &name, &password).await?;
        }
        return Ok(());
    }
    let known = engine.store.read().await?.account_find(&name_key(account.name)).await?;
    let once = match known {
        None => Direct::new(engine).act(AddAccount { name }).await?.one_time,
        Some(known) if known.one_time_until.is_none() => return Ok(()),
        // The demo was killed before it could choose: with the process, the one-time password is gone.
        Some(known) => Direct::new(engine).act(ResetAccount { account: known.name, note: REASON.parse()? }).await?,
    };
    Ok(choose_password(engine, account.name, &once.password.to_password(), &password, HERE).await?)
}

async fn proved(engine: &Engine, account: &DemoAccount) -> anyhow::Result<Actor> {
    Ok(actor_of_password(engine, account.name, &account.password.to_password(), HERE).await?)
}
