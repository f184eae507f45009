//! What an act that waits for its second person does, in words.

use serde_json::Value;

use super::{address, form_value::Sent, known, page::Page, view::Cell};
use crate::{
    domain::{
        count::WhichCount,
        id::{CountId, PendingActId},
        pending::PendingState,
        permission::Operation,
        time::Timestamp,
    },
    engine::{
        operations::TwoPersonAct,
        query::{Limit, ListUncertain, PageRequest, PendingActLine, ShowCount, ShowPendingAct},
    },
    web::{context::Web, route::Sort},
    words::pages::{self, texts},
};

/// The arguments that are numbers of something; other numbers are names.
const QUANTITIES: &[&str] = &["/quantity", "/delivered"];

/// An act that waits, on the page on which it is decided.
pub(super) struct WaitingAct {
    /// What is done.
    pub(super) title: String,
    /// What follows from it; empty where it is refused or taken back.
    pub(super) consequence: &'static str,
    /// Who asked for it, why, and each of its arguments.
    pub(super) facts: Vec<(&'static str, Cell)>,
    /// What became of it, by whom and when; `None` while it can be decided.
    pub(super) decided: Option<String>,
}

/// The act that a form decides.
pub(super) fn decided_by(form: &str, sent: &Sent) -> Option<PendingActId> {
    let name = match form {
        "ConfirmAct" | "RefuseAct" | "TakeBackAct" => "/id",
        "ApproveReprint" | "RefuseReprint" => "/warrant",
        _ => return None,
    };
    Some(PendingActId(sent.value(name).trim().parse().ok()?))
}

impl WaitingAct {
    /// The act that a form decides; `None` for another form, or while it is not known which act is meant. Where it cannot be shown, as
    /// while its blanks are counted, that is said in its place.
    pub(super) async fn of(web: &Web, page: &Page, form: &str, sent: &Sent) -> Option<Self> {
        let id = decided_by(form, sent)?;
        if !page.may(Operation::BoardRead, Sort::Query) {
            return None;
        }
        let view = match page.ask(web, ShowPendingAct { id }).await {
            Ok(view) => view,
            Err(problem) => {
                let title = page.told(&problem);
                return Some(Self { title, consequence: "", facts: Vec::new(), decided: None });
            }
        };
        let decided = decided(page, &view.line, web.engine.clock.now());
        let mut facts = vec![
            (page.t(texts::ASKED_BY), Cell::text(asked(page, &view.line))),
            (page.t(texts::SUBJECT), subject(page, &view.line, Some(&view.arguments))),
        ];
        facts.extend(arguments(page, &view.arguments, view.records));
        if let TwoPersonAct::BookCount(act) = &view.arguments {
            facts.extend(counted(web, page, act.count, act.which).await);
        }
        if let TwoPersonAct::ResolveNothing(act) = &view.arguments {
            facts.extend(uncertain(web, page, &act.attempt).await);
        }
        let name = view.arguments.name();
        if let Some(note) = view.line.decided_note.as_ref().filter(|note| !note.is_empty()) {
            facts.push((page.t(texts::DECIDED_BECAUSE), Cell::text(note)));
        }
        let is_confirmed = matches!(form, "ConfirmAct" | "ApproveReprint") && decided.is_none();
        let consequence = pages::confirmed(name).filter(|_| is_confirmed).map_or("", |text| page.t(text));
        Some(Self { title: title(page, &view.arguments), consequence, facts, decided })
    }
}

/// What became of an act that can no longer be decided, by whom and when.
fn decided(page: &Page, line: &PendingActLine, now: Timestamp) -> Option<String> {
    let by = line.decided_by.as_deref().unwrap_or_default();
    let at = line.decided_at.as_deref().map_or_else(String::new, |at| page.day_and_time(at));
    let expired = || {
        let at = line.expires_at.as_deref().map_or_else(String::new, |at| page.day_and_time(at));
        page.with(texts::ACT_EXPIRED, &[&at])
    };
    match line.state {
        PendingState::Pending => {
            let end = line.expires_at.as_deref().and_then(Timestamp::parse);
            end.is_some_and(|end| now >= end).then(expired)
        }
        PendingState::Confirmed => Some(page.with(texts::ACT_CONFIRMED, &[by, &at])),
        PendingState::Refused => Some(page.with(texts::ACT_REFUSED, &[by, &at])),
        PendingState::TakenBack => Some(page.with(texts::ACT_TAKEN_BACK, &[by, &at])),
        PendingState::Expired => Some(expired()),
        PendingState::Conflict => Some(page.with(texts::ACT_CONFLICT, &[&at])),
    }
}

/// Who asked for it, and when.
pub(super) fn asked(page: &Page, line: &PendingActLine) -> String {
    page.with(texts::BY_AT, &[&line.requested_by, &page.day_and_time(&line.requested_at)])
}

/// What it is about; a record leads to its page, which has its attempts, its history and its card.
pub(super) fn subject(page: &Page, line: &PendingActLine, act: Option<&TwoPersonAct>) -> Cell {
    let text = pages::subject(&line.target, page.language);
    match act.and_then(TwoPersonAct::record) {
        Some(record) => Cell::link(text, address::record(&record.source, &record.request_id)),
        None => Cell::text(text),
    }
}

/// What is done.
pub(super) fn title(page: &Page, act: &TwoPersonAct) -> String {
    pages::act(act.name()).map_or("", |text| page.t(text.title)).to_owned()
}

/// The arguments of an act, in the order of its form, with its reason last.
pub(super) fn arguments(page: &Page, act: &TwoPersonAct, records: Option<i64>) -> Vec<(&'static str, Cell)> {
    // Cannot fail: an act is texts and numbers.
    let mut told = serde_json::to_value(act).unwrap_or_default();
    if let Some(fields) = told.as_object_mut() {
        fields.remove("act");
    }
    let mut found = Vec::new();
    collect(page, "", &told, &mut found);
    found.sort_by_key(|(pointer, _)| pages::field_place(pointer));
    let label = |pointer: &str| pages::field(pointer).map_or("", |text| page.t(text));
    let number = records.map(|records| (page.t(texts::MATCHING), Cell::text(page.number(records))));
    number.into_iter().chain(found.into_iter().map(|(pointer, cell)| (label(&pointer), cell))).collect()
}

fn collect(page: &Page, pointer: &str, value: &Value, found: &mut Vec<(String, Cell)>) {
    let cell = match value {
        Value::Null => return,
        Value::Bool(yes) => Cell::text(page.t(if *yes { texts::YES } else { texts::NO })),
        Value::Number(number) => match (pointer, number.as_i64()) {
            (pointer, Some(quantity)) if QUANTITIES.contains(&pointer) || pointer.ends_with("/counted") => {
                Cell::text(page.number(quantity))
            }
            ("/count", Some(count)) => Cell::link(count.to_string(), address::count(count)),
            ("/filter/batch", Some(batch)) => Cell::link(batch.to_string(), address::batch(batch)),
            _ => Cell::text(number.to_string()),
        },
        Value::String(text) => Cell::text(pages::value_in_words(pointer, text, page.language)),
        Value::Array(items) => {
            let texts = items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
            Cell::text(texts.collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                collect(page, &format!("{pointer}/{name}"), value, found);
            }
            return;
        }
    };
    found.push((pointer.to_owned(), cell));
}

/// What is booked: the count that was chosen, beside the book.
async fn counted(web: &Web, page: &Page, count: CountId, which: WhichCount) -> Vec<(&'static str, Cell)> {
    let line = known::read(web, page, ShowCount { count }).await;
    let made = line.and_then(|line| match which {
        WhichCount::First => line.first,
        WhichCount::Second => line.second,
    });
    let Some((counted, booked)) = made.and_then(|made| made.counted.zip(made.booked)) else { return Vec::new() };
    let fact = |text, number| (page.t(text), Cell::text(page.number(number)));
    vec![fact(texts::COUNTED, counted), fact(texts::BOOK, booked), fact(texts::DIFFERENCE, counted - booked)]
}

/// Whose card is looked for, and where: the record leads to its page.
async fn uncertain(web: &Web, page: &Page, attempt: &str) -> Vec<(&'static str, Cell)> {
    let asked = PageRequest { after: None, limit: Limit::MAX };
    let lines = known::read(web, page, ListUncertain { page: asked }).await.map(|found| found.items);
    let Some(line) = lines.into_iter().flatten().find(|line| line.attempt == attempt) else { return Vec::new() };
    let printer = Cell::link(&line.printer, address::printer(&line.printer));
    let mut facts = vec![(page.t(texts::PRINTER), printer)];
    if let (Some(source), Some(request_id)) = (&line.source, &line.request_id) {
        facts.insert(0, (page.t(texts::REQUEST), Cell::link(request_id, address::record(source, request_id))));
    }
    if let Some(batch) = line.batch {
        facts.push((page.t(texts::BATCH), Cell::link(batch.to_string(), address::batch(batch))));
    }
    if let Some(reason) = &line.reason {
        let seen = page.times_of(&pages::stored_reason(reason, page.language));
        facts.push((page.t(texts::WHAT_WAS_SEEN), Cell::text(seen)));
    }
    facts
}

/// Why it was asked for: that of a reprint in words, as it is a code of the card profile.
pub(super) fn reason(page: &Page, act: Option<&TwoPersonAct>, reason: &str) -> String {
    match act {
        Some(TwoPersonAct::Reprint(_)) => pages::value_in_words("/reason", reason, page.language),
        Some(_) | None => reason.to_owned(),
    }
}

/// The arguments in one line, without what the list has in other columns.
pub(super) fn in_one_line(page: &Page, act: &TwoPersonAct, records: Option<i64>) -> String {
    let others = ["/record/source", "/record/request_id", "/attempt", "/count", "/document", "/reason", "/note"];
    let others = others.map(|name| pages::field(name).map_or("", |text| page.t(text)));
    let told = arguments(page, act, records).into_iter().filter(|(label, _)| !others.contains(label));
    told.map(|(label, cell)| format!("{label}: {}", cell.text)).collect::<Vec<_>>().join("; ")
}
