//! Stored reasons in answers: the database has them as JSON text, and a program gets them as objects with a text for people.

use serde_json::{Map, Value};

use crate::{
    domain::reason::{Reason, StoredReason, ToldReason},
    words::Language,
};

/// Puts an object in the place of each stored reason that the program gave, and returns whether there is one. The reasons of people are
/// texts, and stay so.
pub(super) fn tell(answer: &mut Value, language: Language) -> bool {
    match answer {
        Value::Array(items) => items.iter_mut().fold(false, |is_one, item| tell(item, language) | is_one),
        Value::Object(fields) => {
            let own = told(fields, language);
            let below = fields.values_mut().fold(false, |is_one, value| tell(value, language) | is_one);
            let is_one = own.is_some() | below;
            fields.extend(own.map(|told| ("reason".to_owned(), told)));
            is_one
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// The reason of an object. One that names its person beside it is in the words of that person.
fn told(fields: &Map<String, Value>, language: Language) -> Option<Value> {
    if fields.contains_key("by") || fields.contains_key("requested_by") {
        return None;
    }
    let stored = fields.get("reason")?.as_str()?;
    let StoredReason::Coded(reason) = Reason::from_stored(stored) else { return None };
    let told = ToldReason::new(&reason, language.reason(&reason));
    // Cannot fail: texts and numbers.
    serde_json::to_value(told).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stored_reason_is_an_object_with_its_code_and_a_text_and_the_words_of_a_person_stay() {
        let stored = Reason::Status { status: "EXPELLED".into() }.to_stored();
        let mut answer = json!({ "items": [
            { "request_id": "r1", "reason": stored },
            { "request_id": "r2", "reason": "looks odd" },
            { "what": "queue", "by": "Sri", "reason": stored },
            { "request_id": "r3", "reason": null },
        ] });
        assert!(tell(&mut answer, Language::English));
        let object = json!({ "code": "status", "args": { "status": "EXPELLED" }, "text": "status EXPELLED" });
        assert_eq!(answer["items"][0]["reason"], object);
        assert_eq!(answer["items"][1]["reason"], "looks odd");
        assert_eq!(answer["items"][2]["reason"], stored);
        assert_eq!(answer["items"][3]["reason"], Value::Null);
    }
}
