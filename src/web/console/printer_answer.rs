//! What a printer answers, in words: when it is asked what it is, and after its test card.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Path, Request, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    address, answer, link,
    page::{Page, respond},
    view::{Button, Cell, Table, Verdict, View},
};
use crate::{
    domain::{permission::Operation, refusal::Refusal, states::AttemptState},
    engine::{
        client::{Client, Direct},
        operations::{Capabilities, Probe, Supply, TestCard},
        query::{PrinterReport, ProbePrinter},
    },
    web::{
        context::Web,
        problem::{Fault, Problem, cleaned},
        route::Sort,
    },
    words::pages::{self, Text, texts},
};

/// The longest time for a printer to say what it is.
const ASKED_WITHIN: Duration = Duration::from_mins(2);

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/printers/{printer}/probe", get(probe))
}

async fn probe(State(web): State<Arc<Web>>, Path(name): Path<String>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    if !page.may(Operation::PrinterCare, Sort::Act) {
        let what = page.language.operation(Operation::PrinterCare);
        return Err(page.forbidden(what, Operation::PrinterCare, Sort::Act));
    }
    let Some(shown) = page.shown.clone() else { return Err(page.failed(&Fault::DatabaseAway.into())) };
    if shown.board.printers.iter().all(|printer| printer.name != name) {
        return Err(page.failed(&Problem::refused(&Refusal::NoPrinter { printer: name })));
    }
    let Some(who) = page.who.clone() else { return Err(page.failed(&Fault::SignInNeeded.into())) };
    let client = Direct::for_actor(&web.engine, who.actor);
    let asked = async {
        let asked = client.query(ProbePrinter { printer: name.clone() }).await;
        asked.map_err(|error| web.problem(&error))
    };
    let mut view = match web.within(ASKED_WITHIN, asked).await {
        Ok(report) => reported(page, &report),
        Err(problem) => {
            let text = page.told(&problem);
            let mut view = View::new(page, name.clone());
            view.verdict = Some(Verdict { tone: "bad", words: text });
            view
        }
    };
    let page = &view.page;
    let buttons =
        [(format!("{}/probe", address::printer(&name)), texts::ASK_PRINTER), (address::printer(&name), texts::BACK)];
    let buttons = buttons.map(|(address, label)| Button { address, label: page.t(label) });
    view.offer("TestPrinter", &[("/printer", &name)]);
    view.buttons.extend(buttons);
    Ok(respond(StatusCode::OK, &view))
}

/// What a printer says of itself.
fn reported(page: Page, report: &PrinterReport) -> View {
    let mut view = View::new(page, report.name.clone());
    let page = &view.page;
    let status = &report.status;
    let yes = |is: bool| Cell::text(page.t(if is { texts::YES } else { texts::NO }));
    let condition = serde_json::to_value(status.condition).ok();
    let condition = condition.as_ref().and_then(Value::as_str).unwrap_or_default();
    let mut facts = vec![
        (page.t(texts::STATE), Cell::text(pages::printer_state(condition, page.language))),
        (page.t(texts::TAKES_JOBS), yes(status.accepting_jobs)),
    ];
    for advice in &report.advice {
        let task = page.t(pages::task(advice.action));
        facts.push((page.t(texts::REASONS), Cell::text(cleaned(&format!("{task} ({})", advice.keyword)))));
    }
    facts.extend(capabilities(page, &report.capabilities));
    let supply = |supply: &Supply| {
        let level =
            supply.level_percent.map_or_else(|| page.t(texts::NOT_KNOWN).to_owned(), |level| format!("{level} %"));
        cleaned(&format!("{}: {level}", supply.name))
    };
    let supplies: Vec<String> = status.supplies.iter().map(supply).collect();
    if !supplies.is_empty() {
        facts.push((page.t(texts::SUPPLIES), Cell::text(supplies.join(", "))));
    }
    let objections = report.objections.iter().map(|objection| cleaned(&page.language.objection(objection)));
    let objections = list(page, texts::OBJECTIONS, objections);
    let is_good = objections.is_none() && report.advice.is_empty();
    let verdict =
        if is_good { verdict(page, "good", texts::PROBE_GOOD) } else { verdict(page, "bad", texts::PROBE_BAD) };
    let cautions = cautions(page, &report.capabilities);
    view.facts = facts;
    view.verdict = Some(verdict);
    view.tables = objections.into_iter().chain(cautions).collect();
    view
}

fn verdict(page: &Page, tone: &'static str, words: Text) -> Verdict {
    Verdict { tone, words: page.t(words).to_owned() }
}

