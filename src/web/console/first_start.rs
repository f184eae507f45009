//! The first start: what an office does from an empty database to its first card.

use axum::response::Response;

use super::{address, link, page::Page, rights};
use crate::{
    domain::{
        actor::Role,
        permission::Operation,
        states::{BatchState, RecordState},
    },
    engine::{
        accounts::roles_not_held,
        query::{Board, NeedKind},
    },
    web::{
        context::Web,
        route::{Sort, USUAL},
    },
    words::pages::{self, Text, texts},
};

/// A step on the way to the first card.
pub(super) struct Step {
    /// What is done.
    pub(super) what: &'static str,
    /// What is still missing of it, and how it comes about.
    pub(super) about: Vec<String>,
    /// What is typed on the computer itself.
    pub(super) command: Option<&'static str>,
    /// Whether it is done.
    pub(super) is_done: bool,
    /// Whether it is the next one.
    pub(super) is_next: bool,
    /// The page on which the person does it, with the word on its button; `None` if the roles do not allow it, or if it is done.
    pub(super) button: Option<(String, &'static str)>,
    /// Who does it and where; `None` if it is done.
    pub(super) by: Option<String>,
}

/// The roles without which an office does not print: each needs an account.
const ROLES: [Role; 3] = [Role::Supervisor, Role::Operator, Role::StockKeeper];

/// The roles that no account has, while the office is on the way to its first batch; none later.
///
/// # Errors
///
/// The page of the failure.
pub(super) async fn missing_roles(web: &Web, page: Page, board: &Board) -> Result<(Page, Vec<Role>), Response> {
    if is_over(board) {
        return Ok((page, Vec::new()));
    }
    let read = async { roles_not_held(&web.engine, &ROLES).await.map_err(|error| web.problem(&error)) };
    match web.within(USUAL, read).await {
        Ok(missing) => Ok((page, missing)),
        Err(problem) => Err(page.failed(&problem)),
    }
}

/// Whether the first batch is made.
fn is_over(board: &Board) -> bool {
    done(board, 0)[5]
}

/// Which steps are done after that of the people, in their order: profile, printer, blanks, test card, list, first batch.
fn done(board: &Board, profiles: usize) -> [bool; 6] {
    let has_records = board.records.values().any(|count| *count > 0);
    // The accounts of a type always sum up to zero: one that is not zero shows that blanks came.
    let is_shown = board.blangko.values().any(|accounts| accounts.values().any(|quantity| *quantity != 0));
    let has_blanks = is_shown || !board.hidden.is_empty();
    let used = ["printed", "spoiled", "uncertain", "handed-over", "destroyed"];
    let is_used = |(account, quantity): (&String, &i64)| *quantity != 0 && used.contains(&account.as_str());
    let is_tried = board.blangko.values().any(|accounts| accounts.iter().any(is_used));
    let states = [RecordState::Batched, RecordState::Printed, RecordState::HandedOver, RecordState::Uncertain];
    let is_printed = states.iter().any(|state| board.records.get(state.as_str()).is_some_and(|count| *count > 0));
    let is_batch_made = match planned(board) {
        Some(_) => false,
        None => is_printed || !board.batches.is_empty(),
    };
    [profiles > 0, !board.printers.is_empty(), has_blanks, is_tried, has_records, is_batch_made]
}

/// The only batch, if it waits for approval.
fn planned(board: &Board) -> Option<i64> {
    let [batch] = &board.batches[..] else { return None };
    let is_first = board.records.get(RecordState::Printed.as_str()).is_none_or(|count| *count == 0);
    (is_first && batch.state == BatchState::Planned.as_str()).then_some(batch.id)
}

/// A step before it is known who reads it.
struct Line {
    text: Text,
    about: Vec<String>,
    /// Who does it.
    operation: Operation,
    /// Where.
    place: Text,
    is_done: bool,
    address: Option<String>,
    button: Text,
}

/// The steps, until the first batch is made: those that are left, and then those that are done.
pub(super) fn steps(page: &Page, board: &Board, profiles: usize, missing: &[Role]) -> Vec<Step> {
    if is_over(board) {
        return Vec::new();
    }
    let lines = lines(page, board, profiles, missing);
    let next = lines.iter().position(|line| !line.is_done);
    let step = |(at, line): (usize, Line)| {
        let (is_done, may) = (line.is_done, has_right(page, line.operation));
        let roles: Vec<&str> = rights::roles_with(line.operation, sort_of(line.operation))
            .into_iter()
            .map(|role| page.role(role))
            .collect();
        let is_waiting = line.operation == Operation::BoardRead;
        let by = if is_waiting { pages::actor("scheduler", page.language) } else { roles.join(", ") };
        let by = page.with(texts::STEP_BY, &[&by, page.t(line.place)]);
        Step {
            what: page.t(line.text),
            about: if is_done { Vec::new() } else { line.about },
            command: command(missing).filter(|_| at == 0),
            is_done,
            is_next: next == Some(at),
            button: line.address.filter(|_| !is_done && may).map(|address| (address, page.t(line.button))),
            by: (!is_done).then_some(by),
        }
    };
    let mut steps: Vec<Step> = lines.into_iter().enumerate().map(step).collect();
    steps.sort_by_key(|step| step.is_done);
    steps
}

fn lines(page: &Page, board: &Board, profiles: usize, missing: &[Role]) -> Vec<Line> {
    let [profile, printer, blanks, test, list, batch] = done(board, profiles);
    let of_act = |name: &str, known: &[(&str, &str)]| {
        let known: Vec<(&str, &str)> = known.iter().copied().chain([("back", "/")]).collect();
        link::to_act(&page.roles(), name, &known)
    };
    let line = |text, operation, place, is_done, address| Line {
        text,
        about: Vec::new(),
        operation,
        place,
        is_done,
        address,
        button: texts::GO,
    };
    let first = board.printers.first();
    let of_printer = |act: &str| first.and_then(|printer| of_act(act, &[("/printer", &printer.name)]));
    let mut lines = vec![
        people(page, board, missing),
        line(texts::STEP_PROFILE, Operation::SettingsChange, texts::PLACE_SETTINGS, profile, None),
    ];
    lines[1].about.push(page.t(texts::STEP_PROFILE_MISSING).to_owned());
    lines.push(line(
        texts::STEP_PRINTER,
        Operation::PrinterManage,
        texts::PRINTERS,
        printer,
        of_act("AddPrinter", &[]),
    ));
    lines.push(line(texts::STEP_BLANKS, Operation::BlanksReceive, texts::STOCK, blanks, of_act("ReceiveBlanks", &[])));
    // A printer whose hopper is counted prints only what is in it.
    let is_empty = first.is_some_and(|printer| printer.hopper.is_some() && printer.hopper_blanks == Some(0));
    if first.is_some_and(|printer| printer.hopper.is_some()) {
        let load = of_printer("LoadHopper").filter(|_| blanks);
        lines.push(line(texts::STEP_LOAD, Operation::HopperLoad, texts::STOCK, test || !is_empty, load));
    }
    let trial = of_printer("TestPrinter").filter(|_| blanks && !is_empty);
    lines.push(line(texts::STEP_TEST, Operation::PrinterCare, texts::PRINTERS, test, trial));
    let import = page.may(Operation::Import, Sort::Act).then(|| "/import".to_owned());
    lines.push(line(texts::STEP_LIST, Operation::Import, texts::IMPORT, list, import));
    lines.push(if let Some(number) = planned(board) {
        let address = Some(address::batch(number));
        line(texts::STEP_APPROVE, Operation::Batch, texts::BATCHES, batch, address)
    } else {
        let address = list.then(|| "/batches".to_owned());
        let waits = line(texts::STEP_BATCH, Operation::BoardRead, texts::BATCHES, batch, address);
        Line { button: texts::SHOW, ..waits }
    });
    lines
}

/// The accounts. Once a role waits for its supervisor, that is where a supervisor goes.
fn people(page: &Page, board: &Board, missing: &[Role]) -> Line {
    let waits = NeedKind::ActsToConfirm { operation: Operation::RoleGive };
    let is_asked = board.needs_person.iter().any(|need| need.kind == waits);
    let confirms = is_asked && page.may(Operation::RoleGive, Sort::Decision);
    let (operation, address) = match (confirms, page.may(Operation::AccountManage, Sort::Act)) {
        (true, _) => (Operation::RoleGive, Some("/acts".to_owned())),
        (false, true) => (Operation::AccountManage, Some("/people".to_owned())),
        (false, false) => (Operation::AccountManage, None),
    };
    let mut about = missing_people(page, missing);
    if is_asked {
        about.push(page.t(texts::STEP_ROLE_WAITS).to_owned());
    }
    Line {
        text: texts::STEP_PEOPLE,
        about,
        operation,
        place: if confirms { texts::WAITING_ACTS } else { texts::PEOPLE },
        is_done: missing.is_empty(),
        address,
        button: texts::GO,
    }
}

/// Which roles are missing, and how they come about: the first supervisor, and then all others, whom a supervisor confirms.
pub(super) fn missing_people(page: &Page, missing: &[Role]) -> Vec<String> {
    let roles: Vec<&str> = missing.iter().map(|role| page.role(*role)).collect();
    let said = page.with(texts::STEP_PEOPLE_MISSING, &[&roles.join(", ")]);
    match missing {
        [] => Vec::new(),
        [Role::Supervisor, ..] => vec![said, page.t(texts::STEP_FIRST_SUPERVISOR).to_owned()],
        [_, ..] => vec![said, page.t(texts::STEP_ASK_ROLE).to_owned()],
    }
}

/// What gives the first supervisor the role, while there is none.
pub(super) fn command(missing: &[Role]) -> Option<&'static str> {
    missing.contains(&Role::Supervisor).then_some(texts::FIRST_SUPERVISOR_COMMAND)
}

