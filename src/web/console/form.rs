//! The form of an act, made of the schema of its arguments.

use serde_json::{Map, Value, json};

use super::form_value::Sent;
use crate::{
    domain::states::RecordState,
    web::{context::Web, problem::Problem},
    words::{
        Language, ValueRule,
        pages::{field_of, field_place, pause_scope, value_in_words},
    },
};

/// The most values of a list in a form.
const LINES_MAX: usize = 1000;

/// The value of a hopper that is not counted.
const NOT_COUNTED: &str = "not-counted";

/// How the value of a field is given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Control {
    /// One line.
    Line,
    /// One line, with what is known as suggestions.
    Suggested,
    /// Several lines of text.
    Note,
    /// A whole number.
    Number {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// A priority class: one of those that are known.
    Class,
    /// One of these.
    Choice(Vec<String>),
    /// Any of these.
    Choices(Vec<String>),
    /// Yes or no.
    Flag,
    /// One text in each line.
    Lines,
    /// One record in each line: its source and its request.
    Records,
    /// A password.
    Password,
    /// `queue`, `printer NAME` or `batch NUMBER`.
    Scope,
    /// A capacity; 0 or `not-counted` for none.
    Hopper,
}

/// A field of an act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Field {
    /// Its place in the arguments, as a JSON pointer.
    pub(super) pointer: String,
    /// How it is given.
    pub(super) control: Control,
    /// Whether it may be left out.
    pub(super) is_optional: bool,
    /// The most characters, if there is a limit.
    pub(super) length: Option<u64>,
}

/// The fields of an act, in the order in which a person is asked for them: a schema has none.
pub(super) fn fields(schema: &Value) -> Vec<Field> {
    let mut found = Vec::new();
    collect(schema, "", false, &mut found);
    found.sort_by_key(|field| field_place(&field.pointer));
    found
}

fn collect(schema: &Value, at: &str, is_optional: bool, found: &mut Vec<Field>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let required = schema.get("required").and_then(Value::as_array);
    for (name, schema) in properties {
        let pointer = format!("{at}/{name}");
        let is_required = required.is_some_and(|names| names.iter().any(|known| known == name));
        let is_optional = is_optional || !is_required || is_nullable(schema);
        if schema.get("properties").is_some() && !matches!(&*pointer, "/scope") {
            collect(schema, &pointer, is_optional, found);
            continue;
        }
        let length = schema.get("maxLength").and_then(Value::as_u64);
        found.push(Field { control: control(&pointer, schema), pointer, is_optional, length });
    }
}

fn is_nullable(schema: &Value) -> bool {
    let of_types = schema.get("type").and_then(Value::as_array);
    let of_choices = schema.get("anyOf").and_then(Value::as_array);
    of_types.is_some_and(|types| types.iter().any(|of| of == "null"))
        || of_choices.is_some_and(|choices| choices.iter().any(|of| of["type"] == "null"))
}

fn control(pointer: &str, schema: &Value) -> Control {
    match pointer {
        "/scope" => return Control::Scope,
        "/password" => return Control::Password,
        "/records" => return Control::Records,
        "/class" => return Control::Class,
        "/district" | "/from" => return Control::Suggested,
        "/filter/state" => {
            return Control::Choice(RecordState::ALL.iter().map(|state| state.as_str().to_owned()).collect());
        }
        "/note" | "/override_reason" | "/held_for" => return Control::Note,
        _ => {}
    }
    let is = |name: &str| match &schema["type"] {
        Value::String(of) => of == name,
        Value::Array(types) => types.iter().any(|of| of == name),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    };
    let texts = |schema: &Value| {
        let values = schema.get("enum").and_then(Value::as_array);
        values.map(|values| values.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>())
    };
    if let Some(values) = texts(schema) {
        return Control::Choice(values);
    }
    if is("boolean") {
        return Control::Flag;
    }
    if is("integer") {
        let limit = |name: &str, usual| schema.get(name).and_then(Value::as_i64).unwrap_or(usual);
        return Control::Number { min: limit("minimum", 0), max: limit("maximum", i64::MAX) };
    }
    if is("array") {
        return texts(&schema["items"]).map_or(Control::Lines, Control::Choices);
    }
    if schema.get("anyOf").is_some() { Control::Hopper } else { Control::Line }
}

/// The arguments of an act, as they were sent.
///
/// # Errors
///
/// The field that is not one, such as a number with letters. What was sent is not repeated.
pub(super) fn arguments(fields: &[Field], sent: &Sent) -> Result<Value, Problem> {
    let mut arguments = Map::new();
    for field in fields {
        if let Some(value) = value(field, sent)? {
            put(&mut arguments, &field.pointer, value);
        }
    }
    Ok(Value::Object(arguments))
}

