//! What a request is answered with when it is not carried out: RFC 9457 problem details.
//!
//! `code` and `args` are for programs and are stable; `title` and `detail` are for people. Neither repeats what the client sent
//! without cleaning it, and what happened inside the program is in the log only.

use std::collections::BTreeSet;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::language;
pub(super) use crate::words::Fault;
use crate::{
    domain::{
        hidden::is_unseen,
        refusal::{AccountRefusal, CountRefusal, Refusal, RefusalKind},
    },
    engine::{EngineError, StoreError, import::Accept},
    words::{Language, ValueRule, pages},
};

/// The media type of a problem.
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// Declares the status and the code of each fault; its words are in `words`.
macro_rules! faults {
    ($($name:ident $status:ident $code:literal;)+) => {
        impl Fault {
            /// The status with which it is answered.
            fn status(self) -> StatusCode {
                match self {
                    $(Self::$name => StatusCode::$status,)+
                }
            }

            /// The stable name.
            fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }
        }
    };
}

faults! {
    BodyNotJson BAD_REQUEST "body-not-json";
    FieldTwice BAD_REQUEST "field-twice";
    BodyCut BAD_REQUEST "body-cut";
    UrlUnreadable BAD_REQUEST "url-unreadable";
    KeyUnreadable BAD_REQUEST "idempotency-key-unreadable";
    SignInNeeded UNAUTHORIZED "sign-in-needed";
    OtherPage FORBIDDEN "other-page";
    NoSuchAddress NOT_FOUND "no-such-address";
    MethodNotAllowed METHOD_NOT_ALLOWED "method-not-allowed";
    KeyInUse CONFLICT "idempotency-key-in-use";
    ChangedMeanwhile CONFLICT "changed-meanwhile";
    InsufficientStock CONFLICT "insufficient-stock";
    SecondOpenRequest CONFLICT "second-open-request";
    OtherVersion PRECONDITION_FAILED "other-version";
    VersionUnreadable BAD_REQUEST "if-match-unreadable";
    NoVersion PRECONDITION_FAILED "no-version";
    BodySlow REQUEST_TIMEOUT "body-slow";
    ListSlow REQUEST_TIMEOUT "list-slow";
    BodyTooLarge PAYLOAD_TOO_LARGE "body-too-large";
    NotAList UNSUPPORTED_MEDIA_TYPE "not-a-list";
    NotJson UNSUPPORTED_MEDIA_TYPE "not-json";
    BodyEncoded UNSUPPORTED_MEDIA_TYPE "body-encoded";
    KeyReused UNPROCESSABLE_ENTITY "idempotency-key-reused";
    Internal INTERNAL_SERVER_ERROR "internal";
    DatabaseAway SERVICE_UNAVAILABLE "database-away";
    InDoubt SERVICE_UNAVAILABLE "in-doubt";
    TimedOut SERVICE_UNAVAILABLE "timed-out";
    TooManyStreams TOO_MANY_REQUESTS "too-many-streams";
    Busy SERVICE_UNAVAILABLE "busy";
}

/// An invalid value, which is no fault by itself: a problem names the field and the rule that it breaks.
const INVALID: (StatusCode, &str) = (StatusCode::UNPROCESSABLE_ENTITY, "invalid-value");

/// The status of a refusal.
fn status_of(kind: RefusalKind, code: &str) -> StatusCode {
    if [AccountRefusal::SignIn.code(), AccountRefusal::FirstCode.code()].contains(&code) {
        return StatusCode::UNAUTHORIZED;
    }
    if code == AccountRefusal::SignInBusy.code() {
        return StatusCode::TOO_MANY_REQUESTS;
    }
    match kind {
        RefusalKind::NotFound => StatusCode::NOT_FOUND,
        RefusalKind::Conflict => StatusCode::CONFLICT,
        RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        RefusalKind::Forbidden => StatusCode::FORBIDDEN,
    }
}

/// Every code with its status, in their order.
pub(super) fn codes() -> BTreeSet<(u16, &'static str)> {
    let faults = Fault::ALL.iter().map(|fault| (fault.status(), fault.code()));
    let refusals = Refusal::codes().into_iter().map(|(kind, code)| (status_of(kind, code), code));
    let all = faults.chain(refusals).chain([INVALID]);
    all.map(|(status, code)| (status.as_u16(), code)).collect()
}

/// Why a request is not carried out.
#[derive(Clone, Debug)]
enum Cause {
    /// The server itself objects.
    Fault(Fault),
    /// The program failed; the log has the cause under this name.
    Incident(String),
    /// A value breaks a rule. The field is a JSON pointer, or the name of a parameter.
    Invalid { field: String, rule: ValueRule },
    /// An act or a query is refused.
    Refused(Box<Refusal>),
}

