//! What would become of the office, or of another, by the simulator.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use serde_json::json;

use super::{
    form_value::Sent,
    page::{Page, respond},
    place::class,
    plan::band,
    view::{Cell, Table},
};
use crate::{
    engine::query::{
        InstantBand, Query, ShowScenario, Simulate, Simulated, SimulatedOffice, SimulatedPrinter, SimulatedWait,
    },
    web::{carry::done_by_name, context::Web, route::Sort},
    words::pages::{self, Text, texts},
};

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/simulate", get(form).post(run))
}

/// The form, with what was found.
#[derive(askama::Template)]
#[template(path = "simulate.html", config = "src/web/console/askama.toml")]
struct Form {
    page: Page,
    error: Option<String>,
    scenario: String,
    against: String,
    runs: String,
    seed: String,
    tables: Vec<Table>,
}

/// The form with the office as it stands.
async fn form(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let (mut page, office) = page.read(&web, ShowScenario {}).await?;
    page.t(texts::SIMULATE).clone_into(&mut page.title);
    let [runs, seed] = ["100", "1"].map(str::to_owned);
    let form = Form { page, error: None, scenario: office.toml, against: String::new(), runs, seed, tables: vec![] };
    Ok(respond(StatusCode::OK, &form))
}

async fn run(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let sent = Sent::read(&web, &parts, body).await;
    let sent = sent.map_err(|problem| Page::open(&web, &parts).failed(&problem))?;
    sent.put_into_headers(&mut parts);
    let mut page = Page::of(&web, &parts).await?;
    page.t(texts::SIMULATE).clone_into(&mut page.title);
    if !page.may(Simulate::OPERATION, Sort::Query) {
        let title = page.title.clone();
        return Err(page.forbidden(&title, Simulate::OPERATION, Sort::Query));
    }
    let text = |name: &str| sent.value(name).to_owned();
    let number = |name: &str| sent.value(name).trim().parse::<u32>().map_or_else(|_| json!(text(name)), |n| json!(n));
    let mut asked = json!({ "scenario": text("scenario"), "runs": number("runs"), "seed": number("seed") });
    if !sent.value("against").trim().is_empty() {
        asked["against"] = json!(text("against"));
    }
    let answer = done_by_name(&web, &parts, (Sort::Query, "Simulate"), &asked).await;
    let (status, error, tables) = match answer {
        // Cannot fail: it is what the query answers.
        Ok(answer) => match serde_json::from_value::<Simulated>(answer) {
            Ok(simulated) => (StatusCode::OK, None, tables(&page, &simulated)),
            Err(_) => (StatusCode::OK, None, vec![]),
        },
        Err(problem) => (problem.status(), Some(page.told(&problem)), vec![]),
    };
    let [scenario, against, runs, seed] = ["scenario", "against", "runs", "seed"].map(text);
    Ok(respond(status, &Form { page, error, scenario, against, runs, seed, tables }))
}

/// The figures, those of two scenarios beside each other.
fn tables(page: &Page, simulated: &Simulated) -> Vec<Table> {
    let offices: Vec<&SimulatedOffice> =
        [Some(&simulated.scenario), simulated.against.as_ref()].into_iter().flatten().collect();
    let mut tables = vec![figures(page, simulated, &offices), printers(page, &offices)];
    let waits = [
        (texts::WAITS_BY_CLASS, texts::CLASS, offices.iter().map(|of| &*of.classes).collect::<Vec<_>>()),
        (texts::WAITS_BY_DISTRICT, texts::DISTRICT, offices.iter().map(|of| &*of.districts).collect()),
    ];
    for (title, heading, of) in waits {
        if of.iter().any(|lines| !lines.is_empty()) {
            tables.push(self::waits(page, (title, heading), &offices, &of));
        }
    }
    tables
}

/// The heading of each scenario: its title, or which one it is.
fn title(page: &Page, offices: &[&SimulatedOffice], at: usize) -> String {
    match offices.get(at).map_or("", |of| of.title.as_str()) {
        "" => page.t(if at == 0 { texts::SCENARIO } else { texts::SCENARIO_AGAINST }).to_owned(),
        title => title.to_owned(),
    }
}

