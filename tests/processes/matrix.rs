//! The crash matrix: kills the scheduler at each step of an attempt, with or without the printer, with each fault of its
//! engine, on each real printer. The run then resumes without help, except for an operator at the printer, and the
//! database is compared with the output hopper.
//!
//! A normal run has every step and every fault at least once for each printer. `MATRIX=full` runs all cells and writes a
//! table.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use crate::comparison::Account;
use crate::engine::Mode;
use crate::ipp_proxy::{Proxy, Step};
use crate::joined::Joined;
use crate::now;
use crate::office::{Office, Running, number};
use crate::peer::{Kind, Peer};
use crate::people;
use crate::printer_operator::{FAULTS, Operator};
use crate::wait;

const RECORDS: usize = 3;
const BLANKS: usize = 5;
/// Long enough for a poll to see the card under way.
const CARD_MS: u64 = 250;
/// The number of cells that run at the same time. They wait more than they compute.
const AT_ONCE: usize = 4;
const SECONDS_MAX: u64 = 40;
/// The interval at which the operator reads the program's status of the printer.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);
/// The maximum of scheduler runs that end because a person must act on a printer.
const RUNS_MAX: usize = 3;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Cell {
    kind: Kind,
    /// The fault of the engine at the first card.
    mode: Mode,
    /// The number of cards printed before the attempt that is stopped.
    before: usize,
    step: Step,
    /// Whether the printer is killed and restarted together with the scheduler.
    killed: bool,
}

/// The result for the trapped attempt.
struct CellResult {
    reached: bool,
    outcome: String,
    cards: usize,
    wrongs: Vec<String>,
}

#[test]
fn ippeveprinter_makes_one_card_at_most_wherever_the_scheduler_is_killed() {
    matrix(Kind::Eve);
}

#[test]
fn pappl_makes_one_card_at_most_wherever_the_scheduler_is_killed() {
    matrix(Kind::Pappl);
}

#[test]
fn cupsd_makes_one_card_at_most_wherever_the_scheduler_is_killed() {
    matrix(Kind::Cupsd);
}

/// The steps of an attempt on that printer.
fn steps(kind: Kind) -> impl Iterator<Item = Step> + Clone {
    Step::ALL.into_iter().filter(move |step| kind != Kind::Eve || !step.needs_hold())
}

/// Each fault of the engine, and the number of cards before it.
fn rows() -> impl Iterator<Item = (Mode, usize)> {
    [(Mode::Ok, 1), (Mode::Ok, 0)].into_iter().chain(FAULTS.map(|mode| (mode, 0)))
}

/// All cells; or each step of the second card without a fault, and the first card and each fault at one step. The printer is left alone
/// and killed in turn.
fn cells(kind: Kind, full: bool) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (row, (mode, before)) in rows().enumerate() {
        let (first, count) = if full || before > 0 { (0, usize::MAX) } else { (row % steps(kind).count(), 1) };
        for (column, step) in steps(kind).skip(first).take(count).enumerate() {
            let both = [false, true].map(|killed| Cell { kind, mode, before, step, killed });
            cells.extend(both.into_iter().filter(|cell| full || cell.killed == (row + column).is_multiple_of(2)));
        }
    }
    cells
}

