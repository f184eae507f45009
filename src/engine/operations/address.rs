//! Compares the addresses of printers.

use std::net::IpAddr;

/// The default port of IPP, with and without TLS (RFC 3510, RFC 7472).
const IPP_PORT: u16 = 631;

/// Whether two addresses are certainly of one printer. The case of scheme and host, the default port, TLS, credentials,
/// slashes and the names of this machine make no difference.
pub(super) fn is_same_address(one: &str, other: &str) -> bool {
    one == other || network_address(one).is_some_and(|address| Some(address) == network_address(other))
}

/// Host, port and path of an IPP address.
fn network_address(uri: &str) -> Option<(String, u16, String)> {
    let (scheme, rest) = uri.split_once("://")?;
    if !["ipp", "ipps"].contains(&&*scheme.to_ascii_lowercase()) {
        return None;
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let authority = authority.rsplit_once('@').map_or(authority, |(_, authority)| authority);
    let end_of_host = authority.rfind(']').unwrap_or(0);
    let (host, port) = match authority[end_of_host..].find(':') {
        Some(colon) => authority.split_at(end_of_host + colon),
        None => (authority, ""),
    };
    let port = port.trim_start_matches(':');
    let port = if port.is_empty() { IPP_PORT } else { port.parse().ok()? };
    let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
    let host = match host.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(address) if address.is_loopback() => LOCALHOST.to_owned(),
        Ok(address) => address.to_string(),
        Err(_) => host,
    };
    let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    Some((host, port, path.join("/")))
}

/// This machine.
const LOCALHOST: &str = "localhost";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_printer_has_one_address_however_it_is_written() {
        let address = "ipp://printer.example:631/ipp/print";
        for same in [
            "ipp://printer.example/ipp/print",
            "IPP://Printer.EXAMPLE/ipp/print/",
            "ipps://printer.example//ipp/print",
            "ipp://user:secret@printer.example.:631/ipp/print",
        ] {
            assert!(is_same_address(address, same), "{same}");
        }
        for other in [
            "ipp://printer.example:8631/ipp/print",
            "ipp://printer.example/ipp/print2",
            "ipp://printer.example/IPP/print",
            "ipp://printer2.example/ipp/print",
            "mock://printer.example:631/ipp/print",
        ] {
            assert!(!is_same_address(address, other), "{other}");
        }
    }

    #[test]
    fn this_machine_has_several_names() {
        for same in ["127.0.0.1", "127.1.2.3", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "LocalHost"] {
            assert!(is_same_address("ipp://localhost:8000/ipp", &format!("ipp://{same}:8000/ipp")), "{same}");
        }
        assert!(is_same_address("ipp://[2001:DB8::1]/", "ipp://[2001:db8:0::1]:631"));
        assert!(!is_same_address("ipp://[2001:db8::1]/", "ipp://[2001:db8::2]/"));
    }

    #[test]
    fn a_malformed_address_is_only_itself() {
        for odd in ["", "ipp", "ipp://", "ipp://[::1", "ipp://a:b:c/", "ipp://a:99999/", "ipp://@:/"] {
            assert!(is_same_address(odd, odd), "{odd}");
            assert!(!is_same_address(odd, "ipp://printer.example/"), "{odd}");
        }
    }
}
