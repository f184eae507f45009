//! Requests to the socket of a service, and its answers as those of the engine.

use std::{
    fmt::Debug,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    HeaderMap, Method, Request, StatusCode,
    body::{Body, Bytes},
    client::conn::http1,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE, COOKIE, HOST, HeaderValue, ORIGIN},
    http::request::Builder,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

use crate::{
    domain::{account::Secret, refusal::Refusal},
    engine::{EngineError, StoreError, accounts::SessionToken, clock::Clock},
};

/// The longest time for an answer. The service itself answers what reads the whole database within 10 minutes.
const ANSWER_WITHIN: Duration = Duration::from_mins(11);
/// The largest answer.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// What proves an account to the service.
#[derive(Clone, Debug)]
pub(super) enum Proof {
    /// The user of this process, as the kernel tells it.
    OsUser,
    /// An API token.
    Token(Secret),
    /// An open session.
    Session(SessionToken),
}

/// The way to a service.
pub(super) struct Wire {
    socket: PathBuf,
    clock: Arc<dyn Clock>,
}

impl Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").field("socket", &self.socket).finish_non_exhaustive()
    }
}

/// An answer that is no problem.
pub(super) struct Reply {
    /// Its headers.
    pub(super) headers: HeaderMap,
    /// Its body; null if it has none.
    pub(super) body: Value,
}

impl Wire {
    /// To the service at a socket.
    pub(super) fn new(socket: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { socket, clock }
    }

    /// The path of the socket.
    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    /// The clock of this machine.
    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Asks with a body of JSON, or without one if it is null.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        proof: &Proof,
        body: &Value,
    ) -> Result<Reply, EngineError> {
        let stream = UnixStream::connect(&self.socket).await.map_err(|error| unreachable(&self.socket, &error))?;
        let answered = tokio::select! {
            answered = answer(stream, request(method, path, proof, body)?) => answered,
            () = self.clock.sleep(ANSWER_WITHIN) => Err("it did not answer in time".into()),
        };
        let (status, headers, bytes) = answered.map_err(|why| lost(&why.to_string()))?;
        let body: Value = match bytes.len() {
            0 => Value::Null,
            _ => serde_json::from_slice(&bytes).map_err(|_| lost("its answer is not JSON"))?,
        };
        if status.is_success() { Ok(Reply { headers, body }) } else { Err(error(&body, proof)) }
    }

    /// Sends a list, and gives each line of the answer to `line`, which may end the exchange.
    pub(super) async fn send_list<B>(
        &self,
        (path, media, named): (&str, &'static str, Option<String>),
        proof: &Proof,
        list: B,
        line: &mut (dyn FnMut(&[u8]) -> Result<(), EngineError> + Send),
    ) -> Result<(), EngineError>
    where
        B: Body<Data = Bytes, Error = io::Error> + Send + 'static,
    {
        let failed = |error: hyper::Error| lost(&error.to_string());
        let mut request = head(Method::POST, path, proof)?.header(CONTENT_TYPE, media);
        if let Some(named) = named {
            request = request.header(CONTENT_DISPOSITION, named);
        }
        let request = request.body(list).map_err(|_| unwritten())?;
        let stream = UnixStream::connect(&self.socket).await.map_err(|error| unreachable(&self.socket, &error))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
        let exchange = async {
            let (head, mut body) = self.in_time(sender.send_request(request)).await?.map_err(failed)?.into_parts();
            if !head.status.is_success() {
                let problem = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
                let problem = problem.map_err(|error| lost(&error.to_string()))?.to_bytes();
                return Err(error(&serde_json::from_slice(&problem).unwrap_or_default(), proof));
            }
            let mut rest = Vec::new();
            while let Some(frame) = self.in_time(body.frame()).await? {
                let Ok(bytes) = frame.map_err(failed)?.into_data() else { continue };
                rest.extend_from_slice(&bytes);
                let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                rest[..whole].split(|byte| *byte == b'\n').filter(|text| !text.is_empty()).try_for_each(&mut *line)?;
                rest.drain(..whole);
                if rest.len() > ANSWER_BYTES_MAX {
                    return Err(lost("a line of its answer is too long"));
                }
            }
            Ok(())
        };
        tokio::pin!(exchange);
        tokio::select! {
            answered = &mut exchange => answered,
            // It may have answered before it had all of the list.
            _ = connection => exchange.await,
        }
    }

    async fn in_time<T>(&self, part: impl Future<Output = T>) -> Result<T, EngineError> {
        tokio::select! {
            part = part => Ok(part),
            () = self.clock.sleep(ANSWER_WITHIN) => Err(lost("it did not answer in time")),
        }
    }
}

/// The head of a request, with what proves the account.
fn head(method: Method, path: &str, proof: &Proof) -> Result<Builder, EngineError> {
    // The service has no name at its socket; what a browser would send belongs to a session.
    const NAME: &str = "localhost";
    let mut request = Request::builder().method(method).uri(path).header(HOST, NAME);
    match proof {
        Proof::OsUser => {}
        Proof::Token(token) => {
            request = request.header("authorization", secret(&format!("Bearer {}", token.reveal()))?);
        }
        Proof::Session(token) => {
            request = request
                .header(COOKIE, secret(&format!("{SESSION_COOKIE}={}", token.reveal()))?)
                .header("x-csrf-token", secret(token.csrf().reveal())?)
                .header(ORIGIN, format!("http://{NAME}"));
        }
    }
    Ok(request)
}

