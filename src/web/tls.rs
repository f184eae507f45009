//! The certificate of the server, which is read again when its files change.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum_server::tls_rustls::RustlsConfig;
use tracing::{info, warn};

use super::error::ServerError;
use crate::{
    engine::{
        clock::Clock,
        files::{read_regular, read_secret},
    },
    words::open_tls_key,
};

/// How often the files are compared with what is used.
const COMPARE_EVERY: Duration = Duration::from_secs(2);
/// The largest file.
const BYTES_MAX: u64 = 1 << 20;

/// The files of a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsFiles {
    /// The chain of certificates, PEM, the server's own first.
    pub certificate: PathBuf,
    /// Its private key, PEM, not encrypted. Refused if others may read it.
    pub key: PathBuf,
}

/// What the files hold: the chain and the key.
type Content = (Vec<u8>, Vec<u8>);

/// The certificate in use.
pub(super) struct Certificate {
    files: TlsFiles,
    read: Content,
    config: RustlsConfig,
}

impl TlsFiles {
    fn read(&self) -> Result<Content, ServerError> {
        let certificate =
            read_regular(&self.certificate, BYTES_MAX).map_err(|source| refused(&self.certificate, source))?;
        let key = read_secret(&self.key, BYTES_MAX).map_err(|source| refused(&self.key, source))?;
        Ok((certificate, key.ok_or_else(|| ServerError::Key(open_tls_key(&self.key)))?))
    }
}

fn refused(file: &Path, source: io::Error) -> ServerError {
    ServerError::Certificate { file: file.display().to_string(), source }
}

impl Certificate {
    /// Reads the files.
    pub(super) async fn read(files: TlsFiles) -> Result<Self, ServerError> {
        let read = files.read()?;
        let made = RustlsConfig::from_pem(read.0.clone(), read.1.clone()).await;
        let config = made.map_err(|source| refused(&files.certificate, source))?;
        Ok(Self { files, read, config })
    }

    /// The settings of connections, which follow the files.
    pub(super) fn config(&self) -> RustlsConfig {
        self.config.clone()
    }

    /// Follows the files until the task is ended. While they cannot be used, the certificate before stays in use: they may be
    /// replaced one after the other.
    pub(super) async fn follow(mut self, clock: Arc<dyn Clock>) {
        let mut told = None;
        loop {
            clock.sleep(COMPARE_EVERY).await;
            match self.reload().await {
                Ok(is_new) => {
                    if is_new {
                        info!("the certificate of the server was replaced");
                    }
                    told = None;
                }
                Err(error) => {
                    let text = error.to_string();
                    if told.as_ref() != Some(&text) {
                        warn!(error = &error as &dyn std::error::Error, "the certificate before stays in use");
                    }
                    told = Some(text);
                }
            }
        }
    }

    async fn reload(&mut self) -> Result<bool, ServerError> {
        let read = self.files.read()?;
        if read == self.read {
            return Ok(false);
        }
        let replaced = self.config.reload_from_pem(read.0.clone(), read.1.clone()).await;
        replaced.map_err(|source| refused(&self.files.certificate, source))?;
        self.read = read;
        Ok(true)
    }
}
