//! How long a sign-in waits after failed ones. An account is never locked: the delay has a maximum.

use std::{collections::HashMap, time::Duration};

/// Failed tries without a delay, for a person who mistypes a password.
const FREE: u32 = 2;
/// The longest delay.
const DELAY_MAX: Duration = Duration::from_secs(30);
/// Failures are forgotten when there was none for this long.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(15);
/// The names, and the addresses, that are remembered at most. The oldest is forgotten.
const KEYS_MAX: usize = 4096;
/// The sign-ins of one address that may wait at once, and of all addresses.
const WAITING_MAX: u32 = 8;
const WAITING_MAX_OF_ALL: u32 = 256;

/// The delay before a try after a number of failed ones: none twice, and then twice as long each time, from one second to 30.
fn delay_after(failures: u32) -> Duration {
    match failures.checked_sub(FREE) {
        None => Duration::ZERO,
        Some(more) => Duration::from_secs(1 << more.min(5)).min(DELAY_MAX),
    }
}

/// Too many sign-ins wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Busy;

/// The failed sign-ins by account name and by address. A try that is under way counts as failed, so that many at once gain nothing.
#[derive(Debug, Default)]
pub struct SignInDelays {
    names: HashMap<String, Failures>,
    addresses: HashMap<String, Failures>,
    waiting: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Failures {
    count: u32,
    /// When the last try began.
    last: Duration,
    /// The tries that are under way.
    waiting: u32,
}

impl SignInDelays {
    /// Begins a try at an instant of a monotonic clock. Returns how long it has to wait. [`ended`](Self::ended) must follow.
    pub fn began(&mut self, name: &str, address: &str, now: Duration) -> Result<Duration, Busy> {
        let of_address = self.addresses.get(address).map_or(0, |failures| failures.waiting);
        if of_address >= WAITING_MAX || self.waiting >= WAITING_MAX_OF_ALL {
            return Err(Busy);
        }
        self.waiting += 1;
        let failures = add(&mut self.names, name, now).max(add(&mut self.addresses, address, now));
        Ok(delay_after(failures))
    }

    /// Ends a try. After a right password, the failures of the account and of the address are forgotten.
    pub fn ended(&mut self, name: &str, address: &str, is_right: bool) {
        self.waiting = self.waiting.saturating_sub(1);
        for (table, key) in [(&mut self.names, name), (&mut self.addresses, address)] {
            let Some(failures) = table.get_mut(key) else { continue };
            failures.waiting = failures.waiting.saturating_sub(1);
            if is_right {
                failures.count = failures.waiting;
            }
        }
    }
}

/// Counts a try, and returns the number of failed ones before it.
fn add(table: &mut HashMap<String, Failures>, key: &str, now: Duration) -> u32 {
    if !table.contains_key(key) && table.len() >= KEYS_MAX {
        let oldest = table.iter().min_by_key(|(_, failures)| failures.last).map(|(key, _)| key.clone());
        oldest.and_then(|key| table.remove(&key));
    }
    let failures = table.entry(key.to_owned()).or_default();
    if now.saturating_sub(failures.last) >= FORGOTTEN_AFTER {
        failures.count = failures.waiting;
    }
    let before = failures.count;
    (failures.count, failures.last) = (before.saturating_add(1), now);
    failures.waiting += 1;
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_hours(1);

    #[test]
    fn the_delay_grows_to_30_seconds_and_no_further() {
        let seconds: Vec<u64> = (0..10).map(|failures| delay_after(failures).as_secs()).collect();
        assert_eq!(seconds, [0, 0, 1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(delay_after(u32::MAX).as_secs(), 30);
    }

    fn failed(delays: &mut SignInDelays, name: &str, address: &str) -> u64 {
        let delay = delays.began(name, address, START).unwrap();
        delays.ended(name, address, false);
        delay.as_secs()
    }

    #[test]
    fn failures_count_for_the_account_and_for_the_address() {
        let mut delays = SignInDelays::default();
        assert_eq!([(); 4].map(|()| failed(&mut delays, "siti", "a")), [0, 0, 1, 2]);
        assert_eq!(failed(&mut delays, "siti", "b"), 4, "the account, from elsewhere");
        assert_eq!(failed(&mut delays, "budi", "a"), 4, "another account, from that address");
        assert_eq!(failed(&mut delays, "budi", "c"), 0);
    }

    #[test]
    fn a_right_password_and_15_minutes_end_the_delay() {
        let mut delays = SignInDelays::default();
        for _ in 0..5 {
            failed(&mut delays, "siti", "a");
        }
        assert_eq!(delays.began("siti", "a", START).unwrap().as_secs(), 8);
        delays.ended("siti", "a", true);
        assert_eq!(failed(&mut delays, "siti", "a"), 0);
        for _ in 0..5 {
            failed(&mut delays, "siti", "a");
        }
        assert_eq!(delays.began("siti", "a", START + FORGOTTEN_AFTER), Ok(Duration::ZERO));
    }

    #[test]
    fn tries_at_once_wait_for_each_other_and_are_limited() {
        let mut delays = SignInDelays::default();
        let waits: Vec<_> = (0..9).map(|_| delays.began("siti", "a", START).map(|delay| delay.as_secs())).collect();
        assert_eq!(waits, [Ok(0), Ok(0), Ok(1), Ok(2), Ok(4), Ok(8), Ok(16), Ok(30), Err(Busy)]);
        assert!(delays.began("budi", "b", START).is_ok(), "another address is served");
        delays.ended("siti", "a", false);
        assert!(delays.began("siti", "a", START).is_ok());
    }

    #[test]
    fn what_is_remembered_is_limited() {
        let mut delays = SignInDelays::default();
        for number in 0..KEYS_MAX + 20 {
            failed(&mut delays, &format!("name {number}"), &format!("address {number}"));
        }
        assert_eq!((delays.names.len(), delays.addresses.len(), delays.waiting), (KEYS_MAX, KEYS_MAX, 0));
    }
}
