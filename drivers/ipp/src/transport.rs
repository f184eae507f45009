//! Sends one IPP request over HTTP and reads its answer, with limits, and never sends a request twice.
//!
//! IPP has no idempotency key, so what matters about a failure is whether the printer may have received the request:
//! [`CallError`] says that first.
//!
//! A password is sent with the first request already, so that no body is sent again after a challenge.
//!
//! Deliberately absent: retries, proxies, redirects, and authentication that needs a challenge (Digest, Kerberos).

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU16, Ordering};
use std::time::Duration;

use ipp::IppHeader;
use ipp::model::{DelimiterTag, IppVersion, Operation, StatusCode};
use ipp::request::IppRequestResponse;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode as HttpStatus};

use crate::address::Address;
use crate::clock::Now;
use crate::credentials::Login;
use crate::options::Options;
use crate::setup_error::SetupError;
use crate::tls::{self, TlsError};
use crate::wire::{self, CREATE_PRINTER_SUBSCRIPTIONS, GET_NOTIFICATIONS, GET_SUBSCRIPTIONS, Request};

/// Shorter than the idle timeout of printers (30 s on CUPS), so that a request rarely meets a connection that is
/// closing.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the kernel keeps sending data that the printer does not acknowledge, also after the connection was closed.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_mins(1);

const VERSION_2_0: u16 = 0x0200;
const VERSION_1_1: u16 = 0x0101;

/// `server-error-version-not-supported`.
const VERSION_NOT_SUPPORTED: u16 = 0x0503;

/// How long an answer to a document may take at most. The printer is asked about its job meanwhile.
const UPLOAD_MAX: Duration = Duration::from_hours(1);

/// All attributes of a printer are about 20 KB, a thousand jobs 300 KB.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Why a request has no successful answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// Nothing left this machine.
    #[error("cannot connect to the printer ({0})")]
    NotConnected(String),
    /// Nothing but a TLS handshake left this machine.
    #[error("{0}")]
    NotTrusted(String),
    /// TLS is not available on this machine; nothing left it.
    #[error(
        "TLS is not available on this machine ({0}); hint: install certificate authorities (`ca-certificates`), or set \
         `ca_file` or `certificate_sha256` in the printer's options"
    )]
    NoTls(String),
    /// The printer's HTTP server refused the request.
    #[error("the printer refused `{operation}` with HTTP status {status}")]
    HttpRefused {
        /// RFC 8011's name of the operation.
        operation: &'static str,
        /// 3xx or 4xx.
        status: u16,
    },
    /// The printer's HTTP server failed, or gave up on the request. The printer may have received it.
    #[error("the printer answered `{operation}` with HTTP status {status}")]
    HttpFailed {
        /// RFC 8011's name of the operation.
        operation: &'static str,
        /// 408, or not 2xx to 4xx.
        status: u16,
    },
    /// The printer understood the request and refused it.
    #[error("the printer refused `{operation}`: {}", status_text(*status))]
    Refused {
        /// RFC 8011's name of the operation.
        operation: &'static str,
        /// The `status-code` as received, because the crate's enumeration may not have it.
        status: u16,
    },
    /// The printer answered a query, and the answer cannot be used.
    #[error("the answer to `{operation}` cannot be used ({reason})")]
    Unusable {
        /// RFC 8011's name of the operation.
        operation: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The request was sent, at least in part, and no valid answer came.
    #[error("no answer to `{operation}` ({reason})")]
    NoAnswer {
        /// RFC 8011's name of the operation.
        operation: &'static str,
        /// What happened instead.
        reason: String,
    },
}

impl CallError {
    /// The `status-code` of a refusal by IPP.
    pub(crate) fn status(&self) -> Option<u16> {
        if let Self::Refused { status, .. } = self { Some(*status) } else { None }
    }

    /// Whether the printer answered that it does not do what was requested.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::HttpRefused { .. } | Self::HttpFailed { .. })
    }

    /// Whether the same request would be refused again: a client error, or an operation that is not supported.
    pub(crate) fn is_permanent_refusal(&self) -> bool {
        matches!(self, Self::Refused { status: 0x0400..=0x04ff | 0x0501, .. } | Self::HttpRefused { .. })
    }
}

/// The HTTP client of one printer. It keeps one connection open between requests.
#[derive(Debug)]
pub(crate) struct Transport {
    /// The client, or why there is none. The error is reported when the printer is used, so that it can be added
    /// before.
    client: Result<Client, CallError>,
    address: Address,
    login: Option<Login>,
    /// For connecting, a request without a document and its answer.
    answer_timeout: Duration,
    /// For connecting, a request with a document and its answer.
    upload_timeout: Duration,
    request_id: AtomicI32,
    /// The IPP version of the requests.
    version: AtomicU16,
    /// The printer has answered a request of that version with its attributes.
    knows_version: AtomicBool,
}

