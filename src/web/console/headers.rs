//! The headers of pages.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};

/// Scripts and styles come from this server alone, nothing stands in the page itself, and no other page frames it.
/// A form is sent with its origin, which `no-referrer` would withhold.
const HEADERS: [(HeaderName, &str); 2] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "same-origin"),
];

/// The response with the headers of a page.
pub(super) async fn with_headers(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