fn figures(page: &Page, simulated: &Simulated, offices: &[&SimulatedOffice]) -> Table {
    type Shown = fn(&Page, &SimulatedOffice) -> String;
    let rows: [(Text, Shown); 8] = [
        (texts::LIST_DONE, |page, of| instants(page, &of.done_at)),
        (texts::GOOD_CARDS, |page, of| band(page, of.printed)),
        (texts::SPOILED, |page, of| band(page, of.spoiled)),
        (texts::CARDS_TO_FIND, |page, of| band(page, of.uncertain)),
        (texts::FAILED_TOO_OFTEN, |page, of| band(page, of.quarantined)),
        (texts::RECORDS_WAITING, |page, of| band(page, of.waiting)),
        (texts::BLANKS_LEFT, |page, of| band(page, of.blanks)),
        (texts::BOTTLENECK, |page, of| pages::activity(of.bottleneck, page.language).to_owned()),
    ];
    let row = |(name, shown): (Text, Shown)| {
        let cells = offices.iter().map(|of| Cell::text(shown(page, of)));
        [Cell::text(page.t(name))].into_iter().chain(cells).collect::<Vec<_>>()
    };
    let mut rows: Vec<_> = rows.into_iter().map(row).collect();
    if let Some(difference) = &simulated.difference {
        let cells = |name, value: String| vec![Cell::text(page.t(name)), Cell::default(), Cell::text(value)];
        rows.push(cells(texts::MORE_GOOD_CARDS, band(page, difference.printed)));
        let later = difference.done_later_days.map(|days| cells(texts::DAYS_LATER, tenths(page, days)));
        rows.extend(later);
    }
    let titles = (0..offices.len()).map(|at| Cell::text(title(page, offices, at)));
    rows.insert(0, [Cell::text(page.t(texts::SCENARIO_TITLE))].into_iter().chain(titles).collect());
    let headings = [texts::FIGURE, texts::SCENARIO, texts::SCENARIO_AGAINST].map(|text| page.t(text));
    let title = page.with(texts::OF_RUNS, &[&page.number(i64::from(simulated.runs)), &simulated.seed.to_string()]);
    Table { title, headings: headings[..=offices.len()].to_vec(), rows, next: None }
}

fn printers(page: &Page, offices: &[&SimulatedOffice]) -> Table {
    let row = |at: usize, of: &SimulatedPrinter| {
        let share = |share: &crate::engine::query::TimeShare| {
            format!("{} {:.0} %", pages::activity(share.does, page.language), share.share * 100.0)
        };
        vec![
            Cell::text(title(page, offices, at)),
            Cell::text(&of.printer),
            Cell::text(band(page, of.printed)),
            Cell::text(band(page, of.spoiled)),
            Cell::text(of.shares.iter().map(share).collect::<Vec<_>>().join(", ")),
            Cell::text(pages::activity(of.last, page.language)),
        ]
    };
    let rows = offices.iter().enumerate().flat_map(|(at, of)| of.printers.iter().map(move |printer| (at, printer)));
    let headings =
        [texts::SCENARIO, texts::PRINTER, texts::GOOD_CARDS, texts::SPOILED, texts::OF_ITS_TIME, texts::AT_THE_END];
    let headings = headings.map(|text| page.t(text)).to_vec();
    Table {
        title: page.t(texts::PRINTERS).into(),
        headings,
        rows: rows.map(|(at, of)| row(at, of)).collect(),
        next: None,
    }
}

fn waits(page: &Page, (name, heading): (Text, Text), offices: &[&SimulatedOffice], of: &[&[SimulatedWait]]) -> Table {
    let is_class = heading == texts::CLASS;
    let row = |at: usize, line: &SimulatedWait| {
        vec![
            Cell::text(title(page, offices, at)),
            Cell::text(if is_class {
                line.of.parse().map_or_else(|_| line.of.clone(), |of| class(page, of))
            } else {
                line.of.clone()
            }),
            Cell::number(page, line.records),
            Cell::text(line.mean_days.map_or_else(String::new, |days| tenths(page, days))),
            Cell::text(tenths(page, line.longest_days)),
        ]
    };
    let rows = of.iter().enumerate().flat_map(|(at, lines)| lines.iter().map(move |line| (at, line)));
    let headings = [texts::SCENARIO, heading, texts::GOOD_CARDS, texts::MEAN_WAIT, texts::LONGEST_WAIT];
    let headings = headings.map(|text| page.t(text)).to_vec();
    Table { title: page.t(name).into(), headings, rows: rows.map(|(at, line)| row(at, line)).collect(), next: None }
}

/// A number of days with one decimal, as the language writes it.
fn tenths(page: &Page, days: f64) -> String {
    let text = format!("{days:.1}");
    if page.language == crate::words::Language::Indonesian { text.replace('.', ",") } else { text }
}

/// `4 December 2026, 03:10 (3 December 2026, 22:00 to not done)`.
fn instants(page: &Page, InstantBand { p10, p50, p90 }: &InstantBand) -> String {
    let at = |instant: &Option<String>| {
        instant.as_deref().map_or_else(|| page.t(texts::LIST_NOT_DONE).to_owned(), |at| page.day_and_time(at))
    };
    if p10 == p90 { at(p50) } else { page.with(texts::PLAN_BAND, &[&at(p50), &at(p10), &at(p90)]) }
}
