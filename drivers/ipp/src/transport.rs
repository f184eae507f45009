//! One IPP request and its answer over HTTP, within limits, and never sent twice.
//!
//! IPP has no idempotency key, so what matters of a failure is whether the printer may have got the request:
//! [`CallError`] says that first.
//!
//! A password goes with every request from the first on, so that no body is sent twice.
//!
//! Deliberately absent: retries, proxies, redirects, ways of signing in that need a challenge first (Digest, Kerberos).

use std::error::Error;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use ipp::IppHeader;
use ipp::model::{IppVersion, Operation, StatusCode};
use ipp::request::IppRequestResponse;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode as HttpStatus};

use crate::Now;
use crate::address::Address;
use crate::options::{Credentials, Options, SetupError};
use crate::tls::{self, TlsError};
use crate::wire::{self, Request};

/// Shorter than any printer's own (30 s on CUPS), so that a request rarely meets a connection that is just closing.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// All attributes of a printer are some 20 KB, a thousand jobs 300 KB.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Why a request has no good answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// Nothing left this machine.
    #[error("there is no connection to the printer ({0})")]
    NotConnected(String),
    /// Nothing but a TLS handshake left this machine.
    #[error("{0}")]
    NotTrusted(String),
    /// This machine cannot speak TLS; nothing left it.
    #[error(
        "TLS cannot be set up on this machine ({0}); hint: install its certificate authorities (`ca-certificates`), or set \
         `ca_file` or `certificate_sha256` in the printer's options"
    )]
    NoTls(String),
    /// The printer's HTTP server refused the request before IPP.
    #[error("the printer refused `{operation}` with HTTP status {status}")]
    HttpRefused {
        /// What was asked.
        operation: &'static str,
        /// 3xx or 4xx.
        status: u16,
    },
    /// The printer understood the request and refused it.
    #[error("the printer refused `{operation}`: {}", status_text(*status))]
    Refused {
        /// What was asked.
        operation: &'static str,
        /// The raw `status-code`, which the crate's enumeration may not know.
        status: u16,
    },
    /// The request was sent, at least in part, and what came back, if anything, cannot be understood.
    #[error("no answer to `{operation}` ({reason})")]
    NoAnswer {
        /// What was asked.
        operation: &'static str,
        /// What came instead.
        reason: String,
    },
}

impl CallError {
    /// The refusal's `status-code`.
    pub(crate) fn status(&self) -> Option<u16> {
        if let Self::Refused { status, .. } = self { Some(*status) } else { None }
    }
}

/// The way to one printer. It keeps one connection open between requests.
#[derive(Debug)]
pub(crate) struct Transport {
    /// Or why there is none. A printer that cannot be reached is no reason to refuse its name.
    client: Result<Client, CallError>,
    address: Address,
    credentials: Option<Credentials>,
    /// For a whole question and its answer, and the way to the printer.
    answer_timeout: Duration,
    /// For a document of a few MB over a slow line, and its answer, and the way to the printer.
    upload_timeout: Duration,
    request_id: AtomicI32,
}

impl Transport {
    pub(crate) fn new(address: Address, options: &Options, now: &Now) -> Result<Self, SetupError> {
        options.suit(address.is_encrypted())?;
        let loaded = options.load()?;
        let tls = if address.is_encrypted() { tls::config(loaded.trust, loaded.identity, now) } else { tls::unused() };
        let client = match tls {
            Err(TlsError::Setup(error)) => return Err(error),
            Err(TlsError::NoAuthorities(why)) => Err(CallError::NoTls(why)),
            Ok(tls) => Client::builder()
                .tls_backend_preconfigured(tls)
                .user_agent("cetak")
                .no_proxy()
                .redirect(Policy::none())
                .retry(reqwest::retry::never())
                .http1_only()
                .connect_timeout(loaded.connect_timeout)
                .pool_idle_timeout(IDLE_TIMEOUT)
                .build()
                .map_err(|error| CallError::NoTls(last_cause(&error))),
        };
        Ok(Self {
            client,
            address,
            credentials: loaded.credentials,
            // Connecting has its own limit, and must come to it first: only then is it sure that nothing was sent.
            answer_timeout: loaded.connect_timeout + loaded.answer_timeout,
            upload_timeout: loaded.connect_timeout + loaded.upload_timeout,
            request_id: AtomicI32::new(1),
        })
    }

    pub(crate) fn printer_uri(&self) -> &str {
        &self.address.printer_uri
    }

    /// Asks; a successful IPP answer is `Ok`.
    pub(crate) async fn call(&self, request: Request) -> Result<IppRequestResponse, CallError> {
        self.send(request, &[], self.answer_timeout).await
    }

    /// The same with a document behind the attributes.
    pub(crate) async fn upload(&self, request: Request, document: &[u8]) -> Result<IppRequestResponse, CallError> {
        self.send(request, document, self.upload_timeout).await
    }

