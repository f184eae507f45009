//! TLS to one printer: whom to believe, and what to say of a printer that is not believed.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
};

use crate::Now;
use crate::options::{Fingerprint, Identity, Loaded, SetupError, Trust};

/// One printer, one address: rustls reserves room for 256.
const SESSIONS_MAX: usize = 2;

/// Why there is no configuration.
#[derive(Debug)]
pub(crate) enum TlsError {
    /// This machine trusts nobody.
    NoAuthorities(String),
    /// The options do not fit together.
    Setup(SetupError),
}

/// What options ask for, if the printer is to be reached with TLS.
pub(crate) fn config(trust: Trust, identity: Option<Identity>, now: &Now) -> Result<ClientConfig, TlsError> {
    let judge = match trust {
        Trust::Machine => Judge::Issuers(machine().map_err(TlsError::NoAuthorities)?),
        Trust::Issuers(roots) => {
            let none = || TlsError::NoAuthorities("there is nobody in `ca_file`".to_owned());
            Judge::Issuers(trusting(*roots).ok_or_else(none)?)
        }
        Trust::Pinned(pinned) => Judge::Pinned(pinned),
    };
    let unsupported = |error: rustls::Error| TlsError::NoAuthorities(error.to_string());
    let config = ClientConfig::builder_with_details(provider(), Arc::new(Clock(now.clone())))
        .with_safe_default_protocol_versions()
        .map_err(unsupported)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(judge));
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

/// For a client that never speaks TLS: a machine without certificate authorities must do too.
pub(crate) fn unused() -> Result<ClientConfig, TlsError> {
    static UNUSED: OnceLock<ClientConfig> = OnceLock::new();
    if let Some(config) = UNUSED.get() {
        return Ok(config.clone());
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::NoAuthorities(error.to_string()))?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Ok(UNUSED.get_or_init(|| config).clone())
}

/// Do certificate and key fit together?
pub(crate) fn check(options: Loaded) -> Result<(), SetupError> {
    let never: Now = Arc::new(|| 0);
    match config(options.trust, options.identity, &never) {
        Err(TlsError::Setup(error)) => Err(error),
        // The machine, and no option, is to blame.
        Ok(_) | Err(TlsError::NoAuthorities(_)) => Ok(()),
    }
}

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(aws_lc_rs::default_provider())).clone()
}

/// The authorities of this machine, read once for all printers. Where there are none, the next printer looks again.
fn machine() -> Result<Arc<dyn ServerCertVerifier>, String> {
    static MACHINE: Mutex<Option<Arc<dyn ServerCertVerifier>>> = Mutex::new(None);
    let mut machine = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(verifier) = &*machine {
        return Ok(verifier.clone());
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let verifier = trusting(roots).ok_or("there are no certificate authorities")?;
    *machine = Some(verifier.clone());
    Ok(verifier)
}

/// `None` without any.
fn trusting(roots: RootCertStore) -> Option<Arc<dyn ServerCertVerifier>> {
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build().ok()?;
    Some(verifier)
}

/// The injected clock, for the validity of certificates.
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

/// Judges a printer's certificate, and says which one it was.
#[derive(Debug)]
enum Judge {
    Issuers(Arc<dyn ServerCertVerifier>),
    Pinned(Fingerprint),
}

/// A certificate that is not accepted, in words that repeat nothing from it but its fingerprint.
#[derive(Debug, thiserror::Error)]
#[error("{why}; the fingerprint (SHA-256) of the certificate that it presented is {presented}")]
struct Untrusted {
    why: &'static str,
    presented: Fingerprint,
    hint: &'static str,
}

const HINT_UNTRUSTED: &str = "name its issuer's certificate in `ca_file`, or, if the printer shows the same fingerprint \
                              itself, set `certificate_sha256` to it, in the printer's options";
const HINT_SELF_SIGNED: &str = "if the printer shows the same fingerprint itself, set `certificate_sha256` to it, in the \
                                printer's options";
const HINT_PINNED: &str = "if the printer got a new certificate, and shows the same fingerprint itself, set \
                           `certificate_sha256` to it";

impl ServerCertVerifier for Judge {
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
            Self::Pinned(_) => ("it is not the one that `certificate_sha256` names", HINT_PINNED),
            Self::Issuers(inner) => {
                match inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
                    Ok(verified) => return Ok(verified),
                    Err(error) => reason(&error),
                }
            }
        };
        let untrusted = Untrusted { why, presented, hint };
        Err(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(untrusted)))))
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

