//! The tiles of printers, on the board and on a page of their own. They never change places, whatever their printers do; a filter
//! hides those that are not asked for.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};

use super::{
    address,
    form_value::Sent,
    link,
    page::{Page, respond},
    view::{Button, button, others},
};
use crate::{
    domain::{permission::Operation, printer_reason::Advice, standing::Standing},
    engine::query::{Board, PrinterLine},
    web::{context::Web, problem::Fault, route::Sort},
    words::pages::{self, Text, texts},
};

/// From how many printers on tiles are small, and have filters.
const MANY: usize = 9;

/// The tones with the names of their filters.
const FILTERS: [(&str, Text); 5] = [
    ("", texts::SHOW_ALL),
    ("bad", texts::SHOW_BAD),
    ("busy", texts::SHOW_BUSY),
    ("good", texts::SHOW_GOOD),
    ("wait", texts::SHOW_WAIT),
];

/// A quantity of a whole, in words and as a bar.
pub(super) struct Gauge {
    pub(super) words: String,
    pub(super) value: i64,
    pub(super) most: i64,
}

/// A printer.
pub(super) struct PrinterTile {
    /// Its place among all, from 1, also where others are hidden.
    pub(super) place: usize,
    pub(super) name: String,
    pub(super) address: String,
    pub(super) standing: String,
    /// `good`, `busy`, `wait` or `bad`: the shape and the colour beside the words.
    pub(super) tone: &'static str,
    pub(super) reasons: Vec<String>,
    /// The request whose card it prints, and the address of its page.
    pub(super) card: Option<(String, String)>,
    pub(super) batch: Option<Gauge>,
    pub(super) hopper: Option<Gauge>,
    pub(super) today: String,
}

/// A choice of tiles.
pub(super) struct TileFilter {
    pub(super) label: String,
    pub(super) address: String,
    pub(super) is_chosen: bool,
}

/// The tiles of the printers.
pub(super) struct Tiles {
    pub(super) printers: Vec<PrinterTile>,
    pub(super) are_small: bool,
    /// None where there are few printers.
    pub(super) filters: Vec<TileFilter>,
    /// Whether the office has no printer.
    pub(super) is_empty: bool,
    pub(super) add_printer: Option<String>,
}

impl Tiles {
    /// The tiles of a page at a path, with what its query string asks for.
    pub(super) fn of(page: &Page, board: &Board, path: &str, asked: &Sent) -> Self {
        let asked = asked.value("show");
        let asked = FILTERS.iter().map(|(tone, _)| *tone).find(|tone| *tone == asked).unwrap_or_default();
        let all = board.printers.len();
        let is_shown = |printer: &PrinterLine| asked.is_empty() || tone(printer) == asked;
        let printers = board.printers.iter().enumerate().filter(|(_, printer)| is_shown(printer));
        let filter = |(tone_asked, label): (&'static str, Text)| {
            let fits = |printer: &&PrinterLine| tone_asked.is_empty() || tone(printer) == tone_asked;
            let count = board.printers.iter().filter(fits).count();
            TileFilter {
                label: format!("{} {count}", page.t(label)),
                address: address::with_query(path, &[("show", tone_asked)]),
                is_chosen: tone_asked == asked,
            }
        };
        Self {
            printers: printers.map(|(at, printer)| tile(page, board, at + 1, printer)).collect(),
            are_small: all >= MANY,
            filters: if all >= MANY { FILTERS.map(filter).into_iter().collect() } else { Vec::new() },
            is_empty: all == 0,
            add_printer: link::to_act(&page.roles(), "AddPrinter", &[("back", path)]),
        }
    }
}

/// How a printer is, in a word. A fault stays one while printing is paused.
pub(super) fn tone(printer: &PrinterLine) -> &'static str {
    if fault_beneath(printer).is_some() { "bad" } else { tone_of(&printer.standing) }
}

/// What would keep a paused printer from printing.
pub(super) fn fault_beneath(printer: &PrinterLine) -> Option<&Standing> {
    printer.beneath.as_ref().filter(|standing| tone_of(standing) == "bad")
}

fn tone_of(standing: &Standing) -> &'static str {
    match standing {
        Standing::Printing => "busy",
        Standing::Ready => "good",
        Standing::Paused { .. }
        | Standing::NothingWaits
        | Standing::PersonsRekeyed
        | Standing::AwaitsApproval { .. }
        | Standing::HiddenByCount { .. }
        | Standing::WindowClosed { .. }
        | Standing::Rests { .. } => "wait",
        Standing::InstanceInDoubt
        | Standing::ClockBehind
        | Standing::ProfileBroken
        | Standing::NoBlanks { .. }
        | Standing::TrayFull
        | Standing::RibbonUsedUp
        | Standing::CleaningDue
        | Standing::NoScheduler
        | Standing::SettingsWrong
        | Standing::BreakerLocked
        | Standing::Stopped
        | Standing::Unreachable => "bad",
    }
}

