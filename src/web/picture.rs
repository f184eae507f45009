//! Pictures of people: photos, and cards as they would be printed.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequestParts, Path, Query, Request, State},
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};

use super::{
    context::Web,
    problem::{Fault, Problem},
    route::{BASE, USUAL},
};
use crate::{
    domain::{permission::Operation, value::InvalidValue},
    engine::{
        operations::{RecordName, card_preview, record_photo},
        printing::document::{Format, Output},
    },
    words::ValueRule,
};

/// The resolution of a preview, in dots per inch: without a parameter, and its range.
const DPI: u32 = 300;
const DPI_RANGE: std::ops::RangeInclusive<u32> = 100..=600;
const DPI_OUT_OF_RANGE: ValueRule = ValueRule::Value(InvalidValue::OutOfRange { least: 100, most: 600 });

/// The addresses of pictures.
pub(super) fn router() -> Router<Arc<Web>> {
    Router::new()
        .route(&format!("{BASE}/records/{{source}}/{{request_id}}/photo"), get(photo))
        .route(&format!("{BASE}/cards/{{source}}/{{request_id}}/preview"), get(preview))
}

async fn photo(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let client = web.within(USUAL, web.caller(&parts)).await?.client;
    let (name, query) = asked(&mut parts).await?;
    if let Some((unknown, _)) = query.first() {
        return Err(Problem::invalid(unknown, ValueRule::Unknown));
    }
    let work = async {
        let permit = client.permit(Operation::CardPreview).await.map_err(|error| web.problem(&error))?;
        record_photo(&web.engine, &permit, &name).await.map_err(|error| web.problem(&error))
    };
    let bytes = Box::pin(carried_out(&web, work)).await?;
    let media = if bytes.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" };
    Ok(picture(media, bytes))
}

async fn preview(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let client = web.within(USUAL, web.caller(&parts)).await?.client;
    let (name, query) = asked(&mut parts).await?;
    let (output, media) = output(&query)?;
    let work = async {
        let permit = client.permit(Operation::CardPreview).await.map_err(|error| web.problem(&error))?;
        card_preview(&web.engine, &permit, &name, output).await.map_err(|error| web.problem(&error))
    };
    Ok(picture(media, Box::pin(carried_out(&web, work)).await?))
}

/// Makes a picture, as one of the calls that are carried out at a time.
async fn carried_out(web: &Web, work: impl Future<Output = Result<Vec<u8>, Problem>>) -> Result<Vec<u8>, Problem> {
    let limited = async {
        let _permit = web.calls.acquire().await.map_err(|_| Problem::from(Fault::Busy))?;
        work.await
    };
    web.within(USUAL, limited).await
}

/// The record that is named in the path, and the query string.
async fn asked(parts: &mut Parts) -> Result<(RecordName, Vec<(String, String)>), Problem> {
    let unreadable = || Problem::from(Fault::UrlUnreadable);
    let Path((source, request_id)) = Path::from_request_parts(parts, &()).await.map_err(|_| unreadable())?;
    let Query(query) = Query::try_from_uri(&parts.uri).map_err(|_| unreadable())?;
    Ok((RecordName { source, request_id }, query))
}

/// What a preview is to be, and its media type.
fn output(query: &[(String, String)]) -> Result<(Output, &'static str), Problem> {
    let (mut format, mut side, mut dpi) = ((Format::Png, "image/png"), None, DPI);
    for (name, value) in query {
        let wrong = |rule| Problem::invalid(name, rule);
        match (name.as_str(), value.as_str()) {
            ("format", "png") => format = (Format::Png, "image/png"),
            ("format", "pdf") => format = (Format::Pdf, "application/pdf"),
            ("format", _) => return Err(wrong(ValueRule::NotOneOf(&["png", "pdf"]))),
            ("side", "front") => side = Some(0),
            ("side", "back") => side = Some(1),
            ("side", _) => return Err(wrong(ValueRule::NotOneOf(&["front", "back"]))),
            ("dpi", text) => {
                let known = text.parse().ok().filter(|dpi| DPI_RANGE.contains(dpi));
                dpi = known.ok_or_else(|| wrong(DPI_OUT_OF_RANGE))?;
            }
            _ => return Err(wrong(ValueRule::Unknown)),
        }
    }
    Ok((Output::preview(format.0, dpi, side), format.1))
}

fn picture(media: &'static str, bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(media))], bytes).into_response()
}