fn matrix(kind: Kind) {
    let full = std::env::var("MATRIX").is_ok_and(|value| value == "full");
    let cells = cells(kind, full);
    let template = Office::new();
    template.import("student", &people::students(0..RECORDS));
    template.receive("student", BLANKS);
    let (todo, done) = (Mutex::new(cells.iter()), Mutex::new(BTreeMap::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(cell) = todo.lock().unwrap().next() else { break };
                    let seen = catch_unwind(AssertUnwindSafe(|| run(*cell, &template)));
                    done.lock().unwrap().insert(*cell, seen.unwrap_or_else(|_| panicked()));
                }
            });
        }
    });
    let done = done.into_inner().unwrap();
    let name = format!("matrix-{}.md", kind.name());
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), table(kind, &done)).unwrap();
    let reached = |step: &Step| done.iter().any(|(cell, seen)| cell.step == *step && seen.reached);
    let missed: Vec<_> = steps(kind).filter(|step| !reached(step)).collect();
    assert!(missed.is_empty(), "no attempt was stopped at {missed:?}");
    let wrongs: Vec<String> = done
        .iter()
        .flat_map(|(cell, seen)| seen.wrongs.iter().map(move |wrong| format!("{}: {wrong}", describe(cell))))
        .collect();
    assert!(wrongs.is_empty(), "{} cells:\n{}\n", cells.len(), wrongs.join("\n"));
}

fn describe(cell: &Cell) -> String {
    let Cell { kind, mode, before, step, killed } = cell;
    let printer = if *killed { "killed" } else { "left alone" };
    format!("{} {step} ({step:?}) of card {} with {}, printer {printer}", kind.name(), before + 1, mode.word())
}

fn panicked() -> CellResult {
    CellResult {
        reached: false,
        outcome: "?".into(),
        cards: 0,
        wrongs: vec!["the test itself failed, see above".into()],
    }
}

/// One office with one printer, from the first card to the comparison.
fn run(cell: Cell, template: &Office) -> CellResult {
    let mut peer = cell.kind.start();
    peer.engine().set_pace(CARD_MS);
    peer.engine().set_for(cell.mode, 1);
    let proxy = Proxy::start(peer.port(), peer.path());
    // A copy is cheaper than another import.
    let office = template.copied();
    office.add_ipp("p", &proxy.uri());
    let mut operator = Operator::default();
    let mut wrongs = Vec::new();

    let trapped = proxy.trap(cell.step, cell.before);
    let mut scheduler = office.start(&["run", "--until-idle"]);
    let mut reached = false;
    let ended = tend(&mut *peer, &mut operator, |_| {
        reached = trapped.is_reached();
        reached || scheduler.has_ended()
    });
    if !ended {
        wrongs.push(format!("after {SECONDS_MAX} s the step was not reached: {:?}", office.attempts()));
    }
    if cell.step == Step::ReleaseSent && cell.killed {
        // Polled without a pause, because the step lasts milliseconds.
        let end = now().plus(Duration::from_secs(1));
        while !peer.engine().is_running() && now() < end {}
        peer.stop();
    }
    scheduler.kill();
    if reached && cell.killed {
        peer.run();
    }
    drop(trapped);

    // A copy of the folder as it was left joins in.
    let joined = Joined::copy_of(&office);
    if joined.is_none() {
        wrongs.push("no scheduler has saved what the database is".to_owned());
    }
    wrongs.extend(settle(&office, &mut *peer, &mut operator));
    joined.into_iter().for_each(Joined::leave);
    let account = Account::new(&office, peer.engine().hopper(), proxy.documents(), RECORDS, BLANKS);
    wrongs.extend(account.wrongs());
    let audit = office.run(&["audit", "verify"]);
    if audit.code != Some(0) {
        wrongs.push(format!("{audit:?}"));
    }
    let target = proxy.target().unwrap_or_default();
    let outcome = account.attempts.iter().find(|attempt| attempt.id == target).and_then(|a| a.outcome.clone());
    let outcome = outcome.unwrap_or_else(|| "open".into());
    wrongs.extend(unexpected(cell, &account, &target, &outcome));
    CellResult { reached, outcome, cards: account.cards_of(&target).len(), wrongs }
}

/// Lets the operator act until `done`; false after a timeout.
fn tend(peer: &mut dyn Peer, operator: &mut Operator, mut done: impl FnMut(&dyn Peer) -> bool) -> bool {
    let end = now().plus(Duration::from_secs(SECONDS_MAX));
    while !done(peer) {
        if now() > end {
            return false;
        }
        operator.attend(peer);
        wait(5);
    }
    true
}