/// A problem. Its response is made by [`IntoResponse`], in English; [`worded`] puts it into the language of the request.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    cause: Cause,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A problem as it is sent.
#[derive(Serialize)]
struct Sent<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    args: Value,
    detail: &'a str,
}

/// The longest text of the client that is repeated, in characters.
const REPEATED_MAX: usize = 500;

/// A text that may come from the client: what cannot be seen is replaced, and its length is limited.
pub(super) fn cleaned(text: &str) -> String {
    let shown = |c: char| if is_unseen(c) { char::REPLACEMENT_CHARACTER } else { c };
    let mut kept: String = text.chars().take(REPEATED_MAX).map(shown).collect();
    if text.chars().nth(REPEATED_MAX).is_some() {
        kept.push('…');
    }
    kept
}

fn clean(value: &mut Value) {
    match value {
        Value::String(text) => *text = cleaned(text),
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(fields) => fields.values_mut().for_each(clean),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The place of a field in the arguments, as a JSON pointer. A parameter of an address has a name of its own.
fn pointer_of(field: &str) -> String {
    match field {
        "act" => "/id".to_owned(),
        "request_id" => "/record/request_id".to_owned(),
        _ => format!("/{}", field.trim_start_matches('/')),
    }
}

impl Cause {
    fn status(&self) -> StatusCode {
        match self {
            Self::Fault(fault) => fault.status(),
            Self::Incident(_) => Fault::Internal.status(),
            Self::Invalid { .. } => INVALID.0,
            Self::Refused(refusal) => status_of(refusal.kind(), refusal.code()),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Fault(fault) => fault.code(),
            Self::Incident(_) => Fault::Internal.code(),
            Self::Invalid { .. } => INVALID.1,
            Self::Refused(refusal) => refusal.code(),
        }
    }

    /// The things that the cause is about. They do not depend on the language.
    fn args(&self) -> Value {
        let mut args = match self {
            Self::Fault(_) => Value::Null,
            Self::Incident(incident) => json!({ "incident": incident }),
            Self::Invalid { field, rule } => json!({ "field": field, "rule": rule.code() }),
            // Cannot fail: the arguments of a refusal are texts and numbers.
            Self::Refused(refusal) => serde_json::to_value(refusal)
                .ok()
                .and_then(|mut value| Some(value.get_mut("args")?.take()))
                .unwrap_or_default(),
        };
        clean(&mut args);
        if args.is_null() { Value::Object(Map::new()) } else { args }
    }

    fn detail(&self, language: Language) -> String {
        match self {
            Self::Fault(fault) => language.fault(*fault).to_owned(),
            Self::Incident(_) => language.fault(Fault::Internal).to_owned(),
            Self::Invalid { field, rule } => {
                format!("`{}`: {}", field.trim_start_matches('/'), language.value_rule(*rule))
            }
            Self::Refused(refusal) => language.refusal(refusal),
        }
    }
}

impl Problem {
    /// Every 401 says how an account is proved, and what may succeed later says when.
    fn new(cause: Cause) -> Self {
        let header = match cause.status() {
            StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, "Bearer realm=\"cetak\"")),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Some((header::RETRY_AFTER, "5")),
            _ => None,
        };
        let headers = header.map(|(name, value)| (name, HeaderValue::from_static(value)));
        Self { cause, headers: headers.into_iter().collect() }
    }

    /// An invalid value, with the field (a JSON pointer or the name of a parameter) and the rule that it breaks.
    pub(super) fn invalid(field: &str, rule: ValueRule) -> Self {
        Self::new(Cause::Invalid { field: field.to_owned(), rule })
    }

    /// A refusal of an act or a query.
    pub(super) fn refused(refusal: &Refusal) -> Self {
        Self::new(Cause::Refused(Box::new(refusal.clone())))
    }

    /// An error of the engine; the cause of an internal one is logged under the incident.
    pub(super) fn of(error: &EngineError, incident: &str) -> Self {
        match error {
            EngineError::Refused(refusal) => Self::refused(refusal),
            EngineError::Read { .. } | EngineError::Write { .. } | EngineError::Service { .. } => {
                Self::internal(error, incident)
            }
            EngineError::Store(store) => Self::of_store(store, incident),
        }
    }

    fn of_store(error: &StoreError, incident: &str) -> Self {
        match error {
            StoreError::Conflict(_) => Fault::ChangedMeanwhile.into(),
            StoreError::InsufficientStock => Fault::InsufficientStock.into(),
            StoreError::SecondOpenRequest => Fault::SecondOpenRequest.into(),
            StoreError::RequestAnswered => Fault::KeyInUse.into(),
            StoreError::OtherVersion => Fault::OtherVersion.into(),
            StoreError::RequestDiffers => Fault::KeyReused.into(),
            StoreError::InDoubt { .. } => Fault::InDoubt.into(),
            StoreError::Unreachable | StoreError::Unavailable { .. } | StoreError::Fenced => Fault::DatabaseAway.into(),
            StoreError::Corrupt { .. }
            | StoreError::Newer { .. }
            | StoreError::OtherKey
            | StoreError::Unused
            | StoreError::Moved { .. }
            | StoreError::Arriving
            | StoreError::Occupied
            | StoreError::Encoding { .. }
            | StoreError::Pooler { .. }
            | StoreError::Differs { .. }
            | StoreError::Database { .. } => Self::internal(error, incident),
        }
    }

    /// An error of the program. Its cause goes to the log.
    pub(super) fn internal(error: &(dyn std::error::Error + 'static), incident: &str) -> Self {
        tracing::error!(incident, error, "a request failed");
        Self::new(Cause::Incident(incident.to_owned()))
    }

    /// The status with which it is answered.
    pub(super) fn status(&self) -> StatusCode {
        self.cause.status()
    }

    /// The field that is invalid, as a JSON pointer; `None` for another cause.
    pub(super) fn invalid_field(&self) -> Option<String> {
        match &self.cause {
            Cause::Invalid { field, .. } => Some(pointer_of(field)),
            Cause::Fault(_) | Cause::Incident(_) | Cause::Refused(_) => None,
        }
    }

    /// What a person may accept about a list that was stopped as a whole.
    pub(super) fn acceptable(&self) -> Option<Accept> {
        let Cause::Refused(refusal) = &self.cause else { return None };
        if matches!(**refusal, Refusal::ManyWithdrawals { .. }) {
            return Some(Accept::Withdrawals);
        }
        matches!(**refusal, Refusal::RoundedIdentifiers { .. }).then_some(Accept::Rounded)
    }

    /// Whether a printer was not added or changed because of objections to it.
    pub(super) fn is_objected(&self) -> bool {
        matches!(&self.cause, Cause::Refused(refusal) if matches!(**refusal, Refusal::PrinterObjections { .. }))
    }

    /// Whether the key of a request was used for another one.
    pub(super) fn is_key_reused(&self) -> bool {
        matches!(self.cause, Cause::Fault(Fault::KeyReused))
    }

    /// Whether an answer is not shown because its blanks are counted.
    pub(super) fn is_hidden_by_count(&self) -> bool {
        matches!(&self.cause, Cause::Refused(refusal) if matches!(**refusal, Refusal::Count(CountRefusal::Hidden { .. })))
    }

    /// Whether what was asked for may have been done, or may still be done.
    pub(super) fn is_outcome_open(&self) -> bool {
        matches!(self.cause, Cause::Fault(Fault::KeyInUse | Fault::TimedOut | Fault::InDoubt))
    }

    /// What people read on a page, where the field is named by its label.
    pub(super) fn text(&self, language: Language) -> String {
        self.text_of("", language)
    }

    /// What people read on the page of an act, where a field is named as its form names it.
    pub(super) fn text_of(&self, act: &str, language: Language) -> String {
        match &self.cause {
            Cause::Fault(Fault::KeyInUse | Fault::TimedOut | Fault::InDoubt) => {
                pages::texts::SEND_AGAIN.in_language(language).to_owned()
            }
            Cause::Fault(Fault::OtherPage) => pages::texts::OTHER_PAGE.in_language(language).to_owned(),
            Cause::Invalid { field, rule } => {
                let pointer = pointer_of(field);
                let label = pages::field_of(act, &pointer).or_else(|| pages::field(&format!("/filter{pointer}")));
                let label = label.unwrap_or(pages::texts::A_VALUE).in_language(language);
                format!("{label}: {}", language.value_rule(*rule))
            }
            Cause::Fault(_) | Cause::Incident(_) | Cause::Refused(_) => cleaned(&self.cause.detail(language)),
        }
    }

    /// Whether the proof of an account failed.
    pub(super) fn is_unproved(&self) -> bool {
        self.cause.status() == StatusCode::UNAUTHORIZED
    }

    /// The problem as it is sent.
    pub(super) fn sent(&self, language: Language) -> Value {
        let (status, code) = (self.cause.status().as_u16(), self.cause.code());
        let sent = Sent {
            r#type: format!("/problems/{code}"),
            title: language.title(status),
            status,
            code,
            args: self.cause.args(),
            detail: &cleaned(&self.cause.detail(language)),
        };
        // Cannot fail: texts and numbers.
        serde_json::to_value(sent).unwrap_or_default()
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::new(Cause::Fault(fault))
    }
}

impl IntoResponse for Problem {
    /// The response in English. It carries the problem, so that it can be put into another language.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.sent(Language::English).to_string()));
        *response.status_mut() = self.cause.status();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        response.headers_mut().extend(self.headers.iter().cloned());
        language::mark(response.headers_mut(), Language::English);
        response.extensions_mut().insert(self);
        response
    }
}

