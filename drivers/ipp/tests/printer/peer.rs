//! What the real printers here have in common, so that one test can be run on each.

use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::cupsd::{Cupsd, Settings};
use crate::engine::{Engine, Mode};
use crate::eve::EvePrinter;
use crate::pappl::PapplPrinter;
use crate::wait;

/// Which program stands behind the printer's port.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    /// `ippeveprinter` of CUPS: no hold, one job at a time, forgets everything with its process.
    Eve,
    /// A PAPPL printer application: holds, and keeps its history on disk.
    Pappl,
    /// `cupsd` with the settings that it needs to be trusted at all.
    Cupsd,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Eve, Self::Pappl, Self::Cupsd];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Eve => "ippeveprinter",
            Self::Pappl => "PAPPL",
            Self::Cupsd => "cupsd",
        }
    }

    /// Starts one, and waits until it answers.
    pub(crate) fn start(self) -> Box<dyn Peer> {
        match self {
            Self::Eve => Box::new(EvePrinter::new()),
            Self::Pappl => Box::new(PapplPrinter::start()),
            Self::Cupsd => Box::new(Cupsd::start(Settings::Safe)),
        }
    }
}

/// How long a printer is away when it starts again. Real ones need longer; what takes less than the second in which a
/// printer counts its up-time cannot be told from none.
const BOOT_MS: u64 = 2_100;

/// A printer's program on a port of this machine.
pub(crate) struct Server {
    child: Option<Child>,
    port: u16,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self { child: None, port: 0 }
    }
}

/// One real printer.
pub(crate) trait Peer: Send + Sync {
    fn engine(&self) -> &Engine;

    fn server(&self) -> &Server;

    fn server_mut(&mut self) -> &mut Server;

    /// The path of the printer's URI.
    fn path(&self) -> &'static str;

    /// The program that serves the port, and what has to be done before it starts.
    fn command(&self, port: u16) -> Command;

    /// The program, and the Debian package that has it.
    fn package(&self) -> (&'static str, &'static str);

    fn port(&self) -> u16 {
        self.server().port
    }

    fn uri(&self) -> String {
        format!("ipp://localhost:{}{}", self.port(), self.path())
    }

    /// What its engine does with every card from now on.
    fn set(&self, mode: Mode) {
        self.engine().set(mode);
    }

    /// An operator comes, see [`Engine::clear`].
    fn clear(&self) {
        self.engine().clear();
    }

    /// The names of the cards in the output hopper.
    fn cards(&self) -> Vec<String> {
        self.engine().cards()
    }

    /// How many cards lie in the output hopper that bear this name.
    fn count(&self, name: &str) -> usize {
        self.cards().iter().filter(|card| *card == name).count()
    }

    /// kill -9, as a power cut does; a running engine goes on.
    fn stop(&mut self) {
        if let Some(mut child) = self.server_mut().child.take() {
            end(&mut child);
        }
        // No engine may kill a stranger by that number.
        let _ = fs::write(self.engine().file("printer.pid"), "");
    }

    /// It has died by itself, or was stopped.
    fn is_dead(&mut self) -> bool {
        self.server_mut().child.as_mut().is_none_or(|child| child.try_wait().unwrap().is_some())
    }

    /// Starts the printer, as after a power cut: on the same port, if it had one, and with what it kept on disk.
    fn run(&mut self) {
        self.stop();
        if self.port() != 0 {
            wait(BOOT_MS);
        }
        for _ in 0..20 {
            let port = if self.port() == 0 { free_port() } else { self.port() };
            let mut child = spawn(self, port);
            let mut asked = 0;
            // First, as another process may have taken the port and answer.
            while child.try_wait().unwrap().is_none() && asked < 400 {
                if answers(port, self.path()) {
                    *self.server_mut() = Server { child: Some(child), port };
                    return;
                }
                wait(25);
                asked += 1;
            }
            end(&mut child);
            wait(100);
        }
        let log = fs::read_to_string(self.engine().file("log")).unwrap_or_default();
        panic!("`{}` does not start; it says:\n{log}", self.package().0)
    }
}

/// With its number where the engine looks for it, and its messages in `log`.
fn spawn<P: Peer + ?Sized>(peer: &P, port: u16) -> Child {
    let log = fs::File::create(peer.engine().file("log")).unwrap();
    let mut command = peer.command(port);
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
    let (program, package) = peer.package();
    let child = installed(program, package, child);
    fs::write(peer.engine().file("printer.pid"), child.id().to_string()).unwrap();
    child
}

pub(crate) fn installed(program: &str, package: &str, child: std::io::Result<Child>) -> Child {
    child.unwrap_or_else(|error| {
        panic!("`{program}` does not run ({error}); hint: `apt-get install {package}` (Debian's name), then test again")
    })
}

pub(crate) fn end(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

/// Not one of those that the system gives to outgoing connections: it must still be free when the printer comes back.
fn free_port() -> u16 {
    loop {
        let random = RandomState::new().build_hasher().finish();
        let port = 12_000 + u16::try_from(random % 20_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Does somebody answer Get-Printer-Attributes there?
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
