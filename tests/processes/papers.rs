//! What the papers show is true: each `console` block is run in a shell, in the order of its paper, and what the commands
//! print is compared.
//!
//! A line that begins with `$ ` is a command, and goes on in the lines that begin with `> `; what follows is its standard
//! output and error. `…` stands for any text in a line, and alone in a line for any number of lines. Identifiers (UUIDs)
//! and instants differ in each run: they match any other, and an identifier that a paper shows stands for the one
//! that was printed in its place.

use std::{
    collections::HashMap,
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// The papers whose blocks are run; each in a folder of its own.
const PAPERS: [&str; 4] = ["README.md", "src/profiles/README.md", "src/simulation/README.md", "src/web/operating.md"];

/// The ports that papers show, for which free ones stand.
const PORTS: [&str; 2] = ["8080", "8443"];

/// The longest time of a command, in seconds: one that waits for what never comes must not keep the tests.
const COMMAND_SECONDS_MAX: &str = "300";

#[test]
fn what_a_paper_shows_is_what_the_program_prints() {
    for paper in PAPERS {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(paper)).unwrap();
        let steps = steps(&text);
        assert!(!steps.is_empty(), "{paper} has no `console` block");
        let shell = Shell::new();
        let mut known: HashMap<String, String> = PORTS.map(|port| (port.to_owned(), free_port())).into();
        for step in steps {
            let command = with_known(&step.command, &known);
            let printed = shell.run(&command);
            if let Err(why) = compare(&step.expected, &printed, &mut known) {
                panic!("{paper}, line {}: $ {command}\n{why}\nthe program printed:\n{printed}", step.line);
            }
        }
    }
}

#[test]
fn every_paper_with_a_transcript_is_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src"), root.join("tests"), root.join("drivers")];
    let mut papers: Vec<_> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { papers.push(path) }
        }
    }
    papers.retain(|path| path.extension().is_some_and(|end| end == "md"));
    papers.retain(|path| !steps(&fs::read_to_string(path).unwrap()).is_empty());
    let mut shown: Vec<_> = papers.iter().map(|path| path.strip_prefix(root).unwrap().to_str().unwrap()).collect();
    shown.sort_unstable();
    assert_eq!(shown, PAPERS, "add the paper to PAPERS, or show commands without output in a block of `sh`");
}

#[test]
fn a_transcript_that_is_not_true_is_noticed() {
    let differs = |expected: &str, printed: &str| compare(expected, printed, &mut HashMap::new()).is_err();
    assert!(!differs("a\nb\n", "a\nb\n"));
    assert!(differs("a\n", "a\nb\n") && differs("a\nb\n", "a\n") && differs("a 1\n", "a 2\n"));
    assert!(!differs("a\n…\nz\n", "a\nb\nc\nz\n") && differs("a\n…\nz\n", "a\nb\n"));
    assert!(!differs("a … z\n", "a b z\n") && differs("a … z\n", "a b\n"));
    assert!(!differs("at 2026-11-24T12:50:02.118261Z\n", "at 2027-01-02T03:04:05.000001Z\n"));
    assert!(differs("at 2026-11-24T12:50:02.118261Z\n", "at noon\n"));
    let (shown, real) = ("01a20d9a-76b8-767d-9b45-b4cf2cf2ef39", "01a20d9a-0000-767d-9b45-b4cf2cf2ef39");
    let mut known = HashMap::new();
    compare(&format!("it is {shown}\n"), &format!("it is {real}\n"), &mut known).unwrap();
    assert_eq!(with_known(&format!("resolve {shown}"), &known), format!("resolve {real}"));
}

/// A port of this machine that is free now.
fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

/// One command of a paper.
struct Step {
    /// The line of its paper, from 1.
    line: usize,
    command: String,
    expected: String,
}

fn steps(paper: &str) -> Vec<Step> {
    let (mut steps, mut is_open) = (Vec::<Step>::new(), false);
    for (number, line) in (1..).zip(paper.lines()) {
        if line.starts_with("```") {
            is_open = line == "```console";
        } else if is_open {
            if let Some(command) = line.strip_prefix("$ ") {
                steps.push(Step { line: number, command: command.to_owned(), expected: String::new() });
            } else if let Some(step) = steps.last_mut() {
                match line.strip_prefix("> ").filter(|_| step.expected.is_empty()) {
                    Some(more) => step.command += &format!("\n{more}"),
                    None => step.expected += &format!("{line}\n"),
                }
            }
        }
    }
    steps
}

/// A folder with the program on the path, in which commands are run as a person would type them.
struct Shell {
    folder: TempDir,
}