/// Puts a problem into the language that its request asks for.
pub(super) async fn worded(request: Request, next: Next) -> Response {
    let language = language::asked(request.headers());
    let mut response = next.run(request).await;
    let problem = response.extensions_mut().remove::<Problem>();
    if let Some(problem) = problem.filter(|_| language != Language::English) {
        *response.body_mut() = Body::from(problem.sent(language).to_string());
        language::mark(response.headers_mut(), language);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{id::BatchId, permission::Operation, value::InvalidValue};

    fn sent(problem: Problem) -> (StatusCode, Value) {
        let response = problem.into_response();
        let status = response.status();
        assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_JSON);
        let body = futures_util::FutureExt::now_or_never(axum::body::to_bytes(response.into_body(), usize::MAX));
        (status, serde_json::from_slice(&body.unwrap().unwrap()).unwrap())
    }

    #[test]
    fn a_refusal_is_a_problem_with_its_code_its_arguments_and_words_without_a_command() {
        let (status, body) = sent(Problem::refused(&Refusal::NoBatch { batch: BatchId(7) }));
        assert_eq!(status, 404);
        let expected = serde_json::json!({
            "type": "/problems/no-batch", "title": "Not found", "status": 404, "code": "no-batch",
            "args": { "batch": 7 }, "detail": "there is no batch 7",
        });
        assert_eq!(body, expected);
        let (status, body) = sent(Problem::refused(&Refusal::NoRight { operation: Operation::Pause }));
        assert_eq!((status, &body["args"]["operation"]), (StatusCode::FORBIDDEN, &"pause".into()));
        let (status, body) = sent(Problem::refused(&Refusal::SerialsWithoutLot));
        assert_eq!((status, &body["args"]), (StatusCode::UNPROCESSABLE_ENTITY, &serde_json::json!({})));
    }

    #[test]
    fn what_the_client_sent_is_repeated_without_what_cannot_be_seen_and_not_at_any_length() {
        let printer = format!("p\u{202e}\u{1b}[31m{}", "x".repeat(5_000));
        let (_, body) = sent(Problem::refused(&Refusal::NoPrinter { printer }));
        for text in [&body["args"]["printer"], &body["detail"]] {
            let text = text.as_str().unwrap();
            assert!(!text.contains(is_unseen) && text.chars().count() <= REPEATED_MAX + 1, "{text}");
        }
    }

    #[test]
    fn an_internal_error_says_nothing_of_the_inside() {
        let source = std::io::Error::other("secret");
        let (status, body) = sent(Problem::of(&EngineError::Read { what: "/srv/secret".into(), source }, "4f2a"));
        assert_eq!(status, 500);
        assert!(!body.to_string().contains("secret") && body["args"]["incident"] == "4f2a", "{body}");
    }

    #[test]
    fn what_may_be_repeated_later_says_when() {
        let response = Problem::from(Fault::DatabaseAway).into_response();
        assert_eq!(
            (response.status().as_u16(), &response.headers()[header::RETRY_AFTER]),
            (503, &"5".parse().unwrap())
        );
        let response = Problem::from(Fault::SignInNeeded).into_response();
        assert!(response.headers().contains_key(header::WWW_AUTHENTICATE));
    }

    #[test]
    fn every_fault_has_a_code_of_its_own() {
        let codes: BTreeSet<&str> = Fault::ALL.iter().map(|fault| fault.code()).collect();
        assert_eq!(codes.len(), Fault::ALL.len());
    }

    #[test]
    fn a_problem_has_the_same_code_and_arguments_in_each_language_and_other_words() {
        let problems = [
            Problem::from(Fault::BodyTooLarge),
            Problem::internal(&std::io::Error::other("x"), "4f2a"),
            Problem::invalid("/note", ValueRule::Value(InvalidValue::OutOfRange { least: 1, most: 7 })),
            Problem::refused(&Refusal::NoBatch { batch: BatchId(7) }),
        ];
        for problem in problems {
            let [mut english, mut indonesian] = Language::ALL.map(|language| problem.sent(language));
            for words in ["title", "detail"] {
                assert_ne!(english[words].take(), indonesian[words].take(), "{problem:?}");
            }
            assert_eq!(english, indonesian);
        }
        let invalid = Problem::invalid("/record/note", ValueRule::Missing).sent(Language::Indonesian);
        assert_eq!(invalid["args"], serde_json::json!({ "field": "/record/note", "rule": "missing" }));
        assert_eq!(invalid["detail"], "`record/note`: harus diberikan");
    }
}
