//! Whom the driver trusts, what it says of a printer that it does not trust, and whom a printer trusts.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cetak_driver_api::{Fault, PrinterDriver};
use cetak_driver_ipp::{Fingerprint, IppPrinter, Now, Options, SetupError};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ResolvesServerCertUsingSni, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tempfile::TempDir;

use crate::clock;
use crate::eve::EvePrinter;
use crate::peer::Peer;
use crate::server::{self, Server};

/// A certificate and its key.
struct Pair {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Pair {
    /// Nobody's but its own.
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
    fn issue(&self, name: &str) -> Pair {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2039, 12, 31);
        Pair { certificate: params.signed_by(&key, &self.issuer).unwrap(), key }
    }
}

fn serving(pair: &Pair) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
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

fn driver(server: &Server, options: &Options) -> IppPrinter {
    IppPrinter::new(&server.uri("ipps"), options, clock()).unwrap()
}

/// What a person is told.
async fn told(printer: &IppPrinter) -> String {
    match printer.probe().await {
        Err(Fault::NeedsOperator(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// Refused, for that reason, with its fingerprint and a way out.
async fn assert_refused(printer: &IppPrinter, presented: &Pair, reason: &str) {
    let text = told(printer).await;
    let shown = presented.fingerprint().to_string();
    let words = [reason, &shown, "`certificate_sha256`", "hint: "];
    assert!(words.iter().all(|word| text.contains(word)), "no {words:?} in {text}");
}

#[tokio::test]
async fn an_issuer_in_the_file_is_trusted_also_if_it_is_not_the_first() {
    let folder = TempDir::new().unwrap();
    let (other, authority) = (Authority::new(), Authority::new());
    let server = Server::start_tls(serving(&authority.issue("localhost")));

    let printer = driver(&server, &trusting(&folder, &[&other, &authority]));

    assert!(printer.probe().await.is_ok());
    assert!(printer.status().await.is_ok());
    assert_eq!(server.count_connections(), 1);
}

#[tokio::test]
async fn a_printer_of_another_issuer_is_refused_and_its_fingerprint_is_shown() {
    let folder = TempDir::new().unwrap();
    let pair = Authority::new().issue("localhost");
    let server = Server::start_tls(serving(&pair));

    let nobody_has_issued_it = "nobody who is trusted here has issued it";
    assert_refused(&driver(&server, &Options::default()), &pair, nobody_has_issued_it).await;
    let told_with_file = driver(&server, &trusting(&folder, &[&Authority::new()]));
    assert_refused(&told_with_file, &pair, nobody_has_issued_it).await;
    assert!(server.asked().is_empty(), "nothing is asked of a printer that is not trusted");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let folder = TempDir::new().unwrap();
    let authority = Authority::new();
    let pair = authority.issue("another.example");
    let server = Server::start_tls(serving(&pair));

    assert_refused(&driver(&server, &trusting(&folder, &[&authority])), &pair, "another name").await;
}

#[tokio::test]
async fn a_certificate_is_good_from_its_first_to_its_last_day_by_the_injected_clock() {
    let folder = TempDir::new().unwrap();
    let authority = Authority::new();
    let pair = authority.issue("localhost");
    let server = Server::start_tls(serving(&pair));
    let options = trusting(&folder, &[&authority]);
    let at = |seconds: i64| -> IppPrinter {
        let now: Now = Arc::new(move || seconds * 1_000_000);
        IppPrinter::new(&server.uri("ipps"), &options, now).unwrap()
    };

    assert!(at(1_800_000_000).probe().await.is_ok());
    assert_refused(&at(2_300_000_000), &pair, "has expired").await;
    assert_refused(&at(1_500_000_000), &pair, "not valid yet").await;
    assert_refused(&at(0), &pair, "not valid yet").await;
}

#[tokio::test]
async fn a_self_signed_certificate_is_trusted_once_it_is_pinned_whatever_its_name_and_age() {
    let pair = Pair::self_signed("another.example");
    let server = Server::start_tls(serving(&pair));

    assert_refused(&driver(&server, &Options::default()), &pair, "").await;
    assert!(driver(&server, &pinning(pair.fingerprint())).probe().await.is_ok());
    let far_future: Now = Arc::new(|| i64::MAX);
    let printer = IppPrinter::new(&server.uri("ipps"), &pinning(pair.fingerprint()), far_future).unwrap();
    assert!(printer.probe().await.is_ok());
}

/// `openssl req -x509` makes such certificates.
#[tokio::test]
async fn a_self_signed_certificate_that_says_it_is_an_authority_can_only_be_pinned() {
    let folder = TempDir::new().unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pair = Pair { certificate: params.self_signed(&key).unwrap(), key };
    let server = Server::start_tls(serving(&pair));
    let ca_file = Some(file(&folder, "own.pem", &pair.certificate.pem()));

    let text = told(&driver(&server, &Options { ca_file, ..Options::default() })).await;

    assert!(
        text.contains("self-signed") && text.contains("`certificate_sha256`") && !text.contains("ca_file"),
        "{text}"
    );
    assert!(driver(&server, &pinning(pair.fingerprint())).probe().await.is_ok());
}

#[tokio::test]
async fn another_certificate_than_the_pinned_one_is_refused_even_if_its_issuer_is_good() {
    let pair = Pair::self_signed("localhost");
    let server = Server::start_tls(serving(&pair));

    let printer = driver(&server, &pinning(Fingerprint::of(b"another")));

    assert_refused(&printer, &pair, "not the one that `certificate_sha256` names").await;
}

/// A thief who has seen the certificate, which is public, and not its key.
#[tokio::test]
async fn a_pinned_certificate_without_its_key_is_refused() {
    let pair = Pair::self_signed("localhost");
    let thief = Pair::self_signed("localhost");
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let key = aws_lc_rs::sign::any_supported_type(&thief.private_key()).unwrap();
        let mut stolen = ResolvesServerCertUsingSni::new();
        stolen.add("localhost", CertifiedKey::new(vec![pair.certificate.der().clone()], key)).unwrap();
        let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
        let server = Server::start_tls(config.with_no_client_auth().with_cert_resolver(Arc::new(stolen)));

        let text = told(&driver(&server, &pinning(pair.fingerprint()))).await;

        assert!(text.contains("does not prove"), "{version:?}: {text}");
        assert!(server.asked().is_empty());
    }
}

/// A printer that lets in who has a certificate of this authority.
fn picky(authority: &Authority, pair: &Pair, version: &'static SupportedProtocolVersion) -> Server {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    let config = config.with_client_cert_verifier(verifier);
    Server::start_tls(config.with_single_cert(vec![pair.certificate.der().clone()], pair.private_key()).unwrap())
}

#[tokio::test]
async fn a_printer_that_wants_a_certificate_of_ours_gets_it_or_says_so() {
    let folder = TempDir::new().unwrap();
    let (authority, stranger) = (Authority::new(), Authority::new());
    let printers_own = Pair::self_signed("localhost");
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let server = picky(&authority, &printers_own, version);
        let with = |pair: &Pair| Options {
            client_certificate_file: Some(file(&folder, "our.pem", &pair.certificate.pem())),
            client_key_file: Some(file(&folder, "our.key", &pair.key.serialize_pem())),
            ..pinning(printers_own.fingerprint())
        };

        assert!(driver(&server, &with(&authority.issue("office"))).probe().await.is_ok(), "{version:?}");
        for options in [pinning(printers_own.fingerprint()), with(&stranger.issue("office"))] {
            let text = told(&driver(&server, &options)).await;
            assert!(text.contains("`client_certificate_file`"), "{version:?}: {text}");
        }
    }
}

#[test]
fn a_key_of_another_certificate_is_refused_before_anything_is_sent() {
    let folder = TempDir::new().unwrap();
    let (one, other) = (Pair::self_signed("a"), Pair::self_signed("b"));
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
async fn what_speaks_no_tls_or_only_old_tls_is_told_apart_from_a_certificate() {
    for (answer, words) in [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(), "speaks no TLS"),
        (&[0x15, 3, 1, 0, 2, 2, 70], "too old"),
        (&[0x15, 3, 3, 0, 2, 2, 40], "`client_certificate_file`"),
        (&[0x15, 3, 3, 0, 2, 2, 80], "ended the TLS handshake"),
    ] {
        let (port, _) = server::accept("127.0.0.1:0", move |mut stream| {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer);
            // Closing at once would reset the connection, and the answer with it.
            let _ = stream.read(&mut [0; 4096]);
        });
        let uri = format!("ipps://localhost:{port}/ipp/print");
        let text = told(&IppPrinter::new(&uri, &Options::default(), clock()).unwrap()).await;
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_a_printer_that_cannot_be_reached() {
    let (port, _) = server::accept("127.0.0.1:0", |mut stream| while matches!(stream.read(&mut [0; 4096]), Ok(1..)) {});
    let options = Options { connect_timeout_s: Some(1), ..Options::default() };
    let printer = IppPrinter::new(&format!("ipps://localhost:{port}/ipp/print"), &options, clock()).unwrap();

    let unreachable = Fault::Unavailable { reasons: vec!["connecting-to-device".to_owned()] };
    assert_eq!(printer.probe().await, Err(unreachable));
}

/// CUPS makes such certificates, and many printers are built on it.
#[tokio::test]
async fn ippeveprinter_is_trusted_by_its_own_certificate_as_authority_and_as_pin() {
    let eve = EvePrinter::start().await;
    let uri = eve.uri().replace("ipp:", "ipps:");
    let text = told(&IppPrinter::new(&uri, &Options::default(), clock()).unwrap()).await;
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
