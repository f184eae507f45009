//! `ippeveprinter` as a card printer on a free port of this machine, and a private message bus, without which it does
//! not start. Everything lives in one temporary folder and ends with it.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use cetak_driver_api::{AttemptId, PrinterDriver};
use cetak_driver_ipp::{IppPrinter, Options};

use crate::engine::Engine;
pub(crate) use crate::engine::Mode;
use crate::peer::{Peer, Server, end, installed};
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

/// What `document-format-supported` has in [`ATTRIBUTES`].
const FORMATS: &str = "image/png,image/pwg-raster";

const ATTRIBUTES: &str = r#"ATTR text printer-make-and-model "Cetak test printer"
ATTR mimeMediaType document-format-supported @FORMATS@
ATTR boolean color-supported true
ATTR keyword media-supported "iso_id-1_53.98x85.6mm"
ATTR keyword media-ready "iso_id-1_53.98x85.6mm"
ATTR keyword media-default "iso_id-1_53.98x85.6mm"
ATTR integer copies-default 1
ATTR rangeOfInteger copies-supported 1-1
ATTR resolution printer-resolution-default 300dpi
ATTR resolution printer-resolution-supported 300dpi
ATTR keyword sides-default one-sided
ATTR keyword sides-supported one-sided,two-sided-long-edge,two-sided-short-edge
ATTR resolution pwg-raster-document-resolution-supported 300dpi
ATTR keyword pwg-raster-document-type-supported black_1,sgray_8,srgb_8
ATTR keyword pwg-raster-document-sheet-back normal
ATTR keyword urf-supported V1.4,CP1,RS300,W8,SRGB24,DM1
ATTR name marker-names "YMCKO ribbon"
ATTR keyword marker-types ribbon
ATTR name marker-colors "none"
ATTR integer marker-levels 80
ATTR integer marker-low-levels 10
ATTR integer marker-high-levels 100
"#;

/// One running printer.
pub(crate) struct EvePrinter {
    engine: Engine,
    server: Server,
    bus: Child,
    /// Otherwise it says of itself what `ippeveprinter` has built in: an office printer.
    is_card_printer: bool,
}

impl EvePrinter {
    /// Starts one, and waits until it answers.
    pub(crate) async fn start() -> Self {
        let eve = Self::new();
        eve.driver().probe().await.unwrap();
        eve
    }

    /// The same, where nothing is asynchronous.
    pub(crate) fn new() -> Self {
        Self::taking(FORMATS)
    }

    /// A card printer that takes documents of these formats only.
    pub(crate) fn taking(formats: &str) -> Self {
        Self::saying(Some(ATTRIBUTES.replace("@FORMATS@", formats)))
    }

    /// What the program is without any attributes of ours: a printer of letters in black, on one side.
    pub(crate) fn built_in() -> Self {
        Self::saying(None)
    }

    fn saying(attributes: Option<String>) -> Self {
        let engine = Engine::new();
        for name in ["spool", "keys"] {
            fs::create_dir(engine.file(name)).unwrap();
        }
        let folder = engine.file("");
        let folder = folder.to_str().unwrap().trim_end_matches('/');
        fs::write(engine.file("bus.conf"), BUS.replace("@FOLDER@", folder)).unwrap();
        let is_card_printer = attributes.is_some();
        fs::write(engine.file("attributes"), attributes.unwrap_or_default()).unwrap();
        let bus = Command::new("dbus-daemon")
            .args(["--nofork", "--nopidfile", "--config-file"])
            .arg(engine.file("bus.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(engine.file("bus-log")).unwrap())
            .spawn();
        let bus = installed("dbus-daemon", "dbus-daemon", bus);
        let mut eve = Self { engine, server: Server::new(), bus, is_card_printer };
        eve.wait_for_bus();
        eve.run();
        eve
    }

    /// Where it keeps the certificate that it has made for itself.
    pub(crate) fn keys(&self) -> PathBuf {
        self.engine.file("keys")
    }

    /// A driver without memory.
    pub(crate) fn driver(&self) -> IppPrinter {
        IppPrinter::new(&self.uri(), &Options::default(), clock()).unwrap()
    }

    /// How many cards lie in the output hopper that bear this name.
    pub(crate) fn count_cards(&self, attempt: &AttemptId) -> usize {
        self.count(attempt.as_str())
    }

    fn wait_for_bus(&self) {
        for _ in 0..200 {
            if self.engine.file("bus").exists() {
                return;
            }
            wait(20);
        }
        let log = fs::read_to_string(self.engine.file("bus-log")).unwrap();
        panic!("dbus-daemon does not start; it says:\n{log}")
    }
}

impl Peer for EvePrinter {
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
        "/ipp/print"
    }

    fn command(&self, port: u16) -> Command {
        let mut command = Command::new("ippeveprinter");
        command.args(["-r", "off", "-n", "localhost", "-v", "-p", &port.to_string()]);
        if self.is_card_printer {
            command.arg("-a").arg(self.engine.file("attributes"));
        }
        command
            .arg("-c")
            .arg(self.engine.program())
            .arg("-d")
            .arg(self.engine.file("spool"))
            .arg("-K")
            .arg(self.engine.file("keys"))
            .arg("cetak")
            .env("DBUS_SYSTEM_BUS_ADDRESS", format!("unix:path={}", self.engine.file("bus").display()));
        command
    }

    fn package(&self) -> (&'static str, &'static str) {
        ("ippeveprinter", "cups-ipp-utils")
    }
}

impl Drop for EvePrinter {
    fn drop(&mut self) {
        self.stop();
        end(&mut self.bus);
    }
}
