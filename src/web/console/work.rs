//! Batches, printers, and acts that wait for a second person.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, State},
    http::StatusCode,
    response::Response,
    routing::get,
};

use super::{
    address,
    form_value::Sent,
    history,
    page::{Page, respond},
    records::after,
    tiles::{hopper_level, state_words},
    view::{Button, Cell, Table, View, button},
    waiting_act,
};
use crate::{
    domain::{
        id::BatchId,
        pending::TwoPerson,
        permission::Operation,
        states::{BatchState, JobState},
    },
    engine::query::BatchLine,
    engine::query::{JobsOf, ListBatches, ListJobs, ListPendingActs, NeedKind, PendingActItem, PrinterLine, ShowBatch},
    web::{context::Web, problem::Fault, route::Sort},
    words::pages::{self, Text, texts},
};

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new()
        .route("/batches", get(batches))
        .route("/batches/{batch}", get(batch))
        .route("/printers/{printer}", get(printer))
        .route("/acts", get(acts))
}

async fn batches(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let sent = Sent::of_query(&parts).unwrap_or_default();
    let mut closed_too = sent.value("closed_too") == "true";
    let asked = |closed_too| move |page| ListBatches { closed_too, page };
    let (mut page, mut batches) = page.read_seen(&web, after(&sent), asked(closed_too)).await?;
    let unchecked = unchecked(&page);
    if batches.items.is_empty() && unchecked > 0 && !closed_too {
        // The piles that are to be checked are of batches that are closed.
        closed_too = true;
        (page, batches) = page.read_seen(&web, after(&sent), asked(closed_too)).await?;
    }
    let title = page.t(texts::BATCHES);
    let mut view = View::new(page, title);
    view.why_empty = view.page.why_empty(&batches);
    let page = &view.page;
    let hidden = batches.hidden_by.iter().map(|count| page.with(texts::BATCHES_HIDDEN, &[&count.to_string()]));
    let to_check = (unchecked > 0).then(|| page.with(texts::BATCHES_TO_CHECK, &[&page.number(unchecked)]));
    view.lead = hidden.chain(to_check).collect::<Vec<_>>().join(" ");
    let headings =
        [texts::BATCH, texts::PRINTER, texts::STATE, texts::PRINTED, texts::CARDS, texts::MADE, texts::CHECK_PILE]
            .map(|text| page.t(text));
    let row = |batch: &BatchLine| {
        vec![
            Cell::link(batch.id.to_string(), address::batch(batch.id)),
            Cell::link(&batch.printer, address::printer(&batch.printer)),
            Cell::text(state(page, batch)),
            Cell::number(page, batch.printed),
            Cell::number(page, batch.jobs),
            Cell::text(page.day_and_time(&batch.created_at)),
            Cell::maybe(
                page.t(texts::CHECK_PILE),
                (batch.printed > 0).then(|| format!("{}/pile", address::batch(batch.id))),
            ),
        ]
    };
    let next = batches.next.map(|next| {
        let closed = if closed_too { "true" } else { "" };
        address::with_query("/batches", &[("closed_too", closed), ("after", &next.0.to_string())])
    });
    let table =
        Table { rows: batches.items.iter().map(row).collect(), headings: headings.to_vec(), next, ..Table::default() };
    if !closed_too {
        let label = page.t(texts::CLOSED_TOO);
        view.buttons.push(super::view::Button { address: "/batches?closed_too=true".into(), label });
    }
    view.tables.push(table);
    Ok(respond(StatusCode::OK, &view))
}

/// The printed cards that a person has not checked yet.
fn unchecked(page: &Page) -> i64 {
    let needs = page.shown.iter().flat_map(|shown| &shown.board.needs_person);
    needs.filter(|need| need.kind == NeedKind::CardsToCheck).map(|need| need.count).sum()
}

fn state(page: &Page, batch: &BatchLine) -> String {
    let known: Result<BatchState, _> = batch.state.parse();
    known.map_or_else(|_| batch.state.clone(), |state| page.language.batch_state(state).to_owned())
}

