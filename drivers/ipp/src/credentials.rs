//! Certificates, keys and passwords, and the files that hold them.
//!
//! Secrets are in files that only their owner may read, never in settings, errors or `Debug`.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::setup_error::SetupError;

/// Longer than any certificate chain or password.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// HTTP servers limit a header line to about 8 KB.
const PASSWORD_BYTES_MAX: usize = 1024;

/// SHA-256 of a certificate in DER.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Fingerprint([u8; 32]);

/// The error for a text that is not a [`Fingerprint`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a SHA-256 fingerprint has 64 hexadecimal digits, with or without a colon after every two")]
pub struct InvalidFingerprint;

impl Fingerprint {
    /// The fingerprint of a certificate in DER.
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = InvalidFingerprint;

    fn try_from(text: String) -> Result<Self, InvalidFingerprint> {
        let mut digits = text.chars().filter(|c| *c != ':').map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()));
        let mut bytes = [0; 32];
        for byte in &mut bytes {
            let mut digit = || digits.next().flatten().ok_or(InvalidFingerprint);
            *byte = digit()? << 4 | digit()?;
        }
        if digits.next().is_none() { Ok(Self(bytes)) } else { Err(InvalidFingerprint) }
    }
}

/// In the form of `openssl x509 -fingerprint -sha256`.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, byte) in self.0.iter().enumerate() {
            let colon = if position == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Which printer certificates are accepted.
#[derive(Clone)]
pub(crate) enum Trust {
    /// Those issued by the machine's certificate authorities.
    Machine,
    /// Those issued by these authorities.
    Issuers(Box<RootCertStore>),
    /// This certificate only.
    Pinned(Fingerprint),
}

/// This machine's certificate for TLS client authentication.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
    pub(crate) key_file: PathBuf,
}

/// User and password for HTTP Basic authentication. `Debug` shows the user only.
#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({})", self.user)
    }
}

/// Reads `ca_file`.
pub(crate) fn read_issuers(path: &Path) -> Result<RootCertStore, SetupError> {
    let mut issuers = RootCertStore::empty();
    for (position, certificate) in read_certificates("ca_file", path)?.into_iter().enumerate() {
        issuers.add(certificate).map_err(|_| {
            let what = format!(
                "holds a certificate (number {}) that cannot be an issuer; hint: if it is the printer's own, set \
                 `certificate_sha256` to its fingerprint instead",
                position + 1
            );
            SetupError::File { key: "ca_file", path: path.to_owned(), what }
        })?;
    }
    Ok(issuers)
}

/// Reads the certificates of the file that option `key` names: at least one, in PEM.
pub(crate) fn read_certificates(key: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let text = read(key, path, false)?;
    let certificates: Option<Vec<_>> = CertificateDer::pem_slice_iter(&text).map(Result::ok).collect();
    certificates.filter(|all| !all.is_empty()).ok_or_else(|| {
        let what = "holds no certificate in PEM format; hint: a PEM file begins with `-----BEGIN CERTIFICATE-----`; \
                    convert DER with `openssl x509 -inform der`";
        SetupError::File { key, path: path.to_owned(), what: what.to_owned() }
    })
}

/// Reads `client_key_file`.
pub(crate) fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, SetupError> {
    let text = read("client_key_file", path, true)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
        let what = "holds no private key in PEM format; hint: a PEM key begins with `-----BEGIN PRIVATE KEY-----`; \
                    decrypt an encrypted one with `openssl pkey`";
        SetupError::File { key: "client_key_file", path: path.to_owned(), what: what.to_owned() }
    })
}

/// Reads `password_file`: one line, with or without a line end.
pub(crate) fn read_password(path: &Path) -> Result<String, SetupError> {
    let wrong = |what: &str| SetupError::File { key: "password_file", path: path.to_owned(), what: what.to_owned() };
    let bytes = read("password_file", path, true)?;
    let text =
        String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8 text; hint: write only the password into it"))?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() {
        return Err(wrong("is empty; hint: write the password into it"));
    }
    if line.len() > PASSWORD_BYTES_MAX || line.contains(char::is_control) {
        return Err(wrong("holds more than a password; hint: write only the password into it, as one line"));
    }
    Ok(line.to_owned())
}

