//! The settings of `cetak serve`: the arguments go over `[serve]` of the settings file, which goes over the defaults.

use std::{
    fs::DirBuilder,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::Deserialize;

use super::system::os_user_of;
use crate::{
    cli::{Message, args::ServeArgs},
    web::{Settings, SocketSettings, TlsFiles},
};

/// The address without settings.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// The most connections at a time.
pub(super) const CONNECTIONS_MAX: usize = 1_024;
/// The socket for commands on this machine, in the data folder, if no other one is named.
const SOCKET: &str = "cetak.sock";
/// The folder of backups that are asked for over the network, in the data folder.
const BACKUPS: &str = "backups";

/// The folder of photos for lists that come over the network, in the data folder.
const PHOTOS: &str = "photos";

/// `[serve]` of the settings file.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServeTable {
    listen: Option<SocketAddr>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    socket: Option<PathBuf>,
    #[serde(default)]
    trusted_proxies: Vec<IpAddr>,
    photos: Option<PathBuf>,
}

impl ServeTable {
    /// With paths that start at the folder of the settings file.
    pub(super) fn resolved(mut self, folder: &Path) -> Self {
        for file in [&mut self.tls_cert, &mut self.tls_key, &mut self.socket, &mut self.photos].into_iter().flatten() {
            *file = folder.join(&*file);
        }
        self
    }

    /// Its keys and values, as people see them.
    pub(super) fn shown(&self) -> Vec<(&'static str, String)> {
        let file = |file: Option<&PathBuf>| file.map(|file| file.display().to_string());
        let proxies: Vec<String> = self.trusted_proxies.iter().map(ToString::to_string).collect();
        let proxies = (!proxies.is_empty()).then(|| proxies.join(", "));
        let rows = [
            ("serve.listen", self.listen.map(|address| address.to_string())),
            ("serve.tls_cert", file(self.tls_cert.as_ref())),
            ("serve.tls_key", file(self.tls_key.as_ref())),
            ("serve.socket", file(self.socket.as_ref())),
            ("serve.trusted_proxies", proxies),
            ("serve.photos", file(self.photos.as_ref())),
        ];
        rows.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }
}

/// The settings of the server. Refused if passwords and tokens would go over a network in the clear.
pub(super) fn settings(args: ServeArgs, table: ServeTable, data: &Path) -> Result<Settings, Message> {
    let listen = args.listen.or(table.listen).unwrap_or(LISTEN);
    let tls = match (args.tls_cert.or(table.tls_cert), args.tls_key.or(table.tls_key)) {
        (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            let text = "a certificate and its key belong together, and only one of the two is named";
            return Err(Message::new(
                text,
                "name both, with `--tls-cert` and `--tls-key`, or in `[serve]` of the settings",
            ));
        }
    };
    if tls.is_none() && !listen.ip().is_loopback() && !args.insecure_http {
        let text = format!("without a certificate, passwords and tokens would go to {listen} in the clear");
        return Err(Message::new(
            text,
            "name a certificate with `--tls-cert` and `--tls-key`, or listen on 127.0.0.1 behind a proxy with TLS",
        ));
    }
    Ok(Settings {
        listen,
        tls,
        trusted_proxies: table.trusted_proxies,
        connections: CONNECTIONS_MAX,
        backups: data.join(BACKUPS),
        received: data.to_owned(),
        photos: table.photos.unwrap_or_else(|| data.join(PHOTOS)),
        socket: Some(socket(table.socket, data)),
    })
}

/// The socket that is named, or the one in the data folder.
pub(super) fn socket(named: Option<PathBuf>, data: &Path) -> SocketSettings {
    let is_named = named.is_some();
    SocketSettings { path: named.unwrap_or_else(|| data.join(SOCKET)), is_named, os_user: os_user_of }
}

/// Makes the folder of backups, for its owner only.
pub(super) fn make_backups(settings: &Settings) -> anyhow::Result<()> {
    let folder = &settings.backups;
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("the folder `{}` cannot be made", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> ServeArgs {
        ServeArgs { listen: None, tls_cert: None, tls_key: None, insecure_http: false }
    }

    #[test]
    fn plain_http_is_for_this_machine_only_unless_it_is_insisted_on() {
        let on = |address: &str, args: ServeArgs| {
            let args = ServeArgs { listen: Some(address.parse().unwrap()), ..args };
            settings(args, ServeTable::default(), Path::new("data"))
        };
        for address in ["127.0.0.1:8080", "[::1]:8080", "127.8.0.1:1"] {
            assert!(on(address, args()).is_ok(), "{address}");
        }
        for address in ["0.0.0.0:8080", "192.168.1.7:80", "[::]:8080"] {
            assert!(on(address, args()).unwrap_err().text.contains("in the clear"), "{address}");
            assert!(on(address, ServeArgs { insecure_http: true, ..args() }).is_ok(), "{address}");
            let tls = ServeArgs { tls_cert: Some("c".into()), tls_key: Some("k".into()), ..args() };
            assert!(on(address, tls).is_ok(), "{address}");
        }
        assert!(on("127.0.0.1:1", ServeArgs { tls_cert: Some("c".into()), ..args() }).is_err(), "no key");
    }

    #[test]
    fn an_argument_goes_over_the_settings_file_whose_paths_start_at_its_folder() {
        let table: ServeTable =
            toml::from_str("listen = \"127.0.0.1:9000\"\ntls_cert = \"c.pem\"\ntls_key = \"/srv/k.pem\"").unwrap();
        let table = table.resolved(Path::new("/srv/cetak"));
        let of_file = settings(args(), table.clone(), Path::new("data")).unwrap();
        assert_eq!(of_file.listen.port(), 9000);
        let expected = TlsFiles { certificate: "/srv/cetak/c.pem".into(), key: "/srv/k.pem".into() };
        assert_eq!(of_file.tls, Some(expected));
        let named = ServeArgs { listen: Some("127.0.0.1:9001".parse().unwrap()), ..args() };
        assert_eq!(settings(named, table, Path::new("data")).unwrap().listen.port(), 9001);
        assert!(toml::from_str::<ServeTable>("listn = \"127.0.0.1:1\"").is_err());
    }
}
