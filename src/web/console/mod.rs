//! The console: pages for people, in two languages, that need no JavaScript to do an act.
//!
//! * `page` has what every page shows, and who asks; `assets` the styles, the script and the icon.
//! * `live` tells open pages that the board has changed, which [`projector`](crate::engine::projector) reads for all of them at once.
//! * `sign_in` opens and ends sessions. `act` has one page for each act, with the `form` that its schema describes,
//!   and `link` the addresses of these pages.
//! * `headers` has the headers of all pages, and `refused` puts pages in the place of problems.
//! * Each other file has the pages of one subject, with the templates of the same name.
//!
//! Pages do what the API does, through its table of addresses: the rights, the audit and the refusals are the same.

mod act;
mod address;
mod answer;
mod assets;
mod audit;
mod audit_export;
mod board;
mod counts;
mod desk;
mod desk_card;
mod districts;
mod first_start;
mod form;
mod form_value;
mod headers;
mod help;
mod history;
mod import;
mod import_outcome;
mod imports;
mod inspect;
mod known;
mod link;
mod live;
mod matching;
mod needs;
mod night;
mod night_report;
mod notice;
mod office;
mod page;
mod pile;
mod place;
mod plan;
mod printer_answer;
mod records;
mod refused;
mod rights;
mod search;
mod seen_list;
mod sign_in;
mod simulate;
mod sources;
mod tiles;
mod upload;
mod view;
mod waiting_act;
mod work;

use std::sync::Arc;

use axum::{Router, middleware::map_response, routing::get};

use self::headers::with_headers;
pub(super) use self::refused::told;
use super::context::Web;

/// The pages.
pub(super) fn router() -> Router<Arc<Web>> {
    Router::new()
        .route("/", get(board::show))
        .route("/needs", get(needs::show))
        .route("/night", get(night::show))
        .route("/plan", get(plan::show))
        .route("/printers", get(tiles::show))
        .merge(import::router())
        .merge(imports::router())
        .merge(sources::router())
        .merge(simulate::router())
        .merge(records::router())
        .merge(place::router())
        .merge(search::router())
        .merge(matching::router())
        .merge(work::router())
        .merge(pile::router())
        .merge(printer_answer::router())
        .merge(desk::router())
        .merge(inspect::router())
        .merge(districts::router())
        .merge(office::router())
        .merge(counts::router())
        .merge(audit::router())
        .merge(audit_export::router())
        .merge(help::router())
        .merge(sign_in::router())
        .merge(act::router())
        .merge(live::router())
        .merge(assets::router())
        .layer(map_response(with_headers))
}
