//! `GET /metrics`: what the process measures, and the figures of the office, as Prometheus reads them.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::ConstCounter, family::Family, gauge::Gauge, info::Info},
    registry::{Registry, Unit},
};

use super::{
    context::Web,
    problem::{Fault, Problem},
};
use crate::{
    domain::{permission::Operation, time::Timestamp},
    engine::{
        figures::{Figures, Waiting},
        query::{Blind, Board, Need, OldestWaiting},
    },
};

/// The longest time in which the figures are read.
const READ_WITHIN: Duration = Duration::from_secs(10);
/// The media type of the answer.
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
/// The beginning of every name.
const PREFIX: &str = "cetak";
/// The states in which a printer may be seen. One of them is 1, the others are 0.
const PRINTER_STATES: [&str; 5] = ["unknown", "idle", "processing", "stopped", "unreachable"];

/// The address of the metrics.
pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/metrics", get(show))
}

async fn show(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    web.within(READ_WITHIN, answer(&web, &parts)).await
}

/// A program on this machine needs no account: it may read the database anyway. Every other needs the right to the board.
async fn answer(web: &Web, parts: &Parts) -> Result<Response, Problem> {
    let caller = if web.is_from_this_machine(parts) {
        web.caller_again(parts).await.ok()
    } else {
        let caller = web.caller(parts).await?;
        caller.client.may(Operation::BoardRead).await.map_err(|error| web.problem(&error))?;
        Some(caller)
    };
    let _permit = web.calls.acquire().await.map_err(|_| Fault::Busy)?;
    let mut figures = Figures::read(&web.engine).await;
    // An account that counts blanks does not see here what is hidden from it elsewhere.
    if let (Some(caller), Some((board, waiting))) = (caller, &mut figures.office) {
        let hidden = caller.client.hidden().await.map_err(|error| web.problem(&error))?;
        board.hide(&hidden).map_err(|refusal| web.problem(&refusal.into()))?;
        // Beside the number of all that wait or are in batches, it would tell how many are in batches, each with its blank.
        waiting.retain(|line| board.hidden.iter().all(|of| of.blank_type != line.blank_type));
    }
    let mut text = String::new();
    encode(&mut text, &registry(web, &figures)).map_err(|error| Problem::internal(&error, &web.incident()))?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}

/// The route of a request for which there is none.
const NO_ROUTE: &str = "none";

/// Answers a request, and measures it.
pub(super) async fn measured(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let (method, began) = (request.method().clone(), web.engine.clock.elapsed());
    let response = next.run(request).await;
    let duration = web.engine.clock.elapsed().saturating_sub(began);
    web.http_metrics.observe(&method, &route, response.status(), duration);
    response
}

