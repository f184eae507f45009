//! The first start: what an office does from an empty database to its first card.

use super::{link, page::Page};
use crate::{
    domain::states::RecordState,
    engine::query::Board,
    words::pages::{Text, texts},
};

/// A step on the way to the first card.
pub(super) struct Step {
    /// What is done.
    pub(super) what: &'static str,
    /// Whether it is done.
    pub(super) is_done: bool,
    /// Where the person does it; `None` if the roles do not allow it, or if it is done.
    pub(super) address: Option<String>,
}

/// Which steps are done, in their order: profile, printer, blanks, list, first batch.
fn done(board: &Board, profiles: usize) -> [bool; 5] {
    let has_records = board.records.values().any(|count| *count > 0);
    // The accounts of a type always sum up to zero: one that is not zero shows that blanks came.
    let is_shown = board.blangko.values().any(|accounts| accounts.values().any(|quantity| *quantity != 0));
    let has_blanks = is_shown || !board.hidden.is_empty();
    let states = [RecordState::Batched, RecordState::Printed, RecordState::HandedOver, RecordState::Uncertain];
    let is_printed = states.iter().any(|state| board.records.get(state.as_str()).is_some_and(|count| *count > 0));
    [profiles > 0, !board.printers.is_empty(), has_blanks, has_records, is_printed || !board.batches.is_empty()]
}

/// The steps, until the first batch is made.
pub(super) fn steps(page: &Page, board: &Board, profiles: usize) -> Vec<Step> {
    let done = done(board, profiles);
    if done[4] {
        return Vec::new();
    }
    let of_act = |name: &str| link::to_act(&page.roles(), name, &[("back", "/")]);
    let lines: [(Text, Option<String>); 5] = [
        (texts::STEP_PROFILE, None),
        (texts::STEP_PRINTER, of_act("AddPrinter")),
        (texts::STEP_BLANKS, of_act("ReceiveBlanks")),
        (texts::STEP_LIST, Some("/import".to_owned())),
        (texts::STEP_BATCH, Some("/batches".to_owned())),
    ];
    let step = |((text, address), is_done): ((Text, Option<String>), bool)| Step {
        what: page.t(text),
        is_done,
        address: address.filter(|_| !is_done),
    };
    lines.into_iter().zip(done).map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::query::QueueLine;

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

    #[test]
    fn a_step_is_done_when_the_board_shows_what_it_makes() {
        let mut board = empty();
        assert_eq!(done(&board, 0), [false; 5]);
        assert_eq!(done(&board, 1), [true, false, false, false, false]);
        let accounts = [("supplier".to_owned(), -10), ("vault".to_owned(), 10)];
        board.blangko.insert("student".to_owned(), accounts.into());
        board.records.insert("waiting".to_owned(), 3);
        assert_eq!(done(&board, 1), [true, false, true, true, false]);
        board.records.insert("handed_over".to_owned(), 1);
        assert_eq!(done(&board, 1), [true, false, true, true, true]);
    }
}
