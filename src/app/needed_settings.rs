//! Which commands need every setting, and what is told of the wrong ones to the others.

use super::config::Config;
use crate::cli::{
    Message,
    args::{ActCommand, Command, DbCommand, InspectCommand, PrinterCommand, RecordCommand, ReprintCommand},
    output::message,
};

/// Whether a command needs every setting. A command that stops, shows or saves goes on with what is right; only the database,
/// the key and a card profile have no default that could stand in for them. `site` has none for a command that matches jobs at
/// printers with records by their names.
pub(super) fn needs_settings(command: &Command) -> bool {
    match command {
        // They print, name jobs at a printer, begin an office, or have a default in the settings.
        Command::Run(_)
        | Command::Serve(_)
        | Command::Demo(_)
        | Command::Init
        | Command::Import(_)
        | Command::Config(_)
        // These put records back on the waiting list, or ask printers for their jobs.
        | Command::Record(
            RecordCommand::Release { .. } | RecordCommand::Restore { .. } | RecordCommand::Resolve { .. },
        )
        | Command::Inspect(InspectCommand::Resolve { .. } | InspectCommand::Declare { .. })
        | Command::Reprint(ReprintCommand::Approve { .. })
        | Command::Act(ActCommand::Confirm { .. }) => true,
        Command::Printer(command) => match command {
            PrinterCommand::List | PrinterCommand::Supplies { .. } | PrinterCommand::Remove { .. } => false,
            PrinterCommand::Add { .. }
            | PrinterCommand::Set { .. }
            | PrinterCommand::Show { .. }
            | PrinterCommand::Test { .. }
            | PrinterCommand::Clear { .. } => true,
        },
        Command::Db(command) => match command {
            DbCommand::Move { .. } | DbCommand::Adopt { .. } | DbCommand::RekeyPersons { .. } | DbCommand::IndexNames => true,
            DbCommand::Archive { older_than, .. } => older_than.is_none(),
            DbCommand::Check { .. } | DbCommand::Backup { .. } | DbCommand::Recount | DbCommand::AcceptClock { .. } => {
                false
            }
        },
        Command::Blangko(_)
        | Command::Source(_)
        | Command::Profile(_)
        | Command::Plan(_)
        | Command::Report(_)
        | Command::Simulate(_)
        | Command::Queue(_)
        | Command::Status
        | Command::Record(
            RecordCommand::Find { .. }
            | RecordCommand::Show { .. }
            | RecordCommand::List { .. }
            | RecordCommand::Hold { .. }
            | RecordCommand::Priority { .. }
            | RecordCommand::Why { .. }
            | RecordCommand::Jumps { .. }
            | RecordCommand::Withdraw { .. }
            | RecordCommand::Quarantined
            | RecordCommand::Held,
        )
        | Command::Batch(_)
        | Command::Job(_)
        | Command::Inspect(InspectCommand::List)
        | Command::Reprint(ReprintCommand::Request { .. } | ReprintCommand::List | ReprintCommand::Refuse { .. })
        | Command::Act(
            ActCommand::List { .. } | ActCommand::Show { .. } | ActCommand::Refuse { .. } | ActCommand::TakeBack { .. },
        )
        | Command::Account(_)
        | Command::Login(_)
        | Command::Logout
        | Command::Token(_)
        | Command::Card(_)
        | Command::Audit(_) => false,
    }
}

/// Warns of what is wrong and is not needed now.
pub(super) fn warn_of_broken(config: &Config, command: &Command) {
    config.faults.iter().for_each(warn);
    // `config check` ends with the first.
    let own = usize::from(matches!(command, Command::Config(_)));
    config.broken.iter().skip(own).for_each(|broken| warn(&Message::from_detail(&broken.fault)));
}

/// Warns of a fault.
pub(super) fn warn(fault: &Message) {
    message(&format!("warning: {}", fault.text));
    if let Some(hint) = &fault.hint {
        message(&format!("hint: {hint}"));
    }
}
