//! What every page shows: who is signed in, where one can go, whether printing is paused, and what became of the last act.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;

use super::{address, assets, form_value::Sent, link, notice, rights};
use crate::{
    domain::{
        actor::{Actor, Role},
        permission::Operation,
        refusal::Refusal,
    },
    engine::{
        client::{Client, Direct},
        projector::Shown,
        query::{AnyQuery, Blind, Hidden, Query},
    },
    web::{
        caller::OpenSession,
        context::Web,
        problem::{Fault, Problem},
        route::{Sort, USUAL},
    },
    words::{
        Language,
        pages::{self, Text, texts},
    },
};

/// The header of a page that reads itself again because the board has changed.
const FOLLOWED: &str = "x-followed";
/// The cookie with the language that a person chose.
pub(super) const LANGUAGE_COOKIE: &str = "cetak-language";
/// The cookie with the colours that a person chose.
pub(super) const THEME_COOKIE: &str = "cetak-theme";

/// The cookie with `off` if a person wants no keys.
pub(super) const KEYS_COOKIE: &str = "cetak-keys";

/// A person who is signed in.
#[derive(Clone, Debug)]
pub(super) struct Who {
    /// The account's name.
    pub(super) name: String,
    /// The account, with its roles.
    pub(super) actor: Arc<Actor>,
    /// What each form sends.
    pub(super) csrf: String,
}

/// A place that the navigation names.
pub(super) struct Entry {
    /// Its address.
    pub(super) address: &'static str,
    /// The key that leads there after `g`.
    pub(super) key: char,
    /// Its title.
    pub(super) title: &'static str,
    /// Whether it is the page that is shown.
    pub(super) is_here: bool,
}

/// What every page shows.
pub(super) struct Page {
    /// Its title.
    pub(super) title: String,
    /// The language.
    pub(super) language: Language,
    /// `light` or `dark` if the person chose one, else `system`.
    pub(super) theme: &'static str,
    /// Whether keys lead to pages.
    pub(super) has_keys: bool,
    /// The zone of the office.
    pub(super) zone: TimeZone,
    /// The path and the query string of the page.
    pub(super) here: String,
    /// Who is signed in.
    pub(super) who: Option<Who>,
    /// The board of this moment; `None` if the database cannot be read, or before the sign-in.
    pub(super) shown: Option<Shown>,
    /// What became of the last act.
    pub(super) notice: Option<String>,
    /// How many acts of each operation the person asked for that wait for another person, on the pages that tell what waits.
    pub(super) asked: Vec<(Operation, i64)>,
    /// Whether the connection is not encrypted.
    pub(super) is_plain: bool,
}

/// The places of the navigation, the key that leads there after `g`, and what one must be allowed to do there.
const PLACES: &[(&str, char, Text, Operation, Sort)] = &[
    ("/", 'b', texts::BOARD, Operation::BoardRead, Sort::Query),
    ("/needs", 'n', texts::NEEDS, Operation::BoardRead, Sort::Query),
    ("/records", 'r', texts::RECORDS, Operation::BoardRead, Sort::Query),
    ("/batches", 'k', texts::BATCHES, Operation::BoardRead, Sort::Query),
    ("/inspect", 'i', texts::INSPECTION_SHORT, Operation::InspectionFound, Sort::Act),
    ("/check", 'q', texts::QUALITY_CHECK_SHORT, Operation::CardCheck, Sort::Act),
    ("/handover", 'h', texts::HAND_OVER, Operation::CardHandOver, Sort::Act),
    ("/stock", 's', texts::STOCK, Operation::ReportRead, Sort::Query),
    ("/acts", 'p', texts::WAITING_ACTS, Operation::BoardRead, Sort::Query),
    ("/audit", 'a', texts::AUDIT, Operation::AuditSeal, Sort::Act),
    ("/people", 'u', texts::PEOPLE, Operation::AccountManage, Sort::Query),
];

impl Page {
    /// The page of a request, before it is known who sent it.
    pub(super) fn open(web: &Web, parts: &Parts) -> Self {
        let here = parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        Self {
            title: String::new(),
            language: language(&parts.headers),
            theme: theme(&parts.headers),
            has_keys: cookie(&parts.headers, KEYS_COOKIE) != Some("off"),
            zone: web.engine.settings.zone.clone(),
            here,
            who: None,
            shown: None,
            notice: None,
            asked: Vec::new(),
            is_plain: !web.is_tls(parts) && !web.is_from_this_machine(parts),
        }
    }

