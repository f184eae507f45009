//! `ippeveprinter` as a card printer on a free port of this machine, and a private message bus, without which it does
//! not start. Everything lives in one temporary folder and ends with it.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use cetak_driver_api::{AttemptId, PrinterDriver};
use cetak_driver_ipp::{IppPrinter, Options};
use tempfile::TempDir;

use crate::{clock, wait};

const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=@FOLDER@/bus</listen>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow receive_type="method_call"/>
    <allow send_requested_reply="true" send_type="method_return"/><allow receive_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/><allow receive_type="error"/>
  </policy>
</busconfig>
"#;

const ATTRIBUTES: &str = r#"ATTR text printer-make-and-model "Cetak test printer"
ATTR mimeMediaType document-format-supported image/png,image/pwg-raster
ATTR keyword media-supported "iso_id-1_53.98x85.6mm"
ATTR keyword media-ready "iso_id-1_53.98x85.6mm"
ATTR keyword media-default "iso_id-1_53.98x85.6mm"
ATTR integer copies-default 1
ATTR rangeOfInteger copies-supported 1-1
ATTR resolution printer-resolution-default 300dpi
ATTR resolution printer-resolution-supported 300dpi
ATTR keyword sides-default one-sided
ATTR keyword sides-supported one-sided,two-sided-long-edge
ATTR name marker-names "YMCKO ribbon"
ATTR keyword marker-types ribbon
ATTR name marker-colors "none"
ATTR integer marker-levels 80
ATTR integer marker-low-levels 10
ATTR integer marker-high-levels 100
"#;

/// What makes the card. `ledger` is the output hopper: one line for each card that came out. Loops end with the folder.
const ENGINE: &str = r#"#!/bin/sh
dir='@FOLDER@'
echo $$ > "$dir/engines/$$"
trap 'rm -f "$dir/engines/$$"' EXIT
read -r mode < "$dir/mode"
card() {
  echo "$IPP_JOB_NAME" >> "$dir/ledger"
  echo 'ATTR: job-impressions=1 job-impressions-completed=1' >&2
}
wait_for() { while [ -d "$dir" ] && [ ! -e "$dir/$1" ]; do sleep 0.05; done; }
case $mode in
  ok) card;;
  slow) sleep 1; card;;
  jam) echo 'STATE: +media-jam-error' >&2; echo 'ERROR: Card jammed.' >&2; exit 1;;
  empty)
    echo 'STATE: +media-empty-error,media-needed' >&2
    wait_for clear
    [ -d "$dir" ] || exit 1
    echo 'STATE: -media-empty,media-empty-error,media-needed' >&2
    card;;
  abort-after) card; exit 1;;
  hang) wait_for clear; exit 1;;
esac
"#;

/// What the engine does with every card from now on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// A card at once.
    Ok,
    /// A card after a second.
    Slow,
    /// A jam, and the job is aborted; no card.
    Jam,
    /// The hopper is empty until [`EvePrinter::clear`].
    Empty,
    /// A card, and the job is aborted.
    AbortAfter,
    /// Nothing until [`EvePrinter::clear`], then aborted.
    Hang,
}

/// One running printer.
pub(crate) struct EvePrinter {
    folder: TempDir,
    bus: Child,
    printer: Option<Child>,
    port: u16,
}

impl EvePrinter {
    /// Starts one, and waits until it answers.
    pub(crate) async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().to_str().unwrap();
        for name in ["spool", "keys", "engines"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("bus.conf"), BUS.replace("@FOLDER@", path)).unwrap();
        fs::write(folder.path().join("attributes"), ATTRIBUTES).unwrap();
        fs::write(folder.path().join("ledger"), "").unwrap();
        let engine = folder.path().join("engine");
        fs::write(&engine, ENGINE.replace("@FOLDER@", path)).unwrap();
        fs::set_permissions(&engine, fs::Permissions::from_mode(0o755)).unwrap();

