//! One page for each act: what it does, the fields that it takes, and its button. The same page shows what was refused, with what was
//! typed.
//!
//! `GET /do/HoldRecord?/record/source=…` fills in what is known; `/ask/…` is the request for an act of two people.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use super::{
    address, answer,
    form::{self, Control, Field, Shown},
    form_value::Sent,
    known::{self, Known},
    link, notice,
    page::{Page, respond},
    printer_answer,
    waiting_act::{self, WaitingAct},
};
use crate::{
    engine::query::ShowPendingAct,
    web::{
        carry::done_with,
        context::Web,
        problem::{Fault, Problem},
        route::{Route, Sort},
        routes::ROUTES,
    },
    words::pages::{self, ActText, texts},
};

/// The largest form, in bytes.
const FORM_BYTES_MAX: usize = 256 << 10;
/// The field with the page to go to afterwards.
const BACK: &str = "back";
/// The field with the reason.
const NOTE: &str = "/note";

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new()
        .route("/do/{act}", get(show_act).post(submit_act))
        .route("/ask/{act}", get(show_request).post(submit_request))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// An act that has a page.
struct Form {
    route: &'static Route,
    text: &'static ActText,
    fields: Vec<Field>,
}

impl Form {
    fn find(name: &str, is_asked: bool) -> Option<Self> {
        let is_it = |route: &&Route| {
            let is_sort =
                if is_asked { route.sort == Sort::Request } else { matches!(route.sort, Sort::Act | Sort::Decision) };
            route.name == name && is_sort
        };
        let route = ROUTES.iter().find(is_it)?;
        Some(Self { route, text: pages::act(name)?, fields: form::fields(&route.input) })
    }

    /// The page of the act, for a person whose roles allow it.
    async fn page(&self, web: &Web, parts: &Parts) -> Result<Page, Response> {
        let mut page = Page::of(web, parts).await?;
        page.t(self.text.title).clone_into(&mut page.title);
        match self.route.operation {
            Some(operation) if !page.may(operation, self.route.sort) => {
                let title = page.title.clone();
                Err(page.forbidden(&title, operation, self.route.sort))
            }
            Some(_) | None => Ok(page),
        }
    }
}

/// The page of an act.
#[derive(Template)]
#[template(path = "act.html", config = "src/web/console/askama.toml")]
struct ActPage {
    page: Page,
    /// What it does, which stands on its button too.
    label: String,
    consequence: &'static str,
    /// The act that it decides.
    waiting: Option<WaitingAct>,
    fields: Vec<Shown>,
    /// Reasons of which each does the act with one press.
    chips: Vec<&'static str>,
    /// What was refused.
    error: Option<String>,
    /// The act for two people that does it in spite of what was objected.
    onward: Option<Onward>,
    /// Whether it is not known if it was done.
    is_open: bool,
    /// The key of this form: sent twice, it is done once.
    key: String,
    /// The version of what is changed, if it is known.
    version: String,
    back: String,
    action: String,
}

/// Where an act goes on that was refused for objections, which two people override.
struct Onward {
    title: &'static str,
    /// Its page, with what was typed; `None` if the roles of the person do not allow to ask for it.
    address: Option<String>,
    /// Who asks for it.
    roles: String,
}

impl Onward {
    fn of(page: &Page, name: &str, sent: &Sent) -> Option<Self> {
        let (two, below, fields) = match name {
            "AddPrinter" => ("AddObjectedPrinter", "/printer", &["/name", "/profile", "/hopper"][..]),
            "SetPrinter" => ("SetObjectedPrinter", "/setting", &["/printer", "/profile", "/hopper"][..]),
            _ => return None,
        };
        // An address of a printer may have a password, which stands in no address of a page.
        let mut known: Vec<(String, &str)> =
            fields.iter().map(|field| (format!("{below}{field}"), sent.value(field).trim())).collect();
        known.push((BACK.to_owned(), address::own(sent.value(BACK))));
        let known: Vec<(&str, &str)> = known.iter().map(|(name, value)| (&**name, *value)).collect();
        let roles: Vec<&str> = link::roles_of(two).into_iter().map(|role| page.role(role)).collect();
        Some(Self {
            title: page.t(pages::act(two)?.title),
            address: link::to_act(&page.roles(), two, &known),
            roles: roles.join(", "),
        })
    }
}

impl ActPage {
    /// What became of the act that it decides; `None` while it can be decided, and for another form.
    fn decided(&self) -> Option<&str> {
        self.waiting.as_ref()?.decided.as_deref()
    }