    /// The page of a person who is signed in. Others are led to the sign-in.
    pub(super) async fn of(web: &Web, parts: &Parts) -> Result<Self, Response> {
        let mut page = Self::open(web, parts);
        let opened = async {
            // A page that follows the board is no use of the session, which ends when its person does nothing.
            if is_followed(parts) { web.session_followed(parts).await } else { web.session(parts).await }
        };
        let session = match web.within(USUAL, opened).await {
            Ok(session) => session,
            Err(problem) if problem.is_unproved() => return Err(page.to_sign_in()),
            Err(problem) => return Err(page.failed(&problem)),
        };
        if session.person.password_due {
            return Err(Redirect::to("/password").into_response());
        }
        page.signed_in(&session);
        if page.may(Operation::BoardRead, Sort::Query) {
            let read = async { web.projector.now(&web.engine).await.map_err(|error| web.problem(&error)) };
            page.shown = web.within(USUAL, read).await.ok();
            let client = Direct::for_actor(&web.engine, session.person.actor.clone());
            let hidden = async { client.hidden().await.map_err(|error| web.problem(&error)) };
            match web.within(USUAL, hidden).await {
                Ok(hidden) => page.hide(&hidden),
                Err(_) => page.shown = None,
            }
        }
        page.notice = notice::told(&Sent::of_query(parts).unwrap_or_default(), page.language);
        page.here = address::without_notice(&page.here);
        Ok(page)
    }

    fn signed_in(&mut self, session: &OpenSession) {
        let actor = session.person.actor.clone();
        self.who = Some(Who { name: actor.name.clone(), actor, csrf: session.token.csrf().reveal().to_owned() });
    }

    /// Leaves out of the board what counts of blanks hide from the person.
    fn hide(&mut self, hidden: &Hidden) {
        let Some(shown) = self.shown.as_mut().filter(|_| !hidden.is_empty()) else { return };
        let mut board = (*shown.board).clone();
        match board.hide(hidden) {
            Ok(()) => shown.board = Arc::new(board),
            Err(_) => self.shown = None,
        }
    }

    /// Leads to the sign-in, and from there back.
    fn to_sign_in(&self) -> Response {
        let next = if self.here == "/" { "" } else { &*self.here };
        Redirect::to(&address::with_query("/login", &[("next", next)])).into_response()
    }

