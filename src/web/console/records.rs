//! Records: the list with its filters, and one record with what became of it.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use super::{
    address,
    form_value::Sent,
    history,
    known::Known,
    matching,
    page::{Page, respond},
    place, rights,
    view::{Button, Cell, Filter, Table, View},
};
use crate::{
    domain::{
        permission::Operation,
        states::{Recall, RecordState},
    },
    engine::query::RecordLine,
    engine::{
        operations::RecordName,
        printing::code_of_mock_card,
        query::{
            Cursor, FindRequest, FoundRecord, JobsOf, ListJobs, ListJumps, ListRecordEvents, ListRecords, PageRequest,
            Query, ShowPlace,
        },
    },
    web::{context::Web, input, problem::Problem, route::Sort},
    words::pages::{self, Text, texts},
};

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/records", get(list)).route("/records/{source}/{request_id}", get(show))
}

/// The filters of the list, by their names in the query string.
const FILTERS: [&str; 9] = ["source", "state", "profile", "district", "kind", "class", "reason", "batch", "recalled"];

async fn list(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let sent = Sent::of_query(&parts).unwrap_or_default();
    let number = sent.value("request").trim();
    if !number.is_empty() {
        return of_number(&web, page, number).await;
    }
    let listed = match query(&sent) {
        Ok(query) => page.ask(&web, query).await,
        Err(problem) => Err(problem),
    };
    // A filter with a value that no record has, or that is none, finds nothing: the filters stay, and the page says which one it is.
    let (records, nothing) = match listed {
        Ok(records) => (Some(records), String::new()),
        Err(problem) if is_of_filter(&problem) => (None, page.told(&problem)),
        Err(problem) => return Err(page.refused::<ListRecords>(&problem)),
    };
    let title = page.t(texts::RECORDS);
    let mut view = View::new(page, title);
    view.lead = nothing;
    if view.page.may(Operation::RecordSearch, Sort::Act) {
        let label = view.page.t(texts::SEARCH);
        view.buttons.push(Button { address: "/records/search".into(), label });
    }
    offer_jumps(&mut view);
    if view.page.may(Operation::ReportRead, Sort::Query) {
        let label = view.page.t(texts::IMPORTS);
        view.buttons.push(Button { address: "/imports".into(), label });
    }
    if view.page.may(Operation::BoardRead, Sort::Query) {
        let label = view.page.t(texts::SOURCES);
        view.buttons.push(Button { address: "/sources".into(), label });
    }
    if view.page.may(Operation::Import, Sort::Act) {
        let label = view.page.t(texts::IMPORT);
        view.buttons.push(Button { address: "/import".into(), label });
    }
    view.filters = filters(&web, &view.page, &sent);
    let mut table = table(&view.page, records.iter().flat_map(|records| &records.items));
    table.next = records.as_ref().and_then(|records| records.next).map(|next| {
        let after = next.0.to_string();
        let mut values: Vec<(&str, &str)> = FILTERS.map(|name| (name, sent.value(name))).to_vec();
        values.push(("after", &after));
        address::with_query("/records", &values)
    });
    view.tables.push(table);
    if sent.value("recalled").is_empty() && records.is_some() {
        view.buttons
            .extend(matching::buttons(&view.page, &matching::MATCHED.map(|name| (name, sent.value(name).trim()))));
    }
    Ok(respond(StatusCode::OK, &view))
}

/// The record with this number: its page, or all of them if several sources have it.
async fn of_number(web: &Arc<Web>, page: Page, number: &str) -> Result<Response, Response> {
    let (page, found) = page.read(web, FindRequest { request_id: number.to_owned() }).await?;
    if let [FoundRecord { record, .. }] = &*found {
        return Ok(Redirect::to(&address::record(&record.source, &record.request_id)).into_response());
    }
    let title = page.t(texts::RECORDS);
    let mut view = View::new(page, title);
    let page = &view.page;
    if found.is_empty() {
        view.lead = page.with(texts::NO_SUCH_NUMBER, &[number]);
    }
    let (filter, table) = (number_filter(page, number), table(page, found.iter().map(|found| &found.record)));
    (view.filters, view.tables) = (vec![filter], vec![table]);
    Ok(respond(StatusCode::OK, &view))
}

fn number_filter(page: &Page, number: &str) -> Filter {
    Filter { name: "request", label: page.t(texts::REQUEST), value: number.to_owned(), choices: Vec::new() }
}