/// The crate's own words quote names that the printer chose.
#[expect(clippy::wildcard_enum_match_arm, reason = "both enumerations are open, and the rest has one meaning here")]
fn reason(error: &rustls::Error) -> (&'static str, &'static str) {
    use CertificateError as E;
    let why = match error {
        rustls::Error::InvalidCertificate(error) => match error {
            E::Expired | E::ExpiredContext { .. } => "it has expired, if the clock of this machine is right",
            E::NotValidYet | E::NotValidYetContext { .. } => {
                "it is not valid yet, if the clock of this machine is right"
            }
            E::NotValidForName | E::NotValidForNameContext { .. } => {
                "it is for another name than the one in the printer's URI"
            }
            // Bad: signed by another one of the same name.
            E::UnknownIssuer | E::BadSignature => "nobody who is trusted here has issued it",
            E::Revoked => "it was revoked",
            // The printer's own certificate says that it is an authority. `ca_file` would not help.
            E::Other(_) => return ("it is self-signed, or made for another purpose", HINT_SELF_SIGNED),
            _ => "it cannot be verified",
        },
        _ => "it cannot be verified",
    };
    (why, HINT_UNTRUSTED)
}

/// What ended TLS, if that is why a request failed.
pub(crate) fn failure<'a>(mut causes: impl Iterator<Item = &'a (dyn Error + 'static)>) -> Option<&'a rustls::Error> {
    causes.find_map(|cause| {
        // Each layer wraps once more, and `source` leaves out what is wrapped.
        let mut cause = cause;
        while let Some(inner) = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            cause = inner;
        }
        cause.downcast_ref()
    })
}

/// Why there is no TLS with the printer, and what to do.
#[expect(clippy::wildcard_enum_match_arm, reason = "the enumeration is open, and the rest has one meaning here")]
pub(crate) fn explain(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
            let inner: &(dyn Error + 'static) = &**inner;
            match inner.downcast_ref::<Untrusted>() {
                Some(untrusted) => {
                    format!("the printer's TLS certificate is not accepted: {untrusted}; hint: {}", untrusted.hint)
                }
                None => "the printer's TLS certificate is not accepted".to_owned(),
            }
        }
        rustls::Error::InvalidCertificate(_) => {
            "the printer does not prove that its TLS certificate is its own; hint: make the printer a new certificate"
                .to_owned()
        }
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::InsufficientSecurity)
        | rustls::Error::PeerIncompatible(_) => {
            "the printer's TLS is too old for this program, which speaks 1.2 and 1.3; hint: update the printer"
                .to_owned()
        }
        rustls::Error::AlertReceived(alert) if is_about_our_certificate(*alert) => {
            "the printer does not accept this machine's TLS certificate, or wants one; hint: set \
             `client_certificate_file` and `client_key_file` to what the printer accepts"
                .to_owned()
        }
        rustls::Error::InvalidMessage(_) => {
            "what answers there speaks no TLS; hint: check the port in the printer's URI, or write it with `ipp://`"
                .to_owned()
        }
        _ => "the printer ended the TLS handshake".to_owned(),
    }
}

/// The printer ended the handshake because of what we presented.
fn is_about_our_certificate(alert: AlertDescription) -> bool {
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

/// In TLS 1.3 a printer may find fault with our certificate only after the request is on its way.
pub(crate) fn is_late_refusal(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::AlertReceived(alert) if is_about_our_certificate(*alert))
}
