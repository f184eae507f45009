//! `GET /api/v1/events`: the events of the audit as they happen, as server-sent events.

use std::{collections::VecDeque, convert::Infallible, pin::Pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::stream;
use serde_json::json;
use tokio::sync::watch;

use super::{
    caller::Caller,
    context::Web,
    input::refuse_parameters,
    problem::Problem,
    route::{BASE, USUAL},
    streams::Place,
};
use crate::{
    domain::{
        event_right::{changes_rights, right_to_see},
        permission::Operation,
        positions::Positions,
    },
    engine::{
        EngineError,
        events::{AuditEvent, Follower, Next, Reset},
        query::Hidden,
    },
};

/// How often a silent stream shows that it lives. The account is proved again then.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a client waits before it connects again.
const RETRY: Duration = Duration::from_secs(2);

/// `Last-Event-ID`, with which a client goes on after the last event that it has.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// The media type of server-sent events.
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
/// A proxy sends each event at once.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// The address of the stream.
pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route(&format!("{BASE}/events"), get(follow))
}

async fn follow(State(web): State<Arc<Web>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    refuse_parameters(&parts)?;
    let stream = web.within(USUAL, Stream::open(&web, parts)).await?;
    let body = Body::from_stream(stream::unfold(stream, |mut stream| async {
        let bytes = stream.next().await?;
        Some((Ok::<_, Infallible>(bytes), stream))
    }));
    Ok(([(header::CONTENT_TYPE, EVENT_STREAM), UNBUFFERED], body).into_response())
}

/// What an account may see: the operations that permit it, and what counts of blanks hide from it.
struct Rights {
    operations: Vec<Operation>,
    hidden: Hidden,
}

impl Rights {
    fn permit(&self, event: &AuditEvent) -> bool {
        let AuditEvent { act, subject, .. } = event;
        self.operations.contains(&right_to_see(act, subject)) && !self.hidden.hides_event(act, subject)
    }
}

/// The operations that permit to see events.
const SEEN_WITH: [Operation; 4] =
    [Operation::BoardRead, Operation::ReportRead, Operation::AccountManage, Operation::AuditSeal];

type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A stream to one client.
struct Stream {
    web: Arc<Web>,
    parts: Parts,
    follower: Follower,
    rights: Rights,
    stopping: watch::Receiver<bool>,
    heartbeat: Sleep,
    /// Events that are not sent yet.
    waiting: VecDeque<Arc<AuditEvent>>,
    is_begun: bool,
    _place: Place,
}

impl Stream {
    /// Proves the account, and begins where the client left off.
    async fn open(web: &Arc<Web>, parts: Parts) -> Result<Self, Problem> {
        let caller = web.caller(&parts).await?;
        let rights = rights(web, &caller).await?;
        let place = Place::of(&web.streams, caller.name)?;
        let last = parts.headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or_default());
        let follower = Follower::new(web.engine.events.clone(), &web.engine, last).await;
        let follower = follower.map_err(|error| web.problem(&error))?;
        let (stopping, heartbeat) = (web.streams.stopping.clone(), heartbeat(web));
        let (web, waiting) = (web.clone(), VecDeque::new());
        Ok(Self { web, parts, follower, rights, stopping, heartbeat, waiting, is_begun: false, _place: place })
    }

    /// What is sent next; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.is_begun {
            self.is_begun = true;
            return Some(format!("retry: {}\n\n", RETRY.as_millis()).into());
        }
        loop {
            if *self.stopping.borrow() {
                return None;
            }
            let text = self.events().await?;
            if !text.is_empty() {
                return Some(text.into());
            }
            let Self { stopping, heartbeat: due, follower, .. } = self;
            let wake = tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => return None,
                () = &mut *due => None,
                next = follower.next() => Some(next),
            };
            match wake {
                None => {
                    self.heartbeat = heartbeat(&self.web);
                    self.prove_again().await?;
                    return Some(Bytes::from_static(b":\n\n"));
                }
                Some(Ok(Next::Reset(why, at))) => return Some(reset(why, &at).into()),
                Some(Ok(Next::Events(events))) => self.waiting.extend(events),
                Some(Err(error)) => return ended(&error),
            }
        }
    }

    /// The text of the events that wait to be sent. The account is proved again if one of them may have changed its rights.
    async fn events(&mut self) -> Option<String> {
        if self.waiting.iter().any(|event| changes_rights(&event.act)) {
            self.prove_again().await?;
        }
        let mut text = String::new();
        while let Some(event) = self.waiting.pop_front() {
            let id = self.follower.given(&event);
            if self.rights.permit(&event) {
                text += &sent(&id, &event);
            }
        }
        Some(text)
    }

    /// Proves the account again; `None` if it may not go on. While the database is away, nothing is sent that it could see.
    async fn prove_again(&mut self) -> Option<()> {
        let proving = async {
            let caller = self.web.caller_again(&self.parts).await?;
            rights(&self.web, &caller).await
        };
        self.rights = self.web.within(USUAL, proving).await.ok()?;
        Some(())
    }
}

fn heartbeat(web: &Web) -> Sleep {
    let clock = web.engine.clock.clone();
    Box::pin(async move { clock.sleep(HEARTBEAT).await })
}

/// A stream that cannot go on ends; its client connects again.
fn ended(error: &EngineError) -> Option<Bytes> {
    tracing::debug!(error = error as &dyn std::error::Error, "a stream of events ends");
    None
}

/// What the caller may see. Refused without the right to the board.
async fn rights(web: &Web, caller: &Caller) -> Result<Rights, Problem> {
    let mut operations = Vec::new();
    for operation in SEEN_WITH {
        match caller.client.may(operation).await {
            Ok(()) => operations.push(operation),
            Err(EngineError::Refused(_)) if operation != Operation::BoardRead => {}
            Err(error) => return Err(web.problem(&error)),
        }
    }
    let hidden = caller.client.hidden().await.map_err(|error| web.problem(&error))?;
    Ok(Rights { operations, hidden })
}

/// An event as it is sent. JSON has no line breaks.
fn sent(id: &str, event: &AuditEvent) -> String {
    let AuditEvent { at, act, subject, .. } = event;
    format!("id: {id}\nevent: audit\ndata: {}\n\n", json!({ "at": at, "act": act, "subject": subject }))
}

fn reset(why: Reset, at: &Positions) -> String {
    format!("id: {at}\nevent: reset\ndata: {}\n\n", json!({ "why": why.as_str() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_block_whatever_its_subject_is() {
        let event = AuditEvent {
            chain: "cli".into(),
            seq: 7,
            at: "1970-01-01T00:00:00Z".into(),
            act: "record.held".into(),
            subject: "record a\n\nevent: x/1\r\n".into(),
        };
        let text = sent("cli:7", &event);
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(text.ends_with("\n\n") && text.contains("a\\n\\nevent"), "{text}");
    }
}
