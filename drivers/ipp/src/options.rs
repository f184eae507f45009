//! How one printer is reached, beyond its URI: certificates, password and timeouts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::credentials::{
    Fingerprint, Identity, Login, Trust, read_certificates, read_issuers, read_key, read_password,
};
use crate::setup_error::SetupError;
use crate::tls;

/// The options that have an effect with TLS only.
const TLS_OPTIONS: [&str; 4] = ["ca_file", "certificate_sha256", "client_certificate_file", "client_key_file"];

/// The options of one printer. By default: the machine's certificate authorities, no password, timeouts of 3, 10 and 30
/// s.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// PEM file of one or several issuers. They are trusted instead of the machine's certificate authorities.
    pub ca_file: Option<PathBuf>,
    /// The only certificate that is accepted of the printer, whatever its name, issuer and validity.
    pub certificate_sha256: Option<Fingerprint>,
    /// PEM file of this machine's certificate, and of those between it and its issuer.
    pub client_certificate_file: Option<PathBuf>,
    /// PEM file of its private key, not encrypted. Only its owner may read it.
    pub client_key_file: Option<PathBuf>,
    /// User of HTTP Basic authentication; sent with every request.
    pub user: Option<String>,
    /// File of the user's password, with or without a line end. Only its owner may read it. Read once, by
    /// [`IppPrinter::new`](crate::IppPrinter::new).
    pub password_file: Option<PathBuf>,
    /// Send the password over `ipp://` too, where anyone on the network can read it.
    pub allow_plain_password: bool,
    /// 1 to 30 s to connect to the printer; default 3 s.
    pub connect_timeout_s: Option<u64>,
    /// 1 to 120 s for a request without a document and its answer, on an open connection; default 10 s.
    pub answer_timeout_s: Option<u64>,
    /// 1 to 600 s for a request with a document and its answer, on an open connection; default 30 s.
    pub upload_timeout_s: Option<u64>,
}

impl Options {
    /// Checks the values, each by itself and together. Reads no file.
    pub fn validate(&self) -> Result<(), SetupError> {
        let wrong = |key, what: &str| Err(SetupError::Option { key, what: what.to_owned() });
        for (key, value, max) in [
            ("connect_timeout_s", self.connect_timeout_s, 30),
            ("answer_timeout_s", self.answer_timeout_s, 120),
            ("upload_timeout_s", self.upload_timeout_s, 600),
        ] {
            if let Some(value) = value.filter(|value| !(1..=max).contains(value)) {
                return wrong(key, &format!("is `{value}`; hint: it must be 1 to {max} (seconds)"));
            }
        }
        if self.ca_file.is_some() && self.certificate_sha256.is_some() {
            let what = "cannot be combined with `certificate_sha256`, because a pinned certificate needs no issuer; \
                        hint: remove one of the two";
            return wrong("ca_file", what);
        }
        for (key, is_set, other, other_is_set) in [
            (
                "client_certificate_file",
                self.client_certificate_file.is_some(),
                "client_key_file",
                self.client_key_file.is_some(),
            ),
            ("user", self.user.is_some(), "password_file", self.password_file.is_some()),
        ] {
            if is_set != other_is_set {
                let (key, missing) = if is_set { (key, other) } else { (other, key) };
                return wrong(key, &format!("needs `{missing}` too"));
            }
        }
        if self.allow_plain_password && self.user.is_none() {
            return wrong("allow_plain_password", "has no effect without `user` and `password_file`; hint: remove it");
        }
        match &self.user {
            Some(user)
                if user.is_empty() || user.len() > 255 || user.contains(|c: char| c == ':' || c.is_control()) =>
            {
                wrong("user", "must have 1 to 255 bytes, without colons and control characters")
            }
            _ => Ok(()),
        }
    }

    /// Checks the values, and reads and checks the files that they name.
    pub fn check(&self) -> Result<(), SetupError> {
        let loaded = self.load()?;
        tls::check(loaded.trust, loaded.identity)
    }

    /// Makes relative paths relative to `folder`.
    pub fn resolve(&mut self, folder: &Path) {
        let paths =
            [&mut self.ca_file, &mut self.client_certificate_file, &mut self.client_key_file, &mut self.password_file];
        for path in paths.into_iter().flatten() {
            *path = folder.join(&*path);
        }
    }

