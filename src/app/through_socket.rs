//! Which commands go through the socket of a service.

use std::{collections::BTreeMap, io::ErrorKind, sync::Arc};

use super::system::SystemClock;
use crate::{
    cli::{
        Message,
        access::only_through_socket,
        args::{Command, Global},
        output::Output,
        through_socket::{self, is_for_service},
    },
    store::Location,
};

/// The variable with an API token, for commands that no person runs. It is no argument: others can see those.
const TOKEN: &str = "CETAK_TOKEN";

/// Whether a command goes through a socket: one is named, and the command is for a service.
///
/// # Errors
///
/// If something is given that only a service can use, and no socket is named: the command would act for another account.
pub(super) fn is_asked(
    global: &Global,
    variables: &BTreeMap<String, String>,
    command: &Command,
) -> Result<bool, Message> {
    let is_for_service = is_for_service(command);
    if global.socket.is_some() || !is_for_service {
        return Ok(global.socket.is_some() && is_for_service);
    }
    if matches!(command, Command::Login(_) | Command::Logout) {
        return Err(only_through_socket("open and end sessions"));
    }
    if variables.contains_key(TOKEN) {
        return Err(only_through_socket("use the API token in `CETAK_TOKEN`"));
    }
    Ok(false)
}

/// Carries out a command through the socket that is named.
pub(super) async fn run(
    global: Global,
    mut variables: BTreeMap<String, String>,
    out: Output,
    command: Command,
) -> anyhow::Result<()> {
    let Some(socket) = global.socket.clone() else { return Err(only_through_socket("carry it out").into()) };
    let clock = Arc::new(SystemClock::default());
    through_socket::run(socket, clock, (global, variables.remove(TOKEN)), out, command).await
}

/// Refuses a data folder that this user may not enter.
pub(super) fn refuse_foreign(database: &Location) -> Result<(), Message> {
    let Location::File(file) = database else { return Ok(()) };
    match std::fs::metadata(file) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let folder = file.parent().unwrap_or(file).display();
            let text = format!("the data folder `{folder}` belongs to another user of this machine");
            Err(Message::new(text, "go through the service: name its socket with `--socket`"))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}
