//! The system clock and the operating system's randomness. No other file calls them.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use crate::{
    domain::{audit::Actor, time::Timestamp},
    engine::clock::{Clock, Entropy},
};

/// The system clock. After [`Clock::sync_to`] it shows the time of the database server; clones share the offset.
#[derive(Clone, Debug, Default)]
pub struct SystemClock {
    /// The offset to the system clock, in microseconds.
    ahead_us: Arc<AtomicI64>,
}

/// A smaller difference is ignored, because a measurement over a network is no more accurate.
const NEAR: Duration = Duration::from_millis(250);

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that is injected")]
        let now = jiff::Timestamp::now();
        Timestamp(now.as_microsecond() + self.ahead_us.load(Ordering::Relaxed))
    }

    fn elapsed(&self) -> Duration {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
    }

    fn sync_to(&self, theirs: Timestamp, own: Timestamp) {
        let difference = theirs.0 - own.0;
        if difference.unsigned_abs() > NEAR.as_micros().try_into().unwrap_or(u64::MAX) {
            self.ahead_us.fetch_add(difference, Ordering::Relaxed);
        }
    }

    async fn sleep(&self, duration: Duration) {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that is injected")]
        tokio::time::sleep(duration).await;
    }
}

/// A cipher stream, seeded once from the operating system.
#[derive(Debug)]
pub struct SystemEntropy(Mutex<ChaCha20Rng>);

impl SystemEntropy {
    /// A generator with a new seed.
    pub fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the randomness that is injected")]
        let rng = ChaCha20Rng::from_rng(&mut rand::rng());
        Self(Mutex::new(rng))
    }
}

impl Default for SystemEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }
}

/// The actor of this process: the claimed name, and the user and host that the system reports.
pub fn actor(claimed: Option<String>) -> Actor {
    let os_user = os_user();
    Actor::local_administrator(claimed.unwrap_or_else(|| os_user.clone()), os_user, host())
}

/// The host name.
pub fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "unknown".into(), |name| name.trim().to_owned())
}

const MACHINE: &str = "/etc/machine-id";
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// The machine id; empty if the machine has none.
pub fn machine() -> String {
    text(MACHINE)
}

/// The id of the kernel's present run; empty if it is not known.
pub fn boot() -> String {
    text(BOOT)
}

/// The machine id and the id of the kernel's present run, each empty if there is none; `None` if they cannot be read at present.
pub fn machine_and_boot() -> Option<(String, String)> {
    let read = |file: &str| match std::fs::read_to_string(file) {
        Ok(text) => Some(text.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(String::new()),
        Err(_) => None,
    };
    Some((read(MACHINE)?, read(BOOT)?))
}

/// When a file was created, in nanoseconds since 1970; `None` on a file system that does not keep it.
pub fn born_ns(file: &std::fs::Metadata) -> Option<i64> {
    let born = file.created().ok()?.duration_since(std::time::SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(born.as_nanos()).ok()
}

fn text(file: &str) -> String {
    std::fs::read_to_string(file).map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// The user's name from the password file, by the process's user id. Environment variables are not trustworthy.
fn os_user() -> String {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").map_or_else(|_| "unknown".into(), |own| os_user_of(own.uid()))
}

/// The name of a user id in the password file, or `uid 1000`.
pub fn os_user_of(uid: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, id) = (fields.next()?, fields.next()?, fields.next()?);
        (id.parse() == Ok(uid)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("uid {uid}"))
}
