//! What became of the act that led to a page, and what it was about: a request, a printer, a batch, a count, and never a person.

use super::{
    address::{self, ABOUT, ASKED, DONE},
    form_value::Sent,
};
use crate::words::{
    Language,
    pages::{self, texts},
};

/// The longest name of what an act was about, in bytes.
const ABOUT_MAX: usize = 200;

/// The things that a notice names, by the first word of their names in the audit. Accounts have the names of people.
const NAMED: [&str; 10] =
    ["record", "attempt", "batch", "printer", "blangko", "count", "import", "movement", "queue", "jobs"];

/// The fields that say what an act is about, the first one that is given, each with the first word of its name.
const FIELDS: [(&str, &str); 10] = [
    ("/record/request_id", "record"),
    ("/setting/printer", "printer"),
    ("/printer/name", "printer"),
    ("/printer", "printer"),
    ("/attempt", "attempt"),
    ("/batch", "batch"),
    ("/count", "count"),
    ("/import", "import"),
    ("/movement", "movement"),
    ("/blank_type", "blangko"),
];

/// What an act is about, by its form; `None` for an act whose subject has the name of a person, or none.
pub(super) fn subject(act: &str, sent: &Sent) -> Option<String> {
    let scope = sent.value("/scope").trim();
    if !scope.is_empty() {
        return Some(scope.to_owned());
    }
    if act == "AddPrinter" {
        return Some(format!("printer {}", sent.value("/name").trim()));
    }
    let given = FIELDS.iter().map(|(field, kind)| (*kind, sent.value(field).trim()));
    given.into_iter().find(|(_, value)| !value.is_empty()).map(|(kind, value)| format!("{kind} {value}"))
}

/// The address of a page that tells what became of an act.
pub(super) fn address(back: &str, is_asked: bool, act: &str, about: Option<&str>) -> String {
    let how = if is_asked { ASKED } else { DONE };
    let joint = if back.contains('?') { '&' } else { '?' };
    let about = about.filter(|about| is_named(about));
    let about = about.map(|about| format!("&{ABOUT}={}", address::encoded(about))).unwrap_or_default();
    format!("{back}{joint}{how}={act}{about}")
}

fn is_named(about: &str) -> bool {
    about.len() <= ABOUT_MAX && about.split(' ').next().is_some_and(|kind| NAMED.contains(&kind))
}

/// What a page says of the act that led to it.
pub(super) fn told(asked: &Sent, language: Language) -> Option<String> {
    let act = |name: &str| pages::act(asked.value(name)).map(|act| act.title.in_language(language));
    let about = Some(asked.value(ABOUT)).filter(|about| is_named(about)).map(|about| pages::subject(about, language));
    let (act, plain, with) = match (act(DONE), act(ASKED)) {
        (Some(act), _) => (act, texts::DONE, texts::DONE_ABOUT),
        (None, Some(act)) => (act, texts::ASKED, texts::ASKED_ABOUT),
        (None, None) => return None,
    };
    Some(about.map_or_else(|| plain.with(language, &[act]), |about| with.with(language, &[act, &about])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::{console::form::fields, route::Sort, routes::ROUTES};

    fn sent(fields: &[(&str, &str)]) -> Sent {
        Sent::of(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()).unwrap()
    }

    #[test]
    fn a_notice_names_what_the_act_was_about() {
        let of = |act: &str, fields: &[(&str, &str)]| {
            let about = subject(act, &sent(fields));
            let address = address("/records?state=held", false, act, about.as_deref());
            let query = address.split_once('?').unwrap().1;
            let asked = Sent::of(serde_urlencoded::from_str(query).unwrap()).unwrap();
            told(&asked, Language::English).unwrap()
        };
        let record = [("/record/source", "default"), ("/record/request_id", "R-7")];
        assert_eq!(of("HoldRecord", &record), "Done: Hold the record (record R-7)");
        assert_eq!(of("Pause", &[("/scope", "printer loket 1")]), "Done: Pause printing (printer loket 1)");
        assert_eq!(of("AddPrinter", &[("/name", "p1")]), "Done: Add a printer (printer p1)");
        let role = [("/account", "siti"), ("/role", "operator")];
        assert_eq!(of("TakeRole", &role), "Done: Take a role", "an account has the name of a person");
        let asked = sent(&[("asked", "WithdrawRecord"), ("about", "record R-7")]);
        let told_in = told(&asked, Language::Indonesian).unwrap();
        assert!(told_in.contains("permohonan R-7"), "{told_in}");
        assert_eq!(
            told(&sent(&[("done", "Pause"), ("about", "account siti")]), Language::English).unwrap(),
            "Done: Pause printing"
        );
        assert_eq!(told(&sent(&[("about", "record R-7")]), Language::English), None);
    }

    #[test]
    fn every_act_on_a_request_a_printer_a_batch_or_a_count_is_told_with_it() {
        for route in ROUTES.iter().filter(|route| route.sort != Sort::Query) {
            let filled: Vec<(String, String)> =
                fields(&route.input).into_iter().map(|field| (field.pointer, "7".to_owned())).collect();
            let has_subject = filled.iter().any(|(field, _)| FIELDS.iter().any(|(known, _)| known == field));
            let about = subject(route.name, &Sent::of(filled).unwrap());
            assert!(!has_subject || about.is_some(), "{}", route.name);
        }
    }
}
