//! Carries out requests: who sends it, what it asks for, and the answer.

use std::{path::Path, sync::Arc};

use axum::{
    Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, FromRequestParts, Query, RawPathParams, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    middleware::{from_fn, from_fn_with_state, map_response},
    response::{IntoResponse, Response},
    routing::{MethodFilter, get, on},
};
use serde_json::{Map, Value, json};
use tokio::{sync::AcquireError, task::JoinHandle};
use tracing::Instrument;

use super::{
    body::{BODY_BYTES_MAX, read_body},
    caller::Caller,
    console,
    context::Web,
    entity_tag, events, health,
    idle::noted,
    input, intake, language, metrics, openapi, picture,
    problem::{Fault, Problem, worded},
    reasons,
    request_key::SentKey,
    route::{AskedAct, BASE, Call, Proof, Route, Sort, USUAL},
    routes::ROUTES,
    session,
};
use crate::{
    engine::{
        Expected,
        accounts::confirm_with_password,
        client::Client,
        operations::{AnyAct, TwoPersonAct},
    },
    words::ValueRule,
};

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
        .layer(from_fn(worded))
        .layer(map_response(secured))
        .layer(from_fn_with_state(web.engine.clock.clone(), noted))
        .layer(from_fn_with_state(web.clone(), metrics::measured))
        .with_state(web)
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

/// Carries out what the arguments ask for.
pub(super) async fn done_with(
    web: &Arc<Web>,
    route: &'static Route,
    parts: &Parts,
    fields: &Value,
) -> Result<Value, Problem> {
    input::refuse_unknown(fields, &route.input)?;
    let key = SentKey::read(route, &parts.headers, fields)?;
    let expected = entity_tag::expected(route, &parts.headers, fields)?;
    let call = confined(web, (route.read)(fields)?)?;
    let asked = Asked { route, call, key, expected };
    in_time(web, route, Box::pin(done(web.clone(), parts.clone(), asked))).await
}

/// What a request asks for, and on what condition.
pub(super) struct Asked {
    pub(super) route: &'static Route,
    pub(super) call: Call,
    pub(super) key: Option<SentKey>,
    pub(super) expected: Option<Expected>,
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

/// Over the network, no act chooses a file of the server: a backup has a name and is made in the folder of backups, and a printer has the
/// address of a device, because that of a mock names a file.
pub(super) fn confined(web: &Web, mut call: Call) -> Result<Call, Problem> {
    if let Some(uri) = address_of_printer(&call) {
        let scheme = uri.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        if !matches!(scheme.as_deref(), Some("ipp" | "ipps")) {
            return Err(Problem::invalid("/uri", ValueRule::NotADevice));
        }
    }
    if let Call::Act(act) = &mut call
        && let AnyAct::BackUpDatabase(backup) = &mut **act
    {
        let is_name = backup.file.file_name() == Some(backup.file.as_os_str()) && !is_hidden(&backup.file);
        if !is_name {
            return Err(Problem::invalid("/file", ValueRule::NotAFileName));
        }
        backup.file = web.settings.backups.join(&backup.file);
    }
    Ok(call)
}

/// The address that a printer gets.
fn address_of_printer(call: &Call) -> Option<&str> {
    if let Call::Act(act) = call {
        if let AnyAct::AddPrinter(printer) = &**act {
            return Some(&printer.uri);
        }
        if let AnyAct::AddObjectedPrinter(act) = &**act {
            return Some(&act.printer.uri);
        }
        if let AnyAct::SetPrinter(setting) = &**act {
            return setting.uri.as_deref();
        }
        if let AnyAct::SetObjectedPrinter(act) = &**act {
            return act.setting.uri.as_deref();
        }
    }
    if let Call::Request(act) = call {
        if let TwoPersonAct::AddObjectedPrinter(act) = &**act {
            return Some(&act.printer.uri);
        }
        if let TwoPersonAct::SetObjectedPrinter(act) = &**act {
            return act.setting.uri.as_deref();
        }
    }
    None
}

fn is_hidden(file: &Path) -> bool {
    file.to_str().is_none_or(|name| name.starts_with('.'))
}

/// Carries out a call. Its account is proved now, as it may have changed while the body arrived and other calls were carried out; the
/// right to it is asked for on the way. The log has the cause of a failure also if no client waits for it any more.
pub(super) async fn done(web: Arc<Web>, parts: Parts, asked: Asked) -> Result<Value, Problem> {
    let Asked { route, call, key, expected } = asked;
    let Caller { client, name: own_name, .. } = web.caller(&parts).await?;
    let request = key.map(|key| key.of(&client, route));
    let _in_use = request.map(|request| web.keys.take(request)).transpose()?;
    let client = client.for_request(request).expecting(expected.clone());
    let answer = match call {
        Call::Act(act) => Box::pin(client.act_any(*act)).await,
        Call::Query(query) => Box::pin(client.query_any(*query)).await,
        Call::Request(act) => Box::pin(client.request(*act)).await.map(|act| json!(AskedAct { act })),
        Call::Confirm(act, None) => Box::pin(client.confirm(act)).await.map(|()| Value::Null),
        Call::Confirm(act, Some(Proof { name, password })) => {
            let (name, address) = (name.unwrap_or(own_name), web.address(&parts));
            let engine = web.engine_for(&parts).expecting(expected);
            let confirmed = confirm_with_password(&engine, act, &name, &password, &address, request);
            Box::pin(confirmed).await.map(|()| Value::Null)
        }
        Call::Refuse(act, note) => Box::pin(client.refuse(act, note)).await.map(|()| Value::Null),
        Call::TakeBack(act) => Box::pin(client.take_back(act)).await.map(|()| Value::Null),
    };
    answer.map_err(|error| web.counted(&parts, web.problem(&error)))
}

/// A task that ends with the value, if it may.
struct Task {
    handle: JoinHandle<Result<Value, Problem>>,
    may_end: bool,
}

impl Drop for Task {
    fn drop(&mut self) {
        if self.may_end {
            self.handle.abort();
        }
    }
}

/// Runs a call in a task of its own: an act is not left half done because its client hangs up, and a panic is an answer.
pub(super) async fn in_time(
    web: &Arc<Web>,
    route: &Route,
    call: impl Future<Output = Result<Value, Problem>> + Send + 'static,
) -> Result<Value, Problem> {
    let patience = web.engine.clock.sleep(route.patience);
    tokio::pin!(patience);
    let permits = async {
        // First, so that a long read that waits keeps no other call from being carried out.
        let long_read = if route.reads_whole { Some(web.long_reads.clone().acquire_owned().await?) } else { None };
        Ok::<_, AcquireError>((long_read, web.calls.clone().acquire_owned().await?))
    };
    let permits = tokio::select! {
        permits = permits => permits.map_err(|_| Fault::Busy)?,
        () = &mut patience => return Err(Fault::Busy.into()),
    };
    let span = tracing::info_span!("request", call = route.name);
    let running = async move {
        let _permits = permits;
        call.await
    };
    let handle = tokio::spawn(running.instrument(span));
    let mut task = Task { handle, may_end: route.sort == Sort::Query };
    tokio::select! {
        ended = &mut task.handle => ended.unwrap_or_else(|panic| Err(Problem::internal(&panic, &web.incident()))),
        () = &mut patience => Err(Fault::TimedOut.into()),
    }
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
