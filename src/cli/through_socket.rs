//! Commands that go through the socket of a service.

use std::{path::PathBuf, sync::Arc};

use super::{
    access::Access,
    args::{AccountCommand, Command, Global, ImportCommand},
    command as carried_out, db, import,
    output::Output,
    password,
    service::{Credentials, Service},
};
use crate::engine::clock::Clock;

/// Whether a command is for a service, if a socket is named. The others need the data folder, or are the service.
pub fn is_for_service(command: &Command) -> bool {
    !matches!(
        command,
        Command::Demo(_)
            | Command::Init
            | Command::Run(_)
            | Command::Serve(_)
            | Command::Config(_)
            | Command::Profile(_)
    )
}

/// Carries out a command. The account is proved by `--account` and its password, else by the API token, else by the session of
/// `cetak login`, else by the user of this process.
pub async fn run(
    socket: PathBuf,
    clock: Arc<dyn Clock>,
    (global, token): (Global, Option<String>),
    out: Output,
    command: Command,
) -> anyhow::Result<()> {
    let Global { account, password_stdin, .. } = global;
    let proves_itself = matches!(
        command,
        Command::Login(_)
            | Command::Logout
            | Command::Account(AccountCommand::Passwd { .. } | AccountCommand::Map { .. })
    );
    let service = if proves_itself {
        Service::unproved(socket, clock)
    } else {
        let named =
            |name| password::read(&format!("password of {name}"), password_stdin).map(|password| (name, password));
        let account = account.map(named).transpose()?;
        Service::open(socket, clock, Credentials { account, token }).await?
    };
    if let Command::Import(ImportCommand { list: Some(args), .. }) = command {
        let done = import::through_service(&service, out, args).await;
        let ended = service.end().await;
        return done.and(ended.map_err(Into::into));
    }
    let access = Access::Service(Box::new(service));
    let done = if let Command::Db(command) = command {
        Box::pin(db::command(&access, out, command, "the key file of the service")).await
    } else {
        Box::pin(carried_out(&access, out, command, password_stdin)).await
    };
    if let Access::Service(service) = &access {
        let ended = service.end().await;
        done.and(ended.map_err(Into::into))
    } else {
        done
    }
}
