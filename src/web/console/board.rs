//! The board: what is printed, what needs a person, and what there is to print with.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    address,
    first_start::{self, Step},
    link,
    needs::{self, NeedLine},
    page::{Page, respond},
    view::View,
};
use crate::{
    domain::{permission::Operation, states::RecordState},
    engine::query::{Board, PrinterLine},
    web::{context::Web, problem::Fault, route::Sort},
    words::pages::{self, texts},
};

/// A quantity of a whole, in words and as a bar.
struct Gauge {
    words: String,
    value: i64,
    most: i64,
}

/// A printer.
struct PrinterTile {
    name: String,
    address: String,
    standing: String,
    /// `good`, `busy`, `wait` or `bad`: the shape and the colour beside the words.
    tone: &'static str,
    reasons: Vec<String>,
    batch: Option<Gauge>,
    hopper: Option<Gauge>,
    today: String,
}

/// A line of two words and a number.
struct Line {
    name: String,
    about: String,
    number: String,
}

/// The board as it is shown.
#[derive(Template)]
#[template(path = "board.html", config = "src/web/console/askama.toml")]
struct BoardPage {
    page: Page,
    sentence: String,
    /// What leads to the first card; empty once there is one.
    steps: Vec<Step>,
    faults: Vec<NeedLine>,
    routine: Vec<NeedLine>,
    printers: Vec<PrinterTile>,
    pauses: Vec<Line>,
    blanks: Vec<Line>,
    oldest: Vec<Line>,
    records: Vec<Line>,
    add_printer: Option<String>,
}

pub(super) async fn show(State(web): State<Arc<Web>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut page = match Page::of(&web, &parts).await {
        Ok(page) => page,
        Err(response) => return response,
    };
    page.t(texts::BOARD).clone_into(&mut page.title);
    if !page.may(Operation::BoardRead, Sort::Query) {
        let title = page.title.clone();
        return page.forbidden(&title, Operation::BoardRead, Sort::Query);
    }
    let Some(shown) = page.shown.clone() else { return page.failed(&Fault::DatabaseAway.into()) };
    let tag = tag(&page, shown.version);
    let headers = HeaderMap::from_iter(HeaderValue::try_from(&tag).ok().map(|tag| (header::ETAG, tag)));
    let known = parts.headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    if known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let board = board_page(page, &shown.board, web.engine.profiles.len());
    (headers, respond(StatusCode::OK, &board)).into_response()
}

/// The page that says how a list comes in.
pub(super) async fn show_import(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let title = page.t(texts::IMPORT);
    let mut view = View::new(page, title);
    view.lead = view.page.t(texts::IMPORT_LEAD).to_owned();
    Ok(respond(StatusCode::OK, &view))
}

/// The version of what a person sees.
fn tag(page: &Page, version: u64) -> String {
    let roles: Vec<&str> = page.roles().into_iter().map(crate::domain::actor::Role::as_str).collect();
    format!("\"{version:x}-{}-{}\"", page.language.code(), roles.join("."))
}

fn board_page(page: Page, board: &Board, profiles: usize) -> BoardPage {
    let [faults, routine] = needs::lines(&page, &board.needs_person);
    BoardPage {
        sentence: sentence(&page, board),
        steps: first_start::steps(&page, board, profiles),
        faults,
        routine,
        printers: board.printers.iter().map(|printer| tile(&page, board, printer)).collect(),
        pauses: board
            .pauses
            .iter()
            .map(|pause| Line {
                name: pages::pause_scope(&pause.what, page.language),
                about: page.with(texts::PAUSED_BY, &[&pause.by, &pause.reason]),
                number: page.day_and_time(&pause.since),
            })
            .collect(),
        blanks: blanks(&page, board),
        oldest: oldest(&page, board),
        records: RecordState::ALL.into_iter().map(|state| record_line(&page, board, state)).collect(),
        add_printer: link::to_act(&page.roles(), "AddPrinter", &[("back", "/")]),
        page,
    }
}

