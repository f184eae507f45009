//! Reading of paged lists.

use serde::Serialize;

use super::access::Access;
use super::output::{Output, table};
use crate::engine::{
    EngineError,
    client::Client,
    query::{AnyQuery, Cursor, Limit, Page, PageRequest, Query},
};

/// All rows of a list.
pub(super) async fn all<T, Q: Query<Answer = Page<T>> + Into<AnyQuery>>(
    access: &Access,
    query: impl Fn(PageRequest) -> Q,
) -> Result<Vec<T>, EngineError> {
    Ok(some(access, usize::MAX, None, query).await?.items)
}

/// The first `n` rows of a list after a cursor, and where it goes on.
pub(super) async fn some<T, Q: Query<Answer = Page<T>> + Into<AnyQuery>>(
    access: &Access,
    n: usize,
    after: Option<Cursor>,
    query: impl Fn(PageRequest) -> Q,
) -> Result<Page<T>, EngineError> {
    let client = access;
    let (mut rows, mut hidden_by, mut after) = (Vec::new(), Vec::new(), after);
    loop {
        let left = u32::try_from(n - rows.len()).ok().and_then(Limit::new).unwrap_or(Limit::MAX);
        let Page { items, next, hidden_by: counts } = client.query(query(PageRequest { after, limit: left })).await?;
        rows.extend(items);
        hidden_by.extend(counts);
        hidden_by.sort_unstable();
        hidden_by.dedup();
        if next.is_none() || rows.len() >= n {
            return Ok(Page { items: rows, next, hidden_by });
        }
        after = next;
    }
}

/// The number of rows of a list, read page by page.
pub(super) async fn count<T, Q: Query<Answer = Page<T>> + Into<AnyQuery>>(
    access: &Access,
    query: impl Fn(PageRequest) -> Q,
) -> Result<usize, EngineError> {
    let client = access;
    let (mut page, mut count) = (PageRequest { after: None, limit: Limit::MAX }, 0);
    loop {
        let Page { items, next, .. } = client.query(query(page)).await?;
        count += items.len();
        page.after = next;
        if next.is_none() {
            return Ok(count);
        }
    }
}

/// Prints all rows of a list page by page, so that memory holds one page: as one JSON array, or as a table. Returns their number.
pub(super) async fn write_all<T, L: Serialize, Q: Query<Answer = Page<T>> + Into<AnyQuery>>(
    access: &Access,
    out: Output,
    query: impl Fn(PageRequest) -> Q,
    line: impl Fn(T) -> L,
    header: &[&str],
    row: impl Fn(&L) -> Vec<String>,
) -> anyhow::Result<usize> {
    let client = access;
    let (mut page, mut is_first, mut between) = (PageRequest { after: None, limit: Limit::MAX }, true, "\n");
    let mut count = 0;
    if out.json {
        out.text("[")?;
    }
    loop {
        let Page { items, next, .. } = client.query(query(page)).await?;
        count += items.len();
        let lines: Vec<L> = items.into_iter().map(&line).collect();
        if out.json {
            for line in &lines {
                out.text(&format!("{between}{}", serde_json::to_string(line)?))?;
                between = ",\n";
            }
        } else {
            let text = table(header, &lines.iter().map(&row).collect::<Vec<_>>());
            out.text(if is_first { &text } else { text.split_once('\n').map_or("", |(_, rows)| rows) })?;
        }
        is_first = false;
        page.after = next;
        if next.is_none() {
            if out.json {
                out.text("\n]\n")?;
            }
            return Ok(count);
        }
    }
}
