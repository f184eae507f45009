//! The English text of everything that the program says about failures: what failed, on which thing, what was expected
//! against what was found, and what to do next. No layer below names a command.

mod blocked;
mod check;
mod message;
mod printer;
mod reason;
mod refusal;
mod report;
mod store;

pub use self::{
    blocked::blocked,
    check::remedy,
    message::Message,
    printer::resumes,
    reason::{reason, word_reason},
    refusal::refusal,
    report::{engine, report},
};

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use crate::cli::args::Cli;

    const TEXTS: [&str; 7] = [
        include_str!("blocked.rs"),
        include_str!("check.rs"),
        include_str!("printer.rs"),
        include_str!("reason.rs"),
        include_str!("refusal.rs"),
        include_str!("report.rs"),
        include_str!("store.rs"),
    ];

    /// The first word of a command line that the program does not know, as far as the line has commands.
    fn unknown(line: &str) -> Option<String> {
        let mut command = Cli::command();
        for word in line.split_whitespace() {
            if !command.has_subcommands() {
                return None;
            }
            match command.find_subcommand(word) {
                Some(found) => command = found.clone(),
                None => return Some(word.to_owned()),
            }
        }
        None
    }

    #[test]
    fn every_command_that_a_hint_names_exists() {
        let lines = TEXTS.iter().flat_map(|text| text.split("`cetak ").skip(1)).map(|rest| rest.split('`').next());
        let lines: Vec<&str> = lines.flatten().collect();
        assert!(lines.len() > 20, "{lines:?}");
        let wrong: Vec<_> = lines.iter().filter_map(|line| Some((line, unknown(line)?))).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn a_command_that_does_not_exist_is_noticed() {
        assert_eq!(unknown("db chek").as_deref(), Some("chek"));
        assert_eq!(unknown("blangko unload --printer p1"), None);
    }
}
