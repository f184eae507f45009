//! The TLS configuration of one printer, and explanations of failed handshakes.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
};

use crate::clock::Now;
use crate::credentials::{Fingerprint, Identity, Trust};
use crate::setup_error::SetupError;

/// Sessions kept for resumption. One printer has one address; the default of rustls reserves room for 256.
const SESSIONS_MAX: usize = 2;

/// Why there is no TLS configuration.
#[derive(Debug)]
pub(crate) enum TlsError {
    /// This machine cannot verify certificates, for example because it has no certificate authorities.
    Unavailable(String),
    /// The options contradict each other.
    Setup(SetupError),
}

/// The configuration for a printer that is reached with TLS.
pub(crate) fn config(trust: Trust, identity: Option<Identity>, now: &Now) -> Result<ClientConfig, TlsError> {
    let verifier = match trust {
        Trust::Machine => CertificateVerifier::Issuers(machine_verifier().map_err(TlsError::Unavailable)?),
        Trust::Issuers(roots) => {
            let none = || TlsError::Unavailable("`ca_file` has no issuer".to_owned());
            CertificateVerifier::Issuers(issuer_verifier(*roots).ok_or_else(none)?)
        }
        Trust::Pinned(pinned) => CertificateVerifier::Pinned(pinned),
    };
    let unsupported = |error: rustls::Error| TlsError::Unavailable(error.to_string());
    let config = ClientConfig::builder_with_details(provider(), Arc::new(Clock(now.clone())))
        .with_safe_default_protocol_versions()
        .map_err(unsupported)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match identity {
        Some(Identity { chain, key, key_file }) => config.with_client_auth_cert(chain, key).map_err(|_| {
            let what = "does not belong to the certificate in `client_certificate_file`".to_owned();
            TlsError::Setup(SetupError::File { key: "client_key_file", path: key_file, what })
        })?,
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::in_memory_sessions(SESSIONS_MAX);
    Ok(config)
}

/// The configuration for a printer that is reached without TLS. It needs no certificate authorities on this machine.
pub(crate) fn unused_config() -> Result<ClientConfig, TlsError> {
    static UNUSED: OnceLock<ClientConfig> = OnceLock::new();
    if let Some(config) = UNUSED.get() {
        return Ok(config.clone());
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Unavailable(error.to_string()))?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Ok(UNUSED.get_or_init(|| config).clone())
}

/// Checks that this machine's certificate and key belong together.
pub(crate) fn check(trust: Trust, identity: Option<Identity>) -> Result<(), SetupError> {
    let unused_clock: Now = Arc::new(|| 0);
    match config(trust, identity, &unused_clock) {
        Err(TlsError::Setup(error)) => Err(error),
        // Not an error of the options.
        Ok(_) | Err(TlsError::Unavailable(_)) => Ok(()),
    }
}

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(ring::default_provider())).clone()
}

/// Verifies with the certificate authorities of this machine. They are read once for all printers; if there are none,
/// they are read again for the next printer.
fn machine_verifier() -> Result<Arc<dyn ServerCertVerifier>, String> {
    static VERIFIER: Mutex<Option<Arc<dyn ServerCertVerifier>>> = Mutex::new(None);
    let mut known = VERIFIER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(verifier) = &*known {
        return Ok(verifier.clone());
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let verifier = issuer_verifier(roots).ok_or("it has no certificate authorities")?;
    *known = Some(verifier.clone());
    Ok(verifier)
}

/// `None` without any root.
fn issuer_verifier(roots: RootCertStore) -> Option<Arc<dyn ServerCertVerifier>> {
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build().ok()?;
    Some(verifier)
}

/// Checks the validity of certificates by the injected clock.
struct Clock(Now);

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let since_epoch = u64::try_from((self.0)()).ok().map(Duration::from_micros)?;
        Some(UnixTime::since_unix_epoch(since_epoch))
    }
}

/// Verifies a printer's certificate. Its error has the fingerprint of a rejected one.
#[derive(Debug)]
enum CertificateVerifier {
    Issuers(Arc<dyn ServerCertVerifier>),
    Pinned(Fingerprint),
}

/// The error for a rejected certificate. It repeats nothing from the certificate but its fingerprint.
#[derive(Debug, thiserror::Error)]
#[error("{why}; its SHA-256 fingerprint is {presented}")]
struct RejectedCertificate {
    why: &'static str,
    presented: Fingerprint,
    hint: &'static str,
}

const HINT_UNTRUSTED: &str = "in the printer's options, set `ca_file` to the file of its issuer's certificate; or, if \
                              the printer itself shows the same fingerprint, set `certificate_sha256` to it";
const HINT_SELF_SIGNED: &str =
    "if the printer itself shows the same fingerprint, set `certificate_sha256` to it in the printer's options";