/// The filters, with the values that are known.
fn filters(web: &Web, page: &Page, sent: &Sent) -> Vec<Filter> {
    let known = Known::of_page(web, page);
    let filter = |(name, label, pointer): (&'static str, Text, &str)| {
        let value = sent.value(name).to_owned();
        let states = || RecordState::ALL.iter().map(|state| state.as_str().to_owned()).collect();
        let mut values = if name == "state" { states() } else { known.of(pointer) };
        if !values.is_empty() && !value.is_empty() && !values.contains(&value) {
            values.push(value.clone());
        }
        let named = |value: String| (value.clone(), pages::value_in_words(pointer, &value, page.language));
        Filter { name, label: page.t(label), value, choices: values.into_iter().map(named).collect() }
    };
    std::iter::once(number_filter(page, "")).chain(matching::LABELS.map(filter)).collect()
}

/// Whether a problem is about what was asked for, and not about who asks or about the server.
fn is_of_filter(problem: &Problem) -> bool {
    [StatusCode::NOT_FOUND, StatusCode::UNPROCESSABLE_ENTITY].contains(&problem.status())
}

/// The list that the query string asks for. A field that is left empty filters nothing.
fn query(sent: &Sent) -> Result<ListRecords, Problem> {
    let mut fields = matching::record_match(sent)?;
    if sent.value("recalled") == "true" {
        fields["recalled"] = true.into();
    }
    let mut query: ListRecords = input::read(&fields)?;
    query.page = after(sent);
    Ok(query)
}

/// The page that the query string asks for.
pub(super) fn after(sent: &Sent) -> PageRequest {
    PageRequest { after: sent.value("after").parse().ok().map(Cursor), ..PageRequest::default() }
}

/// A table of records.
pub(super) fn table<'a>(page: &Page, records: impl Iterator<Item = &'a RecordLine>) -> Table {
    let headings = [
        texts::REQUEST,
        texts::SOURCE,
        texts::STATE,
        texts::REASON,
        texts::PROFILE,
        texts::KIND,
        texts::DISTRICT,
        texts::VERIFIED,
    ];
    let reason = |record: &RecordLine| {
        record.reason.as_deref().map(|reason| pages::stored_reason(reason, page.language)).unwrap_or_default()
    };
    let row = |record: &RecordLine| {
        vec![
            Cell::link(&record.request_id, address::record(&record.source, &record.request_id)),
            Cell::text(&record.source),
            Cell::text(state(page, record)),
            Cell::text(page.times_of(&reason(record))),
            Cell::text(&record.profile),
            Cell::text(pages::kind(&record.kind, page.language)),
            Cell::text(&record.district),
            Cell::text(page.day_and_time(&record.verified_at)),
        ]
    };
    Table { headings: headings.map(|text| page.t(text)).to_vec(), rows: records.map(row).collect(), ..Table::default() }
}

/// The name of a record's state.
pub(super) fn state(page: &Page, record: &RecordLine) -> String {
    let known = RecordState::ALL.into_iter().find(|state| state.as_str() == record.state);
    known.map_or_else(|| record.state.clone(), |state| page.language.record_state(state).to_owned())
}

