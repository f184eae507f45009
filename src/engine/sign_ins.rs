//! Hashes of passwords, and the delay of sign-ins after failed ones.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier},
};
use tokio::sync::Semaphore;

use crate::domain::account::{Busy, Password, Secret, SignInDelays};

/// Hashes that are computed at once: each takes 19 MiB of memory and a processor for about 30 ms.
const HASHES_AT_ONCE: usize = 2;
/// The parameters of argon2id that OWASP recommends at least: memory in KiB, passes, lanes.
const PARAMETERS: (u32, u32, u32) = (19 * 1024, 2, 1);

/// What all sign-ins of a process share.
#[derive(Debug)]
pub struct SignIns {
    hashing: Arc<Semaphore>,
    hashes: AtomicU64,
    delays: Mutex<SignInDelays>,
}

impl Default for SignIns {
    fn default() -> Self {
        Self { hashing: Arc::new(Semaphore::new(HASHES_AT_ONCE)), hashes: AtomicU64::new(0), delays: Mutex::default() }
    }
}

impl SignIns {
    /// The hash of a password, a PHC string. `None` if it cannot be computed, because the process ends or has no memory.
    pub(super) async fn hash(&self, password: &Password, salt: [u8; 16]) -> Option<Secret> {
        let password = password.clone();
        self.compute(move || hash(&password, &salt)).await?
    }

    /// Whether a hash is that of a password. Without a hash it takes the same time, and is not.
    pub(super) async fn is_right(&self, password: &Password, expected: Option<&Secret>) -> bool {
        let (password, expected) = (password.clone(), expected.cloned());
        let compare = move || match &expected {
            Some(expected) => argon2().verify_password(password.reveal().as_bytes(), expected.reveal()).is_ok(),
            None => hash(&password, &[0; 16]).is_none(),
        };
        self.compute(compare).await.unwrap_or(false)
    }

    /// The hashes of passwords that were computed. A sign-in computes one, whatever its name and its password are.
    pub fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    async fn compute<T: Send + 'static>(&self, compute: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        // The permit moves along: a caller that is gone does not make room for another hash.
        let permit = self.hashing.clone().acquire_owned().await.ok()?;
        self.hashes.fetch_add(1, Ordering::Relaxed);
        let computed = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            compute()
        });
        computed.await.ok()
    }

    /// Begins a sign-in at an instant of the monotonic clock. Returns it with the delay.
    pub(super) fn begin(&self, name: String, address: &str, now: Duration) -> Result<(Try<'_>, Duration), Busy> {
        let delay = self.delays().began(&name, address, now)?;
        Ok((Try { sign_ins: self, name, address: address.to_owned(), is_right: false }, delay))
    }

    fn delays(&self) -> std::sync::MutexGuard<'_, SignInDelays> {
        self.delays.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn argon2() -> Argon2<'static> {
    let (memory, passes, lanes) = PARAMETERS;
    // Cannot fail: the parameters are in range. If it did, those of the crate are the same.
    let parameters = Params::new(memory, passes, lanes, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
}

fn hash(password: &Password, salt: &[u8; 16]) -> Option<Secret> {
    let hash = argon2().hash_password_with_salt(password.reveal().as_bytes(), salt).ok()?;
    Some(Secret::new(hash.to_string()))
}

/// A sign-in that is under way. It counts as failed if it is dropped before its password was found right.
pub(super) struct Try<'a> {
    sign_ins: &'a SignIns,
    name: String,
    address: String,
    is_right: bool,
}

impl Try<'_> {
    /// The password was right.
    pub(super) fn succeeded(mut self) {
        self.is_right = true;
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        self.sign_ins.delays().ended(&self.name, &self.address, self.is_right);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_stored_as_argon2id_with_the_recommended_parameters_and_is_found_right() {
        let sign_ins = SignIns::default();
        let password = Password::typed("correct horse battery".into());
        let hash = sign_ins.hash(&password, [7; 16]).await.unwrap();
        assert!(hash.reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.reveal());
        assert!(sign_ins.is_right(&password, Some(&hash)).await);
        let other = Password::typed("correct horse batterz".into());
        assert!(!sign_ins.is_right(&other, Some(&hash)).await);
        assert!(!sign_ins.is_right(&password, None).await);
        assert!(!sign_ins.is_right(&password, Some(&Secret::new(String::new()))).await);
    }

    #[test]
    fn a_sign_in_that_is_given_up_counts_as_failed_and_makes_room() {
        let sign_ins = SignIns::default();
        let delay = || sign_ins.begin("siti".into(), "a", Duration::from_hours(1)).unwrap();
        for expected in [0, 0, 1] {
            let (attempt, wait) = delay();
            assert_eq!(wait.as_secs(), expected);
            drop(attempt);
        }
        delay().0.succeeded();
        assert_eq!(delay().1, Duration::ZERO);
    }
}
