//! Rows of a set statement, and stored words.

use super::error::StoreError;

/// A stored word that must be one of an enumeration.
pub(crate) fn parse<T: std::str::FromStr<Err = String>>(
    table: &'static str,
    id: impl std::fmt::Display,
    text: &str,
) -> Result<T, StoreError> {
    text.parse().map_err(|what| StoreError::Corrupt { table, id: id.to_string(), what })
}

/// Rows for a set statement: one JSON array, which `json_each` takes apart.
pub(crate) fn set<T: serde::Serialize>(rows: &[T]) -> String {
    // Cannot fail for tuples of numbers and text.
    serde_json::to_string(rows).unwrap_or_else(|_| "[]".into())
}

/// Names for a set statement, in which each is `v.value ->> 0`.
pub(crate) fn set_of_names<S: AsRef<str>>(names: &[S]) -> String {
    set(&names.iter().map(|name| (name.as_ref(),)).collect::<Vec<_>>())
}
