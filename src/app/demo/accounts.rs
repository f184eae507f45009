//! The accounts of the demo: one for each role, and a second supervisor, so that acts of two people can be tried.

use crate::{
    cli::access::HERE,
    domain::{
        account::{Password, Secret, one_time_text},
        actor::{Actor, Role},
    },
    engine::{
        Engine,
        accounts::{actor_of_password, choose_password},
        client::{Client, Direct},
        operations::{AddAccount, GiveRole, TwoPersonAct},
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

/// An account, and the password that its person would have chosen.
pub(super) struct DemoAccount {
    pub(super) name: &'static str,
    pub(super) role: Role,
    pub(super) password: Secret,
}

/// Makes the accounts of an office that has none.
pub(super) async fn make(engine: &Engine) -> anyhow::Result<Vec<DemoAccount>> {
    let mut made = Vec::new();
    for (name, role) in ACCOUNTS {
        let password = add(engine, name).await?;
        made.push(DemoAccount { name, role, password });
    }
    let act = |account: &DemoAccount| -> anyhow::Result<GiveRole> {
        Ok(GiveRole { account: account.name.to_owned(), role: account.role, note: REASON.parse()? })
    };
    Direct::new(engine).act(act(&made[1])?).await?;
    let [administrator, supervisor] = [proved(engine, &made[0]).await?, proved(engine, &made[1]).await?];
    for account in &made[2..] {
        let asked = Direct::for_actor(engine, administrator.clone()).request(TwoPersonAct::from(act(account)?)).await?;
        Direct::for_actor(engine, supervisor.clone()).confirm(asked).await?;
    }
    Ok(made)
}

/// Makes an account, and chooses a password for it.
async fn add(engine: &Engine, name: &str) -> anyhow::Result<Secret> {
    let added = Direct::new(engine).act(AddAccount { name: name.parse()? }).await?;
    let mut random = zeroize::Zeroizing::new([0; 16]);
    engine.entropy.fill(random.as_mut());
    let password = one_time_text(&random);
    let once = added.one_time.password.to_password();
    choose_password(engine, name, &once, &password.to_password(), HERE).await?;
    Ok(password)
}

async fn proved(engine: &Engine, account: &DemoAccount) -> anyhow::Result<Actor> {
    let password: Password = account.password.to_password();
    Ok(actor_of_password(engine, account.name, &password, HERE).await?)
}