/// What a printer is and can.
fn capabilities(page: &Page, found: &Capabilities) -> Vec<(&'static str, Cell)> {
    let resolution = |[x, y]: [u32; 2]| if x == y { format!("{x} dpi") } else { format!("{x} × {y} dpi") };
    let resolutions =
        found.resolutions_dpi.iter().map(|dpi| [*dpi; 2]).chain(found.oblong_resolutions_dpi.iter().copied());
    let resolutions: Vec<String> = resolutions.map(resolution).collect();
    let lines = [
        (texts::MODEL, found.make_and_model.clone().unwrap_or_default()),
        (texts::FORMATS, found.document_formats.join(", ")),
        (texts::MEDIA, found.media.join(", ")),
        (texts::RESOLUTIONS, resolutions.join(", ")),
        (texts::SIDES, found.sides.join(", ")),
        (texts::PRINTER_COUNTER, counter(page, found)),
        (texts::HOLDS_JOBS, page.t(if found.can_hold { texts::YES } else { texts::NO }).to_owned()),
    ];
    let lines = lines.into_iter().filter(|(_, value)| !value.is_empty());
    lines.map(|(label, value)| (page.t(label), Cell::text(cleaned(&value)))).collect()
}

/// How many pages a printer has counted; empty if it does not count.
fn counter(page: &Page, found: &Capabilities) -> String {
    found
        .impressions_completed
        .and_then(|count| i64::try_from(count).ok())
        .map_or_else(String::new, |count| page.number(count))
}

fn cautions(page: &Page, found: &Capabilities) -> Option<Table> {
    let cautions = found.cautions.iter().map(|caution| page.language.caution(*caution).to_owned());
    list(page, texts::CAUTIONS, cautions)
}

/// A table of one column; `None` without rows.
fn list(page: &Page, title: Text, rows: impl Iterator<Item = String>) -> Option<Table> {
    let rows: Vec<Vec<Cell>> = rows.map(|text| vec![Cell::text(text)]).collect();
    let title = page.t(title);
    (!rows.is_empty()).then(|| Table { title: title.to_owned(), headings: vec![title], rows, next: None })
}

/// The page of what an act answers; in words, if it is about a printer.
pub(super) fn told(act: &str, page: Page, answer: &Value, name: &str, back: &str) -> Response {
    let title = page.title.clone();
    let mut view = match (act, Probe::deserialize(answer), TestCard::deserialize(answer)) {
        ("TestPrinter", _, Ok(card)) => tested(View::new(page, title), &card),
        ("AddPrinter" | "SetPrinter", Ok(probe), _) => {
            let mut view = probed(View::new(page, name), &probe);
            view.buttons.push(Button { address: address::printer(name), label: view.page.t(texts::SHOW) });
            view
        }
        _ => {
            // An account can do nothing before it has a role.
            let next = (act == "AddAccount").then_some("GiveRole");
            let next = next.and_then(|act| link::to_act(&page.roles(), act, &[("/account", name), ("back", back)]));
            return answer::respond_with(page, answer, next, back.to_owned());
        }
    };
    view.buttons.push(Button { address: back.to_owned(), label: view.page.t(texts::BACK) });
    respond(StatusCode::OK, &view)
}

fn probed(mut view: View, probe: &Probe) -> View {
    let page = &view.page;
    match probe {
        Probe::Answered(found) => {
            let (facts, cautions) = (capabilities(page, found), cautions(page, found));
            view.verdict = Some(verdict(page, "good", texts::PRINTER_ANSWERED));
            (view.facts, view.tables) = (facts, cautions.into_iter().collect());
        }
        Probe::Silent(why) => {
            let words = page.with(texts::PRINTER_SILENT, &[&cleaned(&page.language.reason(why))]);
            view.verdict = Some(Verdict { tone: "bad", words });
        }
    }
    view
}

fn tested(mut view: View, card: &TestCard) -> View {
    let page = &view.page;
    let (tone, words) = match card.state {
        AttemptState::Printed => ("good", texts::TEST_PRINTED),
        AttemptState::Spoiled => ("bad", texts::TEST_SPOILED),
        AttemptState::NotStarted => ("bad", texts::TEST_NOT_STARTED),
        AttemptState::Intent | AttemptState::Releasing | AttemptState::Uncertain => ("bad", texts::TEST_UNCERTAIN),
    };
    let reason =
        card.reason.as_ref().map(|reason| (page.t(texts::REASON), Cell::text(cleaned(&page.language.reason(reason)))));
    let inspect = (words == texts::TEST_UNCERTAIN && page.may(Operation::InspectionFound, Sort::Act))
        .then(|| Button { address: "/inspect".to_owned(), label: page.t(texts::INSPECTION) });
    view.verdict = Some(verdict(page, tone, words));
    view.facts = std::iter::once((page.t(texts::ATTEMPT), Cell::text(&card.attempt))).chain(reason).collect();
    view.buttons.extend(inspect);
    view
}
