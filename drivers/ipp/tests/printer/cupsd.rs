//! A private `cupsd` with one queue on a free port of this machine, as it would have for a printer without a driver. Its
//! backend runs the engine, as a vendor's backend would drive a printer at a cable.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use crate::engine::Engine;
use crate::peer::{Peer, Server};

/// Debian's place for what the daemon starts.
const SERVER_BIN: &str = "/usr/lib/cups";

const FILES: &str = "ServerRoot @FOLDER@/etc
ServerBin @FOLDER@/bin
DataDir /usr/share/cups
RequestRoot @FOLDER@/spool
TempDir @FOLDER@/spool/tmp
CacheDir @FOLDER@/cache
StateDir @FOLDER@/state
ErrorLog @FOLDER@/error_log
AccessLog @FOLDER@/access_log
PageLog @FOLDER@/page_log
User lp
Group lp
SystemGroup root
";

/// Anybody on this machine may do anything.
const DAEMON: &str = "LogLevel warn
Listen 127.0.0.1:@PORT@
Browsing Off
BrowseLocalProtocols none
WebInterface No
DefaultAuthType None
ServerAlias *
<Location />
  Order allow,deny
  Allow 127.0.0.1
</Location>
<Policy default>
  JobPrivateAccess all
  JobPrivateValues none
  SubscriptionPrivateAccess all
  SubscriptionPrivateValues none
  <Limit All>
    Order allow,deny
    Allow all
  </Limit>
</Policy>
";

/// Without them the daemon forgets jobs that it acknowledged, prints finished ones again, and gives up on waiting ones.
const SAFE: &str = "DirtyCleanInterval 0
PreserveJobHistory Yes
PreserveJobFiles No
MaxJobs 20000
MaxJobTime 0
";

/// A queue without it says neither which sides nor which media its printer has.
const DESCRIPTION: &str = include_str!("card.ppd");

/// Written here, as the daemon itself may save a new queue half a minute late.
const QUEUES: &str = "<Printer card>
Info Cetak test printer
MakeModel Cetak test printer
DeviceURI card:/engine
State Idle
Accepting Yes
Shared No
JobSheets none none
OpPolicy default
ErrorPolicy abort-job
</Printer>
";

/// Arguments: job, user, title, copies, options, file. Without any it is to say what it is.
const BACKEND: &str = r#"#!/bin/sh
[ $# -gt 0 ] || { echo 'direct card "Cetak" "Cetak test printer"'; exit 0; }
export IPP_JOB_NAME="$3" CUPS_OPTIONS="$5"
exec '@ENGINE@' "$6"
"#;

/// How it is configured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Settings {
    /// As Debian ships it.
    Default,
    /// With all that is known to help, and without the documents of interrupted jobs after a restart.
    Safe,
}

/// One running daemon.
pub(crate) struct Cupsd {
    engine: Engine,
    server: Server,
    settings: Settings,
}

impl Cupsd {
    /// Starts one, and waits until it answers.
    pub(crate) fn start(settings: Settings) -> Self {
        let engine = Engine::new();
        let folder = engine.file("");
        let folder = folder.to_str().unwrap().trim_end_matches('/');
        for name in ["etc", "etc/ppd", "bin", "bin/backend", "spool", "spool/tmp", "cache", "state"] {
            fs::create_dir(engine.file(name)).unwrap();
        }
        for name in ["daemon", "filter", "notifier", "cgi-bin", "driver", "monitor"] {
            symlink(format!("{SERVER_BIN}/{name}"), engine.file("bin").join(name)).unwrap();
        }
        let backend = engine.file("bin/backend/card");
        fs::write(&backend, BACKEND.replace("@ENGINE@", engine.program().to_str().unwrap())).unwrap();
        // Closed to others, so that the daemon runs it with its own rights.
        fs::set_permissions(&backend, fs::Permissions::from_mode(0o700)).unwrap();
        fs::write(engine.file("etc/cups-files.conf"), FILES.replace("@FOLDER@", folder)).unwrap();
        fs::write(engine.file("etc/printers.conf"), QUEUES).unwrap();
        fs::write(engine.file("etc/ppd/card.ppd"), DESCRIPTION).unwrap();
        let mut cupsd = Self { engine, server: Server::new(), settings };
        cupsd.run();
        cupsd
    }

    /// A document on disk is printed again after a crash, though its job was in the printer.
    fn remove_documents(&self) {
        for entry in fs::read_dir(self.engine.file("spool")).unwrap().flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(b"d") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    }
}

impl Peer for Cupsd {
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
        "/printers/card"
    }

    fn command(&self, port: u16) -> Command {
        let mut settings = DAEMON.replace("@PORT@", &port.to_string());
        if self.settings == Settings::Safe {
            settings += SAFE;
            self.remove_documents();
        }
        fs::write(self.engine.file("etc/cupsd.conf"), settings).unwrap();
        let mut command = Command::new("/usr/sbin/cupsd");
        command.arg("-f").arg("-c").arg(self.engine.file("etc/cupsd.conf"));
        command.arg("-s").arg(self.engine.file("etc/cups-files.conf"));
        command
    }

    fn package(&self) -> (&'static str, &'static str) {
        ("cupsd", "cups-daemon")
    }
}

impl Drop for Cupsd {
    fn drop(&mut self) {
        self.stop();
    }
}
