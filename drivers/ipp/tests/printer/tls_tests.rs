//! Certificates: which printers the driver trusts, how it reports the others, and how it presents its own certificate.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cetak_driver_api::{DriverError, PrinterDriver};
use cetak_driver_ipp::{Fingerprint, IppPrinter, Now, Options, SetupError};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ResolvesServerCertUsingSni, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tempfile::TempDir;

use crate::clock;
use crate::eve::EvePrinter;
use crate::peer::Peer;
use crate::scripted_server::{self, ScriptedServer};

/// A certificate with its private key.
struct CertifiedPair {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl CertifiedPair {
    /// Issued by itself.
    fn self_signed(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        Self { certificate: CertificateParams::new([name.to_owned()]).unwrap().self_signed(&key).unwrap(), key }
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.certificate.der())
    }

    fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key.serialize_pem().as_bytes()).unwrap()
    }
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, format!("authority {}", uuid::Uuid::new_v4()));
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Valid from 2020 to 2039.
    fn issue(&self, name: &str) -> CertifiedPair {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2039, 12, 31);
        CertifiedPair { certificate: params.signed_by(&key, &self.issuer).unwrap(), key }
    }
}

fn serving(pair: &CertifiedPair) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![pair.certificate.der().clone()], pair.private_key())
        .unwrap()
}

fn file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn trusting(folder: &TempDir, authorities: &[&Authority]) -> Options {
    let pem: String = authorities.iter().map(|authority| authority.pem.as_str()).collect();
    Options { ca_file: Some(file(folder, "ca.pem", &pem)), ..Options::default() }
}

fn pinning(pinned: Fingerprint) -> Options {
    Options { certificate_sha256: Some(pinned), ..Options::default() }
}

fn driver(server: &ScriptedServer, options: &Options) -> IppPrinter {
    IppPrinter::new(&server.uri("ipps"), options, clock()).unwrap()
}

