//! `cetak account` and `cetak token`, and commands that an account carries out.

use super::{
    access::{Access, HERE},
    act::ask,
    args::{AccountArgs, AccountCommand, RoleChange, TokenCommand},
    output::{Output, table},
    pages, password, words,
};
use crate::{
    domain::{
        account::Scopes,
        actor::Role,
        id::{SessionId, TokenId},
        refusal::{AccountRefusal, Refusal},
        value::AccountName,
    },
    engine::{
        Engine, EngineError,
        accounts::actor_of_password,
        client::Client,
        operations::{
            AddAccount, AddToken, AddedAccount, DisableAccount, EnableAccount, EndSession, GiveRole, OneTimePassword,
            ResetAccount, RevokeToken, TakeRole,
        },
        query::{AccountLine, ListAccounts, ListSessions, ListTokens, SessionLine, TokenLine},
        unproved::record_unproved,
    },
};

/// The engine that acts for an account, whose password is read.
pub async fn acting(engine: &Engine, name: &AccountName, from_stdin: bool) -> anyhow::Result<Engine> {
    let password = password::read(&format!("password of {name}"), from_stdin)?;
    let proved = actor_of_password(engine, name.as_str(), &password, HERE).await;
    if let Err(EngineError::Refused(Refusal::Account(AccountRefusal::SignIn))) = &proved {
        record_unproved(engine, &[(HERE.to_owned(), 1)]).await?;
    }
    let actor = proved?;
    Ok(engine.acting(&engine.writer.chain, actor))
}

pub(super) async fn command(
    access: &Access,
    out: Output,
    command: AccountCommand,
    from_stdin: bool,
) -> anyhow::Result<()> {
    let client = access;
    let (name, state) = match command {
        AccountCommand::Add { name } => {
            let added = client.act(AddAccount { name: name.clone() }).await?;
            return Ok(out.data(&added, |added| added_text(added, name.as_str(), access.zone()))?);
        }
        AccountCommand::List => return list(access, out).await,
        AccountCommand::Reset { account: AccountArgs { name, reason } } => {
            let once = client.act(ResetAccount { account: name.to_string(), note: reason }).await?;
            let text = format!(
                "account `{name}` reset; its sessions have ended, and for 24 hours it asks for and confirms nothing that two people do\n{}",
                one_time_text(&once, name.as_str(), access.zone())
            );
            return Ok(out.data(&once, |_| text)?);
        }
        AccountCommand::Disable { account: AccountArgs { name, reason } } => {
            client.act(DisableAccount { account: name.to_string(), note: reason }).await?;
            (name, "disabled")
        }
        AccountCommand::Enable { account: AccountArgs { name, reason } } => {
            client.act(EnableAccount { account: name.to_string(), note: reason }).await?;
            (name, "enabled")
        }
        AccountCommand::Roles { account, change } => return roles(access, out, account, change).await,
        AccountCommand::Passwd { name } => {
            let old = password::read(&format!("old password of {name}"), from_stdin)?;
            let new = password::read_new(from_stdin)?;
            access.choose_password(&name, &old, &new).await?;
            let text = format!("password of account `{name}` changed; its sessions have ended");
            return Ok(out.done(&serde_json::json!({ "account": name, "state": "password-chosen" }), &text)?);
        }
        AccountCommand::Map { name, remove } => {
            let service = access.service("map a user of this machine to an account")?;
            let password = password::read(&format!("password of {name}"), from_stdin)?;
            service.map_os_user(&name, &password, remove).await?;
            let (state, text) = if remove {
                ("unmapped", format!("no user of this machine proves account `{name}` any more"))
            } else {
                ("mapped", format!("your user of this machine proves account `{name}`"))
            };
            return Ok(out.done(&serde_json::json!({ "account": name, "state": state }), &text)?);
        }
        AccountCommand::Sessions => return sessions(access, out).await,
        AccountCommand::EndSession { session } => {
            client.act(EndSession { session: SessionId(session) }).await?;
            let fields = serde_json::json!({ "session": session, "state": "ended" });
            return Ok(out.done(&fields, &format!("session {session} ended"))?);
        }
    };
    let text = format!("account `{name}` {state}");
    Ok(out.done(&serde_json::json!({ "account": name, "state": state }), &text)?)
}

fn added_text(added: &AddedAccount, name: &str, zone: &jiff::tz::TimeZone) -> String {
    let role = if added.is_first { "the first one, an administrator" } else { "without a role" };
    format!("account `{name}` made, {role}\n{}", one_time_text(&added.one_time, name, zone))
}

