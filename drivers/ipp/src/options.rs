//! How one printer is reached, beyond its URI: whom to trust, who we are, how long to wait.
//!
//! Secrets are in files that only their owner may read, never in settings, errors or `Debug`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::address::UriError;
use crate::files::{read_certificates, read_issuers, read_key, read_password};

/// The options of one printer. The default is none: the machine's own authorities, no password, 3, 10 and 30 s.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// PEM, one or several certificates. They are trusted instead of the machine's own authorities.
    pub ca_file: Option<PathBuf>,
    /// The one certificate that this printer presents. Neither its name nor its issuer nor its validity matter then.
    pub certificate_sha256: Option<Fingerprint>,
    /// PEM, this machine's certificate and those between it and its issuer.
    pub client_certificate_file: Option<PathBuf>,
    /// PEM, its private key, not encrypted. Only its owner may read it.
    pub client_key_file: Option<PathBuf>,
    /// For HTTP Basic authentication; sent with every request.
    pub user: Option<String>,
    /// Its password, with or without a newline at the end. Only its owner may read the file. Read once, by
    /// [`IppPrinter::new`](crate::IppPrinter::new).
    pub password_file: Option<PathBuf>,
    /// Send the password also where everybody on the way can read it: `ipp://`.
    pub allow_plain_password: bool,
    /// 1 to 30 s to reach the printer; 3 s unless given.
    pub connect_timeout_s: Option<u64>,
    /// 1 to 120 s for a question and its answer, on an open connection; 10 s unless given.
    pub answer_timeout_s: Option<u64>,
    /// 1 to 600 s for a document and its answer, on an open connection; 30 s unless given.
    pub upload_timeout_s: Option<u64>,
}

/// SHA-256 of a certificate in DER.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Fingerprint([u8; 32]);

/// Why a text is no [`Fingerprint`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a SHA-256 fingerprint has 64 hexadecimal digits, with or without colons between each two")]
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

/// As `openssl x509 -fingerprint -sha256` and printers show it.
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

/// Why there can be no driver for a printer. Nothing was sent.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SetupError {
    /// Its URI.
    #[error(transparent)]
    Uri(#[from] UriError),
    /// An option.
    #[error("`{key}` {what}")]
    Option {
        /// Which.
        key: &'static str,
        /// What is wrong, and what to do.
        what: String,
    },
    /// A file that an option names.
    #[error("`{key}`: the file `{}` {what}", path.display())]
    File {
        /// Which option.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        what: String,
    },
}

impl Options {
    /// Are the values possible, each and together? Reads no file.
    pub fn validate(&self) -> Result<(), SetupError> {
        let bad = |key, what: &str| Err(SetupError::Option { key, what: what.to_owned() });
        for (key, value, max) in [
            ("connect_timeout_s", self.connect_timeout_s, 30),
            ("answer_timeout_s", self.answer_timeout_s, 120),
            ("upload_timeout_s", self.upload_timeout_s, 600),
        ] {
            if let Some(value) = value.filter(|value| !(1..=max).contains(value)) {
                return bad(key, &format!("is `{value}`; hint: it must be 1 to {max} (seconds)"));
            }
        }
        if self.ca_file.is_some() && self.certificate_sha256.is_some() {
            let what = "goes with no `certificate_sha256`: a pinned certificate needs no issuer; hint: leave one out";
            return bad("ca_file", what);
        }
        for (key, given, other, with) in [
            (
                "client_certificate_file",
                self.client_certificate_file.is_some(),
                "client_key_file",
                self.client_key_file.is_some(),
            ),
            ("user", self.user.is_some(), "password_file", self.password_file.is_some()),
        ] {
            if given != with {
                let (key, missing) = if given { (key, other) } else { (other, key) };
                return bad(key, &format!("needs `{missing}` beside it"));
            }
        }
        if self.allow_plain_password && self.user.is_none() {
            return bad("allow_plain_password", "has no effect without `user` and `password_file`; hint: leave it out");
        }
        match &self.user {
            Some(user)
                if user.is_empty() || user.len() > 255 || user.contains(|c: char| c == ':' || c.is_control()) =>
            {
                bad("user", "must have 1 to 255 bytes, and neither colons nor control characters")
            }
            _ => Ok(()),
        }
    }

    /// The same, and reads all files that they name.
    pub fn check(&self) -> Result<(), SetupError> {
        crate::tls::check(self.load()?)
    }

    /// Makes relative paths begin in `folder`.
    pub fn resolve(&mut self, folder: &Path) {
        let paths =
            [&mut self.ca_file, &mut self.client_certificate_file, &mut self.client_key_file, &mut self.password_file];
        for path in paths.into_iter().flatten() {
            *path = folder.join(&*path);
        }
    }