/// The message for the person who uses the printer.
async fn message(printer: &IppPrinter) -> String {
    match printer.probe().await {
        Err(DriverError::NeedsOperator(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// Asserts that the certificate is rejected for that reason, with its fingerprint and a hint.
async fn assert_rejected(printer: &IppPrinter, presented: &CertifiedPair, reason: &str) {
    let text = message(printer).await;
    let shown = presented.fingerprint().to_string();
    let words = [reason, &shown, "`certificate_sha256`", "hint: "];
    assert!(words.iter().all(|word| text.contains(word)), "no {words:?} in {text}");
}

#[tokio::test]
async fn every_issuer_in_ca_file_is_trusted() {
    let folder = TempDir::new().unwrap();
    let (other, authority) = (Authority::new(), Authority::new());
    let server = ScriptedServer::start_tls(serving(&authority.issue("localhost")));

    let printer = driver(&server, &trusting(&folder, &[&other, &authority]));

    assert!(printer.probe().await.is_ok());
    assert!(printer.status().await.is_ok());
    assert_eq!(server.count_connections(), 1);
}

#[tokio::test]
async fn a_certificate_of_another_issuer_is_rejected_and_its_fingerprint_is_shown() {
    let folder = TempDir::new().unwrap();
    let pair = Authority::new().issue("localhost");
    let server = ScriptedServer::start_tls(serving(&pair));

    let reason = "its issuer is not trusted";
    assert_rejected(&driver(&server, &Options::default()), &pair, reason).await;
    let trusting_another = driver(&server, &trusting(&folder, &[&Authority::new()]));
    assert_rejected(&trusting_another, &pair, reason).await;
    assert!(server.requests().is_empty(), "no request is sent to a printer that is not trusted");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_rejected() {
    let folder = TempDir::new().unwrap();
    let authority = Authority::new();
    let pair = authority.issue("another.example");
    let server = ScriptedServer::start_tls(serving(&pair));

    assert_rejected(&driver(&server, &trusting(&folder, &[&authority])), &pair, "another name").await;
}

#[tokio::test]
async fn the_validity_of_a_certificate_is_checked_by_the_injected_clock() {
    let folder = TempDir::new().unwrap();
    let authority = Authority::new();
    let pair = authority.issue("localhost");
    let server = ScriptedServer::start_tls(serving(&pair));
    let options = trusting(&folder, &[&authority]);
    let at = |seconds: i64| -> IppPrinter {
        let now: Now = Arc::new(move || seconds * 1_000_000);
        IppPrinter::new(&server.uri("ipps"), &options, now).unwrap()
    };

    assert!(at(1_800_000_000).probe().await.is_ok());
    assert_rejected(&at(2_300_000_000), &pair, "has expired").await;
    assert_rejected(&at(1_500_000_000), &pair, "not valid yet").await;
    assert_rejected(&at(0), &pair, "not valid yet").await;
}

#[tokio::test]
async fn a_pinned_self_signed_certificate_is_trusted_whatever_its_name_and_validity() {
    let pair = CertifiedPair::self_signed("another.example");
    let server = ScriptedServer::start_tls(serving(&pair));

    assert_rejected(&driver(&server, &Options::default()), &pair, "").await;
    assert!(driver(&server, &pinning(pair.fingerprint())).probe().await.is_ok());
    let far_future: Now = Arc::new(|| i64::MAX);
    let printer = IppPrinter::new(&server.uri("ipps"), &pinning(pair.fingerprint()), far_future).unwrap();
    assert!(printer.probe().await.is_ok());
}

/// `openssl req -x509` makes such certificates.
#[tokio::test]
async fn a_self_signed_certificate_that_claims_to_be_an_authority_must_be_pinned() {
    let folder = TempDir::new().unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pair = CertifiedPair { certificate: params.self_signed(&key).unwrap(), key };
    let server = ScriptedServer::start_tls(serving(&pair));
    let ca_file = Some(file(&folder, "own.pem", &pair.certificate.pem()));

    let text = message(&driver(&server, &Options { ca_file, ..Options::default() })).await;

    assert!(
        text.contains("self-signed") && text.contains("`certificate_sha256`") && !text.contains("ca_file"),
        "{text}"
    );
    assert!(driver(&server, &pinning(pair.fingerprint())).probe().await.is_ok());
}

#[tokio::test]
async fn another_certificate_than_the_pinned_one_is_rejected() {
    let pair = CertifiedPair::self_signed("localhost");
    let server = ScriptedServer::start_tls(serving(&pair));

    let printer = driver(&server, &pinning(Fingerprint::of(b"another")));

    assert_rejected(&printer, &pair, "not the one with the fingerprint in `certificate_sha256`").await;
}

/// An attacker has the certificate, which is public, but not its key.
#[tokio::test]
async fn a_pinned_certificate_presented_without_its_key_is_rejected() {
    let pair = CertifiedPair::self_signed("localhost");
    let attacker = CertifiedPair::self_signed("localhost");
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let provider = Arc::new(ring::default_provider());
        let key = ring::sign::any_supported_type(&attacker.private_key()).unwrap();
        let mut stolen = ResolvesServerCertUsingSni::new();
        stolen.add("localhost", CertifiedKey::new(vec![pair.certificate.der().clone()], key)).unwrap();
        let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
        let server = ScriptedServer::start_tls(config.with_no_client_auth().with_cert_resolver(Arc::new(stolen)));

        let text = message(&driver(&server, &pinning(pair.fingerprint()))).await;

        assert!(text.contains("does not prove"), "{version:?}: {text}");
        assert!(server.requests().is_empty());
    }
}

/// A printer that accepts clients with a certificate of this authority only.
fn requiring_client_certificate(
    authority: &Authority,
    pair: &CertifiedPair,
    version: &'static SupportedProtocolVersion,
) -> ScriptedServer {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    let config = config.with_client_cert_verifier(verifier);
    ScriptedServer::start_tls(
        config.with_single_cert(vec![pair.certificate.der().clone()], pair.private_key()).unwrap(),
    )
}

#[tokio::test]
async fn a_printer_that_requires_a_client_certificate_accepts_ours_or_the_error_names_the_option() {
    let folder = TempDir::new().unwrap();
    let (authority, stranger) = (Authority::new(), Authority::new());
    let printers_own = CertifiedPair::self_signed("localhost");
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let server = requiring_client_certificate(&authority, &printers_own, version);
        let with = |pair: &CertifiedPair| Options {
            client_certificate_file: Some(file(&folder, "our.pem", &pair.certificate.pem())),
            client_key_file: Some(file(&folder, "our.key", &pair.key.serialize_pem())),
            ..pinning(printers_own.fingerprint())
        };

        assert!(driver(&server, &with(&authority.issue("office"))).probe().await.is_ok(), "{version:?}");
        for options in [pinning(printers_own.fingerprint()), with(&stranger.issue("office"))] {
            let text = message(&driver(&server, &options)).await;
            assert!(text.contains("`client_certificate_file`"), "{version:?}: {text}");
        }
    }
}

#[test]
fn a_client_key_of_another_certificate_is_an_error_before_any_request() {
    let folder = TempDir::new().unwrap();
    let (one, other) = (CertifiedPair::self_signed("a"), CertifiedPair::self_signed("b"));
    let options = Options {
        client_certificate_file: Some(file(&folder, "our.pem", &one.certificate.pem())),
        client_key_file: Some(file(&folder, "our.key", &other.key.serialize_pem())),
        ..Options::default()
    };

    let made = IppPrinter::new("ipps://localhost/ipp/print", &options, clock());

    assert!(matches!(&made, Err(SetupError::File { key: "client_key_file", .. })), "{made:?}");
    assert_eq!(options.check().err(), made.err());
}

#[tokio::test]
async fn a_server_without_tls_or_with_an_old_version_is_reported_as_such() {
    for (answer, words) in [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(), "does not use TLS"),
        (&[0x15, 3, 1, 0, 2, 2, 70], "too old"),
        (&[0x15, 3, 3, 0, 2, 2, 40], "`client_certificate_file`"),
        (&[0x15, 3, 3, 0, 2, 2, 80], "aborted the TLS handshake"),
    ] {
        let (port, _) = scripted_server::accept("127.0.0.1:0", move |mut stream| {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer);
            // Waits, because closing the connection at once could discard the answer.
            let _ = stream.read(&mut [0; 4096]);
        });
        let uri = format!("ipps://localhost:{port}/ipp/print");
        let text = message(&IppPrinter::new(&uri, &Options::default(), clock()).unwrap()).await;
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[tokio::test]
async fn a_handshake_without_an_end_is_an_unreachable_printer() {
    let (port, _) =
        scripted_server::accept("127.0.0.1:0", |mut stream| while matches!(stream.read(&mut [0; 4096]), Ok(1..)) {});
    let options = Options { connect_timeout_s: Some(1), ..Options::default() };
    let printer = IppPrinter::new(&format!("ipps://localhost:{port}/ipp/print"), &options, clock()).unwrap();

    let unreachable = DriverError::Unavailable { reasons: vec!["connecting-to-device".to_owned()] };
    assert_eq!(printer.probe().await, Err(unreachable));
}

/// Many printers are based on CUPS, which makes such certificates.
#[tokio::test]
async fn the_own_certificate_of_ippeveprinter_is_trusted_as_issuer_and_as_pin() {
    let eve = EvePrinter::start().await;
    let uri = eve.uri().replace("ipp:", "ipps:");
    let text = message(&IppPrinter::new(&uri, &Options::default(), clock()).unwrap()).await;
    let made = certificate_in(&eve.keys());
    let fingerprint = Fingerprint::of(&CertificateDer::from_pem_slice(&fs::read(&made).unwrap()).unwrap());
    assert!(text.contains(&fingerprint.to_string()), "{text}");

    for options in [pinning(fingerprint), Options { ca_file: Some(made), ..Options::default() }] {
        let printer = IppPrinter::new(&uri, &options, clock()).unwrap();
        assert!(printer.probe().await.is_ok(), "{options:?}: {:?}", printer.probe().await);
    }
}

fn certificate_in(folder: &Path) -> PathBuf {
    let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|end| end == "crt")).unwrap()
}