fn value(field: &Field, sent: &Sent) -> Result<Option<Value>, Problem> {
    let text = sent.value(&field.pointer);
    let trimmed = text.trim();
    let wrong = |rule| Problem::invalid(&field.pointer, rule);
    let number = |text: &str| whole(text).ok_or_else(|| wrong(ValueRule::NotWhole));
    if trimmed.is_empty() && !matches!(field.control, Control::Flag | Control::Choices(_) | Control::Lines) {
        return Ok(None);
    }
    Ok(Some(match &field.control {
        Control::Password => text.into(),
        Control::Line | Control::Suggested | Control::Note | Control::Choice(_) => trimmed.into(),
        Control::Number { .. } | Control::Class => number(trimmed)?.into(),
        Control::Flag => (sent.value(&field.pointer) == "true").into(),
        Control::Choices(_) => sent.values(&field.pointer).collect::<Vec<_>>().into(),
        Control::Lines => lines(text).map(Into::into).collect::<Vec<Value>>().into(),
        Control::Records => records(text).ok_or_else(|| wrong(ValueRule::WrongType))?,
        Control::Scope => match trimmed.split_once(' ') {
            Some(("printer", name)) => json!({ "printer": name.trim() }),
            Some(("batch", text)) => json!({ "batch": number(text)? }),
            _ => trimmed.into(),
        },
        Control::Hopper if ["0", NOT_COUNTED].contains(&trimmed) => NOT_COUNTED.into(),
        Control::Hopper => json!({ "counted": number(trimmed)? }),
    }))
}

/// A whole number, also with separators between groups of three digits, as numbers are shown: `1.000` or `1,000`.
fn whole(text: &str) -> Option<i64> {
    let groups: Vec<&str> = text.split(['.', ',', ' ', '\u{a0}']).collect();
    let is_grouped = groups.len() > 1;
    let is_first = |group: &str| !is_grouped || (1..=3).contains(&group.trim_start_matches('-').len());
    let fits = is_first(groups[0]) && groups[1..].iter().all(|group| group.len() == 3);
    groups.concat().parse().ok().filter(|_| fits)
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).take(LINES_MAX)
}

fn records(text: &str) -> Option<Value> {
    let record = |line: &str| {
        let (source, request_id) = line.split_once([' ', '\t'])?;
        Some(json!({ "source": source, "request_id": request_id.trim() }))
    };
    lines(text).map(record).collect::<Option<Vec<Value>>>().map(Value::Array)
}

fn put(arguments: &mut Map<String, Value>, pointer: &str, value: Value) {
    let mut steps: Vec<&str> = pointer.split('/').skip(1).collect();
    let last = steps.pop().unwrap_or_default();
    let mut place = arguments;
    for step in steps {
        let below = place.entry(step).or_insert_with(|| Value::Object(Map::new()));
        let Value::Object(below) = below else { return };
        place = below;
    }
    place.insert(last.to_owned(), value);
}

/// A key for a form.
pub(super) fn new_key(web: &Web) -> String {
    let mut key = [0; 16];
    web.engine.entropy.fill(&mut key);
    format!("{:032x}", u128::from_be_bytes(key))
}

/// A field as its page shows it.
pub(super) struct Shown {
    /// Its name in the form, and the end of its id.
    pub(super) name: String,
    /// Its label.
    pub(super) label: String,
    /// How it is given.
    pub(super) control: Control,
    /// Whether it may be left out.
    pub(super) is_optional: bool,
    /// Whether it stands in the address, and is not to be changed.
    pub(super) is_fixed: bool,
    /// Its value.
    pub(super) value: String,
    /// Its value in words.
    pub(super) said: String,
    /// The choices: value, label, and whether it is chosen.
    pub(super) choices: Vec<(String, String, bool)>,
    /// The most characters.
    pub(super) length: u64,
    /// Whether it is the one that is wrong.
    pub(super) is_wrong: bool,
}

