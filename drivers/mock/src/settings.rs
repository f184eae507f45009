//! Reads the settings of a mock printer from its URI, `mock://NAME?key=value&…`.

use std::path::PathBuf;

use cetak_driver_api::AttemptId;

use crate::faults::{FaultScript, FaultShares, InjectedFault};

/// Every key and its allowed values, in the order in which an error lists them.
const KEYS: [(&str, &str); 14] = [
    ("card_ms", MILLISECONDS),
    ("clear_ms", MILLISECONDS),
    ("offline", SHARE),
    ("reject", SHARE),
    ("jam", SHARE),
    ("spoil", SHARE),
    ("lose_ack", SHARE),
    ("forget", SHARE),
    (
        "script",
        "`NUMBER:FAULT,…` with `jam`, `spoil`, `lose_ack`, `forget`, `reject` or `offline`, each card number once",
    ),
    ("hold", "`yes` or `no`"),
    ("ribbon", "1 to 1000000"),
    ("dpi", "100 to 1200"),
    ("seed", "a whole number from 0 to 18446744073709551615"),
    ("truth", "the path of a file"),
];

const MILLISECONDS: &str = "whole milliseconds from 0 to 86400000";
const SHARE: &str = "a share from 0 to 1";

/// A day. Longer times are not useful, and sums of instants cannot overflow.
const MS_MAX: i64 = 86_400_000;

/// The largest sum of shares. Ten times 0.1 is a little more than 1.
const SUM_MAX: f64 = 1.0 + 1e-9;

/// The error for a text that is not a mock printer's URI.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum UriError {
    /// The scheme is not `mock`.
    #[error("the URI of a mock printer must begin with `mock://`")]
    Scheme,
    /// The part before `?` is not a printer's name.
    #[error(
        "the printer's name in a mock URI must not hold `/` or control characters, and must not be empty with `truth`"
    )]
    Name,
    /// The key does not exist; it is refused because it is probably misspelled.
    #[error("a mock printer has no key `{key}`; its keys are {}", known_keys())]
    UnknownKey {
        /// The key as written.
        key: String,
    },
    /// The key occurs twice.
    #[error("the key `{key}` occurs twice in the URI of a mock printer")]
    Repeated {
        /// The key.
        key: String,
    },
    /// The value is out of range, has the wrong type, or its percent-encoding is invalid.
    #[error("`{key}={value}`: {key} must be {allowed}")]
    Value {
        /// The key.
        key: String,
        /// The value as written.
        value: String,
        /// The allowed values.
        allowed: &'static str,
    },
    /// The shares add up to more than 1, although an attempt meets one fault at most.
    #[error("offline, reject, jam, spoil, lose_ack and forget must add up to 1 at most, but add up to {sum}")]
    Shares {
        /// Their sum.
        sum: f64,
    },
    /// A script and shares are given, and a card number and a share could name two faults for one attempt.
    #[error("a mock printer has a script or shares of faults, not both")]
    ScriptAndShares,
}

/// The checked settings of a URI.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Settings {
    /// The printer's name.
    pub(crate) name: String,
    /// The time of one card, 0 to a day, microseconds.
    pub(crate) card_us: i64,
    /// The time from a jam until it is cleared, 0 to a day, microseconds.
    pub(crate) clear_us: i64,
    pub(crate) shares: FaultShares,
    /// Instead of shares: faults by card number.
    pub(crate) script: Option<FaultScript>,
    /// A prepared attempt is held in the printer.
    pub(crate) hold: bool,
    /// The cards of a ribbon, of which the printer reports the level; `None`: it reports none.
    pub(crate) ribbon: Option<usize>,
    /// Dots per inch, 100 to 1200.
    pub(crate) dpi: u32,
    pub(crate) seed: u64,
    /// The file of the fed blanks; `None`: in memory.
    pub(crate) truth: Option<PathBuf>,
}

