//! A form with a waiting list (`multipart/form-data`): its fields, and then the file.
//!
//! The file is read only after the fields have proved that the own page sent the form, and that the person may import.

use std::{
    io, mem,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Multipart, Request, multipart::Field},
    http::{Method, header, request::Parts},
    response::Response,
};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use tokio::{pin, sync::OwnedSemaphorePermit};

use super::{form_value::Sent, page::Page};
use crate::{
    domain::permission::Operation,
    web::{
        context::Web,
        list::{self, BYTE_WITHIN, LIST_BYTES_MAX, LIST_WITHIN, Received},
        problem::{Fault, Problem},
        route::{Sort, USUAL},
    },
    words::ValueRule,
};

/// The most bytes of everything but the file, and the longest time for what stands before it.
const HEAD_BYTES_MAX: u64 = 64 << 10;
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// The field with the file, which is the last one.
const LIST: &str = "list";

/// What was sent.
pub(super) struct Upload {
    /// The page for the person who sent it.
    pub(super) page: Page,
    /// The fields before the file.
    pub(super) sent: Sent,
    /// The list with the name of its file, or what is wrong with it.
    pub(super) list: Result<(String, Received), Problem>,
    /// The place among the lists that are received and imported at a time.
    pub(super) permit: OwnedSemaphorePermit,
}

/// Receives a form, and puts its proof into the headers.
///
/// # Errors
///
/// The page for a person who is not signed in or may not import, or whose browser sent the form of another page.
pub(super) async fn receive(web: &Web, parts: &mut Parts, body: Body) -> Result<Upload, Response> {
    // Without a session nothing is read.
    let mut unproved = parts.clone();
    unproved.method = Method::GET;
    let page = Page::of(web, &unproved).await?;
    let left = Arc::new(AtomicU64::new(HEAD_BYTES_MAX));
    let mut form = match opened(parts, body, &left).await {
        Ok(form) => form,
        Err(problem) => return Err(page.failed(&problem)),
    };
    let patience = web.engine.clock.sleep(HEAD_WITHIN);
    pin!(patience);
    let (mut fields, slow) = (Vec::new(), Problem::from(Fault::BodySlow));
    loop {
        let next = tokio::select! {
            next = form.next_field() => next.map_err(|_| fault(&left)),
            () = &mut patience => Err(slow.clone()),
        };
        let field = match next {
            Ok(Some(field)) => field,
            Ok(None) => {
                let (page, sent, permit) = proved(web, parts, fields).await?;
                return Ok(Upload { page, sent, list: Err(missing()), permit });
            }
            Err(problem) => return Err(page.failed(&problem)),
        };
        if field.name() == Some(LIST) {
            let (page, sent, permit) = proved(web, parts, fields).await?;
            left.fetch_add(LIST_BYTES_MAX, Ordering::Relaxed);
            let file_name = field.file_name().unwrap_or_default().to_owned();
            let list = web.within(LIST_WITHIN, list::received(web, pieces(field, &left))).await;
            let list = match list {
                Ok(_) if file_name.is_empty() => Err(missing()),
                Ok(list) => ended(web, &mut form, &left).await.map(|()| (file_name, list)),
                Err(problem) => Err(problem),
            };
            return Ok(Upload { page, sent, list, permit });
        }
        let name = field.name().unwrap_or_default().to_owned();
        let value = tokio::select! {
            value = field.bytes() => value.map_err(|_| fault(&left)),
            () = &mut patience => Err(slow.clone()),
        };
        match value.and_then(|value| String::from_utf8(value.into()).map_err(|_| Fault::BodyCut.into())) {
            Ok(value) => fields.push((name, value)),
            Err(problem) => return Err(page.failed(&problem)),
        }
    }
}

/// The form of a body of which no more than `left` bytes are read.
async fn opened(parts: &Parts, body: Body, left: &Arc<AtomicU64>) -> Result<Multipart, Problem> {
    let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > LIST_BYTES_MAX + HEAD_BYTES_MAX) {
        return Err(Fault::BodyTooLarge.into());
    }
    let left = left.clone();
    let mut pieces = body.into_data_stream().map_err(io::Error::other).map(move |piece| {
        let piece = piece?;
        let take = |left: u64| left.checked_sub(piece.len() as u64);
        if left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err() {
            left.store(0, Ordering::Relaxed);
            return Err(io::Error::other("the form is too large"));
        }
        Ok(piece)
    });
    // The parser takes all that is there at once, so that it gets one piece at a time. It must find a first piece at once: it takes a
    // form that ends while it asks again for one that breaks off.
    let mut rests = false;
    let counted = stream::poll_fn(move |context| {
        if mem::take(&mut rests) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = ready!(pieces.poll_next_unpin(context));
        rests = next.is_some();
        Poll::Ready(next)
    });
    let request = Request::from_parts(parts.clone(), Body::from_stream(counted));
    Multipart::from_request(request, &()).await.map_err(|_| Fault::BodyCut.into())
}

/// Why a form cannot be read to its end.
fn fault(left: &AtomicU64) -> Problem {
    if left.load(Ordering::Relaxed) == 0 { Fault::BodyTooLarge.into() } else { Fault::BodyCut.into() }
}

fn missing() -> Problem {
    Problem::invalid("/list", ValueRule::Missing)
}

/// Proves the sender by the fields before the file, with the right to import and a place for one more list.
async fn proved(
    web: &Web,
    parts: &mut Parts,
    fields: Vec<(String, String)>,
) -> Result<(Page, Sent, OwnedSemaphorePermit), Response> {
    let sent = Sent::of(fields).map_err(|problem| Page::open(web, parts).failed(&problem))?;
    sent.put_into_headers(parts);
    let page = Page::of(web, parts).await?;
    let client = match web.within(USUAL, web.caller(parts)).await {
        Ok(caller) => caller.client,
        Err(problem) => return Err(page.failed(&problem)),
    };
    // A refusal is written down.
    if let Err(problem) = list::permit(web, &client, &[]).await {
        let what = page.language.operation(Operation::Import);
        let may = page.may(Operation::Import, Sort::Act);
        return Err(if may { page.failed(&problem) } else { page.forbidden(what, Operation::Import, Sort::Act) });
    }
    match web.lists.clone().try_acquire_owned() {
        Ok(permit) => Ok((page, sent, permit)),
        Err(_) => Err(page.failed(&Fault::Busy.into())),
    }
}

/// The bytes of the file.
fn pieces<'a>(field: Field<'a>, left: &'a AtomicU64) -> impl Stream<Item = Result<Bytes, Problem>> {
    field.map_err(|_| fault(left))
}

/// Refuses a form in which anything follows the file, or that breaks off after it.
async fn ended(web: &Web, form: &mut Multipart, left: &AtomicU64) -> Result<(), Problem> {
    let next = tokio::select! {
        next = form.next_field() => next.map_err(|_| fault(left))?,
        () = web.engine.clock.sleep(BYTE_WITHIN) => return Err(Fault::BodySlow.into()),
    };
    if next.is_some() { Err(Fault::BodyCut.into()) } else { Ok(()) }
}
