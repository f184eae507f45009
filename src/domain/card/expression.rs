//! The text of a place on the card: literals and values, such as `{birth_place}, {birth_date:DD-MM-YYYY}`.

use std::fmt;

use serde::Deserialize;

use crate::domain::time::parse_date;

/// A text with values in braces. `{name}` is the value of a column, `{name:DD-MM-YYYY}` a date in that format; a literal brace
/// is written twice.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Expression(Vec<Part>);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Words(String),
    Value { name: String, date: Option<String> },
}

/// A syntax error in an [`Expression`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ExpressionError {
    /// A brace is not closed, or not opened.
    #[error("unbalanced brace; a value is written `{{name}}`, a literal brace twice")]
    Brace,
    /// The text in braces is not a name.
    #[error("the text in braces must be the name of a column (letters, digits and `_`), such as `{{birth_date}}`")]
    Name,
    /// The format of a date has no part of a date, or has other letters.
    #[error("the format of a date must consist of `YYYY`, `MM` and `DD`, such as `{{birth_date:DD-MM-YYYY}}`")]
    Date,
}

impl Expression {
    /// Parses an expression.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let mut parts = Vec::new();
        let mut words = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            words += before;
            if let Some(after) = brace.strip_prefix("{{").or_else(|| brace.strip_prefix("}}")) {
                words += &brace[..1];
                rest = after;
                continue;
            }
            let (inside, after) =
                brace.strip_prefix('{').and_then(|inside| inside.split_once('}')).ok_or(ExpressionError::Brace)?;
            if !words.is_empty() {
                parts.push(Part::Words(std::mem::take(&mut words)));
            }
            parts.push(value(inside)?);
            rest = after;
        }
        words += rest;
        if !words.is_empty() {
            parts.push(Part::Words(words));
        }
        Ok(Self(parts))
    }

    /// The names of its values, in order and with repetitions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Words(_) => None,
            Part::Value { name, .. } => Some(name.as_str()),
        })
    }

    /// The text for one card; `value` gives the value of a name. If all values are empty, the text is empty, without its
    /// literals.
    pub fn evaluate<'a>(&self, value: impl Fn(&str) -> &'a str) -> String {
        let mut text = String::new();
        let (mut values, mut empty) = (0, 0);
        for part in &self.0 {
            match part {
                Part::Words(words) => text += words,
                Part::Value { name, date } => {
                    let value = value(name);
                    values += 1;
                    empty += usize::from(value.is_empty());
                    match date {
                        Some(form) => text += &in_form(value, form),
                        None => text += value,
                    }
                }
            }
        }
        if values > 0 && values == empty { String::new() } else { text }
    }
}

impl TryFrom<String> for Expression {
    type Error = ExpressionError;

    fn try_from(text: String) -> Result<Self, ExpressionError> {
        Self::parse(&text)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.0 {
            match part {
                Part::Words(words) => f.write_str(&words.replace('{', "{{").replace('}', "}}"))?,
                Part::Value { name, date: None } => write!(f, "{{{name}}}")?,
                Part::Value { name, date: Some(form) } => write!(f, "{{{name}:{form}}}")?,
            }
        }
        Ok(())
    }
}

fn value(inside: &str) -> Result<Part, ExpressionError> {
    let (name, date) = inside.split_once(':').map_or((inside, None), |(name, date)| (name, Some(date.to_owned())));
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !is_name {
        return Err(ExpressionError::Name);
    }
    let has_parts = |form: &String| ["YYYY", "MM", "DD"].iter().any(|part| form.contains(part));
    let others = |form: &String| {
        let rest = form.replace("YYYY", "").replace("MM", "").replace("DD", "");
        rest.contains(|c: char| c.is_alphanumeric() || c == '{')
    };
    if date.as_ref().is_some_and(|form| !has_parts(form) || others(form)) {
        return Err(ExpressionError::Date);
    }
    Ok(Part::Value { name: name.to_owned(), date })
}

/// Formats an ISO 8601 date; any other text is unchanged.
fn in_form(value: &str, form: &str) -> String {
    let Some(date) = parse_date(value) else { return value.to_owned() };
    form.replace("YYYY", &format!("{:04}", date.year()))
        .replace("MM", &format!("{:02}", date.month()))
        .replace("DD", &format!("{:02}", date.day()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let values = |name: &str| match name {
            "birth_place" => "SURAKARTA",
            "birth_date" => "1986-02-18",
            "rt" => "003",
            _ => "",
        };
        Expression::parse(text).unwrap().evaluate(values)
    }

    #[test]
    fn words_and_values_stand_one_after_another() {
        assert_eq!(shown("{birth_place}, {birth_date:DD-MM-YYYY}"), "SURAKARTA, 18-02-1986");
        assert_eq!(shown("{rt}/{rw}"), "003/");
        assert_eq!(shown("no value"), "no value");
        assert_eq!(shown("{{{rt}}}"), "{003}");
        assert_eq!(shown("{birth_place:DD.MM.}"), "SURAKARTA", "what is no date stays as it is");
    }

    #[test]
    fn a_place_whose_values_are_all_empty_stays_empty() {
        assert_eq!(shown("{rw}/{rw}"), "");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_what_is_wrong() {
        for (text, error) in [
            ("{name", ExpressionError::Brace),
            ("name}", ExpressionError::Brace),
            ("{}", ExpressionError::Name),
            ("{na me}", ExpressionError::Name),
            ("{na{me}", ExpressionError::Name),
            ("{birth_date:}", ExpressionError::Date),
            ("{birth_date:xx}", ExpressionError::Date),
            ("{birth_date:DD-MMM-YYYY}", ExpressionError::Date),
            ("{birth_date:DD-MM-YY}", ExpressionError::Date),
        ] {
            assert_eq!(Expression::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn an_expression_is_shown_as_it_was_written() {
        for text in ["{birth_place}, {birth_date:DD-MM-YYYY}", "{{{rt}}}", "", "words"] {
            assert_eq!(Expression::parse(text).unwrap().to_string(), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,60}") {
            if let Ok(expression) = Expression::parse(&text) {
                proptest::prop_assert_eq!(Expression::parse(&expression.to_string()), Ok(expression.clone()));
                let _ = expression.evaluate(|_| "value");
            }
        }
    }
}