impl Settings {
    pub(crate) fn parse(uri: &str) -> Result<Self, UriError> {
        let rest = uri.strip_prefix("mock://").ok_or(UriError::Scheme)?;
        let (name, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut settings = Self {
            name: parse_name(name)?,
            card_us: 0,
            clear_us: 1_000_000,
            shares: FaultShares::default(),
            script: None,
            hold: false,
            ribbon: None,
            dpi: 300,
            seed: 0,
            truth: None,
        };
        let mut seen = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            settings.set(key, value)?;
            if seen.contains(&key) {
                return Err(UriError::Repeated { key: key.to_owned() });
            }
            seen.push(key);
        }
        let sum = settings.shares.sum();
        if sum > SUM_MAX {
            return Err(UriError::Shares { sum });
        }
        if settings.script.is_some() && sum > 0.0 {
            return Err(UriError::ScriptAndShares);
        }
        if settings.name.is_empty() && settings.truth.is_some() {
            return Err(UriError::Name);
        }
        Ok(settings)
    }

    /// The fault that an attempt meets before a blank is fed: `Offline`, `Reject`, or `None` for all others. `number` is that of the
    /// next blank.
    pub(crate) fn early_fault(&self, attempt: &AttemptId, number: usize) -> InjectedFault {
        match self.fault(attempt, number) {
            early @ (InjectedFault::Offline | InjectedFault::Reject) => early,
            InjectedFault::Jam
            | InjectedFault::Spoil
            | InjectedFault::LoseAck
            | InjectedFault::Forget
            | InjectedFault::None => InjectedFault::None,
        }
    }

    /// Whether faults follow a script, so that each fault before a blank is met once.
    pub(crate) fn has_script(&self) -> bool {
        self.script.is_some()
    }

    /// The fault of the attempt that feeds the blank of this number, from 1.
    pub(crate) fn card_fault(&self, attempt: &AttemptId, number: usize) -> InjectedFault {
        match self.fault(attempt, number) {
            InjectedFault::Offline | InjectedFault::Reject => InjectedFault::None, // an attempt before it met it
            fault @ (InjectedFault::Jam
            | InjectedFault::Spoil
            | InjectedFault::LoseAck
            | InjectedFault::Forget
            | InjectedFault::None) => fault,
        }
    }

    fn fault(&self, attempt: &AttemptId, number: usize) -> InjectedFault {
        match &self.script {
            Some(script) => script.fault(number),
            None => self.shares.fault(self.seed, attempt),
        }
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), UriError> {
        let Some((_, allowed)) = KEYS.iter().find(|(known, _)| *known == key) else {
            return Err(UriError::UnknownKey { key: key.to_owned() });
        };
        let text = percent_decoded(value).unwrap_or_default();
        let done = match key {
            "card_ms" => microseconds(&text).map(|us| self.card_us = us),
            "clear_ms" => microseconds(&text).map(|us| self.clear_us = us),
            "offline" => share(&text).map(|share| self.shares.offline = share),
            "reject" => share(&text).map(|share| self.shares.reject = share),
            "jam" => share(&text).map(|share| self.shares.jam = share),
            "spoil" => share(&text).map(|share| self.shares.spoil = share),
            "lose_ack" => share(&text).map(|share| self.shares.lose_ack = share),
            "forget" => share(&text).map(|share| self.shares.forget = share),
            "script" => FaultScript::parse(&text).map(|script| self.script = Some(script)),
            "hold" => yes_or_no(&text).map(|hold| self.hold = hold),
            "ribbon" => {
                text.parse().ok().filter(|cards| (1..=1_000_000).contains(cards)).map(|cards| self.ribbon = Some(cards))
            }
            "dpi" => text.parse().ok().filter(|dpi| (100..=1_200).contains(dpi)).map(|dpi| self.dpi = dpi),
            "seed" => text.parse().ok().map(|seed| self.seed = seed),
            "truth" => (!text.is_empty()).then(|| self.truth = Some(text.into())),
            _ => None,
        };
        done.ok_or_else(|| UriError::Value { key: key.to_owned(), value: value.to_owned(), allowed })
    }
}

fn known_keys() -> String {
    KEYS.map(|(key, _)| key).join(", ")
}

fn parse_name(text: &str) -> Result<String, UriError> {
    let name = percent_decoded(text).ok_or(UriError::Name)?;
    if name.contains(|c: char| c == '/' || c.is_control()) { Err(UriError::Name) } else { Ok(name) }
}

fn microseconds(text: &str) -> Option<i64> {
    text.parse().ok().filter(|ms| (0..=MS_MAX).contains(ms)).map(|ms| ms * 1000)
}

