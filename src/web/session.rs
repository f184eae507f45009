//! Signing in and out, for browsers. Programs have tokens.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    body::read_body,
    caller::Caller,
    context::Web,
    input,
    problem::{Fault, Problem},
    route::{BASE, USUAL},
    schema,
};
use crate::{
    domain::{
        account::{Password, Secret},
        actor::{Actor, Role},
        id::AccountId,
        personal::TypedText,
        value::AccountName,
    },
    engine::{
        EngineError,
        accounts::{SessionToken, choose_password, first_administrator, sign_in, sign_out},
    },
};

/// The largest body with names and passwords. It is read before anything is proved.
pub(super) const BODY_BYTES_MAX: usize = 8 << 10;
/// The time in which a name and a password are answered: failed ones before them delay it by up to 30 seconds.
const PROVED_WITHIN: Duration = Duration::from_mins(1);

/// The addresses of accounts that are proved with the request itself.
pub(super) fn router() -> Router<Arc<Web>> {
    Router::new()
        .route(&format!("{BASE}/session"), get(show).post(open).delete(end))
        .route(&format!("{BASE}/session/password"), post(choose))
        .route(&format!("{BASE}/accounts/first"), post(first))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// Signs in.
#[derive(Deserialize, JsonSchema)]
pub(super) struct SignIn {
    /// The account's name.
    name: TypedText,
    /// Its password.
    password: TypedText,
}

/// Replaces a password, one-time or not, by one that its person chooses.
#[derive(Deserialize, JsonSchema)]
pub(super) struct ChoosePassword {
    /// The account's name.
    name: TypedText,
    /// Its password until now.
    password: TypedText,
    /// Its new password, at least 12 characters.
    #[schemars(length(min = 12, max = 256))]
    new_password: TypedText,
}

/// Makes the first account, an administrator.
#[derive(Deserialize, JsonSchema)]
pub(super) struct MakeFirst {
    /// The code that the program printed when it started.
    code: TypedText,
    /// The account's name.
    name: AccountName,
    /// Its password, at least 12 characters.
    #[schemars(length(min = 12, max = 256))]
    password: TypedText,
}

/// Who sends the request, with the session if that proves it.
#[derive(Serialize, JsonSchema)]
pub(super) struct Session {
    /// The account's name.
    name: String,
    /// Its roles.
    roles: BTreeSet<Role>,
    /// What each request with another method than `GET` has in `X-CSRF-Token`; none without a session, for a token and for a user of the
    /// machine at the socket.
    csrf: Option<Secret>,
    /// The password is a one-time password: its person can only choose another, and then signs in again.
    password_due: bool,
}

/// The first account.
#[derive(Serialize, JsonSchema)]
pub(super) struct FirstAccount {
    /// The account.
    account: AccountId,
}

pub(super) fn typed(text: &TypedText) -> Password {
    Password::typed(text.reveal().to_owned())
}

async fn show(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    if let Some(Caller { name, roles, .. }) = web.within(USUAL, web.without_session(&parts)).await? {
        return Ok(Json(Session { name, roles, csrf: None, password_due: false }).into_response());
    }
    let session = web.within(USUAL, web.session(&parts)).await?;
    Ok(Json(told(&session.person.actor, &session.token, session.person.password_due)).into_response())
}

async fn open(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Problem> {
    let (parts, given) = given::<SignIn>(&web, request).await?;
    let address = web.address(&parts);
    let password = typed(&given.password);
    let engine = web.engine_for(&parts);
    let signing_in = Box::pin(sign_in(&engine, given.name.reveal(), &password, &address));
    let signed_in = proved(&web, &parts, signing_in).await?;
    let body = told(&signed_in.actor, &signed_in.token, signed_in.password_due);
    let mut response = Json(body).into_response();
    set_cookie(&web, &parts, &mut response, signed_in.token.reveal(), "");
    Ok(response)
}

async fn end(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let session = web.within(USUAL, web.session(&parts)).await?;
    let signing_out =
        async { sign_out(&web.engine_for(&parts), &session.token).await.map_err(|error| web.problem(&error)) };
    web.within(USUAL, signing_out).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&web, &parts, &mut response, "", "; Max-Age=0");
    Ok(response)
}

async fn choose(State(web): State<Arc<Web>>, request: Request) -> Result<StatusCode, Problem> {
    let (parts, given) = given::<ChoosePassword>(&web, request).await?;
    let (address, old, new) = (web.address(&parts), typed(&given.password), typed(&given.new_password));
    let engine = web.engine_for(&parts);
    let choosing = Box::pin(choose_password(&engine, given.name.reveal(), &old, &new, &address));
    proved(&web, &parts, choosing).await.map(|()| StatusCode::NO_CONTENT)
}

async fn first(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Problem> {
    let (parts, given) = given::<MakeFirst>(&web, request).await?;
    let password = typed(&given.password);
    let making = Box::pin(first_administrator(&web.engine, given.code.reveal(), &given.name, &password));
    let account = proved(&web, &parts, making).await?;
    Ok((StatusCode::CREATED, Json(FirstAccount { account })).into_response())
}

/// What a request without a session says. A page of another server cannot send it.
pub(super) async fn given<T: DeserializeOwned + JsonSchema>(
    web: &Web,
    request: Request,
) -> Result<(Parts, T), Problem> {
    let (parts, body) = request.into_parts();
    input::refuse_parameters(&parts)?;
    if !web.is_own_page(&parts, false) {
        return Err(Fault::OtherPage.into());
    }
    let body = read_body(web, &parts, body).await?;
    input::refuse_unknown(&body, &schema::input::<T>())?;
    Ok((parts, input::read(&body)?))
}

/// Carries out what proves an account. A failed proof is counted for the audit.
pub(super) async fn proved<T>(
    web: &Web,
    parts: &Parts,
    work: impl Future<Output = Result<T, EngineError>>,
) -> Result<T, Problem> {
    let work = async { work.await.map_err(|error| web.problem(&error)) };
    web.within(PROVED_WITHIN, work).await.map_err(|problem| web.counted(parts, problem))
}

/// What a session tells of itself.
fn told(actor: &Actor, token: &SessionToken, password_due: bool) -> Session {
    Session { name: actor.name.clone(), roles: actor.roles.clone(), csrf: Some(token.csrf()), password_due }
}

pub(super) fn set_cookie(web: &Web, parts: &Parts, response: &mut Response, value: &str, end: &str) {
    let secure = if web.is_tls(parts) { "; Secure" } else { "" };
    let name = web.cookie_name(parts);
    let cookie = HeaderValue::try_from(format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{end}"));
    // Cannot fail: a session's secret is hexadecimal digits.
    response.headers_mut().extend(cookie.ok().map(|mut cookie| {
        cookie.set_sensitive(true);
        (header::SET_COOKIE, cookie)
    }));
}
