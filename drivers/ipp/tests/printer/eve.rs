//! A real printer: `ippeveprinter` of CUPS as a card printer, with a private D-Bus message bus, without which it does
//! not start.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use cetak_driver_api::{AttemptId, PrinterDriver};
use cetak_driver_ipp::{IppPrinter, Options};

use crate::engine::Engine;
pub(crate) use crate::engine::Mode;
use crate::engine::harness::{Peer, Program, RealPrinter, kill, spawn};
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

/// The usual value of `@FORMATS@` in [`ATTRIBUTES`].
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

/// A running `ippeveprinter`.
pub(crate) type EvePrinter = RealPrinter<EveProgram>;

pub(crate) struct EveProgram {
    bus: MessageBus,
    /// It reports the attributes of its file; otherwise the built-in ones, of an office printer.
    has_attributes: bool,
}

impl EvePrinter {
    /// Starts a card printer, and waits until the driver gets an answer.
    pub(crate) async fn start() -> Self {
        let eve = Self::new();
        eve.driver().probe().await.unwrap();
        eve
    }

    /// Starts a card printer, and waits until it answers.
    pub(crate) fn new() -> Self {
        Self::taking(FORMATS)
    }

    /// Starts a card printer that supports these document formats only, separated by commas.
    pub(crate) fn taking(formats: &str) -> Self {
        Self::reporting(formats, &[])
    }

    /// Starts a card printer that supports these document formats only, with other attributes: each is a part of
    /// [`ATTRIBUTES`], and its replacement.
    pub(crate) fn reporting(formats: &str, replaced: &[(&str, &str)]) -> Self {
        let mut attributes = ATTRIBUTES.replace("@FORMATS@", formats);
        for (part, replacement) in replaced {
            assert!(attributes.contains(part), "{part}");
            attributes = attributes.replace(part, replacement);
        }
        Self::with_attributes(Some(attributes))
    }

    /// Starts a printer with the built-in attributes: an office printer, black only, one side.
    pub(crate) fn built_in() -> Self {
        Self::with_attributes(None)
    }

    fn with_attributes(attributes: Option<String>) -> Self {
        let engine = Engine::new();
        for name in ["spool", "keys"] {
            fs::create_dir(engine.file(name)).unwrap();
        }
        let has_attributes = attributes.is_some();
        fs::write(engine.file("attributes"), attributes.unwrap_or_default()).unwrap();
        let bus = MessageBus::start(&engine);
        Self::launch(engine, EveProgram { bus, has_attributes })
    }

    /// The folder of the certificate that it has made for itself.
    pub(crate) fn keys(&self) -> PathBuf {
        self.engine().file("keys")
    }

    /// A driver without memory.
    pub(crate) fn driver(&self) -> IppPrinter {
        IppPrinter::new(&self.uri(), &Options::default(), clock()).unwrap()
    }

    /// How many cards in the output hopper have this name.
    pub(crate) fn count_cards(&self, attempt: &AttemptId) -> usize {
        self.count(attempt.as_str())
    }
}

impl Program for EveProgram {
    const PACKAGE: (&'static str, &'static str) = ("ippeveprinter", "cups-ipp-utils");
    const PATH: &'static str = "/ipp/print";

    fn command(&self, engine: &Engine, port: u16) -> Command {
        let mut command = Command::new("ippeveprinter");
        command.args(["-r", "off", "-n", "localhost", "-v", "-p", &port.to_string()]);
        if self.has_attributes {
            command.arg("-a").arg(engine.file("attributes"));
        }
        command.arg("-c").arg(engine.program()).arg("-d").arg(engine.file("spool"));
        command.arg("-K").arg(engine.file("keys")).arg("cetak");
        command.env("DBUS_SYSTEM_BUS_ADDRESS", &self.bus.address);
        command
    }
}

/// A private D-Bus message bus. It ends when it is dropped.
struct MessageBus {
    daemon: Child,
    address: String,
}

impl MessageBus {
    /// Starts the bus, and waits until its socket exists.
    fn start(engine: &Engine) -> Self {
        let folder = engine.file("");
        let folder = folder.to_str().unwrap().trim_end_matches('/');
        fs::write(engine.file("bus.conf"), BUS.replace("@FOLDER@", folder)).unwrap();
        let log = fs::File::create(engine.file("bus-log")).unwrap();
        let mut command = Command::new("dbus-daemon");
        command.args(["--nofork", "--nopidfile", "--config-file"]).arg(engine.file("bus.conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let daemon = spawn(("dbus-daemon", "dbus-daemon"), &mut command);
        let socket = engine.file("bus");
        let bus = Self { daemon, address: format!("unix:path={}", socket.display()) };
        for _ in 0..200 {
            if socket.exists() {
                return bus;
            }
            wait(20);
        }
        let log = fs::read_to_string(engine.file("bus-log")).unwrap();
        panic!("`dbus-daemon` does not start; its log:\n{log}")
    }
}

impl Drop for MessageBus {
    fn drop(&mut self) {
        kill(&mut self.daemon);
    }
}