fn has_right(page: &Page, operation: Operation) -> bool {
    page.may(operation, sort_of(operation))
}

/// The step that only waits has nothing to do but to look, and a role that waits is confirmed.
fn sort_of(operation: Operation) -> Sort {
    let sorts = [(Operation::BoardRead, Sort::Query), (Operation::RoleGive, Sort::Decision)];
    sorts.into_iter().find(|(known, _)| *known == operation).map_or(Sort::Act, |(_, sort)| sort)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::query::{BatchLine, QueueLine};

    fn empty() -> Board {
        Board {
            records: RecordState::ALL.into_iter().map(|state| (state.as_str().to_owned(), 0)).collect(),
            oldest_waiting: vec![],
            blangko: [].into(),
            cover: vec![],
            next_change: None,
            printers: vec![],
            queue: QueueLine::default(),
            pauses: vec![],
            nodes: vec![],
            batches: vec![],
            needs_person: vec![],
            districts: [].into(),
            hidden: vec![],
        }
    }

    fn batch(state: BatchState) -> BatchLine {
        BatchLine {
            id: 1,
            profile: "student".into(),
            printer: "p1".into(),
            state: state.as_str().to_owned(),
            jobs: 3,
            open: 3,
            printed: 0,
            created_at: String::new(),
            closed_at: None,
        }
    }

    #[test]
    fn a_step_is_done_when_the_board_shows_what_it_makes() {
        let mut board = empty();
        assert_eq!(done(&board, 0), [false; 6]);
        assert_eq!(done(&board, 1), [true, false, false, false, false, false]);
        let accounts = [("supplier".to_owned(), -10), ("vault".to_owned(), 10)];
        board.blangko.insert("student".to_owned(), accounts.into());
        board.records.insert("waiting".to_owned(), 3);
        assert_eq!(done(&board, 1), [true, false, true, false, true, false]);
        board.blangko.get_mut("student").unwrap().insert("spoiled".to_owned(), 1);
        assert_eq!(done(&board, 1), [true, false, true, true, true, false]);
        board.records.insert("handed_over".to_owned(), 1);
        assert_eq!(done(&board, 1), [true, false, true, true, true, true]);
    }

    #[test]
    fn the_last_step_is_done_when_the_first_batch_is_approved() {
        let mut board = empty();
        board.records.insert(RecordState::Batched.as_str().to_owned(), 3);
        board.batches = vec![batch(BatchState::Planned)];
        assert_eq!((done(&board, 1)[5], planned(&board)), (false, Some(1)));
        board.batches = vec![batch(BatchState::Running)];
        assert_eq!((done(&board, 1)[5], planned(&board)), (true, None));
        board.batches = vec![batch(BatchState::Planned)];
        board.records.insert(RecordState::Printed.as_str().to_owned(), 1);
        assert_eq!((done(&board, 1)[5], planned(&board)), (true, None), "a later batch is no first step");
    }
}
