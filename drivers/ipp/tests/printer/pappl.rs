//! A real printer: a printer application made with the library PAPPL. Its program is `pappl.c`, which is compiled at
//! the first use. Its state and spool are on disk, so it has its jobs again after it was killed.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use crate::engine::Engine;
use crate::engine::harness::{Program, RealPrinter};

const SOURCE: &str = include_str!("pappl.c");

/// A running printer.
pub(crate) type PapplPrinter = RealPrinter<PapplProgram>;

pub(crate) struct PapplProgram {
    takes_pdf: bool,
}

impl PapplPrinter {
    /// Starts a printer that supports PDF too, which it spools, and waits until it answers.
    pub(crate) fn start() -> Self {
        Self::taking(true)
    }

    /// Starts a printer that gets both sides of a card as raster only, which it prints while it receives it.
    pub(crate) fn start_raster() -> Self {
        Self::taking(false)
    }

    fn taking(takes_pdf: bool) -> Self {
        let engine = Engine::new();
        fs::create_dir(engine.file("spool")).unwrap();
        Self::launch(engine, PapplProgram { takes_pdf })
    }
}

impl Program for PapplProgram {
    const PACKAGE: (&'static str, &'static str) = ("pappl", "libpappl-dev");
    const PATH: &'static str = "/ipp/print/card";

    fn command(&self, engine: &Engine, port: u16) -> Command {
        static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        let mut command = Command::new(PROGRAM.get_or_init(program));
        command.arg(port.to_string()).arg(engine.file("")).arg(engine.program());
        command.arg(if self.takes_pdf { "pdf" } else { "raster" });
        command
    }
}

/// The compiled program. Test processes that start at the same time each compile it; the last result stays.
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
    let hint = format!("hint: `apt-get install {packages}` (Debian), then test again");
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} does not run ({error}); {hint}"));
    assert!(output.status.success(), "{command:?}: {}; {hint}", String::from_utf8_lossy(&output.stderr));
    output
}