async fn show(
    State(web): State<Arc<Web>>,
    Path((source, request_id)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let name = RecordName { source, request_id };
    let (page, place) = page.read(&web, ShowPlace { record: name.clone() }).await?;
    let (page, jobs) = page
        .read(&web, ListJobs { of: JobsOf::Record(name.clone()), state: None, page: PageRequest::default() })
        .await?;
    let (page, events) = page.read(&web, ListRecordEvents { record: name }).await?;
    let mut view = View::new(page, place.found.record.request_id.clone());
    view.lead = whereabouts(&view.page, &place.found);
    facts(&mut view, &place.found);
    view.facts.extend(place::facts(&view.page, &place));
    let found = place.found;
    let are_shown = Sent::of_query(&parts).unwrap_or_default().value("pictures") == "true";
    pictures(&mut view, &found.record, are_shown);
    if are_shown {
        mock_code(&web, &mut view, &found);
    }
    if found.card.as_ref().is_some_and(|card| card.proxy.is_some())
        && view.page.may(Operation::RecordSearch, Sort::Query)
    {
        let address = format!("{}/proxy", address::record(&found.record.source, &found.record.request_id));
        view.buttons.push(Button { address, label: view.page.t(texts::SHOW_PROXY) });
    }
    let page = &view.page;
    view.tables = [history::attempts(page, &jobs.items), history::events(page, &events)]
        .into_iter()
        .chain(beside(page, &found))
        .collect();
    offer(&mut view, &found);
    offer_jumps(&mut view);
    Ok(respond(StatusCode::OK, &view))
}

/// The list of jumps, for those who read it.
fn offer_jumps(view: &mut View) {
    if view.page.may(ListJumps::OPERATION, Sort::Query) {
        let label = view.page.t(texts::JUMPS);
        view.buttons.push(Button { address: "/jumps".into(), label });
    }
}

/// The photo and the preview of the card. They are read, and that is written down, only when the person asks for them.
fn pictures(view: &mut View, record: &RecordLine, are_shown: bool) {
    let page = &view.page;
    if !page.may(Operation::CardPreview, Sort::Act) {
        return;
    }
    let (source, request_id) = (address::encoded(&record.source), address::encoded(&record.request_id));
    if are_shown {
        view.pictures = vec![
            (page.t(texts::PHOTO), format!("/api/v1/records/{source}/{request_id}/photo")),
            (page.t(texts::PREVIEW), format!("/api/v1/cards/{source}/{request_id}/preview")),
        ];
    } else {
        let address = format!("/records/{source}/{request_id}?pictures=true");
        view.buttons.push(Button { address, label: page.t(texts::SHOW_PICTURES) });
    }
}

/// What a scanner would read from the card of a mock printer, so that the desks can be tried.
fn mock_code(web: &Web, view: &mut View, found: &FoundRecord) {
    let page = &view.page;
    let (Some(card), Some(shown)) = (&found.card, &page.shown) else { return };
    // In an office with real printers a card is scanned itself, also one whose printer has another address since.
    let is_mock = |uri: &str| uri.starts_with("mock:");
    if !shown.board.printers.iter().all(|printer| is_mock(&printer.uri)) {
        return;
    }
    let printer = shown.board.printers.iter().find(|printer| printer.name == card.printer);
    let uri = printer.map_or("", |printer| &printer.uri);
    let code = code_of_mock_card(&web.engine, &found.record.request_id, &card.attempt, uri);
    if let Some(code) = code.filter(|_| page.may(Operation::CardPreview, Sort::Act)) {
        view.facts.push((page.t(texts::MOCK_CODE), Cell::text(code)));
    }
}

/// Other requests of the same person.
fn beside(page: &Page, found: &FoundRecord) -> Option<Table> {
    let row = |other: &crate::engine::query::BesideLine| {
        vec![
            Cell::link(&other.request_id, address::record(&other.source, &other.request_id)),
            Cell::text(&other.source),
            Cell::text(
                RecordState::ALL
                    .into_iter()
                    .find(|state| state.as_str() == other.state)
                    .map_or("", |state| page.language.record_state(state)),
            ),
        ]
    };
    let headings = [texts::REQUEST, texts::SOURCE, texts::STATE].map(|text| page.t(text)).to_vec();
    let title = page.t(texts::OTHER_REQUESTS).to_owned();
    (!found.beside.is_empty()).then(|| Table {
        title,
        headings,
        rows: found.beside.iter().map(row).collect(),
        next: None,
    })
}

fn facts(view: &mut View, found: &FoundRecord) {
    let (page, record) = (&view.page, &found.record);
    let mut facts = vec![
        (page.t(texts::STATE), Cell::text(state(page, record))),
        (page.t(texts::SOURCE), Cell::text(&record.source)),
        (page.t(texts::PROFILE), Cell::text(&record.profile)),
        (page.t(texts::KIND), Cell::text(pages::kind(&record.kind, page.language))),
        (page.t(texts::DISTRICT), Cell::text(&record.district)),
        (page.t(texts::VILLAGE), Cell::text(&record.village)),
        (page.t(texts::VERIFIED), Cell::text(page.day_and_time(&record.verified_at))),
    ];
    if let Some(reason) = &record.reason {
        facts.push((page.t(texts::REASON), Cell::text(pages::stored_reason(reason, page.language))));
    }
    if let Some(note) = &record.note {
        facts.push((page.t(texts::WORDS), Cell::text(note)));
    }
    if let Some(card) = &found.card {
        let mut done = |label, done: &Option<crate::engine::query::Done>| {
            if let Some(done) = done {
                facts.push((page.t(label), Cell::text(format!("{}, {}", page.day_and_time(&done.at), done.by))));
            }
        };
        done(texts::CHECKED, &card.checked);
        done(texts::HANDED_OVER, &card.handed_over);
        facts.push((page.t(texts::COPY), Cell::number(page, card.copy)));
        facts.push((page.t(texts::PRINTER), Cell::link(&card.printer, address::printer(&card.printer))));
        facts.push((page.t(texts::BATCH), Cell::link(card.batch.to_string(), address::batch(card.batch))));
    }
    view.facts = facts;
}

/// Where the card of a record is, or what is missing: the counter's question.
pub(super) fn whereabouts(page: &Page, found: &FoundRecord) -> String {
    if let Some(place) = &found.in_hand {
        let (batch, before) = (place.batch.to_string(), page.number(place.before));
        return match &*place.state {
            "printing" => page.with(texts::WHERE_CARD_PRINTING, &[&place.printer]),
            "uncertain" => page.with(texts::WHERE_CARD_UNCERTAIN, &[&place.printer]),
            _ => page.with(texts::WHERE_CARD_QUEUED, &[&batch, &place.printer, &before]),
        };
    }
    let record = &found.record;
    let stopped = record
        .stop
        .as_deref()
        .is_some_and(|stop| [Recall::Withdrawn, Recall::Updated].iter().any(|one| one.as_str() == stop));
    if let Some(place) = outside(page, found) {
        return place;
    }
    let text = match RecordState::ALL.into_iter().find(|state| state.as_str() == record.state) {
        Some(RecordState::Printed) if record.surrendered => texts::WHERE_CARD_SURRENDERED,
        Some(RecordState::Printed) if stopped => texts::WHERE_CARD_STOPPED,
        Some(RecordState::Printed) if record.checked => texts::WHERE_CARD_READY,
        Some(RecordState::Printed) => texts::WHERE_CARD_UNCHECKED,
        Some(RecordState::HandedOver) => texts::WHERE_CARD_GONE,
        Some(RecordState::Held) => texts::WHERE_CARD_HELD,
        Some(RecordState::Quarantined) => texts::WHERE_CARD_QUARANTINED,
        Some(RecordState::Withdrawn) => texts::WHERE_CARD_WITHDRAWN,
        Some(RecordState::Waiting | RecordState::Batched | RecordState::Uncertain) | None => texts::WHERE_CARD_WAITS,
    };
    page.t(text).to_owned()
}

/// Where a card is that was sent to a district, or that a proxy received.
fn outside(page: &Page, found: &FoundRecord) -> Option<String> {
    let (record, card) = (&found.record, found.card.as_ref()?);
    let is_gone = record.state == "handed_over" && !record.surrendered;
    match &card.sent {
        Some(sent) if record.sent && record.stop.is_some() => {
            Some(page.with(texts::WHERE_CARD_SENT_STOPPED, &[&sent.district]))
        }
        Some(sent) if record.sent => {
            let values = [&*sent.district, &page.day_and_time(&sent.at), &sent.document];
            Some(page.with(texts::WHERE_CARD_SENT, &values))
        }
        _ if is_gone && card.proxy.is_some() => Some(page.t(texts::WHERE_CARD_WITH_PROXY).to_owned()),
        Some(sent) if is_gone => Some(page.with(texts::WHERE_CARD_COLLECTED, &[&sent.district])),
        Some(_) | None => None,
    }
}

/// Whether another open request of the same person keeps it off the waiting list.
fn has_duplicate(found: &FoundRecord) -> bool {
    let is_open = |state: &str| state.parse().is_ok_and(RecordState::occupies_slot);
    found.beside.iter().any(|other| is_open(&other.state))
}

/// The acts that fit the state of a record.
fn offer(view: &mut View, found: &FoundRecord) {
    let record = &found.record;
    let known = [("/record/source", &*record.source), ("/record/request_id", &*record.request_id)];
    let names: &[&str] = match RecordState::ALL.into_iter().find(|state| state.as_str() == record.state) {
        Some(RecordState::Waiting) if record.jumped => {
            &["HoldRecord", "PutFirst", "PutInClass", "PutBack", "WithdrawRecord"]
        }
        Some(RecordState::Waiting) => &["HoldRecord", "PutFirst", "PutInClass", "WithdrawRecord"],
        Some(RecordState::Held) => &["ReleaseRecord", "PutFirst", "PutInClass", "WithdrawRecord"],
        Some(RecordState::Batched) => &["HoldRecord"],
        Some(RecordState::Printed) if record.sent => &["HandOverCard", "HandOverByProxy"],
        Some(RecordState::Printed) if record.checked => {
            &["HandOverCard", "HandOverByProxy", "RejectCard", "RequestReprint"]
        }
        Some(RecordState::Printed) => &["CheckCard", "RejectCard", "RequestReprint"],
        Some(RecordState::HandedOver) => &["SurrenderCard", "CorrectHandOver", "RequestReprint"],
        // One of the two is kept first.
        Some(RecordState::Quarantined) if has_duplicate(found) => &["ResolveDuplicate", "WithdrawRecord"],
        Some(RecordState::Quarantined) => &["ReleaseRecord", "WithdrawRecord"],
        Some(RecordState::Withdrawn) => &["RestoreRecord"],
        Some(RecordState::Uncertain) | None => &[],
    };
    for name in names {
        view.offer(name, &known);
    }
    let (operation, sort) = (Operation::RecordChange, Sort::Request);
    if names.contains(&"ResolveDuplicate") && !view.page.may(operation, sort) {
        let roles: Vec<&str> =
            rights::roles_with(operation, sort).into_iter().map(|role| view.page.role(role)).collect();
        view.lead = format!("{} {}.", view.lead, view.page.with(texts::SETTLED_BY, &[&roles.join(", ")]));
    }
    let one = format!("{} {}", record.source, record.request_id);
    if record.sent {
        view.offer("ReceiveCards", &[("/records", &one)]);
    } else if record.state == "printed" && record.checked && record.stop.is_none() {
        view.offer("SendCards", &[("/records", &one)]);
    }
}
