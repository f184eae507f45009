//! The blanks and the people of the office.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::Response,
    routing::get,
};

use super::{
    address, first_start,
    form_value::Sent,
    page::{Page, respond},
    records::after,
    view::{Button, Cell, Table, View, button},
};
use crate::{
    domain::actor::Role,
    engine::query::{
        AccountLine, BalanceLine, Cursor, HiddenType, MovementLine, Page as List, PageRequest, SessionLine,
    },
    engine::query::{ListAccounts, ListMovements, ListSessions, ListTokens, Query, ShowStock, TokenLine},
    web::{context::Web, route::Sort},
    words::pages::{self, texts},
};

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/stock", get(stock)).route("/people", get(people)).route("/me", get(me))
}

async fn stock(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let sent = Sent::of_query(&parts).unwrap_or_default();
    let (page, stock) = page.read(&web, ShowStock {}).await?;
    let asked = |page| ListMovements { page, ..ListMovements::default() };
    let (page, movements) = page.read_seen(&web, after(&sent), asked).await?;
    let title = page.t(texts::STOCK);
    let mut view = View::new(page, title);
    let page = &view.page;
    let place = |account: &str, place: &str| {
        let account = pages::stock_account(account, page.language);
        if place.is_empty() { account } else { format!("{account} {place}") }
    };
    let balance = |line: &BalanceLine| {
        vec![
            Cell::text(&line.blank_type),
            Cell::text(&line.lot),
            Cell::text(place(&line.account, &line.place)),
            Cell::number(page, line.quantity),
        ]
    };
    let headings = [texts::TYPE, texts::LOT, texts::PLACE_OF_BLANKS, texts::NUMBER].map(|text| page.t(text)).to_vec();
    let rows = stock.accounts.iter().filter(|line| line.quantity != 0).map(balance).collect();
    let balances = Table { title: page.t(texts::BALANCES).into(), headings, rows, next: None };
    let movement = |line: &MovementLine| {
        let number = line.id.to_string();
        let reversal = (line.cause == "received" && line.quantity > 0)
            .then(|| button(page, "ReverseDelivery", &[("/movement", &number)]).map(|button| button.address));
        vec![
            Cell::text(&number),
            Cell::text(page.day_and_time(&line.at)),
            Cell::text(&line.blank_type),
            Cell::text(place(&line.from, "")),
            Cell::text(place(&line.to, "")),
            Cell::number(page, line.quantity),
            Cell::text(line.document.as_deref().unwrap_or_default()),
            Cell::text(pages::actor(&line.actor, page.language)),
            Cell::maybe(page.t(texts::CORRECT), reversal.flatten()),
        ]
    };
    let headings = [
        texts::MOVEMENT,
        texts::WHEN,
        texts::TYPE,
        texts::FROM,
        texts::TO,
        texts::NUMBER,
        texts::DOCUMENT,
        texts::BY,
        texts::CORRECT,
    ]
    .map(|text| page.t(text))
    .to_vec();
    let (rows, why_empty) = (movements.items.iter().map(movement).collect(), page.why_empty(&movements));
    let next = movements.next.map(|next| format!("/stock?after={}", next.0));
    let movements = Table { title: page.t(texts::MOVEMENTS).into(), headings, rows, next };
    view.tables = vec![balances, movements];
    view.why_empty = why_empty;
    let hidden = |of: &HiddenType| view.page.with(texts::HIDDEN_QUANTITIES, &[&of.blank_type, &of.count.to_string()]);
    view.lead = stock.hidden.iter().map(hidden).collect::<Vec<_>>().join(" ");
    view.buttons.push(Button { address: "/stock/counts".into(), label: view.page.t(texts::COUNTS) });
    for name in ["ReceiveBlanks", "LoadHopper", "UnloadHopper", "DestroyBlanks", "LendBlanks", "TakeBackBlanks"] {
        view.offer(name, &[]);
    }
    Ok(respond(StatusCode::OK, &view))
}

fn roles(page: &Page, line: &AccountLine) -> String {
    let names: Vec<&str> = line.roles.iter().map(|role: &Role| page.role(*role)).collect();
    names.join(", ")
}