impl Field {
    /// The field of an act with what is known or was sent.
    pub(super) fn shown(
        &self,
        act: &str,
        sent: &Sent,
        fixed: &Sent,
        known: Vec<String>,
        wrong: &str,
        language: Language,
    ) -> Shown {
        let label =
            field_of(act, &self.pointer).map_or_else(|| self.pointer.clone(), |text| text.in_language(language).into());
        let is_secret = self.control == Control::Password;
        let value = if is_secret { String::new() } else { sent.value(&self.pointer).to_owned() };
        let chosen: Vec<&str> = sent.values(&self.pointer).collect();
        let values = match &self.control {
            Control::Choice(values) | Control::Choices(values) => values.clone(),
            Control::Line
            | Control::Suggested
            | Control::Note
            | Control::Number { .. }
            | Control::Class
            | Control::Flag
            | Control::Lines
            | Control::Records
            | Control::Password
            | Control::Scope
            | Control::Hopper => known,
        };
        let name = |value: &str| match self.control {
            Control::Scope => pause_scope(value, language),
            Control::Line
            | Control::Suggested
            | Control::Note
            | Control::Number { .. }
            | Control::Class
            | Control::Choice(_)
            | Control::Choices(_)
            | Control::Flag
            | Control::Lines
            | Control::Records
            | Control::Password
            | Control::Hopper => value_in_words(&self.pointer, value, language),
        };
        let choices = values.into_iter().map(|value| (name(&value), chosen.contains(&&*value), value));
        Shown {
            said: name(&value),
            choices: choices.map(|(label, is_chosen, value)| (value, label, is_chosen)).collect(),
            name: self.pointer.clone(),
            label,
            control: self.control.clone(),
            is_optional: self.is_optional,
            is_fixed: !fixed.value(&self.pointer).is_empty(),
            value,
            length: self.length.unwrap_or(500),
            is_wrong: wrong.strip_prefix(&*self.pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        }
    }
}

/// The field that a problem is about; empty if it is about none.
pub(super) fn wrong_field(problem: &Problem) -> String {
    problem.invalid_field().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::{route::Sort, routes::ROUTES};

    #[test]
    fn thousands_may_be_separated_and_no_fraction_becomes_a_whole_number() {
        for (text, number) in
            [("7", Some(7)), ("1.000", Some(1_000)), ("-1,000,000", Some(-1_000_000)), ("12 500", Some(12_500))]
        {
            assert_eq!(whole(text), number, "{text}");
        }
        for text in ["1.5", "100,00", "1.0000", ".500", "1..000", "ten", "", "1000.000"] {
            assert_eq!(whole(text), None, "{text}");
        }
    }

    #[test]
    fn every_field_of_every_act_has_a_label() {
        for route in ROUTES.iter().filter(|route| route.sort != Sort::Query) {
            for one in fields(&route.input) {
                assert!(
                    field_of(route.name, &one.pointer).is_some(),
                    "{} has no label for {}",
                    route.name,
                    one.pointer
                );
            }
        }
    }

    #[test]
    fn a_refusal_of_each_field_of_each_act_names_it_by_its_label() {
        for route in ROUTES.iter().filter(|route| route.sort != Sort::Query) {
            for one in fields(&route.input) {
                let label = field_of(route.name, &one.pointer).unwrap().in_language(Language::English);
                for pointer in [one.pointer.clone(), format!("{}/0/name", one.pointer), one.pointer[1..].to_owned()] {
                    let told = Problem::invalid(&pointer, ValueRule::Missing).text_of(route.name, Language::English);
                    assert!(told.starts_with(&format!("{label}: ")), "{} {pointer}: {told}", route.name);
                }
            }
        }
        // What stands in an address has a name of its own, and what has no label is not told by its place.
        for (name, label) in [("act", "Number: "), ("request_id", "Request: "), ("/of/nothing", "A value: ")] {
            let told = Problem::invalid(name, ValueRule::Missing).text(Language::English);
            assert!(told.starts_with(label), "{told}");
        }
    }

    #[test]
    fn forms_ask_for_what_a_person_types_first_and_for_the_reason_last() {
        let of = |name: &str| {
            let route = ROUTES.iter().find(|route| route.name == name).unwrap();
            fields(&route.input).into_iter().map(|field| field.pointer).collect::<Vec<_>>()
        };
        assert_eq!(
            of("EnterCount"),
            [
                "/count",
                "/entry/bundles",
                "/entry/bundle_size",
                "/entry/loose",
                "/again/bundles",
                "/again/bundle_size",
                "/again/loose"
            ]
        );
        assert_eq!(of("GiveRole"), ["/account", "/role", "/note"]);
        assert_eq!(of("LendBlanks"), ["/blank_type", "/quantity", "/to", "/document"]);
        assert_eq!(of("AddPrinter")[..3], ["/name", "/uri", "/profile"]);
        for route in ROUTES.iter().filter(|route| route.sort != Sort::Query) {
            let asked = of(route.name);
            let reason = asked.iter().position(|pointer| ["/note", "/reason"].contains(&&**pointer));
            assert!(reason.is_none_or(|at| at + 1 == asked.len()), "{}: {asked:?}", route.name);
        }
    }

    #[test]
    fn each_choice_of_each_field_is_told_in_words() {
        for route in ROUTES.iter().filter(|route| route.sort != Sort::Query) {
            for one in fields(&route.input) {
                let (Control::Choice(values) | Control::Choices(values)) = &one.control else { continue };
                for value in values {
                    let said = value_in_words(&one.pointer, value, Language::Indonesian);
                    assert_ne!(said, *value, "{} has no words for {} {value}", route.name, one.pointer);
                }
            }
        }
    }
}
