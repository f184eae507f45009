//! Signing in and out, the first administrator, and what a person chooses for this browser.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};

use super::{
    address,
    form_value::Sent,
    page::{KEYS_COOKIE, LANGUAGE_COOKIE, Page, THEME_COOKIE, respond},
};
use crate::{
    domain::{account::Password, value::AccountName},
    engine::accounts::{choose_password, first_administrator, sign_in, sign_out},
    web::{
        context::Web,
        problem::Problem,
        route::USUAL,
        session::{BODY_BYTES_MAX, proved, set_cookie},
    },
    words::{Fault, Language, ValueRule, pages::texts},
};

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new()
        .route("/login", get(show).post(open))
        .route("/logout", post(end))
        .route("/password", get(show_password).post(choose))
        .route("/first", get(show_first).post(first))
        .route("/settings", post(set))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// What one of these pages asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    SignIn,
    Password,
    First,
}

#[derive(Template)]
#[template(path = "sign_in.html", config = "src/web/console/askama.toml")]
struct SignIn {
    page: Page,
    asks: Asks,
    name: String,
    next: String,
    error: Option<String>,
    /// Whether the office has no account yet.
    is_new: bool,
}

impl SignIn {
    async fn new(web: &Web, parts: &Parts, asks: Asks, name: &str, next: &str) -> Self {
        let mut page = Page::open(web, parts);
        let title = match asks {
            Asks::SignIn => texts::SIGN_IN,
            Asks::Password => texts::CHOOSE_PASSWORD,
            Asks::First => texts::FIRST_ADMINISTRATOR,
        };
        page.title = page.t(title).to_owned();
        let is_new = has_no_account(web).await;
        Self { page, asks, name: name.to_owned(), next: address::own(next).to_owned(), error: None, is_new }
    }

    fn refused(mut self, problem: &Problem) -> Response {
        self.error = Some(self.page.told(problem));
        self.page.title = self.page.with(texts::ERROR_TITLE, &[&self.page.title]);
        respond(problem.status(), &self)
    }
}

/// Whether there is no account yet. While the database cannot be read, it is not known, and the sign-in is shown.
async fn has_no_account(web: &Web) -> bool {
    let Ok(tx) = web.engine.store.read_once().await else { return false };
    let mut tx = tx;
    tx.accounts_exist().await.is_ok_and(|exist| !exist)
}

async fn show(State(web): State<Arc<Web>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let next = Sent::of_query(&parts).map(|query| query.value("next").to_owned()).unwrap_or_default();
    let mut shown = SignIn::new(&web, &parts, Asks::SignIn, "", &next).await;
    if shown.is_new {
        return Redirect::to("/first").into_response();
    }
    let said = |query: &str| match query {
        "chosen" => Some(texts::PASSWORD_CHOSEN),
        "out" => Some(texts::SIGNED_OUT),
        _ => None,
    };
    shown.page.notice = parts.uri.query().and_then(said).map(|text| shown.page.t(text).to_owned());
    respond(StatusCode::OK, &shown)
}

async fn show_password(State(web): State<Arc<Web>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let session = web.within(USUAL, web.session(&parts)).await.ok();
    let name = session.as_ref().map(|session| session.person.actor.name.clone()).unwrap_or_default();
    let mut shown = SignIn::new(&web, &parts, Asks::Password, &name, "").await;
    let is_due = session.is_some_and(|session| session.person.password_due);
    shown.page.notice = is_due.then(|| shown.page.t(texts::PASSWORD_DUE).to_owned());
    respond(StatusCode::OK, &shown)
}

async fn show_first(State(web): State<Arc<Web>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let shown = SignIn::new(&web, &parts, Asks::First, "", "").await;
    if !shown.is_new {
        return Redirect::to("/login").into_response();
    }
    respond(StatusCode::OK, &shown)
}

/// A form that is sent before a session exists. The page of another server cannot send it.
async fn given(web: &Web, request: Request) -> (Parts, Result<Sent, Problem>) {
    let (parts, body) = request.into_parts();
    if !web.is_own_page(&parts, true) {
        return (parts, Err(Fault::OtherPage.into()));
    }
    let sent = Sent::read(web, &parts, body).await;
    (parts, sent)
}