    /// The keys of the options that are set.
    pub fn keys(&self) -> Vec<&'static str> {
        let all = [
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
        all.into_iter().filter(|(_, is_set)| *is_set).map(|(key, _)| key).collect()
    }

    /// The checked options, with the contents of all files and the defaults.
    pub(crate) fn load(&self) -> Result<LoadedOptions, SetupError> {
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
        let login = match (&self.user, &self.password_file) {
            (Some(user), Some(file)) => Some(Login { user: user.clone(), password: read_password(file)? }),
            _ => None,
        };
        let seconds = |value: Option<u64>, default| Duration::from_secs(value.unwrap_or(default));
        Ok(LoadedOptions {
            trust,
            identity,
            login,
            connect_timeout: seconds(self.connect_timeout_s, 3),
            answer_timeout: seconds(self.answer_timeout_s, 10),
            upload_timeout: seconds(self.upload_timeout_s, 30),
        })
    }

    /// Checks that every option has an effect on a connection with or without TLS, and that the password is encrypted
    /// unless plain passwords are allowed.
    pub(crate) fn check_scheme(&self, is_encrypted: bool) -> Result<(), SetupError> {
        if is_encrypted {
            return Ok(());
        }
        // An error, not a warning, because a person relies on the option.
        if let Some(key) = self.keys().into_iter().find(|key| TLS_OPTIONS.contains(key)) {
            let what = "has no effect with `ipp://`; hint: change the printer's URI to `ipps://`";
            return Err(SetupError::Option { key, what: what.to_owned() });
        }
        if self.user.is_some() && !self.allow_plain_password {
            let what = "would be sent unencrypted, because the printer's URI begins with `ipp://`; hint: change it to \
                        `ipps://`, or set `allow_plain_password = true` if the network is trusted";
            return Err(SetupError::Option { key: "password_file", what: what.to_owned() });
        }
        Ok(())
    }
}

/// Options with the contents of their files.
pub(crate) struct LoadedOptions {
    pub(crate) trust: Trust,
    pub(crate) identity: Option<Identity>,
    pub(crate) login: Option<Login>,
    pub(crate) connect_timeout: Duration,
    pub(crate) answer_timeout: Duration,
    pub(crate) upload_timeout: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_options_are_refused_with_their_key() {
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
            (
                "remove one of the two",
                Options { ca_file: path(), certificate_sha256: Some(Fingerprint::of(b"x")), ..none() },
            ),
        ];
        for (words, options) in cases {
            let error = options.validate().unwrap_err().to_string();
            assert!(error.contains(words), "{words}: {error}");
        }
        assert_eq!(none().validate(), Ok(()));
    }

    #[test]
    fn a_file_is_read_and_checked_with_the_option_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let missing = Options { ca_file: Some(folder.path().join("missing")), ..Options::default() };

        assert_eq!(missing.validate(), Ok(()));
        let error = missing.check().unwrap_err().to_string();

        assert!(error.contains("`ca_file`") && error.contains("missing"), "{error}");
    }

    #[test]
    fn a_password_is_sent_unencrypted_only_if_that_is_allowed() {
        let login = Options { user: Some("siti".into()), password_file: Some("x".into()), ..Options::default() };

        assert_eq!(login.check_scheme(true), Ok(()));
        assert!(login.check_scheme(false).unwrap_err().to_string().contains("allow_plain_password"));
        assert_eq!(Options { allow_plain_password: true, ..login }.check_scheme(false), Ok(()));
    }

    #[test]
    fn an_option_of_tls_is_refused_without_tls() {
        let pinned = Options { certificate_sha256: Some(Fingerprint::of(b"x")), ..Options::default() };

        assert!(pinned.check_scheme(false).unwrap_err().to_string().contains("`ipps://`"));
    }

    #[test]
    fn relative_paths_are_resolved_and_absolute_ones_are_kept() {
        let mut options =
            Options { ca_file: Some("a.pem".into()), password_file: Some("/b".into()), ..Options::default() };

        options.resolve(Path::new("/etc/cetak"));

        assert_eq!(options.ca_file, Some(PathBuf::from("/etc/cetak/a.pem")));
        assert_eq!(options.password_file, Some(PathBuf::from("/b")));
        assert_eq!(options.keys(), ["ca_file", "password_file"]);
    }
}