async fn people(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let page = Page::of(&web, &parts).await?;
    let sent = Sent::of_query(&parts).unwrap_or_default();
    let (page, accounts) = page.read(&web, ListAccounts { page: after(&sent) }).await?;
    let (page, sessions) = page.read(&web, ListSessions { page: from(&sent, SESSIONS) }).await?;
    let (page, tokens) = if page.may(ListTokens::OPERATION, Sort::Query) {
        let (page, tokens) = page.read(&web, ListTokens { page: from(&sent, TOKENS) }).await?;
        (page, Some(tokens))
    } else {
        (page, None)
    };
    let (page, missing) = match page.shown.clone() {
        Some(shown) => first_start::missing_roles(&web, page, &shown.board).await?,
        None => (page, Vec::new()),
    };
    let title = page.t(texts::PEOPLE);
    let mut view = View::new(page, title);
    view.lead = first_start::missing_people(&view.page, &missing).join(" ");
    view.command = first_start::command(&missing);
    let page = &view.page;
    let headings = [texts::NAME, texts::ROLES, texts::STATE].map(|text| page.t(text));
    let headings = headings.into_iter().chain(ACCOUNT_ACTS.map(title_of(page))).collect();
    let row = |line: &AccountLine| {
        let state = if line.disabled { page.t(texts::DISABLED) } else { "" };
        let act = |name: &str| {
            let fits = match name {
                "DisableAccount" => !line.disabled,
                "EnableAccount" => line.disabled,
                _ => true,
            };
            let button = button(page, name, &[("/account", &line.name)]).filter(|_| fits);
            Cell::maybe(title_of(page)(name), button.map(|button| button.address))
        };
        let cells = [Cell::text(&line.name), Cell::text(roles(page, line)), Cell::text(state)];
        cells.into_iter().chain(ACCOUNT_ACTS.map(act)).collect()
    };
    let rows = accounts.items.iter().map(row).collect();
    let next = accounts.next.map(|next| address::with_query("/people", &[("after", &next.0.to_string())]));
    let accounts = Table { title: page.t(texts::ACCOUNTS).into(), headings, rows, next };
    view.tables = vec![accounts, session_table(page, &sessions)];
    view.tables.extend(tokens.map(|tokens| token_table(&view.page, &tokens)));
    view.offer("AddAccount", &[]);
    view.offer("AddToken", &[]);
    Ok(respond(StatusCode::OK, &view))
}

const ACCOUNT_ACTS: [&str; 5] = ["GiveRole", "TakeRole", "ResetAccount", "DisableAccount", "EnableAccount"];

fn title_of(page: &Page) -> impl Fn(&str) -> &'static str {
    let language = page.language;
    move |name| pages::act(name).map_or("", |act| act.title.in_language(language))
}

/// The names of the cursors of the lists below the accounts.
const SESSIONS: &str = "sessions";
const TOKENS: &str = "tokens";

/// The page of a list that the query string asks for under a name.
fn from(sent: &Sent, name: &str) -> PageRequest {
    PageRequest { after: sent.value(name).parse().ok().map(Cursor), ..PageRequest::default() }
}

/// The address of the next page of a list.
fn next<T>(list: &List<T>, name: &str) -> Option<String> {
    list.next.map(|next| address::with_query("/people", &[(name, &next.0.to_string())]))
}

fn session_table(page: &Page, sessions: &List<SessionLine>) -> Table {
    let headings = [texts::NAME, texts::ADDRESS, texts::SINCE, texts::LAST_USED, texts::END].map(|text| page.t(text));
    let row = |line: &SessionLine| {
        let end = button(page, "EndSession", &[("/session", &line.id.to_string())]);
        vec![
            Cell::text(&line.name),
            Cell::text(&line.address),
            Cell::text(page.day_and_time(&line.opened_at)),
            Cell::text(page.day_and_time(&line.seen_at)),
            Cell::maybe(page.t(texts::END), end.map(|button| button.address)),
        ]
    };
    let rows = sessions.items.iter().map(row).collect();
    Table { title: page.t(texts::SESSIONS).into(), headings: headings.to_vec(), rows, next: next(sessions, SESSIONS) }
}

fn token_table(page: &Page, tokens: &List<TokenLine>) -> Table {
    let headings = [texts::NAME, texts::OWNER, texts::MADE, texts::EXPIRES, texts::END].map(|text| page.t(text));
    let row = |line: &TokenLine| {
        let revoke =
            button(page, "RevokeToken", &[("/token", &line.id.to_string())]).filter(|_| line.revoked_at.is_none());
        vec![
            Cell::text(&line.name),
            Cell::text(&line.account_name),
            Cell::text(page.day_and_time(&line.made_at)),
            Cell::text(page.day_and_time(&line.expires_at)),
            Cell::maybe(page.t(texts::END), revoke.map(|button| button.address)),
        ]
    };
    let rows = tokens.items.iter().map(row).collect();
    Table { title: page.t(texts::TOKENS).into(), headings: headings.to_vec(), rows, next: next(tokens, TOKENS) }
}

/// The page of the person who is signed in.
#[derive(askama::Template)]
#[template(path = "me.html", config = "src/web/console/askama.toml")]
struct Me {
    page: Page,
    roles: String,
}

async fn me(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let mut page = Page::of(&web, &parts).await?;
    page.t(texts::ME).clone_into(&mut page.title);
    let roles: Vec<&str> = page.roles().into_iter().map(|role| page.role(role)).collect();
    Ok(respond(StatusCode::OK, &Me { roles: roles.join(", "), page }))
}