async fn open(State(web): State<Arc<Web>>, request: Request) -> Response {
    let (parts, sent) = given(&web, request).await;
    let sent = match sent {
        Ok(sent) => sent,
        Err(problem) => return SignIn::new(&web, &parts, Asks::SignIn, "", "").await.refused(&problem),
    };
    let (name, password) = (sent.value("name"), Password::typed(sent.value("password").to_owned()));
    let (engine, from) = (web.engine_for(&parts), web.address(&parts));
    let signing_in = Box::pin(sign_in(&engine, name, &password, &from));
    match proved(&web, &parts, signing_in).await {
        Ok(signed_in) => {
            let next = if signed_in.password_due { "/password" } else { address::own(sent.value("next")) };
            let mut response = Redirect::to(next).into_response();
            set_cookie(&web, &parts, &mut response, signed_in.token.reveal(), "");
            response
        }
        Err(problem) => SignIn::new(&web, &parts, Asks::SignIn, name, sent.value("next")).await.refused(&problem),
    }
}

async fn choose(State(web): State<Arc<Web>>, request: Request) -> Response {
    let (parts, sent) = given(&web, request).await;
    let sent = match sent {
        Ok(sent) => sent,
        Err(problem) => return SignIn::new(&web, &parts, Asks::Password, "", "").await.refused(&problem),
    };
    let [old, new] = ["password", "new_password"].map(|name| Password::typed(sent.value(name).to_owned()));
    let (engine, from) = (web.engine_for(&parts), web.address(&parts));
    let choosing = Box::pin(choose_password(&engine, sent.value("name"), &old, &new, &from));
    match proved(&web, &parts, choosing).await {
        Ok(()) => Redirect::to("/login?chosen").into_response(),
        Err(problem) => SignIn::new(&web, &parts, Asks::Password, sent.value("name"), "").await.refused(&problem),
    }
}

async fn first(State(web): State<Arc<Web>>, request: Request) -> Response {
    let (parts, sent) = given(&web, request).await;
    let sent = match sent {
        Ok(sent) => sent,
        Err(problem) => return SignIn::new(&web, &parts, Asks::First, "", "").await.refused(&problem),
    };
    let refused =
        async |problem: Problem| SignIn::new(&web, &parts, Asks::First, sent.value("name"), "").await.refused(&problem);
    let name: AccountName = match sent.value("name").to_owned().try_into() {
        Ok(name) => name,
        Err(_) => return refused(Problem::invalid("/name", ValueRule::WrongType)).await,
    };
    let password = Password::typed(sent.value("password").to_owned());
    let making = Box::pin(first_administrator(&web.engine, sent.value("code"), &name, &password));
    match proved(&web, &parts, making).await {
        Ok(_) => Redirect::to("/login").into_response(),
        Err(problem) => refused(problem).await,
    }
}

async fn end(State(web): State<Arc<Web>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let failed = |problem: Problem| Page::open(&web, &parts).failed(&problem);
    let sent = match Sent::read(&web, &parts, body).await {
        Ok(sent) => sent,
        Err(problem) => return failed(problem),
    };
    sent.put_into_headers(&mut parts);
    let session = match web.within(USUAL, web.session(&parts)).await {
        Ok(session) => session,
        Err(problem) if problem.is_unproved() => return Redirect::to("/login").into_response(),
        Err(problem) => return Page::open(&web, &parts).failed(&problem),
    };
    let signing_out =
        async { sign_out(&web.engine_for(&parts), &session.token).await.map_err(|error| web.problem(&error)) };
    if let Err(problem) = web.within(USUAL, signing_out).await {
        return Page::open(&web, &parts).failed(&problem);
    }
    let mut response = Redirect::to("/login?out").into_response();
    set_cookie(&web, &parts, &mut response, "", "; Max-Age=0");
    response
}

/// Keeps the language, the colours and the use of keys that a person chooses in this browser. They are no secret, and need no account.
async fn set(State(web): State<Arc<Web>>, request: Request) -> Response {
    let (parts, sent) = given(&web, request).await;
    let sent = match sent {
        Ok(sent) => sent,
        Err(problem) => return Page::open(&web, &parts).failed(&problem),
    };
    let mut response = Redirect::to(address::own(sent.value("back"))).into_response();
    let language = Language::ALL.into_iter().map(Language::code).find(|code| *code == sent.value("language"));
    let theme = ["system", "light", "dark"].into_iter().find(|theme| *theme == sent.value("theme"));
    let keys = ["on", "off"].into_iter().find(|keys| *keys == sent.value("keys"));
    for (name, value) in [(LANGUAGE_COOKIE, language), (THEME_COOKIE, theme), (KEYS_COOKIE, keys)] {
        let Some(value) = value else { continue };
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000");
        // Cannot fail: both are words of this program.
        response.headers_mut().extend(HeaderValue::try_from(cookie).ok().map(|cookie| (header::SET_COOKIE, cookie)));
    }
    response
}
