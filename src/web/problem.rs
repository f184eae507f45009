//! What a request is answered with when it is not carried out: RFC 9457 problem details.
//!
//! `code` and `args` are for programs and are stable; `title` and `detail` are for people. Neither repeats what the client sent
//! without cleaning it, and what happened inside the program is in the log only.

use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    domain::{
        hidden::is_unseen,
        refusal::{AccountRefusal, Refusal, RefusalKind},
    },
    engine::{EngineError, StoreError},
    words,
};

/// The media type of a problem.
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// Declares [`Fault`]: what the server itself objects to, each with its status, its code and its words.
macro_rules! faults {
    ($($(#[$doc:meta])+ $name:ident $status:ident $code:literal $detail:literal;)+) => {
        /// What the server itself objects to. Refusals of acts and queries are [`Refusal`]s.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Fault {
            $($(#[$doc])+ $name,)+
        }

        impl Fault {
            /// All of them.
            const ALL: &[Self] = &[$(Self::$name),+];

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

            /// The words.
            fn detail(self) -> &'static str {
                match self {
                    $(Self::$name => $detail,)+
                }
            }
        }
    };
}

faults! {
    /// The body is not JSON.
    BodyNotJson BAD_REQUEST "body-not-json" "the body is not a JSON object";
    /// The body ended early or could not be read.
    BodyCut BAD_REQUEST "body-cut" "the body ended before it was complete";
    /// The query string or a part of the path is not percent-encoded UTF-8.
    UrlUnreadable BAD_REQUEST "url-unreadable" "the path or the query string is not percent-encoded UTF-8";
    /// The key of a request has no characters, too many, or such as cannot be seen.
    KeyUnreadable BAD_REQUEST "idempotency-key-unreadable" "`Idempotency-Key` must be given once, with 1 to 255 visible ASCII characters";
    /// No account is proved.
    SignInNeeded UNAUTHORIZED "sign-in-needed" "the request has no valid token and no valid session";
    /// The request of a browser may come from the page of another server.
    OtherPage FORBIDDEN "other-page" "the request of a session needs `Origin` of this server, and the CSRF token of the session";
    /// There is nothing at this address.
    NoSuchAddress NOT_FOUND "no-such-address" "there is nothing at this address";
    /// The address knows other methods.
    MethodNotAllowed METHOD_NOT_ALLOWED "method-not-allowed" "this address does not know the method; `Allow` names those that it knows";
    /// The same request is just being carried out.
    KeyInUse CONFLICT "idempotency-key-in-use" "a request with this `Idempotency-Key` is being carried out; send it again for its answer";
    /// What is changed has another version than `If-Match` names.
    OtherVersion PRECONDITION_FAILED "other-version" "what is changed has another version than `If-Match` names; read it again";
    /// `If-Match` at an address of which nothing has a version.
    NoVersion PRECONDITION_FAILED "no-version" "what this address changes has no `ETag`, so that `If-Match` cannot hold";
    /// The body did not arrive in time.
    BodySlow REQUEST_TIMEOUT "body-slow" "the body did not arrive in time";
    /// The body is too large.
    BodyTooLarge PAYLOAD_TOO_LARGE "body-too-large" "the body is larger than this address accepts";
    /// The list has another media type.
    NotAList UNSUPPORTED_MEDIA_TYPE "not-a-list" "the body must be `application/x-ndjson` or `text/csv`";
    /// The body has another media type.
    NotJson UNSUPPORTED_MEDIA_TYPE "not-json" "the body must be `application/json`";
    /// A value is missing, unknown, or has a wrong type or range.
    InvalidValue UNPROCESSABLE_ENTITY "invalid-value" "a value is missing, is not known, or is not one that this field takes";
    /// Another request had the same key.
    KeyReused UNPROCESSABLE_ENTITY "idempotency-key-reused" "this `Idempotency-Key` was used for another request; nothing was done";
    /// A panic or an error that is the program's.
    Internal INTERNAL_SERVER_ERROR "internal" "the server failed; the log has the cause under the incident";
    /// The database cannot be used.
    DatabaseAway SERVICE_UNAVAILABLE "database-away" "the database cannot be used at present; nothing was changed";
    /// The database was lost during a commit.
    InDoubt SERVICE_UNAVAILABLE "in-doubt" "the connection to the database was lost; read again whether the change was saved";
    /// The request took too long.
    TimedOut SERVICE_UNAVAILABLE "timed-out" "the answer took too long; read again whether a change was made";
    /// The account, or all accounts together, have too many streams of events.
    TooManyStreams TOO_MANY_REQUESTS "too-many-streams" "there are too many streams of events; end one";
    /// The server has too much to do.
    Busy SERVICE_UNAVAILABLE "busy" "the server has too much to do; nothing was changed";
}

/// Another change came first.
const CHANGED: (&str, &str) = ("changed-meanwhile", "another change came first; read again");
/// The ledger has too few blanks.
const TOO_FEW: (&str, &str) = ("insufficient-stock", "there are not enough blanks");
/// The person has another open request.
const SECOND: (&str, &str) = ("second-open-request", "another request of this person is open");

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
    let of_store = [CHANGED, TOO_FEW, SECOND].map(|(code, _)| (StatusCode::CONFLICT, code));
    faults.chain(refusals).chain(of_store).map(|(status, code)| (status.as_u16(), code)).collect()
}

/// A problem. Its response is made by [`IntoResponse`].
#[derive(Clone, Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    args: Value,
    detail: String,
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

/// The title of each status that is sent.
pub(super) fn title(status: u16) -> &'static str {
    match status {
        400 => "The request cannot be read",
        401 => "Sign in",
        403 => "Not allowed",
        404 => "Not found",
        405 => "Method not allowed",
        408 => "The request took too long",
        409 => "Refused in the present state",
        412 => "Changed meanwhile",
        413 => "The request is too large",
        415 => "Wrong media type",
        422 => "Invalid value",
        429 => "Too many requests",
        503 => "Not available at present",
        _ => "Internal error",
    }
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

impl Problem {
    fn new(status: StatusCode, code: &'static str, args: Value, detail: String) -> Self {
        Self { status, code, args, detail, headers: Vec::new() }
    }

    /// A fault with arguments, which are an object or null.
    pub(super) fn with(fault: Fault, args: Value) -> Self {
        Self::new(fault.status(), fault.code(), args, fault.detail().to_owned()).with_retry()
    }

    /// An invalid value, with the field (a JSON pointer or the name of a parameter) and the rule that it breaks.
    pub(super) fn invalid(field: &str, rule: &str) -> Self {
        Self::with(Fault::InvalidValue, serde_json::json!({ "field": field, "rule": rule }))
    }

    /// A refusal of an act or a query.
    pub(super) fn refused(refusal: &Refusal) -> Self {
        let status = status_of(refusal.kind(), refusal.code());
        // Cannot fail: the arguments of a refusal are texts and numbers.
        let args = serde_json::to_value(refusal).ok().and_then(|mut value| Some(value.get_mut("args")?.take()));
        let problem = Self::new(status, refusal.code(), args.unwrap_or_default(), words::refusal(refusal).text);
        if problem.is_unproved() { problem.with_challenge() } else { problem.with_retry() }
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
        let refused = |(code, detail): (_, &str)| Self::new(StatusCode::CONFLICT, code, Value::Null, detail.to_owned());
        match error {
            StoreError::Conflict(_) => refused(CHANGED),
            StoreError::InsufficientStock => refused(TOO_FEW),
            StoreError::SecondOpenRequest => refused(SECOND),
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
        Self::with(Fault::Internal, serde_json::json!({ "incident": incident }))
    }

    /// Whether the proof of an account failed.
    pub(super) fn is_unproved(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Every 401 says how an account is proved.
    fn with_challenge(self) -> Self {
        self.with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"cetak\""))
    }

    fn with_retry(self) -> Self {
        if [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS].contains(&self.status) {
            return self.with_header(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        self
    }

    /// The problem as it is sent.
    pub(super) fn sent(&self) -> Value {
        let mut args = self.args.clone();
        clean(&mut args);
        if args.is_null() {
            args = Value::Object(serde_json::Map::new());
        }
        let sent = Sent {
            r#type: format!("/problems/{}", self.code),
            title: title(self.status.as_u16()),
            status: self.status.as_u16(),
            code: self.code,
            args,
            detail: &cleaned(&self.detail),
        };
        // Cannot fail: texts and numbers.
        serde_json::to_value(sent).unwrap_or_default()
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let problem = Self::with(fault, Value::Null);
        if fault == Fault::SignInNeeded { problem.with_challenge() } else { problem }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = self.sent().to_string();
        let Self { status, headers, .. } = self;
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        response.headers_mut().extend(headers);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{id::BatchId, permission::Operation};

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
}
