//! Faults of a drawing.

/// SVG's namespace.
pub(super) const SVG: &str = "http://www.w3.org/2000/svg";

/// A fault of a drawing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub(in crate::render) struct TemplateError {
    /// The line in the file, from 1.
    pub(in crate::render) line: u32,
    /// The fault.
    pub(in crate::render) message: String,
    /// How to correct it.
    pub(in crate::render) hint: String,
}
