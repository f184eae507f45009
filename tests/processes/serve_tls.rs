//! Tests `cetak serve` with a certificate: clients verify it, and a new one is used without a restart.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    sync::Arc,
};

use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::CertificateDer};

use crate::{
    http::{Served, reply},
    office::Office,
    wait_until,
};

/// The files of a certificate for `localhost`, beside the data folder.
struct Certificate {
    certificate: String,
    key: String,
}

impl Certificate {
    /// Writes a new one, and returns what clients trust.
    fn write(&self) -> CertificateDer<'static> {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        fs::write(&self.key, made.signing_key.serialize_pem()).unwrap();
        self.allow(0o600);
        fs::write(&self.certificate, made.cert.pem()).unwrap();
        made.cert.der().clone()
    }

    /// Lets these read the key.
    fn allow(&self, mode: u32) {
        fs::set_permissions(&self.key, fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// Shakes hands with a client that trusts one certificate alone; `None` if the server has another.
fn connect(
    served: &Served,
    trusted: &CertificateDer<'static>,
    protocols: &[&[u8]],
) -> Option<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let client = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(client, served.connect());
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).ok()?;
    }
    Some(stream)
}

fn is_alive(served: &Served, trusted: &CertificateDer<'static>) -> bool {
    let Some(mut stream) = connect(served, trusted, &[]) else { return false };
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    reply(&mut stream).status == 200
}

#[test]
fn a_new_certificate_is_used_without_a_restart_and_a_broken_one_is_not() {
    let office = Office::new();
    office.done(&["init"]);
    let file = |name: &str| office.file(name).to_str().unwrap().to_owned();
    let files = Certificate { certificate: file("cetak.pem"), key: file("cetak.key.pem") };
    let first = files.write();
    office.set(&format!("[serve]\ntls_cert = \"{}\"\ntls_key = \"{}\"\n", files.certificate, files.key));
    let served = Served::new(&office);
    assert!(served.running.messages().contains("listening on https://"), "{}", served.running.messages());
    assert!(is_alive(&served, &first));
    let stream = connect(&served, &first, &[b"h2", b"http/1.1"]).unwrap();
    assert_eq!(stream.conn.alpn_protocol(), Some(&b"h2"[..]));
    let mut plain = served.connect();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "no plain HTTP on this port");

    fs::write(&files.certificate, "half of it").unwrap();
    wait_until("the broken file is told", 60, || served.running.messages().contains("stays in use"));
    assert!(is_alive(&served, &first));
    let second = files.write();
    wait_until("the new certificate is used", 60, || is_alive(&served, &second));
    assert!(!is_alive(&served, &first));
    served.running.ask_to_stop();
    assert_eq!(served.running.ended(60).code, Some(0));
    let wrong = office.run(&["serve", "--listen", "127.0.0.1:0", "--tls-cert", &files.key, "--tls-key", &files.key]);
    assert!(wrong.code == Some(1) && wrong.stderr.contains("cannot be used"), "{wrong:?}");
}

#[test]
fn a_key_that_others_may_read_is_not_used() {
    let office = Office::new();
    office.done(&["init"]);
    let file = |name: &str| office.file(name).to_str().unwrap().to_owned();
    let files = Certificate { certificate: file("cetak.pem"), key: file("cetak.key.pem") };
    let trusted = files.write();
    office.set(&format!("[serve]\ntls_cert = \"{}\"\ntls_key = \"{}\"\n", files.certificate, files.key));
    files.allow(0o644);
    let refused = office.run(&["serve", "--listen", "127.0.0.1:0"]);
    let told = [&*files.key, "can be read by others", "hint: chmod 600"].map(|word| refused.stderr.contains(word));
    assert_eq!((refused.code, told), (Some(1), [true; 3]), "{refused:?}");

    files.allow(0o600);
    let served = Served::new(&office);
    assert!(is_alive(&served, &trusted));
    let second = files.write();
    files.allow(0o604);
    // It may have been read in between, which is no fault.
    wait_until("it is told", 60, || served.running.messages().contains("can be read by others"));
    files.allow(0o600);
    wait_until("the new certificate is used", 60, || is_alive(&served, &second));
}