    async fn new(web: &Web, form: &Form, page: Page, (sent, fixed): (&Sent, &Sent), problem: Option<&Problem>) -> Self {
        let wrong = problem.map(form::wrong_field).unwrap_or_default();
        let known = Known::read(web, &page, &form.fields, sent).await;
        let act = form.route.name;
        let shown = |field: &Field| {
            let values = known.of(&field.pointer);
            let mut shown = field.shown(act, sent, fixed, values, &wrong, page.language);
            known.name_classes(&page, &mut shown);
            shown
        };
        // What was counted is not changed afterwards.
        let is_counted = !fixed.value("/as_of").is_empty();
        let is_open =
            |field: &Field| is_counted && (field.pointer.starts_with("/filter/") || field.pointer == "/after");
        let is_left = |(field, shown): &(&Field, Shown)| shown.is_fixed || !is_open(field);
        let fields = form.fields.iter().map(|field| (field, shown(field))).filter(is_left).map(|(_, shown)| shown);
        let fields = fields.collect();
        // Sent again, it is the same request, unless the key was another's.
        let key = match (problem, sent.value("key")) {
            (Some(problem), key) if !key.is_empty() && !problem.is_key_reused() => key.to_owned(),
            _ => form::new_key(web),
        };
        Self {
            label: page.title.clone(),
            consequence: page.t(form.text.consequence),
            waiting: WaitingAct::of(web, &page, form.text.name, fixed).await,
            fields,
            chips: pages::chips(form.text.name).iter().map(|chip| page.t(*chip)).collect(),
            error: problem.map(|problem| page.told_of(act, problem)),
            onward: problem
                .filter(|problem| problem.is_objected())
                .and_then(|_| Onward::of(&page, form.route.name, sent)),
            key,
            is_open: problem.is_some_and(Problem::is_outcome_open),
            version: sent.value("version").to_owned(),
            back: address::own(sent.value(BACK)).to_owned(),
            action: page.here.clone(),
            page,
        }
    }
}

async fn show_act(State(web): State<Arc<Web>>, Path(name): Path<String>, request: Request) -> Response {
    shown(&web, &name, false, request).await.unwrap_or_else(|response| response)
}

async fn show_request(State(web): State<Arc<Web>>, Path(name): Path<String>, request: Request) -> Response {
    shown(&web, &name, true, request).await.unwrap_or_else(|response| response)
}

async fn submit_act(State(web): State<Arc<Web>>, Path(name): Path<String>, request: Request) -> Response {
    submitted(&web, &name, false, request).await.unwrap_or_else(|response| response)
}

async fn submit_request(State(web): State<Arc<Web>>, Path(name): Path<String>, request: Request) -> Response {
    submitted(&web, &name, true, request).await.unwrap_or_else(|response| response)
}

/// No page is at this address.
fn nowhere(web: &Web, parts: &Parts) -> Response {
    Page::open(web, parts).failed(&Fault::NoSuchAddress.into())
}

async fn shown(web: &Web, name: &str, is_asked: bool, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let form = Form::find(name, is_asked).ok_or_else(|| nowhere(web, &parts))?;
    let page = form.page(web, &parts).await?;
    let asked = Sent::of_query(&parts).map_err(|problem| Page::open(web, &parts).failed(&problem))?;
    let filled = known::present(web, &page, name, &asked).await;
    Ok(respond(StatusCode::OK, &ActPage::new(web, &form, page, (&filled, &asked), None).await))
}

async fn submitted(web: &Arc<Web>, name: &str, is_asked: bool, request: Request) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let form = Form::find(name, is_asked).ok_or_else(|| nowhere(web, &parts))?;
    let failed = |problem: Problem| Page::open(web, &parts).failed(&problem);
    let known = Sent::of_query(&parts).map_err(failed)?;
    let sent = Sent::read(web, &parts, body).await.map_err(failed)?.with_chip(NOTE);
    sent.put_into_headers(&mut parts);
    // The engine refuses what the roles do not allow, and writes it down.
    let mut page = Page::of(web, &parts).await?;
    page.t(form.text.title).clone_into(&mut page.title);
    let done = match form::arguments(&form.fields, &sent) {
        Ok(arguments) => Box::pin(done_with(web, form.route, &parts, &arguments)).await,
        Err(problem) => Err(problem),
    };
    web.projector.outdate();
    match done {
        // Of what was asked for, the page of acts that wait tells the number.
        Ok(value) if !is_asked && answer::has_news(&value) => {
            let back = address::own(sent.value(BACK));
            let printer = [sent.value("/name"), sent.value("/setting/printer"), sent.value("/printer")].concat();
            Ok(printer_answer::told(name, page, &value, &printer, back))
        }
        Ok(_) => {
            let about = match waiting_act::decided_by(name, &sent) {
                Some(id) => page.ask(web, ShowPendingAct { id }).await.ok().map(|act| act.line.target),
                None => notice::subject(name, &sent),
            };
            let back = address::without_notice(address::own(sent.value(BACK)));
            Ok(Redirect::to(&notice::address(&back, is_asked, name, about.as_deref())).into_response())
        }
        Err(problem) => {
            let status = problem.status();
            let mut shown = ActPage::new(web, &form, page, (&sent, &known), Some(&problem)).await;
            shown.page.title = shown.page.with(texts::ERROR_TITLE, &[&shown.page.title]);
            Ok(respond(status, &shown))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_has_a_page_with_words() {
        for route in ROUTES.iter().filter(|route| route.sort != Sort::Query) {
            let is_asked = route.sort == Sort::Request;
            assert!(Form::find(route.name, is_asked).is_some(), "{}", route.name);
            assert_eq!(route.operation.is_none(), route.sort == Sort::Decision, "{}", route.name);
        }
    }
}