impl Transport {
    pub(crate) fn new(address: Address, options: &Options, now: &Now) -> Result<Self, SetupError> {
        options.check_scheme(address.is_encrypted())?;
        let loaded = options.load()?;
        let tls =
            if address.is_encrypted() { tls::config(loaded.trust, loaded.identity, now) } else { tls::unused_config() };
        let client = match tls {
            Err(TlsError::Setup(error)) => return Err(error),
            Err(TlsError::Unavailable(why)) => Err(CallError::NoTls(why)),
            Ok(tls) => Client::builder()
                .tls_backend_preconfigured(tls)
                .user_agent("cetak")
                .no_proxy()
                .redirect(Policy::none())
                .retry(reqwest::retry::never())
                .http1_only()
                .connect_timeout(loaded.connect_timeout)
                .pool_idle_timeout(IDLE_TIMEOUT)
                .tcp_user_timeout(UNACKNOWLEDGED_MAX)
                .build()
                .map_err(|error| CallError::NoTls(last_cause(&error))),
        };
        Ok(Self {
            client,
            address,
            login: loaded.login,
            // Longer than the connect timeout, which must expire first: only then is it certain that nothing was sent.
            answer_timeout: loaded.connect_timeout + loaded.answer_timeout,
            upload_timeout: loaded.connect_timeout + loaded.upload_timeout,
            request_id: AtomicI32::new(1),
            version: AtomicU16::new(VERSION_2_0),
            knows_version: AtomicBool::new(false),
        })
    }

    pub(crate) fn printer_uri(&self) -> &str {
        &self.address.printer_uri
    }

    /// For connecting, a request with a document and its answer.
    pub(crate) fn upload_timeout(&self) -> Duration {
        self.upload_timeout
    }

    /// For connecting, a request without a document and its answer.
    pub(crate) fn answer_timeout(&self) -> Duration {
        self.answer_timeout
    }

    /// Whether the printer has answered with its attributes, so that the IPP version is known.
    pub(crate) fn knows_version(&self) -> bool {
        self.knows_version.load(Ordering::Relaxed)
    }

    /// Sends a request without a document. `Ok` is a successful IPP answer.
    ///
    /// A query that a printer answers in IPP 1.1 only is sent again, and later requests have that version. No other
    /// request is sent twice.
    pub(crate) async fn call(&self, request: Request) -> Result<IppRequestResponse, CallError> {
        let answer = self.send(&request, &[], self.answer_timeout).await;
        let is_of_version_2 = self.version.load(Ordering::Relaxed) == VERSION_2_0;
        let is_refused = answer.as_ref().is_err_and(|error| error.status() == Some(VERSION_NOT_SUPPORTED));
        if is_of_version_2 && is_refused {
            self.version.store(VERSION_1_1, Ordering::Relaxed);
            return if is_query(request.operation) { self.call_again(&request).await } else { answer };
        }
        if request.operation != Operation::GetPrinterAttributes as u16 {
            return answer;
        }
        if is_of_version_2 && answer.as_ref().is_ok_and(|answer| !has_printer(answer)) {
            self.version.store(VERSION_1_1, Ordering::Relaxed);
            let again = self.call_again(&request).await;
            if again.as_ref().is_ok_and(has_printer) {
                return again;
            }
            self.version.store(VERSION_2_0, Ordering::Relaxed);
        }
        if answer.as_ref().is_ok_and(has_printer) {
            self.knows_version.store(true, Ordering::Relaxed);
        }
        answer
    }

    async fn call_again(&self, request: &Request) -> Result<IppRequestResponse, CallError> {
        let answer = self.send(request, &[], self.answer_timeout).await;
        if answer.as_ref().is_ok_and(has_printer) {
            self.knows_version.store(true, Ordering::Relaxed);
        }
        answer
    }

    /// Sends a request with a document, to be held. `Ok` is a successful IPP answer.
    pub(crate) async fn upload(&self, request: &Request, document: &[u8]) -> Result<IppRequestResponse, CallError> {
        self.send(request, document, self.upload_timeout).await
    }

    /// Sends a request with a document, and waits for the answer for an hour: a printer may answer when the card is done.
    pub(crate) async fn upload_slowly(
        &self,
        request: &Request,
        document: &[u8],
    ) -> Result<IppRequestResponse, CallError> {
        self.send(request, document, UPLOAD_MAX).await
    }

