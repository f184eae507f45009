//! A real printer: a private `cupsd` with one queue, as it has for a printer without a driver. The queue's backend runs
//! the engine, as a vendor's backend controls a printer on a cable.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use crate::engine::Engine;
use crate::engine::harness::{Program, RealPrinter};

/// Debian's folder of the programs that the daemon starts.
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

/// Everything is allowed from this machine.
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

/// Without these settings the daemon forgets jobs that it acknowledged, prints finished jobs again, and cancels waiting
/// ones.
const SAFE: &str = "DirtyCleanInterval 0
PreserveJobHistory Yes
PreserveJobFiles No
MaxJobs 20000
MaxJobTime 0
";

/// A queue without a PPD reports neither sides nor media.
const DESCRIPTION: &str = include_str!("card.ppd");

/// The queue. Not created by a request, because the daemon may save a new queue half a minute later.
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

/// The backend. Arguments: job, user, title, copies, options, file. Without arguments it reports its device.
const BACKEND: &str = r#"#!/bin/sh
[ $# -gt 0 ] || { echo 'direct card "Cetak" "Cetak test printer"'; exit 0; }
export IPP_JOB_NAME="$3" CUPS_OPTIONS="$5"
exec '@ENGINE@' "$6"
"#;

/// The settings of the daemon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Settings {
    /// Debian's defaults.
    Default,
    /// The settings that cetak requires, and no documents of interrupted jobs after a restart.
    Safe,
}

/// A running daemon.
pub(crate) type Cupsd = RealPrinter<CupsdProgram>;

pub(crate) struct CupsdProgram {
    settings: Settings,
}

impl Cupsd {
    /// Starts the daemon, and waits until it answers.
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
        // Without permissions for others, so that the daemon runs it as its own user.
        fs::set_permissions(&backend, fs::Permissions::from_mode(0o700)).unwrap();
        fs::write(engine.file("etc/cups-files.conf"), FILES.replace("@FOLDER@", folder)).unwrap();
        fs::write(engine.file("etc/printers.conf"), QUEUES).unwrap();
        fs::write(engine.file("etc/ppd/card.ppd"), DESCRIPTION).unwrap();
        Self::launch(engine, CupsdProgram { settings })
    }
}

impl Program for CupsdProgram {
    const PACKAGE: (&'static str, &'static str) = ("cupsd", "cups-daemon");
    const PATH: &'static str = "/printers/card";

    fn command(&self, engine: &Engine, port: u16) -> Command {
        let mut settings = DAEMON.replace("@PORT@", &port.to_string());
        if self.settings == Settings::Safe {
            settings += SAFE;
            remove_documents(engine);
        }
        fs::write(engine.file("etc/cupsd.conf"), settings).unwrap();
        let mut command = Command::new("/usr/sbin/cupsd");
        command.arg("-f").arg("-c").arg(engine.file("etc/cupsd.conf"));
        command.arg("-s").arg(engine.file("etc/cups-files.conf"));
        command
    }
}

/// Removes the spooled documents: after a crash, the daemon prints each of them again.
fn remove_documents(engine: &Engine) {
    for entry in fs::read_dir(engine.file("spool")).unwrap().flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(b"d") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
}