/// The state of the print room in one sentence or two.
fn sentence(page: &Page, board: &Board) -> String {
    let printing = board.printers.iter().filter(|printer| tone(printer) == "busy").count();
    let all = board.printers.len().to_string();
    let first = match (board.queue.paused, board.printers.is_empty(), printing) {
        (true, ..) => page.t(texts::STATE_PAUSED).to_owned(),
        (false, true, _) => page.t(texts::STATE_NO_PRINTERS).to_owned(),
        (false, false, 0) => page.t(texts::STATE_IDLE).to_owned(),
        (false, false, _) => page.with(texts::STATE_PRINTING, &[&printing.to_string(), &all]),
    };
    let waiting = board.records.get(RecordState::Waiting.as_str()).copied().unwrap_or_default();
    format!("{first} {}", page.with(texts::WAITING_NUMBER, &[&page.number(waiting)]))
}

fn tone(printer: &PrinterLine) -> &'static str {
    use crate::domain::standing::Standing;
    match printer.standing {
        Standing::Printing => "busy",
        Standing::Ready => "good",
        Standing::Paused { .. }
        | Standing::NothingWaits
        | Standing::PersonsRekeyed
        | Standing::AwaitsApproval { .. }
        | Standing::WindowClosed { .. } => "wait",
        Standing::InstanceInDoubt
        | Standing::ClockBehind
        | Standing::ProfileBroken
        | Standing::NoBlanks { .. }
        | Standing::NoScheduler
        | Standing::SettingsWrong
        | Standing::BreakerLocked
        | Standing::Stopped
        | Standing::Unreachable => "bad",
    }
}

fn tile(page: &Page, board: &Board, printer: &PrinterLine) -> PrinterTile {
    let batch = board.batches.iter().find(|batch| batch.printer == printer.name);
    let batch = batch.map(|batch| {
        let values = [batch.id.to_string(), page.number(batch.printed), page.number(batch.jobs)];
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        Gauge { words: page.with(texts::BATCH_PROGRESS, &values), value: batch.printed, most: batch.jobs }
    });
    let hopper = printer.hopper.map(|most| Gauge {
        words: format!("{}: {}", page.t(texts::HOPPER), hopper_level(page, printer).unwrap_or_default()),
        value: printer.hopper_blanks.unwrap_or_default(),
        most,
    });
    let reason = |advice: &crate::domain::printer_reason::Advice| {
        format!("{} ({})", page.t(pages::task(advice.action)), advice.keyword)
    };
    PrinterTile {
        address: address::printer(&printer.name),
        standing: pages::standing(&printer.standing, page.language, &page.zone),
        tone: tone(printer),
        reasons: printer.advice.iter().map(reason).collect(),
        batch,
        hopper,
        today: page
            .with(texts::GOOD_AND_SPOILED, &[&page.number(printer.cards_24h), &page.number(printer.spoiled_24h)]),
        name: printer.name.clone(),
    }
}

/// The level of a counted hopper, in words.
pub(super) fn hopper_level(page: &Page, printer: &PrinterLine) -> Option<String> {
    let values = [printer.hopper_blanks?, printer.hopper?].map(|blanks| page.number(blanks));
    Some(page.with(texts::HOPPER_LEVEL, &[&values[0], &values[1]]))
}

fn blanks(page: &Page, board: &Board) -> Vec<Line> {
    let mut lines = Vec::new();
    for (blank_type, accounts) in &board.blangko {
        for account in ["vault", "hopper", "reserved", "spoiled", "uncertain", "missing"] {
            let quantity = accounts.get(account).copied().unwrap_or_default();
            if quantity != 0 || account == "vault" {
                let about = pages::stock_account(account, page.language);
                lines.push(Line { name: blank_type.clone(), about, number: page.number(quantity) });
            }
        }
    }
    lines
}

fn oldest(page: &Page, board: &Board) -> Vec<Line> {
    let line = |first: &crate::engine::query::OldestWaiting| Line {
        name: first.profile.clone(),
        about: format!("{} {}", page.t(texts::CLASS), first.class),
        number: page.with(texts::OLDEST, &[&page.day_and_time(&first.since)]),
    };
    board.oldest_waiting.iter().map(line).collect()
}

fn record_line(page: &Page, board: &Board, state: RecordState) -> Line {
    let number = board.records.get(state.as_str()).copied().unwrap_or_default();
    let name = page.language.record_state(state).to_owned();
    Line { name, about: format!("/records?state={}", state.as_str()), number: page.number(number) }
}