    async fn send(
        &self,
        request: &Request,
        document: &[u8],
        timeout: Duration,
    ) -> Result<IppRequestResponse, CallError> {
        let operation = operation_name(request.operation);
        // 1 to i32::MAX (RFC 8011, section 4.1.2), also after it wraps.
        let request_id = (self.request_id.fetch_add(1, Ordering::Relaxed) & i32::MAX).max(1);
        let version = IppVersion(self.version.load(Ordering::Relaxed));
        let mut body = request
            .to_bytes(version, &self.address.printer_uri, request_id)
            .map_err(|error| CallError::NotConnected(format!("cannot encode `{operation}`: {error}")))?;
        body.extend_from_slice(document);
        // A body of known size, because embedded printers refuse chunked requests.
        let client = self.client.as_ref().map_err(CallError::clone)?;
        let mut post = client.post(&self.address.http_url).timeout(timeout).body(body);
        if let Some(Login { user, password }) = &self.login {
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

fn has_printer(answer: &IppRequestResponse) -> bool {
    answer.attributes().first_of(DelimiterTag::PrinterAttributes).is_some()
}

/// The body, if it is not longer than [`ANSWER_BYTES_MAX`].
async fn read(mut response: Response) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > ANSWER_BYTES_MAX => {
                return Err(format!("the response is longer than {ANSWER_BYTES_MAX} bytes"));
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Ok(bytes),
            Err(error) => return Err(kind(&error)),
        }
    }
}

/// Not a refusal with status 408, which is sent after a part of the request was read.
fn http_failure(operation: &'static str, status: HttpStatus) -> CallError {
    let refused = status.is_redirection() || status.is_client_error();
    if refused && status != HttpStatus::REQUEST_TIMEOUT {
        CallError::HttpRefused { operation, status: status.as_u16() }
    } else {
        CallError::HttpFailed { operation, status: status.as_u16() }
    }
}

/// Only a failed connection proves that nothing was sent.
fn unsent_or_unanswered(operation: u16, error: &reqwest::Error) -> CallError {
    if error.is_builder() {
        return CallError::NotConnected(kind(error));
    }
    let tls = tls::error_in(causes(error));
    if error.is_connect() {
        // The last cause is the most specific, and has nothing of a request.
        return tls.map_or_else(
            || CallError::NotConnected(last_cause(error)),
            |tls| CallError::NotTrusted(tls::explain(tls)),
        );
    }
    match tls {
        // The printer did not process the request. That is believed of a query only, not of a request that may make a
        // card.
        Some(tls) if tls::is_client_certificate_rejected(tls) && is_query(operation) => {
            CallError::NotTrusted(tls::explain(tls))
        }
        _ => CallError::NoAnswer { operation: operation_name(operation), reason: kind(error) },
    }
}

fn is_query(operation: u16) -> bool {
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

/// What went wrong, without any text from the printer.
fn kind(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "timeout"
    } else if error.is_builder() {
        "the request is invalid"
    } else if error.is_body() || error.is_decode() {
        "the response is incomplete"
    } else {
        "the connection was closed, or the response is not HTTP"
    };
    kind.to_owned()
}

/// The operation's name in its RFC.
fn operation_name(operation: u16) -> &'static str {
    const NAMES: [(u16, &str); 11] = [
        (Operation::CreateJob as u16, "Create-Job"),
        (Operation::SendDocument as u16, "Send-Document"),
        (Operation::CancelJob as u16, "Cancel-Job"),
        (Operation::GetJobAttributes as u16, "Get-Job-Attributes"),
        (Operation::GetJobs as u16, "Get-Jobs"),
        (Operation::GetPrinterAttributes as u16, "Get-Printer-Attributes"),
        (Operation::HoldJob as u16, "Hold-Job"),
        (Operation::ReleaseJob as u16, "Release-Job"),
        (CREATE_PRINTER_SUBSCRIPTIONS, "Create-Printer-Subscriptions"),
        (GET_SUBSCRIPTIONS, "Get-Subscriptions"),
        (GET_NOTIFICATIONS, "Get-Notifications"),
    ];
    NAMES.iter().find(|(known, _)| *known == operation).map_or("unknown operation", |(_, name)| name)
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
    fn a_refusal_shows_an_unknown_status_as_a_number() {
        let refused = |status| CallError::Refused { operation: "Create-Job", status }.to_string();

        assert_eq!(refused(0x0404), "the printer refused `Create-Job`: Not possible (0x0404)");
        assert_eq!(refused(0x04ff), "the printer refused `Create-Job`: unknown status 0x04ff");
    }

    #[test]
    fn only_redirections_and_client_errors_other_than_a_timeout_are_refusals() {
        for status in [301, 400, 401, 403, 404, 413, 426] {
            let failure = http_failure("Get-Jobs", HttpStatus::from_u16(status).unwrap());
            assert_eq!(failure, CallError::HttpRefused { operation: "Get-Jobs", status });
        }
        for status in [102, 408, 500, 502, 503] {
            let failure = http_failure("Get-Jobs", HttpStatus::from_u16(status).unwrap());
            assert_eq!(failure, CallError::HttpFailed { operation: "Get-Jobs", status });
        }
    }
}
