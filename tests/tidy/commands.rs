//! The commands of the program are named in texts of the command line only: it is one of several surfaces.

use super::{over, split};

const COMMANDS: &str = "demo import blangko printer profile run queue status record batch job inspect reprint act card \
                        audit db config serve";

#[test]
fn no_layer_below_the_surfaces_names_a_command() {
    over(&["src/domain", "src/store", "src/engine", "src/render"], |_, text| {
        Some(format!("`{}` in a text: return a typed refusal, and word it in src/words", command_in(text)?))
    });
}

#[test]
fn commands_are_seen_in_text_and_not_in_comments() {
    assert_eq!(command_in("let a = \"see `cetak whatever`\";").as_deref(), Some("cetak whatever"));
    assert_eq!(command_in("f(\"run cetak db check\")").as_deref(), Some("cetak db"));
    assert_eq!(command_in("/// See `cetak status`.\nlet a = \"cetak-site cetak 1.0\";"), None);
}

/// The first command of the program that the strings of a file name.
fn command_in(text: &str) -> Option<String> {
    let strings = split(text).1.join("\n");
    strings.match_indices("cetak ").find_map(|(at, start)| {
        let word: String = strings[at + start.len()..].chars().take_while(char::is_ascii_alphabetic).collect();
        let is_command = strings[..at].ends_with('`') || COMMANDS.split_whitespace().any(|known| known == word);
        is_command.then(|| format!("cetak {word}"))
    })
}