impl Shell {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join(".bin")).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_cetak"), folder.path().join(".bin/cetak")).unwrap();
        Self { folder }
    }

    /// Standard output and error, as they came.
    fn run(&self, command: &str) -> String {
        // Debian has servers where only root looks for programs.
        let path = format!("{}/.bin:{}:/usr/sbin", self.folder.path().display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("timeout");
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CETAK_")) {
            shell.env_remove(name);
        }
        let output = self.folder.path().join(".bin/output");
        let both = fs::File::create(&output).unwrap();
        shell.args([COMMAND_SECONDS_MAX, "bash", "-c", command]).current_dir(self.folder.path());
        shell.env("PATH", path).env("TZ", "UTC").env("CETAK_ACTOR", "ani");
        shell.env("HOME", self.folder.path()).env_remove("XDG_RUNTIME_DIR").stdin(Stdio::null());
        let ended = shell.stdout(both.try_clone().unwrap()).stderr(both).status().unwrap();
        let printed = fs::read_to_string(output).unwrap();
        assert_ne!(ended.code(), Some(124), "$ {command}\nhas not ended after {COMMAND_SECONDS_MAX} s\n{printed}");
        printed
    }
}

impl Drop for Shell {
    /// Ends the servers that a paper started and did not end, because it is not true.
    fn drop(&mut self) {
        for file in fs::read_dir(self.folder.path()).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if file.extension().is_some_and(|end| end == "pid") {
                let pid = fs::read_to_string(file).unwrap_or_default();
                let works_in = fs::read_link(Path::new("/proc").join(pid.trim()).join("cwd"));
                if works_in.is_ok_and(|folder| folder == self.folder.path()) {
                    let _ = Command::new("kill").args(["-KILL", pid.trim()]).status();
                }
            }
        }
    }
}

/// The command with the identifiers of this run instead of those that the paper shows.
fn with_known(command: &str, known: &HashMap<String, String>) -> String {
    known.iter().fold(command.to_owned(), |command, (shown, real)| command.replace(shown, real))
}

/// Compares line by line, and remembers which identifier stands for which.
fn compare(expected: &str, printed: &str, known: &mut HashMap<String, String>) -> Result<(), String> {
    let expected: Vec<&str> = expected.lines().map(str::trim_end).collect();
    let mut printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
    // A paper needs no empty line at the end of a block.
    while printed.last().is_some_and(|line| line.is_empty()) {
        printed.pop();
    }
    let (mut at, mut skips) = (0, false);
    for line in expected {
        if line == "…" {
            skips = true;
            continue;
        }
        let found = printed[at..].iter().position(|real| is_like(line, real));
        match found {
            Some(distance) if skips || distance == 0 => at += distance,
            _ => return Err(format!("expected: {line}\nfound:    {}", printed.get(at).unwrap_or(&"(nothing more)"))),
        }
        known.extend(identifiers(line).into_iter().zip(identifiers(printed[at])).map(|(a, b)| (a.into(), b.into())));
        (at, skips) = (at + 1, false);
    }
    match printed.get(at) {
        Some(more) if !skips => Err(format!("the paper ends before: {more}")),
        _ => Ok(()),
    }
}

fn is_like(expected: &str, real: &str) -> bool {
    let (expected, real) = (masked(expected), masked(real));
    let Some((head, tail)) = expected.split_once('…') else { return expected == real };
    real.len() >= head.len() + tail.len() && real.starts_with(head) && real.ends_with(tail)
}

/// A line with each identifier and instant replaced.
fn masked(line: &str) -> String {
    let mut line = line.to_owned();
    for (shape, mask) in [(UUID, "(identifier)"), (INSTANT, "(instant)")] {
        for found in matches(&line, shape).into_iter().map(str::to_owned).collect::<Vec<_>>() {
            line = line.replace(&found, mask);
        }
    }
    line
}

fn identifiers(line: &str) -> Vec<&str> {
    matches(line, UUID)
}

/// `x` is a hexadecimal digit, `9` a decimal one; all else is itself.
const UUID: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
const INSTANT: &str = "9999-99-99T99:99:99.999999Z";

fn matches<'a>(line: &'a str, shape: &str) -> Vec<&'a str> {
    let fits = |text: &[u8]| {
        text.iter().zip(shape.as_bytes()).all(|(c, shape)| match shape {
            b'x' => c.is_ascii_hexdigit(),
            b'9' => c.is_ascii_digit(),
            other => c == other,
        })
    };
    let windows = line.as_bytes().windows(shape.len()).enumerate().filter(|(_, text)| fits(text));
    windows.map(|(at, _)| &line[at..at + shape.len()]).collect()
}