        let bus = Command::new("dbus-daemon")
            .args(["--nofork", "--nopidfile", "--config-file"])
            .arg(folder.path().join("bus.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.path().join("bus-log")).unwrap())
            .spawn();
        let bus = installed("dbus-daemon", "dbus-daemon", bus);
        let mut eve = Self { folder, bus, printer: None, port: 0 };
        eve.set(Mode::Ok);
        eve.wait_for_bus();
        eve.run().await;
        eve
    }

    /// Starts the printer again, as after a power cut: it has forgotten all jobs.
    pub(crate) async fn run(&mut self) {
        for _ in 0..5 {
            self.stop();
            self.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut printer = run_printer(self.folder.path(), self.port);
            for _ in 0..200 {
                // First, as another process may have taken the port and answer.
                if printer.try_wait().unwrap().is_some() {
                    break;
                }
                if self.driver().probe().await.is_ok() {
                    self.printer = Some(printer);
                    return;
                }
                wait(50);
            }
            end(&mut printer);
        }
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap();
        panic!("ippeveprinter does not start; it says:\n{log}")
    }

    /// Ends the printer as a power cut does; a running engine goes on.
    pub(crate) fn stop(&mut self) {
        if let Some(mut printer) = self.printer.take() {
            end(&mut printer);
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn uri(&self) -> String {
        format!("ipp://localhost:{}/ipp/print", self.port)
    }

    /// A driver without memory.
    pub(crate) fn driver(&self) -> IppPrinter {
        IppPrinter::new(&self.uri(), &Options::default(), clock()).unwrap()
    }

    pub(crate) fn set(&self, mode: Mode) {
        let word = match mode {
            Mode::Ok => "ok",
            Mode::Slow => "slow",
            Mode::Jam => "jam",
            Mode::Empty => "empty",
            Mode::AbortAfter => "abort-after",
            Mode::Hang => "hang",
        };
        fs::write(self.folder.path().join("mode"), format!("{word}\n")).unwrap();
    }

    /// An operator fills the hopper.
    pub(crate) fn clear(&self) {
        fs::write(self.folder.path().join("clear"), "").unwrap();
    }

    /// The names of the cards in the output hopper, in the order in which they came out.
    pub(crate) fn cards(&self) -> Vec<String> {
        fs::read_to_string(self.folder.path().join("ledger")).unwrap().lines().map(str::to_owned).collect()
    }

    /// How many cards lie in the output hopper that bear this name.
    pub(crate) fn count_cards(&self, attempt: &AttemptId) -> usize {
        self.cards().iter().filter(|name| *name == attempt.as_str()).count()
    }

    fn wait_for_bus(&self) {
        for _ in 0..200 {
            if self.folder.path().join("bus").exists() {
                return;
            }
            wait(20);
        }
        let log = fs::read_to_string(self.folder.path().join("bus-log")).unwrap();
        panic!("dbus-daemon does not start; it says:\n{log}")
    }
}

impl Drop for EvePrinter {
    fn drop(&mut self) {
        self.stop();
        end(&mut self.bus);
        for entry in fs::read_dir(self.folder.path().join("engines")).into_iter().flatten().flatten() {
            end_engine(&entry.path(), self.folder.path());
        }
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

/// An engine outlives its printer. Its number may have been given out again, so its command line is compared.
fn end_engine(entry: &Path, folder: &Path) {
    let Some(pid) = entry.file_name().and_then(|name| name.to_str()) else { return };
    let command = fs::read(PathBuf::from("/proc").join(pid).join("cmdline")).unwrap_or_default();
    if String::from_utf8_lossy(&command).contains(folder.join("engine").to_str().unwrap_or("?")) {
        let _ = Command::new("kill").args(["-9", pid]).status();
    }
}

fn run_printer(folder: &Path, port: u16) -> Child {
    let log = fs::File::create(folder.join("log")).unwrap();
    let child = Command::new("ippeveprinter")
        .args(["-r", "off", "-n", "localhost", "-v", "-p", &port.to_string()])
        .arg("-a")
        .arg(folder.join("attributes"))
        .arg("-c")
        .arg(folder.join("engine"))
        .arg("-d")
        .arg(folder.join("spool"))
        .arg("-K")
        .arg(folder.join("keys"))
        .arg("cetak")
        .env("DBUS_SYSTEM_BUS_ADDRESS", format!("unix:path={}/bus", folder.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn();
    installed("ippeveprinter", "cups-ipp-utils", child)
}

fn installed(program: &str, package: &str, child: std::io::Result<Child>) -> Child {
    child.unwrap_or_else(|error| {
        panic!("`{program}` does not run ({error}); hint: `apt-get install {package}` (Debian's name), then test again")
    })
}
