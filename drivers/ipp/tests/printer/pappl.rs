//! A card printer made with PAPPL, the library of today's printer applications. Its program is `pappl.c`, compiled here
//! when it is first needed. State and spool are in the fixture's folder, so that it remembers its jobs when it was killed.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use crate::engine::Engine;
use crate::peer::{Peer, Server};

const SOURCE: &str = include_str!("pappl.c");

/// One running printer.
pub(crate) struct PapplPrinter {
    engine: Engine,
    server: Server,
    takes_pdf: bool,
}

impl PapplPrinter {
    /// Starts one that takes PDF too, which it spools, and waits until it answers.
    pub(crate) fn start() -> Self {
        Self::taking(true)
    }

    /// The same, of one that has both sides of a card as raster only, which it prints while it is received.
    pub(crate) fn start_raster() -> Self {
        Self::taking(false)
    }

    fn taking(takes_pdf: bool) -> Self {
        let engine = Engine::new();
        fs::create_dir(engine.file("spool")).unwrap();
        let mut pappl = Self { engine, server: Server::new(), takes_pdf };
        pappl.run();
        pappl
    }
}

impl Peer for PapplPrinter {
    fn engine(&self) -> &Engine {
        &self.engine
    }

    fn server(&self) -> &Server {
        &self.server
    }

    fn server_mut(&mut self) -> &mut Server {
        &mut self.server
    }

    fn path(&self) -> &'static str {
        "/ipp/print/card"
    }

    fn command(&self, port: u16) -> Command {
        static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        let mut command = Command::new(PROGRAM.get_or_init(program));
        command.arg(port.to_string()).arg(self.engine.file("")).arg(self.engine.program());
        command.arg(if self.takes_pdf { "pdf" } else { "raster" });
        command
    }

    fn package(&self) -> (&'static str, &'static str) {
        ("pappl", "libpappl-dev")
    }
}

impl Drop for PapplPrinter {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The compiled program. Test processes that come at the same time each compile it, and the last one's stays.
fn program() -> PathBuf {
    let mut hasher = DefaultHasher::new();
    SOURCE.hash(&mut hasher);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let program = folder.join(format!("pappl-{:016x}", hasher.finish()));
    if program.exists() {
        return program;
    }
    fs::create_dir_all(folder).unwrap();
    let own = tempfile::Builder::new().prefix("pappl-").tempdir_in(folder).unwrap();
    fs::write(own.path().join("pappl.c"), SOURCE).unwrap();
    let flags = output(Command::new("pkg-config").args(["--cflags", "--libs", "pappl"]), "pkg-config libpappl-dev");
    let flags = String::from_utf8(flags.stdout).unwrap();
    let mut compile = Command::new("cc");
    compile.current_dir(own.path()).args(["-Wall", "-Wextra", "-O1", "-o", "pappl", "pappl.c"]);
    output(compile.args(flags.split_whitespace()), "gcc libpappl-dev");
    fs::rename(own.path().join("pappl"), &program).unwrap();
    program
}

fn output(command: &mut Command, packages: &str) -> Output {
    let hint = format!("hint: `apt-get install {packages}` (Debian's names), then test again");
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} does not run ({error}); {hint}"));
    assert!(output.status.success(), "{command:?}: {}; {hint}", String::from_utf8_lossy(&output.stderr));
    output
}
