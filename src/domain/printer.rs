//! Printers.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    breaker::Breaker,
    supply::{Limits, Supplies},
};

/// The most printers that an office has in use, so that a list of all of them is bounded.
pub const PRINTERS_MAX: usize = 1_000;

/// A printer, as the database has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Printer {
    /// The name that the operator chose.
    pub name: String,
    /// The address.
    pub uri: String,
    /// The profile of the cards that it prints; its hopper has that profile's blanks.
    pub profile: String,
    /// The capacity of its hopper, if its hopper is counted.
    pub hopper: Option<i64>,
    /// The circuit breaker, which decides whether it gets cards.
    pub breaker: Breaker,
    /// The number of consecutive failures.
    pub failures: u32,
    /// The last known state: `unknown`, `idle`, `processing`, `stopped` or `unreachable`.
    pub state: String,
    /// The last known `printer-state-reasons` (RFC 8011, 5.4.12), with their suffixes.
    pub reasons: Vec<String>,
    /// The capabilities of the last probe, as JSON of the driver API.
    pub capabilities: Option<String>,
    /// The reason that a person gave for overriding the objections against it.
    pub override_reason: Option<String>,
    /// State reasons that an operator has acknowledged. They do not stop the printer while it keeps reporting them.
    pub acknowledged_reasons: Vec<String>,
    /// The node that it belongs to, on a shared database.
    pub node: Option<String>,
    /// Its limits, and what they leave it.
    pub supplies: Supplies,
    /// The mean time of its cards in milliseconds, if it has printed any.
    pub card_ms: Option<i64>,
}

/// What people set of a printer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PrinterSetting {
    /// The printer.
    pub name: String,
    /// Where it is, without secrets.
    pub uri: String,
    /// The profile whose cards it prints.
    pub profile: String,
    /// The capacity of its hopper, if the hopper is counted.
    pub hopper: Option<i64>,
    /// Its other limits.
    pub limits: Limits,
}

impl Printer {
    /// What people set of it.
    pub fn setting(&self) -> PrinterSetting {
        PrinterSetting {
            name: self.name.clone(),
            uri: plain_uri(&self.uri),
            profile: self.profile.clone(),
            hopper: self.hopper,
            limits: self.supplies.limits,
        }
    }

    /// The mean time of its cards: as they have shown it, else as people set it.
    pub fn card_time(&self) -> Option<Duration> {
        let set = self.supplies.limits.seconds_per_card.map(|seconds| seconds.saturating_mul(1_000));
        self.card_ms.or(set).and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis)
    }
}

/// A URI without user and password.
pub fn plain_uri(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else { return uri.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_shown_without_user_and_password() {
        assert_eq!(plain_uri("ipps://u:p@host:631/ipp/print"), "ipps://host:631/ipp/print");
        assert_eq!(plain_uri("mock://p1?truth=a@b"), "mock://p1?truth=a@b");
        assert_eq!(plain_uri("nonsense"), "nonsense");
    }
}