async fn batch(State(web): State<Arc<Web>>, Path(number): Path<i64>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let sent = Sent::of_query(&parts).unwrap_or_default();
    let (page, batch) = page.read(&web, ShowBatch { batch: BatchId(number) }).await?;
    let of = JobsOf::Batch(BatchId(number));
    let (page, jobs) = page.read(&web, ListJobs { of, state: None, page: after(&sent) }).await?;
    let title = page.with(texts::BATCH_OF, &[&number.to_string()]);
    let mut view = View::new(page, title);
    view.is_live = batch.closed_at.is_none();
    let page = &view.page;
    view.facts = vec![
        (page.t(texts::STATE), Cell::text(state(page, &batch))),
        (page.t(texts::PRINTER), Cell::link(&batch.printer, address::printer(&batch.printer))),
        (page.t(texts::PROFILE), Cell::text(&batch.profile)),
        (page.t(texts::PRINTED), Cell::text(format!("{} / {}", page.number(batch.printed), page.number(batch.jobs)))),
        (page.t(texts::MADE), Cell::text(page.day_and_time(&batch.created_at))),
    ];
    let headings =
        [texts::REQUEST, texts::SOURCE, texts::STATE, texts::ATTEMPT, texts::OPERATION].map(|text| page.t(text));
    let job_state = |state: &str| {
        let known: Result<JobState, _> = state.parse();
        known.map_or_else(|_| state.to_owned(), |known| page.language.job_state(known).to_owned())
    };
    let row = |job: &crate::engine::query::JobLine| {
        vec![
            Cell::link(&job.request_id, address::record(&job.source, &job.request_id)),
            Cell::text(&job.source),
            Cell::text(job_state(&job.state)),
            Cell::text(job.attempts.last().map_or("", |attempt| &attempt.id)),
            job.attempts.last().map_or_else(Cell::default, |attempt| history::giving_up(page, attempt)),
        ]
    };
    let rows = jobs.items.iter().map(row).collect();
    let next = jobs.next.map(|next| format!("{}?after={}", address::batch(number), next.0));
    let table = Table { title: page.t(texts::JOBS).into(), headings: headings.to_vec(), rows, next };
    view.tables.push(table);
    if batch.printed > 0 {
        let label = view.page.t(texts::CHECK_PILE);
        view.buttons.push(super::view::Button { address: format!("{}/pile", address::batch(number)), label });
    }
    let known = number.to_string();
    let is_paused = view
        .page
        .shown
        .as_ref()
        .is_some_and(|shown| shown.board.pauses.iter().any(|pause| pause.what == format!("batch {number}")));
    match batch.state.parse() {
        Ok(BatchState::Planned) => {
            view.offer("ApproveBatch", &[("/batch", &known)]);
            view.offer("CancelBatch", &[("/batch", &known)]);
        }
        Ok(BatchState::Running) => {
            if is_paused {
                view.offer("ResumeBatch", &[("/batch", &known)]);
            } else {
                view.offer("Pause", &[("/scope", &format!("batch {number}"))]);
            }
            view.offer("CancelBatch", &[("/batch", &known)]);
        }
        Ok(BatchState::Closing | BatchState::Closed) | Err(_) => {}
    }
    Ok(respond(StatusCode::OK, &view))
}

