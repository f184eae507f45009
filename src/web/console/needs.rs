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
    domain::{count::waits_for, permission::Operation},
    engine::query::{Need, NeedKind},
    web::{context::Web, problem::Fault, route::Sort},
    words::pages::{self, Place, texts},
};

/// Something that needs a person.
pub(super) struct NeedLine {
    /// What it is.
    pub(super) what: String,
    /// How many there are; `None` if it is one, and not counted.
    pub(super) count: Option<String>,
    /// The page on which it is settled.
    pub(super) address: String,
    /// The roles that settle it, if those of the reader do not.
    pub(super) others: Option<String>,
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
    let [faults, routine] = lines(&page, &shown.board.needs_person);
    Ok(respond(StatusCode::OK, &Needs { page, faults, routine }))
}

/// What is wrong, and daily work. In each, what the reader may settle comes first.
pub(super) fn lines(page: &Page, needs: &[Need]) -> [Vec<NeedLine>; 2] {
    let of = |is_routine: bool| {
        let needs = needs.iter().filter(|need| need.kind.is_routine() == is_routine);
        let mut lines: Vec<NeedLine> = needs.map(|need| line(page, need)).collect();
        lines.sort_by_key(|line| line.others.is_some());
        lines
    };
    [of(false), of(true)]
}

fn line(page: &Page, need: &Need) -> NeedLine {
    let (what, place) = pages::need(need, page.language, &page.zone);
    let count = (need.count > 1 || need.kind.is_routine()).then(|| page.number(need.count));
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
    NeedLine { what, count, address: place_address(&place), others }
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
    }
}
