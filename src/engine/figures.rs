//! The figures of an office at a moment, for those who watch over it. They cost the same however many records there are.

use super::{
    Engine,
    query::{Board, Query, ShowBoard},
    readiness::Readiness,
};

/// The figures of a moment.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Whether the process can do its work.
    pub readiness: Readiness,
    /// What the board shows; `None` if the database cannot be read.
    pub board: Option<Board>,
}

impl Figures {
    /// Reads them. A database that cannot be read is part of the answer.
    pub async fn read(engine: &Engine) -> Self {
        let readiness = Readiness::of(engine).await;
        let board = if readiness.database { ShowBoard {}.read(engine).await.ok() } else { None };
        Self { readiness, board }
    }
}
