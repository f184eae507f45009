//! What the server refuses before a page has it: a person who looks with a browser gets a page that says so, and not the problem that
//! programs read.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};

use super::{headers::with_headers, page::Page};
use crate::web::{
    context::Web,
    problem::{Fault, Problem},
    route::BASE,
};

/// Puts a page in the place of a problem, for a browser that does not ask for an address of the API.
pub(in crate::web) async fn told(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let is_page = is_for_person(request.uri().path(), request.headers());
    if !is_page {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let seen = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(problem) = problem_of(&response) else { return response };
    // Who is signed in keeps the navigation; any other person sees the page without it, as does one whose server has too much to do.
    let signed_in = if problem.status().is_server_error() { None } else { Page::of(&web, &seen).await.ok() };
    let page = signed_in.unwrap_or_else(|| Page::open(&web, &seen));
    let mut told = page.failed(&problem);
    if let Some(after) = response.headers().get(header::RETRY_AFTER) {
        told.headers_mut().insert(header::RETRY_AFTER, after.clone());
    }
    if seen.method == Method::HEAD {
        *told.body_mut() = Body::empty();
    }
    with_headers(told).await
}

/// The problem of a response. An address whose part is not what it should be, such as a batch that is no number, is none.
fn problem_of(response: &Response) -> Option<Problem> {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let is_plain =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|of| of.as_bytes().starts_with(b"text/plain"));
    (is_plain && response.status() == StatusCode::BAD_REQUEST).then(|| Fault::NoSuchAddress.into())
}

fn is_for_person(path: &str, headers: &HeaderMap) -> bool {
    let accepts = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains("text/html"));
    !path.starts_with(BASE) && headers.get_all(header::ACCEPT).iter().any(accepts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_pages_and_a_program_problems() {
        let of = |path: &str, accept: &'static str| {
            is_for_person(path, &HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]))
        };
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        assert!(of("/nowhere", browser) && of("/do/Nothing", browser));
        assert!(!of("/api/v1/board", browser), "an address of the API");
        assert!(!of("/nowhere", "application/json") && !of("/nowhere", "*/*"));
        assert!(!is_for_person("/nowhere", &HeaderMap::new()));
    }
}
