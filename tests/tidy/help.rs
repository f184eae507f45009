//! The help of every command describes all that can be typed, and has examples that can be typed.

use cetak::cli::args::Cli;
use clap::{ArgMatches, Command, CommandFactory};

#[test]
fn every_command_has_an_example_that_can_be_typed() {
    let mut faults = Vec::new();
    visit(&mut |path, command| {
        let examples = examples(command);
        if !examples.iter().any(|example| typed(example).is_ok_and(|typed| typed.starts_with(path))) {
            faults.push(format!("`{}`: add an example of it, below `Examples:`", path.join(" ")));
        }
        faults.extend(examples.iter().filter_map(|example| typed(example).err()));
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_argument_and_every_value_is_described() {
    let mut faults = Vec::new();
    visit(&mut |path, command| {
        let path = path.join(" ");
        if command.get_about().is_none() {
            faults.push(format!("`{path}`: say what it does"));
        }
        for argument in command.get_arguments() {
            let name = argument.get_id();
            if argument.get_help().is_none() {
                faults.push(format!("`{path}`: describe `{name}`"));
            }
            let values = argument.get_possible_values();
            let bare = values.iter().filter(|value| value.get_help().is_none() && argument.get_action().takes_values());
            faults.extend(bare.map(|value| format!("`{path}`: describe `{}` of `{name}`", value.get_name())));
        }
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_summary_of_every_command_is_one_sentence() {
    // A second sentence is the summary of another command, whose own is then missing.
    let begins_one = |pair: &[&str]| {
        let mut letters = pair[1].chars();
        let is_capital = letters.next().is_some_and(char::is_uppercase) && letters.all(char::is_lowercase);
        is_capital && pair[0].ends_with(char::is_lowercase)
    };
    let mut faults = Vec::new();
    visit(&mut |path, command| {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        if about.split_whitespace().collect::<Vec<_>>().windows(2).any(begins_one) {
            faults.push(format!("`{}`: \"{about}\"", path.join(" ")));
        }
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn an_example_that_cannot_be_typed_is_noticed() {
    assert_eq!(typed("list | cetak import - --format jsonl").unwrap(), ["cetak", "import"]);
    assert_eq!(typed("cetak queue pause --reason \"ribbon change\"").unwrap(), ["cetak", "queue", "pause"]);
    assert_eq!(typed("cetak status > board.txt").unwrap(), ["cetak", "status"]);
    assert!(typed("cetak queue pause --reason ribbon change").is_err());
    assert!(typed("cetak queue stop").is_err());
}

/// Calls `check` with each command of the tree and its path, such as `["cetak", "db", "check"]`.
fn visit(check: &mut dyn FnMut(&[String], &Command)) {
    fn inner(above: &[String], command: &Command, check: &mut dyn FnMut(&[String], &Command)) {
        let path = [above, &[command.get_name().to_owned()]].concat();
        check(&path, command);
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            inner(&path, below, check);
        }
    }
    let mut program = Cli::command();
    program.build();
    inner(&[], &program, check);
}

/// The command lines below `Examples:` at the end of a command's help; a `\` at the end of a line continues it.
fn examples(command: &Command) -> Vec<String> {
    let help = command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string).unwrap_or_default();
    let Some(examples) = help.strip_prefix("Examples:\n") else { return Vec::new() };
    examples.replace("\\\n", " ").lines().map(|line| line.trim().to_owned()).collect()
}

/// The path of the command in an example, which may be at the end of a pipe or write to a file. The error names the example.
fn typed(example: &str) -> Result<Vec<String>, String> {
    let start = example.find("cetak ").ok_or_else(|| format!("`{example}` does not run `cetak`"))?;
    let arguments = example[start..].split(" > ").next().unwrap_or_default();
    let quoted = arguments.split('"').enumerate();
    let words = quoted.flat_map(|(at, part)| match at % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    let matches = Cli::command().try_get_matches_from(words).map_err(|error| format!("`{example}`: {error}"))?;
    let mut path = vec!["cetak".to_owned()];
    let mut below: Option<(&str, &ArgMatches)> = matches.subcommand();
    while let Some((name, matches)) = below {
        path.push(name.to_owned());
        below = matches.subcommand();
    }
    Ok(path)
}