/// Restarts the scheduler until it ends by itself and no engine works any more.
fn settle(office: &Office, peer: &mut dyn Peer, operator: &mut Operator) -> Vec<String> {
    for _ in 0..RUNS_MAX {
        let mut scheduler: Running = office.start(&["run", "--until-idle"]);
        let mut looked = now();
        let has_ended = |_: &dyn Peer| {
            if now().since(looked) > CHECK_INTERVAL {
                office.clear("p");
                looked = now();
            }
            scheduler.has_ended()
        };
        if !tend(peer, operator, has_ended) {
            let messages = scheduler.messages();
            scheduler.kill();
            return vec![format!("after {SECONDS_MAX} s it has not settled: {:?}\n{messages}", office.attempts())];
        }
        let answer = scheduler.ended(1);
        if answer.code != Some(0) {
            return vec![format!("{answer:?}")];
        }
        let status = office.status();
        if number(&status, &["records", "waiting"]) + number(&status, &["records", "batched"]) == 0 {
            break;
        }
        office.clear("p");
    }
    if !tend(peer, operator, |peer| !peer.engine().is_running()) {
        return vec!["an engine does not end".to_owned()];
    }
    Vec::new()
}

/// Without a fault of the engine, only unknowable outcomes may be uncertain.
fn unexpected(cell: Cell, account: &Account, target: &str, outcome: &str) -> Vec<String> {
    if cell.mode != Mode::Ok {
        return Vec::new();
    }
    let mut wrongs = Vec::new();
    if outcome == "uncertain" && !may_be_uncertain(cell) {
        wrongs.push("its outcome could be known, but is uncertain".to_owned());
    }
    // The previous card may be in progress when the printer is killed.
    let others = account.attempts.iter().filter(|attempt| attempt.id != target && !(cell.killed && cell.before > 0));
    for attempt in others.filter(|attempt| attempt.outcome.as_deref() == Some("uncertain")) {
        wrongs.push(format!("an attempt that nobody disturbed is uncertain: {attempt:?}"));
    }
    wrongs
}

fn may_be_uncertain(Cell { kind, step, killed, .. }: Cell) -> bool {
    let cannot_hold = kind == Kind::Eve;
    match step {
        // No document was sent, and that is saved.
        Step::Intent | Step::Created | Step::CreatedKnown => false,
        // Half a document is printed, and the answer that would confirm a whole one is lost.
        Step::HalfUploaded | Step::Uploaded => cannot_hold,
        Step::UploadedKnown => cannot_hold && killed,
        // A killed printer's engine may survive and make the card, and a remembered hold may be the one before the
        // release.
        Step::Releasing | Step::ReleaseSent | Step::Released | Step::Printing | Step::Over => killed,
    }
}

/// One line for each fault, one column for each step.
fn table(kind: Kind, done: &BTreeMap<Cell, CellResult>) -> String {
    let mut text = format!("| {} | |", kind.name());
    steps(kind).for_each(|step| write!(text, " {step} |").unwrap());
    text += "\n| --- | --- |";
    steps(kind).for_each(|_| text += " --- |");
    for (mode, before) in rows() {
        for killed in [false, true] {
            let card = if before == 0 { "" } else { ", second card" };
            write!(text, "\n| {}{card} | {} |", mode.word(), if killed { "killed too" } else { "" }).unwrap();
            for step in steps(kind) {
                let cell = done.get(&Cell { kind, mode, before, step, killed }).map(|seen| {
                    let mark = if seen.wrongs.is_empty() { "" } else { " **wrong**" };
                    let [open, close] = if seen.reached { ["", ""] } else { ["(", ")"] };
                    format!("{open}{}/{}{close}{mark}", seen.outcome, seen.cards)
                });
                write!(text, " {} |", cell.unwrap_or_default()).unwrap();
            }
        }
    }
    text + "\n"
}
