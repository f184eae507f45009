//! The first start: what an office does from an empty database to its first card.

use axum::response::Response;

use super::{address, link, page::Page, rights};
use crate::{
    domain::{
        actor::Role,
        permission::Operation,
        states::{BatchState, RecordState},
    },
    engine::{accounts::roles_not_held, query::Board},
    web::{
        context::Web,
        route::{Sort, USUAL},
    },
    words::pages::{Text, texts},
};

/// A step on the way to the first card.
pub(super) struct Step {
    /// What is done.
    pub(super) what: &'static str,
    /// What is still missing of it.
    pub(super) about: Option<String>,
    /// Whether it is done.
    pub(super) is_done: bool,
    /// Whether it is the next one.
    pub(super) is_next: bool,
    /// Where the person does it; `None` if the roles do not allow it, or if it is done.
    pub(super) address: Option<String>,
    /// Who does it, if the person may not.
    pub(super) others: Option<String>,
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

/// The steps, until the first batch is made: those that are left, and then those that are done.
pub(super) fn steps(page: &Page, board: &Board, profiles: usize, missing: &[Role]) -> Vec<Step> {
    if is_over(board) {
        return Vec::new();
    }
    let done: Vec<bool> = [missing.is_empty()].into_iter().chain(done(board, profiles)).collect();
    let of_act = |name: &str, known: &[(&str, &str)]| {
        let known: Vec<(&str, &str)> = known.iter().copied().chain([("back", "/")]).collect();
        link::to_act(&page.roles(), name, &known)
    };
    let printer = board.printers.first().map(|printer| printer.name.as_str());
    let test = printer.and_then(|printer| of_act("TestPrinter", &[("/printer", printer)]));
    let list = page.may(Operation::Import, Sort::Act).then(|| "/import".to_owned());
    let batch = match planned(board) {
        Some(batch) => (texts::STEP_APPROVE, Operation::Batch, Some(address::batch(batch))),
        None => (texts::STEP_BATCH, Operation::BoardRead, Some("/batches".to_owned())),
    };
    let people = page.may(Operation::AccountManage, Sort::Act).then(|| "/people".to_owned());
    let lines = [
        (texts::STEP_PEOPLE, Operation::AccountManage, people),
        (texts::STEP_PROFILE, Operation::SettingsChange, None),
        (texts::STEP_PRINTER, Operation::PrinterManage, of_act("AddPrinter", &[])),
        (texts::STEP_BLANKS, Operation::BlanksReceive, of_act("ReceiveBlanks", &[])),
        (texts::STEP_TEST, Operation::PrinterCare, test),
        (texts::STEP_LIST, Operation::Import, list),
        batch,
    ];
    let next = done.iter().position(|is_done| !is_done);
    let step = |(at, (text, operation, address)): (usize, (Text, Operation, Option<String>))| {
        let (is_done, may) = (done[at], has_right(page, operation));
        let roles = rights::roles_with(operation, sort_of(operation)).into_iter().map(|role| page.role(role));
        let roles = roles.collect::<Vec<_>>().join(", ");
        Step {
            what: page.t(text),
            about: (at == 0).then(|| missing_people(page, missing)).flatten(),
            is_done,
            is_next: next == Some(at),
            address: address.filter(|_| !is_done && may),
            others: (!is_done && !may).then(|| page.with(texts::SETTLED_BY, &[&roles])),
        }
    };
    let mut steps: Vec<Step> = lines.into_iter().enumerate().map(step).collect();
    steps.sort_by_key(|step| step.is_done);
    steps
}

/// Which roles are missing, and how the first supervisor comes about, who confirms all others.
fn missing_people(page: &Page, missing: &[Role]) -> Option<String> {
    let roles: Vec<&str> = missing.iter().map(|role| page.role(*role)).collect();
    let said = page.with(texts::STEP_PEOPLE_MISSING, &[&roles.join(", ")]);
    match missing {
        [] => None,
        [Role::Supervisor, ..] => Some(format!("{said}. {}", page.t(texts::STEP_FIRST_SUPERVISOR))),
        [_, ..] => Some(said),
    }
}

fn has_right(page: &Page, operation: Operation) -> bool {
    page.may(operation, sort_of(operation))
}

/// The step that only waits has nothing to do but to look.
fn sort_of(operation: Operation) -> Sort {
    if operation == Operation::BoardRead { Sort::Query } else { Sort::Act }
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