fn one_time_text(once: &OneTimePassword, name: &str, zone: &jiff::tz::TimeZone) -> String {
    let until = words::local(&once.until, zone);
    format!(
        "one-time password, until {until}: {}\nits person chooses another one with `cetak account passwd \"{name}\"`\n",
        once.password.reveal()
    )
}

async fn roles(
    access: &Access,
    out: Output,
    AccountArgs { name, reason: note }: AccountArgs,
    change: RoleChange,
) -> anyhow::Result<()> {
    let (client, account) = (access, name.to_string());
    let (role, done) = match (change.give.map(Role::from), change.take.map(Role::from)) {
        (Some(role), _) => {
            let act = GiveRole { account, role, note };
            let is_local = access.is_local();
            if !(is_local && role == Role::Supervisor) {
                return ask(access, out, act.into()).await;
            }
            client.act(act).await?;
            (role, "given to")
        }
        (None, Some(role)) => {
            client.act(TakeRole { account, role, note }).await?;
            (role, "taken from")
        }
        (None, None) => return Ok(()), // clap asks for one of them
    };
    let fields = serde_json::json!({ "account": name, "role": role, "done": done });
    Ok(out.done(&fields, &format!("role `{role}` {done} account `{name}`"))?)
}

async fn list(access: &Access, out: Output) -> anyhow::Result<()> {
    let lines = pages::all(access, |page| ListAccounts { page }).await?;
    let row = |line: &AccountLine| {
        let roles: Vec<&str> = line.roles.iter().map(|role| role.as_str()).collect();
        let state = match (line.disabled, line.password_due) {
            (true, _) => "disabled",
            (false, true) => "password due",
            (false, false) => "active",
        };
        let made = words::local(&line.made_at, access.zone());
        vec![line.id.to_string(), line.name.clone(), state.to_owned(), roles.join(", "), made]
    };
    let header = ["account", "name", "state", "roles", "made"];
    Ok(out.data(&lines, |lines| table(&header, &lines.iter().map(row).collect::<Vec<_>>()))?)
}

async fn sessions(access: &Access, out: Output) -> anyhow::Result<()> {
    let lines = pages::all(access, |page| ListSessions { page }).await?;
    let zone = access.zone();
    let row = |line: &SessionLine| {
        let (opened, seen) = (words::local(&line.opened_at, zone), words::local(&line.seen_at, zone));
        vec![line.id.to_string(), line.name.clone(), line.address.clone(), opened, seen]
    };
    let header = ["session", "account", "address", "opened", "last used"];
    Ok(out.data(&lines, |lines| table(&header, &lines.iter().map(row).collect::<Vec<_>>()))?)
}

pub(super) async fn token_command(access: &Access, out: Output, command: TokenCommand) -> anyhow::Result<()> {
    let client = access;
    match command {
        TokenCommand::Add { name, owner, scope, days } => {
            let scopes = Scopes::try_from(scope).map_err(|why| {
                words::Message::new(
                    why.to_string(),
                    "name other operations with `--scope`; `cetak token list` shows those in use",
                )
            })?;
            let added = client.act(AddToken { name, account: owner.to_string(), scopes, days }).await?;
            let until = words::local(&added.expires_at, access.zone());
            let text = format!(
                "API token {} of account `{owner}` made, until {until}; its secret is not shown again:\n{}\n",
                added.token,
                added.secret.reveal()
            );
            Ok(out.data(&added, |_| text)?)
        }
        TokenCommand::List => {
            let lines = pages::all(access, |page| ListTokens { page }).await?;
            let zone = access.zone();
            let row = |line: &TokenLine| {
                let revoked = line.revoked_at.as_deref().map_or_else(String::new, |at| words::local(at, zone));
                let until = words::local(&line.expires_at, zone);
                let (name, owner) = (line.name.clone(), line.account_name.clone());
                vec![line.id.to_string(), name, owner, until, revoked, line.scopes.to_string()]
            };
            let header = ["token", "name", "owner", "expires", "revoked", "scopes"];
            Ok(out.data(&lines, |lines| table(&header, &lines.iter().map(row).collect::<Vec<_>>()))?)
        }
        TokenCommand::Revoke { token } => {
            client.act(RevokeToken { token: TokenId(token) }).await?;
            let fields = serde_json::json!({ "token": token, "state": "revoked" });
            Ok(out.done(&fields, &format!("API token {token} revoked"))?)
        }
    }
}