    /// A text in the language of the page.
    pub(super) fn t(&self, text: Text) -> &'static str {
        text.in_language(self.language)
    }

    /// A text with values, in the language of the page.
    pub(super) fn with(&self, text: Text, values: &[&str]) -> String {
        text.with(self.language, values)
    }

    /// A quantity.
    pub(super) fn number(&self, quantity: impl Into<i64>) -> String {
        pages::number(quantity.into(), self.language)
    }

    /// An instant (RFC 3339) with its day.
    pub(super) fn day_and_time(&self, instant: &str) -> String {
        pages::day_and_time(instant, self.language, &self.zone)
    }

    /// A text with its instants in the office's zone, which is named.
    pub(super) fn times_of(&self, text: &str) -> String {
        pages::times_of(text, self.language, &self.zone)
    }

    /// Why something was not done, in words.
    pub(super) fn told(&self, problem: &Problem) -> String {
        self.times_of(&problem.text(self.language))
    }

    /// Why an act was not done, in words: a field is named as its form names it.
    pub(super) fn told_of(&self, act: &str, problem: &Problem) -> String {
        self.times_of(&problem.text_of(act, self.language))
    }

    /// A refusal of the engine, in words.
    pub(super) fn refusal(&self, refusal: &Refusal) -> String {
        self.times_of(&self.language.refusal(refusal))
    }

    /// The roles of the person.
    pub(super) fn roles(&self) -> BTreeSet<Role> {
        self.who.as_ref().map(|who| who.actor.roles.clone()).unwrap_or_default()
    }

    /// Whether the person's account has this name.
    pub(super) fn is_of(&self, name: &str) -> bool {
        self.who.as_ref().is_some_and(|who| who.name == name)
    }

    /// Whether the person may do something.
    pub(super) fn may(&self, operation: Operation, sort: Sort) -> bool {
        rights::allow(&self.roles(), operation, sort)
    }

    /// The name of a role.
    pub(super) fn role(&self, role: Role) -> &'static str {
        self.language.role(role)
    }

    /// The places that the person may go to.
    pub(super) fn places(&self) -> Vec<Entry> {
        let path = self.here.split('?').next().unwrap_or_default();
        let is_open = |address: &str, operation: Operation, sort: Sort| {
            let keeps = address == "/audit" && self.may(Operation::DatabaseCare, Sort::Act);
            keeps || self.may(operation, sort)
        };
        let places = PLACES.iter().filter(|(address, .., operation, sort)| is_open(address, *operation, *sort));
        let is_here = |address: &str| path == address || (address != "/" && path.starts_with(&format!("{address}/")));
        places
            .map(|(address, key, title, ..)| Entry {
                address,
                key: *key,
                title: self.t(*title),
                is_here: is_here(address),
            })
            .collect()
    }

    /// The places that stand within reach of a thumb on a narrow screen.
    pub(super) fn near(&self) -> Vec<Entry> {
        let places = [
            ("/needs", texts::NEEDS_SHORT, Some((Operation::BoardRead, Sort::Query))),
            ("/printers", texts::PRINTERS, Some((Operation::BoardRead, Sort::Query))),
            ("/stock", texts::STOCK, Some((Operation::ReportRead, Sort::Query))),
            ("/me", texts::ME_SHORT, None),
        ];
        let path = self.here.split('?').next().unwrap_or_default();
        let is_open =
            |right: Option<(Operation, Sort)>| right.is_none_or(|(operation, sort)| self.may(operation, sort));
        let places = places.into_iter().filter(|(_, _, right)| is_open(*right));
        let entry = |(address, title, _)| Entry {
            address,
            key: ' ',
            title: self.t(title),
            is_here: path == address || path.starts_with(&format!("{address}/")),
        };
        places.map(entry).collect()
    }

    /// When the page was read, in the office's zone.
    pub(super) fn as_of(&self) -> String {
        self.shown.as_ref().map(|shown| pages::time_of_day(&shown.at.to_string(), &self.zone)).unwrap_or_default()
    }

    /// The version of the board that the page was made with.
    pub(super) fn version(&self) -> String {
        self.shown.as_ref().map(|shown| format!("{:x}", shown.version)).unwrap_or_default()
    }

    /// Since when the whole queue is paused; empty if it is not. It tells one pause from another.
    pub(super) fn paused_since(&self) -> &str {
        self.shown.as_ref().map_or("", |shown| shown.board.paused_since())
    }

    /// The page that finds a person's request, if the person may search.
    pub(super) fn search(&self) -> Option<&'static str> {
        self.may(Operation::RecordSearch, Sort::Act).then_some("/records/search")
    }

    /// The pause of the whole queue, in words.
    pub(super) fn pause(&self) -> Option<String> {
        let queue = &self.shown.as_ref()?.board.queue;
        let (by, reason) = (queue.by.as_deref().unwrap_or_default(), queue.reason.as_deref().unwrap_or_default());
        queue.paused.then(|| self.with(texts::PAUSED_BY, &[by, reason]))
    }

    /// The act that pauses all printing or goes on with it, as its address and its label, if the person may do it.
    pub(super) fn pause_link(&self) -> Option<(String, &'static str)> {
        let is_paused = self.shown.as_ref().is_some_and(|shown| shown.board.queue.paused);
        let back = ("back", self.here.split('?').next().unwrap_or("/"));
        if is_paused {
            return Some((link::to_act(&self.roles(), "ResumeQueue", &[back])?, self.t(texts::RESUME)));
        }
        Some((link::to_act(&self.roles(), "Pause", &[("/scope", "queue"), back])?, self.t(texts::PAUSE)))
    }

    /// The languages, each by its code and its own name.
    #[expect(clippy::unused_self, reason = "templates ask the page")]
    pub(super) fn languages(&self) -> [(&'static str, &'static str); 2] {
        Language::ALL.map(|language| {
            let name = match language {
                Language::English => "English",
                Language::Indonesian => "Bahasa Indonesia",
            };
            (language.code(), name)
        })
    }

    /// The address of a file that pages name.
    #[expect(clippy::unused_self, reason = "templates ask the page")]
    pub(super) fn asset(&self, name: &str) -> &'static str {
        assets::address(name)
    }

    /// The page of something that was refused or that failed.
    pub(super) fn failed(mut self, problem: &Problem) -> Response {
        let status = problem.status();
        self.title = self.with(texts::ERROR_TITLE, &[self.t(texts::NOT_DONE)]);
        let detail = self.told(problem);
        respond(status, &Failed { page: self, detail })
    }

    /// Reads something for the person, where a refusal is a part of the page.
    ///
    /// # Errors
    ///
    /// The refusal or the failure.
    pub(super) async fn ask<Q: Query + Into<AnyQuery>>(&self, web: &Web, query: Q) -> Result<Q::Answer, Problem> {
        let who = self.who.as_ref().ok_or(Fault::SignInNeeded)?;
        let client = Direct::for_actor(&web.engine, who.actor.clone());
        let read = async { client.query(query).await.map_err(|error| web.problem(&error)) };
        web.within(USUAL, read).await
    }

    /// Reads something for the person.
    ///
    /// # Errors
    ///
    /// The page of the refusal or of the failure.
    pub(super) async fn read<Q: Query + Into<AnyQuery>>(
        self,
        web: &Web,
        query: Q,
    ) -> Result<(Self, Q::Answer), Response> {
        if self.who.is_none() {
            return Err(self.to_sign_in());
        }
        match self.ask(web, query).await {
            Ok(answer) => Ok((self, answer)),
            Err(problem) => Err(self.refused::<Q>(&problem)),
        }
    }

    /// The page of a query that was refused or that failed.
    pub(super) fn refused<Q: Query>(self, problem: &Problem) -> Response {
        if self.may(Q::OPERATION, Sort::Query) {
            return self.failed(problem);
        }
        // The engine has written it down.
        let what = self.language.operation(Q::OPERATION);
        self.forbidden(what, Q::OPERATION, Sort::Query)
    }

    /// Writes down that a person tried what the roles do not allow.
    pub(super) async fn write_down_refusal(web: &Web, parts: &Parts, operation: Operation) {
        if let Ok(caller) = web.caller_again(parts).await {
            // It is refused: that is what is written down.
            let _ = caller.client.permit(operation).await;
        }
    }

    /// The page of something that the roles of the person do not allow.
    pub(super) fn forbidden(mut self, what: &str, operation: Operation, sort: Sort) -> Response {
        self.title = self.with(texts::ERROR_TITLE, &[what]);
        let roles: Vec<&str> = rights::roles_with(operation, sort).into_iter().map(|role| self.role(role)).collect();
        let detail = self.with(texts::NO_RIGHT, &[what, &roles.join(", ")]);
        respond(StatusCode::FORBIDDEN, &Failed { page: self, detail })
    }
}

