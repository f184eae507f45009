//! Acts that one person asks for and another decides. Asking reserves nothing: the act is decided again, under the guards
//! of that moment, when it is confirmed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    actor::{Actor, Means, same_person},
    id::{AccountId, PendingActId, RecordId},
    permission::Operation,
    time::Timestamp,
};

/// The time after which an act that was asked for can no longer be confirmed.
pub const EXPIRES_AFTER: Duration = Duration::from_hours(7 * 24);

/// Whether an act for two people needs two accounts, as the office has settled it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TwoPerson {
    /// It does.
    #[default]
    Enforced,
    /// One account with the rights of both may do it, and the audit says that it was alone: for an office of one person.
    Recorded,
}

impl TwoPerson {
    /// The name in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforced => "enforced",
            Self::Recorded => "recorded",
        }
    }
}

impl std::fmt::Display for TwoPerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for TwoPerson {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Enforced, Self::Recorded];
        all.into_iter().find(|known| known.as_str() == text).ok_or_else(|| format!("`{text}` is not a rule"))
    }
}

/// Where an act is that was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PendingState {
    /// Waits for its second person.
    Pending,
    /// Confirmed, and done in the same transaction.
    Confirmed,
    /// Refused by another person.
    Refused,
    /// Taken back by the person who asked for it.
    TakenBack,
    /// Not decided in time.
    Expired,
    /// Its target changed, or is gone, before it was confirmed.
    Conflict,
}

impl PendingState {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Pending, "pending"),
        (Self::Confirmed, "confirmed"),
        (Self::Refused, "refused"),
        (Self::TakenBack, "taken-back"),
        (Self::Expired, "expired"),
        (Self::Conflict, "conflict"),
    ];

    /// The name in schema and reports.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }
}

impl std::str::FromStr for PendingState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text);
        found.map(|(state, _)| *state).ok_or_else(|| format!("unknown state `{text}` of a pending act"))
    }
}

/// The thing that an act is about, as it was when the act was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// As people name it: `record default/3372-2015-000001`.
    pub name: String,
    /// What must still be so when the act is confirmed; empty where the act's own guards are enough.
    pub version: String,
    /// The record, where it is one.
    pub record: Option<RecordId>,
}

/// An act to be stored until its second person decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewPendingAct {
    /// The operation.
    pub operation: Operation,
    /// The act as JSON.
    pub act: String,
    /// The thing that it is about.
    pub target: Target,
    /// Why, in the words of the person who asks.
    pub reason: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// An act that was asked for, as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PendingAct {
    /// Its number.
    pub id: PendingActId,
    /// The operation.
    pub operation: Operation,
    /// The act as JSON.
    pub act: String,
    /// The thing that it is about.
    pub target: Target,
    /// Why, in the words of the person who asked.
    pub reason: String,
    /// Where it is.
    pub state: PendingState,
    /// The account that asked.
    pub requested_account: Option<AccountId>,
    /// The name of the person who asked.
    pub requested_by: String,
    /// When it expires; `None` for a warrant from before there were pending acts.
    pub expires_at: Option<Timestamp>,
}

impl PendingAct {
    /// Whether a person may be the one who asked for it.
    pub fn is_own(&self, by: &Actor) -> bool {
        same_person((self.requested_account, &self.requested_by), (by.account, &by.name))
    }

    /// Whether it is of an earlier version, in which a count was entered and booked by one act. It can only be taken back or refused.
    pub fn is_count_of_before(&self) -> bool {
        self.act.starts_with(r#"{"act":"count-blanks""#)
    }
}

/// A decision about an act that was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision<'a> {
    /// Another person confirms it.
    Confirm {
        /// The version of the target now; `None` if the target no longer exists.
        version: Option<&'a str>,
    },
    /// A person refuses it.
    Refuse,
    /// The person who asked for it takes it back.
    TakeBack,
}

/// Why a decision about an act is not taken. Nothing changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotDecided {
    /// It was decided before.
    Decided(PendingState),
    /// The person who asked for it cannot confirm it.
    SamePerson,
    /// Only the person who asked for it can take it back.
    OtherPerson,
    /// An account confirms with its password, in the same request.
    PasswordNeeded,
    /// It was asked for under a claimed name, which cannot be compared with an account. It must be asked for again.
    AskedWithoutAccount,
}

/// Whether an account was proved by something that another person may use: an open session, or a user of the operating system.
fn is_without_password(means: Means) -> bool {
    matches!(means, Means::Session | Means::Socket)
}