const HINT_PINNED: &str = "if the printer has a new certificate, and itself shows the same fingerprint, set \
                           `certificate_sha256` to it";

impl ServerCertVerifier for CertificateVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let presented = Fingerprint::of(end_entity);
        let (why, hint) = match self {
            Self::Pinned(pinned) if *pinned == presented => return Ok(ServerCertVerified::assertion()),
            Self::Pinned(_) => ("it is not the one with the fingerprint in `certificate_sha256`", HINT_PINNED),
            Self::Issuers(inner) => {
                match inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
                    Ok(verified) => return Ok(verified),
                    Err(error) => reason(&error),
                }
            }
        };
        let rejected = RejectedCertificate { why, presented, hint };
        Err(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(rejected)))))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &provider().signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &provider().signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

/// Why a certificate is rejected, and the hint. The text of `error` itself is not used, because it quotes names that
/// the printer chose.
#[expect(clippy::wildcard_enum_match_arm, reason = "both enumerations are open, and the rest has one meaning here")]
fn reason(error: &rustls::Error) -> (&'static str, &'static str) {
    use CertificateError as E;
    let why = match error {
        rustls::Error::InvalidCertificate(error) => match error {
            E::Expired | E::ExpiredContext { .. } => "it has expired (or the clock of this machine is wrong)",
            E::NotValidYet | E::NotValidYetContext { .. } => {
                "it is not valid yet (or the clock of this machine is wrong)"
            }
            E::NotValidForName | E::NotValidForNameContext { .. } => {
                "it is issued for another name than the host in the printer's URI"
            }
            // BadSignature: its issuer has the name of a trusted one, and another key.
            E::UnknownIssuer | E::BadSignature => "its issuer is not trusted",
            E::Revoked => "it was revoked",
            // The printer's own certificate claims to be an authority, so `ca_file` cannot help.
            E::Other(_) => return ("it is self-signed or for another purpose", HINT_SELF_SIGNED),
            _ => "it cannot be verified",
        },
        _ => "it cannot be verified",
    };
    (why, HINT_UNTRUSTED)
}

/// The TLS error among the causes of a failed request.
pub(crate) fn error_in<'a>(mut causes: impl Iterator<Item = &'a (dyn Error + 'static)>) -> Option<&'a rustls::Error> {
    causes.find_map(|cause| {
        // Each layer wraps the error in an `io::Error`, whose `source` skips the wrapped error.
        let mut cause = cause;
        while let Some(inner) = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            cause = inner;
        }
        cause.downcast_ref()
    })
}

/// Why the TLS handshake failed, with a hint.
#[expect(clippy::wildcard_enum_match_arm, reason = "the enumeration is open, and the rest has one meaning here")]
pub(crate) fn explain(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
            let inner: &(dyn Error + 'static) = &**inner;
            match inner.downcast_ref::<RejectedCertificate>() {
                Some(rejected) => {
                    format!("the printer's TLS certificate is rejected: {rejected}; hint: {}", rejected.hint)
                }
                None => "the printer's TLS certificate is rejected".to_owned(),
            }
        }
        rustls::Error::InvalidCertificate(_) => {
            "the printer does not prove that it has the key of its TLS certificate; hint: install a new certificate \
             on it"
                .to_owned()
        }
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::InsufficientSecurity)
        | rustls::Error::PeerIncompatible(_) => {
            "the printer's TLS version is too old: this program needs 1.2 or 1.3; hint: update the printer's firmware"
                .to_owned()
        }
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "the printer and this program have no TLS cipher in common (this program needs ECDHE; a printer with RSA key \
             exchange only is too old), or the printer requires a TLS certificate of this machine; hint: update the \
             printer's firmware, or set `client_certificate_file` and `client_key_file`"
                .to_owned()
        }
        rustls::Error::AlertReceived(alert) if is_about_client_certificate(*alert) => {
            "the printer requires a TLS certificate of this machine, or rejects the configured one; hint: set \
             `client_certificate_file` and `client_key_file` to a certificate that the printer accepts"
                .to_owned()
        }
        rustls::Error::InvalidMessage(_) => {
            "the printer does not use TLS on this port; hint: check the port in the printer's URI, or change it to \
             `ipp://`"
                .to_owned()
        }
        _ => "the printer aborted the TLS handshake".to_owned(),
    }
}

/// Whether the alert is about this machine's certificate.
fn is_about_client_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::CertificateRequired
            | AlertDescription::HandshakeFailure
    )
}

/// Whether the printer rejected this machine's certificate, which TLS 1.3 allows after the request was sent.
pub(crate) fn is_client_certificate_rejected(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::AlertReceived(alert) if is_about_client_certificate(*alert))
}
