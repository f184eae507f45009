//! Lists in pages: each page begins after the key of the last row of the page before, so that rows which come or go meanwhile
//! neither repeat nor hide others.

use serde::{Deserialize, Serialize};

use crate::domain::{id::CountId, value::InvalidValue};

/// The key of a row, after which a page begins. Only a cursor of the same list means anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Cursor(pub i64);

/// How many rows a page has at most: 1 to 200.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "u32", into = "u32")]
#[schemars(extend("minimum" = 1, "maximum" = Self::MAX.0))]
pub struct Limit(u32);

impl Limit {
    /// The largest page.
    pub const MAX: Self = Self(200);

    /// `None` if it is out of range.
    pub fn new(rows: u32) -> Option<Self> {
        (1..=Self::MAX.0).contains(&rows).then_some(Self(rows))
    }

    /// One row more, which shows that there is a next page.
    fn and_one(self) -> i64 {
        i64::from(self.0) + 1
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u32> for Limit {
    type Error = InvalidValue;

    fn try_from(rows: u32) -> Result<Self, InvalidValue> {
        Self::new(rows).ok_or(InvalidValue::OutOfRange { least: 1, most: i64::from(Self::MAX.0) })
    }
}

impl From<Limit> for u32 {
    fn from(limit: Limit) -> Self {
        limit.0
    }
}

/// Which page of a list.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageRequest {
    /// The `next` of the page before; none for the first page.
    #[serde(default)]
    pub after: Option<Cursor>,
    /// How many rows at most.
    #[serde(default)]
    pub limit: Limit,
}

impl PageRequest {
    /// The key after which the page begins, and how many rows to ask for.
    pub(super) fn range(self) -> (i64, i64) {
        (self.after.map_or(0, |cursor| cursor.0), self.limit.and_one())
    }

    /// The same of a list with its highest key first. 0 is no key, and begins this list at its beginning, too.
    pub(super) fn range_down(self) -> (i64, i64) {
        let key = self.after.map(|cursor| cursor.0).filter(|key| *key > 0);
        (key.unwrap_or(i64::MAX), self.limit.and_one())
    }
}

/// A part of a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "{T}Page")]
pub struct Page<T> {
    /// Its rows.
    pub items: Vec<T>,
    /// Where the next page begins; none if this is the last. A list with filters looks at a limited number of rows for each page, so
    /// that a page with a next one may have few rows or none.
    pub next: Option<Cursor>,
    /// The counts of blanks during which rows of this page are hidden from the reader.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden_by: Vec<CountId>,
}

impl<T> Page<T> {
    /// A page of the rows that [`PageRequest::range`] asks for, each with its key.
    pub(super) fn new(mut rows: Vec<(i64, T)>, limit: Limit) -> Self {
        let most = usize::try_from(limit.0).unwrap_or(usize::MAX);
        let has_next = rows.len() > most;
        rows.truncate(most);
        let next = rows.last().filter(|_| has_next).map(|(key, _)| Cursor(*key));
        Self { items: rows.into_iter().map(|(_, row)| row).collect(), next, hidden_by: Vec::new() }
    }

    /// The same of a list that looked no further than the row with the key `looked_to`: the page may end before it is full.
    pub(super) fn looked(rows: Vec<(i64, T)>, limit: Limit, looked_to: Option<i64>) -> Self {
        let page = Self::new(rows, limit);
        Self { next: page.next.or(looked_to.map(Cursor)), ..page }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_the_next_only_where_there_is_one() {
        let limit = Limit::new(2).unwrap();
        let page = |keys: &[i64]| {
            let page = Page::new(keys.iter().map(|key| (*key, *key)).collect(), limit);
            (page.items, page.next)
        };
        assert_eq!(page(&[3, 5, 9]), (vec![3, 5], Some(Cursor(5))));
        assert_eq!(page(&[3, 5]), (vec![3, 5], None));
        assert_eq!(page(&[]), (vec![], None));
    }

    #[test]
    fn a_page_that_stopped_looking_names_the_row_at_which_it_stopped() {
        let limit = Limit::new(2).unwrap();
        let page = |keys: &[i64], looked_to| {
            let page = Page::looked(keys.iter().map(|key| (*key, ())).collect(), limit, looked_to);
            (page.items.len(), page.next)
        };
        assert_eq!(page(&[3, 5, 9], Some(900)), (2, Some(Cursor(5))));
        assert_eq!(page(&[3], Some(900)), (1, Some(Cursor(900))));
        assert_eq!(page(&[3], None), (1, None));
    }

    #[test]
    fn a_limit_is_1_to_200_also_when_it_is_read() {
        for (text, is_one) in [("1", true), ("200", true), ("0", false), ("201", false), ("-1", false)] {
            assert_eq!(serde_json::from_str::<Limit>(text).is_ok(), is_one, "{text}");
        }
        let request: PageRequest = serde_json::from_str("{}").unwrap();
        assert_eq!(request, PageRequest { after: None, limit: Limit::new(50).unwrap() });
    }
}
