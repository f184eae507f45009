//! A text for a person with what to do next.

/// What a person is told when something is not done.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{text}")]
pub struct Message {
    /// What failed, on which thing.
    pub text: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Message {
    /// A text and what to do next.
    pub fn new(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { text: text.into(), hint: Some(hint.into()) }
    }

    /// The text and the hint, for a place that has one line.
    pub fn in_one_line(&self) -> String {
        self.hint.as_ref().map_or_else(|| self.text.clone(), |hint| format!("{}; hint: {hint}", self.text))
    }

    /// A text, and a hint if one follows it after `; hint: `, as in the texts of drivers.
    pub fn from_detail(text: impl Into<String>) -> Self {
        let text = text.into();
        match text.split_once("; hint: ") {
            Some((text, hint)) => Self::new(text, hint),
            None => Self { text, hint: None },
        }
    }
}

/// Names in a row: `a`, `b`.
pub(super) fn list(names: &[String]) -> String {
    format!("`{}`", names.join("`, `"))
}

/// The words of a person, or of another program.
pub fn quote(text: &str) -> String {
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_in_a_drivers_text_becomes_the_hint() {
        let message = Message::from_detail("the URI has a query; hint: leave it out");

        assert_eq!(message, Message::new("the URI has a query", "leave it out"));
        assert_eq!(Message::from_detail("no").hint, None);
    }
}
