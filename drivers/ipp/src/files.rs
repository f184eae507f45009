//! The files that options name. Errors say which option, which file, what is wrong and what to do.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::options::SetupError;

/// Longer than any chain of certificates or password.
const FILE_LEN_MAX: u64 = 1 << 20;

/// HTTP servers bound a header line at some 8 KB.
const PASSWORD_LEN_MAX: usize = 1024;

pub(crate) fn read_issuers(path: &Path) -> Result<RootCertStore, SetupError> {
    let mut issuers = RootCertStore::empty();
    for (position, certificate) in read_certificates("ca_file", path)?.into_iter().enumerate() {
        issuers.add(certificate).map_err(|_| {
            let what = format!(
                "holds a certificate, number {}, that cannot vouch for others; hint: pin a printer's own old or odd \
                 certificate with `certificate_sha256`",
                position + 1
            );
            SetupError::File { key: "ca_file", path: path.to_owned(), what }
        })?;
    }
    Ok(issuers)
}

pub(crate) fn read_certificates(key: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let text = read(key, path, false)?;
    let certificates: Option<Vec<_>> = CertificateDer::pem_slice_iter(&text).map(Result::ok).collect();
    certificates.filter(|all| !all.is_empty()).ok_or_else(|| {
        let what = "holds no certificate in PEM; hint: it begins with `-----BEGIN CERTIFICATE-----`; `openssl x509 \
                    -inform der` makes it from DER";
        SetupError::File { key, path: path.to_owned(), what: what.to_owned() }
    })
}

pub(crate) fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, SetupError> {
    let text = read("client_key_file", path, true)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
        let what = "holds no private key in PEM; hint: it begins with `-----BEGIN PRIVATE KEY-----`; `openssl pkey` \
                    makes it from an encrypted one";
        SetupError::File { key: "client_key_file", path: path.to_owned(), what: what.to_owned() }
    })
}

pub(crate) fn read_password(path: &Path) -> Result<String, SetupError> {
    let wrong = |what: &str| SetupError::File { key: "password_file", path: path.to_owned(), what: what.to_owned() };
    let bytes = read("password_file", path, true)?;
    let text = String::from_utf8(bytes).map_err(|_| wrong("is no UTF-8 text; hint: write the password into it"))?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() {
        return Err(wrong("is empty; hint: write the password into it"));
    }
    if line.len() > PASSWORD_LEN_MAX || line.contains(char::is_control) {
        return Err(wrong("holds more than a password; hint: leave one line in it"));
    }
    Ok(line.to_owned())
}

/// A file's bytes. A secret one must be its owner's only, as ssh wants it.
fn read(key: &'static str, path: &Path, secret: bool) -> Result<Vec<u8>, SetupError> {
    let wrong = |what: String| SetupError::File { key, path: path.to_owned(), what };
    let unreadable =
        |error: io::Error| wrong(format!("cannot be read ({error}); hint: check the path and who may read"));
    // Before it is opened: a pipe would wait for its writer.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(wrong("is no file".to_owned()));
    }
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if secret && metadata.permissions().mode() & 0o077 != 0 {
        return Err(wrong(format!("can be read by others; hint: chmod 600 {}", path.display())));
    }
    let mut bytes = Vec::new();
    let length = file.take(FILE_LEN_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if length as u64 > FILE_LEN_MAX {
        return Err(wrong(format!("is longer than {FILE_LEN_MAX} bytes; hint: this is another file")));
    }
    Ok(bytes)
}
