//! What the server itself objects to.

use crate::words::{Fault, ValueRule};

/// The text of what the server objects to.
pub fn fault(fault: Fault) -> &'static str {
    match fault {
        Fault::BodyNotJson => "the body is not a JSON object",
        Fault::FieldTwice => "an object of the body has a field twice",
        Fault::BodyCut => "the body ended before it was complete",
        Fault::UrlUnreadable => "the path or the query string is not percent-encoded UTF-8 without U+0000",
        Fault::KeyUnreadable => "`Idempotency-Key` must be given once, with 1 to 255 visible ASCII characters",
        Fault::SignInNeeded => "the request has no valid token and no valid session",
        Fault::OtherPage => "the request of a session needs `Origin` of this server, and the CSRF token of the session",
        Fault::NoSuchAddress => "there is nothing at this address",
        Fault::MethodNotAllowed => "this address does not know the method; `Allow` names those that it knows",
        Fault::KeyInUse => "a request with this `Idempotency-Key` is being carried out; send it again for its answer",
        Fault::ChangedMeanwhile => "another change came first; read again",
        Fault::InsufficientStock => "there are not enough blanks",
        Fault::SecondOpenRequest => "another request of this person is open",
        Fault::OtherVersion => "what is changed has another version than `If-Match` names; read it again",
        Fault::VersionUnreadable => "`If-Match` must be `*`, or the `ETag` of an answer with its quotes",
        Fault::NoVersion => "what this address changes has no `ETag`, so that `If-Match` cannot hold",
        Fault::BodySlow => "the body did not arrive in time",
        Fault::ListSlow => {
            "the list arrived at less than 16 KiB a second, and nothing of it was imported; send it over a faster line"
        }
        Fault::BodyTooLarge => "the body is larger than this address accepts",
        Fault::NotAList => "the body must be `text/csv`, `application/x-ndjson`, or a spreadsheet with its media type",
        Fault::NotJson => "the body must be `application/json`",
        Fault::BodyEncoded => "the body must be sent as it is, without `Content-Encoding`",
        Fault::KeyReused => "this `Idempotency-Key` was used for another request; nothing was done",
        Fault::Internal => "the server failed; the log has the cause under the incident",
        Fault::DatabaseAway => "the database cannot be used at present; nothing was changed",
        Fault::InDoubt => "the connection to the database was lost; read again whether the change was saved",
        Fault::TimedOut => "the answer took too long; read again whether a change was made",
        Fault::TooManyStreams => "there are too many streams of events; end one",
        Fault::Busy => "the server has too much to do; nothing was changed",
    }
}

/// The rule that a value of a request breaks, after the name of its field.
pub fn value_rule(rule: ValueRule) -> String {
    let text = match rule {
        ValueRule::Missing => "it must be given",
        ValueRule::Unknown => "it is not known here",
        ValueRule::GivenTwice => "it is given twice: it stands in the address",
        ValueRule::WrongType => "it has another type, or is none of the values that are possible",
        ValueRule::NotATime => "it must be a time with its offset, like `2026-12-01T20:00:00+07:00`",
        ValueRule::NotWhole => "it must be a whole number",
        ValueRule::NotFlag => "it must be `true` or `false`",
        ValueRule::NotOneOf(values) => return format!("it must be `{}`", values.join("` or `")),
        ValueRule::NotADevice => "over the network, it must begin with `ipp://` or `ipps://`",
        ValueRule::NotAFileName => "it must be the name of a file, without a folder",
        ValueRule::Value(value) => return value.to_string(),
        ValueRule::Other => "it is not a value that this field takes",
    };
    text.to_owned()
}

/// The title of each status that is sent.
pub fn title(status: u16) -> &'static str {
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