async fn printer(
    State(web): State<Arc<Web>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    if !page.may(Operation::BoardRead, Sort::Query) {
        let what = page.language.operation(Operation::BoardRead);
        return Err(page.forbidden(what, Operation::BoardRead, Sort::Query));
    }
    let Some(shown) = page.shown.clone() else { return Err(page.failed(&Fault::DatabaseAway.into())) };
    let Some(line) = shown.board.printers.iter().find(|printer| printer.name == name) else {
        let refusal = crate::domain::refusal::Refusal::NoPrinter { printer: name };
        return Err(page.failed(&crate::web::problem::Problem::refused(&refusal)));
    };
    let mut view = View::new(page, line.name.clone());
    view.is_live = true;
    view.lead = match &line.printing {
        Some(record) => view.page.with(texts::PRINTING_CARD, &[&record.request_id]),
        None => state_words(&view.page, line),
    };
    facts(&mut view, line);
    let known = [("/printer", &*line.name)];
    let is_paused = shown.board.pauses.iter().any(|pause| pause.what == format!("printer {}", line.name));
    let pause = format!("printer {}", line.name);
    if is_paused {
        view.offer("ResumePrinter", &known);
    } else {
        view.offer("Pause", &[("/scope", &pause)]);
    }
    if line.breaker != crate::domain::breaker::Breaker::Closed || !line.advice.is_empty() {
        view.offer("ClearPrinter", &known);
    }
    if line.hopper.is_some() {
        view.offer("LoadHopper", &known);
        view.offer("UnloadHopper", &known);
    }
    if line.limits.ribbon.is_some() || line.limits.tray.is_some() || line.limits.cleaning.is_some() {
        view.offer("SayPrinterSupplies", &known);
    }
    if view.page.may(Operation::PrinterCare, Sort::Act) {
        let address = format!("{}/probe", address::printer(&line.name));
        view.buttons.push(Button { address, label: view.page.t(texts::ASK_PRINTER) });
    }
    for (name, pointer) in [
        ("TestPrinter", "/printer"),
        ("SetPrinter", "/printer"),
        ("SetObjectedPrinter", "/setting/printer"),
        ("SetPrinterLimits", "/printer"),
        ("RemovePrinter", "/printer"),
    ] {
        view.offer(name, &[(pointer, &line.name)]);
    }
    Ok(respond(StatusCode::OK, &view))
}

fn facts(view: &mut View, line: &PrinterLine) {
    let page = &view.page;
    let card = line.printing.as_ref().map(|record| {
        (page.t(texts::CARD), Cell::link(&record.request_id, address::record(&record.source, &record.request_id)))
    });
    let mut facts: Vec<(&str, Cell)> = card.into_iter().collect();
    facts.extend([
        (page.t(texts::NEW_CARDS), Cell::text(page.t(pages::breaker(line.breaker)))),
        (page.t(texts::PROFILE), Cell::text(&line.profile)),
        (page.t(texts::ADDRESS), Cell::text(&line.uri)),
    ]);
    for advice in &line.advice {
        let task = page.t(pages::task(advice.action));
        facts.push((page.t(texts::REASONS), Cell::text(format!("{} ({})", task, advice.keyword))));
    }
    let today = [page.number(line.cards_24h), page.number(line.spoiled_24h)];
    facts.push((page.t(texts::LAST_24_HOURS), Cell::text(page.with(texts::GOOD_AND_SPOILED, &[&today[0], &today[1]]))));
    if let Some(count) = line.hidden_by {
        facts.push((page.t(texts::HOPPER), Cell::text(page.with(texts::HIDDEN_BY_COUNT, &[&count.to_string()]))));
    }
    if let Some(level) = hopper_level(page, line) {
        facts.push((page.t(texts::HOPPER), Cell::gauge(level, line.hopper_blanks, line.hopper)));
    }
    facts.extend(limits(page, line));
    let batch =
        view.page.shown.as_ref().and_then(|shown| {
            shown.board.batches.iter().find(|batch| batch.printer == line.name).map(|batch| batch.id)
        });
    if let Some(batch) = batch {
        facts.push((page.t(texts::BATCH), Cell::link(batch.to_string(), address::batch(batch))));
    }
    view.facts = facts;
}

