//! The place of a record on the waiting list, and the list of jumps.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::Response,
    routing::get,
};

use super::{
    address,
    form_value::Sent,
    page::{Page, respond},
    view::{Cell, Table, View},
};
use crate::{
    domain::{card::profile::WALK_IN_CLASS, place::PlaceCause},
    engine::query::{Cursor, JumpLine, ListJumps, PageRequest, RecordPlace, RecordsBefore},
    web::context::Web,
    words::pages::{self, Text, texts},
};

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/jumps", get(list))
}

/// All jumps, the last first.
async fn list(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let sent = Sent::of_query(&parts).unwrap_or_default();
    let asked = PageRequest { after: sent.value("after").parse().ok().map(Cursor), ..PageRequest::default() };
    let (page, found) = page.read(&web, ListJumps { since: None, page: asked }).await?;
    let title = page.t(texts::JUMPS);
    let mut view = View::new(page, title);
    let page = &view.page;
    view.lead = page.t(texts::JUMPS_LEAD).to_owned();
    let headings = [
        texts::WHEN,
        texts::BY,
        texts::REQUEST,
        texts::PROFILE,
        texts::OPERATION,
        texts::FROM_CLASS,
        texts::TO_CLASS,
        texts::REASON,
    ];
    let row = |line: &JumpLine| {
        vec![
            Cell::text(page.day_and_time(&line.at)),
            Cell::text(&line.by),
            Cell::link(&line.request_id, address::record(&line.source, &line.request_id)),
            Cell::text(&line.profile),
            Cell::text(page.t(cause(line.cause))),
            Cell::text(class(page, line.from_class)),
            Cell::text(class(page, line.to_class)),
            Cell::text(&line.note),
        ]
    };
    let next = found.next.map(|next| address::with_query("/jumps", &[("after", &next.0.to_string())]));
    let headings = headings.map(|text| page.t(text)).to_vec();
    let rows = found.items.iter().map(row).collect();
    view.tables.push(Table { title: String::new(), headings, rows, next });
    Ok(respond(StatusCode::OK, &view))
}

fn cause(cause: PlaceCause) -> Text {
    match cause {
        PlaceCause::PutFirst => texts::JUMP_FIRST,
        PlaceCause::PutInClass => texts::JUMP_CLASS,
        PlaceCause::PutBack => texts::JUMP_BACK,
        PlaceCause::Updated => texts::JUMP_UPDATED,
    }
}

/// A priority class; that of walk-ins by its name.
pub(super) fn class(page: &Page, class: i64) -> String {
    if class == WALK_IN_CLASS { page.t(texts::CLASS_WALK_IN).to_owned() } else { class.to_string() }
}

/// A class with the kinds of requests that have it.
pub(super) fn with_kinds(page: &Page, of: i64, kinds: &[String]) -> String {
    let kinds: Vec<_> = kinds.iter().map(|kind| pages::kind(kind, page.language)).collect();
    let of = class(page, of);
    if kinds.is_empty() { of } else { format!("{of} ({})", kinds.join(", ")) }
}

/// The place of a record, as facts of its page.
pub(super) fn facts(page: &Page, place: &RecordPlace) -> Vec<(&'static str, Cell)> {
    let mut facts = vec![(page.t(texts::CLASS), Cell::text(with_kinds(page, place.keys.class, &place.kinds)))];
    if place.keys.class != place.own_class {
        facts.push((page.t(texts::OWN_CLASS), Cell::text(place.own_class.to_string())));
    }
    if let Some(JumpLine { at, by, cause: of, note, .. }) = &place.jump {
        let values = [page.t(cause(*of)), by, &page.day_and_time(at), note];
        facts.push((page.t(texts::JUMPED), Cell::text(page.with(texts::JUMPED_BY, &values))));
    }
    let Some(before) = &place.before else { return facts };
    facts.push((page.t(texts::BEFORE_IT), Cell::text(before_it(page, before))));
    facts.push((page.t(texts::ORDER_RULE), Cell::text(page.t(texts::ORDER_RULE_IS))));
    let requested = page.day_and_time(&place.keys.requested_at.to_string());
    facts.push((page.t(texts::REQUESTED), Cell::text(requested)));
    facts.push((page.t(texts::PRINTERS_OF_PROFILE), Cell::text(place.printers.join(", "))));
    facts
}

fn before_it(page: &Page, before: &RecordsBefore) -> String {
    let number = page.number(before.records);
    if before.is_more {
        return page.with(texts::BEFORE_MORE, &[&number]);
    }
    let earlier = before.earlier.iter().map(|of| {
        let class = with_kinds(page, of.class, &of.kinds);
        page.with(texts::BEFORE_IN_CLASS, &[&page.number(of.records), &class])
    });
    let own = page.with(texts::BEFORE_IN_OWN, &[&page.number(before.own)]);
    let parts: Vec<_> = earlier.chain([own]).collect();
    format!("{number}: {}", parts.join(", "))
}
