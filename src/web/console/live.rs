//! `GET /live` tells an open page that what it shows has changed, and that the board was read at all: a page that hears nothing for
//! some seconds says that it is stale.

use std::{convert::Infallible, sync::Arc, time::Duration};

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

use crate::{
    engine::projector::{Shown, Viewer},
    web::{context::Web, problem::Problem, route::USUAL, streams::Place},
    words::pages,
};

/// How often an open page hears that the board was read. It says that it is stale after a little more than two of them.
const BEAT: Duration = Duration::from_secs(5);
/// How many beats pass until the account is proved again.
const PROVED_EVERY: u32 = 3;
/// A proxy sends each event at once.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/live", get(follow))
}

async fn follow(State(web): State<Arc<Web>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let opened = web.within(USUAL, Stream::open(&web, parts)).await;
    let stream = match opened {
        Ok(stream) => stream,
        // The page then reads itself again, and is led to the sign-in.
        Err(problem) => return problem.status().into_response(),
    };
    let body = Body::from_stream(stream::unfold(stream, |mut stream| async {
        let bytes = stream.next().await?;
        Some((Ok::<_, Infallible>(bytes), stream))
    }));
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")), UNBUFFERED], body).into_response()
}

/// A stream to one page.
struct Stream {
    web: Arc<Web>,
    parts: Parts,
    viewer: Viewer,
    stopping: watch::Receiver<bool>,
    /// The version that the page was told of last.
    told: Option<u64>,
    beats: u32,
    _place: Place,
}

impl Stream {
    async fn open(web: &Arc<Web>, parts: Parts) -> Result<Self, Problem> {
        // It is no use of the session, and one that has ended is not counted each time that its page connects.
        let caller = web.caller_followed(&parts).await?;
        let place = Place::of(&web.streams, caller.name)?;
        let (viewer, stopping) = (web.projector.follow(), web.streams.stopping.clone());
        Ok(Self { web: web.clone(), parts, viewer, stopping, told: None, beats: 0, _place: place })
    }

    /// What is sent next; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if *self.stopping.borrow() {
                return None;
            }
            let shown = self.viewer.shown.borrow_and_update().clone();
            if let Some(shown) = shown.filter(|shown| Some(shown.version) != self.told) {
                self.told = Some(shown.version);
                return Some(self.event("change", &shown));
            }
            let clock = self.web.engine.clock.clone();
            tokio::select! {
                biased;
                _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                () = clock.sleep(BEAT) => {}
                // Fails if the projector is gone, which is an end too.
                changed = self.viewer.shown.changed() => {
                    changed.ok()?;
                    continue;
                }
            }
            self.beats += 1;
            if self.beats.is_multiple_of(PROVED_EVERY) {
                self.web.within(USUAL, self.web.caller_followed(&self.parts)).await.ok()?;
            }
            let shown = self.viewer.shown.borrow_and_update().clone();
            // Without a reading there is nothing to be told, and the page becomes stale.
            if let Some(shown) = shown {
                self.told = Some(shown.version);
                return Some(self.event("beat", &shown));
            }
        }
    }

    /// An event as it is sent: the version of the board, when it was read, in the zone of the office, and since when all printing is
    /// paused.
    fn event(&self, name: &str, shown: &Shown) -> Bytes {
        let time = pages::time_of_day(&shown.at.to_string(), &self.web.engine.settings.zone);
        let data =
            json!({ "version": format!("{:x}", shown.version), "time": time, "pause": shown.board.paused_since() });
        format!("event: {name}\ndata: {data}\n\n").into()
    }
}