    /// The keys that are given.
    pub fn keys(&self) -> Vec<&'static str> {
        let given = [
            ("ca_file", self.ca_file.is_some()),
            ("certificate_sha256", self.certificate_sha256.is_some()),
            ("client_certificate_file", self.client_certificate_file.is_some()),
            ("client_key_file", self.client_key_file.is_some()),
            ("user", self.user.is_some()),
            ("password_file", self.password_file.is_some()),
            ("allow_plain_password", self.allow_plain_password),
            ("connect_timeout_s", self.connect_timeout_s.is_some()),
            ("answer_timeout_s", self.answer_timeout_s.is_some()),
            ("upload_timeout_s", self.upload_timeout_s.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(key, _)| key).collect()
    }

    /// What they mean, with the contents of all files.
    pub(crate) fn load(&self) -> Result<Loaded, SetupError> {
        self.validate()?;
        let trust = match (&self.ca_file, self.certificate_sha256) {
            (_, Some(pinned)) => Trust::Pinned(pinned),
            (Some(path), None) => Trust::Issuers(Box::new(read_issuers(path)?)),
            (None, None) => Trust::Machine,
        };
        let identity = match (&self.client_certificate_file, &self.client_key_file) {
            (Some(certificates), Some(key)) => Some(Identity {
                chain: read_certificates("client_certificate_file", certificates)?,
                key: read_key(key)?,
                key_file: key.clone(),
            }),
            _ => None,
        };
        let credentials = match (&self.user, &self.password_file) {
            (Some(user), Some(file)) => Some(Credentials { user: user.clone(), password: read_password(file)? }),
            _ => None,
        };
        let seconds = |given: Option<u64>, default| Duration::from_secs(given.unwrap_or(default));
        Ok(Loaded {
            trust,
            identity,
            credentials,
            connect_timeout: seconds(self.connect_timeout_s, 3),
            answer_timeout: seconds(self.answer_timeout_s, 10),
            upload_timeout: seconds(self.upload_timeout_s, 30),
        })
    }

    /// Does every option have an effect with this kind of URI, and is the password safe?
    pub(crate) fn suit(&self, encrypted: bool) -> Result<(), SetupError> {
        const OF_TLS: [&str; 4] = ["ca_file", "certificate_sha256", "client_certificate_file", "client_key_file"];
        if encrypted {
            return Ok(());
        }
        // Somebody relies on it.
        if let Some(key) = self.keys().into_iter().find(|key| OF_TLS.contains(key)) {
            let what = "has no effect with `ipp://`; hint: write the printer's URI with `ipps://`";
            return Err(SetupError::Option { key, what: what.to_owned() });
        }
        if self.user.is_some() && !self.allow_plain_password {
            let what = "would be readable on the way to the printer, as its URI begins with `ipp://`; hint: write it with \
                        `ipps://`, or set `allow_plain_password = true` where nobody can listen";
            return Err(SetupError::Option { key: "password_file", what: what.to_owned() });
        }
        Ok(())
    }
}

/// Options with the contents of their files.
pub(crate) struct Loaded {
    pub(crate) trust: Trust,
    pub(crate) identity: Option<Identity>,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) connect_timeout: Duration,
    pub(crate) answer_timeout: Duration,
    pub(crate) upload_timeout: Duration,
}

/// Whose certificates are good.
#[derive(Clone)]
pub(crate) enum Trust {
    /// Those that this machine trusts.
    Machine,
    /// Those that these issued.
    Issuers(Box<RootCertStore>),
    /// This one.
    Pinned(Fingerprint),
}

/// Who we are in TLS.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
    pub(crate) key_file: PathBuf,
}

