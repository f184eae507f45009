//! All records that match filters: how many they are, and what an act would do with them, before it is done.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use serde_json::{Map, Value};

use super::{
    address,
    form_value::Sent,
    page::{Page, respond},
    view::{Button, Cell, Table, View},
};
use crate::{
    domain::{permission::Operation, states::RecordState},
    engine::{
        operations::{MatchingAct, MatchingCount, RecordOutcome},
        query::CountMatching,
    },
    web::{context::Web, input, problem::Problem, route::Sort},
    words::{
        ValueRule,
        pages::{self, Text, texts},
    },
};

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/matching-records", get(show))
}

/// The filters of the list of records that acts on all that match have too.
pub(super) const MATCHED: [&str; 8] = ["source", "state", "profile", "district", "kind", "class", "reason", "batch"];

/// What these filters are called, and the fields of acts whose values they have.
pub(super) const LABELS: [(&str, Text, &str); 8] = [
    ("source", texts::SOURCE, "/filter/source"),
    ("state", texts::STATE, "/filter/state"),
    ("profile", texts::PROFILE, "/filter/profile"),
    ("district", texts::DISTRICT, "/district"),
    ("kind", texts::KIND, "/filter/kind"),
    ("class", texts::CLASS, "/filter/class"),
    ("reason", texts::REASON, "/filter/reason"),
    ("batch", texts::BATCH, "/filter/batch"),
];

/// What matches: each filter that has a value, in words.
fn filters(page: &Page, sent: &Sent) -> Vec<(&'static str, Cell)> {
    let told = |(name, label, pointer): (&str, Text, &str)| {
        let value = sent.value(name).trim();
        let words = pages::value_in_words(pointer, value, page.language);
        (!value.is_empty()).then(|| (page.t(label), Cell::text(words)))
    };
    LABELS.into_iter().filter_map(told).collect()
}

/// The address of the list with these filters.
fn list_address(sent: &Sent) -> String {
    address::with_query("/records", &MATCHED.map(|name| (name, sent.value(name).trim())))
}

/// The filters that the query string names, of those that acts on all that match have.
pub(super) fn record_match(sent: &Sent) -> Result<Value, Problem> {
    let mut fields = serde_json::Map::new();
    for name in MATCHED {
        let text = sent.value(name).trim();
        if text.is_empty() {
            continue;
        }
        let is_number = matches!(name, "class" | "batch");
        let number = || text.parse::<i64>().map_err(|_| Problem::invalid(&format!("/{name}"), ValueRule::NotWhole));
        fields.insert(name.into(), if is_number { number()?.into() } else { text.into() });
    }
    Ok(Value::Object(fields))
}

/// The name of an act in an address, the act of the engine with what is known of it, its label, and what is said of a number of records.
struct Offered {
    name: &'static str,
    act: &'static str,
    known: Option<(&'static str, &'static str)>,
    operation: Operation,
    sort: Sort,
    label: Text,
    lead: Text,
}

fn offered(act: MatchingAct) -> Offered {
    let (hold, release, change) = (Operation::RecordHold, Operation::RecordRelease, Operation::RecordChange);
    let of =
        |name, act, known, (operation, sort), label, lead| Offered { name, act, known, operation, sort, label, lead };
    let (hold, release, change) = ((hold, Sort::Act), (release, Sort::Act), (change, Sort::Request));
    match act {
        MatchingAct::Hold => of("hold", "HoldMatching", None, hold, texts::HOLD_ALL, texts::HOLD_ALL_LEAD),
        MatchingAct::Release => {
            of("release", "ReleaseMatching", None, release, texts::RELEASE_ALL, texts::RELEASE_ALL_LEAD)
        }
        MatchingAct::PutFirst => {
            let known = Some(("/turn", "before-others"));
            of("put-first", "PrioritizeMatching", known, release, texts::PUT_ALL_FIRST, texts::PUT_ALL_FIRST_LEAD)
        }
        MatchingAct::PutBack => {
            let known = Some(("/turn", "usual"));
            of("put-back", "PrioritizeMatching", known, release, texts::PUT_ALL_BACK, texts::PUT_ALL_BACK_LEAD)
        }
        MatchingAct::Withdraw => {
            let known = Some(("/change", "withdraw"));
            of("withdraw", "ChangeMatching", known, change, texts::WITHDRAW_ALL, texts::WITHDRAW_ALL_LEAD)
        }
        MatchingAct::Restore => {
            let known = Some(("/change", "restore"));
            of("restore", "ChangeMatching", known, change, texts::RESTORE_ALL, texts::RESTORE_ALL_LEAD)
        }
    }
}

/// The acts that fit the filter of a list by its state. Without any filter none is offered.
pub(super) fn buttons(page: &Page, filters: &[(&str, &str)]) -> Vec<Button> {
    use MatchingAct::{Hold, PutBack, PutFirst, Release, Restore, Withdraw};
    if filters.iter().all(|(_, value)| value.is_empty()) {
        return Vec::new();
    }
    let state = filters.iter().find(|(name, _)| *name == "state").and_then(|(_, value)| value.parse().ok());
    let acts: &[MatchingAct] = match state {
        None | Some(RecordState::Batched) => &[Hold, Withdraw],
        Some(RecordState::Waiting) => &[Hold, PutFirst, PutBack, Withdraw],
        Some(RecordState::Held | RecordState::Quarantined) => &[Release, PutFirst, Withdraw],
        Some(RecordState::Withdrawn) => &[Restore],
        Some(RecordState::Printed | RecordState::HandedOver | RecordState::Uncertain) => &[],
    };
    let may = |offered: &Offered| page.may(offered.operation, offered.sort);
    let button = |offered: Offered| {
        let values: Vec<_> = filters.iter().copied().chain([("act", offered.name)]).collect();
        Button { address: address::with_query("/matching-records", &values), label: page.t(offered.label) }
    };
    acts.iter().map(|act| offered(*act)).filter(may).map(button).collect()
}

