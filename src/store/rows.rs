//! Helpers for set statements and for stored words.

use super::error::StoreError;

/// Parses a stored word of an enumeration.
pub(crate) fn parse<T: std::str::FromStr<Err = String>>(
    table: &'static str,
    id: impl std::fmt::Display,
    text: &str,
) -> Result<T, StoreError> {
    text.parse().map_err(|what| StoreError::Corrupt { table, id: id.to_string(), what })
}

/// The rows of a set statement as one JSON array, which `json_each` expands.
pub(crate) fn set<T: serde::Serialize>(rows: &[T]) -> String {
    // Serialisation cannot fail for tuples of numbers and text.
    serde_json::to_string(rows).unwrap_or_else(|_| "[]".into())
}

/// Names for a set statement, which reads each as `v.value ->> 0`.
pub(crate) fn set_of_names<S: AsRef<str>>(names: &[S]) -> String {
    set(&names.iter().map(|name| (name.as_ref(),)).collect::<Vec<_>>())
}

/// A column of rows, as PostgreSQL's `unnest` takes it.
pub(crate) fn column<'a, T, C>(rows: &'a [T], value: impl Fn(&'a T) -> C) -> Vec<C> {
    rows.iter().map(value).collect()
}
