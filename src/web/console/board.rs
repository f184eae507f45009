//! The board: what is printed, what needs a person, and what there is to print with.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    first_start::{self, Step},
    form_value::Sent,
    needs::{self, NeedLine},
    page::{Page, respond},
    place::class,
    tiles::{Tiles, tone},
};
use crate::{
    domain::{actor::Role, permission::Operation, states::RecordState, window::NextChange},
    engine::query::{Board, Cover, HiddenType, OldestWaiting},
    web::{context::Web, problem::Fault, route::Sort},
    words::pages::{self, texts},
};

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
    tiles: Tiles,
    pauses: Vec<Line>,
    blanks: Vec<Line>,
    /// Profile, priority class, number, and since when the oldest waits.
    oldest: Vec<[String; 4]>,
    records: Vec<Line>,
    /// For how many days the blanks of each type last, or why that is not known.
    cover: Vec<Line>,
    /// When printing begins or ends next.
    next_change: Option<String>,
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
    let (page, missing) = match first_start::missing_roles(&web, page, &shown.board).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let page = match needs::with_asked(&web, page, &shown.board.needs_person).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let tag = tag(&page, shown.version, &missing);
    let headers = HeaderMap::from_iter(HeaderValue::try_from(&tag).ok().map(|tag| (header::ETAG, tag)));
    let known = parts.headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    if known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let steps = first_start::steps(&page, &shown.board, web.engine.profiles.len(), &missing);
    let board = board_page(page, &shown.board, steps, &Sent::of_query(&parts).unwrap_or_default());
    (headers, respond(StatusCode::OK, &board)).into_response()
}

/// The version of what a person sees. The roles that are missing and the acts that the person asked for are no part of the board's version.
fn tag(page: &Page, version: u64, missing: &[Role]) -> String {
    let [roles, missing] = [page.roles().into_iter().collect(), missing.to_vec()]
        .map(|roles| roles.into_iter().map(Role::as_str).collect::<Vec<_>>().join("."));
    let asked = page.asked.iter().map(|(operation, count)| format!("{}.{count}", operation.as_str()));
    let asked = asked.collect::<Vec<_>>().join(".");
    format!("\"{version:x}-{}-{roles}-{missing}-{asked}\"", page.language.code())
}

fn board_page(page: Page, board: &Board, steps: Vec<Step>, asked: &Sent) -> BoardPage {
    let [faults, routine] = needs::lines(&page, &board.needs_person);
    BoardPage {
        sentence: sentence(&page, board),
        steps,
        faults,
        routine,
        tiles: Tiles::of(&page, board, "/", asked),
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
        cover: cover(&page, board),
        next_change: board.next_change.as_ref().map(|change| next_change(&page, change)),
        oldest: oldest(&page, board),
        records: RecordState::ALL.into_iter().map(|state| record_line(&page, board, state)).collect(),
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
    let of_hidden = |of: &HiddenType| Line {
        name: of.blank_type.clone(),
        about: page.with(texts::HIDDEN_BY_COUNT, &[&of.count.to_string()]),
        number: String::new(),
    };
    lines.extend(board.hidden.iter().map(of_hidden));
    lines
}

/// For how many days the blanks of each type last. Those of a type that is being counted are not told.
fn cover(page: &Page, board: &Board) -> Vec<Line> {
    let line = |cover: &Cover| {
        let (usable, used) = (page.number(cover.usable), page.number(cover.used));
        let (number, about) = match cover.days {
            None => (page.t(texts::NOT_KNOWN_YET).to_owned(), page.with(texts::COVER_WITHOUT_HISTORY, &[&usable])),
            Some(0) => (page.t(texts::LESS_THAN_A_DAY).to_owned(), page.with(texts::COVER_FROM, &[&usable, &used])),
            Some(days) => {
                let days = page.with(if days == 1 { texts::ONE_DAY } else { texts::DAYS }, &[&page.number(days)]);
                (days, page.with(texts::COVER_FROM, &[&usable, &used]))
            }
        };
        Line { name: cover.blank_type.clone(), about, number }
    };
    let hidden = |of: &HiddenType| Line {
        name: of.blank_type.clone(),
        about: page.with(texts::HIDDEN_BY_COUNT, &[&of.count.to_string()]),
        number: page.t(texts::NOT_KNOWN_YET).to_owned(),
    };
    board.cover.iter().map(line).chain(board.hidden.iter().map(hidden)).collect()
}

/// When printing begins or ends next by the windows, in the zone of the office.
fn next_change(page: &Page, change: &NextChange) -> String {
    match change {
        NextChange::Never => page.t(texts::NO_WINDOW).to_owned(),
        NextChange::Opens { at: Some(at) } => page.with(texts::WINDOW_OPENS, &[&page.day_and_time(at)]),
        NextChange::Opens { at: None } => page.t(texts::WINDOW_NEVER_OPENS).to_owned(),
        NextChange::Closes { at } => page.with(texts::WINDOW_CLOSES, &[&page.day_and_time(at)]),
    }
}

/// The records that wait, by profile and priority class.
fn oldest(page: &Page, board: &Board) -> Vec<[String; 4]> {
    let line = |first: &OldestWaiting| {
        let count = match first.count {
            Some(count) if first.is_counted => page.number(count),
            Some(count) => page.with(texts::AT_LEAST, &[&page.number(count)]),
            None => page.t(texts::NOT_KNOWN_YET).to_owned(),
        };
        [first.profile.clone(), class(page, first.class), count, page.day_and_time(&first.since)]
    };
    board.oldest_waiting.iter().map(line).collect()
}

fn record_line(page: &Page, board: &Board, state: RecordState) -> Line {
    let number = board.records.get(state.as_str()).copied().unwrap_or_default();
    let name = page.language.record_state(state).to_owned();
    Line { name, about: format!("/records?state={}", state.as_str()), number: page.number(number) }
}
