//! Tells systemd how the process is, as `sd_notify(3)` describes: when it is ready, that its work goes on, and that it stops.

use std::{
    ffi::OsStr,
    io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    },
    time::Duration,
};

use tokio::sync::watch;

use crate::engine::Engine;

/// How often the scheduler is looked at until it is ready.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often the status is told without a watchdog.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// The supervisor of the process.
#[derive(Debug)]
pub(super) struct Supervisor {
    socket: UnixDatagram,
    address: SocketAddr,
    /// The time after which the supervisor ends a process that does not say that its work goes on.
    watchdog: Option<Duration>,
}

impl Supervisor {
    /// That of `NOTIFY_SOCKET` and `WATCHDOG_USEC`; `None` if there is none.
    ///
    /// # Errors
    ///
    /// If the socket that is named cannot be used: the supervisor would wait in vain.
    pub(super) fn of_environment() -> io::Result<Option<Self>> {
        let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return Ok(None) };
        let variable = |name: &str| std::env::var(name).ok();
        let of_another = variable("WATCHDOG_PID").is_some_and(|id| id != std::process::id().to_string());
        let watchdog = variable("WATCHDOG_USEC").and_then(|text| text.parse().ok()).filter(|_| !of_another);
        let address = address(&name)?;
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Some(Self { socket, address, watchdog: watchdog.map(Duration::from_micros) }))
    }

    /// Tells it until the task is aborted. `stop` becomes true when the process stops.
    pub(super) async fn tell(self, engine: Engine, mut stop: watch::Receiver<bool>) {
        self.send("STATUS=waiting for the database and the lease");
        while !(*stop.borrow() || engine.vitals.has_begun() && engine.has_lease()) {
            tokio::select! {
                () = engine.clock.sleep(LOOK_EVERY) => {}
                _ = stop.changed() => {}
            }
        }
        if !*stop.borrow() {
            self.send("READY=1\nSTATUS=scheduling");
        }
        let every = self.watchdog.map_or(TELL_EVERY, |watchdog| watchdog / 2);
        let mut is_told = false;
        loop {
            if *stop.borrow() && !is_told {
                self.send("STOPPING=1\nSTATUS=finishing the cards that are being printed");
                is_told = true;
            }
            self.send_if_alive(&engine);
            tokio::select! {
                () = engine.clock.sleep(every) => {}
                _ = stop.changed(), if !is_told => {}
            }
        }
    }

    /// Says that the work goes on, if it does. One that is stopped before its first round has none.
    fn send_if_alive(&self, engine: &Engine) {
        let Some(watchdog) = self.watchdog else { return };
        if !engine.vitals.has_begun() || engine.vitals.goes_on(engine.clock.elapsed(), watchdog) {
            self.send("WATCHDOG=1");
        } else {
            self.send("STATUS=the scheduler or its writer stands still");
        }
    }

    /// A message that is not taken is repeated with the next: the supervisor may be busy.
    fn send(&self, state: &str) {
        if let Err(error) = self.socket.send_to_addr(state.as_bytes(), &self.address) {
            tracing::debug!(%error, "the supervisor was not told");
        }
    }
}

/// A path, or a name in the abstract namespace after `@`.
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
        _ => SocketAddr::from_pathname(name),
    }
}