fn share(text: &str) -> Option<f64> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share))
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// `None` if `%` is not followed by two hexadecimal digits, or the result is not UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' { hex_digit(bytes.next()?)? * 16 + hex_digit(bytes.next()?)? } else { byte });
    }
    String::from_utf8(decoded).ok()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_with_only_a_name_is_a_printer_without_faults() {
        let settings = Settings::parse("mock://p1").unwrap();

        assert_eq!((settings.name.as_str(), settings.card_us, settings.clear_us), ("p1", 0, 1_000_000));
        assert_eq!(
            (settings.shares, settings.hold, settings.seed, settings.truth),
            (FaultShares::default(), false, 0, None)
        );
    }

    #[test]
    fn every_key_is_read() {
        let uri = "mock://p%201?card_ms=12&spoil=0.01&jam=0.02&clear_ms=500&offline=0.03&lose_ack=0.04&forget=0.05\
                   &reject=0.06&hold=yes&ribbon=200&dpi=600&seed=7&truth=/tmp/a%20b%26c+d";

        let settings = Settings::parse(uri).unwrap();

        let shares = FaultShares { offline: 0.03, reject: 0.06, jam: 0.02, spoil: 0.01, lose_ack: 0.04, forget: 0.05 };
        let truth = Some(PathBuf::from("/tmp/a b&c+d"));
        let name = "p 1".to_owned();
        assert_eq!(
            settings,
            Settings {
                name,
                card_us: 12_000,
                clear_us: 500_000,
                shares,
                script: None,
                hold: true,
                ribbon: Some(200),
                dpi: 600,
                seed: 7,
                truth
            }
        );
    }

    #[test]
    fn a_script_and_shares_together_are_refused() {
        assert!(Settings::parse("mock://p?script=3:spoil,7:forget").is_ok());
        let both = Settings::parse("mock://p?script=3:spoil&jam=0.1");
        assert_eq!(both, Err(UriError::ScriptAndShares));
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_list_of_keys() {
        let error = Settings::parse("mock://p?spoiled=0.1").unwrap_err();

        assert_eq!(
            error.to_string(),
            "a mock printer has no key `spoiled`; its keys are card_ms, clear_ms, offline, reject, jam, spoil, \
             lose_ack, forget, script, hold, ribbon, dpi, seed, truth"
        );
    }

    #[test]
    fn a_wrong_value_is_refused_with_its_key_and_the_allowed_values() {
        let wrong = [
            "card_ms=-1",
            "card_ms=1.5",
            "card_ms=86400001",
            "clear_ms=",
            "spoil=1.1",
            "spoil=-0.1",
            "jam=NaN",
            "jam=inf",
            "script=",
            "script=spoil",
            "script=0:spoil",
            "script=1:upside_down",
            "script=1:spoil,1:jam",
            "hold=true",
            "seed=-1",
            "seed=x",
            "truth=",
            "truth",
            "truth=%zz",
            "truth=%f",
            "truth=%ff",
        ];
        for pair in wrong {
            let error = Settings::parse(&format!("mock://p?{pair}")).unwrap_err();

            let key = pair.split('=').next().unwrap();
            let allowed = KEYS.iter().find(|(known, _)| *known == key).unwrap().1;
            assert!(error.to_string().ends_with(&format!(": {key} must be {allowed}")), "{pair}: {error}");
        }
    }

    #[test]
    fn shares_must_not_add_up_to_more_than_one() {
        assert!(Settings::parse("mock://p?spoil=0.4&jam=0.3&offline=0.1&forget=0.1&lose_ack=0.1").is_ok());

        let error = Settings::parse("mock://p?spoil=0.75&jam=0.5").unwrap_err();

        assert_eq!(error, UriError::Shares { sum: 1.25 });
    }

    #[test]
    fn another_scheme_a_wrong_name_and_a_repeated_key_are_refused() {
        assert_eq!(Settings::parse("ipp://p").unwrap_err(), UriError::Scheme);
        for name in ["a/b", "a%2fb", "a%0ab", "a%"] {
            assert_eq!(Settings::parse(&format!("mock://{name}")).unwrap_err(), UriError::Name, "{name}");
        }
        assert_eq!(Settings::parse("mock://p?seed=1&seed=1").unwrap_err(), UriError::Repeated { key: "seed".into() });
    }

    #[test]
    fn a_name_may_be_empty_only_without_a_truth_file() {
        assert!(Settings::parse("mock://?card_ms=1").is_ok());
        assert_eq!(Settings::parse("mock://?truth=t").unwrap_err(), UriError::Name);
    }
}