/// Label values of one series.
type Labels = Vec<(&'static str, String)>;

/// Everything that is shown. What is measured lives as long as the process; the figures are made for each answer.
fn registry(web: &Web, figures: &Figures) -> Registry {
    let mut all = Registry::with_prefix(PREFIX);
    let info = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
    all.register("build", "The version of the program", info);
    let measured = &web.engine.metrics;
    all.register(
        "cards",
        "Attempts whose outcome the scheduler saved, since the process started",
        measured.cards.clone(),
    );
    let help = "Seconds from the release of a card to the printer's answer that it is printed";
    all.register_with_unit("card_duration", help, Unit::Seconds, measured.card_seconds.clone());
    all.register("commit_writes", "Writes in a commit of the scheduler", measured.commit_writes.clone());
    let help = "Seconds of a commit of the scheduler";
    all.register_with_unit("commit_duration", help, Unit::Seconds, measured.commit_seconds.clone());
    let http = &web.http_metrics;
    all.register("http_requests", "Answered requests", http.requests.clone());
    let help = "Seconds from a request to the beginning of its answer";
    all.register_with_unit("http_request_duration", help, Unit::Seconds, http.seconds.clone());
    let reads = ConstCounter::new(web.engine.store.reads());
    all.register("database_reads", "Transactions that only read, since the process started", reads);
    let events = &web.engine.events;
    gauge(
        &mut all,
        "event_streams",
        "Open streams of events",
        number(i64::try_from(events.followers()).unwrap_or(i64::MAX)),
    );
    gauge(
        &mut all,
        "events_lag",
        "Events of the audit that the streams have not read yet",
        number(i64::try_from(events.lag()).unwrap_or(i64::MAX)),
    );
    let readiness = figures.readiness;
    gauge(&mut all, "database_up", "Whether the database can be read", flag(readiness.database));
    gauge(&mut all, "lease_held", "Whether this node holds its lease", flag(readiness.lease));
    gauge(&mut all, "clock_sane", "Whether the clock is not behind the newest audit row", flag(readiness.clock));
    if let Some((board, waiting)) = &figures.office {
        of_board(&mut all, board);
        of_waiting(&mut all, waiting);
    }
    all
}

/// The figures of the board.
fn of_board(all: &mut Registry, board: &Board) {
    gauge(all, "queue_paused", "Whether the whole queue is paused", flag(board.queue.paused));
    let records = board.records.iter().map(|(state, count)| (vec![("state", state.clone())], number(*count)));
    gauges(all, "records", "Records by state", records);
    let blanks = board.blangko.iter().flat_map(|(blank_type, accounts)| {
        let accounts = accounts.iter().filter(|(account, _)| *account != "sum");
        accounts.map(move |(account, quantity)| {
            (vec![("blank_type", blank_type.clone()), ("account", account.clone())], number(*quantity))
        })
    });
    gauges(all, "blanks", "Blank cards by type and account of the stock ledger", blanks);
    let name = |name: &str| ("printer", name.to_owned());
    let states = board.printers.iter().flat_map(|printer| {
        PRINTER_STATES.map(|state| {
            let is_in = flag(printer.state == state);
            (vec![name(&printer.name), ("state", state.to_owned())], is_in)
        })
    });
    gauges(all, "printer_state", "1 for the state in which the printer was seen last, else 0", states);
    let paused = board.printers.iter().map(|printer| (vec![name(&printer.name)], flag(printer.paused)));
    gauges(all, "printer_paused", "Whether the printer or the whole queue is paused", paused);
    let mut needs: BTreeMap<String, f64> = BTreeMap::new();
    for need in &board.needs_person {
        *needs.entry(kind_of(need)).or_default() += number(need.count);
    }
    let needs = needs.into_iter().map(|(kind, count)| (vec![("kind", kind)], count));
    gauges(all, "needs_person", "What waits for a person, by kind", needs);
    let oldest = board.oldest_waiting.iter().filter_map(|OldestWaiting { profile, class, since, .. }| {
        let seconds = number(Timestamp::parse(since)?.0) / 1e6;
        Some((vec![("profile", profile.clone()), ("class", class.to_string())], seconds))
    });
    let help = "When the first record that waits became print-ready, by profile and priority class";
    family(all, "waiting_oldest_timestamp", help, Some(Unit::Seconds), oldest);
}

/// The waiting list by profile, and by priority class.
fn of_waiting(all: &mut Registry, waiting: &[Waiting]) {
    let profile = |line: &Waiting| ("profile", line.profile.clone());
    let counts =
        waiting.iter().map(|line| (vec![profile(line), ("blank_type", line.blank_type.clone())], number(line.count)));
    gauges(all, "waiting_records", "Records that wait, by profile and the blank type that they need", counts);
    let classes = waiting.iter().flat_map(|line| {
        line.classes
            .iter()
            .map(move |(class, count)| (vec![profile(line), ("class", class.to_string())], number(*count)))
    });
    let help = "Records that wait, by profile and priority class, at most 1,000 of each";
    gauges(all, "waiting_class_records", help, classes);
}

/// The stable name of what waits for a person.
fn kind_of(need: &Need) -> String {
    // Cannot fail: a need has a kind.
    let kind = serde_json::to_value(need).ok().and_then(|need| Some(need.get("kind")?.as_str()?.to_owned()));
    kind.unwrap_or_default()
}

/// A gauge of any number.
type Number = Gauge<f64, AtomicU64>;

/// 1 for what holds.
fn flag(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// A number as Prometheus has it: exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "no office has more records, blanks or microseconds than are exact")]
fn number(value: i64) -> f64 {
    value as f64
}

/// A gauge without labels.
fn gauge(all: &mut Registry, name: &str, help: &str, value: f64) {
    let gauge = Number::default();
    gauge.set(value);
    all.register(name, help, gauge);
}

/// A gauge with labels.
fn gauges(all: &mut Registry, name: &str, help: &str, series: impl IntoIterator<Item = (Labels, f64)>) {
    family(all, name, help, None, series);
}

fn family(
    all: &mut Registry,
    name: &str,
    help: &str,
    unit: Option<Unit>,
    series: impl IntoIterator<Item = (Labels, f64)>,
) {
    let family = Family::<Labels, Number>::default();
    for (labels, value) in series {
        family.get_or_create(&labels).set(value);
    }
    match unit {
        Some(unit) => all.register_with_unit(name, help, unit, family),
        None => all.register(name, help, family),
    }
}
