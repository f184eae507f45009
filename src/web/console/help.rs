//! The page with the keys and the codes: what a hand can do without a mouse.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::Response,
    routing::get,
};

use super::{
    desk::{ACCEPT, REJECT},
    page::{Page, respond},
    view::{Button, Cell, Table, View},
};
use crate::{
    web::context::Web,
    words::pages::{Text, texts},
};

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/help", get(show))
}

async fn show(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let title = page.t(texts::HELP);
    let mut view = View::new(page, title);
    let page = &view.page;
    view.lead = page.t(if page.has_keys { texts::KEYS_ON } else { texts::KEYS_OFF }).to_owned();
    let line = |key: &str, what: &str| vec![Cell::text(key), Cell::text(what)];
    let mut rows = vec![line("?", page.t(texts::HELP))];
    rows.extend(page.search().map(|_| line("/", page.t(texts::SEARCH))));
    rows.extend(page.places().iter().map(|place| line(&format!("g {}", place.key), place.title)));
    rows.push(line("g m", page.t(texts::ME)));
    let headings = |what: Text| [texts::KEY, what].map(|text| page.t(text)).to_vec();
    let keys = Table { title: page.t(texts::KEYS).into(), headings: headings(texts::LEADS_TO), rows, next: None };
    let rows = vec![
        line(ACCEPT, page.t(texts::CODE_ACCEPTS)),
        line(&format!("{REJECT}print-failed"), page.t(texts::CODE_REJECTS)),
    ];
    let codes = [texts::CODE, texts::EVENT].map(|text| page.t(text)).to_vec();
    let codes = Table { title: page.t(texts::CODES).into(), headings: codes, rows, next: None };
    view.tables = vec![keys, codes];
    let label = view.page.t(texts::PRINT_CODES);
    view.buttons.push(Button { address: "/check/codes".into(), label });
    Ok(respond(StatusCode::OK, &view))
}
