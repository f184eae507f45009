//! Lists of which a count of blanks may hide rows.

use axum::response::Response;

use super::page::Page;
use crate::{
    engine::query::{AnyQuery, Blind, Page as List, PageRequest, Query},
    web::context::Web,
    words::pages::texts,
};

/// The pages of a list that are passed over, as a count hides them.
const HIDDEN_PAGES_MAX: u32 = 4;

impl Page {
    /// Reads the first page of a list from a place on that has a row which no count hides, and looks at a few pages at most. Where all of
    /// them are hidden, there is no next page.
    ///
    /// # Errors
    ///
    /// The page of the refusal or of the failure.
    pub(super) async fn read_seen<T: Blind, Q: Query<Answer = List<T>> + Into<AnyQuery>>(
        mut self,
        web: &Web,
        mut asked: PageRequest,
        query: impl Fn(PageRequest) -> Q,
    ) -> Result<(Self, List<T>), Response> {
        let mut left = HIDDEN_PAGES_MAX;
        loop {
            let (page, mut list) = self.read(web, query(asked)).await?;
            let is_hidden = list.items.is_empty() && !list.hidden_by.is_empty();
            match list.next.filter(|_| is_hidden) {
                Some(next) if left > 0 => asked.after = Some(next),
                Some(_) => {
                    list.next = None;
                    return Ok((page, list));
                }
                None => return Ok((page, list)),
            }
            (self, left) = (page, left - 1);
        }
    }

    /// Why a list has no rows, if a count hides them.
    pub(super) fn why_empty<T>(&self, list: &List<T>) -> String {
        let hidden = list.hidden_by.first().filter(|_| list.items.is_empty());
        hidden.map(|count| self.with(texts::LIST_HIDDEN, &[&count.to_string()])).unwrap_or_default()
    }
}
