//! Signing in and out, for browsers. Programs have tokens.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    body::read_body,
    context::Web,
    input,
    problem::{Fault, Problem},
    route::BASE,
};
use crate::{
    domain::{
        account::Password,
        actor::Actor,
        personal::AskedIdentifier,
        refusal::{AccountRefusal, Refusal},
        value::AccountName,
    },
    engine::{
        EngineError,
        accounts::{SessionToken, choose_password, first_administrator, sign_in, sign_out},
    },
};

/// The addresses of accounts that are proved with the request itself.
pub(super) fn router() -> Router<Arc<Web>> {
    Router::new()
        .route(&format!("{BASE}/session"), get(show).post(open).delete(end))
        .route(&format!("{BASE}/session/password"), post(choose))
        .route(&format!("{BASE}/accounts/first"), post(first))
}

/// Signs in.
#[derive(Serialize, Deserialize)]
struct SignIn {
    /// The account's name.
    name: AskedIdentifier,
    /// Its password.
    password: AskedIdentifier,
}

/// Replaces a password, one-time or not, by one that its person chooses.
#[derive(Serialize, Deserialize)]
struct ChoosePassword {
    /// The account's name.
    name: AskedIdentifier,
    /// Its password until now.
    password: AskedIdentifier,
    /// Its new password, at least 12 characters.
    new_password: AskedIdentifier,
}

/// Makes the first account, an administrator.
#[derive(Serialize, Deserialize)]
struct MakeFirst {
    /// The code that the program printed when it started.
    code: AskedIdentifier,
    /// The account's name.
    name: AccountName,
    /// Its password, at least 12 characters.
    password: AskedIdentifier,
}

fn typed(text: &AskedIdentifier) -> Password {
    Password::typed(text.reveal().to_owned())
}

async fn show(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let session = web.session(&parts).await?;
    Ok(Json(told(&session.person.actor, &session.token, session.person.password_due)).into_response())
}

async fn open(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Problem> {
    let (parts, given) = given::<SignIn>(&web, request).await?;
    let address = web.address(&parts).to_string();
    let signed_in = sign_in(&web.engine, given.name.reveal(), &typed(&given.password), &address).await;
    let signed_in = signed_in.map_err(|error| unproved(&web, &parts, &error))?;
    let body = told(&signed_in.actor, &signed_in.token, signed_in.password_due);
    let mut response = Json(body).into_response();
    set_cookie(&web, &parts, &mut response, signed_in.token.reveal(), "");
    Ok(response)
}

async fn end(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let session = web.session(&parts).await?;
    sign_out(&web.engine, &session.token).await.map_err(|error| web.problem(&error))?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&web, &parts, &mut response, "", "; Max-Age=0");
    Ok(response)
}

async fn choose(State(web): State<Arc<Web>>, request: Request) -> Result<StatusCode, Problem> {
    let (parts, given) = given::<ChoosePassword>(&web, request).await?;
    let (address, old, new) = (web.address(&parts).to_string(), typed(&given.password), typed(&given.new_password));
    let chosen = choose_password(&web.engine, given.name.reveal(), &old, &new, &address).await;
    chosen.map(|()| StatusCode::NO_CONTENT).map_err(|error| unproved(&web, &parts, &error))
}

async fn first(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Problem> {
    let (parts, given) = given::<MakeFirst>(&web, request).await?;
    let password = typed(&given.password);
    let made = first_administrator(&web.engine, given.code.reveal(), &given.name, &password).await;
    let account = made.map_err(|error| unproved(&web, &parts, &error))?;
    Ok((StatusCode::CREATED, Json(json!({ "account": account }))).into_response())
}

/// What a request without a session says. A page of another server cannot send it.
async fn given<T: Serialize + DeserializeOwned>(web: &Web, request: Request) -> Result<(Parts, T), Problem> {
    let (parts, body) = request.into_parts();
    if !web.is_own_page(&parts, false) {
        return Err(Fault::OtherPage.into());
    }
    let body = read_body(web, &parts, body).await?;
    Ok((parts, input::read(&body)?))
}

/// The problem of a failed proof, which is counted for the audit.
fn unproved(web: &Web, parts: &Parts, error: &EngineError) -> Problem {
    let is_unproved =
        matches!(error, EngineError::Refused(Refusal::Account(AccountRefusal::SignIn | AccountRefusal::FirstCode)));
    if is_unproved {
        web.strangers.count(web.address(parts));
    }
    web.problem(error)
}

/// What a session tells of itself.
fn told(actor: &Actor, token: &SessionToken, password_due: bool) -> Value {
    json!({ "name": actor.name, "roles": actor.roles, "csrf": token.csrf(), "password_due": password_due })
}

fn set_cookie(web: &Web, parts: &Parts, response: &mut Response, value: &str, end: &str) {
    let secure = if web.is_tls(parts) { "; Secure" } else { "" };
    let name = web.cookie_name(parts);
    let cookie = HeaderValue::try_from(format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{end}"));
    // Cannot fail: a session's secret is hexadecimal digits.
    response.headers_mut().extend(cookie.ok().map(|mut cookie| {
        cookie.set_sensitive(true);
        (header::SET_COOKIE, cookie)
    }));
}