fn tile(page: &Page, board: &Board, place: usize, printer: &PrinterLine) -> PrinterTile {
    let batch = board.batches.iter().find(|batch| batch.printer == printer.name);
    let batch = batch.map(|batch| {
        let values = [batch.id.to_string(), page.number(batch.printed), page.number(batch.jobs)];
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        Gauge { words: page.with(texts::BATCH_PROGRESS, &values), value: batch.printed, most: batch.jobs }
    });
    let hopper = printer.hopper.filter(|_| printer.hidden_by.is_none()).map(|most| Gauge {
        words: format!("{}: {}", page.t(texts::HOPPER), hopper_level(page, printer).unwrap_or_default()),
        value: printer.hopper_blanks.unwrap_or_default(),
        most,
    });
    PrinterTile {
        place,
        address: address::printer(&printer.name),
        standing: standing_words(page, printer),
        tone: tone(printer),
        card: card(page, printer),
        reasons: fault_beneath(printer)
            .map(|fault| pages::standing(fault, page.language, &page.zone))
            .into_iter()
            .chain(reasons(page, printer))
            .chain(hidden_hopper(page, printer))
            .collect(),
        batch,
        hopper,
        today: page
            .with(texts::GOOD_AND_SPOILED, &[&page.number(printer.cards_24h), &page.number(printer.spoiled_24h)]),
        name: printer.name.clone(),
    }
}

/// What a printer is doing, or that it is idle and why.
pub(super) fn standing_words(page: &Page, printer: &PrinterLine) -> String {
    let words = pages::standing(&printer.standing, page.language, &page.zone);
    match printer.standing {
        Standing::NothingWaits
        | Standing::PersonsRekeyed
        | Standing::AwaitsApproval { .. }
        | Standing::WindowClosed { .. }
        | Standing::Rests { .. } => page.with(texts::IDLE_BECAUSE, &[&words]),
        Standing::Printing
        | Standing::Ready
        | Standing::HiddenByCount { .. }
        | Standing::Paused { .. }
        | Standing::InstanceInDoubt
        | Standing::ClockBehind
        | Standing::ProfileBroken
        | Standing::NoBlanks { .. }
        | Standing::TrayFull
        | Standing::RibbonUsedUp
        | Standing::CleaningDue
        | Standing::NoScheduler
        | Standing::SettingsWrong
        | Standing::BreakerLocked
        | Standing::Stopped
        | Standing::Unreachable => words,
    }
}

/// What a printer is doing or why it is idle, with what would keep it from printing besides, in one sentence.
pub(super) fn state_words(page: &Page, printer: &PrinterLine) -> String {
    let fault = fault_beneath(printer).map(|fault| pages::standing(fault, page.language, &page.zone));
    let told = [Some(&printer.standing), printer.beneath.as_ref()];
    let is_told = told.into_iter().flatten().any(|told| matches!(told, Standing::Stopped | Standing::Unreachable));
    let is_down = matches!(&*printer.state, "stopped" | "unreachable") && !is_told;
    let down = is_down.then(|| page.with(texts::PRINTER_DOWN, &[&pages::printer_state(&printer.state, page.language)]));
    [Some(standing_words(page, printer)), fault, down].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// The request whose card a printer prints, and the address of its page.
pub(super) fn card(page: &Page, printer: &PrinterLine) -> Option<(String, String)> {
    let record = printer.printing.as_ref()?;
    let words = page.with(texts::PRINTS_CARD, &[&record.request_id]);
    Some((words, address::record(&record.source, &record.request_id)))
}

/// What a printer reports, as what a person does about it.
pub(super) fn reasons(page: &Page, printer: &PrinterLine) -> Vec<String> {
    let reason = |advice: &Advice| format!("{} ({})", page.t(pages::task(advice.action)), advice.keyword);
    printer.advice.iter().map(reason).collect()
}

/// That the level of a hopper is not shown, as its blanks are being counted.
fn hidden_hopper(page: &Page, printer: &PrinterLine) -> Option<String> {
    let count = printer.hidden_by?.to_string();
    Some(format!("{}: {}", page.t(texts::HOPPER), page.with(texts::HIDDEN_BY_COUNT, &[&count])))
}

/// The level of a counted hopper, in words.
pub(super) fn hopper_level(page: &Page, printer: &PrinterLine) -> Option<String> {
    let values = [printer.hopper_blanks?, printer.hopper?].map(|blanks| page.number(blanks));
    Some(page.with(texts::HOPPER_LEVEL, &[&values[0], &values[1]]))
}

/// The page of all printers.
#[derive(Template)]
#[template(path = "printers.html", config = "src/web/console/askama.toml")]
struct Printers {
    page: Page,
    tiles: Tiles,
    /// The acts that add a printer.
    buttons: Vec<Button>,
    /// The same acts, each with the roles that do it or ask for it, for those who may not.
    others: Vec<(&'static str, String)>,
}

pub(super) async fn show(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let mut page = Page::of(&web, &parts).await?;
    page.t(texts::PRINTERS).clone_into(&mut page.title);
    if !page.may(Operation::BoardRead, Sort::Query) {
        let title = page.title.clone();
        return Err(page.forbidden(&title, Operation::BoardRead, Sort::Query));
    }
    let Some(shown) = page.shown.clone() else { return Err(page.failed(&Fault::DatabaseAway.into())) };
    let tiles = Tiles::of(&page, &shown.board, "/printers", &Sent::of_query(&parts).unwrap_or_default());
    let (mut buttons, mut of_others) = (Vec::new(), Vec::new());
    for name in ["AddPrinter", "AddObjectedPrinter"] {
        match button(&page, name, &[]) {
            Some(button) => buttons.push(button),
            None => of_others.extend(others(&page, name)),
        }
    }
    Ok(respond(StatusCode::OK, &Printers { page, tiles, buttons, others: of_others }))
}