    async fn send(
        &self,
        request: Request,
        document: &[u8],
        timeout: Duration,
    ) -> Result<IppRequestResponse, CallError> {
        let operation = operation_name(request.operation);
        // RFC 8011, section 4.1.2: from 1; the sign is cleared where it wraps.
        let request_id = (self.request_id.fetch_add(1, Ordering::Relaxed) & i32::MAX).max(1);
        let mut body = request
            .to_bytes(&self.address.printer_uri, request_id)
            .map_err(|error| CallError::NotConnected(format!("`{operation}` cannot be written: {error}")))?;
        body.extend_from_slice(document);
        // A body of known size: embedded printers refuse chunks.
        let client = self.client.as_ref().map_err(CallError::clone)?;
        let mut post = client.post(&self.address.http_url).timeout(timeout).body(body);
        if let Some(Credentials { user, password }) = &self.credentials {
            post = post.basic_auth(user, Some(password));
        }
        let sent = post.header("content-type", "application/ipp").send().await;
        let response = sent.map_err(|error| unsent_or_unanswered(request.operation, &error))?;
        let status = response.status();
        if !status.is_success() {
            return Err(http_failure(operation, status));
        }
        let no_answer = |reason: String| CallError::NoAnswer { operation, reason };
        let bytes = read(response).await.map_err(no_answer)?;
        let answer = wire::parse(&bytes).map_err(|malformed| no_answer(malformed.to_string()))?;
        let status = answer.header().operation_or_status.cast_unsigned();
        // RFC 8011, appendix B.1.2: 0x0000 to 0x00ff is success.
        if status > 0x00ff { Err(CallError::Refused { operation, status }) } else { Ok(answer) }
    }
}

/// The body, unless it is longer than any true answer.
async fn read(mut response: Response) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > ANSWER_BYTES_MAX => {
                return Err(format!("it is longer than {ANSWER_BYTES_MAX} bytes"));
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Ok(bytes),
            Err(error) => return Err(kind(&error)),
        }
    }
}

/// 408 comes after a part of the request was read.
fn http_failure(operation: &'static str, status: HttpStatus) -> CallError {
    let refused = status.is_redirection() || status.is_client_error();
    if refused && status != HttpStatus::REQUEST_TIMEOUT {
        CallError::HttpRefused { operation, status: status.as_u16() }
    } else {
        CallError::NoAnswer { operation, reason: format!("HTTP status {}", status.as_u16()) }
    }
}

/// Only a failure to connect proves that nothing was sent.
fn unsent_or_unanswered(operation: u16, error: &reqwest::Error) -> CallError {
    if error.is_builder() {
        return CallError::NotConnected(kind(error));
    }
    let tls = tls::failure(causes(error));
    if error.is_connect() {
        // The last cause says why, and holds nothing of a request.
        return tls.map_or_else(
            || CallError::NotConnected(last_cause(error)),
            |tls| CallError::NotTrusted(tls::explain(tls)),
        );
    }
    match tls {
        // A printer that says so has not looked at the request. For what may make a card its word is not enough.
        Some(tls) if tls::is_late_refusal(tls) && is_question(operation) => CallError::NotTrusted(tls::explain(tls)),
        _ => CallError::NoAnswer { operation: operation_name(operation), reason: kind(error) },
    }
}

fn is_question(operation: u16) -> bool {
    [Operation::GetPrinterAttributes, Operation::GetJobs, Operation::GetJobAttributes]
        .map(|o| o as u16)
        .contains(&operation)
}

fn last_cause(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| kind(error), ToString::to_string)
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |cause: &&(dyn Error + 'static)| (*cause).source())
}

/// What went wrong, in words that repeat nothing from the printer.
fn kind(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "it took too long"
    } else if error.is_builder() {
        "the request cannot be made"
    } else if error.is_body() || error.is_decode() {
        "it ended in the middle"
    } else {
        "the connection broke, or it is not HTTP"
    };
    kind.to_owned()
}

/// RFC 8011's name of the operation.
fn operation_name(operation: u16) -> &'static str {
    const NAMES: [(Operation, &str); 8] = [
        (Operation::CreateJob, "Create-Job"),
        (Operation::SendDocument, "Send-Document"),
        (Operation::CancelJob, "Cancel-Job"),
        (Operation::GetJobAttributes, "Get-Job-Attributes"),
        (Operation::GetJobs, "Get-Jobs"),
        (Operation::GetPrinterAttributes, "Get-Printer-Attributes"),
        (Operation::HoldJob, "Hold-Job"),
        (Operation::ReleaseJob, "Release-Job"),
    ];
    NAMES.iter().find(|(known, _)| *known as u16 == operation).map_or("another operation", |(_, name)| name)
}

fn status_text(status: u16) -> String {
    let known = IppHeader::new(IppVersion::v2_0(), status.cast_signed(), 1).status_code();
    if known == StatusCode::UnknownStatusCode {
        format!("unknown status 0x{status:04x}")
    } else {
        format!("{known} (0x{status:04x})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_the_number_that_nobody_knows() {
        let refused = |status| CallError::Refused { operation: "Create-Job", status }.to_string();

        assert_eq!(refused(0x0404), "the printer refused `Create-Job`: Not possible (0x0404)");
        assert_eq!(refused(0x04ff), "the printer refused `Create-Job`: unknown status 0x04ff");
    }

    #[test]
    fn only_a_clear_refusal_of_http_counts_as_one() {
        for status in [301, 400, 401, 403, 404, 413, 426] {
            let failure = http_failure("Get-Jobs", HttpStatus::from_u16(status).unwrap());
            assert_eq!(failure, CallError::HttpRefused { operation: "Get-Jobs", status });
        }
        for status in [102, 408, 500, 502, 503] {
            let failure = http_failure("Get-Jobs", HttpStatus::from_u16(status).unwrap());
            assert!(matches!(failure, CallError::NoAnswer { .. }), "{failure:?}");
        }
    }
}
