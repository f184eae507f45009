//! The owner of an attempt: the process that began it. While the owner may still send the card, the record must not get
//! another one.
//!
//! An owner that hangs (a frozen machine, a stopped process) may go on after any time, in the middle of a call. Neither an
//! expired lease nor a printer that has never seen the attempt proves that the card will not be sent.

use serde::{Deserialize, Serialize};

use super::refusal::Refusal;

/// A process that sends cards, as it is found again.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Process {
    /// The lock that a scheduler holds while it runs. Empty for a command, which holds none.
    pub lock: String,
    /// The host name, for people.
    pub host: String,
    /// The process id.
    pub id: i64,
    /// The start of the process, in clock ticks since the machine started.
    pub started: i64,
    /// The machine's run, from one start to the next. Empty if the system does not say.
    pub boot: String,
    /// The namespace of the process id. Empty if the system does not say.
    pub pid_namespace: String,
}

/// The owner of an attempt that has not confirmed that it will not send the card.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Owner {
    /// The process. `None` for a scheduler of a version that did not save it.
    pub process: Option<Process>,
    /// Whether it is saved that the process has ended.
    pub has_ended: bool,
}

/// Whether a process is still there, as far as it is proved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Presence {
    /// Proved: it has ended.
    Gone,
    /// Proved: it is still there, running or frozen.
    There,
    /// It is on another machine, or in another container.
    Unknown,
}

/// Refuses what would permit another card of the record while the owner may send this one. `is_off`: two people state that
/// the owner's machine is off, which counts only if nothing shows the contrary.
pub fn refuse_if_sendable(attempt: &str, owner: &Owner, presence: Presence, is_off: bool) -> Result<(), Refusal> {
    let (process, host) = match &owner.process {
        Some(process) => (process.id, process.host.clone()),
        None => (0, String::new()),
    };
    let attempt = attempt.to_owned();
    if owner.has_ended {
        return Ok(());
    }
    match presence {
        Presence::Gone => Ok(()),
        Presence::Unknown if is_off => Ok(()),
        Presence::There => Err(Refusal::OwnerThere { attempt, process, host }),
        Presence::Unknown => Err(Refusal::OwnerUnknown { attempt, process, host }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_owner_that_has_ended_permits_another_card_and_two_people_speak_for_one_that_cannot_be_seen() {
        let process = Some(Process { id: 812, host: "print-room".into(), ..Process::default() });
        let owner = |has_ended| Owner { process: process.clone(), has_ended };
        let decided = |has_ended, presence, is_off| {
            refuse_if_sendable("a", &owner(has_ended), presence, is_off).map_err(|refusal| refusal.code())
        };
        for is_off in [false, true] {
            assert_eq!(decided(false, Presence::Gone, is_off), Ok(()));
            assert_eq!(decided(false, Presence::There, is_off), Err("owner-there"));
            assert_eq!(decided(true, Presence::Unknown, is_off), Ok(()));
        }
        assert_eq!(decided(false, Presence::Unknown, false), Err("owner-unknown"));
        assert_eq!(decided(false, Presence::Unknown, true), Ok(()));
    }
}