/// The bytes of a file. Refuses a secret file that others can read, as ssh does.
fn read(key: &'static str, path: &Path, is_secret: bool) -> Result<Vec<u8>, SetupError> {
    let wrong = |what: String| SetupError::File { key, path: path.to_owned(), what };
    let unreadable =
        |error: io::Error| wrong(format!("cannot be read ({error}); hint: check the path and its permissions"));
    // Checked before the file is opened, because opening a pipe waits for its writer.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(wrong("is not a regular file".to_owned()));
    }
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if is_secret && metadata.permissions().mode() & 0o077 != 0 {
        return Err(wrong(format!("can be read by others; hint: chmod 600 {}", path.display())));
    }
    let mut bytes = Vec::new();
    let length = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if length as u64 > FILE_BYTES_MAX {
        return Err(wrong(format!("is longer than {FILE_BYTES_MAX} bytes; hint: check that it is the right file")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &tempfile::TempDir, name: &str, text: &[u8], mode: u32) -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn password(text: &[u8], mode: u32) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        read_password(&write(&folder, "secret", text, mode)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_fingerprint_is_read_with_and_without_colons_in_upper_and_lower_case() {
        let text = Fingerprint::of(b"a certificate").to_string();
        assert_eq!((text.len(), text.matches(':').count()), (95, 31));

        for spelling in [text.clone(), text.to_ascii_lowercase(), text.replace(':', "")] {
            assert_eq!(Fingerprint::try_from(spelling).unwrap(), Fingerprint::of(b"a certificate"));
        }
        for wrong in ["", "AB:CD", &text[3..], &format!("{text}:00"), &text.replace(':', "-"), &"g".repeat(64)] {
            assert_eq!(Fingerprint::try_from(wrong.to_owned()), Err(InvalidFingerprint), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_one_line_of_a_file_that_only_its_owner_can_read() {
        for text in ["rahasia", "rahasia\n", "rahasia\r\n"] {
            assert_eq!(password(text.as_bytes(), 0o600), Ok("rahasia".to_owned()), "{text:?}");
        }
        assert_eq!(password(b" r a \n", 0o400), Ok(" r a ".to_owned()));
        for mode in [0o640, 0o604, 0o610, 0o660, 0o644] {
            let error = password(b"rahasia\n", mode).unwrap_err();
            assert!(error.contains("can be read by others; hint: chmod 600 "), "{error}");
        }
        for (text, word) in [
            (b"".as_slice(), "empty"),
            (b"\n", "empty"),
            (b"a\nb\n", "one line"),
            (&[0xff, 0xfe], "UTF-8"),
            (&[b'x'; 2000], "one line"),
            (&vec![b'x'; 2_000_000], "longer"),
        ] {
            let error = password(text, 0o600).unwrap_err();
            assert!(error.contains(word) && error.contains("secret") && error.contains("password_file"), "{error}");
        }
    }

    #[test]
    fn debug_output_of_a_login_has_no_password() {
        let login = Login { user: "siti".to_owned(), password: "rahasia".to_owned() };

        assert_eq!(format!("{login:?}"), "Login(siti)");
    }

    #[test]
    fn an_unusable_file_is_named_with_its_option() {
        let folder = tempfile::tempdir().unwrap();
        let text = write(&folder, "text", b"no certificate", 0o644);
        let broken = b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n";
        let odd = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (path, words) in [
            (folder.path().join("missing"), "cannot be read"),
            (folder.path().to_owned(), "is not a regular file"),
            (text.clone(), "BEGIN CERTIFICATE"),
            (write(&folder, "broken", broken, 0o644), "BEGIN CERTIFICATE"),
            (write(&folder, "odd", odd, 0o644), "number 1"),
        ] {
            let error = read_issuers(&path).unwrap_err().to_string();
            let name = path.display().to_string();
            assert!(error.contains("`ca_file`") && error.contains(&name) && error.contains(words), "{error}");
        }
        assert!(read_key(&text).unwrap_err().to_string().contains("chmod 600"));
        let no_key = write(&folder, "key", b"no key", 0o600);
        assert!(read_key(&no_key).unwrap_err().to_string().contains("BEGIN PRIVATE KEY"));
    }
}
