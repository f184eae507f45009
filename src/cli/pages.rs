//! Reading of paged lists.

use crate::engine::{
    Engine, EngineError,
    client::{Client, Direct},
    query::{Limit, Page, PageRequest, Query},
};

/// All rows of a list.
pub(super) async fn all<T, Q: Query<Answer = Page<T>>>(
    engine: &Engine,
    query: impl Fn(PageRequest) -> Q,
) -> Result<Vec<T>, EngineError> {
    first(engine, usize::MAX, query).await
}

/// The first `n` rows of a list.
pub(super) async fn first<T, Q: Query<Answer = Page<T>>>(
    engine: &Engine,
    n: usize,
    query: impl Fn(PageRequest) -> Q,
) -> Result<Vec<T>, EngineError> {
    let client = Direct::new(engine);
    let (mut rows, mut page) = (Vec::new(), PageRequest { after: None, limit: Limit::MAX });
    while rows.len() < n {
        let Page { items, next } = client.query(query(page)).await?;
        rows.extend(items);
        page.after = next;
        if next.is_none() {
            break;
        }
    }
    rows.truncate(n);
    Ok(rows)
}
