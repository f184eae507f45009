//! The pile of a batch: how many of its cards were checked, and which are missing. And the codes that check it without a keyboard.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Request, State},
    http::StatusCode,
    response::Response,
    routing::get,
};

use super::{
    address,
    desk::{ACCEPT, CAUSES, REJECT},
    form_value::Sent,
    page::{Page, respond},
    records::after,
    view::{Button, Cell, Table, Verdict, View},
};
use crate::{
    domain::{card::profile::Symbology, id::BatchId, permission::Operation},
    engine::{
        printing::document::code_outline,
        query::{Limit, ListPile, PageRequest, Pile, PileCounts, PileLine, ShowPile},
    },
    web::{context::Web, route::Sort},
    words::pages::{self, texts},
};

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/batches/{batch}/pile", get(show)).route("/check/codes", get(codes))
}

async fn show(State(web): State<Arc<Web>>, Path(number): Path<i64>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let sent = Sent::of_query(&parts).unwrap_or_default();
    let batch = BatchId(number);
    let (page, Pile { counts, .. }) = page.read(&web, ShowPile { batch }).await?;
    let asked = PageRequest { limit: Limit::MAX, ..after(&sent) };
    let (page, missing) = page.read(&web, ListPile { batch, page: asked }).await?;
    let title = page.with(texts::PILE_OF, &[&number.to_string()]);
    let mut view = View::new(page, title);
    view.is_live = true;
    tell(&mut view, counts);
    let next = missing.next.map(|next| format!("/batches/{number}/pile?after={}", next.0));
    let table = missing_table(&view.page, &missing.items, next);
    view.tables.extend((counts.missing > 0).then_some(table));
    if view.page.may(Operation::CardCheck, Sort::Act) {
        let label = view.page.t(texts::CHECK_THIS_PILE);
        view.buttons.push(Button { address: format!("/check?batch={number}"), label });
    }
    view.buttons.push(Button { address: address::batch(number), label: view.page.t(texts::BACK) });
    Ok(respond(StatusCode::OK, &view))
}

/// How many cards are expected, checked and missing.
fn tell(view: &mut View, counts: PileCounts) {
    let page = &view.page;
    let PileCounts { expected, checked, missing } = counts;
    let (tone, text) = if missing == 0 { ("good", texts::PILE_WHOLE) } else { ("bad", texts::PILE_MISSING) };
    view.verdict = (expected > 0).then(|| Verdict { tone, words: page.with(text, &[&page.number(missing)]) });
    view.facts = vec![
        (page.t(texts::PILE_EXPECTED), Cell::number(page, expected)),
        (page.t(texts::PILE_CHECKED), Cell::gauge(page.number(checked), Some(checked), Some(expected.max(1)))),
        (page.t(texts::PILE_LEFT), Cell::number(page, missing)),
    ];
}

/// The cards that are missing.
fn missing_table(page: &Page, missing: &[PileLine], next: Option<String>) -> Table {
    let headings = [texts::REQUEST, texts::SOURCE, texts::DISTRICT, texts::VILLAGE, texts::CARD];
    let row = |card: &PileLine| {
        vec![
            Cell::link(&card.request_id, address::record(&card.source, &card.request_id)),
            Cell::text(&card.source),
            Cell::text(&card.district),
            Cell::text(&card.village),
            Cell::text(if card.recalled { page.t(texts::WHERE_CARD_STOPPED) } else { "" }),
        ]
    };
    Table {
        title: page.t(texts::PILE_LEFT).to_owned(),
        headings: headings.map(|text| page.t(text)).to_vec(),
        rows: missing.iter().map(row).collect(),
        next,
    }
}

/// A code to be printed and laminated.
struct Code {
    text: String,
    what: String,
    /// The width and the height of its picture, in modules.
    size: (u32, u32),
    /// The dark modules, as the path of an SVG drawing.
    path: String,
}

/// The sheet of codes.
#[derive(Template)]
#[template(path = "codes.html", config = "src/web/console/askama.toml")]
struct Codes {
    page: Page,
    codes: Vec<Code>,
}

async fn codes(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let mut page = Page::of(&web, &parts).await?;
    page.t(texts::CODES).clone_into(&mut page.title);
    let code = |text: String, what: String| {
        // Cannot fail: the texts are short, and of letters.
        let (width, height, path) = code_outline(Symbology::Qr, &text).unwrap_or_default();
        Code { text, what, size: (width, height), path }
    };
    let accept = code(ACCEPT.to_owned(), page.t(texts::CODE_MEANS_ACCEPT).to_owned());
    let reject = |cause: &str| {
        let cause_text = pages::choice(cause).map_or(cause, |text| page.t(text));
        code(format!("{REJECT}{cause}"), page.with(texts::CODE_MEANS_REJECT, &[cause_text]))
    };
    let codes = std::iter::once(accept).chain(CAUSES.map(reject)).collect();
    Ok(respond(StatusCode::OK, &Codes { page, codes }))
}
