//! All that needs a person: faults first, then daily work, and in each what the person who reads it may settle.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};

use super::{
    address,
    page::{Page, respond},
    rights,
    view::Cell,
};
use crate::{
    domain::{count::waits_for, pending::TwoPerson, permission::Operation},
    engine::query::{Need, NeedKind, acts_asked_by},
    web::{
        context::Web,
        problem::Fault,
        route::{Sort, USUAL},
    },
    words::pages::{self, Place, texts},
};

/// Something that needs a person.
#[derive(Clone)]
pub(super) struct NeedLine {
    /// What it is.
    pub(super) what: String,
    /// How many there are; `None` if it is one, and not counted.
    pub(super) count: Option<String>,
    /// The page on which it is settled.
    pub(super) address: String,
    /// Who settles it, if the reader does not.
    pub(super) others: Option<String>,
    /// Whether the reader asked for it, and may look at it or take it back.
    pub(super) is_asked: bool,
}

impl NeedLine {
    /// What it is, with the place where it is settled for those who may do it.
    pub(super) fn cell(&self) -> Cell {
        if self.others.is_none() { Cell::link(&self.what, self.address.clone()) } else { Cell::text(&self.what) }
    }
}

/// All that needs a person.
#[derive(Template)]
#[template(path = "needs.html", config = "src/web/console/askama.toml")]
struct Needs {
    page: Page,
    faults: Vec<NeedLine>,
    routine: Vec<NeedLine>,
}

pub(super) async fn show(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let mut page = Page::of(&web, &parts).await?;
    page.t(texts::NEEDS).clone_into(&mut page.title);
    if !page.may(Operation::BoardRead, Sort::Query) {
        let title = page.title.clone();
        return Err(page.forbidden(&title, Operation::BoardRead, Sort::Query));
    }
    let Some(shown) = page.shown.clone() else { return Err(page.failed(&Fault::DatabaseAway.into())) };
    let page = with_asked(&web, page, &shown.board.needs_person).await?;
    let [faults, routine] = lines(&page, &shown.board.needs_person);
    Ok(respond(StatusCode::OK, &Needs { page, faults, routine }))
}

/// The page with how many of the acts that wait the person asked for. Another person confirms those, unless the office has one person only.
///
/// # Errors
///
/// The page of the failure.
pub(super) async fn with_asked(web: &Web, mut page: Page, needs: &[Need]) -> Result<Page, Response> {
    let is_of_acts = |need: &Need| operation_of(&need.kind).is_some();
    let is_alone = web.engine.settings.two_person == TwoPerson::Recorded;
    let account = page.who.as_ref().and_then(|who| who.actor.account);
    let Some(account) = account.filter(|_| !is_alone && needs.iter().any(is_of_acts)) else { return Ok(page) };
    let read = async { acts_asked_by(&web.engine, account).await.map_err(|error| web.problem(&error)) };
    match web.within(USUAL, read).await {
        Ok(asked) => {
            page.asked = asked;
            Ok(page)
        }
        Err(problem) => Err(page.failed(&problem)),
    }
}

/// The operation that is confirmed, if the need is that acts wait for their second person.
fn operation_of(kind: &NeedKind) -> Option<Operation> {
    if let NeedKind::ActsToConfirm { operation } = kind {
        return Some(*operation);
    }
    (*kind == NeedKind::ReprintsToApprove).then_some(Operation::ReprintApprove)
}

/// What is wrong, and daily work. In each, what the reader may settle comes first.
pub(super) fn lines(page: &Page, needs: &[Need]) -> [Vec<NeedLine>; 2] {
    let of = |is_routine: bool| {
        let needs = needs.iter().filter(|need| need.kind.is_routine() == is_routine);
        let mut lines: Vec<NeedLine> = needs.flat_map(|need| lines_of(page, need)).collect();
        lines.sort_by_key(|line| line.others.is_some());
        lines
    };
    [of(false), of(true)]
}

/// A need as the person reads it: of acts that wait, those that the person may confirm, and those that the person asked for.
fn lines_of(page: &Page, need: &Need) -> Vec<NeedLine> {
    let all = line(page, need);
    let asked = |operation| page.asked.iter().find(|(known, _)| *known == operation).map_or(0, |(_, count)| *count);
    let own = operation_of(&need.kind).map_or(0, asked).min(need.count);
    if own == 0 || all.others.is_some() {
        return vec![all];
    }
    let of = |count: i64| NeedLine { count: Some(page.number(count)), ..all.clone() };
    let waits = NeedLine { others: Some(page.t(texts::WAITS_FOR_ANOTHER).to_owned()), is_asked: true, ..of(own) };
    let rest = (need.count > own).then(|| of(need.count - own));
    rest.into_iter().chain([waits]).collect()
}

