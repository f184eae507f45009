//! The open streams of events: how many there may be, and their end.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::problem::{Fault, Problem};

/// The most streams at a time.
const STREAMS_MAX: usize = 256;
/// The most streams of an account at a time.
const OF_ACCOUNT_MAX: usize = 8;

/// The open streams of a server.
#[derive(Debug)]
pub(super) struct Streams {
    of_accounts: Mutex<BTreeMap<String, usize>>,
    most: usize,
    /// The server stops: streams end.
    pub(super) stopping: watch::Receiver<bool>,
}

impl Streams {
    /// For a server with a number of connections, of which streams take half at most, that ends when `stopping` is true.
    pub(super) fn new(connections: usize, stopping: watch::Receiver<bool>) -> Self {
        Self { of_accounts: Mutex::default(), most: STREAMS_MAX.min(connections / 2), stopping }
    }

    fn of_accounts(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.of_accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a stream of an account; refused if there are too many.
    fn enter(&self, account: &str) -> Result<(), Problem> {
        let mut open = self.of_accounts();
        let own = open.get(account).copied().unwrap_or_default();
        if own >= OF_ACCOUNT_MAX || open.values().sum::<usize>() >= self.most {
            return Err(Fault::TooManyStreams.into());
        }
        open.insert(account.to_owned(), own + 1);
        Ok(())
    }

    fn leave(&self, account: &str) {
        let mut open = self.of_accounts();
        if let Some(own) = open.get_mut(account) {
            *own -= 1;
        }
        open.retain(|_, own| *own > 0);
    }
}

/// One of the counted streams.
pub(super) struct Place {
    streams: Arc<Streams>,
    account: String,
}

impl Place {
    /// For an account; refused if there are too many streams.
    pub(super) fn of(streams: &Arc<Streams>, account: String) -> Result<Self, Problem> {
        streams.enter(&account)?;
        Ok(Self { streams: streams.clone(), account })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.streams.leave(&self.account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_a_limited_number_of_streams_and_so_has_the_server() {
        let streams = Streams::new(40, watch::channel(false).1);
        for account in ["siti", "budi"] {
            assert!((0..OF_ACCOUNT_MAX).all(|_| streams.enter(account).is_ok()));
            assert!(streams.enter(account).is_err(), "{account}");
        }
        assert!((0..4).all(|_| streams.enter("sri").is_ok()));
        assert!(streams.enter("root").is_err(), "there are twenty");
        streams.leave("siti");
        assert!(streams.enter("root").is_ok());
        for _ in 1..OF_ACCOUNT_MAX {
            streams.leave("siti");
        }
        assert!(!streams.of_accounts().contains_key("siti"));
    }
}
