//! Carries out requests: who sends it, what it asks for, and the answer.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, FromRequestParts, Query, RawPathParams, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    middleware::{Next, from_fn, from_fn_with_state, map_response},
    response::{IntoResponse, Response},
    routing::{MethodFilter, get, on},
};
use serde_json::{Map, Value};

use super::{
    body::{BODY_BYTES_MAX, read_body},
    carry::done_with,
    console,
    context::Web,
    entity_tag, events, health,
    idle::noted,
    input, intake, language, metrics, openapi, picture,
    problem::{Fault, Problem, worded},
    reasons,
    route::{BASE, Route, Sort, USUAL},
    routes::ROUTES,
    session,
};
use crate::words::ValueRule;

/// The headers of every answer: it is for its client alone, and a browser does nothing with it by itself.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// All that the server answers, with the addresses that `more` has beside.
pub(super) fn router(web: Arc<Web>, more: Router<Arc<Web>>) -> Router {
    let mut router = Router::new();
    for route in ROUTES.iter() {
        let answer = move |State(web): State<Arc<Web>>, request: Request| answer(web, route, request);
        // Cannot fail: the table has only methods of HTTP itself.
        let filter = MethodFilter::try_from(route.method.clone()).unwrap_or(MethodFilter::GET);
        router = router.route(&format!("{BASE}{}", route.path), on(filter, answer));
    }
    let ready = |State(web): State<Arc<Web>>| async move { health::ready(&web.engine).await };
    router
        .merge(console::router())
        .merge(session::router())
        .merge(intake::router())
        .merge(picture::router())
        .merge(more)
        .merge(events::router())
        .merge(metrics::router())
        .route(openapi::PATH, get(openapi::show))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(ready))
        .fallback(|| async { Problem::from(Fault::NoSuchAddress) })
        .method_not_allowed_fallback(|| async { Problem::from(Fault::MethodNotAllowed) })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(input::readable))
        .layer(from_fn_with_state(web.clone(), console::told))
        .layer(from_fn(worded))
        .layer(map_response(secured))
        .layer(from_fn_with_state(web.engine.clock.clone(), noted))
        .layer(from_fn_with_state(web.clone(), outdated_by_changes))
        .layer(from_fn_with_state(web.clone(), metrics::measured))
        .with_state(web)
}

/// After each request that may have changed something, the sessions of open pages are proved again.
async fn outdated_by_changes(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let is_read = request.method().is_safe();
    let response = next.run(request).await;
    if !is_read {
        web.followed.outdate();
    }
    response
}

async fn secured(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        // Pages have their own.
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

async fn answer(web: Arc<Web>, route: &'static Route, request: Request) -> Response {
    carried_out(&web, route, request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn carried_out(web: &Arc<Web>, route: &'static Route, request: Request) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    web.within(USUAL, web.caller(&parts)).await?; // without an account no body is read
    let fields = fields(web, route, &mut parts, body).await?;
    let mut answer = done_with(web, route, &parts, &fields).await?;
    let tag = entity_tag::of_answer(&web.engine, route, &answer);
    let language = language::asked(&parts.headers);
    let is_told = route.sort == Sort::Query && reasons::tell(&mut answer, language);
    let mut response = respond(route, &parts, answer, tag);
    if is_told {
        language::mark(response.headers_mut(), language);
    }
    Ok(response)
}

/// What the request says, as one JSON object.
async fn fields(web: &Web, route: &Route, parts: &mut Parts, body: Body) -> Result<Value, Problem> {
    let unreadable = |_| Problem::from(Fault::UrlUnreadable);
    let in_path =
        RawPathParams::from_request_parts(parts, &()).await.map_err(|_| Problem::from(Fault::UrlUnreadable))?;
    let Query(in_query) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(unreadable)?;
    let body = if route.has_body() { read_body(web, parts, body).await? } else { Value::Object(Map::new()) };
    let in_path: Vec<(&str, &str)> = in_path.iter().collect();
    let of_path = input::path_parameters(route.path)
        .filter_map(|known| Some((known, in_path.iter().find(|(name, _)| *name == known.name)?.1)));
    let mut of_query = Vec::new();
    for (name, text) in &in_query {
        let known = route.query.iter().find(|known| known.name == name);
        of_query.push((known.ok_or_else(|| Problem::invalid(name, ValueRule::Unknown))?, &**text));
    }
    input::merged(body, of_path.chain(of_query))
}

/// The answer. What was asked for has the address of its decision; a page names the next. An answer that the client has is not sent
/// again.
fn respond(route: &Route, parts: &Parts, answer: Value, tag: Option<String>) -> Response {
    if answer.is_null() {
        return StatusCode::NO_CONTENT.into_response();
    }
    let mut headers = HeaderMap::new();
    let mut add = |name, text: String| headers.extend(HeaderValue::try_from(text).ok().map(|value| (name, value)));
    if let Some(next) = answer.get("next").and_then(Value::as_i64).filter(|_| route.sort == Sort::Query) {
        add(header::LINK, format!("<{}>; rel=\"next\"", next_page(parts, next)));
    }
    let is_known = tag.as_ref().is_some_and(|tag| entity_tag::is_known(&parts.headers, tag));
    if let Some(tag) = tag {
        add(header::ETAG, tag);
    }
    if is_known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let status = if route.sort == Sort::Request {
        add(header::LOCATION, format!("{BASE}/acts/{}", answer["act"]));
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    (status, headers, Json(answer)).into_response()
}

/// The address of the next page.
fn next_page(parts: &Parts, next: i64) -> String {
    let others = parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let others = others.filter(|pair| *pair != "after" && !pair.starts_with("after=")).map(str::to_owned);
    let query: Vec<String> = others.chain([format!("after={next}")]).collect();
    format!("{}?{}", parts.uri.path(), query.join("&"))
}
