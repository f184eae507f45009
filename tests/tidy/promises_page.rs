//! The page of the promises names only tests and files that exist.

use std::fs;

use super::{collect, extension, root};

/// The page that names the tests of each promise.
const PROMISES: &str = "tests/promises/README.md";

#[test]
fn every_test_that_the_promises_name_exists() {
    let page = fs::read_to_string(root().join(PROMISES)).unwrap();
    let mut sources = Vec::new();
    for folder in ["src", "drivers", "tests"] {
        collect(&root().join(folder), &mut sources);
    }
    sources.retain(|file| extension(file) == "rs");
    let tests: Vec<String> = sources.iter().flat_map(|file| tests_in(&fs::read_to_string(file).unwrap())).collect();
    let (files, functions) = named_on(&page);
    assert!(files.len() > 10 && functions.len() > 20, "{PROMISES} names too little: {files:?}, {functions:?}");
    let lost: Vec<&String> = functions.iter().filter(|name| !tests.contains(name)).collect();
    assert!(lost.is_empty(), "{PROMISES} names tests that do not exist: {lost:?}; name those that replaced them");
    let lost: Vec<&String> = files.iter().filter(|file| !root().join(file).exists()).collect();
    assert!(lost.is_empty(), "{PROMISES} names files that do not exist: {lost:?}");
}

#[test]
fn tests_that_are_named_and_tests_that_exist_are_told_apart() {
    let page = "- `src/a.rs`: `a_card_is_one`, `World::run` and `main.rs`\n  `no_card_is_two`, `two_words`";
    let (files, functions) = named_on(page);
    assert_eq!(files, ["src/a.rs"]);
    assert_eq!(functions, ["a_card_is_one", "no_card_is_two"]);
    let source = "#[tokio::test]\nasync fn a_card_is_one() {}\n    #[test]\n    fn b_is_c() {}\nfn no_card_is_two() {}";
    assert_eq!(tests_in(source), ["a_card_is_one", "b_is_c"]);
}

/// The files with a folder, and the functions (names of three or more words), that a page has in backticks.
fn named_on(page: &str) -> (Vec<String>, Vec<String>) {
    let is_function = |name: &str| {
        name.matches('_').count() > 1 && name.chars().all(|c| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    let quoted = page.split('`').skip(1).step_by(2).map(str::to_owned);
    let (files, others): (Vec<_>, Vec<_>) = quoted.partition(|name| name.contains('/'));
    (files, others.into_iter().filter(|name| is_function(name)).collect())
}

/// The functions of a source whose attribute says that they are tests.
fn tests_in(source: &str) -> Vec<String> {
    let lines: Vec<&str> = source.lines().map(str::trim).filter(|line| !line.starts_with("//")).collect();
    let mut found = Vec::new();
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("#[") && line.contains("test")) {
        let function = lines[at..].iter().find(|line| !line.starts_with("#["));
        let named = function.and_then(|line| line.trim_start_matches("async ").strip_prefix("fn "));
        found.extend(named.and_then(|rest| rest.split('(').next()).map(str::to_owned));
    }
    found
}