/// Whether a page that follows the board reads itself again. The header alone does not make a page one: each other request is a use of
/// the session.
fn is_followed(parts: &Parts) -> bool {
    let path: Vec<&str> = parts.uri.path().trim_matches('/').split('/').collect();
    let is_live =
        matches!(path[..], ["" | "needs" | "printers"] | ["printers" | "batches", _] | ["batches", _, "pile"]);
    is_live && parts.headers.contains_key(FOLLOWED)
}

/// The page of what was not done.
#[derive(Template)]
#[template(path = "failed.html", config = "src/web/console/askama.toml")]
struct Failed {
    page: Page,
    detail: String,
}

/// A page as it is sent.
pub(super) fn respond(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            // Templates only fail if a value cannot be written.
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "a page cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The language that the person chose, else the one that the browser asks for.
pub(super) fn language(headers: &HeaderMap) -> Language {
    let chosen = cookie(headers, LANGUAGE_COOKIE);
    let chosen = chosen.and_then(|code| Language::ALL.into_iter().find(|language| language.code() == code));
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    chosen.unwrap_or_else(|| Language::preferred(asked.unwrap_or_default()))
}

fn theme(headers: &HeaderMap) -> &'static str {
    match cookie(headers, THEME_COOKIE) {
        Some("light") => "light",
        Some("dark") => "dark",
        _ => "system",
    }
}

/// The value of a cookie that is no secret.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|pairs| pairs.to_str().ok());
    let mut pairs = pairs.flat_map(|pairs| pairs.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[test]
    fn only_a_page_that_follows_the_board_reads_itself_without_a_use_of_the_session() {
        let of = |path: &str, header: &str| {
            let (parts, ()) = Request::get(path).header(header, "1").body(()).unwrap().into_parts();
            is_followed(&parts)
        };
        for live in ["/", "/?tone=bad", "/needs", "/printers", "/printers/p1", "/batches/7", "/batches/7/pile?after=3"]
        {
            assert!(of(live, FOLLOWED) && !of(live, "x-other"), "{live}");
        }
        for other in ["/records", "/records/default/printers", "/batches", "/stock", "/printers/p1/probe", "/me"] {
            assert!(!of(other, FOLLOWED), "{other}");
        }
    }
}