/// What is left of each limit of a printer that is counted, and the time of its cards.
fn limits(page: &Page, line: &PrinterLine) -> Vec<(&'static str, Cell)> {
    let (limits, left) = (&line.limits, &line.left);
    let of = |label: Text, left: Option<i64>, most: Option<i64>| {
        let (left, most) = left.zip(most)?;
        let words = page.with(texts::LEFT_OF, &[&page.number(left), &page.number(most)]);
        Some((page.t(label), Cell::gauge(words, Some(left), Some(most))))
    };
    let seconds = line.card_ms.map(|ms| page.with(texts::SECONDS, &[&page.number((ms + 500) / 1_000)]));
    let lines = [
        of(texts::RIBBON_LEFT, left.ribbon, limits.ribbon_cards()),
        of(texts::TRAY_LEFT, left.tray, limits.tray),
        of(texts::CLEANING_LEFT, left.cleaning, limits.cleaning),
        of(texts::REST_LEFT, left.rest, limits.rest().map(|(cards, _)| cards)),
        of(texts::DAY_LEFT, left.day, limits.cards_a_day),
        seconds.map(|seconds| (page.t(texts::CARD_TIME), Cell::text(seconds))),
        limits.walk_in_lane.then(|| (page.t(texts::WALK_IN_LANE), Cell::text(page.t(texts::KEEPS_LANE)))),
    ];
    lines.into_iter().flatten().collect()
}

async fn acts(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let sent = Sent::of_query(&parts).unwrap_or_default();
    let (page, acts) = page.read(&web, ListPendingActs { decided_too: false, page: after(&sent) }).await?;
    let title = page.t(texts::WAITING_ACTS);
    let mut view = View::new(page, title);
    let page = &view.page;
    let own = page.who.as_ref().map(|who| who.name.clone()).unwrap_or_default();
    let headings = [
        texts::NUMBER_OF_ACT,
        texts::OPERATION,
        texts::SUBJECT,
        texts::ARGUMENTS,
        texts::REASON,
        texts::ASKED_BY,
        texts::EXPIRES,
        texts::DECISION,
        texts::REFUSE,
    ]
    .map(|text| page.t(text));
    let row = |item: &PendingActItem| {
        let act = &item.line;
        let number = act.id.to_string();
        let decide = |name: &str| button(page, name, &[("/id", &number)]).map(|button| button.address);
        let is_own = act.requested_by == own;
        let confirms = page.may(act.operation, Sort::Decision);
        // In an office of one person, the one who asked confirms it.
        let is_alone = web.engine.settings.two_person == TwoPerson::Recorded;
        let (confirm, refuse) = match (is_own, confirms) {
            (true, _) if is_alone => (
                Cell::maybe(page.t(texts::CONFIRM), decide("ConfirmAct")),
                Cell::maybe(page.t(texts::TAKE_BACK), decide("TakeBackAct")),
            ),
            (true, _) => (
                Cell::text(page.t(texts::WAITS_FOR_OTHERS)),
                Cell::maybe(page.t(texts::TAKE_BACK), decide("TakeBackAct")),
            ),
            (false, true) => (
                Cell::maybe(page.t(texts::CONFIRM), decide("ConfirmAct")),
                Cell::maybe(page.t(texts::REFUSE), decide("RefuseAct")),
            ),
            (false, false) => (Cell::text(page.t(texts::WAITS_FOR_OTHERS)), Cell::default()),
        };
        vec![
            Cell::text(&number),
            Cell::text(item.arguments.as_ref().map_or_else(
                || page.language.operation(act.operation).to_owned(),
                |arguments| waiting_act::title(page, arguments),
            )),
            waiting_act::subject(page, act, item.arguments.as_ref()),
            Cell::text(told(page, item)),
            Cell::text(waiting_act::reason(page, item.arguments.as_ref(), &act.reason)),
            Cell::text(waiting_act::asked(page, act)),
            Cell::text(act.expires_at.as_deref().map_or_else(String::new, |at| page.day_and_time(at))),
            confirm,
            refuse,
        ]
    };
    let rows = acts.items.iter().map(row).collect();
    let next = acts.next.map(|next| format!("/acts?after={}", next.0));
    let table = Table { headings: headings.to_vec(), rows, next, ..Table::default() };
    view.tables.push(table);
    Ok(respond(StatusCode::OK, &view))
}

/// What an act that waits does: its arguments, or which count of blanks hides them.
fn told(page: &Page, item: &PendingActItem) -> String {
    match (&item.arguments, item.hidden_by) {
        (_, Some(count)) => page.with(texts::HIDDEN_BY_COUNT, &[&count.to_string()]),
        (Some(act), None) => waiting_act::in_one_line(page, act, item.records),
        (None, None) => String::new(),
    }
}