fn request(method: Method, path: &str, proof: &Proof, body: &Value) -> Result<Request<Full<Bytes>>, EngineError> {
    let mut request = head(method, path, proof)?;
    let bytes = if body.is_null() {
        Bytes::new()
    } else {
        request = request.header(CONTENT_TYPE, "application/json");
        body.to_string().into()
    };
    request.body(Full::new(bytes)).map_err(|_| unwritten())
}

fn unwritten() -> EngineError {
    lost("the request cannot be written")
}

/// The cookie of a session without TLS.
pub(super) const SESSION_COOKIE: &str = "cetak-plain";

fn secret(text: &str) -> Result<HeaderValue, EngineError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        service("the API token has characters that no token has".into(), "compare it with `cetak token list`")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

type Answered = (StatusCode, HeaderMap, Bytes);

/// Sends a request on a connection of its own.
async fn answer(
    stream: UnixStream,
    request: Request<Full<Bytes>>,
) -> Result<Answered, Box<dyn std::error::Error + Send + Sync>> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async {
        let (head, body) = sender.send_request(request).await?.into_parts();
        let bytes = Limited::new(body, ANSWER_BYTES_MAX).collect().await?.to_bytes();
        Ok((head.status, head.headers, bytes))
    };
    tokio::pin!(exchange);
    tokio::select! {
        answered = &mut exchange => answered,
        ended = connection => {
            ended?;
            exchange.await // all of it has arrived
        }
    }
}

/// An error of the way to the service.
pub(super) fn service(text: String, hint: &str) -> EngineError {
    EngineError::Service { text, hint: Some(hint.to_owned()) }
}

fn unreachable(socket: &Path, error: &io::Error) -> EngineError {
    let shown = socket.display();
    if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) {
        let hint = "start it with `cetak serve`, or name another socket with `--socket`";
        return service(format!("no service listens on the socket `{shown}`"), hint);
    }
    if error.kind() == io::ErrorKind::PermissionDenied {
        let hint = "the group of its folder may: ask the administrator of this machine to add you to it";
        return service(format!("you may not connect to the socket `{shown}`"), hint);
    }
    service(format!("the socket `{shown}` cannot be used: {error}"), "name another one with `--socket`")
}

fn lost(why: &str) -> EngineError {
    service(
        format!("the service gave no answer: {why}"),
        "look whether the change was made before you run the command again; the log of the service may say more",
    )
}

/// A problem as the error that the engine gave, where it gave one.
pub(super) fn error(problem: &Value, proof: &Proof) -> EngineError {
    let code = problem["code"].as_str().unwrap_or_default();
    if let Some(refusal) = refusal(code, &problem["args"]) {
        return EngineError::Refused(refusal);
    }
    match code {
        "sign-in-needed" => unproved(proof),
        "insufficient-stock" => StoreError::InsufficientStock.into(),
        "second-open-request" => StoreError::SecondOpenRequest.into(),
        _ => {
            let mut text = problem["detail"].as_str().unwrap_or("the service refused without a reason").to_owned();
            if let Some(incident) = problem["args"]["incident"].as_str() {
                text += &format!(" {incident}");
            }
            EngineError::Service { text, hint: None }
        }
    }
}

/// A refusal that the engine gave. One without arguments has none in its own JSON.
fn refusal(code: &str, args: &Value) -> Option<Refusal> {
    let whole = serde_json::json!({ "code": code, "args": args });
    let bare = serde_json::json!({ "code": code });
    serde_json::from_value(whole).or_else(|_| serde_json::from_value(bare)).ok()
}

fn unproved(proof: &Proof) -> EngineError {
    match proof {
        Proof::OsUser => service(
            "the service does not know your user of this machine".into(),
            "sign in with `cetak login`; or let your user prove an account with `cetak account map`",
        ),
        Proof::Token(_) => service(
            "the API token in `CETAK_TOKEN` is unknown, has expired or was revoked".into(),
            "make another one with `cetak token add`",
        ),
        Proof::Session(_) => service("your session has ended".into(), "sign in again with `cetak login`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{id::BatchId, refusal::AccountRefusal};

    #[test]
    fn a_problem_is_the_refusal_that_the_engine_gave() {
        for given in [
            Refusal::NoBatch { batch: BatchId(7) },
            Refusal::SerialsWithoutLot,
            AccountRefusal::SignIn.into(),
            AccountRefusal::NoSuchAccount { name: "siti".into() }.into(),
        ] {
            let mut sent = serde_json::to_value(&given).unwrap();
            if sent.get("args").is_none() {
                sent["args"] = serde_json::json!({});
            }
            assert!(matches!(error(&sent, &Proof::OsUser), EngineError::Refused(read) if read == given), "{sent}");
        }
    }

    #[test]
    fn what_the_server_itself_objects_to_is_said_in_its_words() {
        let told = |problem| error(&problem, &Proof::OsUser).to_string();
        let args = serde_json::json!({ "field": "/uri", "rule": "empty" });
        let invalid =
            serde_json::json!({ "code": "invalid-value", "detail": "`uri`: it must not be empty", "args": args });
        assert_eq!(told(invalid), "`uri`: it must not be empty");
        let busy = serde_json::json!({ "code": "busy", "detail": "too much to do", "args": {} });
        assert_eq!(told(busy), "too much to do");
        assert!(told(serde_json::json!({ "code": "sign-in-needed" })).contains("does not know your user"));
    }
}