/// The state that a decision leads to. [`PendingState::Expired`] and [`PendingState::Conflict`] are saved too, and the act
/// is then not done.
pub fn decide(
    act: &PendingAct,
    decision: Decision<'_>,
    by: &Actor,
    now: Timestamp,
    two_person: TwoPerson,
) -> Result<PendingState, NotDecided> {
    if act.state != PendingState::Pending {
        return Err(NotDecided::Decided(act.state));
    }
    let own = act.is_own(by);
    match decision {
        Decision::Confirm { .. } if by.account.is_some() && act.requested_account.is_none() => {
            return Err(NotDecided::AskedWithoutAccount);
        }
        Decision::Confirm { .. } if own && two_person == TwoPerson::Enforced => return Err(NotDecided::SamePerson),
        Decision::Confirm { .. } if is_without_password(by.means) => return Err(NotDecided::PasswordNeeded),
        Decision::TakeBack if !own => return Err(NotDecided::OtherPerson),
        Decision::Confirm { .. } | Decision::Refuse | Decision::TakeBack => {}
    }
    if act.expires_at.is_some_and(|at| at <= now) {
        return Ok(PendingState::Expired);
    }
    Ok(match decision {
        Decision::Confirm { version } if version != Some(&*act.target.version) => PendingState::Conflict,
        Decision::Confirm { .. } => PendingState::Confirmed,
        Decision::Refuse => PendingState::Refused,
        Decision::TakeBack => PendingState::TakenBack,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(act: &PendingAct, how: Decision<'_>, by: &Actor, now: Timestamp) -> Result<PendingState, NotDecided> {
        super::decide(act, how, by, now, TwoPerson::Enforced)
    }

    fn act() -> PendingAct {
        PendingAct {
            id: PendingActId(1),
            operation: Operation::StockRemove,
            act: "{}".into(),
            target: Target { name: "record default/1".into(), version: "version 1".into(), record: None },
            reason: "worn out".into(),
            state: PendingState::Pending,
            requested_account: None,
            requested_by: "Siti".into(),
            expires_at: Some(Timestamp(100)),
        }
    }

    fn person(name: &str) -> Actor {
        Actor::local_administrator(name.into(), "root".into(), "host".into())
    }

    fn account(id: i64, name: &str) -> Actor {
        Actor { account: Some(AccountId(id)), means: Means::Password, authenticated: true, ..person(name) }
    }

    const SAME: Decision<'static> = Decision::Confirm { version: Some("version 1") };

    #[test]
    fn another_person_confirms_and_the_one_that_asked_does_not() {
        assert_eq!(decide(&act(), SAME, &person("Budi"), Timestamp(99)), Ok(PendingState::Confirmed));
        for own in ["Siti", " siti", "SITI "] {
            assert_eq!(decide(&act(), SAME, &person(own), Timestamp(99)), Err(NotDecided::SamePerson), "{own:?}");
        }
    }

    #[test]
    fn the_account_and_not_its_name_tells_the_person_that_asked() {
        let asked = PendingAct { requested_account: Some(AccountId(1)), ..act() };
        for name in ["Siti", "Budi"] {
            assert_eq!(decide(&asked, SAME, &account(1, name), Timestamp(99)), Err(NotDecided::SamePerson), "{name}");
            assert_eq!(decide(&asked, SAME, &account(2, name), Timestamp(99)), Ok(PendingState::Confirmed), "{name}");
        }
    }

    #[test]
    fn a_session_or_a_system_user_confirms_nothing_without_the_password() {
        let asked = PendingAct { requested_account: Some(AccountId(1)), ..act() };
        for means in [Means::Session, Means::Socket] {
            let without = |id| Actor { means, ..account(id, "Budi") };
            let needed = Err(NotDecided::PasswordNeeded);
            assert_eq!(decide(&asked, SAME, &without(2), Timestamp(99)), needed);
            assert_eq!(decide(&asked, SAME, &without(1), Timestamp(99)), Err(NotDecided::SamePerson));
            assert_eq!(decide(&asked, Decision::Refuse, &without(2), Timestamp(99)), Ok(PendingState::Refused));
            assert_eq!(decide(&asked, Decision::TakeBack, &without(1), Timestamp(99)), Ok(PendingState::TakenBack));
        }
    }

    #[test]
    fn no_account_confirms_what_was_asked_for_under_a_claimed_name() {
        for name in ["Siti", "Budi"] {
            let refused = decide(&act(), SAME, &account(2, name), Timestamp(99));
            assert_eq!(refused, Err(NotDecided::AskedWithoutAccount), "{name}");
        }
        assert_eq!(decide(&act(), Decision::Refuse, &account(2, "Budi"), Timestamp(99)), Ok(PendingState::Refused));
    }

    #[test]
    fn where_it_is_only_recorded_one_account_confirms_an_own_act_with_its_password() {
        let asked = PendingAct { requested_account: Some(AccountId(1)), ..act() };
        let recorded = |by: &Actor| super::decide(&asked, SAME, by, Timestamp(99), TwoPerson::Recorded);
        assert_eq!(recorded(&account(1, "Siti")), Ok(PendingState::Confirmed));
        let session = Actor { means: Means::Session, ..account(1, "Siti") };
        assert_eq!(recorded(&session), Err(NotDecided::PasswordNeeded));
    }

    #[test]
    fn a_changed_target_and_a_late_decision_end_the_act_without_doing_it() {
        let changed = Decision::Confirm { version: Some("version 2") };
        let gone = Decision::Confirm { version: None };
        for other in [changed, gone] {
            assert_eq!(decide(&act(), other, &person("Budi"), Timestamp(99)), Ok(PendingState::Conflict));
        }
        for decision in [SAME, changed, Decision::Refuse] {
            assert_eq!(decide(&act(), decision, &person("Budi"), Timestamp(100)), Ok(PendingState::Expired));
        }
        let lasting = PendingAct { expires_at: None, ..act() };
        assert_eq!(decide(&lasting, SAME, &person("Budi"), Timestamp(i64::MAX)), Ok(PendingState::Confirmed));
    }

    #[test]
    fn only_the_person_that_asked_takes_an_act_back() {
        let take_back = |name| decide(&act(), Decision::TakeBack, &person(name), Timestamp(0));
        assert_eq!(take_back("siti"), Ok(PendingState::TakenBack));
        assert_eq!(take_back("Budi"), Err(NotDecided::OtherPerson));
    }

    #[test]
    fn an_act_is_decided_once() {
        for (state, _) in PendingState::ALL.into_iter().filter(|(state, _)| *state != PendingState::Pending) {
            let decided = PendingAct { state, ..act() };
            for decision in [SAME, Decision::Refuse, Decision::TakeBack] {
                let again = decide(&decided, decision, &person("Budi"), Timestamp(0));
                assert_eq!(again, Err(NotDecided::Decided(state)));
            }
        }
    }
}