/// Who we are in HTTP. `Debug` shows the user only.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.user)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn write(folder: &tempfile::TempDir, name: &str, text: &[u8], mode: u32) -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn with_password(text: &[u8], mode: u32) -> Result<String, String> {
        let folder = folder();
        let password_file = Some(write(&folder, "secret", text, mode));
        let options = Options { user: Some("siti".into()), password_file, ..Options::default() };
        match options.load() {
            Ok(loaded) => Ok(loaded.credentials.unwrap().password),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_fingerprint_is_read_as_programs_write_it() {
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
    fn a_password_is_one_line_that_only_its_owner_reads() {
        for text in ["rahasia", "rahasia\n", "rahasia\r\n"] {
            assert_eq!(with_password(text.as_bytes(), 0o600), Ok("rahasia".to_owned()), "{text:?}");
        }
        assert_eq!(with_password(b" r a \n", 0o400), Ok(" r a ".to_owned()));
        for mode in [0o640, 0o604, 0o610, 0o660, 0o644] {
            let error = with_password(b"rahasia\n", mode).unwrap_err();
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
            let error = with_password(text, 0o600).unwrap_err();
            assert!(error.contains(word) && error.contains("secret") && error.contains("password_file"), "{error}");
        }
    }

    #[test]
    fn nothing_shows_a_password() {
        let folder = folder();
        let options = Options {
            user: Some("siti".into()),
            password_file: Some(write(&folder, "secret", b"rahasia\n", 0o600)),
            ..Options::default()
        };

        let credentials = options.load().unwrap().credentials.unwrap();

        assert!(!format!("{options:?} {credentials:?}").contains("rahasia"));
    }

    #[test]
    fn a_file_that_is_not_what_it_should_be_is_named_with_its_option() {
        let folder = folder();
        let nowhere = Some(folder.path().join("nowhere"));
        let directory = Some(folder.path().to_owned());
        let text = Some(write(&folder, "text", b"no certificate", 0o644));
        let broken =
            Some(write(&folder, "broken", b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", 0o644));
        let odd = Some(write(&folder, "odd", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0o644));
        for (ca_file, words) in [
            (nowhere, "cannot be read"),
            (directory, "is no file"),
            (text.clone(), "BEGIN CERTIFICATE"),
            (broken, "BEGIN CERTIFICATE"),
            (odd.clone(), "number 1"),
        ] {
            let name = ca_file.clone().unwrap().display().to_string();
            let error = Options { ca_file, ..Options::default() }.load().err().unwrap().to_string();
            assert!(error.contains("`ca_file`") && error.contains(&name) && error.contains(words), "{error}");
        }
        let key_open_to_all =
            Options { client_certificate_file: odd.clone(), client_key_file: text, ..Options::default() };
        assert!(key_open_to_all.load().err().unwrap().to_string().contains("chmod 600"));
        let no_key = Some(write(&folder, "key", b"no key", 0o600));
        let no_key = Options { client_certificate_file: odd, client_key_file: no_key, ..Options::default() };
        assert!(no_key.load().err().unwrap().to_string().contains("BEGIN PRIVATE KEY"));
    }

    #[test]
    fn options_that_make_no_sense_are_refused_by_name() {
        let path = || Some(PathBuf::from("x"));
        let siti = || Some("siti".to_owned());
        let none = Options::default;
        let cases: [(&str, Options); 14] = [
            ("`connect_timeout_s` is `0`", Options { connect_timeout_s: Some(0), ..none() }),
            ("`connect_timeout_s` is `31`", Options { connect_timeout_s: Some(31), ..none() }),
            ("1 to 120", Options { answer_timeout_s: Some(121), ..none() }),
            ("1 to 600", Options { upload_timeout_s: Some(u64::MAX), ..none() }),
            ("`client_key_file`", Options { client_certificate_file: path(), ..none() }),
            ("`client_certificate_file`", Options { client_key_file: path(), ..none() }),
            ("`password_file`", Options { user: siti(), ..none() }),
            ("`user`", Options { password_file: path(), ..none() }),
            ("`allow_plain_password`", Options { allow_plain_password: true, ..none() }),
            ("colons", Options { user: Some("siti:x".into()), password_file: path(), ..none() }),
            ("control", Options { user: Some("si\nti".into()), password_file: path(), ..none() }),
            ("`user`", Options { user: Some(String::new()), password_file: path(), ..none() }),
            ("255", Options { user: Some("x".repeat(256)), password_file: path(), ..none() }),
            ("leave one out", Options { ca_file: path(), certificate_sha256: Some(Fingerprint::of(b"x")), ..none() }),
        ];
        for (words, options) in cases {
            let error = options.validate().unwrap_err().to_string();
            assert!(error.contains(words), "{words}: {error}");
        }
        assert_eq!(none().validate(), Ok(()));
    }

    #[test]
    fn a_password_goes_only_where_nobody_listens_unless_somebody_says_so() {
        let login = Options { user: Some("siti".into()), password_file: Some("x".into()), ..Options::default() };

        assert_eq!(login.suit(true), Ok(()));
        assert!(login.suit(false).unwrap_err().to_string().contains("allow_plain_password"));
        assert_eq!(Options { allow_plain_password: true, ..login }.suit(false), Ok(()));
        let pinned = Options { certificate_sha256: Some(Fingerprint::of(b"x")), ..Options::default() };
        assert!(pinned.suit(false).unwrap_err().to_string().contains("`ipps://`"));
    }

    #[test]
    fn paths_begin_in_the_folder_of_the_settings_unless_they_are_absolute() {
        let mut options =
            Options { ca_file: Some("a.pem".into()), password_file: Some("/b".into()), ..Options::default() };

        options.resolve(Path::new("/etc/cetak"));

        assert_eq!(options.ca_file, Some(PathBuf::from("/etc/cetak/a.pem")));
        assert_eq!(options.password_file, Some(PathBuf::from("/b")));
        assert_eq!(options.keys(), ["ca_file", "password_file"]);
    }
}
