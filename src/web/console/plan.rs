//! What the next night will do.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};

use super::{
    address,
    form_value::Sent,
    page::{Page, respond},
    place::class,
    view::{Button, Cell, Table, View},
};
use crate::{
    domain::time::Day,
    engine::query::{
        NightPlan, Obstacle, PlanBand, PlannedClass, PlannedDistrict, PlannedLoad, PlannedPrinter, ShowPlan,
    },
    web::context::Web,
    words::pages::{self, Text, texts},
};

pub(super) async fn show(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let night = night(&Sent::of_query(&parts).unwrap_or_default());
    let (page, plan) = page.read(&web, ShowPlan { night, ..ShowPlan::default() }).await?;
    let page = super::needs::with_asked(&web, page, &plan.decisions).await?;
    let title = match night {
        Some(evening) => page.with(texts::PLAN_OF, &[&evening.to_string()]),
        None => page.t(texts::PLAN).to_owned(),
    };
    let mut view = View::new(page, title);
    let page = &view.page;
    let time = page.with(texts::PLAN_TIME, &[&page.day_and_time(&plan.from), &page.day_and_time(&plan.to)]);
    let lead = format!("{time} {}", page.t(texts::PLAN_BANDS));
    let buttons = nights(page, "/plan", plan.previous, plan.next);
    if plan.printers.is_empty() {
        view.lead = page.t(texts::NO_PLAN).into();
        return Ok(respond(StatusCode::OK, &view));
    }
    let facts = vec![
        (page.t(texts::GOOD_CARDS), Cell::text(band(page, plan.printed))),
        (page.t(texts::RECORDS_WAITING), Cell::number(page, plan.waiting)),
        (page.t(texts::SPOILED), Cell::text(band(page, plan.spoiled))),
        (page.t(texts::BLANKS_LEFT), Cell::text(band(page, plan.blanks))),
    ];
    let tables = [printers(page, &plan), loads(page, &plan), obstacles(page, &plan), decisions(page, &plan)];
    let tables = tables.into_iter().chain([classes(page, &plan), districts(page, &plan)]);
    let tables = tables.filter(|table| !table.rows.is_empty()).collect();
    (view.lead, view.buttons, view.facts, view.tables) = (lead, buttons, facts, tables);
    view.buttons.push(Button { address: "/simulate".into(), label: view.page.t(texts::SIMULATE) });
    Ok(respond(StatusCode::OK, &view))
}

/// The evening that a query string names; none if it names none.
pub(super) fn night(sent: &Sent) -> Option<Day> {
    sent.value("night").parse().ok()
}

/// The ways to the nights before and after.
pub(super) fn nights(page: &Page, address: &str, previous: Option<Day>, next: Option<Day>) -> Vec<Button> {
    let way = |label: Text, evening: Option<Day>| {
        evening.map(|evening| Button { address: format!("{address}?night={evening}"), label: page.t(label) })
    };
    way(texts::PREVIOUS_NIGHT, previous).into_iter().chain(way(texts::NEXT_NIGHT, next)).collect()
}

/// `1,742 (1,684 to 1,812)`.
pub(super) fn band(page: &Page, PlanBand { p10, p50, p90 }: PlanBand) -> String {
    if p10 == p90 {
        return page.number(p50);
    }
    page.with(texts::PLAN_BAND, &[&page.number(p50), &page.number(p10), &page.number(p90)])
}

fn table(page: &Page, title: Text, headings: &[Text], rows: Vec<Vec<Cell>>) -> Table {
    let headings = headings.iter().map(|text| page.t(*text)).collect();
    Table { title: page.t(title).into(), headings, rows, next: None }
}

fn printers(page: &Page, plan: &NightPlan) -> Table {
    let row = |line: &PlannedPrinter| {
        let ends = line.ends.iter().map(|end| {
            let since = page.day_and_time(&end.since);
            let percent = format!("{:.0}", end.share * 100.0);
            page.with(texts::PLAN_END, &[pages::activity(end.does, page.language), &since, &percent])
        });
        let ends = ends.collect::<Vec<_>>().join("; ");
        let name = Cell::link(&line.printer, address::printer(&line.printer));
        vec![name, Cell::text(band(page, line.printed)), Cell::text(ends)]
    };
    let headings = [texts::PRINTER, texts::GOOD_CARDS, texts::AT_THE_END];
    table(page, texts::PRINTERS, &headings, plan.printers.iter().map(row).collect())
}

fn loads(page: &Page, plan: &NightPlan) -> Table {
    let more = |gains: PlanBand| Cell::text(page.with(texts::PLAN_MORE, &[&band(page, gains)]));
    let row = |line: &PlannedLoad| {
        let name = Cell::link(&line.printer, address::printer(&line.printer));
        let what = Cell::text(pages::preparation(line.what, page.language));
        let gains = if line.gains.p50 > 0 { more(line.gains) } else { Cell::text(page.t(texts::PLAN_NEEDED)) };
        vec![name, what, Cell::number(page, line.cards), gains]
    };
    let mut rows: Vec<_> = plan.loads.iter().map(row).collect();
    let empty = Cell::default;
    let all = plan.all_loads.map(|gains| vec![Cell::text(page.t(texts::ALL_OF_THEM)), empty(), empty(), more(gains)]);
    rows.extend(all);
    let headings = [texts::PRINTER, texts::PREPARATION, texts::FOR_CARDS, texts::IT_GAINS];
    table(page, texts::TO_PREPARE, &headings, rows)
}

fn obstacles(page: &Page, plan: &NightPlan) -> Table {
    let row = |line: &Obstacle| {
        let all = || Cell::text(page.t(texts::ALL_PRINTERS));
        let name = line.printer.as_ref().map_or_else(all, |name| Cell::link(name, address::printer(name)));
        let what = page.t(if line.is_paused { texts::IS_PAUSED } else { texts::IS_STOPPED });
        vec![name, Cell::text(what), Cell::text(page.with(texts::PLAN_MORE, &[&band(page, line.gains)]))]
    };
    let headings = [texts::PRINTER, texts::OBSTACLE, texts::IT_GAINS];
    table(page, texts::TO_SETTLE, &headings, plan.obstacles.iter().map(row).collect())
}

fn decisions(page: &Page, plan: &NightPlan) -> Table {
    let lines = super::needs::lines(page, &plan.decisions).into_iter().flatten();
    let row = |line: super::needs::NeedLine| {
        vec![Cell::text(line.count.clone().unwrap_or_else(|| page.number(1))), line.cell()]
    };
    table(page, texts::TO_DECIDE, &[texts::NUMBER, texts::WHAT_WAITS], lines.map(row).collect())
}

fn classes(page: &Page, plan: &NightPlan) -> Table {
    let row = |line: &PlannedClass| {
        let named = Cell::text(format!("{}, {}", line.profile, class(page, line.class)));
        vec![named, Cell::number(page, line.waiting), Cell::text(band(page, line.printed))]
    };
    let headings = [texts::CLASS, texts::RECORDS_WAITING, texts::FIRST_IN];
    let mut table = table(page, texts::WHO_IS_IN, &headings, plan.classes.iter().map(row).collect());
    table.title = format!("{}. {}", table.title, page.t(texts::IN_RULE));
    table
}

fn districts(page: &Page, plan: &NightPlan) -> Table {
    let named = plan.districts.iter().filter(|line| !line.district.is_empty());
    let row = |line: &PlannedDistrict| vec![Cell::text(&line.district), Cell::text(band(page, line.printed))];
    table(page, texts::DISTRICTS, &[texts::DISTRICT, texts::GOOD_CARDS], named.map(row).collect())
}
