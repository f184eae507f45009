//! The harness of the real printers: starts, kills and restarts the server program of a printer on a loopback port.

use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{Engine, Mode};
use crate::wait;

/// How long a printer is off when it is restarted. Real printers need longer. A shorter time than the second in which a
/// printer counts its up-time could not be detected.
const OFF_MS: u64 = 2_100;

/// The server program of one kind of printer. Its files are in the folder of the [`Engine`].
pub(crate) trait Program: Send + Sync {
    /// The name of the program, and the Debian package that contains it.
    const PACKAGE: (&'static str, &'static str);

    /// The path of the printer's URI.
    const PATH: &'static str;

    /// The command that serves the port. Called before each start, so that it can prepare files too.
    fn command(&self, engine: &Engine, port: u16) -> Command;
}

/// A printer with its server program. It is killed when it is dropped.
pub(crate) struct RealPrinter<P: Program> {
    program: P,
    engine: Engine,
    server: Option<Child>,
    /// `None` before the first start.
    port: Option<Port>,
}

impl<P: Program> RealPrinter<P> {
    /// Starts the program, and waits until it answers.
    pub(crate) fn launch(engine: Engine, program: P) -> Self {
        let mut printer = Self { program, engine, server: None, port: None };
        printer.run();
        printer
    }

    /// Starts the program once on that port. `None` if it does not answer within 10 s.
    fn start_on(&self, port: u16) -> Option<Child> {
        let log = fs::File::create(self.engine.file("log")).unwrap();
        let mut command = self.program.command(&self.engine, port);
        let mut server = spawn(P::PACKAGE, command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log));
        fs::write(self.engine.file("printer.pid"), server.id().to_string()).unwrap();
        let mut queries = 0;
        // The process is checked first, because another process may have taken the port and answer.
        while server.try_wait().unwrap().is_none() && queries < 400 {
            if answers(port, P::PATH) {
                return Some(server);
            }
            wait(25);
            queries += 1;
        }
        kill(&mut server);
        None
    }
}

/// A real printer of any kind.
pub(crate) trait Peer: Send + Sync {
    /// The engine that makes its cards.
    fn engine(&self) -> &Engine;

    /// The port on the loopback interface.
    fn port(&self) -> u16;

    /// The path of the printer's URI.
    fn path(&self) -> &'static str;

    /// Kills the server program with SIGKILL, as a power cut does. A running engine continues.
    fn stop(&mut self);

    /// Whether the server program has ended or was stopped.
    fn is_dead(&mut self) -> bool;

    /// Restarts the printer as after a power cut: on the same port, and with what it kept on disk.
    fn run(&mut self);

    fn uri(&self) -> String {
        format!("ipp://localhost:{}{}", self.port(), self.path())
    }

    /// Sets what the engine does with every card from now on.
    fn set(&self, mode: Mode) {
        self.engine().set(mode);
    }

    /// Acts as an operator, see [`Engine::clear`].
    fn clear(&self) {
        self.engine().clear();
    }

    /// The names of the cards in the output hopper.
    fn cards(&self) -> Vec<String> {
        self.engine().cards()
    }

    /// How many cards in the output hopper have this name.
    fn count(&self, name: &str) -> usize {
        self.cards().iter().filter(|card| *card == name).count()
    }
}

impl<P: Program> Peer for RealPrinter<P> {
    fn engine(&self) -> &Engine {
        &self.engine
    }

    fn port(&self) -> u16 {
        self.port.as_ref().map_or(0, |port| port.number)
    }

    fn path(&self) -> &'static str {
        P::PATH
    }

    fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            kill(&mut server);
        }
        // A running engine must not kill another process that gets the same number.
        let _ = fs::write(self.engine.file("printer.pid"), "");
    }

    fn is_dead(&mut self) -> bool {
        self.server.as_mut().is_none_or(|server| server.try_wait().unwrap().is_some())
    }

    fn run(&mut self) {
        self.stop();
        let is_restart = self.port.is_some();
        if is_restart {
            wait(OFF_MS);
        }
        for _ in 0..20 {
            let port = self.port.get_or_insert_with(Port::reserve).number;
            self.server = self.start_on(port);
            if self.server.is_some() {
                return;
            }
            if !is_restart {
                self.port = None;
            }
            wait(100);
        }
        let log = fs::read_to_string(self.engine.file("log")).unwrap_or_default();
        panic!("`{}` does not start; its log:\n{log}", P::PACKAGE.0)
    }
}

impl<P: Program> Drop for RealPrinter<P> {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Starts a program of a Debian package.
pub(crate) fn spawn((program, package): (&str, &str), command: &mut Command) -> Child {
    command.spawn().unwrap_or_else(|error: io::Error| {
        panic!("`{program}` does not run ({error}); hint: `apt-get install {package}` (Debian), then test again")
    })
}

pub(crate) fn kill(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

/// A TCP port that no other printer gets, also while its printer is off.
struct Port {
    number: u16,
    /// The UDP port of the same number, which no printer uses: it reserves the number among all test processes. Two PAPPL
    /// printers can listen on one TCP port, and then print each other's cards.
    _reservation: UdpSocket,
}

impl Port {
    /// A port below the range that the system uses for outgoing connections, so that it is still free after a restart.
    fn reserve() -> Self {
        loop {
            let random = RandomState::new().build_hasher().finish();
            let number = 12_000 + u16::try_from(random % 20_000).unwrap();
            let Ok(reservation) = UdpSocket::bind(("127.0.0.1", number)) else { continue };
            if TcpListener::bind(("127.0.0.1", number)).is_ok() {
                return Self { number, _reservation: reservation };
            }
        }
    }
}

/// Whether Get-Printer-Attributes is answered there.
fn answers(port: u16, path: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut body = vec![2, 0, 0, 0x0b, 0, 0, 0, 1, 1];
    let uri = format!("ipp://localhost:{port}{path}");
    for (tag, name, value) in [
        (0x47, "attributes-charset", "utf-8"),
        (0x48, "attributes-natural-language", "en"),
        (0x45, "printer-uri", &uri),
        (0x44, "requested-attributes", "printer-state"),
    ] {
        body.push(tag);
        for text in [name, value] {
            body.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
            body.extend_from_slice(text.as_bytes());
        }
    }
    body.push(3);
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/ipp\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut answer = [0; 12];
    let sent = stream.write_all(&[head.as_bytes(), &body].concat());
    sent.is_ok() && stream.read_exact(&mut answer).is_ok() && answer == *b"HTTP/1.1 200"
}
