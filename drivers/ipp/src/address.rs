//! Turns a printer's URI into the addresses of IPP and HTTP (RFC 3510, RFC 7472).

use std::net::Ipv6Addr;

use ipp::prelude::Uri;

/// The default port of IPP, with and without TLS.
const PORT_DEFAULT: u16 = 631;

/// The longest IPP `uri` (RFC 8011, section 5.1.6).
const URI_BYTES_MAX: usize = 1023;

/// The error for a text that is not a printer's URI. It does not repeat the text, which may hold a password.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UriError {
    /// The text is not a URI.
    #[error("the printer URI is invalid; hint: write it like `ipp://printer.example/ipp/print`")]
    Malformed,
    /// The scheme is not `ipp` or `ipps`.
    #[error("the URI of an IPP printer must begin with `ipp://` or `ipps://`")]
    Scheme,
    /// The host is missing.
    #[error("the printer URI has no host; hint: write it like `ipp://printer.example/ipp/print`")]
    NoHost,
    /// The URI holds a user name or password.
    #[error(
        "a printer URI must not hold a user name or password; hint: remove everything between `//` and `@`, and set \
         `user` and `password_file` in the printer's options"
    )]
    UserInfo,
    /// The port is not a number from 1 to 65535.
    #[error("the port in the printer URI must be a number from 1 to 65535")]
    Port,
    /// The host is an IPv6 link-local address, which needs a zone. The HTTP client knows no zones.
    #[error(
        "the host in the printer URI is an IPv6 link-local address (`fe80::…`), which cannot be used; hint: use the \
         printer's host name, its IPv4 address or another IPv6 address"
    )]
    LinkLocal,
    /// The URI has a query.
    #[error("a printer URI must not have a query; hint: remove `?` and everything after it")]
    Query,
}

/// The address of one printer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Address {
    /// The `printer-uri` of requests, without the default port.
    pub(crate) printer_uri: String,
    /// The URL to which requests are posted.
    pub(crate) http_url: String,
}

impl Address {
    pub(crate) fn is_encrypted(&self) -> bool {
        self.http_url.starts_with("https:")
    }

    pub(crate) fn parse(text: &str) -> Result<Self, UriError> {
        if text.len() > URI_BYTES_MAX {
            return Err(UriError::Malformed);
        }
        if is_link_local(text) {
            return Err(UriError::LinkLocal);
        }
        let uri: Uri = text.parse().map_err(|_| UriError::Malformed)?;
        let (scheme, http_scheme) = match uri.scheme_str().map(str::to_ascii_lowercase).as_deref() {
            Some("ipp") => ("ipp", "http"),
            Some("ipps") => ("ipps", "https"),
            _ => return Err(UriError::Scheme),
        };
        let authority = uri.authority().ok_or(UriError::NoHost)?;
        if authority.as_str().contains('@') {
            return Err(UriError::UserInfo);
        }
        let host = authority.host();
        if host.is_empty() || host == "[]" {
            return Err(UriError::NoHost);
        }
        let port = match authority.as_str().strip_prefix(host) {
            Some("") => PORT_DEFAULT,
            _ => authority.port_u16().filter(|port| *port > 0).ok_or(UriError::Port)?,
        };
        if uri.query().is_some() {
            return Err(UriError::Query);
        }
        let path = if uri.path().is_empty() { "/" } else { uri.path() };
        let explicit = if port == PORT_DEFAULT { String::new() } else { format!(":{port}") };
        Ok(Self {
            printer_uri: format!("{scheme}://{host}{explicit}{path}"),
            http_url: format!("{http_scheme}://{host}:{port}{path}"),
        })
    }
}

/// Whether the host is an IPv6 address with a zone, or a link-local one without (RFC 4007, section 11; RFC 4291, section
/// 2.5.6). Found in the text, because a zone is not valid in every parser.
fn is_link_local(text: &str) -> bool {
    let host = text.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default());
    let Some(address) = host.and_then(|host| host.strip_prefix('[')).and_then(|host| host.split(']').next()) else {
        return false;
    };
    address.contains('%') || address.parse().is_ok_and(|address: Ipv6Addr| address.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_becomes_a_printer_uri_and_an_http_url() {
        for (given, printer_uri, http_url) in [
            ("ipp://p.example/ipp/print", "ipp://p.example/ipp/print", "http://p.example:631/ipp/print"),
            ("ipps://p.example/ipp/print", "ipps://p.example/ipp/print", "https://p.example:631/ipp/print"),
            ("ipps://p.example:8443/a", "ipps://p.example:8443/a", "https://p.example:8443/a"),
            ("IPP://[::1]:8701/ipp/print", "ipp://[::1]:8701/ipp/print", "http://[::1]:8701/ipp/print"),
            ("ipp://10.0.0.7", "ipp://10.0.0.7/", "http://10.0.0.7:631/"),
            ("ipp://10.0.0.7:631/x", "ipp://10.0.0.7/x", "http://10.0.0.7:631/x"),
        ] {
            let address = Address { printer_uri: printer_uri.into(), http_url: http_url.into() };
            assert_eq!(Address::parse(given), Ok(address), "{given}");
        }
    }

    #[test]
    fn an_invalid_printer_uri_is_refused_without_repeating_it() {
        for (given, error) in [
            ("", UriError::Malformed),
            ("ipp://", UriError::Malformed),
            ("ipp:/ipp/print", UriError::Malformed),
            ("ipp://p.example/a b", UriError::Malformed),
            ("ipp://:631/ipp/print", UriError::NoHost),
            ("p.example", UriError::Scheme),
            ("/ipp/print", UriError::Scheme),
            ("http://p.example:631/ipp/print", UriError::Scheme),
            ("mock://p.example", UriError::Scheme),
            ("ipp://ani:rahasia@p.example/ipp/print", UriError::UserInfo),
            ("ipps://@p.example/ipp/print", UriError::UserInfo),
            ("ipp://p.example:0/ipp/print", UriError::Port),
            ("ipp://p.example:99999/ipp/print", UriError::Port),
            ("ipp://p.example/ipp/print?waitjob=false", UriError::Query),
            ("ipp://[fe80::1%25eth0]:631/ipp/print", UriError::LinkLocal),
            ("ipp://[fe80::1%eth0]/ipp/print", UriError::LinkLocal),
            ("ipps://[FE80::1]:631/ipp/print", UriError::LinkLocal),
        ] {
            assert_eq!(Address::parse(given), Err(error), "{given}");
            assert!(!error.to_string().contains("rahasia"));
        }
        assert_eq!(Address::parse(&format!("ipp://p/{}", "a".repeat(1024))), Err(UriError::Malformed));
    }
}