fn line(page: &Page, need: &Need) -> NeedLine {
    let (what, place) = pages::need(need, page.language, &page.zone);
    let is_one = matches!(need.kind, NeedKind::CountWaits { .. });
    let count = (need.count > 1 || (need.kind.is_routine() && !is_one)).then(|| page.number(need.count));
    let rights = settled_by(&need.kind);
    let is_own = rights.is_empty() || rights.iter().any(|(operation, sort)| page.may(*operation, *sort));
    let others = (!is_own).then(|| {
        let mut roles: Vec<&str> = Vec::new();
        for role in rights.iter().flat_map(|(operation, sort)| rights::roles_with(*operation, *sort)) {
            let role = page.role(role);
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
        page.with(texts::SETTLED_BY, &[&roles.join(", ")])
    });
    NeedLine { what, count, address: place_address(&place), others, is_asked: false }
}

/// The rights of which one is enough to settle something; none for what is mended at the computer itself.
fn settled_by(kind: &NeedKind) -> Vec<(Operation, Sort)> {
    match kind {
        NeedKind::UncertainCards => vec![(Operation::InspectionFound, Sort::Act)],
        // A duplicate is resolved by two people, the first of whom an operator is.
        NeedKind::QuarantinedRecords => {
            vec![(Operation::RecordRelease, Sort::Act), (Operation::RecordChange, Sort::Request)]
        }
        NeedKind::RecordsHeldAtAdoption => vec![(Operation::RecordRelease, Sort::Act)],
        NeedKind::StoppedCards | NeedKind::CardsToCheck => vec![(Operation::CardCheck, Sort::Act)],
        NeedKind::ReprintsToApprove => vec![(Operation::ReprintApprove, Sort::Decision)],
        NeedKind::ActsToConfirm { operation } => vec![(*operation, Sort::Decision)],
        NeedKind::BatchesToApprove => vec![(Operation::Batch, Sort::Act)],
        NeedKind::CardsToHandOver => vec![(Operation::CardHandOver, Sort::Act)],
        NeedKind::CardsUncollected => vec![(Operation::CardSend, Sort::Act)],
        NeedKind::CountWaits { state, .. } => match waits_for(*state) {
            Some(Operation::CountEnter) => vec![(Operation::CountEnter, Sort::Act)],
            Some(operation) => vec![(operation, Sort::Request), (Operation::CountOpen, Sort::Act)],
            None => vec![],
        },
        NeedKind::CardsToDestroy { .. } => vec![(Operation::StockRemove, Sort::Request)],
        NeedKind::PrinterLocked { .. } | NeedKind::PrinterReason { .. } | NeedKind::PrinterStopped { .. } => {
            vec![(Operation::PrinterCare, Sort::Act)]
        }
        NeedKind::TrayFull { .. } | NeedKind::RibbonUsedUp { .. } | NeedKind::CleaningDue { .. } => {
            vec![(Operation::HopperLoad, Sort::Act)]
        }
        NeedKind::NoPrinter { .. } => vec![(Operation::PrinterManage, Sort::Act)],
        NeedKind::NoBlanks(none) if none.hopper && none.vault > 0 => vec![(Operation::HopperLoad, Sort::Act)],
        NeedKind::NoBlanks(_) => vec![(Operation::BlanksReceive, Sort::Act)],
        NeedKind::InstanceInDoubt { .. } => {
            vec![(Operation::DatabaseAdopt, Sort::Request), (Operation::DatabaseAdopt, Sort::Decision)]
        }
        NeedKind::ClockBehind | NeedKind::PersonsRekeyed { .. } => vec![(Operation::DatabaseCare, Sort::Act)],
        NeedKind::SourceAway { .. } => vec![(Operation::SourcePause, Sort::Act)],
        NeedKind::ListsRefused { .. } => vec![(Operation::Import, Sort::Act)],
        NeedKind::SettingsWrong { .. } | NeedKind::ProfileBroken { .. } | NeedKind::SchedulerFault(_) => vec![],
    }
}

/// The page on which something is settled.
fn place_address(place: &Place) -> String {
    match place {
        Place::Inspection => "/inspect".to_owned(),
        Place::RecordsIn(state) => format!("/records?state={state}"),
        Place::HeldRecords => "/records?state=held".to_owned(),
        Place::StoppedCards => "/records?recalled=true".to_owned(),
        Place::Acts => "/acts".to_owned(),
        Place::Batches => "/batches".to_owned(),
        Place::QualityCheck => "/check".to_owned(),
        Place::HandOver => "/handover".to_owned(),
        Place::Uncollected => "/handover/uncollected".to_owned(),
        Place::Stock => "/stock".to_owned(),
        Place::Count(count) => address::count(count.0),
        Place::Printer(name) => address::printer(name),
        Place::NewPrinter => "/do/AddPrinter".to_owned(),
        Place::Database => "/audit".to_owned(),
        Place::Source(name) => address::source(name),
    }
}
