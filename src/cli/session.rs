//! `cetak login` and `cetak logout`.

use anyhow::Context;
use serde_json::json;

use super::{Message, Usage, access::Access, find::line, output::Output, password};
use crate::domain::value::AccountName;

/// Signs in, so that the next commands act for the account.
pub(super) async fn log_in(
    access: &Access,
    out: Output,
    name: Option<AccountName>,
    from_stdin: bool,
) -> anyhow::Result<()> {
    let service = access.service("open a session")?;
    let name = match name {
        Some(name) => name,
        None => line("name: ")?.parse().map_err(|_| Usage("this is not the name of an account"))?,
    };
    let password = password::read(&format!("password of {name}"), from_stdin)?;
    service.log_in(&name, &password).await.context("you are not signed in")?;
    Ok(out.done(&json!({ "account": name, "state": "signed-in" }), &format!("signed in as `{name}`"))?)
}

/// Signs out.
pub(super) async fn log_out(access: &Access, out: Output) -> anyhow::Result<()> {
    if !access.service("end a session")?.log_out().await? {
        return Err(Message::new("you are not signed in at this service", "sign in with `cetak login`").into());
    }
    Ok(out.done(&json!({ "state": "signed-out" }), "signed out")?)
}
