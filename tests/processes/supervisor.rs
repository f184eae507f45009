//! Tests what the process tells systemd, with a socket of its own in place of systemd's.

use std::{
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixDatagram},
    },
    process::Command as Process,
    time::Duration,
};

use cetak::cli::args::{Cli, Command};
use clap::Parser;

use crate::{
    faults::{HANG, Plan, SYNC},
    http::Served,
    now,
    office::Office,
    people,
};

/// The time in which a process that is well must say so.
const WATCHDOG: Duration = Duration::from_secs(4);

/// What a process says in place of that.
const STANDS_STILL: &str = "STATUS=the scheduler or its writer stands still";

const UNIT: &str = include_str!("../../src/app/systemd/cetak.service");

/// A supervisor, and what it was told.
struct Supervisor {
    socket: UnixDatagram,
    told: Vec<String>,
}

impl Supervisor {
    /// For the processes of an office: at a path, or in the abstract namespace.
    fn of(office: &mut Office, is_abstract: bool) -> Self {
        let path = office.file("notify").to_str().unwrap().to_owned();
        let (address, name) = if is_abstract {
            (SocketAddr::from_abstract_name(path.as_bytes()).unwrap(), format!("@{path}"))
        } else {
            (SocketAddr::from_pathname(&path).unwrap(), path)
        };
        let socket = UnixDatagram::bind_addr(&address).unwrap();
        socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        office.set_variable("NOTIFY_SOCKET", &name);
        office.set_variable("WATCHDOG_USEC", &WATCHDOG.as_micros().to_string());
        Self { socket, told: Vec::new() }
    }

    /// Waits until it is told something.
    fn until(&mut self, line: &str) {
        let end = now().plus(Duration::from_mins(2));
        loop {
            assert!(now() < end, "not `{line}`, but {:?}", self.told);
            let mut bytes = [0; 4_096];
            let length = self.socket.recv(&mut bytes).unwrap_or_else(|error| panic!("{error} after {:?}", self.told));
            let lines = std::str::from_utf8(&bytes[..length]).unwrap();
            self.told.extend(lines.lines().map(str::to_owned));
            if lines.lines().any(|found| found == line) {
                return;
            }
        }
    }

    fn count(&self, line: &str) -> usize {
        self.told.iter().filter(|told| *told == line).count()
    }
}

fn office() -> Office {
    let office = Office::new();
    office.import("student", &people::students(0..3));
    office.receive("student", 3);
    office
}

#[test]
fn the_process_says_when_it_is_ready_that_its_work_goes_on_and_that_it_stops() {
    for is_abstract in [false, true] {
        let mut office = office();
        let mut supervisor = Supervisor::of(&mut office, is_abstract);
        let served = Served::new(&office);
        supervisor.until("READY=1");
        assert_eq!(served.get("/readyz").status, 200);
        for _ in 0..3 {
            supervisor.until("WATCHDOG=1");
        }
        assert_eq!((supervisor.count("READY=1"), supervisor.count("STOPPING=1")), (1, 0), "{:?}", supervisor.told);
        served.running.ask_to_stop();
        supervisor.until("STOPPING=1");
        assert_eq!(served.running.ended(60).code, Some(0));
    }
}

#[test]
fn the_scheduler_without_a_server_says_so_too() {
    let mut office = office();
    office.add_mock("p1", "student", "");
    let mut supervisor = Supervisor::of(&mut office, false);
    office.done(&["run", "--until-idle"]);
    supervisor.until("READY=1");
}

#[test]
fn a_process_whose_writer_stands_still_does_not_say_that_its_work_goes_on() {
    let mut office = office();
    office.add_mock("p1", "student", "");
    office.done(&["queue", "pause", "--reason", "not yet"]);
    let mut supervisor = Supervisor::of(&mut office, false);
    let faults = Plan::new(&office);
    let running = faults.start(&office, &["run"]);
    supervisor.until("READY=1");
    supervisor.until("WATCHDOG=1");
    // The disk does not answer any more. The command may find the database locked by a commit that hangs.
    faults.set(SYNC, HANG, 0, 1_000);
    office.run(&["queue", "resume", "--reason", "now"]);
    supervisor.until(STANDS_STILL);
    let before = supervisor.count("WATCHDOG=1");
    for _ in 0..3 {
        supervisor.until(STANDS_STILL);
    }
    assert_eq!(supervisor.count("WATCHDOG=1"), before, "{:?}", supervisor.told);
    assert!(running.kill());
}

#[test]
fn the_unit_starts_a_command_that_can_be_typed_and_waits_for_what_the_process_tells() {
    let lines = UNIT.lines().filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with('['));
    let lines: Vec<(&str, &str)> = lines.map(|line| line.split_once('=').unwrap()).collect();
    let values =
        |key: &str| lines.iter().filter(|(found, _)| *found == key).map(|(_, value)| *value).collect::<Vec<_>>();
    let command = values("ExecStart")[0].split(' ');
    let cli = Cli::try_parse_from(command).unwrap();
    assert!(matches!(cli.command, Command::Serve(_)));
    assert_eq!(cli.global.data.to_str(), Some("/var/lib/cetak"));
    for (key, value) in [
        ("Type", "notify"),
        ("WatchdogSec", "5min"),
        ("StateDirectory", "cetak"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("CapabilityBoundingSet", ""),
        ("LimitCORE", "0"),
    ] {
        assert_eq!(values(key), [value], "{key}");
    }
}

/// Runs `systemd-analyze` on a unit; `None` if there is none that reads a unit from a file (version 250).
fn analyzed(office: &Office, unit: &str, command: &[&str]) -> Option<(Option<i32>, String)> {
    let version = String::from_utf8(Process::new("systemd-analyze").arg("--version").output().ok()?.stdout).unwrap();
    let number: u32 = version.split_whitespace().nth(1)?.parse().ok()?;
    if number < 250 {
        return None;
    }
    // The program of the test stands for the installed one.
    let unit = unit.replace("/usr/local/bin/cetak", env!("CARGO_BIN_EXE_cetak"));
    let file = office.write("cetak.service", unit);
    let output = Process::new("systemd-analyze").args(command).arg(file).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    Some((output.status.code(), String::from_utf8(text).unwrap()))
}

/// The exposure that is accepted, in tenths: 0 is none, 100 all. It listens on the network and has a user and files of its own.
const EXPOSURE_MAX: &str = "--threshold=20";

#[test]
#[expect(clippy::print_stdout, reason = "what is not proved is a result of the test")]
fn systemd_finds_no_fault_in_the_unit_and_little_exposure() {
    let office = Office::new();
    let verify = ["verify", "--man=no"];
    let Some(verified) = analyzed(&office, UNIT, &verify) else {
        println!("not proved: there is no systemd-analyze of version 250 or later");
        return;
    };
    assert_eq!(verified, (Some(0), String::new()));
    let misspelled = UNIT.replace("WatchdogSec=", "WatchdogSecs=");
    assert!(analyzed(&office, &misspelled, &verify).unwrap().1.contains("WatchdogSecs"), "it reads the unit");
    let security = ["security", "--offline=true", EXPOSURE_MAX];
    let (code, told) = analyzed(&office, UNIT, &security).unwrap();
    assert_eq!(code, Some(0), "{told}");
    let open = UNIT.replace("ProtectSystem=strict", "").replace("SystemCallFilter=", "# ");
    assert_eq!(analyzed(&office, &open, &security).unwrap().0, Some(1), "it finds what is not protected");
}