async fn show(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let sent = Sent::of_query(&parts).unwrap_or_default();
    let query = match query(&sent) {
        Ok(query) => query,
        Err(problem) => return Err(page.failed(&problem)),
    };
    let offered = offered(query.act);
    let title = page.t(offered.label);
    if !page.may(offered.operation, offered.sort) {
        return Err(page.forbidden(title, offered.operation, offered.sort));
    }
    let (page, counted) = page.read(&web, query).await?;
    let mut view = View::new(page, title);
    tell(&mut view, &offered, &counted);
    let filters = filters(&view.page, &sent);
    view.facts.splice(0..0, filters);
    // All were tried, and none can be done.
    let is_vain = counted.tried == counted.matching && counted.would_be_refused == counted.tried;
    if counted.matching > 0 && !is_vain {
        let as_of = counted.as_of.to_string();
        let mut known: Vec<(String, &str)> = MATCHED
            .iter()
            .map(|name| (format!("/filter/{name}"), sent.value(name).trim()))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        known.push(("/as_of".into(), &as_of));
        known.extend(offered.known.map(|(name, value)| (name.to_owned(), value)));
        let back = list_address(&sent);
        known.push(("back".into(), &back));
        let known: Vec<(&str, &str)> = known.iter().map(|(name, value)| (&**name, *value)).collect();
        if let Some(address) = super::link::to_act(&view.page.roles(), offered.act, &known) {
            view.buttons.push(Button { address, label: title });
        }
    }
    let back = Button { address: list_address(&sent), label: view.page.t(texts::BACK) };
    view.buttons.push(back);
    Ok(respond(StatusCode::OK, &view))
}

fn query(sent: &Sent) -> Result<CountMatching, Problem> {
    let mut fields = Map::new();
    fields.insert("act".into(), sent.value("act").into());
    fields.insert("filter".into(), record_match(sent)?);
    input::read(&Value::Object(fields))
}

/// What would become of the records.
fn tell(view: &mut View, offered: &Offered, counted: &MatchingCount) {
    let page = &view.page;
    let number = |number: u64| page.number(i64::try_from(number).unwrap_or(i64::MAX));
    view.lead = match (counted.matching, counted.more) {
        (0, false) => page.t(texts::NONE_MATCHES).to_owned(),
        // Those of the tried ones that are refused stay as they are.
        (matching, false) => page.with(offered.lead, &[&number(matching - counted.would_be_refused.min(matching))]),
        (matching, true) => page.with(texts::MORE_MATCH, &[&number(matching)]),
    };
    let cell = |count: u64| Cell::number(page, i64::try_from(count).unwrap_or(i64::MAX));
    let mut facts = Vec::new();
    if counted.batched > 0 {
        facts.push((page.t(texts::MATCHING_BATCHED), cell(counted.batched)));
    }
    if counted.would_be_refused > 0 {
        let of = page.with(texts::OF_TRIED, &[&number(counted.would_be_refused), &number(counted.tried)]);
        facts.push((page.t(texts::WOULD_BE_REFUSED), Cell::text(of)));
    }
    if counted.left_out > 0 {
        facts.push((page.t(texts::MATCHING_LEFT_OUT), cell(counted.left_out)));
    }
    for (state, count) in &counted.others {
        let name = state.parse().map_or("", |state: RecordState| page.language.record_state(state));
        let text = page.with(texts::OF_STATE, &[&number(*count), name]);
        facts.push((page.t(texts::STAY_AS_THEY_ARE), Cell::text(text)));
    }
    let refused = |outcome: &RecordOutcome| {
        let (record, why) = (&outcome.record, outcome.refusal.as_ref());
        vec![
            Cell::link(&record.request_id, address::record(&record.source, &record.request_id)),
            Cell::text(&record.source),
            Cell::text(why.map(|why| page.refusal(why)).unwrap_or_default()),
        ]
    };
    let headings = [texts::REQUEST, texts::SOURCE, texts::REASON].map(|text| page.t(text)).to_vec();
    let rows: Vec<_> = counted.refused.iter().map(refused).collect();
    let mut tables = Vec::new();
    if !rows.is_empty() {
        tables.push(Table { title: page.t(texts::WOULD_BE_REFUSED).into(), headings, rows, next: None });
    }
    if !counted.notes.is_empty() {
        let rows = counted.notes.iter().map(|(note, count)| vec![Cell::text(note), cell(*count)]).collect();
        let headings = [texts::WORDS, texts::MATCHING].map(|text| page.t(text)).to_vec();
        tables.push(Table { title: page.t(texts::HELD_WITH).into(), headings, rows, next: None });
    }
    view.facts = facts;
    view.tables = tables;
}
