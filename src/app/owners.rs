//! Finds processes again: by the scheduler's lock, and by process id and start in `/proc`.

use std::{fs, io, path::Path};

use rustix::{
    io::Errno,
    process::{Pid, test_kill_process},
};

use super::{
    files::{FILE_LOCK, LockPlace},
    system::{boot, host},
};
use crate::{
    domain::owner::{Presence, Process},
    engine::owners::Owners,
};

/// The processes of this machine. Without a place, no process is found by its lock.
#[derive(Debug, Default)]
pub(super) struct SystemOwners {
    place: Option<LockPlace>,
}

impl SystemOwners {
    pub(super) fn new(place: LockPlace) -> Self {
        Self { place: Some(place) }
    }

    fn by_lock(&self) -> Presence {
        match self.place.as_ref().map(LockPlace::is_free) {
            Some(Ok(true)) => Presence::Gone,
            Some(Ok(false)) => Presence::There,
            Some(Err(_)) | None => Presence::Unknown,
        }
    }
}

impl Owners for SystemOwners {
    fn own(&self, is_scheduler: bool) -> Process {
        let lock = self.place.as_ref().filter(|_| is_scheduler).map(LockPlace::identity);
        let id = std::process::id();
        Process {
            lock: lock.unwrap_or_default(),
            host: host(),
            id: id.into(),
            started: seen(id).ok().flatten().unwrap_or(0),
            boot: boot(),
            pid_namespace: fs::read_link("/proc/self/ns/pid")
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
        }
    }

    fn presence(&self, process: Option<&Process>) -> Presence {
        let is_file = self.place.as_ref().is_some_and(LockPlace::is_of_file);
        let Some(process) = process else { return if is_file { self.by_lock() } else { Presence::Unknown } };
        if process.lock == FILE_LOCK && !is_file {
            return Presence::Gone; // a move to a server had the lock of the file, and closed it
        }
        if !process.lock.is_empty() && self.place.as_ref().is_some_and(|place| place.identity() == process.lock) {
            return self.by_lock();
        }
        let own = self.own(false);
        if [&own.boot, &own.pid_namespace, &process.boot].iter().any(|text| text.is_empty()) {
            return Presence::Unknown;
        }
        if (&process.boot, &process.pid_namespace) == (&own.boot, &own.pid_namespace) {
            return u32::try_from(process.id).map_or(Presence::Unknown, |id| here(id, process.started));
        }
        // A file is on a disk of this machine, which has started again since.
        if is_file && process.boot != own.boot { Presence::Gone } else { Presence::Unknown }
    }
}

/// Whether the process that started then still has this id on this machine.
fn here(id: u32, started: i64) -> Presence {
    let pid = i32::try_from(id).ok().and_then(Pid::from_raw);
    // The signal finds a process also where `/proc` hides those of other users (`hidepid`).
    if pid.is_none_or(|pid| test_kill_process(pid) == Err(Errno::SRCH)) {
        return Presence::Gone;
    }
    match seen(id) {
        Ok(Some(found)) if found == started => Presence::There,
        Ok(_) => Presence::Gone,
        Err(error) if error.kind() == io::ErrorKind::NotFound && Path::new("/proc/self/stat").exists() => {
            // It has just ended, or is hidden.
            if pid.is_none_or(|pid| test_kill_process(pid) == Err(Errno::SRCH)) {
                Presence::Gone
            } else {
                Presence::There
            }
        }
        Err(_) => Presence::There,
    }
}

/// The start of a process in clock ticks since the machine started (`proc_pid_stat(5)`, fields 3 and 22). `None` if it has
/// ended and only waits to be reaped.
fn seen(id: u32) -> io::Result<Option<i64>> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name of the program, in parentheses, may hold any letters.
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let has_ended = matches!(fields.first(), Some(&("Z" | "X")));
    if has_ended && fs::read_dir(format!("/proc/{id}/task")).is_ok_and(|tasks| tasks.count() <= 1) {
        return Ok(None);
    }
    let started = fields.get(19).and_then(|ticks| ticks.parse().ok());
    started.map(Some).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "/proc has no start of the process"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn process(id: u32, started: i64) -> Process {
        Process { id: id.into(), started, ..SystemOwners::default().own(false) }
    }

    #[test]
    fn a_process_is_there_while_it_runs_or_is_frozen_and_gone_when_it_has_ended_or_its_id_belongs_to_another() {
        let owners = SystemOwners::default();
        let own = owners.own(false);
        assert!(own.started > 0 && !own.boot.is_empty() && !own.pid_namespace.is_empty(), "{own:?}");
        assert_eq!(owners.presence(Some(&own)), Presence::There);
        assert_eq!(owners.presence(Some(&Process { started: own.started - 1, ..own.clone() })), Presence::Gone);

        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let started = seen(child.id()).unwrap().unwrap();
        let stop = Command::new("kill").args(["-STOP", &child.id().to_string()]).status().unwrap();
        assert!(stop.success());
        assert_eq!(owners.presence(Some(&process(child.id(), started))), Presence::There, "frozen");
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(owners.presence(Some(&process(child.id(), started))), Presence::Gone);
    }

    #[test]
    fn a_process_of_another_machine_or_container_is_unknown() {
        let owners = SystemOwners::default();
        let own = owners.own(false);
        for other in [
            Process { boot: "another".into(), ..own.clone() },
            Process { pid_namespace: "pid:[1]".into(), ..own.clone() },
            Process { boot: String::new(), ..own },
        ] {
            assert_eq!(owners.presence(Some(&other)), Presence::Unknown, "{other:?}");
        }
        assert_eq!(owners.presence(None), Presence::Unknown);
    }
}
